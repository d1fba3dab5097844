"""The terminal pane's widget: a shell's screen inside ours, every key to the remote, nothing raw to the operator."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.color import Color
from textual import events
from textual.strip import Strip
from textual.widgets import Input

from opsterm.adapters.local_shell import open_local_shell
from opsterm.core.errors import OpstermError, Unreachable
from opsterm.core.text import clean_line
from opsterm.runtime.ports import Ended
from opsterm.terminal.emulator import TERM, ClipboardWrite, Frame, open_emulator
from opsterm.tui.widgets import terminal_view
from opsterm.tui.widgets.terminal_view import TerminalView, over_text
from tests.terminal.hostile import HOSTILE
from tests.tui.terminal_stage import Stage, attached, rows, style_at, until


async def test_a_real_shell_is_typed_into_and_seen(tmp_path: Path) -> None:
    app = Stage()
    async with app.run_test() as pilot:
        columns, width = app.view.grid
        assert (columns, width) == (40, 10)
        shell = await open_local_shell(
            columns=40, rows=10, term=TERM, home=tmp_path,
            environment={"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "PS1": "$ "},
        )  # fmt: skip
        app.view.attach(shell, open_emulator(40, 10))
        await pilot.press(*"echo", "space", *"a-$((6*7))", "enter")
        await until(pilot, lambda: "a-42" in rows(app.view))
        await pilot.press(*"stty", "space", *"size", "enter")
        await until(pilot, lambda: "10 40" in rows(app.view))
        await pilot.press("ctrl+d")
        await until(pilot, lambda: app.told(TerminalView.Ended) == 1)
        assert rows(app.view)[-1] == "The shell ended. enter opens it again."[:40]


async def test_a_flood_is_stopped_by_ctrl_c(tmp_path: Path) -> None:
    app = Stage()
    async with app.run_test() as pilot:
        shell = await open_local_shell(
            columns=40, rows=10, term=TERM, home=tmp_path,
            environment={"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "PS1": ""},
        )  # fmt: skip
        app.view.attach(shell, open_emulator(40, 10))
        await pilot.press(*"yes", "enter")
        await until(pilot, lambda: rows(app.view)[:9] == ["y"] * 9)
        await pilot.press("ctrl+c", *"echo", "space", "b", "minus", "$", *"((6*7))", "enter")
        await until(pilot, lambda: "b-42" in rows(app.view))


async def test_every_key_goes_to_the_remote() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        await pilot.press("q", "question_mark", "colon", "escape", "tab", "shift+tab", "enter", "backspace", "up", "f1")
        assert line.taken() == b"q?:\x1b\t\x1b[Z\r\x7f\x1b[A\x1bOP"
        for number in range(26):
            await pilot.press(f"ctrl+{chr(97 + number)}")
        assert line.taken() == bytes(range(1, 27))
        line.prints(b"\x1b[?1h")
        await until(pilot, lambda: app.view.link is not None and app.view.link.emulator.modes.application_cursor)
        await pilot.press("up")
        assert line.taken() == b"\x1bOA"
        assert app.keys == []
        assert app.focused is app.view


async def test_only_ctrl_bracket_leaves_and_twice_it_is_sent() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        await pilot.press("ctrl+right_square_bracket")
        assert (app.told(TerminalView.Left), line.taken()) == (1, b"")
        await pilot.press("ctrl+right_square_bracket")
        assert (app.told(TerminalView.Left), line.taken()) == (1, b"\x1d")
        await pilot.press("ctrl+right_square_bracket", "x", "ctrl+right_square_bracket")
        assert (app.told(TerminalView.Left), line.taken()) == (3, b"x")
        app.query_one(Input).focus()
        await pilot.pause()
        app.view.send_leave_key()
        assert line.taken() == b"\x1d"
        app.view.focus()
        await pilot.press("ctrl+right_square_bracket")
        assert (app.told(TerminalView.Left), line.taken()) == (4, b"")


async def test_nothing_hostile_is_drawn() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        for what, data in HOSTILE.items():
            line = await attached(pilot, app)
            end = b"\x18\x1b[?2026l\x1b[9;1Hcalm"
            line.prints(data + b"\x18\x1b[H" + data + end)
            await until(pilot, lambda: rows(app.view)[8].startswith("calm"))
            for y in range(app.view.size.height):
                strip = app.view.render_line(y)
                assert clean_line(strip.text) == strip.text, what
                assert cell_len(strip.text) == strip.cell_length == 40, what
                assert not any(segment.control for segment in strip), what
        for message in app.heard:
            if isinstance(message, TerminalView.Retitled):
                assert clean_line(message.title) == message.title


async def test_a_paste_is_sent_as_the_program_asked() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        app.view.post_message(events.Paste("a\nb\x1b[201~c"))
        await pilot.pause()
        assert line.taken() == b"a\rbc"
        line.prints(b"\x1b[?2004h")
        await until(pilot, lambda: app.view.link is not None and app.view.link.emulator.modes.bracketed_paste)
        app.view.post_message(events.Paste("x\ny"))
        await pilot.pause()
        assert line.taken() == b"\x1b[200~x\ry\x1b[201~"


async def test_old_rows_are_scrolled_to_and_typing_comes_back() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        line.prints(b"\r\n".join(b"line %d" % number for number in range(100)))
        await until(pilot, lambda: rows(app.view)[-1] == "line 99")
        await pilot.press("shift+pageup")
        await until(pilot, lambda: rows(app.view)[-1] == "line 90")
        await pilot.press("shift+pageup", "shift+pagedown", "shift+pagedown")
        await until(pilot, lambda: rows(app.view)[-1] == "line 99")
        await pilot._post_mouse_events([events.MouseScrollUp], app.view, offset=(3, 3))
        await until(pilot, lambda: rows(app.view)[-1] == "line 96")
        assert line.taken() == b""
        await pilot.press("x")
        await until(pilot, lambda: rows(app.view)[-1] == "line 99")
        assert line.taken() == b"x"


async def test_the_mouse_goes_to_a_program_that_asked() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        await pilot.click(app.view, offset=(4, 2))
        assert line.taken() == b""
        line.prints(b"\x1b[?1000h\x1b[?1006h\x1b[2;1Hok")
        await until(pilot, lambda: "ok" in rows(app.view))
        await pilot.click(app.view, offset=(4, 2))
        assert line.taken() == b"\x1b[<0;5;3M\x1b[<0;5;3m"
        await pilot._post_mouse_events([events.MouseScrollDown], app.view, offset=(0, 0))
        await pilot.pause()
        assert line.taken() == b"\x1b[<65;1;1M"


async def test_the_wheel_is_arrow_keys_on_the_screen_without_scrollback() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        line.prints(b"\x1b[?1049h\x1b[Hok")
        await until(pilot, lambda: "ok" in rows(app.view))
        await pilot._post_mouse_events([events.MouseScrollUp], app.view, offset=(0, 0))
        await pilot.pause()
        assert line.taken() == b"\x1b[A" * 3


async def test_a_resize_is_passed_on_once_when_it_has_settled() -> None:
    app = Stage()
    async with app.run_test(size=(80, 24)) as pilot:
        line = await attached(pilot, app)
        for width in (50, 45, 60, 55):
            app.view.styles.width = width
            await pilot.pause()
        await until(pilot, lambda: line.sizes[-1:] == [(55, 10)])
        passed_on = len(line.sizes)
        assert passed_on < 4, "a busy machine may settle in between, but not at every step"
        app.view.display = False
        await pilot.pause(2 * terminal_view.RESIZE_AFTER_S)
        assert len(line.sizes) == passed_on, "a hidden pane keeps its size"


async def test_a_pane_larger_than_the_grid_is_blank_there() -> None:
    app = Stage()
    async with app.run_test(size=(330, 24)) as pilot:
        app.view.styles.width = 330
        await pilot.pause()
        line = await attached(pilot, app)
        line.prints(b"x" * 330)
        await until(pilot, lambda: rows(app.view)[1] == "x" * 30)
        assert rows(app.view)[0] == "x" * 300
        assert app.view.render_line(0).cell_length == 330


async def test_colours_and_the_cursor_are_drawn() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        line.prints("\x1b[1;31mR\x1b[0;38;5;200mP\x1b[0;38;2;1;2;3mT\x1b[0m漢\x1b[1;4H".encode())
        await until(pilot, lambda: rows(app.view)[0] == "RPT漢")
        red, palette, rgb, wide = (style_at(app.view, 0, x) for x in range(4))
        assert red.bold
        assert red.color == Color.from_ansi(1)
        assert palette.color == Color.from_ansi(200)
        assert rgb.color == Color.from_rgb(1, 2, 3)
        assert not rgb.reverse
        assert wide.reverse
        assert style_at(app.view, 0, 4).reverse, "the cursor covers the whole character"
        line.prints(b"\x1b[?25l")
        await until(pilot, lambda: not app.view.strips.cursor.visible)
        assert not any(style_at(app.view, 0, x).reverse for x in range(40))


async def test_without_the_focus_the_cursor_is_a_line() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        line.prints(b"\x1b[?1004h.")
        await until(pilot, lambda: rows(app.view)[0] == ".")
        app.query_one(Input).focus()
        await until(pilot, lambda: bool(line.sent))
        assert line.taken() == b"\x1b[O"
        cursor = style_at(app.view, 0, 1)
        assert cursor.underline
        assert not cursor.reverse


async def test_only_rows_that_changed_are_painted_and_idle_paints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        line.prints(b"one\r\ntwo\r\nthree")
        await until(pilot, lambda: rows(app.view)[2] == "three")
        painted: list[int] = []
        render_line = app.view.render_line

        def noted(y: int) -> Strip:
            painted.append(y)
            return render_line(y)

        monkeypatch.setattr(app.view, "render_line", noted)
        line.prints(b"\x1b[6;1Hsix")
        await until(pilot, lambda: 5 in painted)
        await pilot.pause(0.1)
        assert set(painted) == {2, 5}, "the row, and the one the cursor left"
        painted.clear()
        line.prints(b"\x1b[6;1Hsix\x1b[0m")
        await pilot.pause(0.1)
        assert painted == []


async def test_a_flood_is_painted_thirty_times_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        frames: list[Frame] = []
        take = app.view.strips.take

        def noted(frame: Frame) -> set[int]:
            frames.append(frame)
            return take(frame)

        monkeypatch.setattr(app.view.strips, "take", noted)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(400):
            line.prints(b"row %d\r\n" % number * 50)
            await pilot.pause(0)
        line.prints(b"end")
        await until(pilot, lambda: "end" in rows(app.view))
        assert len(frames) <= (loop.time() - began) * 30 + 3


async def test_a_half_done_update_is_not_shown_but_not_waited_for_long() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        line.prints(b"\x1b[?2026hhalf")
        await until(pilot, lambda: app.view.link is not None and "half" in app.view.link.emulator.text())
        assert rows(app.view)[0] == ""
        line.prints(b" done\x1b[?2026l")
        await until(pilot, lambda: rows(app.view)[0] == "half done")
        line.prints(b"\x1b[?2026h\x1b[2;1Hnever ended")
        await until(pilot, lambda: rows(app.view)[1] == "never ended")


async def test_the_end_is_one_line_and_enter_asks_for_another() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        line.prints(b"last words\x1b[?2026h")
        line.ends(3)
        await until(pilot, lambda: app.told(TerminalView.Ended) == 1)
        assert rows(app.view)[0] == "last words"
        assert "status 3" in rows(app.view)[-1]
        await pilot.press("x", "enter")
        assert line.taken() == b""
        assert app.keys == ["x"], "keys belong to the app again"
        assert app.told(TerminalView.ReopenAsked) == 1
        second = await attached(pilot, app)
        assert rows(app.view)[0] == ""
        await pilot.press("y")
        assert second.taken() == b"y"


async def test_a_broken_line_says_why() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        line.broken = Unreachable("web-03 no longer answers.\x1b[2J")
        line.prints(b"x")
        await until(pilot, lambda: app.told(TerminalView.Ended) == 1)
        assert rows(app.view)[-1].startswith("web-03 no longer answers.\\x1b[2J")
        assert line.closed


async def test_what_was_not_sent_is_told() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        line.full = True
        await pilot.press("a")
        assert app.told(TerminalView.Failed) == 1


async def test_wishes_and_titles_are_told() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        line.prints(b"\x1b]2;vim\x07\x1b]52;c;aGk=\x07\x07")
        await until(pilot, lambda: app.told(TerminalView.Asked) == 1 and app.told(TerminalView.Retitled) == 1)
        asked = next(message for message in app.heard if isinstance(message, TerminalView.Asked))
        assert (asked.requests.bells, asked.requests.clipboard) == (1, ClipboardWrite(text="hi"))


async def test_answers_of_the_emulator_reach_the_program() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        line.prints(b"\x1b[6n")
        await until(pilot, lambda: line.sent == b"\x1b[1;1R")


async def test_leaving_the_app_leaves_no_shell() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        first = await attached(pilot, app)
        second = await attached(pilot, app)
        await until(pilot, lambda: first.closed > 0)
        assert second.closed == 0
    assert second.closed > 0
    assert app.view.link is None


async def test_before_a_shell_it_says_what_appears() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        assert rows(app.view)[0] == "A terminal appears here."
        await pilot.press("x")
        assert app.keys == ["x"]


async def test_without_utf8_it_is_ascii() -> None:
    app = Stage()
    app.view.strips.ascii = True
    async with app.run_test() as pilot:
        line = await attached(pilot, app)
        line.prints("┌─┐│漢é".encode())
        await until(pilot, lambda: rows(app.view)[0] == "+-+|???")


ENDS = [
    (Ended(exit_status=0), None, "The shell ended. enter opens it again."),
    (Ended(exit_status=2), None, "The shell ended with status 2. enter opens it again."),
    (Ended(exit_status=None, signal="KILL"), None, "The shell was ended by signal KILL. enter opens it again."),
    (Ended(exit_status=None), None, "The shell was cut off. enter opens it again."),
    (None, Unreachable("db-1 does not answer."), "db-1 does not answer. enter opens it again."),
]


@pytest.mark.parametrize(("ended", "error", "text"), ENDS)
def test_the_end_in_words(ended: Ended | None, error: OpstermError | None, text: str) -> None:
    assert over_text(ended, error) == text
