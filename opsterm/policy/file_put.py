"""A file to be put on targets, as text: what an approval of it binds, and what is said about its risk.

The text is the command of an order whose shell is `PUT`. No interpreter reads it: the content is kept apart, named by
its sha256, so that what was approved is exactly what is sent.
"""

from __future__ import annotations

import json
import posixpath
from dataclasses import asdict, dataclass

from opsterm.core import lean_re as re
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.policy.secret_paths import has_secret_name

PUT = "put"
"""The word of `SHELLS_OF_PROTOCOL` for it."""

KEEP = "keep"
"""Mode or owner of the file that is replaced; for a new file mode DEFAULT_MODE and the account's own."""

DEFAULT_MODE = "0644"
NAME_BYTES = 255
PATH_BYTES = 4095

_MODE = re.compile(r"[0-7]{4}")
_ACCOUNT = r"(?:[A-Za-z_][A-Za-z0-9_.@-]{0,63}\$?|[0-9]{1,10})"
_OWNER = re.compile(rf"{_ACCOUNT}(?::{_ACCOUNT})?|:{_ACCOUNT}")
_SHA256 = re.compile("[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePut:
    """One file, and where it goes. Make it with `file_put` or `parse_put`, which check it.

    Attributes:
        path: absolute, without `.` and `..`.
        size: bytes.
        sha256: of the content, 64 hex digits.
        mode: four octal digits, or KEEP.
        owner: "user", "user:group", ":group" (names or numbers), or KEEP.
        source: name of the file it was taken from; only said.
    """

    path: str
    size: int
    sha256: str
    mode: str
    owner: str
    source: str

    def text(self) -> str:
        """Return the one text for it: the word put and a line of JSON in ASCII, keys in this order."""
        return f"{PUT} {json.dumps(asdict(self), ensure_ascii=True)}"


def file_put(
    path: str, *, size: int, sha256: str, mode: str = "", owner: str = "", source: str = ""
) -> FilePut:  # fmt: skip
    """Return a description of a file that goes to a path, checked and in its plain form.

    Args:
        path: where it goes, absolute.
        size: bytes.
        sha256: of the content.
        mode: as in "644" or "0644"; "" for KEEP.
        owner: as in "root:adm"; "" for KEEP.
        source: name of the local file.

    Raises:
        BadInput: one of them cannot be used.
    """
    said = FilePut(
        path=_checked_path(path), size=size, sha256=sha256, mode=_checked_mode(mode or KEEP), owner=owner or KEEP,
        source=clean_line(posixpath.basename(source), limit=NAME_BYTES),
    )  # fmt: skip
    if said.owner != KEEP and not _OWNER.fullmatch(said.owner):
        raise BadInput(
            f"{clean_line(owner, limit=80)!r} is no owner.", next_step="Write it as in root, root:adm or 0:0."
        )
    if size < 0 or not _SHA256.fullmatch(sha256):
        raise BadInput("A content is named by its size and the 64 hex digits of its sha256.")
    return said


def parse_put(text: str) -> FilePut:
    """Return what a text describes.

    Raises:
        BadInput: it is not the one text that `FilePut.text` gives for what it says.
    """
    wrong = BadInput(
        "This is no description of a file to be put.",
        next_step="`opsterm put FILE --on SELECTOR --to PATH` makes one; propose it that way.",
    )
    word, _, written = text.partition(" ")
    if word != PUT:
        raise wrong
    try:
        said = json.loads(written)
        if not isinstance(said, dict) or type(said["size"]) is not int:
            raise wrong
        found = file_put(**said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise wrong from error
    if found.text() != text:
        raise wrong
    return found


def _checked_path(path: str) -> str:
    shown = clean_line(path, limit=200)
    if not path.startswith("/"):
        raise BadInput(f"{shown!r} is no whole path.", next_step="Write where the file goes from / on.")
    if _CONTROL.search(path):
        raise BadInput(f"{shown!r} holds a control character.", next_step="Give a path without it.")
    try:
        names = [part.encode() for part in path.split("/")]
    except UnicodeEncodeError as error:
        raise BadInput(f"{shown!r} has no UTF-8 form.", next_step="Give another path.") from error
    if path.rpartition("/")[2] in ("", ".", ".."):
        raise BadInput(
            f"{shown!r} names a folder.", next_step="Write the name that the file is to have as well."
        )  # fmt: skip
    if ".." in path.split("/"):
        raise BadInput(f"{shown!r} goes up through `..`.", next_step="Write the path without it.")
    if max(map(len, names)) > NAME_BYTES or sum(map(len, names)) + len(names) > PATH_BYTES:
        raise BadInput(f"{shown!r} is too long for a path.", next_step="A name has 255 bytes at most.")
    return posixpath.normpath("/" + path.lstrip("/"))


def _checked_mode(mode: str) -> str:
    digits = mode if mode == KEEP else mode.removeprefix("0o").rjust(4, "0")
    if digits != KEEP and not _MODE.fullmatch(digits):
        raise BadInput(f"{clean_line(mode, limit=20)!r} is no mode.", next_step="Write it in octal, as in 0644.")
    return digits


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
    """Return why putting a file is a risk, the weightiest first; never empty. Never raises."""
    try:
        put = parse_put(text)
    except BadInput as error:
        return (error.what,)
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
    return (*reasons, f"It replaces {put.path}, or makes it; what was there is not kept.")
