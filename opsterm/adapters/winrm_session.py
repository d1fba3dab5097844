"""Commands on one target over WinRM."""

from __future__ import annotations

import asyncio
import codecs
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from opsterm.adapters.winrm_clixml import ErrorStream
from opsterm.adapters.winrm_faults import BadStatus, Denied, Fault, KerberosFailed, LineFailed, WireError
from opsterm.adapters.winrm_lines import WinrmLine, WinrmLines
from opsterm.adapters.winrm_refusals import NOT_BEGUN, told
from opsterm.adapters.winrm_script import SENT_AT_ONCE, Sent, what_is_sent
from opsterm.adapters.winrm_wire import CTRL_C, TERMINATE, Wire
from opsterm.core.errors import OpstermError, Refused
from opsterm.policy.order import AS_LOGGED_IN, OrderTarget, RunAs
from opsterm.policy.wql import class_of, queries_in
from opsterm.runtime.ports import Ended

GRACE_S = 2.0
"""Seconds a command has to end by itself after ctrl+c."""
END_LIMIT_S = 12.0
"""Seconds for all of ending a command."""

ACCESS_DENIED = 5

T = TypeVar("T")


class WinrmSession:
    """Runs commands on one target, one at a time, in a shell that outlives the session; see `ports.Session`."""

    def __init__(self, lines: WinrmLines, target: OrderTarget, line: WinrmLine, *, looks: bool = False) -> None:
        self._lines = lines
        self._target = target
        self._line = line
        self._left = False
        self._looks = looks

    async def run(
        self, command: str, *, shell: str, how: RunAs = AS_LOGGED_IN, feed: AsyncIterator[bytes] | None = None
    ) -> AsyncGenerator[bytes | Ended, None]:
        """Run a command; see `ports.Session.run`.

        With the shell "wql" the command is one or more SELECT, a line each; every instance is printed as a line of
        JSON: the class of the query as "class", and its properties.

        Raises:
            BadInput: the command cannot be handed to the shell.
            Refused: the session was opened to look, and this is no query.
            Unreachable: the line failed, or the target refused; where a command had begun, whether it goes on is not
                known.
        """
        del how, feed  # an order for Windows says nothing of it
        if shell == "wql":
            async for piece in self._select(command):
                yield piece
            return
        if self._looks:
            raise Refused(f"Nothing was run on {self._target.name}: this session only looks.")
        sent = what_is_sent(command, shell)
        identity = ""
        code: int | None = None
        left = True
        try:
            identity = await self._begin(sent)
            line = self._line
            output, errors = _Text(), ErrorStream()
            while code is None:
                received = await self._call(line, lambda wire: wire.receive(line.shell, identity))
                for stream, data in received.pieces:
                    shown = errors.feed(data) if stream == "stderr" else output.feed(data)
                    if shown:
                        yield shown
                code = received.exit_code
            if rest := output.end() + errors.end():
                yield rest
            await self._clean_up(line, identity)
        except OpstermError:
            left = False
            raise
        finally:
            if code is None:
                self._line.broken = True
                if left:
                    await self._end(self._line, identity)
        yield Ended(exit_status=code)

    async def _call(self, line: WinrmLine, work: Callable[[Wire], T]) -> T:
        try:
            return await line.call(work)
        except WireError as error:
            raise told(error, self._target.name, line.log_in, running=True) from error

    async def _begin(self, sent: Sent) -> str:
        """Begin a command and give it what it reads; return its id."""
        identity = await self._handed_over(sent)
        stdin = sent.stdin or b""
        for start in range(0, len(stdin), SENT_AT_ONCE):
            piece, last = stdin[start : start + SENT_AT_ONCE], start + SENT_AT_ONCE >= len(stdin)
            await self._call(self._line, partial(_feed, self._line.shell, identity, piece, last=last))
        return identity

    async def _handed_over(self, sent: Sent) -> str:
        """Begin a command; in another shell when this one is found to be gone, for then nothing was begun."""
        if self._line.began:
            try:
                return await self._try_to_begin(sent)
            except WireError as error:
                if not _nothing_begun(error):
                    raise told(error, self._target.name, self._line.log_in, running=True) from error
            await self._replace()
        try:
            return await self._try_to_begin(sent)
        except WireError as error:
            running = not _nothing_begun(error)
            raise told(error, self._target.name, self._line.log_in, running=running) from error

    async def _try_to_begin(self, sent: Sent) -> str:
        line = self._line
        if not line.shell:
            await line.open_shell()
        line.began += 1
        return await line.call(lambda wire: wire.begin(line.shell, sent.line, console=sent.stdin is None))

    async def _replace(self) -> None:
        """Go on with a new line, and let the old one be closed."""
        fresh = await self._lines.fresh(self._target)
        self._lines.discard(self._line)
        self._line = fresh

    async def _clean_up(self, line: WinrmLine, identity: str) -> None:
        """Let the target forget a command that has ended; a shell in which that fails is not used again."""
        try:
            await line.call(lambda wire: wire.signal(line.shell, identity, TERMINATE))
        except WireError:
            line.broken = True

    async def _end(self, line: WinrmLine, identity: str) -> None:
        """End a command over a connection of its own, since ours waits for output: ctrl+c first, then the shell.

        Deleting the shell ends whatever is left in it. What cannot be done in time is left: the target ends the shell
        itself when nobody has asked for it for three minutes.
        """
        control: Wire | None = None
        try:
            async with asyncio.timeout(END_LIMIT_S):
                control = await self._lines.aside(line.log_in.wire)
                if identity:
                    await self._aside(control, lambda wire: wire.signal(line.shell, identity, CTRL_C))
                    await _settled(line, GRACE_S)
                else:
                    await _settled(line, END_LIMIT_S / 2)  # it is being begun: only then is there something to end
                if line.shell:
                    await self._aside(control, lambda wire: wire.delete(line.shell))
                await _settled(line, GRACE_S)
        except (TimeoutError, WireError):
            pass
        finally:
            if control is not None:
                self._lines.close_wire(control)

    async def _aside(self, control: Wire, work: Callable[[Wire], None]) -> None:
        await self._lines.aside(lambda: work(control))

    async def _select(self, text: str) -> AsyncGenerator[bytes | Ended, None]:
        """Ask queries one after the other; what the target refuses of several must not hide what it answers."""
        queries = queries_in(text)
        failed = False
        for query in queries:
            answer = await self._answer(query, alone=len(queries) == 1)
            failed = failed or isinstance(answer, Fault)
            rows = [{"fault": f"{answer.code}: {answer.text}"}] if isinstance(answer, Fault) else answer
            lines = (json.dumps({"class": class_of(query), **row}, ensure_ascii=False) + "\n" for row in rows)
            if said := "".join(lines):
                yield said.encode("utf-8", "replace")
        yield Ended(exit_status=int(failed))

    async def _answer(self, query: str, *, alone: bool) -> Sequence[Mapping[str, object]] | Fault:
        """Ask one query. Since it only reads it may be asked twice: a line that was cut while unused is replaced."""
        was_used = self._line.answered
        try:
            return await self._line.call(partial(_selected, query))
        except Fault as fault:
            if fault.code == ACCESS_DENIED or alone:
                raise told(fault, self._target.name, self._line.log_in) from fault
            return fault
        except WireError as error:
            if not was_used or not _was_cut(error):
                raise told(error, self._target.name, self._line.log_in) from error
        await self._replace()
        return await self._answer(query, alone=alone)

    async def close(self) -> None:
        """Give the shell back; it stays open for a while for the next command. Safe to call twice."""
        if not self._left:
            self._left = True
            self._lines.give_back(self._line)


