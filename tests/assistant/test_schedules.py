"""Phrases of time: each means just one thing, or is asked about; no word of them is passed over."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.adapters.accounts import HostAccounts
from opsterm.assistant.schedules.phrases import understand_schedule
from opsterm.assistant.schedules.words import LONGEST_PHRASE
from opsterm.changes.schedule import JobSchedule, ScheduleKind, next_times
from opsterm.changes.schedule_text import schedule_text

ZONES = HostAccounts()
NOW = datetime(2026, 11, 29, 5, 20, tzinfo=ZoneInfo("Europe/Berlin"))
"""A Sunday."""
CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "cases" / "schedules.jsonl").read_text(encoding="utf-8").splitlines()
]
"""phrase, and what it means: cron, rule with start, or once; ask where it is asked about, default where one is told."""


def meaning(phrase: str) -> dict[str, object]:
    """Return what a phrase means, as the cases have it."""
    understood = understand_schedule(phrase, now=NOW, timezone="Europe/Berlin", zones=ZONES)
    schedule = understood.schedule
    if schedule is None:
        assert understood.question.endswith(("?", ".")), understood
        return {"phrase": phrase, "ask": True}
    assert next_times(schedule, NOW, 1, zones=ZONES), "a schedule has a time ahead"
    assert schedule.timezone in schedule_text(schedule)
    told = {"phrase": phrase, **_written(schedule)}
    if understood.question:
        assert "is taken." in understood.question
        told["default"] = True
    return told if schedule.timezone == "Europe/Berlin" else {**told, "timezone": schedule.timezone}


def _written(schedule: JobSchedule) -> dict[str, object]:
    start = schedule.start.isoformat(timespec="minutes") if schedule.start else ""
    if schedule.kind is ScheduleKind.CRON:
        return {"cron": schedule.cron}
    if schedule.kind is ScheduleKind.RULE:
        return {"rule": schedule.rule.replace(";BYSECOND=0", ""), "start": start}
    return {"once": start}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["phrase"]))
def test_a_phrase_means_this(case: dict[str, object]) -> None:
    assert meaning(str(case["phrase"])) == case


WORDS = sorted({word for case in CASES for word in str(case["phrase"]).lower().split()})


@given(
    st.sampled_from([str(case["phrase"]) for case in CASES]), st.integers(0, 8), st.sampled_from(["zebra", "%", "ops"])
)
def test_a_word_that_is_part_of_nothing_is_asked_about(phrase: str, place: int, odd: str) -> None:
    words = phrase.split()
    words.insert(min(place, len(words)), odd)
    assert understand_schedule(" ".join(words), now=NOW, timezone="Europe/Berlin", zones=ZONES).schedule is None


PHRASES = [str(case["phrase"]) for case in CASES]
SPLICED = st.tuples(st.sampled_from(PHRASES), st.integers(0, 9), st.sampled_from(PHRASES), st.integers(0, 9)).map(
    lambda two: " ".join([*two[0].split()[: two[1]], *two[2].split()[two[3] :]])
)


@given(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join) | SPLICED | st.text(max_size=LONGEST_PHRASE + 20))
def test_any_text_is_a_schedule_with_times_or_a_question(text: str) -> None:
    understood = understand_schedule(text, now=NOW, timezone="Europe/Berlin", zones=ZONES)
    if understood.schedule is None:
        assert understood.question
    else:
        assert next_times(understood.schedule, NOW, 3, zones=ZONES)


@pytest.mark.parametrize(("hour", "day"), [(5, 30), (23, 1)])
def test_days_are_counted_where_the_schedule_is(hour: int, day: int) -> None:
    phrase, now = "tomorrow at 9 Pacific/Auckland", NOW.replace(hour=hour)
    schedule = understand_schedule(phrase, now=now, timezone="Europe/Berlin", zones=ZONES).schedule
    assert schedule is not None
    assert schedule.start is not None
    assert (schedule.start.day, schedule.start.hour) == (day, 9)
