"""What a thing is, from what its SNMP agent says: vendor, system, model, serial number.

Sources: RFC 3418 (system group), RFC 6933 (entPhysicalTable; class 3 is a chassis), and the registry of private
enterprise numbers at IANA for the vendors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from opsterm.core.units import age_text
from opsterm.monitoring.mib import NAMES, Oid, instance_of, is_below, oid_text
from opsterm.monitoring.snmp_metrics import SnmpSnapshot

SCALARS: Sequence[Oid] = [
    instance_of(NAMES[name])
    for name in (
        "sysDescr", "sysObjectID", "sysUpTime", "sysContact", "sysName", "sysLocation", "hrSystemUptime", "ifNumber",
    )
]  # fmt: skip
TREES: Sequence[Oid] = [
    NAMES[f"entPhysical{name}"]
    for name in ("Class", "Descr", "SoftwareRev", "SerialNum", "MfgName", "ModelName")
]  # fmt: skip

_VENDORS: Mapping[int, str] = {
    2: "IBM", 9: "Cisco", 11: "HP", 43: "3Com", 171: "D-Link", 207: "Allied Telesis", 236: "Samsung", 248: "Hirschmann",
    311: "Microsoft", 318: "APC", 343: "Intel", 368: "Axis", 476: "Vertiv", 534: "Eaton", 674: "Dell",
    890: "Zyxel", 1588: "Brocade", 1872: "Alteon", 1916: "Extreme Networks", 1991: "Foundry", 2011: "Huawei",
    2021: "Net-SNMP", 2272: "Nortel", 2435: "Brother", 2636: "Juniper", 3224: "NetScreen", 3375: "F5", 3955: "Linksys",
    4413: "Broadcom", 4526: "Netgear", 5951: "NetScaler", 6486: "Alcatel-Lucent", 6574: "Synology", 6876: "VMware",
    8072: "Net-SNMP", 8741: "SonicWall", 10002: "Ubiquiti", 10876: "Supermicro", 11863: "TP-Link", 12325: "FreeBSD",
    12356: "Fortinet", 14179: "Airespace", 14823: "Aruba", 14988: "MikroTik", 24681: "QNAP",
    25461: "Palo Alto Networks", 25506: "H3C", 30065: "Arista", 40310: "Cumulus", 41112: "Ubiquiti", 47196: "Aruba",
}  # fmt: skip

_NET_SNMP_SYSTEMS: Mapping[int, str] = {
    1: "hpux", 2: "sunos", 3: "solaris", 7: "netbsd", 8: "freebsd", 10: "linux", 12: "openbsd", 13: "windows",
    16: "macos",
}  # fmt: skip
"""The last number of Net-SNMP's sysObjectID, 1.3.6.1.4.1.8072.3.2.N."""

_SYSTEMS = (
    (r"Cisco IOS[ -]XR Software.*?Version (?P<v>[\w.()-]+)", "cisco ios xr"),
    (r"Cisco IOS[ -]XE Software.*?Version (?P<v>[\w.()-]+)", "cisco ios xe"),
    (r"Cisco IOS Software.*?Version (?P<v>[\w.()-]+)", "cisco ios"),
    (r"Cisco NX-OS.*?Version (?P<v>[\w.()-]+)", "cisco nx-os"),
    (r"Cisco Adaptive Security Appliance Version (?P<v>[\w.()-]+)", "cisco asa"),
    (r"Arista Networks EOS version (?P<v>[\w.-]+)", "arista eos"),
    (r"kernel JUNOS (?P<v>[\w.-]+)", "junos"),
    (r"RouterOS (?P<v>[\d.]+)", "routeros"),
    (r"Windows Version (?P<v>[\d.]+)", "windows"),
    (r"ExtremeXOS.*? version (?P<v>[\d.]+)", "extremexos"),
    (r"Linux \S+ (?P<v>\S+)", "linux"),
    (r"FreeBSD \S+ (?P<v>\S+)", "freebsd"),
    (r"OpenBSD \S+ (?P<v>\S+)", "openbsd"),
)
_CHASSIS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SnmpProfile:
    """What an agent says of itself; "" and None for what it does not. All text is cleaned.

    Attributes:
        name: sysName.
        vendor: who made it, or its agent.
        os: system in small letters, as in "linux" or "cisco ios".
        os_version: as the vendor writes it; a kernel's release for Linux.
        model: of the chassis.
        serial: of the chassis.
        description: sysDescr.
        object_id: sysObjectID in numbers.
        contact: sysContact.
        location: sysLocation.
        uptime_s: seconds since the host started, or since its agent did where it does not tell.
        interfaces: how many there are.
    """

    name: str = ""
    vendor: str = ""
    os: str = ""
    os_version: str = ""
    model: str = ""
    serial: str = ""
    description: str = ""
    object_id: str = ""
    contact: str = ""
    location: str = ""
    uptime_s: float | None = None
    interfaces: int | None = None


def snmp_profile_lines(found: SnmpProfile) -> tuple[tuple[str, str], ...]:
    """Return what a profile says as (label, text), without what is not known."""
    told = {**asdict(found), "uptime_s": "" if found.uptime_s is None else age_text(found.uptime_s)}
    labelled = ((name.removesuffix("_s").replace("_", " "), str(value or "")) for name, value in told.items())
    return tuple((label, text) for label, text in labelled if text)


def profile_of(now: SnmpSnapshot) -> SnmpProfile:
    """Return the profile that a snapshot of `SCALARS` and `TREES` holds."""
    description = now.text("sysDescr", (0,))
    found = now.values.get(instance_of(NAMES["sysObjectID"]))
    object_id = found.value if found and isinstance(found.value, tuple) else ()
    chassis = next(
        (row for row in now.instances("entPhysicalClass") if now.number("entPhysicalClass", row) == _CHASSIS), None
    )

    def of_chassis(name: str) -> str:
        return now.text(f"entPhysical{name}", chassis) if chassis is not None else ""

    os, version = _system(description, object_id)
    up_time = now.number("hrSystemUptime")
    if up_time is None:
        up_time = now.number("sysUpTime")
    return SnmpProfile(
        name=now.text("sysName", (0,)),
        vendor=of_chassis("MfgName") or _vendor(object_id),
        os=os,
        os_version=of_chassis("SoftwareRev") or version,
        model=of_chassis("ModelName") or of_chassis("Descr"),
        serial=of_chassis("SerialNum"),
        description=description,
        object_id=oid_text(object_id),
        contact=now.text("sysContact", (0,)),
        location=now.text("sysLocation", (0,)),
        uptime_s=None if up_time is None else up_time / 100,
        interfaces=now.number("ifNumber"),
    )


def _vendor(object_id: Oid) -> str:
    root = NAMES["enterprises"]
    return _VENDORS.get(object_id[len(root)], "") if is_below(object_id, root) else ""


def _system(description: str, object_id: Oid) -> tuple[str, str]:
    """Return system and version, "" for what is not known."""
    for pattern, name in _SYSTEMS:
        found = re.search(pattern, description, re.DOTALL)
        if found:
            return name, found["v"].rstrip(".,")
    net_snmp = (*NAMES["enterprises"], 8072, 3, 2)
    return (_NET_SNMP_SYSTEMS.get(object_id[-1], ""), "") if is_below(object_id, net_snmp) else ("", "")
