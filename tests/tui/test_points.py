"""The screen of recovery points: take, show, look how the target differs, propose to put back, throw away."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.changes.job import JobTerms
from opsterm.changes.recovery.wish import things_of
from opsterm.runtime.recovery import TakeWish
from opsterm.runtime.snapshot_jobs import SnapshotWish
from opsterm.tui.screens.approval import ApprovalScreen
from opsterm.tui.screens.points import PointsScreen
from tests.tui.cockpit import Sitting, Stage, sitting

pytestmark = pytest.mark.blocking  # the test changes a file of its own


async def open_points(there: Sitting) -> None:
    await there.press("colon")
    await there.type("lists the recovery points")
    await there.press("enter")
    await there.until("Recovery points ─")


async def test_a_point_is_looked_at_and_put_back_by_keys(furnished: Stage, tmp_path: Path) -> None:
    place = tmp_path / "conf"
    place.write_text("before\n")
    async with sitting(furnished, (100, 40)) as there:
        wish = TakeWish(selector="localhost", things=things_of([str(place)]), label="first")
        [taken] = await there.app.runtime.recovery.take(wish)
        assert taken.point is not None, taken.error
        place.write_text("after\n")
        await open_points(there)
        assert "“first”" in there.text
        await there.press("r")
        await there.until("r1 is whole.")
        await there.press("L")
        await there.until("localhost now, beside r1")
        await there.until("changed")
        await there.until("-before")
        await there.until("+after")
        await there.press("escape", "enter")
        await there.until("r1 of localhost")
        await there.press("escape", "u")
        await there.until("puts back r1")
        assert isinstance(there.app.screen, ApprovalScreen)
        assert place.read_text() == "after\n", "it is only proposed"


async def test_one_is_thrown_away_after_asking(furnished: Stage, tmp_path: Path) -> None:
    (tmp_path / "conf").write_text("x")
    async with sitting(furnished) as there:
        wish = TakeWish(selector="localhost", things=things_of([str(tmp_path / "conf")]))
        await there.app.runtime.recovery.take(wish)
        await open_points(there)
        await there.press("D")
        await there.until("Throw r1 away?")
        await there.press("y")
        await there.until("r1 is gone")
        assert await there.app.runtime.recovery.points() == []
        assert isinstance(there.app.screen, PointsScreen)


async def test_what_is_taken_by_schedule_stands_on_the_border(furnished: Stage, tmp_path: Path) -> None:
    async with sitting(furnished) as there:
        runtime = there.app.runtime
        wish = SnapshotWish(take=TakeWish(selector="localhost", things=things_of([str(tmp_path)])))
        await runtime.jobs.add(wish.job(await runtime.schedules.read("weekly"), JobTerms()))
        await open_points(there)
        await there.until("by schedule: j1 next in")


async def test_an_empty_screen_says_how_to_begin(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await open_points(there)
        assert "No recovery points yet. + takes one of" in there.text
