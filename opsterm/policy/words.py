"""A shell line taken apart, or a sentence that says why it was not.

This reads only the plainest part of the shell language (POSIX.1-2017, chapter 2): words, simple quotes, and `|`,
`&&`, `||`, `;` between commands. Everything that could run, write or hide something else (substitution, variables,
here-documents, background, redirection to a file, escapes, braces, comments, characters that are not plain ASCII)
is refused, never skipped: what is not understood completely is not understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from opsterm.core.text import escaped

LENGTH_LIMIT = 8192
"""Characters of a line; a longer one is not looked at."""

_ODD = re.compile(r"[^ -~]")
_QUIET = re.compile(r"(?:[12]?>&[12]|[12]?>[ ]*/dev/null)(?=[ |;]|$|&&)")
"""Redirections that write no file: `2>&1`, `>/dev/null`."""

_RUN = re.compile(r"[A-Za-z0-9_./:=@%+,-]+")
"""Characters that are themselves wherever they stand in a word, as most are."""

_REFUSED = {
    "$": "It uses a variable or a substitution ($), so what runs is decided on the target.",
    "`": "It runs a command inside the command (backticks).",
    "\\": "It contains a backslash outside single quotes, which can hide what a word is.",
    "(": "It opens a subshell or a function.",
    ")": "It opens a subshell or a function.",
    "{": "It uses braces, which expand to other words.",
    "}": "It uses braces, which expand to other words.",
    "<": "It redirects input (<), which this check does not follow.",
    ">": "It redirects output to a file (>).",
    "&": "It puts a command into the background (&).",
}
_UNFINISHED = "A command is missing beside |, && or ;, or the line is empty."


@dataclass(frozen=True, slots=True)
class Word:
    """One word as the command would get it.

    Attributes:
        text: the word without its quotes.
        glob: whether an unquoted `*`, `?` or `[` lets the shell replace it by file names.
        home: whether it begins with an unquoted `~`.
    """

    text: str
    glob: bool = False
    home: bool = False


@dataclass(frozen=True, slots=True)
class ShellLine:
    """A line taken apart.

    Attributes:
        commands: each simple command as its words; empty when `refusal` is set.
        refusal: a sentence that says why the line was not taken apart, "" when it was.
    """

    commands: tuple[tuple[Word, ...], ...] = ()
    refusal: str = ""


def split(command: str) -> ShellLine:
    """Take a POSIX shell line apart. Never raises; cost is linear in the length."""
    odd = _odd_character(command)
    if odd:
        return ShellLine(refusal=odd)
    return _Reader(command).read()


def _odd_character(command: str) -> str:
    if len(command) > LENGTH_LIMIT:
        return f"It is longer than {LENGTH_LIMIT} characters."
    if "\n" in command or "\r" in command:
        return "It has more than one line."
    odd = _ODD.search(command)
    if odd:
        return f"It contains a character that is not plain ASCII ({escaped(odd[0])}); it may look like another one."
    return ""


class _Reader:
    """One pass over the characters of a line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.commands: list[tuple[Word, ...]] = []
        self.words: list[Word] = []

    def read(self) -> ShellLine:
        text = self.text
        last_was_pipe = False
        while self.at < len(text):
            char = text[self.at]
            if char == " ":
                self.at += 1
                continue
            operator = self._operator()
            if operator:
                if not self.words:
                    return ShellLine(refusal=_UNFINISHED)
                self._end_command()
                self.at += len(operator)
                last_was_pipe = operator != ";"
                continue
            quiet = _QUIET.match(text, self.at)
            if quiet:
                self.at = quiet.end()
                continue
            refusal = self._word()
            if refusal:
                return ShellLine(refusal=refusal)
        if self.words:
            self._end_command()
        elif last_was_pipe or not self.commands:
            return ShellLine(refusal=_UNFINISHED)
        return ShellLine(commands=tuple(self.commands))

    def _operator(self) -> str:
        two = self.text[self.at : self.at + 2]
        if two in ("&&", "||"):
            return two
        if two in ("|&", ";;", ";&"):
            return ""
        return two[0] if two[0] in "|;" else ""

    def _end_command(self) -> None:
        self.commands.append(tuple(self.words))
        self.words = []

    def _word(self) -> str:
        """Read one word; return "" or why it cannot be read."""
        text, start = self.text, self.at
        if text[start] == "#":
            return "It contains a comment (#), which hides what follows."
        parts: list[str] = []
        glob, home = False, text[start] == "~"
        while self.at < len(text):
            char = text[self.at]
            if char in " |;":
                if char != " " and not self._operator():
                    return "It uses an operator that this check does not know."
                break
            if text.startswith("&&", self.at):
                break
            if char in "'\"":
                refusal = self._quoted(char, parts)
                if refusal:
                    return refusal
                continue
            if char in _REFUSED:
                return _REFUSED[char]
            run = _RUN.match(text, self.at)
            glob = glob or char in "*?["
            parts.append(run[0] if run else char)
            self.at = run.end() if run else self.at + 1
        if self.at == start:
            return "It uses an operator that this check does not know."
        self.words.append(Word("".join(parts), glob, home))
        return ""

    def _quoted(self, quote: str, parts: list[str]) -> str:
        """Read from an opening to its closing quote; return "" or why it cannot be read."""
        end = self.text.find(quote, self.at + 1)
        if end < 0:
            return "A quote is not closed."
        inside = self.text[self.at + 1 : end]
        if quote == '"':
            for char in "$`":
                if char in inside:
                    return _REFUSED[char]
            # in double quotes a backslash is itself, except before $ ` " \ (POSIX.1-2017, 2.2.3)
            if "\\\\" in inside or inside.endswith("\\"):
                return _REFUSED["\\"]
        parts.append(inside)
        self.at = end + 1
        return ""
