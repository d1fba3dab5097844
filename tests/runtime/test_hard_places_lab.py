"""Real hosts on which keeping is hard: nothing is changed there before the way back stands, and why is said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState
from opsterm.inventory.target import Target
from opsterm.policy.order import RunAs
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from tests.adapters.test_ssh_lab import Lab, lab
from tests.runtime.changing import approved
from tests.runtime.stage import opened
from tests.runtime.test_round_trips_lab import Beside, folder

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]
__all__ = ["folder", "lab"]  # fixtures

TREE = "rm -rf /srv/t; mkdir -p /srv/t/e; cd /srv/t; echo 1 >a; ln -s a l; echo 2 >h; chmod 4755 a; echo 3 >'odd\nname'"
SHOWN = "cd /srv/t; find . -mindepth 1 -exec ls -lnd --time-style=+%s {} + | sort; find . -type f -exec sha256sum {} +"

BUSYBOX = r"""
exec >/dev/null 2>&1 </dev/null
systemctl stop zz-sshd; umount -R -l /srv/bb; rm -rf /srv/bb; mkdir -p /srv/bb; mount --bind /srv/bb /srv/bb
cd /srv/bb; mkdir -p bin proc dev srv var/lib root tmp etc; cp /bin/busybox bin/; chmod 755 . ..
for name in $(busybox --list); do ln -s busybox bin/$name; done; rm bin/busybox; cp /bin/busybox bin/
printf '#!/bin/sh\nexec /bin/sh "$@"\n' >bin/bash; chmod 755 bin/bash # the shell of root
mount -t proc none proc; mount --rbind /dev dev; echo root:x:0:0::/root:/bin/sh >etc/passwd
systemd-run --quiet --collect --unit=zz-sshd --property=RuntimeDirectory=sshd --property=RuntimeDirectoryPreserve=yes \
    /usr/sbin/sshd -D -f /dev/null -o Port=2222 -o ChrootDirectory=/srv/bb -o UsePAM=no \
    -o HostKey=/etc/ssh/ssh_host_ed25519_key -o AuthorizedKeysFile=/root/.ssh/authorized_keys -o PermitRootLogin=yes
