"""Verbs about what is known."""

from __future__ import annotations

import json
from collections.abc import Sequence

from opsterm.cli.prompt import lines_of_input, read_text
from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode
from opsterm.knowledge.card import Card, CardKind, CardStep
from opsterm.knowledge.card_file import write_cards
from opsterm.knowledge.collection import RULES
from opsterm.runtime.collections import CollectionsState
from opsterm.runtime.doctor_collections import check_collections
from opsterm.runtime.knowledge import CardHit
from opsterm.runtime.ports_knowledge import CardFilter
from opsterm.runtime.works import upkeep_of

DEFAULT_LIMIT = 5
EXCERPT_LIMIT = 160
"""Characters of a card's cause that a hit shows."""


async def search(context: Context) -> int:
    """Find cards for a question, or for each that standard input brings."""
    asked = context.invocation
    words = asked.texts("words")
    if list(words) == ["-"]:
        async for line in lines_of_input():
            if line.strip():
                question = _question(line)
                context.printer.record(_found(question, await _hits(context, question)))
        return ExitCode.DONE
    question = " ".join(words)
    hits = await _hits(context, question)
    if context.printer.json:
        context.printer.record(_found(question, hits))
    else:
        context.printer.table(
            ("id", "kind", "risk", "sure", "title", "here"),
            [
                (hit.card.id, hit.card.kind, _risk(hit.card), f"{hit.confidence:.0%}", hit.card.title,
                 hit.record.text().removesuffix(" here"))
                for hit in hits
            ],
            right=("sure",),
        )  # fmt: skip
        context.printer.say(
            "`opsterm knowledge show ID` prints one of them."
            if hits
            else "Nothing is known of that: no card is sure enough."
        )
    return ExitCode.DONE


def _question(line: str) -> str:
    if not line.lstrip().startswith("{"):
        return line
    try:
        found = json.loads(line)
        text = found["text"]
    except (ValueError, KeyError) as error:
        raise BadInput(
            f"A line is no object with a text: {line[:80]!r}.", next_step='Write {"text": "…"}, or the question alone.'
        ) from error
    if not isinstance(text, str):
        raise BadInput(f"The text of a line is no text: {line[:80]!r}.")
    return text


async def _hits(context: Context, question: str) -> Sequence[CardHit]:
    asked = context.invocation
    only = CardFilter(
        kinds=[asked.text("kind")] if asked.text("kind") else (),
        systems=[asked.text("system")] if asked.text("system") else (),
    )
    return await context.runtime.knowledge.search(question, only=only, limit=asked.number("limit") or DEFAULT_LIMIT)


def _found(question: str, hits: Sequence[CardHit]) -> dict[str, object]:
    return {
        "query": question,
        "hits": [
            {
                "id": hit.card.id, "kind": hit.card.kind, "title": hit.card.title, "score": round(hit.score, 5),
                "confidence": round(hit.confidence, 3), "fits": hit.fits, "risk": _risk(hit.card) or None,
                "worked": hit.record.site.worked, "tried": hit.record.site.tried,
                "source": hit.card.source or "this site", "excerpt": hit.card.cause[:EXCERPT_LIMIT],
            }
            for hit in hits
        ],
        "abstained": not hits,
    }  # fmt: skip


async def show(context: Context) -> int:
    """Print one card."""
    card = await context.runtime.knowledge.get(context.invocation.text("id"))
    if context.printer.json:
        context.printer.record(record_of(card))
    elif context.invocation.yes("toml"):
        context.printer.block(write_cards([card]))
    else:
        for line in _lines(card):
            context.printer.line(line)
    return ExitCode.DONE


async def stats(context: Context) -> int:
    """Count what is known."""
    found = await context.runtime.knowledge.stats()
    state = await context.runtime.collections.state()
    if context.printer.json:
        total = sum(found.kinds.values())
        context.printer.record({
            "cards": total, "kinds": found.kinds, "families": found.families, "own": found.own,
            "hiding": found.hiding, "patterns": found.patterns, "collections": state.counts, "vectors": _vectors(state),
        })  # fmt: skip
        return ExitCode.DONE
    rows = [*found.kinds.items(), ("of this site", found.own), ("error patterns", found.patterns)]
    context.printer.table(("what", "count"), [(name, f"{count:,}") for name, count in rows], right=("count",))
    context.printer.line()
    families = sorted(found.families.items())
    context.printer.table(("family", "cards"), [(name, f"{count:,}") for name, count in families], right=("cards",))
    context.printer.line()
    context.printer.table(
        ("collection", "items", "whose", "kept for"),
        [
            (name, f"{count:,}", RULES[name].owner, f"{RULES[name].retention_d:g} d" if RULES[name].retention_d else "")
            for name, count in state.counts.items()
        ],
        right=("items", "kept for"),
    )  # fmt: skip
    context.printer.line(check_collections(state).text + ".")
    return ExitCode.DONE


