"""The terminal emulator on libghostty-vt, through pyghostty's declarations of its C interface.

Only the C render state is read: pyghostty's own per-cell methods take 364 ms for a full screen, this takes 1.
What the library must not be trusted with is held here: the size of the grid, the memory of the scrollback, requests
for the clipboard, and its memory layout, which is compared with what these modules were written for.
"""

from __future__ import annotations

from typing import Any

from pyghostty._ffi import ffi, lib

from opsterm.core.text import clean_line
from opsterm.terminal.emulator import SCROLLBACK_BYTES, TERM, Frame, Modes, MouseReports, Requests, Scrolled, clamp_grid
from opsterm.terminal.ghostty_c import check, check_layout, made, mode_of, scroll_viewport, text_of, value_of, write
from opsterm.terminal.ghostty_render import RenderState
from opsterm.terminal.ghostty_requests import CELL_HEIGHT_PX, CELL_WIDTH_PX, Mailbox

_SOFT_RESET = b"\x1b[!p"
_SOFT_RESET_MEANS = (
    b"\x1b[0$}\x1b[?25h\x1b[4l\x1b[?1l\x1b[?66l"  # main display, cursor shown, replace, normal cursor keys and keypad
    b'\x1b[?69l\x1b[?6l\x1b[r\x1b[0m\x1b[0"q\x1b(B\x1b)B\x0f'  # margins, origin, style, protection, character sets
    b"\x1b[H\x1b7"  # and the saved cursor, which is at home with all of these
)


class GhosttyEmulator:
    """An `Emulator`. Every call into C is made here and in `Mailbox`."""

    def __init__(self, columns: int, rows: int, *, scrollback: int = SCROLLBACK_BYTES) -> None:
        check_layout()
        self._columns, self._rows = clamp_grid(columns, rows)
        self._mail = Mailbox(self._columns, self._rows)
        self._terminal = made(
            "GhosttyTerminal", lib.ghostty_terminal_new, self._columns, self._rows, free=lib.ghostty_terminal_free
        )
        _configure(self._terminal, scrollback, self._mail)
        self._picture = RenderState()
        self._unfinished = b""
        self._whole = True  # the next frame is to have every row

    @property
    def columns(self) -> int:
        """Cells in a row."""
        return self._columns

    @property
    def rows(self) -> int:
        """Rows on the screen."""
        return self._rows

    @property
    def title(self) -> str:
        """The title the program set, one clean line."""
        string = value_of(self._terminal, lib.GHOSTTY_TERMINAL_DATA_TITLE, "GhosttyString")
        return clean_line(text_of(string, 4096))[:200]

    @property
    def modes(self) -> Modes:
        """What the program asks of the face now."""
        mouse = MouseReports.NONE
        for number, reports in ((1003, MouseReports.MOVES), (1002, MouseReports.DRAGS), (1000, MouseReports.BUTTONS)):
            if mode_of(self._terminal, number):
                mouse = reports
                break
        alternate = value_of(self._terminal, lib.GHOSTTY_TERMINAL_DATA_ACTIVE_SCREEN, "GhosttyTerminalScreen")
        return Modes(
            application_cursor=mode_of(self._terminal, 1),
            bracketed_paste=mode_of(self._terminal, 2004),
            mouse=mouse,
            mouse_sgr=mode_of(self._terminal, 1006),
            focus_reports=mode_of(self._terminal, 1004),
            alternate_screen=alternate == lib.GHOSTTY_TERMINAL_SCREEN_ALTERNATE,
            held=mode_of(self._terminal, 2026),
        )

    @property
    def scrolled(self) -> Scrolled:
        """Where the shown rows are in all that is kept."""
        bar = value_of(self._terminal, lib.GHOSTTY_TERMINAL_DATA_SCROLLBAR, "GhosttyTerminalScrollbar")
        return Scrolled(above=bar.offset, below=max(0, bar.total - bar.offset - bar.len))

    def feed(self, data: bytes) -> bytes:
        """Take what the remote printed; return what must be sent back to it."""
        if self._unfinished:
            data, self._unfinished = self._unfinished + data, b""
        for length in (3, 2, 1):  # the library has no soft reset, so one must be seen whole
            if data.endswith(_SOFT_RESET[:length]):
                data, self._unfinished = data[:-length], data[-length:]
                break
        first, *others = data.split(_SOFT_RESET) if _SOFT_RESET in data else [data]
        write(self._terminal, first)
        for part in others:
            self._soft_reset()
            write(self._terminal, part)
        return self._mail.take_replies()

    def resize(self, columns: int, rows: int) -> bytes:
        """Change the size, clamped; return what must be sent back."""
        columns, rows = clamp_grid(columns, rows)
        if (columns, rows) != (self._columns, self._rows):
            self._columns, self._rows = self._mail.columns, self._mail.rows = columns, rows
            cell = (CELL_WIDTH_PX, CELL_HEIGHT_PX)
            check(lib.ghostty_terminal_resize(self._terminal[0], columns, rows, *cell), "resize")
            self._whole = True
        return self._mail.take_replies()

    def frame(self) -> Frame:
        """Return what changed since the last frame."""
        self._picture.update(self._terminal)
        changed = self._picture.rows(self._columns, only_changed=not self._whole)
        self._picture.taken()
        self._whole = False
        return Frame(columns=self._columns, rows=self._rows, changed=changed, cursor=self._picture.cursor())

    def scroll(self, lines: int) -> None:
        """Show older rows (negative) or newer ones."""
        scroll_viewport(self._terminal, lib.GHOSTTY_SCROLL_VIEWPORT_DELTA, max(-1_000_000, min(lines, 1_000_000)))

    def scroll_to_bottom(self) -> None:
        """Show the newest rows."""
        scroll_viewport(self._terminal, lib.GHOSTTY_SCROLL_VIEWPORT_BOTTOM, 0)

    def text(self) -> str:
        """Return the shown rows as clean text, trailing spaces cut."""
        self._picture.update(self._terminal)
        rows = self._picture.rows(self._columns, only_changed=False)
        return "\n".join("".join(text for text, _ in rows[y]).rstrip() for y in sorted(rows))

    def requests(self) -> Requests:
        """Return what the program asked of the face since the last call."""
        return self._mail.take_requests()

    def close(self) -> None:
        """Give the memory back; safe to call twice."""
        if self._terminal is not None:
            self._picture.close()
            ffi.release(self._terminal)
            self._terminal = None  # so that a use after this fails in Python, not in C

    def _soft_reset(self) -> None:
        """Do DECSTR in sequences the library knows; the cursor stays where it is, as in xterm."""
        x = value_of(self._terminal, lib.GHOSTTY_TERMINAL_DATA_CURSOR_X, "uint16_t")
        y = value_of(self._terminal, lib.GHOSTTY_TERMINAL_DATA_CURSOR_Y, "uint16_t")
        write(self._terminal, _SOFT_RESET_MEANS + b"\x1b[%d;%dH" % (y + 1, x + 1))


