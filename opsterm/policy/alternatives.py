"""A safer way to what a command is for, where one is known: data by program, each row a sentence and a command.

What is suggested is text for a person to read and to propose anew; nothing here is run. A suggestion is only made of
words that are known before the command runs.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from opsterm.policy.effects import EffectKind
from opsterm.policy.invocation import Invocation
from opsterm.policy.order import UNIX_SHELLS
from opsterm.policy.safer_forms import SAFER
from opsterm.policy.safer_words import SaferRow, name_of
from opsterm.policy.understanding import Understanding

MOST = 4
"""Suggestions for one command."""

_K = EffectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One suggestion.

    Attributes:
        why: what is better about it, a clause without its end.
        command: what to propose instead, or to run first; "" where no text can be given.
    """

    why: str
    command: str = ""

    @property
    def text(self) -> str:
        """The suggestion as one sentence or as "why: command"."""
        return f"{self.why}: {self.command}" if self.command else f"{self.why}."


def alternatives_to(understood: Understanding, *, kept: bool = False) -> tuple[Alternative, ...]:
    """Return safer ways, the most fitting first, at most MOST; () when none is known. Never raises.

    Args:
        understood: the command.
        kept: whether all that it touches is kept before it runs; then nobody need be told to keep it.
    """
    found: dict[Alternative, None] = {}
    if any(effect.kind is _K.REMOTE_CODE for effect in understood.effects):
        for one in _downloaded(understood):
            found.setdefault(one, None)
    for command in understood.commands:
        if len(found) >= MOST:
            break
        if not command.words or "?" in command.words[0]:
            continue
        for row in SAFER.get(name_of(command), ()):
            made = None if kept and row.keeps else _made(row, command, understood)
            if made is not None:
                found.setdefault(made, None)
    for make in (*([] if kept else [_overwritten]), _whole_table, _lost_log):
        for one in make(understood):
            found.setdefault(one, None)
    return tuple(found)[:MOST]


def _made(row: SaferRow, command: Invocation, understood: Understanding) -> Alternative | None:
    """Return what a row suggests for a command, None when it is not for this way of calling it."""
    if not row.fits(command):
        return None
    if command.where:
        return Alternative(why=f"{row.why} ({command.where})")
    words = row.instead(command) if row.instead is not None else []
    if any("?" in word or "\x00" in word for word in words) or tuple(words) == command.words:
        return Alternative(why=row.why)
    return Alternative(why=row.why, command=_written(words, command, understood))


def _written(words: list[str], command: Invocation, understood: Understanding) -> str:
    """Return words as a text for the same shell, "" where a word would need quotes that this does not know.

    A pattern is left to the shell where it was before: in a command that was written without any quotes.
    """
    if understood.shell not in ("sh", "bash", "powershell"):
        return " ".join(words) if all(_PLAIN.fullmatch(word) for word in words) else ""
    shown = understood.text[command.span.start : command.span.end]
    patterns = name_of(command) != "find" and not set("'\"\\") & set(shown)
    return quoted(words, patterns=patterns)


def quoted(words: list[str], *, patterns: bool = False) -> str:
    """Return words as a text for sh; what stands between two commands stays as it is.

    Args:
        words: the words.
        patterns: whether patterns and `~` of paths are left to the shell.
    """
    return " ".join(word if word in _SIGNS or (patterns and _is_pattern(word)) else shlex.quote(word) for word in words)


_SIGNS = ("&&", ">")
_PLAIN = re.compile(r"[A-Za-z0-9_./:\\*=+-]+")


def _is_pattern(word: str) -> bool:
    """Return whether a word is a path with a pattern in it and no other sign that a shell knows."""
    bare = word.removeprefix("~").translate({ord("*"): "", ord("["): "", ord("]"): ""})
    return bare != word and shlex.quote(bare or "x") == (bare or "x") and not word.startswith("-")


def _downloaded(understood: Understanding) -> Iterator[Alternative]:
    """Suggest to look at a script before it runs."""
    for command in understood.commands:
        sources = [word for word in command.words if word.startswith(("http://", "https://", "ftp://"))]
        if not sources or "?" in sources[0]:
            continue
        script = "./downloaded-script"
        why = "Fetch it, compare its hash with one that you trust, read it, and run that file"
        if name_of(command) in ("curl", "wget"):
            words = ["curl", "-fsSLo", script, sources[0], "&&", "sha256sum", script]
            yield Alternative(why=why, command=quoted(words))
        else:
            yield Alternative(why=why)
        return


def _overwritten(understood: Understanding) -> Iterator[Alternative]:
    """Suggest to keep what a redirection empties."""
    written = {
        effect.object for effect in understood.effects if effect.kind in (_K.WRITE_CONFIG, _K.TRUNCATE)
    }  # fmt: skip
    for command in understood.commands:
        for redirect in command.redirects:
            sign, _, path = redirect.partition(" ")
            plain = path.strip("'\"")
            if sign.strip("0123456789&") in (">", ">|") and plain in written and plain.startswith("/"):
                yield Alternative(
                    why="Keep what is there now, so that it can be put back",
                    command=quoted(["cp", "-p", "--", plain, f"{plain}.before"]),
                )


def _whole_table(understood: Understanding) -> Iterator[Alternative]:
    """Suggest a transaction where rows are changed without a condition."""
    spans = {effect.span for effect in understood.effects if effect.kind is _K.DB_WRITE}
    for effect in understood.effects:
        if effect.kind not in (_K.DATA_LOSS, _K.DELETE, _K.TRUNCATE) or effect.span not in spans:
            continue
        shown = understood.text[effect.span.start : effect.span.end].lstrip("'\" ").upper()
        table = effect.object or "it"
        if shown.startswith(("DELETE", "UPDATE")) and not _COUNTED.search(understood.text, 0, effect.span.start):
            yield Alternative(
                why=f"Count the rows of {table} first that are meant, change them between BEGIN and COMMIT by the same "
                "WHERE, and ROLLBACK when the number differs"
            )
        elif shown.startswith("DROP TABLE"):
            yield Alternative(why=f"Rename {table} first (ALTER TABLE … RENAME), and drop it once nobody has missed it")
        elif shown.startswith(("DROP", "TRUNCATE")):
            yield Alternative(why=f"Make a dump of {table} first, and see that it can be read back")


_COUNTED = re.compile(r"\b(?:BEGIN|START\s+TRANSACTION|WITH\s+\w+\s+AS)\b", re.IGNORECASE)
"""What stands before a statement that is part of a transaction, or whose rows are looked at."""


def _lost_log(understood: Understanding) -> Iterator[Alternative]:
    """Suggest to rotate a log instead of losing it, where logs are files that can be rotated."""
    if understood.shell in UNIX_SHELLS and any(effect.kind is _K.LOG_LOSS for effect in understood.effects):
        yield Alternative(why="Rotate and compress logs instead of deleting them, for they may be needed as evidence")
