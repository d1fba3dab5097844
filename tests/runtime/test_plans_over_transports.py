"""One plan over SSH, VAPIX, SNMP and opsterm's own watching: one approval, verified, taken back in reverse."""

from __future__ import annotations

import copy
import getpass
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from opsterm.adapters import ssh_config
from opsterm.assistant.answer import Listing, answer_lines
from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.way_back.prepared import way_back_lines
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.secret import Secret
from opsterm.inventory.target import Protocol, Target
from opsterm.policy.camera_order import parse_camera_order
from opsterm.policy.order import PLAN
from opsterm.policy.plan_order import parse_plan
from opsterm.policy.risk import RiskLevel
from opsterm.runtime.ports_snmp import SnmpLogin
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.rollouts import ResumePart, ResumeWish
from opsterm.runtime.runtime import Runtime
from tests.adapters.snmp_agent import Agent, system_group
from tests.adapters.ssh_stage import USER_KEY, Home
from tests.adapters.sshd_stage import real_sshd
from tests.adapters.vapix_stage import PASSWORD, PROFILE, Camera, camera
from tests.runtime.stage import opened
from tests.runtime.test_plans import told

pytestmark = pytest.mark.blocking  # the stages start servers on the loop

SETTINGS = '[storage]\nkeyring = "memory"\n[snmp]\ntimeout_s = 30\nretries = 0\n[ssh]\nconnect_timeout_s = 60\n'

PLAN_TEXT = """
title = "SNMP monitoring of the switches, motion alerts of the cameras"
on_failure = "{then}"

[[step]]
title = "write down what is watched"
on = "host-1"
command = "echo watched > {folder}/note"

[[step]]
title = "measure the switches"
on = "sw-1"
watch = "measurements"
before = "snmp:sysUpTime"

[[step]]
title = "motion on the cameras"
on = "tag:camera"
motion = "opsterm"
verify = "camera:motion opsterm"
tries = 1

[[step]]
title = "alerts of the cameras"
on = "tag:camera"
watch = "camera alerts"
verify = "{last}"
tries = 1
"""


@dataclass
class Site:
    """A host with a real sshd, a switch that answers SNMP, two cameras.

    Attributes:
        runtime: knows them all.
        folder: where the host's file is.
        cameras: in the order of their names.
        agent: the switch.
    """

    runtime: Runtime
    folder: Path
    cameras: tuple[Camera, Camera]
    agent: Agent

    async def proposed(self, text: str = PLAN_TEXT, *, then: str = "rollback", last: str = "camera:events") -> Change:
        """Propose a plan."""
        file = self.folder / "plan.toml"
        file.write_text(text.format(then=then, folder=self.folder, last=last))
        proposal = await self.runtime.plans.proposal(str(file), origin="command line")
        return await self.runtime.changes.propose(proposal)

    async def done(self, change: Change) -> Change:
        """Approve and run."""
        await self.runtime.changes.approve(change.id, digest=change.digest)
        return await self.runtime.changes.run(change.id)

    async def cameras_set(self, text: str) -> None:
        """Set what a step would, as a process that was killed before it could tell."""
        order = parse_camera_order(text)
        for stage in self.cameras:
            stage.configured += 1
            stage.applications[order.application] = json.loads(order.configuration)["profiles"]

    def state(self) -> tuple[bool, list[list[str]], dict[str, tuple[str, ...]]]:
        """Return whether the note is there, the profiles of each camera, and the tags of all targets."""
        names = [[one["name"] for one in stage.applications["vmd"]] for stage in self.cameras]
        rows = self.runtime.inventory.rows()
        return (self.folder / "note").exists(), names, {row.target.name: row.target.tags for row in rows}


@asynccontextmanager
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    home = Home(tmp_path / "home")
    home.write_key("id_ed25519", USER_KEY)
    folder = tmp_path / "there"
    folder.mkdir()
    how: dict[str, Any] = {"settings": SETTINGS}
    with Agent(system_group()) as agent:
        async with (
            real_sshd(home, tmp_path / "sshd") as server, camera() as one, camera() as two,
            opened(home.path, **how) as runtime,
        ):  # fmt: skip
            add = runtime.inventory.add
            await add(Target(name="host-1", address="127.0.0.1", port=server.port, user=getpass.getuser()))
            await add(Target(name="sw-1", address="127.0.0.1", port=agent.port, protocol=Protocol.SNMP))
            for number, stage in enumerate((one, two), 1):
                name = f"cam-{number}"
                await add(
                    Target(
                        name=name, address="127.0.0.1", port=stage.port, protocol=Protocol.HTTP, tags=("camera",),
                        os="axis",
                    )
                )  # fmt: skip
                await runtime.credentials.put("opsterm:http", f"root@{name}", Secret(PASSWORD))
            await runtime.snmp.keep_login("sw-1", SnmpLogin(community=Secret("public")))
            yield Site(runtime, folder, (one, two), agent)


