"""What the collections are made of: cards, their error patterns, and how targets stand now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from opsterm.core.clock import Clock
from opsterm.inventory.target import TargetRow
from opsterm.knowledge.card import Card, CardKind
from opsterm.knowledge.card_text import card_text
from opsterm.knowledge.collection import BODY_LIMIT, CollectionName, Item, Trust
from opsterm.monitoring.alerts import Alert
from opsterm.monitoring.metrics import subject
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.knowledge import Knowledge

LOOK_AT_TARGETS_EVERY_S = 300.0

Made = Mapping[CollectionName, Sequence[Item]]


def of_cards(knowledge: Callable[[], Knowledge], clock: Clock) -> Callable[[], Awaitable[Made | None]]:
    """Return what gives the items of cards, when the cards are others than they were."""
    known = ""

    async def made() -> Made | None:
        nonlocal known
        stamp = await knowledge().stamp()
        if stamp == known:
            return None
        found = items_of_cards(await knowledge().all(), clock.now())
        known = stamp
        return found

    return made


def items_of_cards(cards: Sequence[Card], now: float) -> Made:
    """Return cards as items: faults are solutions, the rest is knowledge, and each error text is a pattern."""
    found: dict[CollectionName, list[Item]] = {
        CollectionName.KNOWLEDGE: [], CollectionName.SOLUTIONS: [], CollectionName.PATTERNS: [],
    }  # fmt: skip
    for card in cards:
        trust = Trust.REVIEWED if card.source else Trust.SITE
        text = card_text(card)
        name = CollectionName.SOLUTIONS if card.kind is CardKind.SOLUTION else CollectionName.KNOWLEDGE
        body = "\n".join(part for part in (text.symptoms, text.codes, card.cause, text.body) if part)
        found[name].append(
            Item(collection=name, name=card.id, kind=card.kind.value, trust=trust, about=card.id, title=card.title,
                 body=(body or card.title)[:BODY_LIMIT], at=now)
        )  # fmt: skip
        found[CollectionName.PATTERNS] += [
            Item(collection=CollectionName.PATTERNS, name=f"{card.id} {place}", kind="error", trust=trust,
                 about=card.id, title=card.title, body=error.example[:BODY_LIMIT] or error.pattern, at=now)
            for place, error in enumerate(card.errors, 1)
        ]  # fmt: skip
    return found


def of_targets(inventory: Inventory, alerts: Alerts, clock: Clock) -> Callable[[], Awaitable[Made | None]]:
    """Return what gives the items of targets as they stand now, every few minutes."""
    due = 0.0

    async def made() -> Made | None:
        nonlocal due
        if clock.monotonic() < due:
            return None
        due = clock.monotonic() + LOOK_AT_TARGETS_EVERY_S
        wrong = alerts.by_target()
        return {
            CollectionName.SYSTEM_STATE: [
                item_of_target(row, wrong.get(row.target.name, ()), clock.now()) for row in inventory.rows()
            ]
        }

    return made


def item_of_target(row: TargetRow, wrong: Sequence[Alert], now: float) -> Item:
    """Return how a target stands as an item, with its open alerts.

    Of what is measured it says only what is beyond a threshold, and no figure: an item that changed with each reading
    would be written and embedded anew every few minutes, and its index made anew with it.
    """
    target = row.target
    measured = sorted(f"{one.severity} {subject(one.key)} ({one.rule})" for one in wrong)
    said = {
        "is": row.status.value, "because": row.note, "runs": target.os, "groups": ", ".join(target.groups),
        "tags": ", ".join(target.tags), "environment": target.environment, "site": target.site,
        "reached by": target.protocol.value, "at": target.address,
        "measured": ", ".join(measured),
    }  # fmt: skip
    return Item(
        collection=CollectionName.SYSTEM_STATE, name=target.name, kind="target", trust=Trust.OBSERVED,
        about=target.name, title=target.name, at=now,
        body=". ".join(f"{name} {text}" for name, text in said.items() if text)[:BODY_LIMIT],
    )  # fmt: skip
