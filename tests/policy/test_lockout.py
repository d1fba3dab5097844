"""Whether a command can cut our own way: said without facts, made exact by them, never let go by a guess."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.monitoring.session_path import SessionPath, read_session_path
from opsterm.policy.flow import FlowMatch, match_of_rule
from opsterm.policy.level import RiskLevel
from opsterm.policy.lockout import CONFIRMED_CHANGE, lockout_lines, lockout_of
from opsterm.policy.risk import assess
from opsterm.policy.understanding import understand

OURS = SessionPath(
    user="ops", groups=("ops", "sudo"), home="/home/ops", client="198.18.1.1", server="198.18.1.2", port=22,
    interface="eth0", gateway="198.18.1.254", carriers=("bond0",), processes=(4242, 900),
)  # fmt: skip

CUTS = {
    "systemctl stop sshd": "It stops sshd, by which we come in.",
    "systemctl restart sshd": "with a fault in its configuration it does not come back",
    "systemctl disable --now ssh.socket": "ssh.socket",
    "iptables -P INPUT DROP": "everything that no rule lets in",
    "iptables -F": "It takes the rules away that let in our own line (ops from 198.18.1.1 to port 22 by eth0)",
    "iptables -A INPUT -p tcp --dport 22 -j DROP": "Its rule is about our own line",
    "iptables -I INPUT 1 -s 198.18.0.0/16 -j REJECT": "Its rule is about our own line",
    "iptables -A INPUT ! -s 198.18.1.1 -j DROP": "It changes the packet filter",
    "nft -f /etc/nftables.conf": "It changes the packet filter that lets in our own line",
    "ufw enable": "packet filter",
    "ip link set eth0 down": "It changes eth0, by which we came in.",
    "ip link set bond0 down": "It changes bond0, on which eth0 stands",
    "ip addr del 198.18.1.2/24 dev eth1": "It changes 198.18.1.2, the address that we are connected to.",
    "ip route del default": "the route by which the target answers to 198.18.1.1",
    "netplan apply": "and we came in by eth0",
    "userdel ops": "ops is the account that we log in with.",
    "usermod -L ops": "ops is the account that we log in with.",
    "chsh -s /bin/false ops": "ops is the account that we log in with.",
    "gpasswd -d ops sudo": "The account that we log in with, ops, is in the group sudo.",
    "echo x > /etc/sudoers": "/etc/sudoers decides who is let in and how.",
    "rm /etc/pam.d/sshd": "/etc/pam.d/sshd decides who is let in and how.",
    "rm /home/ops/.ssh/authorized_keys": "holds the keys by which we may be let in",
    "rm -rf /home/ops": "the home of the account that we log in with",
    "chmod 777 /home/ops": "the home of the account that we log in with",
    "chown -R bob /home": "the home of the account that we log in with",
    "pkill sshd": "on which our own session may hang",
    "kill -9 4242": "Our own session hangs on the process 4242.",
    "fallocate -l 100G /big": "on a full one a log-in can fail",
    "apt-get remove openssh-server": "It changes the package openssh-server",
    "shutdown -h now": "does not come back by itself",
}

OTHERS = (
    "userdel bob", "usermod -L bob", "rm /export/bob/.ssh/authorized_keys", "iptables -A INPUT -i eth1 -j DROP",
    "iptables -A INPUT -p tcp --dport 8080 -j DROP", "iptables -A INPUT -p udp --dport 53 -j DROP",
    "iptables -A INPUT -s 203.0.113.0/24 -j DROP",
    "ufw deny 8080/tcp", "ufw deny 53/udp", "ufw deny 22/udp", "ufw deny from 203.0.113.0/24", "ufw reject in on eth1",
    "ufw insert 1 deny from 203.0.113.9 to any port 22 proto tcp", "ufw prepend deny 8000:8100/tcp comment 'old app'",
    "ufw --force delete allow 8080/tcp", "ufw delete allow in on eth1 to any port 22", "ufw delete deny 22/tcp",
    "ufw delete reject from 198.18.1.1", "ufw limit 80,443/tcp", "ufw deny to 203.0.113.1",
    "nft add rule inet filter input tcp dport 8080 drop", "nft add rule inet filter input udp dport 22 drop",
    "nft add rule ip filter INPUT ip saddr 203.0.113.0/24 counter drop",
    "nft insert rule filter input iifname eth1 drop",
    "nft 'add rule inet filter input tcp dport { 80, 443, 8000-8100 } reject with tcp reset'",
    "nft insert rule inet filter input position 3 ip6 saddr 2001:db8::/32 drop",
    "nft add rule inet filter input meta l4proto udp drop",
    "nft add rule inet filter input icmp type echo-request drop",
)  # fmt: skip

STAYS = (
    "userdel \"$who\"", "userdel root", "usermod -L bob; eval \"$x\"", "iptables -A INPUT -j DROP",
    "iptables -A INPUT -m set --match-set x src -j DROP", "iptables -A INPUT -p tcp --dport 20:30 -j DROP",
    "iptables -A INPUT -s 0.0.0.0/0 -j DROP",
    "rm /home/*/.ssh/authorized_keys", "ip6tables -A FORWARD -p tcp --dport 80 -j DROP", "ip link set eth7 down",
    "systemctl stop sshd", "iptables -A INPUT -i \"$IF\" -j DROP", "iptables -D INPUT 3",
    "ufw deny 22", "ufw deny ssh", "ufw limit OpenSSH", "ufw deny 20:30/tcp", "ufw deny from any", "ufw delete 3",
    "ufw delete deny", "ufw deny from 198.18.0.0/16", "ufw deny from \"$net\"", "ufw deny in on \"$IF\"",
    "ufw deny from 198.18.1.1 port 5000", "ufw delete allow 22/tcp", "ufw delete limit ssh", "ufw deny out 8080",
    "ufw deny http", "ufw deny proto tcp from any to any", "ufw default deny incoming", "ufw reset", "ufw disable",
    "ufw deny 8080 8081", "ufw deny from bad.example", "ufw enable",
    "nft add rule inet filter input tcp dport 22 drop", "nft add rule inet filter input tcp dport { 80, 22 } drop",
    "nft add rule inet filter input drop", "nft add rule inet filter output tcp dport 8080 drop",
    "nft add rule inet filter input tcp dport != 8080 drop", "nft add rule inet filter input ip saddr @bad drop",
    "nft add rule inet filter input ct state new drop", "nft add rule inet filter input tcp dport 20-30 drop",
    "nft 'add rule inet filter input tcp dport 80 drop; add rule inet filter input drop'", "nft flush ruleset",
    "nft add rule inet filter input ip saddr != 198.18.1.1 drop",
    "nft add rule inet filter input tcp dport \"$p\" drop",
    "nft add rule inet filter input ip saddr 203.0.113.1-203.0.113.9 drop",
    "nft delete rule inet filter input handle 4",
    "nft add rule inet filter input tcp dport vmap '{ 80 : drop, 22 : drop }'",
    "nft add rule netdev t ingress ip saddr 203.0.113.0/24 drop", "nft add rule inet filter input iifname 'eth*' drop",
)  # fmt: skip


@pytest.mark.parametrize("command", CUTS, ids=CUTS)
def test_what_cuts_us_off_is_said_with_its_reason(command: str) -> None:
    found = lockout_of(understand(command, "sh"), [OURS])
    assert found.cuts
    assert found.guard == CONFIRMED_CHANGE
    assert any(CUTS[command] in reason for reason in found.reasons), found.reasons
    assert assess(command, "sh", [], [], ways=[OURS]).level.order >= RiskLevel.HIGH.order


@pytest.mark.parametrize("command", OTHERS)
def test_what_is_plainly_of_others_is_let_go_with_facts_only(command: str) -> None:
    understood = understand(command, "sh")
    assert lockout_of(understood).cuts, "without facts it is ours"
    found = lockout_of(understood, [OURS])
    assert not found.cuts
    assert "does not touch our own way in: ops from 198.18.1.1 to port 22 by eth0" in lockout_lines(found)[0]
    assert assess(command, "sh", [], [], ways=[OURS]).level is assess(command, "sh", [], []).level, "never milder"
    assert lockout_of(understood, [OURS, SessionPath()]).cuts, "one target of which nothing is known"


@pytest.mark.parametrize("command", STAYS)
def test_a_doubt_lets_nothing_go(command: str) -> None:
    assert lockout_of(understand(command, "sh"), [OURS]).cuts


@pytest.mark.parametrize(
    "command", ["uptime", "ip link show eth0", "passwd -S ops", "systemctl status sshd", "ls /home"]
)
def test_looking_cuts_nobody_off(command: str) -> None:
    assert not lockout_of(understand(command, "sh"), [OURS]).cuts


def test_another_port_makes_the_rule_one_about_us() -> None:
    words = ["iptables", "-A", "INPUT", "-p", "tcp", "--dport", "2222", "-j", "DROP"]
    assert match_of_rule(words, OURS) is FlowMatch.OTHERS
    assert match_of_rule(words, replace(OURS, port=2222)) is FlowMatch.OURS
    assert match_of_rule(words, SessionPath()) is FlowMatch.UNKNOWN
    assert match_of_rule(words, replace(OURS, interface="wg0")) is FlowMatch.UNKNOWN, "a tunnel has a line below it"


def test_windows_is_cut_off_by_its_own_services() -> None:
    for command in ("Stop-Service WinRM", "Disable-NetAdapter -Name Ethernet", "Set-NetFirewallProfile -Enabled True"):
        understood = understand(command, "powershell")
        found = lockout_of(understood, [SessionPath(protocol="winrm", user="admin")])
        assert found.cuts or not any(effect.kind == "lockout" for effect in understood.effects), command
    assert lockout_of(understand("Stop-Service WinRM", "powershell")).reasons == (
        "It stops WinRM, by which we come in.",
    )


SAID = """hello
@@1-a
@@1-a connection
fe80::1%eth0 5000 fe80::2%eth0 2222
@@1-a account
ops
ops sudo
/home/ops
@@1-a route
198.18.1.1 via 198.18.1.254 dev br0 src 198.18.1.2 uid 0 \\    cache
@@1-a links
1: lo: <LOOPBACK> mtu 65536
2: eth0: <BROADCAST> mtu 1500 qdisc fq master br0 state UP
3: br0: <BROADCAST> mtu 1500
4: vlan7@eth0: <BROADCAST> mtu 1500
@@1-a processes
99
12
@@1-a end
"""


def test_a_path_is_read_from_what_the_target_says() -> None:
    assert read_session_path(SAID) == SessionPath(
        user="ops", groups=("ops", "sudo"), home="/home/ops", client="fe80::1", server="fe80::2", port=2222,
        interface="br0", gateway="198.18.1.254", carriers=("eth0",), processes=(99, 12),
    )  # fmt: skip


@settings(max_examples=40)
@given(st.text(alphabet=st.sampled_from("@1-a \nconectiroulks:<>/\x1b;$é9."), max_size=300))
def test_whatever_a_target_says_is_read(noise: str) -> None:
    found = read_session_path(f"@@1-a\n@@1-a connection\n{noise}\n@@1-a route\n{noise}\n@@1-a links\n{noise}\n")
    assert found.client == "" or "\x1b" not in found.client
