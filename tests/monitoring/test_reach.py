"""What the readings of checks mean."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput
from opsterm.monitoring.reach import (
    DAY_S,
    Certificate,
    Grade,
    HttpAsk,
    HttpReading,
    PingReading,
    json_steps,
    judge_http,
    judge_ping,
)

ASK = HttpAsk(url="https://x/", name="x")
READING = HttpReading(hops=("https://x/",), status=200, body=b'{"a": [{"b c": "up"}], "n": 3}')


@pytest.mark.parametrize(("status", "wanted", "good"), [
    (200, (), True), (301, (), True), (404, (), False), (500, (), False), (404, (404,), True), (200, (204,), False),
])  # fmt: skip
def test_a_status_is_good_or_not(status: int, wanted: tuple[int, ...], good: bool) -> None:
    verdict = judge_http(replace(ASK, statuses=wanted), replace(READING, status=status), 0.0)
    assert (verdict.grade is Grade.OK) is good


@pytest.mark.parametrize(("days", "grade"), [
    (90, Grade.OK), (21, Grade.OK), (20.9, Grade.WARNING), (7, Grade.WARNING), (6.9, Grade.CRITICAL),
])  # fmt: skip
def test_a_certificate_warns_before_it_ends(days: float, grade: Grade) -> None:
    shown = Certificate(subject="s", issuer="i", names=(), not_before=0.0, not_after=days * DAY_S)
    assert judge_http(ASK, replace(READING, certificate=shown), 0.0).grade is grade


@pytest.mark.parametrize(("expected", "good"), [
    ({"contains": "up"}, True), ({"contains": "down"}, False), ({"matches": "u[p]"}, True), ({"matches": "^x"}, False),
    ({"json_path": "$.a[0]['b c']", "json_value": "up"}, True), ({"json_path": "a[0]", "json_value": "up"}, False),
    ({"json_path": "$.n", "json_value": "3"}, True), ({"json_path": "$.n.m"}, False), ({"json_path": "$.a[1]"}, False),
    ({"json_path": "$"}, True),
])  # fmt: skip
def test_a_body_holds_what_is_expected_or_not(expected: dict[str, str], good: bool) -> None:
    assert (judge_http(replace(ASK, **expected), READING, 0.0).grade is Grade.OK) is good  # type: ignore[arg-type]  # cases


@given(path=st.text(max_size=30), body=st.binary(max_size=80))
def test_any_path_and_body_end_in_a_verdict_or_a_sentence(path: str, body: bytes) -> None:
    try:
        json_steps(path)
    except BadInput:
        return
    judge_http(replace(ASK, json_path=path), replace(READING, body=body), 0.0)


def test_a_way_from_https_to_http_is_told() -> None:
    assert judge_http(ASK, replace(READING, hops=("https://x/", "http://y/")), 0.0).grade is Grade.WARNING


def test_losses_are_a_warning() -> None:
    reading = PingReading(address="x", sent=4, round_trips_s=(0.1, 0.2, 0.3))
    assert (reading.loss_percent, judge_ping(reading).grade) == (25.0, Grade.WARNING)
