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
        resume: whether what was sent stays when it breaks off, and is gone on with by the next that says the same.
    """

    path: str
    size: int
    sha256: str
    mode: str
    owner: str
    source: str
    resume: bool = False

    def text(self) -> str:
        """Return the one text for it: the word put and a line of JSON in ASCII, keys in this order."""
        said = asdict(self)
        if not self.resume:
            del said["resume"]
        return f"{PUT} {json.dumps(said, ensure_ascii=True)}"


def file_put(
    path: str, *, size: int, sha256: str, mode: str = "", owner: str = "", source: str = "", resume: bool = False
) -> FilePut:  # fmt: skip
    """Return a description of a file that goes to a path, checked and in its plain form.

    Args:
        path: where it goes, absolute.
        size: bytes.
        sha256: of the content.
        mode: as in "644" or "0644"; "" for KEEP.
        owner: as in "root:adm"; "" for KEEP.
        source: name of the local file.
        resume: as in `FilePut`.

    Raises:
        BadInput: one of them cannot be used.
    """
    said = FilePut(
        path=checked_path(path), size=size, sha256=sha256, mode=checked_mode(mode or KEEP),
        owner=checked_owner(owner or KEEP), source=clean_line(posixpath.basename(source), limit=NAME_BYTES),
        resume=resume,
    )  # fmt: skip
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
        if not isinstance(said, dict) or type(said["size"]) is not int or type(said.get("resume", False)) is not bool:
            raise wrong
        found = file_put(**said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise wrong from error
    if found.text() != text:
        raise wrong
    return found


def checked_path(path: str) -> str:
    """Return where a file goes in its plain form. Raises BadInput for what names no file from / on."""
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


def checked_mode(mode: str) -> str:
    """Return a mode as four octal digits, or KEEP. Raises BadInput."""
    digits = mode if mode == KEEP else mode.removeprefix("0o").rjust(4, "0")
    if digits != KEEP and not _MODE.fullmatch(digits):
        raise BadInput(f"{clean_line(mode, limit=20)!r} is no mode.", next_step="Write it in octal, as in 0644.")
    return digits


def checked_owner(owner: str) -> str:
    """Return an owner as it was given, or KEEP. Raises BadInput."""
    if owner != KEEP and not _OWNER.fullmatch(owner):
        raise BadInput(
            f"{clean_line(owner, limit=80)!r} is no owner.", next_step="Write it as in root, root:adm or 0:0."
        )
    return owner
