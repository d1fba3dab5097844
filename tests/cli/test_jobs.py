"""The verbs of what is done by schedule, as a script drives them."""

from __future__ import annotations

import json

import pytest

from opsterm.cli.json_keys import JSON_KEYS
from tests.cli.account import Account

WHEN = ("snapshot", "schedule", "every day at 2", "/etc/hostname", "--on", "localhost", "--timezone", "UTC")


def test_when_it_would_be_is_said_and_nothing_is_kept_until_it_is_meant(account: Account) -> None:
    dry = account.run(*WHEN, "--dry-run", "--missed", "skip", "--jitter", "10m", expect=0)
    assert "at 02:00 every day, UTC" in dry.err
    assert dry.err.count("next: ") == 5
    assert "left out, and told" in dry.err
    assert "Begun up to 10 m later." in dry.err
    assert "no run has to be approved" in dry.err
    assert "Add --yes" in account.run(*WHEN, expect=2).err
    assert account.run("schedule", "list", "--json", expect=0).out == ""


def test_a_job_is_made_shown_paused_and_removed(account: Account) -> None:
    made = json.loads(account.run(*WHEN, "--yes", "--json", "--keep-last", "3", expect=0).out)
    assert tuple(made) == JSON_KEYS["snapshot schedule"]
    assert (made["id"], made["cron"], made["missed"], made["next_at"] > 0) == ("j1", "0 2 * * *", "run-once", True)
    listed = account.run("schedule", "list", expect=0)
    assert "recovery points of localhost: files /etc/hostname" in listed.out
    assert "No process runs jobs now" in listed.err
    assert "j1  at 02:00 every day, UTC; next in" in account.run("snapshot", "list", expect=0).err
    shown = json.loads(account.run("schedule", "show", "j1", "--json", expect=0).out)
    assert (tuple(shown), shown["runs"]) == (JSON_KEYS["schedule show"], [])
    assert json.loads(account.run("schedule", "pause", "j1", "--json", expect=0).out)["paused"]
    assert "paused" in account.run("schedule", "run", "j1", expect=2).err
    assert not json.loads(account.run("schedule", "resume", "j1", "--json", expect=0).out)["paused"]
    assert json.loads(account.run("schedule", "run", "j1", "--json", expect=0).out)["turn"]["tries"] == 0
    assert "what it has made stays" in account.run("schedule", "remove", "j1", expect=0).err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("every second tuesday", "/etc", "--on", "localhost"), "or Tuesday in every other week?"),
        (("daily", "/etc", "--on", "no-such-host"), "no-such-host"),
        (("daily", "--on", "localhost"), "Nothing is named"),
        (("daily", "/etc", "--on", "localhost", "--jitter", "soon"), "is not a length of time"),
        (("yesterday", "/etc", "--on", "localhost"), ""),
    ],
    ids=["two meanings", "no target", "nothing", "jitter", "the past"],
)
def test_what_cannot_be_done_by_schedule_is_a_sentence(account: Account, words: tuple[str, ...], says: str) -> None:
    ran = account.run("snapshot", "schedule", *words, "--yes", expect=2)
    assert says in ran.err
    assert "Traceback" not in ran.err


def test_a_job_that_is_not_there_is_a_sentence(account: Account) -> None:
    assert "`opsterm schedule list` lists them" in account.run("schedule", "show", "j9", expect=2).err
    assert "Write it as in j3" in account.run("schedule", "remove", "all", expect=2).err


ADD = ("schedule", "add", "every day at 6 run `df -P /` on localhost and tell me if any disk is over 85% full")


def test_a_sentence_is_said_back_and_kept_when_it_is_meant(account: Account) -> None:
    dry = account.run(*ADD, "--dry-run", expect=0)
    for part in ("df -P /", "at 06:00 every day", "cron: 0 6 * * *", "used percent is over 85 %", "standing approval"):
        assert part in dry.err
    assert "Add --yes" in account.run(*ADD, expect=2).err
    made = json.loads(account.run(*ADD, "--yes", "--json", expect=0).out)
    assert tuple(made) == JSON_KEYS["schedule add"]
    assert (made["kind"], made["standing"], made["results"]) == ("script", "c1", 30)
    approved = account.run("approve", "c1", "--targets", "1", expect=0)
    assert "lets its job run these very bytes" in approved.err
    assert "Filesystem" not in approved.out, "a yes runs nothing"
    assert "not run itself" in account.run("run", "c1", expect=4).err
    assert "c1 is approved" in account.run("schedule", "show", "j1", expect=0).out
    account.run("schedule", "remove", "j1", expect=0)
    assert "denied" in account.run("changes", expect=0).out


def test_a_script_of_a_file_by_a_phrase(account: Account) -> None:
    script = account.home / "look.sh"
    script.write_text("#!/bin/sh\ndf -P /\n")
    words = ("schedule", "add", "weekdays at 7:30", "--script", str(script), "--on", "localhost")
    said = account.run(*words, "--tell", "failure", "--timeout", "30s", "--stands", "7d", "--dry-run", expect=0).err
    for part in ("look.sh", "df -P /", "30 s limit on each target", "for 7 d at most", "When it fails"):
        assert part in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run `uptime` on localhost",), "When?"),
        (("every day at 6 run `uptime`",), "On which targets?"),
        (("every day at 6 run `uptime` on no-such-host",), "do not guess where a job runs"),
        (("every second Tuesday run `uptime` on localhost",), "every other week?"),
        (("every day at 6 on localhost",), "What is to be done?"),
        (("every day at 6 run `uptime` on localhost and mail me when it fails",), "To which address"),
        (("every day at 6 if it rains run `uptime` on localhost",), "I do not understand"),
        (("every day at 6 fold the laundry on localhost",), "No script here is for"),
        (("daily", "--script", "/no/such/file", "--on", "localhost"), "cannot be read"),
        (("daily", "--tell", "sometimes", "--on", "localhost"), "does not say when to tell"),
        (("every day at 6 mail a@b.co the weather report",), "mail server"),
    ],
)
def test_what_is_missing_is_asked_back(account: Account, words: tuple[str, ...], says: str) -> None:
    ran = account.run("schedule", "add", *words, "--yes", expect=2)
    assert says in ran.err
    assert "Traceback" not in ran.err
    assert account.run("schedule", "list", "--json", expect=0).out == ""
