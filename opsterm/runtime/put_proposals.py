"""Use-case of proposing: the contents of a file or a folder are kept as they are now, and the change names them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from opsterm.changes.change import Change
from opsterm.changes.rollout import NO_WISH, RolloutWish
from opsterm.changes.verification import NO_VERIFICATION, Verification
from opsterm.core.errors import BadInput
from opsterm.core.settings import ChangeSettings
from opsterm.core.units import bytes_text
from opsterm.policy.approval import require_writable
from opsterm.policy.file_put import KEEP, PUT, FilePut, checked_mode, checked_owner, checked_path, file_put
from opsterm.policy.tree_put import TreeFile, TreeFolder, TreePut, require_short, tree_put
from opsterm.runtime.changes import Changes
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ports_files import Contents, SourceEntry
from opsterm.runtime.proposal import Proposal

TAKEN_ALONG = 0o777
"""Bits of a file's mode that are taken along from here: setuid and the like are said with --mode, or not at all."""
OWNER_ENTERS = 0o700
"""What a folder gets in any case, so that files can be put in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutWish:
    """A file or folder that is to go to targets, before it becomes a change.

    Attributes:
        source: a file of the operator, or a folder.
        selector: which targets.
        path: where it goes, absolute.
        mode: octal; "" for that of the file which is replaced, or 0644; of files of a folder, as they are here.
        owner: "user", "user:group"; "" for that of the file which is replaced, or the account's own.
        reason: why, "" when not said.
        origin: "screen" or "command line".
        timeout_s: seconds it may take on one target; None for the setting.
        recursive: whether it is a folder, with all that is below it.
        leave_out: shell patterns of names and paths in a folder that are not taken.
        resume: whether what was sent stays when it breaks off, and what is there of an earlier try is gone on with.
        rollout: how it goes over its targets.
        verification: what is looked at afterwards on each target, and what follows when it does not hold.
    """

    source: Path
    selector: str
    path: str
    mode: str = ""
    owner: str = ""
    reason: str = ""
    origin: str
    timeout_s: float | None = None
    recursive: bool = False
    leave_out: Sequence[str] = ()
    resume: bool = False
    rollout: RolloutWish = NO_WISH
    verification: Verification = NO_VERIFICATION


class PutProposals:
    """Proposes to put files and folders."""

    def __init__(
        self, settings: ChangeSettings, inventory: Inventory, changes: Changes,
        contents: Callable[[], Awaitable[Contents]],
    ) -> None:  # fmt: skip
        self._settings = settings
        self._inventory = inventory
        self._changes = changes
        self._contents = contents

    async def propose(self, wish: PutWish) -> Change:
        """Keep the contents as they are now, and propose to put them on targets.

        Raises:
            BadInput: something cannot be read or is too large, the path cannot be used, no target matches.
            Refused: read-only mode.
            StorageError: a content cannot be kept.
        """
        require_writable(read_only=self._settings.read_only, what="proposed")
        checked_path(_path(wish))  # all of it before anything is copied
        checked_mode(wish.mode or KEEP)
        checked_owner(wish.owner or KEEP)
        if wish.leave_out and not wish.recursive:
            raise BadInput("Only of a folder something can be left out.", next_step="Put a folder with -r.")
        await self._inventory.resolve(wish.selector)
        put = await (self._folder(wish) if wish.recursive else self._file(wish))
        return await self._changes.propose(
            Proposal(
                command=put.text(), selector=wish.selector, shell=PUT, reason=wish.reason, origin=wish.origin,
                timeout_s=wish.timeout_s, rollout=wish.rollout, verification=wish.verification,
            )
        )  # fmt: skip

    @property
    def _limit(self) -> int:
        return self._settings.put_limit_mb * 1_000_000

    async def _file(self, wish: PutWish) -> FilePut:
        kept = await (await self._contents()).keep(wish.source, limit=self._limit)
        return file_put(
            wish.path, size=kept.size, sha256=kept.sha256, mode=wish.mode, owner=wish.owner, source=wish.source.name,
            resume=wish.resume,
        )  # fmt: skip

    async def _folder(self, wish: PutWish) -> TreePut:
        contents = await self._contents()
        found = await contents.tree(wish.source, leave_out=wish.leave_out)
        require_short(self._described(wish, found, [_unread(one, wish.mode) for one in found if not one.folder]))
        files, left = [], self._limit
        for one in found:
            if one.folder:
                continue
            if left <= 0:
                raise _too_large(wish.source, self._limit)
            kept = await contents.keep(wish.source / one.path, limit=left, follow=False)
            left -= kept.size
            files.append(
                TreeFile(path=one.path, mode=_mode(one, wish.mode), size=kept.size, sha256=kept.sha256)
            )  # fmt: skip
        made = self._described(wish, found, files)
        require_short(made)
        return made

    def _described(self, wish: PutWish, found: Sequence[SourceEntry], files: Sequence[TreeFile]) -> TreePut:
        folders = {one.path: f"{one.mode & TAKEN_ALONG | OWNER_ENTERS:04o}" for one in found if one.folder}
        mode = folders.pop("")
        return tree_put(
            _path(wish), folders=[TreeFolder(path=path, mode=bits) for path, bits in folders.items()], files=files,
            mode=mode, owner=wish.owner, source=wish.source.name, resume=wish.resume,
        )  # fmt: skip


def _path(wish: PutWish) -> str:
    return wish.path.rstrip("/") or "/" if wish.recursive else wish.path


def _mode(one: SourceEntry, said: str) -> str:
    return said or f"{one.mode & TAKEN_ALONG:04o}"


def _unread(one: SourceEntry, said: str) -> TreeFile:
    """Return a file as it stands in the list before its content was read."""
    return TreeFile(path=one.path, mode=_mode(one, said), size=0, sha256="0" * 64)


def _too_large(source: Path, limit: int) -> BadInput:
    return BadInput(
        f"{source} is larger than {bytes_text(limit)} and was not taken.",
        next_step="Raise changes.put_limit_mb, or bring it there another way.",
    )
