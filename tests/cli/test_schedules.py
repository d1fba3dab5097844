"""The verb that says what a phrase of time means, as a script drives it."""

from __future__ import annotations

import json

import pytest

from opsterm.cli.json_keys import JSON_KEYS
from tests.cli.account import Account

NOW = ("--now", "2026-11-29T05:20", "--timezone", "Europe/Berlin")


def test_a_phrase_is_read_back_with_its_next_times(account: Account) -> None:
    told = account.run("schedule", "parse", *NOW, "weekdays", "at", "7:30", expect=0).out.splitlines()
    assert told[0] == "at 07:30 on Monday through Friday, Europe/Berlin"
    assert told[1] == "cron: 30 7 * * 1-5"
    assert told[2] == "next: Mon 2026-11-30 07:30 CET"
    assert len(told) == 7


def test_each_line_of_input_gets_its_object_in_order(account: Account) -> None:
    phrases = ["every other day at 5", "every second Tuesday", "weekly", "tomorrow at 3pm"]
    ran = account.run("schedule", "parse", *NOW, "-", stdin="\n".join([*phrases, "", ""]), expect=0)
    records = [json.loads(line) for line in ran.out.splitlines()]
    assert [record["phrase"] for record in records] == phrases
    assert all(tuple(record) == JSON_KEYS["schedule parse"] for record in records)
    assert [record["kind"] for record in records] == ["rrule", None, "cron", "once"]
    assert records[1]["question"] == "The second Tuesday of each month, or Tuesday in every other week?"
    assert (records[2]["cron"], "Sunday is taken" in records[2]["question"]) == ("0 6 * * 0", True)
    assert records[3]["next"] == ["2026-11-30T15:00:00+01:00"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["every", "second", "tuesday"], "or Tuesday in every other week?"),
        (["--now", "yesterday", "daily"], "is no time"),
        (["--timezone", "Mars/Olympus", "daily"], "is not known here"),
    ],
    ids=["two meanings", "now", "zone"],
)
def test_what_is_no_schedule_is_a_sentence(account: Account, words: list[str], says: str) -> None:
    ran = account.run("schedule", "parse", *words, expect=2)
    assert says in ran.err
    assert ran.out == ""
