"""From an operator's sentence to a query, by rules alone.

The strict lines are tried first, then readers in an order in which the more specific comes first. A reader takes a
sentence only when every word of it is understood; a word that is not, and could change the meaning, is reported.
Nothing here runs, reads or waits: the same sentence against the same world and memory always means the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from opsterm.assistant.follow_ups import opened, read_follow_up
from opsterm.assistant.interpretation import Confidence, Interpretation, Memory
from opsterm.assistant.lines import read_line
from opsterm.assistant.measures import read_metric, read_ranking
from opsterm.assistant.orders import count_targets, read_order
from opsterm.assistant.queries import DetailQuestion, Intent, RunRequest
from opsterm.assistant.questions import (
    is_error_text,
    read_alerts,
    read_changes,
    read_detail,
    read_explain,
    read_greeting,
    read_inventory,
    read_knowledge,
)
from opsterm.assistant.reading import Sentence, asked, canonical_word
from opsterm.assistant.targets import near_words
from opsterm.assistant.tokens import TEXT_LIMIT, tokenize
from opsterm.assistant.world import World, vocabulary

Reader = Callable[[Sentence], Interpretation | None]
_READERS: tuple[Reader, ...] = (
    read_order,
    read_explain,
    read_greeting,
    read_follow_up,
    read_knowledge,
    read_changes,
    read_alerts,
    read_ranking,
    read_metric,
    read_detail,
    read_inventory,
)
_NEAREST = ("list targets grouped by group", "list alerts", "help")


def interpret(text: str, world: World, memory: Memory | None = None) -> Interpretation:
    """Return what a sentence means. Never raises; under 50 ms with 5,000 targets.

    Args:
        text: the operator's words, or a canonical line.
        world: the state it is read against.
        memory: what was said before; None for nothing.

    Returns:
        An interpretation. A `RunRequest` in it has an explicit command, and targets of which at least one exists.
    """
    said = text.strip()
    if len(said) > TEXT_LIMIT:
        return asked(
            Intent.OUT_OF_SCOPE,
            f"That is longer than {TEXT_LIMIT} characters. Ask about one thing at a time.",
            ["help"],
        )
    sentence = Sentence(
        text=said, tokens=tokenize(said), world=world, words=vocabulary(world), memory=memory or Memory()
    )
    exact = _exact(sentence)
    if exact is not None:
        return exact
    failed: list[Interpretation] = []
    for reader in _READERS:
        found = reader(sentence)
        if found is None:
            continue
        if found.query is not None or found.question:
            return found
        failed.append(found)
    loose = read_knowledge(sentence, loosely=True)
    if loose is not None and (is_error_text(sentence) or not _names_targets(failed)):
        return loose
    return _not_understood(sentence, failed, loose)


def _exact(sentence: Sentence) -> Interpretation | None:
    """Read a canonical line; orders and details still need targets that exist."""
    query = read_line(sentence.text, sentence.world)
    if query is None:
        return None
    if isinstance(query, RunRequest):
        if not query.command.isprintable():
            return asked(Intent.RUN_COMMAND, "The command has a character that cannot be seen. Write it on one line.")
        if not count_targets(sentence, query.selector):
            return asked(
                Intent.RUN_COMMAND,
                f"No target matches {query.selector or 'all'}, so there is nothing to propose.",
                ["list targets grouped by group"],
            )
    if isinstance(query, DetailQuestion) and query.target not in sentence.words.names.values():
        near = near_words([query.target], sentence.words)
        return asked(
            Intent.INVENTORY,
            f"There is no target {query.target}.",
            [f"list targets where {canonical_word(word)}" for word in near] or ["list targets grouped by group"],
        )
    return Interpretation(intent=query.intent, query=query, confidence=Confidence.EXACT)


def _names_targets(failed: list[Interpretation]) -> bool:
    """Return whether a reader understood all but a word or two, so that naming these helps more than a search."""
    return any(len(found.unknown) <= 1 and found.intent is not Intent.INVENTORY for found in failed)


def _not_understood(sentence: Sentence, failed: list[Interpretation], loose: Interpretation | None) -> Interpretation:
    """Return the reading that came closest, with what can be done instead."""
    lines = [loose.line] if loose is not None else []
    if not failed:
        lead = opened(sentence.tokens)
        question = "There is nothing that this could follow on." if lead and not sentence.memory.turns else ""
        return Interpretation(
            intent=Intent.OUT_OF_SCOPE,
            question=question,
            unknown=tuple(dict.fromkeys(token.text for token in sentence.tokens))[:8],
            alternatives=tuple(dict.fromkeys([*lines, *_NEAREST]))[:4],
        )
    closest = min(failed, key=lambda found: len(found.unknown))
    few = len(closest.unknown) * 2 <= len(sentence.tokens)
    return replace(
        closest,
        intent=closest.intent if few else Intent.OUT_OF_SCOPE,
        alternatives=tuple(dict.fromkeys([*closest.alternatives, *lines, "help"]))[:4],
    )
