"""A folder to be put on targets, as text: every file by path, mode, size and hash, so that one approval binds all.

    put-tree {"folder": "/srv/app", "mode": "0755", "owner": "keep", "source": "app", "files": 1, "size": 12}
    0755 folder "conf"
    0644 12 <64 hex digits of its sha256> "conf/app.conf"

The lines are in the order of the paths, which are below the folder; a path is a string of JSON in ASCII, so that no
name is more than one line or another than it seems. The contents are kept apart, as for one file.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.policy.file_put import KEEP, NAME_BYTES, FilePut, checked_mode, checked_owner, checked_path, file_put
from opsterm.policy.order import COMMAND_BYTES

TREE = "put-tree"
"""The first word of the text; its shell is that of one file."""

_HEAD_KEYS = ("folder", "mode", "owner", "source", "resume")
_FOLDER = re.compile(r'([0-7]{4}) folder (".*")')
_FILE = re.compile(r'([0-7]{4}|keep) ([0-9]{1,15}) ([0-9a-f]{64}) (".*")')


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFolder:
    """A folder below: `path` from the folder on, `mode` in four octal digits for when it is made."""

    path: str
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFile:
    """A file below.

    Attributes:
        path: from the folder on.
        mode: four octal digits, or KEEP.
        size: bytes.
        sha256: of the content.
    """

    path: str
    mode: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TreePut:
    """A folder, and where it goes. Make it with `tree_put` or `parse_tree`, which check it.

    Attributes:
        folder: absolute; made when it is missing. What else is in it is left alone.
        mode: of the folder when it is made, four octal digits.
        owner: of every file, and of folders that are made; KEEP for that of a replaced file, or the account's own.
        source: name of the folder it was taken from; only said.
        folders: below it, by path, so parents come first; one that is there keeps its mode and owner.
        files: by path; at least one.
        resume: as in `FilePut`.
    """

    folder: str
    mode: str
    owner: str
    source: str
    folders: tuple[TreeFolder, ...]
    files: tuple[TreeFile, ...]
    resume: bool = False

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in self.files)

    def text(self) -> str:
        """Return the one text for it."""
        head: dict[str, object] = {"folder": self.folder, "mode": self.mode, "owner": self.owner, "source": self.source}
        head |= {"files": len(self.files), "size": self.size} | ({"resume": True} if self.resume else {})
        lines = [f"{TREE} {json.dumps(head)}"]
        lines += [f"{one.mode} folder {json.dumps(one.path)}" for one in self.folders]
        lines += [f"{one.mode} {one.size} {one.sha256} {json.dumps(one.path)}" for one in self.files]
        return "\n".join(lines)

    def puts(self) -> tuple[FilePut, ...]:
        """Return each file as one that is put by itself."""
        return tuple(
            FilePut(
                path=posixpath.join(self.folder, one.path), size=one.size, sha256=one.sha256, mode=one.mode,
                owner=self.owner, source="", resume=self.resume,
            )
            for one in self.files
        )  # fmt: skip


def tree_put(
    folder: str, *, folders: Iterable[TreeFolder], files: Iterable[TreeFile], mode: str, owner: str = "",
    source: str = "", resume: bool = False,
) -> TreePut:  # fmt: skip
    """Return a description of a folder that goes to a path, checked and in its plain form.

    Args:
        folder: where it goes, absolute.
        folders: below it, in any order; each folder above a file has to be among them.
        files: below it, in any order.
        mode: of the folder itself.
        owner: as in "root:adm"; "" for KEEP.
        source: name of the local folder.
        resume: as in `FilePut`.

    Raises:
        BadInput: one of them cannot be used, or all of them are more than an approval shows.
    """
    where = checked_path(folder)
    made = TreePut(
        folder=where, mode=_folder_mode(mode), owner=checked_owner(owner or KEEP),
        source=clean_line(posixpath.basename(source), limit=NAME_BYTES),
        folders=tuple(sorted((_checked_folder(where, one) for one in folders), key=lambda one: one.path)),
        files=tuple(sorted((_checked_file(where, one) for one in files), key=lambda one: one.path)), resume=resume,
    )  # fmt: skip
    if not made.files:
        raise BadInput("There is no file in this folder.", next_step="Put a folder with at least one file.")
    _require_tree(made)
    return made


def require_short(tree: TreePut) -> None:
    """Refuse what is more than an approval shows. Raises BadInput."""
    if len(tree.text()) > COMMAND_BYTES:
        raise BadInput(
            f"This folder is more than one approval holds: {len(tree.files):,} files.",
            why=f"The list of them may have {COMMAND_BYTES:,} bytes, which is some 800 files.",
            next_step="Put folders of it one by one, or pack it: put the pack, and propose to unpack it.",
        )


def parse_tree(text: str) -> TreePut:
    """Return what a text describes.

    Raises:
        BadInput: it is not the one text that `TreePut.text` gives for what it says.
    """
    wrong = BadInput(
        "This is no description of a folder to be put.",
        next_step="`opsterm put -r FOLDER --on SELECTOR --to PATH` makes one; propose it that way.",
    )
    first, *lines = text.split("\n")
    word, _, head = first.partition(" ")
    try:
        said = json.loads(head)
        if word != TREE or not isinstance(said, dict) or type(said.get("resume", False)) is not bool:
            raise wrong
        folders = [match for line in lines if (match := _FOLDER.fullmatch(line))]
        files = [match for line in lines if (match := _FILE.fullmatch(line))]
        found = tree_put(
            **{key: said[key] for key in _HEAD_KEYS if key in said},
            folders=[TreeFolder(mode=one[1], path=_read(one[2])) for one in folders],
            files=[TreeFile(mode=m[1], size=int(m[2]), sha256=m[3], path=_read(m[4])) for m in files],
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise wrong from error
    if found.text() != text:
        raise wrong
    return found


def _read(written: str) -> str:
    """Return the text of a string of JSON. Raises ValueError, TypeError."""
    path = json.loads(written)
    if not isinstance(path, str):
        raise TypeError(written)
    return path


def _checked_file(folder: str, one: TreeFile) -> TreeFile:
    _require_below(folder, one.path)
    put = file_put(f"{folder}/{one.path}", size=one.size, sha256=one.sha256, mode=one.mode)
    return TreeFile(path=one.path, mode=put.mode, size=put.size, sha256=put.sha256)


def _checked_folder(folder: str, one: TreeFolder) -> TreeFolder:
    _require_below(folder, one.path)
    return TreeFolder(path=one.path, mode=_folder_mode(one.mode))


def _require_below(folder: str, path: str) -> None:
    """Refuse a path that is not below a folder in its plain form."""
    whole = f"{folder}/{path}"
    if checked_path(whole) != whole:
        raise BadInput(f"{clean_line(path, limit=200)!r} is no plain path below {folder}.")


def _folder_mode(mode: str) -> str:
    digits = checked_mode(mode)
    if digits == KEEP or int(digits, 8) & 0o700 != 0o700:
        raise BadInput(f"{clean_line(mode, limit=20)!r} is no mode of a folder that files can be put in.")
    return digits


def _require_tree(tree: TreePut) -> None:
    """Refuse what is no tree: a name twice, or something in a folder that is not told of."""
    paths = [one.path for one in tree.folders] + [one.path for one in tree.files]
    if len(set(paths)) != len(paths):
        raise BadInput("A path is in this folder twice.")
    known = {"", *(one.path for one in tree.folders)}
    stranger = next((path for path in paths if posixpath.dirname(path) not in known), "")
    if stranger:
        raise BadInput(f"{clean_line(stranger, limit=200)!r} is in a folder that is not among those that are put.")
