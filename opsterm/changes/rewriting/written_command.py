"""One command of a text as rewriting looks at it, and what is put in its place."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from opsterm.policy.effects import Span
from opsterm.policy.invocation import Invocation
from opsterm.policy.preview.paths import Wording, wording_of
from opsterm.policy.safer_words import flags_of
from opsterm.policy.understanding import Understanding


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenCommand:
    """A command whose every word stands in the text as it is.

    Attributes:
        words: its words without quotes, the program first.
        written: the same words as they stand there.
        wording: what its paths mean.
        stamp: date and time of the proposal, "20260102-030405"; with a number behind for a second folder of that name.
        rows: rows that a statement is meant to change, -1 for not said.
        kept: whether what it touches is kept beforehand.
    """

    words: tuple[str, ...]
    written: tuple[str, ...]
    wording: Wording
    stamp: str
    rows: int
    kept: bool

    @property
    def flags(self) -> frozenset[str]:
        """Its options, single letters apart."""
        return flags_of(Invocation(words=self.words, span=Span(start=0, end=0)))

    def operands(self) -> list[tuple[str, str]]:
        """Return what is no option: each word, and how it is written."""
        pairs = list(zip(self.words, self.written, strict=True))[1:]
        plain = next((at for at, (word, _) in enumerate(pairs) if word == "--"), len(pairs))
        return [pair for pair in pairs[:plain] if not pair[0].startswith("-")] + pairs[plain + 1 :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """What is put in the place of a command.

    Attributes:
        text: for sh.
        says: whole sentences about what is other than before.
        single: whether it is one command.
        count: a command that only counts the rows that a statement would change, "" for no statement.
    """

    text: str
    says: tuple[str, ...]
    single: bool = False
    count: str = ""


def written_command(
    command: Invocation, understood: Understanding, *, become: str, stamp: str, rows: int, kept: bool
) -> WrittenCommand | None:  # fmt: skip
    """Return a command whose words are all known and written out; None for any other.

    Args:
        command: one of `understood`.
        understood: the text.
        become: the account it runs as, "" for the one that logs in.
        stamp: as of `WrittenCommand`.
        rows: as of `WrittenCommand`.
        kept: as of `WrittenCommand`.
    """
    shown = understood.text[command.span.start : command.span.end]
    if any(sign in shown for sign in ("$", "`", "\n", "<(", ">(")) or command.where:
        return None
    try:
        words, written = shlex.split(shown), shlex.split(shown, posix=False)
    except ValueError:
        return None
    at = len(command.environment)
    if tuple(words[at:]) != command.words or len(words) != len(written):
        return None
    return WrittenCommand(
        words=command.words, written=tuple(written[at:]), wording=wording_of(command, understood, become=become),
        stamp=stamp, rows=rows, kept=kept,
    )  # fmt: skip
