"""Every theme can be read, by every eye and on every terminal; without colour none is sent."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import Color, ColorSystem

from opsterm.inventory.target import Status
from opsterm.monitoring.alerts import Severity
from opsterm.tui.colours import MILLIONS, choose_theme, colour_system, count_colours, forbids_colour
from opsterm.tui.glyphs import Glyphs, glyphs
from opsterm.tui.palette import ANSI_NAMES, SEVERITIES, Ink
from opsterm.tui.theme import Theme, load_themes

SHIPPED = Path(__file__).parents[2] / "themes"
THEMES, FAULTS = load_themes(SHIPPED, SHIPPED / "nothing-here")
IN_COLOUR = sorted(name for name, theme in THEMES.items() if not theme.native)
GROUNDS = ("background", "surface", "panel", "selection", "input")

Rgb = tuple[int, int, int]

# ---------------------------------------------------------------------------------------------- contrast (WCAG 2.2)


def linear(channel: int) -> float:
    """Return a channel of sRGB as light (IEC 61966-2-1)."""
    part = channel / 255
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def luminance(colour: Rgb) -> float:
    red, green, blue = (linear(channel) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_ruler_itself_is_right() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((0x77, 0x77, 0x77), (255, 255, 255)) == pytest.approx(4.478, abs=0.001)


def rgb(ink: Ink) -> Rgb:
    return (int(ink.colour[1:3], 16), int(ink.colour[3:5], 16), int(ink.colour[5:7], 16))


def on_256_colours(colour: Rgb) -> Rgb:
    """Return what a terminal with 256 colours shows: the usual case over SSH, which carries no COLORTERM."""
    shown = Color.from_rgb(*colour).downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
    return (shown.red, shown.green, shown.blue)


def written(theme: Theme) -> Iterator[tuple[str, Ink]]:
    """Yield everything a theme writes with."""
    yield from ((name, theme.roles[name]) for name in ("text", "muted", "accent", "focus"))
    yield from theme.severity.items()
    yield from ((f"series {number}", ink) for number, ink in enumerate(theme.series))


def test_seven_themes_ship_and_none_is_faulty() -> None:
    assert FAULTS == []
    assert sorted(THEMES) == ["ansi", "contrast", "day", "deuteranopia", "mono", "night", "tritanopia"]


@pytest.mark.parametrize("name", IN_COLOUR)
@pytest.mark.parametrize("ground", GROUNDS)
def test_all_that_is_written_stands_out_from_all_it_stands_on(name: str, ground: str) -> None:
    theme = THEMES[name]
    behind = rgb(theme.roles[ground])
    for what, ink in written(theme):
        assert contrast(rgb(ink), behind) >= 4.5, (what, ground)
        assert contrast(on_256_colours(rgb(ink)), on_256_colours(behind)) >= 4.5, (what, ground, "256 colours")


def test_high_contrast_is_high() -> None:
    theme = THEMES["contrast"]
    for ground, (what, ink) in itertools.product(GROUNDS, written(theme)):
        if not what.startswith("series"):
            assert contrast(rgb(ink), rgb(theme.roles[ground])) >= 6.5, (what, ground)
    for ground in ("background", "surface", "panel", "input"):
        assert contrast(rgb(theme.roles["text"]), rgb(theme.roles[ground])) >= 7


PALETTES = {  # the 16 colours as terminals ship them, black first
    "Linux console": "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa "
    "555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff",
    "xterm": "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 "
    "7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff",
    "GNOME": "171421 c01c28 26a269 a2734c 12488b a347ba 2aa1b3 d0cfcc "
    "5e5c64 f66151 33d17a e9ad0c 2a7bde c061cb 33c7de ffffff",
    "Windows (Campbell)": "0c0c0c c50f1f 13a10e c19c00 0037da 881798 3a96dd cccccc "
    "767676 e74856 16c60c f9f1a5 3b78ff b4009e 61d6d6 f2f2f2",
    "PuTTY": "000000 bb0000 00bb00 bbbb00 0000bb bb00bb 00bbbb bbbbbb "
    "555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff",
}


@pytest.mark.parametrize("palette", PALETTES)
def test_the_16_colours_can_be_read_on_common_terminals(palette: str) -> None:
    theme = THEMES["ansi"]
    shown = [(int(h[0:2], 16), int(h[2:4], 16), int(h[4:6], 16)) for h in PALETTES[palette].split()]
    for ground in ("background", "surface", "panel", "input"):
        behind = shown[ANSI_NAMES.index(theme.roles[ground].colour)]
        for what, ink in written(theme):
            assert contrast(shown[ANSI_NAMES.index(ink.colour)], behind) >= 4.5, (what, ground)
    assert theme.roles["selection"].attributes == ("reverse",)  # the same two colours, so the same contrast


def test_each_theme_names_only_the_colours_it_may() -> None:
    assert THEMES["ansi"].native
    assert all(ink.colour in ANSI_NAMES for _, ink in written(THEMES["ansi"]))
    assert THEMES["mono"].colourless
    assert not any(THEMES[name].colourless or THEMES[name].native for name in IN_COLOUR)


# ---------------------------------------------------------------------------------------------- colour blindness

SEEN_AS = {  # Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB
    "usual": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


def lab(colour: Rgb, eye: str) -> tuple[float, float, float]:
    """Return CIE L*a*b* (D65) of a colour as that eye sees it."""
    light = [linear(channel) for channel in colour]
    red, green, blue = (
        min(1.0, max(0.0, sum(part * value for part, value in zip(row, light, strict=True)))) for row in SEEN_AS[eye]
    )
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.072175 * blue
    z = (0.0193339 * red + 0.119192 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def difference(one: Rgb, other: Rgb, eye: str) -> float:
    """Return ΔE (CIE 1976); 2.3 is just noticed side by side."""
    return float(sum((a - b) ** 2 for a, b in zip(lab(one, eye), lab(other, eye), strict=True)) ** 0.5)


EYES = [
    *((name, "usual") for name in IN_COLOUR),
    ("deuteranopia", "deuteranopia"),
    ("deuteranopia", "protanopia"),
    ("tritanopia", "tritanopia"),
]


@pytest.mark.parametrize(("name", "eye"), EYES)
def test_severities_differ_to_the_eye_the_theme_is_for(name: str, eye: str) -> None:
    for one, other in itertools.combinations(SEVERITIES, 2):
        gap = difference(rgb(THEMES[name].severity[one]), rgb(THEMES[name].severity[other]), eye)
        assert gap >= 25, (one, other, gap)


@pytest.mark.parametrize(("name", "eye"), EYES)
def test_ten_curves_differ_to_the_eye_the_theme_is_for(name: str, eye: str) -> None:
    series = THEMES[name].series
    assert len(series) == 10
    for one, other in itertools.combinations(series, 2):
        assert difference(rgb(one), rgb(other), eye) >= 18, (one.colour, other.colour)


# ---------------------------------------------------------------------------------------------- severity, three times


@pytest.mark.parametrize("only_ascii", [False, True])
def test_glyph_alone_and_word_alone_say_the_severity(only_ascii: bool) -> None:
    signs = [glyphs(only_ascii).sign(state) for state in ("online", "warning", "critical", "offline", "unknown")]
    assert len({sign.glyph for sign in signs}) == 5
    assert len({sign.word for sign in signs}) == 5
    assert len({sign.short for sign in signs}) == 5
    assert all(len(sign.short) <= 4 for sign in signs)
    assert {sign.ink for sign in signs} == set(SEVERITIES)


@pytest.mark.parametrize("name", IN_COLOUR)
def test_colour_alone_says_the_severity(name: str) -> None:
    assert len({ink.colour for ink in THEMES[name].severity.values()}) == len(SEVERITIES)


def test_every_status_and_severity_there_is_has_a_sign() -> None:
    for state in [*Status, *Severity]:
        assert glyphs(False).sign(state).word == str(state)
        assert glyphs(True).sign(state).word == str(state)
    assert glyphs(False).sign("never heard of").word == "unknown"


def every_glyph(found: Glyphs) -> Iterator[str]:
    yield from (sign.glyph for sign in found.signs.values())
    for name in ("unfolded", "folded", "cursor", "chosen", "ellipsis", "dash", "arrow", "up", "down"):
        yield getattr(found, name)
    for box in (found.light, found.heavy):
        yield from (getattr(box, name) for name in box.__slots__)
    yield from found.spinner


def test_glyphs_are_one_cell_and_no_emoji() -> None:
    for glyph in every_glyph(glyphs(False)):
        assert len(glyph) == 1
        assert unicodedata.east_asian_width(glyph) not in "WF"
    assert all(len(glyph) == 1 and glyph.isascii() and glyph.isprintable() for glyph in every_glyph(glyphs(True)))
    assert glyphs(False).braille
    assert not glyphs(True).braille


@pytest.mark.parametrize(("text", "width", "short"), [("web-01", 6, "web-01"), ("web-01", 4, "web…"), ("web", 0, "")])
def test_what_is_cut_says_so(text: str, width: int, short: str) -> None:
    assert glyphs(False).cut(text, width) == short


# ---------------------------------------------------------------------------------------------- which theme


@pytest.mark.parametrize(
    ("environment", "colours"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, MILLIONS),
        ({"TERM": "screen", "COLORTERM": "24bit"}, MILLIONS),
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "tmux-256color"}, 256),
        ({"TERM": "xterm-direct"}, MILLIONS),
        ({"TERM": "alacritty"}, MILLIONS),
        ({"TERM": "linux"}, 16),
        ({"TERM": "screen"}, 16),
        ({"TERM": "vt220"}, 16),
        ({"TERM": "no-such-terminal"}, 16),
        ({"TERM": ""}, 16),
        ({}, 16),
    ],
)
def test_colours_are_counted(environment: dict[str, str], colours: int) -> None:
    assert count_colours(environment) == colours


@pytest.mark.parametrize(
    ("term", "wanted", "facts", "name"),
    [
        ("xterm-256color", "", {}, "night"),
        ("xterm-256color", "day", {}, "day"),
        ("xterm-256color", "day", {"no_color": True}, "mono"),
        ("linux", "", {}, "ansi"),
        ("screen", "", {}, "ansi"),
        ("vt100", "", {}, "ansi"),
        ("linux", "day", {}, "ansi"),
        ("linux", "mono", {}, "mono"),
        ("xterm", "day", {"colours": MILLIONS}, "day"),
        ("xterm-256color", "day", {"slow": True}, "ansi"),
    ],
)
def test_the_terminal_beats_the_wish_and_the_wish_beats_the_usual(
    term: str, wanted: str, facts: dict[str, bool], name: str
) -> None:
    assert choose_theme(term, wanted=wanted, **facts) == name


def test_no_color_counts_when_it_is_not_empty() -> None:
    assert forbids_colour({"NO_COLOR": "1"})
    assert not forbids_colour({"NO_COLOR": ""})
    assert not forbids_colour({})
    assert [colour_system(count) for count in (16, 256, MILLIONS)] == ["standard", "256", "truecolor"]


# ---------------------------------------------------------------------------------------------- the operator's own

OWN = (SHIPPED / "night.toml").read_text()


def loaded(folder: Path, **files: str) -> tuple[dict[str, Theme], Sequence[str]]:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    themes, faults = load_themes(SHIPPED, folder)
    return dict(themes), faults


@pytest.mark.parametrize(
    ("edit", "place", "says"),
    [
        (('text = "#e3e7ec"', 'text = "#e3e7"'), "own.toml:10", "roles.text is '#e3e7', which is no colour"),
        (('text = "#e3e7ec"', "text = 7"), "own.toml:10", "roles.text is 7"),
        (('text = "#e3e7ec"', 'text = "ansi_pink"'), "own.toml:10", "ansi_pink"),
        (('text = "#e3e7ec"', 'text = "#e3e7ec #ffffff"'), "own.toml:10", "no colour"),
        (('text = "#e3e7ec"\n', ""), "own.toml:6", "roles.text is missing"),
        (('text = "#e3e7ec"', 'text = "#e3e7ec"\ntxet = "#e3e7ec"'), "own.toml:11", "no key roles.txet"),
        (('ok = "#6fdc8c"', 'ok = ""'), "own.toml:19", "severity.ok"),
        (("series = [", "series = [] #["), "own.toml", "TOML"),
        (("[chart]", "[chart]\nseries = []\n[other]"), "own.toml", "other"),
        (("dark = true", 'dark = "yes"'), "own.toml:4", "dark must be"),
        (('name = "night"', 'name = "../night"'), "own.toml:2", "name must be"),
        (('title = "Night"', 'title = "\\u001b[31mNight"'), "own.toml:3", "title must be"),
        (('"#1d2023", "#ff7a70"', '"#ff7a70"'), "own.toml", "terminal.colours"),
        (("[roles]", "[[roles]]"), "own.toml", "roles"),
        (('name = "night"', 'inherits = "nobody"\nname = "night"'), "own.toml:2", "inherits names no theme"),
        (("[roles]", "[roles"), "own.toml", "not valid TOML"),
    ],
)
def test_a_broken_theme_is_one_sentence_and_the_rest_loads(
    tmp_path: Path, edit: tuple[str, str], place: str, says: str
) -> None:
    assert edit[0] in OWN
    themes, faults = loaded(tmp_path, own=OWN.replace(*edit, 1), zebra='name = "zebra"\ntitle = "Z"\ninherits = "day"')
    assert len(faults) == 1
    assert f"{tmp_path}/{place}" in faults[0]
    assert says in faults[0]
    assert "\x1b" not in faults[0]
    assert set(themes) == {*THEMES, "zebra"}
    assert themes["night"] == THEMES["night"]


def test_an_own_theme_says_only_what_differs_or_replaces_a_shipped_one(tmp_path: Path) -> None:
    mine = 'inherits = "night"\nname = "mine"\ntitle = "Mine"\n[severity]\ncritical = "bold #ff0000"\n'
    themes, faults = loaded(tmp_path, mine=mine, day=mine.replace('"mine"', '"day"'))
    assert faults == []
    assert themes["mine"].severity["critical"] == Ink(colour="#ff0000", attributes=("bold",))
    assert themes["mine"].roles == THEMES["night"].roles
    assert themes["day"].dark


def test_files_that_are_no_text_or_no_files_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "large.toml").write_text("#" * 200_000)
    (tmp_path / "lost.toml").symlink_to(tmp_path / "nowhere")
    themes, faults = load_themes(SHIPPED, tmp_path)
    assert len(faults) == 4
    assert set(themes) == set(THEMES)


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=200))
def test_any_file_loads_or_is_one_sentence(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("themes")
    (folder / "own.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    themes, faults = load_themes(SHIPPED, folder)
    assert len(faults) == 1
    assert len(faults[0].splitlines()) == 1
    assert len(themes) == 7
