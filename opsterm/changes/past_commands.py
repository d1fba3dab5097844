"""Changes that have ended, in the words of what is learned from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.policy.context import Labels, ShareOfGroup, Surroundings, shares_of
from opsterm.policy.learned.lesson import PastCommand, PastEnd, judged
from opsterm.policy.learned.traits import situation

PAST_ENDS: Mapping[ChangeState, PastEnd | None] = {
    ChangeState.PROPOSED: None,
    ChangeState.APPROVED: None,
    ChangeState.RUNNING: None,
    ChangeState.EXPIRED: None,  # nobody has said anything
    ChangeState.VOIDED: None,  # what would have run is something else by now
    ChangeState.DENIED: PastEnd.DENIED,
    ChangeState.DONE: PastEnd.DONE,
    ChangeState.FAILED: PastEnd.FAILED,
    ChangeState.CANCELLED: PastEnd.STOPPED,
    ChangeState.INTERRUPTED: PastEnd.CUT_OFF,  # the line broke, or opsterm died, while it ran: nobody saw its end
    ChangeState.ROLLED_BACK: PastEnd.ROLLED_BACK,
    ChangeState.ROLLBACK_FAILED: PastEnd.ROLLED_BACK,  # somebody wanted it back
}
"""State of a change -> how it ended; None where that says nothing about its command."""

ENDED = tuple(state for state, end in PAST_ENDS.items() if end is not None)

_SAYS_SOMETHING = frozenset({OutcomeState.FAILED, OutcomeState.TIMED_OUT, OutcomeState.NOT_VERIFIED})


def past_end(change: Change) -> PastEnd | None:
    """Return how a change ended, None when that says nothing about its command.

    One that failed only because no target was reached never ran.
    """
    end = PAST_ENDS[change.state]
    if end is PastEnd.FAILED and not any(outcome.state in _SAYS_SOMETHING for outcome in change.outcomes):
        return None
    return end


def past_commands(
    changes: Iterable[Change], labels: Labels, in_window: Callable[[float], bool | None]
) -> Iterator[PastCommand]:
    """Yield what can be learned from, of changes in any state.

    Environments are those of the time at which a change was proposed; groups and tags are those of now, since nobody
    has kept the others.

    Args:
        changes: any.
        labels: name of every target there is -> its groups and its tags.
        in_window: says whether a time (epoch seconds) is one in which changes are planned, None when not known.
    """
    shares: dict[tuple[str, ...], tuple[ShareOfGroup, ...]] = {}
    for change in changes:
        order, end = change.order, past_end(change)
        understood = judged(order.command, order.shell) if end is not None else None
        if end is None or understood is None:
            continue
        names = tuple(target.name for target in order.targets)
        if names not in shares:
            shares[names] = shares_of(names, labels)
        places = order.terms.environments if order.terms is not None else ("",) * len(names)
        where = situation(
            Surroundings(environments=places, shares=shares[names]), at=change.requested_at,
            tags=[tag for name in names for tag in labels.get(name, ((), ()))[1]], become=bool(order.become),
            in_window=in_window(change.requested_at),
        )  # fmt: skip
        yield PastCommand(
            understood=understood, where=where, end=end, asked_at=change.requested_at,
            ended_at=change.ended_at or change.decided_at, change=change.id,
        )  # fmt: skip
