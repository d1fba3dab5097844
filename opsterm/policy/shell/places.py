"""What a path stands for: a disk, a log, a key, a file of the system, or only a file."""

from __future__ import annotations

import posixpath
from enum import StrEnum
from functools import lru_cache

from opsterm.core import lean_re as re
from opsterm.policy.shell.argument import UNKNOWN

PATH_LIMIT = 4096
"""Characters of a path; Linux takes no longer one."""


class PathKind(StrEnum):
    """Kinds of paths, by what it means to change them."""

    NOTHING = "nothing"
    ROOT = "root"
    DEVICE = "device"
    KERNEL = "kernel"
    SYSRQ = "sysrq"
    LOGIN = "login"
    ACCOUNTS = "accounts"
    KEYS = "keys"
    NET = "net"
    BOOT = "boot"
    SCHEDULE = "schedule"
    LOG = "log"
    HISTORY = "history"
    CONFIG = "config"
    PROGRAMS = "programs"
    STATE = "state"
    TREE = "tree"
    TEMPORARY = "temporary"
    HOME = "home"
    RELATIVE = "relative"
    UNKNOWN = "unknown"


_RULES: tuple[tuple[PathKind, str], ...] = (
    (
        PathKind.NOTHING,
        r"/dev/(?:null|zero|full|stdin|stdout|stderr|tty|u?random|fd/\d+|pts/\d+|tcp/.*|udp/.*)|/proc/self/fd/\d+|-",
    ),
    (PathKind.ROOT, r"/(?:\*|\.\*|\.|\?\*|)"),
    (
        PathKind.SYSRQ,
        r"/proc/sysrq-trigger|/sys/power/state|/sys/block/[^/]+/device/delete|/sys/bus/.*/(?:unbind|remove)",
    ),
    (PathKind.DEVICE, r"/dev/(?!shm/).*"),
    (PathKind.KERNEL, r"/(?:proc|sys)(?:/.*)?"),
    (
        PathKind.ACCOUNTS,
        (
            r"/etc/(?:passwd|shadow|group|gshadow|subuid|subgid|sudoers|sudoers\.d(?:/.*)?|doas\.conf|security(?:/.*)?|"
            r"polkit-1(?:/.*)?|login\.defs)-?"
        ),
    ),
    (
        PathKind.LOGIN,
        (
            r"/etc/(?:ssh(?:/.*)?|pam\.d(?:/.*)?|pam\.conf|nsswitch\.conf|hosts\.(?:allow|deny)|securetty|nologin|shells|"
            r"sssd(?:/.*)?|ldap(?:/.*)?|krb5\.conf|krb5\.keytab)|/run/nologin|/var/run/nologin"
        ),
    ),
    (
        PathKind.LOGIN,
        (
            r"/(?:usr/)?s?bin/(?:sshd|sudo|su|login|bash|sh|dash)|(?:/etc|/usr/lib|/lib)/systemd/(?:system|user)/sshd?[.@].*|"
            r"/etc/(?:default|sysconfig)/sshd?"
        ),
    ),
    (PathKind.KEYS, r".*(?:^|/)\.ssh(?:/.*)?|.*(?:^|/)authorized_keys2?"),
    (
        PathKind.NET,
        (
            r"/etc/(?:network(?:/.*)?|netplan(?:/.*)?|NetworkManager(?:/.*)?|systemd/network(?:/.*)?|sysconfig/(?:network.*|"
            r"iptables.*|nftables.*)|nftables(?:\.conf|/.*)|iptables(?:/.*)?|ufw(?:/.*)?|firewalld(?:/.*)?|wpa_supplicant(?:/.*)?|"
            r"wireguard(?:/.*)?|iproute2(?:/.*)?|shorewall(?:/.*)?|dhcpcd\.conf)"
        ),
    ),
    (
        PathKind.BOOT,
        (
            r"/boot(?:/.*)?|/etc/(?:rc\.local|rc\.d(?:/.*)?|init\.d(?:/.*)?|fstab|crypttab|default/grub|grub\.d(?:/.*)?|grub.*|mdadm(?:/.*)?|lvm(?:/.*)?|dracut.*|"
            r"initramfs-tools(?:/.*)?|inittab|ld\.so\.(?:preload|conf.*)|modprobe\.d(?:/.*)?|modules.*)|/efi(?:/.*)?"
        ),
    ),
    (
        PathKind.SCHEDULE,
        (
            r"/etc/(?:cron.*|anacrontab|at\.(?:allow|deny))|/var/spool/(?:cron|at)(?:/.*)?|"
            r"(?:/etc|/usr/lib|/lib)/systemd/.*\.timer"
        ),
    ),
    (PathKind.HISTORY, r".*(?:^|/)\.(?:bash|zsh|sh|ksh|ash|mysql|psql|python)_?history"),
    (PathKind.LOG, r"/var/log(?:/.*)?|/run/log(?:/.*)?|/var/(?:adm|audit)(?:/.*)?"),
    (
        PathKind.CONFIG,
        (
            r"/(?:usr/local/)?etc(?:/.*)?|~/\.(?:bashrc|bash_profile|profile|zshrc|bash_login|zprofile|config/systemd/.*)|"
            r"/(?:home/[^/]+|root)/\.(?:bashrc|bash_profile|profile|zshrc|bash_login|bash_logout)"
        ),
    ),
    (
        PathKind.PROGRAMS,
        r"/(?:usr/)?(?:local/)?s?bin(?:/.*)?|/(?:usr/)?lib(?:32|64|x32|exec)?(?:/.*)?|/usr(?:/.*)?|/snap(?:/.*)?",
    ),
    (
        PathKind.TEMPORARY,
        (
            r"/(?:var/)?tmp/(?!\*|\.\*).+|/dev/shm/(?!\*).+|/run/user/.+|/var/cache/[^/*]+/.+|"
            r"(?:~|/home/[^/]+|/root)/\.cache(?:/.*)?"
        ),
    ),
    (PathKind.TREE, r"/[^/]+(?:/\*|/\.\*)?|/(?:home|Users)/[^/]+(?:/\*)?|~(?:[a-z][^/]*)?(?:/\*|/\.\*|/\.)?"),
    (PathKind.STATE, r"/(?:var|srv|opt|data|mnt|media|run|backups?)/.*"),
    (PathKind.HOME, r"~.*|/home/.*|/root/.*"),
)
_COMPILED = tuple((place, re.compile(pattern, re.DOTALL)) for place, pattern in _RULES)

