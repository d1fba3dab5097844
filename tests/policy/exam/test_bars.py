"""The bars hold on the open part of the exam; of the sealed part only totals are told."""

from __future__ import annotations

import pytest

from tests.policy.exam.marks import BARS, Mark, mark_all
from tests.policy.exam.questions import read_questions


@pytest.fixture(scope="module")
def marks() -> list[Mark]:
    """Return the marks of all lines, as `opsterm risk -` grades them."""
    return mark_all(read_questions())


@pytest.mark.parametrize(("shell", "what"), [(shell, what) for shell, bars in BARS.items() for what in bars])
def test_the_open_part_is_above_its_bar(marks: list[Mark], shell: str, what: str) -> None:
    open_one, sealed = (m for m in marks if (m.shell, m.what) == (shell, what))
    print(f"{shell} {what}: open {open_one.right}/{open_one.asked}, sealed {sealed.right}/{sealed.asked}")
    assert open_one.share >= BARS[shell][what], [question.line for question, _ in open_one.failed]


def test_every_open_line_that_can_lock_us_out_is_said_to(marks: list[Mark]) -> None:
    missed = [q.line for m in marks if m.what == "lockout" and m.part == "open" for q, _ in m.failed]
    assert missed == []
