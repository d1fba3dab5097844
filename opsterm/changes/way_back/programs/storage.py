"""Ways back from mounting, swapping, and what is done to disks, volumes and file systems."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from opsterm.changes.way_back.call import Gap, KnownCall
from opsterm.policy.preview.paths import NotKnown
from opsterm.policy.way_back import Thing, ThingKind

Ways = Callable[[KnownCall], Iterator[Thing | Gap]]

_ON_DISK = "What was on a disk is not kept; only a backup brings it back."
_SHRINKS = "What has grown is not made smaller again; XFS cannot, and others only when they are not mounted."
_VOLUME = "A volume that is gone comes back by `vgcfgrestore` only while nothing has reused or discarded its place."
_SNAPSHOT = "What is in a subvolume or data set that is gone is not kept; only a copy of it brings it back."


def _mount(call: KnownCall) -> Iterator[Thing | Gap]:
    yield Thing(kind=ThingKind.MOUNTS)
    if call.name == "umount":
        yield Gap("What lies in a file system in memory is lost when it is unmounted.")


def _swap(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    yield Thing(kind=ThingKind.SWAP)


def _said(sentence: str) -> Ways:
    """Return the way back of what has none."""

    def ways(call: KnownCall) -> Iterator[Thing | Gap]:
        del call
        yield Gap(sentence)

    return ways


def _lvcreate(call: KnownCall) -> Iterator[Thing | Gap]:
    call.require_known()
    named = call.others("-L --size -l --extents -n --name -T --thinpool -m -i -I --type --addtag")
    group = (named or [""])[0].removeprefix("/dev/").partition("/")[0]
    name = call.value("-n", "--name")
    opposite = f"lvremove -y {group}/{name}" if group and name else ""
    yield Gap("A volume that it makes is not removed by itself.", opposite)


def _btrfs(call: KnownCall) -> Iterator[Thing | Gap]:
    words = call.others("-i")
    if words[:2] in (["subvolume", "snapshot"], ["subvolume", "create"]):
        yield Gap("A subvolume that it makes is not removed by itself.", f"btrfs subvolume delete {words[-1]}")
    elif words[:2] == ["subvolume", "delete"]:
        yield Gap(_SNAPSHOT)
    else:
        raise NotKnown("no way back from this form of btrfs is known")


def _zfs(call: KnownCall) -> Iterator[Thing | Gap]:
    words = call.others("-o -O -V -t")
    if words[:1] in (["snapshot"], ["create"], ["snap"]) and call.name == "zfs" and len(words) > 1:
        yield Gap("What it makes is not removed by itself.", f"zfs destroy {words[-1]}")
    else:
        yield Gap(_SNAPSHOT)


def _mdadm(call: KnownCall) -> Iterator[Thing | Gap]:
    """Say what does the opposite: a member that was failed or removed is added again."""
    named = [word for word in call.words[1:] if word.startswith("/dev/")]
    opposite = ""
    if len(named) == 2 and call.has("--fail", "--set-faulty"):
        opposite = f"mdadm {named[0]} --remove {named[1]} && mdadm {named[0]} --add {named[1]}"
    elif len(named) == 2 and call.has("--remove"):
        opposite = f"mdadm {named[0]} --add {named[1]}"
    elif len(named) == 2 and call.has("--add", "--re-add"):
        opposite = f"mdadm {named[0]} --fail {named[1]} && mdadm {named[0]} --remove {named[1]}"
    yield Gap("An array is built up again from its other members, and has no redundancy until then.", opposite)


STORAGE: Mapping[str, Ways] = {
    "mount": _mount, "umount": _mount, "swapon": _swap, "swapoff": _swap,
    **dict.fromkeys(
        ("mkfs", "mkfs.ext2", "mkfs.ext3", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "mkfs.vfat", "mkswap", "wipefs",
         "blkdiscard", "sfdisk", "sgdisk", "fdisk", "gdisk", "parted", "pvcreate", "vgcreate", "cryptsetup"),
        _said(_ON_DISK),
    ),
    **dict.fromkeys(("lvextend", "resize2fs", "xfs_growfs", "vgextend", "lvresize", "growpart"), _said(_SHRINKS)),
    **dict.fromkeys(("lvremove", "vgremove", "pvremove", "lvreduce", "vgreduce"), _said(_VOLUME)),
    "lvcreate": _lvcreate, "btrfs": _btrfs, "zfs": _zfs, "zpool": _zfs, "mdadm": _mdadm,
}  # fmt: skip
