"""An import laid over the inventory that is there: what would be added, changed, left alone.

Two kinds. One that the operator asked for takes what the import says; groups and tags are joined. An automatic
one (this account's ssh_config, looked at again by itself) follows only how its own targets are reached: what the
operator edited, tagged or removed stays so. Neither deletes anything: what the source no longer has is listed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from opsterm.inventory.fields import CONNECTION_FIELDS, changed_fields
from opsterm.inventory.imports import ImportResult
from opsterm.inventory.target import Protocol, Target

_FILLED = ("os", "groups", "tags", "environment", "site")
"""Fields that an automatic import sets only while they are empty."""

_UNSAID = ("", None, Protocol.SSH)
"""Values by which an import says nothing, unless it is complete in that field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetChange:
    """One target that an import would change.

    Attributes:
        before: as it is.
        after: as it would be.
        fields: names of what differs.
    """

    before: Target
    after: Target
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What an import would do.

    Attributes:
        source: of the import.
        added: new targets.
        changed: targets that would differ.
        unchanged: names of targets that stay as they are.
        kept_away: names that the operator removed earlier and that therefore do not come back.
        missing: names that came from this source once and are no longer in it; they stay in the inventory.
    """

    source: str
    added: tuple[Target, ...]
    changed: tuple[TargetChange, ...]
    unchanged: tuple[str, ...]
    kept_away: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def to_save(self) -> tuple[Target, ...]:
        """The targets to write, new and changed."""
        return (*self.added, *(change.after for change in self.changed))


def merge_import(
    present: Iterable[Target],
    found: ImportResult,
    *,
    automatic: bool = False,
    removed: frozenset[str] = frozenset(),
) -> Merge:
    """Work out what an import would do; see the module for the rules.

    Args:
        present: the inventory.
        found: what was read.
        automatic: True when the operator did not ask for it just now.
        removed: names that the operator removed; an automatic import leaves them away.
    """
    by_name = {target.name: target for target in present}
    added: list[Target] = []
    changed: list[TargetChange] = []
    unchanged: list[str] = []
    kept_away: list[str] = []
    for target in found.targets:
        before = by_name.get(target.name)
        if before is None:
            if automatic and target.name in removed:
                kept_away.append(target.name)
            else:
                added.append(target)
            continue
        after = _followed(before, target) if automatic else _asked_for(before, target, found.complete)
        fields = changed_fields(before, after)
        if fields:
            changed.append(TargetChange(before=before, after=after, fields=fields))
        else:
            unchanged.append(before.name)
    found_names = {target.name for target in found.targets}
    missing = (t.name for t in by_name.values() if t.source == found.source and t.name not in found_names)
    return Merge(
        source=found.source,
        added=tuple(added),
        changed=tuple(changed),
        unchanged=tuple(unchanged),
        kept_away=tuple(kept_away),
        missing=tuple(sorted(missing)),
    )


def _asked_for(before: Target, found: Target, complete: frozenset[str]) -> Target:
    """Return `before` with what the import says; what it does not say stays."""
    if before.source == "built-in":
        return before
    said = {
        name: getattr(found, name)
        for name in (*CONNECTION_FIELDS, "os", "environment", "site")
        if name in complete or getattr(found, name) not in _UNSAID
    }
    return dataclasses.replace(
        before,
        **said,
        groups=tuple(dict.fromkeys((*before.groups, *found.groups))),
        tags=tuple(sorted({*before.tags, *found.tags})),
        source=found.source,
    )


def _followed(before: Target, found: Target) -> Target:
    """Return `before` with what an automatic import may set."""
    if before.source in ("manual", "built-in"):
        return before
    filled = {name: getattr(found, name) for name in _FILLED if not getattr(before, name)}
    reached = {name: getattr(found, name) for name in CONNECTION_FIELDS} if before.source == found.source else {}
    return dataclasses.replace(before, **filled, **reached)
