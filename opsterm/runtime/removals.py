"""Use-cases of what changes have moved aside instead of deleting it: what of it is still there, and throwing it away.

Throwing it away is a change like any other. Nothing of it is kept beforehand, or no room would be freed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from opsterm.changes.moved_aside import MovedAside, discarding, moved_aside_by
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, OpstermError
from opsterm.monitoring.sections import sections_of
from opsterm.policy.approval import require_writable
from opsterm.policy.mask import mask
from opsterm.policy.order import RunAs
from opsterm.policy.preview.command import (
    MOST_COMMANDS,
    PreviewCommand,
    PreviewScript,
    refusal_of_preview,
    section_names,
)
from opsterm.runtime.changes import Changes
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Connector
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.remote_look import preview_on

LIMIT_S = 60.0
MOST_CHANGES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAside:
    """A folder, as its target says it is.

    Attributes:
        folder: which.
        state: "there", "gone", or "unknown" when the target could not say.
        size: bytes that it takes on the disk, of one that is there.
        why: why it is unknown.
    """

    folder: MovedAside
    state: str
    size: int = 0
    why: str = ""


class Removals:
    """What was moved aside.

    Args:
        changes: what ran.
        connector: opens sessions.
        parallel: targets that are asked at the same time.
        read_only: the setting changes.read_only: nobody is logged in to.
    """

    def __init__(
        self, changes: Changes, inventory: Inventory, clock: Clock, offload: Offload,
        connector: Callable[[], Awaitable[Connector]], *, parallel: int, read_only: bool,
    ) -> None:  # fmt: skip
        self._changes = changes
        self._inventory = inventory
        self._clock = clock
        self._offload = offload
        self._connector = connector
        self._parallel = parallel
        self._read_only = read_only

    async def look(self, selector: str = "") -> Sequence[SeenAside]:
        """Ask targets what is still there, the oldest first; folders that are gone are among it.

        Raises:
            BadInput: no target matches.
            Refused: read-only mode.
        """
        require_writable(read_only=self._read_only, what="asked of targets")
        names = {row.target.name for row in await self._inventory.resolve(selector)} if selector else None
        changes = await self._changes.list(limit=MOST_CHANGES)
        found = await self._offload.run("previews", lambda: moved_aside_by(changes))
        wanted = sorted(
            (one for one in found if names is None or one.target in names), key=lambda one: (one.target, one.become)
        )
        turns = asyncio.Semaphore(self._parallel)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._look(turns, target, become, list(folders)))
                for (target, become), folders in groupby(wanted, key=lambda one: (one.target, one.become))
            ]
        return sorted((seen for task in tasks for seen in task.result()), key=lambda seen: seen.folder.at)

    async def _look(
        self, turns: asyncio.Semaphore, name: str, become: str, folders: Sequence[MovedAside]
    ) -> list[SeenAside]:  # fmt: skip
        target = self._inventory.target(name)
        if target is None:
            return [SeenAside(folder=one, state="unknown", why="It is no longer among the targets.") for one in folders]
        strange = [one for one in folders if refusal_of_preview(_size_of(one))]
        seen = [SeenAside(folder=one, state="unknown", why="Its name cannot be asked for.") for one in strange]
        folders = [one for one in folders if one not in strange]
        async with turns:
            for at in range(0, len(folders), MOST_COMMANDS):
                some = folders[at : at + MOST_COMMANDS]
                commands = tuple(PreviewCommand(words=_size_of(one)) for one in some)
                script = PreviewScript(commands=commands, become=become)
                try:
                    told = await preview_on(
                        await self._connector(), self._inventory.order_target(target), script, limit_s=LIMIT_S,
                        clock=self._clock,
                    )  # fmt: skip
                except OpstermError as error:
                    why = mask(error.what)[0]
                    return [*seen, *(SeenAside(folder=one, state="unknown", why=why) for one in folders[at:])]
                lines = sections_of(told.text).lines
                seen += [_seen(one, lines.get(section_names(number)[0], ())) for number, one in enumerate(some)]
        return seen

    async def proposals(self, found: Sequence[SeenAside], *, reason: str, origin: str) -> list[Proposal]:
        """Return what would throw away those that are there, few changes for many targets.

        Raises:
            BadInput: none of them is there.
        """
        there = [one.folder for one in found if one.state == "there"]
        if not there:
            raise BadInput("Nothing that was moved aside is there.", next_step="`opsterm snapshot removed` lists it.")
        by_path = {(one.path, one.target): one.change for one in there}
        made = []
        for command, become, names in discarding(there):
            changes = sorted({by_path[path, name] for path, name in by_path if name in names and path in command})
            undone = ", ".join(f"c{number}" for number in changes)
            made.append(
                Proposal(
                    command=command, selector=" or ".join(names), how=RunAs(become=become), origin=origin,
                    reason=reason or f"frees the room of what {undone} moved aside", way_back=False,
                    warnings=(f"After that {undone} can no longer be taken back.",),
                )
            )  # fmt: skip
        return made


def _size_of(folder: MovedAside) -> tuple[str, ...]:
    return ("du", "-sk", folder.path)  # it begins with "/" or "./", so it is no option


def _seen(folder: MovedAside, lines: Sequence[str]) -> SeenAside:
    """Return what du has said of a folder."""
    for line in lines:
        size, _, name = line.partition("\t")
        if size.isdigit() and name == folder.path:
            return SeenAside(folder=folder, state="there", size=int(size) * 1024)
    said = " ".join(lines).strip()
    if "No such file" in said:
        return SeenAside(folder=folder, state="gone")
    return SeenAside(folder=folder, state="unknown", why=mask(said[:200])[0] or "It did not say.")
