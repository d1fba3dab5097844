"""The shell texts of checks: POSIX sh that changes nothing, says what it has seen, and ends with 0 when all is well."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

_PATH = "LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH\nexport LC_ALL PATH\n"

CONFIGS: Mapping[str, str] = {
    "sshd": 'sshd=$(command -v sshd) || { echo "there is no sshd"; exit 1; }\n"$sshd" -t',
    "nginx": "nginx -t -q",
    "apache": "if command -v apachectl >/dev/null; then apachectl configtest; else httpd -t; fi",
    "haproxy": "haproxy -c -f /etc/haproxy/haproxy.cfg",
    "sudoers": "visudo -c",
    "nftables": "nft -c -f /etc/nftables.conf",
    "fstab": "findmnt --verify",
    "named": "named-checkconf",
    "unbound": "unbound-checkconf",
    "postfix": "postconf >/dev/null",
    "dovecot": "doveconf -n >/dev/null",
    "rsyslog": "rsyslogd -N1",
    "samba": "testparm -s >/dev/null",
    "chrony": "chronyd -p >/dev/null",
}
"""What tests a configuration that is on a target, by what it is of; each only reads."""


def unit_text(unit: str, wanted: str) -> str:
    """Return the text that looks at a unit.

    Args:
        unit: its name.
        wanted: active, inactive, enabled or disabled.
    """
    verb = "is-active" if wanted in ("active", "inactive") else "is-enabled"
    return (
        f"{_PATH}"
        'command -v systemctl >/dev/null || { echo "there is no systemctl"; exit 1; }\n'
        f"state=$(systemctl {verb} -- {shlex.quote(unit)} 2>&1)\n"
        f'[ "$state" = {wanted} ] && {{ echo {wanted}; exit 0; }}\n'
        f"why=$(systemctl show --property=Result --value -- {shlex.quote(unit)} 2>/dev/null)\n"
        'printf "%s%s\\n" "$state" "${why:+ ($why)}"\n'
        "exit 1\n"
    )


def port_text(port: str) -> str:
    """Return the text that looks whether something listens on a port.

    Args:
        port: as in "443" or "53/udp".
    """
    number, _, protocol = port.partition("/")
    table, state = ("udp", "07") if protocol == "udp" else ("tcp", "0A")
    return (
        f"{_PATH}"
        f'[ -r /proc/net/{table} ] || {{ echo "there is no /proc/net/{table}"; exit 1; }}\n'
        f"cat /proc/net/{table} /proc/net/{table}6 2>/dev/null |\n"
        f"    awk -v at=:{int(number):04X} "
        f"'$4 == \"{state}\" && substr($2, length($2) - 4) == at {{ found = 1 }} END {{ exit !found }}' ||\n"
        '    { echo "nothing listens on it"; exit 1; }\n'
        'echo "something listens on it"\n'
    )


def http_text(url: str, status: str) -> str:
    """Return the text that asks for a URL on the target itself.

    Args:
        url: of http or https.
        status: the one that is wanted, "" for any below 400.
    """
    well = f"{status})" if status else "[23]??)"
    asked = shlex.quote(url)
    return (
        f"{_PATH}"
        "if command -v curl >/dev/null; then\n"
        f"    status=$(curl -sS -o /dev/null --max-time 10 -w '%{{http_code}}' -- {asked} 2>&1)\n"
        "elif command -v wget >/dev/null; then\n"
        f"    status=$(wget -q -S -O /dev/null -T 10 {asked} 2>&1 | awk '/HTTP\\// {{ print $2; exit }}')\n"
        "else\n"
        '    echo "neither curl nor wget is there"\n'
        "    exit 1\n"
        "fi\n"
        'printf "%s\\n" "${status:-no answer}"\n'
        f'case "$status" in {well} exit 0 ;; *) exit 1 ;; esac\n'
    )


def http_time_text(url: str, status: str) -> str:
    """Return the text that asks for a URL on the target itself and prints in milliseconds how long the answer took.

    Args:
        url: of http or https.
        status: the one that is wanted, "" for any below 400.
    """
    well = f"{status})" if status else "[23]??)"
    return (
        f"{_PATH}"
        'command -v curl >/dev/null || { echo "there is no curl"; exit 1; }\n'
        "seen=$(curl -sS -o /dev/null --max-time 10 -w '%{http_code} %{time_total}' -- "
        f"{shlex.quote(url)} 2>&1)\n"
        f'case "${{seen%% *}}" in {well} ;; *) printf "%s\\n" "$seen"; exit 1 ;; esac\n'
        "printf '%s\\n' \"${seen#* }\" | awk '{ printf \"%.1f ms\\n\", $1 * 1000 }'\n"
    )


def config_text(name: str) -> str:
    """Return the text that tests a configuration.

    Args:
        name: a word of CONFIGS.
    """
    return f"{_PATH}{CONFIGS[name]}\n"


def command_text(command: str) -> str:
    """Return the text of a command that only reads."""
    return f"{command}\n"
