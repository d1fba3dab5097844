"""Texts that are a little wrong: thousands of them, always the same, and cheaper than a search for them."""

from __future__ import annotations

import random
from collections.abc import Iterator

STRANGE = "\x00\t\n\r\x1b\x7f\x85\u202e\u2028\ud7ffé\U0001f600{}[]\"'\\:,#&*!|>%@`~/?= 0-9<.$"


def mutations(text: str, count: int, seed: int) -> Iterator[str]:
    """Yield texts made of `text` by a few cuts, doublings, swaps and strange characters."""
    chance = random.Random(seed)
    for _ in range(count):
        made = text
        for _ in range(chance.randint(1, 4)):
            at, end = sorted(chance.randrange(len(made) + 1) for _ in range(2))
            end = min(end, at + 12)
            match chance.randrange(4):
                case 0:
                    made = made[:at] + made[end:]
                case 1:
                    made = made[:at] + made[at:end] * 2 + made[end:]
                case 2:
                    made = made[:at] + chance.choice(STRANGE) + made[at:]
                case _:
                    made = made[:at] + chance.choice(STRANGE) + made[at + 1 :]
        yield made
