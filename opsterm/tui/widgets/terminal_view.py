"""A terminal as a widget: a shell's screen inside ours.

While it has the focus every key goes to the remote, esc at once and included; only ctrl+] leaves. What the app must
do for that:

- have no priority binding and no command palette of the framework's (ENABLE_COMMAND_PALETTE = False,
  inherit_bindings=False): both are asked before the focused widget;
- set ESCAPE_TO_MINIMIZE = False, or esc never reaches the remote while something is maximized;
- set ESCDELAY to some 25 ms before Textual is imported: it is how long a lone esc is held back;
- move the focus when `Left` is posted.

Everything drawn comes out of the emulator's cells, so no byte of the remote reaches the operator's own terminal.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from rich.segment import Segment
from textual import events, on
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.runtime import ports
from opsterm.terminal.emulator import Emulator, Requests, clamp_grid
from opsterm.tui.cells import fit, shown
from opsterm.tui.widgets.terminal_link import TerminalLink
from opsterm.tui.widgets.terminal_strips import TerminalStrips, in_ascii

LEAVE_KEY = "ctrl+right_square_bracket"
REOPEN_KEY = "enter"
PAINT_EVERY_S = 1 / 30
HOLD_LIMIT_S = 0.15
"""How long a program may keep an update half done on the screen (mode 2026)."""

RESIZE_AFTER_S = 0.05
"""A size is passed on when it has not changed for this long: dragging a window edge makes dozens."""

WHEEL_LINES = 3


class TerminalView(Widget, can_focus=True):
    """Shows one shell.

    Attributes:
        empty_text: what stands there before a shell is attached.
        strips: the rows as they are sent.
        link: the shell and its emulator; None before the first one. Kept after the end, for its last screen.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TerminalView {
        height: 1fr;
        & > .terminal-view--ended { color: $warning; text-style: reverse; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"terminal-view--ended"}

    class Left(Message):
        """The operator wants out: move the focus."""

    class Ended(Message):
        """A shell is over: the one that is shown, or one that another one has taken the place of.

        Attributes:
            shell: which one.
            ended: how; None when the line broke.
            error: why the line broke.
        """

        def __init__(self, shell: ports.Shell, ended: ports.Ended | None, error: OpstermError | None = None) -> None:
            super().__init__()
            self.shell = shell
            self.ended = ended
            self.error = error

    class ReopenAsked(Message):
        """The operator wants a new shell where one has ended."""

    class Failed(Message):
        """Something was not sent; `error` says what."""

        def __init__(self, error: OpstermError) -> None:
            super().__init__()
            self.error = error

    class Asked(Message):
        """The program asked something of the face; a clipboard write has not been done."""

        def __init__(self, requests: Requests) -> None:
            super().__init__()
            self.requests = requests

    class Retitled(Message):
        """The program set its title: one clean line, no markup."""

        def __init__(self, title: str) -> None:
            super().__init__()
            self.title = title

    def __init__(self, *, ascii: bool = False, empty_text: str = "", id: str | None = None) -> None:  # noqa: A002 (Textual's word, and ours)
        super().__init__(id=id)
        self.empty_text = empty_text
        self.strips = TerminalStrips(ascii=ascii)
        self.link: TerminalLink | None = None
        self._over = ""  # a sentence once the shell has ended
        self._title = ""
        self._leave_asked = False
        self._painting: Timer | None = None
        self._resizing: Timer | None = None
        self._painted_at = 0.0
        self._held_since = 0.0

    @property
    def grid(self) -> tuple[int, int]:
        """Columns and rows that a shell opened now should have."""
        return clamp_grid(self.size.width or 80, self.size.height or 24)

    @property
    def running(self) -> bool:
        """Whether keys go to a shell."""
        return self.link is not None and not self._over

    def attach(self, shell: ports.Shell, emulator: Emulator) -> None:
        """Show a shell from now on; the view owns both, and closes a shell that was attached before.

        Args:
            shell: just opened, with the size `grid` gave.
            emulator: fresh. The first one of a process takes 0.3 s to make: make it off the loop.
        """
        before = self.link
        self._over = ""
        self.strips.clear()
        self.link = TerminalLink(shell, emulator, changed=self._note_change, failed=self._fail)
        self.run_worker(self._run(self.link, before), name="terminal", group="terminal")
        if self.size:
            self.link.resize(*self.grid)
        self.refresh()

    async def detach(self) -> None:
        """Hang up and forget the shell and what it showed."""
        link, self.link = self.link, None
        if link is not None:
            await link.close()
            link.emulator.close()
        self._over = ""
        self.strips.clear()
        self.refresh()

    def send_leave_key(self) -> None:
        """Send ctrl+] itself: for one that is pressed again after `Left`, when the focus is elsewhere already."""
        self._leave_asked = False
        if self.link is not None and not self._over:
            self.link.press(LEAVE_KEY, None)

    async def on_unmount(self) -> None:
        """Leave no shell behind."""
        await self.detach()

    def render_line(self, y: int) -> Strip:
        """Return one row, ready to be sent."""
        base, width = self.rich_style, self.size.width
        if self.link is None:
            text = shown(self.empty_text) if y == 0 else ""
            return Strip([Segment(fit(in_ascii(text) if self.strips.ascii else text, width), base)], width)
        if self._over and y == self.size.height - 1:
            style = self.get_component_rich_style("terminal-view--ended")
            return Strip([Segment(fit(self._over, width), style)], width)
        return self.strips.line(y, width, base, focused=self.has_focus)

    def on_key(self, event: events.Key) -> None:
        """Send the key, unless it leaves, scrolls, or there is nobody to send it to."""
        if event.key == LEAVE_KEY and not (self._leave_asked and self.running):
            self._leave_asked = True
            event.stop().prevent_default()
            self.post_message(self.Left())
            return
        self._leave_asked = False
        if self.link is None:
            return  # other panes' keys work here
        page = max(1, self.link.emulator.rows - 1)
        if event.key in ("shift+pageup", "shift+pagedown"):
            self.link.scroll(-page if event.key == "shift+pageup" else page)
        elif not self._over:
            self.link.press(event.key, event.character)
        elif event.key == REOPEN_KEY:
            self.post_message(self.ReopenAsked())
        else:
            return
        event.stop().prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Send what was pasted."""
        if self.link is not None and not self._over:
            self.link.paste(event.text)
            event.stop().prevent_default()

    @on(events.Focus)
    @on(events.Blur)
    def _tell_focus(self, event: events.Event) -> None:
        self._leave_asked = False
        if self.link is not None:
            self.link.focus(gained=isinstance(event, events.Focus))
            self.refresh()

    @on(events.MouseDown)
    @on(events.MouseUp)
    @on(events.MouseMove)
    @on(events.MouseScrollUp)
    @on(events.MouseScrollDown)
    def _forward_mouse(self, event: events.MouseEvent) -> None:
        link = self.link
        if link is None:
            return
        action = _MOUSE_ACTIONS[type(event)]
        at = event.get_content_offset(self)
        asked = not self._over and not event.shift and at is not None and link.mouse(
            action, event.button, at.x, at.y, shift=False, alt=event.meta, ctrl=event.ctrl
        )  # fmt: skip
        if action.startswith("scroll"):
            if not asked:
                link.wheel(-WHEEL_LINES if action == "scroll_up" else WHEEL_LINES)
            event.stop().prevent_default()

    def on_resize(self) -> None:
        """Pass the new size on when it has settled."""
        if self._resizing is not None:
            self._resizing.stop()
        self._resizing = self.set_timer(RESIZE_AFTER_S, self._settle)

    def _settle(self) -> None:
        self._resizing = None
        if self.link is not None and self.size:  # hidden: no size is sent
            self.link.resize(*self.grid)

    async def _run(self, link: TerminalLink, before: TerminalLink | None) -> None:
        """Pump one shell to its end."""
        if before is not None:
            await before.close()
            before.emulator.close()
        ended, error = None, None
        try:
            ended = await link.pump()
        except OpstermError as failure:
            error = failure
        if self.link is link:
            self._over = over_text(ended, error)
            self._paint()
            self.refresh()
        self.post_message(self.Ended(link.shell, ended, error))

    def _fail(self, error: OpstermError) -> None:
        self.post_message(self.Failed(error))

    def _note_change(self) -> None:
        """Paint now, or when the time of the next picture has come."""
        if self._painting is None:
            wait = self._painted_at + PAINT_EVERY_S - asyncio.get_running_loop().time()
            if wait <= 0:
                self._paint()
            else:
                self._painting = self.set_timer(wait, self._paint)

    def _paint(self) -> None:
        """Take the rows that changed, and have those painted."""
        if self._painting is not None:
            self._painting.stop()
            self._painting = None
        if self.link is None:
            return
        emulator, now = self.link.emulator, asyncio.get_running_loop().time()
        if emulator.modes.held and not self._over:
            self._held_since = self._held_since or now
            if now - self._held_since < HOLD_LIMIT_S:
                self._painting = self.set_timer(PAINT_EVERY_S, self._paint)
                return
        self._held_since = 0.0
        self._painted_at = now
        touched = self.strips.take(emulator.frame())
        if touched and len(touched) < emulator.rows:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in sorted(touched)))
        elif touched:
            self.refresh()
        if emulator.title != self._title:
            self._title = emulator.title
            self.post_message(self.Retitled(self._title))
        requests = emulator.requests()
        if requests != Requests():
            self.post_message(self.Asked(requests))


_MOUSE_ACTIONS: dict[type[events.Event], str] = {
    events.MouseDown: "press", events.MouseUp: "release", events.MouseMove: "move",
    events.MouseScrollUp: "scroll_up", events.MouseScrollDown: "scroll_down",
}  # fmt: skip


def over_text(ended: ports.Ended | None, error: OpstermError | None) -> str:
    """Return the one line that says how a shell ended and how to open it again."""
    if error is not None:
        how = clean_line(error.what)
    elif ended is None or (ended.exit_status is None and not ended.signal):
        how = "The shell was cut off."
    elif ended.signal:
        how = f"The shell was ended by signal {clean_line(ended.signal, limit=20)}."
    else:
        how = "The shell ended." if ended.exit_status == 0 else f"The shell ended with status {ended.exit_status}."
    return f"{how} {REOPEN_KEY} opens it again."
