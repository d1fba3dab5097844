"""What has changed between two descriptions of an API, by operation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from opsterm.inventory.apis.description import (
    ApiDescription,
    Json,
    Operation,
    Parameter,
    RequestBody,
    references_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDifferences:
    """What is different.

    Attributes:
        added: names of operations that are new.
        removed: names of those that are gone.
        changed: name, and what changed, as in "limit is new, body"; whether it runs at once stands first.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[tuple[str, str], ...]

    @property
    def none(self) -> bool:
        """Whether nothing is different."""
        return not (self.added or self.removed or self.changed)


def compare_descriptions(before: ApiDescription, after: ApiDescription) -> ApiDifferences:
    """Return what a newer description has that an older one had not, and the other way round."""
    old = {one.id: one for one in before.operations}
    new = {one.id: one for one in after.operations}
    touched = _touched(before, after)
    changed = []
    for name in old.keys() & new.keys():
        words = _changes(old[name], new[name], touched)
        if words:
            changed.append((name, ", ".join(words)))
    return ApiDifferences(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed=tuple(sorted(changed)),
    )


def _touched(before: ApiDescription, after: ApiDescription) -> Collection[str]:
    """Return the names of schemas that differ, or refer to one that does."""
    names = before.schemas.keys() | after.schemas.keys()
    users: dict[str, set[str]] = {}
    for name, schema in after.schemas.items():
        for used in references_of(schema):
            users.setdefault(used, set()).add(name)
    waiting = [name for name in names if before.schemas.get(name) != after.schemas.get(name)]
    touched = set(waiting)
    while waiting:
        new = users.get(waiting.pop(), set()) - touched
        touched |= new
        waiting += new
    return touched


def _differ(old: Json, new: Json, touched: Collection[str]) -> bool:
    return bool(old != new) or any(name in touched for name in references_of(new))


def _changes(old: Operation, new: Operation, touched: Collection[str]) -> list[str]:
    words = []
    if old.only_reads != new.only_reads:
        words.append("runs at once now, was asked about" if new.only_reads else "is asked about now, ran at once")
    if (old.method, old.path) != (new.method, new.path):
        words.append(f"{old.method} {old.path} is {new.method} {new.path}")
    if old.security != new.security:
        words.append("who is let in")
    if old.server != new.server:
        words.append("server")
    if old.deprecated != new.deprecated:
        words.append("deprecated" if new.deprecated else "no longer deprecated")
    were = {(one.place, one.name): one for one in old.parameters}
    are = {(one.place, one.name): one for one in new.parameters}
    words += [f"{key[1]} is new" for key in are if key not in were]
    words += [f"{key[1]} is gone" for key in were if key not in are]
    words += [key[1] for key in are if key in were and _parameter_differs(were[key], are[key], touched)]
    if _body_differs(old.body, new.body, touched):
        words.append("body")
    return words


def _parameter_differs(old: Parameter, new: Parameter, touched: Collection[str]) -> bool:
    same = replace(old, about="", schema=True) == replace(new, about="", schema=True)
    return not same or _differ(old.schema, new.schema, touched)


def _body_differs(old: RequestBody | None, new: RequestBody | None, touched: Collection[str]) -> bool:
    if old is None or new is None:
        return old is not new
    return replace(old, schema=True) != replace(new, schema=True) or _differ(old.schema, new.schema, touched)
