"""A text for cmd.exe taken apart: words, operators, redirections.

Source: "How does the Windows Command Interpreter (CMD.EXE) parse scripts?" and `cmd /?` of Windows Server 2022.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from opsterm.core.text import escaped
from opsterm.policy.word_set import word_set

MOST_TOKENS = 800
"""Words and operators that are looked at."""


@dataclass(frozen=True, slots=True)
class CmdToken:
    """A part of a text.

    Attributes:
        kind: word, operator (`&`, `&&`, `|`, `||`, `(`, `)`, a line end) or redirect (its `text` is the file).
        text: without quotes and carets; "?" for a piece that is known only when it runs.
        start, end: where it stands.
    """

    kind: str
    text: str
    start: int
    end: int


_PLACES = word_set(
    "windir systemroot systemdrive programfiles programfiles(x86) programdata temp tmp userprofile appdata "
    "localappdata public computername username homedrive allusersprofile comspec homepath userdomain programw6432 "
    "logonserver sessionname"
)
_VARIABLE = re.compile(
    r"%~[\w$:]*[0-9a-zA-Z]|%%~?[\w$:]*[a-zA-Z]|%[0-9*]|%([^%\s:=]+)%|%([^%\s]+:[^%]*)%|%[a-zA-Z](?!\w)|!([^!\s]+)!"
)
_REDIRECT = re.compile(r"(?:\d?>&\d|\d?>>?|\d?<)")
_OPERATORS = ("&&", "||", "&", "|", "(", ")", "\n")
_BLANK = " \t,;\u00a0"


class CmdTokens:
    """One pass over a text. `tokens` are what it holds, `opaque` why it may mean something else."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", " \n").replace("\r", "\n")
        self._at = 0
        self._open = 0
        self.tokens: list[CmdToken] = []
        self.opaque: list[str] = []
        odd = next((c for c in text if not c.isprintable() and c not in "\t\r\n\u00a0"), "")
        if odd:
            self.opaque.append(f"It contains a character that is not seen ({escaped(odd)}).")
        while self._at < len(self._text):
            self._next()
            if len(self.tokens) > MOST_TOKENS:
                self.opaque.append(f"It has more than {MOST_TOKENS} words and signs.")
                break

    def _next(self) -> None:
        char = self._text[self._at]
        if char in _BLANK:
            self._at += 1
            return
        if self._text.startswith("^\n", self._at):
            self._at += 2
            return
        redirect = _REDIRECT.match(self._text, self._at)
        if redirect:
            self._redirect(redirect)
            return
        for operator in _OPERATORS:
            if self._text.startswith(operator, self._at):
                self._add("operator", operator, self._at, self._at + len(operator))
                self._at += len(operator)
                return
        self._word("word")

    def _redirect(self, match: re.Match[str]) -> None:
        self._at = match.end()
        if "&" in match[0]:
            return
        while self._text[self._at : self._at + 1] in (" ", "\t") and self._at < len(self._text):
            self._at += 1
        self._word("redirect" if ">" in match[0] else "input")

    def _word(self, kind: str) -> None:
        start = self._at
        parts: list[str] = []
        quoted = False
        while self._at < len(self._text):
            char = self._text[self._at]
            variable = _VARIABLE.match(self._text, self._at) if char in "%!" else None
            if char == '"':
                quoted = not quoted
                self._at += 1
            elif char == "\n" or (not quoted and char in " \t,;&|()<>\u00a0"):
                break
            elif char == "^" and not quoted:
                parts.append(self._text[self._at + 1 : self._at + 2].replace("\n", ""))
                self._at += 2
            elif variable:
                parts.append(self._value(variable))
                self._at = variable.end()
            else:
                parts.append(char)
                self._at += 1
        if quoted:
            self.opaque.append("A quote in it is not closed.")
        self._add(kind, "".join(parts), start, self._at)

    def _value(self, variable: re.Match[str]) -> str:
        if variable[2]:
            self.opaque.append(f"A part of a variable decides what it does ({variable[0][:40]}).")
            return "?"
        name = (variable[1] or "").lower()
        return f"%{name}%" if name in _PLACES else "?"

    def _add(self, kind: str, text: str, start: int, end: int) -> None:
        self.tokens.append(CmdToken(kind, text, start, end))
