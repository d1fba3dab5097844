"""A target of a change that runs: the session on it is opened at once, or when a step first needs one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from opsterm.core.errors import TimedOut, Unreachable
from opsterm.runtime.ports import Session


class OpenedTarget:
    """One target.

    Args:
        opening: opens the session; called once at most.
    """

    def __init__(self, opening: Callable[[], Awaitable[Session]]) -> None:
        self._opening = opening
        self._session: Session | None = None

    async def on(self) -> Session:
        """Return the session. Raises as `ports.Sessions`, but Unreachable for TimedOut: nothing was begun."""
        if self._session is None:
            try:
                self._session = await self._opening()
            except TimedOut as error:  # that is another thing than a command that takes too long
                raise Unreachable(error.what, why=error.why, next_step=error.next_step) from error
        return self._session

    async def __aenter__(self) -> OpenedTarget:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
