"""Suggestions from 100,000 commands: how fast, and how often the next command was among them.

Run with `python -m pytest -m speed -n 0 tests/speed/test_habits_speed.py -s`. What is held to is CPU time.
"""

from __future__ import annotations

import time
from statistics import quantiles

import pytest

from opsterm.knowledge.habit_groups import groups_of
from opsterm.knowledge.habits import Habits
from tests.speed.made_history import made_history

pytestmark = [pytest.mark.speed, pytest.mark.blocking, pytest.mark.timeout(600)]

LEARNED, ASKED = 100_000, 2_000


def test_suggestions_from_a_hundred_thousand_commands() -> None:
    uses = list(made_history(LEARNED + ASKED, seed=7))
    began = time.process_time()
    habits = Habits(uses[:LEARNED])
    print("learning s", round(time.process_time() - began, 2))
    spent: list[float] = []
    for number, use in enumerate(uses[LEARNED:]):
        before = [one.command for one in uses[LEARNED + number - 3 : LEARNED + number]]
        for prefix in ("", use.command[:1], use.command[:4]):
            began = time.process_time()
            habits.suggest(prefix, after=before, host_class=use.host_class, now=use.at)
            spent.append(1000 * (time.process_time() - began))
        habits.add(use)
    p50, p95 = (quantiles(spent, n=100)[at - 1] for at in (50, 95))
    print("suggest ms", (round(p50, 2), round(p95, 2), round(max(spent), 2)))
    print("different commands", len(habits.commands))
    assert p95 < 20
    began = time.process_time()
    groups = groups_of(habits.commands)
    print("groups", (len(set(groups.values())), round(time.process_time() - began, 1)))


@pytest.mark.parametrize("learned", [200, 2_000, 20_000])
def test_the_next_command_is_among_the_first_that_are_suggested(learned: int) -> None:
    """Each command is asked for from what came before it, and learned from only afterwards."""
    uses = list(made_history(learned + 1_000, seed=11))
    for name, grouped in (("", False), (" with groups", True)):
        habits = Habits(uses[:learned])
        if grouped:
            habits.use_groups(groups_of(habits.commands))
        hits = dict.fromkeys([(k, letters) for letters in (0, 3) for k in (1, 3, 5)], 0)
        frequent = 0
        usual = sorted(habits.commands, key=lambda one: -habits.uses_of(one))[:5]
        for number, use in enumerate(uses[learned:]):
            before = [one.command for one in uses[learned + number - 3 : learned + number]]
            frequent += use.command in usual
            for letters in (0, 3):
                found = [
                    one.command
                    for one in habits.suggest(
                        use.command[:letters], after=before, host_class=use.host_class, now=use.at
                    )
                ]  # fmt: skip
                for k in (1, 3, 5):
                    hits[k, letters] += use.command in found[:k]
            habits.add(use)
        for letters in (0, 3):
            shown = tuple(round(hits[k, letters] / 1_000, 2) for k in (1, 3, 5))
            print(f"hit@1/3/5 after {learned} with {letters} letters{name}", shown)
        print(f"the five most frequent after {learned}", round(frequent / 1_000, 2))
        assert hits[5, 0] > frequent
        assert hits[5, 3] >= hits[5, 0]
