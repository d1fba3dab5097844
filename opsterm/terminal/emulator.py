"""What opsterm needs of a terminal emulator: bytes in, cells out, and nothing of the library behind it.

A face feeds what the remote printed, sends back what `feed` returns, and asks for a frame when it wants to paint.
Rows in a frame are safe to show: no control, no character without a width of its own, and every row is exactly
`columns` cells wide as Rich measures it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from opsterm.core.errors import OpstermError

MAX_COLUMNS, MAX_ROWS = 300, 100
"""Largest grid. A larger one lets a remote end the process: see docs/decisions/0005-terminal.md."""

MIN_COLUMNS, MIN_ROWS = 2, 2

SCROLLBACK_BYTES = 20_000_000
"""Memory for lines that left the top, in bytes: about 11,000 lines of 200 columns."""

TERM = "xterm-256color"
"""What the remote is told it talks to; every host has its terminfo entry."""

Color = int | tuple[int, int, int] | None
"""A palette index 0-255, red-green-blue 0-255 each, or None for the face's own."""


class CellStyle(NamedTuple):
    """How a run of cells looks. Hidden text is given as spaces, so there is no flag for it."""

    fg: Color = None
    bg: Color = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    blink: bool = False
    reverse: bool = False
    strike: bool = False


PLAIN = CellStyle()
"""The style of untouched cells."""

Run = tuple[str, CellStyle]
"""Text and its style."""


class CursorShape(StrEnum):
    """What the program asked the cursor to look like."""

    BLOCK = "block"
    UNDERLINE = "underline"
    BAR = "bar"


class Cursor(NamedTuple):
    """Where the cursor is in the shown rows, 0-based; not visible while it is hidden or scrolled out of sight."""

    x: int = 0
    y: int = 0
    visible: bool = False
    shape: CursorShape = CursorShape.BLOCK


class MouseReports(StrEnum):
    """Which mouse actions the program asked for; each includes those before it."""

    NONE = "none"
    BUTTONS = "buttons"
    DRAGS = "drags"
    MOVES = "moves"


@dataclass(frozen=True, slots=True, kw_only=True)
class Modes:
    """What the program asked of the face.

    Attributes:
        application_cursor: arrows, home and end are sent in their application form.
        bracketed_paste: a paste is sent between marks.
        mouse: the mouse actions it wants to hear of.
        mouse_sgr: it reads the SGR form of mouse reports.
        focus_reports: it wants to know when the terminal gains and loses focus.
        alternate_screen: it draws on the screen that has no scrollback.
        held: it is in the middle of an update (mode 2026): paint later, but do not wait long.
    """

    application_cursor: bool = False
    bracketed_paste: bool = False
    mouse: MouseReports = MouseReports.NONE
    mouse_sgr: bool = False
    focus_reports: bool = False
    alternate_screen: bool = False
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What changed on the shown rows since the frame before.

    Attributes:
        columns: cells in every row.
        rows: how many rows there are.
        changed: row number from the top -> its runs, together exactly `columns` cells.
        cursor: where the cursor is now, also when no row changed.
    """

    columns: int
    rows: int
    changed: Mapping[int, Sequence[Run]]
    cursor: Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrolled:
    """Where the shown rows are in all that is kept.

    Attributes:
        above: rows kept above the shown ones.
        below: rows below the shown ones; 0 means the newest are shown.
    """

    above: int = 0
    below: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipboardWrite:
    """The program asked to put a text on the clipboard (OSC 52); nothing was put there.

    Attributes:
        text: at most 100,000 characters, as the program sent them: not yet safe to show.
        cut: characters left off.
    """

    text: str
    cut: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """The program asked to tell the operator something (OSC 9, OSC 777). Both texts are one clean line."""

    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """What the program asked of the face since it was last looked at.

    Attributes:
        bells: how often the bell rang.
        clipboard: the newest clipboard write, None for none.
        clipboard_reads: how often it asked for the clipboard; each was refused.
        notifications: the newest eight.
    """

    bells: int = 0
    clipboard: ClipboardWrite | None = None
    clipboard_reads: int = 0
    notifications: tuple[Notification, ...] = field(default=())


class Emulator(Protocol):
    """One terminal. Not safe for two threads at once; nothing blocks; every cost below is for 200x50."""

    @property
    def columns(self) -> int:
        """Cells in a row, from MIN_COLUMNS to MAX_COLUMNS."""
        ...

    @property
    def rows(self) -> int:
        """Rows on the screen, from MIN_ROWS to MAX_ROWS."""
        ...

    @property
    def title(self) -> str:
        """The title the program set, one clean line of at most 200 characters."""
        ...

    @property
    def modes(self) -> Modes:
        """What the program asks of the face now."""
        ...

    @property
    def scrolled(self) -> Scrolled:
        """Where the shown rows are in all that is kept."""
        ...

    def feed(self, data: bytes) -> bytes:
        """Take what the remote printed; return what must be sent back to it, often b"".

        Any split of the bytes gives the same screen. Cost: 64 KiB of a log 0.3 ms, at most some 5 ms.
        """
        ...

    def resize(self, columns: int, rows: int) -> bytes:
        """Change the size, clamped to what is possible; return what must be sent back, as `feed`."""
        ...

    def frame(self) -> Frame:
        """Return what changed since the last frame; the first one has every row. Cost: 2 ms for a full screen."""
        ...

    def scroll(self, lines: int) -> None:
        """Show older rows (negative) or newer ones; stops at either end."""
        ...

    def scroll_to_bottom(self) -> None:
        """Show the newest rows."""
        ...

    def text(self) -> str:
        """Return the shown rows as clean text, trailing spaces cut."""
        ...

    def requests(self) -> Requests:
        """Return what the program asked of the face since the last call."""
        ...

    def close(self) -> None:
        """Give the memory back; safe to call twice, nothing else may be called afterwards."""
        ...


def clamp_grid(columns: int, rows: int) -> tuple[int, int]:
    """Return the nearest size an emulator can have."""
    return max(MIN_COLUMNS, min(columns, MAX_COLUMNS)), max(MIN_ROWS, min(rows, MAX_ROWS))


def open_emulator(columns: int, rows: int, *, scrollback: int = SCROLLBACK_BYTES) -> Emulator:
    """Make a terminal.

    Args:
        columns: width in cells, clamped.
        rows: height in cells, clamped.
        scrollback: memory for old lines in bytes, 0 for none.

    Raises:
        OpstermError: the emulator's library cannot be loaded here, or is not the one that is understood.
    """
    try:
        from opsterm.terminal.ghostty import GhosttyEmulator  # noqa: PLC0415 (a native library: load it when needed)
    except (ImportError, OSError) as error:
        raise OpstermError(
            "The terminal pane cannot be used on this machine.",
            why=f"Its emulator, pyghostty, does not load: {error}. It is made for x86_64 and aarch64 with glibc 2.28 "
            "or newer.",
            next_step="Use ssh in another window; everything else of opsterm works.",
        ) from error
    return GhosttyEmulator(columns, rows, scrollback=scrollback)
