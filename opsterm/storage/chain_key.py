"""The key of the audit chain as it is now, and the first key until somebody takes it into safekeeping.

The key file holds the one key that seals the next entry; it is overwritten in place after each commit, so that no
earlier key is left in it. It may lag behind the database (a kill, a full disk): keys go forward, and the next writer
makes up for it. It is never ahead, unless somebody cut the chain or put an older database back.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from opsterm.core.errors import NotFound
from opsterm.core.secret import Secret
from opsterm.policy.chain import key_id
from opsterm.storage import private_file

_LENGTH = 12 + 1 + 64 + 1 + 64 + 1 + 16 + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """How far the chain is sealed.

    Attributes:
        n: entries that were sealed.
        head: hash of the last of them.
        key: seals the next one; not shown.
    """

    n: int
    head: bytes
    key: Secret


class ChainKey:
    """The two files. Blocking."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "audit.key"
        self.first_file = folder / "audit.first-key"

    def read(self) -> KeyState | None:
        """Return what the file holds, None when it is missing or spoilt. Raises OSError."""
        try:
            with self._opened(os.O_RDONLY, fcntl.LOCK_SH) as descriptor:
                return _state(os.pread(descriptor, _LENGTH, 0))
        except FileNotFoundError:
            return None

    def keep(self, state: KeyState) -> None:
        """Put a state in the place of an older one. Not forced to the disk: an older key leads to the same. OSError."""
        with self._opened(os.O_RDWR | os.O_CREAT, fcntl.LOCK_EX) as descriptor:
            os.pwrite(descriptor, _text(state), 0)

    def offer(self, first: bytes) -> None:
        """Keep a first key until it is taken. Raises StorageError."""
        private_file.replace(self.first_file, f"{key_id(first)} {first.hex()}\n".encode())

    def offered(self) -> bytes | None:
        """Return the first key that nobody has taken yet. Raises StorageError."""
        text = private_file.read(self.first_file)
        try:
            return bytes.fromhex(text.split()[1].decode()) if text else None
        except (ValueError, IndexError):
            return None

    def waiting(self) -> bytes:
        """Return the first key that waits to be taken.

        Raises:
            NotFound: there is none any more, or none yet.
        """
        first = self.offered()
        if first is None:
            raise NotFound(
                "There is no first key of the audit chain to show.",
                why="It was shown already, or nothing has been entered into the chain yet.",
                next_step="`opsterm audit status` says how it stands with the chain.",
            )
        return first

    def take(self) -> Secret:
        """Hand the first key out and forget it, once. Raises NotFound."""
        first = self.waiting()
        size = self.first_file.stat().st_size
        with suppress(OSError), self.first_file.open("r+b") as file:  # a copy-on-write disk may keep it all the same
            file.write(bytes(size))
            file.flush()
            os.fsync(file.fileno())
        self.first_file.unlink()
        return Secret(first.hex())

    @contextmanager
    def _opened(self, flags: int, lock: int) -> Iterator[int]:
        descriptor = os.open(self._file, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, lock)
            yield descriptor
        finally:
            os.close(descriptor)


def _text(state: KeyState) -> bytes:
    told = f"{state.n:012d} {state.head.hex()} {state.key.reveal()} "
    return f"{told}{sha256(told.encode()).hexdigest()[:16]}\n".encode()


def _state(text: bytes) -> KeyState | None:
    try:
        n, head, key, check = text.decode().split()
        if sha256(f"{n} {head} {key} ".encode()).hexdigest()[:16] != check:
            return None
        return KeyState(n=int(n), head=bytes.fromhex(head), key=Secret(key))
    except ValueError:
        return None
