"""The app: colours, the runtime's life, and the way from facts to the screen. What is shown is in the screens."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, work
from textual.actions import ActionParseResult
from textual.app import App
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.screen import Screen
from textual.worker import WorkerFailed

from opsterm.core.errors import Bug, OpstermError
from opsterm.core.events import Fact
from opsterm.core.paths import Paths
from opsterm.core.quiet_gc import quiet_gc
from opsterm.core.settings import Loaded
from opsterm.core.text import clean_block, clean_line
from opsterm.runtime.offload import Offload
from opsterm.tui.ascii import AsciiOnly
from opsterm.tui.glyphs import Glyphs, glyphs
from opsterm.tui.keys import KeyMap
from opsterm.tui.screens.opening import OpeningScreen
from opsterm.tui.start import Terminal
from opsterm.tui.theme import choose_theme, load_themes
from opsterm.tui.typed_ahead import Typed, TypedAhead

if TYPE_CHECKING:
    from opsterm.runtime.runtime import Runtime
    from opsterm.runtime.supervisor import TaskStatus
    from opsterm.tui.screens.home import HomeScreen

BATCH_EVERY_S = 0.1
"""The screen hears of facts at most this often, however many there are."""


class OpstermApp(App[None], inherit_bindings=False):
    """The full-screen face.

    Attributes:
        keymap: which keys do what.
        glyphs: what status and trees are drawn with.
        failure: what ended the app, None when the operator left it.
        broken: the first error that is a fault of ours; None when there was none.
        has_begun: whether the home screen shows what the runtime knows.
    """

    CSS_PATH = "opsterm.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []
    TITLE = "opsterm"

    def __init__(self, build: Callable[[], Runtime], *, loaded: Loaded, paths: Paths, terminal: Terminal) -> None:
        self.terminal = terminal
        self.failure: OpstermError | None = None
        self.broken: BaseException | None = None
        self.has_begun = False
        self._typed_ahead = TypedAhead(self, super().on_event)
        self.glyphs: Glyphs = glyphs(terminal.ascii)
        self.keymap = KeyMap(loaded.settings.keys)
        self.notices: list[str] = []
        self.themes, faults = load_themes(paths.shipped / "themes", paths.config / "themes")
        self.notices += faults
        self._wished_theme = loaded.settings.screen.theme
        self._build = build
        self._runtime: Runtime | None = None
        self._offload = Offload()
        self._restore_gc: Callable[[], None] | None = None
        super().__init__()
        for theme in self.themes.values():
            self.register_theme(theme.textual())
        self.use_theme("")  # before the style sheet is read for the first time: it is read anew for other colours

    def get_default_screen(self) -> Screen[None]:
        """Return what is painted first."""
        return OpeningScreen(self.glyphs)

    @property
    def runtime(self) -> Runtime:
        """The door; there once the opening screen is over."""
        if self._runtime is None:
            raise Bug("the runtime was asked for before it was built")
        return self._runtime

    async def close_runtime(self) -> None:
        """Close what was opened; harmless when nothing was."""
        if self._runtime is not None:
            await self._runtime.close()
        self._offload.close()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give our style sheet values for our own variables before a theme of ours is chosen."""
        return dict(next(iter(self.themes.values())).variables())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Let a theme without colours keep them from the terminal, and a terminal without UTF-8 get none."""
        usual = super().get_line_filters()
        theme = self.themes.get(self.theme)
        filters = usual if theme is None else theme.filters(usual)
        return [*filters, AsciiOnly()] if self.terminal.ascii else filters

    def _handle_exception(self, error: Exception) -> None:
        """Leave the screen in order and hand the error to the door, which writes a report instead of a traceback."""
        if self.broken is None:
            self.broken = error.error if isinstance(error, WorkerFailed) else error  # a worker's error comes wrapped
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Close without the traceback that the framework would print."""
        self._close_messages_no_wait()

    def on_mount(self) -> None:
        """Heed signals, and open the runtime behind the first paint."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit)
        self.call_after_refresh(self._live)

    def on_unmount(self) -> None:
        """Give the collector its old habits back."""
        if self._restore_gc is not None:
            self._restore_gc()

    def _wanted_theme(self, kept: str) -> str:
        wanted = kept or self._wished_theme
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
        """Build and open the runtime, then carry facts to the screen for as long as the app lives."""
        try:
            home = await self._offload.run("imports", self._load_home)
            await self.push_screen(home)
            await self.runtime.open(workers=True)
            await self._begin(home)
            with self.runtime.hub.listen("screen", limit=5000) as ear:
                async for facts in ear.batches(pause_s=BATCH_EVERY_S):
                    self._hand_over(facts)
        except OpstermError as error:
            self.failure = error
            self.exit(return_code=error.exit_code)

    def _load_home(self) -> HomeScreen:
        """Import the rooms and make the home screen, in a thread: the opening screen is painted meanwhile."""
        from opsterm.tui.screens.home import HomeScreen  # noqa: PLC0415 (this is the point)

        self._runtime = self._build()
        return HomeScreen(self._runtime, self.keymap, self.glyphs)

    async def _begin(self, home: HomeScreen) -> None:
        kept = await self.runtime.preference("theme")
        if kept and not self._wished_theme:
            self.use_theme(kept)
        await home.begin()
        self.runtime.supervisor.on_failure(self._tell_failure)
        for notice in self.notices:
            self.say(notice, severity="warning")
        self._restore_gc = quiet_gc()
        self.has_begun = True
        self._typed_ahead.release()

    def _tell_failure(self, status: TaskStatus) -> None:
        """Say that work behind the screen failed; what it is and whether it goes on is in the doctor."""
        self.say(f"{status.name}: {status.last_error}\n: doctor says how it stands.", severity="error")

    async def on_event(self, event: events.Event) -> None:
        """Hand keys on one after the other, and only when the home screen is filled; before that q leaves at once."""
        fresh = isinstance(event, Typed) and not event.is_forwarded  # the others come back from the focused widget
        leaves = isinstance(event, events.Key) and event.key == "q" and self._typed_ahead.empty
        if isinstance(event, Typed) and fresh and (self.has_begun or not leaves):
            await self._typed_ahead.take(event)
        else:
            await super().on_event(event)

    async def run_action(
        self, action: str | ActionParseResult, default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:  # fmt: skip
        """Do nothing for a key of lists while no list has the focus: to the framework that is an error."""
        if self.focused is None and isinstance(action, str) and action.startswith("focused."):
            return False
        return await super().run_action(action, default_namespace, namespaces)

    def _hand_over(self, facts: Sequence[Fact]) -> None:
        from opsterm.tui.facts import FactsArrived  # noqa: PLC0415 (the first paint needs no facts)

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
        return cast("HomeScreen", next(s for s in self.screen_stack if getattr(s, "is_home", False)))
