"""Stretches of time in words mean just one stretch, and leave no word over."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from opsterm.assistant.interpret import interpret
from opsterm.assistant.tokens import tokenize
from opsterm.assistant.windows import find_window
from opsterm.assistant.world import World
from opsterm.monitoring.sample import SeriesKey

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
"""A Wednesday."""
CASES = [
    line.split("\t")
    for line in (Path(__file__).parent / "cases" / "windows.tsv").read_text(encoding="utf-8").splitlines()
]


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}Z").timestamp()


@pytest.mark.parametrize(("phrase", "start", "end"), CASES, ids=[case[0] for case in CASES])
def test_a_stretch_means_this(phrase: str, start: str, end: str) -> None:
    world = World(now=NOW.timestamp(), operator="ana", rows=(), series=(SeriesKey("localhost", "load.1m"),))
    query = interpret(f"average load on localhost {phrase}", world).query
    window = getattr(query, "window", None)
    assert window is not None, query
    assert (window.start, window.end) == (at(start), at(end))


@pytest.mark.parametrize(
    "phrase", ["in 2027", "Q9", "a build of 2025", "the first week", "since 31 hours of", "from may"]
)
def test_what_is_no_stretch_is_left_alone(phrase: str) -> None:
    found = find_window(tokenize(phrase), World(now=NOW.timestamp(), operator="ana", rows=()))
    assert found is None or found[2] is None or found[2].start < NOW.timestamp()
