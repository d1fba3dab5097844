"""How many colours the terminal has, and which theme that means. Needs no Textual: asked before it is imported."""

from __future__ import annotations

import curses
from collections.abc import Mapping

MONO = "mono"
ANSI = "ansi"
USUAL = "night"

MILLIONS = 1 << 24
_SHOW_MILLIONS = ("alacritty", "foot", "ghostty", "xterm-ghostty", "kitty", "xterm-kitty", "wezterm", "contour")


def count_colours(environment: Mapping[str, str]) -> int:
    """Return how many colours the terminal shows: 16, 256 or about 16 million.

    COLORTERM, where the terminal sets it; else the name in TERM; else the terminfo database. COLORTERM does not
    travel over SSH, so a terminal that is known by name counts in full.
    """
    if environment.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return MILLIONS
    term = environment.get("TERM", "").lower()
    if term.endswith("-direct") or term.removesuffix("-direct") in _SHOW_MILLIONS:
        return MILLIONS
    if term.endswith("-256color"):
        return 256
    try:
        curses.setupterm(term or "unknown", 1)
        colours = curses.tigetnum("colors")
    except (curses.error, TypeError, OSError):
        return 16
    return 256 if colours >= 256 else 16


def colour_system(colours: int) -> str:
    """Return the word for TEXTUAL_COLOR_SYSTEM: "truecolor", "256" or "standard"."""
    return "truecolor" if colours >= MILLIONS else "256" if colours >= 256 else "standard"


def forbids_colour(environment: Mapping[str, str]) -> bool:
    """Return whether NO_COLOR is set and not empty (no-color.org)."""
    return bool(environment.get("NO_COLOR"))


def choose_theme(term: str, *, wanted: str = "", no_color: bool = False, slow: bool = False, colours: int = 0) -> str:
    """Return the name of the theme to show.

    What the terminal cannot show, or its user forbids, beats what is wanted; what is wanted beats the usual one.

    Args:
        term: TERM.
        wanted: name of the theme in the settings or the one that was chosen last, "" for none.
        no_color: `forbids_colour` said so.
        slow: the operator asked for few colours, as for a serial line.
        colours: what `count_colours` said; 0: found out from `term` alone, which undercounts a local terminal.
    """
    if no_color:
        return MONO
    if slow or (colours or count_colours({"TERM": term})) < 256:
        return wanted if wanted in (MONO, ANSI) else ANSI
    return wanted or USUAL
