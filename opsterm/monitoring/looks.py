"""What opsterm runs on a remote host to look at it: fixed scripts for any POSIX sh; for Windows see `windows_looks`.

No script takes an argument, and none is put together at run time: what is sent is what stands here. None writes a
file, changes a setting or needs root. A target's own log may hold a line about the log-in, as about any.

What is printed is text in sections. The first line is a mark that no file on the target can foresee; a line that
begins with the mark names the section that follows. `sections.py` reads it.
"""

from __future__ import annotations

from enum import Enum

from opsterm.monitoring.path_look import PATH_SCRIPT
from opsterm.monitoring.windows_looks import WINDOWS_FIRST_QUERIES, WINDOWS_PROFILE_QUERIES, WINDOWS_READING_QUERIES

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
printf '%s\n%s clock\n%s\n' "$mark" "$mark" "$(date +%s.%N)"
limited() { timeout -s KILL "$@"; }
guarded() { timeout -s KILL "$@"; }
limited 1 true || { limited() { shift; "$@"; }; guarded() { return 126; }; }
has() { command -v "$1" >/dev/null; }
root=
[ "$(id -u)" -eq 0 ] && root=yes
echo "$mark os"
cat /etc/os-release || cat /usr/lib/os-release
echo "$mark kernel"
for part in s r m n; do uname -$part; done
echo "$mark boot"
cat /proc/sys/kernel/random/boot_id /proc/1/comm
echo "$mark packages"
for name in apt-get dnf yum zypper apk pacman xbps-install emerge opkg swupd nix-env; do
  has $name && echo $name
done
echo "$mark services"
manager=
[ -d /run/systemd/system ] && manager=systemd && echo systemd
{ [ -d /run/openrc ] || [ -d /lib/rc/init.d ]; } && manager=${manager:-openrc} && echo openrc
[ -d /run/runit ] && manager=${manager:-runit} && echo runit
[ -d /run/s6 ] && manager=${manager:-s6} && echo s6
[ -x /etc/init.d/rcS ] || [ -d /etc/rc2.d ] || [ -d /etc/rc.d/init.d ] && manager=${manager:-sysv} && echo sysv
echo "$mark shell"
echo "$SHELL"
readlink /bin/sh
echo "$mark user"
id -un
id -u
id -Gn
echo "$mark sudo"
has sudo && { echo sudo; [ "$root" ] || limited 5 sudo -n -l; }
has doas && echo doas
echo "$mark virtual"
limited 3 systemd-detect-virt
[ -f /run/systemd/container ] && { printf 'container '; cat /run/systemd/container; }
{ [ -f /.dockerenv ] || [ -f /run/.containerenv ]; } && echo container
grep -q '^flags.* hypervisor' /proc/cpuinfo && echo hypervisor
for name in sys_vendor product_name; do printf '%s ' $name; cat /sys/class/dmi/id/$name || echo; done
echo "$mark size"
getconf _NPROCESSORS_ONLN || grep -c '^processor' /proc/cpuinfo
grep -E '^(MemTotal|SwapTotal):' /proc/meminfo
echo "$mark rights"
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
echo "$mark security"
printf 'selinux '
cat /sys/fs/selinux/enforce && echo || echo
printf 'apparmor '
cat /sys/module/apparmor/parameters/enabled || echo
for name in docker podman/podman; do [ -w /run/$name.sock ] && echo "socket ${name##*/}"; done
echo "$mark tools"
for name in bash python3 perl awk tar rsync curl wget ip ss nft iptables tc lsof strace systemctl journalctl docker \
  podman kubectl snap flatpak; do
  has $name && echo $name
