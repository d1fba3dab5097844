"""Files over SFTP and on this machine: whole, as approved, in one step; or nothing was touched."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from opsterm.adapters import file_get
from opsterm.adapters.ssh_library import asyncssh
from opsterm.core.errors import BadInput, NotFound, OpstermError, Refused, TimedOut, Unreachable
from opsterm.policy.file_put import PUT, file_put
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports import Connector
from tests.adapters.file_stage import HERE, Faults, HeldContents, connector_with, faulty, get, put
from tests.adapters.ssh_stage import Door, Home, serve, target
from tests.adapters.test_local_command import comes_true


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


async def test_a_new_file_is_whole_and_has_the_usual_mode(
    place: tuple[Connector, OrderTarget], contents: HeldContents, tmp_path: Path
) -> None:
    data = os.urandom(3_000_000)
    made = tmp_path / "to" / "new file é"
    made.parent.mkdir()
    told = await put(*place, contents.add(made, data))
    assert files_in(tmp_path / "to") == {made.name: data}
    assert made.stat().st_mode & 0o7777 == 0o644
    assert told[0] == "There is no such file yet."
    assert told[-1].startswith(f"{made} is in place: 3.0 MB, mode 0644, owner ")


async def test_an_empty_file(place: tuple[Connector, OrderTarget], contents: HeldContents, tmp_path: Path) -> None:
    await put(*place, contents.add(tmp_path / "empty", b""))
    assert (tmp_path / "empty").read_bytes() == b""


async def test_a_file_that_is_replaced_leaves_its_mode_and_owner(
    place: tuple[Connector, OrderTarget], contents: HeldContents, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    old.write_bytes(b"as it was")
    old.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(old, 1234, 4321)
    held = old.open("rb")
    told = await put(*place, contents.add(old, b"new"))
    assert old.read_bytes() == b"new"
    assert held.read() == b"as it was", "whoever has it open goes on reading what it was"
    held.close()
    assert old.stat().st_mode & 0o7777 == 0o640
    if os.geteuid() == 0:
        assert (old.stat().st_uid, old.stat().st_gid) == (1234, 4321)
    assert told[0].startswith("Replaces a file of 9 B, mode 0640")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
async def test_mode_and_owner_as_they_were_approved(
    place: tuple[Connector, OrderTarget], contents: HeldContents, tmp_path: Path
) -> None:
    for owner, ids in (("daemon:adm", (1, 4)), ("1:4", (1, 4)), ("daemon", (1, 0)), (":4", (0, 4))):
        await put(*place, contents.add(tmp_path / "tool", b"#!/bin/sh\n", mode="4750", owner=owner))
        made = (tmp_path / "tool").stat()
        assert (made.st_mode & 0o7777, made.st_uid, made.st_gid) == (0o4750, *ids)
        (tmp_path / "tool").unlink()
    with pytest.raises(BadInput, match="no such owner: nobody-of-here"):
        await put(*place, contents.add(tmp_path / "tool", b"x", owner="nobody-of-here"))
    assert files_in(tmp_path) == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("owner", ["", "1234:4321", "daemon:daemon"])
async def test_a_link_that_takes_the_place_of_the_file_is_given_nothing(
    far: tuple[Connector, OrderTarget], faults: Faults, contents: HeldContents, tmp_path: Path, owner: str
) -> None:
    secret, theirs = tmp_path / "shadow", tmp_path / "theirs"
    secret.write_bytes(b"hashes")
    secret.chmod(0o600)
    theirs.mkdir()
    (theirs / "file").write_bytes(b"old")
    os.chown(theirs / "file", 1234, 4321)
    (theirs / "file").chmod(0o666)

    def swap(name: str, path: str) -> None:
        if (
            name in ("setstat", "fsetstat") and "write" in faults.seen
        ):  # whoever owns the folder may do this at any time
            for part in theirs.glob(".file.opsterm-*"):
                part.unlink()
                part.symlink_to(secret)

    faults.before = swap
    with suppress(OpstermError):
        await put(*far, contents.add(theirs / "file", b"new", owner=owner))
    told = secret.stat()
    assert (told.st_uid, told.st_gid, told.st_mode & 0o7777) == (0, 0, 0o600)
    assert secret.read_bytes() == b"hashes"


async def test_what_is_no_file_is_left_alone(
    place: tuple[Connector, OrderTarget], contents: HeldContents, tmp_path: Path
) -> None:
    (tmp_path / "real").write_bytes(b"untouched")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "folder").mkdir()
    (tmp_path / "way").symlink_to("folder")
    os.mkfifo(tmp_path / "pipe")
    for name, says in (("link", "symbolic link to real"), ("folder", "is a folder"), ("pipe", "a device, pipe"),
                       ("way/new", "leads over a symbolic link to .*folder"),
                       ("real/x", "no folder"), ("none/x", "there is no folder")):  # fmt: skip
        with pytest.raises(BadInput, match=says):
            await put(*place, contents.add(tmp_path / name, b"new"))
    assert files_in(tmp_path) == {"real": b"untouched", "link": b"untouched"}


@pytest.mark.parametrize(
    ("change", "says"),
    [(lambda data: data[:-1], "not the one that was approved"), (lambda data: data + b"!", "not the one"),
     (lambda data: b"X" + data[1:], "not the one"), (lambda data: None, "not kept any more")],
)  # fmt: skip
async def test_a_content_that_changed_since_it_was_approved_goes_nowhere(
    place: tuple[Connector, OrderTarget], contents: HeldContents, tmp_path: Path, change: object, says: str
) -> None:
    (tmp_path / "at").write_bytes(b"untouched")
    what = contents.add(tmp_path / "at", b"approved")
    changed = change(contents.held.pop(what.sha256))  # type: ignore[operator]  # one of those above
    if changed is not None:
        contents.held[what.sha256] = changed
    with pytest.raises(BadInput, match=says):
        await put(*place, what)
    assert files_in(tmp_path) == {"at": b"untouched"}


async def test_a_text_that_is_no_description_is_not_carried_out(place: tuple[Connector, OrderTarget]) -> None:
    session = await place[0].session(place[1])
    for text in ("touch /tmp/x", "put {}", file_put("/x", size=0, sha256="0" * 64).text() + " "):
        with pytest.raises(BadInput, match="no description"):
            async for _ in session.run(text, shell=PUT):
                pass
    await session.close()


# ------------------------------------------------------------------------------------- what a server can do wrong


def failing(at: str, error: Exception) -> object:
    def before(name: str, path: str) -> None:
        if name == at:
            raise error

    return before


@pytest.mark.parametrize(
    ("at", "error", "others", "says"),
    [
        ("write", asyncssh.SFTPFailure("Failure"), {"free": 4096}, "the disk of .* is full .4.1 kB free"),
        ("write", asyncssh.SFTPFailure("Failure"), {}, "it failed while sending it"),
        ("open", asyncssh.SFTPPermissionDenied("Permission denied"), {}, "permission denied while making a file in"),
        ("open", asyncssh.SFTPFailure("Failure"), {}, "it failed while making a file in"),
        ("rename", asyncssh.SFTPPermissionDenied("Permission denied"), {}, "denied while giving it its name"),
        ("", None, {"read_only": True}, "mounted read-only"),
        ("", None, {"free": 0}, "the disk of .* is full"),
        ("", None, {"spoil": True}, "what is read back is not what was sent"),
    ],
)  # fmt: skip
async def test_a_server_that_fails_leaves_the_file_as_it_was(
    far: tuple[Connector, OrderTarget], faults: Faults, contents: HeldContents, tmp_path: Path, at: str,
    error: Exception | None, others: dict[str, object], says: str,
) -> None:  # fmt: skip
    (tmp_path / "at").write_bytes(b"untouched")
    if error is not None:
        faults.before = failing(at, error)  # type: ignore[assignment]  # it is one
    for name, value in others.items():
        setattr(faults, name, value)
    with pytest.raises(BadInput, match=says) as caught:
        await put(*far, contents.add(tmp_path / "at", b"new content"))
    assert "untouched" in str(caught.value)
    assert files_in(tmp_path) == {"at": b"untouched"}


async def test_a_server_that_cannot_replace_still_takes_a_new_name(
    far: tuple[Connector, OrderTarget], faults: Faults, contents: HeldContents, tmp_path: Path
) -> None:
    faults.before = failing("rename", asyncssh.SFTPOpUnsupported("no"))  # type: ignore[assignment]  # it is one
    await put(*far, contents.add(tmp_path / "new", b"content"))
    assert files_in(tmp_path) == {"new": b"content"}
    with pytest.raises(BadInput, match="while giving it its name"):
        await put(*far, contents.add(tmp_path / "new", b"other"))
    assert files_in(tmp_path) == {"new": b"content"}


@pytest.mark.parametrize("step", ["open", "write", "rename"])
async def test_a_put_that_is_stopped_takes_back_what_it_began(
    far: tuple[Connector, OrderTarget], faults: Faults, contents: HeldContents, tmp_path: Path, step: str,
) -> None:  # fmt: skip
    (tmp_path / "at").write_bytes(b"untouched")
    faults.hang(step)
    task = asyncio.create_task(put(*far, contents.add(tmp_path / "at", b"new content")))
    await faults.hanging.wait()
    task.cancel()
    await asyncio.sleep(0)
    faults.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    there = b"new content" if step == "rename" else b"untouched"
    assert files_in(tmp_path) == {"at": there}, "a rename that was asked for is waited for"
    faults.hang_at = ""
    assert await put(*far, contents.add(tmp_path / "at", b"later")), "the line is of use afterwards"


async def test_a_line_that_is_lost_says_what_may_be_left(
    home: Home, faults: Faults, contents: HeldContents, tmp_path: Path
) -> None:
    (tmp_path / "at").write_bytes(b"untouched")
    door = Door()
    async with serve(door, sftp_factory=faulty(faults)) as port:
        home.know(port)
        async with connector_with(home, contents) as connector:
            for step, says in (("write", "may be left there, and .*/at was not touched"), ("rename", "is not known")):
                faults.hang(step)
                task = asyncio.create_task(put(connector, target(port), contents.add(tmp_path / "at", b"new")))
                await faults.hanging.wait()
                for connection in door.connections:
                    connection.abort()
                with pytest.raises(Unreachable, match="was lost") as caught:
                    await task
                assert ".at.opsterm-" in caught.value.why
                assert re.search(says, caught.value.why)
                faults.gate.set()
    assert (tmp_path / "at").read_bytes() == b"untouched"
    left = [name for name in files_in(tmp_path) if name != "at"]
    assert len(left) == 2, "nobody could take them away"


async def test_a_server_that_falls_silent_is_given_up(
    far: tuple[Connector, OrderTarget], faults: Faults, contents: HeldContents, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("opsterm.adapters.ssh_files.ANSWER_LIMIT_S", 0.2)
    monkeypatch.setattr("opsterm.adapters.put_steps.CLEAN_UP_S", 0.2)
    monkeypatch.setattr("opsterm.adapters.ssh_files.CLOSE_LIMIT_S", 0.2)
    faults.hang("write")
    with pytest.raises(TimedOut, match="did not answer"):
        await put(*far, contents.add(tmp_path / "at", b"new"))
    faults.gate.set()


async def test_a_server_without_sftp_is_told_of(home: Home, contents: HeldContents) -> None:
    async with serve(Door()) as port:
        home.know(port)
        async with connector_with(home, contents) as connector:
            with pytest.raises(Unreachable, match="offers no SFTP"):
                await put(connector, target(port), contents.add("/srv/x", b""))
            with pytest.raises(Unreachable, match="offers no SFTP"):
                await get(connector, target(port), "/etc/hostname")


# ------------------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (2 << 20) + 17])
async def test_a_file_is_read_byte_for_byte(place: tuple[Connector, OrderTarget], tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "real").write_bytes(data)
    (tmp_path / "link").symlink_to("real")
    found, read = await get(*place, tmp_path / "link")
    assert read == data
    assert (found.real_path, found.size) == (str((tmp_path / "real").resolve()), size)


async def test_what_the_kernel_makes_up_is_read_to_its_end(place: tuple[Connector, OrderTarget]) -> None:
    found, data = await get(*place, "/proc/version")
    assert found.size == 0
    assert data == Path("/proc/version").read_bytes()  # noqa: ASYNC240 (a line of the kernel)


async def test_a_file_that_says_it_is_empty_does_not_fill_the_disk(
    place: tuple[Connector, OrderTarget], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_get, "UNSIZED_BYTES", 10)
    with pytest.raises(BadInput, match="has no end"):
        await get(*place, "/proc/cpuinfo")


async def test_a_file_that_grows_is_read_as_far_as_it_was(place: tuple[Connector, OrderTarget], tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"a" * 1000)
    data = b""
    async with aclosing(place[0].read_file(place[1], str(tmp_path / "log"))) as pieces:  # type: ignore[type-var]  # a generator
        async for piece in pieces:
            (tmp_path / "log").write_bytes(b"a" * 5000)
            data += piece if isinstance(piece, bytes) else b""
    assert data == b"a" * 1000


async def test_what_cannot_be_read_says_why(
    place: tuple[Connector, OrderTarget], faults: Faults, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, error in ((tmp_path, BadInput), (tmp_path / "pipe", BadInput), (tmp_path / "none", NotFound)):
        with pytest.raises(error):
            await get(*place, path)
    if place[1] is not HERE:
        (tmp_path / "closed").write_bytes(b"")
        faults.before = failing("open", asyncssh.SFTPPermissionDenied("no"))  # type: ignore[assignment]  # it is one
        with pytest.raises(Refused, match="permission denied"):
            await get(*place, tmp_path / "closed")


async def test_nothing_is_left_behind(
    far: tuple[Connector, OrderTarget], contents: HeldContents, tmp_path: Path
) -> None:
    connector, where = far
    (tmp_path / "file").write_bytes(os.urandom(500_000))
    await get(*far, tmp_path / "file")
    before = len(asyncio.all_tasks())
    for round_ in range(5):
        await get(*far, tmp_path / "file")
        await put(*far, contents.add(tmp_path / "to", b"x" * round_))
        async with aclosing(connector.read_file(where, str(tmp_path / "file"))) as pieces:  # type: ignore[type-var]  # a generator
            await anext(aiter(pieces))
        with suppress(OpstermError):
            await get(*far, tmp_path / "none")
    await comes_true(lambda: len(asyncio.all_tasks()) <= before)
