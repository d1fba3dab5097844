"""Services of a host, from what `looks.PROFILE_SCRIPT` prints: systemd, OpenRC, and SysV as far as it can be known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from opsterm.core.text import clean_line
from opsterm.monitoring.host_facts import ServiceUnit
from opsterm.monitoring.sections import Sections

MOST_SERVICES = 1000
LONGEST_NAME = 200

_LINK = re.compile(r"/etc/(?:rc\.d/)?rc([2-5])\.d/S\d\d(.+)")
_RUNLEVEL = re.compile(r"id:([2-5]):initdefault:.*")
_STARTED_BY_HOST = frozenset({"enabled", "enabled-runtime", "linked", "linked-runtime"})
_NOT_STARTED = frozenset({"disabled", "masked", "masked-runtime"})


def service_units(sections: Sections) -> tuple[ServiceUnit, ...] | None:
    """Return the services, by name; None when the host has no service manager that can be asked."""
    if sections.of("units"):
        found = _systemd(sections.of("units"), sections.of("unitfiles"))
    elif sections.of("openrc"):
        found = _openrc(sections.of("openrc"), sections.of("crashed"))
    elif sections.of("sysv"):
        found = _sysv(sections.of("sysv"))
    else:
        return None
    return tuple(sorted(found, key=lambda unit: unit.name)[:MOST_SERVICES])


def _clean(text: str) -> str:
    return clean_line(text.strip(), limit=LONGEST_NAME)


def _systemd(lines: Sequence[str], files: Sequence[str]) -> list[ServiceUnit]:
    """Read `systemctl list-units` and `list-unit-files`: what is loaded, and what is not but would start."""
    enabled: dict[str, bool | None] = {}
    for line in files:
        words = line.split()
        if len(words) >= 2 and words[0].endswith(".service") and words[1] != "alias":  # another one's second name
            state = words[1]
            told = True if state in _STARTED_BY_HOST else False if state in _NOT_STARTED else None
            enabled[words[0].removesuffix(".service")] = told
    found: dict[str, ServiceUnit] = {}
    for line in lines:
        words = line.removeprefix("●").split(maxsplit=4)
        if len(words) < 4 or not words[0].endswith(".service") or words[1] != "loaded":
            continue
        name, (active, sub) = words[0].removesuffix(".service"), words[2:4]
        found[name] = ServiceUnit(
            name=_clean(name),
            state=_systemd_state(active, sub),
            enabled=enabled.get(name, _of_template(name, enabled)),
            description=_clean(words[4]) if len(words) > 4 else "",
        )
    for name, starts in enabled.items():
        if starts and name not in found and not name.endswith("@"):
            found[name] = ServiceUnit(name=_clean(name), state="stopped", enabled=True)
    return list(found.values())


def _of_template(name: str, enabled: Mapping[str, bool | None]) -> bool | None:
    """Return what the files say of the template of an instance: they list no instances that are enabled."""
    template = f"{name.partition('@')[0]}@"
    return None if "@" not in name or not enabled.get(template) else enabled[template]


def _systemd_state(active: str, sub: str) -> str:
    if active == "inactive":
        return "stopped"
    if active == "failed":
        return "failed"
    return _clean(sub if active == "active" else active)


_OPENRC_STATES = {"started": "running", "failed": "failed", "starting": "starting", "inactive": "inactive"}


def _openrc(lines: Sequence[str], crashed: Sequence[str]) -> list[ServiceUnit]:
    """Read the links in which OpenRC keeps its state: a service is in the folder of its state and of its run level."""
    states: dict[str, str] = {}
    known: set[str] = set()
    levels: set[str] = set()
    for line in lines:
        folder, _, name = line.strip().rpartition("/")
        if not name or name == "*" or name.endswith((".sh", ".apk-new")) or name in ("functions.sh", "rcS"):
            continue
        known.add(name)
        if folder.startswith("/etc/runlevels/"):
            levels.add(name)
        elif not folder.startswith("/etc/init.d"):
            states.setdefault(name, _OPENRC_STATES.get(folder.rpartition("/")[2], ""))
    states.update((line.strip(), "crashed") for line in crashed if line.strip() in known)
    return [ServiceUnit(name=_clean(name), state=states.get(name, "stopped"), enabled=name in levels) for name in known]


def _sysv(lines: Sequence[str]) -> list[ServiceUnit]:
    """Read init scripts and run levels. A script keeps no state: running is said only where its process is seen."""
    level = next((found[1] for line in lines if (found := _RUNLEVEL.fullmatch(line))), "")
    links: dict[str, set[str]] = {}
    running: dict[str, bool] = {}
    for line in lines:
        told, _, name = line.partition(" ")
        link = _LINK.fullmatch(line)
        if link:
            links.setdefault(link[2], set()).add(link[1])
        elif told in ("known", "running") and name not in ("functions", "rcS", "rc", "README", "skeleton"):
            running[name] = told == "running"
    return [
        ServiceUnit(
            name=_clean(name),
            state="running" if runs else "",
            enabled=level in links.get(name, ()) if level else bool(links.get(name)),
        )
        for name, runs in running.items()
    ]
