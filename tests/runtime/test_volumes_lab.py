"""Snapshots of a real btrfs: taken, listed, gone back to and removed, each by a change.

The host needs a btrfs at /srv/bt with a subvolume `data`; where it has none this is skipped. LVM and ZFS were tried as
text alone, in tests/changes/test_volumes.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.changes.volumes import VolumeKind
from opsterm.core.errors import BadInput, NotFound
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.volume_snapshots import VolumeWish
from tests.adapters.test_ssh_lab import Lab, lab
from tests.runtime.stage import opened
from tests.runtime.test_recovery_lab import with_host
from tests.runtime.test_round_trips_lab import Beside, folder

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]
__all__ = ["folder", "lab"]  # fixtures


async def done(runtime: Runtime, proposal: Proposal) -> int:
    change = await runtime.changes.propose(proposal)
    await runtime.changes.approve(change.id, digest=change.digest)
    ended = await runtime.changes.run(change.id)
    assert ended.state is ChangeState.DONE, await runtime.changes.output(change.id, ended.outcomes[0].target)
    return change.id


async def test_a_subvolume_goes_back_to_its_snapshot(lab: Lab, home: Path, folder: Path) -> None:
    beside = Beside(lab.hosts[0], folder)
    if "256" not in await beside.sh("stat -f -c %T /srv/bt/data; stat -c %i /srv/bt/data"):
        pytest.skip("the host has no btrfs at /srv/bt")
    async with opened(home) as runtime:
        name = await with_host(runtime, lab.hosts[0])
        await beside.sh("mkdir -p /srv/bt/data/web; echo before >/srv/bt/data/web/page")
        volumes = runtime.volume_snapshots
        wish = VolumeWish(selector=name, paths=("/srv/bt/data/web",))
        found = await volumes.taking(wish, origin="command line")
        assert (len(found.proposals), found.without) == (1, {})
        assert found.proposals[0].command.startswith("btrfs subvolume snapshot -r /srv/bt/data /srv/bt/.opsterm-data-")
        taken = await done(runtime, found.proposals[0])
        [seen] = await volumes.look(name)
        assert (seen.state, seen.snapshot.kind, seen.snapshot.change) == ("there", VolumeKind.BTRFS, taken)
        await beside.sh("echo after >/srv/bt/data/web/page; echo new >/srv/bt/data/new")
        [back] = await volumes.reverting(taken, "", reason="", origin="command line")
        assert "moved aside" in str(back.warnings) or "is moved into" in str(back.warnings)
        await done(runtime, back)
        assert await beside.sh("cat /srv/bt/data/web/page; ls /srv/bt/data") == "before\nweb\n"
        assert "after" in await beside.sh("cat /srv/bt/.removed-*/data/web/page")
        await beside.sh("echo written >>/srv/bt/data/web/page")  # it is no snapshot itself, but can be written
        [drop] = await volumes.dropping(taken, name, reason="", origin="command line")
        await done(runtime, drop)
        assert [one.state for one in await volumes.look()] == ["gone"]
        with pytest.raises(NotFound):
            await volumes.dropping(taken, name, reason="", origin="command line")
        assert ".opsterm" not in await beside.sh("ls -a /srv/bt")
        await beside.sh("btrfs subvolume delete /srv/bt/.removed-*/data; rmdir /srv/bt/.removed-*")


async def test_what_is_mounted_cannot_be_exchanged_and_other_places_have_no_snapshots(
    lab: Lab, home: Path, folder: Path
) -> None:
    beside = Beside(lab.hosts[0], folder)
    if "btrfs" not in await beside.sh("stat -f -c %T /srv/bt"):
        pytest.skip("the host has no btrfs at /srv/bt")
    async with opened(home) as runtime:
        name = await with_host(runtime, lab.hosts[0])
        volumes = runtime.volume_snapshots
        found = await volumes.taking(VolumeWish(selector=name, paths=("/srv/bt",)), origin="command line")
        taken = await done(runtime, found.proposals[0])
        with pytest.raises(BadInput, match="is mounted"):
            await volumes.reverting(taken, "", reason="", origin="command line")
        await done(runtime, (await volumes.dropping(taken, "", reason="", origin="command line"))[0])
        for wish in (
            VolumeWish(selector=name, paths=("/etc",)),
            VolumeWish(selector=name, paths=("/srv/bt",), kind=VolumeKind.ZFS),
        ):
            found = await volumes.taking(wish, origin="command line")
            assert (found.proposals, "has" in found.without[name]) == ((), True)
