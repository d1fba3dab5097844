"""Recovery points are taken from this host by the very texts that run on targets, and kept beside the database."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.recovery.events import RecoveryPointFailed
from opsterm.changes.recovery.point import RecoveryPoint
from opsterm.changes.recovery.wish import things_of
from opsterm.core.errors import BadInput, NotFound, Refused
from opsterm.monitoring.alerts import AlertState
from opsterm.monitoring.drift import DRIFT
from opsterm.runtime.recovery import TakeWish
from opsterm.runtime.recovery_copies import restore_proposal
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import approved
from tests.runtime.stage import opened, until, until_async

pytestmark = pytest.mark.blocking  # the tests make and change files


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a tree with everything odd that a name and a file can have without being root."""
    tree = tmp_path / "tree"
    (tree / "folder").mkdir(parents=True)
    (tree / "file").write_text("listen 80;\n" * 500)
    (tree / "file").chmod(0o640)
    (tree / "same name").hardlink_to(tree / "file")
    (tree / "link").symlink_to("file")
    (tree / "new\nline 'and' \"quote\" $x").write_text("odd")
    (Path(os.fsdecode(bytes(tree / "byte") + b"\xff"))).write_text("no text")
    (tree / "folder" / "block").write_bytes(os.urandom(300_000))
    with (tree / "holes").open("wb") as file:
        file.seek(2_000_000)
        file.write(b"end")
    os.mkfifo(tree / "pipe")
    return tree


def looked_at(tree: Path) -> dict[str, tuple[int, int, int, int, int]]:
    """Return what each entry of a tree is, itself too."""
    facts = {str(path): path.lstat() for path in (tree, *tree.rglob("*"))}
    return {path: (s.st_mode, s.st_uid, s.st_gid, int(s.st_mtime), s.st_size) for path, s in facts.items()}


async def take(runtime: Runtime, *paths: Path, states: Sequence[str] = (), label: str = "") -> RecoveryPoint:
    wish = TakeWish(selector="localhost", things=things_of([str(path) for path in paths], (), states), label=label)
    [taken] = await runtime.recovery.take(wish)
    if taken.error is not None:
        raise taken.error
    assert taken.point is not None
    return taken.point


async def lines_of(
    runtime: Runtime, before: RecoveryPoint, after: RecoveryPoint | None = None
) -> dict[str, tuple[str, ...]]:
    found = await runtime.recovery.comparison.differences(before, after, lines=True)
    return {one.path: one.lines for one in found}


async def test_a_point_has_everything_of_a_tree(home: Path, tree: Path) -> None:
    async with opened(home) as runtime:
        point = await take(runtime, tree, states=["hostname"], label="first")
        entries = {entry.path: entry for entry in await runtime.recovery.entries(point.parts[0])}
        told = {path: (e.mode, e.user, e.group, e.changed_at, e.size) for path, e in entries.items()}
        assert told == looked_at(tree)
        assert entries[str(tree / "link")].link == "file"
        [block] = entries[str(tree / "folder" / "block")].blocks
        assert await runtime.recovery.content(block) == (tree / "folder" / "block").read_bytes()
        assert entries[str(tree / "holes")].size_sent < 20_000, "holes are not sent"
        assert await runtime.recovery.content(point.parts[1].file("before")) == f"{os.uname().nodename}\n".encode()
        assert [(one.name, one.label) for one in await runtime.recovery.points("localhost")] == [("r1", "first")]
        assert [checked.faults for checked in await runtime.recovery.verify()] == [()]


async def test_what_has_not_changed_is_neither_sent_nor_stored_again(home: Path, tree: Path) -> None:
    async with opened(home) as runtime:
        first = await take(runtime, tree)
        (tree / "folder" / "new").write_bytes(os.urandom(5_000))
        second = await take(runtime, tree)
        assert 5_000 < second.sent_bytes < first.sent_bytes / 10
        assert 5_000 < second.stored_bytes < first.stored_bytes / 10
        assert (await runtime.recovery.comparison.differences(first, second))[-1].what == "new"


