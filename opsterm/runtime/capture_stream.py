"""Takes in what a target sends of its things: unpacks it and keeps contents as they come. Blocking, no loop."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass

from opsterm.changes.recovery.point import BLOCK_BYTES
from opsterm.changes.recovery.tar_stream import Member, MemberEnd, TarStream
from opsterm.core.errors import BadInput, Refused
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text
from opsterm.policy.mask import mask
from opsterm.runtime.ports_recovery import ContentIntake

SMALL_FILE_BYTES = 256 << 20
"""Bytes of one small file of the keeper, such as the list of all names below a place."""

_PREFACE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """An entry that came with its content.

    Attributes:
        member: what its archive says of it.
        sha256: of the content as it is in the archive, "" for what has none.
        blocks: the contents in which it is kept.
    """

    member: Member
    sha256: str
    blocks: tuple[str, ...]

    @property
    def path(self) -> str:
        """Its absolute path; bytes that are no UTF-8 as surrogates."""
        return "/" + self.member.name.lstrip(b"/").decode("utf-8", "surrogateescape")


class CaptureStream:
    """One answer of a target to a `CaptureScript`.

    Args:
        intake: keeps what comes; None: only what is said of it is wanted.
        all_comes: whether the contents of everything are sent, so that all of it has to have room here.
        limit_kb: kilobytes that it may have on the target; 0 for any.

    Attributes:
        files: the small files, by the number of the thing and their name.
        arrived: entries with content, by the number of the thing, in their order.
        received: bytes that came over the line.
    """

    def __init__(self, intake: ContentIntake | None, *, all_comes: bool = False, limit_kb: int = 0) -> None:
        self.files: dict[int, dict[str, bytes]] = {}
        self.arrived: dict[int, list[Arrived]] = {}
        self.received = 0
        self._intake = intake
        self._all_comes = all_comes
        self._limit_kb = limit_kb
        self._preface = b""
        self._prefix = b""
        self._failure = ""
        self._size_kb = 0
        self._inflate: zlib._Decompress | None = None
        self._streams = False
        self._tar = TarStream()
        self._of = 0
        self._complete = False
        self._member: Member | None = None
        self._buffer = bytearray()
        self._blocks: list[str] = []
        self._hash = hashlib.sha256()

    def require_whole(self, name: str) -> None:
        """See that all of it came.

        Args:
            name: of the target, for the message.

        Raises:
            Refused: the target could not keep or send it.
        """
        if not self._complete:
            raise Refused(
                f"The state of {name} was not taken.",
                why=self._failure or "What it sent ended too early.",
                next_step="Mend that and take it again; nothing was changed there, and nothing is kept here.",
            )

    def take(self, data: bytes) -> None:
        """Take a piece in. Raises BadInput, StorageFull, StorageError."""
        self.received += len(data)
        if not self._streams:
            data = self._read_preface(data)
            if not self._streams:
                return
        plain = data if self._inflate is None else self._unpacked(data)
        for told in self._tar.take(plain):
            if isinstance(told, Member):
                self._begin(told)
            elif isinstance(told, MemberEnd):
                self._end()
            else:
                self._content(told)

    def _read_preface(self, data: bytes) -> bytes:
        """Read lines up to the one behind which the stream begins; return what follows it."""
        self._preface += data
        while not self._streams:
            line, newline, rest = self._preface.partition(b"\n")
            if len(line) > _PREFACE_BYTES:
                raise BadInput("The target says other things than the state that it was asked for.")
            if not newline:
                return b""
            self._preface = rest
            word, *fields = line.decode("utf-8", "replace").split("\t")
            if word == "failed" and len(fields) > 1:
                self._failure = mask(clean_line(fields[1], limit=400))[0]
            elif word == "size" and len(fields) > 1 and fields[1].isdigit():
                self._size_kb += int(fields[1])
            elif word == "stream" and len(fields) > 1:
                self._prefix = fields[1].encode() + b"/"
                self._inflate = zlib.decompressobj(31) if fields[0] == "gzip" else None
                self._streams = True
                self._require_room()
        rest, self._preface = self._preface, b""
        return rest

    def _require_room(self) -> None:
        """See that what comes is within the limit, and has room here. Raises Refused, StorageFull."""
        if self._limit_kb and self._size_kb > self._limit_kb:
            raise Refused(
                f"It has {bytes_text(self._size_kb * 1024)}; {bytes_text(self._limit_kb * 1024)} are taken at most.",
                next_step="recovery.copy_limit_mb sets how much is copied to this host before a change.",
            )
        if self._intake is not None:
            self._intake.require_room(self._size_kb * 1024 if self._all_comes else 0)

    def _unpacked(self, data: bytes) -> bytes:
        if self._inflate is None or self._inflate.eof:
            return b""
        try:
            return self._inflate.decompress(data)
        except zlib.error as error:
            raise BadInput("What came is not packed by gzip.", next_step="Take it again.") from error

    def _begin(self, member: Member) -> None:
        self._member, self._buffer, self._blocks, self._hash = member, bytearray(), [], hashlib.sha256()

    def _small(self, member: Member) -> str:
        """Return the name of a small file below the point, "" for an entry of a thing."""
        return member.name[len(self._prefix) :].decode("utf-8", "replace") if self._is_ours(member) else ""

    def _is_ours(self, member: Member) -> bool:
        return member.name.startswith(self._prefix) and not member.name.startswith(b"/")

    def _content(self, piece: bytes) -> None:
        member = self._member
        if member is None:
            return
        self._buffer += piece
        if self._is_ours(member):
            if len(self._buffer) > SMALL_FILE_BYTES:
                raise BadInput("The target sends more about its files than is taken in.", next_step="Name less.")
            return
        self._hash.update(piece)
        while len(self._buffer) >= BLOCK_BYTES:
            self._keep(BLOCK_BYTES)

    def _keep(self, size: int) -> None:
        if self._intake is not None:
            self._blocks.append(self._intake.add(bytes(self._buffer[:size])))
        del self._buffer[:size]

    def _end(self) -> None:
        member, self._member = self._member, None
        if member is None:
            return
        if self._is_ours(member):
            self._end_small(self._small(member))
        elif self._of:
            if self._buffer:
                self._keep(len(self._buffer))
            sha256 = self._hash.hexdigest() if member.kind in "07" else ""
            arrived = Arrived(member=member, sha256=sha256, blocks=tuple(self._blocks))
            self.arrived.setdefault(self._of, []).append(arrived)

    def _end_small(self, name: str) -> None:
        data = bytes(self._buffer)
        number, _, file = name.partition("/")
        if name == "sending":
            self._of = int(data) if data.strip().isdigit() else 0
        elif name == "sent":
            self._complete = True
        elif number.isdigit() and file and "/" not in file:
            self.files.setdefault(int(number), {})[file] = data
