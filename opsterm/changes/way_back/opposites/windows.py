"""What does the opposite on Windows, by cmdlet or program, as text: what was there before is not looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from opsterm.policy.invocation import Invocation

_ADDED = "What it makes is not removed by itself."
_STATE = "Whether it was so before is not looked at."
_VALUE = "What it was before is not kept: look before, and give --inverse with that."
_ACCOUNT = "An account that is removed and made anew has another SID: rights given to the old one are lost."
_ROLE = "What a feature was set to is lost when it is removed, and it may take a restart."
_PACKAGE = "The version of before comes back only with its installer."
_UPDATE = "Many cumulative updates cannot be removed again; DISM says which."
_POWER = "A host that was stopped or booted anew has lost what ran on it; nothing takes that back."
_BACKUP = "What was there is not kept; only a backup brings it back."
_DIRECTORY = "Only the recycle bin of the directory brings it back: Restore-ADObject, if it is enabled."
_PROCESS = (
    "A process that has ended does not come back with what it held; what a service runs is started by Start-Service."
)
_MACHINE = "Only an export or a checkpoint of a machine brings it back."


@dataclass(frozen=True, slots=True, kw_only=True)
class Opposite:
    """What is said of one command.

    Attributes:
        sentence: what is not taken back.
        command: what does the opposite, "" for none.
    """

    sentence: str
    command: str = ""


_SWAPS: Mapping[str, tuple[str, str, str]] = {
    # cmdlet: its opposite, the parameters that both take, the sentence
    "start-service": ("Stop-Service", "name", _STATE), "stop-service": ("Start-Service", "name", _STATE),
    "suspend-service": ("Resume-Service", "name", _STATE), "resume-service": ("Suspend-Service", "name", _STATE),
    "disable-netadapter": ("Enable-NetAdapter", "name", _STATE),
    "enable-netadapter": ("Disable-NetAdapter", "name", _STATE),
    "disable-netfirewallrule": ("Enable-NetFirewallRule", "name displayname displaygroup group", _STATE),
    "enable-netfirewallrule": ("Disable-NetFirewallRule", "name displayname displaygroup group", _STATE),
    "new-netfirewallrule": ("Remove-NetFirewallRule", "name displayname", _ADDED),
    "disable-scheduledtask": ("Enable-ScheduledTask", "taskname taskpath", _STATE),
    "enable-scheduledtask": ("Disable-ScheduledTask", "taskname taskpath", _STATE),
    "register-scheduledtask": ("Unregister-ScheduledTask", "taskname taskpath", _ADDED),
    "install-windowsfeature": ("Uninstall-WindowsFeature", "name", _ROLE),
    "add-windowsfeature": ("Uninstall-WindowsFeature", "name", _ROLE),
    "uninstall-windowsfeature": ("Install-WindowsFeature", "name", _ROLE),
    "remove-windowsfeature": ("Install-WindowsFeature", "name", _ROLE),
    "enable-windowsoptionalfeature": ("Disable-WindowsOptionalFeature -Online", "featurename", _ROLE),
    "disable-windowsoptionalfeature": ("Enable-WindowsOptionalFeature -Online", "featurename", _ROLE),
    "new-localuser": ("Remove-LocalUser", "name", _ADDED), "disable-localuser": ("Enable-LocalUser", "name", _STATE),
    "enable-localuser": ("Disable-LocalUser", "name", _STATE),
    "new-localgroup": ("Remove-LocalGroup", "name", _ADDED),
    "add-localgroupmember": ("Remove-LocalGroupMember", "group member", _STATE),
    "remove-localgroupmember": ("Add-LocalGroupMember", "group member", _STATE),
    "new-netipaddress": ("Remove-NetIPAddress", "ipaddress", _ADDED),
    "new-netroute": ("Remove-NetRoute", "destinationprefix interfacealias nexthop", _ADDED),
    "new-smbshare": ("Remove-SmbShare", "name", _ADDED),
    "mount-diskimage": ("Dismount-DiskImage", "imagepath", _STATE),
    "start-vm": ("Stop-VM", "name", _STATE), "stop-vm": ("Start-VM", "name", _STATE),
    "add-adgroupmember": ("Remove-ADGroupMember", "identity members", _STATE),
    "remove-adgroupmember": ("Add-ADGroupMember", "identity members", _STATE),
    "disable-adaccount": ("Enable-ADAccount", "identity", _STATE),
    "enable-adaccount": ("Disable-ADAccount", "identity", _STATE),
    "new-service": ("sc.exe delete", "name", _ADDED),
    "start-website": ("Stop-Website", "name", _STATE), "stop-website": ("Start-Website", "name", _STATE),
}  # fmt: skip
_SURE = frozenset({
    "remove-netfirewallrule", "unregister-scheduledtask", "remove-localuser", "remove-localgroup",
    "remove-netipaddress", "remove-netroute", "remove-smbshare",
})  # fmt: skip

_SENTENCES: Mapping[str, tuple[str, ...]] = {
    _VALUE: ("set-netfirewallprofile", "set-netfirewallrule", "set-netipaddress", "set-netadapter", "set-localuser",
             "set-dnsclientserveraddress", "set-smbshare", "set-scheduledtask", "set-aduser", "set-netipinterface",
             "secedit", "bcdedit", "powercfg", "rename-computer", "set-netroute", "remove-netroute", "netsh",
             "remove-netipaddress", "remove-netfirewallrule", "unregister-scheduledtask", "remove-smbshare", "appcmd",
             "set-webconfigurationproperty", "set-mppreference", "rename-netadapter", "auditpol", "w32tm", "dism"),
    _ACCOUNT: ("remove-localuser", "remove-localgroup"),
    _DIRECTORY: ("remove-aduser", "remove-adgroup", "remove-adcomputer", "remove-adorganizationalunit"),
    _PACKAGE: ("msiexec", "winget", "choco", "install-package", "uninstall-package", "install-module"),
    _UPDATE: ("wusa", "install-windowsupdate", "get-windowsupdate"),
    _POWER: ("restart-computer", "stop-computer", "shutdown", "logoff"),
    _BACKUP: ("format-volume", "clear-disk", "initialize-disk", "remove-partition", "diskpart", "vssadmin", "wbadmin",
              "wevtutil", "clear-eventlog", "format", "cipher"),
    _PROCESS: ("stop-process", "taskkill"), _MACHINE: ("remove-vm", "remove-vmsnapshot", "restore-vmsnapshot"),
}  # fmt: skip
_SAID = {name: sentence for sentence, names in _SENTENCES.items() for name in names}

_PLAIN = re.compile(r"[\w.:\\/*@-]+")


def opposite_of(command: Invocation) -> Opposite | None:
    """Return what is known about taking a command of Windows back without having kept anything, None for nothing."""
    name = command.words[0].lower().removesuffix(".exe").rpartition("\\")[2]
    if any("?" in word for word in command.words):
        return Opposite(sentence="A word of it is known only when it runs.")
    swap = _SWAPS.get(name)
    if swap is None:
        return _of_program(name, command)
    back, takes, sentence = swap
    named = _parameters(command.words[1:], takes.split())
    text = " ".join([back, *named]) if named else ""
    if text and back.split()[0].lower() in _SURE:
        text += " -Confirm:$false"
    return Opposite(sentence=sentence, command=text)


def _parameters(words: tuple[str, ...], takes: list[str]) -> list[str]:
    """Return the parameters of a command that another one takes as well; what stands first is the first of them."""
    found: list[str] = []
    at = 0
    while at < len(words):
        word = words[at].rstrip(":")
        if word.startswith("-") and at + 1 < len(words):
            if word[1:].lower() in takes:
                found += [word, _quoted(words[at + 1])]
            at += 1 if words[at + 1].startswith("-") else 2
        else:
            if not word.startswith("-") and not found and at < len(takes):
                found += [f"-{takes[at].capitalize()}", _quoted(word)]
            at += 1
    return found


def _of_program(name: str, command: Invocation) -> Opposite | None:
    words = [word.lower() for word in command.words[1:]]
    given = list(command.words)
    if name == "net" and words[:1] in (["start"], ["stop"]) and len(words) > 1:
        back = "stop" if words[0] == "start" else "start"
        return Opposite(sentence=_STATE, command=f"net {back} {_cmd_quoted(given[2])}")
    if name == "net" and words[:1] in (["user"], ["localgroup"]) and ("/add" in words or "/delete" in words):
        if words[0] == "user" and "/delete" in words:
            return Opposite(sentence=_ACCOUNT)
        kept = [_cmd_quoted(word) for word in given[2:] if not word.startswith("/")]
        kept = kept[:1] if words[0] == "user" else kept
        sign = "/delete" if "/add" in words else "/add"
        return Opposite(sentence=_STATE, command=" ".join(["net", words[0], *kept, sign]))
    if name == "sc" and words[:1] in (["start"], ["stop"]) and len(words) > 1:
        back = "stop" if words[0] == "start" else "start"
        return Opposite(sentence=_STATE, command=f"sc.exe {back} {_cmd_quoted(given[2])}")
    sentence = _SAID.get(name)
    return Opposite(sentence=sentence) if sentence else None


def _quoted(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else "'" + word.replace("'", "''") + "'"


def _cmd_quoted(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else f'"{word}"'
