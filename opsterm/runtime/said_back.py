"""What was said back to a person last, and is done once they say yes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from opsterm.assistant.answer import Answer, Paragraph
from opsterm.core.clock import Clock

WAITS_S = 900.0
"""Seconds for which a yes still means what was said back."""

_YES = frozenset({
    "yes", "y", "yes please", "confirm", "confirmed", "keep it", "do it", "go ahead", "ok", "okay", "ok do it",
    "yes do it", "yes keep it", "make it so", "sure", "please do",
})  # fmt: skip
_NO = frozenset({"no", "n", "no thanks", "cancel that", "never mind", "forget it", "do not", "don't"})


class SaidBack:
    """One thing at a time waits for a yes, and only for the next sentence: whatever else is said drops it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._does: Callable[[], Awaitable[Answer]] | None = None
        self._until = 0.0

    def wait(self, does: Callable[[], Awaitable[Answer]], now: float) -> None:
        """Let something wait for its yes; `now` in epoch seconds."""
        self._does, self._until = does, now + WAITS_S

    def drop(self) -> None:
        """Let nothing wait."""
        self._does = None

    async def confirmed(self, text: str) -> Answer | None:
        """Do what was said back, when this is a yes to it; None when it is another sentence. Nothing waits then."""
        does, said = self._does, text.strip().lower().rstrip(".!")
        self.drop()
        if does is None or said not in _YES | _NO:
            return None
        if said in _NO or self._clock.now() > self._until:
            why = "Nothing was done." if said in _NO else "That was too long ago. Say it again."
            return Answer(blocks=(Paragraph(text=why),))
        return await does()
