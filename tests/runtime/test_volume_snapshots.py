"""Snapshots of LVM and ZFS by changes, with programs of the tests' own; btrfs is real, in test_volumes_lab."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.changes.volumes import VolumeKind
from opsterm.core.errors import BadInput
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.volume_snapshots import VolumeWish
from tests.runtime.stage import opened
from tests.runtime.volume_programs import install

pytestmark = pytest.mark.blocking  # the tests make and change files


async def done(runtime: Runtime, proposal: Proposal) -> int:
    change = await runtime.changes.propose(proposal)
    await runtime.changes.approve(change.id, digest=change.digest)
    ended = await runtime.changes.run(change.id)
    assert ended.state is ChangeState.DONE, await runtime.changes.output(change.id, "localhost")
    return change.id


@pytest.mark.parametrize("kind", [VolumeKind.ZFS, VolumeKind.LVM])
async def test_a_volume_goes_back_to_its_snapshot(home: Path, tmp_path: Path, kind: VolumeKind) -> None:
    programs = install(tmp_path)
    page = tmp_path / kind / "web" / "page"
    page.write_text("before")
    async with opened(home, path=f"{programs}:/usr/bin:/bin") as runtime:
        volumes = runtime.volume_snapshots
        wish = VolumeWish(selector="localhost", paths=(str(page.parent),), reason="the update")
        found = await volumes.taking(wish, origin="command line")
        [proposal] = found.proposals
        assert not list((tmp_path / "snaps" / kind).iterdir()), "it is only proposed"
        taken = await done(runtime, proposal)
        [seen] = await volumes.look("localhost")
        assert (seen.state, seen.snapshot.kind, seen.snapshot.change) == ("there", kind, taken)
        page.write_text("after")
        [back] = await volumes.reverting(taken, "", reason="", origin="command line")
        proposed = await runtime.changes.propose(back)
        assert "since is lost, and nothing takes that back" in str(proposed.risk)
        await done(runtime, back)
        assert page.read_text() == "before"
        if kind is VolumeKind.ZFS:  # a merged snapshot of LVM is gone by that
            [drop] = await volumes.dropping(taken, "", reason="", origin="command line")
            await done(runtime, drop)
        assert [one.state for one in await volumes.look()] == ["gone"]


async def test_where_there_is_no_such_volume_it_is_said(home: Path, tmp_path: Path) -> None:
    programs = install(tmp_path)
    async with opened(home, path=f"{programs}:/usr/bin:/bin") as runtime:
        volumes = runtime.volume_snapshots
        for wish, says in (
            (VolumeWish(selector="localhost", paths=("/etc",)), "neither LVM, btrfs nor ZFS has /etc there"),
            (VolumeWish(selector="localhost", paths=(f"{tmp_path}/zfs",), kind=VolumeKind.LVM), "zfs has"),
        ):
            found = await volumes.taking(wish, origin="command line")
            assert not found.proposals
            assert says in found.without["localhost"]
        with pytest.raises(BadInput, match="Name paths"):
            await volumes.taking(VolumeWish(selector="localhost", paths=("etc",)), origin="command line")


async def test_a_target_is_not_asked_in_read_only_mode(home: Path) -> None:
    async with opened(home, settings="[changes]\nread_only = true") as runtime:
        found = await runtime.volume_snapshots.taking(
            VolumeWish(selector="localhost", paths=("/etc",)), origin="command line"
        )
        assert not found.proposals
        assert "read-only" in found.without["localhost"]
