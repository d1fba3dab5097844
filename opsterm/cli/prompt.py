"""What is asked of the operator, or sent to standard input by a script.

Read on the loop, not in a thread: a thread that waits for a line cannot be stopped, and would hold up the end of the
program after ctrl+c until somebody presses enter.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
from collections.abc import AsyncIterator, Iterator

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

LINE_BYTES = 65_536
TEXT_BYTES = 1_000_000
PIECE_BYTES = 65_536


def is_asked_on_a_terminal() -> bool:
    """Return whether somebody sits at standard input."""
    return sys.stdin is not None and sys.stdin.isatty()


async def ask_line(prompt: str, *, echo: bool = True) -> str:
    """Ask for one line and return it without its end; "" when standard input has ended or is closed.

    Args:
        prompt: shown on a terminal only.
        echo: False for a secret.

    Raises:
        BadInput: the line is longer than LINE_BYTES.
    """
    if sys.stdin is None:
        return ""
    number = sys.stdin.fileno()
    if not is_asked_on_a_terminal():
        return _text(await _read(number, LINE_BYTES, whole=False))
    with contextlib.nullcontext() if echo else _without_echo(number):
        _show(clean_line(prompt))
        line = _text(await _read(number, LINE_BYTES, whole=False))
    if not echo:
        _show("\n")
    return line


async def read_bytes(limit: int) -> bytes:
    """Return all of standard input, b"" when it is closed.

    Raises:
        BadInput: it is longer than the limit.
    """
    return b"" if sys.stdin is None else await _read(sys.stdin.fileno(), limit, whole=True)


async def read_text(what: str) -> str:
    """Return all of standard input as text.

    Args:
        what: names it in errors, as in "the command".

    Raises:
        BadInput: it is no UTF-8, or longer than TEXT_BYTES.
    """
    data = await read_bytes(TEXT_BYTES)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{what.capitalize()} on standard input is not UTF-8 text.", why=f"At byte {error.start + 1}."
        ) from error


async def lines_of_input() -> AsyncIterator[str]:
    """Yield each line of standard input as it comes, however many there are; what is no UTF-8 is marked as such.

    Raises:
        BadInput: a line is longer than TEXT_BYTES.
    """
    rest = b""
    while sys.stdin is not None and (piece := await _read_piece(sys.stdin.fileno())):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r").decode("utf-8", errors="replace")
        if len(rest) > TEXT_BYTES:
            raise BadInput(f"A line on standard input is longer than the {TEXT_BYTES:,} bytes that are read.")
    if rest:
        yield rest.removesuffix(b"\r").decode("utf-8", errors="replace")


async def _read_piece(number: int) -> bytes:
    """Read what is there, waiting for the first of it; b"" at the end."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(number, ready.set)
    except PermissionError:  # a file, or /dev/null: these are always ready
        return os.read(number, PIECE_BYTES)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(number)
    try:
        return os.read(number, PIECE_BYTES)
    except OSError:  # the terminal is gone
        return b""


def _text(line: bytes) -> str:
    return line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", errors="surrogateescape")


def _show(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()


@contextlib.contextmanager
def _without_echo(number: int) -> Iterator[None]:
    before = termios.tcgetattr(number)
    silent = termios.tcgetattr(number)
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(number, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(number, termios.TCSAFLUSH, before)


async def _read(number: int, limit: int, *, whole: bool) -> bytes:
    """Read a line, byte by byte since the rest is for the next question; with `whole` read everything."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    data = bytearray()

    def take() -> None:
        try:
            piece = os.read(number, 65_536 if whole else 1)
        except OSError:  # the terminal is gone
            piece = b""
        data.extend(piece)
        if not done.done() and (not piece or len(data) > limit or (not whole and piece == b"\n")):
            done.set_result(None)

    try:
        loop.add_reader(number, take)
    except PermissionError:  # a file, or /dev/null: these are always ready, and cannot be waited for
        while not done.done():
            take()
    else:
        try:
            await done
        finally:
            loop.remove_reader(number)
    if len(data) > limit:
        raise BadInput(f"Standard input holds more than the {limit:,} bytes that are read.")
    return bytes(data)
