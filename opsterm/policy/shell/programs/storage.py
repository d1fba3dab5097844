"""Disks, volumes, file systems and what is mounted where."""

from __future__ import annotations

import re
from collections.abc import Mapping

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.places import SYSTEM, PathKind, place_of
from opsterm.policy.shell.programs.calling import Deed, Verbs, by_option, fixed, note, reads
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty


def _mount(call: ProgramCall) -> None:
    """Note what is mounted; without words mount shows."""
    call.take(word_set("-t -o -L -U -O -T --types --options --source --target"), long=("--fake",))
    if call.has("-V", "--help", "--version", "-f", "--fake") or not (
        call.words or call.has("-a", "--all", "-L", "-U", "--source")
    ):
        call.add(_K.READ)
        return
    point = call.words[-1] if call.words else ""
    options = " ".join(value.text for value in call.values("-o", "--options"))
    call.add(_K.WRITE_CONFIG, point)
    path = point if isinstance(point, str) else point.text
    if place_of(path) in (PathKind.ROOT, PathKind.PROGRAMS, PathKind.BOOT, PathKind.TREE) or "remount" in options:
        certain = "remount" in options and "ro" in options.split(",")
        call.add(_K.SERVICE_STOP if certain else _K.SECURITY_WEAKEN, point, _C.LIKELY)
    if call.has("--bind", "-B", "--rbind", "--move", "-M") and place_of(path) in SYSTEM:
        call.add(_K.SERVICE_STOP, point)
    if re.search(r"\b(?:exec|suid|dev)\b", options) and "no" not in options:
        call.add(_K.SECURITY_WEAKEN, point, _C.POSSIBLE)


def _umount(call: ProgramCall) -> None:
    """Note what is taken off; with -l and -f also while it is in use."""
    call.take(word_set("-t -O --types"), long=("--fake",))
    if call.has("--fake", "--help", "--version", "-V"):
        call.add(_K.READ)
        return
    for word in call.objects():
        call.add(_K.SERVICE_STOP, word, _C.CERTAIN)
    if call.has("-a", "--all") or any(
        place_of(word.text) in (PathKind.ROOT, PathKind.PROGRAMS, PathKind.BOOT) for word in call.words
    ):
        call.add(_K.LOCKOUT, call.words[0] if call.words else "/", _C.POSSIBLE)


def _mkfs(call: ProgramCall) -> None:
    """Note a file system that is made over what was there."""
    call.take(word_set("-t -L -U -b -E -O -m -i -I -N -T -s -S -d -l --label --uuid"))
    if (
        call.has("--version", "--help")
        or (call.has("-V") and (call.name not in ("mkfs", "mkdosfs") or not call.words))
        or (call.has("-n") and call.name.startswith(("mkfs.ext", "mke2fs")))
        or (call.has("-N") and "xfs" in call.name)
    ):
        call.add(_K.READ)
        return
    for word in call.objects(2):
        call.add(_K.DATA_LOSS, word)


def _wipefs(call: ProgramCall) -> None:
    """Note signatures that are wiped; without an option wipefs shows."""
    call.take(word_set("-o -t -O --offset --types --output"), long=("--no-act", "--all"))
    if call.has("-n", "--no-act") or not call.has("-a", "--all", "-o", "--offset"):
        call.add(_K.READ)
        return
    for word in call.objects():
        call.add(_K.DATA_LOSS, word)


def _fdisk(call: ProgramCall) -> None:
    """Note a table of partitions that is shown or changed."""
    call.take(word_set("-b -c -L -t -u -C -H -S -o --output"))
    if call.has(
        "-l", "-s", "-x", "--list", "-V", "--version", "--help", "-d", "--dump", "-J", "--json", "-F"
    ) and not call.has("--delete", "--activate", "-A", "--reorder", "-r", "--relocate", "--discard-free"):
        call.add(_K.READ)
        return
    if call.name == "sfdisk" and call.has("-n", "--no-act"):
        call.add(_K.READ)
        return
    for word in call.objects(1):
        call.add(_K.DATA_LOSS, word)


