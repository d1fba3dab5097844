"""What becomes of a guarded change by what its targets tell after nobody had seen its end here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from opsterm.changes.change import Change, Outcome, OutcomeState
from opsterm.changes.guard import GuardState

_S = GuardState
_LEARNED: Mapping[GuardState, tuple[OutcomeState, str]] = {
    _S.CONFIRMED: (OutcomeState.DONE, "It was confirmed, and stays; opsterm ended before it could write that down."),
    _S.REVERTED: (
        OutcomeState.FAILED,
        "Taken back by the target: nobody confirmed it in time.\nEverything there is proven to be as it was.",
    ),
    _S.REVERT_FAILED: (OutcomeState.FAILED, "The target could not take all of it back.\n{said}\n{look}"),
    _S.LOST: (
        OutcomeState.FAILED,
        "It stays there, and nothing takes it back any more.\n{look} Or keep it: opsterm confirm {name}",
    ),
    _S.NONE: (OutcomeState.CANCELLED, "Nothing was changed there: opsterm ended before its guard was armed."),
}
_GONE = "The target knows nothing of its guard any more.\n{look}"


def learned(change: Change, told: Mapping[str, tuple[GuardState, str]], armed: Sequence[str]) -> tuple[Outcome, ...]:
    """Return the outcomes of a change with what its targets told in place of what nobody saw.

    Args:
        change: one that has ended.
        told: target -> how its guard stands, and what could not be taken back.
        armed: targets on which it was seen that the guard was armed, so that something may have been changed.
    """
    return tuple(
        _learned(change, outcome, *told.get(outcome.target, (GuardState.UNKNOWN, "")), armed=outcome.target in armed)
        for outcome in change.outcomes
    )


def _learned(change: Change, outcome: Outcome, state: GuardState, said: str, *, armed: bool) -> Outcome:
    if outcome.state is not OutcomeState.UNKNOWN or state not in _LEARNED:
        return outcome
    found, text = _LEARNED[state]
    if state is GuardState.NONE and armed:
        found, text = OutcomeState.FAILED, _GONE
    look = f"Look at it there. What was kept puts it back: opsterm rollback {change.name}"
    message = text.format(said=said, look=look, name=change.name).replace("\n\n", "\n")
    return replace(outcome, state=found, message=message, exit_status=0 if found is OutcomeState.DONE else None)
