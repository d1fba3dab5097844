"""The settings of conversations: how long they are kept, and how much may be attached to a question."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.options import between, option


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettings:
    """`[chat]`: what is kept of the chat."""

    keep_d: float = option(
        90.0, "Days for which a conversation is kept after its last question; 0: none is kept.", check=between(0, 3660)
    )
    attach_kb: int = option(
        64, "Kilobytes of one attached text that go with a question; the rest is left out and said.",
        check=between(1, 1000),
    )  # fmt: skip
