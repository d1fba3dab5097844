"""Which files the words of a command mean on the target, where that is known before it runs."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from opsterm.policy.invocation import Invocation
from opsterm.policy.understanding import Understanding

_QUOTES = frozenset("'\"\\$`")
_PATTERN = frozenset("*[")


class NotKnown(Exception):
    """A word stands for something that is known only when it runs; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFiles:
    """Files that a word means.

    Attributes:
        path: a path, absolute or below "./"; with a pattern the folder in which it is matched.
        pattern: what their names are like, "" when `path` is the one.
    """

    path: str
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How a command is written, as far as its paths depend on it.

    Attributes:
        quoted: whether any quote, backslash or variable is in it: then a `*` may be one of a name.
        folder: the folder it runs in, "" for where a session begins, None where that is not known.
        home: whether `~` is where a session begins.
    """

    quoted: bool
    folder: str | None
    home: bool


def wording_of(command: Invocation, understood: Understanding, *, become: str) -> Wording:
    """Return how a command is written.

    Args:
        command: one of `understood`.
        understood: the whole text.
        become: the account that it runs as, "" for the one that logs in.
    """
    shown = understood.text[command.span.start : command.span.end]
    moves = [one for one in understood.commands if one.words and one.words[0] in ("cd", "pushd", "popd", "chdir")]
    folder: str | None = ""
    if moves:
        first = moves[0]
        plain = len(moves) == 1 and first is understood.commands[0] and len(first.words) == 2
        known = plain and first.words[1].startswith("/") and not set(first.words[1]) & (_PATTERN | {"?", "\x00"})
        joined = understood.text[first.span.end :].lstrip().startswith("&&")
        folder = posixpath.normpath(first.words[1]) if known and joined else None
    return Wording(quoted=bool(_QUOTES & set(shown)), folder=folder, home=not become and not moves)


def place_named(word: str, wording: Wording) -> NamedFiles:
    """Return the files that a word means.

    Raises:
        NotKnown: that is known only when the command runs, or cannot be told from how it is written.
    """
    if not word or "?" in word or "\x00" in word:
        raise NotKnown("which files it is about is known only when it runs")
    if "\n" in word or "\r" in word:
        raise NotKnown("a name in it has more than one line")
    has_pattern = bool(set(word) & _PATTERN)
    if "{" in word or (wording.quoted and (has_pattern or word.startswith("~"))):
        raise NotKnown(f"whether {word} is a name or a pattern depends on its quotes")
    path = _absolute(word, wording)
    if not has_pattern:
        return NamedFiles(path=path)
    folder, name = posixpath.split(path)
    if set(folder) & _PATTERN or not name:
        raise NotKnown(f"{word} is a pattern of folders")
    return NamedFiles(path=folder or "/", pattern=name)


def _absolute(word: str, wording: Wording) -> str:
    if word.startswith("/"):
        return word
    if word.startswith("~"):
        if not wording.home or (word != "~" and not word.startswith("~/")):
            raise NotKnown(f"where {word} is depends on the account")
        return "./" + word[2:]
    if wording.folder is None:
        raise NotKnown("the folder in which it runs is not known before")
    return posixpath.join(wording.folder, word) if wording.folder else "./" + word
