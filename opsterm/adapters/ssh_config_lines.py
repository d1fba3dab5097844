"""ssh_config as text: lines to directives, words, patterns. Nothing here knows a host.

Source: ssh_config(5) of OpenSSH 9.2, and what `ssh -G` of that version answers.
"""

from __future__ import annotations

import functools
import glob
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.inventory.patterns import glob_regex

DEEPEST_INCLUDE = 16
WHOLE_LINE = frozenset({"proxycommand", "remotecommand", "localcommand", "knownhostscommand"})
"""Keywords whose value is the rest of the line, quotes and all: a shell reads it later."""

_KEYWORD = re.compile(r'[ \t]*"?([^\s="#]+)"?(?:[ \t]*=[ \t]*|[ \t]+|$)(.*)', re.DOTALL)
_SPAN = re.compile(r"(\d+)([sSmMhHdDwW]?)")
_SPAN_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """One line of a configuration file.

    Attributes:
        keyword: in lower case.
        words: its arguments, quotes resolved; a single one for `WHOLE_LINE` keywords.
        where: "~/.ssh/config:3", for messages.
        included: for "include", the directives of each file it named, in order.
    """

    keyword: str
    words: tuple[str, ...]
    where: str
    included: tuple[tuple[Directive, ...], ...] = ()


def split_words(text: str, where: str) -> tuple[str, ...]:
    r"""Split as OpenSSH does: blanks separate; ' and " quote; \\ \' \" and "\ " escape; # begins a comment.

    Raises:
        BadInput: a quote is not closed.
    """
    words: list[str] = []
    at = 0
    while at < len(text):
        if text[at] in " \t":
            at += 1
            continue
        if text[at] == "#":
            break
        word, quote = "", ""
        while at < len(text):
            char, following = text[at], text[at + 1 : at + 2]
            if char == "\\" and following and (following in "'\"\\" or (not quote and following == " ")):
                word += following
                at += 1
            elif not quote and char in " \t":
                break
            elif not quote and char in "'\"":
                quote = char
            elif quote and char == quote:
                quote = ""
            else:
                word += char
            at += 1
        if quote:
            raise BadInput(f"{where}: a quotation mark is not closed.", next_step="Close it.")
        words.append(word)
    return tuple(words)


def read_directives(path: Path, home: Path, *, folder: Path, private: bool, depth: int = 0) -> tuple[Directive, ...]:
    """Read a file and everything it includes. Blocks: call it in a thread.

    Args:
        path: the file; that it is absent is the caller's to check.
        home: what "~" stands for.
        folder: where relative includes are: ~/.ssh, or /etc/ssh for the system's file.
        private: whether others must not be able to write to it: a ProxyCommand in it runs as the operator.
        depth: how many includes deep this file is.

    Raises:
        BadInput: a file cannot be read, is writable by others, or a line cannot be understood.
    """
    shown = shown_path(path, home)
    if depth > DEEPEST_INCLUDE:
        raise BadInput(
            f"{shown}: Include goes deeper than {DEEPEST_INCLUDE} files.", next_step="See if it includes itself."
        )
    text = _read(path, shown, private=private)
    directives: list[Directive] = []
    for number, line in enumerate(text.split("\n"), 1):
        where = f"{shown}:{number}"
        stripped = line.rstrip(" \t\r\f").lstrip(" \t")
        if not stripped or stripped.startswith("#"):
            continue
        match = _KEYWORD.match(stripped)
        if not match:
            raise BadInput(f"{where}: this is no setting: {clean_line(stripped, limit=60)}", next_step="Mend the line.")
        keyword = match[1].lower()
        words = (match[2],) if keyword in WHOLE_LINE else split_words(match[2], where)
        if not words or words == ("",):
            raise BadInput(f"{where}: {clean_line(match[1], limit=40)} has no value.", next_step="Give it one.")
        included: tuple[tuple[Directive, ...], ...] = ()
        if keyword == "include":
            included = tuple(
                read_directives(file, home, folder=folder, private=private, depth=depth + 1)
                for word in words
                for file in _named(expand_home(word, home), folder)
            )
        directives.append(Directive(keyword=keyword, words=words, where=where, included=included))
    return tuple(directives)


def _named(pattern: str, folder: Path) -> Sequence[Path]:
    found = glob.glob(str(folder / pattern))  # noqa: PTH207 (the pattern may be absolute)
    return [Path(name) for name in sorted(found) if not Path(name).is_dir()]


def _read(path: Path, shown: str, *, private: bool) -> str:
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            status = os.fstat(file.fileno())
            if private and (status.st_uid not in (0, os.geteuid()) or stat.S_IMODE(status.st_mode) & 0o022):
                raise BadInput(
                    f"{shown} is not obeyed: others than you can write to it.",
                    why=f"It belongs to uid {status.st_uid} and has mode {stat.S_IMODE(status.st_mode):04o}; "
                    "ssh refuses it as well.",
                    next_step=f"chmod 600 {shown}",
                )
            return file.read()
    except OSError as error:
        raise BadInput(
            f"{shown} cannot be read.",
            why=error.strerror or str(error),
            next_step="Make it readable for your account, or choose another file with ssh.config.",
        ) from error


def shown_path(path: Path, home: Path) -> str:
    """Return "~/.ssh/config" for a path below the home folder, cleaned."""
    return clean_line(f"~/{path.relative_to(home)}" if path.is_relative_to(home) and home != Path("/") else str(path))


def expand_home(text: str, home: Path) -> str:
    """Return a path with a leading "~" (the home folder) or "~name" (that account's) replaced."""
    if text == "~" or text.startswith("~/"):
        return str(home) + text[1:]
    return os.path.expanduser(text) if text.startswith("~") else text  # noqa: PTH111 (other accounts only)


@functools.lru_cache(maxsize=20_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(glob_regex(pattern), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Return whether a pattern with `*` and `?` fits the whole text."""
    return _compiled(pattern).fullmatch(text) is not None


def matches_any(patterns: Sequence[str], text: str) -> bool:
    """Return whether some pattern fits and no pattern that begins with "!" does."""
    fits = False
    for pattern in patterns:
        if pattern.startswith("!"):
            if matches(pattern[1:], text):
                return False
        elif not fits:
            fits = matches(pattern, text)
    return fits


def parse_span(text: str) -> int | None:
    """Return seconds for "90", "1m30s", "2h"; None when it is no span."""
    if not text or not _SPAN.match(text) or _SPAN.sub("", text):
        return None
    return sum(int(count) * _SPAN_SECONDS[unit.lower()] for count, unit in _SPAN.findall(text))
