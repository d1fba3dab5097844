"""Starts the screen: looks at the terminal first, because the framework reads its variables when imported."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.paths import Paths
from opsterm.core.settings import Loaded
from opsterm.tui.colours import colour_system, count_colours, forbids_colour

if TYPE_CHECKING:
    from opsterm.runtime.runtime import Runtime

Build = Callable[[Loaded, Paths, dict[str, str], str], "Runtime"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """What was found out about the terminal.

    Attributes:
        term: its TERM.
        ascii: draw with ASCII only.
        no_color: NO_COLOR is set.
        slow: few colours, few repaints.
        colours: how many it has: 16, 256 or 16 million.
        mouse: whether the mouse is used.
    """

    term: str
    ascii: bool
    no_color: bool
    slow: bool
    colours: int
    mouse: bool


def look_at_terminal(loaded: Loaded, environment: Mapping[str, str], *, encoding: str, is_tty: bool) -> Terminal:
    """Return what the terminal can do.

    Raises:
        BadInput: there is none, or it cannot show a screen; names the verbs that work without one.
    """
    anywhere = 'Verbs work anywhere: `opsterm targets list`, `opsterm alerts`, `opsterm ask "…"`.'
    if not is_tty:
        raise BadInput("The screen needs a terminal, and this is none.", next_step=anywhere)
    term = environment.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        raise BadInput(
            f"The screen cannot be shown on a terminal of type {term or 'none'!r}.",
            why="TERM says that it cannot move its cursor.",
            next_step=f"Set TERM to what the terminal is. {anywhere}",
        )
    screen = loaded.settings.screen
    return Terminal(
        term=term,
        ascii=screen.ascii or "utf" not in encoding.lower(),
        no_color=forbids_colour(environment),
        slow=screen.slow,
        colours=count_colours(environment),
        mouse=screen.mouse,
    )


def prepare_variables(terminal: Terminal, variables: MutableMapping[str, str]) -> None:
    """Set what the framework reads when it is imported, and drop what would make it not ask the terminal.

    Its developers' tools are dropped as well: they would be told every key, those of a passphrase included.
    """
    for name in ("COLUMNS", "LINES"):
        variables.pop(name, None)  # exported by some shells; they beat the terminal's own answer, also after a resize
    for name in ("TEXTUAL", "TEXTUAL_LOG", "TEXTUAL_DEBUG", "TEXTUAL_SCREENSHOT", "TEXTUAL_PRESS", "TEXTUAL_DRIVER"):
        variables.pop(name, None)
    variables.setdefault("ESCDELAY", "25")
    variables["TEXTUAL_ANIMATIONS"] = "none"
    variables["TEXTUAL_SMOOTH_SCROLL"] = "0"
    variables["TEXTUAL_COLOR_SYSTEM"] = colour_system(terminal.colours)
    if terminal.slow:
        variables["TEXTUAL_FPS"] = "4"


def run_screen(*, loaded: Loaded, paths: Paths, clock: Clock, environment: dict[str, str], build: Build) -> int:
    """Show the screen until the operator leaves it; return the exit code."""
    del clock  # the runtime brings its own
    error_stream = sys.__stderr__
    terminal = look_at_terminal(
        loaded,
        environment,
        encoding=(error_stream.encoding if error_stream else "") or "ascii",
        is_tty=sys.stdin.isatty() and error_stream is not None and error_stream.isatty(),
    )
    prepare_variables(terminal, os.environ)  # noqa: TID251 (the framework reads them from there)
    app_module = importlib.import_module("opsterm.tui.app")
    app = app_module.OpstermApp(
        lambda: build(loaded, paths, environment, "screen"), loaded=loaded, paths=paths, terminal=terminal
    )

    async def show() -> None:
        try:
            await app.run_async(mouse=terminal.mouse)
        finally:
            await app.close_runtime()

    asyncio.run(show())
    for error in (app.failure, app.broken):
        if error is not None:
            raise error
    return app.return_code or ExitCode.DONE
