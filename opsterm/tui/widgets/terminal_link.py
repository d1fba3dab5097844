"""A shell and an emulator joined: bytes from one to the other, and the operator's keys the other way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from opsterm.core.errors import OpstermError
from opsterm.runtime.ports import Ended, Shell
from opsterm.terminal.emulator import Emulator
from opsterm.terminal.keys import encode_focus, encode_key, encode_mouse, encode_paste

SLICE_S = 0.004
"""How long output may be taken in before everything else in the loop gets its turn."""

SLICE_BYTES = 16_384
"""Bytes fed at once: the worst there is takes the emulator about 1 ms."""


class TerminalLink:
    """One open terminal. Nobody else touches its shell or its emulator.

    Attributes:
        emulator: what the shell's output is fed to.
        shell: what keys are sent to.
    """

    def __init__(self, shell: Shell, emulator: Emulator, *, changed: Callable[[], None],
                 failed: Callable[[OpstermError], None]) -> None:  # fmt: skip
        self.shell = shell
        self.emulator = emulator
        self._changed = changed
        self._failed = failed
        self._open = True

    async def pump(self) -> Ended:
        """Take in output until the shell has ended; call `changed` after every slice; return how it ended.

        Raises:
            OpstermError: the line broke.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            while data := await self.shell.read():
                for start in range(0, len(data), SLICE_BYTES):
                    if not self._open:  # closed meanwhile, and the emulator's memory may be gone
                        break
                    self.send(self.emulator.feed(data[start : start + SLICE_BYTES]))
                    if loop.time() - began >= SLICE_S:
                        self._changed()
                        await asyncio.sleep(0)
                        began = loop.time()
                self._changed()
                await asyncio.sleep(0)  # a read may return without waiting
        finally:
            ended = await self.close()
        return ended

    def send(self, data: bytes) -> None:
        """Send bytes to the shell; a refusal is told through `failed`."""
        if not data or not self._open:
            return
        try:
            self.shell.write(data)
        except OpstermError as error:
            self._failed(error)

    def press(self, key: str, character: str | None) -> None:
        """Send a key, and show the newest rows again."""
        data = encode_key(key, character, application_cursor=self.emulator.modes.application_cursor)
        if data:
            self._to_bottom()
            self.send(data)

    def paste(self, text: str) -> None:
        """Send pasted text."""
        self._to_bottom()
        self.send(encode_paste(text, bracketed=self.emulator.modes.bracketed_paste))

    def focus(self, *, gained: bool) -> None:
        """Tell the program about the focus if it asked."""
        self.send(encode_focus(self.emulator.modes, gained=gained))

    def mouse(self, action: str, button: int, x: int, y: int, *, shift: bool, alt: bool, ctrl: bool) -> bool:
        """Send a mouse action if the program asked for it; return whether it did. See `encode_mouse`."""
        data = encode_mouse(
            self.emulator.modes, action=action, button=button, x=x, y=y, shift=shift, alt=alt, ctrl=ctrl
        )
        self.send(data)
        return bool(data)

    def wheel(self, lines: int) -> None:
        """Scroll for a wheel nobody asked for: old rows, or arrow keys on the screen that keeps none."""
        modes = self.emulator.modes
        if modes.alternate_screen:
            key = encode_key("up" if lines < 0 else "down", application_cursor=modes.application_cursor)
            self.send(key * abs(lines))
        else:
            self.scroll(lines)

    def scroll(self, lines: int) -> None:
        """Show older rows (negative) or newer ones."""
        self.emulator.scroll(lines)
        self._changed()

    def resize(self, columns: int, rows: int) -> None:
        """Change the size, the emulator's first, so that what the shell draws for it finds it."""
        if (columns, rows) != (self.emulator.columns, self.emulator.rows):
            self.send(self.emulator.resize(columns, rows))
            if self._open:
                self.shell.resize(self.emulator.columns, self.emulator.rows)
            self._changed()

    async def close(self) -> Ended:
        """Hang up; what was printed can still be looked at. Safe to call twice."""
        self._open = False
        return await self.shell.close()

    def _to_bottom(self) -> None:
        if self.emulator.scrolled.below:
            self.emulator.scroll_to_bottom()
            self._changed()
