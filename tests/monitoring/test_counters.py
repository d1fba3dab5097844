"""Counters that wrap and begin again: a rate is right or absent, never wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.monitoring.counters import CounterReading, growth, restarted

ROUND = {32: 2**32, 64: 2**64}
seconds = st.floats(1, 3600)


@given(st.sampled_from((32, 64)), st.data(), seconds)
def test_growth_without_a_wrap_is_the_difference_by_the_second(
    bits: int, data: st.DataObject, elapsed_s: float
) -> None:
    before = data.draw(st.integers(0, ROUND[bits] - 1))
    now = data.draw(st.integers(before, ROUND[bits] - 1))
    found = growth(CounterReading(count=before, bits=bits), CounterReading(count=now, bits=bits), elapsed_s=elapsed_s)
    assert found == pytest.approx((now - before) / elapsed_s)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**31), seconds)
def test_a_32_bit_counter_may_wrap_once_between_two_readings(before: int, grown: int, elapsed_s: float) -> None:
    now = CounterReading(count=(before + grown) % 2**32, bits=32)
    found = growth(CounterReading(count=before, bits=32), now, elapsed_s=elapsed_s)
    assert found == pytest.approx(grown / elapsed_s)


@given(st.integers(1, 2**64 - 1), st.data(), seconds)
def test_a_64_bit_counter_that_went_down_began_again(before: int, data: st.DataObject, elapsed_s: float) -> None:
    now = data.draw(st.integers(0, before - 1))
    assert (
        growth(CounterReading(count=before, bits=64), CounterReading(count=now, bits=64), elapsed_s=elapsed_s) is None
    )


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), seconds, st.floats(1, 1e10))
def test_no_rate_is_negative_or_faster_than_the_link(before: int, now: int, elapsed_s: float, fastest: float) -> None:
    first, last = (CounterReading(count=count, bits=32) for count in (before, now))
    found = growth(first, last, elapsed_s=elapsed_s, fastest=fastest)
    assert found is None or 0 <= found <= fastest * 1.1


@given(st.floats(-10, 0), st.integers(0, 100))
def test_no_time_has_no_rate(elapsed_s: float, count: int) -> None:
    reading = CounterReading(count=count, bits=64)
    assert growth(reading, reading, elapsed_s=elapsed_s) is None


def test_a_counter_of_another_width_says_nothing() -> None:
    assert growth(CounterReading(count=1, bits=32), CounterReading(count=9, bits=64), elapsed_s=1) is None


@given(st.integers(0, 2**32 - 1), st.floats(1, 86_400))
def test_up_time_that_goes_on_or_wraps_is_no_new_start(before: int, elapsed_s: float) -> None:
    assert not restarted(before, (before + round(elapsed_s * 100)) % 2**32, elapsed_s=elapsed_s)


@given(st.integers(20_000, 2**32 - 10_000_000), st.floats(1, 86_400), st.data())
def test_up_time_that_began_again_is_a_new_start(before: int, elapsed_s: float, data: st.DataObject) -> None:
    now = data.draw(st.integers(0, min(before - 1, round(elapsed_s * 100))))
    assert restarted(before, now, elapsed_s=elapsed_s)