SYSTEM = frozenset({
    PathKind.ROOT, PathKind.DEVICE, PathKind.KERNEL, PathKind.SYSRQ, PathKind.LOGIN, PathKind.ACCOUNTS, PathKind.NET, PathKind.BOOT, PathKind.LOG,
    PathKind.CONFIG, PathKind.PROGRAMS, PathKind.TREE, PathKind.KEYS, PathKind.SCHEDULE,
})  # fmt: skip
"""Places of which the loss of a folder is the loss of the system, or of the way in."""

CUTS_US_OFF = frozenset({PathKind.LOGIN, PathKind.ACCOUNTS, PathKind.KEYS, PathKind.NET})
"""Places that decide whether anybody can log in."""

MILD = frozenset({PathKind.TEMPORARY, PathKind.HOME, PathKind.RELATIVE})
"""Places where a file more or less is a person's own affair."""

_WHOLE_DISK = re.compile(
    r"/dev/(?:sd[a-z]+\d*|hd[a-z]\d*|vd[a-z]\d*|xvd[a-z]\d*|nvme\d.*|mmcblk.*|dm-\d+|md\d.*|md/.*|mapper/.*|disk/.*|loop\d.*|"
    r"zvol/.*|nbd\d.*|rbd.*|drbd.*|root|mem|kmem|port|[a-z]+vg/.*|vg[^/]*/.*)"
)


def is_disk(path: str) -> bool:
    """Return whether a path is a block device or memory."""
    return _WHOLE_DISK.fullmatch(path) is not None


def resolved(path: str, cwd: str = "") -> str:
    """Return a path from the root, through `cwd` and `..` as far as these are known.

    Args:
        path: as written, without quotes; may hold UNKNOWN pieces.
        cwd: the folder it is seen from, "" when that is not known.
    """
    if not path or path.startswith(UNKNOWN):
        return path
    if path.startswith("~"):
        return posixpath.normpath(path)
    if not path.startswith("/") and cwd and UNKNOWN not in cwd:
        path = f"{cwd}/{path}"
    if path.endswith("/*"):
        return posixpath.normpath(path[:-2] or "/").rstrip("/") + "/*"
    clean = posixpath.normpath(path)
    return "/" + clean.lstrip("/") if clean.startswith("/") else clean


