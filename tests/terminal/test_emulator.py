"""Bytes in, cells out: what a program prints is what is shown, and nothing more comes through."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.terminal.emulator import (
    PLAIN,
    CellStyle,
    ClipboardWrite,
    CursorShape,
    Emulator,
    Frame,
    Modes,
    MouseReports,
    Notification,
    Scrolled,
    open_emulator,
)  # fmt: skip
from tests.terminal.hostile import HOSTILE


@pytest.fixture
def screen() -> Iterator[Emulator]:
    emulator = open_emulator(40, 10)
    yield emulator
    emulator.close()


def check_frame(frame: Frame) -> None:
    """Every row is as wide as the grid for Rich, as a whole and run by run, and holds nothing a terminal obeys."""
    for runs in frame.changed.values():
        text = "".join(text for text, _ in runs)
        assert cell_len(text) == frame.columns, repr(text)
        assert sum(cell_len(text) for text, _ in runs) == frame.columns
        assert clean_line(text) == text


def test_text_and_styles_come_out_as_runs(screen: Emulator) -> None:
    screen.feed(b"ab\x1b[1;31mcd\x1b[0;4;9;48;5;200mef\x1b[0;2;3;5;7;38;2;1;2;3mgh\x1b[0m")
    runs = screen.frame().changed[0]
    assert runs == (
        ("ab", PLAIN),
        ("cd", CellStyle(fg=1, bold=True)),
        ("ef", CellStyle(bg=200, underline=True, strike=True)),
        ("gh", CellStyle(fg=(1, 2, 3), dim=True, italic=True, blink=True, reverse=True)),
        (" " * 32, PLAIN),
    )


def test_hidden_text_is_not_given_away(screen: Emulator) -> None:
    screen.feed("a\x1b[8mpass 漢\x1b[28mz".encode())
    assert "".join(text for text, _ in screen.frame().changed[0]).rstrip() == "a" + " " * 7 + "z"


def test_an_erased_line_keeps_its_colour(screen: Emulator) -> None:
    screen.feed(b"\x1b[44m\x1b[2K\x1b[2;1H\x1b[48;2;9;8;7m\x1b[K")
    changed = screen.frame().changed
    assert changed[0] == ((" " * 40, CellStyle(bg=4)),)
    assert changed[1] == ((" " * 40, CellStyle(bg=(9, 8, 7))),)


def test_a_frame_has_only_the_rows_that_changed(screen: Emulator) -> None:
    assert set(screen.frame().changed) == set(range(10))
    screen.feed(b"\x1b[4;1Hx\x1b[8;1Hy")
    assert {3, 7} <= set(screen.frame().changed) <= {0, 3, 7}
    assert not screen.frame().changed


def test_looking_at_the_text_takes_no_row_from_the_next_frame(screen: Emulator) -> None:
    screen.frame()
    screen.feed(b"\x1b[4;1Hseen")
    assert screen.text() == "\n\n\nseen\n\n\n\n\n\n"
    assert 3 in screen.frame().changed


def test_the_cursor_is_where_the_program_put_it(screen: Emulator) -> None:
    screen.feed(b"\x1b[3;7H\x1b[5 q")
    assert screen.frame().cursor == (6, 2, True, CursorShape.BAR)
    screen.feed(b"\x1b[4 q\x1b[?25l")
    assert screen.frame().cursor == (6, 2, False, CursorShape.UNDERLINE)


def test_lines_that_left_the_top_can_be_looked_at(screen: Emulator) -> None:
    screen.feed(b"".join(b"line %d\r\n" % number for number in range(100)))
    screen.frame()
    assert screen.scrolled == Scrolled(above=91)
    screen.scroll(-50)
    assert screen.scrolled == Scrolled(above=41, below=50)
    assert screen.text().startswith("line 41\n")
    assert not screen.frame().cursor.visible
    screen.scroll(-9_999_999)
    assert screen.scrolled.above == 0
    screen.scroll_to_bottom()
    assert screen.scrolled == Scrolled(above=91)
    assert screen.frame().cursor.visible


def test_ten_thousand_wide_lines_are_kept_and_survive_a_resize() -> None:
    screen = open_emulator(200, 50)
    screen.feed(b"".join(b"%06d " % number + b"x" * 180 + b"\r\n" for number in range(10_500)))
    assert screen.scrolled.above > 10_000
    screen.resize(80, 50)
    screen.resize(200, 50)
    assert screen.scrolled.above > 10_000
    screen.scroll(-1_000_000)
    assert screen.text().startswith("000000 ")
    screen.close()


def test_memory_for_old_lines_has_a_limit() -> None:
    screen = open_emulator(200, 50, scrollback=1_000_000)
    screen.feed(b"x" * 190 + b"\r\n" + b"y\r\n" * 100_000)
    assert screen.scrolled.above < 5_000
    screen.close()
    none = open_emulator(80, 24, scrollback=0)
    none.feed(b"y\r\n" * 1000)
    assert none.scrolled.above == 0
    none.close()


def test_modes_are_told() -> None:
    screen = open_emulator(40, 10)
    assert screen.modes == Modes()
    screen.feed(b"\x1b[?1h\x1b[?2004h\x1b[?1000h\x1b[?1006h\x1b[?1004h\x1b[?1049h\x1b[?2026h")
    assert screen.modes == Modes(
        application_cursor=True, bracketed_paste=True, mouse=MouseReports.BUTTONS, mouse_sgr=True, focus_reports=True,
        alternate_screen=True, held=True,
    )  # fmt: skip
    screen.feed(b"\x1bc")
    assert screen.modes == Modes()
    screen.close()


@pytest.mark.parametrize(
    ("asked", "told"),
    [(b"1000", MouseReports.BUTTONS), (b"1002", MouseReports.DRAGS), (b"1003", MouseReports.MOVES)],
)
def test_the_mouse_actions_asked_for_are_told(screen: Emulator, asked: bytes, told: MouseReports) -> None:
    screen.feed(b"\x1b[?" + asked + b"h")
    assert screen.modes.mouse is told


REPLIES = [
    (b"\x1b[6n", b"\x1b[1;1R"), (b"\x1b[5n", b"\x1b[0n"), (b"\x1b[18t", b"\x1b[8;10;40t"),
    (b"\x1b[14t", b"\x1b[4;160;320t"),
    (b"\x1b[16t", b"\x1b[6;16;8t"), (b"\x1b[?2004$p", b"\x1b[?2004;2$y"), (b"\x05", b""),
    (b"\x1b]2;x\x07\x1b[21t", b""),
    (b"\x1b]52;c;?\x07", b"\x1b]52;c;\x07"), (b"plain text", b""),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "answered"), REPLIES)
def test_queries_are_answered(screen: Emulator, asked: bytes, answered: bytes) -> None:
    assert screen.feed(asked) == answered


def test_size_reports_follow_a_resize(screen: Emulator) -> None:
    screen.resize(60, 20)
    assert screen.feed(b"\x1b[18t") == b"\x1b[8;20;60t"


def test_a_flood_of_queries_gets_no_flood_of_answers(screen: Emulator) -> None:
    assert len(screen.feed(b"\x1b[c" * 100_000)) <= 16_384
    assert screen.feed(b"\x1b[5n") == b"\x1b[0n"


def test_the_clipboard_is_refused_and_the_wish_is_told(screen: Emulator) -> None:
    screen.feed(b"\x1b]52;c;aGVsbG8=\x07\x1b]52;c;?\x07\x07\x07")
    requests = screen.requests()
    assert requests.clipboard == ClipboardWrite(text="hello")
    assert (requests.clipboard_reads, requests.bells) == (1, 2)
    assert screen.requests().clipboard is None


def test_a_huge_clipboard_write_is_cut(screen: Emulator) -> None:
    screen.feed(b"\x1b]52;c;" + b"QUFB" * 50_000 + b"\x07")
    clipboard = screen.requests().clipboard
    assert clipboard == ClipboardWrite(text="A" * 100_000, cut=50_000)


def test_title_and_notifications_are_clean(screen: Emulator) -> None:
    screen.feed("\x1b]2;prod\u202eevil\x07\x1b]777;notify;a\u202eb;\u2066c\x1b\\".encode())
    assert screen.title == "prod\\u202eevil"
    assert screen.requests().notifications == (Notification(title="a\\u202eb", body="\\u2066c"),)
    screen.feed(b"\x1b]2;" + b"long" * 150 + b"\x07")
    assert len(screen.title) == 200
    for number in range(50):
        screen.feed(b"\x1b]9;n%d\x07" % number)
    assert [n.body for n in screen.requests().notifications] == [f"n{number}" for number in range(42, 50)]


def test_a_soft_reset_resets_and_leaves_the_cursor(screen: Emulator) -> None:
    prepared = b"\x1b[?1h\x1b[4h\x1b[?25l\x1b[3;5r\x1b[?6h\x1b[1;31m\x1b[?6l\x1b[7;9H"
    for split in range(5):
        screen.feed(b"\x1bc" + prepared)
        screen.feed(b"\x1b[!p"[:split])
        screen.feed(b"\x1b[!p"[split:] + b"x")
        frame = screen.frame()
        assert frame.cursor == (9, 6, True, CursorShape.BLOCK)
        assert frame.changed[6] == ((" " * 8 + "x" + " " * 31, PLAIN),)
        assert not screen.modes.application_cursor
        screen.feed(b"\x1b[10;1H\n")
        assert screen.scrolled.above == 1, "the scroll region is gone"


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("columns", [40, 41, 7, 2])
def test_nothing_a_terminal_obeys_is_in_a_row(what: str, columns: int) -> None:
    screen = open_emulator(columns, 10)
    for data in (HOSTILE[what], b"\r\n" + HOSTILE[what] * 3, b"\x18\x1bc\x1b[7;31m" + HOSTILE[what]):
        screen.feed(data)
        check_frame(screen.frame())
        assert clean_line(screen.title) == screen.title
        assert all(clean_line(line) == line for line in screen.text().split("\n"))
    screen.close()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.integers(2, 60))
def test_every_row_is_exactly_as_wide_as_the_grid(text: str, columns: int) -> None:
    screen = open_emulator(columns, 6)
    screen.feed(text.encode("utf-8", "replace"))
    check_frame(screen.frame())
    screen.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([*HOSTILE.values(), b"\x1b[!p", b"\x1b[2;3r", b"\x1b[31mred\r\n"]), max_size=4),
       st.data())  # fmt: skip
def test_how_the_bytes_are_split_makes_no_difference(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)[:4000]
    whole, split = open_emulator(40, 10), open_emulator(40, 10)
    replies = whole.feed(stream)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    got = b"".join(split.feed(stream[a:b]) for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True))
    assert whole.frame() == split.frame()
    assert (replies, whole.title, whole.modes) == (got, split.title, split.modes)
    whole.close()
    split.close()


def test_every_code_point_fits(screen: Emulator) -> None:
    for start in range(0xA0, 0x20000, 40 * 9):
        screen.feed(b"\x1b[2J\x1b[H" + "".join(map(chr, range(start, start + 360))).encode("utf-8", "replace"))
        check_frame(screen.frame())


SIZES = [(0, 0, 2, 2), (1, 1, 2, 2), (379, 132, 300, 100), (100_000, 100_000, 300, 100), (-5, 7, 2, 7)]


@pytest.mark.parametrize(("columns", "rows", "got_columns", "got_rows"), SIZES)
def test_the_grid_is_clamped(columns: int, rows: int, got_columns: int, got_rows: int) -> None:
    screen = open_emulator(columns, rows)
    assert (screen.columns, screen.rows) == (got_columns, got_rows)
    screen.resize(80, 24)
    screen.resize(columns, rows)
    assert (screen.columns, screen.rows) == (got_columns, got_rows)
    frame = screen.frame()
    assert (frame.columns, frame.rows, len(frame.changed)) == (got_columns, got_rows, got_rows)
    screen.close()


NATIVE = """
import random, sys
from opsterm.terminal.emulator import open_emulator
from tests.terminal.hostile import HOSTILE
from tests.terminal.test_emulator import check_frame
sys.set_int_max_str_digits(0)
big = open_emulator(379, 132)   # the size at which linked cells end the process
big.feed(b"\\x1b[?1049h2\\x1b]8;;e\\x1b\\\\2\\x1b[65535b")
check_frame(big.frame())
for way in (b"", b"\\x1b[?1049h"):
    big.feed(b"\\x1bc" + way)
    for number in range(60_000):
        big.feed(b"\\x1b]8;id=%d;http://e/%d\\x1b\\\\x" % (number, number))
    check_frame(big.frame())
