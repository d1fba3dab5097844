"""What a libghostty-vt terminal shows: rows as runs, and the cursor."""

from __future__ import annotations

from typing import Any

from pyghostty._ffi import ffi, lib

from opsterm.terminal.cells import row_runs
from opsterm.terminal.emulator import CellStyle, Color, Cursor, CursorShape, Run
from opsterm.terminal.ghostty_c import check, made, sized

_STYLES_KEPT = 16_384  # more than a screen whose cells all differ, about 6 MB
_CLUSTER_LIMIT = 16  # code points read of one cell; three marks are shown

_select = lib.ghostty_render_state_row_cells_select  # bound once: called for every run of every row
_get_cell = lib.ghostty_render_state_row_cells_get
_CELL_STYLE = lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_STYLE
_SHAPES = {0: CursorShape.BAR, 1: CursorShape.BLOCK, 2: CursorShape.UNDERLINE, 3: CursorShape.BLOCK}


class RenderState:
    """The library's picture of one terminal, brought up to date by `update` and read until the next one."""

    def __init__(self) -> None:
        self._state = made("GhosttyRenderState", lib.ghostty_render_state_new, free=lib.ghostty_render_state_free)
        self._row = made(
            "GhosttyRenderStateRowIterator",
            lib.ghostty_render_state_row_iterator_new,
            free=lib.ghostty_render_state_row_iterator_free,
        )
        self._cells = made(
            "GhosttyRenderStateRowCells",
            lib.ghostty_render_state_row_cells_new,
            free=lib.ghostty_render_state_row_cells_free,
        )
        self._view = ffi.new("GhosttyCellsView*")
        self._style = sized("GhosttyStyle")
        self._style_bytes = ffi.buffer(self._style)
        # By value, not by id: the library gives the same id to different styles on different pages.
        self._styles: dict[bytes, tuple[CellStyle, bool]] = {}

    def update(self, terminal: Any) -> None:
        """Look at the terminal."""
        check(lib.ghostty_render_state_update(self._state[0], terminal[0]), "render update")

    def taken(self) -> None:
        """Say that every changed row has been read."""
        check(lib.ghostty_render_state_clean(self._state[0]), "render clean")

    def rows(self, columns: int, *, only_changed: bool) -> dict[int, tuple[Run, ...]]:
        """Return rows by number from the top, each exactly `columns` cells."""
        check(
            lib.ghostty_render_state_get(self._state[0], lib.GHOSTTY_RENDER_STATE_DATA_ROW_ITERATOR, self._row), "rows"
        )
        rows: dict[int, tuple[Run, ...]] = {}
        row, number = self._row[0], ffi.new("uint16_t*")
        if only_changed:
            while lib.ghostty_render_state_row_iterator_next_dirty(row, number):
                rows[number[0]] = self._read_row(columns)
        else:
            while lib.ghostty_render_state_row_iterator_next(row):
                rows[len(rows)] = self._read_row(columns)
        return rows

    def cursor(self) -> Cursor:
        """Return where the cursor is."""
        cursor = sized("GhosttyRenderStateCursor")
        check(lib.ghostty_render_state_get(self._state[0], lib.GHOSTTY_RENDER_STATE_DATA_CURSOR, cursor), "cursor")
        if not cursor.viewport_has_value:
            return Cursor()
        x = cursor.viewport_x - 1 if cursor.wide_tail else cursor.viewport_x
        shape = _SHAPES.get(cursor.visual_style, CursorShape.BLOCK)
        return Cursor(x=x, y=cursor.viewport_y, visible=bool(cursor.visible), shape=shape)

    def close(self) -> None:
        """Give the memory back."""
        for handle in (self._cells, self._row, self._state):
            ffi.release(handle)
        self._cells = self._row = self._state = None

    def _read_row(self, columns: int) -> tuple[Run, ...]:
        get, row, view = lib.ghostty_render_state_row_get, self._row[0], self._view
        check(get(row, lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS_RAW, view), "row")
        check(get(row, lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS, self._cells), "row cells")
        size = 8 * columns
        raw = ffi.buffer(view.ptr, min(8 * view.len, size))[:].ljust(size, b"\0")
        return tuple(row_runs(raw, columns, self._style_at, self._cluster_at))

    def _style_at(self, x: int) -> tuple[CellStyle, bool]:
        cells = self._cells[0]
        _select(cells, x)
        _get_cell(cells, _CELL_STYLE, self._style)
        key = self._style_bytes[8:72]
        found = self._styles.get(key)
        if found is None:
            if len(self._styles) >= _STYLES_KEPT:
                self._styles.clear()
            found = self._styles[key] = (_cell_style(self._style), bool(self._style.invisible))
        return found

    def _cluster_at(self, x: int) -> str:
        cells, length = self._cells[0], ffi.new("uint32_t*")
        _select(cells, x)
        check(_get_cell(cells, lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_LEN, length), "cluster length")
        points = ffi.new("uint32_t[]", max(1, length[0]))
        check(_get_cell(cells, lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_BUF, points), "cluster")
        return "".join(map(chr, points[0 : min(length[0], _CLUSTER_LIMIT)]))


def _cell_style(style: Any) -> CellStyle:
    return CellStyle(
        fg=_color(style.fg_color),
        bg=_color(style.bg_color),
        bold=bool(style.bold),
        dim=bool(style.faint),
        italic=bool(style.italic),
        underline=style.underline != 0,
        blink=bool(style.blink),
        reverse=bool(style.inverse),
        strike=bool(style.strikethrough),
    )


def _color(color: Any) -> Color:
    if color.tag == lib.GHOSTTY_STYLE_COLOR_PALETTE:
        return int(color.value.palette)
    if color.tag == lib.GHOSTTY_STYLE_COLOR_RGB:
        return color.value.rgb.r, color.value.rgb.g, color.value.rgb.b
    return None
