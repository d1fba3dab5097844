"""What a host is; of a Linux host from what `looks.PROFILE_SCRIPT` prints there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from opsterm.core.text import clean_line
from opsterm.monitoring.host_facts import (
    Account,
    HostCertificate,
    HostClock,
    Link,
    Listener,
    LoginSession,
    PackageState,
    ServiceUnit,
)
from opsterm.monitoring.host_people import AskedAt, accounts_of, host_clock, host_time, sessions_of
from opsterm.monitoring.host_ports import addresses_of, links_of, listeners_of
from opsterm.monitoring.host_services import service_units
from opsterm.monitoring.host_upkeep import ReadCertificate, certificates_of, package_state
from opsterm.monitoring.sections import Sections, sections_of

LONGEST_WORD = 200
MOST_WORDS = 100

_SERVICES = {"systemd": "systemd", "openrc": "OpenRC", "runit": "runit", "s6": "s6", "sysv": "SysV"}
_MACHINES = {"kvm", "qemu", "vmware", "microsoft", "oracle", "xen", "amazon", "bhyve", "parallels", "uml", "bochs",
             "zvm", "powervm", "vm-other", "google", "apple", "acrn"}  # fmt: skip
_HEX = re.compile(r"(Cap\w{3}):\s+([0-9a-f]{1,16})")
_MEMORY = re.compile(r"(\w+): +(\d{1,15}) kB")

CAPABILITIES = (
    "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
    "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
    "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
    "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
    "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
    "checkpoint_restore",
)  # fmt: skip
"""By bit number: capabilities(7)."""


class Sudo(StrEnum):
    """What the account may do as root."""

    ROOT = "is root"
    FREE = "any command, without a password"
    PARTLY_FREE = "some commands without a password"
    ASKS = "with a password, if at all"
    ABSENT = "no sudo"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostProfile:
    """What a host is; "", () and None stand for what is not known.

    Attributes:
        os: as it calls itself, as in "Debian GNU/Linux 12 (bookworm)".
        os_id: "debian", "alpine", "rhel".
        os_version: "12".
        kernel: name and release.
        architecture: "x86_64".
        host_name: its own name.
        packages: programs that install packages, the system's own first.
        services: "systemd", "OpenRC", "SysV", "runit", "s6".
        shell: log-in shell of the account.
        sh: what /bin/sh is.
        user: the account we come in as.
        uid: its number.
        groups: its groups.
        sudo: what it may do as root.
        virtual: "container (docker)", "virtual machine (kvm)", "hardware".
        product: maker and name of the machine, as its firmware says.
        cpus: processors that are switched on.
        memory_bytes: memory in all.
        swap_bytes: swap space in all.
        capabilities: of what we run there; all of them for an unconfined root.
        tools: programs of a fixed list that are there.
        domain: the Windows domain it belongs to.
        roles: roles and features of a Windows server.
        updates: updates of Windows that are installed.
        boot_id: the kernel's id of this boot.
        init: name of the first process.
        selinux: "enforcing" or "permissive"; "" where there is none.
        apparmor: whether it is on; None when not known.
        sockets: container services that the account may command: "docker", "podman".
        addresses: of the host's interfaces, those of itself and of one link only left out.
        units: services of its service manager; None when it has none that can be asked.
        listeners: ports that are listened on; None when not known.
        links: connections that it has opened to others; None when not known.
        login_sessions: who is logged in; None when not known.
        accounts: those with a shell.
        clock: how right its clock is.
        package_state: what is installed, and what waits to be.
        certificates: in files and shown by ports, the one that ends first in front.
        complete: whether the script came to its end.
    """

    os: str = ""
    os_id: str = ""
    os_version: str = ""
    kernel: str = ""
    architecture: str = ""
    host_name: str = ""
    packages: tuple[str, ...] = ()
    services: str = ""
    shell: str = ""
    sh: str = ""
    user: str = ""
    uid: int | None = None
    groups: tuple[str, ...] = ()
    sudo: Sudo | None = None
    virtual: str = ""
    product: str = ""
    cpus: int | None = None
    memory_bytes: int | None = None
    swap_bytes: int | None = None
    capabilities: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    domain: str = ""
    roles: tuple[str, ...] = ()
    updates: tuple[str, ...] = ()
    boot_id: str = ""
    init: str = ""
    selinux: str = ""
    apparmor: bool | None = None
    sockets: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    units: tuple[ServiceUnit, ...] | None = None
    listeners: tuple[Listener, ...] | None = None
    links: tuple[Link, ...] | None = None
    login_sessions: tuple[LoginSession, ...] | None = None
    accounts: tuple[Account, ...] = ()
    clock: HostClock = field(default_factory=HostClock)
    package_state: PackageState = field(default_factory=PackageState)
    certificates: tuple[HostCertificate, ...] = ()
    complete: bool = False


def host_profile(
    text: str, *, read_certificate: ReadCertificate = lambda _: None, asked: AskedAt | None = None
) -> HostProfile | None:
    """Return what a host printed; None when no kernel of Linux answered. Nothing that it prints raises.

    Args:
        text: as it came.
        read_certificate: takes a certificate apart.
        asked: when the host was asked; None when its clock is not to be compared.
    """
    sections = sections_of(text)
    if sections.of("kernel")[:1] != ("Linux",):
        return None
    listeners = listeners_of(sections)
    return replace(
        _system(sections),
        units=service_units(sections),
        listeners=listeners,
        links=links_of(sections, listeners or ()),
        login_sessions=sessions_of(sections.of("sessions")),
        accounts=accounts_of(sections.of("accounts")),
        clock=host_clock(sections, asked),
        package_state=package_state(sections, now=host_time(sections.of("clock"))),
        certificates=certificates_of(sections.of("certificates"), read_certificate),
        complete=sections.complete,
    )


def _system(sections: Sections) -> HostProfile:
    """Return what the host and the account are."""
    kernel = [*map(_word, sections.of("kernel")), "", "", "", ""][:4]
    release = _os_release(sections.of("os"))
    memory = {found[1]: int(found[2]) * 1024 for line in sections.of("size") if (found := _MEMORY.fullmatch(line))}
    shell = [*map(_word, sections.of("shell")), "", ""]
    account = [*map(_word, sections.of("user")), "", "", ""]
    uid = _number(account[1])
    service = next((word for word in sections.of("services") if word in _SERVICES), "")
    security = dict(line.strip().partition(" ")[::2] for line in sections.of("security")[:10])
    boot = [*map(_word, sections.of("boot")), "", ""]
    return HostProfile(
        os=release.get("PRETTY_NAME", release.get("NAME", "")),
        os_id=release.get("ID", ""),
        os_version=release.get("VERSION_ID", ""),
        kernel=f"{kernel[0]} {kernel[1]}".strip(),
        architecture=kernel[2],
        host_name=kernel[3],
        packages=_words(sections.of("packages")),
        services=_SERVICES.get(service, ""),
        shell=shell[0],
        sh=shell[1],
        user=account[0],
        uid=uid,
        groups=_words(account[2].split(" ")),
        sudo=_sudo(sections, uid),
        virtual=_virtual(sections.of("virtual")),
        product=_product(sections.of("virtual")),
        cpus=next(iter(filter(None, map(_number, sections.of("size")[:1]))), None),
        memory_bytes=memory.get("MemTotal"),
        swap_bytes=memory.get("SwapTotal"),
        capabilities=_capabilities(sections.of("rights")),
        tools=_words(sections.of("tools")),
        boot_id=boot[0],
        init=boot[1],
        selinux={"1": "enforcing", "0": "permissive"}.get(security.get("selinux", ""), ""),
        apparmor={"Y": True, "N": False}.get(security.get("apparmor", "")),
        sockets=tuple(word for word in ("docker", "podman") if f"socket {word}" in sections.of("security")),
        addresses=addresses_of(sections.of("addresses")),
    )


def _word(text: str) -> str:
    return clean_line(text.strip(), limit=LONGEST_WORD)


def _words(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(filter(None, map(_word, texts[:MOST_WORDS])))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def _os_release(lines: Sequence[str]) -> Mapping[str, str]:
    """Return the fields of os-release(5): assignments, quoted as for a shell."""
    found = {}
    for line in lines[:MOST_WORDS]:
        name, equals, value = line.partition("=")
        if equals and name.isidentifier():
            try:
                found[name] = _word(" ".join(shlex.split(value[:1000])))
            except ValueError:  # a quote without its end
                found[name] = _word(value)
    return found


def _sudo(sections: Sections, uid: int | None) -> Sudo | None:
    """Read the answer of `sudo -n -l`: it is empty where a password would be asked for."""
    if uid == 0:
        return Sudo.ROOT
    if "sudo" not in sections.lines or uid is None:
        return None
    lines = [line.strip() for line in sections.of("sudo")]
    if "sudo" not in lines[:1]:
        return Sudo.ABSENT
    free = [line.rpartition("NOPASSWD:")[2].strip() for line in lines if line.startswith("(") and "NOPASSWD:" in line]
    if "ALL" in free:
        return Sudo.FREE
    return Sudo.PARTLY_FREE if free else Sudo.ASKS


def _virtual(lines: Sequence[str]) -> str:
    """Return what it runs in. systemd-detect-virt, where there is one, names it in the first line."""
    words = [_word(line) for line in lines[:10]]
    first = words[0] if words else ""
    named = [word.removeprefix("container ") for word in words if word.startswith("container ")]
    if named or "container" in words:
        kind = named[0] if named else first if first not in ("container", "none", *_MACHINES) else ""
        return f"container ({kind})" if kind else "container"
    if first in _MACHINES:
        return f"virtual machine ({first})"
    if "hypervisor" in words:
        return "virtual machine"
    if first == "none" or first.startswith("sys_vendor"):
        return "hardware" if first == "none" else ""
    return f"container ({first})" if first and first != "hypervisor" else ""


def _product(lines: Sequence[str]) -> str:
    told = {name: _word(rest) for name, _, rest in (line.partition(" ") for line in lines[:10])}
    return " ".join(filter(None, (told.get("sys_vendor", ""), told.get("product_name", ""))))


def _capabilities(lines: Sequence[str]) -> tuple[str, ...]:
    for line in lines:
        told = _HEX.fullmatch(line)
        if told is not None and told[1] == "CapEff":
            bits = int(told[2], 16)
            return tuple(name for place, name in enumerate(CAPABILITIES) if bits >> place & 1)
    return ()