async def test_a_point_is_compared_with_its_target_now(home: Path, tree: Path) -> None:
    async with opened(home) as runtime:
        point = await take(runtime, tree)
        assert await runtime.recovery.comparison.differences(point) == []
        (tree / "file").chmod(0o600)
        (tree / "folder" / "block").write_text("another")
        (tree / "link").unlink()
        found = {
            (one.what, Path(one.path).name): one.how for one in await runtime.recovery.comparison.differences(point)
        }
        assert found["changed", "file"] == found["changed", "same name"] == ("mode 0640 → 0600",)
        assert found["gone", "link"] == ("link",)
        assert found["changed", "block"][0].startswith("content (300 kB → 7 B)")


async def test_lines_are_shown_but_not_those_of_secrets(home: Path, tmp_path: Path) -> None:
    (tmp_path / "site.conf").write_text("listen 80;\n")
    (tmp_path / "server.key").write_text("one\n")
    paths = [tmp_path / "site.conf", tmp_path / "server.key"]
    async with opened(home) as runtime:
        before = await take(runtime, *paths)
        (tmp_path / "site.conf").write_text("listen 81;\n")
        (tmp_path / "server.key").write_text("two\n")
        after = await take(runtime, *paths)
        lines = await lines_of(runtime, before, after)
        assert lines[str(paths[0])][-2:] == ("-listen 80;", "+listen 81;")
        assert "not shown" in lines[str(paths[1])][0]
        assert "two" not in str(lines)
        (tmp_path / "site.conf").write_text("listen 82;\npassword = hunter2hunter2\n\x1b[31mred\n")
        lines = await lines_of(runtime, before)
        assert lines[str(paths[0])][1:3] == ("-listen 80;", "+listen 82;")
        assert "hunter2" not in str(lines)
        assert "\x1b" not in "".join(lines[str(paths[0])])
        assert "not shown" in lines[str(paths[1])][0]
        assert (await runtime.recovery.comparison.differences(before))[0].lines == ()
        assert len(await runtime.recovery.points()) == 2, "what was asked for is not kept"


async def test_where_no_lines_can_be_shown_it_is_said_why(home: Path, tmp_path: Path) -> None:
    for name, before in (
        ("log", b"x\n" * 600_000),
        ("program", b"\x7fELF\xff\0"),
        ("env", b"token=abcdefgh12345678\n"),
    ):
        (tmp_path / name).write_bytes(before)
    async with opened(home) as runtime:
        point = await take(runtime, *(tmp_path / name for name in ("log", "program", "env")))
        for name, after in (
            ("log", b"y\n" * 600_000),
            ("program", b"\x7fELF\xfe\0"),
            ("env", b"token=hgfedcba87654321\n"),
        ):
            (tmp_path / name).write_bytes(after)
        lines = {Path(path).name: said for path, said in (await lines_of(runtime, point)).items()}
        assert "too large" in lines["log"][0]
        assert "is no text" in lines["program"][0]
        assert lines["env"] == ("only secrets in it differ",)


async def test_what_a_target_cannot_say_leaves_nothing(home: Path, tmp_path: Path) -> None:
    async with opened(home) as runtime:
        with pytest.raises(Refused, match="was not taken"):
            await take(runtime, states=["sysctl=no.such.key"])
        assert await runtime.recovery.points() == []
        with pytest.raises(NotFound):
            await runtime.recovery.point("r1")


async def test_a_place_that_is_absent_is_kept_as_such(home: Path, tmp_path: Path) -> None:
    async with opened(home) as runtime:
        point = await take(runtime, tmp_path / "nothing")
        assert point.entries == 0
        (tmp_path / "nothing").write_text("now")
        assert [one.what for one in await runtime.recovery.comparison.differences(point)] == ["new"]


