"""Orders about alerts are read whole or asked back; no target and no alert is guessed."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.assistant.alert_order import AlertOrder, AlertVerb, meant_alerts, read_alert_line
from opsterm.assistant.interpret import interpret
from opsterm.assistant.interpretation import Confidence, Memory
from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.sample import SeriesKey
from tests.assistant.exam.fleet import NOW, world

WORLD = world()
READ = {
    "ack the disk alert on web-01": "ack alerts about fs,disk on web-01",
    "please acknowledge a7": "ack alerts a7",
    "ack everything": "ack alerts",
    "silence web-01 for 2 hours": "silence alerts on web-01 for 120m",
    "mute all staging alerts until 6pm": "silence alerts on env:staging for 420m",
    "silence a7 and a8 until tomorrow 9am": "silence alerts a7,a8 for 1320m",
    "snooze the cpu alerts on db-2 for 30m": "silence alerts about cpu on db-2 for 30m",
    "could you mute the memory warning on app-1 for the next 3 hours": (
        "silence alerts about memory warning on app-1 for 180m"
    ),
    "silence / on web-02 until 18:00 on friday": "silence alerts about fs,disk[/] on web-02 for 3300m",
    "mute alert 12 for 2d": "silence alerts a12 for 2880m",
    "silence all web servers except web-01 for 1h": "silence alerts on group:web and not web-01 for 60m",
    "silence critical and warning alerts on web-01 for 1h": "silence alerts on web-01 for 60m",
    "mute crit and warning for 1h": "silence alerts for 60m",
    "unmute the critical alerts in prod": "reopen alerts critical on env:prod",
    "reopen a7": "reopen alerts a7",
}


@pytest.mark.parametrize(("text", "line"), READ.items())
def test_an_order_about_alerts_is_read_whole(text: str, line: str) -> None:
    read = interpret(text, WORLD)
    assert read.line == line
    again = interpret(line, WORLD)
    assert (again.query, again.confidence) == (read.query, Confidence.EXACT)


ASKED = {
    "silence web1 for 2 hours": "'web1', and I do not guess which alerts are meant. Known and alike: web-01.",
    "ack the disk alert on wbe-01": "I do not know 'wbe-01'",
    "silence web-01": "A silence must end",
    "silence all alerts in prod until monday": "Until what time?",
    "silence a7 for 200 days": "90 days at most",
    "ack it": "Which alerts?",
    "silence /var and /home on web-01 for 2h": "more than one thing",
    "silence the disk alerts of / and /var on web-01 for 2h": "more than one thing",
    "silence disk / and memory on web-01 for 2h": "more than one thing",
    "silence web-01 until today 08:00": "That time has passed",
    "silence web-01 until 8 am today": "That time has passed",
    "ack all but a7": "Which alerts are excepted is not read",
    "silence web-01 except the disk alerts for 2 hours": "Which alerts are excepted is not read",
}


@pytest.mark.parametrize(("text", "said"), ASKED.items())
def test_what_is_not_exact_is_asked(text: str, said: str) -> None:
    read = interpret(text, WORLD)
    assert read.query is None
    assert said in read.question


BERLIN = ZoneInfo("Europe/Berlin")
ENDS = [
    ("2026-10-24 20:00", "until 8 am", "2026-10-25 08:00"),
    ("2026-10-24 20:00", "until tomorrow 9 am", "2026-10-25 09:00"),
    ("2026-10-24 20:00", "until monday 09:00", "2026-10-26 09:00"),
    ("2026-10-24 20:00", "for the weekend", "2026-10-26 00:00"),
    ("2026-10-24 20:00", "for 12 hours", "2026-10-25 07:00"),
    ("2026-10-25 20:00", "until 23:00", "2026-10-25 23:00"),
    ("2026-10-25 20:00", "until sunday 19:00", "2026-11-01 19:00"),
    ("2026-03-28 20:00", "until monday 09:00", "2026-03-30 09:00"),
    ("2026-03-28 20:00", "until 2:30", "2026-03-29 03:30"),
    ("2026-03-28 20:00", "for the weekend", "2026-03-30 00:00"),
    ("2026-11-25 11:00", "until 08:00", "2026-11-26 08:00"),
]


def _berlin(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


def _ahead_of_utc(at: float) -> float:
    ahead = datetime.fromtimestamp(at, BERLIN).utcoffset()
    assert ahead is not None
    return ahead.total_seconds()


@pytest.mark.parametrize(("now", "until", "end"), ENDS)
def test_a_silence_ends_by_the_clock_on_the_wall_also_when_that_is_set(now: str, until: str, end: str) -> None:
    at = _berlin(now)
    there = dataclasses.replace(WORLD, now=at, utc_offset_s=_ahead_of_utc(at), offset_at=_ahead_of_utc)
    order = interpret(f"silence web-01 {until}", there).query
    assert isinstance(order, AlertOrder)
    assert datetime.fromtimestamp(at + order.for_min * 60, BERLIN).strftime("%Y-%m-%d %H:%M") == end


@pytest.mark.parametrize("text", ["silenced alerts", "don't silence a7", "is a7 acknowledged?", "who silenced a7"])
def test_other_sentences_are_no_orders(text: str) -> None:
    assert not isinstance(interpret(text, WORLD).query, AlertOrder)


def test_it_is_the_alert_that_was_just_spoken_of() -> None:
    memory = Memory().after(interpret("why a7", WORLD), NOW)
    assert interpret("silence it for 2h", WORLD, memory).line == "silence alerts a7 for 120m"
    memory = Memory().after(interpret("alerts on db-1", WORLD), NOW)
    assert interpret("ack them", WORLD, memory).line == "ack alerts on db-1"


ORDERS = st.builds(
    AlertOrder, verb=st.just(AlertVerb.SILENCE), numbers=st.lists(st.integers(1, 10**9), max_size=3).map(tuple),
    families=st.sampled_from([(), ("fs",), ("fs", "disk")]), severity=st.sampled_from(["", "critical", "warning"]),
    selector=st.sampled_from(["", "web-01", "env:prod and not web-01"]), for_min=st.integers(1, 90 * 1440),
)  # fmt: skip


@given(ORDERS)
def test_a_line_means_its_order(order: AlertOrder) -> None:
    assert read_alert_line(order.line) == order


def alert(number: int, target: str, metric: str, item: str = "", state: AlertState = AlertState.FIRING) -> Alert:
    return Alert(
        id=number, fingerprint=str(number), key=SeriesKey(target, metric, item), rule="r", severity=Severity.WARNING,
        state=state, summary="s", value=1, unit="%", level=1, since=NOW, last_seen=NOW,
    )  # fmt: skip


ALERTS = (
    alert(1, "web-01", "fs.used_percent", "/"), alert(2, "web-01", "fs.used_percent", "/var"),
    alert(3, "web-01", "cpu.used_percent"), alert(4, "db-1", "fs.used_percent", "/", AlertState.ACKNOWLEDGED),
    alert(5, "gone", "load.1m", state=AlertState.SILENCED),
)  # fmt: skip


@pytest.mark.parametrize(
    ("line", "can", "cannot"),
    [
        ("ack alerts", [1, 2, 3], [4, 5]),
        ("ack alerts about fs on web-01", [1, 2], []),
        ("ack alerts about fs[/]", [1], [4]),
        ("silence alerts on web-01 or db-1 for 60m", [1, 2, 3, 4], []),
        ("silence alerts a5,a9 for 60m", [5], []),
        ("silence alerts critical for 60m", [], []),
        ("reopen alerts", [4, 5], [1, 2, 3]),
    ],
)
def test_the_alerts_that_are_meant(line: str, can: list[int], cannot: list[int]) -> None:
    order = read_alert_line(line)
    assert order is not None
    found = meant_alerts(order, ALERTS, WORLD.rows)
    assert [[one.id for one in part] for part in found] == [can, cannot]
