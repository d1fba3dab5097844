"""A command's output on the screen: as fast as it comes, however much it is, and never in the way of a key."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from opsterm.tui.cells import shown
from opsterm.tui.drawing.output_lines import LineKind, OutputLine, OutputLines

SLICE = 131_072
"""Bytes that are read at one go: about 4 ms."""
PAUSE_S = 0.05
"""Seconds between two goes: the screen is painted at most this often."""
BACKLOG = 4_000_000
"""Bytes that wait to be read; older ones are left out, since the newest lines are what will be kept."""
_FULL = 1_000_000
"""Bytes that wait from which on `room` makes the sender wait, too."""


class OutputView(ScrollView, can_focus=True):
    """The newest lines of an output. It follows the end, until someone scrolls up; then it stands still.

    Attributes:
        ascii: draw with ASCII characters only.
    """

    ALLOW_SELECT = False

    COMPONENT_CLASSES: ClassVar[set[str]] = {"output-view--error", "output-view--note"}

    DEFAULT_CSS = """
    OutputView {
        height: 1fr;
        scrollbar-size: 1 1;
        & > .output-view--error { color: $warning; }
        & > .output-view--note { color: $foreground 70%; }
    }
    """

    def __init__(
        self,
        *,
        keep_lines: int = 10_000,
        ascii: bool = False,  # noqa: A002 (the word every face uses for it)
        id: str | None = None,  # noqa: A002 (Textual's word)
    ) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self._keep_lines = keep_lines
        self._output = OutputLines(keep_lines=keep_lines)
        self._backlog: deque[tuple[bytes, LineKind]] = deque()
        self._waiting = 0
        self._reading = False
        self._room = asyncio.Event()
        self._room.set()
        self._following = True
        self._begun: list[OutputLine] = []
        self._widest = 0
        self._styles: dict[LineKind, Style] = {}
        self._strips: dict[int, Strip] = {}

    # ------------------------------------------------------------------ what comes

    def append(self, data: bytes, *, error: bool = False) -> None:
        """Add bytes from a target; they are cleaned here. Returns at once; `room` tells when more is welcome.

        Args:
            data: any bytes; a character or a line may go on in the next piece.
            error: whether they came on the error output.
        """
        self._backlog.append((data, LineKind.ERROR if error else LineKind.OUTPUT))
        self._waiting += len(data)
        while self._waiting > BACKLOG:
            oldest, kind = self._backlog.popleft()
            cut = min(len(oldest), self._waiting - BACKLOG)
            self._output.skip(oldest[:cut])
            self._waiting -= cut
            if cut < len(oldest):
                self._backlog.appendleft((oldest[cut:], kind))
        if self._waiting > _FULL:
            self._room.clear()
        self._read_soon()

    async def room(self) -> None:
        """Wait until the view has caught up: a sender that waits here loses no line that could be kept."""
        await self._room.wait()

    def note(self, text: str) -> None:
        """Add a line of our own behind everything that has come, as in "exit code 0, 1.2 s"."""
        self._backlog.append((text.encode("utf-8", "backslashreplace"), LineKind.NOTE))
        self._waiting += len(self._backlog[-1][0])
        self._read_soon()

    def clear(self) -> None:
        """Forget everything and follow the end again."""
        self._backlog.clear()
        self._waiting = 0
        self._room.set()
        self._output = OutputLines(keep_lines=self._keep_lines)
        self._begun, self._widest, self._following = [], 0, True
        self._strips.clear()
        self.virtual_size = Size(0, 0)
        self.scroll_to(y=0, animate=False, force=True)
        self.refresh()

    @property
    def left_out(self) -> int:
        """Lines that came and are not kept."""
        return self._output.left_out

    @property
    def lines(self) -> list[str]:
        """The lines that are kept, oldest first, safe to show."""
        return [line.text for line in [*self._output.lines, *self._begun]]

    def _read_soon(self) -> None:
        if not self._reading and self.is_attached:
            self._reading = True
            self.set_timer(PAUSE_S, self._read)

    def on_mount(self) -> None:
        """Begin with what came before there was a screen."""
        if self._backlog:
            self._read_soon()

    def _read(self) -> None:
        """Read one slice, show it, and come again while there is more."""
        self._reading = False
        left_out, count = self._output.left_out, len(self._output.lines)
        budget = SLICE
        while self._backlog and budget > 0:
            data, kind = self._backlog.popleft()
            if kind is LineKind.NOTE:
                self._output.note(data.decode())
                taken = len(data)
            else:
                taken = min(len(data), budget)
                self._output.add(data[:taken], kind)
                if taken < len(data):
                    self._backlog.appendleft((data[taken:], kind))
            budget -= taken
            self._waiting -= taken
        if self._waiting <= _FULL:
            self._room.set()
        self._show(left_out, count)
        if self._backlog:
            self._read_soon()

    # ------------------------------------------------------------------ what is shown

    def _show(self, left_out: int, count: int) -> None:
        """Take over lines that came since `left_out` and `count` were true."""
        gone = self._output.left_out - left_out
        lines, before = self._output.lines, self._total
        fresh = min(len(lines), len(lines) + gone - count)
        self._begun = self._output.begun
        recent = [lines[-n] for n in range(1, fresh + 1)] + self._begun
        self._widest = max([self._widest, *(cell_len(line.text) for line in recent)])
        if gone:
            self._strips = {number: strip for number, strip in self._strips.items() if number >= self.left_out}
        self.virtual_size = Size(self._widest, self._total)
        if self._following:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
            self._refresh_from(0 if gone else min(before, count) - self.scroll_offset.y)
        elif gone:
            shift = gone - (1 if not left_out else 0)  # the note about lines left out has taken a row
            self.scroll_to(y=max(0, self.scroll_offset.y - shift), animate=False, force=True)
            self._refresh_from(0)
        else:
            self._refresh_from(count - self.scroll_offset.y)

    def _refresh_from(self, y: int) -> None:
        height = self.size.height
        if y < height:
            self.refresh(Region(0, max(0, y), self.size.width, height - max(0, y)))

    @property
    def _total(self) -> int:
        """Rows in all: a note about lines left out, finished lines, begun lines."""
        return (1 if self._output.left_out else 0) + len(self._output.lines) + len(self._begun)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the end when someone went there, stand still when someone left it."""
        super().watch_scroll_y(old_value, new_value)
        self._following = round(new_value) >= self.max_scroll_y

    def render_line(self, y: int) -> Strip:
        """Return one row."""
        width = self.scrollable_content_region.width
        left = self.scroll_offset.x
        row = self.scroll_offset.y + y
        if self._output.left_out:
            if row == 0:
                style = self._style(LineKind.NOTE)
                text = f"{self._output.left_out:,} lines before this are not kept"
                return Strip([Segment(text, style)]).crop_extend(0, width, style)
            row -= 1
        lines = self._output.lines
        if row < len(lines):
            number = self._output.left_out + row
            strip = self._strips.get(number)
            if strip is None:
                if len(self._strips) > 1000:
                    self._strips.clear()
                strip = self._strips[number] = self._whole(lines[row])
            return strip.crop_extend(left, left + width, self._style(LineKind.OUTPUT))
        row -= len(lines)
        if row < len(self._begun):
            return self._whole(self._begun[row]).crop_extend(left, left + width, self._style(LineKind.OUTPUT))
        return Strip.blank(width, self._style(LineKind.OUTPUT))

    def _whole(self, line: OutputLine) -> Strip:
        text = shown(line.text, limit=len(line.text), plain=self.ascii)
        return Strip([Segment(text, self._style(line.kind))] if text else [], cell_len(text))

    def _style(self, kind: LineKind) -> Style:
        if not self._styles:
            part = self.get_component_rich_style
            self._styles = {
                LineKind.OUTPUT: self.rich_style,
                LineKind.ERROR: part("output-view--error"),
                LineKind.NOTE: part("output-view--note"),
            }
        return self._styles[kind]

    def on_resize(self) -> None:
        """Stay at the end when the view was there."""
        self._stay_at_end()

    def watch_show_horizontal_scrollbar(self) -> None:
        """Stay at the end when the bar below has taken a row."""
        self.call_after_refresh(self._stay_at_end)

    def _stay_at_end(self) -> None:
        if self._following:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def notify_style_update(self) -> None:
        """Take over new colours."""
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()
