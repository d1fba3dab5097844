"""Numbers read as a person says them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput
from opsterm.core.units import age_text, bytes_text, parse_duration, percent_text, span_text, value_text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "B", "0 B"), (-0.4, "B", "0 B"), (999, "B", "999 B"), (999.6, "B", "1.0 kB"), (1500, "B", "1.5 kB"),
        (99_940, "B", "99.9 kB"), (99_960, "B", "100 kB"), (999_499, "B", "999 kB"), (999_500, "B", "1.0 MB"),
        (-1_500_000, "B", "-1.5 MB"), (3.2e9, "B/s", "3.2 GB/s"), (2e21, "B", "2000 EB"),
        (71.25, "%", "71 %"), (0.4, "%", "0.4 %"), (0.0, "%", "0 %"), (0.01, "%", "0 %"), (9.96, "%", "10 %"),
        (100, "%", "100 %"),
        (3, "s", "3 s"), (240, "s", "4 m"), (7200, "s", "2 h"), (5 * 86400, "s", "5 d"), (-1, "s", "0 s"),
        (9.1, "", "9.1"), (9.0, "", "9"), (123.4, "", "123"), (0.25, "per s", "0.25 per s"), (7, "units", "7 units"),
        (math.nan, "", "?"), (math.inf, "%", "?"), (-math.inf, "s", "?"), (math.nan, "B", "?"),
    ],
)  # fmt: skip
def test_a_value_is_said_with_its_unit(value: float, unit: str, text: str) -> None:
    assert value_text(value, unit) == text


@given(st.floats(), st.sampled_from(["B", "B/s", "%", "s", "", "units"]))
def test_no_number_is_too_odd_to_be_said(value: float, unit: str) -> None:
    assert value_text(value, unit)
    assert age_text(value)
    assert span_text(value)


@given(st.floats(0, 1e18))
def test_a_size_is_never_wider_than_seven_characters(count: float) -> None:
    assert len(bytes_text(count)) <= 7
    assert len(percent_text(count % 1000)) <= 6


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("15min", 900), ("1h30m", 5400), ("2 d", 172800), ("1w", 604800), ("250ms", 0.25),
     ("1.5h", 5400), (" 10 ", 10), ("2.5", 2.5), ("1h 5m 3s", 3903), ("0", 0)],
)  # fmt: skip
def test_a_length_of_time_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", " ", "-5", "5 parsecs", "1h-5m", "h", "1e3", "٣s", "inf", "nan", "9" * 400, "1m x"]
)
def test_what_is_no_length_of_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_duration(text)
    assert "1h30m" in str(refused.value)
    assert len(str(refused.value)) < 300


@given(st.integers(0, 10**7))
def test_a_span_is_read_back(seconds: int) -> None:
    assert parse_duration(span_text(seconds)) == seconds
