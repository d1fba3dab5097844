"""What is different between two looks at one host, and what is worth telling.

What changes by itself is no change: who is logged in, connections, ages, services that run for a moment at times, ports
that the kernel picked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from opsterm.monitoring.host_facts import HostCertificate, Listener, PackageState, ServiceUnit
from opsterm.monitoring.host_profile import HostProfile

FIRST_PICKED_PORT = 32768
"""Ports from here on the kernel picks for programs that ask for any (ip_local_port_range)."""

SKEW_S = 1.0
"""A clock that is further off than this, and than the reading may be wrong, is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """One difference.

    Attributes:
        part: "system", "services", "ports", "accounts", "packages", "certificates" or "clock".
        what: the thing, as in "service nginx".
        before: what it was; "" when it was not there.
        after: what it is; "" when it is there no longer.
    """

    part: str
    what: str
    before: str
    after: str

    @property
    def text(self) -> str:
        """One line, as in "service nginx: running → failed"."""
        return f"{self.what}: {self.before or 'not there'} → {self.after or 'gone'}"


def profile_changes(before: HostProfile, after: HostProfile) -> tuple[ProfileChange, ...]:
    """Return the differences, in the order of the parts. What is not known on one side is no difference."""
    parts: Sequence[Callable[[HostProfile, HostProfile], Iterator[ProfileChange]]] = (
        _system, _services, _ports, _accounts, _packages, _certificates, _clock,
    )  # fmt: skip
    return tuple(change for part in parts for change in part(before, after))


_SYSTEM: Sequence[tuple[str, Callable[[HostProfile], object]]] = (
    ("system", lambda p: p.os), ("kernel", lambda p: p.kernel), ("architecture", lambda p: p.architecture),
    ("host name", lambda p: p.host_name), ("service manager", lambda p: p.services),
    ("package managers", lambda p: ", ".join(p.packages)), ("runs in", lambda p: p.virtual),
    ("machine", lambda p: p.product), ("processors", lambda p: p.cpus), ("rights as root", lambda p: p.sudo),
    ("log-in user", lambda p: p.user), ("groups", lambda p: ", ".join(p.groups)), ("shell", lambda p: p.shell),
    ("/bin/sh", lambda p: p.sh), ("SELinux", lambda p: p.selinux), ("AppArmor", lambda p: p.apparmor),
    ("domain", lambda p: p.domain), ("roles and features", lambda p: ", ".join(p.roles)),
    ("installed updates", lambda p: ", ".join(p.updates)),
    ("addresses", lambda p: ", ".join(sorted(p.addresses))), ("tools", lambda p: ", ".join(p.tools)),
    ("boot", lambda p: p.boot_id[:8]),
)  # fmt: skip


def _system(before: HostProfile, after: HostProfile) -> Iterator[ProfileChange]:
    for name, of in _SYSTEM:
        old, new = of(before), of(after)
        if old not in (None, "") and new not in (None, "") and old != new:
            yield ProfileChange(part="system", what=name, before=str(old), after=str(new))
    memory = before.memory_bytes, after.memory_bytes
    if memory[0] and memory[1] and abs(memory[0] - memory[1]) > memory[0] / 50:
        mib = [f"{value >> 20} MiB" for value in (before.memory_bytes or 0, after.memory_bytes or 0)]
        yield ProfileChange(part="system", what="memory", before=mib[0], after=mib[1])


