"""A word of the shell as the program would get it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from opsterm.policy.effects import Span

UNKNOWN = "\x00"
"""Stands in the text of a word for a piece that is known only when it runs; no shell word can hold this character."""

BRACES_AT_MOST = 64
"""Words that a word with braces may become."""

LONGEST_WITH_BRACES = 4_096
"""Characters of a word whose braces are followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One word.

    Attributes:
        text: without quotes, with UNKNOWN for each piece that is known only when it runs.
        raw: as written.
        glob: whether an unquoted `*`, `?` or `[` lets the shell replace it by file names.
        home: whether it begins with an unquoted `~`.
        span: where it stands in the whole text.
        base: where its text begins in the whole text, when it stands there exactly so; -1 when it does not.
        process: the text of a process substitution that it is, "" for none.
    """

    text: str
    raw: str
    span: Span
    glob: bool = False
    home: bool = False
    base: int = -1
    process: str = ""

    @property
    def known(self) -> bool:
        """Whether every piece of it is known now."""
        return UNKNOWN not in self.text

    @property
    def shown(self) -> str:
        """The word for people: as written where a piece is not known."""
        return self.text if self.known else self.raw.strip("\"'")

    def part(self, text: str) -> Argument:
        """Return a word with another text that stands in the same place: a value behind `=`, a piece of a list."""
        offset = self.text.find(text) if text and self.base >= 0 else -1
        raw = text if UNKNOWN not in text else self.raw
        return Argument(
            text=text, raw=raw, span=self.span, glob=self.glob, home=text.startswith("~") and self.text != text,
            base=self.base + offset if offset >= 0 else -1,
        )  # fmt: skip


def plain(text: str, span: Span) -> Argument:
    """Return a word that was never quoted, made by us."""
    return Argument(text=text, raw=text, span=span)


_ESCAPE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|c(.)|(.))", re.DOTALL
)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}


def ansi_c(text: str) -> str:
    r"""Return what $'…' stands for (Bash manual, 3.1.2.4): \x72, \162, \u0072, \n and so on."""

    def one(match: re.Match[str]) -> str:
        code = match[1] or match[3] or match[4]
        if code or match[2]:
            number = int(code, 16) if code else int(match[2], 8)
            return chr(number) if 0 < number < 0x110000 else ""
        if match[5]:
            return chr(ord(match[5]) & 0x1F)
        return _LETTERS.get(match[6], match[6])

    return _ESCAPE.sub(one, text)


def unescaped(text: str) -> str:
    """Return unquoted text without its backslashes; a backslash before a newline joins the lines."""
    if "\\" not in text:
        return text
    return re.sub(r"\\(.)", lambda match: "" if match[1] == "\n" else match[1], text, flags=re.DOTALL)


def unescaped_in_quotes(text: str) -> str:
    """Return text from double quotes: there a backslash is itself except before $ ` " and itself (POSIX, 2.2.3)."""
    if "\\" not in text:
        return text
    return re.sub(r'\\([$`"\\\n])', lambda match: "" if match[1] == "\n" else match[1], text)


def has_glob(text: str) -> bool:
    """Return whether unquoted text has a sign that the shell replaces by file names."""
    return any(sign in text for sign in "*?[") and re.search(r"(?<!\\)[*?\[]", text) is not None


def expand_braces(text: str) -> list[str]:
    """Return the words that `a{b,c}d` stands for, BRACES_AT_MOST of them; the text itself when it has no braces.

    What a word stands for that is longer than LONGEST_WITH_BRACES, only the shell knows.
    """
    if len(text) > LONGEST_WITH_BRACES:
        return [UNKNOWN]
    done: list[str] = []
    waiting = [text]
    while waiting and len(done) + len(waiting) <= BRACES_AT_MOST:
        word = waiting.pop(0)
        match = re.search(r"(?<![$\\])\{([^{}\s]*,[^{}\s]*)\}", word)
        if match is None:
            done.append(word)
            continue
        waiting = [word[: match.start()] + piece + word[match.end() :] for piece in match[1].split(",")] + waiting
    return done + waiting