@lru_cache(maxsize=2048)
def place_of(path: str) -> PathKind:
    """Return what a resolved path stands for."""
    if path.startswith(UNKNOWN) or path.startswith("$") or len(path) > PATH_LIMIT:
        return PathKind.UNKNOWN
    for place, pattern in _COMPILED:
        if pattern.fullmatch(path):
            return place
    return PathKind.STATE if path.startswith("/") else PathKind.RELATIVE


WEAKENS = re.compile(
    r"(?i)SELINUX=(?:disabled|permissive)|PermitRootLogin[\s=]+yes|PermitEmptyPasswords[\s=]+yes|PasswordAuthentication[\s=]+yes|StrictModes[\s=]+no|NOPASSWD|"
    r"^[^:\n]+:[^:\n]*:0:0?:|pam_permit\.so|StrictHostKeyChecking[\s=]+no|ssl_verify[\w-]*[\s=:]+(?:off|false|no)|skip-grant-tables|trust\s*$|"
    r"auth(?:entication|orization)?[\w.]*[\s=:]+[\"']?(?:off|disabled|none|false)\b"
)
"""What a text says that is written into a file of settings, when it takes a protection away."""

_WEAKER_KERNEL = re.compile(
    r"/proc/sys/kernel/(?:randomize_va_space|yama/ptrace_scope|kptr_restrict|dmesg_restrict|sysrq|modules_disabled|unprivileged_\w+|core_pattern|modprobe)|"
    r"/proc/sys/fs/(?:protected_\w+|suid_dumpable)|/sys/fs/selinux/(?:enforce|disable)|/sys/kernel/security/.*"
)
_OF_A_DEVICE = re.compile(r"/sys/.*/(?:remove|unbind|driver_override|authorized|delete|reset|carrier|flags)")


def weakens_kernel(path: str) -> bool:
    """Return whether a file of the kernel is one that switches a protection."""
    return _WEAKER_KERNEL.fullmatch(path) is not None


def takes_device(path: str) -> bool:
    """Return whether writing to a file of the kernel takes a device away, which may be the one that we come over."""
    return _OF_A_DEVICE.fullmatch(path) is not None


_SECRET = re.compile(
    r"(?:.*/)?(?:g?shadow-?|sudoers|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|ssh_host_[a-z0-9]+_key|krb5\.keytab|[^/]*\.keytab|"
    r"\.pgpass|\.my\.cnf|debian\.cnf|\.netrc|\.git-credentials|\.vault-token|\.env(?:\.[\w-]+)?|\.htpasswd|htpasswd|kubeconfig|"
    r"secrets?\.(?:ya?ml|json|env|toml|txt)|credentials(?:\.\w+)?|[^/]*\.(?:kdbx?|pfx|p12|jks|keystore)|[^/]*(?:private|priv)[^/]*\.(?:key|pem)|"
    r"[^/]*\.key|[^/]*_key\.pem|privkey\.pem|passwords?(?:\.\w+)?|[^/]*\.tfstate|wallet\.dat|chap-secrets|token)|"
    r"/etc/(?:ssl/private(?=$|/)|letsencrypt/live|wireguard|openvpn|sudoers\.d)/.+|(?:~|/root|/home/[^/]+)/\.(?:aws/credentials|kube/config|"
    r"docker/config\.json|ssh|gnupg(?:/.*)?|aws|azure/.*|config/gcloud/.*)|/proc/(?:\d+|self|\*)/environ|/proc/kcore|/dev/(?:mem|kmem)|"
    r"/var/run/secrets/.*|/run/secrets/.*|/etc/kubernetes/(?:admin\.conf|pki/.*\.key)|/var/lib/(?:sss/secrets|samba/private)/.*",
    re.IGNORECASE | re.DOTALL,
)


def is_secret(path: str) -> bool:
    """Return whether the contents of a resolved path are a secret by what the file is for."""
    return len(path) <= PATH_LIMIT and _SECRET.fullmatch(path) is not None and not path.endswith(".pub")
