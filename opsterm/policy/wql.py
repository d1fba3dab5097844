"""WQL, the query language of Windows management: SELECT and nothing else.

Only what is taken apart here is sent: one SELECT a line, from one class. Whether that only reads is up
to the class: see `class_refusal`.
"""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.core import lean_re as re
from opsterm.core.errors import BadInput

MOST_QUERIES = 20
_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,127}"
_SELECT = re.compile(
    rf"SELECT\s+(?:\*|{_NAME}(?:\s*,\s*{_NAME}){{0,99}})\s+FROM\s+({_NAME})(?:\s+WHERE\s+[^\x00-\x1f]{{1,2000}})?",
    re.IGNORECASE,
)


def queries_in(text: str) -> Sequence[str]:
    """Return the queries of a text, one a line. Raises BadInput when one of its lines is none."""
    lines = [line.strip() for line in text.split("\n")]
    queries = [line for line in lines if line]
    if not 0 < len(queries) <= MOST_QUERIES:
        raise BadInput(f"There are {len(queries)} queries: between 1 and {MOST_QUERIES} are taken, one a line.")
    for query in queries:
        if not _SELECT.fullmatch(query):
            raise BadInput(
                "A line is no query that is understood.",
                why=query[:200],
                next_step="Write it as in: SELECT Name, State FROM Win32_Service WHERE StartMode = 'Auto'",
            )
    return queries


def class_of(query: str) -> str:
    """Return the class a query is about, "" for a text that is no query."""
    told = _SELECT.fullmatch(query.strip())
    return told[1] if told else ""


def namespace_of(name: str) -> str:
    """Return the namespace in which a class is looked for, as in "root/cimv2"."""
    return "root/standardcimv2" if name.lower() in _STANDARD else "root/cimv2"


def class_refusal(name: str) -> str:
    """Return why reading the instances of a class is not known to change nothing, "" when it is."""
    if name.lower() in _CLASSES | _STANDARD or name.lower().startswith(_COUNTERS):
        return ""
    return f"{name} is not on the list of classes that only read."


def wql_refusal(text: str) -> str:
    """Return why a text is not known to only read, "" when every line of it is a SELECT from a class that does."""
    try:
        queries = queries_in(text)
    except BadInput as error:
        return error.what
    return next(filter(None, (class_refusal(class_of(query)) for query in queries)), "")


_COUNTERS = ("win32_perfrawdata_", "win32_perfformatteddata_")

_READS = (
    "account battery baseboard bios bootconfiguration bus cachememory cdromdrive computersystem "
    "computersystemproduct currenttime desktopmonitor diskdrive diskdrivetodiskpartition diskpartition "
    "dnsserver encryptablevolume fan group groupuser idecontroller ip4routetable "
    "ip4persistedroutetable keyboard loadorder localtime logicaldisk logicaldisktopartition logonsession "
    "loggedonuser memoryarray memorydevice mountpoint networkadapter networkadapterconfiguration "
    "networkadaptersetting networkclient networkconnection networkloginprofile networkprotocol "
    "ntdomain nteventlogfile operatingsystem optionalfeature osrecoveryconfiguration pagefile pagefilesetting "
    "pagefileusage physicalmedia physicalmemory physicalmemoryarray pnpentity pnpsigneddriver pointingdevice "
    "portconnector printer printerdriver printjob process processor quickfixengineering quotasetting "
    "reliabilityrecords reliabilitystabilitymetrics scheduledjob scsicontroller serverfeature session service "
    "share sounddevice startupcommand systemaccount systemdriver systemenclosure systemslot systemservices "
    "systemusers tapedrive temperatureprobe timezone tpm usbcontroller usbhub useraccount userprofile "
    "videocontroller volume volumequota voltageprobe windowsproductactivation"
)
_STANDARD = frozenset({"msft_nettcpconnection", "msft_netudpendpoint"})
"""Classes of root/StandardCimv2: what the network stack has open."""
_CLASSES = frozenset(f"win32_{name}" for name in _READS.split())
"""What is read of Windows, in lower case. An allow-list, for a provider does as it likes when it is asked: to read
Win32_Product, or a class of CIM_ above it, is to check every installed program and to repair it where it differs.
Win32_Environment is not here either, since variables may hold secrets."""
