"""A simulation tells what the run would do, by the code that runs, and sends nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opsterm.changes.change import ChangeState, OutcomeState
from opsterm.changes.guard import GuardWish
from opsterm.changes.rollout import RolloutWish
from opsterm.changes.verification import OnFailure, Verification, parse_check
from opsterm.core.errors import BadInput
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.simulation import ActKind, Simulation, simulation_lines
from tests.runtime.changing import with_targets
from tests.runtime.stage import PlayedConnector, opened
from tests.runtime.test_plans import steps, write

WEB = ("web-1", "web-2", "web-3")
NOBODY = PlayedConnector({})


async def simulated(runtime: Runtime, command: str, *failing: str, **others: Any) -> Simulation:
    wish = Proposal(command=command, selector="web-*", origin="command line", **others)
    return await runtime.simulated(await runtime.changes.draft(wish), failing=failing)


def acts(found: Simulation, target: str) -> list[tuple[str, str]]:
    return [(str(act.kind), act.what) for act in found.acts if act.target == target and act.kind is not ActKind.CONNECT]


async def test_what_is_told_is_what_the_executor_does(home: Path) -> None:
    async with opened(home, open_connector=NOBODY.open) as runtime:
        await with_targets(runtime, *WEB)
        wish = Verification(checks=(parse_check("unit:nginx"), parse_check("port:80")))
        found = await simulated(runtime, "echo x > /etc/motd", verification=wish)
        assert acts(found, "web-1") == [
            ("keep", "files /etc/motd"), ("run", "echo x > /etc/motd"), ("note", ""), ("check", "unit:nginx active"),
            ("check", "port:80"),
        ]  # fmt: skip
        assert found.change.state is ChangeState.DONE
        assert found.requirement
        assert NOBODY.opened == []
        assert await runtime.changes.list() == [], "nothing is kept of it"


async def test_a_canary_that_would_fail_leaves_the_others_alone(home: Path) -> None:
    async with opened(home, open_connector=NOBODY.open) as runtime:
        await with_targets(runtime, *WEB)
        found = await simulated(
            runtime, "echo x > /etc/motd", "web-1", rollout=RolloutWish(strategy="canary:1"),
            verification=Verification(on_failure=OnFailure.ROLLBACK),
        )  # fmt: skip
        assert [outcome.state for outcome in found.change.outcomes] == [
            OutcomeState.ROLLED_BACK, OutcomeState.CANCELLED, OutcomeState.CANCELLED
        ]  # fmt: skip
        assert acts(found, "web-1")[-1] == ("put back", "")
        assert acts(found, "web-2") == []
        (first, _), (others, lines) = simulation_lines(found)
        assert (first, others) == ("web-1", "web-[2-3]")
        assert lines == ["cancelled: Not started: 1 of the 1 that were tried first failed."]


async def test_a_guard_is_told_as_well(home: Path) -> None:
    async with opened(home, open_connector=NOBODY.open) as runtime:
        await with_targets(runtime, *WEB)
        found = await simulated(runtime, "echo x > /etc/motd", guard=GuardWish(seconds=60))
        assert [kind for kind, _ in acts(found, "web-1")] == ["keep", "arm", "run", "note", "confirm"]
        failed = await simulated(runtime, "echo x > /etc/motd", "web-1", guard=GuardWish(seconds=60))
        assert [kind for kind, _ in acts(failed, "web-1")] == ["keep", "arm", "run", "note", "put back"]
        assert "Taken back by the target" in failed.change.outcomes[0].message


async def test_of_a_plan_each_step_is_told(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    write(file, steps(Path("/srv"), more='verify = ["port:80"]', top='on_failure = "rollback"'))
    async with opened(home, open_connector=NOBODY.open) as runtime:
        await with_targets(runtime, *WEB)
        wish = await runtime.plans.proposal(str(file), on="web-1", origin="command line")
        found = await runtime.simulated(await runtime.changes.draft(wish), failing=["web-1:3"])
        assert [kind for kind, _ in acts(found, "web-1")] == [
            "keep", "run", "note", "keep", "run", "note", "check", "keep", "run", "note", "put back", "put back",
            "put back",
        ]  # fmt: skip
        assert [what for kind, what in acts(found, "web-1") if kind == "keep"] == [
            "files /srv/conf", "files /srv/conf, files /srv/log", "files /srv/a/b"
        ]  # fmt: skip
        assert found.change.state is ChangeState.ROLLED_BACK


async def test_what_fails_has_to_be_one_of_its_targets(home: Path) -> None:
    async with opened(home, open_connector=NOBODY.open) as runtime:
        await with_targets(runtime, *WEB)
        with pytest.raises(BadInput, match="none of its targets"):
            await simulated(runtime, "uptime", "db-1")