done
case $manager in
  systemd)
    echo "$mark units"
    limited 5 systemctl list-units --type=service --all --plain --no-legend --no-pager --full
    echo "$mark unitfiles"
    limited 5 systemctl list-unit-files --type=service --no-legend --no-pager --full ;;
  openrc)
    echo "$mark openrc"
    for folder in /run/openrc /lib/rc/init.d; do
      [ -d $folder/started ] && printf '%s\n' $folder/started/* $folder/failed/* $folder/starting/* \
        $folder/inactive/*
    done
    printf '%s\n' /etc/runlevels/*/* /etc/init.d/*
    echo "$mark crashed"
    [ "$root" ] && guarded 5 rc-status --crashed ;;
  sysv)
    echo "$mark sysv"
    grep '^id:' /etc/inittab
    printf '%s\n' /etc/rc[2-5].d/S* /etc/rc.d/rc[2-5].d/S*
    for file in /etc/init.d/* /etc/rc.d/init.d/*; do
      [ -f "$file" ] && [ -x "$file" ] || continue
      name=${file##*/}
      pid=
      read -r pid </var/run/$name.pid || read -r pid </var/run/$name/$name.pid
      case $pid in
        ''|*[!0-9]*) echo "known $name" ;;
        *) if [ -d /proc/$pid ]; then echo "running $name"; else echo "known $name"; fi ;;
      esac
    done ;;
esac
tool=ss
ports=$(limited 5 ss -l -n -t -u -p)
[ "$ports" ] || { tool=netstat; ports=$(limited 5 netstat -l -n -t -u -p); }
if [ "$ports" ]; then
  echo "$mark $tool"
  printf '%s\n' "$ports" | head -n 600
  echo "$mark lines"
  limited 5 $tool -t -n -p | head -n 2000
  set --
  for pid in $(printf '%s\n' "$ports" | sed -n -e 's/.*pid=\([0-9]*\).*/\1/p' -e 's/.* \([0-9]*\)\/.*/\1/p' |
    sort -u | head -n 200); do
    set -- "$@" /proc/$pid/cgroup
  done
  echo "$mark owners"
  [ $# -eq 0 ] || grep -E '\.service|docker|libpod|containerd|kubepods' /dev/null "$@"
else
  echo "$mark sockets"
  grep -E '^ *[0-9]+: [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:[0-9A-F]+ (0A|07) ' \
    /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 | head -n 600
  grep -E '^ *[0-9]+: [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:[0-9A-F]+ 01 ' /proc/net/tcp /proc/net/tcp6 | head -n 2000
fi
echo "$mark addresses"
limited 3 ip -o addr show | head -n 200
echo "$mark sessions"
has who && { echo who; limited 3 who | head -n 200; }
echo "$mark accounts"
while IFS=: read -r name _ uid _ _ _ shell; do
  case $shell in
    */nologin|*/false|*/sync|*/halt|*/shutdown) ;;
    *) printf '%s %s %s\n' "$uid" "$name" "$shell" ;;
  esac
done </etc/passwd | head -n 200
echo "$mark ntp"
grep -h -E '^(chronyd|ntpd|systemd-timesyn|ptp4l|phc2sys)$' /dev/null /proc/[0-9]*/comm | sort -u
[ -f /run/systemd/timesync/synchronized ] && echo timesyncd-synchronized
guarded 3 chronyc -n tracking | grep '^Leap status'
guarded 3 ntpq -c 'rv 0 leap' | grep '^leap='
echo "$mark versions"
if has dpkg-query; then
  guarded 5 dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\n' nginx apache2 caddy haproxy varnish \
    openssh-server dropbear 'postgresql-[0-9]*' 'mysql-server-[0-9]*' 'mariadb-server*' redis-server memcached \
    mongodb-org-server rabbitmq-server bind9 unbound dnsmasq postfix exim4-daemon-light exim4-daemon-heavy \
    dovecot-core snmpd chrony ntp ntpsec docker.io docker-ce podman slapd samba vsftpd proftpd-core squid etcd-server \
    prometheus prometheus-node-exporter grafana elasticsearch nfs-kernel-server cups-daemon | grep '^installed '
