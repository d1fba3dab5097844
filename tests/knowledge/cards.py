"""The cards that ship, and the questions they are tried with."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from opsterm.knowledge.card import Card
from opsterm.knowledge.card_file import read_cards
from opsterm.knowledge.fusion import asks_what_is, fuse
from opsterm.runtime.ports_knowledge import CardFilter
from opsterm.storage.card_index import SqliteCardIndex
from tests.knowledge.seed import SEED

T = TypeVar("T")
BEST_GAIN, OTHER_GAIN = 3, 1
"""What the card that answers best is worth, and what another that helps is worth."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks.

    Attributes:
        text: their words, or what stands on their terminal.
        cards: ids of cards that help, the best first; () when none does.
    """

    text: str
    cards: tuple[str, ...]


@cache
def shipped_cards() -> Mapping[str, Card]:
    """Every card that ships, by its id."""
    found: dict[str, Card] = {}
    for path in sorted((SEED / "cards").glob("*.toml")):
        cards, faults = read_cards(path.read_text(encoding="utf-8"), path.name)
        assert not faults, "\n".join(map(str, faults))
        for card in cards:
            assert card.id not in found, f"{card.id} is in {path.name} and in {found[card.id].source}"
            found[card.id] = card
    return found


def questions(part: str) -> list[Question]:
    """Return the questions of a part: "seen" was used to fit weights and floor, "sealed" only to try them."""
    path = Path(__file__).parent / "questions" / f"{part}.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Question(row["text"], tuple(row["cards"])) for row in rows]


async def here(work: Callable[[], T]) -> T:
    """Run work at once."""
    return work()


async def indexed(path: Path, cards: Sequence[Card]) -> SqliteCardIndex:
    """Return an index over cards."""
    index = SqliteCardIndex(path, here)
    await index.build(cards, "for a test")
    return index


async def found_by(index: SqliteCardIndex, words: str) -> list[str]:
    """Return the ids that a question finds, the best first."""
    ranks = await index.rank(words, CardFilter())
    found = fuse(ranks.by_words, ranks.by_likeness, ranks.candidates, what_is=asks_what_is(words))
    return [one.candidate.id for one in found]


def gain_at_ten(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Return the normalised discounted cumulative gain of the first ten (Järvelin and Kekäläinen, 2002)."""
    worth = {card: BEST_GAIN if place == 0 else OTHER_GAIN for place, card in enumerate(wanted)}
    got = sum(worth.get(card, 0) / math.log2(place + 2) for place, card in enumerate(found[:10]))
    best = sorted(worth.values(), reverse=True)[:10]
    return got / sum(value / math.log2(place + 2) for place, value in enumerate(best))
