"""What stands on an app's screen, as plain text, and when it is at rest: here the tests touch Textual's inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.geometry import Region
from textual.widget import Widget


def screen_text(app: App[Any]) -> list[str]:
    """Return the lines of the whole screen, top line first, each as wide as the screen."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def widget_text(widget: Widget) -> list[str]:
    """Return the lines of one widget, borders and scroll bars included, as they stand on the screen."""
    region = widget.region
    lines = widget.screen._compositor.render_strips()[region.y : region.bottom]
    return [line.crop(region.x, region.right).text for line in lines]


def waiting_regions(widget: Widget) -> set[Region]:
    """Return what the widget asked to have painted and what has not been painted yet."""
    return set(widget._repaint_regions)


def styles_at(app: App[Any], x: int, y: int) -> str:
    """Return the style of one cell, as Rich writes it."""
    return str(app.screen.get_style_at(x, y))


def is_at_rest(app: App[Any]) -> bool:
    """Return whether nothing waits: no message to any widget, nothing to lay out, to paint or to call afterwards."""
    screen = app.screen
    waits = screen._layout_required or screen._scroll_required or screen._repaint_required or screen._recompose_required
    if waits or screen._dirty_widgets or screen._callbacks:
        return False
    return not any(pump.message_queue_size for pump in (app, *screen.walk_children(with_self=True)))


@contextmanager
def styles_read_once() -> Iterator[None]:
    """Let apps share what they read in the same style sheets under the same colours: reading is a third of a start."""
    kept: dict[tuple[object, ...], list[RuleSet]] = {}
    read = Stylesheet._parse_rules

    def look_up(sheet: Stylesheet, *what: Any, **named: Any) -> list[RuleSet]:
        key = (*what, *named.items(), frozenset(sheet._variables.items()))
        if key not in kept:
            kept[key] = read(sheet, *what, **named)
        return kept[key]

    with mock.patch.object(Stylesheet, "_parse_rules", look_up):
        yield