def _configure(terminal: Any, scrollback: int, mail: Mailbox) -> None:  # the terminal is a C handle
    """Switch off what is not wanted, bound what is kept, and listen."""
    size, flag, text = "size_t*", "bool*", ffi.new("char[]", TERM.encode())
    name = ffi.new("GhosttyString*", {"ptr": ffi.cast("uint8_t*", text), "len": len(TERM)})
    # The line limit goes: it costs most of the speed and loses history at a resize. Bytes are the limit.
    for option, value in (
        (lib.GHOSTTY_TERMINAL_OPT_SCROLLBACK_MAX_LINES, ffi.NULL),
        (lib.GHOSTTY_TERMINAL_OPT_SCROLLBACK_MAX_BYTES, ffi.new(size, max(0, scrollback))),
        (lib.GHOSTTY_TERMINAL_OPT_TITLE_REPORT, ffi.new(flag, False)),  # a title could be typed back as a command
        (lib.GHOSTTY_TERMINAL_OPT_KITTY_IMAGE_STORAGE_LIMIT, ffi.new("uint64_t*", 0)),
        (lib.GHOSTTY_TERMINAL_OPT_KITTY_IMAGE_MEDIUM_FILE, ffi.new(flag, False)),
        (lib.GHOSTTY_TERMINAL_OPT_KITTY_IMAGE_MEDIUM_SHARED_MEM, ffi.new(flag, False)),
        (lib.GHOSTTY_TERMINAL_OPT_GLYPH_PROTOCOL, ffi.new(flag, False)),
        (lib.GHOSTTY_TERMINAL_OPT_APC_MAX_BYTES, ffi.new(size, 4096)),
        (lib.GHOSTTY_TERMINAL_OPT_CLIPBOARD_WRITE_MAX_BYTES, ffi.new(size, 1_000_000)),
        (lib.GHOSTTY_TERMINAL_OPT_TERMINFO_NAME, name),
        *mail.callbacks,
    ):
        check(lib.ghostty_terminal_set(terminal[0], option, value), f"terminal option {option}")
