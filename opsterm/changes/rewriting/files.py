"""Rewriting what deletes and overwrites files."""

from __future__ import annotations

import posixpath
import shlex
from typing import Final

from opsterm.changes.rewriting.written_command import Replacement, WrittenCommand
from opsterm.changes.way_back.call import ASIDE
from opsterm.policy.preview.paths import NotKnown, place_named

_RM_FLAGS: Final = frozenset(
    {"-r", "-R", "-f", "-v", "-rf", "-fr", "-Rf", "-fR", "-rfv", "--recursive", "--force", "--verbose"}
)
_NOT_THERE: Final = frozenset({"", "proc", "sys", "dev", "run"})
"""First parts of paths where nothing is moved aside; "" is the root folder."""


def moved_aside(part: WrittenCommand) -> Replacement | None:
    """Move what `rm` would delete into a new folder beside it."""
    above = _by_folder(part) if part.flags <= _RM_FLAGS else {}
    if not above:
        return None
    told = "-v " if {"-v", "--verbose"} & part.flags else ""
    texts, folders = [], []
    for folder, named in above.items():
        aside = posixpath.join(folder, f".removed-{part.stamp}")
        into = aside if folder.startswith("~") else shlex.quote(aside)
        folders.append(into)
        texts.append(f"mkdir -m 700 -- {into}")
        surely = [one for one, may_miss in named if not may_miss]
        if surely:
            texts.append(f"mv {told}-- {' '.join(surely)} {into}/")
        texts += [
            f"{{ [ ! -e {one} ] && [ ! -L {one} ] || mv {told}-- {one} {into}/; }}"
            for one, may_miss in named
            if may_miss
        ]
    gone = f"Nothing is deleted, and no room is freed, until somebody runs: rm -rf -- {' '.join(folders)}"
    back = "opsterm rollback moves it back, whatever its size."
    return Replacement(text=" && ".join(texts), says=(gone, back) if part.kept else (gone,))


def _by_folder(part: WrittenCommand) -> dict[str, list[tuple[str, bool]]]:
    """Return what is named, by the folder it is in: how it is written, and whether it is no fault if it is missing.

    {} when there is a word that is not a place in a folder where something can be moved aside.
    """
    above: dict[str, list[tuple[str, bool]]] = {}
    forced = bool({"-f", "--force"} & part.flags)
    for word, written in part.operands():
        bare = word.rstrip("/")
        try:
            place = place_named(bare, part.wording)
        except NotKnown:
            return {}
        folder = place.path if place.pattern else posixpath.dirname(posixpath.normpath(place.path))
        inside = folder.startswith("/") and folder.split("/")[1] in _NOT_THERE
        if ASIDE.fullmatch(posixpath.basename(bare)):
            return {}  # it was moved aside already, and is to free its room now
        if inside or posixpath.basename(posixpath.normpath(bare)) in (".", ".."):
            return {}
        shown = written.rstrip("/") if written == word else written
        above.setdefault(posixpath.dirname(bare), []).append((shown, forced and not place.pattern))
    return above


def with_backup(part: WrittenCommand) -> Replacement | None:
    """Let `rsync --delete` keep what it deletes and overwrites in a folder beside its target."""
    deletes = any(word.startswith("--del") for word in part.words)
    keeps = part.flags & {"-b", "--backup", "--backup-dir", "-n", "--dry-run"}
    *_, (target, written) = part.operands() or [("", "")]
    folder, name = posixpath.split(target.rstrip("/"))
    if not deletes or keeps or ":" in target or not target.startswith("/") or written != target or not name:
        return None
    aside = posixpath.join(folder, f".{name}-before-{part.stamp}")
    first, *others = part.written
    return Replacement(
        text=" ".join([first, "--backup", f"--backup-dir={shlex.quote(aside)}", *others]),
        says=(f"What it deletes and overwrites is kept until somebody runs: rm -rf -- {shlex.quote(aside)}",),
        single=True,
    )


def copy_beside(part: WrittenCommand) -> Replacement | None:
    """Let `sed -i` keep a copy, where nothing else does."""
    if part.kept or "-i" not in part.words:
        return None
    at = part.words.index("-i")
    text = " ".join([*part.written[:at], f"-i.{part.stamp}", *part.written[at + 1 :]])
    return Replacement(text=text, says=(f"What was there stays beside each file, as FILE.{part.stamp}.",), single=True)


def table_printed(part: WrittenCommand) -> Replacement | None:
    """Print the table into a file before `crontab -r`, where nothing else keeps it."""
    if part.kept or not {"-r"} & part.flags:
        return None
    shown = " ".join(word for word in part.written[1:] if word != "-r")
    file = f"./crontab-{part.stamp}"
    return Replacement(
        text=f"{part.written[0]} {f'{shown} ' if shown else ''}-l > {file} && {' '.join(part.written)}",
        says=(f"The table is kept in {file[2:]}, in the folder where a session begins.",),
    )


def stashed(part: WrittenCommand) -> Replacement | None:
    """Put uncommitted work aside before `git reset --hard`."""
    operands = [word for word, _ in part.operands()]
    if "--hard" not in part.flags or "reset" not in operands:
        return None
    before = " ".join(part.written[: part.words.index("reset")])
    return Replacement(
        text=f"{before} stash push --message before-{part.stamp} && {' '.join(part.written)}",
        says=(f"Uncommitted work is put aside and comes back with: {before} stash pop",),
    )
