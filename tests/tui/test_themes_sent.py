"""What each theme sends: to the framework, and through it to terminals of 16, 256 and all colours, or none."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.style import Style

from opsterm.tui.palette import ROLES, SEVERITIES
from opsterm.tui.theme import load_themes

SHIPPED = Path(__file__).parents[2] / "themes"
THEMES, _ = load_themes(SHIPPED, SHIPPED / "nothing-here")


@pytest.mark.parametrize("name", sorted(THEMES))
def test_every_variable_is_a_colour_or_a_style_that_textual_takes(name: str) -> None:
    theme = THEMES[name].textual()
    made = {**theme.to_color_system().generate(), **theme.variables}
    assert {"muted", "selection", "focus-border", "pane-border", "series-10"} <= set(made)
    assert {f"sev-{severity}" for severity in SEVERITIES} <= set(made)
    mixed = {key for key in theme.variables if "%" in made[key] or "auto" in made[key]}
    assert mixed == set()
    if THEMES[name].native:
        assert not [key for key, value in made.items() if "#" in value]


def test_styles_for_drawing_by_hand() -> None:
    night, ansi, mono = THEMES["night"], THEMES["ansi"], THEMES["mono"]
    assert night.style("critical") == Style.parse("#ff7a70")
    assert night.style("critical", on="selection") == Style.parse("#ff7a70 on #1d2c54")
    assert ansi.style("critical", on="selection") == Style.parse("bright_red reverse")
    assert mono.style("critical", on="selection") == Style.parse("bold underline reverse")
    assert mono.style("ok") == Style.null()
    assert night.series_ink(10) == night.series_ink(0) != night.series_ink(1)
    assert set(night.roles) == set(ROLES)
    assert night.terminal_colours() is not None
    assert ansi.terminal_colours() is None


APP = """
import sys
from pathlib import Path
from textual.app import App
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Checkbox, DataTable, Footer, Input, Markdown, OptionList, Select, Static, TextArea
from opsterm.tui.theme import load_themes

THEMES, _ = load_themes(Path(sys.argv[1]), Path(sys.argv[1]) / "none")

class Show(App):
    CSS = '''
    Screen { background: $background; color: $foreground; }
    #pane { border: heavy $focus-border; background: $surface; height: 8; }
    #other { border: solid $pane-border; background: $panel; height: 7; color: $muted; }
    .critical { color: $sev-critical; text-style: $sev-critical-style; }
    .series { color: $series-10; }
    .row { background: $selection; text-style: $selection-style; }
    Input { height: 3; background: $input-background; }
    '''
    BINDINGS = [("ctrl+q", "quit", "Quit"), ("f2", "next", "Next")]
    shown = sys.argv[2]
    def get_theme_variable_defaults(self):
        return dict(THEMES["night"].variables())
    def get_line_filters(self):
        return THEMES[self.shown].filters(super().get_line_filters())
    def on_mount(self):
        for theme in THEMES.values():
            self.register_theme(theme.textual())
        self.theme = self.shown
    def action_next(self):
        self.shown = "mono"
        self.theme = "mono"
    def compose(self):
        with VerticalScroll(id="pane"):
            yield Static("critical", classes="critical")
            yield Static("row", classes="row")
            yield Static("curve", classes="series")
            yield Static("\\n".join(str(n) for n in range(60)))
        with VerticalScroll(id="other"):
            yield Input("some text")
            yield OptionList("one", "two", "three")
            yield Markdown("# Title\\n\\ntext `code` [link](http://x)\\n\\n- a\\n- b\\n\\n```python\\nx = 1\\n```")
            yield TextArea("text area")
        with Horizontal():
            yield Button("Press", variant="error")
            yield Button("No", variant="primary", disabled=True)
            yield Checkbox("check", True)
            yield Select([("a", 1), ("b", 2)])
        table = DataTable()
        table.add_columns("name", "value")
        table.add_rows([("a", "1"), ("b", "2")])
        yield table
        yield Footer()

Show().run()
"""


def sent_to_a_terminal(theme: str, keys: Sequence[bytes], **environment: str) -> str:
    """Run a screen of many widgets on a pseudo terminal; return all it sent, from start to end."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    app = subprocess.Popen(
        [sys.executable, "-c", APP, str(SHIPPED), theme],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LANG": "C.UTF-8",
             "PYTHONPATH": str(SHIPPED.parent), "TEXTUAL_ANIMATIONS": "none", **environment},
    )  # fmt: skip
    os.close(slave)
    sent = b""

    def read(pause_s: float) -> bytes:
        try:
            return os.read(master, 65536) if select.select([master], [], [], pause_s)[0] else b""
        except OSError:  # the other side has closed
            return b""

    try:
        while b"Quit" not in sent:
            part = read(20.0)
            assert part, sent
            sent += part
        for key in (*keys, b"\x11"):
            while part := read(0.1):  # one key after the other's paint, so that each is painted
                sent += part
            os.write(master, key)
        while part := read(5.0):
            sent += part
        assert app.wait(timeout=300) == 0, sent[-2000:]
    finally:
        app.kill()
        app.wait()
        os.close(master)
    return sent.decode("utf-8", "replace")


def sgr_codes(sent: str) -> list[int]:
    """Return every number of every SGR sequence; 38 and 48 stand for themselves and what follows them."""
    codes: list[int] = []
    for numbers in re.findall(r"\x1b\[([\d;:]*)m", sent):
        codes += [int(number) for number in re.split("[;:]", numbers) if number]
    return codes


COLOURED = {*range(30, 50), *range(90, 108)}
KEYS = (b"\t", b"\t", b"x", b"\x1b[1;2D", b"\t", b"\x1b[B", b"\t", b"\t", b"\t", b"\t")


def test_without_colour_not_one_colour_reaches_the_terminal() -> None:
    sent = sent_to_a_terminal("mono", KEYS, TERM="xterm-256color", COLORTERM="truecolor", NO_COLOR="1")
    assert "critical" in sent
    codes = set(sgr_codes(sent))
    assert codes & COLOURED == set()
    assert codes <= {0, 1, 2, 3, 4, 7, 9}
    assert 7 in codes  # what is chosen still stands out
    assert not re.search(r"\x1b\](4|10|11|12);", sent)


def test_mono_sends_no_colour_even_where_colour_is_allowed() -> None:
    sent = sent_to_a_terminal("mono", KEYS[:4], TERM="xterm-256color", COLORTERM="truecolor")
    assert set(sgr_codes(sent)) & COLOURED == set()


def test_changing_to_mono_takes_the_colour_off_what_is_there() -> None:
    sent = sent_to_a_terminal("night", [b"\x1bOQ", b"\t"], TERM="xterm-256color", COLORTERM="truecolor")
    before, _, after = sent.rpartition("critical")
    assert set(sgr_codes(before)) & {38, 48}
    assert set(sgr_codes(after)) & COLOURED == set()


@pytest.mark.parametrize("term", ["linux", "screen", "xterm-256color"])
def test_the_16_colours_stay_the_terminals_own(term: str) -> None:
    codes = sgr_codes(sent_to_a_terminal("ansi", KEYS if term == "linux" else (), TERM=term))
    assert not {38, 48} & set(codes)
    assert 91 in codes  # bright red: critical


def test_with_256_colours_no_true_colour_is_sent() -> None:
    sent = sent_to_a_terminal("night", KEYS[:3], TERM="screen-256color")
    assert "\x1b[38;2" not in sent
    assert not re.search(r"[;\[](38|48);2;", sent)
    assert re.search(r"38;5;\d+", sent)
