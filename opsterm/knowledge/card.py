"""A card: one thing that is known, in parts that can be shown, checked and searched."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CardKind(StrEnum):
    """What a card is for."""

    SOLUTION = "solution"
    CONCEPT = "concept"
    RUNBOOK = "runbook"


class CardRisk(StrEnum):
    """How bad the fix could be: the words of the grades of commands, which the policy room owns; mildest first."""

    READ = "read"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class CardSystem(StrEnum):
    """What a card is about: where it can happen."""

    LINUX = "linux"
    WINDOWS = "windows"
    NETWORK = "network"
    DEVICE = "device"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardStep:
    """A sentence, or a command.

    Attributes:
        text: the sentence, or the command; words in capitals such as NAME stand for what the operator puts there.
        shell: the language of a command, a word that the policy room knows; "" for a sentence.
    """

    text: str
    shell: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPattern:
    """How an error shows in a log or on a screen.

    Attributes:
        pattern: a regular expression; case does not count.
        example: a line that it fits.
    """

    pattern: str
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is known of one thing. A concept has a text and no steps; a runbook has steps and no errors.

    Attributes:
        id: words joined by `-`, unique.
        kind: what it is for.
        title: one line.
        family: the subject that it stands under, as in "disk".
        systems: where it can happen.
        services: programs that it is about, as in "nginx".
        symptoms: what somebody sees, in their words.
        errors: texts by which it shows.
        checks: commands that only read.
        cause: why it happens; the text of a concept.
        fix: what to do; the steps of a runbook.
        risk: of the fix; `READ` where nothing is changed.
        rollback: the way back; "" only where nothing is changed.
        verify: how to see that it is done.
        references: manual pages, standards, documents.
        source: file that it came from, "" for one of this site.
    """

    id: str
    kind: CardKind
    title: str
    family: str
    systems: tuple[CardSystem, ...]
    services: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()
    errors: tuple[ErrorPattern, ...] = ()
    checks: tuple[CardStep, ...] = ()
    cause: str = ""
    fix: tuple[CardStep, ...] = ()
    risk: CardRisk = CardRisk.READ
    rollback: str = ""
    verify: str = ""
    references: tuple[str, ...] = ()
    source: str = ""
