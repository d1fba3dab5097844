"""Steps of a plan on cameras, and of what opsterm watches of them: refused, half done, done by somebody else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.events import ChangeStepStarted
from opsterm.core.errors import OpstermError, Refused, TimedOut, Unreachable
from opsterm.core.secret import Secret
from opsterm.inventory.target import Protocol, Target
from opsterm.policy.camera_order import CameraOrder, configuration_text, digest_of, parse_camera_order
from opsterm.policy.order import VAPIX, OrderTarget
from opsterm.policy.plan_order import parse_plan
from opsterm.runtime.ports import Ended
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.step_transports import NOTHING_LEFT, StepTransports
from tests.adapters.vapix_stage import PASSWORD, Camera, camera
from tests.runtime.stage import opened

pytestmark = pytest.mark.blocking  # the stages start servers on the loop

SETTINGS = '[storage]\nkeyring = "memory"\n'


@dataclass
class Yard:
    """Two cameras, cam-1 and cam-2, with a profile Door each.

    Attributes:
        runtime: knows them.
        folder: where plans are written.
        cameras: in the order of their names.
    """

    runtime: Runtime
    folder: Path
    cameras: tuple[Camera, Camera]

    async def proposed(self, text: str) -> Change:
        """Propose a plan."""
        file = self.folder / "plan.toml"
        file.write_text(text)
        return await self.runtime.changes.propose(
            await self.runtime.plans.proposal(str(file), origin="command line")
        )  # fmt: skip

    async def done(self, change: Change) -> Change:
        """Approve and run."""
        await self.runtime.changes.approve(change.id, digest=change.digest)
        return await self.runtime.changes.run(change.id)

    def profiles(self) -> list[list[str]]:
        """Return the names of the profiles of each camera."""
        return [[one["name"] for one in stage.applications["vmd"]] for stage in self.cameras]

    def tags(self, name: str) -> tuple[str, ...]:
        """Return the tags of a target."""
        return next(row.target.tags for row in self.runtime.inventory.rows() if row.target.name == name)


@asynccontextmanager
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    async with camera() as one, camera() as two, opened(tmp_path, settings=SETTINGS) as runtime:
        for number, stage in enumerate((one, two), 1):
            name = f"cam-{number}"
            await runtime.inventory.add(
                Target(name=name, address="127.0.0.1", port=stage.port, protocol=Protocol.HTTP, os="axis")
            )
            await runtime.credentials.put("opsterm:http", f"root@{name}", Secret(PASSWORD))
        yield Yard(runtime, tmp_path, (one, two))


MOTION = """
on = "cam-1 or cam-2"
on_failure = "rollback"
[[step]]
title = "motion of the door"
on = "cam-1"
motion = "A"
[[step]]
title = "motion of the yard"
on = "cam-2"
motion = "B"
"""

SAYS_NO = (
    (403, b"no", "cam-2 does not allow this to root."),
    (500, b"broken", "cam-2 answered 500."),
    (200, b'{"error": {"code": 2104, "message": "bad value"}}', "It says: bad value (2104)."),
)
"""(status, body) of a camera that takes no configuration, and what is told of it."""


@pytest.mark.parametrize(("status", "body", "says"), SAYS_NO)
async def test_a_camera_that_says_no_has_not_lost_the_line_and_what_was_done_is_taken_back(
    tmp_path: Path, status: int, body: bytes, says: str
) -> None:
    async with yard(tmp_path) as there:
        change = await there.proposed(MOTION)
        there.cameras[1].refuses = (status, body)
        ended = await there.done(change)
        assert {one.target: one.state for one in ended.outcomes} == {
            "cam-1": OutcomeState.ROLLED_BACK, "cam-2": OutcomeState.FAILED,
        }, [outcome.message for outcome in ended.outcomes]  # fmt: skip
        assert there.profiles() == [["Door"], ["Door"]]
        assert ended.state is not ChangeState.DONE
        told = (await there.runtime.changes.output(change.id, "cam-2")).decode()
        assert "Nothing was set: " in told
        assert says in told


TWICE = """
on = "cam-1"
[[step]]
title = "motion"
motion = "A"
[[step]]
title = "alerts"
watch = "camera alerts"
"""


async def test_what_was_so_already_is_not_taken_back_by_who_only_found_it_so(tmp_path: Path) -> None:
    async with yard(tmp_path) as there:
        maker, finder = await there.proposed(TWICE), await there.proposed(TWICE)
        assert (await there.done(maker)).state is ChangeState.DONE
        assert (await there.done(finder)).state is ChangeState.DONE
        assert there.cameras[0].configured == 1
        for change, profiles, tags in (
            (finder, ["Door", "A"], ("opsterm-camera-alerts",)),
            (maker, ["Door"], ()),
        ):
            back = await there.runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
            assert (await there.done(back)).state is ChangeState.DONE
            assert (there.profiles()[0], there.tags("cam-1")) == (profiles, tags)


async def test_what_a_killed_process_of_the_same_change_has_begun_is_its_own_to_take_back(tmp_path: Path) -> None:
    async with yard(tmp_path) as there:
        change = await there.proposed(TWICE)
        ledger = there.runtime.ledger
        for number, step in enumerate(parse_plan(change.order.command).steps, 1):
            begun = ChangeStepStarted(change=change.id, target="cam-1", step=number, title=step.title)
            await ledger.record(ledger.fact(begun, correlation_id=change.name))
        (motion, _) = parse_plan(change.order.command).steps
        there.cameras[0].applications["vmd"] = json.loads(parse_camera_order(motion.command).configuration)["profiles"]
        await there.runtime.inventory.label("cam-1", add_tags=["opsterm-camera-alerts"])
        assert (await there.done(change)).state is ChangeState.DONE
        assert there.cameras[0].configured == 0
        back = await there.runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        assert (await there.done(back)).state is ChangeState.DONE
        assert (there.profiles()[0], there.tags("cam-1")) == (["Door"], ())


async def test_a_second_profile_of_a_camera_is_put_beside_the_first_and_both_are_taken_back(tmp_path: Path) -> None:
    async with yard(tmp_path) as there:
        steps = "".join(f'[[step]]\ntitle = "sees {name}"\nmotion = "{name}"\n' for name in ("A", "B", "A"))
        change = await there.proposed(f'on = "cam-1 or cam-2"\n{steps}')
        assert len(parse_plan(change.order.command).steps) == 2, "the third asks for what is so by then"
        assert (await there.done(change)).state is ChangeState.DONE
        assert there.profiles() == [["Door", "A", "B"]] * 2
        back = await there.runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        assert (await there.done(back)).state is ChangeState.DONE
        assert there.profiles() == [["Door"]] * 2


STRANGE = (
    ('{"name": "x", "uid": NaN}', "cam-1 did not answer as a camera does."),
    ('{"name": "x", "uid": 1, "camera": 1e999}', "cam-1 did not answer as a camera does."),
    (f'{{"name": "x", "uid": {"9" * 4300}}}', "cam-1 did not answer as a camera does."),
    (f'{{"name": "x", "q": {"[" * 900}{"]" * 900}}}', "cam-1 did not answer as a camera does."),
    ('{"name": "B", "camera": 1, "filters": null}', "cam-1: It says what the profile B ignores in a way"),
    ('{"name": "B", "camera": 1, "filters": 5}', "cam-1: It says what the profile B ignores in a way"),
)
"""A profile as a camera says it -> what is told of it."""


@pytest.mark.parametrize(("profile", "says"), STRANGE, ids=range(len(STRANGE)))
async def test_a_camera_that_says_what_cannot_be_sent_back_is_named(tmp_path: Path, profile: str, says: str) -> None:
    async with yard(tmp_path) as there:
        body = f'{{"data": {{"cameras": [{{"id": 1}}], "profiles": [{profile}]}}}}'.encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        there.cameras[0].replies["/local/vmd/control.cgi"] = head + body
        with pytest.raises(OpstermError) as refused:
            await there.proposed('on = "cam-1"\n[[step]]\ntitle = "one"\nmotion = "B"\nignore_shorter = "2s"\n')
        assert says in refused.value.what


NOW, WANTED, OTHER = ({"cameras": [], "profiles": [{"name": name}]} for name in ("Door", "A", "B"))
NO, LATE, GONE = Refused("It says no."), TimedOut("It took too long."), Unreachable("It is gone.")
AFTER_A_NO = (
    (NO, NOW, NOTHING_LEFT), (NO, WANTED, 0), (NO, OTHER, 1), (GONE, NOW, NOTHING_LEFT),
    (LATE, NOW, 1), (LATE, WANTED, 0),
)  # fmt: skip
"""(what the camera says to a configuration, what it has afterwards, exit status of the step)."""


class Odd:
    """Reads and configures one camera, of which the rest is said beforehand."""

    def __init__(self, error: OpstermError, afterwards: Mapping[str, object] | OpstermError) -> None:
        self.answers: list[Mapping[str, object] | OpstermError] = [NOW, afterwards]
        self.error = error

    async def configuration(self, camera: object, application: str) -> Mapping[str, object]:
        """Return what it has."""
        found = self.answers.pop(0)
        if isinstance(found, OpstermError):
            raise found
        return found

    async def configure(self, camera: object, application: str, configuration: object) -> None:
        """Say no."""
        raise self.error


async def carried(odd: Odd) -> list[bytes | Ended]:
    async def given() -> Any:
        return odd

    async def label(name: str, new: object, gone: object) -> Sequence[object]:
        return ()

    order = CameraOrder(application="vmd", was=digest_of(NOW), configuration=configuration_text(WANTED))
    target = OrderTarget(name="cam-1", protocol="http", address="127.0.0.1", port=80, user="root")
    return [piece async for piece in StepTransports(given, given, label).carry(order.text(), VAPIX, target)]


@pytest.mark.parametrize(("error", "afterwards", "status"), AFTER_A_NO)
async def test_what_a_camera_has_after_a_no_says_what_came_of_the_step(
    error: OpstermError, afterwards: Mapping[str, object], status: int
) -> None:
    said, ended = await carried(Odd(error, afterwards))
    assert ended == Ended(exit_status=status), said


async def test_a_camera_that_does_not_say_what_it_has_leaves_it_unknown() -> None:
    with pytest.raises(Refused) as refused:
        await carried(Odd(NO, GONE))
    assert refused.value is NO
