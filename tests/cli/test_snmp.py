"""SNMP from the command line, against an agent of the tests' own: data, talk, exit codes, and no secret anywhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pysnmp.proto import rfc1902

from opsterm.cli.json_keys import JSON_KEYS
from tests.adapters.snmp_agent import Agent, system_group
from tests.cli.account import Account

QUICK = "[snmp]\ntimeout_s = 0.5\nretries = 0\n[storage]\nkeyring = 'vault'\n"
COMMUNITY = "s3cret-c0mmunity"


@pytest.fixture
def agent() -> Iterator[Agent]:
    hostile = rfc1902.OctetString("a switch \x1b]52;c;AAAA\x07 \u202e".encode())
    with Agent(system_group(sysDescr=hostile), community=COMMUNITY) as running:
        yield running


@pytest.fixture
def asking(account: Account, agent: Agent) -> Account:
    """An account with one target that answers, and one that has no log-in."""
    passphrase = account.write("passphrase", "of the vault\n")
    passphrase.chmod(0o600)
    account.environment["OPSTERM_VAULT_PASSPHRASE_FILE"] = str(passphrase)
    account.config(QUICK)
    for name in ("sw-1", "sw-2"):
        added = account.run(
            "targets", "add", name, "--address", "127.0.0.1", "--port", str(agent.port), "--protocol", "snmp"
        )
        assert added.code == 0, added.err
    kept = account.run("snmp", "login", "sw-1", stdin=f"{COMMUNITY}\n")
    assert (kept.code, kept.err) == (0, "Kept for 1 target.\n")
    return account


def test_values_are_printed_cleaned_and_a_missing_one_is_said(asking: Account) -> None:
    got = asking.run("snmp", "get", "sw-1", "sysName", "sysDescr.0", "1.3.6.1.9.9")
    assert got.code == 0
    assert got.out.splitlines()[0].split() == ["OBJECT", "VALUE"]
    assert "sysName.0    agent" in got.out
    assert "1.3.6.1.9.9  (no such object)" in got.out
    assert "\x1b" not in got.out
    assert "\u202e" not in got.out


def test_one_that_fails_does_not_keep_the_others_from_answering(asking: Account) -> None:
    got = asking.run("snmp", "get", "sw-[1-2]", "sysName", "--json")
    first, second = got.records()
    assert got.code == 1
    assert (first["target"], first["value"], first["error"]) == ("sw-1", "agent", "")
    assert (second["target"], second["value"], second["error"]) == ("sw-2", None, "No SNMP log-in of sw-2 is kept.")
    assert set(first) == set(second) == set(JSON_KEYS["snmp get"])


def test_nobody_reached_ends_with_3(asking: Account) -> None:
    got = asking.run("snmp", "get", "sw-2", "sysName")
    assert (got.code, got.out) == (3, "")
    assert got.err.splitlines() == ["No SNMP log-in of sw-2 is kept.", "Keep one: opsterm snmp login sw-2"]


def test_a_walk_says_that_it_was_cut_off(asking: Account) -> None:
    got = asking.run("snmp", "walk", "sw-1", "system", "--limit", "2")
    assert (got.code, len(got.out.splitlines())) == (0, 3)
    assert "cut off after 2 values" in got.err
    whole = asking.run("snmp", "walk", "sw-1", "system", "--json")
    assert [record["name"] for record in whole.records()] == ["sysDescr.0", "sysObjectID.0", "sysUpTime.0", "sysName.0"]
    assert not any(record["truncated"] for record in whole.records())


def test_a_table_has_a_row_a_line(asking: Account) -> None:
    assert asking.run("snmp", "table", "sw-1", "ifTable").out.splitlines() == [
        "INDEX  IFDESCR  IFOPERSTATUS", "1      lo       up(1)", "2      eth0     up(1)",
    ]  # fmt: skip
    rows = asking.run("snmp", "table", "sw-1", "ifXTable", "--json").records()
    assert [(row["index"], row["cells"]) for row in rows] == [
        ("1", {"ifHCInOctets": 2**40 + 1}), ("2", {"ifHCInOctets": 2**40 + 2}),
    ]  # fmt: skip


def test_a_profile_says_what_it_is(asking: Account) -> None:
    made = asking.run("snmp", "profile", "sw-1", "--json").record()
    assert (made["name"], made["vendor"], made["os"], made["uptime_s"]) == ("agent", "Net-SNMP", "linux", 1234.56)
    assert "uptime       20 m" in asking.run("snmp", "profile", "sw-1").out


def test_a_check_reads_the_up_time(asking: Account) -> None:
    got = asking.run("targets", "check", "sw-1", "--json")
    assert (got.code, got.record()) == (0, {"target": "sw-1", "answered": True, "reason": ""})
    listed = asking.run("targets", "list", "sw-1", "--json").record()
    assert listed["status"] == "online"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("get", "sw-1", "sysNam"), "The nearest is SNMPv2-MIB::sysName."),
        (("get", "localhost", "sysName"), "localhost is reached by local, not by SNMP."),
        (("get", "sw-9", "sysName"), "sw-9"),
        (("walk", "sw-1", "system", "--limit", "0"), "must be a whole number from 1"),
        (("login", "sw-1", "--auth", "SHA"), "--auth goes with --user"),
        (("login", "sw-1", "--user", "u", "--auth", "ROT13"), "There is no 'ROT13' here."),
    ],
)
def test_bad_input_ends_with_2_and_a_sentence(asking: Account, words: tuple[str, ...], said: str) -> None:
    got = asking.run("snmp", *words)
    assert got.code == 2
    assert said in got.err


def test_a_short_passphrase_is_refused_and_not_repeated(asking: Account) -> None:
    got = asking.run("snmp", "login", "sw-2", "--user", "monitor", "--auth", "SHA-256", stdin="hunter2\n")
    assert got.code == 2
    assert "fewer than 8 characters" in got.err
    assert "hunter2" not in got.err


def test_a_login_of_version_3_is_kept_as_a_secret_and_never_shown(asking: Account) -> None:
    kept = asking.run(
        "snmp", "login", "sw-2", "--user", "monitor", "--auth", "SHA-256", "--priv", "AES", "--json",
        stdin="the first secret\nthe second secret\n",
    )  # fmt: skip
    assert (kept.code, kept.record()) == (0, {"target": "sw-2", "kept": True})
    shown = [asking.run("vault", "list"), asking.run("audit"), asking.run("snmp", "get", "sw-[1-2]", "sysName")]
    for ran in shown:
        for secret in ("the first secret", "the second secret", COMMUNITY):
            assert secret not in ran.out + ran.err
    for file in (asking.home / "o").rglob("*"):
        if file.is_file():
            assert COMMUNITY.encode() not in file.read_bytes()
