"""Use-cases of the inventory: list, add, edit, import, export, look whether a target answers."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound, OpstermError
from opsterm.core.events import Event
from opsterm.inventory.events import TargetAdded, TargetEdited, TargetRemoved, TargetSeen, TargetsImported
from opsterm.inventory.fields import CONNECTION_FIELDS, changed_fields, checked
from opsterm.inventory.imports import BUILT_IN
from opsterm.inventory.merge import merge_import
from opsterm.inventory.selector import Selector, parse_selector
from opsterm.inventory.target import LOCALHOST, Protocol, Target, TargetRow, check_name
from opsterm.monitoring.alerts import Alert
from opsterm.monitoring.status import target_status
from opsterm.policy.order import OrderTarget
from opsterm.runtime.edges import Files
from opsterm.runtime.imports import ImportSource, read_import
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Connector, Operator, Seen, Store

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Rows that a selector chose.

    Attributes:
        rows: by name.
        canonical: the selector as it was understood.
        total: how many targets there are in all.
    """

    rows: tuple[TargetRow, ...]
    canonical: str
    total: int


class Inventory:
    """Targets, kept in memory as well, so that a list costs no query. `localhost` is always there."""

    def __init__(
        self, store: Store, ledger: Ledger, clock: Clock, *, files: Files, operator: Operator, offload: Offload,
        connector: Callable[[], Awaitable[Connector]], open_alerts: Callable[[], Mapping[str, Sequence[Alert]]],
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._files = files
        self._operator = operator
        self._offload = offload
        self._connector = connector
        self._open_alerts = open_alerts
        self._targets: dict[str, Target] = {}
        self._seen: dict[str, Seen] = {}

    async def open(self, *, this_os: str = "") -> None:
        """Read what is kept, and make sure that this host is in it."""
        await self.reload()
        if LOCALHOST not in self._targets:
            here = Target(name=LOCALHOST, protocol=Protocol.LOCAL, os=this_os, groups=("local",), source="built-in")
            await self._save([here], TargetAdded(target=LOCALHOST, source="built-in"))

    async def reload(self) -> None:
        """Read the inventory again, after another process changed it."""
        self._targets = {target.name: target for target in await self._store.targets.all()}
        self._seen = dict(await self._store.targets.seen())

    async def _save(self, targets: Sequence[Target], *events: Event) -> None:
        facts = [self._ledger.fact(event) for event in events]
        committed = await self._store.targets.save(targets, facts)
        self._targets.update({target.name: target for target in targets})
        self._ledger.committed(committed)

    # ------------------------------------------------------------------ looking

    def rows(self) -> Sequence[TargetRow]:
        """Return every target with its status, by name. Costs no query."""
        alerts = self._open_alerts()
        return [self._row(self._targets[name], alerts.get(name, ())) for name in sorted(self._targets)]

    def _row(self, target: Target, alerts: Sequence[Alert]) -> TargetRow:
        seen = self._seen.get(target.name)
        here = target.protocol is Protocol.LOCAL
        answered = True if here else None if seen is None else seen.answered
        status, note = target_status(alerts, answered=answered, reason=seen.reason if seen else "")
        last_seen = self._clock.now() if here else seen.seen_at if seen else None
        return TargetRow(target=target, status=status, last_seen=last_seen, note=note)

    def select(self, selector: str = "") -> Selection:
        """Return the rows a selector chooses. Raises BadSelector."""
        parsed: Selector = parse_selector(selector)
        rows = self.rows()
        return Selection(rows=tuple(row for row in rows if parsed.matches(row)), canonical=str(parsed), total=len(rows))

    async def resolve(self, selector: str) -> Sequence[TargetRow]:
        """Return the rows for something that will be done to them: an empty choice, or no choice, is an error.

        Raises:
            BadInput: the selector is empty; write `all` to mean all.
            NotFound: nothing matches; names near ones.
        """
        if not selector.strip():
            raise BadInput(
                "No targets were chosen.", next_step="Name them, as in web-[01-03] or tag:web; `all` is all."
            )
        selection = self.select(selector)
        if not selection.rows:
            near = difflib.get_close_matches(selector.strip(), list(self._targets), n=3)
            hint = f"Near names: {', '.join(near)}." if near else "`opsterm targets list` shows those there are."
            raise NotFound(f"No target matches {selection.canonical}.", next_step=hint)
        return selection.rows

    async def get(self, name: str) -> Target:
        """Return one target. Raises NotFound, naming near ones."""
        target = self._targets.get(name)
        if target is None:
            near = difflib.get_close_matches(name, list(self._targets), n=3)
            hint = f"Near names: {', '.join(near)}." if near else "`opsterm targets list` shows those there are."
            raise NotFound(f"There is no target {name}.", next_step=hint)
        return target

    def target(self, name: str) -> Target | None:
        """Return one target, None when there is none. Costs no query."""
        return self._targets.get(name)

    def row(self, name: str) -> TargetRow | None:
        """Return one target with its status, None when there is none."""
        target = self._targets.get(name)
        return None if target is None else self._row(target, self._open_alerts().get(name, ()))

    def order_target(self, target: Target) -> OrderTarget:
        """Return a target as an order binds it."""
        return OrderTarget(
            name=target.name, protocol=target.protocol, address=target.reach, port=target.port or 0, user=target.user
        )

    def chooses(self, selector: str, name: str) -> bool:
        """Return whether a selector (of a threshold) takes in the target of that name."""
        target = self._targets.get(name)
        return target is not None and parse_selector(selector).matches(TargetRow(target=target))

    # ----------------------------------------------------------------- changing

    async def add(self, target: Target) -> Target:
        """Put a new target in. Raises BadInput when the name is taken or not allowed."""
        target = checked(target)
        if target.name in self._targets:
            raise BadInput(f"There is a target {target.name} already.", next_step="Use `opsterm targets edit`.")
        await self._save([target], TargetAdded(target=target.name, source=target.source))
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
        if set(fields) & set(CONNECTION_FIELDS) and old.source != BUILT_IN:
            new = replace(new, source="manual")
        if fields:
            await self._save([new], TargetEdited(target=name, fields=fields))
        return new

    async def remove(self, names: Sequence[str]) -> None:
        """Take targets out; an automatic import will leave them out. Raises NotFound, BadInput for localhost."""
        for name in names:
            if (await self.get(name)).protocol is Protocol.LOCAL:
                raise BadInput(f"{name} is the machine opsterm stands on and stays in the inventory.")
        facts = [self._ledger.fact(TargetRemoved(target=name)) for name in names]
        committed = await self._store.targets.remove(names, facts)
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
        made = []
        for row in await self.resolve(selector):
            old = row.target
            tags = tuple(sorted({*old.tags, *new_tags} - gone_tags))
            groups = tuple(g for g in dict.fromkeys((*old.groups, *new_groups)) if g not in gone_groups)
            if (tags, groups) != (old.tags, old.groups):
                made.append(replace(old, tags=tags, groups=groups))
        if made:
            await self._save(made, *(TargetEdited(target=t.name, fields=("tags", "groups")) for t in made))
        return made

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
        if merged.to_save:
            fact = TargetsImported(
                source=str(path), added=len(merged.added), changed=len(merged.changed), unchanged=len(merged.unchanged)
            )
            await self._save(merged.to_save, fact)
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
            return ImportReport(source=path, problems=(error.what,))

    # ------------------------------------------------------------- reachability

    async def check(self, names: Sequence[str]) -> Mapping[str, str]:
        """See which targets answer on their port; return the reason by name, "" for those that do.

        Logs in nowhere. At most CHECKS_AT_ONCE at a time.
        """
        gate = asyncio.Semaphore(CHECKS_AT_ONCE)
        found: dict[str, str] = {}

        async def one(name: str) -> None:
            target = await self.get(name)
            async with gate:
                try:
                    await (await self._connector()).check(self.order_target(target))
                    found[name] = ""
                except OpstermError as error:
                    found[name] = error.what

        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(one(name))
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
            self._seen.update(seen)
            self._ledger.committed(committed)
