"""Which mounts are watched: each file system that can fill up, once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from opsterm.monitoring.mounts import Mount, parse_mounts, that_can_fill

JUMP_HOST = r"""
22 1 253:0 / / rw,relatime shared:1 - xfs /dev/mapper/rl-root rw,attr2
23 22 0:21 / /proc rw,nosuid - proc proc rw
24 22 0:22 / /sys rw,nosuid - sysfs sysfs rw
25 22 0:5 / /dev rw,nosuid - devtmpfs devtmpfs rw
26 25 0:23 / /dev/shm rw,nosuid - tmpfs tmpfs rw
27 22 0:24 / /run rw,nosuid shared:5 - tmpfs tmpfs rw
30 22 8:1 / /boot rw,relatime shared:30 - ext4 /dev/sda1 rw
31 30 8:2 / /boot/efi rw,relatime - vfat /dev/sda2 rw
32 22 253:2 / /var/lib/a\040b rw - ext4 /dev/mapper/rl-data rw
33 22 253:2 /sub /srv/same rw - ext4 /dev/mapper/rl-data rw
34 22 7:0 / /snap/core/1 ro - squashfs /dev/loop0 ro
35 22 11:0 / /media/cdrom ro - iso9660 /dev/sr0 ro
36 22 0:50 / /mnt/nfs rw - nfs4 files:/export rw
37 22 0:51 / /mnt/auto rw - autofs systemd-1 rw
38 22 0:52 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw,lowerdir=/l
39 27 8:17 / /run/media/ana/USB rw - exfat /dev/sdb1 rw
"""

CONTAINER = """
100 90 0:70 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A
101 100 0:71 / /proc rw - proc proc rw
102 100 0:72 / /dev rw - tmpfs tmpfs rw
103 100 8:1 /var/lib/docker/containers/1/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw
104 100 8:1 /var/lib/docker/containers/1/hosts {file} rw - ext4 /dev/sda1 rw
105 100 8:17 /volumes/data {folder} rw - ext4 /dev/sdb1 rw
106 100 8:33 /propagate /run/host/incoming rw - ext4 /dev/sdc1 rw
"""

SUBVOLUMES = """
1 0 0:30 /@ / rw - btrfs /dev/nvme0n1p2 rw,subvol=/@
2 1 0:30 /@home /home rw - btrfs /dev/nvme0n1p2 rw,subvol=/@home
3 1 0:31 / /tank rw - zfs tank rw
4 1 0:32 / /tank/vm rw - zfs tank/vm rw
"""

HIDDEN = """
1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 8:2 / /data rw - ext4 /dev/sda2 rw
3 1 0:40 / /data rw - tmpfs tmpfs rw
4 1 8:3 / /data2 rw shared:1 master:2 propagate_from:3 - ext4 /dev/sda3 rw
"""

MEMORY_ONLY = "1 0 0:2 / / rw - tmpfs tmpfs rw\n2 1 0:3 / /run rw - tmpfs tmpfs rw"


def watched(table: str) -> Sequence[Mount]:
    return that_can_fill(parse_mounts(table), is_folder=lambda point: Path(point).is_dir())


@pytest.mark.parametrize(
    ("table", "points"),
    [
        (JUMP_HOST, ["/", "/boot", "/boot/efi", "/mnt/nfs", "/run/media/ana/USB", "/var/lib/a b"]),
        (SUBVOLUMES, ["/", "/tank", "/tank/vm"]),
        (HIDDEN, ["/", "/data2"]),
        (MEMORY_ONLY, ["/"]),
        ("", []),
        ("no mount table at all\n\n1 2 3", []),
    ],
)
def test_every_file_system_that_can_fill_up_once(table: str, points: list[str]) -> None:
    assert [mount.point for mount in watched(table)] == points


def test_in_a_container_the_root_and_the_volumes(tmp_path: Path) -> None:
    (tmp_path / "hosts").touch()
    (tmp_path / "data").mkdir()
    table = CONTAINER.format(file=tmp_path / "hosts", folder=tmp_path / "data")
    assert [mount.point for mount in watched(table)] == ["/", str(tmp_path / "data")]


def test_what_waits_for_another_machine_is_known() -> None:
    remote = [mount.point for mount in watched(JUMP_HOST) if mount.is_remote]
    assert remote == ["/mnt/nfs"]