async def test_pruning_keeps_baselines_and_what_the_rules_say(home: Path, tree: Path) -> None:
    async with opened(
        home, settings="[recovery]\nkeep_last = 2\nkeep_daily = 0\nkeep_weekly = 0\nkeep_monthly = 0"
    ) as r:
        points = []
        for number in range(4):
            (tree / "folder" / "block").write_bytes(os.urandom(100_000))
            points.append(await take(r, tree, label=str(number)))
        await r.recovery.baselines.choose(points[0])
        plan = await r.recovery.plan_prune()
        assert [point.name for point in plan.gone] == ["r2"]
        assert plan.kept == {1: "baseline", 4: "newest", 3: "newest"}
        assert (await r.recovery.prune(plan)).freed_bytes > 90_000
        assert [checked.faults for checked in await r.recovery.verify()] == [(), (), ()]
        with pytest.raises(BadInput, match="is a baseline"):
            await r.recovery.plan_prune(names=["r1"])
        assert await r.recovery.baselines.choose(points[3]) == (1,)
        await r.recovery.prune(await r.recovery.plan_prune(names=["r1", "r3"]))
        assert [point.name for point in await r.recovery.points()] == ["r4"]


async def test_damage_is_found_and_the_next_point_does_not_rest_on_it(home: Path, tree: Path) -> None:
    async with opened(home) as runtime:
        await take(runtime, tree)
        [pack] = (home / "opsterm" / "data" / "recovery" / "packs").iterdir()
        pack.write_bytes(pack.read_bytes()[:-40])
    async with opened(home) as runtime:
        faults = {checked.name: checked.faults for checked in await runtime.recovery.verify()}
        assert faults["r1"]
        assert "damaged" in faults["store"][0]
        await take(runtime, tree)
        assert (await runtime.recovery.verify(["r2"]))[0].faults == ()


async def test_nobody_is_asked_in_read_only_mode(home: Path, tree: Path) -> None:
    async with opened(home, settings="[changes]\nread_only = true") as runtime:
        with pytest.raises(Refused):
            await take(runtime, tree)


async def test_a_point_that_is_stopped_half_way_leaves_nothing(home: Path, tree: Path) -> None:
    async with opened(home) as runtime:
        task = asyncio.ensure_future(take(runtime, tree))
        await until((home / "opsterm" / "data" / "recovery" / "lock").exists)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await runtime.recovery.points() == []
        assert (await take(runtime, tree)).name == "r1"


async def restored(runtime: Runtime, point: RecoveryPoint) -> Change:
    """Propose, approve and run what puts a point back."""
    change = await runtime.changes.propose(restore_proposal(point, reason="", origin="command line"))
    await runtime.changes.approve(change.id, digest=change.digest)
    return await runtime.changes.run(change.id)


def spoil(tree: Path) -> None:
    """Change everything that a tree can have changed."""
    (tree / "file").write_text("spoilt")
    (tree / "same name").unlink()
    (tree / "same name").symlink_to("/etc/passwd")
    (tree / "link").unlink()
    (tree / "folder").chmod(0o700)
    (tree / "folder" / "more").mkdir()
    (tree / "folder" / "more" / "file").write_text("new")
    shutil.rmtree(tree / "folder" / "more")
    (tree / "holes").unlink()
    (tree / "pipe").unlink()
    (tree / "pipe").write_text("a file now")


async def test_a_point_is_put_back_and_that_can_be_taken_back(home: Path, tree: Path) -> None:
    async with opened(home) as runtime:
        point = await take(runtime, tree)
        before, content = looked_at(tree), (tree / "file").read_bytes()
        spoil(tree)
        spoilt = looked_at(tree)
        change = await restored(runtime, point)
        assert change.state is ChangeState.DONE, change.outcomes
        assert (looked_at(tree), (tree / "file").read_bytes()) == (before, content)
        assert (tree / "file").stat().st_ino == (tree / "same name").stat().st_ino
        assert (tree / "holes").stat().st_blocks * 512 < 1_000_000
        assert await runtime.recovery.comparison.differences(point) == []
        back = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        await runtime.changes.approve(back.id, digest=back.digest)
        assert (await runtime.changes.run(back.id)).state is ChangeState.DONE
        assert looked_at(tree) == spoilt


async def test_a_point_that_was_exchanged_after_the_approval_is_not_put_back(home: Path, tree: Path) -> None:
    async with opened(home) as runtime:
        point = await take(runtime, tree)
        (tree / "file").write_text("spoilt")
        change = await runtime.changes.propose(restore_proposal(point, reason="", origin="command line"))
        await runtime.changes.approve(change.id, digest=change.digest)
        await runtime.recovery.prune(await runtime.recovery.plan_prune(names=["r1"]))
        ended = await runtime.changes.run(change.id)
        assert ended.state is ChangeState.FAILED
        assert "no longer there" in ended.outcomes[0].message
        assert (tree / "file").read_text() == "spoilt"


