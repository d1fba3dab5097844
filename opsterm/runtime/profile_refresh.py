"""The worker that looks at profiles again: of the targets that are measured, once in a while and after a restart."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from opsterm.core.clock import Clock
from opsterm.core.errors import LeaseLost, OpstermError
from opsterm.core.settings import MonitoringSettings, Settings
from opsterm.inventory.target import WITH_A_SHELL
from opsterm.policy.watch_order import WatchKind, watched_selector
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.profiles import Profiles
from opsterm.runtime.remote_monitoring import RemoteMonitoring
from opsterm.runtime.supervisor import Heart
from opsterm.runtime.workers import Worker

AT_ONCE = 2
"""Targets that are looked at at the same time: a profile costs a target a second of CPU, and nobody waits for it."""

ROUND_S = 5.0
"""How often the worker looks who is due."""

SPREAD_S = 300.0
"""Targets that are due at the same time, as after a change of the selector, are spread over so many seconds."""

FIRST_PAUSE_S = 900.0
"""After a failure; each further one doubles it, up to the interval."""

_SPREAD = (math.sqrt(5) - 1) / 2  # multiples of it, modulo 1, lie as evenly as can be however many there are

log = logging.getLogger("opsterm.profiles")


@dataclass(slots=True)
class _Turn:
    """How it stands with a target; `earliest` is of the clock that does not jump: before, it is not tried."""

    earliest: float
    failures: int = 0
    running: bool = False


class ProfileRefresh:
    """Looks again at targets that are measured; run under the lease.

    Args:
        boots: returns the boot ids that measuring showed last, by target: a new one makes a profile due.
    """

    def __init__(
        self, clock: Clock, *, settings: MonitoringSettings, inventory: Inventory, profiles: Profiles,
        boots: Callable[[], Mapping[str, str]],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._selector = watched_selector(settings.remote, WatchKind.MEASUREMENTS)
        self._interval_s = settings.profile_interval_h * 3600
        self._inventory = inventory
        self._profiles = profiles
        self._boots = boots
        self._turns: dict[str, _Turn] = {}
        self._chosen_ever = 0

    async def refresh_for_ever(self, heart: Heart, fence: Fence) -> None:
        """Look again until cancelled.

        Raises:
            LeaseLost: another process runs the workers now.
        """
        self._turns = {}
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    heart.beat()
                    for name in await self.due():
                        self._turns[name].running = True
                        group.create_task(self._look(name, self._turns[name], fence))
                    await asyncio.sleep(ROUND_S)
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def due(self) -> Sequence[str]:
        """Ask the selector and the store again; return whom to look at now: as many as may be at the same time."""
        now, at = self._clock.monotonic(), self._clock.now()
        rows = self._inventory.select(self._selector).rows
        chosen = [row.target.name for row in rows if row.target.protocol in WITH_A_SHELL]
        for name in [name for name in self._turns if name not in chosen]:
            del self._turns[name]
        looked, boots = await self._profiles.looked_at(), self._boots()
        waiting = []
        for name in chosen:
            if name not in self._turns:
                self._chosen_ever += 1
                self._turns[name] = _Turn(now + self._chosen_ever * _SPREAD % 1.0 * SPREAD_S)
            turn = self._turns[name]
            looked_at, boot = looked.get(name, (-math.inf, ""))
            is_old = at - looked_at >= self._interval_s or (boot and boots.get(name, boot) != boot)
            if is_old and not turn.running and turn.earliest <= now:
                waiting.append((turn.earliest, name))
        free = max(0, AT_ONCE - sum(turn.running for turn in self._turns.values()))
        return [name for _, name in sorted(waiting)[:free]]

    async def _look(self, name: str, turn: _Turn, fence: Fence) -> None:
        """Look at one target. What goes wrong there must not end the others."""
        try:
            await self._profiles.refresh(name, fence=fence)
        except LeaseLost:
            raise
        except OpstermError as error:
            turn.failures += 1
            log.info("no profile of %s: %s", name, error.what)
        except Exception as error:  # a fault of ours: of this target only
            turn.failures += 1
            log.error("looking at %s failed", name, exc_info=error)
        else:
            turn.failures = 0
        finally:
            turn.running = False
        pause_s = min(FIRST_PAUSE_S * 2.0 ** min(turn.failures - 1, 20), self._interval_s) if turn.failures else 0.0
        turn.earliest = self._clock.monotonic() + pause_s


def profile_works(
    profiles: Profiles, measuring: RemoteMonitoring, inventory: Inventory, clock: Clock, settings: Settings
) -> Sequence[Worker]:
    """Return the worker, where profiles are to be looked at again."""
    if not settings.monitoring.profile_interval_h:
        return ()
    refresh = ProfileRefresh(
        clock, settings=settings.monitoring, inventory=inventory, profiles=profiles, boots=measuring.boots
    )
    return (Worker(name="profiles", run=refresh.refresh_for_ever, beat_every_s=2 * ROUND_S),)
