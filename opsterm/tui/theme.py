"""Themes for Textual: a palette becomes its theme and CSS variables; without colour, no colour passes.

CSS variables beside Textual's own: $muted, $selection, $selection-style, $input-background, $focus-border,
$pane-border, $sev-ok … $sev-unknown (with $sev-ok-style …), $series-1 … $series-10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual import theme as textual_theme
from textual.color import Color
from textual.filter import LineFilter

from opsterm.tui.colours import choose_theme
from opsterm.tui.palette import MOST_SERIES, SEVERITIES, Ink, Palette, read_palettes

__all__ = ["Theme", "choose_theme", "load_themes"]

_STANDS_OUT = "ansi_white"
"""Ground of what stands out in native themes; `Colourless` draws every ground that is not the usual in reverse."""


class Colourless(LineFilter):
    """Lets no colour through. What had a ground of its own is drawn in reverse, so that it still stands out.

    Textual's own filters do not: one turns colours to grey, the other sends codes for the default colours.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without colours; their text, attributes and links stay."""
        return [
            Segment(text, _without_colour(style) if style is not None else None, control)
            for text, style, control in segments
        ]


@lru_cache(4096)
def _without_colour(style: Style) -> Style:
    """Reverse twice is not reversed: a cursor on a selected text shows."""
    own_ground = style.bgcolor is not None and not style.bgcolor.is_default
    plain = style.without_color
    return plain + Style(reverse=not style.reverse) if own_ground else plain


_COLOURLESS = Colourless()


class Theme(Palette):
    """A palette that Textual can show."""

    __slots__ = ()

    def textual(self) -> textual_theme.Theme:
        """Return the theme to register with an app. It has the same name."""
        roles, severity = self.roles, self.severity
        return textual_theme.Theme(
            name=self.name,
            primary=roles["accent"].css_colour(),
            secondary=roles["muted"].css_colour(),
            accent=roles["accent"].css_colour(),
            foreground=roles["text"].css_colour(),
            background=roles["background"].css_colour(),
            surface=roles["surface"].css_colour(),
            panel=roles["panel"].css_colour(),
            success=severity["ok"].css_colour(),
            warning=severity["warning"].css_colour(),
            error=severity["critical"].css_colour(),
            dark=self.dark,
            ansi=self.native,
            variables={**_framework_variables(self), **self.variables()},
        )

    def variables(self) -> Mapping[str, str]:
        """Return our CSS variables; those of any theme serve as `App.get_theme_variable_defaults`."""
        selection = self.roles["selection"]
        ours = {
            "muted": self.roles["muted"].css_colour(),
            "selection": _ground(self, selection),
            "selection-style": " ".join(("bold", *(word for word in selection.attributes if word != "bold"))),
            "input-background": self.roles["input"].css_colour(),
            "focus-border": self.roles["focus"].css_colour(),
            "pane-border": self.roles["border"].css_colour(),
        }
        for name in SEVERITIES:
            ours[f"sev-{name}"] = self.severity[name].css_colour()
            ours[f"sev-{name}-style"] = self.severity[name].css_text_style()
        for number in range(MOST_SERIES):
            ours[f"series-{number + 1}"] = self.series_ink(number).css_colour()
        return ours

    def filters(self, usual: Sequence[LineFilter]) -> Sequence[LineFilter]:
        """Return the filters of an app that shows this theme: what its `get_line_filters` gives back.

        Args:
            usual: what Textual would apply.
        """
        return (_COLOURLESS,) if self.colourless else usual

    def terminal_colours(self) -> TerminalTheme | None:
        """Return the 16 colours for what a remote prints, None to leave them to the terminal.

        For `App.ansi_theme_dark` or `App.ansi_theme_light`, whichever `dark` says.
        """
        if self.native or not self.terminal:
            return None
        colours = [Color.parse(text).rgb for text in self.terminal]
        back, front = (Color.parse(self.roles[name].colour).rgb for name in ("background", "text"))
        return TerminalTheme(back, front, colours[:8], colours[8:])


def load_themes(shipped: Path, own: Path) -> tuple[Mapping[str, Theme], Sequence[str]]:
    """Read every theme file. Blocks for a few milliseconds.

    Args:
        shipped: folder of the themes that came with the program.
        own: folder of the operator's; may be absent. A theme of the same name takes the place of the shipped one;
            with `inherits = "night"` a file needs to say only what differs.

    Returns:
        Themes by name, and one sentence for each file that cannot be used, with file, line and key. A faulty file
        keeps no other from loading.
    """
    return read_palettes(shipped, own, Theme)


def _ground(palette: Palette, ground: Ink) -> str:
    """Return a ground's colour; one that is drawn by reversing keeps the colour that is behind it."""
    return palette.roles["background"].css_colour() if "reverse" in ground.attributes else ground.css_colour()


def _framework_variables(palette: Palette) -> dict[str, str]:
    """Return the variables of Textual's own widgets, each at full strength: mixed colours have no known contrast."""
    role = {name: ink.css_colour() for name, ink in palette.roles.items()}
    severity = {name: ink.css_colour() for name, ink in palette.severity.items()}
    reversed_ = "reverse" in palette.roles["selection"].attributes
    behind = "ansi_black" if palette.native else role["background"]
    chosen = _STANDS_OUT if reversed_ else role["selection"]
    on_chosen = behind if reversed_ else role["text"]
    made = {
        "text-muted": role["muted"], "text-disabled": role["muted"], "foreground-muted": role["muted"],
        "text-primary": role["accent"], "text-secondary": role["muted"], "text-accent": role["accent"],
        "text-success": severity["ok"], "text-warning": severity["warning"], "text-error": severity["critical"],
        "border": role["focus"], "border-blurred": role["border"], "surface-active": role["panel"],
        "block-cursor-background": chosen, "block-cursor-foreground": on_chosen, "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": role["panel"], "block-cursor-blurred-foreground": role["text"],
        "block-cursor-blurred-text-style": "bold", "block-hover-background": role["panel"],
        "input-cursor-background": role["text"] if not palette.native else _STANDS_OUT,
        "input-cursor-foreground": behind, "input-cursor-text-style": "none",
        "input-selection-background": chosen, "input-selection-foreground": on_chosen,
        "screen-selection-background": chosen, "screen-selection-foreground": on_chosen,
        "scrollbar": role["border"] if not palette.colourless else _STANDS_OUT,
        "scrollbar-hover": role["accent"] if not palette.colourless else _STANDS_OUT,
        "scrollbar-active": role["accent"] if not palette.colourless else _STANDS_OUT,
        "footer-background": role["panel"], "footer-foreground": role["text"],
        "footer-key-foreground": role["accent"], "footer-description-foreground": role["text"],
        "footer-description-background": role["panel"], "footer-item-background": role["panel"],
        "link-color": role["accent"], "link-color-hover": on_chosen, "link-background-hover": chosen,
        "button-foreground": role["text"], "button-color-foreground": behind,
    }  # fmt: skip
    for corner in ("", "-hover", "-active"):
        made[f"scrollbar-background{corner}"] = role["surface"]
    made["scrollbar-corner-color"] = role["surface"]
    for name in ("primary", "secondary", "accent", "success", "warning", "error"):
        made[f"{name}-muted"] = role["panel"]
    for level in range(1, 7):
        made[f"markdown-h{level}-color"] = role["accent"]
    if palette.native:
        made |= {"text": role["text"], "ansi-background": role["background"], "ansi-foreground": role["text"]}
    return made
