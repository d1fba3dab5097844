"""From a target to a destination: which lines of ssh_config are asked, which keys are known, which jumps lie before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opsterm.adapters.ssh_config import SshConfig
from opsterm.adapters.ssh_config_lines import expand_home
from opsterm.adapters.ssh_destination import Destination, build_destination, check_destination, split_port
from opsterm.adapters.ssh_known_hosts import KnownFor, KnownHosts
from opsterm.core.errors import BadInput
from opsterm.core.settings import SshSettings
from opsterm.core.text import clean_line
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports import Operator
from opsterm.runtime.secret_places import SecretPlace, place_of_jump, place_of_target

MOST_JUMPS = 8
_STANDARD = SshSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somewhere to go, before ssh_config is asked. Equal ones share a connection.

    Attributes:
        name: target name, or a jump host as ssh_config names it.
        address: what is connected to, for what ssh_config calls HostName.
        port: 0 for what ssh_config says.
        user: "" for what ssh_config says.
        jumps: jump hosts that replace those of ssh_config; None for those of ssh_config.
        is_target: whether the inventory says where it is; else ssh_config does.
    """

    name: str
    address: str
    port: int = 0
    user: str = ""
    jumps: tuple[str, ...] | None = None
    is_target: bool = False

    @property
    def secrets_for(self) -> SecretPlace:
        """The place that a password of it must have been kept for."""
        if not self.is_target:
            return place_of_jump(self.name)
        return place_of_target(
            OrderTarget(name=self.name, protocol="ssh", address=self.address, port=self.port, user=self.user)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a connection needs to know before it begins.

    Attributes:
        destination: where and how.
        known: what known_hosts says of it.
        jump: the last jump host before it, None for none.
    """

    destination: Destination
    known: KnownFor
    jump: Asked | None


def asked_for(target: OrderTarget | str) -> Asked:
    """Return where a target is, or what "web-1" and "web-1:2222" stand for."""
    if isinstance(target, OrderTarget):
        return Asked(name=target.name, address=target.address, port=target.port, user=target.user, is_target=True)
    host, port = split_port(target)
    return Asked(name=host, address=host, port=port)


class RouteBook:
    """Works out destinations. Reads files and may run `Match exec`: call `prepare` in a thread."""

    def __init__(self, settings: SshSettings, operator: Operator, environment: Mapping[str, str]) -> None:
        home = operator.home
        self._config = SshConfig(
            path=Path(expand_home(settings.config, home)),
            own_path=settings.config != _STANDARD.config,
            home=home,
            user=operator.name,
            environment=environment,
        )
        self._known_hosts = KnownHosts(home)
        chosen = settings.known_hosts != _STANDARD.known_hosts
        self._own_file = Path(expand_home(settings.known_hosts, home)) if chosen else None

    def prepare(self, asked: Asked) -> Prepared:
        """Ask ssh_config and known_hosts.

        ssh_config is asked for the target's name where one of its Host lines names it, with the target's address
        as HostName (the address is what was approved); else for the address.

        Raises:
            BadInput: ssh_config, or the target's address or user, cannot be used.
            Unreachable: known_hosts cannot be read.
            TimedOut: a `Match exec` command did not end.
        """
        destination, jump = self._resolve(asked)
        way, next_jump = [asked], jump
        while next_jump is not None:
            if next_jump in way or len(way) > MOST_JUMPS:
                raise _circle(destination, way[-1])
            way.append(next_jump)
            _, next_jump = self._resolve(next_jump)
        return Prepared(destination=destination, known=self._known(destination), jump=jump)

    def _resolve(self, asked: Asked) -> tuple[Destination, Asked | None]:
        check_destination(asked.address, asked.user)
        check_destination(asked.name, "")
        if asked.name != asked.address and self._config.names(asked.name):
            values = self._config.resolve(asked.name, hostname=asked.address, port=asked.port, user=asked.user)
        else:
            values = self._config.resolve(asked.address, port=asked.port, user=asked.user)
        destination = build_destination(
            values, name=asked.name, secrets_for=asked.secrets_for, known_hosts=self._own_file
        )
        jumps = destination.proxy_jump if asked.jumps is None else asked.jumps
        return destination, _last_jump(jumps) if jumps else None

    def _known(self, destination: Destination) -> KnownFor:
        known = self._known_hosts.look_up(
            destination.known_name,
            (*destination.user_known_hosts, *destination.global_known_hosts),
            bare_name=destination.key_name,
        )
        if destination.revoked_host_keys is None:
            return known
        revoked = self._known_hosts.revoked_in(destination.revoked_host_keys)
        return KnownFor(keys=known.keys, authorities=known.authorities, revoked=known.revoked + revoked)


def _last_jump(jumps: tuple[str, ...]) -> Asked:
    word = jumps[-1].removeprefix("ssh://").rstrip("/")
    user, _, place = word.rpartition("@")
    host, port = split_port(place)
    check_destination(host, user)
    return Asked(name=host, address=host, port=port, user=user, jumps=jumps[:-1] or None)


def _circle(destination: Destination, last: Asked) -> BadInput:
    host = clean_line(last.name, limit=255)
    return BadInput(
        f"ProxyJump leads from {destination.place} in a circle, or over more than {MOST_JUMPS} hosts.",
        why=f"Its last jump host is {host}.",
        next_step=f"Give {host} a Host block of its own in ssh_config, before the one with ProxyJump, that says "
        "ProxyJump none.",
    )
