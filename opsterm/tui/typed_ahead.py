"""Keys in order: each key is done before the next one is looked at.

The framework hands a key to whatever has the focus when the key arrives, not when the key before it is done. Over a
slow line keys arrive in bunches, and what was typed for the line that a key opens would act as commands on what is
below. So a key waits here until the one before it has passed every widget that may take it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from textual import events
from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from textual.app import App

Typed = events.Key | events.Paste


class TypedAhead:
    """The keys that wait.

    Args:
        app: whose keys they are.
        dispatch: what the framework does with one.
    """

    def __init__(self, app: App[None], dispatch: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app = app
        self._dispatch = dispatch
        self._waiting: deque[Typed] = deque()
        self._held = True
        self._underway = False

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    @property
    def idle(self) -> bool:
        """Whether every key that came is done."""
        return self._held or not (self._waiting or self._underway)

    async def take(self, event: Typed) -> None:
        """Take a key in, and hand it on if none is before it."""
        self._waiting.append(event)
        await self._next()

    def release(self) -> None:
        """Begin to hand keys on: there is somebody now who understands them."""
        self._held = False
        self._app.call_later(self._next)

    async def _next(self) -> None:
        app = self._app
        if self._held or self._underway or not self._waiting:
            return
        if not app.screen.is_mounted:  # a dialog that the key before has opened
            app.call_later(self._next)
            return
        self._underway = True
        target: MessagePump = app.focused or app.screen
        await self._dispatch(self._waiting.popleft())
        self._follow(target, target)

    def _follow(self, node: MessagePump, again: MessagePump | None) -> None:
        """Go behind the key, from the focused widget up through all that hold it.

        Args:
            node: how far it has come.
            again: where to begin once more: an action may have told something to those that hold the widget.
        """
        parent = node._parent  # noqa: SLF001 (the way that the framework's bubbling takes)
        if parent is not None and node.call_later(self._follow, parent, again):
            return
        if again is not None and self._app.call_later(self._follow, again, None):
            return
        self._underway = False
        if self._waiting:
            self._app.call_later(self._next)
