"""The text of a selector with a place in it: what the parser reads words, quotes and blanks with."""

from __future__ import annotations

from opsterm.core.errors import BadSelector

LENGTH_LIMIT = 100_000


class SelectorText:
    """A text and how far it has been read.

    Attributes:
        text: the whole.
        at: 0-based place of the next character.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        if len(text) > LENGTH_LIMIT:
            raise BadSelector(
                f"A selector has at most {LENGTH_LIMIT:,} characters.",
                text=text[:60],
                column=59,
                next_step="Give the targets a tag and select that.",
            )

    def peek(self) -> str:
        """Skip blanks and return the next character, "" at the end."""
        text, at = self.text, self.at
        while at < len(text) and text[at].isspace():
            at += 1
        self.at = at
        return text[at : at + 1]

    def at_keyword(self, word: str) -> bool:
        """Return whether a whole word comes next, in any case."""
        self.peek()
        end = self.at + len(word)
        after = self.text[end : end + 1]
        return self.text[self.at : end].lower() == word and (not after or after.isspace() or after in "(),!\"'")

    def take_keyword(self, word: str) -> bool:
        """Read a word if it comes next."""
        if not self.at_keyword(word):
            return False
        self.at += len(word)
        return True

    def take_field(self) -> tuple[str, str]:
        """Read "tag:" or "os~" and return (word, operator); read nothing and return ("", "") when there is none."""
        end = self.at
        while end < len(self.text) and (self.text[end].isalnum() or self.text[end] in "_-."):
            end += 1
        operator = next((o for o in ("!=", "!~", ":", "=", "~") if self.text.startswith(o, end)), "")
        if not operator or end == self.at:
            return "", ""
        word = self.text[self.at : end]
        self.at = end + len(operator)
        return word, operator

    def take_raw(self) -> str:
        """Read everything up to a blank, comma or parenthesis that is in no bracket."""
        start, opened = self.at, -1
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "[":
                opened = self.at if opened < 0 else opened
            elif char == "]":
                opened = -1
            elif opened < 0 and (char.isspace() or char in ",()"):
                break
            self.at += 1
        if opened >= 0:
            raise self.fault("This [ is never closed.", opened)
        return self.text[start : self.at]

    def at_quote(self) -> bool:
        """Return whether a quote comes next."""
        return self.text[self.at : self.at + 1] in ("'", '"')

    def take_quoted(self) -> str:
        r"""Read a quoted text; `\\` and a backslash before the quote stand for the sign itself."""
        opened, quote = self.at, self.text[self.at]
        made: list[str] = []
        self.at += 1
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char == quote:
                return "".join(made)
            if char == "\\" and self.text[self.at : self.at + 1] in ("\\", quote):
                char = self.text[self.at]
                self.at += 1
            made.append(char)
        raise self.fault("This quote is never closed.", opened)

    def fault(self, what: str, column: int, next_step: str = "") -> BadSelector:
        """Return an error that points at a column."""
        return BadSelector(what, text=self.text, column=column, next_step=next_step)
