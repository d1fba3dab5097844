"""Sentences about jobs: when, what, where, whom to tell; and what is wanted of those that there are."""

from __future__ import annotations

import pytest

from opsterm.assistant.errands import Errand
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpret import interpret
from opsterm.assistant.jobs.acts import JobVerb, read_job_act
from opsterm.assistant.jobs.notices import told_words
from opsterm.assistant.jobs.tasks import task_words
from opsterm.assistant.jobs.times import job_times
from opsterm.assistant.world import World
from opsterm.changes.job_notice import FREE, USED, JobCause, JobNotice

OVER = JobNotice(occasion=JobCause.FIGURES, field=USED, compare=">", value=85.0)


@pytest.mark.parametrize(
    ("text", "notice", "to", "mail"),
    [
        ("check disks on web-01 and email alerts if any drive is over 85% full", OVER, (), True),
        ("check disks and alert me when a volume is more than 85 percent used", OVER, (), False),
        ("check disks and raise an alert if a volume is more than 85 percent used", OVER, (), False),
        ("check disks and trigger a warning when a drive is over 85% full", OVER, (), False),
        ("mail ops@x.test if usage exceeds 85%", OVER, ("ops@x.test",), True),
        (
            "tell me if less than 10% is free",
            JobNotice(occasion=JobCause.FIGURES, field=FREE, compare="<", value=10.0), (), False,
        ),
        (
            "warn if free space drops below 10%",
            JobNotice(occasion=JobCause.FIGURES, field=FREE, compare="<", value=10.0), (), False,
        ),
        (
            "e-mail a@b.co and c@d.co when a disk reaches 90%",
            JobNotice(occasion=JobCause.FIGURES, field=USED, compare=">=", value=90.0), ("a@b.co", "c@d.co"), True,
        ),
        (
            "warn if load is over 8.5",
            JobNotice(occasion=JobCause.FIGURES, field="load", compare=">", value=8.5), (), False,
        ),
        (
            "alert when queue_length is at least 100",
            JobNotice(occasion=JobCause.FIGURES, field="queue_length", compare=">=", value=100.0), (), False,
        ),
        ("alert on failure", JobNotice(occasion=JobCause.FAILURE), (), False),
        ("tell ops@x.test when it fails", JobNotice(occasion=JobCause.FAILURE), ("ops@x.test",), True),
        ("email me only when it changes", JobNotice(occasion=JobCause.DIFFERENCE), (), True),
        ("run it, mail the results to ops@x.test", JobNotice(occasion=JobCause.ALWAYS), ("ops@x.test",), True),
    ],
)  # fmt: skip
def test_whom_to_tell_of_what(text: str, notice: JobNotice, to: tuple[str, ...], *, mail: bool) -> None:
    found = told_words(text)
    assert found.notice is not None
    assert found.notice.to == to
    assert (found.notice.occasion, found.notice.field, found.notice.compare, found.notice.value) == (
        notice.occasion, notice.field, notice.compare, notice.value
    )  # fmt: skip
    assert found.wants_mail is mail


def test_who_is_not_spoken_of_is_not_told() -> None:
    assert told_words("run `mail -s x a@b.co` every day on web-01").notice is None
    assert told_words("run `mail -s x a@b.co` every day on web-01").rest.startswith("run `mail -s x a@b.co`")


@pytest.mark.parametrize(
    ("text", "words", "command", "language", "where"),
    [
        ("a PowerShell script to check disk space on all Windows servers", "check disk space", "", "powershell",
         "all Windows servers"),
        ("run `df -P | sort` on web-01", "", "df -P | sort", "", "web-01"),
        ("please run the command `uptime` across tag:web", "", "uptime", "", "tag:web"),
        ("check certificates of the shop", "check certificates", "", "", "the shop"),
        ("disk check on localhost", "disk check", "", "", "localhost"),
    ],
)  # fmt: skip
def test_what_is_done_where(text: str, words: str, command: str, language: str, where: str) -> None:
    found = task_words(text)
    assert (found.words, found.command, found.language, found.where) == (words, command, language, where)
    assert found.unread == ""


@pytest.mark.parametrize(
    "text",
    ["if it rains run `x` on web-01", "check disk space unless it is full on web-01", "at 7 check disks on web-01"],
)
def test_words_that_mean_something_are_not_passed_over(text: str) -> None:
    assert task_words(text).unread


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("mail me the alerts of the week", "alerts of the week"),
        ("inventory report", "inventory"),
        ("a report of open alerts", "open alerts"),
        ("send me the list of offline hosts", "offline hosts"),
        ("send the summary of changes", "changes"),
    ],
)
def test_reports(text: str, question: str) -> None:
    assert task_words(text).report == question


@pytest.mark.parametrize(
    ("text", "phrase", "rest"),
    [
        ("daily inventory report at 6", "daily at 6", "inventory report"),
        ("at 7 check disks on web-01 daily", "daily at 7", "check disks on web-01"),
        ("every Monday check disks at 7:30", "every Monday at 7:30", "check disks"),
        ("run `x` every hour on web-01", "every hour", "run `x` on web-01"),
    ],
)
def test_a_time_may_stand_in_two_places(text: str, phrase: str, rest: str) -> None:
    assert (phrase, rest) in list(job_times(text))


JOBS = (
    "j1 check disk space on win-[1-2] weekly", "j2 nightly backup of db-1 every night at 2",
    "j3 report to a@b.co: list targets daily at 6",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "verb", "names"),
    [
        ("pause j3", JobVerb.PAUSE, ("j3",)),
        ("please pause the nightly backup", JobVerb.PAUSE, ("j2",)),
        ("cancel the disk check", JobVerb.REMOVE, ("j1",)),
        ("resume the weekly disk check", JobVerb.RESUME, ("j1",)),
        ("cancel job 7", JobVerb.REMOVE, ("j7",)),
        ("run job 2 now", JobVerb.RUN, ("j2",)),
        ("what runs tonight?", JobVerb.LIST, ()),
        ("list scheduled jobs", JobVerb.LIST, ()),
        ("what is planned for the weekend", JobVerb.LIST, ()),
        ("when does the backup run next?", JobVerb.LIST, ("j2",)),
        ("cancel the scheduled reboot", JobVerb.REMOVE, ()),
    ],
)
def test_what_is_wanted_of_jobs(text: str, verb: JobVerb, names: tuple[str, ...]) -> None:
    found = read_job_act(text, JOBS)
    assert found is not None
    assert (found.verb, found.names) == (verb, names)


@pytest.mark.parametrize(
    "text",
    ["stop nginx on web-01", "delete /tmp on web-01", "show web-01", "remove web-01", "cancel c3",
     "what runs on web-01", "run `uptime` on web-01", "list alerts", "restart nginx on web-01"],
)  # fmt: skip
def test_other_sentences_are_left_alone(text: str) -> None:
    assert read_job_act(text, JOBS) is None


@pytest.mark.parametrize(
    "text",
    ["run `uptime` on web-01 tomorrow", "schedule a reboot of web-01 tonight", "every monday run uptime on web-01",
     "run `uptime` on web-01 later", "restart the nginx service on web-01 tomorrow", "pause j3"],
)  # fmt: skip
def test_what_is_to_be_done_later_is_no_order_for_now(text: str) -> None:
    read = interpret(text, World(now=0.0))
    assert isinstance(read.query, Errand)
    assert read.intent is Intent.SCHEDULE
