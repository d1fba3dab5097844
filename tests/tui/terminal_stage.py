"""What the tests of the terminal widget stand on: a shell that a test plays, an app around the widget, patience."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input

from opsterm.core.errors import OpstermError, Refused
from opsterm.runtime.ports import Ended
from opsterm.terminal.emulator import open_emulator
from opsterm.tui.widgets.terminal_view import TerminalView

TIME_LIMIT_S = 15.0


class Line:
    """A shell whose output the test writes and whose input the test reads; it implements `ports.Shell`."""

    def __init__(self) -> None:
        self.sent = b""
        self.sizes: list[tuple[int, int]] = []
        self.closed = 0
        self.broken: OpstermError | None = None
        self.full = False
        self.status: int | None = None
        self._output: asyncio.Queue[bytes] = asyncio.Queue()

    def prints(self, data: bytes) -> None:
        self._output.put_nowait(data)

    def ends(self, status: int | None) -> None:
        self.status = status
        self._output.put_nowait(b"")

    async def read(self) -> bytes:
        data = await self._output.get()
        if self.broken is not None:
            raise self.broken
        return data

    def write(self, data: bytes) -> None:
        if self.full:
            raise Refused("The text was not sent to the terminal.")
        self.sent += data

    def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    async def close(self) -> Ended:
        self.closed += 1
        self._output.put_nowait(b"")
        return Ended(exit_status=self.status)

    def taken(self) -> bytes:
        data, self.sent = self.sent, b""
        return data


class Stage(App[None], inherit_bindings=False):
    """An app as the widget asks for it, that notes what the widget tells."""

    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    CSS = "Input { height: 1; border: none; } TerminalView { height: 10; width: 40; }"

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Message] = []
        self.keys: list[str] = []
        self.view = TerminalView(empty_text="A terminal appears here.")

    def compose(self) -> ComposeResult:
        yield Input()
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()

    def on_key(self, event: events.Key) -> None:
        self.keys.append(event.key)

    def told(self, kind: type[Message]) -> int:
        return sum(isinstance(message, kind) for message in self.heard)

    def on_terminal_view_left(self, message: TerminalView.Left) -> None:
        self.heard.append(message)

    def on_terminal_view_ended(self, message: TerminalView.Ended) -> None:
        self.heard.append(message)

    def on_terminal_view_reopen_asked(self, message: TerminalView.ReopenAsked) -> None:
        self.heard.append(message)

    def on_terminal_view_failed(self, message: TerminalView.Failed) -> None:
        self.heard.append(message)

    def on_terminal_view_asked(self, message: TerminalView.Asked) -> None:
        self.heard.append(message)

    def on_terminal_view_retitled(self, message: TerminalView.Retitled) -> None:
        self.heard.append(message)


def rows(view: TerminalView) -> list[str]:
    """Return what is drawn, row by row."""
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def style_at(view: TerminalView, y: int, x: int) -> Style:
    """Return how a cell is drawn."""
    at = 0
    for segment in view.render_line(y):
        at += segment.cell_length
        if x < at:
            return segment.style or Style()
    raise AssertionError


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Let the app run until the condition holds."""
    async with asyncio.timeout(TIME_LIMIT_S):
        while not condition():
            await pilot.pause(0.005)


async def attached(pilot: Pilot[None], app: Stage) -> Line:
    line = Line()
    app.view.attach(line, open_emulator(*app.view.grid))
    await pilot.pause()
    return line