for i in 1 2 3 4 5 6 7 8 9; do busybox nc -z 127.0.0.1 2222 && break; sleep 0.3; done
"""
"""A second server on the host, whose sessions see a root folder with nothing but busybox."""

NO_BUSYBOX = "systemctl stop zz-sshd; umount -R -l /srv/bb; rm -rf /srv/bb"


@asynccontextmanager
async def known(lab: Lab, home: Path, folder: Path) -> AsyncIterator[tuple[Runtime, Beside]]:
    """A runtime that knows the first host, as root, as an ordinary account, and its part with nothing but busybox."""
    host = lab.hosts[0]
    with (folder / "known_hosts").open("a") as file:
        file.write(f"[{host.address}]:2222 {host.host_key}\n")
    async with opened(home) as runtime:
        for name, user, port in (("asroot", "root", None), ("asop", "op", None), ("box", "root", 2222)):
            await runtime.inventory.add(Target(name=name, address=host.address, user=user, port=port))
        yield runtime, Beside(host, folder)


async def ran(runtime: Runtime, command: str, target: str, how: RunAs | None = None) -> Change:
    change = await approved(runtime, command, target, **({"how": how} if how else {}))
    return await runtime.changes.run(change.id)


async def taken_back(runtime: Runtime, change: Change) -> str:
    """Take a change back; return what was printed meanwhile, "" when that ended well."""
    back = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
    await runtime.changes.approve(back.id, digest=back.digest)
    ended = await runtime.changes.run(back.id)
    return (
        ""
        if ended.state is ChangeState.DONE
        else (await runtime.changes.output(back.id, change.order.targets[0].name)).decode()
    )


REFUSED = (
    ("a file past the limit", "asroot", ("mkdir /srv/t/big; mount -t tmpfs -o size=3g none "
     "/srv/t/big; fallocate -l 2200M /srv/t/big/one"), "umount -l /srv/t/big", "rm -rf /srv/t/big/one",
     "2097152 kB are kept at most"),
    ("a full disk", "asroot", "mkdir -p /var/lib/opsterm/rp; mount -t tmpfs -o size=1m none /var/lib/opsterm/rp",
     "umount -l /var/lib/opsterm/rp", "rm -rf /srv/t", "have to be"),
    ("a disk that can only be read", "asroot",
     "mkdir -p /var/lib/opsterm/rp; mount -t tmpfs -o size=1m,ro none /var/lib/opsterm/rp",
     "umount -l /var/lib/opsterm/rp", "rm -rf /srv/t", "Read-only file system"),
    ("files of another account", "asop", "chmod 777 /srv/t /srv/t/a", ":", "sed -i s/1/one/ /srv/t/a",
     "could not give it back"),
    ("what may not be read", "asop", "chown -R op:op /srv/t; chmod 000 /srv/t/e", ":", "rm -rf /srv/t/a /srv/t/e",
     "Permission denied"),
    ("no tar", "asroot", "mv /usr/bin/tar /usr/bin/tar.zz", "mv /usr/bin/tar.zz /usr/bin/tar", "rm -rf /srv/t",
     "this host has no tar"),
    ("no sudo", "asop", "mv /usr/bin/sudo /usr/bin/sudo.zz", "mv /usr/bin/sudo.zz /usr/bin/sudo",
     "sudo rm -rf /srv/t", "sudo"),
)  # fmt: skip
"""What it is, the target, what makes it so, what undoes that, the change, and what is said of it."""


@pytest.mark.parametrize(
    ("target", "prepare", "undo", "command", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_it_is_refused_before_anything_is_changed(
    lab: Lab, home: Path, folder: Path, target: str, prepare: str, undo: str, command: str, said: str
) -> None:
    async with known(lab, home, folder) as (runtime, beside):
        await beside.sh(f"{TREE}; {prepare}")
        try:
            before = await beside.sh(SHOWN)
            ended = await ran(runtime, command, target)
            assert (ended.state, said in ended.outcomes[0].message) == (ChangeState.FAILED, True), ended.outcomes
            assert await beside.sh(SHOWN) == before
        finally:
            await beside.sh(f"{undo}; rm -rf /srv/t")


async def test_a_host_with_nothing_but_busybox_takes_back_what_was_changed(
    lab: Lab, home: Path, folder: Path
) -> None:  # fmt: skip
    async with known(lab, home, folder) as (runtime, beside):
        if "busybox" not in await beside.sh("command -v busybox"):
            pytest.skip("NOT TESTED with busybox: the host has none (busybox-static)")
        await beside.sh(BUSYBOX)
        try:
            inside = (TREE.replace("/srv", "/srv/bb/srv"), SHOWN.replace("/srv", "/srv/bb/srv"))
            await beside.sh(inside[0])
            before = await beside.sh(inside[1])
            ended = await ran(runtime, "rm -rf /srv/t/a /srv/t/e; echo new >/srv/t/new; chmod 700 /srv/t/h", "box")
            assert ended.state is ChangeState.DONE, ended.outcomes
            assert await beside.sh(inside[1]) != before
            assert (await taken_back(runtime, ended), await beside.sh(inside[1])) == ("", before)
        finally:
            await beside.sh(NO_BUSYBOX)


async def test_an_account_without_root_takes_back_what_is_its_own(lab: Lab, home: Path, folder: Path) -> None:
    async with known(lab, home, folder) as (runtime, beside):
        await beside.sh(f"{TREE}; chown -Rh op:op /srv/t")
        before = await beside.sh(SHOWN)
        ended = await ran(runtime, "rm -rf /srv/t/e; sed -i s/1/one/ /srv/t/a; chmod 700 /srv/t/l", "asop")
        assert ended.state is ChangeState.DONE, ended.outcomes
        assert (await taken_back(runtime, ended), await beside.sh(SHOWN)) == ("", before)
        await beside.sh("rm -rf /srv/t /home/op/.local/state/opsterm")