elif has rpm; then
  guarded 5 rpm -q --qf 'installed %{NAME} %{VERSION}-%{RELEASE}\n' nginx httpd caddy haproxy varnish openssh-server \
    postgresql-server mysql-server mariadb-server redis memcached mongodb-org-server rabbitmq-server bind unbound \
    dnsmasq postfix exim dovecot net-snmp chrony ntp docker-ce podman openldap-servers samba vsftpd proftpd squid etcd \
    prometheus grafana elasticsearch nfs-utils cups apache2 | grep '^installed '
elif has apk; then
  guarded 5 apk info -e -v nginx apache2 caddy haproxy varnish openssh-server dropbear postgresql14 postgresql15 \
    postgresql16 postgresql17 mysql mariadb redis memcached rabbitmq-server bind unbound dnsmasq postfix exim dovecot \
    net-snmp chrony docker podman openldap samba-server vsftpd squid etcd prometheus grafana
fi
echo "$mark installed"
if has dpkg-query; then guarded 5 dpkg-query -W -f '${db:Status-Status}\n' | grep -c '^installed'
elif has rpm; then guarded 10 rpm -qa | grep -c .
elif has apk; then guarded 5 apk info | grep -c .
elif has pacman; then guarded 5 pacman -Qq | grep -c .
fi
{ [ -f /run/reboot-required ] || [ -f /var/run/reboot-required ]; } && echo reboot
echo "$mark certificates"
found=$(sed -n -e 's/^[[:space:]]*ssl_certificate[[:space:]][[:space:]]*"\{0,1\}\([^";]*\).*/\1/p' \
  -e 's/^[[:space:]]*SSLCertificateFile[[:space:]][[:space:]]*"\{0,1\}\([^"]*\).*/\1/p' \
  -e 's/^[[:space:]]*smtpd_tls_cert_file[[:space:]]*=[[:space:]]*\([^[:space:]]*\).*/\1/p' \
  -e 's/^[[:space:]]*ssl_cert[[:space:]]*=[[:space:]]*<\{0,1\}\([^[:space:]]*\).*/\1/p' \
  /dev/null /etc/nginx/nginx.conf /etc/nginx/conf.d/*.conf /etc/nginx/http.d/*.conf /etc/nginx/sites-enabled/* \
  /etc/apache2/sites-enabled/* /etc/apache2/*.conf /etc/httpd/conf/httpd.conf /etc/httpd/conf.d/*.conf \
  /etc/apache2/conf.d/*.conf /etc/apache2/vhosts.d/*.conf /etc/postfix/main.cf /etc/dovecot/conf.d/*.conf)
IFS='
'
seen='
'
count=0
for file in $found /etc/letsencrypt/live/*/cert.pem /etc/ssl/*.pem /etc/ssl/*.crt /etc/ssl/certs/*.pem \
  /etc/ssl/private/*.pem /etc/pki/tls/certs/*.crt /etc/pki/tls/certs/*.pem /etc/haproxy/certs/*.pem; do
  case $file in
    /etc/ssl/certs/*|/etc/pki/tls/certs/*) [ -L "$file" ] && continue ;;
    /*) ;;
    *) file=/etc/nginx/$file ;;
  esac
  case $seen in *"
$file
"*) continue ;; esac
  [ -f "$file" ] && [ $count -lt 64 ] || continue
  count=$((count + 1))
  seen="$seen$file
"
  echo "file $file"
  limited 2 sed -n '/^-----BEGIN CERTIFICATE-----/,/^-----END/{/PRIVATE/q;p;/^-----END/q;}' "$file" | head -n 120
done
count=0
for port in 443 8443 465 636 853 989 990 993 995 2376 3269 5061 5671 6443 8883 9443 10250; do
  case $ports in *":$port "*) ;; *) continue ;; esac
  [ $count -lt 8 ] || break
  count=$((count + 1))
  address=$(printf '%s\n' "$ports" | sed -n "s/^tcp.* \([^ ]*\):$port .*/\1/p" | head -n 1)
  case $address in
    '') continue ;;
    \*|0.0.0.0) address=127.0.0.1 ;;
    ::|'[::]') address='[::1]' ;;
    \[*) ;;
    *:*) address="[$address]" ;;
  esac
  echo "port $port"
  guarded 2 openssl s_client -connect "${address%\%*}:$port" |
    sed -n '/^-----BEGIN CERTIFICATE-----/,/^-----END/{p;/^-----END/q;}' | head -n 120
