"""The whole program on a real terminal: how it starts, how it ends whatever happens, and what it never sends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.tui.pty_app import PtyApp

pytestmark = pytest.mark.blocking  # the test is the terminal; there is no loop to hold up

COLOUR = re.compile(rb"\x1b\[(?:[0-9;:]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;:][0-9;:]*)?m")
STILL = "[monitoring]\ninterval_s = 3600\n"
RESTORED = b"\x1b[?1049l"
"""What leaves the alternate screen."""


@contextmanager
def start(
    home: Path, *argv: str, settings: str = STILL, columns: int = 80, rows: int = 24, **env: str
) -> Iterator[PtyApp]:
    (home / "config").mkdir(mode=0o700, exist_ok=True)
    (home / "config" / "config.toml").write_text(settings)
    command = [sys.executable, "-m", "opsterm", *argv]
    variables = {"OPSTERM_HOME": str(home), "HOME": str(home), **env}
    with PtyApp(command, columns=columns, rows=rows, env=variables) as app:
        yield app


def begin(app: PtyApp) -> None:
    app.wait_for("localhost")
    app.wait_for_quiet(0.5)


def back(app: PtyApp) -> None:
    """Press esc, and wait for what it does: esc and another key at once are a third key."""
    before = len(app.raw)
    app.send("\x1b")
    app.wait_for(lambda now: len(now.raw) > before)
    app.wait_for_quiet(0.2)


def sent_in_a_quiet_while(app: PtyApp) -> bytes:
    """Return what comes until nothing has come for six seconds."""
    before = len(app.raw)
    app.wait_for_quiet(6.0)
    return app.raw[before:]


def leave(app: PtyApp) -> None:
    app.send("q")
    assert app.wait_for_end() == 0, app.text
    assert RESTORED in app.raw


# ----------------------------------------------------------------------------------------- terminals


def test_idle_sends_nothing(tmp_path: Path) -> None:
    with start(tmp_path) as app:
        app.wait_for("localhost")
        app.wait_for_quiet(2.5)
        # The clock in the status line moves once a minute, and a busy machine says late that it has begun.
        assert any(sent_in_a_quiet_while(app) == b"" for _ in range(4)), app.raw[-500:]
        leave(app)


def test_a_line_with_the_cursor_in_it_is_idle_too(tmp_path: Path) -> None:
    with start(tmp_path) as app:
        begin(app)
        app.send("4")
        app.wait_for_quiet(1.0)
        app.send("half")
        app.wait_for_quiet(2.0)
        back(app)
        leave(app)


def test_the_size_is_the_terminals_whatever_the_environment_says(tmp_path: Path) -> None:
    with start(tmp_path, columns=100, rows=30, COLUMNS="80", LINES="24") as app:
        begin(app)
        assert "2 Chart" in app.text, "two columns"
        app.resize(59, 15)
        app.wait_for("opsterm needs 60")
        app.send("q")
        assert app.wait_for_end() == 0


def test_no_color_sends_no_colour(tmp_path: Path) -> None:
    with start(tmp_path, NO_COLOR="1") as app:
        begin(app)
        for key in ("2", "3", "6"):
            app.send(key)
            app.wait_for_quiet(0.2)
        for key in ("?", ":"):
            app.send(key)
            app.wait_for("esc ")
            back(app)
        app.send("5\r")
        app.wait_for("ctrl+] leaves; every other")
        app.send("printf '\\033[31mred\\033[0m plain'\r")
        app.wait_for("red plain")
        found = COLOUR.search(app.raw)
        assert found is None, app.raw[max(0, found.start() - 40) : found.end() + 20]
        app.send("\x1d")
        app.wait_for_quiet(0.3)
        app.send("q")
        app.wait_for("Leave anyway?")
        app.send("y")
        assert app.wait_for_end() == 0, app.text


@pytest.mark.parametrize("how", ["--ascii", "LC_ALL"])
def test_ascii_sends_no_byte_above_0x7f(tmp_path: Path, how: str) -> None:
    argv = [how] if how == "--ascii" else []
    env = {} if argv else {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with start(tmp_path, *argv, columns=140, rows=40, **env) as app:
        begin(app)
        for key in ("?", ":", "@"):
            app.send(key)
            app.wait_for("esc ")
            back(app)
        for key in ("2", "3", "6", "1", "z", "p"):
            app.send(key)
            app.wait_for_quiet(0.2)
        app.send("\x1b[200~caf\u00e9 \u2713\x1b[201~")
        app.wait_for_quiet(0.3)
        high = sorted({byte for byte in app.raw if byte > 0x7F})
        assert not high, re.findall(rb".{0,30}[\x80-\xff]+", app.raw)[:3]
        back(app)
        leave(app)


def test_the_linux_console_gets_sixteen_colours(tmp_path: Path) -> None:
    with start(tmp_path, TERM="linux", COLORTERM="") as app:
        begin(app)
        assert b"38;2;" not in app.raw
        assert b"38;5;" not in app.raw
        leave(app)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_it_works_inside_tmux(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir(mode=0o700)
    (tmp_path / "config" / "config.toml").write_text(STILL)
    socket = str(tmp_path / "tmux")
    program = f"OPSTERM_HOME={tmp_path} HOME={tmp_path} {sys.executable} -m opsterm; echo left with $?; sleep 60"
    tmux = ["tmux", "-S", socket, "-f", "/dev/null"]
    subprocess.run([*tmux, "new-session", "-d", "-x", "100", "-y", "30", program], check=True)
    try:

        def screen(wanted: str) -> str:
            text, end = "", time.monotonic() + 20
            while time.monotonic() < end:
                text = subprocess.run([*tmux, "capture-pane", "-p"], check=True, capture_output=True).stdout.decode()
                if wanted in text:
                    return text
                select_nothing(0.05)
            raise AssertionError(text)

        assert "1 Inventory" in screen("localhost")
        subprocess.run([*tmux, "send-keys", "3"], check=True)
        screen("3 Alerts")
        subprocess.run([*tmux, "resize-window", "-x", "50", "-y", "12"], check=True)
        screen("opsterm needs 60")
        subprocess.run([*tmux, "resize-window", "-x", "80", "-y", "24"], check=True)
        screen("3 Alerts")
        subprocess.run([*tmux, "send-keys", "q"], check=True)
        screen("left with 0")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


def select_nothing(seconds: float) -> None:
    import select

    select.select([], [], [], seconds)


# ------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(("term", "words"), [("dumb", "type 'dumb'"), ("", "type 'none'")])
def test_a_terminal_that_cannot_show_a_screen_gets_a_sentence(tmp_path: Path, term: str, words: str) -> None:
    with start(tmp_path, TERM=term) as app:
        assert app.wait_for_end() == 2
        assert words in app.text
        assert "opsterm targets list" in app.text
        assert b"\x1b" not in app.raw


def test_no_terminal_gets_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "opsterm"], stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True,
        env={**os.environ, "OPSTERM_HOME": str(tmp_path), "HOME": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "needs a terminal" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ('zoom = "q"', "both on q"),
        ('zoom = "ctrl+s"', "a terminal sends it as another key or keeps it"),
        ('zoomed = "x"', "The nearest is zoom."),
    ],
)
def test_a_wrong_key_map_is_a_sentence_at_the_start(tmp_path: Path, keys: str, words: str) -> None:
    with start(tmp_path, settings=f"[keys]\n{keys}\n") as app:
        assert app.wait_for_end() == 2
        assert words in " ".join(app.text.split())
        assert "Traceback" not in app.text


def test_keys_can_be_mapped_anew(tmp_path: Path) -> None:
    with start(tmp_path, settings=STILL + '[keys]\nzoom = "f8"\nopen_help = "f9"\n', columns=100, rows=30) as app:
        begin(app)
        app.send("z?")
        app.wait_for_quiet(0.3)
        assert "2 Chart" in app.text
        app.send("\x1b[19~")
        app.wait_for(lambda now: "2 Chart" not in now.text)
        app.send("\x1b[20~")
        app.wait_for("Help: inventory")
        assert "f9" in app.text
        back(app)
        leave(app)


def test_a_broken_theme_of_ones_own_is_a_sentence_and_the_others_load(tmp_path: Path) -> None:
    themes = tmp_path / "config" / "themes"
    themes.mkdir(parents=True, mode=0o700)
    (tmp_path / "config").chmod(0o700)
    (themes / "mine.toml").write_text('name = "mine"\nroles = 3\n')
    with start(tmp_path) as app:
        app.wait_for("title must be a text")
        app.send(":theme\r")
        app.wait_for("deuteranopia")
        assert "Traceback" not in app.text
        back(app)
        leave(app)


def test_a_theme_that_was_chosen_sticks(tmp_path: Path) -> None:
    with start(tmp_path) as app:
        begin(app)
        app.send(":theme\r")
        app.wait_for("deuteranopia")
        app.send("/day\r")
        app.wait_for("The theme is day, also next time.")
        leave(app)
    with start(tmp_path) as app:
        begin(app)
        app.send(":theme\r")
        app.wait_for("now day")
        back(app)
        leave(app)


# ------------------------------------------------------------------------------------------- the end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_closes_it_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with start(tmp_path) as app:
        begin(app)
        app.kill(number)
        assert app.wait_for_end() == 0
        assert RESTORED in app.raw
        assert "Traceback" not in app.text


FAULTS = {
    "a handler": "from opsterm.tui.screens.home import HomeScreen as X\nX.action_zoom = lambda self: 1 / 0\n",
    "a worker": "from opsterm.tui.panes.inventory import InventoryPane as X\n"
    "async def broken(self, names):\n    raise RuntimeError('it broke')\nX._check = broken\n",
    "drawing": "from opsterm.tui.widgets.row_table import RowTable as X\nold = X._strip\n"
    "def broken(self, *args):\n    if len(self._list.rows) > 2: raise RuntimeError('it broke')\n"
    "    return old(self, *args)\n"
    "X._strip = broken\n",
}


@pytest.mark.parametrize(("where", "keys"), [("a handler", "z"), ("a worker", "+cam\rj"), ("drawing", "+cam\r")])
def test_a_fault_of_ours_ends_in_a_sentence_and_a_report(tmp_path: Path, where: str, keys: str) -> None:
    program = tmp_path / "faulty.py"
    program.write_text(f"import sys\n{FAULTS[where]}from opsterm.__main__ import main\nsys.exit(main([]))\n")
    (tmp_path / "config").mkdir(mode=0o700)
    (tmp_path / "config" / "config.toml").write_text(STILL)
    env = {"OPSTERM_HOME": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    with PtyApp([sys.executable, str(program)], columns=120, rows=30, env=env) as app:
        begin(app)
        app.send(keys)
        if where == "a worker":
            app.wait_for("cam")
            app.wait_for_quiet(0.5)
            app.send("Gr")
        assert app.wait_for_end() == 70, app.text
        after = app.raw[app.raw.rindex(RESTORED) :].decode()
        assert "this is a fault of opsterm" in after
        assert "report" in after
        assert "Traceback" not in after
    reports = [path.read_text() for path in (tmp_path / "state").iterdir()]
    assert any("Traceback" in text for text in reports)
