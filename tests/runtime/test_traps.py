"""Traps become alerts that end, a list, and counts; what cannot be received says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pysnmp.proto import rfc1902

from opsterm.adapters.snmp_traps import LOGIN_KEPT_S, UdpTrapEar
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadSetting, NotFound, Refused
from opsterm.core.secret import Secret
from opsterm.core.settings_reading import load_settings
from opsterm.inventory.target import Protocol, Target
from opsterm.monitoring.alerts import AlertState
from opsterm.monitoring.events import TrapReceived
from opsterm.monitoring.mib import NAMES, Oid
from opsterm.monitoring.snmp_values import Binding, SnmpValue, ValueKind
from opsterm.monitoring.traps import ArrivedTrap
from opsterm.policy.order import OrderTarget
from opsterm.runtime import doctor, traps
from opsterm.runtime.credentials import SNMP_TRAPS
from opsterm.runtime.doctor import Health, check_traps
from opsterm.runtime.ports import Credentials
from opsterm.runtime.ports_snmp import SnmpLogin
from opsterm.runtime.ports_traps import LocalEngine
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.trap_engines import TrapEngines
from opsterm.runtime.traps import Receiver, checked_trap_rules
from tests.adapters.trap_senders import IF_2, Wire, v2c
from tests.runtime.stage import Silence, opened, until, until_async

DOWN, UP, COLD = NAMES["linkDown"], NAMES["linkUp"], NAMES["coldStart"]
FAN = (1, 3, 6, 1, 4, 1, 9999, 0, 1)
SETTINGS = """
[monitoring]
default_thresholds = true
interval_s = 3600
[storage]
keyring = "memory"
[snmp]
traps = "udp 127.0.0.1:1162"
traps_need_login = false
[[snmp.trap_alert]]
trap = "1.3.6.1.4.1.9999.0.1"
severity = "critical"
ends_after_s = 60
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traps, "ROUND_S", 0.005)
    monkeypatch.setattr(traps, "REPORT_EVERY_S", 0.0)


class FreePort(UdpTrapEar):
    """The receiver, on a port that is free."""

    engines: Sequence[LocalEngine] = ()

    async def listen(self, address: str, port: int, engine: LocalEngine) -> None:
        """Listen beside other tests."""
        del port
        self.engines = [*self.engines, engine]
        await super().listen(address, 0, engine)

    async def arrivals(self, wait_s: float) -> Any:
        """Wait shortly: the clock of the tests moves meanwhile."""
        return await super().arrivals(min(wait_s, 0.01))


class Receiving:
    """A runtime that receives, and a device beside it.

    Attributes:
        runtime: the runtime.
        ear: its receiver.
    """

    def __init__(self, runtime: Runtime, ear: FreePort, wire: Any) -> None:
        self.runtime, self.ear, self._wire = runtime, ear, wire

    def send(self, trap: Oid, *, bindings: Any = IF_2, **how: Any) -> None:
        """Send a trap of version 2c."""
        self._wire.sendto(v2c(trap, bindings, **how))

    def alerts(self) -> Sequence[tuple[str, str]]:
        """Return state and summary of what is open."""
        return [(str(alert.severity), alert.summary) for alert in self.runtime.alerts.feed()]


@asynccontextmanager
async def receiving(
    home: Path, clock: StoppedClock, *, target: Mapping[str, Any] | None = None, settings: str = SETTINGS
) -> AsyncIterator[Receiving]:
    """Open a runtime that receives; this machine's address is that of the target sw-1."""
    made: list[FreePort] = []

    async def open_traps(credentials: Credentials) -> FreePort:
        made.append(FreePort(credentials, clock, runtime.offload.pool("snmp")))
        return made[-1]

    how: dict[str, Any] = {"settings": settings, "clock": clock, "open_probe": Silence().open, "open_traps": open_traps}
    async with opened(home, **how) as runtime:
        wanted = {"name": "sw-1", "address": "127.0.0.1", "protocol": Protocol.HTTP, **(target or {})}
        if runtime.inventory.target("sw-1") is None:
            await runtime.inventory.add(Target(**wanted))
        runtime.follow()
        runtime.workers.compete()
        await until(lambda: made and made[0].port and made[0]._names.target("127.0.0.1"))
        wire, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            Wire, remote_addr=("127.0.0.1", made[0].port)
        )
        try:
            yield Receiving(runtime, made[0], wire)
        finally:
            wire.close()


