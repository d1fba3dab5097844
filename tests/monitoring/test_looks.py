"""The scripts that look at hosts, in the shells that targets have, on this very machine."""

from __future__ import annotations

import os
import platform
import re
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from opsterm.adapters.local_host import LocalHostProbe
from opsterm.monitoring.host_profile import CAPABILITIES, Sudo, host_profile
from opsterm.monitoring.looks import READING_SCRIPT, Look
from opsterm.monitoring.mounts import ON_DISK, REMOTE
from opsterm.monitoring.remote_host import host_reading, readings
from opsterm.monitoring.sections import sections_of
from tests.monitoring.looking import run_script, shells, shim


@pytest.mark.parametrize("shell", shells())
def test_a_look_sees_what_this_hosts_own_measurement_sees(shell: Sequence[str]) -> None:
    probe = LocalHostProbe(failed_units=("/nothing",))
    probe.measure("here", 0.0)
    before = host_reading(run_script(Look.READING.script, shell))
    time.sleep(0.5)
    own = {(s.key.metric, s.key.item): s.value for s in probe.measure("here", 1.0)}
    after = host_reading(run_script(Look.READING.script, shell))
    probe.close()
    found = {(metric, item): value for metric, item, value in readings(before, after)}
    found.pop(("systemd.failed_units", ""), None)
    assert after.complete
    assert found.keys() == own.keys()
    for key, value in own.items():
        metric = key[0]
        if metric.startswith(("memory", "swap", "fs", "load", "process", "host")):
            tolerance = max(0.1, value * 0.1)
            assert found[key] == pytest.approx(value, abs=tolerance), key


@pytest.mark.parametrize("shell", shells())
def test_a_file_system_whose_server_is_gone_holds_up_nothing(shell: Sequence[str], tmp_path: Path) -> None:
    """A df that never answers for the far one stands for the server; the list of mounts is made up by a grep."""
    shim(tmp_path, "grep", "case $* in *mountinfo) echo '9 1 0:99 / /gone rw - nfs4 files:/x rw' ;; esac\n")
    shim(tmp_path, "df", "case $* in */gone*) exec sleep 60 ;; esac\n")
    script = Look.READING.script.replace("-s KILL 3", "-s KILL 0.3")
    began = time.monotonic()
    text = run_script(script, shell, first=tmp_path)
    assert time.monotonic() - began < 30
    sections = sections_of(text)
    assert sections.complete
    assert sections.of("far") == ()
    assert any(" / " in line for line in sections.of("mounts"))
    assert any("% /" in line for line in sections.of("space"))


@pytest.mark.parametrize("shell", shells())
def test_a_host_without_timeout_is_measured_without_far_file_systems(shell: Sequence[str], tmp_path: Path) -> None:
    shim(tmp_path, "timeout", "exit 127\n")
    found = host_reading(run_script(Look.READING.script, shell, first=tmp_path))
    assert found.complete
    assert any(metric == "fs.used_percent" for metric, _, _ in found.gauges)


def test_the_script_asks_for_the_file_systems_that_are_watched() -> None:
    far, here = re.findall(r"\n    ((?:\*:|/:\*)[^)]+)\)", READING_SCRIPT)

    def kinds(patterns: str) -> set[str]:
        words = {word.strip().removeprefix("*:") for word in patterns.replace("\\\n", "").split("|")} - {"/:*"}
        return words - {"ext[234]"} | ({"ext2", "ext3", "ext4"} if "ext[234]" in words else set())

    assert kinds(far) == REMOTE
    assert kinds(here) == ON_DISK


WRITES = re.compile(r">(?! ?/dev/null|&)|<<|\btee\b|\bdd\b|\brm\b|\bmv\b|\bcp\b|\btouch\b|\bmkdir\b|\bkill\b|\beval\b")


@pytest.mark.parametrize("look", Look)
def test_no_script_writes_anywhere(look: Look) -> None:
    assert WRITES.findall(look.script) == []
    assert look.script.isascii()


PROGRAMS = frozenset({
    "apk", "apt-get", "cat", "chronyc", "date", "df", "dnf", "dpkg-query", "getconf", "grep", "head", "id", "ip",
    "netstat", "ntpq", "openssl", "pacman", "rc-status", "readlink", "rpm", "sed", "sort", "ss", "stat", "sudo",
    "systemctl", "systemd-detect-virt", "timeout", "true", "uname", "who", "yum", "zypper",
})  # fmt: skip


