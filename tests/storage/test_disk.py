"""A disk that is full or read-only costs nothing that was kept; reading goes on, and writing resumes by itself."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import StorageError, StorageFull
from opsterm.core.paths import Paths, find_paths
from opsterm.storage.store import SqliteStore, open_store
from tests.storage.samples_of_facts import fact

LATER = 4.0
"""Seconds after which a refused disk is tried again."""


class SmallDisk:
    """A real file system of 2 MB in memory."""

    def __init__(self, at: Path) -> None:
        self.at = at
        (at / "filler").write_bytes(b"x" * 262_144)  # room that `empty` makes, however full the database has become
        self.paths = find_paths({"OPSTERM_HOME": str(at / "opsterm")}, at)

    def remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.at)], check=True, timeout=300)

    def fill(self) -> None:
        with suppress(OSError), (self.at / "filler").open("ab", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)

    def empty(self) -> None:
        (self.at / "filler").unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    at = tmp_path / "disk"
    at.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(at)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"NOT TESTED on a real full disk: this account cannot mount one ({mounted.stderr.strip()})")
    yield SmallDisk(at)
    subprocess.run(["umount", "-l", str(at)], check=True, timeout=300)


async def append_until_refused(store: SqliteStore) -> int:
    kept = 0
    for _ in range(1000):
        try:
            kept = (await store.journal.append([fact("x" * 200) for _ in range(100)]))[-1].seq
        except StorageFull:
            return kept
    raise AssertionError


async def test_a_full_disk_refuses_keeps_and_recovers(disk: SmallDisk, clock: StoppedClock) -> None:
    store = await open_store(disk.paths, clock)
    kept = await append_until_refused(store)
    disk.fill()
    clock.advance(LATER)
    with pytest.raises(StorageFull, match="disk is full"):
        await store.journal.append([fact() for _ in range(2000)])
    assert "disk is full" in store.read_only_because
    assert "\n" not in store.read_only_because
    assert await store.journal.last_seq() == kept
    with pytest.raises(StorageFull):
        await store.output.append(1, "web-01", b"x" * 100_000)
    with pytest.raises(StorageFull):  # refused at once, without asking the disk
        await store.preferences.put("theme", "night")
    disk.empty()
    clock.advance(LATER)
    assert (await store.journal.append([fact()]))[0].seq == kept + 1
    assert store.read_only_because == ""
    await store.close()


async def test_everybody_who_waits_hears_of_a_full_disk(disk: SmallDisk, clock: StoppedClock) -> None:
    store = await open_store(disk.paths, clock)
    disk.fill()
    results = await asyncio.gather(
        *(store.journal.append([fact("x" * 4000) for _ in range(100)]) for _ in range(20)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, StorageFull)]
    assert len(refused) == 20
    assert len({id(error) for error in refused}) == 20
    await store.close()


async def test_a_database_on_a_full_disk_opens(disk: SmallDisk, clock: StoppedClock) -> None:
    store = await open_store(disk.paths, clock)
    await store.journal.append([fact()])
    await store.close()
    disk.fill()
    store = await open_store(disk.paths, clock)
    assert await store.journal.last_seq() == 1
    with pytest.raises(StorageFull):
        await store.journal.append([fact("x" * 4000) for _ in range(100)])
    disk.empty()
    clock.advance(LATER)
    assert (await store.journal.append([fact()]))[0].seq == 2
    await store.close()


async def test_a_new_database_on_a_full_disk_is_a_sentence(disk: SmallDisk, clock: StoppedClock) -> None:
    disk.fill()
    with pytest.raises(StorageFull, match="disk is full"):
        await open_store(disk.paths, clock)
    disk.empty()
    store = await open_store(disk.paths, clock)  # what was begun does not stand in the way
    assert (await store.journal.append([fact()]))[0].seq == 1
    await store.close()


async def test_a_read_only_disk_is_read_and_written_again_when_it_may_be(disk: SmallDisk, clock: StoppedClock) -> None:
    disk.remount("ro")
    with pytest.raises(StorageError):  # there is nothing to read yet
        await open_store(disk.paths, clock)
    disk.remount("rw")
    store = await open_store(disk.paths, clock)
    await store.journal.append([fact()])
    await store.close()
    disk.remount("ro")
    store = await open_store(disk.paths, clock)
    assert "takes no writes" in store.read_only_because
    assert await store.journal.last_seq() == 1
    assert not await store.journal.changed_elsewhere()
    for _ in range(2):
        with pytest.raises(StorageFull, match="takes no writes"):
            await store.journal.append([fact()])
        clock.advance(LATER)
    assert (await store.facts())["writes"] == store.read_only_because
    disk.remount("rw")
    assert (await store.journal.append([fact()]))[0].seq == 2
    assert store.read_only_because == ""
    assert await store.journal.last_seq() == 2
    await store.close()


LIMITED = """
import asyncio, resource, sys
from pathlib import Path
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import StorageError
from opsterm.core.paths import find_paths
from opsterm.storage.store import open_store
from tests.storage.samples_of_facts import fact
home = Path(sys.argv[1])
async def main():
    clock = StoppedClock()
    store = await open_store(find_paths({"OPSTERM_HOME": str(home)}, home), clock)
    kept = (await store.journal.append([fact()]))[0].seq
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    try:
        await store.journal.append([fact("x" * 1000) for _ in range(2000)])
    except StorageError as error:
        print(type(error).__name__, bool(store.read_only_because), await store.journal.last_seq() == kept)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    clock.advance(4)
    print((await store.journal.append([fact()]))[0].seq, repr(store.read_only_because))
    await store.close()
asyncio.run(main())
"""


def test_a_file_that_may_not_grow_is_survived(tmp_path: Path) -> None:
    """What the kernel says there is an input/output error: the disk fails, as far as SQLite knows."""
    assert resource.RLIMIT_FSIZE
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.stdout.split("\n")[:2] == ["DiskRefuses True True", "2 ''"], done.stdout + done.stderr


async def test_a_database_that_vanishes_is_a_sentence(store: SqliteStore, paths: Paths, clock: StoppedClock) -> None:
    await store.journal.append([fact()])
    paths.database.rename(paths.data / "elsewhere.db")
    for _ in range(2):
        with pytest.raises(StorageError, match="moved or removed") as caught:
            await store.journal.append([fact()])
        assert caught.value.next_step
        clock.advance(LATER)
    (paths.data / "elsewhere.db").rename(paths.database)
    assert (await store.journal.append([fact()]))[0].seq == 2