def _vectors(state: CollectionsState) -> dict[str, object]:
    kept = state.kept
    return {
        "embedder": state.stamp.rung, "name": state.stamp.name, "dimension": state.stamp.dimension,
        "digest": state.stamp.digest, "last": state.standing.last, "upto": state.standing.upto,
        "waiting": state.standing.waiting, "index_upto": kept.upto if kept else None,
        "index_vectors": kept.vectors if kept else None, "index_seconds": kept.built_in_s if kept else None,
        "behind": state.behind,
    }  # fmt: skip


async def add(context: Context) -> int:
    """Keep cards of this site."""
    cards = await context.runtime.knowledge.add(await _text(context))
    _print(context, cards)
    context.printer.say(f"Kept: {', '.join(card.id for card in cards)}.")
    return ExitCode.DONE


async def edit(context: Context) -> int:
    """Put another text in the place of a card."""
    card = await context.runtime.knowledge.edit(context.invocation.text("id"), await _text(context))
    _print(context, [card])
    context.printer.say(f"Kept: {card.id}.")
    return ExitCode.DONE


async def remove(context: Context) -> int:
    """Remove a card of this site."""
    card_id = context.invocation.text("id")
    await context.runtime.knowledge.remove(card_id)
    if context.printer.json:
        context.printer.record({"id": card_id, "removed": True})
    context.printer.say(f"Removed: {card_id}.")
    return ExitCode.DONE


async def export(context: Context) -> int:
    """Print cards."""
    cards = await context.runtime.knowledge.all(own=context.invocation.yes("own"))
    _print(context, cards)
    if not context.printer.json:
        context.printer.block(write_cards(cards))
    context.printer.say(f"{len(cards):,} cards.")
    return ExitCode.DONE


async def reindex(context: Context) -> int:
    """Make the indexes anew."""
    runtime = context.runtime
    count = await runtime.knowledge.reindex()
    upkeep = upkeep_of(runtime)
    await upkeep.fill()
    await upkeep.embed()
    await runtime.collections.remake()
    state = await runtime.collections.state()
    items = sum(state.counts.values())
    if context.printer.json:
        context.printer.record({"cards": count, "items": items, "embedder": state.stamp.rung})
    context.printer.say(f"The index was made anew over {count:,} cards.")
    watched = await runtime.workers.living_holder() is not None
    when = "now" if watched else "when one runs: `opsterm serve`, or the screen"
    context.printer.say(f"That over {items:,} items of the collections is made by the process that watches, {when}.")
    return ExitCode.DONE


async def _text(context: Context) -> str:
    file = context.invocation.text("file")
    if file == "-":
        return await read_text("A card")
    return await context.runtime.knowledge.read(file)


def _print(context: Context, cards: Sequence[Card]) -> None:
    for card in cards if context.printer.json else ():
        context.printer.record(record_of(card))


def record_of(card: Card) -> dict[str, object]:
    """Return a card as JSON has it."""
    return {
        "id": card.id, "kind": card.kind, "title": card.title, "family": card.family, "systems": card.systems,
        "services": card.services, "symptoms": card.symptoms, "errors": card.errors, "checks": card.checks,
        "cause": card.cause, "fix": card.fix, "risk": _risk(card) or None, "rollback": card.rollback,
        "verify": card.verify, "references": card.references, "source": card.source or "this site",
    }  # fmt: skip


def _risk(card: Card) -> str:
    return "" if card.kind is CardKind.CONCEPT else card.risk.value


def _lines(card: Card) -> list[str]:
    where = ", ".join((*card.systems, *card.services))
    lines = [card.title, f"{card.kind} {card.id} · {where} · from {card.source or 'this site'}"]
    parts: list[tuple[str, Sequence[str]]] = [
        ("seen as", card.symptoms), ("errors", [one.example for one in card.errors]),
        ("look", [_step(one) for one in card.checks]),
        ("text" if card.kind is CardKind.CONCEPT else "cause", [card.cause] if card.cause else ()),
        ("do", [f"{place}. {_step(one)}" for place, one in enumerate(card.fix, 1)]),
        ("risk", [_risk(card)] if _risk(card) else ()), ("back", [card.rollback] if card.rollback else ()),
        ("verify", [card.verify] if card.verify else ()), ("see", card.references),
    ]  # fmt: skip
    for name, texts in parts:
        lines += [f"{name if not place else '':8}{text}" for place, text in enumerate(texts)]
    return lines


def _step(step: CardStep) -> str:
    return f"{step.shell}$ {step.text}" if step.shell else step.text