done
unset IFS
echo "$mark index"
stat -c '%Y %n' /var/lib/apt/lists/partial /var/lib/apt/lists/*Release /var/cache/dnf/*/repodata/repomd.xml \
  /var/cache/libdnf5/*/repodata/repomd.xml /var/cache/yum/*/*/*/repomd.xml /var/cache/zypp/raw/*/repodata/repomd.xml \
  /var/cache/apk/APKINDEX* /lib/apk/db/installed /var/lib/pacman/sync/*.db | head -n 60
echo "$mark updates"
asked() {
  listed=$("$@")
  code=$?
  printf '%s\n' "$listed" | head -n 600
  echo "$mark checked"
  echo $code
}
if has apt-get; then
  echo apt
  asked guarded 20 apt-get -s -q -o Debug::NoLocking=1 -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= dist-upgrade
elif has dnf; then
  echo dnf
  asked guarded 20 dnf -C -q check-update
  echo "$mark advisories"
  guarded 20 dnf -C -q updateinfo list --security && echo complete
elif has yum; then
  echo dnf
  asked guarded 20 yum -C -q check-update
elif has zypper; then
  echo zypper
  asked guarded 20 zypper --non-interactive --no-refresh list-updates
  echo "$mark advisories"
  guarded 20 zypper --non-interactive --no-refresh list-patches --category security && echo complete
elif has apk; then
  echo apk
  asked guarded 10 apk --no-network version -l '<'
elif has pacman; then
  echo pacman
  asked guarded 10 pacman -Qu
fi
echo "$mark end"
"""
"""What a host is: its system, services, ports, users, clock, certificates and packages.

It changes nothing for the same reasons. `cat`, `uname`, `id`, `readlink`, `getconf`, `command -v`, `grep`, `sed`,
`head`, `sort`, `stat`, `date`, `who` and `systemd-detect-virt` read. `sudo -n -l` lists what the account may, asks
for no password and runs nothing (it is not asked as root; sudo may note the question in its log). `systemctl list-…`,
`ss`, `netstat`, `ip`, `rc-status --crashed`, `chronyc tracking` and `ntpq` ask. `dpkg-query`, `rpm -q`, `apk info`
and `pacman -Q` list what is installed. `apt-get -s` simulates: its caches are told to stay in memory, for as root it
would keep them in a file otherwise. dnf, yum and zypper are told to use what they have (they note that they ran in
their own log). `openssl s_client` opens a connection to a port of the host itself, and sends nothing over it.

Of a PEM file only the first certificate is printed, never a key beside it; of /etc/passwd no password field.

Every part that may be slow has seconds of its own under `timeout`, and is left out where there is no `timeout`; what
packages are pending is asked last, since it takes longest.
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


class Look(Enum):
    """Which script; `runtime.remote_look` runs these and can be given no other."""

    READING = READING_SCRIPT
    PROFILE = PROFILE_SCRIPT
    WINDOWS_READING = WINDOWS_READING_QUERIES
    WINDOWS_PROFILE = WINDOWS_PROFILE_QUERIES
    WINDOWS_FIRST = WINDOWS_FIRST_QUERIES
    FIRST = FIRST_SCRIPT
    PATH = PATH_SCRIPT

    @property
    def script(self) -> str:
        """The text for `shell`."""
        return self.value

    @property
    def shell(self) -> str:
        """What carries the text out: "sh", or "wql" on Windows."""
        return "wql" if self in (Look.WINDOWS_READING, Look.WINDOWS_PROFILE, Look.WINDOWS_FIRST) else "sh"
