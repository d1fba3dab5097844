"""Use-case: a connection made phase by phase, so that one that fails says where it failed, why, and how to mend it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from opsterm.core.clock import Clock
from opsterm.core.errors import AuthenticationFailed, HostKeyUnknown, OpstermError, StorageFull, TimedOut, Unreachable
from opsterm.inventory.fields import checked
from opsterm.inventory.target import Protocol, Target
from opsterm.monitoring.looks import Look
from opsterm.monitoring.mib import NAMES, instance_of
from opsterm.monitoring.reach import Failure, HttpAsk, HttpReading
from opsterm.monitoring.windows_host import windows_profile
from opsterm.policy.approval import require_writable
from opsterm.policy.mask import mask
from opsterm.policy.order import OrderTarget
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ports import Connector, Sessions
from opsterm.runtime.ports_connection_test import Phase, PhaseLog, PhaseResult
from opsterm.runtime.ports_reach import ReachProbe
from opsterm.runtime.ports_snmp import SnmpReader
from opsterm.runtime.reach import TCP_PORTS, url_of_target
from opsterm.runtime.remote_look import look_at

COMMAND_LIMIT_S = 20.0
ANSWER_LIMIT_S = 15.0
"""Seconds for the first command, and for a web server: an operator waits, and may press a key to stop."""

_WEB_STEPS = {
    Phase.LOOKUP: "Mend the target's address, or see this machine's name servers.",
    Phase.TCP: "See whether its web server runs, and whether the port is right.",
    Phase.TLS: "Give the server a certificate that this machine trusts, or see whether that port speaks TLS.",
    Phase.ANSWER: "See the web server's own log.",
}

Tell = Callable[[int, PhaseResult], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionReport:
    """What a test has found.

    Attributes:
        target: as it was tested; it need not be in the inventory.
        phases: in order; the last one failed when there is an error.
        error: what went wrong, None when every phase passed.
    """

    target: Target
    phases: tuple[PhaseResult, ...]
    error: OpstermError | None = None


class ConnectionTest:
    """Tests connections to targets, those of the inventory and those that are only being written.

    Args:
        read_only: the setting changes.read_only: nothing is sent to a target.
    """

    def __init__(
        self, inventory: Inventory, clock: Clock, connector: Callable[[], Awaitable[Connector]],
        probe: Callable[[], Awaitable[ReachProbe]], snmp: Callable[[], Awaitable[SnmpReader]], *,
        read_only: bool = False,
    ) -> None:  # fmt: skip
        self._inventory = inventory
        self._clock = clock
        self._connector = connector
        self._probe = probe
        self._snmp = snmp
        self._read_only = read_only

    async def run(self, target: Target, tell: Tell) -> ConnectionReport:
        """Connect anew, log in and run one fixed command that only reads.

        What was learned of the reachability of a target that is in the inventory as it stands here is kept.

        Args:
            target: where; its fields are checked as if it were to be kept.
            tell: called with the place of a phase and how it stands, whenever that changes.

        Raises:
            BadInput: a field cannot be used.
            Refused: read-only mode.
        """
        kept = self._inventory.target(target.name)
        target = checked(target, before=target if kept is not None and kept.protocol is Protocol.LOCAL else None)
        require_writable(read_only=self._read_only, what="looked at over a line")
        log = PhaseLog(self._clock, tell)
        failure: OpstermError | None = None
        try:
            await self._connect(target, log)
            log.passed()
        except OpstermError as error:
            failure = error
            if isinstance(error, HostKeyUnknown) and kept is None:
                error.next_step = _trust_line(target, error)
            if not log.results:
                log.begin(Phase.CONFIG, target.name)
            log.failed(error)
        if target == kept:
            await self._note(target.name, failure)
        return ConnectionReport(target=target, phases=tuple(log.results), error=failure)

    async def _connect(self, target: Target, log: PhaseLog) -> None:
        match target.protocol:
            case Protocol.HTTP:
                await self._ask_web(target, log)
            case Protocol.SNMP:
                await self._ask_agent(target, log)
            case Protocol.WINRM:
                await self._try_port(target, log)
                await self._look_at_windows(target, log)
            case Protocol.SSH | Protocol.LOCAL:
                await self._run_command(target, log)

    async def _run_command(self, target: Target, log: PhaseLog) -> None:
        order = self._inventory.order_target(target)
        async with (await self._connector()).fresh(order, log) as sessions:
            log.begin(Phase.COMMAND, target.name)
            said = (await self._look(sessions, order, Look.FIRST)).split("\n")
            if len(said) < 3:
                raise Unreachable(
                    f"{target.name} let us in and did not run the first command.",
                    why="Its shell is no POSIX sh, or the account may run no commands.",
                    next_step=f"Open a terminal on {target.name} to see what answers.",
                )
            log.found(f"{said[0]} on {said[1]}, {said[2]}")
            log.passed()

    async def _look(self, sessions: Sessions, order: OrderTarget, look: Look) -> str:
        return (await look_at(sessions, order, look, limit_s=COMMAND_LIMIT_S, clock=self._clock)).text

    async def _look_at_windows(self, target: Target, log: PhaseLog) -> None:
        """Log in and ask for what the host is; over WinRM a question and the log-in are one."""
        order = self._inventory.order_target(target)
        async with (await self._connector()).fresh(order, log) as sessions:
            log.begin(Phase.LOG_IN, target.name)
            found = windows_profile(await self._look(sessions, order, Look.WINDOWS_FIRST))
            log.begin(Phase.COMMAND, target.name)
            if found is None:
                raise Unreachable(
                    f"{target.name} let us in, but shows no Windows.",
                    why="Its management service (WMI) gave no Win32_OperatingSystem.",
                    next_step="See its WMI service (winmgmt), and what the account may read.",
                )
            log.found(f"{found.host_name}, {found.os}")
            log.passed()

    async def _try_port(self, target: Target, log: PhaseLog) -> None:
        port = target.port or TCP_PORTS[target.protocol]
        probe = await self._probe()
        reading = await probe.tcp(target.reach, port, timeout_s=ANSWER_LIMIT_S, banner=False, steps=log)
        if reading.failure:
            kind = TimedOut if reading.failure is Failure.TIMED_OUT else Unreachable
            raise kind(reading.reason, next_step="See whether the target is up, and whether the port is right.")

    async def _ask_web(self, target: Target, log: PhaseLog) -> None:
        ask = HttpAsk(url=url_of_target(target, "/"), name=target.name, timeout_s=ANSWER_LIMIT_S)
        reading = await (await self._probe()).http(ask, log)
        if reading.failure or reading.trust:
            raise _web_fault(target, reading, log)
        asks = "; it asks for a log-in" if reading.status == 401 else ""
        log.found(f"{reading.status}, {reading.version}{asks}")

    async def _ask_agent(self, target: Target, log: PhaseLog) -> None:
        order = self._inventory.order_target(target)
        await (await self._probe()).look_up(target.reach, log)
        reader = await self._snmp()
        log.begin(Phase.ANSWER, target.name)
        try:
            await reader.check(order)
        except AuthenticationFailed:
            log.begin(Phase.LOG_IN, target.name)  # it answered, and that is why
            raise
        log.begin(Phase.LOG_IN, target.name)
        name, description = await reader.get(order, [instance_of(NAMES[word]) for word in ("sysName", "sysDescr")])
        log.found(", ".join(filter(None, (name.value.text, description.value.text))))

    async def _note(self, name: str, error: OpstermError | None) -> None:
        if error is None or isinstance(error, Unreachable | TimedOut):
            with suppress(StorageFull):  # what was seen counts more than that it is remembered
                await self._inventory.note_seen({name: "" if error is None else mask(error.what)[0]})


def _trust_line(target: Target, error: HostKeyUnknown) -> str:
    """Return how to trust the key of a host that the inventory does not have under this name."""
    host = f"[{target.reach}]" if ":" in target.reach else target.reach
    place = host if target.port is None else f"{host}:{target.port}"
    return (
        "Compare the fingerprint with one you trust, then accept it: "
        f"opsterm targets trust {place} --fingerprint {error.fingerprint}"
    )


def _web_fault(target: Target, reading: HttpReading, log: PhaseLog) -> OpstermError:
    phase = log.results[-1].phase if log.results else Phase.LOOKUP
    kind = TimedOut if reading.failure is Failure.TIMED_OUT else Unreachable
    return kind(
        f"{target.name} did not answer as a web server should.", why=reading.trust or reading.reason,
        next_step=_WEB_STEPS.get(phase, ""),
    )  # fmt: skip
