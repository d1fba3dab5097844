"""Folders from targets, each file by the rules of one; and files that broke off, gone on with by their hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.core.errors import BadInput, NotFound, Unreachable
from opsterm.inventory.target import LOCALHOST
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports_files import EntryKind, FoundEntry, FoundFile, Have
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import with_targets
from tests.runtime.stage import PlayedConnector, opened
from tests.runtime.test_files import names

LOG = "/var/log/big"
BYTES = b"0123456789" * 1000


class Breaking(PlayedConnector):
    """A target with one file; it breaks off after so many bytes, and hashes what is there already."""

    def __init__(self) -> None:
        super().__init__({})
        self.content = BYTES
        self.breaks_after = 4000
        self.sent = 0

    async def read_file(
        self, target: OrderTarget, path: str, *, have: Have | None = None
    ) -> AsyncIterator[FoundFile | bytes]:
        same = have is not None and hashlib.sha256(self.content[: have.size]).hexdigest() == have.sha256
        offset = have.size if have is not None and same else 0
        yield FoundFile(real_path=path, size=len(self.content), mode=0o644, changed_at=0.0, offset=offset)
        for at in range(offset, len(self.content), 1000):
            if at - offset >= self.breaks_after:
                raise Unreachable("The connection to web-1 was lost.")
            self.sent += 1000
            yield self.content[at : at + 1000]


@asynccontextmanager
async def breaking(home: Path, line: Breaking) -> AsyncIterator[Runtime]:
    async with opened(home, open_connector=line.open) as runtime:
        await with_targets(runtime, "web-1")
        yield runtime


async def test_what_broke_off_goes_on_from_there(home: Path) -> None:
    line = Breaking()
    async with breaking(home, line) as runtime:
        with pytest.raises(Unreachable):
            await runtime.files.get("web-1", LOG, home / "big", resume=True)
        part = home / ".big.opsterm-part"
        assert part.stat().st_size == 4000
        assert part.stat().st_mode & 0o777 == 0o600
        line.breaks_after, line.sent = 10**9, 0
        fetched = await runtime.files.get("web-1", LOG, home / "big", resume=True)
        assert (fetched.resumed_at, line.sent) == (4000, 6000)
        assert fetched.sha256 == hashlib.sha256(BYTES).hexdigest()
        assert (home / "big").read_bytes() == BYTES
        assert not part.exists()
        again = await runtime.files.get("web-1", LOG, home / "big", resume=True)
        assert (again.resumed_at, line.sent) == (len(BYTES), 6000)  # it is here, and the same


async def test_another_file_is_begun_anew(home: Path) -> None:
    line = Breaking()
    async with breaking(home, line) as runtime:
        with pytest.raises(Unreachable):
            await runtime.files.get("web-1", LOG, home / "big", resume=True)
        line.content, line.breaks_after = b"x" * 9000, 10**9
        fetched = await runtime.files.get("web-1", LOG, home / "big", resume=True)
        assert fetched.resumed_at == 0
        assert (home / "big").read_bytes() == line.content
        line.content = b"y" * 9000
        with pytest.raises(BadInput, match="is there already"):
            await runtime.files.get("web-1", LOG, home / "big", resume=True)


async def test_without_resume_nothing_is_left(home: Path) -> None:
    async with breaking(home, Breaking()) as runtime:
        with pytest.raises(Unreachable):
            await runtime.files.get("web-1", LOG, home / "big")
        assert [name for name in names(home) if "big" in name] == []


async def test_two_do_not_write_one_file(home: Path) -> None:
    async with breaking(home, Breaking()) as runtime:
        file = await (await runtime.files._new_files()).create(home / "big", replace=False, resume=True)
        with pytest.raises(BadInput, match="by another opsterm"):
            await runtime.files.get("web-1", LOG, home / "big", resume=True)
        await file.discard()


async def test_a_folder_comes_with_what_is_below_it(home: Path) -> None:
    there = home / "there"
    (there / "sub" / "empty").mkdir(parents=True)
    (there / "a.txt").write_bytes(b"a")
    (there / "sub" / "b.txt").write_bytes(b"bb")
    (there / "sub" / "id_rsa").write_bytes(b"key")
    (there / "link").symlink_to("/etc/passwd")
    os.mkfifo(there / "pipe")
    told: list[int] = []
    async with opened(home) as runtime:
        (folder,) = await runtime.files.folders.get(
            LOCALHOST, str(there), home / "here", by_target=True, progress=lambda *how: told.append(how[1])
        )
        here = home / "here" / LOCALHOST / "there"
        assert folder.local == here
        assert {str(p.relative_to(here)): p.read_bytes() for p in here.rglob("*") if p.is_file()} == {
            "a.txt": b"a", "sub/b.txt": b"bb",
        }  # fmt: skip
        assert (folder.size, max(told)) == (3, 3)
        reasons = {Path(left.path).name: left.why for left in folder.left_out}
        assert reasons.keys() == {"id_rsa", "link", "pipe"}
        assert "secret" in reasons["id_rsa"]
        rows = [row for row in await runtime.audit.rows(limit=50) if row.kind == "target.file_fetched"]
        assert len(rows) == 2
        (missing,) = await runtime.files.folders.get(LOCALHOST, str(there / "no"), home / "here", by_target=False)
        assert isinstance(missing.error, NotFound)
        for path in ("there", "/", "//", "/x\0"):
            with pytest.raises(BadInput):
                await runtime.files.folders.get(LOCALHOST, path, home / "here", by_target=False)


async def test_a_server_cannot_name_a_file_out_of_the_folder(home: Path) -> None:
    class Evil(PlayedConnector):
        async def list_files(self, target: OrderTarget, folder: str) -> AsyncIterator[FoundEntry]:
            yield FoundEntry(path="../../../x", kind=EntryKind.ODD)

    async with opened(home, open_connector=Evil({}).open) as runtime:
        await with_targets(runtime, "web-1")
        (folder,) = await runtime.files.folders.get("web-1", "/var/log/x", home / "here", by_target=False)
        assert folder.files == ()
        assert "leads elsewhere" in folder.left_out[0].why
