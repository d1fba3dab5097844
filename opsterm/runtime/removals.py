"""Use-cases of what changes have moved aside instead of deleting it: what of it is still there, and throwing it away.

Throwing it away is a change like any other. Nothing of it is kept beforehand, or no room would be freed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from opsterm.changes.moved_aside import MovedAside, discarding, moved_aside_by
from opsterm.core.errors import BadInput, OpstermError
from opsterm.policy.mask import mask
from opsterm.policy.order import RunAs
from opsterm.runtime.changes import Changes
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.offload import Offload
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.questions import Questions

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
        questions: asks targets.
    """

    def __init__(self, changes: Changes, inventory: Inventory, offload: Offload, questions: Questions) -> None:
        self._changes = changes
        self._inventory = inventory
        self._offload = offload
        self._questions = questions

    async def look(self, selector: str = "") -> Sequence[SeenAside]:
        """Ask targets what is still there, the oldest first; folders that are gone are among it.

        Raises:
            BadInput: no target matches.
        """
        names = {row.target.name for row in await self._inventory.resolve(selector)} if selector else None
        changes = await self._changes.list(limit=MOST_CHANGES)
        found = await self._offload.run("previews", lambda: moved_aside_by(changes))
        wanted = sorted(
            (one for one in found if names is None or one.target in names), key=lambda one: (one.target, one.become)
        )
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._look(target, become, list(folders)))
                for (target, become), folders in groupby(wanted, key=lambda one: (one.target, one.become))
            ]
        return sorted((seen for task in tasks for seen in task.result()), key=lambda seen: seen.folder.at)

    async def _look(self, name: str, become: str, folders: Sequence[MovedAside]) -> list[SeenAside]:
        try:
            # A path begins with "/" or "./", so it is no option.
            told = await self._questions.ask(name, [("du", "-sk", one.path) for one in folders], become=become)
        except OpstermError as error:
            why = mask(error.what)[0]
            return [SeenAside(folder=one, state="unknown", why=why) for one in folders]
        return [_seen(one, text) for one, text in zip(folders, told, strict=True)]

    async def proposals(self, found: Sequence[SeenAside], *, reason: str, origin: str) -> list[Proposal]:
        """Return what would throw away those that are there, few changes for many targets.

        Raises:
            BadInput: none of them is there.
        """
        there = [one.folder for one in found if one.state == "there"]
        if not there:
            raise BadInput("Nothing that was moved aside is there.", next_step="`opsterm snapshot removed` lists it.")
        made = []
        for command, become, names in discarding(there):
            changes = sorted({one.change for one in there if one.target in names and one.path in command})
            undone = ", ".join(f"c{number}" for number in changes)
            made.append(
                Proposal(
                    command=command, selector=" or ".join(names), how=RunAs(become=become), origin=origin,
                    reason=reason or f"frees the room of what {undone} moved aside", way_back=False,
                    warnings=(f"After that {undone} can no longer be taken back.",),
                )
            )  # fmt: skip
        return made


def _seen(folder: MovedAside, text: str) -> SeenAside:
    """Return what du has said of a folder."""
    for line in text.splitlines():
        size, _, name = line.partition("\t")
        if size.isdigit() and name == folder.path:
            return SeenAside(folder=folder, state="there", size=int(size) * 1024)
    if "No such file" in text:
        return SeenAside(folder=folder, state="gone")
    return SeenAside(folder=folder, state="unknown", why=mask(" ".join(text.split())[:200])[0] or "It did not say.")
