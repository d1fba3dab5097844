"""Services and dependencies that profiles show: proposals for the registry."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence

from opsterm.inventory.dependencies import Dependency, DependencyOrigin
from opsterm.inventory.service import HealthCheck, HealthCheckKind, ServicePort, ServiceRecord, service_name
from opsterm.inventory.service_kinds import TLS_PORTS, ServiceKind, kind_of, kinds_on
from opsterm.inventory.target import Target
from opsterm.monitoring.host_facts import Listener
from opsterm.monitoring.host_profile import HostProfile
from opsterm.monitoring.profile_changes import FIRST_PICKED_PORT

MOST_SERVICES = 100
"""Services of one target that are proposed."""

_NO_SERVICE = ("user@", "session-", "init.scope")


def services_found(target: str, profile: HostProfile, *, now: float) -> tuple[ServiceRecord, ...]:
    """Return the services that a profile shows: whatever listens on a port that others can rely on.

    A port belongs to the unit of its process, else to the process. Where the account sees neither, a running unit whose
    programs listen there by themselves is taken when there is exactly one; else the service is named after its port.
    """
    grouped: dict[str, list[Listener]] = {}
    for one in profile.listeners or ():
        known = _kind(one, profile)
        if known is None and (one.protocol == "udp" or one.port >= FIRST_PICKED_PORT):
            continue  # a client's socket, or a port that is another one at the next start
        grouped.setdefault(_owner(one, profile), []).append(one)
    found = [_service(target, owner, ports, profile, now) for owner, ports in sorted(grouped.items())]
    return tuple(found[:MOST_SERVICES])


def _owner(one: Listener, profile: HostProfile) -> str:
    if one.process == "docker-proxy" or (one.container and not one.unit):
        return f"{one.process or 'container'}-{one.port}"  # each port is another container's
    if one.unit and not one.unit.startswith(_NO_SERVICE):
        return one.unit
    return one.process or _only_unit(one, profile) or f"port-{one.port}"


def _only_unit(one: Listener, profile: HostProfile) -> str:
    kinds = kinds_on(f"{one.protocol}/{one.port}")
    running = [
        unit.name
        for unit in profile.units or ()
        if unit.state == "running" and any(kind.names.fullmatch(unit.name) for kind in kinds)
    ]
    return running[0] if len(running) == 1 else ""


def _kind(one: Listener, profile: HostProfile) -> ServiceKind | None:
    if one.process == "docker-proxy":
        return None  # what the container serves, docker does not tell
    return kind_of(one.unit.partition("@")[0], one.process, _only_unit(one, profile))


def _service(target: str, owner: str, listeners: Sequence[Listener], profile: HostProfile, now: float) -> ServiceRecord:
    kind = next(filter(None, (_kind(one, profile) for one in listeners)), None)
    ports = sorted({(one.protocol, one.port, _only_local(one, listeners)) for one in listeners})
    shown = {cert.place for cert in profile.certificates}
    tls = [
        one.port for one in listeners if one.protocol == "tcp"
        and (f"port {one.port}" in shown or (one.port in TLS_PORTS and kind is not None))
    ]  # fmt: skip
    name = kind.kind if kind else listeners[0].protocol
    unit = next((one.unit for one in listeners if one.unit), "")
    unit = unit or (owner if any(known.name == owner for known in profile.units or ()) else "")
    return ServiceRecord(
        name=service_name(owner),
        target=target,
        kind=name,
        capabilities=(name, *(("tls",) if tls else ())),
        ports=tuple(ServicePort(protocol=protocol, port=port, local=local) for protocol, port, local in ports),
        process=next((one.process for one in listeners if one.process), ""),
        unit=unit,
        version=_version(kind, profile),
        check=_check(name, ports, tls, unit),
        found_at=now,
        seen_at=now,
    )


def _only_local(one: Listener, listeners: Iterable[Listener]) -> bool:
    same = [other for other in listeners if (other.protocol, other.port) == (one.protocol, one.port)]
    return all(other.is_local for other in same)


def _version(kind: ServiceKind | None, profile: HostProfile) -> str:
    """Return the version of the one package that such a service comes from, "" when there are several or none."""
    if kind is None or kind.packages is None:
        return ""
    versions = [version for name, version in profile.package_state.versions if kind.packages.fullmatch(name)]
    return versions[0] if len(set(versions)) == 1 else ""


def _check(kind: str, ports: Sequence[tuple[str, int, bool]], tls: Sequence[int], unit: str) -> HealthCheck:
    open_ports = [port for protocol, port, local in ports if protocol == "tcp" and not local]
    if kind.partition(":")[0] == "http" and open_ports:
        secure = [port for port in open_ports if port in tls]
        if secure:
            return HealthCheck(kind=HealthCheckKind.HTTPS, port=secure[0])
        return HealthCheck(kind=HealthCheckKind.HTTP, port=open_ports[0])
    if open_ports:
        return HealthCheck(kind=HealthCheckKind.TCP, port=open_ports[0])
    return HealthCheck(kind=HealthCheckKind.UNIT if unit else HealthCheckKind.NONE)


def addresses_by_target(targets: Iterable[Target], known: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """Return the target that has an address, by address; one that several have (a bridge's, as a rule) is nobody's.

    Args:
        targets: of the inventory.
        known: addresses that profiles show, by target.
    """
    holders: dict[str, set[str]] = {}
    for target in targets:
        for text in (target.reach, *known.get(target.name, ())):
            try:
                holders.setdefault(str(ipaddress.ip_address(text)), set()).add(target.name)
            except ValueError:
                continue  # a name: only the profile knows the addresses behind it
    return {address: next(iter(names)) for address, names in holders.items() if len(names) == 1}


def dependencies_seen(
    target: str, profile: HostProfile, services: Iterable[ServiceRecord], by_address: Mapping[str, str], *, now: float
) -> tuple[Dependency, ...]:
    """Return what a target's open connections say about who needs whom.

    Args:
        target: whose connections they are.
        profile: with the connections.
        services: every record of the registry; a connection to anything else says nothing.
        by_address: target by address.
        now: epoch seconds.
    """
    known = list(services)
    ports = {
        (one.target, port.port): one.id
        for one in known if one.kind != "ssh"  # that is somebody who administers, opsterm first of all
        for port in one.ports if port.protocol == "tcp"
    }  # fmt: skip
    own = {one.process: one.id for one in known if one.target == target and one.process}
    found = {}
    for link in profile.links or ():
        other = by_address.get(link.address)
        on = ports.get((other, link.port)) if other and other != target else None
        if on is None:
            continue
        service = own.get(link.process) or f"{service_name(link.process) if link.process else 'unknown'}@{target}"
        found[service, on] = Dependency(
            service=service, on=on, origin=DependencyOrigin.OBSERVED, found_at=now, seen_at=now
        )
    return tuple(found.values())
