"""The smallest parts of a PowerShell text: blanks, comments, quotes, variables, bare words.

Source: the language specification of PowerShell 3.0, chapter 2 (lexical structure), and about_Parsing,
about_Quoting_Rules, about_Special_Characters of PowerShell 7.4.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from opsterm.policy.powershell.tree import CommandPiece, Script
from opsterm.policy.word_set import word_set

MOST_STEPS = 1_500
"""Parts of a text that are looked at; a longer one is opaque."""


class NotUnderstood(Exception):
    """A text cannot be taken apart; the message is a whole sentence."""


_BLANK = re.compile(r"(?:[ \t\f\v]+|`[ \t]*\n)+")
_COMMENT = re.compile(r"<#.*?#>|#[^\n]*", re.DOTALL)
_SINGLE = re.compile(r"'((?:[^']++|'')*+)'")
_HERE = re.compile(r"@(['\"])[ \t]*(?=\n)")
VARIABLE = re.compile(r"\$(?:\{((?:[^}`]++|`.)*+)\}|((?:[A-Za-z_]\w*:(?!:))?\w+)|([$?^]))")
_NUMBER = re.compile(r"[+-]?(?:0x[0-9a-f]+|0b[01]+|\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?:[dl]|[kmgtp]b)?\b", re.IGNORECASE)
_BARE = re.compile(r"[^\s`'\"$;|(){},&<>]+")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "", "a": "", "b": "", "f": "", "v": "", "e": ""}
_PLACES = word_set(
    "windir systemroot systemdrive programfiles programdata temp tmp userprofile appdata localappdata public "
    "computername username homedrive allusersprofile homepath userdomain logonserver programw6432 "
    "commonprogramfiles"
)
_KNOWN = {
    "true": "$true", "false": "$false", "null": "$null", "home": "%userprofile%", "pwd": ".", "psscriptroot": ".",
    "profile": "%userprofile%\\profile.ps1", "pshome": "%windir%\\System32\\WindowsPowerShell\\v1.0",
}  # fmt: skip


class Scanner(ABC):
    """A place in a text, and what can be read from there.

    Attributes:
        text: in plain characters.
        at: the place.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self._steps = 0
        self._unclosed: set[str] = set()

    @abstractmethod
    def nested(self, close: str, *, table: bool = False) -> Script:
        """Read a text in brackets up to the closing one."""

    def step(self) -> None:
        """Count a part. Raises NotUnderstood when there were too many."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise NotUnderstood(f"It has more than {MOST_STEPS} parts.")

    def char(self, ahead: int = 0) -> str:
        """Return the character at a distance from the place, "" behind the end."""
        return self.text[self.at + ahead : self.at + ahead + 1]

    def next_is(self, text: str) -> bool:
        """Tell whether this text stands at the place."""
        return self.text.startswith(text, self.at)

    def skip_blank(self, *, lines: bool = False) -> None:
        """Go on behind blanks and comments; with `lines` also behind line ends."""
        while True:
            match = _BLANK.match(self.text, self.at)
            if match:
                self.at = match.end()
            elif (self.char() == "#" or self.next_is("<#")) and self._begins_word():
                self._skip_comment()
            elif lines and self.char() == "\n":
                self.at += 1
            else:
                return

    def _begins_word(self) -> bool:
        return self.at == 0 or self.text[self.at - 1] in " \t\n;|(){},&=>" or self.text[self.at - 2 : self.at] == "#>"

    def _skip_comment(self) -> None:
        match = _COMMENT.match(self.text, self.at)
        if match is None:
            raise NotUnderstood("A comment in it is not closed.")
        self.at = match.end()

    def number(self) -> bool:
        """Go on behind a number; tell whether there is one."""
        match = _NUMBER.match(self.text, self.at)
        if match:
            self.at = match.end()
        return bool(match)

    def string(self) -> CommandPiece | None:
        """Read a quoted text or a here-string, None where there is none. Raises NotUnderstood when it is not closed."""
        start = self.at
        if self.char() == "'":
            match = _SINGLE.match(self.text, self.at)
            if match is None:
                raise NotUnderstood("A quote in it is not closed.")
            self.at = match.end()
            return CommandPiece(kind="string", text=match[1].replace("''", "'"), start=start, end=self.at)
        if self.char() == '"':
            return self._double(start)
        if self.next_is("@'") or self.next_is('@"'):
            return self._here(start)
        return None

    def _here(self, start: int) -> CommandPiece | None:
        opened = _HERE.match(self.text, self.at)
        if opened is None or opened[1] in self._unclosed:
            return None
        end = self.text.find(f"\n{opened[1]}@", opened.end())
        if end < 0:
            self._unclosed.add(opened[1])  # looked for once, or many of them would take long
            return None
        first = opened.end() + 1
        inside = self.text[first:end]
        scripts: list[Script] = []
        unknown = False
        if opened[1] == '"' and inside:
            self.at = first
            inside, unknown = self._expanded(end, "", scripts)
        self.at = end + 3
        return CommandPiece(
            kind="string", text=inside, start=start, end=self.at, unknown=unknown, scripts=tuple(scripts)
        )  # fmt: skip

    def _double(self, start: int) -> CommandPiece:
        self.at += 1
        scripts: list[Script] = []
        text, unknown = self._expanded(len(self.text), '"', scripts)
        return CommandPiece(kind="string", text=text, start=start, end=self.at, unknown=unknown, scripts=tuple(scripts))

    def _expanded(self, end: int, quote: str, scripts: list[Script]) -> tuple[str, bool]:
        """Read text in which variables count, up to `end` or the closing quote, which is left behind."""
        parts: list[str] = []
        unknown = False
        while self.at < end:
            char = self.char()
            if quote and char == quote:
                self.at += 1
                if self.char() != quote:
                    return "".join(parts), unknown
                parts.append(quote)
                self.at += 1
            elif char == "`":
                parts.append(self._escape())
            elif char == "$":
                piece = self.dollar()
                unknown = unknown or piece.unknown
                scripts += piece.scripts
                parts.append("?" if piece.unknown else piece.text)
            else:
                stop = min((i for i in (self.text.find(c, self.at) for c in f"`${quote}") if i >= 0), default=end)
                parts.append(self.text[self.at : min(stop, end)])
                self.at = min(stop, end)
        if quote:
            raise NotUnderstood("A quote in it is not closed.")
        return "".join(parts), unknown

    def _escape(self) -> str:
        escaped = self.char(1)
        self.at += 2
        return _ESCAPES.get(escaped, escaped)

    def dollar(self) -> CommandPiece:
        """Read `$name`, `${name}`, `$( … )`, or a lone dollar as the text it is."""
        start = self.at
        self.step()
        if self.next_is("$("):
            self.at += 2
            script = self.nested(")")
            return CommandPiece(kind="group", text="?", start=start, end=self.at, unknown=True, scripts=(script,))
        match = VARIABLE.match(self.text, self.at)
        if match is None:
            self.at += 1
            return CommandPiece(kind="word", text="$", start=start, end=self.at)
        self.at = match.end()
        name = (match[1] or match[2] or match[3] or "").lower()
        scope, _, rest = name.partition(":")
        if scope == "env" and rest in _PLACES:
            return CommandPiece(kind="variable", text=f"%{rest}%", start=start, end=self.at)
        if name in _KNOWN:
            return CommandPiece(kind="variable", text=_KNOWN[name], start=start, end=self.at)
        return CommandPiece(kind="variable", text=match[0], start=start, end=self.at, unknown=True)

    def bare(self) -> CommandPiece | None:
        """Read an unquoted word, in which quotes, escapes and variables may stand; None where there is none."""
        start = self.at
        parts: list[str] = []
        scripts: list[Script] = []
        unknown = False
        while self.at < len(self.text):
            char = self.char()
            match = _BARE.match(self.text, self.at)
            if match:
                parts.append(match[0])
                self.at = match.end()
            elif char == "`" and self.char(1) not in ("\n", ""):
                parts.append(self._escape())
            elif char == "$" or (char in "'\"" and self.at > start):
                piece = self.dollar() if char == "$" else self.string()
                if piece is None:  # pragma: no cover - a quote always begins a string
                    break
                unknown = unknown or piece.unknown
                scripts += piece.scripts
                parts.append("?" if piece.unknown else piece.text)
            else:
                break
        if self.at == start:
            return None
        text = "".join(parts)
        return CommandPiece(kind="word", text=text, start=start, end=self.at, unknown=unknown, scripts=tuple(scripts))
