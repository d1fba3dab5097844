"""Use-cases of the registry of services: discover, decide, declare what needs what, check, see what would be hit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound, OpstermError
from opsterm.core.events import Fact
from opsterm.core.text import clean_line
from opsterm.inventory.dependencies import Dependency, DependencyOrigin
from opsterm.inventory.events import DependencyChanged, ServiceChanged
from opsterm.inventory.service import HealthStatus, ServiceRecord, ServiceState, parse_service_id
from opsterm.inventory.service_merge import Merged, declared, merge_dependencies, merge_services
from opsterm.inventory.target import WITH_A_SHELL
from opsterm.monitoring.discovery import addresses_by_target, dependencies_seen, services_found
from opsterm.monitoring.kept_profile import KeptProfile
from opsterm.monitoring.service_checks import HealthFinding
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_services import RegistryEdit, RegistryState, ServiceStore
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.profiles import Profiles
from opsterm.runtime.reach import Reach
from opsterm.runtime.service_health import ServiceHealth
from opsterm.runtime.service_view import ServiceView, view_of

LOOKS_AT_ONCE = 8
"""Targets that `discover` looks at at the same time."""

Facts = list[Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What discovering brought; a record is in one of the first four, or was as it had been.

    Attributes:
        new: proposals: records that wait to be accepted or ignored.
        changed: known ones that listen elsewhere, or have another version.
        back: those that had been gone.
        gone: those that are missed; they stay until they are removed.
        seen: how many services there are on the targets that were looked at.
        observed: dependencies that were not known before.
        failed: why a target was not looked at, by name.
    """

    new: tuple[ServiceRecord, ...] = ()
    changed: tuple[ServiceRecord, ...] = ()
    back: tuple[ServiceRecord, ...] = ()
    gone: tuple[ServiceRecord, ...] = ()
    seen: int = 0
    observed: tuple[Dependency, ...] = ()
    failed: Mapping[str, str]


