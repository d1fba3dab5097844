"""Seals what is kept, so that a copy of the folder tells nothing: AES-256-GCM (NIST SP 800-38D) over compressed bytes.

What a sealed text is about is associated data: none can be put in the place of another.
"""

from __future__ import annotations

import os
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from opsterm.core.errors import StorageError

KEY_BYTES = 32
_NONCE = 12
_PLAIN, _DEFLATED = b"\x00", b"\x01"
_LEVEL = 1
"""Of zlib: what is kept is written once while a target waits, and seldom read."""

_WORTH = 64
"""Bytes below which nothing is compressed."""

_POOR, _SAMPLE = 0.95, 1024
"""What shrinks less than that was packed before, as its neighbours may be: of the next one so many bytes are tried."""


class SealedBox:
    """Seals and opens with one key.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._last_was_poor = False

    def seal(self, data: bytes, about: bytes) -> bytes:
        """Return `data` compressed, where that makes it smaller, and encrypted under a fresh nonce."""
        packed = self._packed(data)
        body = _DEFLATED + packed if len(packed) < len(data) else _PLAIN + data
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, body, about)

    def _packed(self, data: bytes) -> bytes:
        if len(data) < _WORTH:
            return data
        if self._last_was_poor and _is_poor(zlib.compress(data[:_SAMPLE], _LEVEL), min(len(data), _SAMPLE)):
            return data
        packed = zlib.compress(data, _LEVEL)
        self._last_was_poor = _is_poor(packed, len(data))
        return packed

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            StorageError: it was changed, is about something else, or was sealed with another key.
        """
        try:
            body = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
            return zlib.decompress(body[1:]) if body[:1] == _DEFLATED else body[1:]
        except (InvalidTag, ValueError, zlib.error) as error:
            raise StorageError(
                "A part of a recovery point cannot be opened.",
                why="It is damaged, or the key that it was kept with is another one.",
                next_step="See which points are whole: opsterm snapshot verify",
            ) from error


def _is_poor(packed: bytes, size: int) -> bool:
    return len(packed) > size * _POOR
