"""Services, ports, people and clock of a Windows host, from what `windows_looks.WINDOWS_PROFILE_QUERIES` asks for.

Classes and numbers: the WMI documentation of Win32_Service, MSFT_NetTCPConnection, Win32_LogonSession and the others.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence

from opsterm.inventory.service_kinds import kinds_on
from opsterm.monitoring.cim import Row, Rows, first_of, keys_of, moment, whole, word
from opsterm.monitoring.host_facts import Account, HostClock, Link, Listener, LoginSession, ServiceUnit
from opsterm.monitoring.host_people import AskedAt
from opsterm.monitoring.host_ports import MOST_LINKS, MOST_LISTENERS

MOST = 500
"""Things of one sort that are kept of one host."""

_LISTENS, _ESTABLISHED = 2, 5
"""States of MSFT_NetTCPConnection."""

_FIRST_PICKED = 49152
"""UDP ports from here on Windows picks for whoever asks for any: a name server alone has thousands of them."""

_KERNEL = 4
"""Number of the process "System": sockets of the kernel's own servers belong to it."""

_KERNEL_SERVERS = {
    "tcp/80": "W3SVC", "tcp/443": "W3SVC", "tcp/139": "LanmanServer", "tcp/445": "LanmanServer", "tcp/5985": "WinRM",
    "tcp/5986": "WinRM",
}  # fmt: skip
"""Whose sockets the kernel's are, by port: http.sys and srv2 listen for these services."""

_STATES = {"running": "running", "stopped": "stopped", "start pending": "starting", "stop pending": "stopping",
           "continue pending": "starting", "pause pending": "stopping", "paused": "paused"}  # fmt: skip
_STARTS = {"auto": True, "disabled": False}
_NEVER_STARTED = 1077
"""ERROR_SERVICE_NEVER_STARTED: the exit code of a service that had no reason to run since the host came up."""

_SITS_THERE = {2: "console", 7: "console", 10: "remote desktop", 11: "console", 12: "remote desktop", 13: "console"}
"""LogonType of Win32_LogonSession: people at a screen; network, batch and service log-ins are left out."""
_NOBODY = frozenset({"window manager", "font driver host"})
"""Domains of accounts that Windows makes for each screen."""


def units_of(rows: Rows) -> tuple[ServiceUnit, ...] | None:
    """Return the services; None when none was told."""
    found = [
        ServiceUnit(
            name=word(row, "Name"), state=_state(row), enabled=_STARTS.get(word(row, "StartMode").lower()),
            description=word(row, "DisplayName"),
        )
        for row in rows.get("win32_service", ()) if word(row, "Name")
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda unit: unit.name.casefold())[:MOST]) or None


def _state(row: Row) -> str:
    """Return how a service is. One that should run, has run and ended with an error has failed."""
    state = word(row, "State").lower()
    code = whole(row.get("ExitCode"))
    if state == "stopped" and word(row, "StartMode").lower() == "auto" and code not in (None, 0, _NEVER_STARTED):
        return "failed"
    return _STATES.get(state, state)


def listeners_of(rows: Rows) -> tuple[Listener, ...] | None:
    """Return the ports that are listened on, by protocol and port; None when not known."""
    if "msft_nettcpconnection" not in rows:
        return None
    owners = _Owners(rows)
    found = {
        listener: None for protocol, row in _sockets(rows) if (listener := _listener(protocol, row, owners)) is not None
    }
    return tuple(sorted(found, key=lambda one: (one.protocol, one.port, one.address))[:MOST_LISTENERS])


def _sockets(rows: Rows) -> Iterator[tuple[str, Row]]:
    for row in rows.get("msft_nettcpconnection", ()):
        if whole(row.get("State")) == _LISTENS:
            yield "tcp", row
    for row in rows.get("msft_netudpendpoint", ()):
        yield "udp", row


def _listener(protocol: str, row: Row, owners: _Owners) -> Listener | None:
    address, port = _address(row, "LocalAddress"), whole(row.get("LocalPort"))
    if not address or port is None or not 0 < port < (65536 if protocol == "tcp" else _FIRST_PICKED):
        return None
    process, unit = owners.of(whole(row.get("OwningProcess")), f"{protocol}/{port}")
    return Listener(protocol=protocol, address=address, port=port, process=process, unit=unit)


def links_of(rows: Rows, listeners: Sequence[Listener]) -> tuple[Link, ...] | None:
    """Return the connections that the host itself opened to others; None when not known.

    Args:
        rows: what it said.
        listeners: its own: a connection to one of these ports was opened by the other side.
    """
    if "msft_nettcpconnection" not in rows:
        return None
    owners = _Owners(rows)
    taken = {one.port for one in listeners if one.protocol == "tcp"}
    found: set[tuple[str, int, str]] = set()
    for row in rows["msft_nettcpconnection"]:
        there, port = _address(row, "RemoteAddress"), whole(row.get("RemotePort"))
        if whole(row.get("State")) != _ESTABLISHED or whole(row.get("LocalPort")) in taken:
            continue
        if there not in ("", "*") and port is not None and not ipaddress.ip_address(there).is_loopback:
            found.add((there, port, owners.of(whole(row.get("OwningProcess")))[0]))
    return tuple(Link(address=a, port=p, process=process) for a, p, process in sorted(found)[:MOST_LINKS])


