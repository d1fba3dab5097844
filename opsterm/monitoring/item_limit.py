"""A bound on series that are named by what others tell: a stranger's words must not become series without end."""

from __future__ import annotations

from opsterm.monitoring.sample import SeriesKey

OTHERS = "(others)"
"""The item of whatever comes once a target has as many as it may have: it still raises an alert, one for all."""


class ItemLimit:
    """Knows the items of each metric of each target.

    Args:
        most: items that one metric of one target may have.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[tuple[str, str], set[str]] = {}

    def key(self, key: SeriesKey) -> SeriesKey:
        """Return a series as it is named, or that of the others when its target has too many."""
        known = self._known.setdefault((key.target, key.metric), set())
        if key.item in known:
            return key
        if len(known) >= self._most:
            return key._replace(item=OTHERS)
        known.add(key.item)
        return key
