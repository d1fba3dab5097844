"""What opsterm runs on a remote host to look at it: fixed scripts for any POSIX sh, and fixed queries for Windows.

No script takes an argument, and none is put together at run time: what is sent is what stands here. None writes a
file, changes a setting or needs root. A target's own log may hold a line about the log-in, as about any.

What is printed is text in sections. The first line is a mark that no file on the target can foresee; a line that
begins with the mark names the section that follows. `sections.py` reads it.
"""

from __future__ import annotations

from enum import Enum

READING_SCRIPT = r"""
exec 2>/dev/null </dev/null
LC_ALL=C PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
mark=
read -r mark </proc/sys/kernel/random/uuid
mark="@@$$-$mark"
echo "$mark"
echo "$mark kernel"
grep -v '^intr ' /proc/uptime /proc/stat /proc/loadavg /proc/meminfo /proc/diskstats /proc/net/dev \
  /proc/sys/fs/file-nr /proc/sys/kernel/random/boot_id /proc/pressure/cpu /proc/pressure/memory /proc/pressure/io
echo "$mark disks"
printf '%s\n' /sys/block/*
echo "$mark processes"
set -- /proc/[0-9]*
echo $#
set -f
set --
IFS='
'
far=
seen=' '
echo "$mark mounts"
for line in $(grep -Ev \
  '^[0-9]+ [0-9]+ [0-9:]+ [^ ]+ /[^ ]+ .* - (overlay|nsfs|proc|sysfs|cgroup2?|devpts|mqueue|squashfs) ' \
  /proc/self/mountinfo); do
  type=${line#* - }
  type=${type%% *}
  rest=${line#* * }
  device=${rest%% *}
  rest=${rest#* * }
  point=${rest%% *}
  case $point in
    *\\*) point=$(printf '%b.' "$point"); point=${point%.} ;;
  esac
  case $point:$type in
    *:nfs|*:nfs4|*:cifs|*:smb3|*:smbfs|*:ceph|*:lustre|*:beegfs|*:gpfs|*:afs|*:9p|*:davfs|*:glusterfs|\
    *:fuse.glusterfs|*:fuse.sshfs|*:fuse.ceph|*:fuse.rclone|*:fuse.s3fs|*:fuse.davfs2)
      far=$far$IFS$point ;;
    /:*|*:ext[234]|*:xfs|*:btrfs|*:zfs|*:bcachefs|*:f2fs|*:jfs|*:reiserfs|*:nilfs2|*:vfat|*:msdos|*:exfat|*:ntfs|\
    *:ntfs3|*:fuseblk|*:hfsplus|*:ufs|*:ubifs|*:jffs2|*:gfs2|*:ocfs2|*:virtiofs)
      [ -d "$point" ] || continue
      case $seen in
        *" $device "*) ;;
        *) seen="$seen$device "; set -- "$@" "$point" ;;
      esac ;;
  esac
  printf '%s\n' "$line"
done
limited() { timeout -s KILL 3 "$@"; }
limited true || limited() { "$@"; }
echo "$mark space"
[ $# -eq 0 ] || { limited df -P -k -- "$@"; limited df -P -i -- "$@"; }
if [ -d /run/systemd/system ]; then
  echo "$mark systemd"
  limited systemctl show --property=NFailedUnits
fi
echo "$mark far"
count=0
for point in $far; do
  count=$((count + 1))
  [ $count -le 16 ] || break
  { timeout -s KILL 3 df -P -k -- "$point" && timeout -s KILL 2 df -P -i -- "$point"; } &
done
wait
echo "$mark end"
"""
"""One measurement: about ten short processes, a few milliseconds of CPU, one reading of each kernel file.

Why each line changes nothing: `exec` and `export` are of this shell alone; `read`, `echo`, `printf`, `set`, `[`, `case`
`for` and `wait` are of the shell, and print or look; `grep` reads the kernel's files; `df` asks file systems how full
they are; `systemctl show` asks for one property; `timeout` ends only what it has started itself: each `df` of a file
system of another machine has 3 s and a process of its own, so that a server that is gone holds up nothing.
There is no here-document and no redirection but to and from /dev/null and from /proc: bash keeps a here-document in a
file.
"""