BEFORE = (
    False, [["Door"], ["Door"]],
    {"cam-1": ("camera",), "cam-2": ("camera",), "host-1": (), "localhost": (), "sw-1": ()},
)  # fmt: skip
AFTER = (
    True, [["Door", "opsterm"], ["Door", "opsterm"]],
    {"cam-1": ("camera", "opsterm-camera-alerts"), "cam-2": ("camera", "opsterm-camera-alerts"), "host-1": (),
     "localhost": (), "sw-1": ("opsterm-measured",)},
)  # fmt: skip


async def test_one_approval_is_for_all_transports_and_all_of_it_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path, monkeypatch) as there:
        change = await there.proposed()
        steps = parse_plan(change.order.command).steps
        assert change.order.shell == PLAN
        assert [(step.shell, step.on) for step in steps] == [
            ("sh", ("host-1",)), ("watch", ("sw-1",)), ("vapix", ("cam-1", "cam-2")), ("watch", ("cam-1", "cam-2")),
        ]  # fmt: skip
        assert change.risk.level is RiskLevel.HIGH, "that of its worst step"
        assert "Step 3: It replaces the whole configuration of motion detection on a camera" in change.risk.reasons[0]
        assert way_back_lines(change.order)[0].startswith("exact: `")
        ended = await there.done(change)
        assert ended.state is ChangeState.DONE, [outcome.message for outcome in ended.outcomes]
        assert there.state() == AFTER
        assert there.agent.requests, "the switch was asked before it is measured"
        back = await there.done(
            await there.runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        )
        assert back.state is ChangeState.DONE, [outcome.message for outcome in back.outcomes]
        assert there.state() == BEFORE
        taken = [line for line in await told(there.runtime, change) if "back" in line]
        assert (sorted(taken[:4]), taken[4:]) == (["3 back", "3 back", "4 back", "4 back"], ["2 back", "1 back"])
        assert (await there.runtime.changes.get(change.id)).state is ChangeState.ROLLED_BACK


async def test_a_step_that_does_not_verify_takes_all_transports_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path, monkeypatch) as there:
        ended = await there.done(await there.proposed(last="camera:motion Yard"))
        assert ended.state is ChangeState.ROLLED_BACK, [outcome.message for outcome in ended.outcomes]
        assert there.state() == BEFORE
        said = next(outcome.message for outcome in ended.outcomes if outcome.target == "cam-1")
        assert "Step 4, alerts of the cameras, is not verified" in said
        assert "camera:motion Yard: profiles Door, opsterm" in said


async def test_nothing_is_set_over_what_somebody_else_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path, monkeypatch) as there:
        change = await there.proposed()
        there.cameras[1].applications["vmd"].append({**PROFILE, "name": "Yard", "uid": 2})
        ended = await there.done(change)
        assert {one.target: one.state for one in ended.outcomes} == {
            "cam-1": OutcomeState.ROLLED_BACK, "cam-2": OutcomeState.FAILED, "host-1": OutcomeState.ROLLED_BACK,
            "sw-1": OutcomeState.ROLLED_BACK,
        }, [outcome.message for outcome in ended.outcomes]  # fmt: skip
        assert there.state()[1] == [["Door"], ["Door", "Yard"]], "what was begun is back, and hers is left alone"
        assert there.cameras[1].configured == 0
        output = await there.runtime.changes.output(change.id, "cam-2")
        assert b"Nothing was set: the camera has another configuration than this was proposed for." in output


async def test_what_a_camera_makes_another_thing_of_is_put_back_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path, monkeypatch) as there:
        there.cameras[0].makes_of_it = lambda one: one if one["name"] == "Door" else {**one, "filters": []}
        ended = await there.done(await there.proposed(then="keep"))
        assert {one.target: one.state for one in ended.outcomes if one.target.startswith("cam")} == {
            "cam-1": OutcomeState.FAILED, "cam-2": OutcomeState.DONE,
        }  # fmt: skip
        assert there.state()[1] == [["Door"], ["Door", "opsterm"]]
        assert (await told(there.runtime, ended)).count("3 back") == 1, "nothing is left there to take back"
        there.cameras[0].makes_of_it = copy.copy
        wish = ResumeWish(change=ended.id, part=ResumePart.ALL, origin="command line")
        rest = await there.runtime.rollouts.resume(wish)
        assert [(step.shell, step.on) for step in parse_plan(rest.order.command).steps] == [
            ("vapix", ()), ("watch", ()),
        ]  # fmt: skip
        assert [target.name for target in rest.order.targets] == ["cam-1"]
        assert (await there.done(rest)).state is ChangeState.DONE
        assert there.state() == AFTER


async def test_a_plan_that_is_taken_back_leaves_alone_what_was_changed_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path, monkeypatch) as there:
        change = await there.proposed()
        assert (await there.done(change)).state is ChangeState.DONE
        there.cameras[0].applications["vmd"][0]["name"] = "Gate"
        back = await there.runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        assert (await there.done(back)).state is not ChangeState.DONE
        assert there.state()[1] == [["Gate", "opsterm"], ["Door"]]


