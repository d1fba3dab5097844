"""Use-cases of SNMP: ask many agents the same and get equal results for each, as data. Reads only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from opsterm.core.errors import BadInput, ExitCode, OpstermError, StorageError, Unreachable
from opsterm.core.snmp_settings import SnmpSettings
from opsterm.inventory.target import Protocol, Target
from opsterm.monitoring import snmp_profile
from opsterm.monitoring.mib import COLUMNS, instance_of, parse_oid
from opsterm.monitoring.snmp_profile import SnmpProfile, profile_of
from opsterm.monitoring.snmp_values import Binding, SnmpTable, as_table
from opsterm.policy.order import OrderTarget
from opsterm.runtime.credentials import SNMP, SNMP_TRAPS
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.measurers import read_snapshot
from opsterm.runtime.ports_snmp import SnmpLogin, SnmpReader, Walked

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class SnmpAnswer(Generic[T]):
    """What came of one target: something, or why not.

    Attributes:
        target: its name.
        found: what it answered, None when it did not.
        error: the first sentence of what went wrong, "" when nothing did.
        why: the sentence behind it.
        next_step: what to do.
        reached: whether it could be reached at all.
    """

    target: str
    found: T | None = None
    error: str = ""
    why: str = ""
    next_step: str = ""
    reached: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFound:
    """A table, and whether the limit cut it off."""

    table: SnmpTable
    truncated: bool


def exit_code(answers: Sequence[SnmpAnswer[T]]) -> ExitCode:
    """Return 0 when all answered, 3 when none could be reached, else 1."""
    failed = [answer for answer in answers if answer.error]
    if not failed:
        return ExitCode.DONE
    if all(not answer.reached for answer in answers):
        return ExitCode.UNREACHABLE
    return ExitCode.SOME_FAILED


class Snmp:
    """Asks SNMP agents, several at a time."""

    def __init__(
        self, settings: SnmpSettings, inventory: Callable[[], Inventory],
        open_reader: Callable[[], Awaitable[SnmpReader]],
    ) -> None:  # fmt: skip
        self._settings = settings
        self._inventory = inventory
        self._open_reader = open_reader
        self._opened: SnmpReader | None = None
        self._opening = asyncio.Lock()

    async def reader(self) -> SnmpReader:
        """Return what asks the agents, made when first needed: its library takes a tenth of a second to load."""
        async with self._opening:
            if self._opened is None:
                self._opened = await self._open_reader()
            return self._opened

    async def check(self, target: OrderTarget) -> None:
        """See whether an agent answers; see `SnmpReader.check`."""
        await (await self.reader()).check(target)

    async def close(self) -> None:
        """Close every socket. Safe to call twice."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.close()

    async def get(self, selector: str, objects: Sequence[str]) -> Sequence[SnmpAnswer[Sequence[Binding]]]:
        """Return the values of some objects on each target. Raises BadInput, BadSelector, NotFound."""
        oids = [instance_of(parse_oid(text)) for text in objects]
        reader = await self.reader()
        return await self._each(selector, lambda target: reader.get(target, oids))

    async def walk(self, selector: str, roots: Sequence[str], *, limit: int = 0) -> Sequence[SnmpAnswer[Walked]]:
        """Return what is below each root on each target, at most `limit` values (0: `snmp.walk_limit`)."""
        oids = [parse_oid(text) for text in roots]
        reader = await self.reader()
        return await self._each(selector, lambda target: reader.walk(target, oids, limit=self._limit(limit)))

    async def table(self, selector: str, table: str, *, limit: int = 0) -> Sequence[SnmpAnswer[TableFound]]:
        """Return a table as rows on each target: a named table, its entry, or the number of any."""
        root = parse_oid(table)
        reader = await self.reader()

        async def read(target: OrderTarget) -> TableFound:
            found = await reader.walk(target, COLUMNS.get(root, [root]), limit=self._limit(limit))
            return TableFound(table=as_table(root, found.bindings), truncated=found.truncated)

        return await self._each(selector, read)

    async def profile(self, selector: str) -> Sequence[SnmpAnswer[SnmpProfile]]:
        """Return what each target is."""
        reader = await self.reader()

        async def read(target: OrderTarget) -> SnmpProfile:
            trees, scalars = snmp_profile.TREES, snmp_profile.SCALARS
            return profile_of(
                await read_snapshot(reader, target, scalars, trees, limit=self._settings.walk_limit, monotonic=0.0)
            )

        return await self._each(selector, read)

    async def keep_login(self, selector: str, login: SnmpLogin, *, for_traps: bool = False) -> Sequence[str]:
        """Keep one log-in for each target; return their names. Raises BadInput for one that cannot be used.

        Args:
            selector: which targets; for traps those of any protocol, for any host may send some.
            login: what is kept.
            for_traps: whether it is for what they send by themselves only.
        """
        rows = await self._inventory().resolve(selector) if for_traps else ()
        targets = [row.target for row in rows] if for_traps else await self._targets(selector)
        reader = await self.reader()
        for target in targets:
            await reader.keep(target.name, login, service=SNMP_TRAPS if for_traps else SNMP)
        return [target.name for target in targets]

    def _limit(self, given: int) -> int:
        return given or self._settings.walk_limit

    async def _targets(self, selector: str) -> Sequence[Target]:
        """Return the chosen targets, all of protocol snmp; one of another protocol that is named so is refused."""
        chosen = [row.target for row in await self._inventory().resolve(selector)]
        found = [target for target in chosen if target.protocol is Protocol.SNMP]
        if not found and chosen:
            other = chosen[0]
            raise BadInput(
                f"{other.name} is reached by {other.protocol}, not by SNMP."
                if len(chosen) == 1
                else f"None of the {len(chosen)} chosen targets is reached by SNMP.",
                next_step="Add the agent as a target of its own: "
                f"opsterm targets add {other.name}-snmp --address {other.reach} --protocol snmp",
            )
        return found

    async def _each(
        self, selector: str, read: Callable[[OrderTarget], Awaitable[R]]
    ) -> Sequence[SnmpAnswer[R]]:  # fmt: skip
        targets = await self._targets(selector)
        gate = asyncio.Semaphore(self._settings.parallel)

        async def one(target: Target) -> SnmpAnswer[R]:
            async with gate:
                try:
                    return SnmpAnswer(target=target.name, found=await read(self._inventory().order_target(target)))
                except StorageError as error:  # of the keyring: no target's fault, and the same for each
                    faults.append(error)
                    return _failure(target.name, error)
                except OpstermError as error:
                    return _failure(target.name, error)

        faults: list[StorageError] = []
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(target)) for target in targets]
        if faults:
            raise faults[0]
        return [task.result() for task in tasks]


def _failure(name: str, error: OpstermError) -> SnmpAnswer[R]:
    return SnmpAnswer(
        target=name, error=error.what, why=error.why, next_step=error.next_step,
        reached=not isinstance(error, Unreachable),
    )  # fmt: skip