async def test_a_trap_that_no_log_in_vouches_for_is_listed_and_raises_and_ends_no_alert(
    home: Path, clock: StoppedClock
) -> None:
    settings = SETTINGS.replace("traps_need_login = false\n", "")
    async with receiving(home, clock, settings=settings) as device:
        runtime = device.runtime
        device.send(DOWN)
        await until_async(runtime.traps.list)
        (listed,) = await runtime.traps.list()
        assert (listed.name, listed.checked) == ("linkDown", False)
        assert device.alerts() == []
        await runtime.snmp.keep_login("sw-1", SnmpLogin(community=Secret("public")), for_traps=True)
        clock.advance(LOGIN_KEPT_S + 1)
        device.send(DOWN)
        await until(lambda: device.alerts() == [("warning", "link #2 is down")])
        await runtime.secrets.remove(SNMP_TRAPS, "sw-1")
        clock.advance(LOGIN_KEPT_S + 1)
        device.send(UP)
        await until_async(lambda: _named(runtime, "linkUp"))
        assert device.alerts() == [("warning", "link #2 is down")]


async def _named(runtime: Runtime, name: str) -> bool:
    return any(trap.name == name for trap in await runtime.traps.list())


async def test_the_first_engine_of_a_target_is_kept_and_another_is_told_until_it_is_trusted(
    home: Path, clock: StoppedClock
) -> None:
    async with opened(home, settings=SETTINGS, clock=clock) as runtime:
        engines = runtime.traps.engines
        first, other = arrived_from("80001f8801"), arrived_from("80001f8802")
        assert await engines.judged([first, arrived_from("")], writes=True) == [first, arrived_from("")]
        with pytest.raises(NotFound, match="No other engine"):
            await engines.trust("sw-1")
        for _ in range(3):
            assert [trap.checked for trap in await engines.judged([other, first], writes=True)] == [False, True]
        rows = [row for row in await runtime.audit.rows(limit=50) if row.kind == "target.engine_changed"]
        assert [row.what for row in rows] == ["heard sw-1 from another SNMP engine"]
        elsewhere = TrapEngines(runtime.store.preferences, runtime.ledger)
        assert (await elsewhere.trust("sw-1")).other == "80001f8802"
        assert [trap.checked for trap in await engines.judged([other, first], writes=True)] == [True, False]


def arrived_from(engine: str) -> ArrivedTrap:
    return ArrivedTrap(
        target="sw-1", sender="127.0.0.1", at=1.0, version="3", user="monitor", checked=True, trap=COLD, up_time=1,
        bindings=(), is_inform=False, engine=engine,
    )  # fmt: skip


async def test_a_link_that_goes_down_is_an_alert_until_it_comes_up(home: Path, clock: StoppedClock) -> None:
    async with receiving(home, clock) as device:
        with device.runtime.hub.listen("test", TrapReceived) as ear:
            device.send(DOWN)
            await until(lambda: device.alerts() == [("warning", "link #2 is down")])
            device.send(UP)
            await until(lambda: device.alerts() == [])
            facts = await ear.batch()
        (alert,) = await device.runtime.alerts.recent()
        assert (alert.state, alert.summary) == (AlertState.RESOLVED, "link #2 is up")
        assert "cable" in alert.advice
        assert [fact.event.name for fact in facts if isinstance(fact.event, TrapReceived)][:1] == ["linkDown"]
        assert [trap.name for trap in await device.runtime.traps.list("sw-1")] == ["linkUp", "linkDown"]


async def test_whoever_makes_up_links_makes_no_alerts_without_end(
    home: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traps, "ITEMS", 3)
    async with receiving(home, clock) as device:
        for number in range(20):
            name = ((1, 3, 6, 1, 2, 1, 2, 2, 1, 2, number + 1), rfc1902.OctetString(f"made-up-{number}"))
            device.send(DOWN, bindings=[name])
        await until(lambda: len(device.alerts()) >= 4)
        await until(lambda: device.ear.counts()[0].taken == 20)
        assert ("warning", "link (others) is down") in device.alerts()
        assert len(device.alerts()) == 4


async def test_the_same_trap_a_hundred_times_is_one_alert_and_one_row(home: Path, clock: StoppedClock) -> None:
    async with receiving(home, clock) as device:
        for _ in range(100):
            device.send(DOWN)

        async def counted() -> bool:
            return [trap.count for trap in await device.runtime.traps.list()] == [100]

        await until_async(counted)
        await until(device.alerts)
        assert len(device.alerts()) == 1


