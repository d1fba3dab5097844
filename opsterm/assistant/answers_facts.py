"""Answers for one thing that is known of targets: an address, a port, who logs in, when it was last seen."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.assistant.answer import Answer, FollowUp, Paragraph, count_text, table
from opsterm.assistant.queries import AlertQuestion, DetailQuestion, FactQuestion, InventoryQuestion
from opsterm.assistant.query_words import TargetFact
from opsterm.core.units import age_text
from opsterm.inventory.fleet import Grouping
from opsterm.inventory.folding import fold
from opsterm.inventory.selector import parse_selector
from opsterm.inventory.selector_terms import DEFAULT_PORTS
from opsterm.inventory.target import Protocol, Target, TargetRow


def answer_fact(question: FactQuestion, rows: Sequence[TargetRow], now: float) -> Answer:
    """Answer one thing about some targets.

    Args:
        question: what was asked.
        rows: every target.
        now: epoch seconds.
    """
    chosen = parse_selector(question.selector).select(rows)
    if not chosen:
        text = f"No target matches {question.selector}." if question.selector else "There are no targets yet."
        nearer = FollowUp(words="list all targets", line=InventoryQuestion(by=Grouping.GROUP).line)
        return Answer(blocks=(Paragraph(text=text),), interpretation=question.line, follow_ups=(nearer,))
    if len(chosen) == 1:
        return _of_one(question, chosen[0], now)
    by_value: dict[str, list[str]] = {}
    for row in chosen:
        by_value.setdefault(_value(question.fact, row, now), []).append(row.target.name)
    label = _label(question.fact)
    listed = [(fold(names), f"{len(names):,}", value) for value, names in by_value.items()]
    return Answer(
        blocks=(
            Paragraph(text=f"{label} of {count_text(len(chosen), 'target')}:"),
            table(f"targets|>count|{label}", listed),
        ),
        interpretation=question.line,
        follow_ups=(
            FollowUp(words="list them", line=InventoryQuestion(selector=question.selector, by=Grouping.GROUP).line),
        ),
    )


def _of_one(question: FactQuestion, row: TargetRow, now: float) -> Answer:
    name = row.target.name
    follow_ups = [FollowUp(words="all about it", line=DetailQuestion(target=name).line)]
    plural = question.fact in (TargetFact.GROUPS, TargetFact.TAGS)
    value = _value(question.fact, row, now)
    texts = [f"The {_label(question.fact)} of {name}{':' if plural else ' is'} {value}."]
    if question.fact in (TargetFact.STATUS, TargetFact.LAST_SEEN):
        seen = "never seen" if row.last_seen is None else f"last seen {_seen(row, now)}"
        here = row.target.protocol is Protocol.LOCAL
        status = f"is {_value(TargetFact.STATUS, row, now)}; it was " if question.fact is TargetFact.STATUS else "was "
        texts = [f"{name} {status}{f'seen {_seen(row, now)}' if here else seen}.", _how_to_check(row.target)]
        follow_ups.append(FollowUp(words="its alerts", line=AlertQuestion(selector=name).line))
    blocks = tuple(Paragraph(text=text) for text in texts)
    return Answer(blocks=blocks, interpretation=question.line, follow_ups=tuple(follow_ups))


def _how_to_check(target: Target) -> str:
    """Return how to see now whether a target answers; asking about it here asks nobody."""
    if target.protocol is Protocol.LOCAL:
        return "It is the machine that opsterm stands on."
    return (
        f"That is what is known; nothing was sent to it just now. `opsterm targets check {target.name}`, or r on it in "
        "the inventory (1), sees whether it answers."
    )


def _label(fact: TargetFact) -> str:
    return {TargetFact.LAST_SEEN: "last seen", TargetFact.OS: "operating system"}.get(fact, fact.value)


def _value(fact: TargetFact, row: TargetRow, now: float) -> str:
    """Return what is known in words, never ""."""
    target = row.target
    port = DEFAULT_PORTS.get(target.protocol)
    by_default = f"{port}, the default of {target.protocol}" if port else "none"
    said = f", port {target.port}" if target.port else ""
    same = "" if target.address else ", its name"
    return {
        TargetFact.ADDRESS: f"{target.reach}{same}, over {target.protocol}{said}",
        TargetFact.PORT: f"{target.port}" if target.port else by_default,
        TargetFact.USER: target.user or "not set, so what your ssh_config or account says",
        TargetFact.OS: target.os or "not known",
        TargetFact.GROUPS: ", ".join(target.groups) or "none",
        TargetFact.TAGS: ", ".join(target.tags) or "none",
        TargetFact.PROTOCOL: target.protocol.value,
        TargetFact.ENVIRONMENT: target.environment or "not said",
        TargetFact.SITE: target.site or "not said",
        TargetFact.STATUS: row.status.value + (f" ({row.note})" if row.note else ""),
        TargetFact.LAST_SEEN: _seen(row, now),
    }[fact]


def _seen(row: TargetRow, now: float) -> str:
    if row.target.protocol is Protocol.LOCAL:
        return "just now"
    return f"{age_text(now - row.last_seen)} ago" if row.last_seen is not None else "never"