@pytest.mark.parametrize("look", [look for look in Look if look.shell == "sh"])
def test_a_script_starts_only_programs_that_read(look: Look, tmp_path: Path) -> None:
    """Every program that the script finds first notes its name, then becomes the real one."""
    record = tmp_path / "started"
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in {*PROGRAMS, "rm", "tee", "sed", "sh", "env", "touch", "ls", "mount", "sysctl", "date", "ps", "stat"}:
        instead = {"apt-get": APT, "timeout": 'shift 3\nexec "$@"\n'}.get(name, "")  # or it would hide what it starts
        shim(folder, name, f"echo {name} >>{record}\n{instead}")
    run_script(look.script, ("/bin/sh",), first=folder)
    assert set(record.read_text().split()) <= PROGRAMS


# ------------------------------------------------------------------------------------------------- profiles


APT = (
    "echo 'Inst libc6 [2.36-9] (2.36-9+deb12u9 Debian-Security:12/stable-security [amd64])'\n"
    "echo '1 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.'\nexit 0\n"
)
"""An apt-get that is quick: the real one thinks for a second."""


@pytest.mark.parametrize("shell", shells())
def test_what_this_host_is(shell: Sequence[str], tmp_path: Path) -> None:
    shim(tmp_path, "apt-get", APT)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = host_profile(run_script(Look.PROFILE.script, shell, first=tmp_path))
    assert found is not None
    assert found.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert port in {one.port for one in found.listeners or () if one.is_local}
    assert found.accounts[0].name == "root"
    assert found.units is None or all(unit.name for unit in found.units)
    assert found.complete
    name = os.uname()
    assert (found.kernel, found.architecture) == (f"{name.sysname} {name.release}", name.machine)
    assert found.host_name == name.nodename
    assert found.os_id == platform.freedesktop_os_release()["ID"]
    assert found.os == platform.freedesktop_os_release()["PRETTY_NAME"]
    assert found.uid == os.geteuid()
    assert found.cpus == os.cpu_count()
    assert found.memory_bytes == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert (found.sudo is Sudo.ROOT) == (found.uid == 0)


PROFILE = """\
@@1-a
@@1-a os
PRETTY_NAME="Alpine Linux v3.20"
ID=alpine
VERSION_ID=3.20.1
@@1-a kernel
Linux
6.6.31-0-lts
aarch64
edge-7
@@1-a packages
apk
@@1-a services
openrc
sysv
@@1-a shell
/bin/ash
/bin/busybox
@@1-a user
op
1000
op wheel
@@1-a sudo
{sudo}
@@1-a virtual
{virtual}
@@1-a size
4
MemTotal:        2000 kB
SwapTotal:          0 kB
@@1-a rights
CapEff:	0000000000001000
@@1-a tools
tar
@@1-a end
"""


def test_a_profile_is_read() -> None:
    found = host_profile(PROFILE.format(sudo="", virtual="sys_vendor Acme\nproduct_name Box 3"))
    assert found is not None
    assert (found.os_id, found.os_version, found.services, found.packages) == ("alpine", "3.20.1", "OpenRC", ("apk",))
    assert (found.shell, found.sh, found.user, found.uid) == ("/bin/ash", "/bin/busybox", "op", 1000)
    assert (found.groups, found.cpus, found.swap_bytes) == (("op", "wheel"), 4, 0)
    assert found.memory_bytes == 2000 * 1024
    assert found.capabilities == ("net_admin",)
    assert found.product == "Acme Box 3"
    assert len(CAPABILITIES) == 41


@pytest.mark.parametrize(
    ("said", "sudo"),
    [
        ("", Sudo.ABSENT),
        ("doas", Sudo.ABSENT),
        ("sudo", Sudo.ASKS),
        ("sudo\nUser op may run the following commands on edge-7:\n    (ALL : ALL) ALL", Sudo.ASKS),
        ("sudo\nUser op may run:\n    (root) NOPASSWD: /usr/bin/systemctl restart nginx", Sudo.PARTLY_FREE),
        ("sudo\nUser op may run:\n    (ALL) ALL\n    (ALL : ALL) NOPASSWD: ALL", Sudo.FREE),
    ],
)
def test_what_the_account_may_do_as_root(said: str, sudo: Sudo) -> None:
    found = host_profile(PROFILE.format(sudo=said, virtual=""))
    assert found is not None
    assert found.sudo is sudo


@pytest.mark.parametrize(
    ("said", "virtual"),
    [
        ("kvm\nhypervisor", "virtual machine (kvm)"),
        ("hypervisor", "virtual machine"),
        ("none", "hardware"),
        ("docker\ncontainer\nhypervisor", "container (docker)"),
        ("systemd-nspawn\ncontainer systemd-nspawn", "container (systemd-nspawn)"),
        ("lxc", "container (lxc)"),
        ("container\nhypervisor", "container"),
        ("", ""),
        ("sys_vendor QEMU", ""),
    ],
)
def test_what_it_runs_in(said: str, virtual: str) -> None:
    found = host_profile(PROFILE.format(sudo="", virtual=said))
    assert found is not None
    assert found.virtual == virtual
