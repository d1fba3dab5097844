"""Contents that wait to be put: private, named by their hash, whole or not there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, NotFound, StorageError
from opsterm.runtime.offload import Offload
from opsterm.storage.contents import PIECE, FileContents


@pytest.fixture
def contents(tmp_path: Path, clock: StoppedClock) -> Iterator[FileContents]:
    offload = Offload()
    yield FileContents(tmp_path / "opsterm" / "contents", clock, offload.pool("contents"))
    offload.close()


async def whole(contents: FileContents, name: str) -> bytes:
    return b"".join([piece async for piece in contents.pieces(name)])


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, 2 * PIECE + 1])
async def test_what_is_kept_comes_back_under_its_hash(contents: FileContents, tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "given").write_bytes(data)
    kept = await contents.keep(tmp_path / "given", limit=3 * PIECE)
    assert (kept.sha256, kept.size) == (hashlib.sha256(data).hexdigest(), size)
    (tmp_path / "given").write_bytes(b"edited since")
    assert await whole(contents, kept.sha256) == data
    assert list(await contents.list()) == [kept]


async def test_only_this_account_can_read_it(contents: FileContents, tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(b"x")
    (tmp_path / "given").chmod(0o666)
    kept = await contents.keep(tmp_path / "given", limit=10)
    folder = tmp_path / "opsterm" / "contents"
    assert [oct(path.stat().st_mode & 0o777) for path in (folder, folder / kept.sha256)] == ["0o700", "0o600"]


async def test_the_same_content_is_kept_once_and_is_young_again(
    contents: FileContents, tmp_path: Path, clock: StoppedClock
) -> None:
    (tmp_path / "given").write_bytes(b"x")
    first = await contents.keep(tmp_path / "given", limit=10)
    clock.advance(1000)
    second = await contents.keep(tmp_path / "given", limit=10)
    assert first.sha256 == second.sha256
    assert [kept.kept_at for kept in await contents.list()] == [clock.now()]


async def test_what_cannot_be_taken_leaves_nothing(contents: FileContents, tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(b"x" * 11)
    os.mkfifo(tmp_path / "pipe")
    for path, says in ((tmp_path / "given", "larger"), (tmp_path, "no regular file"), (tmp_path / "pipe", "no regular"),
                       (tmp_path / "none", "cannot be read")):  # fmt: skip
        with pytest.raises(BadInput, match=says):
            await contents.keep(path, limit=10)
    assert await contents.list() == []


async def test_one_that_is_gone_is_told_of(contents: FileContents, tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(b"x")
    kept = await contents.keep(tmp_path / "given", limit=10)
    await contents.remove(kept.sha256)
    await contents.remove(kept.sha256)
    with pytest.raises(NotFound, match="not kept any more"):
        await whole(contents, kept.sha256)
    assert await contents.list() == []


async def test_a_folder_that_others_may_write_to_is_not_used(contents: FileContents, tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(b"x")
    folder = tmp_path / "opsterm" / "contents"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    with pytest.raises(StorageError, match="writable by every account"):
        await contents.keep(tmp_path / "given", limit=10)


async def test_a_folder_is_listed_with_its_modes_and_without_what_is_left_out(
    contents: FileContents, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    (folder / ".git" / "objects").mkdir(parents=True)
    (folder / "conf").mkdir(mode=0o711)
    (folder / "conf" / "-rf").write_bytes(b"")
    (folder / "conf" / "notes.bak").write_bytes(b"")
    (folder / "run").write_bytes(b"")
    (folder / "run").chmod(0o750)
    (folder / "link").symlink_to("run")
    found = await contents.tree(folder, leave_out=[".git", "*.bak", "link"])
    assert {one.path: one.folder for one in found} == {"": True, "conf": True, "conf/-rf": False, "run": False}
    assert {one.path: one.mode for one in found}["run"] == 0o750


async def test_all_that_cannot_be_put_is_told_at_once(contents: FileContents, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "link").symlink_to("/etc/shadow")
    (folder / "a\nb").write_bytes(b"")
    (folder / os.fsdecode(b"\xff")).write_bytes(b"")
    os.mkfifo(folder / "pipe")
    with pytest.raises(BadInput, match="not all in it can be put") as caught:
        await contents.tree(folder)
    assert "link is a symbolic link" in caught.value.why
    assert "pipe is a device, pipe or socket" in caught.value.why
    assert caught.value.why.count("has a name with a control character, or that is no text") == 2
    for path in (folder / "none", tmp_path / "file"):
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(BadInput, match="cannot be read"):
            await contents.tree(path)


async def test_a_file_that_became_a_link_since_it_was_listed_is_not_followed(
    contents: FileContents, tmp_path: Path
) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(BadInput, match="cannot be read"):
        await contents.keep(tmp_path / "link", limit=10, follow=False)
