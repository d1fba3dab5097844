"""What a target tells takes the place of what nobody here has seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsterm.changes import lifecycle
from opsterm.changes.change import ChangeState, Outcome, OutcomeState
from opsterm.changes.guard import GuardState
from opsterm.changes.guard_outcome import learned
from tests.changes.samples import proposed

S, E, C = GuardState, OutcomeState, ChangeState


@pytest.mark.parametrize(
    ("before", "told", "armed", "after", "said"),
    [
        (E.UNKNOWN, S.CONFIRMED, True, E.DONE, "It was confirmed, and stays"),
        (E.UNKNOWN, S.REVERTED, True, E.FAILED, "Taken back by the target"),
        (E.UNKNOWN, S.REVERT_FAILED, True, E.FAILED, "what differs"),
        (E.UNKNOWN, S.LOST, True, E.FAILED, "opsterm confirm c"),
        (E.UNKNOWN, S.NONE, False, E.CANCELLED, "Nothing was changed there"),
        (E.UNKNOWN, S.NONE, True, E.FAILED, "knows nothing of its guard any more"),
        (E.UNKNOWN, S.PENDING, True, E.UNKNOWN, "as it was"),
        (E.UNKNOWN, S.REVERTING, True, E.UNKNOWN, "as it was"),
        (E.UNKNOWN, S.UNKNOWN, True, E.UNKNOWN, "as it was"),
        (E.DONE, S.REVERTED, True, E.DONE, "as it was"),
        (E.CANCELLED, S.REVERTED, True, E.CANCELLED, "as it was"),
    ],
)
def test_what_is_learned_of_one_target(
    before: OutcomeState, told: GuardState, armed: bool, after: OutcomeState, said: str
) -> None:
    one = replace(proposed(), id=7, outcomes=(Outcome(target="t0", state=before, message="as it was"),))
    (found,) = learned(one, {"t0": (told, "what differs")}, ["t0"] if armed else [])
    assert found.state is after
    assert said in found.message


@pytest.mark.parametrize(
    ("found", "state"),
    [
        ((E.DONE, E.DONE), C.DONE), ((E.DONE, E.FAILED), C.FAILED), ((E.CANCELLED, E.DONE), C.CANCELLED),
        ((E.UNKNOWN, E.DONE), C.INTERRUPTED),
    ],
)  # fmt: skip
def test_a_change_ends_anew_once_nothing_is_unknown(found: tuple[OutcomeState, ...], state: ChangeState) -> None:
    unknown = tuple(Outcome(target=f"t{at}", state=E.UNKNOWN) for at, _ in enumerate(found))
    known = tuple(Outcome(target=f"t{at}", state=one) for at, one in enumerate(found))
    one = replace(proposed(), state=C.INTERRUPTED, outcomes=unknown)
    assert lifecycle.learn(one, known, now=9.0).state is state
    cancelled = replace(one, state=C.CANCELLED)
    assert lifecycle.learn(cancelled, known, now=9.0) == cancelled
