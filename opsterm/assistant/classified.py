"""What becomes of a sentence that no rule has read whole: the classifier says what kind of thing it wants.

What the rules have read wins. The classifier never makes an order, and never chooses targets: it turns what is left
into an errand, which only looks, or into a question that names the kind of thing that was understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from opsterm.assistant.doubts import may_be_a_question
from opsterm.assistant.errands import VERBS, Errand
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Confidence, Interpretation
from opsterm.assistant.queries import AlertQuestion, Greeting, HelpQuestion, KnowledgeQuestion
from opsterm.assistant.reading import Sentence, asked
from opsterm.assistant.targets import canonical

SURE = 0.5
"""From here on the classifier is believed against a loose reading."""

VERY_SURE = 0.75
"""From here on a search in the documents is not what is wanted, though the words open like one."""

LEAST = 0.3
"""Below it nothing is said to be understood."""

WORDS_LIMIT = 400

_ABOUT: Mapping[Intent, str] = {
    Intent.INVENTORY: "targets",
    Intent.METRIC: "measured values",
    Intent.ALERT: "alerts",
    Intent.RUN_COMMAND: "running something",
}
_LINES: Mapping[Intent, tuple[str, ...]] = {
    Intent.INVENTORY: ("list targets grouped by group", "help targets"),
    Intent.METRIC: ("help metrics",),
    Intent.ALERT: ("list alerts", "help alerts"),
    Intent.RUN_COMMAND: ("help run",),
}
_ABSTAINS = "That is nothing I can do. I answer about targets, measured values, alerts, changes and rules, and propose."


def classified(read: Interpretation, sentence: Sentence) -> Interpretation:
    """Return a reading with the kind of thing that the sentence wants, where the rules alone did not tell."""
    model = sentence.world.model
    if model is None or read.confidence is Confidence.EXACT or not sentence.tokens:
        return read
    chances = model.probabilities(sentence.text)
    likely, sure = next(iter(chances.items()))
    if isinstance(read.query, KnowledgeQuestion):
        return _loose(read, sentence, likely, sure)
    if read.query is not None:
        why = isinstance(read.query, AlertQuestion) and sentence.lows[:1] == ("why",)
        return replace(read, intent=Intent.TROUBLESHOOT) if why else read
    if sure < LEAST or likely is Intent.OUT_OF_SCOPE:
        return _abstained(read, sentence)
    if read.question and read.intent is likely:
        return read
    if likely in VERBS and may_be_a_question(sentence, chances):
        return _doubted(read, sentence, likely)
    return _of_kind(read, sentence, likely, sure)


def _doubted(read: Interpretation, sentence: Sentence, kind: Intent) -> Interpretation:
    """Ask about what may be an errand or a question, with the errand as the first line to send."""
    said = ", ".join(repr(word) for word in read.unknown)
    unread = f", in which I did not understand {said}" if said else ""
    return replace(
        read, intent=kind, query=None, confidence=Confidence.NONE,
        question=read.question or f"This may be a question{unread}. Say it in other words, or send the line below.",
        alternatives=tuple(dict.fromkeys([_errand(sentence, kind).line, *read.alternatives]))[:4],
    )  # fmt: skip


def _loose(read: Interpretation, sentence: Sentence, likely: Intent, sure: float) -> Interpretation:
    if likely is Intent.KNOWLEDGE or sure < SURE:
        return read
    if likely is Intent.OUT_OF_SCOPE:
        return _abstained(replace(read, query=None, confidence=Confidence.NONE), sentence)
    if likely is Intent.GREETING_HELP:
        return replace(read, intent=likely, query=HelpQuestion())
    if likely in VERBS:
        return _errand(sentence, likely)
    if sure < VERY_SURE:
        return read
    return _of_kind(replace(read, query=None, confidence=Confidence.NONE, notes=()), sentence, likely, sure)


def _abstained(read: Interpretation, sentence: Sentence) -> Interpretation:
    if read.question and not isinstance(read.query, KnowledgeQuestion):
        return replace(read, intent=Intent.OUT_OF_SCOPE, query=None)
    return replace(
        read, intent=Intent.OUT_OF_SCOPE, query=None, question=_ABSTAINS, alternatives=read.alternatives or ("help",)
    )


def _of_kind(read: Interpretation, sentence: Sentence, likely: Intent, sure: float) -> Interpretation:
    if likely is Intent.GREETING_HELP:
        query = Greeting() if len(sentence.tokens) <= 3 and "help" not in sentence.lows else HelpQuestion()
        return Interpretation(intent=likely, query=query, confidence=Confidence.ASSUMED)
    if likely in VERBS:
        return _errand(sentence, likely) if not read.question or sure >= SURE else replace(read, intent=likely)
    if likely is Intent.KNOWLEDGE:
        words = " ".join(token.text for token in sentence.tokens if token.text.isprintable())[:WORDS_LIMIT]
        return Interpretation(
            intent=likely, query=KnowledgeQuestion(words=words), confidence=Confidence.ASSUMED,
            notes=("It is read as a question for the documents.",),
        )  # fmt: skip
    if read.question or read.unknown:
        said = ", ".join(repr(word) for word in read.unknown)
        about = f"It is about {_ABOUT[likely]}, but I did not understand {said}." if said else ""
        return replace(
            read, intent=likely, question=read.question or about,
            alternatives=tuple(dict.fromkeys([*read.alternatives, *_LINES[likely]]))[:4],
        )  # fmt: skip
    return asked(likely, f"It is about {_ABOUT[likely]}. Which, and what of it?", _LINES[likely])


def _errand(sentence: Sentence, kind: Intent) -> Interpretation:
    names = [sentence.words.names[t.low] for t in sentence.tokens if not t.quote and t.low in sentence.words.names]
    words = " ".join("".join(char if char.isprintable() else " " for char in sentence.text).split())[:WORDS_LIMIT]
    return Interpretation(
        intent=kind,
        query=Errand(kind=kind, words=words, selector=canonical(" or ".join(dict.fromkeys(names)))),
        confidence=Confidence.ASSUMED,
    )
