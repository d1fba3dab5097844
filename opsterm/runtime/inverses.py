"""The way back that an operator gives: a command, judged by itself before its change may be approved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from opsterm.changes.verification import OnFailure
from opsterm.core.errors import BadInput, Refused
from opsterm.policy.compliance.decision import RuleDecision
from opsterm.policy.compliance.review import lines_of
from opsterm.policy.file_put import PUT
from opsterm.policy.mask import mask
from opsterm.policy.order import HTTP, PLAN, RESTORE, Order
from opsterm.policy.risk import RiskLevel
from opsterm.policy.understanding import understand
from opsterm.runtime.change_checks import ChangeChecks
from opsterm.runtime.compliance import ComplianceGate
from opsterm.runtime.proposal import Proposal

_NOT_BY_COMMAND = (PUT, RESTORE, HTTP)
_OF_STEPS = BadInput(
    "The steps of a plan have inverses of their own; one for all of them would run into what they put back.",
    next_step="Write inverse = '...' in the [[step]] that it takes back.",
)
_LEFT_BEHIND = BadInput(
    "What fails is taken back at once by what was kept alone; an inverse is a change of its own and would be left.",
    next_step="Propose it with --on-failure keep; opsterm rollback then proposes both, one after the other.",
)


class Inverses:
    """Judges the inverses that operators give.

    Args:
        checks: grade what would run.
        gate: the rules.
    """

    def __init__(self, checks: ChangeChecks, gate: ComplianceGate) -> None:
        self._checks = checks
        self._gate = gate

    async def said(self, order: Order, proposal: Proposal, environments: Sequence[str], *, by: str) -> tuple[str, ...]:
        """Return what an approver should know of an inverse, whole sentences; none for no inverse.

        Args:
            order: what it takes back.
            proposal: what is asked for, with the inverse in it.
            environments: of each target, "" where it is not said.
            by: the account that asks.

        Raises:
            BadInput: it is no command, or the order is not one that a command takes back, or is taken back at once.
            Refused: the rules would not let it run.
        """
        inverse = proposal.inverse
        if not inverse:
            return ()
        if order.shell == PLAN:
            raise _OF_STEPS
        if proposal.verification.on_failure is OnFailure.ROLLBACK:
            raise _LEFT_BEHIND
        if order.shell in _NOT_BY_COMMAND:
            raise BadInput("Only a command has an inverse.", next_step="Take this back by opsterm rollback.")
        if not inverse.strip() or inverse.strip() == order.command.strip():
            raise BadInput(
                "This is no inverse: it is empty, or the command itself.",
                next_step="Write what undoes it, as in --inverse 'docker start web'.",
            )
        back = replace(order, command=inverse)
        review = await self._gate.review(back, requested_by=by, reason="")
        if review.decision is RuleDecision.DENY:
            raise Refused("Its inverse would not be let run.", why=" ".join(lines_of(review)))
        risk = await self._checks.risk(back, environments)
        if risk.level is RiskLevel.READ:
            raise BadInput("This is no inverse: it only reads.", next_step="Write what undoes the change.")
        reason = mask(risk.reasons[0])[0] if risk.reasons else ""
        dark = " Not all of it is understood." if understand(inverse, order.shell).opaque else ""
        return (f"Its inverse by itself is graded {risk.level}: {reason}{dark}",)