async def test_a_point_of_which_a_part_is_damaged_puts_nothing_back(home: Path, tree: Path) -> None:
    async with opened(home) as runtime:
        point = await take(runtime, tree)
        (tree / "file").write_text("spoilt")
        [pack] = (home / "opsterm" / "data" / "recovery" / "packs").iterdir()
        data = bytearray(pack.read_bytes())
        data[1000] ^= 1
        pack.write_bytes(data)
        ended = await restored(runtime, point)
        assert ended.state is ChangeState.FAILED
        assert (tree / "file").read_text() == "spoilt"


async def test_what_a_change_touches_is_copied_here_and_puts_it_back_when_the_target_has_lost_it(
    home: Path, tree: Path
) -> None:
    async with opened(home) as runtime:
        (tree / "same name").unlink()  # a name outside of what a change touches would come apart
        before, content = looked_at(tree), (tree / "file").read_bytes()
        change = await approved(runtime, f"rm {tree}/link; echo after > {tree}/file; chmod -R a+x {tree}")
        assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        [copy] = await runtime.recovery.points()
        assert (copy.origin, copy.target) == (change.name, "localhost")
        assert [checked.faults for checked in await runtime.recovery.verify()] == [()]
        shutil.rmtree(home / "points")
        back = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        await runtime.changes.approve(back.id, digest=back.digest)
        assert (await runtime.changes.run(back.id)).state is ChangeState.DONE
        now = looked_at(tree)
        assert {path: facts[0] for path, facts in now.items()} == {path: facts[0] for path, facts in before.items()}
        assert ((tree / "file").read_bytes(), (tree / "link").readlink()) == (content, Path("file"))
        assert (await runtime.changes.get(change.id)).state is ChangeState.ROLLED_BACK


async def test_from_a_copy_too_what_somebody_else_changed_since_stays(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "conf"
    place.write_text("before\n")
    async with opened(home) as runtime:
        change = await approved(runtime, f"echo after > {place}")
        await runtime.changes.run(change.id)
        shutil.rmtree(home / "points")
        place.write_text("by somebody else\n")
        back = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        await runtime.changes.approve(back.id, digest=back.digest)
        assert (await runtime.changes.run(back.id)).outcomes[0].exit_status == 4
        assert place.read_text() == "by somebody else\n"


async def test_what_is_larger_than_the_limit_is_not_copied_and_that_is_told(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "large"
    place.write_bytes(os.urandom(2_000_000))
    async with opened(home, settings="[recovery]\ncopy_limit_mb = 1") as runtime:
        change = await approved(runtime, f"rm {place}")
        assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        assert await runtime.recovery.points() == []
        facts = await runtime.store.journal.search(kinds=[RecoveryPointFailed.kind], correlation_id=change.name)
        assert "2.0 MB" in str(facts[0].event) or "2.1 MB" in str(facts[0].event)


async def test_a_target_that_is_not_as_its_baseline_says_is_an_alert_until_it_is_put_back(
    home: Path, tmp_path: Path
) -> None:
    place = tmp_path / "conf"
    place.write_text("listen 80;\n")
    async with opened(home, workers=True, face="serve") as runtime:
        point = await take(runtime, place)
        await runtime.recovery.baselines.choose(point)
        place.write_text("listen 81;\n")

        async def alert(state: AlertState) -> bool:
            return any(one.key.metric == DRIFT and one.state is state for one in await runtime.alerts.recent())

        await until_async(lambda: alert(AlertState.FIRING), within_s=60)
        [told] = [one for one in await runtime.alerts.recent() if one.key.metric == DRIFT]
        assert told.summary == f"baseline r1 no longer holds: {place} content"
        assert "opsterm snapshot restore r1" in told.advice
        await restored(runtime, point)
        await until_async(lambda: alert(AlertState.RESOLVED), within_s=60)
