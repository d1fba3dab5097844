"""Services, ports, people and clock of a Windows host, from CIM instances."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.monitoring.cim import instances, keys_of
from opsterm.monitoring.host_facts import Account, Link, LoginSession
from opsterm.monitoring.host_people import AskedAt
from opsterm.monitoring.windows_host import windows_profile
from opsterm.monitoring.windows_parts import (
    accounts_of,
    addresses_of,
    clock_of,
    links_of,
    listeners_of,
    roles_of,
    sessions_of,
    units_of,
)
from tests.monitoring.test_windows_host import said


def service(name: str, pid: int = 0, /, **changed: str) -> tuple[str, dict[str, Any]]:
    row = {"Name": name, "DisplayName": f"The {name}", "State": "Running", "StartMode": "Auto", "ExitCode": "0"}
    return "Win32_Service", {**row, "ProcessId": str(pid), **changed}


def tcp(port: int, pid: int, address: str = "0.0.0.0", /, **changed: str) -> tuple[str, dict[str, Any]]:
    row = {"LocalAddress": address, "LocalPort": str(port), "State": "2", "OwningProcess": str(pid)}
    return "MSFT_NetTCPConnection", {**row, **changed}


def session(kind: int, number: int = 7) -> tuple[str, dict[str, Any]]:
    return "Win32_LogonSession", {"LogonId": str(number), "LogonType": str(kind)}


def logged_on(domain: str, name: str, number: int = 7) -> tuple[str, dict[str, Any]]:
    return "Win32_LoggedOnUser", {
        "Antecedent": f'Win32_Account.Domain="{domain}",Name="{name}"',
        "Dependent": f'Win32_LogonSession.LogonId="{number}"',
    }


@pytest.mark.parametrize(
    ("changed", "state", "enabled"),
    [
        ({}, "running", True),
        ({"StartMode": "Manual"}, "running", None),
        ({"State": "Stopped", "ExitCode": "1067"}, "failed", True),
        ({"State": "Stopped", "ExitCode": "1077"}, "stopped", True),
        ({"State": "Stopped", "ExitCode": "0"}, "stopped", True),
        ({"State": "Stopped", "StartMode": "Disabled", "ExitCode": "1077"}, "stopped", False),
        ({"State": "Stopped", "StartMode": "Manual", "ExitCode": "1067"}, "stopped", None),
        ({"State": "Start Pending"}, "starting", True),
        ({"State": "Paused"}, "paused", True),
        ({"State": "Unknown"}, "unknown", True),
    ],
)
def test_states_of_services(changed: dict[str, str], state: str, enabled: bool | None) -> None:
    units = units_of(instances(said(service("a", **changed))))
    assert units is not None
    assert (units[0].state, units[0].enabled, units[0].description) == (state, enabled, "The a")


@pytest.mark.parametrize(
    ("rows", "owner"),
    [
        ([tcp(1433, 9), service("MSSQL", 9), ("Win32_Process", {"ProcessId": "9", "Name": "sqlservr.exe"})],
         ("sqlservr", "MSSQL")),
        ([tcp(135, 8), service("RpcSs", 8), service("RpcEptMapper", 8),
          ("Win32_Process", {"ProcessId": "8", "Name": "svchost.exe"})], ("svchost", "RpcEptMapper")),
        ([tcp(445, 4), service("LanmanServer", 700)], ("System", "LanmanServer")),
        ([tcp(445, 4), service("LanmanServer", 0, State="Stopped")], ("System", "")),
        ([tcp(8080, 4), service("W3SVC", 5)], ("System", "")),
        ([tcp(99, 12)], ("", "")),
        ([tcp(99, 0), service("stopped", 0, State="Stopped")], ("", "")),
    ],
)  # fmt: skip
def test_whose_a_port_is(rows: list[tuple[str, dict[str, Any]]], owner: tuple[str, str]) -> None:
    found = listeners_of(instances(said(*rows)))
    assert found is not None
    assert [(one.process, one.unit) for one in found] == [owner]


def test_places_of_ports() -> None:
    rows = instances(said(
        tcp(80, 4, "::"), tcp(80, 4, "0.0.0.0"), tcp(81, 4, "127.0.0.1"), tcp(82, 4, "fe80::1%12"), tcp(0, 4),
        tcp(83, 4, "x"),
        tcp(70000, 4), tcp(84, 4, State="5"), ("MSFT_NetUDPEndpoint", {"LocalAddress": "::", "LocalPort": "123"}),
        ("MSFT_NetUDPEndpoint", {"LocalAddress": "::", "LocalPort": "58211"}),
    ))  # fmt: skip
    found = listeners_of(rows)
    assert found is not None
    assert [(one.protocol, one.port, one.address) for one in found] == [
        ("tcp", 80, "*"), ("tcp", 81, "127.0.0.1"), ("tcp", 82, "fe80::1"), ("udp", 123, "*"),
    ]  # fmt: skip


def test_connections_that_it_opened_itself() -> None:
    there = {"State": "5", "RemotePort": "5432"}
    rows = instances(said(
        tcp(1433, 9), tcp(1433, 9, State="5", RemoteAddress="10.0.0.7", RemotePort="50123"),
        tcp(51000, 9, RemoteAddress="10.0.0.9", **there), tcp(51001, 9, RemoteAddress="127.0.0.1", **there),
        tcp(51002, 9, RemoteAddress="::ffff:10.0.0.8", **there),
        ("Win32_Process", {"ProcessId": "9", "Name": "app.exe"}),
    ))  # fmt: skip
    assert links_of(rows, listeners_of(rows) or ()) == (
        Link(address="10.0.0.8", port=5432, process="app"), Link(address="10.0.0.9", port=5432, process="app"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "terminal"),
    [(2, "console"), (10, "remote desktop"), (11, "console"), (0, None), (3, None), (4, None), (5, None), (9, None)],
)
def test_only_people_at_a_screen_are_logged_in(kind: int, terminal: str | None) -> None:
    found = sessions_of(instances(said(session(kind), logged_on("LAB", "ana"))))
    assert found == (() if terminal is None else (LoginSession(user="LAB\\ana", terminal=terminal),))


def test_accounts_of_the_screens_themselves_are_nobody() -> None:
    rows = [session(2), logged_on("Window Manager", "DWM-1"), logged_on("Font Driver Host", "UMFD-0")]
    assert sessions_of(instances(said(*rows))) == ()
    assert sessions_of(instances(said(session(2)))) is None


def test_keys_of_references() -> None:
    assert keys_of(r'Win32_Account.Domain="LAB",Name="bo \"b\" \\x"') == {"Domain": "LAB", "Name": r'bo "b" \x'}
    assert keys_of("nothing") == keys_of(None) == keys_of(["x"]) == {}


def test_accounts_addresses_and_roles() -> None:
    rows = instances(said(
        ("Win32_UserAccount", {"Name": "Administrator", "SID": "S-1-5-21-1-2-3-500", "Disabled": "false"}),
        ("Win32_UserAccount", {"Name": "Guest", "SID": "S-1-5-21-1-2-3-501", "Disabled": "true"}),
        ("Win32_UserAccount", {"Name": "odd", "SID": "none", "Disabled": "false"}),
        ("Win32_NetworkAdapterConfiguration", {"IPAddress": ["10.0.0.5", "fe80::1", "2001:db8::5", "x"]}),
        ("Win32_NetworkAdapterConfiguration", {"IPAddress": "10.0.0.6"}),
        ("Win32_NetworkAdapterConfiguration", {"IPAddress": None}),
        ("Win32_ServerFeature", {"ID": "2", "ParentID": "0", "Name": "Web Server (IIS)"}),
        ("Win32_ServerFeature", {"ID": "141", "ParentID": "2", "Name": "Web Server"}),
    ))  # fmt: skip
    assert accounts_of(rows) == (Account(name="Administrator", uid=500, shell=""),)
    assert addresses_of(rows) == ("10.0.0.5", "2001:db8::5", "10.0.0.6")
    assert roles_of(rows) == ("Web Server (IIS)",)


@pytest.mark.parametrize(
    ("told", "skew"),
    [("1970-01-12T13:46:45.5Z", 4.5), ("1970-01-12T14:46:41+01:00", 0.0), ("1970-01-12T13:46:41", None), (None, None)],
)
def test_the_clock_is_compared_with_the_middle_of_question_and_answer(told: str | None, skew: float | None) -> None:
    rows = instances(said(("Win32_OperatingSystem", {"LocalDateTime": told}), service("W32Time", 9)))
    found = clock_of(rows, AskedAt(sent=1_000_000.0, heard=1_000_002.0))
    assert (found.skew_s, found.error_s, found.service) == (skew, 1.0 if skew is not None else None, "w32time")
    assert clock_of(rows, None).skew_s is None
    stopped = instances(said(service("w32time", State="Stopped")))
    assert clock_of(stopped, None).service == "none"
    assert clock_of({}, None).service == ""


WHOLE = said(
    ("Win32_OperatingSystem", {"Caption": "Windows", "LocalDateTime": "2026-11-28T08:00:10.5Z"}), service("a", 4),
    ("Win32_Process", {"ProcessId": "4", "Name": "System"}), tcp(80, 4), tcp(1, 4, State="5", RemoteAddress="::1"),
    ("MSFT_NetUDPEndpoint", {"LocalAddress": "::", "LocalPort": "123"}), session(2), logged_on("LAB", "ana"),
    ("Win32_UserAccount", {"Name": "A", "SID": "S-1-500", "Disabled": "false"}),
    ("Win32_NetworkAdapterConfiguration", {"IPAddress": ["10.0.0.5"]}),
    ("Win32_ServerFeature", {"ID": "2", "ParentID": "0", "Name": "Web"}),
).splitlines()  # fmt: skip

ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["4", "0.0.0.0", "::", "-1", "1e9"]),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 9), ODD), max_size=12))
def test_whatever_stands_in_a_value_raises_nothing(spoilt: list[tuple[int, int, Any]]) -> None:
    rows = [json.loads(line) for line in WHOLE]
    for row, column, value in spoilt:
        names = [name for name in rows[row] if name != "class"]
        rows[row][names[column % len(names)]] = value
    windows_profile("\n".join(map(json.dumps, rows)), asked=AskedAt(sent=1.0, heard=2.0))
