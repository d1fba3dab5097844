"""What the assistant may know when it reads a sentence: a frozen view, made by the runtime, and its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from opsterm.assistant.intents.model import IntentModel
from opsterm.inventory.apis.description import ApiDescription
from opsterm.inventory.service import ServiceRecord
from opsterm.inventory.target import TargetRow
from opsterm.monitoring.sample import SeriesKey


class LocalTime(Protocol):
    """What a time is read against."""

    @property
    def now(self) -> float:
        """Epoch seconds."""
        ...

    @property
    def utc_offset_s(self) -> float:
        """What local time is ahead of UTC, in seconds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A `LocalTime` and nothing else."""

    now: float
    utc_offset_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The state a sentence is read against.

    Attributes:
        now: epoch seconds.
        utc_offset_s: what local time is ahead of UTC, in seconds; days begin at local midnight.
        offset_at: the same at another time in epoch seconds; None where it never changes.
        operator: the account that asks; what "me" and "I" mean.
        rows: every target with its status.
        series: series there are; their items ("/var", "eth0") become words.
        apis: HTTP APIs that are known, by name.
        managers: service manager by target, of those that were looked at, as in "systemd" or "OpenRC".
        services: records of the registry that were not ignored.
        jobs: each job by schedule: its name, what it does and its phrase, in one text.
        model: says what a sentence wants that no rule has read; None for rules alone.
    """

    now: float
    utc_offset_s: float = 0.0
    offset_at: Callable[[float], float] | None = None
    operator: str = ""
    rows: Sequence[TargetRow] = ()
    series: Sequence[SeriesKey] = ()
    apis: Mapping[str, ApiDescription] = field(default_factory=dict)
    managers: Mapping[str, str] = field(default_factory=dict)
    services: Sequence[ServiceRecord] = ()
    model: IntentModel | None = None
    jobs: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of an inventory, lower case -> as they are written.

    Attributes:
        names: target names.
        groups: group names.
        tags: tags.
        environments: environments.
        sites: sites.
        systems: whole operating system texts.
        system_words: single words of them, without bare numbers.
        items: items of series.
        alike: target names by what is left without signs and leading zeros.
    """

    names: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    environments: dict[str, str] = field(default_factory=dict)
    sites: dict[str, str] = field(default_factory=dict)
    systems: dict[str, str] = field(default_factory=dict)
    system_words: dict[str, str] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    alike: dict[str, list[str]] = field(default_factory=dict)

    def labels(self) -> Iterable[str]:
        """Return every word that chooses targets, names excepted."""
        for words in (self.groups, self.tags, self.environments, self.sites, self.system_words):
            yield from words.values()


_SIGNS = re.compile(r"[-_.]")
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def squeezed_name(name: str) -> str:
    """Return a name without signs and leading zeros, so that web1, web-01 and WEB_1 are alike; "" for signs only."""
    return _SIGNS.sub("", _ZEROS.sub("", name))


def vocabulary(world: World) -> Vocabulary:
    """Return the words of a world. Cost: about 6 us a target."""
    words = Vocabulary()
    seen: set[tuple[object, ...]] = set()
    for row in world.rows:
        target = row.target
        words.names[target.name.lower()] = target.name
        words.alike.setdefault(squeezed_name(target.name.lower()), []).append(target.name)
        labels = (target.groups, target.tags, target.environment, target.site, target.os)
        if labels in seen:
            continue
        seen.add(labels)
        words.groups.update((name.lower(), name) for name in target.groups)
        words.tags.update((name.lower(), name) for name in target.tags)
        if target.environment:
            words.environments[target.environment.lower()] = target.environment
        if target.site:
            words.sites[target.site.lower()] = target.site
        if target.os:
            words.systems[target.os.lower()] = target.os
    for system in words.systems:
        words.system_words.update((word, word) for word in system.split() if not re.fullmatch(r"[\d.]+", word))
    words.items.update((key.item.lower(), key.item) for key in world.series if key.item)
    return words
