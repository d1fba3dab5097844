"""A theme as data: colours by role, read from TOML files that ship and from the operator's own.

A file is small on purpose: ten roles, five severities, the chart's series and, if it likes, the 16 colours of the
terminal pane. Everything else that Textual asks for is derived from these in `theme`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypedDict, TypeVar

from rich.color import Color
from rich.style import Style

from opsterm.core.text import clean_line

ROLES = ("background", "surface", "panel", "text", "muted", "accent", "border", "focus", "selection", "input")
SEVERITIES = ("ok", "warning", "critical", "offline", "unknown")
MOST_SERIES = 10
SIZE_LIMIT = 100_000

DEFAULT = "default"
_ATTRIBUTES = ("bold", "underline", "reverse")
_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
ANSI_NAMES = tuple(f"ansi_{bright}{name}" for bright in ("", "bright_") for name in _NAMES)
"""The 16 colours by number, as Textual names them."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_HEX = re.compile(r"#[0-9a-fA-F]{6}")

Tree: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """What something is drawn with.

    Attributes:
        colour: "#rrggbb", one of ANSI_NAMES, or "default": whatever the terminal has.
        attributes: any of "bold", "underline", "reverse".
    """

    colour: str
    attributes: tuple[str, ...] = ()

    def rich_colour(self) -> Color | None:
        """Return the colour for Rich, None for the terminal's own."""
        return None if self.colour == DEFAULT else Color.parse(self.colour.removeprefix("ansi_"))

    def css_colour(self) -> str:
        """Return the colour as Textual's CSS writes it."""
        return "ansi_default" if self.colour == DEFAULT else self.colour

    def css_text_style(self) -> str:
        """Return the attributes as Textual's CSS writes them."""
        return " ".join(self.attributes) or "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """One theme.

    Attributes:
        name: what settings call it: small letters, digits, dashes.
        title: what the theme screen calls it.
        dark: light text on dark ground.
        roles: ink for each of ROLES. "background", "surface", "panel", "selection" and "input" are grounds, the
            others are written on them. A ground that is "reverse" swaps what stands on it with what is behind it.
        severity: ink for each of SEVERITIES.
        series: 1 to MOST_SERIES inks for charts, the best told apart first.
        terminal: the terminal pane's 16 colours "#rrggbb", or empty.
    """

    name: str
    title: str
    dark: bool
    roles: Mapping[str, Ink]
    severity: Mapping[str, Ink]
    series: tuple[Ink, ...]
    terminal: tuple[str, ...] = ()

    @property
    def colourless(self) -> bool:
        """Whether it names no colour at all."""
        return all(ink.colour == DEFAULT for ink in self._inks())

    @property
    def native(self) -> bool:
        """Whether it names only colours of the terminal's own."""
        return not any(ink.colour.startswith("#") for ink in self._inks())

    def ink(self, name: str) -> Ink:
        """Return the ink of a role or severity.

        Raises:
            KeyError: there is no such role; a mistake in the caller.
        """
        return self.severity[name] if name in self.severity else self.roles[name]

    def series_ink(self, number: int) -> Ink:
        """Return the ink of a chart's curve, 0 for the first; used again from the start when they run out."""
        return self.series[number % len(self.series)]

    def style(self, name: str, *, on: str = "") -> Style:
        """Return the Rich style of a role or severity, on a ground ("selection") if one is named."""
        return ink_style(self.ink(name), self.roles[on] if on else None)

    def _inks(self) -> Sequence[Ink]:
        return (*self.roles.values(), *self.severity.values(), *self.series)


def ink_style(ink: Ink, ground: Ink | None = None) -> Style:
    """Return the Rich style for writing with an ink on a ground (None: on whatever is there)."""
    attributes = {*ink.attributes, *(ground.attributes if ground else ())}
    return Style(
        color=ink.rich_colour(),
        bgcolor=ground.rich_colour() if ground else None,
        bold="bold" in attributes or None,
        underline="underline" in attributes or None,
        reverse="reverse" in attributes or None,
    )


P = TypeVar("P", bound=Palette)


def read_palettes(shipped: Path, own: Path, make: type[P]) -> tuple[dict[str, P], list[str]]:
    """Read every theme file; see `theme.load_themes`.

    Args:
        shipped: folder of the themes that came with the program.
        own: folder of the operator's; may be absent.
        make: what a file becomes.
    """
    found: dict[str, P] = {}
    trees: dict[str, Tree] = {}
    faults: list[str] = []
    for folder in (shipped, own):
        for path in sorted(folder.glob("*.toml")) if os.access(folder, os.R_OK | os.X_OK) else ():
            text = ""
            try:
                text = _read(path)
                tree = _inherit(_parse(text), trees)
                palette = make(**_fields(tree))
            except _Fault as fault:
                place = f"{path}:{_line_of(text, fault.key)}" if fault.key else f"{path}"
                faults.append(clean_line(f"{place}: {fault}", limit=500))
                continue
            found[palette.name], trees[palette.name] = palette, tree
    return found, faults


class _Fields(TypedDict):
    name: str
    title: str
    dark: bool
    roles: Mapping[str, Ink]
    severity: Mapping[str, Ink]
    series: tuple[Ink, ...]
    terminal: tuple[str, ...]


