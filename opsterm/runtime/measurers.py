"""Who measures a remote target, by its protocol: each remembers the last reading, because rates need two."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from opsterm.core.clock import Clock
from opsterm.core.errors import TimedOut, Unreachable
from opsterm.core.snmp_settings import SnmpSettings
from opsterm.inventory import target as inventory
from opsterm.monitoring import snmp_metrics
from opsterm.monitoring.looks import Look
from opsterm.monitoring.mib import Oid
from opsterm.monitoring.remote_host import HostReading, host_reading, readings
from opsterm.monitoring.snmp_metrics import SnmpSnapshot, measured, snapshot
from opsterm.monitoring.windows_host import windows_reading
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports import Connector
from opsterm.runtime.ports_snmp import SnmpReader
from opsterm.runtime.remote_look import look_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one measurement found.

    Attributes:
        values: metric, item, value.
        is_complete: whether the target came to the end of it in time.
        boot: id of the boot that it showed, "" where it shows none.
    """

    values: Sequence[tuple[str, str, float]]
    is_complete: bool = True
    boot: str = ""


class Measurer(Protocol):
    """Measures targets of one protocol."""

    async def measure(self, target: OrderTarget, *, limit_s: float) -> Measurement:
        """Measure once; there are no rates the first time, and none after a failure: they would span a hole.

        Raises:
            OpstermError: it cannot be measured; the sentence says why.
        """
        ...

    def forget(self, target: OrderTarget) -> None:
        """Let go of what is remembered of a target."""
        ...


class ShellMeasurer:
    """Measures Linux and Windows targets by a script that changes nothing."""

    def __init__(self, connector: Callable[[], Awaitable[Connector]], clock: Clock) -> None:
        self._connector = connector
        self._clock = clock
        self._before: dict[OrderTarget, HostReading] = {}

    async def measure(self, target: OrderTarget, *, limit_s: float) -> Measurement:
        """Measure once; see `Measurer`."""
        before = self._before.pop(target, None)
        look, read, kind = _kind_of(target)
        looked = await look_at(await self._connector(), target, look, limit_s=limit_s, clock=self._clock)
        reading = read(looked.text)
        if reading.says_nothing:
            raise Unreachable(f"{target.name} let us in, but shows no {kind}.")
        self._before[target] = reading
        return Measurement(values=list(readings(before, reading)), is_complete=reading.complete, boot=reading.boot)

    def forget(self, target: OrderTarget) -> None:
        """Let go of a target."""
        self._before.pop(target, None)


def _kind_of(target: OrderTarget) -> tuple[Look, Callable[[str], HostReading], str]:
    """Return how a target is looked at, what reads what it says, and what should have answered."""
    if target.protocol == inventory.Protocol.WINRM:
        return Look.WINDOWS_READING, windows_reading, "Windows with its performance counters"
    return Look.READING, host_reading, "Linux with sh and /proc"


class SnmpMeasurer:
    """Measures SNMP agents."""

    def __init__(self, open_reader: Callable[[], Awaitable[SnmpReader]], clock: Clock, *, limit: int) -> None:
        """Measure nothing yet.

        Args:
            open_reader: returns what asks the agents.
            clock: what rates are measured with.
            limit: values read of one target's tables at most.
        """
        self._open_reader = open_reader
        self._clock = clock
        self._limit = limit
        self._before: dict[OrderTarget, SnmpSnapshot] = {}

    async def measure(self, target: OrderTarget, *, limit_s: float) -> Measurement:
        """Measure once; see `Measurer`. After a new start of the agent there are no rates either."""
        before = self._before.pop(target, None)
        scalars, trees = snmp_metrics.SCALARS, snmp_metrics.TREES
        reader = await self._open_reader()
        try:
            async with asyncio.timeout(limit_s):
                now = await read_snapshot(
                    reader, target, scalars, trees, limit=self._limit, monotonic=self._clock.monotonic()
                )
        except TimeoutError as error:
            raise TimedOut(f"Measuring {target.name} over SNMP took longer than {limit_s:g} s.") from error
        self._before[target] = now
        return Measurement(values=list(measured(before, now)))

    def forget(self, target: OrderTarget) -> None:
        """Let go of a target."""
        self._before.pop(target, None)


async def read_snapshot(
    reader: SnmpReader, target: OrderTarget, scalars: Sequence[Oid], trees: Sequence[Oid], *, limit: int,
    monotonic: float,
) -> SnmpSnapshot:  # fmt: skip
    """Read some scalars and trees of one agent."""
    values = await reader.get(target, scalars)
    walked = await reader.walk(target, trees, limit=limit)
    return snapshot(monotonic, [*values, *walked.bindings])


def measurers_by_protocol(
    connector: Callable[[], Awaitable[Connector]], open_reader: Callable[[], Awaitable[SnmpReader]], clock: Clock,
    settings: SnmpSettings,
) -> Mapping[inventory.Protocol, Measurer]:  # fmt: skip
    """Return who measures the targets of which protocol."""
    shells = ShellMeasurer(connector, clock)
    return {
        inventory.Protocol.SSH: shells,
        inventory.Protocol.WINRM: shells,
        inventory.Protocol.SNMP: SnmpMeasurer(open_reader, clock, limit=settings.walk_limit),
    }
