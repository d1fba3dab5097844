"""Whoever is refused something is told so, and so is the audit."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from opsterm.core.errors import LeaseLost, Refused, StorageError
from opsterm.policy.mask import mask
from opsterm.runtime.events import Refusal
from opsterm.runtime.ledger import Ledger


class Records(Protocol):
    """A use-case that records facts."""

    _ledger: Ledger


S = TypeVar("S", bound=Records)
P = ParamSpec("P")
T = TypeVar("T")
Method = Callable[Concatenate[S, P], Coroutine[Any, Any, T]]  # as `create_task` takes it


def refusals_told(action: str) -> Callable[[Method[S, P, T]], Method[S, P, T]]:
    """Have a method's refusals recorded before they are raised.

    Args:
        action: what the method does, as in "approve"; its first argument is a change's number where it is a number.
    """

    def around(method: Method[S, P, T]) -> Method[S, P, T]:
        @wraps(method)
        async def told(self: S, /, *args: P.args, **given: P.kwargs) -> T:
            try:
                return await method(self, *args, **given)
            except LeaseLost:
                raise
            except Refused as error:
                first = args[0] if args else 0
                await record_refusal(self._ledger, action, error, change=first if isinstance(first, int) else 0)
                raise

        return told

    return around


async def record_refusal(ledger: Ledger, action: str, error: Refused, *, change: int = 0) -> None:
    """Record that something was refused; a disk that takes no writes hears nothing, and the refusal stands.

    Args:
        ledger: where.
        action: what was asked for.
        error: what the one who asked is told.
        change: number of the change, 0 for none.
    """
    event = Refusal(action=action, change=change, why=mask(f"{error.what} {error.why}".strip())[0])
    with suppress(StorageError):
        await ledger.record(ledger.fact(event, correlation_id=f"c{change}" if change else ""))
