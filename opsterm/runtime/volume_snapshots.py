"""Use-cases of snapshots that targets' own file systems take: take, list, go back to, remove.

Taking one changes its target, so that each of these but the list proposes a change. Which snapshots there are is known
from the changes that took them, and targets are asked whether they are still there.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from opsterm.changes.rewriting.rewrite import stamp_of
from opsterm.changes.volumes import SUBVOLUME_INODE, Volume, VolumeKind, VolumeSnapshot, snapshots_taken_by, volume_at
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound, OpstermError
from opsterm.core.text import clean_line
from opsterm.policy.mask import mask
from opsterm.policy.order import RunAs
from opsterm.runtime.changes import Changes
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.offload import Offload
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.questions import Questions
from opsterm.runtime.removals import MOST_CHANGES

_SAME_DISKS = "It lies on the same disks as what it is of, and is lost with them; it is as after a power cut."


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeWish:
    """What a snapshot is to be taken of.

    Attributes:
        selector: which targets.
        paths: absolute; the volumes that hold them are meant, whole.
        kind: what has to take it; None for whichever there is.
        become: the account that sudo becomes there, "" for the one that logs in.
        reason: why, "" when not said.
    """

    selector: str
    paths: tuple[str, ...]
    kind: VolumeKind | None = None
    become: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WishedVolumes:
    """What would take snapshots, and why some targets cannot, by their names."""

    proposals: tuple[Proposal, ...]
    without: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSnapshot:
    """A snapshot, as its target says it is: `state` is "there", "gone" or "unknown", and then `why` says why."""

    snapshot: VolumeSnapshot
    state: str
    why: str = ""


class VolumeSnapshots:
    """Snapshots of LVM, btrfs and ZFS.

    Args:
        changes: what took them.
        questions: asks targets.
        clock: names them.
    """

    def __init__(
        self, changes: Changes, inventory: Inventory, offload: Offload, questions: Questions, clock: Clock
    ) -> None:
        self._changes = changes
        self._inventory = inventory
        self._offload = offload
        self._questions = questions
        self._clock = clock

    async def taking(self, wish: VolumeWish, *, origin: str) -> WishedVolumes:
        """Ask targets what holds the paths, and return what would take snapshots of that.

        Raises:
            BadInput: no target matches, nothing is named, or a path is not whole.
        """
        if not wish.paths or not all(path.startswith("/") and "\n" not in path for path in wish.paths):
            raise BadInput("Name paths from / on: the volumes that hold them are meant.", next_step="As in /srv.")
        names = [row.target.name for row in await self._inventory.resolve(wish.selector)]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._volumes(name, wish)) for name in names]
        stamp = stamp_of(self._clock.now())
        targets: dict[str, list[str]] = {}
        without = {}
        for name, task in zip(names, tasks, strict=True):
            found = task.result()
            if isinstance(found, str):
                without[name] = found
            else:
                targets.setdefault(" && ".join(volume.taking(stamp) for volume in found), []).append(name)
        proposals = [
            Proposal(
                command=command, selector=" or ".join(on), how=RunAs(become=wish.become), origin=origin,
                reason=wish.reason or "takes snapshots of volumes", way_back=False, warnings=(_SAME_DISKS,),
            )
            for command, on in targets.items()
        ]  # fmt: skip
        return WishedVolumes(proposals=tuple(proposals), without=without)

    async def _volumes(self, name: str, wish: VolumeWish) -> Sequence[Volume] | str:
        """Return what holds the paths on a target, or why it is not known or not of the wanted kind."""
        paths = list(dict.fromkeys(posixpath.normpath(path) for path in wish.paths))
        above = sorted({folder for path in paths for folder in _folders(path)})
        try:
            told = await self._questions.ask(
                name,
                [
                    ("lvs",), *(("findmnt", "-n", "-o", "SOURCE,FSTYPE,TARGET,FSROOT", "-T", path) for path in paths),
                    *(("stat", "-c", "%i", folder) for folder in above),
                ],
                become=wish.become,
            )  # fmt: skip
        except OpstermError as error:
            return mask(f"{error.what} {error.why}".strip())[0]
        inodes = {folder: text.strip() for folder, text in zip(above, told[1 + len(paths) :], strict=True)}
        found: dict[Volume, None] = {}
        for path, mounted in zip(paths, told[1:], strict=False):
            volume = volume_at(path, mounted, inodes, told[0])
            if volume is None or wish.kind not in (None, volume.kind):
                has = f"{volume.kind} has" if volume else "neither LVM, btrfs nor ZFS has"
                return f"{has} {clean_line(path, limit=200)} there; lvs tells of volumes to root alone."
            found[volume] = None
        return tuple(found)

    async def look(self, selector: str = "") -> Sequence[SeenSnapshot]:
        """Ask targets which snapshots are still there, the oldest first. Raises BadInput when no target matches."""
        names = {row.target.name for row in await self._inventory.resolve(selector)} if selector else None
        changes = await self._changes.list(limit=MOST_CHANGES)
        taken = await self._offload.run("previews", lambda: snapshots_taken_by(changes))
        groups: dict[tuple[str, str], list[VolumeSnapshot]] = {}
        for one in taken:
            if names is None or one.target in names:
                groups.setdefault((one.target, one.become), []).append(one)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._look(*key, found)) for key, found in groups.items()]
        return sorted((seen for task in tasks for seen in task.result()), key=lambda seen: seen.snapshot.at)

    async def _look(self, name: str, become: str, taken: Sequence[VolumeSnapshot]) -> list[SeenSnapshot]:
        try:
            told = await self._questions.ask(name, [_question(one) for one in taken], become=become)
        except OpstermError as error:
            return [SeenSnapshot(snapshot=one, state="unknown", why=mask(error.what)[0]) for one in taken]
        return [_seen(one, text) for one, text in zip(taken, told, strict=True)]

    async def dropping(self, change: int, selector: str, *, reason: str, origin: str) -> list[Proposal]:
        """Return what would remove the snapshots that a change took. Raises BadInput, NotFound."""
        why = f"removes the snapshots that c{change} took"
        return await self._about(change, selector, lambda one: (one.dropping, ""), reason=reason or why, origin=origin)

    async def reverting(self, change: int, selector: str, *, reason: str, origin: str) -> list[Proposal]:
        """Return what would put volumes back to the snapshots that a change took. Raises BadInput, NotFound."""
        stamp, why = stamp_of(self._clock.now()), f"puts volumes back to the snapshots that c{change} took"
        return await self._about(
            change, selector, lambda one: one.reverting(stamp), reason=reason or why, origin=origin
        )

    async def _about(
        self, change: int, selector: str, make: Callable[[VolumeSnapshot], tuple[str, str]], *, reason: str,
        origin: str,
    ) -> list[Proposal]:  # fmt: skip
        there = [one.snapshot for one in await self.look(selector) if one.state == "there"]
        wanted = [one for one in there if one.change == change]
        if not wanted:
            raise NotFound(
                f"No snapshot that c{change} took is there.",
                next_step="`opsterm snapshot volumes` lists those there are.",
            )
        parts: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for one in wanted:
            parts.setdefault((one.target, one.become), []).append(make(one))
        targets: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
        for (target, become), made in parts.items():
            said = tuple(dict.fromkeys(text for _, text in made if text))
            targets.setdefault((" && ".join(command for command, _ in made), become, said), []).append(target)
        return [
            Proposal(
                command=command, selector=" or ".join(on), how=RunAs(become=become), origin=origin, reason=reason,
                way_back=False, warnings=said,
            )
            for (command, become, said), on in targets.items()
        ]  # fmt: skip


def _folders(path: str) -> list[str]:
    """Return a path and the folders above it, but for the root."""
    found = []
    while path not in ("/", ""):
        found.append(path)
        path = posixpath.dirname(path)
    return found


def _question(one: VolumeSnapshot) -> tuple[str, ...]:
    if one.kind is VolumeKind.LVM:
        return ("lvs",)
    if one.kind is VolumeKind.BTRFS:
        return ("stat", "-c", "%i", one.name)
    return ("zfs", "list", "-H", "-p", "-t", "snapshot", "-o", "name", one.origin)


def _seen(one: VolumeSnapshot, text: str) -> SeenSnapshot:
    lines = [line.split() for line in text.splitlines()]
    group, _, name = one.name.partition("/")
    there, answered = {
        VolumeKind.LVM: ([name, group] in [line[:2] for line in lines], ["LV", "VG"] in [line[:2] for line in lines]),
        VolumeKind.BTRFS: (text.strip() == SUBVOLUME_INODE, "No such file" in text),
        VolumeKind.ZFS: (one.name in text.splitlines(), not text.startswith(("cannot", "zfs:", "sh:"))),
    }[one.kind]
    if there or answered:
        return SeenSnapshot(snapshot=one, state="there" if there else "gone")
    why = mask(clean_line(text, limit=200))[0] or "It did not say."
    return SeenSnapshot(snapshot=one, state="unknown", why=why)
