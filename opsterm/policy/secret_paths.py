"""Paths whose contents must not be read as if that were harmless."""

from __future__ import annotations

import posixpath

from opsterm.core import lean_re as re

_ROOTS = (
    "/var/log/", "/usr/share/", "/usr/lib/", "/boot/", "/sys/block/", "/sys/class/", "/sys/devices/", "/sys/fs/",
    "/sys/module/", "/sys/power/",
)  # fmt: skip
_ETC = re.compile(
    r"/etc/(?:[a-z-]*release|debian_version|hosts(?:\.allow|\.deny)?|hostname|mailname|issue(?:\.net)?|motd|fstab|mtab|"
    r"crypttab|resolv\.conf|nsswitch\.conf|host\.conf|passwd|group|services|protocols|networks|shells|timezone|adjtime|"
    r"machine-id|login\.defs|adduser\.conf|locale\.(?:gen|conf)|sysctl\.conf|sysctl\.d/[^/]+|modules|modprobe\.d/[^/]+|"
    r"modules-load\.d/[^/]+|limits\.conf|logrotate\.conf|logrotate\.d/[^/]+|nftables\.conf|chrony/chrony\.conf|ntp\.conf|"
    r"ssh/sshd?_config|crontab|systemd/(?:system|journald|logind|resolved|timesyncd|networkd)\.conf|"
    r"nginx/(?:nginx|mime)\.(?:conf|types)|udev/rules\.d/[^/]+|ld\.so\.conf)"
)
"""Files of /etc that hold no secrets by what they are for; any program may keep a password in one of its own."""

_PROC = re.compile(
    r"/proc/(?:cpuinfo|meminfo|loadavg|uptime|version|mounts|stat|vmstat|swaps|filesystems|partitions|interrupts|"
    r"mdstat|diskstats|modules|cmdline|buddyinfo|slabinfo|softirqs|net/[a-z0-9_/]+|pressure/[a-z]+|sys/[a-z0-9_/.-]+|"
    r"[0-9]+/(?:status|limits|stat|io|sched|cgroup|mounts|cmdline))"
)
_SECRET_NAME = re.compile(
    r"(?:g?shadow-?|sudoers.*|.*secret.*|.*passw.*|.*passwd.*|.*credential.*|.*token.*|.*private.*|.*vault.*|"
    r"(?:ssh_host_.*_key|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?)|.*\.(?:key|pem|p12|pfx|jks|keystore|kdbx?|keytab|ppk|asc|"
    r"gpg|ovpn|env|htpasswd)|debian\.cnf|krb5\.keytab|chap-secrets|ipsec\.conf|wp-config\.php|database\.yml|"
    r"settings\.py|\.?my\.cnf|snmpd\.conf|sssd\.conf|wpa_supplicant\.conf|.*bind.*\.ldif|master\.key|grub\.cfg|"
    r".*\.bak|.*\.sql(?:\.gz)?|.*\.dump|.*wallet.*|.*kubeconfig.*|admin\.conf|krb5cc.*|"
    r"htpasswd|.*\.tfstate.*|.*keyring.*|preseed\.cfg|(?:anaconda-)?ks\.cfg|unattend\.xml|web\.config|"
    r"(?:config|configuration|localsettings)\.php|tcp_fastopen_key)",
    re.IGNORECASE,
)
_SECRET_FOLDERS = (
    "/etc/ssl/private", "/etc/pki/tls/private", "/etc/letsencrypt", "/etc/wireguard", "/etc/ppp", "/etc/openvpn",
    "/etc/NetworkManager/system-connections", "/etc/sudoers.d", "/etc/security", "/etc/kubernetes", "/etc/ipsec.d",
    "/etc/credstore", "/etc/credstore.encrypted", "/etc/opsterm", "/etc/docker", "/etc/samba/private", "/etc/swanctl",
    "/etc/postgresql", "/etc/mysql", "/etc/freeradius", "/etc/netplan", "/etc/cron.d", "/etc/default",
    "/etc/environment",
)  # fmt: skip


def content_refusal(path: str, *, glob: bool, home: bool) -> str:
    """Return why the contents of a path may not be shown as harmless, "" when they may.

    A pattern is accepted only below /var/log, where it cannot reach anything else.

    Args:
        path: as it was written, without quotes.
        glob: whether the shell replaces it by file names.
        home: whether it begins with an unquoted `~`.
    """
    if ".." in path.split("/"):
        return f"It goes up through .. in {path}, so what it reads is not plain."
    clean = posixpath.normpath(path)
    clean = "/" + clean.lstrip("/") if path.startswith("/") else clean
    parts = [part for part in clean.split("/") if part not in ("", ".")]
    if glob and not clean.startswith("/var/log/"):
        return f"{path} is a pattern, which may match a file that holds secrets."
    if home or any(part.startswith(".") for part in parts):
        return f"{path} is a hidden or personal file, which may hold secrets."
    if any(clean == folder or clean.startswith(folder + "/") for folder in _SECRET_FOLDERS):
        return f"Its output may hold secrets: {path}."
    if clean != "/etc/passwd" and any(_SECRET_NAME.fullmatch(part) for part in parts):
        return f"Its output may hold secrets: {path}."
    if not path.startswith("/"):
        return f"{path} depends on the folder it runs in; write the whole path."
    if (
        clean == "/dev/null"
        or _PROC.fullmatch(clean)
        or _ETC.fullmatch(clean)
        or any(clean.startswith(root) for root in _ROOTS)
    ):
        return ""
    return f"{path} is not in a place that is known to hold no secrets."


def path_refusal(path: str, *, glob: bool) -> str:
    """Return why a path may not be listed as harmless, "" when it may: names and sizes are no secrets.

    A pattern must begin with `/` or a letter: a file named `-x` would become an option otherwise.
    """
    if glob and not re.match(r"[/A-Za-z0-9~]", path):
        return f"The pattern {path} may match a file whose name is an option."
    return ""


_OPEN_PLACES = (
    "/home/", "/root/", "/srv/", "/opt/", "/tmp/", "/var/tmp/", "/mnt/", "/media/", "/usr/", "/data/", "/var/www/",  # noqa: S108 (places on targets; nothing is made there)
)  # fmt: skip
"""Where an operator's own files are: there only a name says that a file holds a secret."""


def has_secret_name(path: str) -> bool:
    """Return whether the name of a file, or a folder above it, says that it holds a secret.

    Args:
        path: absolute.
    """
    clean = posixpath.normpath(path)
    below = any(clean.startswith(folder + "/") for folder in _SECRET_FOLDERS)
    return below or any(_SECRET_NAME.fullmatch(part) for part in clean.split("/"))


def secret_refusal(path: str) -> str:
    """Return why a file must not be copied to the operator without an approval, "" when it may.

    Narrower than `content_refusal`, which judges what is shown, kept and compared: this file goes to one private file
    of the operator who asked for it. A place that is known for neither (a program's own data below /var/lib) is
    refused, one where people keep their own files is not.

    Args:
        path: absolute, with symbolic links followed.
    """
    why = content_refusal(path, glob=False, home=False)
    place = posixpath.normpath(path)
    if not why or not place.startswith(_OPEN_PLACES):
        return why
    inside = content_refusal("/var/log" + path, glob=False, home=False)
    return f"{path}: its name says that it may hold secrets." if inside else ""
