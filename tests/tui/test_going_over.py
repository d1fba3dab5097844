"""How a change goes over its targets, on its screen: asked for by a key, and seen and hurried while it waits."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, cast

import pytest

from opsterm.changes.change import ChangeState
from opsterm.changes.rollout import rollout_of
from opsterm.inventory.target import Target
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime
from tests.runtime.stage import PlayedConnector, printing
from tests.tui.cockpit import Stage, sitting
from tests.tui.test_approving import GUARD_S, change, propose

pytestmark = pytest.mark.timeout(120)

NAMES = ("web-1", "web-2", "web-3")


class FleetStage(Stage):
    """A stage with three targets that answer."""

    def runtime(self, face: str = "screen") -> Runtime:
        runtime = super().runtime(face)
        connector = PlayedConnector({name: printing(b"1.5\n") for name in NAMES})
        runtime._edges = dataclasses.replace(runtime._edges, open_connector=cast("Any", connector.open))  # it is played
        return runtime


@pytest.fixture
def fleet(tmp_path: Path) -> FleetStage:
    return FleetStage(tmp_path)


async def targets(runtime: Runtime) -> None:
    for name in NAMES:
        await runtime.inventory.add(Target(name=name, address=f"{name}.example"))


async def test_a_rollout_is_asked_for_with_a_key_and_waited_for_in_sight(fleet: FleetStage) -> None:
    await fleet.fill(targets)
    async with sitting(fleet, (100, 30)) as there:
        asked = Proposal(command="uptime", selector="web-[1-3]", origin="command line")
        await there.app.runtime.changes.propose(asked)
        await there.settle()
        await there.press("6", "enter")
        await there.until("Approve change c1")
        fleet.clock.advance(GUARD_S)
        await there.press("W")
        await there.until("Rollout of c1")
        assert "parallel" in there.text
        await there.press("ctrl+u")
        await there.type("canary:5")
        await there.press("enter")
        await there.until("leaves none of 3 targets")
        await there.press("ctrl+u")
        await there.type("canary:1; wait 1h; probe command:cat /proc/loadavg")
        await there.press("enter")
        await there.until("Approve change c2")
        assert str(rollout_of((await change(there, 2)).order)).startswith("canary:1 wait=3600 gate=")
        assert (await change(there)).state is ChangeState.DENIED
        assert "waits 1 h between batches" in there.text
        fleet.clock.advance(GUARD_S)
        await there.press("a")
        await there.until("web-1 done; 2 more follow in 1 h")
        assert "P go on now" in there.text
        await there.press("P")
        await there.until("c2 · done")
        assert (await change(there, 2)).state is ChangeState.DONE


async def test_of_one_target_no_rollout_is_asked(stage: Stage) -> None:
    async with sitting(stage) as there:
        await propose(there, "uptime")
        stage.clock.advance(GUARD_S)
        await there.press("W")
        assert "there is nothing to go over" in there.text
