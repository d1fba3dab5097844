"""Looks from this host at what a change has left: what answers on a port, over HTTP, SNMP or VAPIX as it should."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from opsterm.changes.verification import ChangeCheck, ChangeCheckKind, address_of_check
from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.monitoring.cameras import EVENT_TOPICS
from opsterm.monitoring.mib import instance_of, parse_oid
from opsterm.monitoring.reach import Grade, HttpAsk, judge_http, judge_tcp
from opsterm.policy.mask import mask
from opsterm.policy.order import OrderTarget
from opsterm.runtime.cameras import camera_of

if TYPE_CHECKING:
    from opsterm.core.clock import Clock
    from opsterm.runtime.ports_camera import CameraReader
    from opsterm.runtime.ports_reach import ReachProbe
    from opsterm.runtime.ports_snmp import SnmpReader

LookFromHere = Callable[[ChangeCheck, OrderTarget], Awaitable[tuple[bool, str]]]
"""Returns whether a check of FROM_HERE holds, and what was seen in one line. Masked and clean."""

LIMIT_S = 10.0
"""Seconds that one look may take."""


class OutsideChecks:
    """Makes checks of FROM_HERE.

    Args:
        probe: gives what asks ports and web servers, loaded when there is such a check.
        agents: gives what asks SNMP agents, the same.
        cameras: gives what asks cameras, the same.
        clock: says whether a certificate still holds.
    """

    def __init__(
        self, probe: Callable[[], Awaitable[ReachProbe]], agents: Callable[[], Awaitable[SnmpReader]],
        cameras: Callable[[], Awaitable[CameraReader]], clock: Clock,
    ) -> None:  # fmt: skip
        self._probe = probe
        self._agents = agents
        self._cameras = cameras
        self._clock = clock

    async def look(self, check: ChangeCheck, target: OrderTarget) -> tuple[bool, str]:
        """See `LookFromHere`."""
        try:
            match check.kind:
                case ChangeCheckKind.SNMP:
                    well, said = await self._ask_agent(check.subject, target)
                case ChangeCheckKind.CAMERA:
                    well, said = await self._ask_camera(check.subject, target)
                case _:
                    well, said = await self._look(check, target)
        except OpstermError as error:
            well, said = False, error.what
        return well, mask(clean_line(said))[0].rstrip(".")

    async def _ask_agent(self, name: str, target: OrderTarget) -> tuple[bool, str]:
        found = await (await self._agents()).get(target, [instance_of(parse_oid(name))])
        return bool(found), f"answers {found[0].value}" if found else "the agent has no such object"

    async def _ask_camera(self, subject: str, target: OrderTarget) -> tuple[bool, str]:
        reader, camera = await self._cameras(), camera_of(target)
        if subject == "events":
            async with reader.events(camera, EVENT_TOPICS):
                return True, "its stream of events stands"
        names = [profile.name for profile in await reader.motion(camera)]
        return subject.removeprefix("motion ") in names, f"profiles {', '.join(names) or 'none'}"

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
