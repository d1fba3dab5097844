"""How a service is commanded, by the service manager that its host has."""

from __future__ import annotations

from collections.abc import Mapping

SYSTEMD = "systemd"

_OF: Mapping[str, Mapping[str, str]] = {
    "OpenRC": {
        "is-active": "rc-service {unit} status", "status": "rc-service {unit} status",
        "enable": "rc-update add {unit}", "disable": "rc-update del {unit}",
        **{verb: f"rc-service {{unit}} {verb}" for verb in ("start", "stop", "restart", "reload")},
    },
    "SysV": {
        "is-active": "service {unit} status",
        **{verb: f"service {{unit}} {verb}" for verb in ("start", "stop", "restart", "reload", "status")},
    },
    "runit": {
        "is-active": "sv status {unit}",
        **{verb: f"sv {verb} {{unit}}" for verb in ("start", "stop", "restart", "reload", "status")},
    },
}  # fmt: skip


def service_command(manager: str, verb: str, unit: str) -> str:
    """Return the command for a verb of systemctl, "" where a service manager has none.

    Args:
        manager: as a profile names it; "" when not known, which is taken for systemd.
        verb: as systemctl has it: "restart", "is-active".
        unit: the service.
    """
    if manager in ("", SYSTEMD):
        return f"systemctl {verb} {unit}"
    pattern = _OF.get(manager, {}).get(verb, "")
    return pattern.format(unit=unit.removesuffix(".service"))
