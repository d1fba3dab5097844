"""A file, a link or a folder is put back alone out of a tree, by the very texts that run on targets."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.core.errors import BadInput
from tests.runtime.changing import approved
from tests.runtime.stage import opened
from tests.runtime.test_recovery import looked_at, restored, spoil, take, tree

pytestmark = pytest.mark.blocking  # the tests make and change files
__all__ = ["tree"]  # a fixture


@pytest.mark.parametrize(
    "names", [["folder"], ["link"], ["new\nline 'and' \"quote\" $x", "folder/block"], ["holes"], ["pipe"]],
    ids=["a folder", "a link", "odd names", "holes", "a pipe"],
)  # fmt: skip
async def test_only_what_is_named_comes_back_and_nothing_else_is_touched(
    home: Path, tree: Path, names: list[str]
) -> None:
    async with opened(home) as runtime:
        point = await take(runtime, tree)
        before, content = looked_at(tree), (tree / "folder" / "block").read_bytes()
        spoil(tree)
        (tree / "folder" / "block").write_text("spoilt")
        (tree / "new\nline 'and' \"quote\" $x").write_text("spoilt")
        spoilt = looked_at(tree)
        paths = [str(tree / name) for name in names]
        part = await runtime.recovery_selection.part_of(point, paths)
        assert (part.origin, part.target, part.taken_at) == ("r1", "localhost", point.taken_at)
        assert part.stored_bytes < 10_000, "contents are kept once"
        assert (await runtime.recovery_selection.part_of(point, paths)).name == part.name
        change = await restored(runtime, part)
        assert change.state is ChangeState.DONE, await runtime.changes.output(change.id, "localhost")
        now = looked_at(tree)
        inside = [path for path in before if any(path == one or path.startswith(f"{one}/") for one in paths)]
        assert {path: now[path] for path in inside} == {path: before[path] for path in inside}
        others = set(spoilt) - set(inside) - {str(tree), str(tree / "folder")}
        assert {path: now[path] for path in others} == {path: spoilt[path] for path in others}
        if "folder" in names[-1]:
            assert (tree / "folder" / "block").read_bytes() == content
        assert [one.faults for one in await runtime.recovery.verify([part.name])] == [()]


async def test_one_of_two_names_of_a_file_is_refused_and_both_are_not(home: Path, tree: Path) -> None:
    (tree / "pair").mkdir()
    (tree / "pair" / "a").write_text("one file")
    (tree / "pair" / "b").hardlink_to(tree / "pair" / "a")
    async with opened(home) as runtime:
        point = await take(runtime, tree)
        with pytest.raises(BadInput, match=r"another name, as .*/pair/b"):
            await runtime.recovery_selection.part_of(point, [str(tree / "pair" / "a")])
        (tree / "pair" / "a").write_text("changed")
        change = await restored(runtime, await runtime.recovery_selection.part_of(point, [str(tree / "pair")]))
        assert change.state is ChangeState.DONE
        assert (tree / "pair" / "b").read_text() == "one file"
        assert (tree / "pair" / "a").stat().st_nlink == 2


async def test_what_cannot_be_put_back_alone_is_a_sentence(home: Path, tree: Path) -> None:
    async with opened(home) as runtime:
        point = await take(runtime, tree, states=["hostname"])
        part_of = runtime.recovery_selection.part_of
        for paths, says in (
            ([str(tree / "nothing")], "is not in the point"), (["/etc/passwd"], "is in no tree of r1"),
            (["file"], "is no whole path"), ([], "Nothing is named"),
        ):  # fmt: skip
            with pytest.raises(BadInput, match=says):
                await part_of(point, paths)
        shutil.rmtree(tree / "folder")
        with pytest.raises(BadInput, match=r"the folder .*/folder is gone as well"):
            await part_of(point, [str(tree / "folder" / "block")])
        change = await restored(runtime, await part_of(point, [str(tree / "folder")]))
        assert (change.state, (tree / "folder" / "block").exists()) == (ChangeState.DONE, True)
        changed = await approved(runtime, f"rm {tree}/pipe")
        await runtime.changes.run(changed.id)
        [copy] = [one for one in await runtime.recovery.points() if one.origin == changed.name]
        with pytest.raises(BadInput, match="goes back as a whole"):
            await part_of(copy, [str(tree / "pipe")])


async def test_a_large_tree_is_taken_apart_at_any_of_its_names(home: Path, tmp_path: Path) -> None:
    """The state of a part is what the keeper would have written of it: here it is taken, and compared."""
    root = tmp_path / "many"
    for number in range(40):
        (root / f"d{number % 5}" / f"e{number % 3}").mkdir(parents=True, exist_ok=True)
        (root / f"d{number % 5}" / f"e{number % 3}" / f"f {number}").write_bytes(os.urandom(number))
        (root / f"d{number % 5}" / f"l{number}").symlink_to(f"to {number}")
    async with opened(home) as runtime:
        whole = await take(runtime, root)
        paths = [str(root / "d0"), str(root / "d1" / "e1"), str(root / "d2" / "l2"), str(root / "d3" / "e0" / "f 3")]
        part = await runtime.recovery_selection.part_of(whole, paths)
        again = await take(runtime, *map(Path, paths))
        for one, other in zip(part.parts, again.parts, strict=True):
            for name in ("roots", "there", "names", "before"):
                assert one.file(name) == other.file(name), f"{name} of {one.thing}"
