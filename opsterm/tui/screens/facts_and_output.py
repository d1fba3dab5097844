"""A dialog with facts above and an output below, of which the keys scroll one or the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from opsterm.tui.screens.going_over import RolloutDialog
from opsterm.tui.standing import while_it_stands
from opsterm.tui.widgets.log_view import OutputView

_SHOWN_AT_ONCE = 1_000_000


class FactsAndOutput(RolloutDialog):
    """What scrolls on the approval screen; `show` of a subclass writes it anew."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "scroll_pages(1)", show=False),
        Binding("pageup", "scroll_pages(-1)", show=False),
        Binding("j,down", "scroll_by(0, 1)", show=False),
        Binding("k,up", "scroll_by(0, -1)", show=False),
        Binding("l,right", "scroll_by(1, 0)", show=False),
        Binding("h,left", "scroll_by(-1, 0)", show=False),
        Binding("tab,shift+tab", "switch", show=False),
    ]

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self._decisive = self._result = 0
        self._seen_to = 0  # the line of the facts down to which they were in sight
        self._read: dict[str, int] = {}
        self._has_output = self._compared = False
        self._showing = False
        self._with_news: dict[str, None] = {}  # targets that may have printed something, in the order of the news
        self._odd_ones = ""
        self._scrolls_facts = False  # whether the keys scroll what is said of the change, not its output

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by what is in sight."""
        self.action_scroll_by(0, pages * max(1, self._scrolled.size.height - 1))

    def action_scroll_by(self, columns: int, rows: int) -> None:
        """Scroll what tab has chosen; sideways by eight cells at a time."""
        self._scrolled.scroll_relative(x=8 * columns, y=rows, animate=False, force=True, immediate=True)
        self._see()

    async def on_mount(self) -> None:
        """Say how much there is below, also when the mouse scrolls."""
        self.watch(self._sheet, "scroll_y", self.tell_more, init=False)

    def _see(self) -> None:
        """Note which lines of the facts have been in sight."""
        self._seen_to = max(self._seen_to, round(self._sheet.scroll_target_y) + self._sheet.size.height)

    def forget_what_was_seen(self) -> None:
        """Have the facts read anew: they have changed."""
        self._seen_to = 0

    @property
    def has_unread(self) -> bool:
        """Whether a line that a decision rests on has not been in sight yet."""
        top = self._sheet.size.height if not round(self._sheet.scroll_target_y) else 0
        return self._decisive > max(self._seen_to, top)

    @while_it_stands
    def tell_more(self) -> None:
        """Say in the frame how many lines of the facts are below what is in sight."""
        sheet = self._sheet
        below = max(0, round(sheet.max_scroll_y - sheet.scroll_target_y)) if self._scrolled is sheet else 0
        more = f"{below} more line{'s' * (below > 1)} below: pgdn" if below else ""
        unread = " · read them first" if below and self.must_be_read and self.has_unread else ""
        self.query_one(".dialog").border_subtitle = f"{more}{unread}"

    def show_result(self) -> None:
        """Scroll the facts to how it ended, where that is out of sight: it is what somebody who watched waits for."""
        self.call_after_refresh(self._scroll_to_result)

    @while_it_stands
    def _scroll_to_result(self) -> None:
        top = round(self._sheet.scroll_target_y)
        if not top <= self._result < top + self._sheet.size.height:
            self._sheet.scroll_to(y=self._result, animate=False, force=True, immediate=True)

    @property
    def must_be_read(self) -> bool:
        """Whether all that a decision rests on has to be read before it is made."""
        raise NotImplementedError

    def action_switch(self) -> None:
        """Let the keys scroll the facts, or the output again."""
        self._scrolls_facts = not self._scrolls_facts
        self.show()

    @property
    def _scrolled(self) -> Widget:
        """What the keys scroll: the output, or what is to be decided while there is none."""
        output = self.query_one(OutputView)
        return output if output.display and not self._scrolls_facts else self._sheet

    @property
    def _sheet(self) -> VerticalScroll:
        return self.query_one("#approval-scroll", VerticalScroll)

    # ------------------------------------------------------------------------------------------------ the output

    async def show_output(self) -> None:
        """Show what has come since; one at a time, so that no byte is shown twice."""
        if self._showing:
            return
        self._showing = True
        try:
            while self._with_news:
                news, self._with_news = self._with_news, {}
                await self._read_on(news)
        finally:
            self._showing = False

    def has_news_from(self, targets: Iterable[str]) -> None:
        """Note that these may have printed something; `show_output` then shows it."""
        self._with_news.update(dict.fromkeys(targets))

    async def _read_on(self, targets: Iterable[str]) -> None:
        view = self.query_one(OutputView)
        many = len(self.change.order.targets) > 1
        if many and self.change.ended_at:
            await self._show_comparison(view)
            return
        for target in targets:
            named = not many
            while data := await self._piece_of(target):
                if not named:
                    view.note(target)
                    named = True
                await self._show_data(data)

    async def _piece_of(self, target: str) -> bytes:
        at = self._read.get(target, 0)
        data = await self.runtime.changes.output(self.change.id, target, offset=at, limit=_SHOWN_AT_ONCE)
        self._read[target] = at + len(data)
        return data

    async def _show_data(self, data: bytes) -> None:
        """Show bytes of an output, as fast as the view takes them: it leaves the oldest lines out and says so."""
        view = self.query_one(OutputView)
        if not self._has_output:
            self._has_output = True
            self.show()
        for start in range(0, len(data), _SHOWN_AT_ONCE):
            view.append(data[start : start + _SHOWN_AT_ONCE])
            await view.room()

    async def _show_comparison(self, view: OutputView) -> None:
        """Show the outputs of an ended change, equal ones once and the odd ones by line."""
        if self._compared:
            return
        self._compared = True
        compared = await self.runtime.changes.comparison(self.change)
        self._odd_ones = compared.odd
        view.clear()
        for group in compared.groups:
            view.note(group.title)
            self._has_output = True
            await self._show_data(group.data if group.difference is None else "\n".join(group.difference).encode())
        self.show()
        self.show_result()  # the outputs have taken room

    def forget_output(self) -> None:
        """Show nothing of what was printed, as for a change that has printed nothing yet."""
        self._read, self._compared, self._has_output, self._odd_ones = {}, False, False, ""
        self.query_one(OutputView).clear()
