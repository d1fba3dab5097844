"""One thing that can be found out about a command before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsterm.policy.preview.command import PreviewCommand


class PreviewKind(StrEnum):
    """What a preview shows."""

    DELETES = "deletes"
    DIFFERENCE = "difference"
    OVERWRITES = "overwrites"
    PACKAGES = "packages"
    TRANSFER = "transfer"
    STOPS = "stops"
    CHECK = "check"
    DRY_RUN = "dry run"


class After(StrEnum):
    """Where the content of a file afterwards comes from."""

    PRINTED = "printed by the last command"
    WRITTEN = "written"
    APPENDED = "appended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewStep:
    """What is asked on a target, and how the answers are to be read.

    Attributes:
        kind: what it shows.
        title: what it is about, as the text names it.
        commands: in order; each only reads.
        become: the account that it runs as, "" for the one that logs in.
        after: of DIFFERENCE: where the new content is from.
        text: of DIFFERENCE: what is written or appended.
    """

    kind: PreviewKind
    title: str
    commands: tuple[PreviewCommand, ...]
    become: str = ""
    after: After = After.UNKNOWN
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPlan:
    """What can be found out about a command, and what not.

    Attributes:
        steps: what can.
        without: a sentence for each part that changes something and has no preview.
    """

    steps: tuple[PreviewStep, ...] = ()
    without: tuple[str, ...] = ()


def command(*words: str) -> PreviewCommand:
    """Return a command of a preview. Raises Bug when it is on no list."""
    return PreviewCommand(words=words)
