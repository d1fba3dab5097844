"""What whoever approves a file sees of it: its content to the letter, and how it differs from what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.changes.text_difference import SHOWN_LINES, lines_of
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text
from opsterm.policy.file_put import KEEP, FilePut

SHOWN_BYTES = 100_000
HEAD_BYTES = 128
_ROW = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PutReview:
    """A file that is to be put.

    Attributes:
        put: what the order says of it.
        text: its lines, each character as it is or visible, the first SHOWN_LINES; "" for what is no text.
        more: lines that are not in `text`.
        head: the first bytes in hexadecimal digits, a row each, of what is no text or too large to be looked at.
        there: a sentence about the file that it would replace, "" when nobody looked.
        difference: against that file, as `diff -u` has it, each character as in `text`.
    """

    put: FilePut
    text: str
    more: int
    head: tuple[str, ...]
    there: str = ""
    difference: tuple[str, ...] = ()


def review_of(put: FilePut, data: bytes) -> PutReview:
    """Return what is seen of a content.

    Args:
        put: what the order says.
        data: the content; of one larger than SHOWN_BYTES its beginning will do.
    """
    lines = lines_of(data) if put.size <= SHOWN_BYTES else None
    if lines is None:
        return PutReview(put=put, text="", more=0, head=_head(data))
    text = "\n".join(lines[:SHOWN_LINES])
    return PutReview(put=put, text=text, more=max(0, len(lines) - SHOWN_LINES), head=())


def review_rows(review: PutReview) -> Sequence[tuple[str, str]]:
    """Return labels and texts of a review, for a face to lay out."""
    put = review.put
    mode = "as what is there, else 0644" if put.mode == KEEP else put.mode
    owner = "as what is there, else the account's own" if put.owner == KEEP else put.owner
    source = f" · from {clean_line(put.source, limit=80)}" if put.source else ""
    size = f"{bytes_text(put.size)} ({put.size} bytes)"
    rows = [
        ("file", f"{clean_line(put.path)} · {size} · mode {mode} · owner {owner}{source}"),
        ("sha256", put.sha256),
    ]
    if review.head:
        rows.append(("content", "\n".join(["no text that is shown whole; it begins with", *review.head])))
    else:
        more = f"\n… and {review.more} more lines" if review.more else ""
        rows.append(("content", f"{review.text}{more}" if put.size else "nothing: the file is empty"))
    if review.there:
        rows.append(("there", "\n".join([review.there, *review.difference])))
    return rows


def _head(data: bytes) -> tuple[str, ...]:
    first = data[:HEAD_BYTES]
    return tuple(
        f"{at:04x}  {first[at : at + _ROW].hex(' '):{_ROW * 3 - 1}}  "
        + "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in first[at : at + _ROW])
        for at in range(0, len(first), _ROW)
    )
