"""A sentence becomes a job: said back, confirmed, approved, run at its time over WinRM, and its finds are mailed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from opsterm.assistant.answer import answer_lines
from opsterm.changes.change import ChangeState
from opsterm.changes.job import JobTerms, RunState
from opsterm.changes.job_notice import JobCause, JobNotice
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import NotApproved
from opsterm.core.secret import Secret
from opsterm.inventory.target import LOCALHOST, Protocol, Target
from opsterm.monitoring.alerts import AlertState
from opsterm.monitoring.condition import MeasuredCondition
from opsterm.monitoring.jobs import JOB_FAILED, JOB_MET
from opsterm.runtime.credentials import WINRM
from opsterm.runtime.job_making import NewScript
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.scheduler import Scheduler
from opsterm.runtime.works import scheduler_of
from tests.adapters.mail_stage import Inbox, mail_server
from tests.adapters.ssh_stage import Kept
from tests.adapters.winrm_stage import PASSWORD, USER, windows
from tests.adapters.wsman.host import Running
from tests.runtime.stage import PlayedConnector, opened, printing

SENTENCE = (
    "Schedule a weekly PowerShell script to check disk space on all Windows servers and email alerts "
    "if any drive is over 85% full"
)
MAIL = '\n[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "o@jump.test"\nto = "{to}"\n'
SETTINGS = '[winrm]\nsecurity = "message"\n[monitoring]\ndefault_thresholds = false\n'


class Stage:
    """A runtime with a scheduler that the test moves on."""

    def __init__(self, runtime: Runtime, clock: StoppedClock, scheduler: Scheduler, fence: Fence) -> None:
        self.runtime = runtime
        self.clock = clock
        self.scheduler = scheduler
        self.fence = fence

    async def chat(self, text: str) -> str:
        return "\n".join(answer_lines(await (await self.runtime.assistant()).ask(text, origin="chat")))

    async def go(self, until: str, step_s: float = 3600.0) -> None:
        """Move the clock on, look at each step, and deliver what mail is due."""
        end = datetime.fromisoformat(until).timestamp()
        while self.clock.now() < end:
            self.clock.advance(min(step_s, end - self.clock.now()))
            async with asyncio.TaskGroup() as group:
                await self.scheduler.round(group, self.fence)
            await self.runtime.post.deliver_due(self.fence)

    def firing(self, metric: str) -> set[tuple[str, str]]:
        return {
            (one.key.target, one.summary)
            for one in self.runtime.alerts.feed()
            if one.key.metric == metric and one.state is AlertState.FIRING
        }


@asynccontextmanager
async def staged(home: Path, settings: str = "", **edges: Any) -> AsyncIterator[Stage]:
    clock = StoppedClock(datetime.fromisoformat("2026-11-27T12:00Z").timestamp())
    async with opened(home, clock=clock, settings=settings, **edges) as runtime:
        row = await runtime.store.lease.acquire(
            holder="test", face="serve", boot="b", monotonic=clock.monotonic(), now=clock.now(), ttl_s=0.0
        )
        fence = Fence(holder="test", epoch=row.epoch)
        await runtime.monitoring._intake.open(fence)
        yield Stage(runtime, clock, scheduler_of(runtime), fence)
        runtime.monitoring._intake.close()


def drives(*lines: str, code: int = 1) -> Callable[[Running], int]:
    def run(running: Running) -> int:
        running.say("".join(f"{line}\r\n" for line in lines))
        return code

    return run


@pytest.mark.blocking  # the servers of the tests write files of their own
async def test_the_seeds_example_end_to_end(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    async def credentials() -> Kept:
        return Kept({})

    inbox = Inbox()
    with ExitStack() as servers:
        there = []
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            there.append(servers.enter_context(windows(tmp_path / name, monkeypatch)))
        async with (
            mail_server(inbox) as port,
            staged(home, SETTINGS + MAIL.format(port=port, to=""), open_credentials=credentials) as stage,
        ):
            runtime = stage.runtime
            for number, one in enumerate(there, 1):
                place = one.target()
                await runtime.inventory.add(
                    Target(
                        name=f"win-{number}", address=place.address, port=place.port, protocol=Protocol.WINRM,
                        user=USER, os="Windows Server 2022",
                    )
                )  # fmt: skip
                await runtime.secrets.put(WINRM, f"{USER}@win-{number}", Secret(PASSWORD))
            assert "To which address" in await stage.chat(SENTENCE), "nobody is guessed"
            said = await stage.chat(f"{SENTENCE} to ops@x.test")
            for part in (
                "at 06:00 on Sunday", "cron: 0 6 * * 0", "next    Sun 2026-11-29 06:00 UTC", "Win32_LogicalDisk",
                "win-[1-2] (2 targets)", "used percent is over 85 %", "a mail to ops@x.test", "Nothing is kept yet",
            ):  # fmt: skip
                assert part in said
            assert said.count("next    ") == 5
            assert await runtime.jobs.all() == [], "it waits for a yes"
            assert "j1 is kept" in await stage.chat("yes")
            assert "Nothing" not in await stage.chat("what runs on the weekend?")
            [job], [standing] = await runtime.jobs.all(), await runtime.changes.list()
            await runtime.changes.approve(standing.id, digest=standing.digest)
            host_a, host_b = [one.host.powershell for one in there]
            host_a[standing.order.command] = drives(
                "OVER  91.4 % used, 5.1 GB free on C:", "ok    40.0 % used, 88.2 GB free on D:"
            )
            host_b[standing.order.command] = drives(
                "ok    85.0 % used, 9.9 GB free on C:", "ok    12.5 % used, 9.9 GB free on E:", code=0
            )

            await stage.go("2026-11-29T06:00:30Z")
            [run] = await runtime.jobs.runs(job)
            assert run.state is RunState.DONE, run.said
            [(to, mail)] = inbox.taken
            body = mail.get_content()
            assert to == ["ops@x.test"]
            assert mail["subject"] == "[opsterm] j1 check disk space: found on 1 of 2"
            assert "win-1  C: 91.4 %" in body
            assert "D:" not in body
            assert "win-2  " not in body
            assert stage.firing(JOB_MET) == {("win-1", "job j1 found: C: 91.4 %")}
            [number] = run.changes
            turn = await runtime.changes.get(number)
            assert (turn.origin, [target.name for target in turn.order.targets]) == ("j1", ["win-1", "win-2"])

            host_a[standing.order.command] = drives("ok    60.0 % used, 5.1 GB free on C:", code=0)
            await stage.go("2026-12-06T06:00:30Z", 86_400 / 4)
            assert len(await runtime.jobs.runs(job)) == 2
            assert len(inbox.taken) == 1, "no drive is over it: no mail"
            assert stage.firing(JOB_MET) == set()


@asynccontextmanager
async def played(home: Path, *, to: str = "ops@x.test") -> AsyncIterator[tuple[Stage, PlayedConnector, Inbox]]:
    inbox, connector = Inbox(), PlayedConnector({})
    connector.answers = dict.fromkeys(("web-01", "web-02"), printing(b"/ 40%\n"))
    async with (
        mail_server(inbox) as port,
        staged(home, MAIL.format(port=port, to=to), open_connector=connector.open) as stage,
    ):
        for number in (1, 2):
            await stage.runtime.inventory.add(
                Target(name=f"web-0{number}", address=f"192.0.2.{number}", protocol=Protocol.SSH, source="test")
            )
        yield stage, connector, inbox


async def made(
    stage: Stage, notice: JobNotice, only_if: MeasuredCondition | None = None, **terms: object
) -> None:  # fmt: skip
    """Make a job of both targets at each full hour, and approve it."""
    when = await stage.runtime.schedules.read("every hour", timezone="UTC")
    wanted = NewScript(text="df -P", title="look", selector="web-01 or web-02", notice=notice, only_if=only_if)
    how = JobTerms(**terms)  # type: ignore[arg-type]  # some of its fields
    _, standing = await stage.runtime.job_making.keep(await stage.runtime.job_making.script(wanted, when, how))
    assert standing is not None
    await stage.runtime.changes.approve(standing.id, digest=standing.digest)


async def test_tries_of_a_turn_are_of_those_that_failed_and_end_in_one_mail(home: Path) -> None:
    async with played(home) as (stage, connector, inbox):
        await made(stage, JobNotice(occasion=JobCause.ALWAYS, to=("ops@x.test",)), retries=1)
        del connector.answers["web-02"]  # type: ignore[attr-defined]  # a dict
        await stage.go("2026-11-27T13:00:10Z")
        assert inbox.taken == [], "another try is left"
        connector.answers = {"web-02": printing(b"late\n")}
        await stage.go("2026-11-27T13:05Z", 60)
        assert connector.opened == ["web-01", "web-02"]
        [(_, mail)] = inbox.taken
        assert "late" in mail.get_content()
        assert "/ 40%" in mail.get_content()
        [job] = await stage.runtime.jobs.all()
        [run] = await stage.runtime.jobs.runs(job)
        assert (run.state, run.tries, len(run.changes)) == (RunState.DONE, 1, 2)


@pytest.mark.parametrize(
    ("notice", "mails"),
    [
        (JobNotice(occasion=JobCause.FAILURE, to=("ops@x.test",)), [1, 1, 1]),
        (JobNotice(occasion=JobCause.FAILURE), [0, 0, 0]),
        (JobNotice(occasion=JobCause.ALWAYS, to=("ops@x.test",)), [1, 2, 3]),
        (JobNotice(occasion=JobCause.DIFFERENCE, to=("ops@x.test",)), [1, 1, 2]),
        (JobNotice(occasion=JobCause.FIGURES, field="used_percent", value=50, to=("ops@x.test",)), [1, 1, 2]),
    ],
    ids=["failure", "alert alone", "always", "difference", "figures"],
)
async def test_who_is_told_of_what(home: Path, notice: JobNotice, mails: list[int]) -> None:
    async with played(home) as (stage, connector, inbox):
        await made(stage, notice, retries=0)
        connector.answers = {"web-01": printing(b"/ 40%\n"), "web-02": printing(b"broken\n", exit_status=3)}
        counted = []
        await stage.go("2026-11-27T13:00:10Z")
        counted.append(len(inbox.taken))
        assert {target for target, _ in stage.firing(JOB_FAILED)} == {"web-02"}
        connector.answers = dict.fromkeys(("web-01", "web-02"), printing(b"/ 40%\n"))
        await stage.go("2026-11-27T14:00:10Z")
        counted.append(len(inbox.taken))
        assert stage.firing(JOB_FAILED) == set()
        connector.answers = {"web-01": printing(b"/ 60%\n"), "web-02": printing(b"/ 40%\n")}
        await stage.go("2026-11-27T15:00:10Z")
        counted.append(len(inbox.taken))
        assert counted == mails


async def test_output_without_a_figure_is_no_all_clear(home: Path) -> None:
    async with played(home) as (stage, connector, _):
        await made(stage, JobNotice(occasion=JobCause.FIGURES, field="used_percent", value=50), retries=0)
        connector.answers = dict.fromkeys(("web-01", "web-02"), printing(b"all fine\n"))
        await stage.go("2026-11-27T13:00:10Z")
        assert {target for target, _ in stage.firing(JOB_FAILED)} == {"web-01", "web-02"}
        assert "no figure for used percent" in " ".join(why for _, why in stage.firing(JOB_FAILED))


@pytest.mark.blocking  # looks for files
async def test_what_old_turns_printed_is_thrown_away(home: Path) -> None:
    async with played(home) as (stage, _, _):
        await made(stage, JobNotice(occasion=JobCause.FAILURE), results=2)
        await stage.go("2026-11-27T17:00:10Z")
        [job] = await stage.runtime.jobs.all()
        runs = await stage.runtime.jobs.runs(job)
        kept = [bool(await stage.runtime.changes.output(run.changes[0], "web-01")) for run in runs]
        assert kept == [True, True, False, False, False]
        states = [(await stage.runtime.changes.get(run.changes[0])).state for run in runs]
        assert states == [ChangeState.DONE] * 5, "how it ended stays"


async def test_a_job_without_its_approval_runs_nothing_and_says_so(home: Path) -> None:
    async with played(home) as (stage, connector, _):
        await made(stage, JobNotice(occasion=JobCause.FAILURE), retries=0)
        [standing] = await stage.runtime.changes.list()
        await stage.runtime.changes.deny(standing.id)
        await stage.go("2026-11-27T13:00:10Z")
        assert connector.opened == []
        [(target, why)] = stage.firing(JOB_FAILED)
        assert target == LOCALHOST
        assert "denied or revoked" in why


async def test_a_job_that_is_taken_out_has_no_approval_any_more(home: Path) -> None:
    async with played(home) as (stage, connector, _):
        await made(stage, JobNotice(occasion=JobCause.FAILURE))
        [standing] = await stage.runtime.changes.list()
        assert "Say yes" in await stage.chat("cancel the look")
        assert [job.name for job in await stage.runtime.jobs.all()] == ["j1"]
        assert "is gone" in await stage.chat("yes")
        assert (await stage.runtime.changes.get(standing.id)).state is ChangeState.DENIED
        with pytest.raises(NotApproved):
            await stage.runtime.standing.turn(standing.id, standing.digest, job="j1")
        assert connector.opened == []


async def test_a_report_is_asked_anew_each_time_and_mailed(home: Path) -> None:
    async with played(home) as (stage, _, inbox):
        said = await stage.chat("every day at 13 mail me the inventory report")
        assert "report: list targets" in said, said
        assert "to      ops@x.test" in said
        await stage.chat("yes")
        await stage.go("2026-11-27T13:00:10Z")
        [(_, mail)] = inbox.taken
        assert "web-[01-02]" in mail.get_content()
