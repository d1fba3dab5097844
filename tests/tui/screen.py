"""What stands on an app's screen, as plain text. The only place in the tests that touches Textual's inside."""

from __future__ import annotations

from typing import Any

from textual.app import App
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
