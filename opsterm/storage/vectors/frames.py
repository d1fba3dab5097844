"""What goes over the pipe to a child: a head that is JSON, and bytes, each with its length before it."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

LENGTHS = struct.Struct("<II")
HEAD_LIMIT = 8_000_000
BODY_LIMIT = 64_000_000
"""Bytes of a frame; one that claims more is no frame of ours."""

Head = Mapping[str, Any]
"""Any: whatever JSON holds; each side takes what it needs by name and fails loudly when it is not there."""


class BadFrame(Exception):
    """What came is no frame."""


def pack(head: Head, body: bytes = b"") -> bytes:
    """Return a frame. Raises BadFrame when it would be too long."""
    data = json.dumps(head).encode()
    _check(len(data), len(body))
    return LENGTHS.pack(len(data), len(body)) + data + body


def lengths(data: bytes) -> tuple[int, int]:
    """Return how long head and body are. Raises BadFrame."""
    head, body = LENGTHS.unpack(data)
    _check(head, body)
    return head, body


def head_of(data: bytes) -> Head:
    """Return a head. Raises BadFrame."""
    try:
        head = json.loads(data)
    except ValueError as error:
        raise BadFrame("the head is no JSON") from error
    if not isinstance(head, dict):
        raise BadFrame("the head is no object")
    return head


def read(source: BinaryIO) -> tuple[Head, bytes] | None:
    """Return the next frame, None at the end. Blocking. Raises BadFrame."""
    start = source.read(LENGTHS.size)
    if len(start) < LENGTHS.size:
        return None
    head_length, body_length = lengths(start)
    head, body = source.read(head_length), source.read(body_length)
    if len(head) < head_length or len(body) < body_length:
        return None
    return head_of(head), body


def _check(head: int, body: int) -> None:
    if head > HEAD_LIMIT or body > BODY_LIMIT:
        raise BadFrame(f"a frame of {head:,} and {body:,} bytes is too long")
