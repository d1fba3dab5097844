"""What is learned from commands and fixes, as an operator and a script drive it."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.cli.json_keys import JSON_KEYS
from tests.cli.account import Account
from tests.runtime.test_fixes import CARDS


def ran(account: Account, *commands: str) -> None:
    for command in commands:
        account.run("query", "--on", "localhost", "--", command, expect=0)


def test_commands_are_suggested_shown_made_a_runbook_and_forgotten(account: Account) -> None:
    ran(account, *["uptime", "df -h /"] * 3)
    (one,) = account.run("suggest", "--prefix", "df", "--after", "uptime", "--json", expect=0).records()
    assert tuple(one) == JSON_KEYS["suggest"]
    assert (one["command"], one["risk"], one["times_after"]) == ("df -h /", "read", 3)
    assert "3 of 3 ended well" in account.run("suggest", "--after", "uptime", "--target", "localhost", expect=0).out
    listed = account.run("habits", "list", "--json", expect=0).records()
    assert (len(listed), tuple(listed[0])) == (6, JSON_KEYS["habits list"])
    (flow,) = account.run("habits", "workflows", "--json", expect=0).records()
    assert tuple(flow) == JSON_KEYS["habits workflows"]
    assert (flow["commands"], flow["times"]) == (["uptime", "df -h /"], 3)
    card = account.run("habits", "save", "1", "look-round", "Look", "round", "--json", expect=0).record()
    assert tuple(card) == JSON_KEYS["habits save"]
    assert [step["text"] for step in card["fix"]] == flow["commands"]
    told = account.run("habits", "forget", "df -h /", "--json", expect=0).record()
    assert told == {"command": "df -h /", "forgotten": 3}
    assert account.run("suggest", "--prefix", "df", expect=0).out.splitlines()[1:] == []
    ran(account, "true")
    assert [one["command"] for one in account.run("habits", "list", "--json", expect=0).records()][:1] == ["true"]
    account.run("habits", "forget", "--all", expect=0)
    assert account.run("habits", "list", "--json", expect=0).records() == []
    assert "had commands forgotten" in account.run("audit", "list", expect=0).out


def test_switched_off_nothing_is_kept_and_nothing_suggested(account: Account) -> None:
    off = ("--set", "learning.commands=false")
    ran(account, "uptime")
    assert account.run("suggest", "--prefix", "up", "--json", *off, expect=0).records() == []
    assert "learning.commands is off" in account.run("suggest", "--prefix", "up", *off, expect=0).err
    assert account.run("habits", "list", "--json", *off, expect=0).records() == []
    assert "Nothing is learned" in account.run("habits", "save", "1", "x", "X", *off, expect=4).err


def test_a_secret_in_a_command_is_in_no_suggestion_and_in_no_table(account: Account) -> None:
    account.run("query", "--on", "localhost", "--", "echo --password hunter2-canary")
    account.run("propose", "--on", "localhost", "--", "true --password=hunter2-canary")
    for change in ("c1", "c2"):
        account.run("approve", change, "--targets", "1")
    assert "hunter2-canary" not in account.run("habits", "list", expect=0).out
    for prefix in ("echo", "true", ""):
        assert account.run("suggest", "--prefix", prefix, "--json", expect=0).records() == []


def test_a_step_of_a_card_is_proposed_run_and_counted(account: Account, tmp_path: Path) -> None:
    account.run("knowledge", "add", "-", stdin=CARDS, expect=0)
    made = account.run(
        "knowledge", "fix", "gizmo-stuck", "--step", "2", "--on", "localhost", "--with", f"NAME={tmp_path / 'x'}",
        "--verify", "command:true", "--tries", "1", "--json", expect=0,
    ).record()  # fmt: skip
    assert tuple(made) == JSON_KEYS["knowledge fix"]
    account.run("approve", made["id"], "--targets", "1", expect=0)
    (trial,) = account.run("knowledge", "record", "--json", expect=0).records()
    assert tuple(trial) == JSON_KEYS["knowledge record"]
    assert (trial["card"], trial["end"]) == ("gizmo-stuck", "worked")
    assert "worked 1 of 1 time here" in account.run("knowledge", "record", "gizmo-stuck", expect=0).out
    hit = account.run("knowledge", "search", "gizmo: stuck at 3", "--json", expect=0).record()["hits"][0]
    assert (hit["id"], hit["worked"], hit["tried"]) == ("gizmo-stuck", 1, 1)
    said = account.run("knowledge", "outcome", made["id"], "failed", "--json", expect=0).record()
    assert (tuple(said), said["end"]) == (JSON_KEYS["knowledge outcome"], "failed")
    assert account.run("knowledge", "forget", "gizmo-stuck", "--json", expect=0).record() == {
        "id": "gizmo-stuck", "forgotten": True,
    }  # fmt: skip
    looked = account.run("knowledge", "check", "gizmo-stuck", "--on", "localhost", "--json", expect=0)
    assert tuple(looked.record()) == JSON_KEYS["knowledge check"]
    assert "Left out: ls NAME: say it with --with NAME=" in looked.err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["knowledge", "fix", "disk-deleted-open", "--step", "2", "--on", "localhost"], 2, "--with NAME="),
        (["knowledge", "fix", "disk-full", "--step", "1", "--on", "localhost"], 2, "is no command"),
        (["knowledge", "fix", "disk-full", "--step", "2", "--on", "localhost", "--with", "X"], 2, "gives no word"),
        (["knowledge", "fix", "never-there", "--on", "localhost"], 2, "no card"),
        (["knowledge", "fix", "disk-full", "--step", "2", "--on", "localhost", "--alert", "a9"], 2, "a9"),
        (["knowledge", "outcome", "c9", "worked"], 2, "no change c9"), (["habits", "forget"], 2, "or --all"),
        (["habits", "forget", "df"], 2, "Nothing is kept of"), (["habits", "save", "1", "x", "X"], 2, "0 sequences"),
        (["suggest", "--target", "never-there"], 2, "never-there"), (["knowledge", "forget", "x"], 2, "was tried here"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told(account: Account, words: list[str], code: int, says: str) -> None:
    assert says in account.run(*words, expect=code).err


def test_nothing_is_recommended_from_nothing(account: Account) -> None:
    assert "Nothing is recommended." in account.run("recommendations", "list", expect=0).err
    assert account.run("recommendations", "list", "--all", "--json", expect=0).records() == []
    assert "There is no recommendation" in account.run("recommendations", "dismiss", "job-000000", expect=2).err
    assert "was not dismissed" in account.run("recommendations", "restore", "job-000000", expect=2).err
    off = account.run("recommendations", "list", "--set", "learning.commands=false", expect=0)
    assert "The setting learning.commands is off." in off.err
