"""Ways back from settings of the kernel and of the host."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from opsterm.changes.way_back.call import Gap, KnownCall
from opsterm.policy.preview.paths import NotKnown
from opsterm.policy.way_back import Thing, ThingKind

Ways = Callable[[KnownCall], Iterator[Thing | Gap]]

_ONE_WAY = ("kernel.modules_disabled", "kernel.kexec_load_disabled", "kernel.yama.ptrace_scope", "vm.drop_caches")


def _file(path: str) -> Thing:
    return Thing(kind=ThingKind.FILES, name=path)


def _sysctl(call: KnownCall) -> Iterator[Thing | Gap]:
    if call.has("-p", "--load", "--system"):
        raise NotKnown("which keys it sets stands in files")
    call.require_known()
    for word in call.others():
        key, sign, _ = word.partition("=")
        if not sign:
            continue
        if key in _ONE_WAY:
            raise NotKnown(f"the kernel does not take {key} back")
        yield Thing(kind=ThingKind.SYSCTL, name=key.strip())


def _hostname(call: KnownCall) -> Iterator[Thing | Gap]:
    named = call.others("-F -b")
    if call.name == "hostnamectl" and named[:1] not in (["set-hostname"], ["hostname"]):
        raise NotKnown("no way back from this form of hostnamectl is known")
    yield Thing(kind=ThingKind.HOSTNAME)
    if call.name == "hostnamectl":
        yield _file("/etc/hostname")
        yield _file("/etc/machine-info")


def _timedatectl(call: KnownCall) -> Iterator[Thing | Gap]:
    if call.others()[:1] != ["set-timezone"]:
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


SYSTEM: Mapping[str, Ways] = {
    "sysctl": _sysctl, "hostname": _hostname, "hostnamectl": _hostname, "timedatectl": _timedatectl,
    "localectl": _locale, "update-locale": _locale, "modprobe": _module, "rmmod": _module, "insmod": _module,
}  # fmt: skip
