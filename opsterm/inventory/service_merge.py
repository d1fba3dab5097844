"""What a look found, put together with what the registry holds: nothing is accepted or taken out by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from opsterm.inventory.dependencies import Dependency, DependencyOrigin
from opsterm.inventory.service import HealthCheck, ServiceRecord, ServiceState

MOST_OF_TARGET = 3000
"""Records that one target may have, those that are gone included: a host that names ever new services is cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What came of it.

    Attributes:
        save: records to keep, changed or merely seen again.
        new: those that were not known: proposals.
        changed: those whose kind, ports or version differ.
        back: those that had been gone.
        gone: those that are missed now.
    """

    save: tuple[ServiceRecord, ...] = ()
    new: tuple[ServiceRecord, ...] = ()
    changed: tuple[ServiceRecord, ...] = ()
    back: tuple[ServiceRecord, ...] = ()
    gone: tuple[ServiceRecord, ...] = ()


def merge_services(
    known: Iterable[ServiceRecord], found: Sequence[ServiceRecord], *, now: float, complete: bool
) -> Merged:
    """Put together what was known and what was found of one target.

    What the operator decided stays, and so does the check, as long as the ports are the same. What is not found is
    marked as gone, never dropped; what comes back is what it was before it went.

    Args:
        known: the target's records.
        found: what the look found.
        now: epoch seconds.
        complete: whether the look saw everything; else what was not seen may still be there.
    """
    before = {service.name: service for service in known}
    room = MOST_OF_TARGET - len(before)
    save: list[ServiceRecord] = []
    new: list[ServiceRecord] = []
    changed, back, gone = [], [], []
    for service in found:
        old = before.pop(service.name, None)
        if old is None:
            if len(new) >= room:
                continue
            new.append(service)
            save.append(service)
            continue
        kept = _seen_again(old, service, now)
        save.append(kept)
        if old.gone_at is not None:
            back.append(kept)
        elif _what(old) != _what(kept):
            changed.append(kept)
    for old in before.values():
        if complete and old.gone_at is None:
            missed = replace(old, gone_at=now)
            save.append(missed)
            gone.append(missed)
    return Merged(save=tuple(save), new=tuple(new), changed=tuple(changed), back=tuple(back), gone=tuple(gone))


def _seen_again(old: ServiceRecord, found: ServiceRecord, now: float) -> ServiceRecord:
    check: HealthCheck = old.check if old.ports == found.ports and old.kind == found.kind else found.check
    return replace(
        found, found_at=old.found_at, seen_at=now, decided=old.decided, gone_at=None, check=check,
        version=found.version or old.version, health=old.health, health_text=old.health_text, health_at=old.health_at,
    )  # fmt: skip


def _what(service: ServiceRecord) -> tuple[object, ...]:
    return service.kind, service.ports, service.version, service.capabilities


def merge_dependencies(
    known: Iterable[Dependency], seen: Iterable[Dependency], *, now: float
) -> tuple[Dependency, ...]:
    """Return the dependencies to keep after connections were seen: new ones, and known ones with the time they were."""
    before = {(one.service, one.on): one for one in known}
    made: dict[tuple[str, str], Dependency] = {}
    for one in seen:
        old = before.get((one.service, one.on))
        made[one.service, one.on] = replace(old, seen_at=now) if old else replace(one, found_at=now, seen_at=now)
    return tuple(made.values())


def declared(known: Iterable[Dependency], service: str, on: str, *, now: float) -> Dependency:
    """Return a dependency as the operator declares it, whether or not it had been observed."""
    old = next((one for one in known if (one.service, one.on) == (service, on)), None)
    if old is not None:
        return replace(old, origin=DependencyOrigin.DECLARED)
    return Dependency(service=service, on=on, origin=DependencyOrigin.DECLARED, found_at=now)


def decided(service: ServiceRecord, decision: ServiceState) -> ServiceRecord:
    """Return a record with the operator's decision; one that is gone stays marked as gone."""
    return replace(service, decided=decision)
