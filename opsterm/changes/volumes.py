"""Snapshots that a target's own file systems can take: LVM, btrfs and ZFS. What there is, as text, and the commands.

Sources: findmnt(8), lvs(8), lvcreate(8), lvconvert(8), btrfs-subvolume(8), zfs-snapshot(8), zfs-rollback(8).
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsterm.changes.change import Change, OutcomeState
from opsterm.core.errors import BadInput

SUBVOLUME_INODE = "256"
"""Number of the file that the root of each subvolume of btrfs is."""

SHARE_OF_ORIGIN = 20
"""Percent of its volume that a snapshot of LVM may differ by before it is of no use any more."""


class VolumeKind(StrEnum):
    """What takes the snapshot."""

    LVM = "lvm"
    BTRFS = "btrfs"
    ZFS = "zfs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What a snapshot can be taken of.

    Attributes:
        kind: what takes it.
        origin: a path of btrfs, a data set of ZFS, or "VG/LV".
        mount: where it is mounted, or that of the file system that a subvolume is in.
        thin: whether it lies in a thin pool, of LVM.
    """

    kind: VolumeKind
    origin: str
    mount: str
    thin: bool = False

    def snapshot(self, stamp: str) -> str:
        """Return the name of a snapshot, as its programs take it.

        Args:
            stamp: "20260102-030405".
        """
        if self.kind is VolumeKind.ZFS:
            return f"{self.origin}@opsterm-{stamp}"
        if self.kind is VolumeKind.LVM:
            return f"{self.origin}-opsterm-{stamp}"
        folder, name = posixpath.split(self.origin)
        # Beside it, so that it can take its place; what is mounted has nothing of its own file system beside it.
        return f"{self.origin.rstrip('/')}/.opsterm-{stamp}" if self.is_mounted else f"{folder}/.opsterm-{name}-{stamp}"

    @property
    def is_mounted(self) -> bool:
        """Whether it is itself mounted; always but for a subvolume that is a folder."""
        return self.kind is not VolumeKind.BTRFS or self.origin == self.mount

    def taking(self, stamp: str) -> str:
        """Return the command that takes a snapshot."""
        origin, made = shlex.quote(self.origin), self.snapshot(stamp)
        if self.kind is VolumeKind.ZFS:
            return f"zfs snapshot {shlex.quote(made)}"
        if self.kind is VolumeKind.BTRFS:
            return f"btrfs subvolume snapshot -r {origin} {shlex.quote(made)}"
        name = shlex.quote(made.partition("/")[2])
        room = "--setactivationskip n" if self.thin else f"--extents {SHARE_OF_ORIGIN}%ORIGIN"
        return f"lvcreate --snapshot {room} --name {name} {origin}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeSnapshot:
    """A snapshot that a change has taken on a target.

    Attributes:
        target: name of the target.
        kind: what took it.
        origin: as of `Volume`.
        name: of the snapshot.
        become: the account that took it, by sudo; "" for the one that logs in.
        change: number of the change.
        at: epoch seconds when it ran there.
    """

    target: str
    kind: VolumeKind
    origin: str
    name: str
    become: str
    change: int
    at: float

    @property
    def dropping(self) -> str:
        """The command that removes it."""
        name = shlex.quote(self.name)
        return {
            VolumeKind.ZFS: f"zfs destroy {name}",
            VolumeKind.BTRFS: f"btrfs subvolume delete {name}",
            VolumeKind.LVM: f"lvremove --yes {name}",
        }[self.kind]

    def reverting(self, stamp: str) -> tuple[str, str]:
        """Return the command that puts its volume back to it, and a sentence about the way back from that.

        Args:
            stamp: of the folder into which a subvolume is moved.

        Raises:
            BadInput: a subvolume is mounted, and what is mounted cannot be exchanged.
        """
        origin, name = shlex.quote(self.origin), shlex.quote(self.name)
        if self.kind is VolumeKind.ZFS:
            return f"zfs rollback {name}", (
                f"What was written to {self.origin} since is lost, and nothing takes that back; it fails where newer "
                "snapshots of it are."
            )
        if self.kind is VolumeKind.LVM:
            return f"lvconvert --yes --merge {name}", (
                f"What was written to {self.origin} since is lost, and nothing takes that back. While it is mounted "
                "that happens when it is next activated, as at the next boot."
            )
        if posixpath.dirname(self.name) == self.origin.rstrip("/"):
            raise BadInput(
                f"{self.origin} is mounted, and cannot be exchanged while it is.",
                next_step=f"Copy files out of {self.name}, or mount that in its place.",
            )
        aside = shlex.quote(f"{posixpath.dirname(self.origin).rstrip('/')}/.removed-{stamp}")
        command = f"mkdir -m 700 -- {aside} && mv -- {origin} {aside}/ && btrfs subvolume snapshot {name} {origin}"
        return command, (
            f"What is there now is moved into {aside} and can be moved back by hand; what has files of it open goes on "
            "with those."
        )


