"""The worker that makes the checks of the settings, each once in its interval; under the lease."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from opsterm.core.clock import Clock
from opsterm.core.errors import LeaseLost, OpstermError, StorageError
from opsterm.monitoring.checks import Reading, is_of, judge, passes, samples_of
from opsterm.monitoring.reach import Grade
from opsterm.monitoring.sample import Sample
from opsterm.monitoring.schedule import Schedule
from opsterm.runtime.check_places import CheckAt, CheckPlace
from opsterm.runtime.checks import CheckFault, Checks
from opsterm.runtime.monitoring import Monitoring
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.supervisor import Heart
from opsterm.runtime.workers import Worker

ROUND_S = 0.25
"""How often the worker looks what is due, and hands over what has come: one commit for all of it."""
CHOSEN_EVERY_S = 10.0
"""How often the selectors are asked again."""
SHARED_EVERY_S = 5.0
"""How often it is kept why checks do not pass."""

log = logging.getLogger("opsterm.checks")


@dataclass(slots=True)
class _Work:
    """What one run of the worker has in hand."""

    schedule: Schedule[CheckAt]
    places: dict[CheckAt, CheckPlace] = field(default_factory=dict)
    arrived: list[Sample] = field(default_factory=list)


class CheckWorker:
    """Makes checks side by side, `parallel` at a time, and as many again of those that failed at their last turn."""

    def __init__(self, checks: Checks, clock: Clock, *, monitoring: Monitoring, parallel: int) -> None:
        self._checks = checks
        self._clock = clock
        self._monitoring = monitoring
        self._parallel = parallel

    async def check_for_ever(self, heart: Heart, fence: Fence) -> None:
        """Check until cancelled. Run under the lease.

        Raises:
            LeaseLost: another process runs the workers now.
            StorageError: measurements could not be kept, and the disk is not just full.
        """
        work = _Work(Schedule(lane=self._parallel, slow_lane=self._parallel))
        try:
            async with asyncio.TaskGroup() as group:
                await self._rounds(group, work, heart, fence)
        except ExceptionGroup as errors:  # the one of the rounds: a check raises nothing
            raise errors.exceptions[0] from None

    async def _rounds(self, group: asyncio.TaskGroup, work: _Work, heart: Heart, fence: Fence) -> None:
        choose_at = share_at = -math.inf
        while True:
            heart.beat()
            now = self._clock.monotonic()
            if now >= choose_at:
                choose_at = now + CHOSEN_EVERY_S
                await self._choose(work, now, fence)
            for at in work.schedule.begin(now):
                group.create_task(self._check(work, work.places[at]))
            arrived, work.arrived = work.arrived, []
            if arrived:
                await self._monitoring.take(arrived, fence)
            if now >= share_at:
                share_at = now + SHARED_EVERY_S
                await self._share(fence)
            await asyncio.sleep(ROUND_S)

    async def _choose(self, work: _Work, now: float, fence: Fence) -> None:
        """Ask the selectors again; what is checked no longer has no alerts any more."""
        work.places = {place.at: place for place in await self._checks.all_places()}
        for at in work.schedule.put({at: place.plan.interval_s for at, place in work.places.items()}, now):
            self._checks.note(at, None)
            await self._monitoring.forget(at.target, fence, among=partial(is_of, at.name))

    async def _share(self, fence: Fence) -> None:
        try:
            await self._checks.share()
            await self._checks.services.keep(fence)
        except LeaseLost:
            raise
        except StorageError as error:  # a comfort: the disk is full, or busy
            log.warning("why checks do not pass could not be kept: %s", error.what)

    async def _check(self, work: _Work, place: CheckPlace) -> None:
        """Make one check. What goes wrong here must not end the others: it raises nothing."""
        well = False
        try:
            async with asyncio.timeout(2 * place.plan.longest_s):  # its own limits end it long before
                reading = await self._checks.make(place)
            well = self._take(work, place, reading)
        except OpstermError as error:
            self._checks.note(place.at, CheckFault(grade="", reasons=(f"{error.what} {error.next_step}".strip(),)))
        except TimeoutError:
            self._checks.note(place.at, CheckFault(grade="", reasons=("It did not end by itself.",)))
        except Exception as error:  # a fault of ours: of this check only, and it is told
            log.error("check %s failed", place.plan.name, exc_info=error)
            fault = f"A fault of opsterm: {type(error).__name__}."
            self._checks.note(place.at, CheckFault(grade="", reasons=(fault,)))
        finally:
            work.schedule.end(place.at, self._clock.monotonic(), well=well)

    def _take(self, work: _Work, place: CheckPlace, reading: Reading) -> bool:
        """Take a result in; return whether it passes."""
        if place.at not in work.schedule:
            return True  # it is checked no longer
        now = self._clock.now()
        verdict, passed = judge(place.plan, reading, now), passes(place.plan, reading)
        held = self._checks.services.take(place, verdict, passed=passed)
        if held:
            verdict = replace(verdict, reasons=(held, *verdict.reasons))
        fault = CheckFault(grade=verdict.grade, reasons=verdict.reasons) if verdict.grade is not Grade.OK else None
        self._checks.note(place.at, fault)
        work.arrived += samples_of(place.plan, place.target, reading, now, held=bool(held))
        return passed


def check_works(checks: Checks, clock: Clock, monitoring: Monitoring, parallel: int) -> Sequence[Worker]:
    """Return the worker for the checks of the settings and of services, if any are asked for."""
    if not checks.plans and not checks.services.wanted:
        return ()
    run = CheckWorker(checks, clock, monitoring=monitoring, parallel=parallel).check_for_ever
    return (Worker(name="checks", run=run, beat_every_s=1.0),)