async def _settled(line: WinrmLine, limit_s: float) -> None:
    """Wait until the call that is under way has come back, up to a limit."""
    try:
        async with asyncio.timeout(limit_s):
            await line.settled.wait()
    except TimeoutError:
        return


def _feed(shell: str, identity: str, piece: bytes, wire: Wire, *, last: bool) -> None:
    wire.send(shell, identity, piece, end=last)


def _selected(query: str, wire: Wire) -> Sequence[Mapping[str, object]]:
    return list(wire.select(query))


def _was_cut(error: WireError) -> bool:
    """Return whether a connection is found closed. Not: whether a log-in was refused, or nothing came in time."""
    match error:
        case LineFailed():
            return not error.timed_out
        case BadStatus():
            return error.status == 400  # the other end of another connection: it could not decrypt it
        case _:
            return False


def _nothing_begun(error: WireError) -> bool:
    """Return whether a command that was handed over has surely not been begun: it was refused before that."""
    match error:
        case Fault():
            return error.code & 0xFFFFFFFF in NOT_BEGUN
        case BadStatus():
            return error.status in (400, 401)  # it could not even decrypt it
        case Denied() | KerberosFailed():
            return True
        case _:
            return False


class _Text:
    """Standard output: bytes as they come; UTF-16 with its mark, as some programs of Windows print, becomes UTF-8."""

    def __init__(self) -> None:
        self._head: bytes | None = b""
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, data: bytes) -> bytes:
        """Return what can be shown so far."""
        if self._head is not None:
            data, self._head = self._head + data, None
            if len(data) < 2:
                self._head = data
                return b""
            if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
            data = data.removeprefix(codecs.BOM_UTF8)
        return data if self._decoder is None else self._decoder.decode(data).encode("utf-8", "replace")

    def end(self) -> bytes:
        """Return what is left."""
        if self._decoder is not None:
            return self._decoder.decode(b"", True).encode("utf-8", "replace")
        return self._head or b""
