"""Work beside the keys: a screen's message pump carries every key, so nothing that waits may be done in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial, wraps
from typing import Any, TypeVar

from textual.css.query import NoMatches
from textual.screen import Screen

from opsterm.tui.facts import FactsArrived

Work = Callable[[], Coroutine[None, None, None]]
Standing = TypeVar("Standing", bound=Screen[Any])


def begin_beside(screen: Screen[Any], work: Work, *, group: str, exclusive: bool = False) -> None:
    """Do something while the screen stands; an exclusive one replaces those of its group."""
    # The function, not its coroutine: one that is replaced before it began would be left unawaited.
    standing = partial(_while_it_stands, screen, work)
    screen.run_worker(standing, group=group, exclusive=exclusive)  # type: ignore[arg-type]  # typed ambiguously


async def _while_it_stands(screen: Screen[Any], work: Work) -> None:
    try:
        await work()
    except NoMatches:
        if screen.display:
            raise
        # The framework takes a closing screen apart from the leaves up, and ends its work last.


def while_it_stands(show: Callable[[Standing], None]) -> Callable[[Standing], None]:
    """Let what a screen shows later, at a time or after a painting, find its parts gone when the screen closes."""

    @wraps(show)
    def shown(screen: Standing) -> None:
        try:
            show(screen)
        except NoMatches:
            if screen.display:
                raise

    return shown


class Hearing:
    """Hears facts beside the keys, in order; those that come while others are heard are heard together.

    Args:
        screen: that hears.
        hear: shows what the facts have changed.
    """

    def __init__(self, screen: Screen[Any], hear: Callable[[FactsArrived], Awaitable[None]]) -> None:
        self._screen = screen
        self._hear = hear
        self._waiting: list[FactsArrived] = []
        self._underway = False

    def take(self, message: FactsArrived) -> None:
        """Hear these soon."""
        self._waiting.append(message)
        if not self._underway:
            self._underway = True
            begin_beside(self._screen, self._hear_all, group="facts")

    async def _hear_all(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                await self._hear(FactsArrived([fact for message in waiting for fact in message.facts]))
        finally:
            self._underway = False
