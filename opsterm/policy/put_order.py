"""What an order of the shell `PUT` describes, a file or a folder, and what is said about its risk."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsterm.core.errors import BadInput
from opsterm.policy.file_put import KEEP, FilePut, parse_put
from opsterm.policy.secret_paths import has_secret_name
from opsterm.policy.tree_put import TREE, TreePut, parse_tree

NAMED = 3
"""Files of a folder that are named for one reason."""


def parse_put_order(text: str) -> FilePut | TreePut:
    """Return what a text describes. Raises BadInput when it is not the one text for it."""
    return parse_tree(text) if text.startswith(f"{TREE} ") else parse_put(text)


def puts_of(text: str) -> tuple[FilePut, ...]:
    """Return every file that a text puts, in the order in which they are put. Raises as `parse_put_order`."""
    said = parse_put_order(text)
    return said.puts() if isinstance(said, TreePut) else (said,)


_PLACES: tuple[tuple[str, str], ...] = (
    (r"/etc/sudoers(?:\.d/.*)?", "It decides who may do what as root (sudo)."),
    (r"/etc/(?:passwd|shadow|group|gshadow|login\.defs|security/.*|pam\.d/.*|pam\.conf|nsswitch\.conf)",
     "It decides who may log in."),
    (r"/etc/ssh/.*|.*/\.ssh/.*", "It decides who may log in over SSH, or how."),
    (r"/etc/(?:crontab|anacrontab|cron\.[a-z]+/.*|cron\.d/.*)|/var/spool/cron/.*|/etc/at\..*",
     "It is run by cron, by itself and later."),
    (r"(?:/etc|/run|/lib|/usr/lib|/usr/local/lib)/systemd/.*|/etc/(?:init\.d|rc\.local|rc[0-6S]?\.d).*",
     "It is run by the init system, at the next start or reload."),
    (r"/etc/(?:profile|bash\.bashrc|environment|zsh/.*|profile\.d/.*)|.*/\.(?:bash|zsh|profile|login)[a-z_]*",
     "It is read by every shell that somebody logs in with."),
    (r"/etc/ld\.so\..*|/(?:usr/)?(?:local/)?lib(?:32|64|x32)?/.*", "It is loaded by programs that run as root."),
    (r"/(?:usr/)?(?:local/)?s?bin/.*|/opt/.*/s?bin/.*", "It is a program that others run by its name."),
    (r"/boot/.*|/etc/(?:default/grub.*|grub\.d/.*|fstab|crypttab|modprobe\.d/.*|modules.*|initramfs-tools/.*)",
     "It decides whether the machine starts again."),
    (r"/etc/(?:nftables.*|(?:iptables|network|netplan|NetworkManager|ufw|firewalld)/.*|resolv\.conf|sysctl.*)",
     "It can cut the machine off the network."),
    (r"/(?:dev|proc|sys)/.*", "It is no place for files: the kernel answers there."),
)  # fmt: skip


def put_reasons(text: str) -> tuple[str, ...]:
    """Return why putting a file or a folder is a risk, the weightiest first; never empty. Never raises."""
    try:
        said = parse_put_order(text)
    except BadInput as error:
        return (error.what,)
    if isinstance(said, FilePut):
        return (*_reasons(said), f"It replaces {said.path}, or makes it.")
    found: dict[str, list[str]] = {}
    for put in said.puts():
        for reason in _reasons(put):
            found.setdefault(reason, []).append(put.path)
    count = len(said.files)
    return (
        *(f"{_named(paths)}: {reason}" for reason, paths in sorted(found.items(), key=lambda one: _weight(one[0]))),
        f"It replaces {count:,} file{'s' * (count != 1)} in {said.folder}, or makes them.",
    )


def _named(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return f"{', '.join(paths[:NAMED])}{more}"


def _reasons(put: FilePut) -> list[str]:
    """Return what is said of one file besides that it is replaced."""
    reasons = [said for pattern, said in _PLACES if re.fullmatch(pattern, put.path)]
    if put.mode != KEEP:
        bits = int(put.mode, 8)
        if bits & 0o6000 and bits & 0o111:
            reasons.insert(0, f"Mode {put.mode} makes it run with the rights of its owner or group, whoever starts it.")
        elif bits & 0o111:
            reasons.append(f"Mode {put.mode} makes it a program.")
        if bits & 0o002:
            reasons.append(f"Mode {put.mode} lets every account write to it.")
        if bits & 0o004 and has_secret_name(put.path):
            reasons.append(f"Mode {put.mode} lets every account read it, and its name says that it holds a secret.")
    if not reasons and put.path.startswith("/etc/"):
        reasons.append("It is configuration of the system.")
    return reasons


def _weight(reason: str) -> int:
    """Return where a reason stands among those of several files: by the table, then what a mode does."""
    return next((at for at, (_, said) in enumerate(_PLACES) if said == reason), len(_PLACES))
