"""The conversation on the screen: rows that are drawn when they are seen, passages that are picked with keys."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from opsterm.tui.drawing.passage import ChatPassage, LiveName
from opsterm.tui.drawing.rows import Row
from opsterm.tui.wrapping import wrapped

STYLES = ("you", "dim", "code", "head", "warning", "cursor", "unsupported", "sign", "address")
LOOKS = {"bold": Style(bold=True), "italic": Style(italic=True), "live": Style(underline=True)}
"""What a span adds to its row, whatever the theme."""


class Transcript(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows passages, and follows the end until someone scrolls up or picks one.

    Attributes:
        picked: place of the passage under the cursor, None for none.
        named: place of the name under the cursor among those of that passage that open something, None for none.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"transcript--{name}" for name in STYLES}
    DEFAULT_CSS = """
    Transcript {
        height: 1fr;
        scrollbar-size: 1 1;
        overflow-x: hidden;
        & > .transcript--you { text-style: bold; }
        & > .transcript--head { text-style: bold; }
    }
    """

    class Resized(Message):
        """Rows have another width now: the passages are to be drawn anew."""

    def __init__(self, *, empty_rows: Sequence[str] = (), id: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id)
        self.picked: int | None = None
        self.named: int | None = None
        self._empty_rows = empty_rows
        self._hint: list[Row] = []
        self._passages: list[ChatPassage] = []
        self._rows: list[tuple[Row, int]] = []
        self._starts: list[int] = []
        self._styles: dict[str, Style] = {}
        self._looks: dict[tuple[Style, frozenset[str], bool], Style] = {}
        self._width = self._height = 0
        self._stays = False

    # ------------------------------------------------------------------ what is shown

    @property
    def room(self) -> int:
        """Cells of a row: a blank before it, and one behind it that the scroll bar may take."""
        return max(20, self.size.width - 2)

    @property
    def passages(self) -> Sequence[ChatPassage]:
        """What is shown, oldest first."""
        return self._passages

    @property
    def current(self) -> ChatPassage | None:
        """The passage under the cursor."""
        return self._passages[self.picked] if self.picked is not None and self.picked < len(self._passages) else None

    @property
    def current_name(self) -> LiveName | None:
        """The name under the cursor."""
        current = self.current
        there = current is not None and self.named is not None and self.named < len(current.live)
        return current.live[self.named] if current and there and self.named is not None else None

    def show(self, passages: Sequence[ChatPassage], *, since: int = 0) -> None:
        """Show passages in the place of those from a place on; what stands before it is not drawn again."""
        at_end = self._stays or not self._rows or round(self.scroll_y) >= self.max_scroll_y
        follows, self._stays = self.picked is None and at_end, False
        del self._rows[self._starts[since] if since < len(self._starts) else len(self._rows) :]
        del self._passages[since:], self._starts[since:]
        for passage in passages:
            self._starts.append(len(self._rows))
            self._rows += [(row, len(self._passages)) for row in passage.rows]
            self._passages.append(passage)
        if self.picked is not None and self.picked >= len(self._passages):
            self.picked = self.named = None
        self.virtual_size = Size(self.room, len(self._rows) or len(self._hint))
        if follows:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Have the passages drawn for another width; stay at the end."""
        del event
        # What is at the end now, or was before the size changed, stays there, however the passages are laid out anew.
        self._stays = round(self.scroll_y) >= len(self._rows) - max(self._height, self.size.height)
        self._height = self.size.height
        if self.size.width and self.size.width != self._width:
            self._width = self.size.width
            self._hint = [Row(text=row, style="dim") for text in self._empty_rows for row in wrapped(text, self.room)]
            self.post_message(self.Resized())
        elif self.picked is None:
            self.call_after_refresh(self.scroll_to, y=self.max_scroll_y, animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """Return one row."""
        width, at = self.size.width, self.scroll_offset.y + y
        base = self._style("")
        if not self._rows:
            row, place = (self._hint[at] if at < len(self._hint) else Row(text="")), -1
        elif at < len(self._rows):
            row, place = self._rows[at]
        else:
            return Strip.blank(width, base)
        style = self._style(row.style)
        picked = place == self.picked and place >= 0
        if picked:
            style += self._style("cursor")
        segments = [Segment(" ", style), *self._segments(row, at, style, picked=picked)]
        return Strip(segments, 1 + cell_len(row.text)).crop_extend(0, width, style)

    def _segments(self, row: Row, at: int, style: Style, *, picked: bool) -> list[Segment]:
        """Return the text of a row in pieces of one look each."""
        spans = [(one.start, one.end, one.styles) for one in row.spans]
        current = self.current if picked else None
        if current is not None and self.picked is not None:
            number = at - self._starts[self.picked]
            for place, name in enumerate(current.live):
                if name.row == number:
                    here = frozenset({"here"} if place == self.named else {"live"})
                    spans.append((name.start, name.end, here))
        if not spans:
            return [Segment(row.text, style)]
        edges = sorted({0, len(row.text), *(edge for start, end, _ in spans for edge in (start, end))})
        return [
            Segment(row.text[start:end], self._look(style, frozenset().union(
                *(styles for begin, stop, styles in spans if begin <= start and end <= stop)), picked=picked))
            for start, end in itertools.pairwise(edges)
        ]  # fmt: skip

    def _look(self, style: Style, names: frozenset[str], *, picked: bool) -> Style:
        """Return the style of a span: of its row, with what the span adds; colours only where no cursor stands."""
        key = style, names, picked
        if key not in self._looks:
            for name in sorted(names - {"here"}):
                style += LOOKS[name] if name in LOOKS else self._added(name, coloured=not picked)
            if "here" in names:
                style += Style(reverse=not style.reverse, bold=True, underline=True)
            self._looks[key] = style
        return self._looks[key]

    def _added(self, name: str, *, coloured: bool) -> Style:
        own = self._style(name)
        return Style(
            color=own.color if coloured else None, bold=own.bold or None, italic=own.italic or None,
            underline=own.underline or None, reverse=own.reverse or None,
        )  # fmt: skip

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(f"transcript--{name}") if name else self.rich_style
        return self._styles[name]

    def notify_style_update(self) -> None:
        """Take over new colours."""
        super().notify_style_update()
        self._styles.clear()
        self._looks.clear()

    # ------------------------------------------------------------------ picking

    def pick(self, place: int | None) -> None:
        """Put the cursor on a passage and show it, or (None) take it away."""
        self.picked, self.named = place, None
        if place is None:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        else:
            top, height = self._starts[place], len(self._passages[place].rows)
            if top < self.scroll_offset.y or height >= self.size.height:
                self.scroll_to(y=top, animate=False, force=True)
            elif top + height > self.scroll_offset.y + self.size.height:
                self.scroll_to(y=top + height - self.size.height, animate=False, force=True)
        self.refresh()

    def action_cursor_up(self) -> None:
        """Pick the passage before."""
        if self._passages:
            self.pick(max(0, (len(self._passages) if self.picked is None else self.picked) - 1))

    def action_cursor_down(self) -> None:
        """Pick the next passage."""
        if self._passages and self.picked is not None:
            self.pick(min(len(self._passages) - 1, self.picked + 1))

    def step_name(self, by: int) -> bool:
        """Put the cursor on the next name that opens something (1), or the one before (-1); False when there is none.

        From nowhere it goes to the newest one.
        """
        names = [(place, at) for place, one in enumerate(self._passages) for at in range(len(one.live))]
        if self.picked is None:
            found = names[-1:]
        else:
            here = self.picked, -1 if self.named is None else self.named
            found = [one for one in names if one > here][:1] if by > 0 else [one for one in names if one < here][-1:]
        for place, at in found:
            self.pick(place)
            self.named = at
            self._show_row(self._starts[place] + self._passages[place].live[at].row)
        return bool(found)

    def _show_row(self, row: int) -> None:
        if not self.scroll_offset.y <= row < self.scroll_offset.y + self.size.height:
            self.scroll_to(y=max(0, row - self.size.height // 2), animate=False, force=True)

    def action_first(self) -> None:
        """Pick the first passage."""
        if self._passages:
            self.pick(0)

    def action_last(self) -> None:
        """Pick the last passage."""
        if self._passages:
            self.pick(len(self._passages) - 1)

    def action_page_up(self) -> None:
        """Scroll one page back."""
        self.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        """Scroll one page on."""
        self.scroll_page_down(animate=False)

    def action_toggle_mark(self) -> None:
        """Nothing is marked here: a picked passage is what the keys are about."""
