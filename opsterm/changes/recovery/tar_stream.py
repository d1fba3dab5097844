"""Archives of tar as they come, a piece at a time, without understanding more of them than where each entry ends.

The blocks before the content of an entry are kept as they are (its head), so that the archive can be put together
again byte for byte: access lists, attributes and holes are in there, in whatever way the tar of the target says them.
Archives may follow one another. Formats: ustar with the extensions of pax and GNU (POSIX.1-2017, "pax"; tar(5)).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opsterm.core.errors import BadInput

BLOCK = 512
_META = b"xgLK"
"""Kinds of entries whose content is about the next one."""

META_LIMIT = 1 << 20
_NO_CONTENT = b"123456"
"""Links, devices, folders and pipes: whatever size is said, nothing follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An entry of an archive; its content follows.

    Attributes:
        name: as it is in the archive, without a slash at its end.
        kind: the letter of its type: "0" a file, "1" a second name, "2" a symbolic link, "5" a folder.
        size: bytes of content in the archive.
        head: all blocks before it.
        mode, user, group, changed_at: rights, numbers of the owners, and time in whole epoch seconds.
        link: what it points to, for links.
        sparse: whether its content leaves out holes, so that it is not what a reader of the file sees.
    """

    name: bytes
    kind: str
    size: int
    head: bytes
    mode: int
    user: int
    group: int
    changed_at: int
    link: bytes
    sparse: bool


@dataclass(frozen=True, slots=True)
class MemberEnd:
    """All of an entry's content has come."""


Told = Member | bytes | MemberEnd
END = MemberEnd()


class TarStream:
    """Takes archives in."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._head = b""
        self._meta: dict[str, bytes] = {}
        self._content = 0
        self._padding = 0
        self._inside = False

    @property
    def is_between(self) -> bool:
        """Whether no entry has begun that has not ended."""
        return not self._inside and not self._head and not self._waiting.strip(b"\0")

    def take(self, data: bytes) -> Iterator[Told]:
        """Yield what comes with a piece: members, pieces of their content, and their ends.

        Raises:
            BadInput: it is no archive.
        """
        self._waiting += data
        at = 0
        try:
            while True:
                if self._inside:
                    piece = bytes(self._waiting[at : at + self._content])
                    at += len(piece)
                    self._content -= len(piece)
                    if piece:
                        yield piece
                    if self._content or len(self._waiting) - at < self._padding:
                        return
                    at += self._padding
                    self._inside, self._padding = False, 0
                    yield END
                step = self._header(at)
                if step == 0:
                    return
                at += step
                if self._inside:
                    yield self._member()
        finally:
            del self._waiting[:at]

    def _header(self, at: int) -> int:
        """Take a header, with what it says of the next one; return its bytes, 0 while they have not come."""
        block = bytes(self._waiting[at : at + BLOCK])
        if len(block) < BLOCK:
            return 0
        if not block.strip(b"\0"):
            return BLOCK  # the end of an archive, or what fills it up
        _check(block)
        kind, size = block[156:157], _number(block[124:136])
        if kind in _META:
            whole = size + -size % BLOCK
            if size > META_LIMIT:
                raise BadInput("What came is no archive: a description in it is too long.")
            if len(self._waiting) - at < BLOCK + whole:
                return 0
            text = bytes(self._waiting[at + BLOCK : at + BLOCK + size])
            self._head += bytes(self._waiting[at : at + BLOCK + whole])
            self._meta |= _records(text) if kind in b"xg" else {_LONG[kind]: text.rstrip(b"\0")}
            return BLOCK + whole
        self._head += block
        self._content = int(self._meta.get("size", size)) if kind not in _NO_CONTENT else 0
        self._padding = -self._content % BLOCK
        self._inside = True
        return BLOCK

    def _member(self) -> Member:
        head, meta = self._head, self._meta
        self._head, self._meta = b"", {}
        block = head[-BLOCK:]
        prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else b""
        name = meta.get("GNU.sparse.name") or meta.get("path") or b"/".join(filter(None, [prefix, _text(block[:100])]))
        return Member(
            name=name.rstrip(b"/") or b"/", kind=chr(block[156]) if block[156] else "0", size=self._content, head=head,
            mode=_number(block[100:108]) & 0o7777, user=int(meta.get("uid", _number(block[108:116]))),
            group=int(meta.get("gid", _number(block[116:124]))),
            changed_at=int(meta.get("mtime", b"%d" % _number(block[136:148])).partition(b".")[0]),
            link=meta.get("linkpath") or _text(block[157:257]),
            sparse=block[156:157] == b"S" or any(key.startswith("GNU.sparse") for key in meta),
        )  # fmt: skip


_LONG = {b"L": "path", b"K": "linkpath"}


def _check(block: bytes) -> None:
    said = _number(block[148:156])
    if sum(block) - sum(block[148:156]) + 8 * 32 != said:
        raise BadInput("What came is no archive: the sum of a header is wrong.")


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _number(field: bytes) -> int:
    """Return a number in octal, or in base 256 when its first bit is set."""
    if field[:1] and field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    try:
        return int(_text(field).strip() or b"0", 8)
    except ValueError as error:
        raise BadInput("What came is no archive: a number in a header cannot be read.") from error


def _records(text: bytes) -> dict[str, bytes]:
    """Return what a description of pax says: lines of "LENGTH KEY=VALUE", the length that of the whole line."""
    found: dict[str, bytes] = {}
    while text:
        length, _, _ = text.partition(b" ")
        if not length.isdigit() or not len(length) + 1 < int(length) <= len(text):
            raise BadInput("What came is no archive: a description in it cannot be read.")
        key, _, value = text[len(length) + 1 : int(length) - 1].partition(b"=")
        found[key.decode("utf-8", "replace")] = value
        text = text[int(length) :]
    return found
