"""A command's output: cleaned, bounded, followed, and never in the way."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from opsterm.core.text import LINE_LIMIT
from opsterm.tui.drawing.output_lines import LineKind, OutputLines
from opsterm.tui.widgets.log_view import OutputView
from tests.tui.screen import screen_text, waiting_regions
from tests.tui.small_apps import HOSTILE


def lines_of(*pieces: bytes, keep_lines: int = 1000) -> list[str]:
    output = OutputLines(keep_lines=keep_lines)
    for piece in pieces:
        output.add(piece)
    output.finish()
    return [line.text for line in output.lines]


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([b"one\ntwo\n"], ["one", "two"]),
        ([b"on", b"e\nt", b"wo"], ["one", "two"]),
        ([b"one\r", b"\ntwo\r\r\n"], ["one", "two"]),
        ([b"10 %\r20 %\r30 %\n"], ["10 %", "20 %", "30 %"]),
        ([b"10 %\r", b"20 %"], ["10 %", "20 %"]),
        (["Größe\n".encode()[:3], "Größe\n".encode()[3:]], ["Größe"]),
        ([b"\xff\xfe\n"], [r"\xff\xfe"]),
        ([b"a\tb\n"], ["a       b"]),
        ([b"\x1b[31mred\x1b[0m\n"], [r"\x1b[31mred\x1b[0m"]),
        ([b"\n\n"], ["", ""]),
        ([b""], []),
    ],
)
def test_bytes_become_clean_lines(pieces: list[bytes], lines: list[str]) -> None:
    assert lines_of(*pieces) == lines


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=6))
def test_where_the_pieces_end_makes_no_difference(data: bytes, cuts: list[int]) -> None:
    ends = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    pieces = [data[one:two] for one, two in itertools.pairwise(ends)]
    whole = lines_of(data)
    # Several carriage returns in a row may count once or more often, as they come; no text is lost by that.
    assert [line for line in lines_of(*pieces) if line] == [line for line in whole if line]


def test_only_the_newest_lines_are_kept_and_the_rest_is_counted() -> None:
    output = OutputLines(keep_lines=10)
    for start in range(0, 1000, 50):
        output.add(b"".join(b"line %d\n" % n for n in range(start, start + 50)))
    assert [line.text for line in output.lines] == [f"line {n}" for n in range(990, 1000)]
    assert output.left_out == 990
    output.skip(b"unread\nunread\nhalf")
    output.add(b" rest\nafter\n", LineKind.OUTPUT)
    assert [line.text for line in output.lines] == ["… rest", "after"]
    assert output.left_out == 1002


def test_a_line_without_end_is_cut_and_its_length_is_told() -> None:
    output = OutputLines()
    for _ in range(100):
        output.add(b"x" * 10_000)
        assert len(output.begun[0].text) <= LINE_LIMIT
    output.add(b"\nnext\n")
    first, second = output.lines
    assert first.text.startswith("xxx")
    assert f"({1_000_000 - first.text.count('x')} more characters)" in first.text
    assert second.text == "next"


class OutputApp(App[None]):
    """One view."""

    def __init__(self, keep_lines: int = 10_000) -> None:
        super().__init__()
        self.view = OutputView(keep_lines=keep_lines)

    def compose(self) -> ComposeResult:
        yield self.view


async def until_read(app: OutputApp, pilot: Pilot[None]) -> None:
    """Wait until the view has taken over everything that waits."""
    async with asyncio.timeout(120):
        while app.view._backlog or app.view._reading:
            await pilot.pause()
    await pilot.pause()


async def test_output_is_followed_until_someone_scrolls_up() -> None:
    app = OutputApp()
    async with app.run_test(size=(40, 6)) as pilot:
        app.view.append(b"".join(b"line %d\n" % n for n in range(100)))
        app.view.append(b"no newline yet")
        await until_read(app, pilot)
        assert [line.split("  ")[0] for line in screen_text(app)] == [
            *(f"line {n}" for n in range(95, 100)),
            "no newline yet",
        ]
        app.view.scroll_to(y=20, animate=False)
        await pilot.pause()
        assert screen_text(app)[0].startswith("line 20")
        app.view.append(b" and more\nnew\n")
        await until_read(app, pilot)
        assert screen_text(app)[0].startswith("line 20"), "reading is not disturbed"
        app.view.scroll_end(animate=False)
        await pilot.pause()
        app.view.append(b"newest\n")
        await until_read(app, pilot)
        assert screen_text(app)[-1].startswith("newest")
        assert screen_text(app)[-3].startswith("no newline yet and more")
        assert waiting_regions(app.view) == set()


async def test_what_is_read_stands_still_while_old_lines_go() -> None:
    app = OutputApp(keep_lines=50)
    async with app.run_test(size=(40, 6)) as pilot:
        app.view.append(b"".join(b"line %d\n" % n for n in range(50)))
        await until_read(app, pilot)
        app.view.scroll_to(y=30, animate=False)
        await pilot.pause()
        assert screen_text(app)[0].startswith("line 30")
        app.view.append(b"".join(b"line %d\n" % n for n in range(50, 60)))
        await until_read(app, pilot)
        assert screen_text(app)[0].startswith("line 30")
        app.view.append(b"".join(b"line %d\n" % n for n in range(60, 65)))
        await until_read(app, pilot)
        assert screen_text(app)[0].startswith("line 30")
        app.view.scroll_home(animate=False)
        await pilot.pause()
        assert screen_text(app)[0].startswith("15 lines before this are not kept")
        assert screen_text(app)[1].startswith("line 15")


async def test_two_outputs_and_notes_keep_their_order() -> None:
    app = OutputApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.view.append(b"out 1\nout")
        app.view.append(b"err 1\n", error=True)
        app.view.append(b" 2\n")
        app.view.note("exit code 3, 0.2 s")
        await until_read(app, pilot)
        assert app.view.lines == ["out 1", "err 1", "out 2", "exit code 3, 0.2 s"]
        app.view.clear()
        await pilot.pause()
        assert app.view.lines == []
        assert not "".join(screen_text(app)).strip()


@pytest.mark.parametrize("ascii_only", [False, True])
async def test_hostile_output_fills_its_rows_exactly(ascii_only: bool) -> None:
    app = OutputApp()
    app.view.ascii = ascii_only
    async with app.run_test(size=(50, 30)) as pilot:
        for text in HOSTILE:
            app.view.append(text.encode("utf-8", "surrogatepass") + b"\n")
        await until_read(app, pilot)
        for left in (0, 7, 4000):
            app.view.scroll_to(x=left, y=0, animate=False)
            await pilot.pause()
            lines = screen_text(app)
            assert all(cell_len(line) == 50 for line in lines)
            assert not any(char in "\x1b\x9b\u202e\u200b" or ord(char) < 32 for char in "".join(lines))


async def test_a_flood_keeps_the_newest_lines_and_the_loop_free() -> None:
    app = OutputApp(keep_lines=1000)
    chunk = b"0123456789 abcdefghijklmnopqrstuvwxyz\n" * 25_000  # about 1 MB
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(100):
            app.view.append(chunk)
        app.view.append(b"the end\n")
        assert sum(len(data) for data, _ in app.view._backlog) <= 4_000_000, "the backlog is bounded"
        full = asyncio.create_task(app.view.room())
        await pilot.pause()
        assert not full.done(), "the sender is asked to wait"
        await until_read(app, pilot)
        await full
        assert app.view.lines[-1] == "the end"
        assert app.view.left_out + len(app.view.lines) == 100 * 25_000 + 1
        assert screen_text(app)[-1].startswith("the end")
