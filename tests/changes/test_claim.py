"""Who claims which target by which right, and whom that stops."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsterm.changes.change import Change, ChangeState, Outcome, OutcomeState
from opsterm.changes.claim import UNSEEN_S, Claim, ClaimKind, claim_lines, claims_of, in_the_way
from opsterm.policy.restoring import Restoring
from opsterm.policy.way_back import Thing, ThingKind
from tests.changes.samples import order, proposed

NOW = 10_000.0


def change(state: ChangeState, *outcomes: OutcomeState, command: str = "systemctl restart nginx") -> Change:
    """Return a change of ana on two targets, in a state."""
    made = replace(order("web-01", "web-02"), command=command, expires_at=NOW + 600, timeout_s=60)
    return replace(
        proposed(), id=17, order=made, state=state, requested_by="ana", decided_by="ben, cleo", decided_at=NOW - 100,
        started_at=NOW - 50, ended_at=0.0 if state is ChangeState.RUNNING else NOW, reason="ticket 4711",
        outcomes=tuple(Outcome(target=f"web-0{at}", state=one) for at, one in enumerate(outcomes, 1)),
    )  # fmt: skip


DONE, RUNNING, UNKNOWN, WAITING = (
    OutcomeState.DONE, OutcomeState.RUNNING, OutcomeState.UNKNOWN, OutcomeState.WAITING,
)  # fmt: skip


@pytest.mark.parametrize(
    ("state", "outcomes", "alive", "kind", "claimed", "left_s"),
    [
        (ChangeState.PROPOSED, (WAITING, WAITING), True, None, "", 0),
        (ChangeState.APPROVED, (WAITING, WAITING), False, ClaimKind.APPROVED, "web-01 web-02", 600),
        (ChangeState.RUNNING, (DONE, RUNNING), True, ClaimKind.RUNNING, "web-01 web-02", None),
        (ChangeState.RUNNING, (DONE, RUNNING), False, ClaimKind.UNSEEN, "web-02", 60 + UNSEEN_S),
        (ChangeState.RUNNING, (RUNNING, WAITING), False, ClaimKind.UNSEEN, "web-01", 60 + UNSEEN_S),
        (ChangeState.INTERRUPTED, (DONE, UNKNOWN), False, ClaimKind.UNSEEN, "web-02", 60 + UNSEEN_S),
        (ChangeState.DONE, (DONE, DONE), False, None, "", 0),
        (ChangeState.ROLLED_BACK, (DONE, UNKNOWN), False, None, "", 0),
    ],
)
def test_what_a_change_claims(
    state: ChangeState, outcomes: tuple[OutcomeState, ...], alive: bool, kind: ClaimKind | None, claimed: str,
    left_s: float | None,
) -> None:  # fmt: skip
    found = claims_of(change(state, *outcomes), now=NOW, alive=alive)
    assert " ".join(claim.target for claim in found) == claimed
    assert {claim.kind for claim in found} == ({kind} if kind else set())
    assert {claim.until for claim in found} == ({None if left_s is None else NOW + left_s} if kind else set())


def test_a_claim_ends_by_itself() -> None:
    ended = change(ChangeState.INTERRUPTED, UNKNOWN, DONE)
    assert claims_of(ended, now=NOW + 60 + UNSEEN_S, alive=False)
    assert not claims_of(ended, now=NOW + 61 + UNSEEN_S, alive=False)
    assert not claims_of(change(ChangeState.APPROVED, WAITING, WAITING), now=NOW + 601, alive=False)


def test_what_only_reads_claims_nothing_and_is_stopped_by_nothing() -> None:
    reads = change(ChangeState.RUNNING, RUNNING, RUNNING, command="uptime")
    assert not claims_of(reads, now=NOW, alive=True)
    claims = claims_of(change(ChangeState.RUNNING, RUNNING, RUNNING), now=NOW, alive=True)
    assert not in_the_way(claims, replace(reads, id=18), operator="ben", identity="ben")


BY_HAND = Claim(target="web-01", kind=ClaimKind.BY_HAND, by="ana from 192.0.2.1", since=NOW, until=NOW + 60)


@pytest.mark.parametrize(
    ("claims", "who", "stops"),
    [
        (claims_of(change(ChangeState.RUNNING, RUNNING, WAITING), now=NOW, alive=True), "ana", True),
        (claims_of(change(ChangeState.RUNNING, RUNNING, WAITING), now=NOW, alive=True), "dora", True),
        (claims_of(change(ChangeState.APPROVED, WAITING, WAITING), now=NOW, alive=True), "ana", False),
        (claims_of(change(ChangeState.APPROVED, WAITING, WAITING), now=NOW, alive=True), "cleo", False),
        (claims_of(change(ChangeState.APPROVED, WAITING, WAITING), now=NOW, alive=True), "dora", True),
        (claims_of(change(ChangeState.RUNNING, RUNNING, WAITING), now=NOW, alive=False), "dora", True),
        (claims_of(change(ChangeState.RUNNING, RUNNING, WAITING), now=NOW, alive=False), "ben", False),
        ((BY_HAND,), "ana from 192.0.2.1", False),
        ((BY_HAND,), "ana from 192.0.2.2", True),
        ((replace(BY_HAND, target="db-01"),), "dora", False),
    ],
)
def test_whom_a_claim_stops(claims: tuple[Claim, ...], who: str, stops: bool) -> None:
    other = replace(change(ChangeState.APPROVED, WAITING, WAITING), id=18)
    found = in_the_way(claims, other, operator=who.partition(" ")[0], identity=who)
    assert bool(found) == stops


def test_a_change_is_not_stopped_by_itself_nor_by_the_one_that_it_takes_back() -> None:
    running = change(ChangeState.RUNNING, RUNNING, RUNNING)
    claims = claims_of(running, now=NOW, alive=True)
    assert not in_the_way(claims, running, operator="ben", identity="ben")
    things = (Thing(kind=ThingKind.FILES, name="/etc/x"),)
    for number, stops in ((17, False), (16, True)):
        text = Restoring(change=number, point="c17-0123456789ab", keeper="0" * 64, insist=False, things=things).text()
        back = replace(running, id=18, order=replace(running.order, shell="restore", command=text))
        assert bool(in_the_way(claims, back, operator="ben", identity="ben")) == stops


def test_who_what_and_since_when_is_said_once_for_targets_that_are_alike() -> None:
    running = claims_of(change(ChangeState.RUNNING, RUNNING, RUNNING), now=NOW, alive=True)
    unseen = claims_of(change(ChangeState.RUNNING, RUNNING, DONE), now=NOW, alive=False)
    assert claim_lines([*running, *unseen, BY_HAND], NOW) == (
        "web-[01-02]: c17 of ana runs here since 50 s: ticket 4711",
        "web-01: the end of c17 of ana was not seen; it may act here for 1 m more: ticket 4711",
        "web-01: claimed by ana from 192.0.2.1 0 s ago, for 1 m more",
    )
