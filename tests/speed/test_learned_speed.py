"""What is learned of risk: what an assessment costs with a model, and how long a training takes.

Run with `python -m pytest -m speed -n 0 tests/speed/test_learned_speed.py -s`.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from opsterm.policy.learned.lesson import lessons_of
from opsterm.policy.learned.training import train
from opsterm.runtime.learned_risk import MOST_OWN
from tests.policy.exam.questions import read_questions
from tests.policy.past import SHIPPED, past
from tests.runtime.learning import with_past
from tests.runtime.stage import opened

pytestmark = [pytest.mark.speed, pytest.mark.blocking, pytest.mark.timeout(300)]


async def test_an_assessment_with_a_model(tmp_path: Path) -> None:
    lines = [(q.line, q.shell) for q in read_questions() if q.part == "open"]
    spent: dict[bool, list[float]] = {False: [], True: []}
    async with opened(tmp_path) as runtime:
        await with_past(runtime, past(300, 1))
        for line, shell in lines:  # loads the readers
            await runtime.assessments.assess(line, shell=shell)
        for learned in (False, True):
            if learned:
                assert (await runtime.learned.train()).silent == ""
            for line, shell in lines:
                began = time.process_time()
                await runtime.assessments.assess(f"{line} ", shell=shell)
                spent[learned].append((time.process_time() - began) * 1000)
    for learned, each in spent.items():
        each.sort()
        print(
            f"\n{len(each):,} lines {'with' if learned else 'without'} a model: mean {sum(each) / len(each):.2f} ms of "
            f"CPU, p99 {each[len(each) * 99 // 100]:.2f} ms"
        )
    assert sum(spent[True]) < 2.5 * sum(spent[False])


def test_a_training_of_many_outcomes() -> None:
    lessons = (*lessons_of(past(MOST_OWN, 1)), *SHIPPED)
    train(lessons[-500:], at=0.0)  # loads the library
    began = time.process_time()
    train(lessons, at=0.0)
    took = time.process_time() - began
    print(f"\n{MOST_OWN:,} own outcomes: {took:.1f} s of CPU")
    assert took < 60
