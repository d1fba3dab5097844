"""A folder over SFTP and on this machine: every file as approved, or none of them; nothing outside it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from opsterm.adapters import put_steps
from opsterm.adapters.ssh_library import asyncssh
from opsterm.core.errors import BadInput, Unreachable
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports import Connector
from tests.adapters.file_stage import Faults, HeldContents, connector_with, faulty, put
from tests.adapters.ssh_stage import Door, Home, serve, target

Place = tuple[Connector, OrderTarget]

FILES = {
    "run": b"#!/bin/sh\n", "conf/a.conf": b"a = 1\n", "conf/more/é ö.conf": b"", "conf/-rf": b"dash",
    "conf/a\u202eb": b"turned", "big": b"x" * 3_000_000,
}  # fmt: skip


def below(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


async def test_every_file_arrives_and_what_else_is_there_stays(
    place: Place, contents: HeldContents, tmp_path: Path
) -> None:
    to = tmp_path / "app"
    (to / "conf").mkdir(parents=True)
    (to / "conf" / "a.conf").write_bytes(b"a = 0\n")
    (to / "conf" / "theirs.conf").write_bytes(b"theirs")
    (to / "conf").chmod(0o700)
    told = await put(*place, contents.add_tree(to, FILES, empty=["empty"]))
    assert below(to) == {**FILES, "conf/theirs.conf": b"theirs"}
    assert {path: (to / path).stat().st_mode & 0o7777 for path in ("run", "conf", "conf/more", "empty")} == {
        "run": 0o640, "conf": 0o700, "conf/more": 0o711, "empty": 0o711,
    }  # fmt: skip
    assert told[0].startswith(f"{to}/conf/a.conf: Replaces a file of 6 B, mode 0")
    assert told[1] == f"1 of {len(FILES)} files are there and will be replaced."
    assert f"Made the folder {to}/conf/more." in told
    assert f"All {len(FILES)} files arrived as approved: 3.0 MB." in told
    assert sum(line.startswith(str(to)) and "is in place" in line for line in told) == len(FILES)


async def test_the_folder_itself_is_made_whatever_the_umask(
    place: Place, contents: HeldContents, tmp_path: Path
) -> None:
    old = os.umask(0o077)
    try:
        await put(*place, contents.add_tree(tmp_path / "new", {"a/b/c": b"1"}, mode="0664"))
    finally:
        os.umask(old)
    modes = {name: (tmp_path / "new" / name).stat().st_mode & 0o7777 for name in ("", "a", "a/b", "a/b/c")}
    assert modes == {"": 0o750, "a": 0o711, "a/b": 0o711, "a/b/c": 0o664}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("owner", ["1:4", "daemon:adm"])
async def test_files_and_new_folders_have_the_approved_owner(
    place: Place, contents: HeldContents, tmp_path: Path, owner: str
) -> None:
    (tmp_path / "app").mkdir()
    await put(*place, contents.add_tree(tmp_path / "app", {"new/file": b"x"}, owner=owner))
    owners = {one: ((tmp_path / one).stat().st_uid, (tmp_path / one).stat().st_gid) for one in
              ("app", "app/new", "app/new/file")}  # fmt: skip
    assert owners == {"app": (0, 0), "app/new": (1, 4), "app/new/file": (1, 4)}
    assert (tmp_path / "app/new").stat().st_mode & 0o7777 == 0o711


@pytest.mark.parametrize(
    ("there", "says"),
    [
        ("link", "app/conf/a.conf is a symbolic link"), ("folder", "app/conf/a.conf is a folder"),
        ("way", "app/conf is a symbolic link"), ("no folder", "app/conf is no folder"),
        ("root", "app is a symbolic link"), ("above", "leads over a symbolic link"),
        ("missing", "there is no folder"),
    ],
)  # fmt: skip
async def test_what_would_lead_elsewhere_is_refused_before_anything_is_sent(
    place: Place, contents: HeldContents, tmp_path: Path, there: str, says: str
) -> None:
    outside = tmp_path / "outside"
    (outside / "conf").mkdir(parents=True)
    (outside / "conf" / "a.conf").write_bytes(b"untouched")
    to = tmp_path / "app"
    match there:
        case "link" | "folder":
            (to / "conf").mkdir(parents=True)
            made = to / "conf" / "a.conf"
            made.mkdir() if there == "folder" else made.symlink_to(outside / "conf" / "a.conf")
        case "way":
            to.mkdir()
            (to / "conf").symlink_to(outside / "conf")
        case "no folder":
            to.mkdir()
            (to / "conf").write_bytes(b"a file")
        case "root":
            to.symlink_to(outside)
        case "above":
            (tmp_path / "up").symlink_to(outside)
            to = tmp_path / "up" / "app"
        case _:
            to = tmp_path / "none" / "app"
    before = below(tmp_path)
    with pytest.raises(BadInput, match=says):
        await put(*place, contents.add_tree(to, {"conf/a.conf": b"new", "b": b"new"}))
    assert below(tmp_path) == before


@pytest.mark.parametrize("spoilt", ["conf/a.conf", "run"])
async def test_one_content_that_is_not_the_approved_one_leaves_all_as_it_was(
    place: Place, contents: HeldContents, tmp_path: Path, spoilt: str
) -> None:
    to = tmp_path / "app"
    to.mkdir()
    (to / "run").write_bytes(b"untouched")
    tree = contents.add_tree(to, FILES)
    name = next(one.sha256 for one in tree.files if one.path == spoilt)
    contents.held[name] = b"changed since"
    with pytest.raises(BadInput, match="not the one that was approved"):
        await put(*place, tree)
    assert below(to) == {"run": b"untouched"}
    assert [one.name for one in to.iterdir()] == ["run"], "folders that were made are gone again"


@pytest.mark.parametrize(("step", "error", "says"), [
    ("open", asyncssh.SFTPPermissionDenied("no"), "permission denied while making a file"),
    ("write", asyncssh.SFTPFailure("Failure"), "it failed while sending it"),
])  # fmt: skip
async def test_a_server_that_fails_at_one_file_leaves_all_as_it_was(
    far: Place, faults: Faults, contents: HeldContents, tmp_path: Path, step: str, error: Exception, says: str
) -> None:
    to = tmp_path / "app"
    seen = 0

    def before(name: str, path: str) -> None:
        nonlocal seen
        seen += name == step
        if name == step and seen == 3:
            raise error

    faults.before = before
    with pytest.raises(BadInput, match=says):
        await put(*far, contents.add_tree(to, FILES))
    assert not to.exists()


async def test_a_failure_among_the_last_steps_says_how_far_it_came(
    far: Place, faults: Faults, contents: HeldContents, tmp_path: Path
) -> None:
    to = tmp_path / "app"
    files = {name: name.encode() for name in ("a", "b", "c")}

    def before(name: str, path: str) -> None:
        if name == "rename" and path.endswith("/b"):
            raise asyncssh.SFTPPermissionDenied("no")

    faults.before = before
    with pytest.raises(BadInput, match="/b was not put") as caught:
        await put(*far, contents.add_tree(to, files))
    assert "1 of 3 files are in place by now; the others are as they were." in caught.value.why
    assert below(to) == {"a": b"a"}


async def test_a_line_that_is_lost_says_what_may_be_left(
    home: Home, faults: Faults, contents: HeldContents, tmp_path: Path
) -> None:
    door, to = Door(), tmp_path / "app"
    async with serve(door, sftp_factory=faulty(faults)) as port:
        home.know(port)
        async with connector_with(home, contents) as connector:
            faults.hang("rename")
            task = asyncio.create_task(put(connector, target(port), contents.add_tree(to, {"a": b"1", "b": b"2"})))
            await faults.hanging.wait()
            for connection in door.connections:
                connection.abort()
            with pytest.raises(Unreachable, match="was lost") as caught:
                await task
            faults.gate.set()
    assert "Whether" in caught.value.why
    assert "1 more like it may be left." in caught.value.why


async def test_a_put_that_is_stopped_takes_back_what_it_began(
    far: Place, faults: Faults, contents: HeldContents, tmp_path: Path
) -> None:
    to = tmp_path / "app"
    faults.hang("write")
    task = asyncio.create_task(put(*far, contents.add_tree(to, FILES)))
    await faults.hanging.wait()
    task.cancel()
    await asyncio.sleep(0)
    faults.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not to.exists()


async def test_large_files_and_the_whole_tell_how_far_they_are(
    place: Place, contents: HeldContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("put_steps", "tree_steps"):
        monkeypatch.setattr(f"opsterm.adapters.{module}.TOLD_FROM", 2_000_000)
    assert put_steps.TOLD_FROM == 2_000_000
    told = await put(*place, contents.add_tree(tmp_path / "app", {"a": b"1", "big": b"x" * 4_000_000}))
    assert f"{tmp_path}/app/big: Sent 1.0 MB of 4.0 MB." in told
    assert "Sent 4.0 MB of 4.0 MB." in told