_SHOWS_PARTS = re.compile(
    r"print|p|unit|free|all|devices|list|help|align-check|opt(?:imal)?|min(?:imal)?|quit|\d+|[KMGTkmgt]?i?[Bb]|s|%|cyl|chs|compact"
)


def _parted(call: ProgramCall) -> None:
    """Note what parted and sgdisk do to partitions."""
    call.take(word_set("-a --align"))
    shows = bool(call.words[1:]) and all(_SHOWS_PARTS.fullmatch(word.text) for word in call.words[1:])
    if call.has("-l", "--list", "-v", "--version", "--help") or shows:
        call.add(_K.READ)
        return
    for word in call.objects(1):
        call.add(_K.DATA_LOSS, word, _C.LIKELY)


def _swap(call: ProgramCall) -> None:
    """Note swap that is switched on or off."""
    call.take(word_set("-p -L -U -o --priority --discard"))
    if call.has("-s", "--show", "--summary", "--help", "--version") or (
        not call.words and not call.has("-a", "--all", "-L", "-U")
    ):
        call.add(_K.READ)
    elif call.name == "swapon":
        call.add(_K.WRITE_CONFIG, call.words[0] if call.words else "swap")
    else:
        call.add(_K.SERVICE_STOP, call.words[0] if call.words else "swap", _C.LIKELY)


_LVM = """
    read: lvs vgs pvs lvdisplay vgdisplay pvdisplay lvscan vgscan pvscan pvck vgck lvmdiskscan version dumpconfig fullreport
    data_loss: lvremove vgremove pvremove lvreduce pvmove-abort
    write_config: lvcreate lvextend vgcreate vgextend pvcreate lvrename vgrename lvresize pvresize pvchange
"""
_VOLUMES = Verbs(table=_LVM, else_="write_config", dry="--test -t")


def _lvm(spec: str) -> Deed:
    """Return a deed of one command of LVM."""

    def deed(call: ProgramCall) -> None:
        call.take(
            word_set("-L -l -n -p -m -i -I -c -a --size --extents --name --permission -V -T --type --activate"),
            long=("--test",),
        )
        if call.has("-t", "--test", "--help", "--version") or (call.name == "vgcfgrestore" and call.has("--list")):
            call.add(_K.READ)
            return
        lines = " ".join(value.text for value in call.values("-a", "--activate"))
        for word in call.objects(4):
            note(call, "service_stop" if "n" in lines.split() and call.name in ("vgchange", "lvchange") else spec, word)
            size = call.value("-L", "-l", "--size", "--extents")
            if (
                call.name in ("lvresize", "lvreduce")
                and size is not None
                and (not size.text.startswith("+") or call.name == "lvreduce")
            ):
                call.add(_K.DATA_LOSS, word, _C.LIKELY)

    return deed


_MDADM = by_option(
    """
    read: --detail -D --examine -E --query -Q --detail-platform --monitor
    data_loss: --zero-superblock --create -C --build -B --fail -f --set-faulty --remove -r
    service_stop: --stop -S
    write_config: --assemble -A --add -a --grow -G --run -R --re-add --readwrite -w --readonly -o
    """,
    "-l -n -c -x -e --level --raid-devices --chunk --spare-devices --metadata --name --uuid", else_="read",
)  # fmt: skip

_ZFS = Verbs(
    table="""
    read: list get version holds diff userspace groupspace projectspace
    data_loss: destroy rollback
    write_config: create clone promote rename set inherit snapshot snap mount hold release bookmark allow unallow share load-key upgrade receive recv change-key
    service_stop: unmount umount unshare unload-key
    exfil?: send
    """,
    takes="-o -t -s -S -d -x -i -I", dry="-n --dryrun", else_="write_config",
)  # fmt: skip
_ZPOOL_VERBS = Verbs(
    table="""
    read: list status get history iostat events version wait
    data_loss: destroy labelclear remove detach split
    data_loss~: create replace add attach clear import
    service_stop: export offline
    write_config: online scrub trim set upgrade initialize resilver reguid reopen sync checkpoint
    """,
    takes="-o -O -R -t -m -d -c", dry="-n", else_="write_config",
)  # fmt: skip


