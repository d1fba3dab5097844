"""Use-cases of the inventory: list, add, edit, import, export, look whether a target answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from opsterm.changes.claim import Claim
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound, OpstermError
from opsterm.core.events import Event
from opsterm.inventory.events import TargetAdded, TargetEdited, TargetRemoved, TargetSeen, TargetsImported
from opsterm.inventory.fields import CONNECTION_FIELDS, changed_fields, checked
from opsterm.inventory.imports import BUILT_IN
from opsterm.inventory.merge import merge_import
from opsterm.inventory.target import LOCALHOST, Protocol, Target, check_name
from opsterm.monitoring.alerts import Alert
from opsterm.policy.order import OrderTarget
from opsterm.runtime.edges import Files
from opsterm.runtime.imports import ImportSource, read_import
from opsterm.runtime.known_targets import KnownTargets
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Connector, Operator
from opsterm.runtime.ports_store import Seen, Store
from opsterm.runtime.supervisor import Heart

CHECKS_AT_ONCE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did.

    Attributes:
        source: where it came from, as the operator named it.
        added: names that are new.
        changed: names that differ from before.
        unchanged: how many were already as they are.
        kept_away: names that the operator removed earlier; an automatic import does not bring them back.
        missing: names that came from there once and are in it no longer; they stay in the inventory.
        problems: one line per entry that was not taken, with file and line.
        notes: what the operator should know besides, one sentence each.
    """

    source: str
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: int = 0
    kept_away: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Inventory(KnownTargets):
    """Targets: what can be asked of them without a query, and what changes them. `localhost` is always there.

    Whatever changes a target changes it as it is on disk at that moment, not as it is remembered here: several
    processes may work on one inventory.
    """

    def __init__(  # noqa: PLR0913 (what it needs, and what is known of targets elsewhere)
        self, store: Store, ledger: Ledger, clock: Clock, *, files: Files, operator: Operator, offload: Offload,
        connector: Callable[[], Awaitable[Connector]], open_alerts: Callable[[], Mapping[str, Sequence[Alert]]],
        heard_at: Callable[[str], float | None], claims: Callable[[str], Sequence[Claim]],
        checks: Mapping[Protocol, Callable[[OrderTarget], Awaitable[None]]] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        super().__init__(clock, open_alerts=open_alerts, heard_at=heard_at, claims=claims)
        self._store = store
        self._ledger = ledger
        self._files = files
        self._operator = operator
        self._offload = offload
        self._connector = connector
        self._checks = checks
        self._writes = 0

    async def open(self, *, this_os: str = "") -> None:
        """Read what is kept, and make sure that this host is in it."""
        await self.reload()
        if LOCALHOST not in self._targets:
            here = Target(name=LOCALHOST, protocol=Protocol.LOCAL, os=this_os, groups=("local",), source="built-in")

            def add(now: Mapping[str, Target]) -> Sequence[Target]:
                return [] if LOCALHOST in now else [here]

            await self._update(add, lambda _: [TargetAdded(target=LOCALHOST, source="built-in")], names=[LOCALHOST])
            self._targets.setdefault(LOCALHOST, here)

    async def reload(self) -> None:
        """Read the inventory again, after another process changed it."""
        while True:
            before = self._writes
            targets, seen = await self._store.targets.all(), await self._store.targets.seen()
            if before == self._writes:  # else what was read may be older than what was written here meanwhile
                self._targets = {target.name: target for target in targets}
                self._seen = dict(seen)
                return

    async def follow(self, heart: Heart) -> None:
        """Read the inventory again whenever any process changes it. Run by the supervisor."""
        kinds = (TargetAdded, TargetEdited, TargetRemoved, TargetsImported, TargetSeen)
        with self._ledger.hub.listen("inventory in memory", *kinds) as ear:
            await self.reload()
            async for _ in ear.batches(pause_s=0.2):
                heart.beat()
                await self.reload()

    async def _update(
        self,
        change: Callable[[Mapping[str, Target]], Sequence[Target]],
        events: Callable[[Sequence[Target]], Sequence[Event]],
        *,
        names: Sequence[str] | None,
    ) -> Sequence[Target]:
        """Change targets as they are on disk; see `TargetStore.update`."""
        saved, facts = await self._store.targets.update(
            change, lambda made: [self._ledger.fact(event) for event in events(made)], names=names
        )
        self._writes += 1
        self._targets.update({target.name: target for target in saved})
        self._ledger.committed(facts)
        return saved

    # ----------------------------------------------------------------- changing

    async def add(self, target: Target) -> Target:
        """Put a new target in. Raises BadInput when the name is taken or not allowed."""
        target = checked(target)

        def add(now: Mapping[str, Target]) -> Sequence[Target]:
            if target.name in now:
                raise BadInput(f"There is a target {target.name} already.", next_step="Use `opsterm targets edit`.")
            return [target]

        await self._update(add, lambda _: [TargetAdded(target=target.name, source=target.source)], names=[target.name])
        return target

    async def edit(self, name: str, changed: Target) -> Target:
        """Replace a target's fields; its name stays.

        When how it is reached changes it counts as the operator's own from then on, and an import that opsterm makes by
        itself leaves that alone; labels, operating system and place are the operator's words anyway.

        Raises:
            NotFound: there is none of that name.
            BadInput: a field cannot be used, or it is this machine and should be reached in another way.
        """
        old = await self.get(name)
        new = checked(replace(changed, name=name, source=old.source), before=old)
        fields = changed_fields(old, new)

        def edit(now: Mapping[str, Target]) -> Sequence[Target]:
            if name not in now:
                raise NotFound(
                    f"{name} has just been removed from the inventory.", next_step="Add it again to keep it."
                )
            made = replace(now[name], **{field: getattr(new, field) for field in fields})
            if set(fields) & set(CONNECTION_FIELDS) and made.source != BUILT_IN:
                made = replace(made, source="manual")
            return [made] if made != now[name] else []

        if fields:
            await self._update(edit, lambda _: [TargetEdited(target=name, fields=fields)], names=[name])
        return await self.get(name)

    async def remove(self, names: Sequence[str]) -> None:
        """Take targets out; an automatic import will leave them out. Raises NotFound, BadInput for localhost."""
        for name in names:
            if (await self.get(name)).protocol is Protocol.LOCAL:
                raise BadInput(f"{name} is the machine opsterm stands on and stays in the inventory.")
        facts = [self._ledger.fact(TargetRemoved(target=name)) for name in names]
        committed = await self._store.targets.remove(names, facts)
        self._writes += 1
        for name in names:
            self._targets.pop(name, None)
        self._ledger.committed(committed)

    async def label(
        self, selector: str, *, add_tags: Iterable[str] = (), remove_tags: Iterable[str] = (),
        add_groups: Iterable[str] = (), remove_groups: Iterable[str] = (),
    ) -> Sequence[Target]:  # fmt: skip
        """Add and take away tags and groups on all targets a selector chooses; return those that changed."""
        new_tags = [check_name(t) for t in add_tags]
        new_groups = [check_name(g) for g in add_groups]
        gone_tags, gone_groups = set(remove_tags), set(remove_groups)
        names = [row.target.name for row in await self.resolve(selector)]

        def label(now: Mapping[str, Target]) -> Sequence[Target]:
            made = []
            for old in now.values():
                tags = tuple(sorted({*old.tags, *new_tags} - gone_tags))
                groups = tuple(g for g in dict.fromkeys((*old.groups, *new_groups)) if g not in gone_groups)
                if (tags, groups) != (old.tags, old.groups):
                    made.append(replace(old, tags=tags, groups=groups))
            return made

        return await self._update(
            label, lambda made: [TargetEdited(target=t.name, fields=("tags", "groups")) for t in made], names=names
        )

    async def import_from(self, source: ImportSource, path: Path, *, automatic: bool = False) -> ImportReport:
        """Read targets from a file and merge them in.

        Args:
            source: which format.
            path: the file.
            automatic: True for what opsterm does by itself: then names the operator removed stay away, and the
                operator's own edits win.
        """
        result = await self._offload.run(
            "files", lambda: read_import(source, path, self._files, self._operator, with_system=automatic)
        )
        removed = await self._store.targets.removed() if automatic else frozenset()
        merged = merge_import(self._targets.values(), result, automatic=automatic, removed=removed)

        def merge(now: Mapping[str, Target]) -> Sequence[Target]:
            nonlocal merged
            merged = merge_import(now.values(), result, automatic=automatic, removed=removed)
            return merged.to_save

        def imported(_: Sequence[Target]) -> Sequence[Event]:
            counts = [len(part) for part in (merged.added, merged.changed, merged.unchanged)]
            return [TargetsImported(source=str(path), added=counts[0], changed=counts[1], unchanged=counts[2])]

        if merged.to_save:  # mostly there is nothing to do, and nobody need wait for it
            await self._update(merge, imported, names=None)
        return ImportReport(
            source=str(path),
            added=tuple(target.name for target in merged.added),
            changed=tuple(change.after.name for change in merged.changed),
            unchanged=len(merged.unchanged),
            kept_away=merged.kept_away,
            missing=merged.missing,
            problems=tuple(str(problem) for problem in result.problems),
            notes=result.notes,
        )

    async def import_ssh_config(self, path: str) -> ImportReport | None:
        """Take in the operator's own ssh_config, silently when there is none; problems stay in the report."""
        file = Path(path)
        if await self._offload.run("files", lambda: self._files.changed_at(file)) is None:
            return None
        try:
            return await self.import_from(ImportSource.SSH_CONFIG, file, automatic=True)
        except BadInput as error:
            return ImportReport(source=path, problems=(f"{error.what} {error.why}".strip(),))

    # ------------------------------------------------------------- reachability

    async def check(self, names: Sequence[str]) -> Mapping[str, str]:
        """See which targets answer on their port; return the reason by name, "" for those that do.

        Logs in nowhere, but where `checks` has another way for a protocol. At most CHECKS_AT_ONCE at a time.
        """
        gate = asyncio.Semaphore(CHECKS_AT_ONCE)
        targets = [await self.get(name) for name in names]
        if not targets:
            return {}
        connector = await self._connector()
        found: dict[str, str] = {}

        async def one(target: Target) -> None:
            async with gate:
                try:
                    check = self._checks.get(target.protocol) or connector.check
                    await check(self.order_target(target))
                    found[target.name] = ""
                except OpstermError as error:
                    found[target.name] = error.what

        async with asyncio.TaskGroup() as group:
            for target in targets:
                group.create_task(one(target))
        await self.note_seen(found)
        return found

    async def note_seen(self, found: Mapping[str, str]) -> None:
        """Keep what was learned of reachability: reason by name, "" for those that answered."""
        now = self._clock.now()
        seen, facts = {}, []
        for name, reason in found.items():
            if name not in self._targets or self._targets[name].protocol is Protocol.LOCAL:
                continue
            before = self._seen.get(name)
            seen_at = now if not reason else before.seen_at if before else None
            seen[name] = Seen(answered=not reason, tried_at=now, seen_at=seen_at, reason=reason)
            if before is None or before.answered != (not reason):
                facts.append(self._ledger.fact(TargetSeen(target=name, answered=not reason, reason=reason)))
        if seen:
            committed = await self._store.targets.mark_seen(seen, facts)
            self._writes += 1
            self._seen.update(seen)
            self._ledger.committed(committed)
