"""SNMP versions 2c and 3, read only, on pysnmp.

An engine of the library is bound to its loop, takes 0.1 s to make (in a thread: it reads files) and remembers users by
name alone. So there is one for every community together, and one for every version 3 log-in: two targets whose users
have one name and two passphrases must not meet in one.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pyasn1.error import PyAsn1Error
from pyasn1.type import univ
from pysnmp.carrier.asyncio.dispatch import AsyncioDispatcher
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch import asyncio as hlapi
from pysnmp.proto import rfc1902, rfc1905

from opsterm.adapters.snmp_login import auth_data, checked, seal, unseal
from opsterm.adapters.snmp_refusals import may_not_read, refusal, silent
from opsterm.adapters.snmp_silence import Silence, ask_why
from opsterm.core.errors import AuthenticationFailed, OpstermError, TimedOut, Unreachable
from opsterm.core.snmp_settings import SnmpSettings
from opsterm.core.text import clean_line
from opsterm.monitoring.mib import Oid, is_below
from opsterm.monitoring.snmp_values import Binding, SnmpValue, ValueKind
from opsterm.policy.order import OrderTarget
from opsterm.runtime.credentials import SNMP
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_snmp import SnmpLogin, Walked
from opsterm.runtime.secret_places import place_of_target

if TYPE_CHECKING:
    from opsterm.runtime.ports import Credentials

PORT = 161
AT_ONCE = 24
"""Objects asked for in one request: their answers fit into one datagram on any agent we met."""

TREES_AT_ONCE = 8
REPETITIONS = 25
UP_TIME: Oid = (1, 3, 6, 1, 2, 1, 1, 3, 0)

_TOO_BIG, _NO_SUCH_NAME, _NO_ACCESS, _AUTHORIZATION = 1, 2, 6, 16
_KINDS: tuple[tuple[type, ValueKind], ...] = (
    (rfc1902.Counter64, ValueKind.COUNTER64), (rfc1902.Counter32, ValueKind.COUNTER32),
    (rfc1902.TimeTicks, ValueKind.TICKS), (rfc1902.Unsigned32, ValueKind.GAUGE), (rfc1902.Gauge32, ValueKind.GAUGE),
    (rfc1902.IpAddress, ValueKind.ADDRESS), (rfc1902.Opaque, ValueKind.OPAQUE),
)  # fmt: skip

_ITS_MIBS = (
    "SNMPv2-TM", "TRANSPORT-ADDRESS-MIB", "SNMP-FRAMEWORK-MIB", "SNMP-MPD-MIB", "SNMP-TARGET-MIB",
    "SNMP-COMMUNITY-MIB", "SNMP-USER-BASED-SM-MIB", "SNMP-VIEW-BASED-ACM-MIB", "SNMP-NOTIFICATION-MIB",
    "PYSNMP-USM-MIB", "PYSNMP-SOURCE-MIB", "SNMPv2-MIB", "__SNMPv2-MIB",
    "__SNMP-FRAMEWORK-MIB", "__SNMP-MPD-MIB", "__SNMP-TARGET-MIB",
    "__SNMP-USER-BASED-SM-MIB", "__SNMP-VIEW-BASED-ACM-MIB", "__PYSNMP-USM-MIB",
)  # fmt: skip
"""Where the engine of the library keeps its own state; none of it is a target's."""

Answer = Sequence[tuple[Oid, Any]]


