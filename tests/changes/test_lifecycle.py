"""A change moves only along its table, and runs only with an approval for its very bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from opsterm.changes import lifecycle
from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.events import (
    ChangeApproved,
    ChangeDenied,
    ChangeEnded,
    ChangeExpired,
    ChangeStarted,
    ChangeStopAsked,
    ChangeVoided,
)
from opsterm.core.errors import BadInput, Bug, NotApproved, OpstermError, Refused
from opsterm.core.events import Event
from opsterm.policy.order import Order, OrderTarget
from opsterm.policy.risk import Risk, RiskLevel
from tests.changes.samples import NOW, order, proposed

_S = ChangeState


def _approved(*names: str) -> Change:
    change = proposed(*names)
    return lifecycle.approve(change, by="ben", digest=change.digest, now=NOW + 1)


def _running(*names: str) -> Change:
    return lifecycle.start(_approved(*names), now=NOW + 2)


def _with(change: Change, *states: OutcomeState) -> Change:
    return replace(change, outcomes=tuple(replace(o, state=s) for o, s in zip(change.outcomes, states, strict=True)))


def test_a_proposal_waits_with_one_outcome_per_target() -> None:
    change = proposed("web-01", "web-02")
    assert change.state is _S.PROPOSED
    assert change.digest == change.order.digest()
    assert change.approved_digest == ""
    assert [o.target for o in change.outcomes] == ["web-01", "web-02"]


@pytest.mark.parametrize(
    "bad",
    [
        order(command="  "), order(command="a\x00b"), replace(order(), targets=()), order("a", "a"),
        replace(order(), timeout_s=0.0), order(expires_at=NOW),
    ],
)  # fmt: skip
def test_an_order_that_cannot_run_is_not_proposed(bad: Order) -> None:
    with pytest.raises(BadInput):
        lifecycle.propose(
            order=bad, selector="x", risk=Risk(level=RiskLevel.LOW, reasons=("x",)), origin="chat", by="ana", now=NOW
        )


def test_targets_that_run_no_commands_are_named_when_a_change_is_proposed() -> None:
    pcs = [OrderTarget(name=f"pc-{n}", protocol="snmp", address="", port=0, user="") for n in (1, 2)]
    alone = replace(order(), targets=tuple(pcs))
    mixed = replace(order(), targets=(*order("web-01").targets, *pcs))
    for bad, next_step in ((alone, "the protocol ssh"), (mixed, "`and not protocol:snmp` to the targets: 1 of 3")):
        with pytest.raises(BadInput, match=r"No command can run on pc-\[1-2\]: reached by snmp") as caught:
            lifecycle.propose(
                order=bad, selector="all", risk=Risk(level=RiskLevel.LOW, reasons=("x",)), origin="chat", by="ana",
                now=NOW,
            )  # fmt: skip
        assert next_step in str(caught.value.next_step)


def test_what_cmd_would_cut_short_is_not_proposed() -> None:
    pc = OrderTarget(name="pc-1", protocol="winrm", address="", port=0, user="")
    for shell, command, said in (
        ("cmd", "cd x\ndel *", "would run the first line only"),
        ("wql", "DELETE FROM x", "no query"), ("sh", "uptime", "'sh' is not known on pc-1"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=said):
            lifecycle.propose(
                order=replace(order(), targets=(pc,), shell=shell, command=command), selector="pc-1",
                risk=Risk(level=RiskLevel.LOW, reasons=("x",)), origin="chat", by="ana", now=NOW,
            )  # fmt: skip


def test_nobody_proposes_nothing() -> None:
    with pytest.raises(Refused):
        lifecycle.propose(
            order=order(), selector="x", risk=Risk(level=RiskLevel.LOW, reasons=("x",)), origin="chat", by="", now=NOW
        )


def test_from_proposal_to_done() -> None:
    change = _running("web-01", "web-02")
    assert (change.decided_by, change.approved_digest, change.started_at) == ("ben", change.digest, NOW + 2)
    done = lifecycle.finish(_with(change, OutcomeState.DONE, OutcomeState.DONE), now=NOW + 3)
    assert (done.state, done.ended_at) == (_S.DONE, NOW + 3)


@pytest.mark.parametrize(
    ("states", "ended"),
    [
        (("done", "done"), _S.DONE), (("done", "failed"), _S.FAILED), (("done", "unreachable"), _S.FAILED),
        (("timed out", "done"), _S.FAILED), (("cancelled", "failed"), _S.FAILED), (("cancelled", "done"), _S.CANCELLED),
        (("unknown", "done"), _S.INTERRUPTED),
    ],
)  # fmt: skip
def test_the_end_is_that_of_the_outcomes(states: tuple[str, str], ended: ChangeState) -> None:
    change = _with(_running("a", "b"), *map(OutcomeState, states))
    assert lifecycle.finish(change, now=NOW + 3).state is ended


def test_a_change_is_not_finished_before_its_targets_are() -> None:
    with pytest.raises(Bug):
        lifecycle.finish(_with(_running("a", "b"), OutcomeState.DONE, OutcomeState.RUNNING), now=NOW + 3)


def test_stopping_closes_what_had_not_ended() -> None:
    change = _with(_running("a", "b", "c"), OutcomeState.DONE, OutcomeState.RUNNING, OutcomeState.WAITING)
    stopped = lifecycle.finish(change, now=NOW + 3, cancelled=True)
    assert stopped.state is _S.CANCELLED
    assert [o.state for o in stopped.outcomes] == [OutcomeState.DONE, OutcomeState.CANCELLED, OutcomeState.CANCELLED]


def test_a_crash_leaves_unknown_where_it_ran_and_says_what_was_not_started() -> None:
    change = _with(_running("a", "b", "c"), OutcomeState.DONE, OutcomeState.RUNNING, OutcomeState.WAITING)
    lost = lifecycle.interrupt(change, now=NOW + 9)
    assert lost.state is _S.INTERRUPTED
    assert [o.state for o in lost.outcomes] == [OutcomeState.DONE, OutcomeState.UNKNOWN, OutcomeState.CANCELLED]
    assert all(o.message for o in lost.outcomes[1:])
    assert "`opsterm output c18`" in lost.outcomes[1].message  # what the operator does next


_YES = ChangeApproved(change=18, digest=order().digest())


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ([], "never approved"),
        ([replace(_YES, change=19)], "never approved"),
        ([replace(_YES, digest="0" * 64)], "other bytes"),
        ([_YES, ChangeStarted(change=18, digest=_YES.digest, targets=("web-01",))], "started already"),
        ([_YES, ChangeEnded(change=18, state="done")], "run already"),
        ([_YES, ChangeDenied(change=18, note="")], "denied"),
        ([_YES, ChangeVoided(change=18, why="x")], "voided"),
        ([_YES, ChangeExpired(change=18)], "expired"),
    ],
)
def test_what_the_journal_does_not_tell_as_approved_does_not_run(told: list[Event], says: str) -> None:
    lifecycle.require_trail(_approved(), [_YES, ChangeStopAsked(change=18)])
    with pytest.raises(NotApproved, match=says):
        lifecycle.require_trail(_approved(), told)


def test_an_approval_can_be_taken_back_until_it_starts() -> None:
    assert lifecycle.deny(_approved(), by="ana", now=NOW + 2).approved_digest == ""
    with pytest.raises(NotApproved):
        lifecycle.deny(_running(), by="ana", now=NOW + 2)


def test_expiry_comes_not_before_its_time() -> None:
    with pytest.raises(NotApproved):
        lifecycle.expire(proposed(), now=NOW + 900)
    assert lifecycle.expire(proposed(), now=NOW + 901).state is _S.EXPIRED
    assert lifecycle.expire(_approved(), now=NOW + 901).approved_digest == ""


def test_what_differs_is_kept_when_a_change_is_voided() -> None:
    void = lifecycle.void(_approved(), why="web-01 is gone.", now=NOW + 2)
    assert (void.state, void.decision_note, void.approved_digest) == (_S.VOIDED, "web-01 is gone.", "")


def test_running_follows_only_an_approval_and_ends_are_ends() -> None:
    assert {s for s, after in lifecycle.TRANSITIONS.items() if _S.RUNNING in after} == {_S.APPROVED}
    assert {s for s, after in lifecycle.TRANSITIONS.items() if _S.APPROVED in after} == {_S.PROPOSED}
    assert set(lifecycle.TRANSITIONS) == set(ChangeState)


class Life(RuleBasedStateMachine):
    """Any steps in any order, with tampering in between; a refused step changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.change = proposed("web-01", "web-02")
        self.approved_bytes: set[bytes] = set()
        self.started_bytes: bytes | None = None

    def _try(self, step: object, *args: object, **kwargs: object) -> bool:
        assert callable(step)
        before = self.change
        try:
            after = step(self.change, *args, **kwargs)
        except OpstermError:
            return False
        assert isinstance(after, Change)
        assert after.state in lifecycle.TRANSITIONS[before.state]
        assert after.order == before.order
        self.change = after
        return True

    @rule(seconds=st.sampled_from([0.0, 1.0, 800.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(stale=st.booleans())
    def approve(self, stale: bool) -> None:
        digest = "0" * 64 if stale else self.change.digest
        if self._try(lifecycle.approve, by="ben", digest=digest, now=self.now):
            self.approved_bytes.add(self.change.order.canonical())

    @rule()
    def deny(self) -> None:
        if self._try(lifecycle.deny, by="ben", now=self.now):
            self.approved_bytes.clear()

    @rule()
    def expire(self) -> None:
        self._try(lifecycle.expire, now=self.now)

    @rule()
    def void(self) -> None:
        self._try(lifecycle.void, why="x", now=self.now)

    @rule()
    def start(self) -> None:
        if self._try(lifecycle.start, now=self.now):
            assert self.now <= self.change.order.expires_at
            self.started_bytes = self.change.order.canonical()

    @rule()
    def end(self) -> None:
        done = _with(self.change, OutcomeState.DONE, OutcomeState.DONE)
        if self.change.state is _S.RUNNING:
            self.change = lifecycle.finish(done, now=self.now)

    @rule()
    def crash(self) -> None:
        self._try(lifecycle.interrupt, now=self.now)

    @rule(what=st.sampled_from(["command", "shell", "target", "time", "expiry", "digest", "both"]))
    def tamper(self, what: str) -> None:
        """Somebody writes to the row behind our back."""
        if self.change.state not in lifecycle.WAITING_STATES:
            return
        old = self.change.order
        new = {
            "command": replace(old, command=old.command + " "),
            "shell": replace(old, shell="bash"),
            "target": replace(old, targets=(replace(old.targets[0], address="192.0.2.66"), *old.targets[1:])),
            "time": replace(old, timeout_s=old.timeout_s + 1),
            "expiry": replace(old, expires_at=old.expires_at + 3600),
            "digest": old,
            "both": replace(old, command="rm -rf /"),
        }[what]
        if new == old and what != "digest":
            return
        digest = new.digest() if what == "both" else "f" * 64 if what == "digest" else self.change.digest
        self.change = replace(self.change, order=new, digest=digest)

    @invariant()
    def nothing_runs_that_was_not_approved_byte_for_byte(self) -> None:
        if self.change.state in (_S.RUNNING, _S.DONE, _S.INTERRUPTED):
            assert self.started_bytes in self.approved_bytes
            assert self.change.order.canonical() == self.started_bytes
            assert self.change.approved_digest == self.change.order.digest()


Life.TestCase.settings = settings(max_examples=150, stateful_step_count=20, deadline=None)
TestLife = Life.TestCase