random.seed(7)
parts = [*HOSTILE.values(), b"\\x1b[?1049h", b"\\x1b[?1049l", b"\\x1b[!p",
         b"\\x1b]8;;x\\x1b\\\\", b"\\x1b[5;9r", b"\\x1b[65535b"]
for number in range(1500):
    data = bytearray(random.choice(parts)[:3000] + random.choice(parts)[:3000])
    for _ in range(random.randrange(6)):
        data[random.randrange(len(data))] = random.randrange(256)
    big.feed(bytes(data))
    if number % 7 == 0:
        big.resize(random.randrange(400), random.randrange(150))
    if number % 3 == 0:
        big.scroll(random.randrange(-50, 50))
    check_frame(big.frame())
    big.requests(), big.title, big.modes
print("survived")
"""


def test_no_bytes_end_the_process() -> None:
    """In a child, since the failure looked for takes the whole process with it."""
    done = subprocess.run([sys.executable, "-c", NATIVE], capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout == "survived\n", done.stderr[-2000:]


def test_a_closed_emulator_is_gone() -> None:
    screen = open_emulator(80, 24)
    screen.feed(b"x\x1b[c")
    screen.frame()
    watch = weakref.ref(screen)
    screen.close()
    screen.close()
    del screen
    gc.collect()
    assert watch() is None


def test_a_library_that_does_not_load_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opsterm.terminal.ghostty", None)
    with pytest.raises(OpstermError, match="cannot be used on this machine") as caught:
        open_emulator(80, 24)
    assert caught.value.next_step


def test_another_memory_layout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyghostty._ffi import ffi, lib

    from opsterm.terminal import ghostty_c

    description = json.loads(ffi.string(lib.ghostty_type_json()))
    description["types"]["GhosttyCell"]["bits"]["wide"]["lsb"] = 43
    description["types"]["GhosttyStyle"]["fields"]["bold"]["offset"] = 57
    text = ffi.new("char[]", json.dumps(description).encode())

    class Changed:
        ghostty_type_json = staticmethod(lambda: text)

    monkeypatch.setattr(ghostty_c, "lib", Changed)
    with pytest.raises(OpstermError, match="pyghostty that is installed") as caught:
        ghostty_c.check_layout.__wrapped__()
    assert "wide" in caught.value.why
    assert "GhosttyStyle.bold" in caught.value.why


def test_the_room_does_not_load_the_library_until_it_is_needed() -> None:
    probe = "import sys, opsterm.terminal.emulator, opsterm.terminal.keys; sys.exit('pyghostty' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
