"""Puts a file or a folder at a place: whole and checked under another name first, then in one step under its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from opsterm.adapters.file_faults import put_fault
from opsterm.adapters.file_place import PIECE, FilePlace, PlaceError
from opsterm.adapters.put_steps import PutSteps
from opsterm.adapters.tree_steps import TreeSteps
from opsterm.core.errors import BadInput, OpstermError
from opsterm.core.text import clean_line
from opsterm.policy.file_put import FilePut
from opsterm.policy.put_order import parse_put_order
from opsterm.policy.tree_put import TreePut
from opsterm.runtime.ports import Ended
from opsterm.runtime.ports_files import Contents


async def put_file(
    place: FilePlace, command: str, contents: Contents | None, *, target: str
) -> AsyncGenerator[bytes | Ended, None]:
    """Put what an order's command describes; yield lines of progress and, at last, an `Ended` with 0.

    Args:
        place: where.
        command: text of a `FilePut` or a `TreePut`.
        contents: where the contents are kept.
        target: name of the place, for messages.

    Raises:
        BadInput: the description or a content cannot be used, or the place does not take it. What was there is
            untouched, or the message says how far it came.
        Unreachable, TimedOut: the line died; the message names what may be left.
    """
    said = parse_put_order(command)
    if contents is None:
        raise BadInput("No contents are kept here, so no file can be put.")
    told = _one(place, said, contents, target) if isinstance(said, FilePut) else _tree(place, said, contents, target)
    async with aclosing(told):
        async for line in told:
            yield clean_line(line, limit=PIECE).encode() + b"\n"
    yield Ended(exit_status=0)


async def _one(place: FilePlace, put: FilePut, contents: Contents, target: str) -> AsyncGenerator[str, None]:
    steps = PutSteps(place, put, contents, target)
    try:
        yield await steps.look()
        async with aclosing(steps.send()) as told:
            async for line in told:
                yield line
        yield await steps.verify()
        yield "Putting it in its place."
        yield await steps.replace()
    except PlaceError as error:
        raise steps.with_rest(await put_fault(place, error, put, steps.doing, target)) from error
    except OpstermError as error:
        raise steps.with_rest(error) from error
    finally:
        await steps.clean_up()


async def _tree(place: FilePlace, tree: TreePut, contents: Contents, target: str) -> AsyncGenerator[str, None]:
    steps = TreeSteps(place, tree, contents, target)
    try:
        for step in (steps.look, steps.make_folders, steps.send, steps.replace):
            async with aclosing(step()) as told:
                async for line in told:
                    yield line
    except OpstermError as error:
        raise steps.with_state(error) from error
    finally:
        await steps.clean_up()
