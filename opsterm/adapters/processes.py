"""Processes of this machine: a name that is never used twice, and whether its owner still lives."""

from __future__ import annotations

import os
from pathlib import Path


class LinuxProcesses:
    """Names processes "pid.start@boot": the start time and the boot id tell a reused pid from the old one."""

    def __init__(self) -> None:
        self._boot = _boot_id()
        self._me = f"{os.getpid()}.{_started(os.getpid())}@{self._boot}"

    def me(self) -> str:
        """Return this process's name."""
        return self._me

    def boot(self) -> str:
        """Return the kernel's id of this boot, "" where there is none."""
        return self._boot

    def alive(self, name: str) -> bool:
        """Return whether the process with that name still runs; a stopped one does, a zombie does not."""
        number, _, rest = name.partition(".")
        start, _, boot = rest.partition("@")
        return number.isdigit() and boot == self._boot and start == _started(int(number)) != ""


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _started(pid: int) -> str:
    """Return field 22 of /proc/PID/stat (start time in clock ticks since boot); "" when gone. See proc(5)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[19]