class Services:
    """The registry. Whatever a look finds is a proposal; only the operator accepts, ignores and removes.

    Attributes:
        profiles: what targets are; looks at them tell the registry.
    """

    def __init__(
        self, store: ServiceStore, ledger: Ledger, clock: Clock, inventory: Inventory, profiles: Profiles, reach: Reach
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._inventory = inventory
        self.profiles = profiles
        self._health = ServiceHealth(inventory, reach, profiles)
        profiles.on_look(self._heard)

    # ------------------------------------------------------------------------------------- what there is

    async def list(
        self, *, selector: str = "", capability: str = "", states: Sequence[ServiceState] = ()
    ) -> Sequence[ServiceRecord]:
        """Return records by target and name.

        Args:
            selector: of the targets; "" for all, also those that are no longer in the inventory.
            capability: a kind, as in "http" or "sql", or "tls"; "" for any.
            states: those wanted; () for all but the ignored ones.
        """
        services = (await self._store.state()).services.values()
        names = {row.target.name for row in self._inventory.select(selector).rows} if selector else None
        return [
            service
            for service in services
            if (names is None or service.target in names)
            and (not capability or service.offers(capability.lower()))
            and (service.state in states if states else service.state is not ServiceState.IGNORED)
        ]

    async def get(self, text: str) -> ServiceView:
        """Return one record with what it needs and what needs it. Raises BadInput, NotFound."""
        state = await self._store.state()
        return view_of(state, _known(state, text))

    async def views(self, target: str) -> Sequence[ServiceView]:
        """Return the records of one target that are not ignored, with what hangs on them, by name."""
        state = await self._store.state()
        return [
            view_of(state, one)
            for one in state.services.values()
            if one.target == target and one.state is not ServiceState.IGNORED
        ]

    async def dependencies(self) -> Sequence[Dependency]:
        """Return every dependency."""
        return (await self._store.state()).dependencies

    # -------------------------------------------------------------------------------------- discovering

    async def discover(self, selector: str, *, refresh: bool = True) -> Discovery:
        """Look at targets, and propose records of what is found there.

        Args:
            selector: which targets; those without a shell are left out.
            refresh: False to go by the profiles that are kept, without sending anything.

        Raises:
            NotFound: the selector matches nothing.
        """
        rows = await self._inventory.resolve(selector)
        names = [row.target.name for row in rows if row.target.protocol in WITH_A_SHELL]
        failed: dict[str, str] = {}
        if refresh:
            await self._look(names, failed)
        kept = await self.profiles.all()
        looked = [kept[name] for name in names if name in kept and name not in failed]
        failed |= {name: "It was never looked at." for name in names if name not in kept and name not in failed}
        return await self._take(looked, failed, fence=None)

    async def _look(self, names: Iterable[str], failed: dict[str, str]) -> None:
        gate = asyncio.Semaphore(LOOKS_AT_ONCE)

        async def one(name: str) -> None:
            async with gate:
                try:
                    await self.profiles.refresh(name, tell=False)
                except OpstermError as error:
                    failed[name] = error.what

        try:
            async with asyncio.TaskGroup() as group:
                for name in names:
                    group.create_task(one(name))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None

    async def _heard(self, kept: KeptProfile, fence: Fence | None) -> None:
        """Take in what a look at a target brought that has records already: no target gets its first one by itself."""
        state = await self._store.state()
        if any(service.target == kept.target for service in state.services.values()):
            await self._take([kept], {}, fence=fence)

    async def _take(
        self, looked: Sequence[KeptProfile], failed: Mapping[str, str], *, fence: Fence | None
    ) -> Discovery:
        now = self._clock.now()
        targets = [row.target for row in self._inventory.rows()]
        by_address = addresses_by_target(targets, await self.profiles.addresses())
        merged: list[Merged] = []
        observed: list[Dependency] = []
        seen = 0

        def change(state: RegistryState) -> tuple[RegistryEdit, Facts]:
            nonlocal seen
            merged.clear()
            observed.clear()
            seen = 0
            for kept in looked:
                known = [service for service in state.services.values() if service.target == kept.target]
                found = services_found(kept.target, kept.profile, now=now)
                seen += len(found)
                complete = kept.profile.complete and kept.profile.listeners is not None
                merged.append(merge_services(known, found, now=now, complete=complete))
            services = dict(state.services)
            services.update((service.id, service) for one in merged for service in one.save)
            links = [
                one for kept in looked
                for one in dependencies_seen(kept.target, kept.profile, services.values(), by_address, now=now)
            ]  # fmt: skip
            depend = merge_dependencies(state.dependencies, links, now=now)
            known_pairs = {(one.service, one.on) for one in state.dependencies}
            observed.extend(one for one in depend if (one.service, one.on) not in known_pairs)
            facts = [*self._merge_facts(merged), *(self._depends(one, "observed") for one in observed)]
            save = [service for one in merged for service in one.save]
            return RegistryEdit(save=save, depend=depend), facts

        await self._update(change, fence)
        return Discovery(
            new=tuple(s for one in merged for s in one.new),
            changed=tuple(s for one in merged for s in one.changed),
            back=tuple(s for one in merged for s in one.back),
            gone=tuple(s for one in merged for s in one.gone),
            seen=seen,
            observed=tuple(observed),
            failed=failed,
        )

    def _merge_facts(self, merged: Iterable[Merged]) -> Iterable[Fact]:
        for one in merged:
            for reason, services in (
                ("found", one.new), ("changed", one.changed), ("back", one.back), ("gone", one.gone),
            ):  # fmt: skip
                yield from (self._fact(service, reason) for service in services)

    # ------------------------------------------------------------------------------------------ deciding

    async def accept(self, words: Sequence[str]) -> Sequence[ServiceRecord]:
        """Accept records; return those that changed.

        Args:
            words: ids, as in "nginx@web-01"; or selectors of targets, whose undecided records are meant.

        Raises:
            BadInput, NotFound: a word that names none.
        """
        return await self._decide(words, ServiceState.ACCEPTED)

    async def ignore(self, words: Sequence[str]) -> Sequence[ServiceRecord]:
        """Ignore records: they stay out of lists, and are not proposed again. See `accept`."""
        return await self._decide(words, ServiceState.IGNORED)

    async def _decide(self, words: Sequence[str], decision: ServiceState) -> Sequence[ServiceRecord]:
        changed: list[ServiceRecord] = []
        chosen = {word: self._targets(word) for word in words}

        def change(state: RegistryState) -> tuple[RegistryEdit, Facts]:
            meant = [one for word in words for one in _meant(state, word, chosen[word])]
            changed[:] = [replace(one, decided=decision) for one in dict.fromkeys(meant) if one.decided is not decision]
            return RegistryEdit(save=changed), [self._fact(service, decision.value) for service in changed]

        await self._update(change)
        return changed

    def _targets(self, word: str) -> frozenset[str] | None:
        """Return the targets that a selector chooses; None for a word that is an id."""
        try:
            parse_service_id(word)
        except BadInput:
            return frozenset(row.target.name for row in self._inventory.select(word).rows)
        return None

    async def remove(self, ids: Sequence[str]) -> Sequence[ServiceRecord]:
        """Take records out, with their dependencies; what is still there is proposed again by the next discovery.

        Raises:
            BadInput, NotFound: an id that names none.
        """
        removed: list[ServiceRecord] = []

        def change(state: RegistryState) -> tuple[RegistryEdit, Facts]:
            removed[:] = dict.fromkeys(_known(state, text) for text in ids)
            facts = [self._fact(service, "removed") for service in removed]
            return RegistryEdit(remove=[service.id for service in removed]), facts

        await self._update(change)
        return removed

    async def depend(self, text: str, on: str, *, withdraw: bool = False) -> Dependency:
        """Declare that one service needs another, or withdraw that. A cycle may be declared; `get` tells of it.

        Raises:
            BadInput: an id that is none, or a service that would need itself.
            NotFound: there is no such record, or nothing to withdraw.
        """
        found: list[Dependency] = []

        def change(state: RegistryState) -> tuple[RegistryEdit, Facts]:
            needed = _known(state, on).id
            old = next((one for one in state.dependencies if (one.service, one.on) == (text.strip(), needed)), None)
            if withdraw:
                if old is None:
                    raise NotFound(f"Nothing says that {text} needs {needed}.")
                found[:] = [old]
                return RegistryEdit(free=[(old.service, old.on)]), [self._depends(old, "withdrawn")]
            service = _known(state, text).id
            if service == needed:
                raise BadInput(f"{service} cannot need itself.")
            found[:] = [declared(state.dependencies, service, needed, now=self._clock.now())]
            news = [] if old and old.origin is DependencyOrigin.DECLARED else [self._depends(found[0], "declared")]
            return RegistryEdit(depend=found), news

        await self._update(change)
        return found[0]

    # ------------------------------------------------------------------------------------------ checking

    async def check(self, words: Sequence[str]) -> Sequence[ServiceRecord]:
        """See whether services work, each in the way that its record says; return them with their health.

        Args:
            words: ids, or selectors of targets; none for every accepted record.

        Raises:
            BadInput, NotFound: a word that names none.
        """
        state = await self._store.state()
        if words:
            meant = [one for word in words for one in _meant(state, word, self._targets(word), undecided=False)]
        else:
            meant = [one for one in state.services.values() if one.decided is ServiceState.ACCEPTED]
        findings = await self._health.check(list(dict.fromkeys(meant)))
        return await self.keep_health(findings)

    async def keep_health(
        self, findings: Mapping[str, HealthFinding], fence: Fence | None = None
    ) -> Sequence[ServiceRecord]:
        """Keep what checks found, by id; return the records as they are now. What is no longer there is left out."""
        checked: list[ServiceRecord] = []
        now = self._clock.now()

        def change(state: RegistryState) -> tuple[RegistryEdit, Facts]:
            checked.clear()
            facts: Facts = []
            for name, finding in findings.items():
                old = state.services.get(name)
                if old is None:
                    continue  # removed meanwhile
                new = replace(old, health=finding.health, health_text=finding.text, health_at=now)
                checked.append(new)
                if new.health is not old.health and HealthStatus.UNKNOWN not in (new.health, old.health):
                    facts.append(self._fact(new, "health", f"{old.health} → {new.health}: {new.health_text}"))
            return RegistryEdit(save=checked), facts

        await self._update(change, fence)
        return checked

    # --------------------------------------------------------------------------------------------- facts

    async def _update(
        self, change: Callable[[RegistryState], tuple[RegistryEdit, Sequence[Fact]]], fence: Fence | None = None
    ) -> None:
        _, facts = await self._store.update(change, fence=fence)
        self._ledger.committed(facts)

    def _fact(self, service: ServiceRecord, reason: str, detail: str = "") -> Fact:
        return self._ledger.fact(
            ServiceChanged(
                service=service.id, target=service.target, serves=service.kind, state=service.state, reason=reason,
                detail=detail,
            )
        )  # fmt: skip

    def _depends(self, one: Dependency, reason: str) -> Fact:
        return self._ledger.fact(DependencyChanged(service=one.service, on=one.on, reason=reason))


def _known(state: RegistryState, text: str) -> ServiceRecord:
    parse_service_id(text)
    service = state.services.get(text.strip())
    if service is None:
        raise NotFound(
            f"There is no service {clean_line(text, limit=100)} in the registry.",
            next_step="`opsterm services list` shows what there is, `opsterm services discover` looks for more.",
        )
    return service


def _meant(
    state: RegistryState, word: str, targets: frozenset[str] | None, *, undecided: bool = True
) -> Sequence[ServiceRecord]:
    """Return the records that a word means: one by its id, or those of targets that are not gone."""
    if targets is None:
        return [_known(state, word)]
    states = (ServiceState.FOUND,) if undecided else (ServiceState.FOUND, ServiceState.ACCEPTED)
    found = [one for one in state.services.values() if one.target in targets and one.state in states]
    if not found:
        raise NotFound(
            f"No service of {clean_line(word, limit=100)} {'waits for a decision' if undecided else 'is known'}.",
            next_step="`opsterm services list` shows what there is, `opsterm services discover` looks for more.",
        )
    return found
