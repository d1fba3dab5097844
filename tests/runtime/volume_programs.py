"""Stand-ins of the programs of LVM and ZFS, by their manual pages: a snapshot is a copy of a folder.

Only the forms that are used are known, and anything else fails, so that a wrong word is seen.
"""

from __future__ import annotations

from pathlib import Path

FINDMNT = """#!/bin/sh
[ "$1 $2 $3 $4" = "-n -o SOURCE,FSTYPE,TARGET,FSROOT -T" ] || exit 1
case $5 in
    {root}/zfs*) echo "tank/web zfs {root}/zfs /" ;;
    {root}/lvm*) echo "/dev/mapper/vg--one-data ext4 {root}/lvm /" ;;
    *) echo "/dev/sda1 ext4 / /" ;;
esac
"""
ZFS = """#!/bin/sh
snaps={root}/snaps/zfs
case "$1 $*" in
    "snapshot snapshot tank/web@"*) cp -a {root}/zfs "$snaps/${{2#*@}}" ;;
    "rollback rollback tank/web@"*)
        [ -d "$snaps/${{2#*@}}" ] || {{ echo "cannot open '$2': dataset does not exist" >&2; exit 1; }}
        rm -rf {root}/zfs && cp -a "$snaps/${{2#*@}}" {root}/zfs ;;
    "destroy destroy tank/web@"*) rm -r "$snaps/${{2#*@}}" ;;
    "list list -H -p -t snapshot -o name tank/web") for one in "$snaps"/*; do
        [ ! -e "$one" ] || echo "tank/web@${{one##*/}}"; done ;;
    *) echo "unrecognized command '$*'" >&2; exit 2 ;;
esac
"""
LVM = """#!/bin/sh
snaps={root}/snaps/lvm
case "${{0##*/}} $*" in
    "lvs ")
        echo "  LV VG Attr LSize Pool Origin Data%"
        echo "  data vg-one owi-aos--- 1.00g"
        for one in "$snaps"/*; do [ ! -e "$one" ] || echo "  ${{one##*/}} vg-one swi-a-s--- 204.00m data 0.00"; done ;;
    "lvcreate --snapshot --extents 20%ORIGIN --name "*" vg-one/data") cp -a {root}/lvm "$snaps/$5" ;;
    "lvremove --yes vg-one/"*) rm -r "$snaps/${{2#*/}}" ;;
    "lvconvert --yes --merge vg-one/"*) rm -rf {root}/lvm && mv "$snaps/${{3#*/}}" {root}/lvm ;;
    *) echo "Invalid argument: $*" >&2; exit 3 ;;
esac
"""


def install(root: Path) -> Path:
    """Make the programs, and the places that they are about, below a folder; return the folder for PATH."""
    programs = root / "bin"
    programs.mkdir()
    for name in ("zfs", "lvm"):
        (root / name / "web").mkdir(parents=True)
        (root / "snaps" / name).mkdir(parents=True)
    for name, text in {
        "findmnt": FINDMNT,
        "zfs": ZFS,
        **dict.fromkeys(("lvs", "lvcreate", "lvremove", "lvconvert"), LVM),
    }.items():
        (programs / name).write_text(text.format(root=root))
        (programs / name).chmod(0o755)
    return programs
