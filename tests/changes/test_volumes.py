"""Snapshots of file systems as text: what is there is read from what programs print, and their commands are made."""

from __future__ import annotations

import pytest

from opsterm.changes.volumes import Volume, VolumeKind, VolumeSnapshot, _taken, volume_at
from opsterm.core.errors import BadInput

STAMP = "20260102-030405"
LVS = """\
  LV     VG     Attr       LSize  Pool Origin Data%  Meta%  Move Log Cpy%Sync Convert
  root   vg-one -wi-ao---- 20.00g
  thin   vg-one Vwi-aotz-- 10.00g pool        12.00
"""
ROOT = Volume(kind=VolumeKind.LVM, origin="vg-one/root", mount="/")
THIN = Volume(kind=VolumeKind.LVM, origin="vg-one/thin", mount="/srv", thin=True)
DATA = Volume(kind=VolumeKind.BTRFS, origin="/srv/bt/my data", mount="/srv/bt")
WHOLE = Volume(kind=VolumeKind.BTRFS, origin="/srv/bt", mount="/srv/bt")
SET = Volume(kind=VolumeKind.ZFS, origin="tank/web", mount="/srv/www")


@pytest.mark.parametrize(
    ("path", "mounted", "inodes", "volume"),
    [
        ("/etc/nginx", "/dev/mapper/vg--one-root ext4 / /\n", {}, ROOT),
        ("/srv/x", "/dev/vg-one/thin xfs /srv /\n", {}, THIN),
        ("/srv/bt/my data/x", "/dev/sdb btrfs /srv/bt /\n", {"/srv/bt/my data": "256", "/srv/bt/my data/x": "7"}, DATA),
        ("/srv/bt/x", "/dev/sdb btrfs /srv/bt /\n", {"/srv/bt": "256"}, WHOLE),
        ("/srv/www/x", "tank/web zfs /srv/www /\n", {}, SET),
        ("/etc", "/dev/sda1 ext4 / /\n", {}, None),
        ("/etc", "/dev/mapper/crypt ext4 / /\n", {}, None),
        ("/etc", "findmnt: no such file\n", {}, None),
        ("/etc", "", {}, None),
    ],
)
def test_what_holds_a_path(path: str, mounted: str, inodes: dict[str, str], volume: Volume | None) -> None:
    assert volume_at(path, mounted, inodes, LVS) == volume


COMMANDS = [
    (ROOT, "lvcreate --snapshot --extents 20%ORIGIN --name root-opsterm-20260102-030405 vg-one/root",
     "vg-one/root-opsterm-20260102-030405", "lvremove --yes vg-one/root-opsterm-20260102-030405",
     "lvconvert --yes --merge vg-one/root-opsterm-20260102-030405"),
    (THIN, "lvcreate --snapshot --setactivationskip n --name thin-opsterm-20260102-030405 vg-one/thin",
     "vg-one/thin-opsterm-20260102-030405", "lvremove --yes vg-one/thin-opsterm-20260102-030405",
     "lvconvert --yes --merge vg-one/thin-opsterm-20260102-030405"),
    (DATA, "btrfs subvolume snapshot -r '/srv/bt/my data' '/srv/bt/.opsterm-my data-20260102-030405'",
     "/srv/bt/.opsterm-my data-20260102-030405",
     "btrfs subvolume delete '/srv/bt/.opsterm-my data-20260102-030405'",
     ("mkdir -m 700 -- /srv/bt/.removed-20260102-030405 && mv -- '/srv/bt/my data' /srv/bt/.removed-20260102-030405/ "
      "&& btrfs subvolume snapshot '/srv/bt/.opsterm-my data-20260102-030405' '/srv/bt/my data'")),
    (WHOLE, "btrfs subvolume snapshot -r /srv/bt /srv/bt/.opsterm-20260102-030405",
     "/srv/bt/.opsterm-20260102-030405", "btrfs subvolume delete /srv/bt/.opsterm-20260102-030405", None),
    (SET, "zfs snapshot tank/web@opsterm-20260102-030405", "tank/web@opsterm-20260102-030405",
     "zfs destroy tank/web@opsterm-20260102-030405", "zfs rollback tank/web@opsterm-20260102-030405"),
]  # fmt: skip


@pytest.mark.parametrize(("volume", "taking", "name", "dropping", "reverting"), COMMANDS)
def test_commands_and_what_is_read_back_of_them(
    volume: Volume, taking: str, name: str, dropping: str, reverting: str | None
) -> None:
    assert (volume.taking(STAMP), volume.snapshot(STAMP)) == (taking, name)
    assert _taken(taking) == (volume.kind, volume.origin, name)
    made = VolumeSnapshot(
        target="a", kind=volume.kind, origin=volume.origin, name=name, become="root", change=1, at=1.0
    )
    assert made.dropping == dropping
    if reverting is None:
        with pytest.raises(BadInput, match="is mounted"):
            made.reverting(STAMP)
    else:
        assert made.reverting(STAMP)[0] == reverting


@pytest.mark.parametrize(
    "command",
    ["btrfs subvolume snapshot -r /srv /srv/backup", "zfs snapshot tank@daily", "echo opsterm-1", "zfs snapshot 'a"],
)
def test_snapshots_of_others_are_not_ours(command: str) -> None:
    assert _taken(command) is None
