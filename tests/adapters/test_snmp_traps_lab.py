"""Traps and informs of Net-SNMP's snmpd on a real Debian host, which sends them by itself.

Needs OPSTERM_LAB, as `test_ssh_lab.py` describes it. An snmpd of each test's own runs on the first host and goes with
its connection; so does the network interface that is taken down.
"""

from __future__ import annotations

import asyncio
import shlex
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from opsterm.adapters.snmp_login import seal
from opsterm.adapters.snmp_traps import UdpTrapEar
from opsterm.core.clock import SystemClock
from opsterm.core.secret import Secret
from opsterm.monitoring.mib import NAMES, oid_text
from opsterm.monitoring.trap_rules import interface
from opsterm.monitoring.traps import ArrivedTrap
from opsterm.policy.order import OrderTarget
from opsterm.runtime.credentials import SNMP
from opsterm.runtime.ports_snmp import SnmpLogin
from tests.adapters import test_snmp_lab
from tests.adapters.test_snmp import Ring, in_a_thread
from tests.adapters.test_snmp_lab import target
from tests.adapters.trap_senders import ENGINE

pytestmark = pytest.mark.lab

lab = test_snmp_lab.lab  # the fixture
OWN_PORT = 16162
LINK = "opst0"
FIRST, SECOND = "one long pass", "two long pass"
USER = SnmpLogin(user="trapper", auth="SHA-256", auth_passphrase=Secret(FIRST), priv="AES",
                 priv_passphrase=Secret(SECOND))  # fmt: skip
SESSION = f'-v 3 -u trapper -a SHA-256 -A "{FIRST}" -x AES -X "{SECOND}" -l authPriv'
AGENT = "0x80001f8804aabbcc"
OF_ITS_OWN = f"exactEngineID {AGENT}\n"  # a trap goes out under the sender's own engine, which it has to be told
LONG_KEY = SnmpLogin(user="trapper", auth="SHA", auth_passphrase=Secret(FIRST), priv="AES-256",
                     priv_passphrase=Secret(SECOND))  # fmt: skip
SINKS = {
    "1": (SnmpLogin(community=Secret("traps")), "trapsink {to} traps", ("1", False)),
    "2c": (SnmpLogin(community=Secret("traps")), "trap2sink {to} traps", ("2c", False)),
    "2c inform": (SnmpLogin(community=Secret("traps")), "informsink {to} traps", ("2c", True)),
    "3": (USER, f"{OF_ITS_OWN}trapsess -e {AGENT} {SESSION} {{to}}", ("3", False)),
    "3 inform": (USER, f"trapsess -Ci {SESSION} {{to}}", ("3", True)),
    "3 SHA AES-256": (
        LONG_KEY,
        f"{OF_ITS_OWN}trapsess -e {AGENT} {SESSION.replace('SHA-256', 'SHA').replace('AES', 'AES-256')} {{to}}",
        ("3", False),
    ),
}  # fmt: skip
COLUMNS = " ".join(oid_text(NAMES[name]) for name in ("ifIndex", "ifAdminStatus", "ifOperStatus", "ifDescr"))
OPERATES, UP, DOWN = (oid_text(NAMES[name]) for name in ("ifOperStatus", "linkUp", "linkDown"))
WATCHES_LINKS = f"""
createUser _internal SHA "a long one of its own"
iquerySecName _internal
rouser _internal
notificationEvent up {UP} {COLUMNS}
notificationEvent down {DOWN} {COLUMNS}
monitor -r 1 -e up "links up" {OPERATES} != 2
monitor -r 1 -e down "links down" {OPERATES} == 2
"""


class Host:
    """The receiver, and an snmpd that sends to it.

    Attributes:
        arrived: what came.
    """

    def __init__(self, ear: UdpTrapEar, running: asyncio.subprocess.Process) -> None:
        self.arrived: list[ArrivedTrap] = []
        self._ear, self._running = ear, running

    async def hear(self, wanted: Callable[[ArrivedTrap], bool], *, within_s: float = 30) -> ArrivedTrap:
        """Wait for a trap, acknowledging everything."""
        async with asyncio.timeout(within_s):
            while True:
                for arrival in await self._ear.arrivals(1.0):
                    arrival.acknowledge()
                    self.arrived.append(arrival.trap)
                    if wanted(arrival.trap):
                        return arrival.trap

    async def run(self, command: str) -> None:
        """Have the host run a line."""
        assert self._running.stdin is not None
        self._running.stdin.write(f"{command}\n".encode())
        await self._running.stdin.drain()


