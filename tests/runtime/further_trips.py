"""Operations with programs that not every host has: the program, what prepares each, what it does, what shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

_REPOSITORY = (
    "if [ ! -e /srv/repo/repodata ]; then mkdir -p /srv/repo /root/spec /etc/yum.repos.d; for v in 1 2; do printf "
    "'Name: zz\\nVersion: %s\\nRelease: 1\\nSummary: zz\\nLicense: MIT\\nBuildArch: noarch\\n%%description\\nzz\\n"
    "%%files\\n%%install\\n' $v > /root/spec/zz.spec; rpmbuild -bb --define '_rpmdir /srv/repo' /root/spec/zz.spec; "
    "sed 's/zz/yy/' /root/spec/zz.spec > /root/spec/yy.spec; rpmbuild -bb --define '_rpmdir /srv/repo' "
    "/root/spec/yy.spec; done; createrepo_c /srv/repo; printf '[zz]\\nname=zz\\nbaseurl=file:///srv/repo\\ngpgcheck=0"
    "\\nenabled=1\\n' > /etc/yum.repos.d/zz.repo; fi; dnf -y remove zz yy; "
)
_RPM = "rpm -qa | sort"
_VENV = "[ -e /srv/venv ] || python3 -m venv /srv/venv; "
_WHEEL = (
    'mkdir -p /srv/wheels/zz && cd /srv/wheels/zz && printf \'from setuptools import setup\\nsetup(name="zz", '
    'version="1", py_modules=[])\\n\' > setup.py && python3 setup.py -q bdist_wheel -d /srv/wheels; '
    "PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip uninstall -y zz; cd /; "
)
_UFW = (
    "systemctl stop firewalld; sed -i s/IPV6=yes/IPV6=no/ /etc/default/ufw; ufw --force reset; "
    "rm -f /etc/ufw/*.rules.2*; ufw allow 22/tcp; ufw allow 443/tcp; ufw --force enable; "
)
_UFW_SHOWS = (
    "ufw status verbose; iptables-save | sed '/^#/d; s/ \\[.*//'; ip6tables-save | sed '/^#/d; s/ \\[.*//'; "
    "find /etc/ufw -type f -exec sha256sum {} + | sort; stat -c '%n %a %Y' /etc/ufw/*"
)
_FIREWALLD = (
    "ufw --force disable; nft flush ruleset; rm -rf /etc/firewalld/zones/*; systemctl restart firewalld; "
    "firewall-cmd --reload; "
)
_FIREWALLD_SHOWS = (
    "firewall-cmd --get-default-zone; firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones; "
    "nft -s list table inet firewalld; find /etc/firewalld -type f -exec sha256sum {} + | sort"
)
_RICH = 'firewall-cmd --add-rich-rule=\'rule family="ipv4" source address="192.0.2.0/24" reject\''
_NM = (
    "ufw --force disable; printf '[main]\\nno-auto-default=*\\n[keyfile]\\n"
    "unmanaged-devices=interface-name:host0\\n' > /etc/NetworkManager/conf.d/lab.conf; "
    "systemctl restart NetworkManager; nmcli con down zz; nmcli con del zz; ip link del zz0; "
    "rm -f /etc/NetworkManager/system-connections/zz*; nmcli con reload; ip link add zz0 type veth peer name zz9; "
    "ip link set zz0 up; ip link set zz9 up; nmcli device set zz9 managed no; "
)
_NM_ADDED = (
    "nmcli con add type ethernet ifname zz0 con-name zz autoconnect no ipv4.method manual ipv4.addresses 10.66.0.1/24"
)
_NM_ON = f"{_NM} {_NM_ADDED}; nmcli con up zz; "
_NM_SHOWS = (
    "nmcli -t -f NAME,UUID,DEVICE,STATE con show | grep -v ':host0:'; ls -l --time-style=+ "
    "/etc/NetworkManager/system-connections; ip -o -4 addr show dev zz0 | sed 's/^[0-9]*://; s/valid.*//'"
)
_GIT = (
    "rm -rf /srv/g; mkdir -p /srv/g/sub && cd /srv/g && git init -q && git config user.email a@b && git config "
    "user.name a && echo 1 >f && git add f && git commit -qm 1 && echo 2 >f && git commit -qam 2 && echo 3 >f && "
    "echo new >sub/untracked; "
)
_GIT_SHOWS = (
    "export GIT_OPTIONAL_LOCKS=0; cd /srv/g; git status --short; git log --format=%H; "
    "find . -type f -exec sha256sum {} + | sort"
)
_JOBS = "rm -f /var/spool/cron/atjobs/a*; echo 00000 > /var/spool/cron/atjobs/.SEQ; "
_JOBS_SHOW = "atq; ls /var/spool/cron/atjobs"

FURTHER_TRIPS: tuple[tuple[str, str, str, str], ...] = (
    ("ufw", _UFW, "ufw allow 80/tcp", _UFW_SHOWS),
    ("ufw", _UFW, "ufw delete allow 443/tcp", _UFW_SHOWS),
    ("ufw", _UFW, "ufw default deny outgoing", _UFW_SHOWS),
    ("ufw", _UFW, "ufw --force disable", _UFW_SHOWS),
    ("ufw", f"{_UFW} ufw --force disable", "ufw --force enable", _UFW_SHOWS),
    ("firewall-cmd", _FIREWALLD, "firewall-cmd --permanent --add-service=http && firewall-cmd --reload",
     _FIREWALLD_SHOWS),
    ("firewall-cmd", _FIREWALLD, "firewall-cmd --add-port=8080/tcp", _FIREWALLD_SHOWS),
    ("firewall-cmd", f"{_FIREWALLD} firewall-cmd --add-port=9/tcp; {_RICH}", "firewall-cmd --reload", _FIREWALLD_SHOWS),
    ("firewall-cmd", _FIREWALLD, "firewall-cmd --set-default-zone=work", _FIREWALLD_SHOWS),
    ("firewall-cmd", _FIREWALLD, "firewall-cmd --zone=dmz --add-source=192.0.2.0/24", _FIREWALLD_SHOWS),
    ("dnf", _REPOSITORY, "dnf -y install zz", _RPM),
    ("dnf", f"{_REPOSITORY} dnf -y install zz-1", "dnf -y upgrade zz", _RPM),
    ("dnf", f"{_REPOSITORY} dnf -y install zz-1 yy", "dnf -y remove zz", _RPM),
    ("dnf", f"{_REPOSITORY} dnf -y install zz yy-1", "dnf -y downgrade zz && dnf -y upgrade yy", _RPM),
    ("dnf", f"{_REPOSITORY} dnf -y install zz-1", "rpm -e zz", _RPM),
    ("rpmbuild", _REPOSITORY, "rpm -i /srv/repo/noarch/zz-1-1.noarch.rpm", _RPM),
    ("pip3", _WHEEL, "PIP_BREAK_SYSTEM_PACKAGES=1 pip3 install --no-index --find-links /srv/wheels zz", "pip3 freeze"),
    ("pip3", _WHEEL, "PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --no-index --find-links /srv/wheels zz",
     "pip3 freeze"),
    ("nmcli", _NM, _NM_ADDED, _NM_SHOWS),
    ("nmcli", _NM_ON, "nmcli con mod zz ipv4.addresses 10.66.0.2/24 && nmcli con up zz", _NM_SHOWS),
    ("nmcli", _NM_ON, "nmcli con down zz", _NM_SHOWS),
    ("nmcli", _NM_ON, "nmcli con del zz", _NM_SHOWS),
    ("ipset", "ipset destroy zz", "ipset create zz hash:ip && ipset add zz 192.0.2.1", "ipset save"),
    ("ipset", "ipset destroy zz; ipset create zz hash:ip; ipset add zz 192.0.2.1", "ipset del zz 192.0.2.1",
     "ipset save"),
    ("tc", "tc qdisc del dev lo root", "tc qdisc add dev lo root pfifo limit 10", "tc qdisc show dev lo"),
    ("tc", "tc qdisc replace dev lo root bfifo limit 9000", "tc qdisc del dev lo root",
     "tc qdisc show dev lo | sed 's/bfifo [0-9a-f]*:/bfifo/'"),
    ("tc", "tc qdisc replace dev lo root bfifo limit 9000", "tc qdisc change dev lo root bfifo limit 8000",
     "tc qdisc show dev lo | sed 's/bfifo [0-9a-f]*:/bfifo/'"),
    ("ethtool", "ip link del zz1; ip link add zz1 type veth peer name zz7", "ethtool -K zz1 tso off", "ethtool -k zz1"),
    ("ip", "ip link del zz2", "ip link add zz2 type veth peer name zz8 && ip addr add 10.67.0.1/24 dev zz2",
     "ip -o link; ip -o addr"),
    ("mount", "umount /mnt", "mount -t tmpfs -o size=1m tmpfs /mnt", "findmnt -rn | sort"),
    ("mount", "umount /mnt; mount -t tmpfs -o size=1m tmpfs /mnt", "umount /mnt", "findmnt -rn | sort"),
    ("mount", "umount /mnt; mount -t tmpfs -o size=1m tmpfs /mnt", "mount -o remount,ro /mnt", "findmnt -rn | sort"),
    ("renice", "renice -n 0 -p 1", "renice -n 3 -p 1", "ps -o ni= -p 1"),
    ("ionice", "ionice -c 0 -p 1", "ionice -c 3 -p 1", "ionice -p 1"),
    ("at", _JOBS, "echo true | at 03:00 2030-01-01", _JOBS_SHOW),
    ("at", f"{_JOBS} echo true | at 03:00 2030-01-01", "atrm 1", _JOBS_SHOW),
    ("git", _GIT, "git -C /srv/g reset --hard HEAD~1", _GIT_SHOWS),
    ("git", _GIT, "cd /srv/g && git clean -fd && git checkout -q -- f", _GIT_SHOWS),
    ("sysctl", "sysctl -w net.ipv4.ip_forward=0; rm -f /etc/sysctl.d/99-zz.conf",
     "echo net.ipv4.ip_forward=1 > /etc/sysctl.d/99-zz.conf && sysctl -p /etc/sysctl.d/99-zz.conf",
     "sysctl net.ipv4.ip_forward; ls /etc/sysctl.d"),
    ("sysctl", "sysctl -w net.ipv4.ip_forward=0", "echo 1 > /proc/sys/net/ipv4/ip_forward",
     "sysctl net.ipv4.ip_forward"),
    ("systemctl", "systemctl start nginx; systemctl revert nginx", "systemctl set-property nginx.service MemoryMax=1G",
     "systemctl show -p MemoryMax nginx; ls -R /etc/systemd/system.control"),
    ("systemctl", "systemctl start nginx; systemctl revert nginx",
     "systemctl set-property --runtime nginx.service CPUWeight=20",
     "systemctl show -p CPUWeight nginx; ls -R /run/systemd/system.control"),
    ("systemctl", "systemctl revert nginx; mkdir -p /etc/systemd/system/nginx.service.d",
     "printf '[Service]\\nNice=5\\n' > /etc/systemd/system/nginx.service.d/zz.conf && systemctl daemon-reload",
     "systemctl show -p Nice nginx; ls /etc/systemd/system"),
    ("setfattr", "rm -f /srv/zz; echo x >/srv/zz", "setfattr -n user.zz -v 1 /srv/zz", "getfattr -d /srv/zz"),
)  # fmt: skip
"""Program, preparation, command, what shows the state."""


ON_EVERY_HOST = frozenset({"tc", "ip", "mount", "renice", "ionice", "at", "sysctl", "systemctl"})
"""Programs that the hosts of a lab have from the start."""

STOPPED = "ufw --force disable; systemctl disable --now firewalld NetworkManager"
"""Stops what the programs have running once they are installed."""

UNCLAIMED = "rm -rf /run/opsterm/claims"
"""Takes away the marks of earlier tests: a change with a guard leaves its own until its deadline."""

_PACKAGES = {
    "firewall-cmd": "firewalld", "dnf": "dnf createrepo-c rpm", "rpmbuild": "dnf createrepo-c rpm",
    "pip3": "python3-pip python3-venv python3-wheel", "nmcli": "network-manager", "setfattr": "attr",
}  # fmt: skip
_AT_ONCE = 3


def install(program: str) -> str:
    """Return what installs a program on a Debian host, or gives up within a minute."""
    packages = _PACKAGES.get(program, program)
    return f"DEBIAN_FRONTEND=noninteractive timeout 60 apt-get install -qq {packages} </dev/null >/dev/null 2>&1"


@dataclass(frozen=True)
class FurtherCase:
    """A few trips with one program, so many that a test has time for them: preparation, command, what shows it."""

    program: str
    number: int
    trips: tuple[tuple[str, str, str], ...]

    def __str__(self) -> str:
        """Return "ufw-2"."""
        return f"{self.program}-{self.number}"


def further_cases() -> Iterator[FurtherCase]:
    """Yield all trips, a few at a time."""
    for program, of_it in groupby(FURTHER_TRIPS, key=lambda trip: trip[0]):
        trips = [(before, command, show) for _, before, command, show in of_it]
        for at in range(0, len(trips), _AT_ONCE):
            yield FurtherCase(program, at // _AT_ONCE + 1, tuple(trips[at : at + _AT_ONCE]))
