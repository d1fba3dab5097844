"""What hosts of several kinds print when they are looked at: Debian as seen, the others after their formats."""

from __future__ import annotations

from collections.abc import Mapping

from tests.monitoring.looking import MARK


def printed(sections: Mapping[str, str], *, end: bool = True) -> str:
    """Return what a host prints, given its sections."""
    parts = [MARK]
    for name, text in sections.items():
        parts += [f"{MARK} {name}", *filter(None, [text.strip("\n")])]
    return "\n".join([*parts, *([f"{MARK} end"] if end else [])]) + "\n"


SYSTEMD = {
    "units": """
apt-daily.service                    loaded    inactive dead    Daily apt download activities
auditd.service                       not-found inactive dead    auditd.service
cron.service                         loaded    active   running Regular background program processing daemon
getty@tty1.service                   loaded    active   running Getty on tty1
logrotate.service                    loaded    inactive dead    Rotate log files
nginx.service                        loaded    active   running A high performance web server
● postgresql@15-main.service         loaded    failed   failed  PostgreSQL Cluster 15-main
systemd-journal-flush.service        loaded    active   exited  Flush Journal to Persistent Storage
""",
    "unitfiles": """
apt-daily.service                      static          -
cron.service                           enabled         enabled
getty@.service                         enabled         enabled
logrotate.service                      static          -
nginx.service                          enabled         enabled
rsync.service                          enabled         enabled
sshd.service                           alias           -
cryptdisks.service                     masked          enabled
postgresql@.service                    indirect        enabled
""",
}
OPENRC = {
    "openrc": """
/run/openrc/started/crond
/run/openrc/started/nginx
/run/openrc/started/sshd
/run/openrc/failed/ntpd
/run/openrc/starting/*
/run/openrc/inactive/*
/etc/runlevels/boot/hostname
/etc/runlevels/default/crond
/etc/runlevels/default/nginx
/etc/runlevels/default/sshd
/etc/init.d/crond
/etc/init.d/functions.sh
/etc/init.d/hostname
/etc/init.d/nginx
/etc/init.d/ntpd
/etc/init.d/postgresql
/etc/init.d/sshd
""",
    "crashed": "nginx\n",
}
SYSV = {
    "sysv": """
id:3:initdefault:
/etc/rc2.d/S55sshd
/etc/rc3.d/S55sshd
/etc/rc3.d/S85httpd
/etc/rc5.d/S99local
/etc/rc.d/rc[2-5].d/S*
running sshd
known httpd
known functions
known network
"""
}
SS = {
    "ss": """
Netid State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess
udp   UNCONN 0      0            0.0.0.0:161        0.0.0.0:*    users:(("snmpd",pid=35,fd=6))
udp   UNCONN 0      0      127.0.0.53%lo:53         0.0.0.0:*    users:(("systemd-resolve",pid=17,fd=13))
tcp   LISTEN 0      511          0.0.0.0:80         0.0.0.0:*    users:(("nginx",pid=46,fd=5),("nginx",pid=44,fd=5))
tcp   LISTEN 0      244        127.0.0.1:5432       0.0.0.0:*    users:(("postgres",pid=70,fd=6))
tcp   LISTEN 0      4096         0.0.0.0:8080       0.0.0.0:*    users:(("docker-proxy",pid=90,fd=4))
tcp   LISTEN 0      128             [::]:22            [::]:*    users:(("sshd",pid=47,fd=4))
tcp   LISTEN 0      128                *:9100             *:*    users:(("node_exporter",pid=80,fd=3))
""",
    "lines": """
State Recv-Q Send-Q Local Address:Port Peer Address:Port Process
ESTAB 0      0         10.0.0.5:22        10.0.0.9:49318 users:(("sshd",pid=96,fd=4))
ESTAB 0      0         10.0.0.5:51000     10.0.0.7:5432  users:(("php-fpm",pid=97,fd=4))
ESTAB 0      0         10.0.0.5:51002     10.0.0.7:5432  users:(("php-fpm",pid=98,fd=4))
ESTAB 0      0   [::ffff:10.0.0.5]:51004 [::ffff:10.0.0.8]:6379 users:(("nginx",pid=44,fd=9))
ESTAB 0      0        127.0.0.1:51006    127.0.0.1:9000  users:(("nginx",pid=44,fd=9))
TIME-WAIT 0  0         10.0.0.5:51008     10.0.0.7:3306
""",
    "owners": """
/proc/44/cgroup:0::/system.slice/nginx.service
/proc/35/cgroup:9:name=systemd:/system.slice/snmpd.service
/proc/35/cgroup:0::/system.slice/snmpd.service
/proc/47/cgroup:0::/system.slice/ssh.service
/proc/70/cgroup:0::/system.slice/system-postgresql.slice/postgresql@15-main.service
/proc/80/cgroup:0::/system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope
/proc/90/cgroup:0::/system.slice/docker.service
""",
}
NETSTAT = {
    "netstat": """
Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN      1290/nginx: master
tcp        0      0 127.0.0.1:25            0.0.0.0:*               LISTEN      -
tcp        0      0 :::22                   :::*                    LISTEN      1201/sshd
udp        0      0 0.0.0.0:68              0.0.0.0:*                           801/udhcpc
""",
    "lines": """
Active Internet connections (w/o servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 10.0.0.5:22             10.0.0.9:50514          ESTABLISHED 1400/sshd: root@pt
tcp        0      0 10.0.0.5:40312          10.0.0.7:5432           ESTABLISHED 1500/app
tcp        0      0 10.0.0.5:40314          10.0.0.7:5433           TIME_WAIT   -
""",
    "owners": "",
}
KERNEL = {
    "sockets": """
/proc/net/tcp:   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0
/proc/net/tcp:   1: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 12346 1 0
/proc/net/tcp6:   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 1 1
/proc/net/udp:  10: 00000000:00A1 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 12347 2 0
/proc/net/tcp:   2: 0500000A:C738 0700000A:1538 01 00000000:00000000 00:00000000 00000000     0        0 12348 1 0
"""
}
