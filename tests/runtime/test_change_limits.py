"""What is not run whoever approves it, and what runs without anybody being asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.changes.guard import GuardWish
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, NotApproved, Refused
from opsterm.runtime.assent import Assent
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime
from tests.runtime.approving import in_environment, played
from tests.runtime.changing import approved, proposed
from tests.runtime.stage import opened

RESTART = "systemctl restart nginx"


async def refused(runtime: Runtime, *, says: str, command: str = RESTART) -> None:
    with pytest.raises(Refused, match=says):
        await approved(runtime, command, "db-01")


async def test_a_limit_of_the_environment_refuses_a_proposal_and_says_so_in_the_audit(home: Path) -> None:
    settings = "[[approvals.limit]]\nenvironment = 'prod'\nexecutables = 'nft'\n"
    async with opened(home, settings=settings) as runtime:
        await in_environment(runtime, "prod")
        await refused(runtime, says="systemctl is not one of the programs")
        row = (await runtime.audit.rows())[-1]
        assert (row.kind, row.what) == ("policy.refused", "was refused to propose")
        assert await runtime.changes.list() == []


async def test_a_limit_that_came_later_stops_what_was_approved(home: Path) -> None:
    connector = played()
    async with opened(home, open_connector=connector.open) as runtime:
        await in_environment(runtime, "prod")
        change = await approved(runtime, RESTART, "db-01")
    settings = "[[approvals.limit]]\nenvironment = 'prod'\nread_only = true\n"
    async with opened(home, settings=settings, open_connector=connector.open) as runtime:
        with pytest.raises(Refused, match="nothing is changed there"):
            await runtime.changes.run(change.id)
    assert connector.opened == []


async def test_after_failures_nothing_is_approved_until_a_person_says_so(home: Path) -> None:
    settings = "[[approvals.limit]]\nenvironment = 'prod'\nfailures = 2\n"
    async with opened(home, settings=settings, open_connector=played("none").open) as runtime:
        await in_environment(runtime, "prod")
        for _ in range(2):
            change = await approved(runtime, RESTART, "db-01")
            assert (await runtime.changes.run(change.id)).state is ChangeState.FAILED
        await refused(runtime, says="2 changes in a row have failed")
        assert [one.is_open for one in await runtime.limits.breakers()] == [True]
        for environment, note in (("lab", "x"), ("prod", " ")):
            with pytest.raises(BadInput):
                await runtime.limits.reset(environment, note)
        await runtime.limits.reset("prod", "the switch was down")
        assert [one.is_open for one in await runtime.limits.breakers()] == [False]
        await approved(runtime, RESTART, "db-01")


async def test_an_account_has_an_hourly_rate(home: Path, clock: StoppedClock) -> None:
    settings = "[[approvals.limit]]\nper_hour = 1\n"
    async with opened(home, settings=settings, open_connector=played().open, clock=clock) as runtime:
        await in_environment(runtime, "prod")
        await runtime.changes.run((await approved(runtime, RESTART, "db-01")).id)
        await refused(runtime, says="1 is the most")
        clock.advance(3601)
        await approved(runtime, RESTART, "db-01")


async def test_outside_the_window_changes_wait_and_emergencies_do_not(home: Path, clock: StoppedClock) -> None:
    settings = (
        "[approvals]\nbreak_glass = 'prod'\n[[approvals.limit]]\nenvironment = 'prod'\nwindow = 'wed 08:00-18:00'\n"
    )
    async with opened(home, settings=settings, open_connector=played().open, clock=clock) as runtime:
        await in_environment(runtime, "prod")
        await refused(runtime, says="do not run there at this time")
        change = await proposed(runtime, RESTART, "db-01")
        alone = Assent(alone=True, note="site is down")
        await runtime.changes.approve(change.id, digest=change.digest, assent=alone)
        assert (await runtime.changes.run(change.id)).state is ChangeState.DONE


AUTONOMY = """
[[approvals.autonomy]]
environment = "lab"
level = "medium"
actor = "command line"
daily = 2
"""


async def test_autonomy_runs_so_many_a_day_and_then_asks(home: Path, clock: StoppedClock) -> None:
    def asked(command: str = RESTART, origin: str = "command line") -> Proposal:
        return Proposal(command=command, selector="db-01", origin=origin)

    async with opened(home, settings=AUTONOMY, open_connector=played().open, clock=clock) as runtime:
        await in_environment(runtime, "lab")
        assert (await runtime.changes.query(asked(origin="chat"))).state is ChangeState.PROPOSED
        weighty = replace(asked("rm -rf /var"), guard=GuardWish(unguarded="it is rebuilt"))
        assert (await runtime.changes.query(weighty)).state is ChangeState.PROPOSED
        for _ in range(2):
            change = await runtime.changes.query(asked())
            assert (change.state, change.decided_by) == (ChangeState.APPROVED, "opsterm policy")
            assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        assert [(one.spent, one.daily) for one in await runtime.approvals.allowances()] == [(2, 2)]
        assert (await runtime.changes.query(asked())).state is ChangeState.PROPOSED
        assert (await runtime.changes.query(asked("uptime"))).state is ChangeState.APPROVED, "reading costs nothing"
        clock.advance(86_400)
        ready = await runtime.changes.query(asked())
        assert ready.state is ChangeState.APPROVED
    async with opened(home, open_connector=played().open, clock=clock) as runtime:
        with pytest.raises(NotApproved, match="approvals do not suffice"):
            await runtime.changes.run(ready.id)


async def test_two_processes_do_not_spend_a_budget_twice(home: Path) -> None:
    proposal = Proposal(command=RESTART, selector="db-01", origin="command line")
    async with opened(home, settings=AUTONOMY) as one, opened(home, settings=AUTONOMY) as other:
        await in_environment(one, "lab")
        await other.inventory.reload()
        made = await asyncio.gather(*(runtime.changes.query(proposal) for runtime in (one, other) * 4))
        assert sum(change.state is ChangeState.APPROVED for change in made) == 2
