"""The one message by which facts reach the screen."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from opsterm.core.events import Event, Fact


class FactsArrived(Message, bubble=False):
    """Some facts happened; at most ten of these come a second.

    Attributes:
        facts: in order.
    """

    def __init__(self, facts: Sequence[Fact]) -> None:
        super().__init__()
        self.facts = facts

    def has(self, *kinds: type[Event]) -> bool:
        """Return whether any of the facts is of one of these kinds."""
        return any(isinstance(fact.event, kinds) for fact in self.facts)
