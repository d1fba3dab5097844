"""Where keeping is hard: each is refused or done another way before anything is changed, and says why."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsterm.changes.way_back.words import KeeperStep
from opsterm.policy.way_back import Thing, ThingKind
from tests.changes.way_back.small_host import POINT, SmallHost, files, small_host

pytestmark = pytest.mark.blocking

TREE = (
    "mkdir -p /srv/d/e && cd /srv/d && echo one >a && ln -s a l && ln a h && mkfifo p && printf x >'odd name\nnl' && "
    "echo y >-dash && chmod 4755 a && chmod 1777 e && touch -d '2001-02-03 04:05:06' a e"
)
SPOIL = "rm -rf /srv/d/e /srv/d/a; echo new >/srv/d/new; mkdir /srv/d/l2; chmod 700 /srv/d"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[SmallHost]:
    """A host with the programs that are installed here."""
    with small_host(tmp_path) as made:
        made.use_distribution()
        yield made


@pytest.fixture
def busybox(tmp_path: Path) -> Iterator[SmallHost]:
    with small_host(tmp_path) as made:
        made.use_busybox()
        yield made


def left(host: SmallHost) -> list[Path]:
    """What keeping has left on the host."""
    return list(host.root.glob("var/lib/opsterm/rp/*"))


def test_a_host_that_has_only_busybox_keeps_guards_and_puts_back(busybox: SmallHost) -> None:
    busybox.sh(f"{TREE}; mkdir /srv/r; echo z >/srv/r/z; chmod 4750 /srv/r/z; chown 7:8 /srv/r/z")
    things = files("/srv/d"), Thing(kind=ThingKind.RIGHTS, name="/srv/r")
    before = busybox.picture("/srv")
    assert busybox.keep(KeeperStep.CAPTURE, *things)[0] == 0
    assert busybox.keep(KeeperStep.ARM, *things) == (0, "armed\tsetsid\tno boot\n")
    busybox.sh(f"{SPOIL}; chmod -R 777 /srv/r; chown -R 1:1 /srv/r")
    assert busybox.keep(KeeperStep.NOTE, *things)[0] == 0
    assert busybox.keep(KeeperStep.CONFIRM, *things)[0] == 0
    status, told = busybox.keep(KeeperStep.RESTORE, *things)
    assert (status, busybox.picture("/srv")) == (0, before), told


@pytest.mark.parametrize("name", ["stat", "sha256sum", "tar", "xargs", "awk", "find", "uniq", "diff"])
def test_a_host_without_a_program_says_which(tmp_path: Path, name: str) -> None:
    with small_host(tmp_path) as host:
        host.use_distribution(without=name)
        host.sh("echo one >/srv/a")
        status, told = host.keep(KeeperStep.CAPTURE, files("/srv/a"))
        assert (status, f"this host has no {name}" in told, left(host)) == (3, True, []), told


@pytest.mark.parametrize("spare_kb", [0, 8, 16, 32, 64, 128, 256, 320, 512])
def test_however_little_room_there_is_all_of_it_is_kept_or_nothing_is(host: SmallHost, spare_kb: int) -> None:
    host.sh(f"{TREE}; head -c 200000 /dev/urandom >/srv/d/big")
    before = host.picture("/srv/d")
    with host.disk("/var/lib", 250 + spare_kb):
        status, told = host.keep(KeeperStep.CAPTURE, files("/srv/d"))
        if status == 3:
            assert ("failed\t" in told, left(host)) == (True, []), told
            assert any(why in told for why in ("kB", "filled up", "No space left", "no room is left"))
        else:
            host.sh(f"{SPOIL}; cat /dev/zero >/var/lib/filled 2>/dev/null; :")
            host.keep(KeeperStep.NOTE, files("/srv/d"))
            status, told = host.keep(KeeperStep.RESTORE, files("/srv/d"))
            assert (status, host.picture("/srv/d")) == (0, before), told


def test_a_full_disk_is_said_before_anything_is_kept(host: SmallHost) -> None:
    host.sh("echo one >/srv/a")
    with host.disk("/var/lib", 64) as disk:
        host.sh("cat /dev/zero >/var/lib/filled 2>/dev/null; :")
        status, told = host.keep(KeeperStep.CAPTURE, files("/srv/a"))
        assert (status, [path.name for path in disk.glob("opsterm/rp/*")]) == (3, [])
        assert "No space left" in told or "kB are free" in told


def test_a_change_that_fills_its_own_disk_is_taken_back(host: SmallHost) -> None:
    with host.disk("/srv", 512):
        host.sh(f"{TREE}; head -c 200000 /dev/urandom >/srv/d/big")
        before = host.picture("/srv/d")
        host.keep(KeeperStep.CAPTURE, files("/srv/d"))
        host.sh(f"{SPOIL}; rm /srv/d/big; cat /dev/zero >/srv/d/filled 2>/dev/null; :")
        host.keep(KeeperStep.NOTE, files("/srv/d"))
        status, told = host.keep(KeeperStep.RESTORE, files("/srv/d"))
        assert (status, host.picture("/srv/d")) == (0, before), told


def test_nothing_is_put_back_where_it_has_no_room_until_there_is(host: SmallHost) -> None:
    with host.disk("/srv", 512):
        host.sh(f"{TREE}; head -c 200000 /dev/urandom >/srv/d/big")
        before = host.picture("/srv/d")
        host.keep(KeeperStep.CAPTURE, files("/srv/d"))
        host.sh("rm -r /srv/d; cat /dev/zero >/srv/of-others 2>/dev/null; :")
        host.keep(KeeperStep.NOTE, files("/srv/d"))
        status, told = host.keep(KeeperStep.RESTORE, files("/srv/d"))
        assert (status, "has room for" in told, (host.root / "srv/d").exists()) == (4, True, False), told
        host.sh("rm /srv/of-others")
        status, told = host.keep(KeeperStep.RESTORE, files("/srv/d"))
        assert (status, host.picture("/srv/d")) == (0, before), told


def test_what_can_only_be_read_is_said(host: SmallHost) -> None:
    with host.disk("/srv", 512) as disk, host.disk("/var/lib", 2048) as kept:
        host.sh(TREE)
        before = host.picture("/srv/d")
        remount(kept, "ro")
        status, told = host.keep(KeeperStep.CAPTURE, files("/srv/d"))
        assert (status, "Read-only file system" in told) == (3, True), told
        remount(kept, "rw")
        host.keep(KeeperStep.CAPTURE, files("/srv/d"))
        host.sh(SPOIL)
        host.keep(KeeperStep.NOTE, files("/srv/d"))
        remount(disk, "ro")
        status, told = host.keep(KeeperStep.RESTORE, files("/srv/d"))
        assert (status, "can only be read" in told, "nothing was put back" in told) == (4, True, True), told
        remount(disk, "rw")
        assert (host.keep(KeeperStep.RESTORE, files("/srv/d"))[0], host.picture("/srv/d")) == (0, before)


def test_nothing_has_to_be_executable_but_the_shell(host: SmallHost) -> None:
    with host.disk("/var/lib", 8192) as kept, host.disk("/tmp", 64) as tmp:
        for disk in (kept, tmp):
            remount(disk, "noexec")
        host.sh(f"{TREE}; cat /dev/zero >/tmp/filled 2>/dev/null; :")
        before = host.picture("/srv/d")
        host.keep(KeeperStep.CAPTURE, files("/srv/d"))
        assert host.keep(KeeperStep.ARM, files("/srv/d"))[1].startswith("armed\t")
        host.sh(SPOIL)
        host.sh(f"sh /var/lib/opsterm/rp/{POINT}/guard/fire now")
        assert host.keep(KeeperStep.STATUS, files("/srv/d"))[1].startswith("guard\treverted\t")
        assert host.picture("/srv/d") == before


def test_an_account_keeps_what_it_can_give_back_and_refuses_the_rest(host: SmallHost) -> None:
    host.sh("mkdir -m 777 /srv/open; echo one >/srv/open/theirs; chmod 666 /srv/open/theirs; echo one >/home/op/mine; "
            "echo two >/srv/log; chown 1000:1000 /home/op/mine /srv/log")  # fmt: skip
    status, told = host.keep(KeeperStep.CAPTURE, files("/srv/open/theirs"), user=1000)
    assert (status, "belongs to user 0 and group 0" in told) == (3, True), told
    for place in ("/home/op/mine", "/srv/log"):  # in the folder of the latter it can make and remove nothing
        host.sh("rm -rf /home/op/.local")
        before = host.picture(place)
        assert host.keep(KeeperStep.CAPTURE, files(place), user=1000)[0] == 0
        host.sh(f"echo three >>{place}; chmod 600 {place}", user=1000)
        host.keep(KeeperStep.NOTE, files(place), user=1000)
        status, told = host.keep(KeeperStep.RESTORE, files(place), user=1000)
        assert (status, host.picture(place)) == (0, before), told


def test_an_account_without_a_home_is_told_so(host: SmallHost) -> None:
    (host.root / "home/op").chmod(0o755)
    host.sh("echo one >/srv/mine; chown 1000 /srv/mine")
    status, told = host.keep(KeeperStep.CAPTURE, files("/srv/mine"), user=1000)
    assert (status, "/home/op/.local" in told, "Permission denied" in told) == (3, True, True), told


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True, timeout=300)
