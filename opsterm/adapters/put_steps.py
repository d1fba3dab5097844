"""The steps by which one file is put at a place.

What was there is untouched until the last of them. Lines that are told hold neither a time nor a random word, so that
targets on which all went the same way print the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import posixpath
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing

from opsterm.adapters.file_place import PIECE, FileFacts, FilePlace, OpenFile, PlaceError, PlaceTrouble
from opsterm.adapters.put_part import KeptPart
from opsterm.core.errors import BadInput, NotFound, OpstermError
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text
from opsterm.policy.file_put import DEFAULT_MODE, KEEP, NAME_BYTES, FilePut
from opsterm.runtime.ports_files import Contents

CLEAN_UP_S = 5.0
"""Seconds for taking back what was begun; a line that is dead by then keeps it."""
TOLD_FROM = 8 << 20
"""Bytes from which on it is told how far the sending is, in tenths."""
READ_BACK_UP_TO = 1 << 17
"""Bytes up to which a file is read back: to start a program on the target that hashes it takes longer than that."""
RENAMING = "giving it its name"


def refusal(what: str, target: str, next_step: str) -> BadInput:
    """Return what is said of something that is there and is not written to."""
    return BadInput(f"{what} on {target}: nothing was changed.", next_step=next_step)


async def require_plain_folder(place: FilePlace, folder: str, name: str, target: str) -> None:
    """See that a folder is one, by its own path: what was approved, and graded, is the path as it is written.

    Args:
        place: where.
        folder: its path.
        name: of what goes into it, for the message.
        target: name of the place.

    Raises:
        BadInput: it is none, or is reached over a symbolic link.
        PlaceError: it cannot be looked at.
    """
    if not (await place.facts(folder, follow=True)).is_folder:
        raise refusal(f"{folder} is no folder", target, "Choose a path in a folder.")
    real = await place.real_path(folder)
    if real != folder:
        raise refusal(
            f"{folder} leads over a symbolic link to {clean_line(real, limit=300)}", target,
            f"Propose it for {clean_line(posixpath.join(real, name), limit=300)}.",
        )  # fmt: skip


async def require_room(place: FilePlace, folder: str, size: int, files: int = 1) -> None:
    """See that so many bytes and files have room. Raises PlaceError."""
    room = await place.room(folder)
    if room is not None and room.read_only:
        raise PlaceError(PlaceTrouble.READ_ONLY)
    if room is not None and (room.free < size or (room.files is not None and room.files < files)):
        raise PlaceError(PlaceTrouble.FULL)


class PutSteps:
    """The steps of one file at one place, in the order of its methods; `clean_up` in the end, whatever happened.

    Attributes:
        put: the file.
        doing: what is being done, for messages.
        in_place: whether it has its name.
    """

    def __init__(self, place: FilePlace, put: FilePut, contents: Contents, target: str) -> None:
        self.put = put
        self.doing = "looking at what is there"
        self.in_place = False
        self._place = place
        self._contents = contents
        self._target = target
        self._folder, self._name = posixpath.split(put.path)
        self._part = self._named(secrets.token_hex(4))
        self._file: OpenFile | None = None
        self._begun = False
        self._worth_keeping = False
        self._before: FileFacts | None = None

    def _named(self, mark: str) -> str:
        """Return a name in the same folder that no include of cron, sudo or `*.conf` reads."""
        room = NAME_BYTES - len(f"..opsterm-{mark}")
        short = self._name.encode()[:room].decode(errors="ignore")
        return posixpath.join(self._folder, f".{short}.opsterm-{mark}")

    async def look(self) -> str:
        """See that a file can be put there; say what it replaces."""
        await require_plain_folder(self._place, self._folder, self._name, self._target)
        said = await self.look_at_name()
        await require_room(self._place, self._folder, self.put.size)
        return said or "There is no such file yet."

    async def look_at_name(self) -> str:
        """See what has its name in a folder that was looked at; say what it replaces, "" for nothing."""
        try:
            before = await self._place.facts(self.put.path)
        except PlaceError as error:
            if error.trouble is not PlaceTrouble.MISSING:
                raise
            return ""
        if before.is_link:
            leads = clean_line(await self._place.link_target(self.put.path), limit=300)
            raise refusal(
                f"{self.put.path} is a symbolic link to {leads}", self._target,
                "Propose the file for the path that the link leads to, or remove the link.",
            )  # fmt: skip
        if before.is_folder:
            raise refusal(
                f"{self.put.path} is a folder", self._target, "Write the name that the file is to have as well."
            )  # fmt: skip
        if not before.is_file:
            raise refusal(f"{self.put.path} is a device, pipe or socket", self._target, "Choose another path.")
        self._before = before
        return f"Replaces a file of {_facts_text(before)}."

    async def send(self) -> AsyncGenerator[str, None]:
        """Write the content under another name in the same folder; yield what is told."""
        size = self.put.size
        file, kept = await self._open()
        if kept:
            yield f"Goes on from an earlier try: {bytes_text(kept)} of it are there, and the same."
        self.doing = "sending it"
        sent, tenths = 0, kept * 10 // size if size else 0
        async with aclosing(_whole(self.put, self._contents)) as pieces:
            async for piece in pieces:
                new = piece[max(0, kept - sent) :]
                sent += len(piece)
                if new:
                    self._worth_keeping = True
                    await file.write(new, sent - len(new))
                if new and size >= TOLD_FROM and sent * 10 // size > tenths:
                    tenths = sent * 10 // size
                    yield f"Sent {bytes_text(sent)} of {bytes_text(size)}."
        synced = await file.sync()
        unsure = "" if synced else "; this server cannot be asked to put it on its disk"
        yield f"Sent {bytes_text(sent - kept)}{unsure}."

    async def _open(self) -> tuple[OpenFile, int]:
        """Open the file under its other name; return it, and how many of its bytes are there already, and the same."""
        self.doing = f"making a file in {self._folder}"
        if not self.put.resume:
            return await self._create(self._part), 0
        old = KeptPart(self._place, self.put, self._named(self.put.sha256[:16]))
        seen = await old.seen()
        if seen is None:
            return await self._create(old.path), 0
        new = await self._create(self._part)
        if not await old.is_ours(seen, await new.facts()):
            return new, 0  # somebody else could have left it there
        await self.clean_up()
        self._part, self._begun = old.path, True
        offset = await old.same_beginning(seen, self._contents)
        if not offset:
            await self._place.remove(old.path)
            return await self._create(old.path), 0
        self._worth_keeping = True
        self._file = await self._place.open_to_write(old.path)
        return self._file, offset

    async def _create(self, part: str) -> OpenFile:
        self._part, self._begun = part, True
        try:
            self._file = await self._place.create(part)
        except PlaceError:
            self._begun = False  # what has that name, if anything, is not ours to remove
            raise
        await self._file.set_mode(0o600)  # not every server heeds the mode of an open
        return self._file

    async def verify(self) -> str:
        """See that what arrived is what was approved, and give it its owner and mode."""
        self.doing = "checking what arrived"
        file = self._file
        if file is None:
            raise self._differs("nothing arrived")
        arrived = await file.facts()
        if arrived.size != self.put.size:
            raise self._differs(f"{arrived.size} bytes arrived instead of {self.put.size}")
        how = "sha256sum there"
        if self.put.size <= READ_BACK_UP_TO or await self._place.sha256(self._part) != self.put.sha256:
            how = "read back"
            if await _read_back(self._place, self._part, self.put.size) != self.put.sha256:
                raise self._differs("what is read back is not what was sent")
        await self._give_owner(file, arrived)
        self.doing = "setting its mode"
        kept = self._before.permissions if self._before is not None else int(DEFAULT_MODE, 8)
        await file.set_mode(kept if self.put.mode == KEEP else int(self.put.mode, 8))
        self._file = None
        await file.close()
        return f"It arrived as approved: sha256 {self.put.sha256} ({how})."

    async def _give_owner(self, file: OpenFile, arrived: FileFacts) -> None:
        """Set the owner: before the mode, since a change of owner takes away setuid bits."""
        self.doing = "setting its owner"
        if self.put.owner != KEEP:
            await file.set_owner(self.put.owner)
            return
        before = self._before
        if before is None or before.uid is None or (before.uid, before.gid) == (arrived.uid, arrived.gid):
            return
        self.doing = f"leaving it to its owner ({before.uid}:{before.gid})"
        await file.set_owner(f"{before.uid}:{before.gid}")

    def _differs(self, how: str) -> BadInput:
        return BadInput(
            f"The file did not arrive as it was approved on {self._target}: {how}. {self.put.path} is untouched.",
            next_step="Try again; if it happens again, look at the disk of the target.",
        )

    async def replace(self) -> str:
        """Let it take its name. Once asked for it is waited for, so that nobody is left in doubt."""
        self.doing = RENAMING
        answered = asyncio.Event()

        async def ask() -> None:
            try:
                await self._place.replace(self.put.path, self._part)
                self._begun, self.in_place = False, True
            finally:
                answered.set()

        try:
            await asyncio.shield(ask())
        except asyncio.CancelledError:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLEAN_UP_S):
                    await answered.wait()
            raise
        return f"{self.put.path} is in place: {_facts_text(await self._place.facts(self.put.path))}."

    def with_rest(self, error: OpstermError) -> OpstermError:
        """Return an error that also names the file that may be left on the target.

        What the place refused, or is not the content, is taken away also where it could be gone on with.
        """
        if isinstance(error, BadInput | NotFound):
            self._worth_keeping = False
        if not self._begun or isinstance(error, BadInput | NotFound):
            return error
        kept = self._worth_keeping and self.put.resume
        stays = "stays there for the next try" if kept else "may be left there"
        rest = f"{self._part} {stays}, and {self.put.path} was not touched."
        if self.doing == RENAMING:
            rest = f"Whether {self.put.path} was replaced is not known; if not, {self._part} is left there."
        return type(error)(error.what, why=" ".join(filter(None, (error.why, rest))), next_step=error.next_step)

    async def clean_up(self) -> None:
        """Close what is open and remove what was begun, as far as the line allows; what is worth keeping stays."""
        file, self._file = self._file, None
        begun = self._begun and not (self._worth_keeping and self.put.resume)
        self._begun = False
        with contextlib.suppress(PlaceError, OpstermError, TimeoutError):
            async with asyncio.timeout(CLEAN_UP_S):
                if file is not None:
                    with contextlib.suppress(PlaceError):
                        await file.close()
                if begun:
                    await self._place.remove(self._part)


def _facts_text(facts: FileFacts) -> str:
    owner = "" if facts.uid is None else f", owner {facts.uid}:{facts.gid}"
    return f"{bytes_text(facts.size)}, mode {facts.permissions:04o}{owner}"


async def _whole(put: FilePut, contents: Contents) -> AsyncGenerator[bytes, None]:
    """Yield a content, and fail at its end when it is not the approved one."""
    digest, size = hashlib.sha256(), 0
    async for piece in contents.pieces(put.sha256):
        digest.update(piece)
        size += len(piece)
        yield piece
    if (digest.hexdigest(), size) != (put.sha256, put.size):
        raise BadInput(
            "The content that is kept is not the one that was approved.",
            why="Somebody has changed it since.",
            next_step="Propose it again with opsterm put; nothing was changed.",
        )


async def _read_back(place: FilePlace, path: str, size: int) -> str:
    """Return the sha256 of what a place gives back, up to one byte more than it is to have."""
    file = await place.open(path)
    try:
        digest, offset = hashlib.sha256(), 0
        while data := await file.read(offset, min(PIECE, size + 1 - offset)):
            digest.update(data)
            offset += len(data)
        return digest.hexdigest()
    finally:
        await file.close()
