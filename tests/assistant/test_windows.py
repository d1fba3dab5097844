"""Stretches of time in words mean just one stretch, and leave no word over."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from opsterm.assistant.interpret import interpret
from opsterm.assistant.interpretation import Memory
from opsterm.assistant.mending import mended
from opsterm.assistant.reading import Sentence
from opsterm.assistant.tokens import tokenize
from opsterm.assistant.windows import find_window
from opsterm.assistant.wording import reworded
from opsterm.assistant.world import World, vocabulary
from opsterm.monitoring.sample import SeriesKey

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
"""A Wednesday."""
CASES = [
    line.split("\t")
    for line in (Path(__file__).parent / "cases" / "windows.tsv").read_text(encoding="utf-8").splitlines()
]


SENTENCES = [
    line.split("\t")
    for line in (Path(__file__).parent / "cases" / "window_questions.tsv").read_text(encoding="utf-8").splitlines()
]
"""Questions with any verb and any measure, in whose middle, beginning or end a time stands."""


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}Z").timestamp()


@pytest.mark.parametrize(("phrase", "start", "end"), CASES, ids=[case[0] for case in CASES])
def test_a_stretch_means_this(phrase: str, start: str, end: str) -> None:
    world = World(now=NOW.timestamp(), operator="ana", rows=(), series=(SeriesKey("localhost", "load.1m"),))
    query = interpret(f"average load on localhost {phrase}", world).query
    window = getattr(query, "window", None)
    assert window is not None, query
    assert (window.start, window.end) == (at(start), at(end))


@pytest.mark.parametrize(("said", "start", "end"), SENTENCES, ids=[case[0] for case in SENTENCES])
def test_the_time_of_a_sentence_is_found_where_it_stands(said: str, start: str, end: str) -> None:
    world = World(now=NOW.timestamp(), operator="ana", rows=())
    sentence = Sentence(text=said, tokens=tokenize(said), world=world, words=vocabulary(world), memory=Memory())
    spelt = mended(sentence)
    found = find_window(reworded((spelt[0] if spelt else sentence).tokens), world)
    assert found is not None
    window = found[2]
    assert window is not None
    assert (window.start, window.end) == (at(start), at(end))


@pytest.mark.parametrize(
    "phrase",
    [
        "from 9 to 5 yesterday", "from 22:00 to 02:00 on monday", "since the weekend", "on black friday",
        "in the last 10 minutes of yesterday", "from 3/11 to 13/11", "until the meeting on monday",
        "from breakfast to 10:00", "between lunch and 3 pm", "in the middle of october", "before the weekend",
    ],
)  # fmt: skip
def test_a_stretch_that_is_half_understood_is_not_guessed(phrase: str) -> None:
    assert find_window(tokenize(f"load of web-1 {phrase}"), World(now=NOW.timestamp(), operator="ana", rows=())) is None


@pytest.mark.parametrize(
    "phrase", ["in 2027", "Q9", "a build of 2025", "the first week", "since 31 hours of", "from may"]
)
def test_what_is_no_stretch_is_left_alone(phrase: str) -> None:
    found = find_window(tokenize(phrase), World(now=NOW.timestamp(), operator="ana", rows=()))
    assert found is None or found[2] is None or found[2].start < NOW.timestamp()
