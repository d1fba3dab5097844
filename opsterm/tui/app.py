"""The app: colours, the runtime's life, and the way from facts to the screen. What is shown is in the screens."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import work
from textual.app import App
from textual.binding import BindingType
from textual.filter import LineFilter

from textual.worker import WorkerFailed

from opsterm.core.errors import ExitCode, OpstermError
from opsterm.core.events import Fact
from opsterm.core.text import clean_block, clean_line
from opsterm.runtime.runtime import Runtime
from opsterm.tui.facts import FactsArrived
from opsterm.tui.glyphs import Glyphs, glyphs
from opsterm.tui.keys import KeyMap
from opsterm.tui.quiet_gc import quiet_gc
from opsterm.tui.screens.home import HomeScreen
from opsterm.tui.start import Terminal
from opsterm.tui.theme import Theme, choose_theme, load_themes

BATCH_EVERY_S = 0.1
"""The screen hears of facts at most this often, however many there are."""


class OpstermApp(App[None], inherit_bindings=False):
    """The full-screen face.

    Attributes:
        runtime: the door; opened after the first paint.
        keymap: which keys do what.
        glyphs: what status and trees are drawn with.
        failure: what ended the app, None when the operator left it.
        broken: the first error that is a fault of ours; None when there was none.
    """

    CSS_PATH = "opsterm.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []
    TITLE = "opsterm"

    def __init__(self, runtime: Runtime, terminal: Terminal) -> None:
        self.runtime = runtime
        self.terminal = terminal
        self.failure: OpstermError | None = None
        self.broken: BaseException | None = None
        self.glyphs: Glyphs = glyphs(terminal.ascii)
        self.keymap = KeyMap(runtime.settings.keys)
        self.notices: list[str] = []
        self.themes, faults = load_themes(runtime.paths.shipped / "themes", runtime.paths.config / "themes")
        self.notices += faults
        self._restore_gc: Callable[[], None] | None = None
        super().__init__()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give our style sheet values for our own variables before a theme of ours is chosen."""
        return dict(next(iter(self.themes.values())).variables())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Let a theme without colours keep them from the terminal."""
        usual = super().get_line_filters()
        theme = self.themes.get(self.theme)
        return usual if theme is None else theme.filters(usual)

    def _handle_exception(self, error: Exception) -> None:
        """Leave the screen in order and hand the error to the door, which writes a report instead of a traceback."""
        if self.broken is None:
            self.broken = error.error if isinstance(error, WorkerFailed) else error  # a worker's error comes wrapped
        self._exception = error
        self._exception_event.set()
        self._return_code = ExitCode.BUG
        self._close_messages_no_wait()

    def on_mount(self) -> None:
        """Choose colours, show the home screen, and open the runtime behind it."""
        for theme in self.themes.values():
            self.register_theme(theme.textual())
        self.use_theme("")
        self.push_screen(HomeScreen(self.runtime, self.keymap, self.glyphs))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit)
        self._live()

    def on_unmount(self) -> None:
        """Give the collector its old habits back."""
        if self._restore_gc is not None:
            self._restore_gc()

    def _wanted_theme(self, kept: str) -> str:
        wanted = kept or self.runtime.settings.screen.theme
        if wanted and wanted not in self.themes:
            self.notices.append(f"There is no theme {wanted}; there are: {', '.join(sorted(self.themes))}.")
            wanted = ""
        terminal = self.terminal
        return choose_theme(
            terminal.term, wanted=wanted, no_color=terminal.no_color, slow=terminal.slow, colours=terminal.colours
        )

    def use_theme(self, name: str) -> None:
        """Show a theme by its name, in the terminal pane as well, unless the terminal cannot show it."""
        name = self._wanted_theme(name)
        chosen = self.themes[name]
        colours = chosen.terminal_colours()
        if colours is not None:
            if chosen.dark:
                self.ansi_theme_dark = colours
            else:
                self.ansi_theme_light = colours
        self.theme = name

    def copy(self, text: str) -> None:
        """Copy a text through the terminal (OSC 52) and say what was copied."""
        self.copy_to_clipboard(text)
        self.say(f"Copied: {clean_line(text, limit=200)}")

    @work(exclusive=True, group="live")
    async def _live(self) -> None:
        """Open the runtime, then carry facts to the screen for as long as the app lives."""
        try:
            await self.runtime.open(workers=True)
            await self._begin()
            with self.runtime.hub.listen("screen", limit=5000) as ear:
                async for facts in ear.batches(pause_s=BATCH_EVERY_S):
                    self._hand_over(facts)
        except OpstermError as error:
            self.failure = error
            self.exit(return_code=error.exit_code)

    async def _begin(self) -> None:
        kept = await self.runtime.preference("theme")
        if kept and not self.runtime.settings.screen.theme:
            self.use_theme(kept)
        for screen in self.screen_stack:
            if isinstance(screen, HomeScreen):
                await screen.begin()
        for notice in self.notices:
            self.say(notice, severity="warning")
        self._restore_gc = quiet_gc()

    def _hand_over(self, facts: Sequence[Fact]) -> None:
        for screen in self.screen_stack:
            if getattr(screen, "hears_facts", False):
                screen.post_message(FactsArrived(facts))

    # ------------------------------------------------------------------ telling

    def say(self, text: str, *, severity: str = "information") -> None:
        """Tell something on the home screen's message line, where it stays until the next one."""
        self.home.say(clean_block(text), severity=severity)

    def fail(self, error: OpstermError) -> None:
        """Tell what went wrong, why, and what to do."""
        self.say(str(error), severity="error")

    @property
    def home(self) -> HomeScreen:
        """The home screen."""
        return next(screen for screen in self.screen_stack if isinstance(screen, HomeScreen))
