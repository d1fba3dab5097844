"""Questions to a furnished fleet: the answer is of the right targets, count, groups and time, or it is asked."""

from __future__ import annotations

import pytest

from opsterm.assistant.interpret import interpret
from opsterm.assistant.queries import RunRequest
from tests.assistant.exam.fleet import world
from tests.assistant.exam.questions import Case, cases, read, verdict

CASES = cases()


def test_there_are_enough_questions() -> None:
    assert len(CASES) >= 150


@pytest.mark.parametrize("case", CASES, ids=[f"{case.before} > {case.text}" for case in CASES])
def test_the_answer_is_of_what_was_asked(case: Case) -> None:
    assert verdict(case) == "right", read(case)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("which hsots are offline", "'hsots' is read as 'hosts'."),
        ("prodution hosts", "'prodution' is read as 'production'."),
        ("memroy of db-1", "'memroy' is read as 'memory'."),
        ("db-2 looks sick, what is its state", "Only this part was read: 'what is its state'."),
        ("show the desktops", "desktops is read as the group office."),
    ],
)
def test_what_was_mended_is_said(text: str, note: str) -> None:
    assert note in interpret(text, world()).notes


@pytest.mark.parametrize(
    "text", ["rnu `df -h` on web-01", "run `df -h` on web-1", "run `df -h` on wbe", "restart ngnix on wbe-01"]
)
def test_an_order_is_never_mended(text: str) -> None:
    assert not isinstance(interpret(text, world()).query, RunRequest)


def test_a_doubtful_date_is_asked_and_both_answers_work() -> None:
    asked = interpret("cpu on 03/04/2026 of web-01", world())
    assert asked.question == "Is 03/04/2026 2026-04-03 or 2026-03-04? Say it in that form."
    assert [interpret(line, world()).query is not None for line in asked.alternatives] == [True, True]
