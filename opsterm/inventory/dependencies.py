"""What needs what: the graph of services, and what a failure would reach. Cycles are allowed, and told."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class DependencyOrigin(StrEnum):
    """Who says that there is a dependency."""

    DECLARED = "declared"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """One service needs another.

    Attributes:
        service: id of the one that needs; of a program without a record its process and target, as in "php@web-01".
        on: id of the one that is needed.
        origin: who says so; what the operator declared stays declared when it is observed as well.
        found_at: epoch seconds when it was first said or seen.
        seen_at: epoch seconds when a connection was last seen; None for never.
    """

    service: str
    on: str
    origin: DependencyOrigin
    found_at: float
    seen_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Something that a service reaches through dependencies.

    Attributes:
        id: the other service.
        steps: how many dependencies lie between, 1 and up.
        via: the one that leads to it, "" for the service itself.
    """

    id: str
    steps: int
    via: str = ""


def dependants(dependencies: Sequence[Dependency], of: str) -> tuple[Reached, ...]:
    """Return all that needs a service, directly or through others, nearest first: what its failure would reach."""
    return _walk(_by(dependencies, needed=True), of)


def needs(dependencies: Sequence[Dependency], of: str) -> tuple[Reached, ...]:
    """Return all that a service needs, directly or through others, nearest first."""
    return _walk(_by(dependencies, needed=False), of)


def _by(dependencies: Sequence[Dependency], *, needed: bool) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for one in dependencies:
        start, end = (one.on, one.service) if needed else (one.service, one.on)
        found.setdefault(start, []).append(end)
    return {start: sorted(ends) for start, ends in found.items()}


def _walk(edges: Mapping[str, Sequence[str]], start: str) -> tuple[Reached, ...]:
    """Walk breadth first; each node once, so a cycle ends."""
    reached: dict[str, Reached] = {}
    queue = deque([(start, 0)])
    while queue:
        here, steps = queue.popleft()
        for there in edges.get(here, ()):
            if there != start and there not in reached:
                reached[there] = Reached(id=there, steps=steps + 1, via="" if here == start else here)
                queue.append((there, steps + 1))
    return tuple(reached.values())


def failing_root(dependencies: Sequence[Dependency], failing: Collection[str], of: str) -> str:
    """Return what a failing service fails because of: the nearest failing one below it that needs no failing one.

    Args:
        dependencies: what needs what.
        failing: ids of the services that fail.
        of: one of them.

    Returns:
        An id, or "" when nothing that it needs fails, or they fail in a circle: then each speaks for itself.
    """
    edges = _by([one for one in dependencies if one.service in failing and one.on in failing], needed=False)
    return next((one.id for one in _walk(edges, of) if not edges.get(one.id)), "")


def cycle_through(dependencies: Sequence[Dependency], start: str) -> tuple[str, ...]:
    """Return the shortest way from a service back to itself, () when there is none: "a", "b" for a → b → a."""
    edges = _by(dependencies, needed=False)
    before: dict[str, str] = {}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for there in edges.get(here, ()):
            if there == start:
                way = [here]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return tuple(reversed(way))
            if there not in before:
                before[there] = here
                queue.append(there)
    return ()
