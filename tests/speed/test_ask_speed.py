"""What a sentence costs at 5,000 targets.

Run with `python -m pytest -m speed -n 0 tests/speed/test_ask_speed.py -s`. Times are CPU time.
"""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from opsterm.assistant.intents.model import read_model
from opsterm.assistant.interpret import interpret
from opsterm.assistant.world import vocabulary
from opsterm.inventory.target import Status, Target, TargetRow
from tests.assistant.exam.fleet import world
from tests.assistant.exam.intents import labelled
from tests.assistant.exam.train import SHIPPED

pytestmark = [pytest.mark.speed, pytest.mark.blocking, pytest.mark.timeout(600)]

TARGETS = 5000


def test_a_sentence_is_read_in_less_than_300_ms() -> None:
    rows = tuple(
        TargetRow(
            target=Target(name=f"host-{n:04}", os="debian 12", groups=(f"g{n % 40}",), tags=(f"t{n % 90}",),
                          site=f"site{n % 7}", environment="prod"),
            status=Status.ONLINE, last_seen=world().now,
        )
        for n in range(TARGETS)
    )  # fmt: skip
    model = read_model((SHIPPED / "weights.json").read_text(encoding="utf-8"))
    large = replace(world(), rows=rows, model=model)
    words = vocabulary(large)
    took = []
    for one in labelled():
        before = time.process_time()
        interpret(one.text, large, words=words)
        took.append(1000 * (time.process_time() - before))
    took.sort()
    print(
        f"\n{len(took)} sentences at {TARGETS} targets: median {took[len(took) // 2]:.1f} ms, worst {took[-1]:.0f} ms"
    )
    assert took[-1] < 300
