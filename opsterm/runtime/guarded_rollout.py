"""Goes over the targets of a guarded change: all are armed before the first is changed; then one wave follows another.

A wave are the targets that the rollout lets start at once while nothing runs: of its batch, of its budget and of its
redundancy groups. A wave that is not well on all of its targets is taken back by them, and no other one begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from opsterm.changes.guard import LONGEST_S
from opsterm.changes.rollout_progress import RolloutProgress
from opsterm.runtime.supervisor import to_the_end
from opsterm.runtime.wave import Wave

BETWEEN_S = 30
"""Seconds that a wave may take beside its deadline, until what became of it is known."""

DISARM_S = 30
"""Seconds after which targets are left to forget by themselves what was armed and not begun."""

Arm = Callable[[str, int], Awaitable[bool]]
"""Arms a target for so many seconds; returns whether it is. Raises nothing."""

RunInWave = Callable[[str, Wave], Awaitable[bool]]
"""Changes a target; returns whether it was confirmed. Raises nothing."""

Disarm = Callable[[str], Awaitable[None]]
"""Has a target forget a guard under which nothing was changed. Raises nothing."""


class GuardedRollout:
    """Arms targets, and changes them wave by wave.

    Args:
        progress: says which may start.
        names: of the targets, in the order in which they are worked on.
        seconds: within which each is confirmed once it is changed.
        at_once: targets that are armed at the same time, at most.
    """

    def __init__(self, progress: RolloutProgress, names: Sequence[str], *, seconds: int, at_once: int) -> None:
        self._progress = progress
        self._names = names
        self._seconds = seconds
        self._room = asyncio.Semaphore(at_once)
        self._armed: set[str] = set()

    async def run(self, arm: Arm, change: RunInWave, disarm: Disarm) -> None:
        """Do so to the end; `progress` says then what was not started, and why. Who stops it has the rest disarmed."""
        try:
            await self._arm_all(arm)
            number = 0
            while chosen := self._progress.starts():
                number += 1
                await self._make_wave(number, chosen, change)
        finally:
            await to_the_end(self._disarm_rest(disarm))

    async def _disarm_rest(self, disarm: Disarm) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(DISARM_S), asyncio.TaskGroup() as group:
                for name in self._progress.not_started:
                    if name in self._armed:
                        group.create_task(self._with_room(disarm(name)))

    async def _arm_all(self, arm: Arm) -> None:
        async def one(name: str, seconds: int) -> None:
            if await arm(name, seconds):
                self._armed.add(name)

        async with asyncio.TaskGroup() as group:
            for before, name in enumerate(self._names):  # each before it may be a wave of its own
                waits_s = self._seconds + before * (self._seconds + BETWEEN_S)
                group.create_task(self._with_room(one(name, min(waits_s, LONGEST_S))))
        unarmed = [name for name in self._names if name not in self._armed]
        if unarmed and not self._progress.may_fail(len(unarmed)):
            self._progress.stop(f"{unarmed[0]} could not be armed, and nothing was changed anywhere")

    async def _make_wave(self, number: int, chosen: Sequence[str], change: RunInWave) -> None:
        wave = Wave([name for name in chosen if name in self._armed])
        bad: list[str] = []

        async def one(name: str) -> None:
            well = await change(name, wave)
            if not well:
                wave.fail(name)
                bad.append(name)
            self._progress.ended(name, well=well)

        async with asyncio.TaskGroup() as group:
            for name in chosen:
                if name in self._armed:
                    group.create_task(one(name))
                else:  # left out: the budget has room for it
                    self._progress.ended(name, well=False)
        if wave.trouble:
            self._progress.stop(f"{wave.trouble} of wave {number} was not well, and that wave was taken back")
        elif bad:
            self._progress.stop(f"{bad[0]} of wave {number} was not confirmed")

    async def _with_room(self, doing: Awaitable[None]) -> None:
        async with self._room:
            await doing
