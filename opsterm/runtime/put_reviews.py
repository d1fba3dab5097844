"""Use-case of reviewing: what a change would put, from the contents that are kept, and against what is there."""

from __future__ import annotations

import asyncio
import posixpath
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace

from opsterm.changes.change import Change
from opsterm.changes.text_difference import difference_of
from opsterm.core.errors import NotFound, OpstermError
from opsterm.core.http_request import parse_request
from opsterm.policy.file_put import KEEP, PUT, FilePut
from opsterm.policy.mask import mask
from opsterm.policy.order import HTTP, OrderTarget
from opsterm.policy.put_order import parse_put_order
from opsterm.policy.tree_put import TreePut
from opsterm.runtime.ports_files import Contents, EntryKind
from opsterm.runtime.put_review import (
    NEW,
    REPLACED,
    SAME,
    SHOWN_BYTES,
    SHOWN_TREE_LINES,
    ContentReview,
    PutReview,
    TreeReview,
    UploadReview,
    lines_shown,
    review_of,
)

COMPARE_S = 10.0
"""Seconds in which what would be replaced must have come."""

HEADS_OF_TREE = 2
"""Rows of first bytes that are shown of each file of a folder that is no text."""

_BARRED = {
    EntryKind.LINK: "a symbolic link is there: it will be refused",
    EntryKind.FOLDER: "a folder is there: it will be refused",
    EntryKind.OTHER: "a device, pipe or socket is there: it will be refused",
}


class PutReviews:
    """Makes reviews.

    Args:
        contents: gives where contents are kept.
        there: reads a small file of a target, with the refusals and the audit of a fetch.
        listed: lists a folder of a target.
    """

    def __init__(
        self, contents: Callable[[], Awaitable[Contents]], there: Callable[[OrderTarget, str], Awaitable[bytes]],
        listed: Callable[[OrderTarget, str], Awaitable[Mapping[str, EntryKind]]],
    ) -> None:  # fmt: skip
        self._contents = contents
        self._there = there
        self._listed = listed

    async def review(self, change: Change, *, compare: bool = False, only: str = "") -> ContentReview | None:
        """Return what a change would put, as whoever approves it sees it; None for a change that puts nothing.

        Args:
            change: any change.
            compare: whether to look at what is there now, on the first target. Each file that is read is a fetch,
                with its refusals, and in the audit; what goes wrong is said in the review.
            only: one file of a folder, by its path from the folder on; "" for all.

        Raises:
            NotFound: a content is not kept any more, or there is no such file in the folder.
        """
        if change.order.shell == HTTP:
            return await self._of_request(change)
        if change.order.shell != PUT:
            return None
        said = parse_put_order(change.order.command)
        if isinstance(said, TreePut) and only:
            said = _one_of(said, only)
        if isinstance(said, FilePut):
            return await self._of_file(change, said, compare=compare)
        return await self._of_tree(change, said, compare=compare)

    async def _of_request(self, change: Change) -> UploadReview | None:
        """Return the files that a request sends; None for one that sends none."""
        files = []
        for part in parse_request(change.order.command).parts:
            if part.is_file:
                as_put = FilePut(
                    path=part.name, size=part.size, sha256=part.sha256, mode=KEEP, owner=KEEP, source=part.value
                )
                files.append(review_of(as_put, await self._beginning(as_put)))
        return UploadReview(files=tuple(files)) if files else None

    async def _of_file(self, change: Change, put: FilePut, *, compare: bool) -> PutReview:
        data = await self._beginning(put)
        found = review_of(put, data)
        if not compare or found.head:
            return found
        target = change.order.targets[0]
        try:
            async with asyncio.timeout(COMPARE_S):
                there, difference = difference_of(data, await self._there(target, put.path))
        except NotFound:
            there, difference = "Nothing is there yet.", ()
        except TimeoutError:
            there, difference = f"What is there was not read within {COMPARE_S:g} s.", ()
        except OpstermError as error:
            there, difference = f"What is there was not read: {mask(error.what)[0]}", ()
        return replace(found, there=f"{_first_of(change)}{there}", difference=difference)

    async def _beginning(self, put: FilePut) -> bytes:
        """Return a content, of a large one somewhat more than is shown."""
        data = bytearray()
        async with aclosing((await self._contents()).pieces(put.sha256)) as pieces:  # type: ignore[type-var]  # an async generator
            async for piece in pieces:
                data += piece
                if len(data) > SHOWN_BYTES:
                    break
        return bytes(data)

    async def _of_tree(self, change: Change, tree: TreePut, *, compare: bool) -> TreeReview:
        target, there, fates = change.order.targets[0], "", dict[str, str]()
        deadline = asyncio.get_running_loop().time() + COMPARE_S
        if compare:
            try:
                async with asyncio.timeout_at(deadline):
                    fates = _fates(tree, await self._listed(target, tree.folder))
            except TimeoutError:
                there = f"What is there was not listed within {COMPARE_S:g} s."
            except OpstermError as error:
                there = f"What is there was not looked at: {mask(error.what)[0]}"
        files, lines = list[PutReview](), 0
        for put in tree.puts():
            data = await self._beginning(put)
            one = review_of(put, data)
            one = replace(one, head=one.head[:HEADS_OF_TREE])
            if fates.get(put.path) == REPLACED:
                one, fates[put.path] = await self._against(target, one, data, deadline)
            lines += 1 if fates.get(put.path) == SAME else lines_shown(one)
            if lines > SHOWN_TREE_LINES and files:
                break
            files.append(one)
        counted = ", ".join(f"{count} {fate}" for fate, count in Counter(fates.values()).items())
        there = there or (f"{counted}; what else is in the folder stays as it is." if compare else "")
        return TreeReview(
            tree=tree, files=tuple(files), fates=fates, there=f"{_first_of(change)}{there}" if there else ""
        )  # fmt: skip

    async def _against(
        self, target: OrderTarget, one: PutReview, data: bytes, deadline: float
    ) -> tuple[PutReview, str]:  # fmt: skip
        """Return a review of a file that is there, with how it differs, and what becomes of it."""
        if one.head:
            return one, REPLACED
        try:
            async with asyncio.timeout_at(deadline):
                there = await self._there(target, one.put.path)
        except TimeoutError:
            return replace(one, there=f"what is there was not read within {COMPARE_S:g} s"), REPLACED
        except OpstermError as error:
            return replace(one, there=f"what is there was not read: {mask(error.what)[0]}"), REPLACED
        if data == there:
            return one, SAME
        said, difference = difference_of(data, there)
        return replace(one, there="" if difference else said, difference=difference), REPLACED


def _one_of(tree: TreePut, path: str) -> FilePut:
    for put in tree.puts():
        if put.path in (path, posixpath.join(tree.folder, path)):
            return put
    raise NotFound(
        f"There is no such file in what is put to {tree.folder}.", next_step="Give its path as it is listed."
    )


def _first_of(change: Change) -> str:
    """Return whose files were looked at, where a change has several targets."""
    count = len(change.order.targets)
    return f"{change.order.targets[0].name}, the first of {count}: " if count > 1 else ""


def _fates(tree: TreePut, there: Mapping[str, EntryKind]) -> dict[str, str]:
    """Return what becomes of each file, by its whole path, as far as names and kinds say."""
    found = {}
    for put, one in zip(tree.puts(), tree.files, strict=True):
        kind = there.get(one.path)
        found[put.path] = NEW if kind is None else _BARRED.get(kind, REPLACED)
    return found
