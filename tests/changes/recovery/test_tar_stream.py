"""Archives as they come: every entry is told, and put together again they are the same bytes."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.changes.recovery.tar_stream import BLOCK, Member, MemberEnd, TarStream
from opsterm.core.errors import BadInput


def told(data: bytes, cuts: Sequence[int] = ()) -> tuple[list[tuple[Member, bytes]], TarStream]:
    """Return the members of archives that come cut at some places, with their contents."""
    stream, found, content = TarStream(), [], bytearray()
    member: Member | None = None
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in pairwise(edges):
        for one in stream.take(data[start:end]):
            if isinstance(one, Member):
                member, content = one, bytearray()
            elif isinstance(one, MemberEnd):
                assert member is not None
                found.append((member, bytes(content)))
                member = None
            else:
                content += one
    return found, stream


def put_together(members: Sequence[tuple[Member, bytes]]) -> bytes:
    return b"".join(member.head + content + bytes(-len(content) % BLOCK) for member, content in members)


names = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=150)
times = st.integers(0, 2 * 10**12).map(lambda ms: ms / 1000)
entries = st.tuples(names, st.binary(max_size=1500), st.integers(0, 0o7777), times)


@settings(max_examples=60, deadline=None)
@given(st.lists(entries, max_size=6), st.lists(st.integers(0, 1 << 20), max_size=12), st.sampled_from([0, 1, 2]))
def test_every_entry_is_told_wherever_the_archive_is_cut(
    given_entries: list[tuple[str, bytes, int, float]], cuts: list[int], form: int
) -> None:
    form = [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT][form]
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=form) as archive:
        for name, content, mode, at in given_entries:
            info = tarfile.TarInfo(f"d/{name}")
            info.size, info.mode, info.mtime = len(content), mode, at if form == tarfile.PAX_FORMAT else int(at)
            archive.addfile(info, io.BytesIO(content))
    found, stream = told(written.getvalue(), cuts)
    assert [(m.name.decode(), content, m.mode, m.changed_at) for m, content in found] == [
        (f"d/{name}", content, mode, int(at)) for name, content, mode, at in given_entries
    ]
    assert stream.is_between
    assert written.getvalue().startswith(put_together(found))


def test_what_tar_itself_writes_is_the_same_bytes_again(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "folder").mkdir(parents=True)
    (tree / "file").write_bytes(b"x" * 1000)
    (tree / "name").hardlink_to(tree / "file")
    (tree / "link").symlink_to("l" * 180)
    (tree / ("long" * 40)).write_text("y")
    with (tree / "holes").open("wb") as file:
        file.seek(3_000_000)
        file.write(b"end")
    command = ["tar", "--format=posix", "--sparse", "-P", "-cf", "-", str(tree)]
    packed = subprocess.run(command, capture_output=True, check=True).stdout
    found, _ = told(packed + packed)  # one behind another
    half = found[: len(found) // 2]
    assert len(found) == 2 * 7
    assert packed.startswith(put_together(half))
    by_name = {Path(member.name.decode()).name: member for member, _ in half}
    assert by_name["link"].link == b"l" * 180
    assert (by_name["holes"].sparse, by_name["file"].sparse) == (True, False)
    assert by_name["holes"].size < 20_000
    assert {by_name["file"].kind, by_name["name"].kind} == {"0", "1"}


@pytest.mark.parametrize(
    "spoil", [lambda b: b.replace(b"ustar", b"ustaR", 1), lambda b: b"\1" + b[1:], lambda b: b"sh: not found\n" * 50]
)
def test_what_is_no_archive_is_refused(spoil: object) -> None:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    with pytest.raises(BadInput, match="no archive"):
        told(spoil(written.getvalue()))  # type: ignore[operator]  # a table of functions


def test_one_that_was_cut_off_is_not_taken_for_whole() -> None:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        info = tarfile.TarInfo("x")
        info.size = 600
        archive.addfile(info, io.BytesIO(bytes(600)))
    found, stream = told(written.getvalue()[:1000])
    assert (found, stream.is_between) == ([], False)
