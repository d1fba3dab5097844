"""A table for thousands of rows: each visible row is kept as a finished strip, and only what changed is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from opsterm.tui.cells import cut, fit, shown
from opsterm.tui.drawing.columns import GAP, PlacedColumn, TableColumn, place_columns
from opsterm.tui.widgets.row_list import RowList, TableCell, TableRow
from opsterm.tui.widgets.row_motion import RowMotion, RowNews

__all__ = ["RowTable", "TableCell", "TableColumn", "TableRow"]

_GUTTER = 2
"""Cells at the left: one for the cursor, one for the mark; both can be read without colour."""
_MOST_KEPT = 2000


class RowTable(RowMotion):
    """Rows under a header, with a cursor and marks.

    Rows are given by whoever knows them (`set_rows`); filters and groups are that side's work, too: a group is a row
    with `opened` set, its members are rows with a greater `depth`.

    Attributes:
        ascii: draw with ASCII characters only; set it before the table is shown.
        empty_text: what stands in the table while it has no rows.
    """

    ALLOW_SELECT = False

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-table--header",
        "row-table--cursor",
        "row-table--marked",
        "row-table--group",
        "row-table--dim",
        "row-table--good",
        "row-table--warning",
        "row-table--critical",
        "row-table--unknown",
        "row-table--accent",
    }

    DEFAULT_CSS = """
    RowTable {
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & > .row-table--header { color: $foreground 70%; text-style: bold; }
        & > .row-table--cursor {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
        }
        & > .row-table--marked { text-style: bold; }
        & > .row-table--group { text-style: bold; }
        & > .row-table--dim { color: $foreground 70%; }
        & > .row-table--good { color: $success; }
        & > .row-table--warning { color: $warning; }
        & > .row-table--critical { color: $error; }
        & > .row-table--unknown { color: $foreground 70%; }
        & > .row-table--accent { color: $accent; }
        &:focus > .row-table--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
    }
    """

    class _RowMessage(Message):
        """Something about one row.

        Attributes:
            table: where it happened.
            key: the row.
        """

        def __init__(self, table: RowTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> RowTable:
            """The table."""
            return self.table

    class Highlighted(_RowMessage):
        """The cursor stands on another row."""

    class Selected(_RowMessage):
        """The row was opened: enter, or a double click."""

    class Marked(_RowMessage):
        """The row's mark was set or taken away; `table.marked` has them all."""

    def __init__(
        self,
        columns: Sequence[TableColumn] = (),
        *,
        ascii: bool = False,  # noqa: A002 (the word every face uses for it)
        empty_text: str = "",
        id: str | None = None,  # noqa: A002 (Textual's word)
    ) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self.empty_text = empty_text
        self._columns: Sequence[TableColumn] = ()
        self._list = RowList()
        self._placed: tuple[PlacedColumn, ...] = ()
        self._strips: dict[str, tuple[TableRow, bool, Strip]] = {}
        self._styles: dict[str | Style, Style] = {}
        self._row_style = Style()
        self.set_columns(columns)

    # ------------------------------------------------------------------ what is shown

    def set_columns(self, columns: Sequence[TableColumn]) -> None:
        """Take over other columns; the rows' cells follow their order."""
        self._columns = tuple(columns)
        self._list.forget_widths(len(self._columns))
        self._lay_out()

    def set_rows(self, rows: Sequence[TableRow]) -> None:
        """Show these rows, and send only what looks different.

        The cursor stays on its row; where that is gone, it stays at its height. Cost: 2 ms for 5,000 rows of
        which few changed.
        """
        top = self.scroll_offset.y
        seen_before = self._list.rows[top : top + self.size.height]
        change = self._list.replace(rows)
        if change.resized:
            self.virtual_size = Size(1, len(rows) + 1)
        if self._place_columns():
            self.refresh()
        elif change.places is not None:
            self._refresh_rows(change.places)
        else:
            seen_now = self._list.rows[top : top + self.size.height]
            count = max(len(seen_before), len(seen_now))
            self._refresh_rows([top + at for at in range(count) if seen_before[at : at + 1] != seen_now[at : at + 1]])
            if not seen_before or not seen_now:
                self.refresh()
        if change.places is None:
            self._cursor_is_elsewhere(told=not change.cursor_moved)

    @property
    def marked(self) -> frozenset[str]:
        """Keys of all marked rows, those that a filter hides included."""
        return frozenset(self._list.marks)

    def set_marks(self, keys: frozenset[str]) -> None:
        """Mark exactly these rows, without a message."""
        changed = self._list.marks ^ keys
        self._list.marks = set(keys)
        self._refresh_rows([at for at in map(self._list.place, changed) if at is not None])

    # ------------------------------------------------------------------ drawing

    def render_line(self, y: int) -> Strip:
        """Return a row of the widget: the header, or a row of the table."""
        if not self._styles:
            self._row_style = self.rich_style
        width = self.size.width
        if y == 0:
            return self._header(width)
        at = self.scroll_offset.y + y - 1
        if at < len(self._list.rows):
            return self._row_strip(at, width)
        if y == 1 and not self._list.rows:
            text = fit(shown(self.empty_text, plain=self.ascii), max(0, width - _GUTTER), ellipsis=self._ellipsis)
            return Strip([Segment("  " + text, self._style("dim"))]).adjust_cell_length(width, self._row_style)
        return Strip.blank(width, self._row_style)

    def _row_strip(self, at: int, width: int) -> Strip:
        row = self._list.rows[at]
        marked = row.key in self._list.marks
        if at == self._list.cursor:
            style = self._style("cursor")
            text = "".join(text for text, _ in self._pieces(row, marked=marked, cursor=True))
            return Strip([Segment(text, style)]).adjust_cell_length(width, style)
        kept = self._strips.get(row.key)
        if kept is not None and kept[0] is row and kept[1] == marked and kept[2].cell_length == width:
            return kept[2]
        strip = self._strip(self._pieces(row, marked=marked, cursor=False), width)
        if len(self._strips) >= _MOST_KEPT:
            self._strips.clear()
        self._strips[row.key] = (row, marked, strip)
        return strip

    def _pieces(self, row: TableRow, *, marked: bool, cursor: bool) -> list[tuple[str, str | Style]]:
        """Return a row as texts with styles, from the left; blank pieces have the style ""."""
        rest = "marked" if marked and not row.style else row.style
        pieces: list[tuple[str, str | Style]] = [((">" if cursor else " ") + ("*" if marked else " "), rest)]
        for place, (index, width) in enumerate(self._placed):
            cell = row.cells[index] if index < len(row.cells) else ""
            text, style = (cell, "") if isinstance(cell, str) else cell
            text = shown(text, plain=self.ascii)
            if index == 0:
                text = self._indent(row) + text
            text = cut(text, width, ellipsis=self._ellipsis)
            blank = " " * (width - cell_len(text))
            if place:
                pieces.append((" " * GAP, ""))
            right = self._columns[index].right
            pieces += [(blank, ""), (text, style or rest)] if right else [(text, style or rest), (blank, "")]
        return pieces

    def _indent(self, row: TableRow) -> str:
        sign = ""
        if row.opened is not None:
            sign = ("- " if row.opened else "+ ") if self.ascii else ("▼ " if row.opened else "▶ ")
        return "  " * row.depth + sign

    def _strip(self, pieces: list[tuple[str, str | Style]], width: int) -> Strip:
        """Join pieces; blanks take their left neighbour's style, so a row has few segments and costs few bytes."""
        segments: list[tuple[str, Style]] = []
        for text, name in pieces:
            if not text:
                continue
            style = self._style(name)
            if segments and (segments[-1][1] == style or (not text.strip() and not _shows_on_blanks(segments[-1][1]))):
                segments[-1] = (segments[-1][0] + text, segments[-1][1])
            elif segments and not segments[-1][0].strip() and not _shows_on_blanks(style):
                segments[-1] = (segments[-1][0] + text, style)
            else:
                segments.append((text, style))
        strip = Strip([Segment(text, style) for text, style in segments])
        return strip.adjust_cell_length(width, self._row_style)

    def _header(self, width: int) -> Strip:
        style = self._style("header")
        text = "  " + (" " * GAP).join(
            fit(shown(self._columns[i].title, plain=self.ascii), w, right=self._columns[i].right,
                ellipsis=self._ellipsis)
            for i, w in self._placed
        )  # fmt: skip
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)

    def _style(self, name: str | Style) -> Style:
        style = self._styles.get(name)
        if style is None:
            if isinstance(name, Style):
                style = self._row_style + name
            elif name:
                style = self.get_component_rich_style(f"row-table--{name}", default=self._row_style)
            else:
                style = self._row_style
            self._styles[name] = style
        return style

    @property
    def _ellipsis(self) -> str:
        return "~" if self.ascii else "…"

    # ------------------------------------------------------------------ what changes

    def _tell(self, what: RowNews, key: str) -> None:
        news = {RowNews.HIGHLIGHTED: self.Highlighted, RowNews.SELECTED: self.Selected, RowNews.MARKED: self.Marked}
        self.post_message(news[what](self, key))

    def _place_columns(self) -> bool:
        """Share the width again; return whether any column moved."""
        # Room for the scroll bar is kept free, so that no column moves when a filter makes it disappear.
        room = self.size.width - _GUTTER - self.styles.scrollbar_size_vertical
        placed = place_columns(self._columns, self._list.widest, room)
        if placed == self._placed:
            return False
        self._placed = placed
        self._strips.clear()
        return True

    def _lay_out(self) -> None:
        self._place_columns()
        self._strips.clear()
        self._styles.clear()
        self.virtual_size = Size(1, len(self._list.rows) + 1)
        self.refresh()

    def notify_style_update(self) -> None:
        """Take over new colours."""
        super().notify_style_update()
        self._strips.clear()
        self._styles.clear()

    def on_resize(self) -> None:
        """Share the new width and keep the cursor in sight."""
        self._lay_out()
        self._show_cursor()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row; open it on a double click."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y == 0:
            return
        at = self.scroll_offset.y + offset.y - 1
        if at < len(self._list.rows):
            self._go(at)
            if event.chain == 2:
                self.action_select()


def _shows_on_blanks(style: Style) -> bool:
    """Return whether a blank looks different in this style than in the row's own."""
    return bool(style.reverse or style.underline or style.strike or style.overline)
