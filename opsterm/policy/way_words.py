"""Which part of the way to a target a command is about, as data: by the name of its program or the file it changes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from opsterm.policy.effects import Effect, EffectKind
from opsterm.policy.invocation import Invocation
from opsterm.policy.shell.places import PathKind, place_of
from opsterm.policy.word_set import word_set


class Topic(StrEnum):
    """Parts of a way."""

    SERVICE = "service"
    FIREWALL = "firewall"
    NETWORK = "network"
    ACCOUNT = "account"
    PROCESS = "process"
    DISK = "disk"
    PACKAGE = "package"
    POWER = "power"
    KEYS = "keys"
    LOGIN_FILE = "login file"
    OTHER = "other"


_PROGRAMS: Mapping[Topic, frozenset[str]] = {
    Topic.SERVICE: word_set(
        "systemctl service rc-service rc-update invoke-rc.d update-rc.d initctl start-stop-daemon sv svc "
        "stop-service restart-service set-service suspend-service sc sc.exe net net.exe disable-psremoting"
    ),
    Topic.FIREWALL: word_set(
        "iptables ip6tables iptables-legacy ip6tables-legacy iptables-nft ip6tables-nft iptables-restore "
        "ip6tables-restore nft ufw firewall-cmd ebtables arptables ipset shorewall csf netsh netsh.exe "
        "new-netfirewallrule set-netfirewallrule remove-netfirewallrule enable-netfirewallrule "
        "disable-netfirewallrule set-netfirewallprofile pfctl fail2ban-client"
    ),
    Topic.NETWORK: word_set(
        "ip ifconfig ifdown ifup nmcli netplan route networkctl dhclient dhcpcd ethtool brctl bridge tc vconfig "
        "ifenslave wg wg-quick disable-netadapter restart-netadapter rename-netadapter remove-netipaddress "
        "set-netipaddress new-netipaddress remove-netroute set-netipinterface ipconfig ipconfig.exe route.exe"
    ),
    Topic.ACCOUNT: word_set(
        "userdel usermod passwd chage gpasswd deluser delgroup groupdel groupmod chpasswd chsh visudo faillock "
        "pam_tally2 vipw disable-localuser remove-localuser set-localuser remove-localgroupmember"
    ),
    Topic.PROCESS: word_set("kill pkill killall killall5 skill stop-process taskkill taskkill.exe loginctl"),
    Topic.DISK: word_set("fallocate dd truncate yes"),
    Topic.PACKAGE: word_set("apt apt-get dpkg dnf yum rpm apk zypper pacman aptitude uninstall-package"),
    Topic.POWER: word_set("shutdown poweroff halt init telinit reboot stop-computer restart-computer"),
}
_BY_PROGRAM = {name: topic for topic, names in _PROGRAMS.items() for name in names}
_BY_PLACE: Mapping[PathKind, Topic] = {
    PathKind.KEYS: Topic.KEYS, PathKind.LOGIN: Topic.LOGIN_FILE, PathKind.ACCOUNTS: Topic.LOGIN_FILE,
    PathKind.NET: Topic.NETWORK,
}  # fmt: skip


KINDS_TOLD: Mapping[Topic, frozenset[EffectKind]] = {
    Topic.SERVICE: frozenset({EffectKind.SERVICE_STOP, EffectKind.SERVICE_RESTART, EffectKind.SERVICE_START}),
    Topic.FIREWALL: frozenset({EffectKind.NETWORK}),
    Topic.NETWORK: frozenset({EffectKind.NETWORK}),
    Topic.ACCOUNT: frozenset({EffectKind.USER}),
    Topic.PROCESS: frozenset({EffectKind.PROCESS_KILL}),
    Topic.PACKAGE: frozenset({EffectKind.PACKAGE_ADD, EffectKind.PACKAGE_REMOVE, EffectKind.PACKAGE_UPGRADE}),
    Topic.POWER: frozenset({EffectKind.REBOOT}),
}
"""Topic -> kinds of effects that a sentence about it tells, so that nobody need be told them twice."""


def topic_of(effect: Effect | None, command: Invocation | None) -> Topic:
    """Return which part of a way is touched.

    Args:
        effect: what happens; None to go by the command alone.
        command: what does it, None when that is not known, as of a redirection.
    """
    if effect is not None and effect.object.startswith(("/", "~")):
        by_place = _BY_PLACE.get(place_of(effect.object))
        if by_place is not None:
            return by_place
    name = command.words[0].rpartition("/")[2].lower() if command is not None and command.words else ""
    return _BY_PROGRAM.get(name, Topic.OTHER)
