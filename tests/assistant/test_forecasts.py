"""Questions about what comes: read whole or asked back, and answered with counts, edges, history and age."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsterm.assistant.answer import answer_lines
from opsterm.assistant.answers_forecasts import answer_forecasts
from opsterm.assistant.errands import Errand
from opsterm.assistant.forecast_question import ForecastQuestion
from opsterm.assistant.forecasts import loosely_ahead
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpret import interpret
from opsterm.assistant.interpretation import Confidence
from opsterm.monitoring.outlook import Forecast, LookAhead, Outlook
from opsterm.monitoring.sample import SeriesKey
from tests.assistant.exam.fleet import NOW, world

WORLD = world()
COPES = "fs.used_percent,fs.inodes_used_percent,memory.used_percent,swap.used_percent,cpu.used_percent"
READ = {
    "when will the disks on db-1 fill?": "fs.used_percent of db-1",
    "when will the disk on db-1 be full": "fs.used_percent of db-1",
    "will the disk fill on web-03": "fs.used_percent of web-03",
    "which hosts run out of disk within 30 days": "fs.used_percent of all within 720h",
    "which hosts run out of space first": "fs.used_percent of all",
    "which file systems will be full in two weeks": "fs.used_percent of all within 336h",
    "do we run out of disk in staging this month": "fs.used_percent of env:staging within 133h",
    "anything gonna fill up this weekend?": "fs.used_percent of all within 109h",
    "is the disk of db-1 going to be full by 2026-12-24": "fs.used_percent of db-1 within 709h",
    "will any disk fill up before christmas": "fs.used_percent of all within 733h",
    "when does /var on db-2 hit 100%": "fs.used_percent[/var] of db-2",
    "inode exhaustion eta for mail-1": "fs.inodes_used_percent of mail-1",
    "how long till we run out of ram on the web servers": "memory.used_percent of group:web",
    "how much memory headroom next month": "memory.used_percent of all within 720h",
    "will we run out of memory in prod in the next 7 days": "memory.used_percent of env:prod within 168h",
    "project memory use of orion, 30 days out": "memory.used_percent of orion within 720h",
    "forecast cpu for the app group next month": "cpu.used_percent of group:app within 720h",
    "when will swap on fw-1 be exhausted": "swap.used_percent of fw-1",
    "will web-01 cope until Friday?": f"{COPES} of web-01 within 61h",
    "forecast memory.used_percent of env:prod within 168h": "memory.used_percent of env:prod within 168h",
}


@pytest.mark.parametrize(("text", "line"), READ.items())
def test_a_question_about_what_comes_is_read_whole(text: str, line: str) -> None:
    read = interpret(text, WORLD)
    assert (read.intent, read.line) == (Intent.CAPACITY, f"forecast {line}")
    assert interpret(read.line, WORLD).query == read.query
    assert interpret(read.line, WORLD).confidence is Confidence.EXACT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("when will the disks on db1 fill?", "I do not know 'db1', so nothing is forecast. Known and alike: db-1."),
        ("when will db-9 run out of space", "I do not know 'db-9'"),
        ("forecast the load of web-01", "has no value at which it is full"),
    ],
)
def test_a_target_is_never_guessed_and_what_is_never_full_is_said(text: str, said: str) -> None:
    read = interpret(text, WORLD)
    assert read.query is None
    assert said in read.question


@pytest.mark.parametrize(
    "text", ["which disks are filling up", "can you show me disk usage of web-01", "will you list the hosts",
             "when did the disk of db-1 fill up", "what to do when the disk is full"]
)  # fmt: skip
def test_other_questions_stay_what_they_are(text: str) -> None:
    assert not isinstance(interpret(text, WORLD).query, ForecastQuestion)


def test_a_wish_that_is_read_in_part_is_answered_for_that_part() -> None:
    wish = Errand(kind=Intent.CAPACITY, words="will 64 gigs of ram be enough by june", selector="db-1")
    assert loosely_ahead(wish, WORLD).line == "forecast memory.used_percent of db-1 within 4501h"


DAY = 86400.0
FILLS = Forecast(
    key=SeriesKey("db-1", "fs.used_percent", "/"), unit="%", limit=100, outlook=Outlook.FILLS, value=81, at=NOW - 30,
    history_s=30 * DAY, readings=43_200, horizon_s=30 * DAY, per_day=1.6, full_at=NOW + 12.1 * DAY,
    earliest=NOW + 9.2 * DAY, latest=NOW + 17 * DAY, low=96, middle=100, high=100,
)  # fmt: skip
QUESTION = ForecastQuestion(metrics=("fs.used_percent",), selector="db-1", within_h=720)


def _said(*forecasts: Forecast, series: int = 0, **counts: int) -> str:
    found = LookAhead(forecasts=forecasts, series=series or len(forecasts), targets=1, **counts)
    return "\n".join(answer_lines(answer_forecasts(QUESTION, found, NOW)))


def test_one_that_fills_says_when_between_what_and_from_how_much() -> None:
    said = _said(FILLS)
    assert (
        "file system / on db-1 fills in 12 d, in 8 of 10 cases between 9 d and 17 d: 81 % now, 1.6 % a day, "
        "from 30 d of history [m1]."
    ) in said
    assert "[m1] fs.used_percent[/] of db-1, 43,200 readings of 30 d, newest 30 s old" in said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"outlook": Outlook.TOO_LITTLE, "history_s": 5 * 3600.0}, "too little history (5 h): no forecast"),
        (
            {"outlook": Outlook.STALE, "full_at": 0.0, "earliest": 0.0, "latest": 0.0, "at": NOW - 15 * DAY},
            "db-1: no fresh measurement, so no forecast; 81 % when it was measured last, 15 d ago",
        ),
        (
            {"outlook": Outlook.PART_OF_WEEK, "full_at": 0.0, "earliest": 0.0, "latest": 0.0, "history_s": 10 * DAY},
            "or swings with the week: too little history for a weekly pattern (10 d), so no date; 81 % now",
        ),
        ({"outlook": Outlook.NO_TREND}, "no trend, it does not fill at this rate"),
        ({"outlook": Outlook.FALLS, "per_day": -2.0}, "falls by 2.0 % a day"),
        ({"outlook": Outlook.GROWS, "full_at": 0.0}, "does not fill within the 30 d that can be told; it may from 9 d"),
        ({"outlook": Outlook.FULL}, "is full: 81 % now"),
        ({"latest": 0.0}, "between 9 d and more than 30 d"),
        ({"cut_at": NOW - 3 * DAY}, "its level or pace changed 3 d ago; only what came since counts"),
        ({"recurring": 4}, "space was freed 4 times in this history"),
        ({"at": NOW - 3 * DAY}, "the newest measurement is 3 d old"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_said(changed: dict[str, object], said: str) -> None:
    assert said in _said(replace(FILLS, **changed))  # type: ignore[arg-type]  # any of its fields


def test_of_many_those_that_fill_are_shown_and_the_others_counted() -> None:
    may = replace(FILLS, outlook=Outlook.GROWS, full_at=0.0, latest=0.0)
    said = _said(FILLS, may, replace(may, earliest=0.0), series=100, too_little=7, steady=90)
    assert (
        "100 series of 1 target: 1 fills within 30 d, 1 may, at the edge of what is likely, 91 do not at this rate, "
        "7 with too little history (under 24 h): no forecast."
    ) in said
    assert said.count("file system /  ") == 2


def test_what_is_not_measured_has_no_history() -> None:
    assert "no history to look ahead from" in _said()


def test_what_was_not_measured_lately_does_not_count_as_filling() -> None:
    old = replace(FILLS, outlook=Outlook.STALE, full_at=0.0, earliest=0.0, latest=0.0, at=NOW - 15 * DAY)
    said = _said(FILLS, old)
    assert "1 fills within 30 d, 0 do not at this rate, 1 with no fresh measurement: no forecast." in said
    part = replace(old, outlook=Outlook.PART_OF_WEEK, at=NOW)
    assert "0 do not at this rate, 1 with too little history for a weekly pattern: no date." in _said(FILLS, part)
    assert "file system / on db-1: no fresh measurement; it was 81 % 15 d ago." in said
