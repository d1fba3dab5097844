"""Ways back from what starts, stops and enables services."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from opsterm.changes.way_back.call import Gap, KnownCall
from opsterm.policy.preview.paths import NotKnown
from opsterm.policy.way_back import Thing, ThingKind

Ways = Callable[[KnownCall], Iterator[Thing | Gap]]

_TAKES = "-t -p -n -o -s -H -M --type --property --lines --output --signal --host --machine --root --job-mode --what"
_RUNS = frozenset({"start", "stop", "kill"})
_AGAIN = {
    "restart": "restart", "try-restart": "restart", "condrestart": "restart", "reload": "reload",
    "reload-or-restart": "reload", "try-reload-or-restart": "reload", "force-reload": "reload",
}  # fmt: skip
_ENABLES = frozenset({
    "enable", "disable", "reenable", "mask", "unmask", "preset", "link", "set-default", "revert", "set-property",
    "add-wants", "add-requires",
})  # fmt: skip
_POWER = frozenset({"reboot", "poweroff", "halt", "kexec", "soft-reboot", "rescue", "emergency", "isolate"})
_RELOADED = Thing(kind=ThingKind.AGAIN, name="daemon-reload", option="reload")
_LINKS = (
    Thing(kind=ThingKind.FILES, name="/etc/systemd/system"),
    Thing(kind=ThingKind.FILES, name="/etc", option="rc[0-6S].d"),
)


def _systemctl(call: KnownCall) -> Iterator[Thing | Gap]:
    verb, *units = call.others(_TAKES) or [""]
    call.require_known()
    if any("*" in unit or "[" in unit for unit in units):
        raise NotKnown("which units the pattern matches is known only when it runs")
    if call.has("-H", "--host", "-M", "--machine", "--root", "--user"):
        raise NotKnown("it is about other units than those of this host")
    if verb in ("daemon-reload", "daemon-reexec"):
        yield _RELOADED
        return
    if verb in _POWER:
        yield Gap("A host that was stopped or booted anew has lost what ran on it; nothing takes that back.")
        return
    if verb in _ENABLES:
        yield from _LINKS
        if verb == "set-property":
            units = units[:1]
            yield from (
                Thing(kind=ThingKind.FILES, name=f"{place}/systemd/system.control") for place in ("/etc", "/run")
            )
            yield _RELOADED
    elif verb not in _RUNS and verb not in _AGAIN:
        raise NotKnown(f"no way back from `systemctl {verb}` is known")
    if verb == "set-default":
        return
    for unit in units:
        yield Thing(kind=ThingKind.UNIT, name=_full(unit), option=_AGAIN.get(verb, "-"))
    if verb in ("stop", "kill") or call.has("--now"):
        yield from (
            Gap(f"Open connections and what {unit} held in memory are lost.") for unit in units if verb != "enable"
        )
    elif _AGAIN.get(verb) == "restart":
        yield from (Gap(f"Connections that {unit} had are dropped by the restart.") for unit in units)


def _service(call: KnownCall) -> Iterator[Thing | Gap]:
    named = call.others()
    if len(named) < 2 or "?" in named[0]:
        raise NotKnown("which service it is about is not said")
    unit, verb = named[:2]
    if verb not in _RUNS and verb not in _AGAIN:
        raise NotKnown(f"no way back from `service {unit} {verb}` is known")
    yield Thing(kind=ThingKind.UNIT, name=_full(unit), option=_AGAIN.get(verb, "-"))
    if verb == "stop":
        yield Gap(f"Open connections and what {unit} held in memory are lost.")


def _full(unit: str) -> str:
    return unit if "." in unit else f"{unit}.service"


def _links(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    yield from _LINKS


def _sites(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    yield Thing(kind=ThingKind.FILES, name="/etc/apache2")
    yield Thing(kind=ThingKind.FILES, name="/var/lib/apache2")


SERVICES: Mapping[str, Ways] = {
    "systemctl": _systemctl, "service": _service, "update-rc.d": _links, "chkconfig": _links,
    **dict.fromkeys(("a2ensite", "a2dissite", "a2enmod", "a2dismod", "a2enconf", "a2disconf"), _sites),
}  # fmt: skip