def _paired(
    part: str, what: Callable[[str], str], before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[ProfileChange]:
    for name in sorted({*before, *after}):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            yield ProfileChange(part=part, what=what(name), before=old, after=new)


def _unit_text(unit: ServiceUnit) -> str:
    starts = {True: ", enabled", False: ", disabled", None: ""}[unit.enabled]
    return f"{unit.state or 'there'}{starts}"


def _services(before: HostProfile, after: HostProfile) -> Iterator[ProfileChange]:
    if before.units is None or after.units is None:
        return
    old = {unit.name: unit for unit in before.units}
    new = {unit.name: unit for unit in after.units}
    told = {name for name in {*old, *new} if _is_worth_telling(old.get(name), new.get(name))}
    yield from _paired(
        "services",
        lambda name: f"service {name}",
        {name: _unit_text(old[name]) for name in told & old.keys()},
        {name: _unit_text(new[name]) for name in told & new.keys()},
    )


def _is_worth_telling(old: ServiceUnit | None, new: ServiceUnit | None) -> bool:
    """Return whether somebody wants to know: not of services that others start for a moment, unless they failed."""
    sides = [unit for unit in (old, new) if unit is not None]
    bad = any(unit.state in ("failed", "crashed") for unit in sides)
    return bad or any(unit.enabled is not None for unit in sides)


def _port_texts(listeners: Sequence[Listener]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for one in listeners:
        if one.port < FIRST_PICKED_PORT:
            who = one.unit or one.process or "a process"
            key = f"{one.protocol}/{one.port}{' on this host only' if one.is_local else ''}"
            found[key] = who if found.get(key, who) == who else f"{found[key]}, {who}"
    return found


def _ports(before: HostProfile, after: HostProfile) -> Iterator[ProfileChange]:
    if before.listeners is None or after.listeners is None:
        return
    yield from _paired(
        "ports", lambda name: f"port {name}", _port_texts(before.listeners), _port_texts(after.listeners)
    )


def _accounts(before: HostProfile, after: HostProfile) -> Iterator[ProfileChange]:
    if before.accounts and after.accounts:
        old, new = (
            {one.name: ", ".join(filter(None, (str(one.uid), one.shell))) for one in side.accounts}
            for side in (before, after)
        )
        yield from _paired("accounts", lambda name: f"account {name}", old, new)


def _package_texts(state: PackageState) -> Mapping[str, str]:
    texts = {f"package {name}": version for name, version in state.versions}
    if state.pending is not None:
        texts["pending updates"] = str(len(state.pending))
    if state.security is not None:
        texts["pending security updates"] = str(len(state.security))
    if state.installed is not None:
        texts["reboot"] = "asked for" if state.reboot else "not asked for"
    return texts


def _packages(before: HostProfile, after: HostProfile) -> Iterator[ProfileChange]:
    old, new = _package_texts(before.package_state), _package_texts(after.package_state)
    for change in _paired("packages", lambda name: name, old, new):
        if change.what.startswith("package ") or (change.before and change.after):
            yield change


def _certificate_texts(found: Sequence[HostCertificate]) -> Mapping[str, str]:
    return {one.place: f"{one.subject}, until {_day(one.not_after)}" for one in found if one.not_after is not None}


def _day(at: float) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return f"{at:.0f}"


def _certificates(before: HostProfile, after: HostProfile) -> Iterator[ProfileChange]:
    if before.user == after.user and before.complete and after.complete:  # another account may read others
        old, new = _certificate_texts(before.certificates), _certificate_texts(after.certificates)
        yield from _paired("certificates", lambda place: f"certificate at {place}", old, new)


def is_off(profile: HostProfile) -> bool | None:
    """Return whether the clock is off; None when that is not known."""
    clock = profile.clock
    if clock.skew_s is None or clock.error_s is None:
        return None
    return abs(clock.skew_s) > SKEW_S + clock.error_s


def _clock(before: HostProfile, after: HostProfile) -> Iterator[ProfileChange]:
    old, new = before.clock, after.clock
    if old.service and new.service and old.service != new.service:
        yield ProfileChange(part="clock", what="time service", before=old.service, after=new.service)
    words = {True: "synchronized", False: "not synchronized"}
    if None not in (old.synchronized, new.synchronized) and old.synchronized != new.synchronized:
        yield ProfileChange(
            part="clock", what="clock", before=words[bool(old.synchronized)], after=words[bool(new.synchronized)]
        )
    if None not in (is_off(before), is_off(after)) and is_off(before) != is_off(after):
        off = {True: "off", False: "right"}
        yield ProfileChange(
            part="clock", what="clock skew", before=off[bool(is_off(before))],
            after=f"{off[bool(is_off(after))]} ({new.skew_s:+.1f} s)",
        )  # fmt: skip
