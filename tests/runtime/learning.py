"""Changes that ended, put into a store at once instead of being run one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from opsterm.changes.change import Change, ChangeState, Outcome, OutcomeState
from opsterm.policy.learned.lesson import PastCommand, PastEnd
from opsterm.policy.order import Order, OrderTarget, Terms
from opsterm.policy.risk import Risk, RiskLevel
from opsterm.runtime.runtime import Runtime

STATES: Mapping[PastEnd, tuple[ChangeState, OutcomeState]] = {
    PastEnd.DONE: (ChangeState.DONE, OutcomeState.DONE),
    PastEnd.FAILED: (ChangeState.FAILED, OutcomeState.FAILED),
    PastEnd.STOPPED: (ChangeState.CANCELLED, OutcomeState.CANCELLED),
    PastEnd.DENIED: (ChangeState.DENIED, OutcomeState.WAITING),
    PastEnd.CUT_OFF: (ChangeState.INTERRUPTED, OutcomeState.UNKNOWN),
}


def change_of(one: PastCommand) -> Change:
    """Return the change that a past command would have been."""
    state, outcome = STATES[one.end]
    targets = tuple(
        OrderTarget(name=f"h{n}", protocol="ssh", address=f"h{n}.example", port=0, user="")
        for n in range(len(one.where.environments))
    )
    order = Order(
        command=one.understood.text, shell=one.understood.shell, targets=targets, timeout_s=30.0,
        expires_at=one.asked_at + 900,
        terms=Terms(
            requested_by="ana", environments=tuple(one.where.environments), requirement="1 person", once=str(one.change)
        ),
    )  # fmt: skip
    return Change(
        order=order, selector="all", risk=Risk(level=RiskLevel.MEDIUM, reasons=("It changes something.",)),
        origin="command line", requested_by="ana", requested_at=one.asked_at, state=state, digest=order.digest(),
        decided_by="ana", decided_at=one.asked_at + 1, ended_at=one.ended_at,
        outcomes=tuple(Outcome(target=target.name, state=outcome) for target in targets),
    )  # fmt: skip


async def with_past(runtime: Runtime, past: Sequence[PastCommand]) -> None:
    """Keep changes that ended, in their order."""
    async with asyncio.TaskGroup() as group:
        for one in past:
            group.create_task(runtime.store.changes.insert(change_of(one), lambda _: []))
