"""What is said of trouble around its cards: what the error is, what happened before, how to look, what to send next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsterm.assistant.answer import Block, FollowUp, Paragraph, table
from opsterm.assistant.fix_request import FixRequest
from opsterm.assistant.incidents import Incident
from opsterm.core.units import age_text
from opsterm.knowledge.card import Card
from opsterm.knowledge.error_signs import ErrorSigns
from opsterm.knowledge.steps import commands_of, fillings, guessed

FIXES_OFFERED = 3
_SOMEWHERE = "TARGET"


def signs_told(signs: ErrorSigns) -> list[Block]:
    """Return what an error looks like, nothing where it looks like none."""
    return [Paragraph(text=signs.text)] if signs.text else []


def incidents_told(incidents: Sequence[Incident], now: float) -> list[Block]:
    """Return what happened before that is like it; `now` in epoch seconds."""
    if not incidents:
        return []
    rows = [
        (one.name, f"{age_text(max(0.0, now - one.at))} ago", one.target, one.what, one.ended, f"[{one.name}]")
        for one in incidents
    ]
    return [table("before|when|where|what|end|source", rows)]


def looks_told(card: Card, selector: str, words: str) -> list[Block]:
    """Return how the checks of a card are made in one go: the command, its words filled in where they are known."""
    if not card.checks:
        return []
    known: dict[str, str] = {}
    for step in card.checks:
        known |= guessed(step, card, words)
    given = "".join(f" --with {name}={value}" for name, value in known.items())
    return [
        Paragraph(text=f"All looks at once: opsterm knowledge check {card.id} --on {selector or _SOMEWHERE}{given}")
    ]


def fixes_offered(card: Card, selector: str, words: str) -> list[FollowUp]:
    """Return the lines that propose the first steps of a card, to be finished where something is not known."""
    offered = []
    for number in commands_of(card)[:FIXES_OFFERED]:
        step = card.fix[number - 1]
        known: Mapping[str, str] = guessed(step, card, words)
        values = tuple((name, known.get(name, "…")) for name in fillings(step))
        line = FixRequest(card=card.id, step=number, selector=selector or _SOMEWHERE, values=values).line
        whole = bool(selector) and all(value != "…" for _, value in values)
        offered.append(FollowUp(words=f"propose step {number}", line=line, edit=not whole))
    return offered
