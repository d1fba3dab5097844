"""The settings of SNMP: how agents are asked, where traps are received, and which of them are alerts."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from opsterm.core.options import between, one_of, option


def udp_place(text: str) -> tuple[str, int] | None:
    """Return address and port for "udp 0.0.0.0:1162", "udp [::]:1162" or "udp :1162"; None for what is none."""
    word, _, place = text.strip().partition(" ")
    address, _, port = place.strip().rpartition(":")
    address = address.removeprefix("[").removesuffix("]") if address.startswith("[") else address
    if word != "udp" or not (port.isascii() and port.isdigit()) or not 1 <= int(port) <= 65535:
        return None
    try:
        ipaddress.ip_address(address or "0.0.0.0")  # noqa: S104 (only looked at)
    except ValueError:
        return None
    return address or "0.0.0.0", int(port)  # noqa: S104 (what no address means, as the help says)


def way_without_root(port: int) -> str:
    """Return how to receive what is sent to a port below 1024 from an account that may not open it."""
    other = port + 1000
    return (
        f'Set snmp.traps to "udp 0.0.0.0:{other}" and let the kernel send port {port} there, as root: '
        "nft add table ip opsterm; nft add chain ip opsterm prerouting "
        f"'{{ type nat hook prerouting priority dstnat; }}'; nft add rule ip opsterm prerouting udp dport {port} "
        f"redirect to :{other}. Or give a service the capability: AmbientCapabilities=CAP_NET_BIND_SERVICE in its "
        "systemd unit."
    )


def _place_fault(text: str) -> str:
    return "" if not text or udp_place(text) else '"udp ADDRESS:PORT" with a numeric address, or empty'


@dataclass(frozen=True, slots=True, kw_only=True)
class SnmpTrapAlertSetting:
    """One `[[snmp.trap_alert]]` table: a trap that raises an alert, and what ends it."""

    trap: str = option("", "Name or number of the trap, as in coldStart or 1.3.6.1.4.1.9.9.43.2.0.1.")
    target: str = option("*", "Selector of the targets it is for.")
    severity: str = option(
        "warning", "warning, critical, or none: no alert.", check=one_of("warning", "critical", "none")
    )
    ends_with: str = option("", "Name or number of the trap that ends the alert; empty: only time ends it.")
    item: str = option(
        "", "Object whose value says which one it is about, so that each has an alert of its own, as in ifIndex."
    )
    ends_after_s: float = option(
        3600.0, "Seconds without another such trap after which the alert ends; 0: only ends_with ends it.",
        check=between(0, 90 * 86400),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SnmpSettings:
    """`[snmp]`: how agents are asked, and where their traps are received."""

    timeout_s: float = option(2.0, "Seconds to wait for an answer before asking again.", check=between(0.5, 60))
    retries: int = option(2, "How often an agent that did not answer is asked again.", check=between(0, 10))
    total_timeout_s: float = option(60.0, "Seconds one get or walk may take on a target.", check=between(1, 3600))
    walk_limit: int = option(
        10_000, "Values that a walk or a table reads from one target at most.", check=between(1, 1_000_000)
    )
    parallel: int = option(20, "Targets that are asked at the same time.", check=between(1, 200))
    traps: str = option(
        "",
        "Where traps and informs are received, as in udp 0.0.0.0:1162; empty: nowhere. Ports below 1024, the usual 162 "
        "among them, need root or a capability; `opsterm doctor` says how to do without.",
        check=_place_fault,
    )
    traps_need_login: bool = option(
        True,
        "Let only traps raise and end alerts that a kept log-in says are the target's (`opsterm snmp login NAME`, with "
        "--traps for what it sends alone); others are listed as not authenticated.",
    )
    trap_alert: tuple[SnmpTrapAlertSetting, ...] = option(
        (), "Your own rules for which traps are alerts, tried before those that ship."
    )