class PySnmpReader:
    """Implements `runtime.ports_snmp.SnmpReader`. Belongs to the loop in which it is first used."""

    def __init__(self, settings: SnmpSettings, credentials: Credentials, offload: Run) -> None:
        self._settings = settings
        self._credentials = credentials
        self._offload = offload
        self._engines: dict[SnmpLogin | None, hlapi.SnmpEngine] = {}
        self._making = asyncio.Lock()
        self._waits_s = settings.timeout_s * (settings.retries + 1)

    async def get(self, target: OrderTarget, oids: Sequence[Oid]) -> Sequence[Binding]:
        """Return the values of some objects; see `SnmpReader.get`."""
        line = await self._line(target)
        async with self._in_time(target):
            found: list[Binding] = []
            for start in range(0, len(oids), AT_ONCE):
                found += await line.get(oids[start : start + AT_ONCE])
            return found

    async def walk(self, target: OrderTarget, roots: Sequence[Oid], *, limit: int) -> Walked:
        """Return everything below each root; see `SnmpReader.walk`."""
        line = await self._line(target)
        async with self._in_time(target):
            found: list[Binding] = []
            for start in range(0, len(roots), TREES_AT_ONCE):
                part = await line.walk(roots[start : start + TREES_AT_ONCE], limit - len(found))
                found += part.bindings
                if part.truncated:
                    return Walked(bindings=found, truncated=True)
            return Walked(bindings=found, truncated=False)

    async def check(self, target: OrderTarget) -> None:
        """See whether the agent answers; see `SnmpReader.check`."""
        if await self._login(target) is not None:
            await self.get(target, [UP_TIME])
            return
        address, _ = await self._resolve(target)
        port = target.port or PORT
        found = await ask_why(address, port, self._settings.timeout_s)
        if found is not Silence.ANSWERS:
            error = silent(target, None, found, port=port, waited_s=self._settings.timeout_s)
            error.next_step = f"No SNMP log-in of it is kept; keep one: opsterm snmp login {target.name}"
            raise error

    async def keep(self, name: str, login: SnmpLogin, *, service: str = SNMP) -> None:
        """Keep a log-in; see `SnmpReader.keep`. Raises BadInput for one that cannot be used."""
        await self._credentials.put(service, name, seal(checked(login, name)))

    async def close(self) -> None:
        """Close every engine."""
        engines, self._engines = list(self._engines.values()), {}
        for engine in engines:
            engine.close_dispatcher()
        if engines:
            await asyncio.sleep(0)  # lets the transports and the library's timer end

    # ------------------------------------------------------------------------------------------ the way there

    def _in_time(self, target: OrderTarget) -> _Within:
        return _Within(target, self._settings.total_timeout_s)

    async def _login(self, target: OrderTarget) -> SnmpLogin | None:
        secret = await self._credentials.get(SNMP, target.name, place_of_target(target))
        return unseal(secret, target.name) if secret else None

    async def _resolve(self, target: OrderTarget) -> tuple[str, int]:
        """Return the address as a number, and its family."""
        loop = asyncio.get_running_loop()
        shown = clean_line(target.address)
        try:
            async with asyncio.timeout(self._waits_s):
                found = await loop.getaddrinfo(target.address, target.port or PORT, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            if isinstance(error, TimeoutError):
                raise Unreachable(f"The name {shown} is not resolved within {self._waits_s:g} s.") from error
            raise Unreachable(
                f"No address is known for {shown}.",
                next_step=f"Give one: opsterm targets edit {target.name} --address 192.0.2.1",
            ) from error
        return str(found[0][4][0]), int(found[0][0])

    async def _line(self, target: OrderTarget) -> _Line:
        login = await self._login(target)
        if login is None:
            raise AuthenticationFailed(
                f"No SNMP log-in of {target.name} is kept.", next_step=f"Keep one: opsterm snmp login {target.name}"
            )
        address, family = await self._resolve(target)
        kind = hlapi.Udp6TransportTarget if family == socket.AF_INET6 else hlapi.UdpTransportTarget
        transport = await kind.create(
            (address, target.port or PORT), timeout=self._settings.timeout_s, retries=self._settings.retries
        )
        return _Line(target, login, await self._engine(login), transport, self._waits_s, address)

    async def _engine(self, login: SnmpLogin) -> hlapi.SnmpEngine:
        key = None if login.community else login
        async with self._making:
            if key not in self._engines:
                engine = await self._offload(_new_engine)
                engine.register_transport_dispatcher(_Dispatcher())
                self._engines[key] = engine
            return self._engines[key]


_OF_BROKEN_PACKETS = (PySnmpError, PyAsn1Error, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError,
                      ValueError)  # fmt: skip


class _Dispatcher(AsyncioDispatcher):  # type: ignore[misc]  # the library has no types
    """The library's, without the errors that it lets fall into the loop.

    They come over one broken packet in a hundred, and over those that arrive while it closes. Such a packet is dropped
    like the others that cannot be read (RFC 3412, 7.2): whoever waits asks again.
    """

    def _callback_function(self, *packet: Any) -> None:
        with suppress(*_OF_BROKEN_PACKETS):
            super()._callback_function(*packet)


def _new_engine() -> hlapi.SnmpEngine:
    """Make an engine that has read every file it needs: the library reads some when it first meets a target."""
    engine = hlapi.SnmpEngine()
    engine.get_mib_builder().load_modules(*_ITS_MIBS)
    return engine


class _Within:
    """`async with`: a limit of time, and the sentence when it is over."""

    def __init__(self, target: OrderTarget, seconds: float) -> None:
        self._target, self._seconds = target, seconds
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            raise TimedOut(
                f"Reading {self._target.name} over SNMP took longer than {self._seconds:g} s.",
                next_step="Ask for less, or raise snmp.total_timeout_s.",
            ) from None


class _Line:
    """One target with its log-in: requests and their answers."""

    def __init__(
        self, target: OrderTarget, login: SnmpLogin, engine: hlapi.SnmpEngine, transport: Any, waits_s: float,
        address: str,
    ) -> None:  # fmt: skip
        self._target, self._login, self._engine, self._transport = target, login, engine, transport
        self._waits_s, self._address = waits_s, address

    async def get(self, oids: Sequence[Oid]) -> Sequence[Binding]:
        """Ask for some objects at once; for half of them at a time where the answer is too big."""
        status, answer = await self._ask(hlapi.get_cmd, (), oids)
        if status == _TOO_BIG and len(oids) > 1:
            half = len(oids) // 2
            return [*await self.get(oids[:half]), *await self.get(oids[half:])]
        if status:
            self._refused(status)
        by_oid = dict(answer)
        return [Binding(oid, value_of(by_oid.get(oid))) for oid in oids]

    async def walk(self, roots: Sequence[Oid], limit: int) -> Walked:
        """Walk some trees side by side, several rows a request."""
        found: dict[Oid, list[Binding]] = {root: [] for root in roots}
        places = dict(zip(roots, roots, strict=True))
        rows = max(2, REPETITIONS * 2 // (len(roots) + 1))
        count = 0
        while places and count <= limit:  # one more than the limit tells that there is more
            asked = list(places)
            status, answer = await self._ask(hlapi.bulk_cmd, (0, rows), [places[root] for root in asked])
            if status == _TOO_BIG and rows > 1:
                rows = 1
                continue
            if status and status != _NO_SUCH_NAME:
                self._refused(status)
            if status or not answer:
                break
            count += self._take(answer, asked, places, found)
        bindings = [binding for root in roots for binding in found[root]]
        return Walked(bindings=bindings[:limit], truncated=count > limit)

    def _take(
        self, answer: Answer, asked: Sequence[Oid], places: dict[Oid, Oid], found: dict[Oid, list[Binding]]
    ) -> int:
        """Sort an answer into its trees; a tree that is at its end leaves `places`. Return how many values it had."""
        count = 0
        for number, (oid, raw) in enumerate(answer):
            root = asked[number % len(asked)]
            if root not in places:
                continue
            if not is_below(oid, root) or isinstance(raw, rfc1905.EndOfMibView):
                del places[root]
            elif oid <= places[root]:
                raise Unreachable(
                    f"The SNMP agent of {self._target.name} answers a walk in circles.",
                    why="A name it gave does not come after the one before.",
                    next_step="Ask for single objects instead.",
                )  # fmt: skip
            else:
                places[root] = oid
                found[root].append(Binding(oid, value_of(raw)))
                count += 1
        return count

    async def _ask(self, command: Any, numbers: Sequence[int], oids: Sequence[Oid]) -> tuple[int, Answer]:
        """Send one request; return the agent's status and what it answered."""
        wanted = [(rfc1902.ObjectName(oid), rfc1905.unSpecified) for oid in oids]
        try:
            # twice: a first request of version 3 asks for the engine before; more: the library's timer is coarse
            async with asyncio.timeout(2 * self._waits_s + 2):
                indication, status, _, answer = await command(
                    self._engine, auth_data(self._login), self._transport, hlapi.ContextData(), *numbers, *wanted,
                    lookupMib=False,
                )  # fmt: skip
        except TimeoutError:  # of ours alone: the library has lost a request over a broken answer
            raise await self._failed("RequestTimedOut") from None
        except (PySnmpError, PyAsn1Error) as error:
            raise Unreachable(
                f"{self._target.name} cannot be asked over SNMP: {clean_line(str(error), limit=200)}."
            ) from error
        if indication:
            raise await self._failed(type(indication).__name__)
        return int(status), [(tuple(name), value) for name, value in answer]

    async def _failed(self, indication: str) -> OpstermError:
        if indication != "RequestTimedOut":
            return refusal(self._target, self._login, indication)
        port = self._target.port or PORT
        found = await ask_why(self._address, port, min(self._waits_s, 2.0))
        return silent(self._target, self._login, found, port=port, waited_s=self._waits_s)

    def _refused(self, status: int) -> None:
        if status in (_AUTHORIZATION, _NO_ACCESS):
            raise may_not_read(self._target, self._login)
        raise Unreachable(f"The SNMP agent of {self._target.name} answers with error {status} (RFC 3416).")


def value_of(raw: Any) -> SnmpValue:
    """Return a value of the library as ours; None and exceptions of RFC 3416 as an absent one."""
    if isinstance(raw, rfc1905.NoSuchObject):
        return SnmpValue(ValueKind.ABSENT, None, "no such object")
    if isinstance(raw, rfc1905.NoSuchInstance):
        return SnmpValue(ValueKind.ABSENT, None, "no such instance")
    for kind, ours in _KINDS:
        if kind in type(raw).__mro__:
            octets = ours in (ValueKind.ADDRESS, ValueKind.OPAQUE)
            return SnmpValue(ours, bytes(raw) if octets else int(raw))
    if isinstance(raw, univ.OctetString):
        return SnmpValue(ValueKind.STRING, bytes(raw))
    if isinstance(raw, univ.ObjectIdentifier):
        return SnmpValue(ValueKind.OID, tuple(raw))
    if isinstance(raw, univ.Integer):
        return SnmpValue(ValueKind.INTEGER, int(raw))
    return SnmpValue(ValueKind.ABSENT, None, "no value")


def open_snmp(settings: SnmpSettings, credentials: Credentials, offload: Run) -> PySnmpReader:
    """Return the SNMP reader of this process; opens nothing yet."""
    return PySnmpReader(settings, credentials, offload)
