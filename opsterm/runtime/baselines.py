"""Which recovery points say how their target should be."""

from __future__ import annotations

import json
from collections.abc import Mapping

from opsterm.changes.recovery.events import BaselineChosen
from opsterm.changes.recovery.point import RecoveryPoint
from opsterm.core.errors import BadInput
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_store import PreferenceStore

_KEY = "recovery.baselines"


class Baselines:
    """Baselines, each a point; a target may have several, of different things.

    Args:
        preferences: where they are kept.
        ledger: tells of them.
    """

    def __init__(self, preferences: PreferenceStore, ledger: Ledger) -> None:
        self._preferences = preferences
        self._ledger = ledger

    async def numbers(self) -> frozenset[int]:
        """Return the numbers of all baselines."""
        return frozenset(await self._kept())

    async def choose(self, point: RecoveryPoint) -> tuple[int, ...]:
        """Make a point a baseline; one of the same things on the same target no longer is.

        Returns:
            The numbers of those that no longer are.

        Raises:
            BadInput: it is the copy of what a change touched.
        """
        if point.on_target:
            raise BadInput(
                f"{point.name} is what {point.origin} touched, as it was before.",
                next_step="Take one by hand of what should stay as it is: opsterm snapshot take",
            )
        kept = await self._kept()
        mark = _mark(point)
        others = tuple(number for number, text in kept.items() if text == mark and number != point.number)
        kept = {number: text for number, text in kept.items() if number not in others} | {point.number: mark}
        await self._keep(kept, point, off=False)
        return others

    async def drop(self, point: RecoveryPoint) -> None:
        """Let a point be no baseline any more. Raises BadInput when it is none."""
        kept = await self._kept()
        if point.number not in kept:
            raise BadInput(f"{point.name} is no baseline.", next_step="`opsterm snapshot list` marks those that are.")
        await self._keep({number: text for number, text in kept.items() if number != point.number}, point, off=True)

    async def _kept(self) -> dict[int, str]:
        text = await self._preferences.get(_KEY)
        found: Mapping[str, str] = json.loads(text) if text else {}
        return {int(number): mark for number, mark in found.items()}

    async def _keep(self, kept: Mapping[int, str], point: RecoveryPoint, *, off: bool) -> None:
        await self._preferences.put(_KEY, json.dumps({str(number): mark for number, mark in kept.items()}))
        told = BaselineChosen(point=point.number, target=point.target, off=off)
        await self._ledger.record(self._ledger.fact(told, correlation_id=point.name))


def _mark(point: RecoveryPoint) -> str:
    """Return a text that two points of the same things on the same target share."""
    things = [[thing.kind, thing.option, thing.name] for thing in point.things]
    return json.dumps([point.target, things], separators=(",", ":"))
