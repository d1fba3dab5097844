"""What whoever approves a file or a folder sees: the contents to the letter, and how they differ from what is there.

Of a folder all files are listed; their contents are shown as far as anybody reads them, and the rest each by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opsterm.changes.text_difference import SHOWN_LINES, lines_of
from opsterm.core.text import clean_line, shown_exactly
from opsterm.core.units import bytes_text
from opsterm.policy.file_put import KEEP, FilePut
from opsterm.policy.tree_put import TreePut

SHOWN_BYTES = 100_000
SHOWN_TREE_LINES = 2_000
"""Lines of contents and differences of a folder's files, taken together."""
HEAD_BYTES = 128
SAME, NEW, REPLACED = "the same", "new", "replaced"
"""What becomes of a file of a folder."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeReview:
    """A folder that is to be put.

    Attributes:
        tree: what the order says of it.
        files: reviews of its first files, in their order, as many as are read by anybody.
        fates: path of a file -> what becomes of it, as in "new" or "replaced"; empty when nobody looked.
        there: a sentence about what is there, "" when nobody looked.
    """

    tree: TreePut
    files: tuple[PutReview, ...]
    fates: Mapping[str, str] = field(default_factory=dict)
    there: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadReview:
    """Files that a request sends; the path of each is the name of its field."""

    files: tuple[PutReview, ...]


ContentReview = PutReview | TreeReview | UploadReview


def lines_shown(review: PutReview) -> int:
    """Return how many lines a file of a folder takes: its difference where there is one, else its content."""
    return len(review.difference) or len(review.head) or review.text.count("\n") + 1


def review_rows(review: ContentReview) -> Sequence[tuple[str, str]]:
    """Return labels and texts of a review, for a face to lay out."""
    if isinstance(review, UploadReview):
        return [row for one in review.files for row in _upload_rows(one)]
    return _file_rows(review) if isinstance(review, PutReview) else _tree_rows(review)


def _tree_rows(review: TreeReview) -> Sequence[tuple[str, str]]:
    tree = review.tree
    count, below = len(tree.files), len(tree.folders)
    owner = "as what is there, else the account's own" if tree.owner == KEEP else tree.owner
    parts = [
        clean_line(tree.folder), f"{count} file{'s' * (count != 1)}", f"{below} folder{'s' * (below != 1)} below",
        f"{bytes_text(tree.size)} ({tree.size} bytes)", f"owner {owner}",
    ]  # fmt: skip
    parts += [f"from {clean_line(tree.source, limit=80)}"] if tree.source else []
    width = max(map(len, review.fates.values()), default=0)
    listed = [
        f"{review.fates.get(put.path, ''):{width}}  {put.mode}  {bytes_text(put.size):>8}  {shown_exactly(one.path)}"
        for put, one in zip(tree.puts(), tree.files, strict=True)
    ]
    rows = [("folder", " · ".join(parts))]
    rows += [("there", review.there)] if review.there else []
    rows.append(("files", "\n".join(line.strip() for line in listed)))
    for one in review.files:
        rows += _rows_of_one(one, tree.folder, review.fates.get(one.put.path, ""))
    unseen = count - len(review.files)
    if unseen > 0:
        rows.append(("unseen", f"the contents of {unseen} more files: `opsterm change ID --file PATH` shows each"))
    return rows


def _rows_of_one(one: PutReview, folder: str, fate: str) -> Sequence[tuple[str, str]]:
    """Return the rows of one file of a folder: of one that is replaced by another text, how the two differ."""
    name = shown_exactly(one.put.path.removeprefix(f"{folder}/"))
    rows = [("file", " · ".join(filter(None, (name, fate, one.there))))]
    if one.difference:
        return [*rows, ("differs", "\n".join(one.difference))]
    return [*rows, *(row for row in _file_rows(one) if row[0] == "content" and fate != SAME)]


def _upload_rows(one: PutReview) -> Sequence[tuple[str, str]]:
    put = one.put
    size = f"{bytes_text(put.size)} ({put.size} bytes)"
    said = ("file", f"{shown_exactly(put.source)} · {size} · as the field {shown_exactly(put.path)}")
    return [said, *(row for row in _file_rows(one) if row[0] in ("sha256", "content"))]


def _file_rows(review: PutReview) -> Sequence[tuple[str, str]]:
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
