"""What libghostty-vt calls back with: replies to queries, and what a program asks of the face.

The callbacks hold this object and not the emulator, so that nothing here keeps an emulator alive. None of them may
raise: the caller is C.
"""

from __future__ import annotations

from typing import Any

from pyghostty._ffi import ffi, lib

from opsterm.core.text import clean_line
from opsterm.terminal.emulator import ClipboardWrite, Notification, Requests
from opsterm.terminal.ghostty_c import text_of

CELL_WIDTH_PX, CELL_HEIGHT_PX = 8, 16
"""What size reports say of a cell; nothing here is drawn in pixels."""

REPLY_LIMIT = 16_384
"""Bytes sent back for one feed; a flood of queries in a file gets no flood of answers."""

CLIPBOARD_LIMIT = 100_000
"""Characters kept of a clipboard write."""

_NOTIFICATIONS_KEPT = 8


class Mailbox:
    """Where the callbacks of one terminal leave what they were told.

    Attributes:
        columns: width for size reports.
        rows: height for size reports.
        callbacks: (option, function pointer) pairs to set on the terminal; must live as long as it does.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._replies: list[bytes] = []
        self._reply_size = 0
        self._bells = 0
        self._clipboard: ClipboardWrite | None = None
        self._clipboard_reads = 0
        self._notifications: list[Notification] = []
        self.callbacks = tuple(
            (option, ffi.callback(ctype, function, onerror=_swallow))
            for option, ctype, function in (
                (lib.GHOSTTY_TERMINAL_OPT_WRITE_PTY, "GhosttyTerminalWritePtyFn", self._reply),
                (lib.GHOSTTY_TERMINAL_OPT_BELL, "GhosttyTerminalBellFn", self._bell),
                (lib.GHOSTTY_TERMINAL_OPT_SIZE, "GhosttyTerminalSizeFn", self._size),
                (lib.GHOSTTY_TERMINAL_OPT_CLIPBOARD_WRITE, "GhosttyTerminalClipboardWriteFn", self._write_clipboard),
                (lib.GHOSTTY_TERMINAL_OPT_CLIPBOARD_READ, "GhosttyTerminalClipboardReadFn", self._read_clipboard),
                (lib.GHOSTTY_TERMINAL_OPT_DESKTOP_NOTIFICATION, "GhosttyTerminalDesktopNotificationFn", self._notify),
            )
        )

    def take_replies(self) -> bytes:
        """Return what is to be sent to the program, and forget it."""
        if not self._replies:
            return b""
        data = b"".join(self._replies)
        self._replies.clear()
        self._reply_size = 0
        return data

    def take_requests(self) -> Requests:
        """Return what the program asked of the face, and forget it."""
        taken = Requests(
            bells=self._bells,
            clipboard=self._clipboard,
            clipboard_reads=self._clipboard_reads,
            notifications=tuple(self._notifications),
        )
        self._bells = self._clipboard_reads = 0
        self._clipboard = None
        self._notifications.clear()
        return taken

    def _reply(self, _terminal: Any, _user: Any, data: Any, length: int) -> None:
        self._reply_size += length
        if self._reply_size <= REPLY_LIMIT:
            self._replies.append(ffi.buffer(data, length)[:])

    def _bell(self, _terminal: Any, _user: Any) -> None:
        self._bells += 1

    def _size(self, _terminal: Any, _user: Any, size: Any) -> bool:
        size.rows, size.columns, size.cell_width, size.cell_height = (
            self.rows,
            self.columns,
            CELL_WIDTH_PX,
            CELL_HEIGHT_PX,
        )
        return True

    def _write_clipboard(self, _terminal: Any, _user: Any, write: Any) -> None:
        text = ""
        for number in range(min(write.contents_len, 8)):
            content = write.contents[number]
            if text_of(content.mime, 64).partition(";")[0] in ("", "text/plain"):
                text = text_of(content.data, 4 * CLIPBOARD_LIMIT)
                break
        self._clipboard = ClipboardWrite(text=text[:CLIPBOARD_LIMIT], cut=max(0, len(text) - CLIPBOARD_LIMIT))
        reply = ffi.new("GhosttyClipboardWriteReply*", {"result": lib.GHOSTTY_CLIPBOARD_WRITE_RESULT_DENIED})
        reply.size = ffi.sizeof("GhosttyClipboardWriteReply")
        write.reply(write, reply)

    def _read_clipboard(self, _terminal: Any, _user: Any, read: Any) -> None:
        self._clipboard_reads += 1
        reply = ffi.new("GhosttyClipboardReadReply*", {"result": lib.GHOSTTY_CLIPBOARD_READ_RESULT_DENIED})
        reply.size = ffi.sizeof("GhosttyClipboardReadReply")
        read.reply(read, reply)

    def _notify(self, _terminal: Any, _user: Any, notification: Any) -> None:
        title, body = (clean_line(text_of(part, 4096), limit=200) for part in (notification.title, notification.body))
        self._notifications = [*self._notifications[1 - _NOTIFICATIONS_KEPT :], Notification(title=title, body=body)]


def _swallow(_kind: Any, _error: Any, _trace: Any) -> None:
    """Lose an error inside a callback: C cannot pass it on, and nothing it would tell is worth the process."""
