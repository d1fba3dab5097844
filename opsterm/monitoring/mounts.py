"""Which mounts are file systems that can fill up, from the kernel's mount table.

Source of the format: proc(5), /proc/pid/mountinfo.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

ON_DISK = frozenset({
    "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "bcachefs", "f2fs", "jfs", "reiserfs", "nilfs2", "vfat", "msdos",
    "exfat", "ntfs", "ntfs3", "fuseblk", "hfsplus", "ufs", "ubifs", "jffs2", "gfs2", "ocfs2", "virtiofs",
})  # fmt: skip
"""Types that live on a device of this machine and can fill up."""

REMOTE = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "lustre", "beegfs", "gpfs", "afs", "9p", "davfs", "glusterfs",
    "fuse.glusterfs", "fuse.sshfs", "fuse.ceph", "fuse.rclone", "fuse.s3fs", "fuse.davfs2",
})  # fmt: skip
"""Types that wait for another machine: asking one that is gone never returns."""

_OWN_ROOMS = ("/dev/", "/proc/", "/run/", "/sys/")
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One line of the mount table.

    Attributes:
        point: where it is mounted.
        device: "major:minor"; equal for the same file system mounted twice.
        root: the folder of the file system that is seen there; "/" unless it is a bind mount or a subvolume.
        kind: file system type.
    """

    point: str
    device: str
    root: str
    kind: str

    @property
    def is_remote(self) -> bool:
        """Whether asking it may wait for another machine."""
        return self.kind in REMOTE


def parse_mounts(text: str) -> Sequence[Mount]:
    """Return the visible mounts of a mountinfo text; of several on one point the last hides the others."""
    by_point: dict[str, Mount] = {}
    for line in text.splitlines():
        fields = line.split(" ")
        if "-" not in fields[6:]:
            continue
        kind = fields[fields.index("-", 6) + 1]
        point = _plain(fields[4])
        by_point[point] = Mount(point=point, device=fields[2], root=_plain(fields[3]), kind=kind)
    return list(by_point.values())


def _plain(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)


def that_can_fill(mounts: Iterable[Mount], *, is_folder: Callable[[str], bool]) -> Sequence[Mount]:
    """Return the mounts worth watching, by mount point: each file system once, and "/" whatever it is on.

    Left out are file systems in memory and of the kernel, images that are always full (squashfs, iso9660), the
    layers of containers, files mounted over files, and what the system mounts for itself below /run.

    Args:
        mounts: all there are.
        is_folder: says whether a mount point is one; asked of bind mounts of local disks only.
    """
    best: dict[str, Mount] = {}
    for mount in mounts:
        if not _worth_watching(mount, is_folder):
            continue
        known = best.get(mount.device)
        if known is None or _rank(mount) < _rank(known):
            best[mount.device] = mount
    return sorted(best.values(), key=lambda mount: mount.point)


def _worth_watching(mount: Mount, is_folder: Callable[[str], bool]) -> bool:
    if mount.point == "/":
        return mount.kind != "rootfs"
    if mount.kind in REMOTE:
        return True
    if mount.kind not in ON_DISK:
        return False
    if mount.root == "/":
        return True
    # a bind mount: in a container /etc/hosts and such are files of the host's disk
    return not mount.point.startswith(_OWN_ROOMS) and is_folder(mount.point)


def _rank(mount: Mount) -> tuple[bool, bool, int, str]:
    """Of one file system's mounts: first "/", then the whole one, then the shortest path."""
    return mount.point != "/", mount.root != "/", len(mount.point), mount.point
