"""A put that broke off goes on where it was, when what is there is ours and the beginning of the content."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from opsterm.adapters.file_place import PIECE
from opsterm.core.errors import BadInput, Unreachable
from opsterm.policy.file_put import FilePut
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports import Connector
from tests.adapters.file_stage import Faults, HeldContents, connector_with, faulty, put
from tests.adapters.ssh_stage import Door, Home, serve, target

Place = tuple[Connector, OrderTarget]
GOES_ON = "Goes on from an earlier try"


@pytest.fixture
def data() -> bytes:
    return os.urandom(3 * PIECE + 17)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that only we may write to."""
    made = tmp_path / "to"
    made.mkdir(mode=0o755)
    return made


@pytest.fixture
def what(contents: HeldContents, folder: Path, data: bytes) -> FilePut:
    (folder / "at").write_bytes(b"untouched")
    return contents.add(folder / "at", data, resume=True)


def part_of(what: FilePut) -> Path:
    return Path(what.path).with_name(f".at.opsterm-{what.sha256[:16]}")


def names_beside(what: FilePut) -> list[str]:
    return [one.name for one in Path(what.path).parent.iterdir()]


def content_at(what: FilePut) -> bytes:
    return Path(what.path).read_bytes()


async def test_a_line_that_was_lost_costs_only_what_was_under_way(
    home: Home, faults: Faults, contents: HeldContents, what: FilePut, data: bytes
) -> None:
    door, written = Door(), 0

    def before(name: str, path: str) -> None:
        nonlocal written
        written += name == "write"
        if name == "write" and written == 20:  # in the third piece
            for connection in door.connections:
                connection.abort()

    faults.before = before
    async with serve(door, sftp_factory=faulty(faults)) as port:
        home.know(port)
        async with connector_with(home, contents) as connector:
            with pytest.raises(Unreachable, match="was lost") as caught:
                await put(connector, target(port), what)
            assert f"{part_of(what)} stays there for the next try" in caught.value.why
            assert content_at(what) == b"untouched"
            assert part_of(what).stat().st_mode & 0o777 == 0o600
            faults.before = lambda name, path: None
            faults.seen.clear()
            told = await put(connector, target(port), what)
    assert f"{GOES_ON}: 2.1 MB of it are there, and the same." in told
    assert faults.seen.count("write") < 12
    assert content_at(what) == data
    assert names_beside(what) == ["at"]


async def test_one_that_is_stopped_keeps_what_came(far: Place, faults: Faults, what: FilePut, data: bytes) -> None:
    faults.before = lambda name, path: faults.hang("write") if faults.seen.count("write") == 17 else None
    task = asyncio.create_task(put(*far, what))
    await faults.hanging.wait()
    task.cancel()
    await asyncio.sleep(0)
    faults.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    faults.hang_at, faults.before = "", lambda name, path: None
    assert part_of(what).stat().st_size >= PIECE
    assert any(line.startswith(GOES_ON) for line in await put(*far, what))
    assert content_at(what) == data


async def test_one_that_is_there_whole_is_not_sent_again(
    far: Place, faults: Faults, what: FilePut, data: bytes
) -> None:
    part_of(what).write_bytes(data)
    part_of(what).chmod(0o600)
    told = await put(*far, what)
    assert f"{GOES_ON}: 3.1 MB of it are there, and the same." in told
    assert "write" not in faults.seen
    assert content_at(what) == data


@pytest.mark.parametrize("case", ["other bytes", "a hole", "longer", "short", "empty"])
async def test_what_is_not_the_beginning_is_sent_anew(far: Place, what: FilePut, data: bytes, case: str) -> None:
    part_of(what).write_bytes({
        "other bytes": os.urandom(2 * PIECE + 5), "a hole": data[:PIECE] + bytes(PIECE) + data[2 * PIECE :],
        "longer": data + b"more", "short": data[:PIECE], "empty": b"",
    }[case])  # fmt: skip
    part_of(what).chmod(0o600)
    told = await put(*far, what)
    assert not any(line.startswith(GOES_ON) for line in told)
    assert content_at(what) == data
    assert not part_of(what).exists()


@pytest.mark.parametrize("case", ["link", "folder", "others read", "others write there", "another's"])
async def test_what_somebody_else_could_have_left_there_is_not_touched(
    far: Place, tmp_path: Path, what: FilePut, data: bytes, case: str
) -> None:
    part, theirs = part_of(what), tmp_path / "theirs"
    theirs.write_bytes(data[: 2 * PIECE + 5])
    theirs.chmod(0o600)
    if case == "another's" and os.geteuid() != 0:
        pytest.skip("only root gives files away")
    match case:
        case "link":
            part.symlink_to(theirs)
        case "folder":
            part.mkdir(mode=0o700)
        case _:
            part.write_bytes(data[: 2 * PIECE + 5])
            part.chmod(0o644 if case == "others read" else 0o600)
    if case == "others write there":
        part.parent.chmod(0o777)
    if case == "another's":
        os.chown(part, 1234, 1234)
    told = await put(*far, what)
    assert not any(line.startswith(GOES_ON) for line in told)
    assert content_at(what) == data
    assert theirs.read_bytes() == data[: 2 * PIECE + 5]
    assert part.is_symlink() or part.exists(), "it is not ours to remove"


async def test_what_is_wrong_is_not_kept(
    far: Place, faults: Faults, contents: HeldContents, what: FilePut, data: bytes
) -> None:
    contents.held[what.sha256] = data[:-1]
    with pytest.raises(BadInput, match="not the one that was approved"):
        await put(*far, what)
    contents.held[what.sha256] = data
    faults.spoil = True
    with pytest.raises(BadInput, match="did not arrive"):
        await put(*far, what)
    assert names_beside(what) == ["at"]
    assert content_at(what) == b"untouched"


async def test_without_the_wish_to_go_on_nothing_is_kept_or_looked_for(
    far: Place, faults: Faults, contents: HeldContents, folder: Path, data: bytes
) -> None:
    plain = contents.add(folder / "at", data)
    part_of(plain).write_bytes(data)
    part_of(plain).chmod(0o600)
    told = await put(*far, plain)
    assert not any(line.startswith(GOES_ON) for line in told)
    assert part_of(plain).exists()


async def test_a_folder_goes_on_with_each_of_its_files(
    far: Place, faults: Faults, contents: HeldContents, folder: Path, data: bytes
) -> None:
    tree = contents.add_tree(folder / "app", {"a": b"small", "big": data, "c": b"x"}, resume=True)
    faults.before = lambda name, path: faults.hang("write") if faults.seen.count("write") == 19 else None
    task = asyncio.create_task(put(*far, tree))
    await faults.hanging.wait()
    task.cancel()
    await asyncio.sleep(0)
    faults.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not (folder / "app" / "a").exists()
    faults.hang_at, faults.before = "", lambda name, path: None
    faults.seen.clear()
    await put(*far, tree)
    assert faults.seen.count("write") < 20
    assert {one.name: one.read_bytes() for one in (folder / "app").iterdir()} == {"a": b"small", "big": data, "c": b"x"}
