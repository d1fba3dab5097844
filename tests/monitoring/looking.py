"""The shells that looks are tried with, and a host that printed a reading."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

SHELLS = {"dash": ("dash",), "busybox": ("busybox", "sh"), "bash": ("bash", "--posix"), "sh": ("/bin/sh",)}

MARK = "@@77-1b4e28ba-2fa1-11d2-883f-0016d3cca427"

READING = f"""\
Welcome to web-01, where nothing ever happens.
{MARK}
{MARK} kernel
/proc/uptime:1000.00 3000.00
/proc/stat:cpu  1000 0 500 8000 100 0 0 0 0 0
/proc/stat:cpu0 500 0 250 4000 50 0 0 0 0 0
/proc/stat:cpu1 500 0 250 4000 50 0 0 0 0 0
/proc/stat:ctxt 12345
/proc/loadavg:0.50 0.25 0.10 2/345 6789
/proc/meminfo:MemTotal:        1000 kB
/proc/meminfo:MemFree:          100 kB
/proc/meminfo:MemAvailable:     250 kB
/proc/meminfo:SwapTotal:        400 kB
/proc/meminfo:SwapFree:         300 kB
/proc/diskstats:   8       0 sda 10 0 2000 5 20 0 4000 7 0 1500 12 0 0 0 0
/proc/diskstats:   8       1 sda1 10 0 2000 5 20 0 4000 7 0 1500 12 0 0 0 0
/proc/diskstats:   7       0 loop0 10 0 2000 5 20 0 4000 7 0 1500 12 0 0 0 0
/proc/net/dev:Inter-|   Receive                                                |  Transmit
/proc/net/dev: face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop
/proc/net/dev:    lo: 500 1 0 0 0 0 0 0 500 1 0 0 0 0 0 0
/proc/net/dev:  eth0:7000 10 1 0 0 0 0 0 9000 20 2 0 0 0 0 0
/proc/sys/fs/file-nr:1000 0 100000
/proc/sys/kernel/random/boot_id:2f0c6d3e-7f53-4a6f-9d55-0f1d4d3c2b1a
/proc/pressure/cpu:some avg10=1.50 avg60=0.00 avg300=0.00 total=1
/proc/pressure/io:full avg10=0.25 avg60=0.00 avg300=0.00 total=1
{MARK} disks
/sys/block/loop0
/sys/block/sda
{MARK} processes
123
{MARK} mounts
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 8:1 /var/lib/docker /srv/same rw - ext4 /dev/sda1 rw
36 22 0:50 / /mnt/a\\040b rw - nfs4 files:/export rw
{MARK} space
Filesystem 1024-blocks  Used Available Capacity Mounted on
/dev/sda1         1000   600       200      75% /
Filesystem Inodes IUsed IFree IUse% Mounted on
/dev/sda1     100    30    70   30% /
{MARK} systemd
NFailedUnits=2
{MARK} far
Filesystem    1024-blocks  Used Available Capacity Mounted on
files:/export        4000  1000      3000      25% /mnt/a b
Filesystem    Inodes IUsed IFree IUse% Mounted on
files:/export      0     0     0     - /mnt/a b
{MARK} end
"""


def shells() -> Sequence[object]:
    """Return the shells as parameters; one that is not here is skipped, and says so."""
    return [
        pytest.param(
            shell,
            id=name,
            marks=pytest.mark.skipif(
                shutil.which(shell[0]) is None, reason=f"{name.upper()} IS NOT HERE: THE SCRIPTS WERE NOT TRIED WITH IT"
            ),
        )
        for name, shell in SHELLS.items()
    ]


def run_script(script: str, shell: Sequence[str], *, first: Path | None = None) -> str:
    """Run a script on this machine as a target's shell would.

    Args:
        script: the text.
        shell: program and options.
        first: a folder in which programs are looked for before all others.
    """
    environment = {**os.environ, "LC_ALL": "de_DE.UTF-8"}
    if first is not None:
        environment["PATH"] = f"{first}:{environment['PATH']}"
    done = subprocess.run([*shell, "-c", script], capture_output=True, check=True, env=environment, timeout=300)
    return done.stdout.decode("utf-8", "backslashreplace")


def shim(folder: Path, name: str, before: str) -> None:
    """Put a program before the real one of that name, which runs after `before`."""
    file = folder / name
    file.write_text(f'#!/bin/sh\n{before}PATH=${{PATH#{folder}:}} exec {name} "$@"\n')
    file.chmod(0o755)
