"""Recovery points of a real host: everything of a tree comes back, and little is sent and waited for."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.changes.recovery.point import RecoveryPoint
from opsterm.changes.recovery.wish import things_of
from opsterm.inventory.target import Target
from opsterm.runtime.recovery import TakeWish
from opsterm.runtime.recovery_copies import restore_proposal
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from tests.adapters.test_ssh_lab import Lab, LabHost, lab
from tests.runtime.changing import approved
from tests.runtime.stage import opened
from tests.runtime.test_round_trips_lab import Beside, folder

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
__all__ = ["folder", "lab"]  # fixtures

ODD = r"""
rm -rf /srv/odd; mkdir -p /srv/odd/d; cd /srv/odd || exit
echo hi >a; ln a b; ln -s a c; truncate -s 5M hole; printf end >>hole; mkfifo p; mknod null c 1 3
printf x >"$(printf 'new\nline \377')"; mkdir a-b; echo y >a-b/f; mkdir -p a.d/deep; echo z >a.d/deep/f
chown op:op d; chown op a.d/deep; chmod 4755 a; chmod 2770 d; chattr +i a-b/f
touch -d 2020-01-01 a hole d a.d a-b .
"""
SPOIL = r"""
cd /srv/odd || exit; chattr -i a-b/f; echo spoilt >a-b/f; rm -f b null p c; echo b >b; ln -s /etc c; chmod 700 d a
rm -rf a.d; echo a file >a.d; echo new >new; chown root d; : >hole
"""
SHOW = r"""
cd /srv/odd && find . | sort | while read -r one; do stat -c '%n %f %u %g %Y %s %h %t,%T %N' "$one" 2>/dev/null; done
find . -type f -exec sha256sum {} + | sort; lsattr -R . 2>/dev/null | sort; du -k hole
"""


async def with_host(runtime: Runtime, host: LabHost, name: str = "lab-1", user: str = "root") -> str:
    await runtime.inventory.add(Target(name=name, address=host.address, user=user, source="test"))
    return name


async def take(runtime: Runtime, name: str, *paths: str, become: str = "") -> RecoveryPoint:
    wish = TakeWish(selector=name, things=things_of(paths), become=become)
    [taken] = await runtime.recovery.take(wish)
    assert taken.point is not None, taken.error
    return taken.point


async def run(runtime: Runtime, change: int, digest: str) -> ChangeState:
    await runtime.changes.approve(change, digest=digest)
    return (await runtime.changes.run(change)).state


async def test_a_tree_with_everything_odd_comes_back(lab: Lab, home: Path, folder: Path) -> None:
    beside = Beside(lab.hosts[0], folder)
    async with opened(home) as runtime:
        name = await with_host(runtime, lab.hosts[0])
        await beside.sh(ODD)
        before = await beside.sh(SHOW)
        point = await take(runtime, name, "/srv/odd")
        await beside.sh(SPOIL)
        assert len(await runtime.recovery.comparison.differences(point)) > 8
        change = await runtime.changes.propose(restore_proposal(point, reason="", origin="command line"))
        state = await run(runtime, change.id, change.digest)
        assert state is ChangeState.DONE, await runtime.changes.output(change.id, name)
        assert await beside.sh(SHOW) == before
        assert await runtime.recovery.comparison.differences(point) == []
    await beside.sh("chattr -i /srv/odd/a-b/f; rm -rf /srv/odd")


async def test_parts_of_a_tree_come_back_with_flags_lists_and_odd_names(lab: Lab, home: Path, folder: Path) -> None:
    beside = Beside(lab.hosts[0], folder)
    async with opened(home) as runtime:
        name = await with_host(runtime, lab.hosts[0])
        await beside.sh(ODD)
        await beside.sh(
            "cd /srv/odd && { setfacl -m u:op:r a-b/f; setfattr -n user.x -v y a.d/deep/f; } 2>&-; "
            "chattr -i a-b/f; chattr +a a.d/deep/f; touch -d 2020-01-01 a-b a.d; chattr +i a-b/f; true"
        )
        show = SHOW.replace("find . |", "find a-b a.d new* |").replace("find . -type f", "find a-b a.d new* -type f")
        show = show.replace("lsattr -R .", "lsattr -R a-b a.d").replace("du -k hole", "getfacl -R a-b 2>&-; true")
        before = await beside.sh(show)
        point = await take(runtime, name, "/srv/odd")
        await beside.sh("chattr -a /srv/odd/a.d/deep/f")
        await beside.sh(SPOIL.replace("echo new >new; ", "rm -rf new?line*; "))
        odd = next(one.path for one in await runtime.recovery.entries(point.parts[0]) if "new\nline" in one.path)
        part = await runtime.recovery_selection.part_of(point, ["/srv/odd/a-b", "/srv/odd/a.d", odd])
        change = await runtime.changes.propose(restore_proposal(part, reason="", origin="command line"))
        state = await run(runtime, change.id, change.digest)
        assert state is ChangeState.DONE, await runtime.changes.output(change.id, name)
        assert await beside.sh(show) == before
        assert "spoilt" not in await beside.sh("cat /srv/odd/a-b/f; cat /srv/odd/b")
    await beside.sh("cd /srv/odd && chattr -ia a-b/f a.d/deep/f; rm -rf /srv/odd")


async def test_a_target_that_has_lost_its_point_is_taken_back_from_here(lab: Lab, home: Path, folder: Path) -> None:
    beside = Beside(lab.hosts[0], folder)
    async with opened(home) as runtime:
        name = await with_host(runtime, lab.hosts[0])
        await beside.sh(ODD)
        before = await beside.sh(SHOW)
        change = await approved(runtime, "chmod 700 /srv/odd/d && rm -rf /srv/odd/a.d", name)
        assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        await beside.sh(f"rm -rf /var/lib/opsterm/rp/{change.name}-*; touch -d 2020-01-01 /srv/odd")
        back = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        assert await run(runtime, back.id, back.digest) is ChangeState.DONE
        await beside.sh("touch -d 2020-01-01 /srv/odd")  # the time of a folder that holds a thing is not kept
        assert await beside.sh(SHOW) == before
    await beside.sh("chattr -i /srv/odd/a-b/f; rm -rf /srv/odd")


async def test_five_thousand_files_take_little_more_than_tar_and_gzip(lab: Lab, home: Path, folder: Path) -> None:
    """The best of three runs of each, side by side, so that a busy machine is as busy for both."""
    beside = Beside(lab.hosts[0], folder)
    made = (
        "rm -rf /srv/many; mkdir -p /srv/many; n=0; find /usr/share /usr/lib/systemd /etc -type f -size -100k "
        '2>/dev/null | head -n 5000 | while read -r f; do n=$((n + 1)); cp "$f" /srv/many/$n; done'
    )
    await beside.sh(made)
    packed, taken = [], []
    async with opened(home, settings="[recovery]\ncopy_limit_mb = 0") as runtime:
        name = await with_host(runtime, lab.hosts[0])
        for _ in range(3):
            began = time.monotonic()
            await beside.sh("tar -cf - /srv/many 2>/dev/null | gzip")
            packed.append(time.monotonic() - began)
            first = await take(runtime, name, "/srv/many")
            taken.append(first.took_s)
            again = await take(runtime, name, "/srv/many")
            assert first.entries == 5001
            assert again.sent_bytes < 0.2 * first.sent_bytes
            assert again.stored_bytes < 0.2 * first.stored_bytes
            await runtime.recovery.prune(await runtime.recovery.plan_prune(names=[first.name, again.name]))
    await beside.sh("rm -rf /srv/many")
    assert min(taken) < 1.5 * min(packed), f"{taken} s, tar and gzip {packed} s"
