"""How bad a command could be.

What is taken apart completely and found on the list of commands that only read is low; everything else is high. A
request over HTTP is graded by its method.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsterm.policy.http_risk import grade_request
from opsterm.policy.order import HTTP, OrderTarget
from opsterm.policy.reading import refusal_of
from opsterm.policy.readonly import POWERSHELL
from opsterm.policy.words import split


class RiskLevel(StrEnum):
    """The grades, mildest first."""

    READ = "read"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def order(self) -> int:
        """0 for the mildest."""
        return list(RiskLevel).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """A grade and the sentences that explain it.

    Attributes:
        level: the grade.
        reasons: whole sentences, the weightiest first; never empty.
    """

    level: RiskLevel
    reasons: tuple[str, ...]


_PLAIN_POWERSHELL = re.compile(r"[A-Za-z0-9_.:-]+(?: +[A-Za-z0-9_.:-]+)*")
_PRODUCTION = frozenset({"prod", "production", "live", "prd"})
MANY_TARGETS = 5
"""More targets than this are worth a sentence."""


def assess(command: str, shell: str, targets: Sequence[OrderTarget], environments: Sequence[str]) -> Risk:
    """Grade a command. Never raises; the context adds reasons and can never make the grade milder.

    Args:
        command: the text for the shell.
        shell: "sh", "bash", "powershell" or "http"; any other is not understood.
        targets: where it would run.
        environments: the environment of each target, "" where it is not said.
    """
    if shell == HTTP:
        grade = grade_request(command)
        changing = RiskLevel.MEDIUM if grade.medium else RiskLevel.HIGH
        context = _context(targets, environments) if grade.refusal else ()
        return Risk(level=changing if grade.refusal else RiskLevel.LOW, reasons=(*grade.reasons, *context))
    refusal = why_not_read_only(command, shell)
    if not refusal:
        return Risk(level=RiskLevel.LOW, reasons=("It only reads: every command in it is on the read-only list.",))
    reasons = [refusal, *_context(targets, environments)]
    return Risk(level=RiskLevel.HIGH, reasons=tuple(reasons))


def why_not_read_only(command: str, shell: str) -> str:
    """Return a sentence that says why a command is not known to only read, "" when it is."""
    if not command.strip():
        return "There is no command."
    if shell == "powershell":
        return _powershell_refusal(command)
    if shell == HTTP:
        return grade_request(command).refusal
    if shell not in ("sh", "bash"):
        return f"The shell {shell!r} is not known, so what it does is not either."
    line = split(command)
    if line.refusal:
        return line.refusal
    refusals = (refusal_of(words) for words in line.commands)
    return next((refusal for refusal in refusals if refusal), "")


def _powershell_refusal(command: str) -> str:
    text = command.strip()
    if not _PLAIN_POWERSHELL.fullmatch(text):
        return "It has more than one PowerShell command, or signs that this check does not follow."
    name, *words = text.split()
    if name.lower() not in POWERSHELL:
        return f"{name} is not on the list of commands that only read."
    for word in words:
        if word.startswith("-") and word.lower() not in ("-name", "-id"):
            return f"The option {word} of {name} is not on the list of options that only read."
    if name.lower() in ("hostname", "whoami", "get-date") and words:
        return f"{name} with words behind it is not on the list of commands that only read."
    return ""


def _context(targets: Sequence[OrderTarget], environments: Sequence[str]) -> list[str]:
    sentences = []
    live = sum(1 for environment in environments if environment.lower() in _PRODUCTION)
    if live:
        sentences.append(f"{live} of {len(targets)} target{'s' * (len(targets) != 1)} in production.")
    if len(targets) > MANY_TARGETS:
        sentences.append(f"It would run on {len(targets)} targets.")
    return sentences