REFUSED = (
    ('on = "host-1"\nmotion = "opsterm"', "Step 1, one: host-1 is no camera: it is reached over ssh."),
    ('on = "cam-1"\nwatch = "measurements"', "Step 1, one: A plan cannot watch measurements of cam-1."),
    ('on = "sw-1"\nwatch = "camera alerts"', "Step 1, one: A plan cannot watch camera alerts of sw-1."),
    ('on = "cam-1"\nmotion = "x"\nview = 7', "Step 1, one: cam-1: It has no view 7."),
    ('on = "sw-1"\ncommand = "true"', "Step 1, one, cannot be done on sw-1: it is reached over snmp"),
    ('on = "cam-1"\ncommand = "true"', "Step 1, one, cannot be done on cam-1: it is reached over http"),
    ('on = "sw-1"\nwatch = "measurements"\nverify = "unit:snmpd"', "cannot be looked at on sw-1 by unit."),
    ('on = "host-1"\nwatch = "measurements"\nbefore = "snmp:sysUpTime"', "cannot be looked at on host-1 by snmp."),
    ('on = "host-1"\ncommand = "true"\nverify = "camera:events"', "cannot be looked at on host-1 by camera."),
    ('on = "sw-1"\nwatch = "measurements"\nverify = "camera:events"', "cannot be looked at on sw-1 by camera."),
    ('on = "win-1"\nwatch = "measurements"', "Step 1, one: A plan cannot watch measurements of win-1."),
    ('call = ["shop", "addPet"]', "Step 1, one: There is no API shop."),
    ('on = "cam-1"\nmotion = "Door"', "Everything that the plan asks for is so already."),
)  # fmt: skip
"""A step -> what is said of it before anybody is asked."""


async def test_what_cannot_be_done_there_is_said_before_anybody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path, monkeypatch) as there:
        await there.runtime.inventory.add(Target(name="win-1", address="127.0.0.1", protocol=Protocol.WINRM))
        for step, says in REFUSED:
            with pytest.raises((BadInput, NotFound)) as refused:
                await there.proposed(f'[[step]]\ntitle = "one"\n{step}\n')
            assert says in refused.value.what, step
        with pytest.raises(BadInput) as refused:
            await there.proposed('verify = "camera:events"\n[[step]]\ntitle = "one"\non = "host-1"\ncommand = "true"\n')
        assert refused.value.what == "camera:events cannot be looked at on host-1: it is reached over ssh."


async def test_what_is_so_already_is_left_out_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(tmp_path, monkeypatch) as there:
        await there.runtime.inventory.label("sw-1 or cam-1", add_tags=["opsterm-measured", "opsterm-camera-alerts"])
        there.cameras[0].applications["vmd"][0]["name"] = "opsterm"
        change = await there.proposed()
        assert [(step.shell, step.on) for step in parse_plan(change.order.command).steps] == [
            ("sh", ("host-1",)), ("vapix", ("cam-2",)), ("watch", ("cam-2",)),
        ]  # fmt: skip
        assert "Step 2, measure the switches, is left out: everything is so already." in change.risk.reasons


async def test_the_sentence_becomes_a_plan_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(tmp_path, monkeypatch) as there:
        assistant = await there.runtime.assistant()
        said = (
            "Create an automation to configure SNMP monitoring on all network switches and set up Axis camera motion "
            "detection alerts"
        )
        asked = await assistant.reply(said)
        assert 'Which targets are "all network switches"?' in "\n".join(answer_lines(asked.answer))
        await there.runtime.inventory.label("sw-1", add_tags=["switch"])
        reply = await assistant.reply(said)
        (text,) = [block.text for block in reply.answer.blocks if isinstance(block, Listing)]
        assert there.state()[1] == BEFORE[1], "nothing is done by a sentence"
        assert await there.runtime.changes.list() == []
        again = await assistant.reply(reply.answer.interpretation)
        assert text in [block.text for block in again.answer.blocks if isinstance(block, Listing)]
        change = await there.proposed(text.replace("{", "{{").replace("}", "}}"))
        assert [(step.shell, step.on) for step in parse_plan(change.order.command).steps] == [
            ("watch", ("sw-1",)), ("vapix", ("cam-1", "cam-2")), ("watch", ("cam-1", "cam-2")),
        ]  # fmt: skip
        assert (await there.done(change)).state is ChangeState.DONE
        assert there.state()[1] == AFTER[1]


async def test_a_step_that_nobody_saw_the_end_of_is_begun_again_and_does_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path, monkeypatch) as there:
        change = await there.proposed()
        (step,) = [one for one in parse_plan(change.order.command).steps if one.shell == "vapix"]
        await there.cameras_set(step.command)
        assert (await there.done(change)).state is ChangeState.DONE
        assert [stage.configured for stage in there.cameras] == [1, 1]
        assert there.state() == AFTER


async def test_a_simulation_of_it_sends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(tmp_path, monkeypatch) as there:
        change = await there.proposed()
        heard = [len(stage.heard) for stage in there.cameras]
        found = await there.runtime.simulated(change)
        assert found.change.state is ChangeState.DONE
        assert there.state() == BEFORE
        assert [len(stage.heard) for stage in there.cameras] == heard
