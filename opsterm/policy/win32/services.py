"""Services, processes and accounts of Windows that more depends on than their name says."""

from __future__ import annotations

from opsterm.policy.effect_notes import EffectNotes
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty
Span = tuple[int, int]

_ACCESS = word_set(
    "winrm sshd ssh-agent termservice umrdpservice sessionenv dhcp dnscache nsi netlogon lanmanserver "
    "lanmanworkstation rpcss rpceptmapper samss nlasvc netprofm bfe tcpip iphlpsvc wlansvc dot3svc mpssvc netman "
    "kdc ntds dns hyper-v vmms openssh policyagent ikeext"
)
_NAMES_OF_ACCESS = ("windows remote management", "remote desktop", "openssh", "ssh server", "dhcp client",
                    "windows firewall", "windows defender firewall", "base filtering engine", "net logon")  # fmt: skip
_GUARDS = word_set(
    "windefend wdnissvc sense wscsvc securityhealthservice mpssvc bfe sgrmbroker mssecflt wdfilter wdboot sysmon "
    "sysmon64 splunkforwarder csfalconservice carbonblack cbdefense savservice mcshield ekrn avp symantec "
    "ntrtscan xagt sentinelagent mdcoresvc wuauserv applockerfltr appidsvc"
)
_LOGS = word_set("eventlog wecsvc diagtrack sysmon sysmon64 splunkforwarder winlogbeat nxlog")
_VITAL = word_set("lsass csrss wininit winlogon services smss svchost system dwm lsaiso")
_ACCESS_PROCESSES = word_set("sshd wsmprovhost winrshost rdpclip termservice ssh conhost")
_STOPS = (_K.SERVICE_STOP, _K.SERVICE_ENABLE, _K.DELETE, _K.SERVICE_RESTART)


def note_service(
    kind: EffectKind, name: str, notes: EffectNotes, span: Span, *, certainty: Certainty = _C.CERTAIN
) -> None:
    """Note what happens to a service, and what that means where the service is one that others rest on.

    Args:
        kind: an effect on services. SERVICE_ENABLE stands for a change of how it starts, which may be to disable it.
        name: its name; "?" for one that is known only when it runs, which may be any.
        notes: where effects go.
        span: what shows it.
        certainty: how sure the effect is.
    """
    notes.add(kind, name, span, certainty)
    plain = name.lower().strip("'\" ")
    if kind not in _STOPS:
        return
    anyone = plain in ("*", "?", "") or plain.startswith(("*", "?"))
    if (
        plain in _ACCESS
        or plain.startswith(_NAMES_OF_ACCESS)
        or anyone
        or (plain.endswith("*") and _begins(plain, _ACCESS))
    ):
        sure = _C.POSSIBLE if anyone or kind is _K.SERVICE_RESTART else _C.LIKELY
        notes.add(_K.LOCKOUT, name, span, sure)
    if kind is _K.SERVICE_RESTART:
        return
    if plain in _GUARDS or "defender" in plain:
        notes.add(_K.FIREWALL_WEAKEN if plain in ("mpssvc", "bfe") else _K.SECURITY_WEAKEN, name, span, _C.LIKELY)
    if plain in _LOGS:
        notes.add(_K.LOG_LOSS, name, span, _C.LIKELY)


def _begins(pattern: str, names: frozenset[str]) -> bool:
    stem = pattern.rstrip("*")
    return any(name.startswith(stem) for name in names)


def note_process(name: str, notes: EffectNotes, span: Span) -> None:
    """Note that a process is ended, by its name or number."""
    notes.add(_K.PROCESS_KILL, name, span)
    plain = name.lower().removesuffix(".exe")
    if plain in _VITAL:
        notes.add(_K.DOS, name, span, _C.LIKELY)
    if plain in _ACCESS_PROCESSES or plain in (
        "*",
        "lsass",
        "svchost",
        "wininit",
        "services",
        "winlogon",
        "csrss",
        "smss",
    ):
        notes.add(_K.LOCKOUT, name, span, _C.LIKELY)
    if plain in _GUARDS or plain in ("msmpeng", "nissrv", "mssense", "securityhealthsystray"):
        notes.add(_K.SECURITY_WEAKEN, name, span, _C.LIKELY)


_GROUPS_OF_ACCESS = ("administrators", "remote desktop users", "remote management users", "domain admins",
                     "openssh users",
                     "enterprise admins", "schema admins", "backup operators", "account operators")  # fmt: skip


def note_membership(group: str, notes: EffectNotes, span: Span, *, removes: bool) -> None:
    """Note that somebody enters or leaves a group."""
    notes.add(_K.USER, group, span)
    plain = group.lower().strip("'\" ")
    if plain in _GROUPS_OF_ACCESS or plain.startswith("?"):
        notes.add(_K.PRIVILEGE, group, span)
        if removes:
            notes.add(_K.LOCKOUT, group, span, _C.LIKELY)
