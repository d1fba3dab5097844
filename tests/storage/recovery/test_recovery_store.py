"""Recovery points on this host: each content once, encrypted, whole or not there, looked over when it is read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsterm.core.errors import NotFound, Refused, StorageError, StorageFull, VaultLocked
from opsterm.core.secret import Secret
from opsterm.runtime.offload import Offload, Run
from opsterm.storage.recovery.box import SealedBox
from opsterm.storage.recovery.pack import PackWriter
from opsterm.storage.recovery.store import FolderRecoveryStore

pytestmark = pytest.mark.blocking  # the intake blocks; the runtime calls it off the loop


class Ring:
    """Credentials that a test opens and locks."""

    def __init__(self, state: str = "absent") -> None:
        self.now = state
        self.kept: dict[tuple[str, str], Secret] = {}

    async def state(self) -> str:
        return self.now

    async def unsent(self, service: str, account: str) -> Secret | None:
        return self.kept.get((service, account))

    async def put(self, service: str, account: str, secret: Secret) -> None:
        self.kept[service, account] = secret


@pytest.fixture
def pool() -> Iterator[Run]:
    offload = Offload()
    yield offload.pool("recovery")
    offload.close()


def store_at(folder: Path, pool: Run, ring: Ring | None = None, *, reserve: int = 0) -> FolderRecoveryStore:
    return FolderRecoveryStore(folder / "data" / "recovery", ring or Ring(), pool, reserve=reserve)


async def kept(store: FolderRecoveryStore, *contents: bytes, manifest: bytes = b"{}") -> tuple[int, int]:
    """Keep contents as one point; return its number and the bytes that it took."""
    async with store.taking() as intake:
        for content in contents:
            intake.add(content)
        return intake.finish(manifest), intake.stored


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def test_what_was_kept_comes_back_in_another_process(tmp_path: Path, pool: Run) -> None:
    contents = [b"", b"x" * 5_000_000, os.urandom(70_000)]
    number, _ = await kept(store_at(tmp_path, pool), *contents, manifest=b"what it is")
    again = store_at(tmp_path, pool)
    assert [await again.read(sha(content)) for content in contents] == contents
    assert await again.manifests() == {number: b"what it is"}
    assert (await kept(again))[0] == number + 1


async def test_what_is_there_already_is_not_stored_again(tmp_path: Path, pool: Run) -> None:
    store = store_at(tmp_path, pool)
    content = os.urandom(300_000)
    _, first = await kept(store, content, content)
    assert 300_000 < first < 301_000
    assert (await kept(store, content))[1] == 0


async def test_text_takes_less_room_than_it_has(tmp_path: Path, pool: Run) -> None:
    _, stored = await kept(store_at(tmp_path, pool), b"listen 80;\n" * 100_000)
    assert stored < 20_000


async def test_a_copy_of_the_folder_tells_nothing(tmp_path: Path, pool: Run) -> None:
    secret = b"root:$6$abcdefgh:19000:0:99999:7:::"
    await kept(store_at(tmp_path, pool), secret, manifest=b"/etc/shadow of web-1")
    for file in (tmp_path / "data" / "recovery").rglob("*"):
        data = file.read_bytes() if file.is_file() else b""
        assert secret not in data
        assert b"shadow" not in data
        assert hashlib.sha256(secret).digest() not in data, "nor which contents there are"
        assert file.stat().st_mode & 0o077 == 0


async def test_a_point_that_was_not_finished_is_not_there(tmp_path: Path, pool: Run) -> None:
    store = store_at(tmp_path, pool)
    with pytest.raises(RuntimeError):
        await broken_off(store)
    assert await store.manifests() == {}
    assert not list((tmp_path / "data" / "recovery" / "packs").iterdir())
    with pytest.raises(NotFound):
        await store.read(sha(b"half"))


async def broken_off(store: FolderRecoveryStore) -> None:
    async with store.taking() as intake:
        intake.add(b"half")
        raise RuntimeError


async def test_what_a_killed_process_left_is_swept_away(tmp_path: Path, pool: Run) -> None:
    store = store_at(tmp_path, pool)
    number, _ = await kept(store, b"good")
    PackWriter(tmp_path / "data" / "recovery" / "packs", SealedBox(bytes(32))).add(bytes(32), b"left behind")
    assert await store.faults([sha(b"good")]) == {}
    await store.prune([], stay=[number], keep=[sha(b"good")])
    assert len(list((tmp_path / "data" / "recovery" / "packs").iterdir())) == 1
    assert list(await store.manifests()) == [number]


@pytest.mark.parametrize("at", [9, 30, -60, -1])
async def test_a_byte_that_turned_is_noticed(tmp_path: Path, pool: Run, at: int) -> None:
    await kept(store_at(tmp_path, pool), b"listen 80;" * 30)
    [pack] = (tmp_path / "data" / "recovery" / "packs").iterdir()
    data = bytearray(pack.read_bytes())
    data[at] ^= 1
    pack.write_bytes(data)
    faults = await store_at(tmp_path, pool).faults([sha(b"listen 80;" * 30)])
    assert "is damaged" in faults[""]
    if at != -1:
        assert faults[sha(b"listen 80;" * 30)]


async def test_a_point_that_was_exchanged_is_not_believed(tmp_path: Path, pool: Run) -> None:
    store = store_at(tmp_path, pool)
    await kept(store, manifest=b"of web-1")
    await kept(store, manifest=b"of web-2")
    points = tmp_path / "data" / "recovery" / "points"
    (points / "r1.point").write_bytes((points / "r2.point").read_bytes())
    assert await store.manifests() == {2: b"of web-2"}
    assert "r1 cannot be read" in (await store.faults([]))[""]


async def test_another_key_is_told_from_damage(tmp_path: Path, pool: Run) -> None:
    await kept(store_at(tmp_path, pool), b"x")
    (tmp_path / "data" / "recovery.key").write_bytes(bytes(32))
    with pytest.raises(StorageError, match="with another key"):
        await store_at(tmp_path, pool).manifests()


async def test_the_key_stays_where_it_was_made(tmp_path: Path, pool: Run) -> None:
    ring = Ring("open")
    await kept(store_at(tmp_path, pool, ring), b"x")
    assert not (tmp_path / "data" / "recovery.key").exists()
    assert [name for name, _ in ring.kept] == ["opsterm:recovery"]
    ring.now = "locked"
    with pytest.raises(VaultLocked):
        await store_at(tmp_path, pool, ring).manifests()
    ring.now = "open"
    ring.kept.clear()
    with pytest.raises(StorageError, match="with another key"):
        await store_at(tmp_path, pool, ring).manifests()


async def test_without_room_nothing_is_taken(tmp_path: Path, pool: Run) -> None:
    with pytest.raises(StorageFull, match="no room for"):
        await kept(store_at(tmp_path, pool, reserve=1 << 60), b"x")
    assert not (tmp_path / "data" / "recovery" / "packs").exists()


async def test_nothing_is_thrown_away_while_a_point_is_taken(tmp_path: Path, pool: Run) -> None:
    store = store_at(tmp_path, pool)
    async with store.taking() as intake:
        intake.add(b"x")
        with pytest.raises(Refused, match="being taken"):
            await store.prune([], stay=[], keep=[])
        number = intake.finish(b"{}")
    with pytest.raises(Refused, match="meanwhile"):
        await store.prune([], stay=[], keep=[])
    assert await store.prune([number], stay=[], keep=[]) > 0
    assert (await store.room()).contents == 0


async def test_a_manifest_may_take_the_place_of_another(tmp_path: Path, pool: Run) -> None:
    store = store_at(tmp_path, pool)
    number, _ = await kept(store, b"before", manifest=b"before")
    async with store.taking() as intake:
        assert intake.finish(b"and after", replaces=number) == number
    assert await store.manifests() == {number: b"and after"}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.lists(st.integers(0, 12), min_size=1, max_size=6), st.booleans()), max_size=6))
async def test_pruning_loses_nothing_that_is_needed(
    tmp_path_factory: pytest.TempPathFactory, pool: Run, points: list[tuple[list[int], bool]]
) -> None:
    """Whatever points go, those that stay are whole, and what nobody needs leaves with its pack."""
    store = store_at(tmp_path_factory.mktemp("points"), pool)
    stay: dict[int, set[bytes]] = {}
    gone = []
    for numbers, goes in points:
        contents = {str(number).encode() * (500 * number + 1) for number in numbers}
        made, _ = await kept(store, *contents)
        if goes:
            gone.append(made)
        else:
            stay[made] = contents
    needed = {content for contents in stay.values() for content in contents}
    await store.prune(gone, stay=list(stay), keep={sha(content) for content in needed})
    assert list(await store.manifests()) == sorted(stay)
    assert [await store.read(sha(content)) for content in needed] == list(needed)
    assert await store.faults([sha(content) for content in needed]) == {}
