"""The steps by which a folder is put at a place: every file has arrived and is checked before the first takes its name.

What else is in the folder is left alone, and nothing is written outside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import posixpath
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from itertools import groupby
from typing import TypeVar

from opsterm.adapters.file_faults import put_fault
from opsterm.adapters.file_place import FileFacts, FilePlace, PlaceError, PlaceTrouble
from opsterm.adapters.put_steps import (
    CLEAN_UP_S,
    RENAMING,
    TOLD_FROM,
    PutSteps,
    refusal,
    require_plain_folder,
    require_room,
)
from opsterm.core.errors import OpstermError
from opsterm.core.units import bytes_text
from opsterm.policy.file_put import KEEP, FilePut
from opsterm.policy.tree_put import TreePut
from opsterm.runtime.ports_files import Contents

FILES_AT_ONCE = 16
"""Small files that are under way at the same time, on one channel."""

T = TypeVar("T")


class TreeSteps:
    """The steps of one folder at one place, in the order of its methods; `clean_up` in the end, whatever happened."""

    def __init__(self, place: FilePlace, tree: TreePut, contents: Contents, target: str) -> None:
        self._place = place
        self._tree = tree
        self._target = target
        self._files = [PutSteps(place, put, contents, target) for put in tree.puts()]
        self._missing: list[tuple[str, str]] = []
        self._made: list[str] = []

    async def look(self) -> AsyncGenerator[str, None]:
        """See that all of it can be put there; yield what it replaces."""
        tree = self._tree
        there = await self._of_folder(tree.folder, self._look_at_folder(tree.folder))
        anchor = tree.folder if there else posixpath.dirname(tree.folder)
        await self._of_folder(anchor, require_plain_folder(self._place, anchor, "", self._target))
        await self._of_folder(anchor, require_room(self._place, anchor, tree.size, len(self._files)))
        if not there:
            self._missing = [(tree.folder, tree.mode)]
        missing = {path for path, _ in self._missing}
        for folder in tree.folders:
            path = posixpath.join(tree.folder, folder.path)
            if posixpath.dirname(path) in missing or not await self._of_folder(path, self._look_at_folder(path)):
                self._missing.append((path, folder.mode))
                missing.add(path)
        found = [steps for steps in self._files if posixpath.dirname(steps.put.path) not in missing]
        replaced = 0
        for at in range(0, len(found), FILES_AT_ONCE):
            some = found[at : at + FILES_AT_ONCE]
            for steps, said in zip(some, await self._of_files(some, PutSteps.look_at_name), strict=True):
                if said:
                    replaced += 1
                    yield f"{steps.put.path}: {said}"
        yield f"{replaced} of {len(self._files)} files are there and will be replaced."

    async def _look_at_folder(self, path: str) -> bool:
        """Return whether a folder is there. Raises BadInput for what is there and is none."""
        try:
            seen: FileFacts = await self._place.facts(path)
        except PlaceError as error:
            if error.trouble is PlaceTrouble.MISSING:
                return False
            raise
        if not seen.is_folder:
            kind = "a symbolic link" if seen.is_link else "no folder"
            raise refusal(f"{path} is {kind}", self._target, "Choose another path, or remove it there first.")
        return True

    async def make_folders(self) -> AsyncGenerator[str, None]:
        """Make the folders that are missing, with their mode and owner; they are empty when one is given to them."""
        owner = "" if self._tree.owner == KEEP else self._tree.owner
        for path, mode in self._missing:
            self._made.append(path)
            await self._of_folder(path, self._place.make_folder(path, mode=int(mode, 8), owner=owner))
            yield f"Made the folder {path}."

    async def send(self) -> AsyncGenerator[str, None]:
        """Write every file under another name in its folder, and see that it is what was approved."""
        sent, tenths, size = 0, 0, self._tree.size
        for large, group in groupby(self._files, key=lambda one: one.put.size >= TOLD_FROM):
            files = list(group)
            at_once = 1 if large else FILES_AT_ONCE
            for at in range(0, len(files), at_once):
                some = files[at : at + at_once]
                if large:
                    async with aclosing(self._send_large(some[0])) as told:
                        async for line in told:
                            yield line
                else:
                    await self._of_files(some, _send_small)
                sent += sum(steps.put.size for steps in some)
                if size >= TOLD_FROM and sent * 10 // size > tenths:
                    tenths = sent * 10 // size
                    yield f"Sent {bytes_text(sent)} of {bytes_text(size)}."
        yield f"All {len(self._files)} files arrived as approved: {bytes_text(size)}."

    async def _send_large(self, steps: PutSteps) -> AsyncGenerator[str, None]:
        try:
            async with aclosing(steps.send()) as told:
                async for line in told:
                    yield f"{steps.put.path}: {line}"
            yield f"{steps.put.path}: {await steps.verify()}"
        except PlaceError as error:
            raise await put_fault(self._place, error, steps.put, steps.doing, self._target) from error

    async def replace(self) -> AsyncGenerator[str, None]:
        """Let each file take its name, one after the other, so that it is known how far it came."""
        yield "Putting them in their places."
        for steps in self._files:
            (said,) = await self._of_files([steps], PutSteps.replace)
            yield said

    async def _of_files(self, some: Sequence[PutSteps], step: Callable[[PutSteps], Awaitable[T]]) -> Sequence[T]:
        """Do a step of some files side by side; of several that fail the first one is raised, as a sentence."""

        async def one(steps: PutSteps) -> T:
            try:
                return await step(steps)
            except PlaceError as error:
                raise await put_fault(self._place, error, steps.put, steps.doing, self._target) from error

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(steps)) for steps in some]
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _of_folder(self, path: str, work: Awaitable[T]) -> T:
        """Wait for a step with a folder; turn what the place says into a sentence."""
        try:
            return await work
        except PlaceError as error:
            as_file = FilePut(
                path=path, size=self._tree.size, sha256="", mode=self._tree.mode, owner=self._tree.owner, source=""
            )
            doing = "making the folder" if self._made else "looking at what is there"
            raise await put_fault(self._place, error, as_file, doing, self._target) from error

    def with_state(self, error: OpstermError) -> OpstermError:
        """Return an error that also says how far it came, and what may be left on the target."""
        told = [(steps.doing, steps.with_rest(error)) for steps in self._files]
        rests = [(doing, one) for doing, one in told if one is not error]
        first = next((one for doing, one in rests if doing == RENAMING), rests[0][1] if rests else error)
        placed, count = sum(steps.in_place for steps in self._files), len(self._files)
        said = [f"{len(rests) - 1} more like it may be left."] if len(rests) > 1 else []
        said += [f"{placed} of {count} files are in place by now; the others are as they were."] if placed else []
        return type(error)(error.what, why=" ".join(filter(None, (first.why, *said))), next_step=error.next_step)

    async def clean_up(self) -> None:
        """Take back what was begun, as far as the line allows, and folders that were made and are empty."""
        with contextlib.suppress(PlaceError, OpstermError, TimeoutError):
            async with asyncio.timeout(CLEAN_UP_S):
                async with asyncio.TaskGroup() as group:
                    for steps in self._files:
                        group.create_task(steps.clean_up())
                for path in reversed(self._made) if not all(steps.in_place for steps in self._files) else ():
                    with contextlib.suppress(PlaceError):  # something is in it
                        await self._place.remove_folder(path)


async def _send_small(steps: PutSteps) -> None:
    async with aclosing(steps.send()) as told:
        async for _ in told:
            pass
    await steps.verify()