def _zpool(call: ProgramCall) -> None:
    """Follow zpool: an import without a name only lists what could be imported."""
    call.take(word_set(_ZPOOL_VERBS.takes))
    if [word.text for word in call.words] == ["import"] and not call.has("-a", "-f", "-D", "-F"):
        call.add(_K.READ)
    else:
        _ZPOOL_VERBS(call)


_BTRFS = Verbs(
    table="""
    read: check subvolume/list subvolume/show filesystem/show filesystem/df filesystem/usage filesystem/du device/stats device/usage scrub/status balance/status version
    read: fi/show fi/df fi/usage fi/us fi/du fi/sh f/df f/us f/sh f/du sub/list sub/show su/list su/l su/sh su/show sub/l subvol/list device/scan quota/status qgroup/show inspect-internal property/get property/list
    data_loss: subvolume/delete subvol/delete sub/delete su/delete device/delete device/remove
    data_loss~: rescue filesystem/resize replace/start
    write_config: subvolume/create subvolume/snapshot subvol/snapshot sub/snap device/add balance/start balance scrub/start filesystem/label filesystem/defragment filesystem/sync
    """,
    acts="--repair=data_loss~ --init-csum-tree=data_loss~ --init-extent-tree=data_loss~ --clear-space-cache=data_loss?",
    else_="write_config",
)  # fmt: skip
_CRYPTSETUP = Verbs(
    table="""
    read: luksDump status isLuks luksUUID benchmark
    data_loss: luksFormat erase luksErase luksKillSlot luksRemoveKey reencrypt create
    security_weaken: luksAddKey luksChangeKey luksHeaderRestore token config
    read_secret: luksHeaderBackup
    write_config: open luksOpen resize luksResume refresh
    service_stop: close luksClose remove luksSuspend
    """,
    takes="-c -h -s -d -i -T -S --cipher --hash --key-size --key-file --type --header --header-backup-file --key-slot", else_="data_loss?",
    acts="",
)  # fmt: skip


def _hdparm(call: ProgramCall) -> None:
    """Note what hdparm and its kin ask or tell a disk."""
    call.take(())
    line = " ".join(word.text for word in call.arguments)
    if re.search(r"--(?:security|yes-i-know|trim|write-sector|repair|make-bad|fwdownload|dco)|sanitize|format\b", line):
        call.add(_K.DATA_LOSS, call.words[-1] if call.words else "")
    elif re.search(
        r"^-(?:[iItTgCNrW]|tT|Tt)+ /dev|--(?:query|Istdout)",
        line,
    ):
        call.add(_K.READ)
    else:
        call.add(_K.WRITE_CONFIG, call.words[-1] if call.words else "")


_LOOKS_AT = re.compile(
    r"(?:stat|ls|cat|stats|icheck|ncheck|imap|testb|testi|show_super_stats|logdump|htree|ex|extents|blocks|block_dump|bd|lsdel|supported_features|ffb|ffi|pwd|cd|features|params|dx_hash)\b.*"
)


def _debugfs(call: ProgramCall) -> None:
    """Follow debugfs: without -w it cannot change the file system, and a request may still copy a file out of it."""
    call.take(word_set("-R -f -b -s -d -z"))
    request = call.value("-R")
    shows = request is not None and _LOOKS_AT.fullmatch(request.text.strip()) is not None
    if call.has("-V") or (shows and not call.has("-w")):
        call.add(_K.READ)
        return
    for word in call.objects(1):
        call.add(_K.DATA_LOSS, word, _C.POSSIBLE)