@asynccontextmanager
async def sending(key: str, whom: OrderTarget, login: SnmpLogin, lines: str) -> AsyncIterator[Host]:
    """Run an snmpd with these lines; "{to}" stands for the receiver."""
    ring = Ring()
    ring.kept[SNMP, whom.name] = seal(login)
    ear = UdpTrapEar(ring, SystemClock(), in_a_thread)  # type: ignore[arg-type]  # the part of Credentials it uses
    here = await asyncio.to_thread(_own_address, whom.address)
    await ear.listen(here, 0, ENGINE)
    ear.know({whom.address: whom.name})
    text = f"agentaddress udp:{OWN_PORT}\nrocommunity public\nauthtrapenable 1\n{lines}\n"
    text = shlex.quote(text.format(to=f"{here}:{ear.port}"))
    script = (
        f"d=$(mktemp -d); ip link add {LINK} type veth peer name {LINK}p; ip link set {LINK}p up; "
        f"ip link set {LINK} up; "
        f"trap 'kill $p; wait $p; ip link del {LINK}; rm -rf $d' EXIT; printf %s {text} > $d/c; "
        'MIBS= SNMP_PERSISTENT_DIR=$d snmpd -f -C -c $d/c -Lo -p $d/p & p=$!; while read -r line; do eval "$line"; done'
    )
    ssh = ["ssh", "-i", key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
           "LogLevel=ERROR", f"root@{whom.address}", f"bash -c {shlex.quote(script)}"]  # fmt: skip
    running = await asyncio.create_subprocess_exec(
        *ssh, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield Host(ear, running)
    finally:
        assert running.stdin is not None
        running.stdin.close()
        await running.wait()
        await ear.close()


def _own_address(address: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 161))
        found: str = probe.getsockname()[0]
        return found


@pytest.mark.parametrize(("login", "line", "says"), SINKS.values(), ids=SINKS)
async def test_what_a_real_agent_sends_when_it_starts_arrives(
    lab: dict[str, object],
    login: SnmpLogin,
    line: str,
    says: tuple[str, bool],
) -> None:
    async with sending(str(lab["key"]), target(lab), login, line) as host:
        start = await host.hear(lambda trap: trap.trap == NAMES["coldStart"])
    assert (start.version, start.is_inform) == says
    assert (start.target, start.checked) == (target(lab).name, True)
    assert [one.trap for one in host.arrived] == [NAMES["coldStart"]], "an inform that is answered is not sent again"


async def test_a_real_link_that_is_taken_down_and_up_is_told_with_its_name(
    lab: dict[str, object],
) -> None:
    login, line, _ = SINKS["3 inform"]

    def of_link(trap: str) -> Callable[[ArrivedTrap], bool]:
        return lambda arrived: arrived.trap == NAMES[trap] and interface(arrived)[1] == LINK

    async with sending(str(lab["key"]), target(lab), login, f"{line}{WATCHES_LINKS}") as host:
        await host.hear(lambda trap: trap.trap == NAMES["coldStart"])
        await host.hear(of_link("linkUp"))  # what is up at the beginning is told as well
        await host.run(f"ip link set {LINK} down")
        down = await host.hear(of_link("linkDown"))
        await host.run(f"ip link set {LINK} up")
        up = await host.hear(of_link("linkUp"))
    names = _names([down, up])
    assert names == [("linkDown", "3", True), ("linkUp", "3", True)]


def _names(traps: Sequence[ArrivedTrap]) -> Sequence[tuple[str, str, bool]]:
    words = {NAMES[name]: name for name in ("linkDown", "linkUp")}
    return [(words[trap.trap], trap.version, trap.is_inform) for trap in traps]
