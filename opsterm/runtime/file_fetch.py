"""One file from a target to a private file of the operator: by the policy, within the room, in the audit first."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from opsterm.core.errors import BadInput, OpstermError, Refused
from opsterm.core.text import clean_line
from opsterm.policy.order import OrderTarget
from opsterm.policy.secret_paths import secret_refusal
from opsterm.runtime.events import FileFetched
from opsterm.runtime.fetch_room import FetchRoom, Taking
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Connector
from opsterm.runtime.ports_files import FoundFile, NewFile, NewFiles

Progress = Callable[[str, int, int], None]
"""Called with the target, the bytes that have come, and the file's size (0 when it is not known)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came of fetching a file from one target.

    Attributes:
        target: its name.
        path: as it was asked for.
        real_path: with symbolic links followed; "" when it was not come as far as that.
        local: where it is now; where it would be when it failed.
        size: bytes that came.
        sha256: of them, "" when it failed.
        resumed_at: bytes that were here from an earlier try.
        error: why it failed, None when it is there.
    """

    target: str
    path: str
    real_path: str = ""
    local: Path
    size: int = 0
    sha256: str = ""
    resumed_at: int = 0
    error: OpstermError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """How one file is fetched.

    Attributes:
        local: where it goes.
        force: whether a file that is there is replaced.
        folders: whether folders above it are made.
        limit: its most bytes.
        resume: whether what comes is kept when it breaks off, and gone on with.
        progress: told how far it is.
    """

    local: Path
    force: bool
    folders: bool
    limit: int
    resume: bool
    progress: Progress | None


class FileFetch:
    """Copies files; what goes wrong is raised."""

    def __init__(
        self, ledger: Ledger, connector: Callable[[], Awaitable[Connector]],
        new_files: Callable[[], Awaitable[NewFiles]], room: FetchRoom,
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._connector = connector
        self._new_files = new_files
        self._room = room

    async def copy(self, target: OrderTarget, path: str, fetch: Fetch) -> Fetched:
        """Copy to a file that is made when the policy has seen where the path leads; one to go on with, before.

        Raises:
            OpstermError: as `Connector.read_file`, `FetchRoom.taken` and `NewFiles.create`; Refused by the policy.
        """
        files = await self._new_files()
        if fetch.resume and (here := await self._already_here(files, target, path, fetch.local)):
            return here
        file = await self._made(files, fetch) if fetch.resume else None
        try:
            have = await file.have() if file is not None else None
            pieces = (await self._connector()).read_file(target, path, have=have)
            async with aclosing(pieces):  # type: ignore[type-var]  # an async generator
                found = await anext(pieces)
                if not isinstance(found, FoundFile):
                    raise BadInput(f"{target.name} sent a file without saying what it is.")
                require_harmless(target.name, found.real_path)
                left, name = found.size - found.offset, f"{path} on {target.name}"
                async with self._room.taken(name, left, fetch.local, limit=fetch.limit) as room:
                    file = file or await self._made(files, fetch)
                    await file.begin_at(found.offset)
                    size, sha256 = await _written(file, pieces, found, target.name, room, fetch)
            fetched = Fetched(
                target=target.name, path=path, real_path=found.real_path, local=fetch.local, size=size, sha256=sha256,
                resumed_at=found.offset,
            )  # fmt: skip
            await self.tell(fetched)  # before anybody has it
            await file.finish()
        finally:
            if file is not None:
                await file.discard()
        return fetched

    async def _made(self, files: NewFiles, fetch: Fetch) -> NewFile:
        return await files.create(fetch.local, replace=fetch.force, folders=fetch.folders, resume=fetch.resume)

    async def _already_here(self, files: NewFiles, target: OrderTarget, path: str, local: Path) -> Fetched | None:
        """Return the file that an earlier try has brought to its end, None when there is none that is the same."""
        have = await files.existing(local)
        if have is None:
            return None
        pieces = (await self._connector()).read_file(target, path, have=have)
        async with aclosing(pieces):  # type: ignore[type-var]  # an async generator
            found = await anext(pieces)
        if not isinstance(found, FoundFile) or not have.size == found.size == found.offset:
            return None
        return Fetched(
            target=target.name, path=path, real_path=found.real_path, local=local, size=have.size, sha256=have.sha256,
            resumed_at=have.size,
        )  # fmt: skip

    async def tell(self, fetched: Fetched) -> None:
        """Note in the audit what was fetched. Raises StorageError."""
        event = FileFetched(
            target=fetched.target, path=clean_line(fetched.path), real_path=clean_line(fetched.real_path),
            size=fetched.size, sha256=fetched.sha256, local=clean_line(str(fetched.local)),
        )  # fmt: skip
        await self._ledger.record(self._ledger.fact(event))


async def _written(
    file: NewFile, pieces: AsyncIterator[FoundFile | bytes], found: FoundFile, target: str, room: Taking, fetch: Fetch
) -> tuple[int, str]:  # fmt: skip
    """Write what comes; return how large the file is then, and its sha256."""
    size, digest = found.offset, hashlib.sha256()
    room.require_allowed(found.size)
    async for piece in pieces:
        if isinstance(piece, FoundFile):
            continue
        await room.came(len(piece), size + len(piece))
        await file.write(piece)
        digest.update(piece)
        size += len(piece)
        if fetch.progress is not None:
            fetch.progress(target, size, found.size)
    if size < found.size:
        kept = "what came is kept for --resume" if fetch.resume else "nothing was kept"
        raise BadInput(
            f"{clean_line(found.real_path, limit=300)} on {target} became shorter while it was read.",
            why=f"{size} of {found.size} bytes came; {kept}.", next_step="Fetch it again.",
        )  # fmt: skip
    whole = await file.have() if found.offset else None
    return size, whole.sha256 if whole is not None else digest.hexdigest()


def require_harmless(target: str, path: str) -> None:
    """Refuse what the policy takes for a secret; asked for the path as written, and for where it leads."""
    why = secret_refusal(path)
    if why:
        shown = clean_line(path, limit=300)
        raise Refused(
            f"{shown} was not fetched from {target}.",
            why=why,
            next_step=f"If you need it, propose to read it: opsterm propose --on {target} -- cat {shown}\n"
            "What that prints is kept byte for byte, up to changes.output_limit_kb: opsterm output ID --raw",
        )