class _Fault(Exception):
    """What is wrong with a theme file, as a sentence; `key` is "section.key" or "" for the file as a whole."""

    def __init__(self, sentence: str, key: str = "") -> None:
        super().__init__(sentence)
        self.key = key


def _read(path: Path) -> str:
    try:
        if not path.is_file() or path.stat().st_size > SIZE_LIMIT:
            raise _Fault(f"This is no theme file: it is not a regular file, or larger than {SIZE_LIMIT} bytes.")
        return path.read_text("utf-8")
    except OSError as error:
        raise _Fault(f"The file cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise _Fault("The file is not UTF-8 text.") from None


def _parse(text: str) -> Tree:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _Fault(f"The file is not valid TOML: {error}.") from None


def _inherit(tree: Tree, known: Mapping[str, Tree]) -> Tree:
    """Return the tree with what it leaves out taken from the theme it inherits."""
    if "inherits" not in tree:
        return tree
    parent = known.get(str(tree["inherits"]))
    if parent is None:
        raise _Fault(f"inherits names no theme that is there: {tree['inherits']!r}.", "inherits")
    merged: dict[str, object] = {**parent}
    for key, value in tree.items():
        above = merged.get(key)
        merged[key] = {**above, **value} if isinstance(above, dict) and isinstance(value, dict) else value
    return merged


def _fields(tree: Tree) -> _Fields:
    known = ("name", "title", "dark", "inherits", "roles", "severity", "chart", "terminal")
    for key in tree:
        if key not in known:
            raise _Fault(f"There is no key {key}; a theme has {', '.join(known)}.", key)
    name, title, dark = tree.get("name"), tree.get("title"), tree.get("dark")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _Fault("name must be small letters, digits and dashes, at most 31, a letter first.", "name")
    if not isinstance(title, str) or not title.strip() or len(title) > 40 or clean_line(title) != title:
        raise _Fault("title must be a text of one line, at most 40 characters.", "title")
    if not isinstance(dark, bool):
        raise _Fault("dark must be true or false.", "dark")
    return _Fields(
        name=name,
        title=title,
        dark=dark,
        roles=_inks(tree, "roles", ROLES),
        severity=_inks(tree, "severity", SEVERITIES),
        series=_series(tree),
        terminal=_terminal(tree),
    )


def _series(tree: Tree) -> tuple[Ink, ...]:
    series = _table(tree, "chart", ("series",)).get("series")
    if not isinstance(series, list) or not 1 <= len(series) <= MOST_SERIES:
        raise _Fault(f"chart.series must be a list of 1 to {MOST_SERIES} colours.", "chart.series")
    return tuple(_ink(value, "chart.series") for value in series)


def _terminal(tree: Tree) -> tuple[str, ...]:
    if "terminal" not in tree:
        return ()
    colours = _table(tree, "terminal", ("colours",)).get("colours")
    wanted = _Fault("terminal.colours must be a list of 16 colours #rrggbb.", "terminal.colours")
    if not isinstance(colours, list) or len(colours) != 16:
        raise wanted
    if not all(isinstance(value, str) and _HEX.fullmatch(value) for value in colours):
        raise wanted
    return tuple(colours)


def _table(tree: Tree, section: str, keys: Sequence[str]) -> Mapping[str, object]:
    table = tree.get(section)
    if not isinstance(table, dict):
        raise _Fault(f"The section [{section}] is missing.", section)
    for key in table:
        if key not in keys:
            raise _Fault(f"There is no key {section}.{key}; [{section}] has {', '.join(keys)}.", f"{section}.{key}")
    return table


def _inks(tree: Tree, section: str, keys: Sequence[str]) -> Mapping[str, Ink]:
    table = _table(tree, section, keys)
    for key in keys:
        if key not in table:
            raise _Fault(f"{section}.{key} is missing.", section)
    return {key: _ink(table[key], f"{section}.{key}") for key in keys}


def _ink(value: object, key: str) -> Ink:
    words = value.split() if isinstance(value, str) else []
    colours = [word for word in words if word not in _ATTRIBUTES]
    good = all(_HEX.fullmatch(word) or word in ANSI_NAMES or word == DEFAULT for word in colours)
    if not words or len(colours) > 1 or not good:
        shown = clean_line(repr(value), limit=40)
        raise _Fault(
            f"{key} is {shown}, which is no colour; write #rrggbb, ansi_red … ansi_bright_white or default, "
            "with bold, underline or reverse before it if wanted.",
            key,
        )
    return Ink(
        colour=colours[0].lower() if colours else DEFAULT,
        attributes=tuple(word for word in _ATTRIBUTES if word in words),
    )


def _line_of(text: str, key: str) -> int:
    """Return the line a key is on; its section's, or 1, when it is nowhere: TOML readers give no places."""
    section, _, name = key.rpartition(".")
    inside, best = not section, 1
    for number, line in enumerate(text.splitlines(), 1):
        heading = re.match(r"\s*\[\s*\"?([\w-]+)\"?\s*\]", line)
        if heading:
            inside = heading[1] == section
            if heading[1] in (section, name):
                best = number
        elif inside and re.match(rf"\s*\"?{re.escape(name)}\"?\s*=", line):
            return number
    return best
