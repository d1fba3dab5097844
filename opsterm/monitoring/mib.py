"""Names of managed objects: the few MIBs that opsterm reads, as a table of its own, so that nothing is downloaded.

Sources: RFC 3418 (SNMPv2-MIB), RFC 2863 (IF-MIB), RFC 4293 (IP-MIB), RFC 2790 (HOST-RESOURCES-MIB), RFC 6933
(ENTITY-MIB), UCD-SNMP-MIB as the Net-SNMP agent answers it; of notifications also RFC 3584, 4273, 2819, 4188, 1628 and
2981, and what the Net-SNMP agent says of itself.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from opsterm.core.errors import BadInput

Oid = tuple[int, ...]
"""An object identifier, without a leading dot."""

LONGEST_OID = 128
"""Sub-identifiers of a name at most (RFC 2578, 3.5)."""

LARGEST_PART = 2**32 - 1

_MIB_2 = "1.3.6.1.2.1"
_UCD = "1.3.6.1.4.1.2021"

_SCALARS = (
    ("SNMPv2-MIB", f"{_MIB_2}.1",
     "sysDescr 1 sysObjectID 2 sysUpTime 3 sysContact 4 sysName 5 sysLocation 6 sysServices 7"),
    ("IF-MIB", f"{_MIB_2}.2", "ifNumber 1"),
    ("IF-MIB", f"{_MIB_2}.31.1", "ifTableLastChange 5 ifStackLastChange 6"),
    ("HOST-RESOURCES-MIB", f"{_MIB_2}.25.1",
     ("hrSystemUptime 1 hrSystemDate 2 hrSystemInitialLoadDevice 3 hrSystemInitialLoadParameters 4 hrSystemNumUsers 5 "
     "hrSystemProcesses 6 hrSystemMaxProcesses 7")),
    ("HOST-RESOURCES-MIB", f"{_MIB_2}.25.2", "hrMemorySize 2"),
    ("UCD-SNMP-MIB", f"{_UCD}.4",
     ("memTotalSwap 3 memAvailSwap 4 memTotalReal 5 memAvailReal 6 memTotalFree 11 memShared 13 memBuffer 14 "
     "memCached 15 memSysAvail 27")),
    ("UCD-SNMP-MIB", f"{_UCD}.11",
     ("ssCpuRawUser 50 ssCpuRawNice 51 ssCpuRawSystem 52 ssCpuRawIdle 53 ssCpuRawWait 54 ssCpuRawKernel 55 "
     "ssCpuRawInterrupt 56 ssCpuRawSoftIRQ 61 ssCpuRawSteal 64 ssCpuNumCpus 67")),
)  # fmt: skip

_TABLES = (
    ("IF-MIB", "ifTable", f"{_MIB_2}.2.2",
     ("ifIndex 1 ifDescr 2 ifType 3 ifMtu 4 ifSpeed 5 ifPhysAddress 6 ifAdminStatus 7 ifOperStatus 8 ifLastChange 9 "
     "ifInOctets 10 ifInUcastPkts 11 ifInDiscards 13 ifInErrors 14 ifInUnknownProtos 15 ifOutOctets 16 "
     "ifOutUcastPkts 17 ifOutDiscards 19 ifOutErrors 20")),
    ("IF-MIB", "ifXTable", f"{_MIB_2}.31.1.1",
     ("ifName 1 ifInMulticastPkts 2 ifInBroadcastPkts 3 ifOutMulticastPkts 4 ifOutBroadcastPkts 5 ifHCInOctets 6 "
     "ifHCInUcastPkts 7 ifHCInMulticastPkts 8 ifHCInBroadcastPkts 9 ifHCOutOctets 10 ifHCOutUcastPkts 11 "
     "ifHCOutMulticastPkts 12 ifHCOutBroadcastPkts 13 ifLinkUpDownTrapEnable 14 ifHighSpeed 15 ifPromiscuousMode 16 "
     "ifConnectorPresent 17 ifAlias 18 ifCounterDiscontinuityTime 19")),
    ("IP-MIB", "ipAddrTable", f"{_MIB_2}.4.20",
     "ipAdEntAddr 1 ipAdEntIfIndex 2 ipAdEntNetMask 3 ipAdEntBcastAddr 4 ipAdEntReasmMaxSize 5"),
    ("HOST-RESOURCES-MIB", "hrStorageTable", f"{_MIB_2}.25.2.3",
     ("hrStorageIndex 1 hrStorageType 2 hrStorageDescr 3 hrStorageAllocationUnits 4 hrStorageSize 5 hrStorageUsed 6 "
     "hrStorageAllocationFailures 7")),
    ("HOST-RESOURCES-MIB", "hrDeviceTable", f"{_MIB_2}.25.3.2",
     "hrDeviceIndex 1 hrDeviceType 2 hrDeviceDescr 3 hrDeviceID 4 hrDeviceStatus 5 hrDeviceErrors 6"),
    ("HOST-RESOURCES-MIB", "hrProcessorTable", f"{_MIB_2}.25.3.3", "hrProcessorFrwID 1 hrProcessorLoad 2"),
    ("HOST-RESOURCES-MIB", "hrFSTable", f"{_MIB_2}.25.3.8",
     "hrFSIndex 1 hrFSMountPoint 2 hrFSRemoteMountPoint 3 hrFSType 4 hrFSAccess 5 hrFSBootable 6 hrFSStorageIndex 7"),
    ("HOST-RESOURCES-MIB", "hrSWRunTable", f"{_MIB_2}.25.4.2",
     "hrSWRunIndex 1 hrSWRunName 2 hrSWRunID 3 hrSWRunPath 4 hrSWRunParameters 5 hrSWRunType 6 hrSWRunStatus 7"),
    ("HOST-RESOURCES-MIB", "hrSWInstalledTable", f"{_MIB_2}.25.6.3",
     "hrSWInstalledIndex 1 hrSWInstalledName 2 hrSWInstalledID 3 hrSWInstalledType 4 hrSWInstalledDate 5"),
    ("ENTITY-MIB", "entPhysicalTable", f"{_MIB_2}.47.1.1.1",
     ("entPhysicalIndex 1 entPhysicalDescr 2 entPhysicalVendorType 3 entPhysicalContainedIn 4 entPhysicalClass 5 "
     "entPhysicalParentRelPos 6 entPhysicalName 7 entPhysicalHardwareRev 8 entPhysicalFirmwareRev 9 "
     "entPhysicalSoftwareRev 10 entPhysicalSerialNum 11 entPhysicalMfgName 12 entPhysicalModelName 13 "
     "entPhysicalAlias 14 entPhysicalAssetID 15 entPhysicalIsFRU 16")),
    ("UCD-SNMP-MIB", "laTable", f"{_UCD}.10",
     "laIndex 1 laNames 2 laLoad 3 laConfig 4 laLoadInt 5"),
)  # fmt: skip

_NOTIFICATIONS = (
    ("SNMPv2-MIB", "1.3.6.1.6.3.1.1.4", "snmpTrapOID 1 snmpTrapEnterprise 3"),
    ("SNMPv2-MIB", "1.3.6.1.6.3.1.1.5", "coldStart 1 warmStart 2 linkDown 3 linkUp 4 authenticationFailure 5"),
    ("RFC1213-MIB", "1.3.6.1.6.3.1.1.5", "egpNeighborLoss 6"),
    ("SNMP-COMMUNITY-MIB", "1.3.6.1.6.3.18.1", "snmpTrapAddress 3 snmpTrapCommunity 4"),
    ("BGP4-MIB", f"{_MIB_2}.15.0", "bgpEstablishedNotification 1 bgpBackwardTransNotification 2"),
    ("RMON-MIB", f"{_MIB_2}.16.0", "risingAlarm 1 fallingAlarm 2"),
    ("BRIDGE-MIB", f"{_MIB_2}.17.0", "newRoot 1 topologyChange 2"),
    ("UPS-MIB", f"{_MIB_2}.33.2",
     "upsTrapOnBattery 1 upsTrapTestCompleted 2 upsTrapAlarmEntryAdded 3 upsTrapAlarmEntryRemoved 4"),
    ("ENTITY-MIB", f"{_MIB_2}.47.2.0", "entConfigChange 1"),
    ("DISMAN-EVENT-MIB", f"{_MIB_2}.88.2.0", "mteTriggerFired 1 mteTriggerRising 2 mteTriggerFalling 3"),
    ("DISMAN-EVENT-MIB", f"{_MIB_2}.88.2.1",
     "mteHotTrigger 1 mteHotTargetName 2 mteHotContextName 3 mteHotOID 4 mteHotValue 5"),
    ("NET-SNMP-AGENT-MIB", "1.3.6.1.4.1.8072.4.0", "nsNotifyStart 1 nsNotifyShutdown 2 nsNotifyRestart 3"),
)  # fmt: skip
"""What is sent without being asked for, and what goes with it; the numbers are those of the notifications."""

_GROUPS = (
    ("iso", "1"), ("internet", "1.3.6.1"), ("mib-2", _MIB_2), ("system", f"{_MIB_2}.1"),
    ("interfaces", f"{_MIB_2}.2"), ("host", f"{_MIB_2}.25"), ("ifMIB", f"{_MIB_2}.31"), ("entityMIB", f"{_MIB_2}.47"),
    ("enterprises", "1.3.6.1.4.1"), ("ucdavis", _UCD), ("snmpTraps", "1.3.6.1.6.3.1.1.5"),
)  # fmt: skip


def _numbers(text: str) -> Oid:
    return tuple(int(part) for part in text.split("."))


def _read_tables() -> tuple[dict[str, Oid], dict[Oid, str], dict[str, str], dict[Oid, Sequence[Oid]]]:
    names: dict[str, Oid] = {name: _numbers(text) for name, text in _GROUPS}
    homes: dict[str, str] = {}
    columns: dict[Oid, Sequence[Oid]] = {}
    for mib, root, words in (*_SCALARS, *_NOTIFICATIONS):
        parts = words.split()
        for name, number in zip(parts[::2], parts[1::2], strict=True):
            names[name] = (*_numbers(root), int(number))
            homes[name] = mib
    for mib, table, root, words in _TABLES:
        parts = words.split()
        names[table], homes[table] = _numbers(root), mib
        for name, number in zip(parts[::2], parts[1::2], strict=True):
            names[name] = (*_numbers(root), 1, int(number))
            homes[name] = mib
        columns[names[table]] = [names[name] for name in parts[::2]]
    return names, {oid: name for name, oid in names.items()}, homes, columns


NAMES: Mapping[str, Oid]
"""Name -> its identifier, without an instance."""

COLUMNS: Mapping[Oid, Sequence[Oid]]
"""Table -> its columns that are known here, in the order of the MIB."""

NAMES, _BY_OID, _HOMES, COLUMNS = _read_tables()
_LOWER: Mapping[str, str] = {name.lower(): name for name in NAMES}
_SHORTEST_NAMED = min(len(oid) for name, oid in NAMES.items() if name in _HOMES)
_SPOKEN = re.compile(
    r"(?:(?P<mib>[A-Za-z][\w-]*)::)?(?P<name>[A-Za-z][\w-]*)(?P<rest>(?:\.[0-9]+)*)", re.ASCII
)  # fmt: skip


def parse_oid(text: str) -> Oid:
    """Return the identifier for "1.3.6.1.2.1.1.1.0", ".1.3.6", "sysDescr.0", "IF-MIB::ifName.2" or "ifTable".

    Raises:
        BadInput: it is none, or its name is not in the table.
    """
    word = text.strip()
    if re.fullmatch(r"\.?[0-9]{1,10}(\.[0-9]{1,10})*", word, re.ASCII):
        return _checked(_numbers(word.removeprefix(".")), word)
    spoken = _SPOKEN.fullmatch(word)
    if spoken is None:
        raise BadInput(
            f"{word[:100]!r} is no object identifier.",
            next_step="Write numbers or a name, as in 1.3.6.1.2.1.1.1.0, sysDescr.0 or IF-MIB::ifName.2",
        )
    name = _LOWER.get(spoken["name"].lower(), "")
    if not name or (spoken["mib"] and spoken["mib"].lower() != _HOMES.get(name, "").lower()):
        near = difflib.get_close_matches(spoken["name"].lower(), _LOWER, n=1)
        full = f"{_HOMES.get(_LOWER[near[0]], '')}::{_LOWER[near[0]]}".removeprefix("::") if near else ""
        raise BadInput(
            f"No object is named {word[:100]!r}.",
            why=f"The nearest is {full}." if full else "",
            next_step="Write its number: names of other MIBs are not known here.",
        )
    rest = spoken["rest"]
    return _checked((*NAMES[name], *(_numbers(rest[1:]) if rest else ())), word)


def _checked(oid: Oid, text: str) -> Oid:
    fits = oid[0] <= 2 and (len(oid) < 2 or oid[0] == 2 or oid[1] < 40)
    if not fits or len(oid) > LONGEST_OID or max(oid) > LARGEST_PART:
        raise BadInput(
            f"{text[:100]!r} is no object identifier.",
            next_step=f"It begins with 0, 1 or 2, and has at most {LONGEST_OID} numbers below 4,294,967,296.",
        )
    return oid


def instance_of(oid: Oid) -> Oid:
    """Return what a get asks for: a known scalar that was named without its instance gets ".0"."""
    name = _BY_OID.get(oid, "")
    is_column = any(oid in known for known in COLUMNS.values())
    return (*oid, 0) if name in _HOMES and not is_column and oid not in COLUMNS else oid


def oid_text(oid: Oid) -> str:
    """Return "1.3.6.1.2.1.1.1.0"."""
    return ".".join(map(str, oid))


def split_name(oid: Oid) -> tuple[str, Oid]:
    """Return the name of the object and the rest, its instance; "" and the whole where no name is known."""
    for length in range(len(oid), _SHORTEST_NAMED - 1, -1):
        name = _BY_OID.get(oid[:length], "")
        if name in _HOMES:
            return name, oid[length:]
    return "", oid


def oid_name(oid: Oid) -> str:
    """Return "ifDescr.2" where a name is known, else the numbers."""
    name, rest = split_name(oid)
    return ".".join([name, *map(str, rest)]) if name else oid_text(oid)


def is_below(oid: Oid, root: Oid) -> bool:
    """Return whether `oid` is in the tree under `root`, `root` itself not counted."""
    return len(oid) > len(root) and oid[: len(root)] == root