PROFILE_SCRIPT = r"""
exec 2>/dev/null </dev/null
LC_ALL=C PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
mark=
read -r mark </proc/sys/kernel/random/uuid
mark="@@$$-$mark"
echo "$mark"
echo "$mark os"
cat /etc/os-release || cat /usr/lib/os-release
echo "$mark kernel"
for part in s r m n; do uname -$part; done
echo "$mark packages"
for name in apt-get dnf yum zypper apk pacman xbps-install emerge opkg swupd nix-env; do
  command -v $name >/dev/null && echo $name
done
echo "$mark services"
[ -d /run/systemd/system ] && echo systemd
{ [ -d /run/openrc ] || [ -d /lib/rc/init.d ]; } && echo openrc
[ -d /run/runit ] && echo runit
[ -d /run/s6 ] && echo s6
[ -x /etc/init.d/rcS ] || [ -d /etc/rc2.d ] || [ -d /etc/rc.d/init.d ] && echo sysv
echo "$mark shell"
echo "$SHELL"
readlink /bin/sh
echo "$mark user"
id -un
id -u
id -Gn
echo "$mark sudo"
command -v sudo >/dev/null && { echo sudo; [ "$(id -u)" -eq 0 ] || sudo -n -l; }
command -v doas >/dev/null && echo doas
echo "$mark virtual"
systemd-detect-virt
[ -f /run/systemd/container ] && { printf 'container '; cat /run/systemd/container; }
{ [ -f /.dockerenv ] || [ -f /run/.containerenv ]; } && echo container
grep -q '^flags.* hypervisor' /proc/cpuinfo && echo hypervisor
for name in sys_vendor product_name; do printf '%s ' $name; cat /sys/class/dmi/id/$name || echo; done
echo "$mark size"
getconf _NPROCESSORS_ONLN || grep -c '^processor' /proc/cpuinfo
grep -E '^(MemTotal|SwapTotal):' /proc/meminfo
echo "$mark rights"
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
echo "$mark tools"
for name in bash python3 perl awk tar rsync curl wget ip ss nft iptables tc lsof strace systemctl journalctl docker \
  podman kubectl snap flatpak; do
  command -v $name >/dev/null && echo $name
done
echo "$mark end"
"""
"""What a host is. It changes nothing for the same reasons: `cat`, `uname`, `id`, `readlink`, `getconf`, `command -v`,
`grep` and `systemd-detect-virt` read; `sudo -n -l` lists what the account may, asks for no password and runs nothing
(it is not asked as root; sudo may note the question in its log).
"""

FIRST_SCRIPT = r"""
exec 2>/dev/null </dev/null
LC_ALL=C PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
id -un
uname -n
uname -sr
"""
"""The first command of a connection test: who we are there, and what answers. `id` and `uname` read."""


WINDOWS_READING_QUERIES = """
SELECT FreePhysicalMemory, TotalVisibleMemorySize, NumberOfProcesses, LastBootUpTime, LocalDateTime \
FROM Win32_OperatingSystem
SELECT Name, PercentProcessorTime, PercentUserTime, PercentPrivilegedTime, Timestamp_PerfTime, Frequency_PerfTime \
FROM Win32_PerfRawData_PerfOS_Processor
SELECT Name, DiskReadBytesPersec, DiskWriteBytesPersec, PercentIdleTime, Timestamp_Sys100NS \
FROM Win32_PerfRawData_PerfDisk_PhysicalDisk
SELECT Name, BytesReceivedPersec, BytesSentPersec, PacketsReceivedErrors, PacketsOutboundErrors \
FROM Win32_PerfRawData_Tcpip_NetworkInterface
SELECT DeviceID, Size, FreeSpace FROM Win32_LogicalDisk WHERE DriveType = 3
SELECT AllocatedBaseSize, CurrentUsage FROM Win32_PageFileUsage
"""
"""One measurement of a Windows host, in WQL: SELECT is all that there is of that language over WS-Management. No
process is started there, as a shell or PowerShell would be (a third of a second of its CPU, each time).
"""

WINDOWS_PROFILE_QUERIES = """
SELECT Caption, Version, BuildNumber, OSArchitecture, CSName, TotalVisibleMemorySize FROM Win32_OperatingSystem
SELECT Manufacturer, Model, Domain, PartOfDomain, NumberOfLogicalProcessors FROM Win32_ComputerSystem
SELECT AllocatedBaseSize FROM Win32_PageFileUsage
SELECT Name, State, StartMode FROM Win32_Service
SELECT HotFixID FROM Win32_QuickFixEngineering
"""
"""What a Windows host is."""


class Look(Enum):
    """Which script; `runtime.remote_look` runs these and can be given no other."""

    READING = READING_SCRIPT
    PROFILE = PROFILE_SCRIPT
    WINDOWS_READING = WINDOWS_READING_QUERIES
    WINDOWS_PROFILE = WINDOWS_PROFILE_QUERIES
    FIRST = FIRST_SCRIPT

    @property
    def script(self) -> str:
        """The text for `shell`."""
        return self.value

    @property
    def shell(self) -> str:
        """What carries the text out: "sh", or "wql" on Windows."""
        return "wql" if self in (Look.WINDOWS_READING, Look.WINDOWS_PROFILE) else "sh"
