"""A table of thousands of rows: what it shows, what it keeps, and what it sends."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from opsterm.tui.cells import cut, fit, shown
from opsterm.tui.drawing.columns import GAP, place_columns
from opsterm.tui.widgets.row_table import RowTable, TableCell, TableColumn, TableRow
from tests.tui.screen import screen_text, waiting_regions, widget_text

COLUMNS = (
    TableColumn(title="name", min_width=8, max_width=30, priority=9, grows=True),
    TableColumn(title="state", min_width=6, max_width=10, priority=8),
    TableColumn(title="cpu", min_width=5, max_width=8, priority=5, right=True),
    TableColumn(title="address", min_width=9, max_width=40, priority=1),
)


def row(number: int, *, cpu: str = "1 %", name: str = "") -> TableRow:
    text = name or f"host-{number:04d}"
    return TableRow(f"h{number}", (text, TableCell("OK", "good"), cpu, f"198.51.100.{100 + number % 100}"))


class TableApp(App[None]):
    """One table with the usual keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "table('cursor_down')"),
        Binding("k,up", "table('cursor_up')"),
        Binding("g,home", "table('first')"),
        Binding("G,end", "table('last')"),
        Binding("pagedown", "table('page_down')"),
        Binding("pageup", "table('page_up')"),
        Binding("enter", "table('select')"),
        Binding("space", "table('toggle_mark')"),
    ]

    def __init__(self, rows: list[TableRow], **options: Any) -> None:
        super().__init__()
        self.rows, self.options = rows, options
        self.told: list[tuple[str, str]] = []

    def compose(self) -> ComposeResult:
        self.table = RowTable(COLUMNS, **self.options)
        yield self.table

    def on_mount(self) -> None:
        self.table.set_rows(self.rows)

    def action_table(self, name: str) -> None:
        getattr(self.table, f"action_{name}")()

    def on_row_table_highlighted(self, message: RowTable.Highlighted) -> None:
        self.told.append(("highlighted", message.key))

    def on_row_table_selected(self, message: RowTable.Selected) -> None:
        self.told.append(("selected", message.key))

    def on_row_table_marked(self, message: RowTable.Marked) -> None:
        self.told.append(("marked", message.key))


async def test_shows_header_rows_and_cursor() -> None:
    app = TableApp([row(1), row(2, cpu="71 %")])
    async with app.run_test(size=(60, 6)):
        lines = screen_text(app)
    assert lines[0].split() == ["name", "state", "cpu", "address"]
    assert lines[1].startswith("> host-0001")
    assert lines[2].startswith("  host-0002")
    assert lines[0].index("cpu") + len("cpu") == lines[2].index("71 %") + len("71 %"), "numbers stand at the right"


async def test_keys_move_mark_and_select() -> None:
    app = TableApp([row(n) for n in range(100)])
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("j", "j", "k", "space", "enter")
        assert app.table.cursor_key == "h2"
        assert app.table.marked == {"h1"}
        await pilot.press("G")
        assert app.table.cursor_key == "h99"
        assert screen_text(app)[-1].startswith("> host-0099")
        await pilot.press("pageup", "g", "pagedown")
        assert app.table.cursor_key == "h10"
        await pilot.press("home")
        lines = screen_text(app)
        assert lines[1].startswith("> host-0000")
        assert lines[2].startswith(" *host-0001")
    assert app.told[:6] == [
        ("highlighted", "h0"),
        ("highlighted", "h1"),
        ("highlighted", "h2"),
        ("highlighted", "h1"),
        ("marked", "h1"),
        ("highlighted", "h2"),
    ]
    assert ("selected", "h2") in app.told


async def test_cursor_stays_on_its_row_while_others_come_and_go() -> None:
    app = TableApp([row(n) for n in range(50)])
    async with app.run_test(size=(60, 10)) as pilot:
        app.table.move_to_key("h30")
        await pilot.pause()
        app.table.set_rows([row(n) for n in range(10, 50)])
        assert app.table.cursor_key == "h30"
        app.table.set_rows([row(n) for n in range(20)])
        assert app.table.cursor_key == "h19", "its row is gone: the nearest place"
        app.table.set_rows([])
        assert [app.table.cursor_key] == [None]
        app.table.set_rows([row(3)])
        assert app.table.cursor_key == "h3"
        await pilot.pause()
        assert screen_text(app)[1].startswith("> host-0003")


async def test_only_changed_rows_in_sight_are_painted() -> None:
    rows = [row(n) for n in range(5000)]
    app = TableApp(rows)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        app.table.set_rows(list(rows))
        assert waiting_regions(app.table) == set(), "nothing changed: nothing to paint"
        changed = list(rows)
        changed[3] = row(3, cpu="99 %")
        changed[4000] = row(4000, cpu="99 %")
        app.table.set_rows(changed)
        assert [(region.y, region.height) for region in waiting_regions(app.table)] == [(4, 1)]
        await pilot.pause()
        again = list(changed)
        again[5] = row(5, cpu="42 %")
        again[4500] = row(4500, cpu="42 %")
        app.table.set_rows(again)
        assert [(region.y, region.height) for region in waiting_regions(app.table)] == [(6, 1)]
        await pilot.pause()
        app.table.action_cursor_down()
        assert {region.y for region in waiting_regions(app.table)} == {1, 2}
        await pilot.pause()
        assert "99 %" in screen_text(app)[4]
        assert "42 %" in screen_text(app)[6]


async def test_a_filter_shows_fewer_rows_and_all_come_back() -> None:
    rows = [row(n) for n in range(200)]
    app = TableApp(rows)
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.press("G")
        app.table.set_rows([rows[150], rows[199]])
        await pilot.pause()
        lines = screen_text(app)
        assert [line[:11] for line in lines[1:4]] == ["  host-0150", "> host-0199", " " * 11]
        app.table.set_rows(rows)
        await pilot.pause()
        assert app.table.cursor_key == "h199"
        assert screen_text(app)[-1].startswith("> host-0199")


