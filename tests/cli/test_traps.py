"""Traps from the command line: what came, from whom, and nothing a terminal obeys."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

import pytest

from opsterm.cli.json_keys import JSON_KEYS
from opsterm.core.clock import SystemClock
from opsterm.core.paths import find_paths
from opsterm.monitoring.traps import SenderCount, Trap
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.traps import REPORT_KEY, Receiver
from opsterm.storage.store import open_store
from tests.cli.account import Account


async def keep(account: Account) -> None:
    """Keep two traps and what a receiver last said, as a service would."""
    clock = SystemClock()
    now = clock.now()
    store = await open_store(find_paths(account.environment, account.home), clock)
    try:
        row = await store.lease.acquire(holder="p", face="serve", boot="b", monotonic=1.0, now=now, ttl_s=6.0)
        trap = Trap(
            target="sw-1", sender="192.0.2.9", version="3", user="monitor", checked=True, is_inform=True,
            trap="1.3.6.1.6.3.1.1.5.3", name="linkDown", up_time_s=4.0, at=now - 90, last_at=now - 60, count=7,
            bindings=(("ifDescr.2", "eth0 \x1b]52;c;AAAA\x07"),),
        )  # fmt: skip
        old = Trap(**{**asdict(trap), "target": "sw-2", "at": now - 90_000, "last_at": now - 90_000})
        await store.traps.keep([trap, old], {}, lambda _: [], fence=Fence(holder="p", epoch=row.epoch))
        counts = [
            SenderCount(sender="198.51.100.7", received=40, dropped=35, seen_at=now, said="sent coldStart"),
            SenderCount(sender="192.0.2.9", target="sw-1", received=9, taken=7, refused=2, seen_at=now),
        ]
        said = asdict(Receiver(at=now, place="udp :1162", senders=counts))
        await store.preferences.put(REPORT_KEY, json.dumps(said))
    finally:
        await store.close()


@pytest.fixture
def kept(account: Account) -> Account:
    account.config('[snmp]\ntraps = "udp :1162"\n')
    added = account.run("targets", "add", "sw-1", "--address", "192.0.2.9", "--protocol", "snmp")
    assert added.code == 0, added.err
    asyncio.run(keep(account))
    return account


def test_the_traps_of_the_last_day_are_listed_cleaned(kept: Account) -> None:
    got = kept.run("snmp", "traps")
    assert got.code == 0
    row = got.out.splitlines()[1]
    assert row.split()[1:9] == ["m", "ago", "sw-1", "linkDown", "7", "192.0.2.9", "v3", "monitor"]
    assert "\x1b" not in got.out
    assert "sw-2" not in got.out
    assert "1 address of no target sent packets, 198.51.100.7 last" in got.err


def test_how_far_back_and_of_whom_can_be_said(kept: Account) -> None:
    everything = kept.run("snmp", "traps", "--since", "2d", "--json")
    assert [row["target"] for row in everything.records()] == ["sw-1", "sw-2"]
    assert set(everything.records()[0]) == set(JSON_KEYS["snmp traps"])
    assert everything.records()[0]["bindings"][0][0] == "ifDescr.2"
    assert [row["count"] for row in kept.run("snmp", "traps", "sw-1", "--json").records()] == [7]
    assert kept.run("snmp", "traps", "sw-9").code == 2


def test_who_sends_what_is_not_taken_is_told(kept: Account) -> None:
    got = kept.run("snmp", "traps", "--senders")
    assert "198.51.100.7  (none)" in got.out
    assert "sent coldStart" in got.out
    first, second = kept.run("snmp", "traps", "--senders", "--json").records()
    assert (first["sender"], first["dropped"], second["target"], second["refused"]) == ("198.51.100.7", 35, "sw-1", 2)
    doctor = kept.run("doctor")
    assert "2 refused, 40 from addresses of no target" in doctor.out


def test_nothing_received_says_what_to_set(account: Account) -> None:
    got = account.run("snmp", "traps")
    assert (got.code, got.out) == (0, "")
    assert 'opsterm settings set snmp.traps "udp :1162"' in got.err


def test_a_log_in_for_traps_alone_is_kept_for_any_target(account: Account) -> None:
    passphrase = account.write("passphrase", "of the vault\n")
    passphrase.chmod(0o600)
    account.environment["OPSTERM_VAULT_PASSPHRASE_FILE"] = str(passphrase)
    account.config("[storage]\nkeyring = 'vault'\n")
    kept = account.run("snmp", "login", "localhost", "--traps", stdin="from-the-fleet\n")
    assert (kept.code, kept.err) == (0, "Kept for 1 target.\n")
    listed = account.run("vault", "list")
    assert "opsterm:snmp-traps" in listed.out
    assert "from-the-fleet" not in listed.out
