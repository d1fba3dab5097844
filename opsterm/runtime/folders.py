"""Use-case of folders: fetch all files below one from targets; what is left out is told, and why."""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from opsterm.core.errors import BadInput, NotFound, OpstermError, Refused
from opsterm.core.text import clean_line
from opsterm.policy.order import OrderTarget
from opsterm.policy.secret_paths import secret_refusal
from opsterm.runtime.file_fetch import Fetch, Fetched, Progress
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ports import Connector
from opsterm.runtime.ports_files import EntryKind, FoundEntry

FILES_AT_ONCE = 4
"""Files of one target that are under way at the same time, on its connection."""

_WHY_NOT = {
    EntryKind.LINK: "It is a symbolic link; what it leads to is fetched by its own path.",
    EntryKind.OTHER: "It is a device, pipe or socket.",
    EntryKind.UNREADABLE: "This folder may not be read by the account.",
    EntryKind.ODD: "Its name holds a control character or leads elsewhere.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something below a folder that was not fetched; `path` is as it is on the target."""

    path: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedFolder:
    """What came of fetching a folder from one target.

    Attributes:
        target: its name.
        path: of the folder there.
        local: the folder here.
        files: each file that was tried, failures too.
        left_out: what was not tried.
        error: why the folder could not be listed, None when it was.
    """

    target: str
    path: str
    local: Path
    files: tuple[Fetched, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    error: OpstermError | None = None

    @property
    def size(self) -> int:
        """Bytes that came."""
        return sum(one.size for one in self.files if one.error is None)


class Folders:
    """Folders from targets: every file of them is fetched as one file is, with its policy and its audit."""

    def __init__(
        self, inventory: Inventory, connector: Callable[[], Awaitable[Connector]], *,
        fetch: Callable[[OrderTarget, str, Fetch], Awaitable[Fetched]], limit: Callable[[int | None], int],
        require_writable: Callable[[], None], parallel: int,
    ) -> None:  # fmt: skip
        self._inventory = inventory
        self._connector = connector
        self._fetch = fetch
        self._limit = limit
        self._require_writable = require_writable
        self._parallel = parallel

    async def get(
        self, selector: str, path: str, local: Path, *, by_target: bool, force: bool = False, resume: bool = False,
        limit_mb: int | None = None,
        progress: Progress | None = None,
    ) -> Sequence[FetchedFolder]:  # fmt: skip
        """Fetch the files below a folder from each target; failures are data.

        Args:
            selector: which targets.
            path: of the folder, absolute.
            local: the folder here in which it gets its own name.
            by_target: whether each target gets a folder of its name in between.
            force: whether files that are here are replaced.
            resume: see `FileTransfers.get`.
            limit_mb: megabytes that each file may have; None for the setting.
            progress: told of each target the bytes that have come, of all its files.

        Raises:
            BadInput: no target matches, or `path` is no whole path of a folder.
            Refused: read-only mode, or the policy takes all of it for secrets.
        """
        folder = _checked(path)
        rows = await self._inventory.resolve(selector)
        limit, gate = self._limit(limit_mb), asyncio.Semaphore(self._parallel)

        async def one(target: OrderTarget) -> FetchedFolder:
            async with gate:
                here = (local / target.name if by_target else local) / posixpath.basename(folder)
                return await self._from_one(
                    target, folder, here, force=force, resume=resume, limit=limit, progress=progress
                )

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(self._inventory.order_target(row.target))) for row in rows]
        return [task.result() for task in tasks]

    async def listed(self, target: OrderTarget, folder: str) -> Mapping[str, EntryKind]:
        """Return what is below a folder of a target, by path from there on; nothing when there is no such folder.

        Raises:
            Refused: read-only mode.
            OpstermError: as `Connector.list_files`.
        """
        self._require_writable()
        try:
            async with aclosing((await self._connector()).list_files(target, folder)) as entries:  # type: ignore[type-var]  # an async generator
                return {entry.path: entry.kind async for entry in entries}
        except NotFound:
            return {}

    async def _from_one(
        self, target: OrderTarget, folder: str, local: Path, *, force: bool, resume: bool, limit: int,
        progress: Progress | None,
    ) -> FetchedFolder:  # fmt: skip
        wanted: list[FoundEntry] = []
        left: list[LeftOut] = []
        try:
            self._require_writable()
            async with aclosing((await self._connector()).list_files(target, folder)) as entries:  # type: ignore[type-var]  # an async generator
                async for entry in entries:
                    why = _why_not(folder, entry)
                    if why:
                        left.append(LeftOut(path=posixpath.join(folder, entry.path), why=why))
                    elif entry.kind is EntryKind.FILE:
                        wanted.append(entry)
        except OpstermError as error:
            return FetchedFolder(target=target.name, path=folder, local=local, left_out=tuple(left), error=error)
        come: dict[str, int] = {}
        whole = sum(entry.size for entry in wanted)
        gate = asyncio.Semaphore(FILES_AT_ONCE)

        async def one(entry: FoundEntry) -> Fetched:
            def tell(name: str, size: int, _: int) -> None:
                come[entry.path] = size
                if progress is not None:
                    progress(name, sum(come.values()), whole)

            async with gate:
                fetch = Fetch(
                    local=local / entry.path, force=force, folders=True, limit=limit, resume=resume, progress=tell
                )
                return await self._fetch(target, posixpath.join(folder, entry.path), fetch)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(entry)) for entry in wanted]
        fetched = tuple(task.result() for task in tasks)
        return FetchedFolder(target=target.name, path=folder, local=local, files=fetched, left_out=tuple(left))


def _why_not(folder: str, entry: FoundEntry) -> str:
    """Return why something is not fetched, "" when it is, or when it is a folder to look into."""
    if entry.kind in _WHY_NOT:
        return _WHY_NOT[entry.kind]
    return secret_refusal(posixpath.join(folder, entry.path)) if entry.kind is EntryKind.FILE else ""


def _checked(path: str) -> str:
    """Return a folder's path without the slash at its end. Raises BadInput, Refused."""
    plain = posixpath.normpath(path)
    if not path.startswith("/") or "\0" in path or plain.strip("/") == "":
        raise BadInput(
            f"{clean_line(path, limit=200)!r} is not the whole path of a folder.",
            next_step="Write it from / on, as in web-01:/etc/nginx; all of / is not fetched.",
        )
    if why := secret_refusal(posixpath.join(plain, "x")) if plain.startswith(("/proc", "/sys", "/dev")) else "":
        raise Refused(f"{plain} is not fetched.", why=why, next_step="Name the files that you want.")
    return "/" + plain.lstrip("/")
