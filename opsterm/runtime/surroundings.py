"""What is known of where, when and with which way back a command would run, put together for whoever grades it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from opsterm.core.approval_settings import LimitSetting
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput
from opsterm.policy.change_windows import Zone
from opsterm.policy.context import NOWHERE, Surroundings
from opsterm.policy.limits import applying, decision_outside
from opsterm.policy.plan_order import takes_back
from opsterm.policy.way_back import Coverage
from opsterm.runtime.compliance import Compliance

if TYPE_CHECKING:
    from opsterm.runtime.learned_risk import LearnedRisk


class KnownSurroundings:
    """Adds to a place the hour, what can be taken back there, and what became of such commands before.

    Args:
        clock: says what time it is.
        compliance: knows when changes are planned.
        limits: those of the settings, with the windows of environments.
        zone: finds a time zone.
        learned: returns what past outcomes tell.
    """

    def __init__(
        self, clock: Clock, compliance: Compliance, limits: Sequence[LimitSetting], zone: Zone,
        learned: Callable[[], LearnedRisk],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._compliance = compliance
        self._limits = limits
        self._zone = zone
        self._learned = learned

    async def around(
        self, command: str, shell: str, place: Surroundings | None, *, coverage: Coverage, tags: Collection[str] = (),
        become: str = "",
    ) -> Surroundings:  # fmt: skip
        """Return all that is known of where and when a command would run.

        Args:
            command: the text for the shell.
            shell: its language.
            place: its environments and groups, None when nobody has said where; then no hours are those of the place.
            coverage: how much of it can be taken back as it is asked for.
            tags: of its targets.
            become: the account that sudo becomes, "" for none.

        Raises:
            BadSetting: policy.windows cannot be read.
        """
        known = replace(
            place or NOWHERE, outside_window=place is not None and await self._is_outside(place.environments),
            no_way_back=coverage is Coverage.NONE and not _is_a_way_back(command, shell),
        )  # fmt: skip
        return await self._learned().around(command, shell, known, tags=tags, become=become) or known

    async def _is_outside(self, environments: Sequence[str]) -> bool:
        """Return whether changes are planned for other hours, or a window of these environments is closed now."""
        if await self._compliance.is_planned_now() is False:
            return True
        limits = applying(self._limits, environments)
        decision, _ = decision_outside(limits, now=self._clock.now(), zone=self._zone)
        return bool(decision)


def _is_a_way_back(command: str, shell: str) -> bool:
    with suppress(BadInput):
        return bool(takes_back(command, shell))
    return False
