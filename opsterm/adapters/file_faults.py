"""Why a file could not be read or put, in sentences: what a server says is one word, the rest is looked up."""

from __future__ import annotations

import contextlib
import posixpath

from opsterm.adapters.file_place import FilePlace, PlaceError, PlaceTrouble
from opsterm.core.errors import BadInput, NotFound, OpstermError, Refused
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text
from opsterm.policy.file_put import FilePut

LEAST_FREE = 65_536
"""Bytes: with less room than this, a write that just failed is taken to have failed for lack of it."""


async def put_fault(place: FilePlace, error: PlaceError, put: FilePut, doing: str, target: str) -> OpstermError:
    """Return the sentence for a file that was not put; asks the place why when it did not say.

    Args:
        place: where it was to go; asked about its folder.
        error: what it said.
        put: the file.
        doing: the step that failed.
        target: name of the place.
    """
    folder = posixpath.dirname(put.path)
    trouble, room = error.trouble, None
    if trouble is PlaceTrouble.MISSING and not doing.startswith("looking"):
        trouble = PlaceTrouble.OTHER  # the folder was there a moment ago
    if trouble in (PlaceTrouble.OTHER, PlaceTrouble.FULL, PlaceTrouble.READ_ONLY):
        with contextlib.suppress(PlaceError, OpstermError):
            room = await place.room(folder)
        if trouble is PlaceTrouble.OTHER and room is not None and room.read_only:
            trouble = PlaceTrouble.READ_ONLY
        elif trouble is PlaceTrouble.OTHER and room is not None and (room.free < LEAST_FREE or room.files == 0):
            trouble = PlaceTrouble.FULL
    free = f" ({bytes_text(room.free)} free, {bytes_text(put.size)} wanted)" if room is not None and room.files else ""
    what, next_step = {
        PlaceTrouble.MISSING: (f"there is no folder {folder}", "Make the folder first, or correct the path."),
        PlaceTrouble.DENIED: (
            f"permission denied while {doing}", "Log in as an account that may write there, or take another path."
        ),
        PlaceTrouble.FULL: (f"the disk of {folder} is full{free}", "Make room there, then propose it again."),
        PlaceTrouble.READ_ONLY: (
            f"the file system of {folder} is mounted read-only", "See why (dmesg, mount) before it is written to."
        ),
        PlaceTrouble.UNKNOWN_NAME: (
            f"there is no such owner: {put.owner}", "Give an account and group of the target, or their numbers."
        ),
        PlaceTrouble.UNSUPPORTED: (
            f"its SFTP server cannot do this ({doing})", "Put the file there another way, as with a command."
        ),
        PlaceTrouble.EXISTS: (f"a name is taken that should be free, while {doing}", "Try again."),
        PlaceTrouble.OTHER: (f"it failed while {doing}", "A quota or an attribute (lsattr) may forbid it."),
    }[trouble]  # fmt: skip
    said = f"The target said: {error.said}" if error.said else ""
    return BadInput(
        f"{put.path} was not put on {target}: {what}.",
        why=" ".join(filter(None, ("What was there is untouched.", said))),
        next_step=next_step,
    )


def read_fault(error: PlaceError, path: str, target: str) -> OpstermError:
    """Return the sentence for a file that could not be read."""
    shown = clean_line(path, limit=300)
    if error.trouble is PlaceTrouble.MISSING:
        return NotFound(f"There is no file {shown} on {target}.", next_step="Correct the path.")
    if error.trouble is PlaceTrouble.DENIED:
        return Refused(
            f"{target} did not let us read {shown}: permission denied.",
            next_step="Log in as an account that may read it.",
        )
    return BadInput(
        f"{shown} could not be read on {target}.",
        why=f"The target said: {error.said}" if error.said else "",
        next_step="Open a terminal on the target and look at the file.",
    )