def volume_at(path: str, mounted: str, inodes: Mapping[str, str], lvs: str) -> Volume | None:
    """Return what holds a path, None when none of the three does.

    Args:
        path: absolute.
        mounted: what `findmnt -n -o SOURCE,FSTYPE,TARGET,FSROOT -T PATH` printed.
        inodes: numbers of the files that the folders down to the path are, by path.
        lvs: what `lvs` printed, "" where it is not known.
    """
    fields = mounted.strip().rsplit("\n", 1)[-1].split()
    if len(fields) != 4:
        return None
    source, fstype, mount, _ = fields
    if fstype == "zfs":
        return Volume(kind=VolumeKind.ZFS, origin=source, mount=mount)
    if fstype == "btrfs":
        return Volume(kind=VolumeKind.BTRFS, origin=_subvolume(path, mount, inodes), mount=mount)
    for line in lvs.splitlines():
        name, group, flags, *_ = [*line.split(), "", "", ""]
        if group and source in (f"/dev/{group}/{name}", f"/dev/mapper/{_mapped(group)}-{_mapped(name)}"):
            return Volume(kind=VolumeKind.LVM, origin=f"{group}/{name}", mount=mount, thin=flags.startswith("V"))
    return None


def _subvolume(path: str, mount: str, inodes: Mapping[str, str]) -> str:
    place = path
    while place not in (mount, "/"):
        if inodes.get(place) == SUBVOLUME_INODE:
            return place
        place = posixpath.dirname(place)
    return mount


def _mapped(name: str) -> str:
    """Return a name of LVM as device-mapper writes it."""
    return name.replace("-", "--")


_STAMP = r"[0-9]{8}-[0-9]{6}"
_TAKEN = (
    (VolumeKind.ZFS, re.compile(rf"zfs snapshot (?P<name>(?P<origin>\S+)@opsterm-{_STAMP})")),
    (VolumeKind.BTRFS, re.compile(r"btrfs subvolume snapshot -r (?P<origin>\S+) (?P<name>\S+)")),
    (
        VolumeKind.LVM,
        re.compile(r"lvcreate --snapshot .* --name (?P<name>\S+) (?P<origin>\S+)"),
    ),
)
_OURS = re.compile(rf"(?:.*/)?(?:[^/]*@|\.|[^/]+-)opsterm-(?:.+-)?{_STAMP}")


def snapshots_taken_by(changes: Iterable[Change]) -> list[VolumeSnapshot]:
    """Return the snapshots that changes have taken on targets, the oldest first."""
    found = []
    for change in changes:
        if "opsterm-" not in change.order.command:
            continue
        made = [one for part in change.order.command.split(" && ") if (one := _taken(part)) is not None]
        found += [
            VolumeSnapshot(
                target=outcome.target, kind=kind, origin=origin, name=name, become=change.order.become,
                change=change.id, at=outcome.started_at,
            )
            for outcome in change.outcomes
            if outcome.state is OutcomeState.DONE
            for kind, origin, name in made
        ]  # fmt: skip
    return sorted(found, key=lambda one: (one.at, one.target, one.name))


def _taken(command: str) -> tuple[VolumeKind, str, str] | None:
    words = " ".join(word.replace(" ", "\0") for word in _words(command))
    for kind, form in _TAKEN:
        if match := form.fullmatch(words):
            origin, name = (match[key].replace("\0", " ") for key in ("origin", "name"))
            name = f"{origin.partition('/')[0]}/{name}" if kind is VolumeKind.LVM else name
            if _OURS.fullmatch(name):
                return kind, origin, name
    return None


def _words(command: str) -> Sequence[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return ()
