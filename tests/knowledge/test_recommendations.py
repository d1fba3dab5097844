"""What is recommended is counted from histories: nothing from few, irregular or failed ones, and each with its why."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.knowledge.command_use import CommandUse
from opsterm.knowledge.recommendations import FailingJob, Recommendation, RecommendationKind, recommendations
from opsterm.knowledge.workflows import workflows_of
from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.sample import SeriesKey

DAY_S = 86_400.0
NOW = 20_059 * DAY_S


def _monday() -> float:
    """Return the beginning of a Monday, 60 to 66 days before now."""
    day = int(NOW // DAY_S) - 60
    return (day - (day + 3) % 7) * DAY_S


def uses(*days: float, command: str = "df -h", hour: float = 9.1, well: bool | None = True) -> list[CommandUse]:
    """Return uses on days after a Monday."""
    return [
        CommandUse(
            id=number, actor="ana", command=command, host_class="linux web", at=_monday() + day * DAY_S + hour * 3600,
            ended_well=well, change=number,
        )
        for number, day in enumerate(days, 1)
    ]  # fmt: skip


def alert(number: int, *, by: str = "ana", fingerprint: str = "f", value: float = 92.0) -> Alert:
    return Alert(
        id=number, fingerprint=fingerprint, key=SeriesKey("web-01", "fs.used_percent", "/"), rule="above 90 %",
        severity=Severity.WARNING, state=AlertState.RESOLVED, summary="s", value=value, unit="%", level=90,
        since=NOW - number * DAY_S, last_seen=NOW, by=by,
    )  # fmt: skip


def found(
    ran: Sequence[CommandUse] = (), alerts: Sequence[Alert] = (), jobs: Sequence[FailingJob] = (),
    kept: Sequence[tuple[str, ...]] = (), scheduled: Sequence[str] = (), offset_s: float = 0.0,
) -> list[Recommendation]:  # fmt: skip
    return list(recommendations(
        uses=ran, workflows=workflows_of(ran), alerts=alerts, jobs=jobs,
        places={use.change: "tag:web" for use in ran if use.change}, kept=set(kept), scheduled=set(scheduled), now=NOW,
        offset_s=offset_s,
    ))  # fmt: skip


EVERY_WEEK = uses(0, 7, 14, 21, 28)
EVERY_DAY = uses(*range(30, 40), hour=6.6)


def test_what_is_run_each_week_by_hand_could_be_a_job() -> None:
    (one,) = found(EVERY_WEEK)
    assert one.kind is RecommendationKind.JOB
    assert one.text == "make `df -h` on tag:web a job: every Monday at 09:00"
    assert one.why == "you ran it 5 times by hand, 5 of them every Monday at 09:00"
    assert one.line == "every Monday at 09:00 run `df -h` on tag:web"
    assert one.command == "opsterm schedule add 'every Monday at 09:00 run `df -h` on tag:web'"


def test_the_time_is_that_of_the_operator() -> None:
    assert "every Monday at 11:00" in found(EVERY_WEEK, offset_s=7200)[0].text
    assert "every day at 06:30" in found(EVERY_DAY)[0].text


@pytest.mark.parametrize(
    ("hour", "clock"), [(9.9, "10:00"), (9.76, "10:00"), (9.74, "09:30"), (9.2, "09:00"), (23.9, "23:30")]
)
def test_the_time_is_the_half_hour_that_is_nearest(hour: float, clock: str) -> None:
    assert f"every day at {clock}" in found(uses(*range(30, 40), hour=hour))[0].text


@pytest.mark.parametrize(
    "ran",
    [
        uses(0, 7, 14), uses(0, 3, 9, 17, 25), uses(0, 1, 2, 20, 40), uses(0, 7, 14, 21, 28, well=False),
        uses(0, 7, 14, 21, 28, command="mysql -p[masked:password]"),
        [use for hour in (1, 6, 12, 18, 23) for use in uses(hour % 7, hour=hour)],
    ],
    ids=["few", "no day", "days apart", "failed", "secret", "no hour"],
)  # fmt: skip
def test_what_is_not_regular_is_no_job(ran: list[CommandUse]) -> None:
    assert [one for one in found(ran) if one.kind is RecommendationKind.JOB] == []


def test_what_a_job_runs_already_is_not_recommended() -> None:
    assert found(EVERY_WEEK, scheduled=["df -h"]) == []


def _sequence(times: int) -> list[CommandUse]:
    ran = []
    for n in range(times):
        for place, command in enumerate(("nginx -t", "systemctl reload nginx")):
            (use,) = uses(n * 5.3 + 20, command=command, hour=place / 10 + n * 1.7)
            ran.append(use)
    return ran


def test_a_sequence_that_ends_well_could_be_a_runbook_until_it_is_one() -> None:
    (one,) = found(_sequence(4))
    assert (one.kind, one.command) == (RecommendationKind.RUNBOOK, "opsterm habits save 1 ID TITLE")
    assert "2 commands one after another 4 times" in one.why
    assert found(_sequence(2)) == []
    assert found(_sequence(4), kept=[("nginx -t", "systemctl reload nginx")]) == []


def test_an_alert_that_is_acknowledged_each_time_has_a_low_threshold() -> None:
    (one,) = found(alerts=[alert(n, value=90.0 + n) for n in range(1, 6)])
    assert (one.kind, one.line) == (RecommendationKind.THRESHOLD, "explain a1")
    assert one.why == "5 of 5 such alerts were acknowledged or silenced by hand; the highest was 95 %"
    assert found(alerts=[alert(n) for n in range(1, 4)]) == []
    assert found(alerts=[alert(n, by="ana" if n < 3 else "") for n in range(1, 9)]) == []
    assert found(alerts=[alert(n, fingerprint=str(n)) for n in range(1, 9)]) == []


def test_a_job_that_fails_comes_first() -> None:
    job = FailingJob(name="j3", what="check disk space on tag:web", failures=3, since=NOW - DAY_S)
    ordered = found(EVERY_WEEK, alerts=[alert(n) for n in range(1, 6)], jobs=[job])
    assert [one.kind.value for one in ordered] == ["failing job", "threshold", "job"]
    assert (ordered[0].line, ordered[0].why) == ("show job j3", "its last 3 runs failed")


@given(
    st.lists(st.tuples(st.integers(0, 60), st.floats(0, 23.9), st.sampled_from(["a", "b -c", "d 'e'"])), max_size=60)
)
def test_any_history_is_looked_through_and_ids_hold(days: list[tuple[int, float, str]]) -> None:
    ran = [use for day, hour, command in sorted(days) for use in uses(day, hour=hour, command=command)]
    once, again = found(ran), found(ran)
    assert [one.id for one in once] == [one.id for one in again]
    assert len({one.id for one in once}) == len(once)
    for one in once:
        assert one.why
        assert one.command.isprintable()
