"""Ways back from settings of the kernel and of the host."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping

from opsterm.changes.way_back.call import Gap, KnownCall
from opsterm.policy.preview.paths import NotKnown
from opsterm.policy.way_back import Thing, ThingKind

Ways = Callable[[KnownCall], Iterator[Thing | Gap]]

_TIME_UNITS = ("systemd-timesyncd", "chrony", "chronyd", "ntp", "ntpsec", "ntpd")
_ONE_WAY = ("kernel.modules_disabled", "kernel.kexec_load_disabled", "kernel.yama.ptrace_scope", "vm.drop_caches")


def _file(path: str) -> Thing:
    return Thing(kind=ThingKind.FILES, name=path)


def _sysctl(call: KnownCall) -> Iterator[Thing | Gap]:
    if call.has("-p", "--load", "--system"):
        yield Thing(kind=ThingKind.SYSCTL)
        return
    call.require_known()
    for word in call.others():
        key, sign, _ = word.partition("=")
        if not sign:
            continue
        if key in _ONE_WAY:
            raise NotKnown(f"the kernel does not take {key} back")
        yield Thing(kind=ThingKind.SYSCTL, name=key.strip())
        if "forward" in key:
            yield Thing(kind=ThingKind.SYSCTL)  # it sets others as well


def _hostname(call: KnownCall) -> Iterator[Thing | Gap]:
    named = call.others("-F -b")
    if call.name == "hostnamectl" and named[:1] not in (["set-hostname"], ["hostname"]):
        raise NotKnown("no way back from this form of hostnamectl is known")
    yield Thing(kind=ThingKind.HOSTNAME)
    if call.name == "hostnamectl":
        yield _file("/etc/hostname")
        yield _file("/etc/machine-info")


def _timedatectl(call: KnownCall) -> Iterator[Thing | Gap]:
    verb = call.others()[:1]
    if verb == ["set-ntp"]:
        yield _file("/etc/systemd/system")
        yield from (Thing(kind=ThingKind.UNIT, name=f"{name}.service") for name in _TIME_UNITS)
        return
    if verb == ["set-time"]:
        yield Gap("A clock is put right by its time source; what was stamped meanwhile stays.")
        return
    if verb != ["set-timezone"]:
        raise NotKnown("no way back from this form of timedatectl is known")
    yield _file("/etc/localtime")
    yield _file("/etc/timezone")
    yield Gap("What was logged meanwhile keeps its stamps.")


def _locale(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    names = ("locale.conf", "default/locale", "vconsole.conf", "default/keyboard", "X11/xorg.conf.d")
    yield from (_file(f"/etc/{name}") for name in names)


def _module(call: KnownCall) -> Iterator[Thing | Gap]:
    call.require_known()
    named = call.others()
    if call.name == "insmod" or call.has("-a", "--all"):
        raise NotKnown("which modules it loads is not followed")
    for name in named if call.has("-r", "--remove") or call.name == "rmmod" else named[:1]:
        yield Thing(kind=ThingKind.MODULE, name=name.replace("-", "_"))
        yield Gap(f"A module that is in use meanwhile cannot be unloaded, and the parameters of {name} are not kept.")


def _selinux(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    yield Thing(kind=ThingKind.SELINUX)
    yield Gap("What was not denied or not recorded meanwhile stays so.")


def _policy(call: KnownCall) -> Iterator[Thing | Gap]:
    """Say what does the opposite of what is added to the policy of SELinux or the rules of the audit."""
    words = list(call.words)
    swaps = {"-w": "-W", "-W": "-w"} if call.name == "auditctl" else {}
    if call.name in ("auditctl", "semanage"):
        swaps |= {"-a": "-d", "-d": "-a"}
    opposite = [swaps.get(word, word) for word in words]
    said = shlex.join(opposite) if opposite != words else ""
    yield Gap("What was set before is not kept, and what was not recorded meanwhile is not made up.", said)


def _profile(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep the profiles of AppArmor."""
    back = {"aa-complain": "aa-enforce", "aa-enforce": "aa-complain", "aa-disable": "aa-enforce"}[call.name]
    yield Gap("In which mode a profile was is not kept.", shlex.join([back, *call.words[1:]]))


def _at(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep the jobs that wait; atd sees at once that its folder is another."""
    if call.has("-l", "-c") or call.name == "atq":
        return
    yield from (_file(path) for path in ("/var/spool/cron/atjobs", "/var/spool/at"))
    yield Gap("A job that has run by then is not taken back.")


def _systemd_run(call: KnownCall) -> Iterator[Thing | Gap]:
    unit = call.value("--unit", "-u")
    timed = any(flag.startswith(("--on-", "--timer-")) for flag in call.flags)
    name = f"{unit}.timer" if timed and "." not in unit else unit
    yield Gap("What it has started by then is not taken back.", f"systemctl stop {name}" if unit else "")


def _exports(call: KnownCall) -> Iterator[Thing | Gap]:
    yield Thing(kind=ThingKind.AGAIN, name=_REDONE[call.name], option="reload")


_REDONE = {"exportfs": "exports", "ldconfig": "linker-cache", "augenrules": "audit-rules", "udevadm": "udev"}

SYSTEM: Mapping[str, Ways] = {
    "sysctl": _sysctl, "hostname": _hostname, "hostnamectl": _hostname, "timedatectl": _timedatectl,
    "localectl": _locale, "update-locale": _locale, "modprobe": _module, "rmmod": _module, "insmod": _module,
    "setenforce": _selinux, "setsebool": _policy, "semanage": _policy, "auditctl": _policy,
    "aa-complain": _profile, "aa-enforce": _profile, "aa-disable": _profile, "at": _at, "batch": _at, "atrm": _at,
    "systemd-run": _systemd_run, **dict.fromkeys(_REDONE, _exports),
}  # fmt: skip
