"""A plan whose steps have targets of their own keeps its order across them, back and forth, and is gone on with."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.plan_steps import step_lines
from opsterm.core.errors import BadInput
from opsterm.inventory.target import Target
from opsterm.runtime.ports import Ended
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.rollouts import ResumePart, ResumeWish
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import outcomes, with_targets
from tests.runtime.stage import Answer, PlayedConnector, opened

NAMES = ("db-1", "web-1", "web-2", "idle-1")

PLAN = """
title = "new schema"
{top}

[[step]]
title = "widen the table"
on = "db-1"
command = "touch /srv/wide"
inverse = "rm /srv/wide"

[[step]]
title = "new code"
on = "tag:web"
command = "touch /srv/code"
inverse = "rm /srv/code"

[[step]]
title = "let it in"
on = "tag:web"
command = "touch /srv/in"
inverse = "rm /srv/in"

[[step]]
title = "narrow the table"
on = "db-1"
command = "touch /srv/narrow"
inverse = "rm /srv/narrow"
"""


class Fleet:
    """Targets on which a command may fail.

    Attributes:
        ran: what ran where, in order: "db-1 touch wide".
        bad: what of that fails.
        lost: what of that is never heard of again.
    """

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.bad: set[str] = set()
        self.connector = PlayedConnector({name: self._answer(name) for name in NAMES})

    def _answer(self, name: str) -> Answer:
        async def answer(command: str) -> AsyncIterator[bytes | Ended]:
            found = re.fullmatch(r"(touch|rm) /srv/(\w+)", command)
            said = f"{name} {found[1]} {found[2]}" if found else ""
            if said:
                self.ran.append(said)
            yield Ended(exit_status=int(said in self.bad))

        return answer


async def proposed(runtime: Runtime, home: Path, top: str = "") -> Change:
    """Propose the plan on a fleet."""
    await runtime.inventory.add(Target(name="db-1", address="db-1.example"))
    for name in ("web-1", "web-2"):
        await runtime.inventory.add(Target(name=name, address=f"{name}.example", tags=("web",)))
    await with_targets(runtime, "idle-1")
    (home / "plan.toml").write_text(PLAN.format(top=top))
    return await runtime.changes.propose(await runtime.plans.proposal(str(home / "plan.toml"), origin="command line"))


async def done(runtime: Runtime, change: Change) -> Change:
    await runtime.changes.approve(change.id, digest=change.digest)
    return await runtime.changes.run(change.id)


FORTH = [
    "db-1 touch wide", "web-1 touch code", "web-1 touch in", "web-2 touch code", "web-2 touch in", "db-1 touch narrow",
]  # fmt: skip
BACK = [line.replace("touch", "rm") for line in (FORTH[5], FORTH[4], FORTH[3], FORTH[2], FORTH[1], FORTH[0])]
ONE_BY_ONE = 'rollout = "sequential"'


async def test_steps_run_in_their_order_across_targets_and_are_taken_back_in_reverse(home: Path) -> None:
    fleet = Fleet()
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        change = await proposed(runtime, home, ONE_BY_ONE)
        assert [target.name for target in change.order.targets] == ["db-1", "web-1", "web-2"], "and no others"
        assert [line.partition(";")[0] for line in step_lines(change.order)] == [
            "1 widen the table (on db-1)", "2 new code (on web-[1-2])", "3 let it in (on web-[1-2])",
            "4 narrow the table (on db-1)",
        ]  # fmt: skip
        ended = await done(runtime, change)
        assert (ended.state, fleet.ran) == (ChangeState.DONE, FORTH)
        assert all(outcome.started_at and outcome.ended_at for outcome in ended.outcomes)
        fleet.ran.clear()
        back = await done(runtime, await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="x")))
        assert (back.state, fleet.ran) == (ChangeState.DONE, BACK)
        assert (await runtime.changes.get(change.id)).state is ChangeState.ROLLED_BACK


@pytest.mark.parametrize(
    ("bad", "ran", "states"),
    [
        ("db-1 touch wide", FORTH[:1], "fcc"),
        ("web-1 touch code", FORTH[:2], "cfc"),
        ("web-2 touch in", FORTH[:5], "cdf"),
        ("db-1 touch narrow", FORTH, "fdd"),
    ],
)
async def test_what_fails_ends_it_everywhere_and_it_is_gone_on_with_exactly_there(
    home: Path, bad: str, ran: list[str], states: str
) -> None:
    fleet = Fleet()
    fleet.bad = {bad}
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        first = await done(runtime, await proposed(runtime, home, ONE_BY_ONE))
        assert (fleet.ran, "".join(outcome.state[0] for outcome in first.outcomes)) == (ran, states)
        assert first.state is ChangeState.FAILED
        half = [one.message for one in first.outcomes if one.state is OutcomeState.CANCELLED and one.started_at]
        assert all(message.startswith("Stopped between two steps: ") for message in half)
        fleet.bad.clear()
        fleet.ran.clear()
        again = await runtime.rollouts.resume(ResumeWish(change=first.id, origin="command line"))
        assert (await done(runtime, again)).state is ChangeState.DONE
        assert fleet.ran == FORTH[len(ran) - 1 :], "from the step that failed on, and nothing twice"


async def test_a_step_is_not_resumed_before_those_that_come_before_it(home: Path) -> None:
    fleet = Fleet()
    fleet.bad = {"db-1 touch wide"}
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        first = await done(runtime, await proposed(runtime, home))
        with pytest.raises(BadInput, match="Step 1, widen the table, is not done on db-1"):
            await runtime.rollouts.resume(ResumeWish(change=first.id, part=ResumePart.NOT_STARTED, origin="x"))


async def test_all_of_it_is_done_once_more_only_if_that_is_said(home: Path) -> None:
    fleet = Fleet()
    fleet.bad = {"db-1 touch narrow"}
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        first = await done(runtime, await proposed(runtime, home, ONE_BY_ONE))
        fleet.bad.clear()
        fleet.ran.clear()
        again = await runtime.rollouts.resume(ResumeWish(change=first.id, again=True, origin="x"))
        await done(runtime, again)
        assert fleet.ran == ["db-1 touch wide", "db-1 touch narrow"]


async def test_a_plan_that_fails_is_taken_back_across_targets_where_that_was_approved(home: Path) -> None:
    fleet = Fleet()
    fleet.bad = {"web-2 touch code"}
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        change = await done(runtime, await proposed(runtime, home, f'{ONE_BY_ONE}\non_failure = "rollback"'))
        assert fleet.ran == [
            *FORTH[:4], "web-2 rm code", "web-1 rm in", "web-1 rm code", "db-1 rm wide",
        ]  # fmt: skip
        assert change.state is ChangeState.ROLLED_BACK
        assert {outcome.state for outcome in change.outcomes} == {OutcomeState.ROLLED_BACK}
        assert "The plan failed on web-2." in outcomes(change)["db-1"].message


async def test_each_phase_is_gone_over_as_was_approved(home: Path) -> None:
    fleet = Fleet()
    fleet.bad = {"web-1 touch in"}
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        change = await done(runtime, await proposed(runtime, home, 'rollout = "canary:1"'))
        assert fleet.ran == FORTH[:3], "the canary of the second phase has failed"
        assert outcomes(change)["web-2"].message.startswith("Not started: 1 of the 1 that were tried first failed")


async def test_a_simulation_tells_the_order_across_targets(home: Path) -> None:
    async with opened(home, open_connector=Fleet().connector.open) as runtime:
        change = await proposed(runtime, home, ONE_BY_ONE)
        found = await runtime.simulated(change, failing=["web-2:2"])
        told = [f"{act.target} {act.what}".replace("/srv/", "") for act in found.acts if "touch" in act.what]
        assert told == FORTH[:5]


@pytest.mark.parametrize(
    ("top", "why"),
    [
        ('confirm = "60s"', "each target would take back its own"),
        ('on = "db-1"', ""),
    ],
)
async def test_what_goes_with_it_and_what_does_not(home: Path, top: str, why: str) -> None:
    async with opened(home, open_connector=Fleet().connector.open) as runtime:
        if not why:
            assert len((await proposed(runtime, home, top)).order.targets) == 3
            return
        with pytest.raises(BadInput) as refused:
            await proposed(runtime, home, top)
        assert why in str(refused.value)


async def test_the_targets_of_its_steps_are_said_in_one_place_only(home: Path) -> None:
    async with opened(home, open_connector=Fleet().connector.open) as runtime:
        await proposed(runtime, home)
        with pytest.raises(BadInput, match="--on says otherwise"):
            await runtime.plans.proposal(str(home / "plan.toml"), on="web-1", origin="x")
        (home / "plan.toml").write_text(PLAN.format(top="").replace("tag:web", "tag:none"))
        with pytest.raises(BadInput, match="Step 2, new code: "):
            await runtime.plans.proposal(str(home / "plan.toml"), origin="x")
