"""A small host of its own in memory: a root folder with its programs and file systems, and a shell that runs in it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from opsterm.changes.way_back.script import keeper_text
from opsterm.changes.way_back.words import KeeperStep
from opsterm.policy.way_back import Thing, ThingKind

POINT = "c1-0123456789ab"
_FOLDERS = ("proc", "dev", "etc", "srv", "tmp", "var/lib", "root", "home/op")
_OF_DISTRIBUTION = ("bin", "sbin", "lib", "lib64")


class SmallHost:
    """Runs shell texts in a root folder.

    Args:
        root: where it is mounted.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._begin = f"mount --rbind /dev {root}/dev && mount -t proc none {root}/proc"

    def use_busybox(self) -> None:
        """Give it the programs of busybox."""
        (self.root / "bin").mkdir()
        shutil.copy(_program("busybox"), self.root / "bin/busybox")
        listed = subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
        for name in listed:
            if name != "busybox":
                (self.root / "bin" / name).symlink_to("busybox")

    def use_distribution(self, without: str = "") -> None:
        """Give it the programs that are installed here but for one."""
        (self.root / "usr").mkdir()
        (self.root / "etc/alternatives").mkdir()  # that of awk is looked up there
        for folder in ("usr", "etc/alternatives"):
            self._begin += f" && mount --bind /{folder} {self.root}/{folder}"
        for name in _OF_DISTRIBUTION:
            (self.root / name).symlink_to(f"usr/{name}")
        if without:
            self._begin += f" && mount --bind /dev/null {self.root}{Path(_program(without)).resolve()}"

    def sh(self, text: str, *, user: int = 0, environment: Sequence[str] = ()) -> tuple[int, str]:
        """Run a text; return its exit status and what it printed. What goes to standard error fails the test.

        Args:
            text: for `sh`, by which it is read as one argument, as on a target.
            user: number of the account and its group.
            environment: NAME=VALUE.
        """
        account = ["--userspec", f"{user}:{user}", "--groups", str(user)] if user else []
        inside = ["chroot", *account, str(self.root), "/bin/sh", "-c", text]
        home = "/home/op" if user else "/root"
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", f'{self._begin} && exec "$@"', "sh", *inside], capture_output=True,
            stdin=subprocess.DEVNULL, check=False, timeout=300,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home, **_pairs(environment)},
        )  # fmt: skip
        assert done.stderr == b"", done.stderr.decode()
        return done.returncode, done.stdout.decode()

    def keep(self, step: KeeperStep, *things: Thing, insist: bool = False, user: int = 0) -> tuple[int, str]:
        """Do a step about things there, with as little spare room as may be."""
        text = keeper_text(step, POINT, things, insist=insist, seconds=600)
        return self.sh(text, user=user, environment=["KEEPER_SPARE_KB=8"])

    def picture(self, place: str) -> str:
        """Return everything about what is below a place that a way back promises."""
        _, told = self.sh(
            f"find {place} -exec stat -c '%n %f %u %g %h %s' {{}} + | sort; "
            f"find {place} ! -type l -exec stat -c '%n %Y' {{}} + | sort; "
            f"find {place} -type f -exec sha256sum {{}} + | sort"
        )
        return told

    @contextmanager
    def disk(self, at: str, kilobytes: int) -> Iterator[Path]:
        """Mount a disk of its own while the block lasts."""
        with _mounted(self.root / at.lstrip("/"), f"size={kilobytes}k") as place:
            yield place


def files(path: str) -> Thing:
    return Thing(kind=ThingKind.FILES, name=path)


@contextmanager
def small_host(folder: Path) -> Iterator[SmallHost]:
    """Make a host without programs; skip the test, and say so, where this account cannot."""
    for name in ("unshare", "chroot", "mount"):
        _program(name)
    with _mounted(folder / "host", "size=64m") as root:
        for name in _FOLDERS:
            (root / name).mkdir(parents=True)
        (root / "home/op").chmod(0o777)
        yield SmallHost(root)


@contextmanager
def _mounted(at: Path, options: str) -> Iterator[Path]:
    at.mkdir(exist_ok=True, parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(at)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"NOT TESTED on hard places: this account cannot mount ({mounted.stderr.strip()})")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True, timeout=300)


def _program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        pytest.skip(f"NOT TESTED on hard places: there is no {name} here")
    return found


def _pairs(environment: Sequence[str]) -> dict[str, str]:
    return {name: value for name, _, value in (one.partition("=") for one in environment)}