async def test_a_trap_that_nothing_ends_is_over_after_its_time_also_after_a_restart(
    home: Path, clock: StoppedClock
) -> None:
    async with receiving(home, clock) as device:
        device.send(COLD)
        device.send(FAN)
        await until(lambda: len(device.alerts()) == 2)
        assert device.alerts()[0] == ("critical", "trap 1.3.6.1.4.1.9999.0.1 received")
        clock.advance(61)
        await until(lambda: device.alerts() == [("warning", "trap coldStart received")])
        first = device.ear.engines[0]
    async with receiving(home, clock) as device:
        assert device.alerts() == [("warning", "trap coldStart received")]
        clock.advance(3600)
        await until(lambda: device.alerts() == [])
        assert device.ear.engines == [replace(first, boots=first.boots + 1)]


async def test_the_agent_is_asked_for_the_name_of_a_link(home: Path, clock: StoppedClock) -> None:
    asked: list[Sequence[Oid]] = []

    class Reader:
        async def get(self, target: OrderTarget, oids: Sequence[Oid]) -> Sequence[Any]:
            asked.append(oids)
            return [Binding(oid, SnmpValue(ValueKind.STRING, b"ge-0/0/2\x1b")) for oid in oids]

        async def close(self) -> None:
            pass

    async with receiving(home, clock, target={"protocol": Protocol.SNMP}) as device:

        async def open_reader() -> Any:
            return Reader()

        device.runtime.traps._open_reader = open_reader
        device.send(DOWN)
        await until(lambda: device.alerts() == [("warning", "link ge-0/0/2\\x1b is down")])
        device.send(UP)
        await until(lambda: device.alerts() == [])
    assert len(asked) == 1, "a name is asked for once"


async def test_secrets_in_a_trap_are_masked_and_a_stranger_only_counted(home: Path, clock: StoppedClock) -> None:
    async with receiving(home, clock) as device:
        device.send(FAN, bindings=[((1, 3, 6, 1, 9), rfc1902.OctetString("password=hunter2-x"))])
        await until(device.alerts)
        (trap,) = await device.runtime.traps.list()
        assert "hunter2" not in trap.text
        device.ear._received(v2c(COLD), ("198.51.100.7", 50_000))

        async def counted() -> Any:
            receiver = await device.runtime.traps.receiver()
            return receiver and [count.said for count in receiver.senders if not count.target] == ["sent coldStart"]

        await until_async(counted)
        checks = [check for check in await device.runtime.doctor() if check.name == "traps"]
        assert checks[0].health is Health.NOTE
        assert "1 from addresses of no target" in checks[0].text
        assert len(await device.runtime.traps.list()) == 1


async def test_a_port_that_may_not_be_opened_is_said_by_the_doctor_with_the_way_out(
    home: Path, clock: StoppedClock
) -> None:
    class Refusing(FreePort):
        async def listen(self, address: str, port: int, engine: LocalEngine) -> None:
            raise Refused("This account may not.", next_step="redirect")

    async def open_traps(credentials: Credentials) -> FreePort:
        return Refusing(credentials, clock, runtime.offload.pool("snmp"))

    how: dict[str, Any] = {"settings": SETTINGS, "clock": clock, "open_probe": Silence().open, "open_traps": open_traps}
    async with opened(home, workers=True, **how) as runtime:

        async def told() -> bool:
            checks = {check.name: check for check in await runtime.doctor()}
            return (checks["traps"].health, checks["traps"].next_step) == (Health.BAD, "redirect")

        await until_async(told)


def test_the_doctor_says_what_a_low_port_needs_before_anybody_tried() -> None:
    settings = load_settings(file_text='[snmp]\ntraps = "udp :162"\n').settings.snmp
    check = check_traps(settings, None, 0.0)
    assert "redirect to :1162" in check.next_step
    assert "CAP_NET_BIND_SERVICE" in check.next_step
    fine = check_traps(settings, Receiver(at=0.0, place="udp :162"), 5.0)
    assert (fine.health, fine.text) == (Health.GOOD, "udp :162: 0 taken from 0 targets, 4 rules; said 5 s ago")
    assert check_traps(load_settings().settings.snmp, None, 0.0).health is Health.GOOD
    assert doctor.LOWEST_FREE_PORT == 1024


def test_a_rule_for_targets_that_are_no_selector_is_refused() -> None:
    settings = load_settings(file_text='[[snmp.trap_alert]]\ntrap = "coldStart"\ntarget = "("\n').settings.snmp
    with pytest.raises(BadSetting, match="number 1"):
        checked_trap_rules(settings)
    assert check_traps(replace(settings, traps="udp :1162"), None, 0.0).health is Health.BAD


@pytest.mark.parametrize("place", ["tcp :162", "udp 162x", "udp :0", "udp name:162"])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(BadSetting, match=r"snmp\.traps must be"):
        load_settings(file_text=f'[snmp]\ntraps = "{place}"\n')
