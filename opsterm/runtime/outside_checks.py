"""Looks from this host at what a change has left: whether a target answers on a port, or a web server as it should."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from opsterm.changes.verification import ChangeCheck, address_of_check
from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.monitoring.reach import Grade, HttpAsk, judge_http, judge_tcp
from opsterm.policy.mask import mask
from opsterm.policy.order import OrderTarget

if TYPE_CHECKING:
    from opsterm.core.clock import Clock
    from opsterm.runtime.ports_reach import ReachProbe

LookFromHere = Callable[[ChangeCheck, OrderTarget], Awaitable[tuple[bool, str]]]
"""Returns whether a check of the kind REACH holds, and what was seen in one line. Masked and clean."""

LIMIT_S = 10.0
"""Seconds that one look may take."""


class OutsideChecks:
    """Makes checks of the kind REACH.

    Args:
        probe: gives what asks, loaded when there is such a check.
        clock: says whether a certificate still holds.
    """

    def __init__(self, probe: Callable[[], Awaitable[ReachProbe]], clock: Clock) -> None:
        self._probe = probe
        self._clock = clock

    async def look(self, check: ChangeCheck, target: OrderTarget) -> tuple[bool, str]:
        """See `LookFromHere`."""
        try:
            well, said = await self._look(check, target)
        except OpstermError as error:
            well, said = False, error.what
        return well, mask(clean_line(said))[0].rstrip(".")

    async def _look(self, check: ChangeCheck, target: OrderTarget) -> tuple[bool, str]:
        probe = await self._probe()
        host = target.address or "localhost"
        place = address_of_check(check, host)
        if isinstance(place, int):
            reading = await probe.tcp(host, place, timeout_s=LIMIT_S, banner=False)
            reasons = judge_tcp(reading).reasons
            return not reasons, reasons[0] if reasons else "answers"
        wanted = (int(check.wanted),) if check.wanted else ()
        ask = HttpAsk(url=place, name=place, statuses=wanted, redirects=0 if wanted else 5, timeout_s=LIMIT_S)
        answer = await probe.http(ask)
        verdict = judge_http(ask, answer, self._clock.now())
        well = verdict.grade is not Grade.CRITICAL
        return well, f"answers with {answer.status}" if well else verdict.reasons[0]
