"""What it costs to find a card among 10,000, and to make the index over them.

Run with `python -m pytest -m speed -n 0 tests/speed/test_knowledge_speed.py -s`. What is held to is CPU time, which a
busy machine changes less than the clock; the clock is printed beside it.
"""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import quantiles

import pytest

from opsterm.knowledge.card import Card, ErrorPattern
from opsterm.runtime.ports_knowledge import CardFilter
from tests.knowledge.cards import found_by, indexed, questions, shipped_cards

pytestmark = [pytest.mark.speed, pytest.mark.blocking, pytest.mark.timeout(600)]

CARDS = 10_000
SYLLABLES = ["ba", "do", "fe", "gi", "ku", "la", "me", "no", "pi", "qu", "ra", "so", "ta", "ul", "vo", "we", "xi", "za"]


def many() -> Iterator[Card]:
    """Yield the cards that ship, and others made of them, each with words and an error text of its own."""
    dice = random.Random(41)
    shipped = list(shipped_cards().values())
    yield from shipped
    for number in range(CARDS - len(shipped)):
        name = "".join(dice.choices(SYLLABLES, k=3))
        one, other = dice.sample(shipped, 2)
        code = f"{name.upper()}-{number:05}"
        yield replace(
            one, id=f"site-{name}-{number}", title=f"{one.title} ({name})", cause=other.cause, source="",
            symptoms=(f"{name} {other.title}", *one.symptoms[:1], *other.symptoms[1:2]),
            errors=(ErrorPattern(pattern=rf"{code}\b", example=f"{name}: {code}: refused"),),
        )  # fmt: skip


async def test_a_question_to_ten_thousand_cards(tmp_path: Path) -> None:
    cards = list(many())
    began = time.perf_counter()
    index = await indexed(tmp_path / "cards.index", cards)
    made_s = time.perf_counter() - began
    began = time.perf_counter()
    await found_by(index, "the first question loads the vectors")
    loaded_s = time.perf_counter() - began
    asked = [one.text for part in ("seen", "sealed") for one in questions(part)]
    clock, cpu = [], []
    for text in asked:
        began, used = time.perf_counter(), time.process_time()
        await index.rank(text, CardFilter())
        clock.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - used) * 1000)
    cut = quantiles(cpu, n=100)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    size = (tmp_path / "cards.index").stat().st_size / 1e6
    print(
        f"{len(cards):,} cards: made in {made_s:.1f} s, loaded in {loaded_s:.2f} s; a question p50 {cut[49]:.1f} and "
        f"p95 {cut[94]:.1f} ms of CPU, by the clock {quantiles(clock, n=100)[94]:.1f}; {size:.0f} MB on disk, at most "
        f"{megabytes:.0f} MB of memory"
    )
    (own,) = [card for card in cards if card.id.endswith("-9000")]
    assert (await found_by(index, own.errors[0].example))[0] == own.id
    assert cut[94] <= 50
