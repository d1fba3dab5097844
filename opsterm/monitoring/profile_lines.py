"""A profile as labelled lines for people, on any face; texts are cleaned already."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.core.units import age_text, bytes_text
from opsterm.monitoring.host_facts import HostClock, Listener, PackageState, ServiceUnit
from opsterm.monitoring.host_profile import CAPABILITIES, HostProfile
from opsterm.monitoring.reach import DAY_S

SHOWN = 12
"""Things of one sort that are named where not all are asked for."""

_BAD = ("failed", "crashed")


def profile_lines(found: HostProfile, now: float, *, everything: bool = False) -> tuple[tuple[str, str], ...]:
    """Return what a profile says as (label, text), without what is not known.

    Args:
        found: the profile.
        now: epoch seconds, for what ends.
        everything: whether long lists are told to their end.
    """
    most = None if everything else SHOWN
    windows = found.os_id == "windows"
    confined = found.capabilities if len(found.capabilities) < len(CAPABILITIES) else ("all",)
    lines = (
        ("host name", found.host_name),
        ("system", found.os),
        ("kernel", f"{found.kernel} {found.architecture}"),
        ("runs in", found.virtual),
        ("machine", found.product),
        ("addresses", _some(found.addresses, most)),
        ("processors", str(found.cpus or "")),
        ("memory", bytes_text(found.memory_bytes) if found.memory_bytes else ""),
        ("swap", "none" if found.swap_bytes == 0 else bytes_text(found.swap_bytes) if found.swap_bytes else ""),
        ("services", found.services),
        *_unit_lines(found.units, most, everything=everything),
        ("ports", _some([_listener(one) for one in found.listeners or ()], most)),
        ("packages", ", ".join(found.packages)),
        *(() if windows else _package_lines(found.package_state, most)),
        ("user", found.user if found.uid is None else f"{found.user} ({found.uid})"),
        ("groups", ", ".join(found.groups)),
        ("as root", str(found.sudo or "")),
        ("rights", "" if windows else ", ".join(confined) or "none"),
        ("security", _security(found)),
        ("shell", f"{found.shell}, /bin/sh is {found.sh}" if found.sh else found.shell),
        ("tools", ", ".join(found.tools)),
        ("domain", found.domain),
        ("roles", _some(found.roles, most)),
        ("hotfixes", _some(found.updates, most)),
        ("not asked", "pending updates and certificates: WQL does not tell them" if windows else ""),
        ("logged in", _logged_in(found, most)),
        ("accounts", _some([one.name for one in found.accounts], most)),
        ("clock", _clock(found.clock)),
        *(("certificate", _certificate(one.place, one.not_after, now)) for one in found.certificates[:most]),
    )
    return tuple((label, text) for label, text in lines if text)


def _some(texts: Sequence[str], most: int | None) -> str:
    shown = texts if most is None else texts[:most]
    more = f" and {len(texts) - len(shown)} more" if len(texts) > len(shown) else ""
    return ", ".join(shown) + more


def _unit_lines(
    units: Sequence[ServiceUnit] | None, most: int | None, *, everything: bool
) -> Sequence[tuple[str, str]]:
    """Return failed and running services; those that are enabled and stopped, most of which run for a moment, last."""
    if units is None:
        return ()
    failed = [unit.name for unit in units if unit.state in _BAD]
    running = [unit.name for unit in units if unit.state == "running"]
    waiting = [unit.name for unit in units if unit.enabled and unit.state == "stopped"]
    return (
        ("failed", _some(failed, most)),
        ("running", _some(running, most)),
        ("not running", _some(waiting, most) if everything else ""),
    )


def _listener(one: Listener) -> str:
    who = one.unit or one.process
    named = f" {who}" if who else ""
    return f"{one.protocol}/{one.port}{named}{' (local)' if one.is_local else ''}"


def _package_lines(state: PackageState, most: int | None) -> Sequence[tuple[str, str]]:
    age = f"; index {age_text(state.index_age_s)} old" if state.index_age_s is not None else ""
    pending = "not known" if state.pending is None else f"{len(state.pending)}{age}"
    secure = state.security
    names = ", ".join(update.name for update in (secure or ())[:most])
    security = "not known" if secure is None else f"{len(secure)}{f': {names}' if names else ''}"
    return (
        ("installed", "" if state.installed is None else f"{state.installed:,} packages"),
        ("updates", pending),
        ("security updates", security),
        ("reboot", "asked for" if state.reboot else ""),
    )


def _security(found: HostProfile) -> str:
    apparmor = {True: "AppArmor on", False: "AppArmor off", None: ""}[found.apparmor]
    sockets = [f"may command {name}" for name in found.sockets]
    return ", ".join(filter(None, [found.selinux and f"SELinux {found.selinux}", apparmor, *sockets]))


def _logged_in(found: HostProfile, most: int | None) -> str:
    if found.login_sessions is None:
        return ""
    told = [f"{one.user} from {one.origin}" if one.origin else one.user for one in found.login_sessions]
    return _some(told, most) or "nobody"


def _clock(clock: HostClock) -> str:
    parts = []
    if clock.skew_s is not None and clock.error_s is not None:
        off = abs(clock.skew_s)
        if off <= clock.error_s:
            parts.append(f"right, as far as can be told (± {clock.error_s:.2f} s)")
        else:
            parts.append(f"{off:.2f} s {'ahead' if clock.skew_s > 0 else 'behind'} (± {clock.error_s:.2f} s)")
    if clock.service:
        state = {True: ", synchronized", False: ", not synchronized", None: ""}[clock.synchronized]
        parts.append("no time service" if clock.service == "none" else f"{clock.service}{state}")
    return "; ".join(parts)


def _certificate(place: str, not_after: float | None, now: float) -> str:
    if not_after is None:
        return f"{place}: cannot be read"
    days = (not_after - now) / DAY_S
    return f"{place}: {f'ends in {days:.0f} days' if days >= 0 else f'ended {-days:.0f} days ago'}"
