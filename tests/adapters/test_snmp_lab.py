"""SNMP against Net-SNMP's snmpd on real Debian hosts.

Needs OPSTERM_LAB, as `test_ssh_lab.py` describes it. On each host snmpd listens on 161 with the community "public" and
the user "labv3" (SHA "lab-auth-pass", AES "lab-priv-pass"). For the newer protocols a second snmpd of one test's own
runs on the first host on another port, and goes with its connection.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from opsterm.adapters.snmp import UP_TIME, PySnmpReader
from opsterm.core.clock import SystemClock
from opsterm.core.errors import AuthenticationFailed, OpstermError, Unreachable
from opsterm.core.secret import Secret
from opsterm.core.snmp_settings import SnmpSettings
from opsterm.monitoring.metrics import CATALOGUE
from opsterm.monitoring.mib import NAMES, instance_of
from opsterm.policy.order import OrderTarget
from opsterm.runtime.measurers import SnmpMeasurer
from opsterm.runtime.ports_snmp import SnmpLogin
from tests.adapters.test_snmp import Ring, in_a_thread

pytestmark = pytest.mark.lab

PUBLIC = SnmpLogin(community=Secret("public"))
V3 = SnmpLogin(user="labv3", auth="SHA", auth_passphrase=Secret("lab-auth-pass"), priv="AES",
               priv_passphrase=Secret("lab-priv-pass"))  # fmt: skip
OTHER = Secret("another pass")
OWN_PORT = 16161
NAME = instance_of(NAMES["sysName"])


@pytest.fixture(scope="module")
def lab() -> dict[str, object]:
    given = os.environ.get("OPSTERM_LAB", "")
    if not given:
        pytest.skip("OPSTERM_LAB IS NOT SET: SNMP WAS NOT TRIED AGAINST REAL AGENTS")
    described: dict[str, object] = json.loads(given if given.lstrip().startswith("{") else Path(given).read_text())
    return described


def target(lab: dict[str, object], *, number: int = 0, port: int = 0, address: str = "") -> OrderTarget:
    hosts = lab["hosts"]
    assert isinstance(hosts, list)
    return OrderTarget(
        name=str(hosts[number]["name"]), protocol="snmp", address=address or str(hosts[number]["address"]), port=port,
        user="",
    )  # fmt: skip


async def reader_with(login: SnmpLogin, whom: OrderTarget) -> PySnmpReader:
    settings = SnmpSettings(timeout_s=1, retries=1)
    opened = PySnmpReader(settings, Ring(), in_a_thread)  # type: ignore[arg-type]  # the part that it uses
    await opened.keep(whom.name, login)
    return opened


@pytest.mark.parametrize("login", [PUBLIC, V3], ids=["2c", "3 SHA AES"])
async def test_a_real_agent_answers_gets_and_walks(lab: dict[str, object], login: SnmpLogin) -> None:
    whom = target(lab)
    snmp = await reader_with(login, whom)
    try:
        name, up = await snmp.get(whom, [NAME, UP_TIME])
        whole = await snmp.walk(whom, [NAMES["mib-2"]], limit=1000)
        names = await snmp.walk(whom, [NAMES["ifDescr"]], limit=1000)
    finally:
        await snmp.close()
    assert name.value.text == whom.name
    assert (up.value.number or 0) > 0
    assert (len(whole.bindings), whole.truncated) == (1000, True)
    assert [binding.oid for binding in whole.bindings] == sorted({binding.oid for binding in whole.bindings})
    assert "lo" in [binding.value.text for binding in names.bindings]


FAILURES = {
    "wrong community": (SnmpLogin(community=Secret("wrong")), AuthenticationFailed, "does not answer this community"),
    "wrong passphrase": (
        replace(V3, auth_passphrase=OTHER),
        AuthenticationFailed,
        "authentication passphrase or proto",
    ),
    "wrong privacy": (replace(V3, priv_passphrase=OTHER), AuthenticationFailed, "the privacy passphrase or protocol"),
    "wrong protocol": (replace(V3, auth="SHA-256"), AuthenticationFailed, "authentication passphrase or protocol"),
    "unknown user": (replace(V3, user="nobody"), AuthenticationFailed, "knows no SNMP user nobody"),
    "too little security": (replace(V3, priv="", priv_passphrase=None), AuthenticationFailed, "may not read this"),
}


@pytest.mark.parametrize(("login", "kind", "words"), FAILURES.values(), ids=FAILURES)
async def test_a_login_that_is_refused_is_told_by_its_cause(
    lab: dict[str, object], login: SnmpLogin, kind: type[OpstermError], words: str
) -> None:
    whom = target(lab)
    snmp = await reader_with(login, whom)
    try:
        with pytest.raises(kind) as caught:
            await snmp.get(whom, [NAME])
    finally:
        await snmp.close()
    assert words in caught.value.what


async def test_a_closed_port_and_a_missing_host_are_told_apart(lab: dict[str, object]) -> None:
    snmp = await reader_with(PUBLIC, target(lab))
    try:
        with pytest.raises(Unreachable, match="Nothing listens for SNMP"):
            await snmp.get(target(lab, port=9), [NAME])
        with pytest.raises(Unreachable, match=r"does not answer SNMP|No route"):
            await snmp.get(target(lab, address="203.0.113.9"), [NAME])
    finally:
        await snmp.close()


async def test_one_user_name_may_have_another_passphrase_on_another_target(lab: dict[str, object]) -> None:
    first, second = target(lab), target(lab, number=1)
    snmp = await reader_with(V3, first)
    await snmp.keep(second.name, replace(V3, auth_passphrase=OTHER))
    try:
        for _ in range(3):
            assert (await snmp.get(first, [NAME]))[0].value.text == first.name
            with pytest.raises(AuthenticationFailed):
                await snmp.get(second, [NAME])
    finally:
        await snmp.close()


def first_link(found: Mapping[tuple[str, str], float]) -> str:
    return next(item for metric, item in found if metric == "net.received_bytes_per_s")


async def test_a_measurement_has_the_metrics_of_every_host_in_their_bounds(lab: dict[str, object]) -> None:
    whom = target(lab)
    snmp = await reader_with(V3, whom)

    async def opened() -> PySnmpReader:
        return snmp

    measurer = SnmpMeasurer(opened, SystemClock(), limit=5000)
    try:
        first = {metric for metric, _, _ in (await measurer.measure(whom, limit_s=20)).values}
        await asyncio.sleep(6)  # the agent renews its processor counters every five seconds
        now = (await measurer.measure(whom, limit_s=20)).values
    finally:
        await snmp.close()
    found = {(metric, item): value for metric, item, value in now}
    assert "net.received_bytes_per_s" not in first
    for metric in ("memory.used_percent", "cpu.used_percent", "load.1m", "process.count", "host.uptime_s"):
        assert (metric, "") in found
    assert [item for metric, item in found if metric == "net.received_bytes_per_s"]
    assert [item for metric, item in found if metric == "fs.used_percent"]
    for (metric, _), value in found.items():
        assert 0 <= value <= (CATALOGUE[metric].bound or float("inf"))
    assert found["net.link_down", first_link(found)] == 0


NEWER = [
    *((auth, priv) for auth in ("SHA-224", "SHA-256", "SHA-384", "SHA-512") for priv in ("", "AES")),
    *((auth, priv) for auth in ("SHA", "SHA-512", "MD5") for priv in ("AES-192", "AES-256", "AES-256-C")),
    ("SHA", "DES"), ("MD5", ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def own_agent(lab: dict[str, object]) -> Iterator[OrderTarget]:
    """A second snmpd with a user for each of `NEWER`."""
    lines = [f"agentaddress udp:{OWN_PORT}"]
    for auth, priv in NEWER:
        name, secret = f"{auth}{priv}".replace("-", ""), f'{priv} "two long pass"' if priv else ""
        lines += [
            f'createUser {name} {auth} "one long pass" {secret}',
            f"rouser {name} {'authpriv' if priv else 'auth'}",
        ]
    whom = target(lab, port=OWN_PORT)
    text = shlex.quote("\n".join(lines) + "\n")
    script = (
        f"d=$(mktemp -d); trap 'kill $p; wait $p; rm -rf $d' EXIT; printf %s {text} > $d/c; "
        "SNMP_PERSISTENT_DIR=$d snmpd -f -C -c $d/c -Lo -p $d/p & p=$!; echo started; cat > /dev/null"
    )
    ssh = ["ssh", "-i", str(lab["key"]), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
           "LogLevel=ERROR", f"root@{whom.address}", f"bash -c {shlex.quote(script)}"]  # fmt: skip
    with subprocess.Popen(ssh, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        assert b"started" in running.stdout.readline()
        try:
            yield whom
        finally:
            running.stdin.close()
            running.stdout.read()


@pytest.mark.parametrize(("auth", "priv"), NEWER)
async def test_the_newer_protocols_agree_with_net_snmp(own_agent: OrderTarget, auth: str, priv: str) -> None:
    snmp = await reader_with(
        SnmpLogin(
            user=f"{auth}{priv}".replace("-", ""), auth=auth, auth_passphrase=Secret("one long pass"), priv=priv,
            priv_passphrase=Secret("two long pass") if priv else None,
        ),
        own_agent,
    )  # fmt: skip
    try:
        assert (await snmp.get(own_agent, [NAME]))[0].value.text == own_agent.name
    finally:
        await snmp.close()
