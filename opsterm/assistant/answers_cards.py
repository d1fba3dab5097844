"""Answers from cards: what is known of a fault or a thing, what to look at, what to do, and where else it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from opsterm.assistant.answer import Answer, Block, FollowUp, Paragraph, Source, table
from opsterm.knowledge.card import Card, CardStep
from opsterm.knowledge.search import Hit

NO_RECORDS: Mapping[str, str] = MappingProxyType({})
SHOWN = 5
STEPS_SHOWN = 8


def answer_cards(
    line: str, cards: Sequence[Card], hits: Sequence[Hit], *, before: Sequence[Block] = (),
    follow_ups: Sequence[FollowUp] = (), after: Sequence[Block] = (), records: Mapping[str, str] = NO_RECORDS,
) -> Answer:  # fmt: skip
    """Answer with the best card, and name the others and the documents that speak of it.

    Args:
        line: how the question was read.
        cards: the best first; at least one.
        hits: sections of documents, the best first.
        before: what is said first.
        follow_ups: what can be asked next.
        after: what is said between the card and what else there is.
        records: id of a card -> what became of its fixes here; one without any was never tried.
    """
    best, *others = cards[:SHOWN]
    also = [
        (card.title, card.kind.value, f"{_tried(card, records)}opsterm knowledge show {card.id}", f"[k{n}]")
        for n, card in enumerate(others, 2)
    ]
    first = len(others) + 2
    documents = list(enumerate(hits[: max(0, SHOWN - len(others) - 1)], first))
    also += [(hit.document.title, "document", hit.excerpt, f"[k{n}]") for n, hit in documents]
    blocks = [*before, *_card(best)]
    if best.id in records:
        blocks.append(Paragraph(text=f"So far it {records[best.id]}."))
    blocks += after
    if also:
        blocks.append(table("also|kind|says|source", also))
    sources = [Source(tag=f"k{n}", text=f"card {card.id}") for n, card in enumerate([best, *others], 1)]
    sources += [Source(tag=f"k{n}", text=f"{hit.document.source}:{hit.line}") for n, hit in documents]
    return Answer(blocks=tuple(blocks), interpretation=line, sources=tuple(sources), follow_ups=tuple(follow_ups))


def _tried(card: Card, records: Mapping[str, str]) -> str:
    return f"{records[card.id]}; " if card.id in records else ""


def _card(card: Card) -> list[Block]:
    lines = [f"{card.title} [k1]"]
    if card.cause:
        lines.append(f"Why: {_one_line(card.cause)}" if card.fix or card.checks else _one_line(card.cause))
    lines += [f"Look: {_step(step)}" for step in card.checks[:STEPS_SHOWN]]
    lines += [f"Do {n}: {_step(step)}" for n, step in enumerate(card.fix[:STEPS_SHOWN], 1)]
    left = max(0, len(card.checks) - STEPS_SHOWN) + max(0, len(card.fix) - STEPS_SHOWN)
    if left:
        lines.append(f"{left} more: opsterm knowledge show {card.id}")
    if card.fix:
        lines.append(f"Risk of that: {card.risk.value}.")
    lines += [
        f"{word}: {_one_line(text)}" for word, text in (("Way back", card.rollback), ("Done when", card.verify)) if text
    ]
    return [Paragraph(text=line) for line in lines]


def _step(step: CardStep) -> str:
    return f"`{_one_line(step.text)}`" if step.shell else _one_line(step.text)


def _one_line(text: str) -> str:
    return " ".join(text.split())
