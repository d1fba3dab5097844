"""What `opsterm doctor` says of the collections of what is known."""

from __future__ import annotations

from opsterm.runtime.collections import CollectionsState
from opsterm.runtime.doctor import Check, Health


def check_collections(state: CollectionsState) -> Check:
    """Return the line for the collections: how much there is, what makes vectors, how far the index is."""
    total = sum(state.counts.values())
    if not total:
        text = "the collections are empty: the process that watches fills them"
        return Check(name="collections", health=Health.GOOD, text=text)
    text = f"{total:,} items, vectors by {state.stamp.rung} ({state.stamp.name}, {state.stamp.dimension} dimensions)"
    if state.standing.waiting:
        return Check(
            name="collections", health=Health.NOTE, text=f"{text}, {state.standing.waiting:,} wait for theirs",
            next_step="The process that watches makes them: `opsterm serve`, or an open screen.",
        )  # fmt: skip
    if not state.wants_index:
        return Check(name="collections", health=Health.GOOD, text=f"{text}, each is looked at (knowledge.index)")
    if state.kept is None:
        return Check(
            name="collections", health=Health.NOTE, text=f"{text}, no index yet: each is looked at meanwhile",
            next_step="The process that watches makes it: `opsterm serve`, or an open screen.",
        )  # fmt: skip
    return Check(
        name="collections", health=Health.GOOD,
        text=f"{text}, indexed up to {state.kept.upto:,} of {state.standing.upto:,}; the rest is looked at",
    )  # fmt: skip
