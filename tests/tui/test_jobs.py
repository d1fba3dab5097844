"""The screen of jobs: what runs when, its page, and pausing, running, removing and making one by keys."""

from __future__ import annotations

import pytest

from opsterm.changes.job import JobTerms
from opsterm.changes.job_notice import JobCause, JobNotice
from opsterm.runtime.job_making import NewScript
from opsterm.tui.screens.approval import ApprovalScreen
from opsterm.tui.screens.jobs import JobsScreen
from tests.tui.cockpit import Sitting, Stage, sitting

pytestmark = pytest.mark.blocking  # as the other screens


async def make(there: Sitting) -> None:
    runtime = there.app.runtime
    when = await runtime.schedules.read("weekdays at 7:30", timezone="UTC")
    wanted = NewScript(
        text="df -P /", title="look at disks", selector="localhost", notice=JobNotice(occasion=JobCause.FAILURE)
    )
    await runtime.job_making.keep(await runtime.job_making.script(wanted, when, JobTerms()))


async def open_jobs(there: Sitting) -> None:
    await there.press("f7")
    await there.until("Jobs by schedule ─")


async def test_an_empty_screen_says_how_to_begin(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await open_jobs(there)
        assert "No job yet. + makes one of a sentence" in there.text


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_a_job_is_read_held_and_taken_out_by_keys(furnished: Stage, size: tuple[int, int]) -> None:
    async with sitting(furnished, size) as there:
        await make(there)
        await open_jobs(there)
        assert "look at disks on localhost" in there.text
        await there.press("enter")
        await there.until("c1 is proposed and waits for a yes")
        await there.until("at 07:30 on Monday through Friday")
        await there.press("G")
        await there.until("df -P /")
        await there.press("escape", "o")
        await there.until("is paused")
        await there.press("o")
        await there.until("goes on")
        await there.press("D")
        await there.until("Take j1 out?")
        await there.press("y")
        await there.until("is gone")
        assert await there.app.runtime.jobs.all() == []
        assert isinstance(there.app.screen, JobsScreen)


async def test_its_approval_opens_and_a_yes_runs_nothing(furnished: Stage) -> None:
    async with sitting(furnished, (100, 40)) as there:
        await make(there)
        await open_jobs(there)
        await there.press("a")
        await there.until("lets its job run these very bytes")
        assert isinstance(there.app.screen, ApprovalScreen)


async def test_one_is_made_of_a_sentence_and_kept_on_a_yes(furnished: Stage) -> None:
    async with sitting(furnished, (140, 40)) as there:
        await open_jobs(there)
        await there.press("plus")
        await there.until("Make a job")
        await there.type("run `df -P /` on localhost")
        await there.press("enter")
        await there.until("When?")
        await there.type(" every day at 6")
        await there.press("enter")
        await there.until("Keep this job")
        await there.until("at 06:00 every day")
        assert await there.app.runtime.jobs.all() == []
        await there.press("y")
        await there.until("lets its job run these very bytes")
        [job] = await there.app.runtime.jobs.all()
        assert job.what == "df -P / on localhost"