async def test_groups_are_indented_and_say_whether_they_are_open() -> None:
    tree = [
        TableRow("web", ("web", "", "", ""), "group", 0, True),
        TableRow("w1", ("web-01", "OK", "", ""), "", 1),
        TableRow("db", ("db", "", "", ""), "group", 0, False),
    ]
    app = TableApp(tree)
    async with app.run_test(size=(60, 6)):
        assert [line.rstrip() for line in screen_text(app)[1:4]] == [
            "> ▼ web",
            "    web-01" + " " * (screen_text(app)[2].index("OK") - 10) + "OK",
            "  ▶ db",
        ]
    plain = TableApp(tree, ascii=True)
    async with plain.run_test(size=(60, 6)):
        assert all(line.isascii() for line in screen_text(plain))
        assert screen_text(plain)[3].startswith("  + db")


async def test_rows_given_before_there_is_a_screen_are_shown() -> None:
    class Early(App[None]):
        def __init__(self) -> None:
            super().__init__()
            self.table = RowTable(COLUMNS)
            self.table.set_rows([row(n) for n in range(100)])
            self.table.move_to_key("h50")

        def compose(self) -> ComposeResult:
            yield self.table

    app = Early()
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        assert any(line.startswith("> host-0050") for line in screen_text(app))


async def test_the_mouse_moves_the_cursor_and_a_double_click_opens() -> None:
    app = TableApp([row(n) for n in range(100)])
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.click(RowTable, offset=(5, 4))
        assert app.table.cursor_key == "h3"
        await pilot.click(RowTable, offset=(5, 0))
        await pilot.click(RowTable, offset=(5, 6), times=2)
        await pilot.pause()
        assert app.told[-1] == ("selected", "h5")


HOSTILE = [
    "\x1b[2J\x1b[31mred",
    "\x1b]52;c;aGk=\x07clip",
    "a\nb\rc\td",
    "\x9b31m c1",
    "safe\u202egnp.exe",
    "\u200bzero\u2060",
    "日本語のホスト名前がとても長い",
    "👍🏽👍🏽👍🏽 🇩🇪🇩🇪",
    "e\u0301" * 40,
    "x" * 1_000_000,
    "\ud800 lone",
]


@pytest.mark.parametrize("width", [20, 33, 60, 120])
async def test_hostile_and_wide_text_never_breaks_a_row(width: int) -> None:
    rows = [TableRow(f"r{n}", (text, text, text, text), "", n % 4) for n, text in enumerate(HOSTILE)]
    app = TableApp(rows)
    async with app.run_test(size=(width, 14)):
        for line in screen_text(app):
            assert cell_len(line) == width
            assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char in "\u202e\u200b\u2060" for char in line)


async def test_narrow_tables_drop_the_least_important_columns() -> None:
    app = TableApp([row(1)])
    async with app.run_test(size=(30, 5)) as pilot:
        assert screen_text(app)[0].split() == ["name", "state", "cpu"]
        await pilot.resize_terminal(12, 5)
        await pilot.pause()
        assert screen_text(app)[0].split() == ["name"]
        await pilot.resize_terminal(80, 5)
        await pilot.pause()
        assert screen_text(app)[0].split() == ["name", "state", "cpu", "address"]


async def test_an_empty_table_says_what_will_appear() -> None:
    app = TableApp([], empty_text="No targets yet. i imports them from ssh_config.")
    async with app.run_test(size=(60, 5)) as pilot:
        assert "No targets yet." in screen_text(app)[1]
        app.table.set_rows([row(1)])
        await pilot.pause()
        assert "No targets yet." not in "\n".join(screen_text(app))
        app.table.set_rows([])
        await pilot.pause()
        assert "No targets yet." in screen_text(app)[1]


async def test_columns_stand_still_when_the_scroll_bar_comes_and_goes() -> None:
    rows = [row(n) for n in range(100)]
    app = TableApp(rows[:3])
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        short = widget_text(app.table)
        app.table.set_rows(rows)
        await pilot.pause()
        long = widget_text(app.table)
    assert all(len(line) == 60 for line in [*short, *long])
    assert [line[:59] for line in short[:4]] == [line[:59] for line in long[:4]]
    assert all(line[59] == " " for line in short), "the bar hides no text"


@given(
    st.lists(
        st.tuples(st.integers(1, 12), st.integers(0, 30), st.integers(0, 9), st.booleans(), st.integers(0, 60)),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 200),
)
def test_columns_never_overflow(table: list[tuple[int, int, int, bool, int]], room: int) -> None:
    columns = [
        TableColumn(title="t", min_width=low, max_width=low + more, priority=rank, grows=grows)
        for low, more, rank, grows, _ in table
    ]
    placed = place_columns(columns, [natural for *_, natural in table], room)
    used = sum(column.width for column in placed) + GAP * (len(placed) - 1)
    assert len(placed) >= 1
    assert used <= room
    assert [column.place for column in placed] == sorted(column.place for column in placed)
    left_out = set(range(len(columns))) - {column.place for column in placed}
    assert all(columns[gone].priority <= columns[kept.place].priority for gone in left_out for kept in placed), (
        "the least important leave first"
    )


@given(st.text(max_size=60), st.integers(0, 40), st.booleans())
def test_text_fits_exactly(text: str, cells: int, right: bool) -> None:
    line = shown(text)
    assert cell_len(fit(line, cells, right=right)) == cells
    assert cell_len(cut(line, cells)) <= cells
    if cell_len(line) <= cells:
        assert cut(line, cells) == line
    assert shown(text, plain=True).isascii()
