"""A stage for files: contents in memory, and SFTP servers of this process that can be made to fail at any step."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from opsterm.adapters.connector import open_connector
from opsterm.adapters.ssh_library import asyncssh
from opsterm.core.errors import NotFound
from opsterm.core.settings import SshSettings
from opsterm.inventory.target import LOCALHOST
from opsterm.policy.file_put import PUT, FilePut, file_put
from opsterm.policy.order import OrderTarget
from opsterm.policy.tree_put import TreeFile, TreeFolder, TreePut, tree_put
from opsterm.runtime.ports import Connector, Ended, Operator
from opsterm.runtime.ports_files import FoundFile, KeptContent, SourceEntry
from tests.adapters.ssh_stage import Home

HERE = OrderTarget(name=LOCALHOST, protocol="local", address="", port=0, user="")


@dataclass
class HeldContents:
    """Contents in memory; implements `ports_files.Contents`.

    Attributes:
        held: by name.
        piece: bytes of a piece.
    """

    held: dict[str, bytes] = field(default_factory=dict)
    piece: int = 1 << 20

    def add(
        self, path: Path | str, data: bytes, *, mode: str = "", owner: str = "", resume: bool = False
    ) -> FilePut:  # fmt: skip
        """Hold a content and return the description of putting it at a path."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.held[sha256] = data
        return file_put(str(path), size=len(data), sha256=sha256, mode=mode, owner=owner, resume=resume)

    def add_tree(
        self, folder: Path, files: Mapping[str, bytes], *, mode: str = "0640", owner: str = "", resume: bool = False,
        empty: Sequence[str] = (),
    ) -> TreePut:  # fmt: skip
        """Hold contents and return the description of putting them below a folder, with the folders between."""
        puts = {path: self.add(folder / path, data) for path, data in files.items()}
        between = {str(one) for path in (*files, *(f"{one}/x" for one in empty)) for one in Path(path).parents}
        return tree_put(
            str(folder), mode="0750", owner=owner, resume=resume,
            folders=[TreeFolder(path=one, mode="0711") for one in between - {"."}],
            files=[
                TreeFile(path=path, mode=mode, size=put.size, sha256=put.sha256) for path, put in puts.items()
            ],
        )  # fmt: skip

    async def tree(self, folder: Path, *, leave_out: Sequence[str] = ()) -> Sequence[SourceEntry]:
        raise NotImplementedError

    async def keep(self, source: Path, *, limit: int, follow: bool = True) -> KeptContent:
        raise NotImplementedError

    async def pieces(self, sha256: str) -> AsyncIterator[bytes]:
        if sha256 not in self.held:
            raise NotFound("The content of this file is not kept any more.")
        data = self.held[sha256]
        for at in range(0, len(data), self.piece):
            yield data[at : at + self.piece]

    async def list(self) -> Sequence[KeptContent]:
        return []

    async def remove(self, sha256: str) -> None:
        self.held.pop(sha256, None)


@dataclass
class Faults:
    """What an SFTP server does wrong.

    Attributes:
        before: called with a request's name and path before it is done; may raise, or wait for ever.
        spoil: bytes are written as other ones.
        free: bytes that it says are free, None for the truth.
        read_only: whether it says that its file systems are.
        hang_at: the request that it does not answer while the gate is closed, "" for none.
        hanging: set when it does so.
        gate: open at first.
        seen: requests, in order.
    """

    before: Callable[[str, str], None] = lambda name, path: None
    spoil: bool = False
    free: int | None = None
    read_only: bool = False
    hang_at: str = ""
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    seen: list[str] = field(default_factory=list)

    def hang(self, step: str) -> None:
        """Answer this request no more, until the gate is opened."""
        self.hang_at = step
        self.hanging.clear()
        self.gate.clear()


def faulty(faults: Faults) -> Callable[[asyncssh.SSHServerChannel[bytes]], asyncssh.SFTPServer]:
    """Return the factory of a server with these faults."""

    class Server(asyncssh.SFTPServer):
        async def _asked(self, name: str, path: bytes = b"") -> None:
            faults.seen.append(name)
            if faults.hang_at == name:
                faults.hanging.set()
                await faults.gate.wait()
            faults.before(name, path.decode())

        async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
            await self._asked("open", path)
            return super().open(path, pflags, attrs)

        async def write(self, file_obj: object, offset: int, data: bytes) -> int:
            await self._asked("write")
            return super().write(file_obj, offset, bytes(len(data)) if faults.spoil else data)  # type: ignore[return-value]  # waits for nothing

        async def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
            await self._asked("setstat", path)
            super().setstat(path, attrs)

        async def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
            await self._asked("fsetstat")
            super().fsetstat(file_obj, attrs)

        async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
            await self._asked("rename", newpath)
            super().posix_rename(oldpath, newpath)

        async def statvfs(self, path: bytes) -> object:  # type: ignore[override]  # may wait
            await self._asked("statvfs", path)
            told = asyncssh.SFTPVFSAttrs.from_local(super().statvfs(path))  # type: ignore[arg-type]  # waits for nothing
            if faults.free is not None:
                told.bavail = faults.free // told.frsize
            told.flags |= int(faults.read_only)
            return told

    return Server


@asynccontextmanager
async def connector_with(home: Home, contents: HeldContents | None = None) -> AsyncIterator[Connector]:
    """Open a connector that can put these contents."""
    operator = Operator(name="ana", uid=0, host="jump-01", origin="", home=home.path)
    settings = SshSettings(connect_timeout_s=60.0, login_timeout_s=60.0)
    connector = open_connector(settings, operator, home.environment, None, contents=contents)
    try:
        yield connector
    finally:
        await connector.close()


async def put(connector: Connector, where: OrderTarget, what: FilePut | TreePut) -> list[str]:
    """Put a file or a folder and return the lines that were told."""
    session = await connector.session(where)
    told, ended = b"", None
    try:
        async with aclosing(session.run(what.text(), shell=PUT)) as pieces:  # type: ignore[type-var]  # a generator
            async for piece in pieces:
                if isinstance(piece, Ended):
                    ended = piece
                else:
                    told += piece
    finally:
        await session.close()
    assert ended == Ended(exit_status=0)
    return told.decode().splitlines()


async def get(connector: Connector, where: OrderTarget, path: Path | str) -> tuple[FoundFile, bytes]:
    """Read a file whole."""
    found, data = None, b""
    async with aclosing(connector.read_file(where, str(path))) as pieces:  # type: ignore[type-var]  # a generator
        async for piece in pieces:
            if isinstance(piece, FoundFile):
                found = piece
            else:
                data += piece
    assert found is not None
    return found, data
