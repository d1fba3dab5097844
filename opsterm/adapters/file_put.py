"""Puts a file at a place: whole and checked under another name first, then in one step under its own.

What was there is untouched until that last step. The steps are told as lines of output; none of them holds a time or
a random word, so that targets on which all went the same way print the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import posixpath
import secrets
from collections.abc import AsyncGenerator, AsyncIterator

from opsterm.adapters.file_faults import put_fault
from opsterm.adapters.file_place import PIECE, FileFacts, FilePlace, OpenFile, PlaceError, PlaceTrouble
from opsterm.core.errors import BadInput, NotFound, OpstermError
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text
from opsterm.policy.file_put import DEFAULT_MODE, KEEP, NAME_BYTES, FilePut, parse_put
from opsterm.runtime.ports import Ended
from opsterm.runtime.ports_files import Contents

CLEAN_UP_S = 5.0
"""Seconds for taking back what was begun; a line that is dead by then keeps it."""
TOLD_FROM = 8 << 20
"""Bytes from which on it is told how far the sending is, in tenths."""


async def put_file(
    place: FilePlace, command: str, contents: Contents | None, *, target: str
) -> AsyncGenerator[bytes | Ended, None]:
    """Put the file that an order's command describes; yield lines of progress and, at last, an `Ended` with 0.

    Args:
        place: where.
        command: text of a `FilePut`.
        contents: where the content is kept.
        target: name of the place, for messages.

    Raises:
        BadInput: the description or its content cannot be used, or the place does not take the file. What was at
            the path is untouched.
        Unreachable, TimedOut: the line died; the message names the file that may be left.
    """
    put = parse_put(command)
    if contents is None:
        raise BadInput("No contents are kept here, so no file can be put.")
    steps = _Steps(place, put, target)
    try:
        yield _line(await steps.look())
        async with contextlib.aclosing(_whole(put, contents)) as pieces:
            async for said in steps.send(pieces):
                yield _line(said)
        yield _line(await steps.verify())
        yield _line("Putting it in its place.")
        yield _line(await steps.replace())
    except PlaceError as error:
        raise await put_fault(place, error, put, steps.doing, target) from error
    except OpstermError as error:
        raise steps.with_rest(error) from error
    finally:
        await steps.clean_up()
    yield Ended(exit_status=0)


def _line(text: str) -> bytes:
    return clean_line(text, limit=PIECE).encode() + b"\n"


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


class _Steps:
    """The steps of one file at one place.

    Attributes:
        doing: what is being done, for messages.
    """

    def __init__(self, place: FilePlace, put: FilePut, target: str) -> None:
        self.doing = "looking at what is there"
        self._place = place
        self._put = put
        self._target = target
        self._folder, self._name = posixpath.split(put.path)
        room = NAME_BYTES - len(".") - len(".opsterm-01234567")
        short = self._name.encode()[:room].decode(errors="ignore")
        self._part = posixpath.join(self._folder, f".{short}.opsterm-{secrets.token_hex(4)}")
        self._file: OpenFile | None = None
        self._begun = False
        self._before: FileFacts | None = None

    async def look(self) -> str:
        """See that a file can be put there; say what it replaces."""
        folder = await self._place.facts(self._folder, follow=True)
        if not folder.is_folder:
            raise self._refusal(f"{self._folder} is no folder", "Choose a path in a folder.")
        real = await self._place.real_path(self._folder)
        if real != self._folder:  # what was approved, and graded, is the path as it is written
            raise self._refusal(
                f"{self._folder} leads over a symbolic link to {clean_line(real, limit=300)}",
                f"Propose the file for {clean_line(posixpath.join(real, self._name), limit=300)}.",
            )
        try:
            before = await self._place.facts(self._put.path)
        except PlaceError as error:
            if error.trouble is not PlaceTrouble.MISSING:
                raise
            before = None
        if before is not None and before.is_link:
            leads = clean_line(await self._place.link_target(self._put.path), limit=300)
            raise self._refusal(
                f"{self._put.path} is a symbolic link to {leads}",
                "Propose the file for the path that the link leads to, or remove the link.",
            )
        if before is not None and before.is_folder:
            raise self._refusal(f"{self._put.path} is a folder", "Write the name that the file is to have as well.")
        if before is not None and not before.is_file:
            raise self._refusal(f"{self._put.path} is a device, pipe or socket", "Choose another path.")
        room = await self._place.room(self._folder)
        if room is not None and room.read_only:
            raise PlaceError(PlaceTrouble.READ_ONLY)
        if room is not None and (room.free < self._put.size or room.files == 0):
            raise PlaceError(PlaceTrouble.FULL)
        self._before = before
        return f"Replaces a file of {_facts_text(before)}." if before is not None else "There is no such file yet."

    def _refusal(self, what: str, next_step: str) -> BadInput:
        return BadInput(f"{what} on {self._target}: nothing was changed.", next_step=next_step)

    async def send(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[str]:
        """Write the content under another name in the same folder."""
        self.doing = f"making a file in {self._folder}"
        put, sent, tenths = self._put, 0, 0
        self._begun = True
        try:
            self._file = await self._place.create(self._part)
        except PlaceError:
            self._begun = False  # what has that name, if anything, is not ours to remove
            raise
        await self._file.set_mode(0o600)  # not every server heeds the mode of an open
        self.doing = "sending it"
        async for piece in pieces:
            await self._file.write(piece, sent)
            sent += len(piece)
            if put.size >= TOLD_FROM and sent * 10 // put.size > tenths:
                tenths = sent * 10 // put.size
                yield f"Sent {bytes_text(sent)} of {bytes_text(put.size)}."
        synced = await self._file.sync()
        yield f"Sent {bytes_text(sent)}{'' if synced else '; this server cannot be asked to put it on its disk'}."

    async def verify(self) -> str:
        """See that what arrived is what was approved, and give it its owner and mode."""
        self.doing = "checking what arrived"
        file = self._file
        if file is None:
            raise self._differs("nothing arrived")
        arrived = await file.facts()
        if arrived.size != self._put.size:
            raise self._differs(f"{arrived.size} bytes arrived instead of {self._put.size}")
        how = "sha256sum there"
        if await self._place.sha256(self._part) != self._put.sha256:
            how = "read back"
            if await self._read_back() != self._put.sha256:
                raise self._differs("what is read back is not what was sent")
        await self._give_owner(file, arrived)
        self.doing = "setting its mode"
        kept = self._before.permissions if self._before is not None else int(DEFAULT_MODE, 8)
        await file.set_mode(kept if self._put.mode == KEEP else int(self._put.mode, 8))
        self._file = None
        await file.close()
        return f"It arrived as approved: sha256 {self._put.sha256} ({how})."

    async def _give_owner(self, file: OpenFile, arrived: FileFacts) -> None:
        """Set the owner: before the mode, since a change of owner takes away setuid bits."""
        self.doing = "setting its owner"
        if self._put.owner != KEEP:
            await file.set_owner(self._put.owner)
            return
        before = self._before
        if before is None or before.uid is None or (before.uid, before.gid) == (arrived.uid, arrived.gid):
            return
        self.doing = f"leaving it to its owner ({before.uid}:{before.gid})"
        await file.set_owner(f"{before.uid}:{before.gid}")

    async def _read_back(self) -> str:
        file = await self._place.open(self._part)
        try:
            digest, offset = hashlib.sha256(), 0
            while data := await file.read(offset, PIECE):
                digest.update(data)
                offset += len(data)
            return digest.hexdigest()
        finally:
            await file.close()

    def _differs(self, how: str) -> BadInput:
        return BadInput(
            f"The file did not arrive as it was approved on {self._target}: {how}. {self._put.path} is untouched.",
            next_step="Try again; if it happens again, look at the disk of the target.",
        )

    async def replace(self) -> str:
        """Let it take its name. Once asked for it is waited for, so that nobody is left in doubt."""
        self.doing = "giving it its name"
        answered = asyncio.Event()

        async def ask() -> None:
            try:
                await self._place.replace(self._put.path, self._part)
                self._begun = False
            finally:
                answered.set()

        try:
            await asyncio.shield(ask())
        except asyncio.CancelledError:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLEAN_UP_S):
                    await answered.wait()
            raise
        return f"{self._put.path} is in place: {_facts_text(await self._place.facts(self._put.path))}."

    def with_rest(self, error: OpstermError) -> OpstermError:
        """Return an error that also names the file that may be left on the target."""
        if not self._begun or isinstance(error, BadInput | NotFound):
            return error
        rest = f"{self._part} may be left there, and {self._put.path} was not touched."
        if self.doing == "giving it its name":
            rest = f"Whether {self._put.path} was replaced is not known; if not, {self._part} is left there."
        return type(error)(error.what, why=" ".join(filter(None, (error.why, rest))), next_step=error.next_step)

    async def clean_up(self) -> None:
        """Close what is open and remove what was begun, as far as the line allows."""
        file, self._file = self._file, None
        begun, self._begun = self._begun, False
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
