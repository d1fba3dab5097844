"""Moving about in a table: the cursor, the page and the marks."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from textual.geometry import Region
from textual.scroll_view import ScrollView

from opsterm.tui.widgets.row_list import RowList


class RowNews(StrEnum):
    """What can happen to a row."""

    HIGHLIGHTED = "highlighted"
    SELECTED = "selected"
    MARKED = "marked"


class RowMotion(ScrollView, can_focus=True, inherit_bindings=False):
    """A scrolled list of rows below one header row; `RowTable` draws it.

    The keys are given by whoever holds the table; every motion is an action here.
    """

    _list: RowList

    @property
    def cursor_key(self) -> str | None:
        """Key of the row under the cursor, None without rows."""
        row = self._list.current
        return row.key if row else None

    def move_to_key(self, key: str) -> bool:
        """Put the cursor on a row; return whether it is shown at all."""
        at = self._list.place(key)
        if at is not None:
            self._go(at)
        return at is not None

    def action_cursor_down(self) -> None:
        """Go to the next row."""
        self._go(self._list.cursor + 1)

    def action_cursor_up(self) -> None:
        """Go to the row above."""
        self._go(self._list.cursor - 1)

    def action_page_down(self) -> None:
        """Go down by what is in sight."""
        self._go(self._list.cursor + self._page)

    def action_page_up(self) -> None:
        """Go up by what is in sight."""
        self._go(self._list.cursor - self._page)

    def action_first(self) -> None:
        """Go to the first row."""
        self._go(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self._go(len(self._list.rows) - 1)

    def action_select(self) -> None:
        """Open the row under the cursor."""
        if (key := self.cursor_key) is not None:
            self._tell(RowNews.SELECTED, key)

    def action_toggle_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and go to the next row."""
        key = self.cursor_key
        if key is None:
            return
        self._list.marks ^= {key}
        self._refresh_rows([self._list.cursor])
        self._tell(RowNews.MARKED, key)
        self._go(self._list.cursor + 1)

    def action_clear_marks(self) -> None:
        """Take all marks away."""
        places = [self._list.place(key) for key in self._list.marks]
        self._list.marks.clear()
        self._refresh_rows([at for at in places if at is not None])

    @property
    def _page(self) -> int:
        return max(1, self.size.height - 2)

    def _go(self, to: int) -> None:
        """Move the cursor, kept inside the rows, and tell it if it moved."""
        to = min(max(to, 0), len(self._list.rows) - 1)
        before = self._list.cursor
        if to < 0 or to == before:
            return
        self._list.cursor = to
        self._refresh_rows([before, to])
        self._cursor_is_elsewhere(told=False)

    def _cursor_is_elsewhere(self, *, told: bool) -> None:
        self._show_cursor()
        key = self.cursor_key
        if key is not None and not told:
            self._tell(RowNews.HIGHLIGHTED, key)

    def _show_cursor(self) -> None:
        at, top, sight = self._list.cursor, self.scroll_offset.y, self.size.height - 1
        if at < 0 or sight < 1:
            return
        if at < top:
            self.scroll_to(y=at, animate=False, force=True)  # the bar may not have been laid out yet
        elif at >= top + sight:
            self.scroll_to(y=at - sight + 1, animate=False, force=True)

    def _refresh_rows(self, places: Sequence[int]) -> None:
        """Have rows drawn again, as far as they are in sight."""
        top, height = self.scroll_offset.y, self.size.height
        width = self.size.width - (self.scrollbar_size_vertical if self.show_vertical_scrollbar else 0)
        regions = [Region(0, at - top + 1, width, 1) for at in places if 0 <= at - top < height - 1]
        if regions:
            self.refresh(*regions)

    def _tell(self, what: RowNews, key: str) -> None:
        """Post one of the table's messages."""
        raise NotImplementedError
