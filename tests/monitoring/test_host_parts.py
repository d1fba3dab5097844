"""Services, ports, packages, certificates, people and clocks are read from what hosts of many kinds print."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from opsterm.monitoring.host_facts import PendingUpdate
from opsterm.monitoring.host_people import AskedAt, accounts_of, host_clock, sessions_of
from opsterm.monitoring.host_ports import addresses_of, links_of, listeners_of
from opsterm.monitoring.host_services import service_units
from opsterm.monitoring.host_upkeep import certificates_of, package_state
from opsterm.monitoring.reach import Certificate
from opsterm.monitoring.sections import Sections, sections_of
from tests.monitoring.hosts import KERNEL, NETSTAT, OPENRC, SS, SYSTEMD, SYSV, printed


def sections(parts: Mapping[str, str], *, end: bool = True) -> Sections:
    return sections_of(printed(parts, end=end))


def states(parts: Mapping[str, str]) -> dict[str, tuple[str, bool | None]]:
    return {unit.name: (unit.state, unit.enabled) for unit in service_units(sections(parts)) or ()}


def test_services_of_systemd() -> None:
    assert states(SYSTEMD) == {
        "apt-daily": ("stopped", None),
        "cron": ("running", True),
        "getty@tty1": ("running", True),
        "logrotate": ("stopped", None),
        "nginx": ("running", True),
        "postgresql@15-main": ("failed", None),
        "rsync": ("stopped", True),
        "systemd-journal-flush": ("exited", None),
    }


def test_services_of_openrc() -> None:
    assert states(OPENRC) == {
        "crond": ("running", True),
        "hostname": ("stopped", True),
        "nginx": ("crashed", True),
        "ntpd": ("failed", False),
        "postgresql": ("stopped", False),
        "sshd": ("running", True),
    }


def test_services_of_sysv_are_said_to_run_only_where_that_is_seen() -> None:
    assert states(SYSV) == {"sshd": ("running", True), "httpd": ("", True), "network": ("", False)}


def test_a_host_without_a_service_manager_says_nothing_of_services() -> None:
    assert service_units(sections({"os": ""})) is None


# ---------------------------------------------------------------------------------------------------- ports


def ports(parts: Mapping[str, str]) -> list[tuple[str, str, int, str, str, bool]]:
    found = listeners_of(sections(parts)) or ()
    return [(one.protocol, one.address, one.port, one.process, one.unit, one.container) for one in found]


def test_ports_that_ss_lists() -> None:
    assert ports(SS) == [
        ("tcp", "*", 22, "sshd", "ssh", False),
        ("tcp", "*", 80, "nginx", "nginx", False),
        ("tcp", "127.0.0.1", 5432, "postgres", "postgresql@15-main", False),
        ("tcp", "*", 8080, "docker-proxy", "docker", False),
        ("tcp", "*", 9100, "node_exporter", "", True),
        ("udp", "127.0.0.53", 53, "systemd-resolve", "", False),
        ("udp", "*", 161, "snmpd", "snmpd", False),
    ]


def test_ports_that_netstat_lists() -> None:
    assert ports(NETSTAT) == [
        ("tcp", "*", 22, "sshd", "", False),
        ("tcp", "127.0.0.1", 25, "", "", False),
        ("tcp", "*", 80, "nginx", "", False),
        ("udp", "*", 68, "udhcpc", "", False),
    ]


def test_ports_that_only_the_kernel_lists() -> None:
    assert ports(KERNEL) == [
        ("tcp", "*", 22, "", "", False),
        ("tcp", "*", 80, "", "", False),
        ("tcp", "127.0.0.1", 5432, "", "", False),
        ("udp", "*", 161, "", "", False),
    ]


def test_ports_are_not_known_where_nothing_lists_them() -> None:
    assert listeners_of(sections({"os": ""})) is None
    assert links_of(sections({"os": ""}), ()) is None


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        (SS, [("10.0.0.7", 5432, "php-fpm"), ("10.0.0.8", 6379, "nginx")]),
        (NETSTAT, [("10.0.0.7", 5432, "app")]),
        (KERNEL, [("10.0.0.7", 5432, "")]),
    ],
)
def test_connections_that_the_host_opened(parts: Mapping[str, str], wanted: list[tuple[str, int, str]]) -> None:
    found = links_of(sections(parts), listeners_of(sections(parts)) or ()) or ()
    assert [(one.address, one.port, one.process) for one in found] == wanted


def test_addresses_that_others_can_reach() -> None:
    lines = [
        "1: lo    inet 127.0.0.1/8 scope host lo",
        "2: eth0    inet 10.0.0.5/24 brd 10.0.0.255 scope global eth0",
        "2: eth0    inet6 2001:db8::5/64 scope global",
        "2: eth0    inet6 fe80::1/64 scope link",
        "3: x    inet nonsense scope global",
    ]
    assert addresses_of(lines) == ("10.0.0.5", "2001:db8::5")


# ------------------------------------------------------------------------------------------------- packages

APT = """
apt
Reading package lists...
Inst libssl3 [3.0.9-1] (3.0.19-1~deb12u2 Debian-Security:12/stable-security [amd64])
Inst libc6 [2.36-9] (2.36-9+deb12u9 Debian:12.5/stable, Debian-Security:12/stable-security [amd64]) []
Inst tzdata [2024a] (2025b-0+deb12u1 Debian:12.11/stable-updates [all])
Inst linux-image-6.1.0-9 (6.1.27-1 Debian:12.1/stable [amd64])
Conf libssl3 (3.0.19-1~deb12u2 Debian-Security:12/stable-security [amd64])
3 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.
"""
INDEX = """
900 /var/lib/apt/lists/partial
100 /var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_InRelease
"""


def test_updates_of_apt_with_those_for_security_and_the_age_of_the_index() -> None:
    parts = {"installed": "182\nreboot", "index": INDEX, "updates": APT, "checked": "0",
             "versions": "installed nginx 1.22.1-9+deb12u9"}  # fmt: skip
    state = package_state(sections(parts), now=1000.0)
    assert (state.installed, state.reboot, state.index_age_s) == (182, True, 100.0)
    assert [update.name for update in state.pending or ()] == ["libssl3", "libc6", "tzdata"]
    assert [update.name for update in state.security or ()] == ["libssl3", "libc6"]
    assert state.versions == (("nginx", "1.22.1-9+deb12u9"),)


@pytest.mark.parametrize(
    ("why", "parts"),
    [
        ("it was killed after its time", {"index": INDEX, "updates": APT, "checked": "137"}),
        ("it was cut off", {"index": INDEX, "updates": APT.replace("3 upgraded", "x"), "checked": "0"}),
        ("the line was lost before it said how it ended", {"index": INDEX, "updates": APT}),
        ("there is no index to compare with", {"index": "900 /var/lib/apt/lists/partial", "updates": APT,
                                               "checked": "0"}),
        ("there is no time-out to run it under", {"index": INDEX, "updates": "apt", "checked": "126"}),
        ("there is no package manager", {}),
    ],
)  # fmt: skip
def test_updates_are_not_known_rather_than_none(why: str, parts: Mapping[str, str]) -> None:
    state = package_state(sections(parts), now=1000.0)
    assert state.pending is None, why
    assert state.security is None


OTHERS: Mapping[str, tuple[Mapping[str, str], list[PendingUpdate], bool]] = {
    "dnf": (
        {
            "index": "100 /var/cache/dnf/baseos-0123/repodata/repomd.xml",
            "updates": "dnf\n\nopenssl-libs.x86_64    1:3.0.7-27.el9    baseos\ntzdata.noarch   2025b-1.el9   baseos\n"
            "Obsoleting Packages\ngrub2-tools.x86_64  1:2.06-80.el9  baseos",
            "checked": "100",
            "advisories": "RHSA-2024:2447 Moderate/Sec.  openssl-libs-1:3.0.7-27.el9.x86_64\ncomplete",
        },
        [
            PendingUpdate(name="openssl-libs", version="1:3.0.7-27.el9", security=True),
            PendingUpdate(name="tzdata", version="2025b-1.el9", security=False),
        ],
        True,
    ),
    "yum": (
        {
            "index": "100 /var/cache/yum/x86_64/7/base/repomd.xml",
            "updates": "dnf\nbash.x86_64   4.2.46-35.el7_9   updates",
            "checked": "100",
        },
        [PendingUpdate(name="bash", version="4.2.46-35.el7_9")],
        False,
    ),
    "zypper": (
        {
            "index": "100 /var/cache/zypp/raw/repo-oss/repodata/repomd.xml",
            "updates": "zypper\nLoading repository data...\nS | Repository | Name | Current Version | Available Version"
            " | Arch\n--+---+---+---+---+---\nv | repo-sle-update | curl | 8.0.1-1 | 8.0.1-2 | x86_64",
            "checked": "0",
        },
        [PendingUpdate(name="curl", version="8.0.1-2")],
        False,
    ),
    "apk": (
        {
            "index": "100 /var/cache/apk/APKINDEX.0123.tar.gz",
            "updates": "apk\nInstalled:                                Available:\n"
            "busybox-1.36.1-r28                      < 1.36.1-r29 \nlibcrypto3-3.3.0-r2    < 3.3.1-r0 ",
            "checked": "0",
        },
        [PendingUpdate(name="busybox", version="1.36.1-r29"), PendingUpdate(name="libcrypto3", version="3.3.1-r0")],
        False,
    ),
    "pacman": (
        {
            "index": "100 /var/lib/pacman/sync/core.db",
            "updates": "pacman\nlinux 6.9.1-1 -> 6.9.3-1\nfoo 1-1 -> 2-1 [ignored]",
            "checked": "0",
        },
        [PendingUpdate(name="linux", version="6.9.3-1"), PendingUpdate(name="foo", version="2-1")],
        False,
    ),
    "pacman with nothing": (
        {"index": "100 /var/lib/pacman/sync/core.db", "updates": "pacman", "checked": "1"}, [], False,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("parts", "wanted", "tells"), OTHERS.values(), ids=OTHERS)
def test_updates_of_other_package_managers(
    parts: Mapping[str, str], wanted: list[PendingUpdate], *, tells: bool
) -> None:
    state = package_state(sections(parts), now=400.0)
    assert list(state.pending or ()) == wanted
    assert state.tells_security is tells
    assert (state.security is not None) is tells
    assert state.index_age_s == 300.0


# ----------------------------------------------------------------------------------- certificates and people


def test_certificates_with_the_one_that_ends_first_in_front() -> None:
    def read(der: bytes) -> Certificate | None:
        if der == b"broken":
            return None
        return Certificate(subject=f"CN={der.decode()}", issuer="CN=ca", names=("a",), not_before=0, not_after=len(der))

    lines = [
        "file /etc/ssl/long.pem", "-----BEGIN CERTIFICATE-----", "bG9uZ2VzdA==", "-----END CERTIFICATE-----",
        "file /etc/ssl/not-a-certificate.pem",
        "file /etc/ssl/broken.pem", "-----BEGIN CERTIFICATE-----", "YnJva2Vu", "-----END CERTIFICATE-----",
        "file /etc/ssl/nonsense.pem", "-----BEGIN CERTIFICATE-----", "!!!", "-----END CERTIFICATE-----",
        "port 443", "-----BEGIN CERTIFICATE-----", "b24=", "-----END CERTIFICATE-----",
    ]  # fmt: skip
    found = certificates_of(lines, read)
    assert [(one.place, one.subject) for one in found] == [
        ("port 443", "CN=on"),
        ("/etc/ssl/long.pem", "CN=longest"),
        ("/etc/ssl/broken.pem", ""),
        ("/etc/ssl/nonsense.pem", ""),
    ]


@pytest.mark.parametrize(
    ("said", "skew", "error"),
    [
        ("1000000010.500000000", 9.5, 1.0),
        ("1000000010.N", 9.5, 1.5),
        ("1000000010.%N", 9.5, 1.5),
        ("1000000010.", 9.5, 1.5),
        ("soon", None, None),
    ],
)
def test_a_clock_is_compared_with_the_middle_of_the_time_that_the_question_took(
    said: str, skew: float | None, error: float | None
) -> None:
    clock = host_clock(sections({"clock": said}), AskedAt(sent=1e9, heard=1e9 + 2))
    assert (clock.skew_s, clock.error_s) == (skew, error)


@pytest.mark.parametrize(
    ("said", "service", "synchronized"),
    [
        ("chronyd\nLeap status     : Normal", "chrony", True),
        ("chronyd\nLeap status     : Not synchronised", "chrony", False),
        ("chronyd", "chrony", None),
        ("ntpd\nleap=00", "ntpd", True),
        ("ntpd\nleap=11", "ntpd", False),
        ("systemd-timesyn\ntimesyncd-synchronized", "systemd-timesyncd", True),
        ("systemd-timesyn", "systemd-timesyncd", None),
        ("timesyncd-synchronized", "none", None),
        ("", "none", None),
    ],
)
def test_what_keeps_the_clock_right(said: str, service: str, *, synchronized: bool | None) -> None:
    clock = host_clock(sections({"ntp": said}), None)
    assert (clock.service, clock.synchronized) == (service, synchronized)


def test_a_host_that_was_cut_off_does_not_say_that_it_has_no_time_service() -> None:
    assert host_clock(sections({"ntp": ""}, end=False), None).service == ""


def test_who_is_logged_in_and_who_could_be() -> None:
    lines = ["who", "root     pts/0        2026-11-28 18:43 (198.18.5.1)", "ana      tty1         Nov 28 18:43"]
    assert [(one.user, one.terminal, one.origin) for one in sessions_of(lines) or ()] == [
        ("root", "pts/0", "198.18.5.1"),
        ("ana", "tty1", ""),
    ]
    assert sessions_of([]) is None
    assert [(a.name, a.uid, a.shell) for a in accounts_of(["0 root /bin/bash", "x y z", "1000 op "])] == [
        ("root", 0, "/bin/bash"),
        ("op", 1000, "/bin/sh"),
    ]
