"""Times of a schedule: across changes of clocks, at the end of months, and for intervals that no day is a whole of."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.adapters.accounts import HostAccounts
from opsterm.changes.schedule import LOOKED_AHEAD, JobSchedule, ScheduleKind, first_time, next_times
from opsterm.changes.schedule_text import schedule_text
from opsterm.core.errors import BadInput

BERLIN = "Europe/Berlin"
ZONES = HostAccounts()


def cron(line: str, zone: str = BERLIN) -> JobSchedule:
    return JobSchedule(kind=ScheduleKind.CRON, timezone=zone, cron=line)


def at(text: str, zone: str = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONES.zone(zone))


def told(schedule: JobSchedule, after: str, number: int) -> list[str]:
    return [
        f"{time:%Y-%m-%d %H:%M}" for time in next_times(schedule, at(after, schedule.timezone), number, zones=ZONES)
    ]


def test_a_time_that_spring_leaves_out_comes_later_and_one_that_autumn_repeats_comes_once() -> None:
    nightly = cron("30 2 * * *")
    assert told(nightly, "2027-03-27 12:00", 2) == ["2027-03-28 03:00", "2027-03-29 02:30"]
    assert told(nightly, "2027-10-30 12:00", 2) == ["2027-10-31 02:30", "2027-11-01 02:30"]


def test_a_rule_of_days_keeps_its_hour_over_a_change_of_clocks() -> None:
    rule = JobSchedule(
        kind=ScheduleKind.RULE, timezone=BERLIN, start=datetime.fromisoformat("2027-03-26 02:30"),
        rule="FREQ=DAILY;INTERVAL=2;BYHOUR=2;BYMINUTE=30;BYSECOND=0",
    )  # fmt: skip
    assert told(rule, "2027-03-26 12:00", 3) == ["2027-03-28 03:30", "2027-03-30 02:30", "2027-04-01 02:30"]


@pytest.mark.parametrize("minutes", [45, 90, 100, 25 * 60])
def test_an_interval_is_that_long_whatever_the_clocks_do(minutes: int) -> None:
    whole = minutes % 60 == 0
    rule = f"FREQ=HOURLY;INTERVAL={minutes // 60}" if whole else f"FREQ=MINUTELY;INTERVAL={minutes}"
    start = datetime.fromisoformat("2027-03-27 20:00")
    schedule = JobSchedule(kind=ScheduleKind.RULE, timezone=BERLIN, rule=rule, start=start)
    times = next_times(schedule, at("2027-03-27"), 40, zones=ZONES)
    assert {later.astimezone(UTC) - time.astimezone(UTC) for time, later in itertools.pairwise(times)} == {
        timedelta(minutes=minutes)
    }


def test_months_without_that_day_are_left_out_and_the_last_day_is_in_all() -> None:
    assert told(cron("0 6 31 * *"), "2027-01-31 12:00", 2) == ["2027-03-31 06:00", "2027-05-31 06:00"]
    assert told(cron("0 6 L * *"), "2027-01-31 12:00", 2) == ["2027-02-28 06:00", "2027-03-31 06:00"]


def test_a_schedule_that_is_over_has_no_times() -> None:
    over = JobSchedule(kind=ScheduleKind.RULE, timezone=BERLIN, rule="FREQ=DAILY;UNTIL=20261231T000000")
    assert next_times(over, at("2027-01-01"), 1, zones=ZONES) == ()
    once = JobSchedule(kind=ScheduleKind.ONCE, timezone=BERLIN, start=datetime.fromisoformat("2027-01-01 10:00"))
    assert told(once, "2026-12-31", 5) == ["2027-01-01 10:00"]
    assert next_times(once, at("2027-01-01 10:00"), 1, zones=ZONES) == ()


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        (cron("0 99 * * *"), "cannot be read"),
        (cron("* * *"), "cannot be read"),
        (cron("0 0 30 2 *"), "cannot be read"),
        (cron("0 0 * * *", "Nowhere/At_All"), "not known here"),
        (JobSchedule(kind=ScheduleKind.RULE, timezone=BERLIN, rule="FREQ=DAILY;BYHOUR=x"), "cannot be read"),
    ],
    ids=["hour 99", "three fields", "30 February", "zone", "rule"],
)
def test_what_cannot_be_read_is_said(schedule: JobSchedule, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        next_times(schedule, datetime(2027, 1, 1, tzinfo=UTC), 1, zones=ZONES)


@given(
    st.sampled_from(["*/15 8-17 * * 1-5", "0 6 L * *", "0 3 * * 1#1", "30 2 * * *", "0 17 * 12 5L", "5 */6 * * *"]),
    st.datetimes(datetime(2024, 1, 1), datetime(2034, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 (bounds have none)
)
def test_times_grow_and_lie_ahead(line: str, after: datetime) -> None:
    times = next_times(cron(line), after, 5, zones=ZONES)
    assert len(times) == 5
    assert all(earlier < later for earlier, later in itertools.pairwise((after, *times)))


TEXTS = [
    ("*/15 8-17 * * *", "every 15 minutes from 08:00 through 17:59, Europe/Berlin"),
    ("30 7 * * 1-5", "at 07:30 on Monday through Friday, Europe/Berlin"),
    ("0 6 31 * *", "at 06:00 on the 31st day of every month, Europe/Berlin"),
    ("0 */4 * * *", "at minute 0 past every 4 hours, Europe/Berlin"),
]


@pytest.mark.parametrize(("line", "text"), TEXTS)
def test_a_cron_line_is_read_back_in_words(line: str, text: str) -> None:
    assert schedule_text(cron(line)) == text


@pytest.mark.parametrize(
    "days",
    ["BYMONTH=12;BYMONTHDAY=31;BYDAY=1SU", "BYMONTH=2;BYMONTHDAY=30", "BYMONTHDAY=-9;BYDAY=1MO", "BYDAY=6MO"],
)
def test_a_rule_that_never_comes_is_not_looked_for_until_the_year_9999(days: str) -> None:
    many = ",".join(str(position) for position in range(1, 367))
    rule = f"FREQ=MONTHLY;{days};BYHOUR={','.join(str(hour) for hour in range(24))};BYMINUTE=0,5,10;BYSETPOS={many}"
    start = datetime.fromisoformat("2026-11-29 05:20")
    assert first_time(rule, start, inclusive=True) is None
    schedule = JobSchedule(kind=ScheduleKind.RULE, timezone=BERLIN, rule=rule, start=start)
    assert next_times(schedule, at("2026-11-29"), 1, zones=ZONES) == ()


def test_a_rule_whose_turns_have_too_few_times_never_comes() -> None:
    rule = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYMONTHDAY=2;BYSETPOS=4;BYHOUR=20;BYMINUTE=0;BYSECOND=0"
    start = datetime.fromisoformat("2026-11-29 05:20")
    assert first_time(rule, start, inclusive=True) is None
    assert first_time(rule.replace("BYSETPOS=4", "BYSETPOS=1"), start, inclusive=True) is not None


@pytest.mark.parametrize(
    "days",
    ["BYMONTH=12;BYMONTHDAY=31;BYDAY=TH", "BYMONTH=2;BYMONTHDAY=29", "BYMONTHDAY=-8;BYDAY=MO", "BYDAY=-5FR"],
)
def test_a_rule_that_seldom_comes_is_found(days: str) -> None:
    rule = f"FREQ=MONTHLY;{days};BYHOUR=6;BYMINUTE=0;BYSECOND=0"
    start = datetime.fromisoformat("2026-11-29 05:20")
    found = first_time(rule, start, inclusive=True)
    assert found is not None
    assert found - start < LOOKED_AHEAD
