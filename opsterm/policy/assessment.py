"""Everything that is said about a command before anybody asks to run it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.monitoring.session_path import SessionPath
from opsterm.policy.alternatives import Alternative, alternatives_to
from opsterm.policy.compliance.circumstances import NOTHING_KNOWN, Circumstances
from opsterm.policy.compliance.decision import RuleDecision, strictest
from opsterm.policy.compliance.review import RuleReview
from opsterm.policy.compliance.rulebook import NO_RULES, Rulebook
from opsterm.policy.context import Surroundings
from opsterm.policy.effects import Effect
from opsterm.policy.grading import DECISIONS, RiskDecision
from opsterm.policy.lockout import Lockout, lockout_of
from opsterm.policy.order import AS_LOGGED_IN, OrderTarget, RunAs
from opsterm.policy.risk import RiskLevel, assess, why_not_read_only
from opsterm.policy.understanding import READERS, understand
from opsterm.policy.way_back import Coverage

ROLLBACKS = {
    Coverage.NOTHING: "n/a", Coverage.EXACT: "full", Coverage.INVERSE: "full", Coverage.PARTIAL: "partial",
    Coverage.NONE: "none",
}  # fmt: skip
"""How much of a command can be taken back, in the words of `opsterm risk`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What a command would do and how bad that could be.

    Attributes:
        command: as given.
        shell: the language it was read in.
        level: the grade.
        decision: what its grade and the rules ask for before it runs, the stricter of the two.
        effects: what it would do.
        opaque: whole sentences about what could not be followed.
        reasons: whole sentences that explain the grade.
        lockout: whether it can cut our way to a target, and why.
        alternatives: safer ways to what it is for.
        review: what the rules say.
        rollback: how much of it would be taken back by what is kept before it runs: "full", "partial", "none", and
            "n/a" for what only reads.
    """

    command: str
    shell: str
    level: RiskLevel
    decision: RuleDecision
    effects: tuple[Effect, ...]
    opaque: tuple[str, ...]
    reasons: tuple[str, ...]
    lockout: Lockout
    alternatives: tuple[Alternative, ...]
    review: RuleReview
    rollback: str

    @property
    def safer(self) -> tuple[str, ...]:
        """Safer ways, those of this command before those of rules that it touches; each once."""
        return tuple(dict.fromkeys([*(one.text for one in self.alternatives), *self.review.alternatives]))


def assessment(
    command: str, shell: str, targets: Sequence[OrderTarget] = (), around: Surroundings | None = None,
    ways: Sequence[SessionPath] = (), *, rules: Rulebook = NO_RULES, circumstances: Circumstances = NOTHING_KNOWN,
    coverage: Coverage = Coverage.NONE, warnings: Sequence[str] = (),
    how: RunAs = AS_LOGGED_IN,
) -> Assessment:  # fmt: skip
    """Say everything about a command. Never raises.

    Args:
        command: the text for the shell.
        shell: a word of SHELLS_ASSESSED; any other is not understood.
        targets: where it would run.
        around: where and when, None when nothing is known of it.
        ways: how our sessions reach the targets; () when not known.
        rules: those in force.
        circumstances: what rules may have to know besides.
        coverage: how much of it can be taken back.
        warnings: what else should be known, whole sentences.
        how: as whom, with which files, on what it would run.
    """
    understood = understand(command, shell)
    lockout = lockout_of(understood, ways)
    environments = around.environments if around else ()
    risk = assess(
        command, shell, targets, environments, warnings, how=how, around=around, ways=ways, lockout=lockout
    )  # fmt: skip
    decision = DECISIONS[risk.level]
    if risk.level is RiskLevel.READ and why_not_read_only(command, shell, how=how):
        decision = RiskDecision.APPROVE
    kept = coverage in (Coverage.EXACT, Coverage.INVERSE)
    review = rules.review_understood(understood, circumstances)
    return Assessment(
        command=command, shell=shell, level=risk.level,
        decision=strictest([RuleDecision(decision), review.decision]), review=review,
        effects=understood.effects if shell in READERS else (), opaque=understood.opaque if shell in READERS else (),
        reasons=risk.reasons, lockout=lockout, alternatives=alternatives_to(understood, kept=kept),
        rollback="n/a" if risk.level is RiskLevel.READ else ROLLBACKS[coverage],
    )  # fmt: skip
