"""An alert's life: raised and ended by readings only, quiet when silenced, one row however often."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from opsterm.core.errors import BadInput
from opsterm.core.settings import ThresholdSetting
from opsterm.monitoring.alerts import AlertState, Reason, Severity, acknowledge, expire, silence, unsilence
from opsterm.monitoring.thresholds import SHIPPED, Rule, make_rule
from tests.monitoring.cases import Story, load_rule


def fired() -> Story:
    return Story(load_rule()).feed([9, 9, 9])


def test_three_bad_readings_of_five_raise_an_alert() -> None:
    story = Story(load_rule())
    assert story.one(9).alert is not None
    assert story.alert is not None
    assert story.alert.state is AlertState.PENDING
    story.feed([5, 9, 5])
    assert story.reasons == []
    story.one(9.1)
    assert story.reasons == ["fired"]
    assert story.open.summary == "load 9.1 above 8 in 3 of 5 readings"
    assert (story.open.severity, story.open.level, story.open.count) == (Severity.WARNING, 8.0, 3)
    assert story.open.rule == "load.1m above 8"
    assert (story.open.since, story.open.last_seen) == (1005, 1005)


def test_a_few_bad_readings_leave_nothing_behind() -> None:
    story = Story(load_rule()).feed([9, 9, 1, 1, 1, 1, 1])
    assert story.alert is None
    assert story.reasons == []


def test_it_ends_only_after_readings_in_a_row_are_clear() -> None:
    story = fired().feed([7.5] * 50)
    assert story.open.summary == "load 7.5, was above 8, ends at 7"
    story.feed([6, 6, 7.2, 6, 6])
    assert story.reasons == ["fired"]
    story.one(6)
    assert story.reasons == ["fired", "resolved"]
    assert story.ended is not None
    assert story.ended.summary == "load 6, back inside 8"
    assert story.ended.resolved_at == story.now


def test_it_gets_worse_and_better_within_one_alert() -> None:
    story = fired().feed([20, 20, 20])
    assert story.reasons == ["fired", "worse"]
    assert story.open.severity is Severity.CRITICAL
    assert story.open.summary == "load 20 above 16 in 3 of 5 readings"
    story.feed([15.5] * 20)
    assert story.reasons == ["fired", "worse"]  # inside the critical level, but not far enough
    story.feed([10] * 3)
    assert story.reasons == ["fired", "worse", "better"]
    assert (story.open.severity, story.open.level) == (Severity.WARNING, 8.0)


def test_ten_thousand_equal_readings_are_one_alert() -> None:
    story = Story(load_rule()).feed([9.0] * 10_000)
    assert story.reasons == ["fired"]
    assert story.open.count == 10_000


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda r: r.metric)
@pytest.mark.parametrize("which", ["warn", "crit"])
def test_a_value_that_swings_two_percent_around_a_level_is_one_alert(shipped: Rule, which: str) -> None:
    level = shipped.crit if which == "crit" and shipped.crit is not None else shipped.warn
    assert level is not None
    story = Story(replace(shipped, metric="load.1m"))
    story.feed(level * (1 + 0.02 * math.sin(i / 7)) for i in range(5000))
    assert story.reasons.count("fired") <= 1
    assert "resolved" not in story.reasons
    assert story.reasons.count("worse") <= 1
    assert "better" not in story.reasons


@given(st.floats(1, 1e6), st.floats(1.0, 3.0), st.integers(1, 6), st.integers(0, 6), st.floats(0.1, 3), st.booleans())
def test_so_it_is_with_any_levels(low: float, ratio: float, n: int, more: int, speed: float, around_low: bool) -> None:
    watched = make_rule(ThresholdSetting(metric="load.1m", warn=low, crit=low * ratio, n=n, m=n + more))
    level = low if around_low else low * ratio
    story = Story(watched).feed(level * (1 + 0.02 * math.sin(i * speed)) for i in range(300))
    assert story.reasons.count("fired") <= 1
    assert "resolved" not in story.reasons


def test_low_values_can_be_the_bad_ones() -> None:
    watched = make_rule(ThresholdSetting(metric="load.1m", warn=10, crit=5, direction="below", n=1, m=1))
    story = Story(watched).feed([50, 9, 4, 5.2, 6, 9, 10.2, 10.6])
    assert story.reasons == ["fired", "worse", "better", "resolved"]
    assert story.told[0][1].summary == "load 9 below 10"


def test_a_count_that_reaches_its_level_is_bad() -> None:
    watched = make_rule(ThresholdSetting(metric="load.1m", warn=1, clear=0, n=1, m=1))
    story = Story(watched).feed([0, 1])
    assert story.open.summary == "load 1 at 1"
    assert story.feed([0]).reasons == ["fired", "resolved"]


def test_only_a_critical_level_raises_a_critical_alert() -> None:
    assert Story(load_rule(warn=None, clear=None)).feed([17] * 3).open.severity is Severity.CRITICAL


def test_acknowledged_it_stays_open_and_a_worse_turn_calls_again() -> None:
    story = fired()
    story.alert = acknowledge(story.open, "ana", "on it", story.now)
    story.feed([9] * 10)
    assert (story.open.state, story.open.by, story.open.note) == (AlertState.ACKNOWLEDGED, "ana", "on it")
    story.feed([20] * 3)
    assert (story.open.state, story.open.by) == (AlertState.FIRING, "")
    assert story.reasons == ["fired", "worse"]


def test_acknowledged_it_still_ends_by_itself() -> None:
    story = fired()
    story.alert = acknowledge(story.open, "ana", "", story.now)
    assert story.feed([1] * 5).reasons == ["fired", "resolved"]


def test_a_silence_holds_until_its_expiry_even_when_it_gets_worse() -> None:
    story = fired()
    story.alert = silence(story.open, "ana", story.now + 10, "upgrade", story.now)
    story.feed([20] * 9)
    assert (story.open.state, story.open.severity) == (AlertState.SILENCED, Severity.CRITICAL)
    story.one(20)
    assert (story.open.state, story.open.silenced_until, story.open.by) == (AlertState.FIRING, 0, "")
    assert story.reasons == ["fired", "worse", "silence ended"]


def test_a_silence_ends_without_readings_too() -> None:
    quiet = silence(fired().open, "ana", 2000, "", 1500)
    assert expire(quiet, 1999) is None
    ended = expire(quiet, 2000)
    assert ended is not None
    assert (ended.reason, ended.alert.state) == (Reason.SILENCE_ENDED, AlertState.FIRING)


def test_a_silence_outlives_the_end_of_its_alert() -> None:
    story = fired()
    story.alert = silence(story.open, "ana", story.now + 1000, "upgrade", story.now)
    story.feed([1] * 5).feed([9] * 3)
    assert story.reasons == ["fired", "resolved", "silenced"]
    assert (story.open.state, story.open.by, story.open.note) == (AlertState.SILENCED, "ana", "upgrade")


def test_what_comes_back_soon_is_the_same_alert() -> None:
    story = Story(load_rule())
    story.feed([9] * 3)
    story.alert = replace(story.open, id=7)
    story.feed([1] * 5).feed([9] * 3)
    assert (story.open.id, story.open.count, story.open.resolved_at) == (7, 6, 0)
    assert story.open.since == story.now  # and not 1003: in between it was well


def test_what_comes_back_late_is_a_new_alert() -> None:
    story = Story(load_rule())
    story.feed([9] * 3)
    story.alert = replace(story.open, id=7)
    story.feed([1] * 400).feed([9] * 3)
    assert (story.open.id, story.open.count) == (0, 3)


def test_what_cannot_be_done_is_said() -> None:
    story = fired()
    now = story.now
    quiet = silence(story.open, "ana", now + 60, "", now)
    gone = replace(story.open, state=AlertState.RESOLVED)
    with pytest.raises(BadInput, match="before it begins"):
        silence(story.open, "ana", now, "", now)
    with pytest.raises(BadInput, match="is silenced"):
        acknowledge(quiet, "ana", "", now)
    with pytest.raises(BadInput, match="is resolved"):
        acknowledge(gone, "ana", "", now)
    with pytest.raises(BadInput, match="is resolved"):
        silence(gone, "ana", now + 60, "", now)
    with pytest.raises(BadInput, match="neither silenced nor acknowledged"):
        unsilence(story.open)
    assert unsilence(quiet).state is AlertState.FIRING
    assert unsilence(acknowledge(story.open, "ana", "", now)).state is AlertState.FIRING


class LifeOfAnAlert(RuleBasedStateMachine):
    """Any readings and any decisions of people, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.story = Story(load_rule(n=2, m=4))
        self.recent: list[float] = []
        self.silenced_until = 0.0

    def read(self, value: float) -> None:
        before, told = self.story.alert, len(self.story.told)
        self.recent = [*self.recent, value][-4:]
        self.story.one(value)
        bad = sum(v >= 8 for v in self.recent)
        for reason, alert in self.story.told[told:]:
            if reason in (Reason.FIRED, Reason.WORSE) or (reason is Reason.SILENCED and alert.is_open):
                assert value >= 8, "raised by a good reading"
                assert bad >= 2
            if reason is Reason.RESOLVED:
                assert all(v <= 7 for v in self.recent[-2:]), "ended without good readings"
                assert before is not None
            if reason is Reason.FIRED:
                assert self.story.now >= self.silenced_until, "fired in a silence"
        if before is not None and before.is_open:
            now = self.story.alert or self.story.ended
            assert now is not None
            assert now.count == before.count + (value >= 8)

    @rule(value=st.sampled_from([0.0, 6.9, 7.0, 7.5, 8.0, 9.0, 14.0, 15.9, 16.0, 30.0]))
    def reading(self, value: float) -> None:
        self.read(value)

    @rule(values=st.lists(st.sampled_from([5.0, 9.0, 20.0]), min_size=2, max_size=6))
    def readings(self, values: list[float]) -> None:
        for value in values:
            self.read(value)

    @rule(seconds=st.integers(1, 400))
    def nothing_is_heard(self, seconds: int) -> None:
        before = self.story.alert
        self.story.now += seconds
        if before is None:
            return
        ended = expire(before, self.story.now)
        if ended is None:
            assert before.state is not AlertState.SILENCED or self.story.now < before.silenced_until
        else:
            assert before.silenced_until <= self.story.now
            self.story.alert = ended.alert

    @precondition(lambda self: self.story.alert is not None and self.story.alert.is_open)
    @rule(seconds=st.integers(1, 300))
    def silence(self, seconds: int) -> None:
        self.silenced_until = self.story.now + seconds
        self.story.alert = silence(self.story.open, "ana", self.silenced_until, "", self.story.now)

    @precondition(lambda self: self.story.alert is not None and self.story.alert.state is AlertState.FIRING)
    @rule()
    def acknowledge(self) -> None:
        self.story.alert = acknowledge(self.story.open, "ana", "", self.story.now)

    @invariant()
    def an_alert_is_whole(self) -> None:
        alert = self.story.alert
        if alert is None:
            return
        assert alert.state is not AlertState.RESOLVED
        assert (alert.silenced_until > 0) == (alert.state is AlertState.SILENCED)
        assert (alert.by != "") == (alert.state in (AlertState.SILENCED, AlertState.ACKNOWLEDGED))
        assert alert.resolved_at == 0
        assert alert.since <= alert.last_seen <= self.story.now
        assert alert.summary


def test_no_order_of_readings_and_decisions_breaks_an_alert() -> None:
    run_state_machine_as_test(LifeOfAnAlert, settings=settings(max_examples=150, stateful_step_count=40, deadline=None))
