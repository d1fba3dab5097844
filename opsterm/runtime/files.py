"""Use-cases of files: fetch one from a target at once, propose to put one on targets.

A fetch changes nothing and goes to one private file of the operator, so it needs no approval, but for what the policy
takes for a secret. Putting a file is a change like any other: here it is proposed, and the executor carries it out.
"""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from pathlib import Path

from opsterm.changes import lifecycle
from opsterm.changes.change import Change, ChangeState
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, OpstermError, StorageError, Unreachable
from opsterm.core.http_request import parse_request
from opsterm.core.settings import ChangeSettings
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text
from opsterm.policy.approval import require_writable
from opsterm.policy.file_put import PUT
from opsterm.policy.mask import mask
from opsterm.policy.order import HTTP, OrderTarget
from opsterm.policy.put_order import puts_of
from opsterm.runtime.changes import SWEPT_AT_ONCE, Changes
from opsterm.runtime.fetch_room import FetchRoom
from opsterm.runtime.file_fetch import Fetch, Fetched, FileFetch, Progress, require_harmless
from opsterm.runtime.folders import Folders
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Connector
from opsterm.runtime.ports_files import Contents, FoundFile, NewFiles
from opsterm.runtime.put_proposals import PutProposals, PutWish
from opsterm.runtime.put_review import SHOWN_BYTES, ContentReview
from opsterm.runtime.put_reviews import PutReviews
from opsterm.runtime.refusals import refusals_told
from opsterm.runtime.supervisor import Heart

TIDY_EVERY_S = 600.0
GRACE_S = 3600.0
"""Seconds for which a content is kept whatever the changes say: its proposal may be on its way."""


