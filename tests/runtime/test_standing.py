"""A standing approval lets turns of a job run: the very bytes on the very targets, nothing else, not for ever."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, NotApproved, Refused
from opsterm.inventory.target import Protocol, Target
from opsterm.policy.approval_record import ApprovalKind
from opsterm.policy.order import Order
from opsterm.policy.risk import RiskLevel
from opsterm.policy.standing import under_text
from opsterm.runtime.assent import Assent, terms_of
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime
from tests.runtime.stage import PlayedConnector, opened, printing

DAY_S = 86_400.0
READS, CHANGES = "df -P", "systemctl restart nginx"


class Stage:
    """A runtime with two targets that the test plays."""

    def __init__(self, runtime: Runtime, clock: StoppedClock, connector: PlayedConnector) -> None:
        self.runtime = runtime
        self.clock = clock
        self.connector = connector

    async def standing(self, command: str = READS, *, approve: bool = True) -> Change:
        proposal = Proposal(command=command, selector="web-01 or web-02", origin="command line")
        draft = await self.runtime.standing.draft(proposal, lasts_s=90 * DAY_S)
        kept = await self.runtime.standing.keep(draft)
        return await self.runtime.changes.approve(kept.id, digest=kept.digest) if approve else kept

    async def turn(self, standing: Change, *names: str) -> Change:
        return await self.runtime.standing.turn(standing.id, standing.digest, job="j1", names=names)


@asynccontextmanager
async def staged(home: Path, settings: str = "") -> AsyncIterator[Stage]:
    clock, connector = StoppedClock(1_800_000_000.0), PlayedConnector({})
    connector.answers = dict.fromkeys(("web-01", "web-02"), printing(b"fine\n"))
    connector.identities = {"web-01": "SHA256:one", "web-02": "SHA256:two"}
    async with opened(home, clock=clock, settings=settings, open_connector=connector.open) as runtime:
        for number in (1, 2):
            await runtime.inventory.add(
                Target(name=f"web-0{number}", address=f"192.0.2.{number}", protocol=Protocol.SSH, source="test")
            )
        yield Stage(runtime, clock, connector)


@pytest.mark.parametrize(("command", "level"), [(READS, RiskLevel.READ), (CHANGES, RiskLevel.MEDIUM)])
async def test_a_turn_runs_by_it_again_and_again_and_leaves_its_own_evidence(
    home: Path, command: str, level: RiskLevel
) -> None:
    async with staged(home) as stage:
        standing = await stage.standing(command)
        assert standing.risk.level.order >= level.order
        for days in range(3):
            turn = await stage.turn(standing)
            ended = await stage.runtime.changes.run(turn.id)
            assert (ended.state, ended.origin, days) == (ChangeState.DONE, "j1", days)
            [given] = await stage.runtime.approvals.given(turn)
            assert given.kind is ApprovalKind.STANDING
            assert given.note == f"{standing.name} {standing.digest}"
            assert await stage.runtime.changes.output(turn.id, "web-02") == b"fine\n"
            stage.clock.advance(DAY_S)
        assert (await stage.runtime.changes.get(standing.id)).state is ChangeState.APPROVED


async def test_it_is_not_run_itself_and_claims_nothing_meanwhile(home: Path) -> None:
    async with staged(home) as stage:
        standing = await stage.standing()
        with pytest.raises(NotApproved, match="is not run itself"):
            await stage.runtime.changes.run(standing.id)
        assert await stage.runtime.claims.all() == []
        assert stage.connector.opened == []


async def test_what_only_reads_needs_one_as_well(home: Path) -> None:
    async with staged(home) as stage:
        standing = await stage.standing(approve=False)
        assert await stage.runtime.approvals.permit(standing) is None
        with pytest.raises(NotApproved, match=f"opsterm approve {standing.name}"):
            await stage.turn(standing)
        assert [one.id for one in await stage.runtime.changes.list()] == [standing.id], "no proposal is left behind"


async def _revoke(stage: Stage, standing: Change) -> None:
    await stage.runtime.changes.deny(standing.id, note="no longer")


async def _expire(stage: Stage, standing: Change) -> None:
    stage.clock.advance(90 * DAY_S + 1)


async def _move(stage: Stage, standing: Change) -> None:
    target = await stage.runtime.inventory.get("web-02")
    await stage.runtime.inventory.edit("web-02", replace(target, address="192.0.2.9"))


async def _rekey(stage: Stage, standing: Change) -> None:
    stage.connector.identities["web-02"] = "SHA256:another"


@pytest.mark.parametrize("end", [_revoke, _expire, _move, _rekey])
async def test_it_ends(home: Path, end: Callable[..., object]) -> None:
    async with staged(home) as stage:
        standing = await stage.standing()
        await end(stage, standing)  # type: ignore[misc]  # each of them is awaited
        for _ in range(2):
            with pytest.raises(NotApproved):
                await stage.turn(standing)
        assert stage.connector.opened == []
        assert (await stage.runtime.changes.get(standing.id)).state in (
            ChangeState.DENIED, ChangeState.EXPIRED, ChangeState.VOIDED
        )  # fmt: skip


async def test_a_turn_that_was_let_through_does_not_run_once_it_is_revoked(home: Path) -> None:
    async with staged(home) as stage:
        standing = await stage.standing()
        turn = await stage.turn(standing)
        await _revoke(stage, standing)
        with pytest.raises(NotApproved, match="revoked"):
            await stage.runtime.changes.run(turn.id)
        assert stage.connector.opened == []


def _command(order: Order) -> Order:
    return replace(order, command=order.command + " ")


def _limit(order: Order) -> Order:
    return replace(order, timeout_s=order.timeout_s + 1)


def _account(order: Order) -> Order:
    return replace(order, become="root")


def _target(order: Order) -> Order:
    first, *rest = order.targets
    return replace(order, targets=(replace(first, user="root"), *rest))


def _order_of_targets(order: Order) -> Order:
    return replace(order, targets=order.targets[::-1])


def _environment(order: Order) -> Order:
    assert order.terms is not None
    return replace(order, terms=replace(order.terms, environments=("lab", "lab")))


@pytest.mark.parametrize("other", [_command, _limit, _account, _target, _order_of_targets, _environment])
async def test_nothing_else_runs_by_it(home: Path, other: Callable[[Order], Order]) -> None:
    async with staged(home) as stage:
        standing = await stage.standing()
        turn = await stage.turn(standing)
        order = other(turn.order)
        with pytest.raises(NotApproved, match="differ"):
            await stage.runtime.standing.require(replace(turn, order=order, digest=order.digest()))
        fewer = await stage.turn(standing, "web-02")
        assert [target.name for target in fewer.order.targets] == ["web-02"], "fewer targets are within it"


async def test_an_approval_of_other_bytes_is_none(home: Path) -> None:
    async with staged(home) as stage:
        standing, other = await stage.standing(), await stage.standing(CHANGES)
        with pytest.raises(NotApproved, match="no standing approval of these bytes"):
            await stage.runtime.standing.turn(standing.id, other.digest, job="j1")
        turn = await stage.turn(standing)
        terms = replace(terms_of(turn), under=under_text(turn.id, turn.digest))
        with pytest.raises(NotApproved):
            await stage.runtime.standing.require(replace(turn, order=replace(turn.order, terms=terms)))


@pytest.mark.blocking  # the test writes into the database
async def test_a_row_that_somebody_wrote_into_the_database_lets_nothing_run(home: Path) -> None:
    async with staged(home) as stage:
        standing = await stage.standing(approve=False)
        with sqlite3.connect(stage.runtime.paths.database) as db:
            db.execute(
                "UPDATE change SET state = 'approved', approved_digest = digest, decided_by = 'x' WHERE id = ?",
                (standing.id,),
            )
        db.close()
        with pytest.raises(NotApproved, match="the journal does not agree"):
            await stage.turn(standing)


async def test_no_emergency_lasts_for_ever(home: Path) -> None:
    async with staged(home, settings='[approvals]\nbreak_glass = "*"\n') as stage:
        standing = await stage.standing(CHANGES, approve=False)
        with pytest.raises(Refused, match="one person alone"):
            await stage.runtime.changes.approve(
                standing.id, digest=standing.digest, assent=Assent(note="fire", alone=True)
            )


async def test_what_needs_a_person_beside_it_is_refused(home: Path) -> None:
    async with staged(home) as stage:
        with pytest.raises(BadInput, match="unattended"):
            await stage.runtime.standing.draft(
                Proposal(command="ip link set eth0 down", selector="web-01", origin="command line"), lasts_s=DAY_S
            )
