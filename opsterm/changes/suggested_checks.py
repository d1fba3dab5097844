"""Checks that suit what a change does: a unit that is restarted is to be active, a configuration is to be sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opsterm.changes.verification import UNIX_PROTOCOLS, ChangeCheck, ChangeCheckKind
from opsterm.core.errors import BadInput
from opsterm.policy.effects import EffectKind
from opsterm.policy.file_put import PUT
from opsterm.policy.invocation import Invocation
from opsterm.policy.order import UNIX_SHELLS, Order
from opsterm.policy.put_order import puts_of
from opsterm.policy.understanding import understand

MOST = 6
"""Checks that are suggested; more would not be read."""

_PLACES: Mapping[str, str] = {
    "/etc/ssh/sshd_config": "sshd", "/etc/nginx": "nginx", "/etc/apache2": "apache", "/etc/httpd": "apache",
    "/etc/haproxy": "haproxy", "/etc/sudoers": "sudoers", "/etc/nftables": "nftables", "/etc/fstab": "fstab",
    "/etc/bind": "named", "/etc/named": "named", "/etc/unbound": "unbound", "/etc/postfix": "postfix",
    "/etc/dovecot": "dovecot", "/etc/rsyslog": "rsyslog", "/etc/samba": "samba", "/etc/chrony": "chrony",
}  # fmt: skip
"""Beginning of a path -> whose configuration is below it."""

_WANTED = {
    EffectKind.SERVICE_START: "active", EffectKind.SERVICE_RESTART: "active", EffectKind.SERVICE_STOP: "inactive",
}  # fmt: skip
_ENABLING = {"enable": "enabled", "reenable": "enabled", "disable": "disabled"}
_LOG_IN = ("ssh", "ssh.service", "sshd", "sshd.service", "ssh.socket")


def suggested_checks(order: Order) -> tuple[ChangeCheck, ...]:
    """Return checks that suit an order, () where none is known. Never raises."""
    if any(target.protocol not in UNIX_PROTOCOLS for target in order.targets):
        return ()
    if order.shell == PUT:
        found = _of_paths(_put_paths(order.command))
    elif order.shell in UNIX_SHELLS:
        understood = understand(order.command, order.shell)
        units = {effect.object: _WANTED[effect.kind] for effect in understood.effects if effect.kind in _WANTED}
        found = [
            *_of_paths([effect.object for effect in understood.effects]),
            *_of_units(units),
            *(check for command in understood.commands for check in _of_enabling(command)),
        ]
        if any(unit in _LOG_IN and wanted == "active" for unit, wanted in units.items()):
            found += [ChangeCheck(kind=ChangeCheckKind.PORT, subject=str(order.targets[0].port or 22))]
    else:
        return ()
    return tuple(dict.fromkeys(found))[:MOST]


def _put_paths(text: str) -> list[str]:
    try:
        return [put.path for put in puts_of(text)]
    except BadInput:
        return []


def _of_paths(paths: list[str]) -> list[ChangeCheck]:
    return [
        ChangeCheck(kind=ChangeCheckKind.CONFIG, subject=name)
        for place, name in _PLACES.items()
        if any(path == place or path.startswith((f"{place}/", f"{place}.")) for path in paths)
    ]


def _of_units(units: Mapping[str, str]) -> list[ChangeCheck]:
    return [
        ChangeCheck(kind=ChangeCheckKind.UNIT, subject=unit, wanted=wanted)
        for unit, wanted in units.items()
        if unit and not set(unit) & set("?*[ /")
    ]


def _of_enabling(command: Invocation) -> Iterator[ChangeCheck]:
    """Return whether the units that a command enables or disables are so afterwards."""
    words = [word for word in command.words[1:] if not word.startswith("-")]
    if command.words[0].rpartition("/")[2] != "systemctl" or words[:1] == [] or words[0] not in _ENABLING:
        return
    for unit in words[1:]:
        if not set(unit) & set("?*[/"):
            yield ChangeCheck(kind=ChangeCheckKind.UNIT, subject=unit, wanted=_ENABLING[words[0]])
