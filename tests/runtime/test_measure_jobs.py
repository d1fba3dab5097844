"""A measured level as the condition of a job: looked at without a script, told once, and acted on only when fresh."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from opsterm.assistant.jobs.measured import measured_of
from opsterm.assistant.jobs.notices import told_words
from opsterm.assistant.jobs.tasks import task_words
from opsterm.changes.job import RunState
from opsterm.changes.job_notice import JobCause, JobNotice
from opsterm.core.errors import BadInput
from opsterm.inventory.target import Target
from opsterm.monitoring.condition import MeasuredCondition
from opsterm.monitoring.jobs import JOB_FAILED, JOB_MET
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.runtime.job_wishes import Given
from tests.adapters.mail_stage import Inbox, mail_server
from tests.runtime.stage import printing
from tests.runtime.test_script_jobs import MAIL, SETTINGS, Stage, made, played, staged

WATCH = "every hour check disk on tag:web and e-mail ops@x.test if over 85 %"
RESTART = "every hour run `systemctl restart nginx` on web-01 only if memory is over 90 %"


@pytest.mark.parametrize(
    ("text", "metric", "item", "compare", "value"),
    [
        ("check disk and mail me if over 85 %", "fs.used_percent", "", ">", 85),
        ("check /var and warn me if the volume /var is more than 90% full", "fs.used_percent", "/var", ">", 90),
        ("check disk space and email alerts if any drive is over 85% full", "fs.used_percent", "", ">", 85),
        ("check /var and mail me if it is over 85 %", "fs.used_percent", "/var", ">", 85),
        ("tell me if less than 10% of memory is free", "memory.used_percent", "", ">", 90),
        ("restart nginx only if memory is over 90 %", "memory.used_percent", "", ">", 90),
        ("restart nginx only if the memory usage on it is at most 90 %", "memory.used_percent", "", "<=", 90),
        ("restart nginx if the load is above 8", "load.1m", "", ">", 8),
        ("restart nginx only if open files are over 5000", "process.open_files", "", ">", 5000),
        ("clean up when cpu usage is at least 95 percent", "cpu.used_percent", "", ">=", 95),
        ("clean up when the number of processes exceeds 900", "process.count", "", ">", 900),
        ("restart nginx only if /var is over 90 % full", "fs.used_percent", "/var", ">", 90),
        ("restart nginx only if cpu io wait is over 30 %", "cpu.iowait_percent", "", ">", 30),
        ("warn if inodes exceed 80%", "fs.inodes_used_percent", "", ">", 80),
    ],
)
def test_what_is_measured_by_the_words_of_a_sentence(
    text: str, metric: str, item: str, compare: str, value: float
) -> None:
    told = told_words(text)
    assert told.unread == ""
    wanted = MeasuredCondition(metric=metric, item=item, compare=compare, value=value)
    assert measured_of(told, task_words(told.rest).words) == wanted
    assert told.is_condition is text.startswith(("restart", "clean"))


NOT_WHOLE = (
    "memory is not over 90 %", "memory isn't over 90 %", "memory isn’t over 90 %", "memory is never over 90 %",
    "nobody is logged in and memory is over 90 %", "memory or swap is over 90 %", "memory doesn't exceed 90 %",
    "memory of web-02 is over 90 %", "memory on web-02 is over 90 %", "web-02 memory is over 90 %",
    "memory on any host is over 90 %",
    "cpu load is over 4", "cpu temperature is over 80", "cpu temperature is over 80 %", "disk temperature is over 6",
    "disk io is over 80 %", "memory errors are over 5", "memory is over 90", "memory is over 4 GB",
    "memory used is over 4", "load is over 90 %", "load is over 1,000", "nobody is logged in when load is over 8",
    "memory is over 120 %",
)  # fmt: skip
BEHIND = (
    "and nobody is logged in",
    "or swap is over 50 %",
    "on web-02",
    "of web-02",
    "for 5 minutes",
    "unless it is free",
)


async def test_a_condition_that_is_not_understood_whole_is_asked_back(home: Path) -> None:
    async with played(home) as (stage, _, _):
        await measured(stage, "memory.used_percent", web_01=95)
        known, run = "memory is over 90 %", "run `systemctl restart nginx` on web-01"
        look = "every hour check memory on web-01 and mail ops@x.test if"
        for words in (f"every hour {run} only if {known}", f"every hour only if {known} {run}", f"{look} {known}"):
            await stage.runtime.job_wishes.draft(words)
        kept = []
        for words in (
            *(f"every hour {run} only if {one}" for one in NOT_WHOLE), *(f"{look} {one}" for one in NOT_WHOLE),
            *(f"every hour {run} only if {known} {more}" for more in BEHIND),
            *(f"every hour only if {known} {more} {run}" for more in BEHIND),
        ):  # fmt: skip
            with suppress(BadInput):
                await stage.runtime.job_wishes.draft(words)
                kept.append(words)
        assert kept == []


def test_a_level_that_held_is_over_only_when_the_value_has_come_back() -> None:
    over = MeasuredCondition(metric="fs.used_percent", value=80)
    assert [over.holds(value, before=True) for value in (81, 79, 76.1, 76, 70)] == [True, True, True, False, False]
    assert [over.holds(value) for value in (81, 80, 79)] == [True, False, False]


async def measured(stage: Stage, metric: str, **values: float) -> None:
    """Have measured a value of each target, now."""
    at = stage.clock.now()
    samples = [
        Sample(SeriesKey(name.replace("_", "-"), metric, "/" if metric.startswith("fs.") else ""), at, value)
        for name, value in values.items()
    ]
    await stage.runtime.monitoring.take(samples, stage.fence)
    stage.runtime.monitoring._remember(samples)


@pytest.mark.blocking  # the servers of the tests write files of their own
async def test_a_look_at_what_is_measured_is_told_once_until_it_is_over(home: Path) -> None:
    inbox = Inbox()
    async with mail_server(inbox) as port, staged(home, SETTINGS + MAIL.format(port=port, to="")) as stage:
        for name in ("web-01", "web-02"):
            await stage.runtime.inventory.add(Target(name=name, address=name, tags=("web",)))
        assert "is not measured here" in await stage.chat(WATCH)
        await measured(stage, "fs.used_percent", web_01=40, web_02=50)
        said = await stage.chat(WATCH)
        for part in ("file system over 85 %", "tag:web: web-[01-02] (2 targets now)", "until it is back at 81 %",
                     "a mail to ops@x.test", "nobody has to approve"):  # fmt: skip
            assert part in said
        assert "j1 is kept" in await stage.chat("yes")
        assert await stage.runtime.changes.list() == [], "it runs nothing"
        figures = [(40, 50), (91, 50), (92, 50), (84, 50), (70, 50), (88, 86)]
        mails, firing = [], []
        for hour, (first, second) in enumerate(figures):
            await stage.go(f"2026-11-27T{12 + hour}:59:30Z")
            await measured(stage, "fs.used_percent", web_01=first, web_02=second)
            await stage.go(f"2026-11-27T{13 + hour}:00:05Z")
            mails.append(len(inbox.taken))
            firing.append(len(stage.firing(JOB_MET)))
        assert (mails, firing) == ([0, 1, 1, 1, 1, 2], [0, 1, 1, 1, 0, 2]), "84 % is not back yet"
        assert "file system / 91 %" in inbox.taken[0][1].get_content()
        assert "web-02  file system / 86 %" in inbox.taken[1][1].get_content()
        await stage.go("2026-11-28T01:00:05Z", 120)
        assert {name for name, _ in stage.firing(JOB_FAILED)} == {"web-01", "web-02"}
        [_, _, silent] = inbox.taken
        assert "was last measured" in silent[1].get_content()
        [newest, *_] = await stage.runtime.jobs.runs(await stage.runtime.jobs.get("j1"))
        assert newest.state is RunState.FAILED


@pytest.mark.blocking  # the servers of the tests write files of their own
async def test_a_target_that_is_not_measured_keeps_no_look_at_the_others_from_telling(home: Path) -> None:
    inbox = Inbox()
    async with mail_server(inbox) as port, staged(home, SETTINGS + MAIL.format(port=port, to="")) as stage:
        for name in ("web-01", "web-02"):
            await stage.runtime.inventory.add(Target(name=name, address=name, tags=("web",)))
        await measured(stage, "fs.used_percent", web_01=40)
        said = await stage.chat(WATCH.replace("every hour", "every minute"))
        assert "A run that fails is not tried again." in said
        await stage.chat("yes")
        for minute, value in ((1, 91), (2, 92)):
            await measured(stage, "fs.used_percent", web_01=value)
            await stage.go(f"2026-11-27T12:0{minute}:05Z", 5)
        [(_, mail)] = inbox.taken
        assert "web-01  file system / 91 %" in mail.get_content()
        assert {name for name, _ in stage.firing(JOB_MET)} == {"web-01"}
        assert {name for name, _ in stage.firing(JOB_FAILED)} == {"web-02"}
        [newest, *_] = await stage.runtime.jobs.runs(await stage.runtime.jobs.get("j1"))
        assert newest.said.startswith("Read at 1 of 2. web-02: file system is not measured here.")


@pytest.mark.blocking  # the servers of the tests write files of their own
@pytest.mark.parametrize("quiet", ["acknowledge", "silence"])
async def test_who_is_dealt_with_by_a_person_is_told_of_once_as_well(home: Path, quiet: str) -> None:
    inbox = Inbox()
    async with mail_server(inbox) as port, staged(home, SETTINGS + MAIL.format(port=port, to="")) as stage:
        for name in ("web-01", "web-02"):
            await stage.runtime.inventory.add(Target(name=name, address=name, tags=("web",)))
        await measured(stage, "fs.used_percent", web_01=40)
        await stage.chat(WATCH)
        await stage.chat("yes")
        kept = []
        for hour, value in ((13, 91), (14, 92), (15, 84), (16, 70)):
            await stage.go(f"2026-11-27T{hour - 1}:59:30Z")
            await measured(stage, "fs.used_percent", web_01=value)
            await stage.go(f"2026-11-27T{hour}:00:05Z")
            if hour == 13:
                for alert in stage.runtime.alerts.feed():
                    if quiet == "silence":
                        await stage.runtime.alerts.silence(alert.id, for_s=86_400)
                    else:
                        await stage.runtime.alerts.acknowledge(alert.id)
            kept.append({one.key.target for one in stage.runtime.alerts.feed() if one.key.metric == JOB_MET})
        assert len(inbox.taken) == 1, [mail.get_content() for _, mail in inbox.taken]
        assert kept == [{"web-01"}] * 3 + [set()], "84 % is not back yet"


async def test_nothing_is_run_where_the_condition_does_not_hold_or_nothing_fresh_is_known(home: Path) -> None:
    async with played(home) as (stage, connector, _):
        said = await stage.chat(RESTART)
        for part in (
            "only if memory used over 90 %, by opsterm's own measurements",
            "standing approval",
            "restart nginx",
        ):
            assert part in said
        await stage.chat("yes")
        [standing] = await stage.runtime.changes.list()
        await stage.runtime.changes.approve(standing.id, digest=standing.digest)
        await stage.go("2026-11-27T13:05:00Z", 60)
        assert connector.opened == []
        [(target, why)] = stage.firing(JOB_FAILED)
        assert (target, "It was not run: memory used is not measured here" in why) == ("web-01", True)
        for hour, (value, runs) in enumerate([(40, 0), (95, 1), (96, 2), (50, 2)], 14):
            await stage.go(f"2026-11-27T{hour - 1}:59:30Z")
            await measured(stage, "memory.used_percent", web_01=value)
            await stage.go(f"2026-11-27T{hour}:00:05Z", 60)
            assert len(connector.opened) == runs, f"{value} %"
            assert stage.firing(JOB_FAILED) == set()
        [newest, *_] = await stage.runtime.jobs.runs(await stage.runtime.jobs.get("j1"))
        assert "Nothing was run. Not memory used over 90 %: web-01: memory used 50 %." in newest.said


FULL = MeasuredCondition(metric="memory.used_percent", value=90)
FIGURES = JobNotice(occasion=JobCause.FIGURES, field="used_percent", value=50, to=("ops@x.test",))
FAILURE = JobNotice(occasion=JobCause.FAILURE, to=("ops@x.test",))


async def test_what_was_found_is_told_when_the_rest_of_a_turn_is_never_measured(home: Path) -> None:
    async with played(home) as (stage, connector, inbox):
        await made(stage, FIGURES, FULL, retries=1)
        connector.answers = {"web-01": printing(b"/ 60%\n")}
        await stage.go("2026-11-27T12:59:30Z")
        await measured(stage, "memory.used_percent", web_01=95)
        await stage.go("2026-11-27T13:00:05Z")
        assert (connector.opened, inbox.taken) == (["web-01"], []), "another try is left for web-02"
        await stage.go("2026-11-27T13:02:00Z", 60)
        assert connector.opened == ["web-01"]
        [(_, mail)] = inbox.taken
        assert mail["subject"] == "[opsterm] j1 look: found on 1 of 2"
        for part in ("web-01  / 60 %", "web-02  It was not run: memory used is not measured here."):
            assert part in mail.get_content()
        assert {name for name, _ in stage.firing(JOB_MET)} == {"web-01"}
        assert {name for name, _ in stage.firing(JOB_FAILED)} == {"web-02"}


async def test_who_is_told_of_failures_is_told_when_nothing_fresh_is_known_anywhere(home: Path) -> None:
    async with played(home) as (stage, connector, inbox):
        await made(stage, FAILURE, FULL, retries=0)
        await stage.go("2026-11-27T13:00:05Z")
        assert connector.opened == []
        [(_, mail)] = inbox.taken
        assert mail["subject"] == "[opsterm] j1 look: failed on 2 of 2"
        assert "web-02  It was not run: memory used is not measured here." in mail.get_content()


async def test_who_wants_to_know_always_is_not_told_of_a_turn_that_ran_nowhere(home: Path) -> None:
    async with played(home) as (stage, connector, inbox):
        await made(stage, JobNotice(occasion=JobCause.ALWAYS, to=("ops@x.test",)), FULL)
        await stage.go("2026-11-27T12:59:30Z")
        await measured(stage, "memory.used_percent", web_01=40, web_02=50)
        await stage.go("2026-11-27T13:00:05Z")
        assert (connector.opened, inbox.taken) == ([], [])


async def test_a_script_that_failed_has_failed_though_its_condition_no_longer_holds(home: Path) -> None:
    async with played(home) as (stage, connector, inbox):
        await made(stage, FAILURE, FULL, retries=1)
        connector.answers = {"web-01": printing(b"broken\n", exit_status=3)}
        await stage.go("2026-11-27T12:59:30Z")
        await measured(stage, "memory.used_percent", web_01=95, web_02=40)
        await stage.go("2026-11-27T13:00:05Z")
        await measured(stage, "memory.used_percent", web_01=40, web_02=40)
        await stage.go("2026-11-27T13:02:00Z", 60)
        assert connector.opened == ["web-01"], "it runs where the condition holds, and nowhere else"
        [run] = await stage.runtime.jobs.runs(await stage.runtime.jobs.get("j1"))
        assert (run.state, run.failed) == (RunState.FAILED, ("web-01",)), run.said
        assert "web-01: It ended with 3." in run.said
        [(_, mail)] = inbox.taken
        assert "broken" in mail.get_content()


async def test_a_failure_stands_until_the_script_has_run_there_again(home: Path) -> None:
    async with played(home) as (stage, connector, _):
        await made(stage, FIGURES, FULL, retries=0)
        connector.answers = {
            "web-01": printing(b"broken\n", exit_status=3), "web-02": printing(b"/ 60%\n"),
        }  # fmt: skip
        stands = []
        for hour, first, second in ((13, 95, 95), (14, 40, 40), (15, 40, 95), (16, 95, 95)):
            await stage.go(f"2026-11-27T{hour - 1}:59:30Z")
            await measured(stage, "memory.used_percent", web_01=first, web_02=second)
            await stage.go(f"2026-11-27T{hour}:00:05Z")
            stands.append([{name for name, _ in stage.firing(metric)} for metric in (JOB_FAILED, JOB_MET)])
            if hour == 13:
                connector.answers = dict.fromkeys(("web-01", "web-02"), printing(b"/ 40%\n"))
        failed, found = {"web-01"}, {"web-02"}
        assert stands == [[failed, found], [failed, found], [failed, set()], [set(), set()]]


async def test_a_condition_is_kept_beside_what_is_given_and_no_report_has_one(home: Path) -> None:
    async with played(home) as (stage, _, _):
        drafted = await stage.runtime.job_wishes.draft(RESTART, given=Given(notice=FAILURE))
        assert drafted.script is not None
        assert (drafted.script.only_if, drafted.script.notice) == (FULL, FAILURE)
        with pytest.raises(BadInput, match="sent each time"):
            await stage.runtime.job_wishes.draft("every day at 6 a summary of changes only if memory is over 90 %")


async def test_what_is_not_measured_is_no_condition(home: Path) -> None:
    async with played(home) as (stage, connector, _):
        said = await stage.chat("every hour run `reboot` on web-01 only if the mood is over 90")
        assert "opsterm does not measure" in said
        assert connector.opened == []