class _Owners:
    """Whose a socket is, by the number of its process."""

    def __init__(self, rows: Rows) -> None:
        self._names = {
            number: word(row, "Name").removesuffix(".exe")
            for row in rows.get("win32_process", ()) if (number := whole(row.get("ProcessId"))) is not None
        }  # fmt: skip
        self._running: set[str] = set()
        self._units: dict[int, list[str]] = {}
        for row in rows.get("win32_service", ()):
            if word(row, "State") == "Running":
                self._running.add(word(row, "Name"))
                self._units.setdefault(whole(row.get("ProcessId")) or 0, []).append(word(row, "Name"))

    def of(self, number: int | None, port: str = "") -> tuple[str, str]:
        """Return (process, service). Of a process that holds several services, the one that is known for the port."""
        if number == _KERNEL:
            unit = _KERNEL_SERVERS.get(port, "")
            return "System", unit if unit in self._running else ""
        units = self._units.get(number, []) if number else []
        if len(units) > 1:
            units = [unit for unit in units if any(kind.names.fullmatch(unit) for kind in kinds_on(port))]
        return self._names.get(number or 0, ""), units[0] if len(units) == 1 else ""


def _address(row: Row, name: str) -> str:
    text = word(row, name).partition("%")[0]
    if text in ("0.0.0.0", "::"):  # noqa: S104 (what a target says it listens on)
        return "*"
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def addresses_of(rows: Rows) -> tuple[str, ...]:
    """Return the addresses of its interfaces that others can reach."""
    found: dict[str, None] = {}
    for row in rows.get("win32_networkadapterconfiguration", ()):
        told = row.get("IPAddress")
        for text in told if isinstance(told, list) else [told]:
            try:
                address = ipaddress.ip_address(text) if isinstance(text, str) else None
            except ValueError:
                continue
            if address is not None and not address.is_loopback and not address.is_link_local:
                found[str(address)] = None
    return tuple(found)[:MOST_LISTENERS]


def sessions_of(rows: Rows) -> tuple[LoginSession, ...] | None:
    """Return who is logged in at a screen, near or far; None when not known.

    An account and its log-in are two instances, which Win32_LoggedOnUser brings together.
    """
    if "win32_logonsession" not in rows or "win32_loggedonuser" not in rows:
        return None
    where = {word(row, "LogonId"): _SITS_THERE.get(whole(row.get("LogonType")) or 0) for row in
             rows["win32_logonsession"]}  # fmt: skip
    found: dict[LoginSession, None] = {}
    for row in rows["win32_loggedonuser"]:
        account, session = keys_of(row.get("Antecedent")), keys_of(row.get("Dependent"))
        terminal = where.get(session.get("LogonId", ""))
        if terminal and account.get("Name") and account.get("Domain", "").lower() not in _NOBODY:
            found[LoginSession(user=_account(account), terminal=terminal)] = None
    return tuple(found)[:MOST]


def _account(keys: Mapping[str, str]) -> str:
    domain = keys.get("Domain", "")
    return f"{domain}\\{keys['Name']}" if domain else keys["Name"]


def accounts_of(rows: Rows) -> tuple[Account, ...]:
    """Return its own accounts that are not disabled; the number is the last part of the SID."""
    found = []
    for row in rows.get("win32_useraccount", ()):
        number = whole(word(row, "SID").rpartition("-")[2])
        if word(row, "Name") and number is not None and number < 2**32 and word(row, "Disabled") != "true":
            found.append(Account(name=word(row, "Name"), uid=number, shell=""))
    return tuple(sorted(found, key=lambda one: one.uid)[:MOST])


def clock_of(rows: Rows, asked: AskedAt | None) -> HostClock:
    """Return how right the host's clock is: compared with the middle between question and answer, as NTP does."""
    skew = error = None
    if asked is not None and asked.heard >= asked.sent:
        try:
            here = moment(first_of(rows, "win32_operatingsystem").get("LocalDateTime")).timestamp()
        except (ValueError, OverflowError, OSError):
            pass
        else:
            skew, error = here - (asked.sent + asked.heard) / 2, (asked.heard - asked.sent) / 2
    service = next((row for row in rows.get("win32_service", ()) if word(row, "Name").lower() == "w32time"), None)
    runs = "" if "win32_service" not in rows else "none" if service is None else _state(service)
    return HostClock(skew_s=skew, error_s=error, service={"running": "w32time", "": ""}.get(runs, "none"))


def roles_of(rows: Rows) -> tuple[str, ...]:
    """Return the roles and features of a server, the outermost ones; () elsewhere, where there is no such class."""
    found = {word(row, "Name") for row in rows.get("win32_serverfeature", ()) if whole(row.get("ParentID")) == 0}
    return tuple(sorted(filter(None, found), key=str.casefold)[:MOST])
