"""Fixed words of the language: what fills a sentence, what names targets, statuses, systems and protocols."""

from __future__ import annotations

from collections.abc import Mapping


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


NOUNS = words(
    "target targets host hosts machine machines server servers box boxes system systems node nodes device "
    "devices vm vms "
    "computer computers instance instances inventory fleet one ones"
)
"""What a target may be called."""

FILLERS = words(
    "the a an of in on at with that which are is be do does have has having i we you me my our us there please "
    "all any every "
    "each both either what whats show list give get tell find see display who were was them those these this it its "
    "running run runs currently from for to as by about also now just can could would should will want need like look "
    "let's am okay ok hey so well then than tagged tag tags group groups site sites environment environments env "
    "called named name names whose where belonging member members status state marked labelled labeled labels "
    "know anything something only got gotten sitting housed hosted based placed residing resides stationed deployed "
    "around sat lie lies datacentre datacenter location dc else kept held holding own owns owned ours various "
    "wearing been"
)
"""Words that change nothing in a question about targets. A word that is not here and not understood is reported."""

STATUS_WORDS: Mapping[str, tuple[str, ...]] = {
    "online": ("online",), "up": ("online",), "reachable": ("online",), "alive": ("online",), "healthy": ("online",),
    "offline": ("offline",), "down": ("offline",), "unreachable": ("offline",), "dead": ("offline",),
    "critical": ("critical",), "crit": ("critical",), "warning": ("warning",), "warn": ("warning",),
    "unknown": ("unknown",),
    "unhealthy": ("critical", "offline", "warning"), "broken": ("critical", "offline"), "failing": ("critical",
    "warning"),
}  # fmt: skip
"""Word -> statuses."""

LINUXES = words(
    "linux debian ubuntu rhel redhat centos rocky rockylinux almalinux alma fedora suse sles opensuse oracle "
    "oraclelinux "
    "arch alpine gentoo amazon amzn raspbian nixos photon"
)
BSDS = ("freebsd", "netbsd", "openbsd")
SYSTEMS = LINUXES | words(
    "bsd bsds windows win win7 win10 win11 freebsd openbsd netbsd macos darwin solaris aix esxi vmware junos eos"
)
"""First words of operating systems, whether or not the inventory has them."""

PROTOCOL_WORDS = words("ssh winrm snmp http")

ALIASES: Mapping[str, str] = {
    "production": "prod", "live": "prod", "staging": "stage", "development": "dev", "testing": "test", "database": "db",
    "databases": "db", "firewall": "fw", "firewalls": "fw", "webserver": "web", "webservers": "web", "dbs": "db",
    "active directory": "ad", "domain controller": "ad", "domain controllers": "ad", "mailserver": "mail",
    "mailservers": "mail", "file server": "storage", "file servers": "storage", "fileservers": "storage",
    "application": "app", "applications": "app",
    "loadbalancer": "lb", "loadbalancers": "lb", "fw": "firewall", "fws": "firewall", "sw": "switch", "prd": "prod",
    "stg": "staging", "lb": "loadbalancer",
}  # fmt: skip
"""Said -> what an inventory may call it; used only when the inventory has that word."""

DESKTOPS = words("pc pcs desktop desktops workstation workstations")
"""Machines that people sit at."""

DESKTOP_LABELS = ("desktop", "desktops", "workstation", "workstations", "pc", "pcs", "client", "clients", "office")
"""What an inventory may call them, as a group or a tag."""

GROUPING_WORDS: Mapping[str, str] = {
    "group": "group", "groups": "group", "tag": "tag", "tags": "tag", "os": "os", "system": "os", "systems": "os",
    "environment": "env", "env": "env", "environments": "env", "site": "site", "sites": "site", "location": "site",
    "platform": "os", "platforms": "os", "distro": "os", "distros": "os", "oses": "os", "locations": "site",
    "datacentre": "site", "datacenter": "site", "datacentres": "site", "datacenters": "site", "dc": "site",
    "role": "group", "roles": "group", "label": "tag", "labels": "tag", "statuses": "status", "states": "status",
    "status": "status", "state": "status", "protocol": "protocol", "source": "source", "health": "status",
}  # fmt: skip
"""What a list may be divided by."""