class FileTransfers:
    """Files from targets, and proposals of files for them.

    Attributes:
        folders: folders from targets.
    """

    def __init__(
        self, ledger: Ledger, clock: Clock, *, settings: ChangeSettings, inventory: Inventory, changes: Changes,
        connector: Callable[[], Awaitable[Connector]], contents: Callable[[], Awaitable[Contents]],
        new_files: Callable[[], Awaitable[NewFiles]], parallel: int,
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._inventory = inventory
        self._changes = changes
        self._proposals = PutProposals(settings, inventory, changes, contents)
        self._connector = connector
        self._contents = contents
        self._new_files = new_files
        self._parallel = parallel
        room = FetchRoom(settings.get_reserve_mb * 1_000_000, self._free)
        self._copying = FileFetch(ledger, connector, new_files, room)
        self.folders = Folders(
            inventory, connector, fetch=self.fetch, limit=self.limit, require_writable=self.require_writable,
            parallel=parallel,
        )  # fmt: skip
        self._reviews = PutReviews(contents, self._there, self.folders.listed)

    # ------------------------------------------------------------------------------------------- from targets

    async def _free(self, local: Path) -> int:
        return await (await self._new_files()).free(local)

    @refusals_told("get a file")
    async def get(self, target: str, path: str, local: Path, *, force: bool = False, limit_mb: int | None = None,
                  resume: bool = False, progress: Progress | None = None) -> Fetched:  # fmt: skip
        """Fetch a file from one target.

        Args:
            target: its name.
            path: absolute.
            local: the file to make; or a folder that is there, in which it gets its own name.
            force: whether a file that is there may be replaced.
            limit_mb: megabytes that it may have; None for the setting.
            resume: whether what has come is kept when it breaks off, and gone on with when it is fetched so again;
                the target's own hash says whether it is the same file.
            progress: told how far it is.

        Raises:
            Refused: read-only mode, or the policy takes it for a secret.
            BadInput: it is larger than may be fetched.
            StorageFull: too little would stay free here.
            OpstermError: as `Connector.read_file`; or the local file cannot be made.
        """
        order = self._inventory.order_target(await self._inventory.get(target))
        if await (await self._new_files()).is_folder(local):
            local /= posixpath.basename(path)
        fetch = Fetch(
            local=local, force=force, folders=False, limit=self.limit(limit_mb), resume=resume, progress=progress
        )
        fetched = await self.fetch(order, path, fetch)
        if fetched.error is not None:
            raise fetched.error
        return fetched

    @refusals_told("get files")
    async def get_from_many(self, selector: str, path: str, folder: Path, *, force: bool = False,
                            limit_mb: int | None = None, resume: bool = False,
                            progress: Progress | None = None) -> Sequence[Fetched]:  # fmt: skip
        """Fetch a file from each of several targets, to `folder`/target/name; a failure is data.

        Raises:
            BadInput: no target matches, or `path` names no file.
            Refused: read-only mode.
        """
        self.require_writable()
        rows = await self._inventory.resolve(selector)
        targets = [self._inventory.order_target(row.target) for row in rows]
        gate = asyncio.Semaphore(self._parallel)

        async def one(target: OrderTarget) -> Fetched:
            async with gate:
                local = folder / target.name / posixpath.basename(path)
                fetch = Fetch(
                    local=local, force=force, folders=True, limit=self.limit(limit_mb), resume=resume, progress=progress
                )
                return await self.fetch(target, path, fetch)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(target)) for target in targets]
        return [task.result() for task in tasks]

    def limit(self, limit_mb: int | None) -> int:
        """Return the bytes that a file may have. Raises BadInput."""
        if limit_mb is not None and limit_mb < 1:
            raise BadInput("A file may have 1 MB or more.", next_step="Write it as in --limit-mb 5000.")
        return (self._settings.get_limit_mb if limit_mb is None else limit_mb) * 1_000_000

    def require_writable(self) -> None:
        """Raise Refused in read-only mode: what is fetched is noted in the audit."""
        require_writable(read_only=self._settings.read_only, what="fetched")

    async def fetch(self, target: OrderTarget, path: str, fetch: Fetch) -> Fetched:
        """Fetch from one target, and note whether it answered; what goes wrong is in what is returned."""
        require_writable(read_only=self._settings.read_only, what="fetched")
        fetched = Fetched(target=target.name, path=path, local=fetch.local)
        try:
            _require_file_path(path)
            require_harmless(target.name, path)
            fetched = await self._copying.copy(target, path, fetch)
            await self._note(target.name, "")
        except OpstermError as error:
            if isinstance(error, Unreachable):
                await self._note(target.name, mask(error.what)[0])
            return Fetched(target=target.name, path=path, local=fetch.local, error=error)
        return fetched

    async def _note(self, target: str, reason: str) -> None:
        with suppress(StorageError):  # what came counts more than that it is remembered
            await self._inventory.note_seen({target: reason})

    # --------------------------------------------------------------------------------------------- to targets

    @refusals_told("put a file")
    async def put(self, wish: PutWish) -> Change:
        """Keep contents as they are now, and propose to put them; see `PutProposals.propose`."""
        return await self._proposals.propose(wish)

    async def review(self, change: Change, *, compare: bool = False, only: str = "") -> ContentReview | None:
        """Return what a change would put, as whoever approves it sees it; see `PutReviews.review`."""
        return await self._reviews.review(change, compare=compare, only=only)

    async def _there(self, target: OrderTarget, path: str) -> bytes:
        """Return the file at a path, when it is small and no secret. Raises OpstermError."""
        require_writable(read_only=self._settings.read_only, what="read")
        require_harmless(target.name, path)
        data, real_path = bytearray(), path
        async with aclosing((await self._connector()).read_file(target, path)) as pieces:  # type: ignore[type-var]  # an async generator
            async for piece in pieces:
                if isinstance(piece, FoundFile):
                    require_harmless(target.name, piece.real_path)
                    real_path = piece.real_path
                    continue
                data += piece
                if len(data) > SHOWN_BYTES:
                    raise BadInput(f"it is larger than {bytes_text(SHOWN_BYTES)}.")
        await self._copying.tell(
            Fetched(target=target.name, path=path, real_path=real_path, local=Path("-"), size=len(data),
                    sha256=hashlib.sha256(data).hexdigest())
        )  # fmt: skip
        return bytes(data)

    async def tidy_for_ever(self, heart: Heart) -> None:
        """Forget contents that no change needs. Run under the lease."""
        while True:
            heart.beat()
            with suppress(StorageError):  # a disk that does not let go of them now may later
                await self.tidy()
            await asyncio.sleep(TIDY_EVERY_S)

    async def tidy(self) -> None:
        """Forget contents whose changes have all been over for as long as the setting says.

        Raises:
            StorageError: they cannot be listed or removed.
        """
        contents = await self._contents()
        kept = await contents.list()
        if not kept:
            return
        now = self._clock.now()
        open_ones = await self._changes.list([*lifecycle.WAITING_STATES, ChangeState.RUNNING], limit=SWEPT_AT_ONCE)
        recent = await self._changes.list(limit=SWEPT_AT_ONCE)
        keep_s = self._settings.keep_contents_d * 86_400
        still = [*open_ones, *(change for change in recent if _over_at(change) > now - keep_s)]
        needed = {name for change in still for name in _contents_of(change)}
        for content in kept:
            if content.sha256 not in needed and content.kept_at < now - GRACE_S:
                await contents.remove(content.sha256)


def _require_file_path(path: str) -> None:
    if not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise BadInput(
            f"{clean_line(path, limit=200)!r} is not the whole path of a file.",
            next_step="Write it from / on, as in web-01:/var/log/syslog.",
        )


def _contents_of(change: Change) -> set[str]:
    """Return the names of the contents that a change puts or sends."""
    try:
        if change.order.shell == HTTP:
            return {part.sha256 for part in parse_request(change.order.command).parts if part.is_file}
        return {put.sha256 for put in puts_of(change.order.command)} if change.order.shell == PUT else set()
    except BadInput:
        return set()


def _over_at(change: Change) -> float:
    return max(change.ended_at, change.decided_at, change.requested_at)