def _fsck(call: ProgramCall) -> None:
    """Note a file system that is checked; with -n nothing is mended."""
    call.take(word_set("-t -b -B -l -L -E -o"))
    told = call.has("-V") and call.name in ("e2fsck", "xfs_repair", "ntfsfix", "fsck.ext4", "fsck.ext3")
    if call.has("-n", "-N", "--no-action", "--help") or told:
        bad_blocks = call.has("-c", "-l", "-L") and not told and call.name not in ("fsck.fat", "fsck.vfat", "ntfsfix")
        call.add(_K.WRITE_CONFIG if bad_blocks else _K.READ, "list of bad blocks" if bad_blocks else "")
        return
    for word in call.objects():
        call.add(_K.DATA_LOSS, word, _C.POSSIBLE)


def _deletes_files(call: ProgramCall) -> None:
    """Note folders that are cleaned by age."""
    call.take(word_set("-x -U"))
    if call.has("-t", "--test", "--dry-run"):
        call.add(_K.READ)
        return
    for word in call.words:
        if word.text.startswith("/"):
            deeds.delete(word, call.notes, call.frame, call.span, tree=place_of(word.text) in SYSTEM)
    call.add(_K.DELETE, "")


_MKFS_NAMES = ("mkfs", "mke2fs", "mkswap", "mkdosfs", "mkntfs", *(f"mkfs.{kind}" for kind in (
    "ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "fat", "msdos", "ntfs", "f2fs", "jfs", "reiserfs", "exfat", "minix", "bfs", "cramfs", "nilfs2", "zfs", "gfs2", "ocfs2")))  # fmt: skip

PROGRAMS: Mapping[str, Deed] = {
    "mount": _mount, "umount": _umount, **dict.fromkeys(_MKFS_NAMES, _mkfs), "wipefs": _wipefs, "blkdiscard": fixed("data_loss", "-o -l -p -s"),
    **dict.fromkeys(("fdisk", "sfdisk", "cfdisk", "gdisk", "cgdisk"), _fdisk), "parted": _parted,
    "sgdisk": by_option("data_loss: -Z -z -o -d -n -t -g -l -R --zap --zap-all --clear --delete --new --typecode --mbrtogpt --load-backup --replicate -r --transpose -s --sort -m --gpttombr -h --hybrid -e --move-second-header -k -j --move-main-table -N --largest-new\nwrite_config: -c --change-name -u --partition-guid -U --disk-guid -A --attributes -G --randomize-guids\nread: -p --print -i --info -v --verify -V -L --list-types", "-i -d -n -t -c -b -l -u -U -A -r -R -m -h -a -e -N -k -j", else_="data_loss", dry="-P --pretend"),
    "partprobe": by_option("read: -d --dry-run", else_="write_config"), "partx": by_option("write_config: -a -d -u --add --delete --update", "-n -o", else_="read"),
    "kpartx": by_option("write_config: -a -d -u\nread: -l", else_="write_config"), "swapon": _swap, "swapoff": _swap, "losetup": by_option("read: -a -l -j --list --all -O\nwrite_config: -d -D -c -f --detach", "-o", else_="write_config"),
    **{name: _lvm("data_loss") for name in ("lvremove", "vgremove", "pvremove")}, **{name: _lvm("write_config") for name in (
        "lvcreate", "lvextend", "vgcreate", "vgextend", "lvrename", "vgrename", "lvresize", "pvresize", "lvchange", "vgchange", "pvchange", "vgimport", "vgexport", "vgcfgbackup")},
    **{name: _lvm("data_loss~") for name in ("lvreduce", "pvcreate", "vgreduce", "pvmove", "lvconvert", "vgcfgrestore", "vgmerge", "vgsplit")},
    "lvm": _VOLUMES, "mdadm": _MDADM, "zfs": _ZFS, "zpool": _zpool, "btrfs": _BTRFS, "cryptsetup": _CRYPTSETUP, "dmsetup": Verbs(
        table="read: ls info status table deps targets version\ndata_loss: remove remove_all wipe_table\nservice_stop: suspend\nwrite_config: create resume load rename"),
    **dict.fromkeys(("hdparm", "sdparm", "sg_format", "sg_sanitize"), _hdparm), **dict.fromkeys((
        "fsck", "e2fsck", "xfs_repair", "fsck.ext4", "fsck.ext3", "fsck.xfs", "fsck.vfat", "ntfsfix", "fsck.fat", "btrfsck"), _fsck),
    "resize2fs": by_option("read: -P", else_="write_config+data_loss?"), "xfs_growfs": by_option("read: -n", else_="write_config"), "tune2fs": by_option("write_config: -c -C -e -E -f -g -i -I -j -J -L -m -M -o -O -Q -r -T -u -U -z\nread: -l", "-c -C -e -E -g -i -I -J -L -m -M -o -O -Q -r -T -u -U -z", else_="write_config"),
    "e2label": reads(content=False, most=1, beyond="write_config"), "xfs_admin": by_option("write_config: -L -U -c -O -e -j -p\nread: -l -u", "-L -U -c -O -r", else_="write_config"), "fstrim": by_option("read: -n --dry-run", else_="write_config"),
    "debugfs": _debugfs, "dd_rescue": fixed("data_loss"), "ddrescue": fixed("write_file"), "badblocks": by_option("data_loss: -w\nwrite_file: -n", "-b -c -o", else_="read"), "tmpreaper": _deletes_files, "tmpwatch": _deletes_files,
    "systemd-tmpfiles": by_option("read: --cat-config\ndelete+data_loss~: --purge\ndelete: --clean --remove", else_="write_file"), "sync": reads(content=False), "eject": fixed("write_config"),
    "gluster": Verbs(table="read: volume/info volume/status volume/get snapshot/list snapshot/info peer/status pool/list volume/list\ndata_loss: volume/delete volume/remove-brick\nservice_stop: volume/stop peer/detach", pattern=((r"\bvolume (?:heal \S+ info|quota \S+ list|profile \S+ info|rebalance \S+ status|top \S+)\b", "read"),), else_="infra"),
    "multipath": by_option("read: -l -ll -t -T\nservice_stop: -f -F\nwrite_config: -r -a -A -w -W", "-v -b -p -R", else_="write_config"), "iscsiadm": by_option("service_stop: -u --logout\ninfra+delete: --op -o\ninfra: -l --login -D --discover -t --type --rescan -R\nread: -V -m --mode", "-m -T -p -t -n -v -o --op --mode --targetname --portal --type", else_="infra"),
    "restic": Verbs(table="read: snapshots ls stats check find diff list cat version\ndata_loss: forget prune\nwrite_file: backup restore init copy unlock mount tag", takes="-r -p --repo", dry="--dry-run -n"),
    "borg": Verbs(table="read: list info check diff\ndata_loss: delete prune compact\nwrite_file: create extract init mount", takes="-P --prefix", dry="--dry-run -n"),
    "snapper": Verbs(table="read: list list-configs status diff ls get-config\ndata_loss~: delete rollback undochange\nwrite_config: create modify set-config create-config cleanup", takes="-c -d -t"),
    "rear": fixed("write_file"), "duplicity": Verbs(table="read: collection-status list-current-files verify\ndata_loss~: remove-older-than remove-all-but-n-full cleanup", else_="write_file"), "rclone": Verbs(table="read: ls lsd lsl lsf lsjson size about check cat version listremotes md5sum\ndata_loss: delete purge sync deletefile cleanup rmdirs\nexfil?+write_file: copy move copyto moveto bisync\nwrite_file: mkdir config",
                                                                                   takes="--config --include --exclude --transfers", dry="-n --dry-run",
                     tried="sync copy move copyto moveto bisync delete purge deletefile cleanup rmdir rmdirs mkdir dedupe"),
}  # fmt: skip
