"""The widgets on a real pseudo-terminal: the bytes that they send, seen by an emulator that is not ours."""

from __future__ import annotations

import sys

import pytest

from tests.tui.pty_app import PtyApp
from tests.tui.small_apps import FORBIDDEN, HOSTILE

pytestmark = pytest.mark.blocking  # the test is the terminal; there is no loop to hold up


def start(name: str, columns: int = 80, rows: int = 24) -> PtyApp:
    return PtyApp([sys.executable, "-m", "tests.tui.small_apps", name], columns=columns, rows=rows)


def assert_nothing_raw(raw: bytes) -> None:
    text = raw.decode("utf-8")
    found = [ascii(sign) for sign in FORBIDDEN if sign in text]
    assert not found, f"reached the terminal: {found}"


def test_hostile_rows_do_not_reach_the_terminal() -> None:
    with start("table") as app:
        app.wait_for("host-0003")
        app.send("h")
        app.wait_for("hostile rows")
        app.wait_for(r"\x1b[2J")
        app.wait_for_quiet()
        lines = app.screen
        assert any(r"safe\u202egnp.exe" in line for line in lines)
        app.send("j" * len(HOSTILE))
        app.wait_for_quiet()
        assert lines[1][:6] == "  name", "the header stands where it stood"
        assert app.screen[1] == lines[1]
        app.send("q")
        assert app.wait_for_end() == 0
        assert_nothing_raw(app.raw)


def test_hostile_series_do_not_reach_the_terminal_and_idle_sends_nothing() -> None:
    with start("chart", 100, 30) as app:
        app.wait_for("┤")
        app.send("\x1b[D")
        app.wait_for("cursor")
        app.wait_for_quiet()
        before = len(app.raw)
        app.send("s")
        app.wait_for_quiet(0.5)
        assert app.raw[before:] == b"", "the same series again send nothing"
        app.send("q")
        assert app.wait_for_end() == 0
        assert_nothing_raw(app.raw)


def test_hostile_output_does_not_reach_the_terminal() -> None:
    with start("output") as app:
        app.wait_for("end of output")
        app.wait_for_quiet()
        assert r"\u202egnp.exe" in app.text
        app.send("q")
        assert app.wait_for_end() == 0
        assert_nothing_raw(app.raw)


def test_a_cursor_move_costs_few_bytes() -> None:
    with start("table", 100, 30) as app:
        app.wait_for("host-0003")
        app.wait_for_quiet()
        before = len(app.raw)
        for _ in range(10):
            app.send("j")
            app.wait_for_quiet(0.1)
        per_move = (len(app.raw) - before) / 10
        assert app.screen[12].startswith(">"), app.text
        assert per_move <= 450, f"{per_move:.0f} bytes for each move of the cursor"


def test_a_program_that_cannot_start_is_told() -> None:
    with PtyApp(["/does/not/exist"]) as app:
        assert app.wait_for_end() == 127
        with pytest.raises(AssertionError, match="did not come"):
            app.wait_for("anything", within_s=0.1)
