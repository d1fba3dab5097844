"""What every reader of sentences is given, and the small steps they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Confidence, Interpretation, Memory
from opsterm.assistant.queries import Query, TimeWindow
from opsterm.assistant.target_phrase import TargetPhrase
from opsterm.assistant.targets import canonical, read_targets
from opsterm.assistant.tokens import Token, find_phrase, without
from opsterm.assistant.vocabulary import FILLERS, GROUPING_WORDS, NOUNS, words
from opsterm.assistant.windows import find_window
from opsterm.assistant.world import Vocabulary, World
from opsterm.core.errors import BadInput
from opsterm.inventory.fleet import Grouping
from opsterm.inventory.selector import Junction, Negation, Node, Selector, parse_selector
from opsterm.inventory.selector_terms import Term

_COUNTS = ("how many", "total number of", "count of", "total count of", "number of", "tally of", "tally", "count")
_GROUPED = (
    "grouped by",
    "group by",
    "sorted by",
    "broken down by",
    "down by",
    "split by",
    "divided by",
    "by",
    "per",
    "for each",
    "in each",
    "at each",
    "in every",
    "at every",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence with all it is read against.

    Attributes:
        text: as it was written, without blanks around it.
        tokens: its tokens.
        world: the state.
        words: the state's words.
        memory: what was said before.
    """

    text: str
    tokens: tuple[Token, ...]
    world: World
    words: Vocabulary
    memory: Memory

    @property
    def lows(self) -> tuple[str, ...]:
        """The keywords of the tokens."""
        return tuple(token.low for token in self.tokens)

    def has(self, *phrases: str) -> bool:
        """Return whether any of some phrases occurs."""
        return find_phrase(self.tokens, phrases)[0] >= 0

    def pointed(self) -> str | None:
        """Return the targets that were last spoken of."""
        return self.memory.selector(self.world.now)


def understood(query: Query, notes: Sequence[str] = ()) -> Interpretation:
    """Return an interpretation with a query."""
    confidence = Confidence.ASSUMED if notes else Confidence.CERTAIN
    return Interpretation(intent=query.intent, query=query, confidence=confidence, notes=tuple(notes))


def asked(intent: Intent, question: str, alternatives: Sequence[str] = ()) -> Interpretation:
    """Return an interpretation that asks back; nothing is done."""
    return Interpretation(intent=intent, question=question, alternatives=tuple(alternatives))


def lost(intent: Intent, phrase: TargetPhrase, alternatives: Sequence[Query] = ()) -> Interpretation:
    """Return an interpretation that names the words it did not understand.

    Known names that are spelt like them are offered as questions about those targets, never as targets of an action.
    """
    lines = [query.line for query in alternatives]
    lines += phrase.near_lines
    return Interpretation(
        intent=intent, unknown=tuple(dict.fromkeys(phrase.unknown)), alternatives=tuple(dict.fromkeys(lines))[:4]
    )


def take_count(tokens: Sequence[Token]) -> tuple[bool, tuple[Token, ...]]:
    """Return (whether only a number is asked for, the other tokens)."""
    total = next((n for n, token in enumerate(tokens[:-1]) if token.low == "total" and tokens[n + 1].low in NOUNS), -1)
    at, length, _ = find_phrase(tokens, _COUNTS) if total < 0 else (total, 1, "")  # "total nodes in staging"
    return (False, tuple(tokens)) if at < 0 else (True, without(tokens, at, length))


def take_grouping(tokens: Sequence[Token]) -> tuple[Grouping | None, tuple[Token, ...]]:
    """Return (by what a list is to be divided, the other tokens)."""
    shared = _take_share(tokens)
    if shared is not None:
        return shared
    for phrase in _GROUPED:
        at, length, _ = find_phrase(tokens, (phrase,))
        if at < 0 or at + length >= len(tokens):
            continue
        last = at + length
        skip = 1 if tokens[last].low in ("the", "their", "its") and last + 1 < len(tokens) else 0
        word = GROUPING_WORDS.get(tokens[last + skip].low)
        if tokens[last + skip].low == "operating":
            word, skip = "os", skip + 1
        if word:
            return Grouping(word), without(tokens, at, length + skip + 1)
    return None, tuple(tokens)


_SHARES = words("breakdown spread split distribution mix division makeup composition overview")
_INTO = words("into across among between over")
_DIVIDED = words("sort split divide break group spread distribute divided spread distributed sorted grouped arrange "
                 "breakdown distribution are is")  # fmt: skip


def _take_share(tokens: Sequence[Token]) -> tuple[Grouping, tuple[Token, ...]] | None:
    """Read "status breakdown", "the os spread in lon", "sort the fleet into environments"; None for another wording."""
    for at, token in enumerate(tokens):
        word = GROUPING_WORDS.get(token.low)
        behind = tokens[at + 1].low if at + 1 < len(tokens) else ""
        before = tokens[at - 1].low if at else ""
        if word is None:
            continue
        start = at - 1 if before == "operating" else at
        if behind in _SHARES and behind != before:
            return Grouping(word), without(tokens, start, at - start + 2)
        before = tokens[start - 1].low if start else ""
        if before == "of" and start > 1 and tokens[start - 2].low in _SHARES and token.low.endswith("es"):
            return Grouping(word), without(tokens, start - 2, at - start + 3)  # "the breakdown of statuses"
        if before in _INTO and token.low.endswith("s") and {t.low for t in tokens[: start - 1]} & _DIVIDED:
            return Grouping(word), without(tokens, start - 1, at - start + 2)
    return None


def take_window(tokens: Sequence[Token], world: World) -> tuple[TimeWindow | None, bool, tuple[Token, ...]]:
    """Return (the stretch of time or None, whether any time was said, the other tokens)."""
    found = find_window(tokens, world)
    if found is None:
        return None, False, tuple(tokens)
    start, length, window = found
    return window, True, without(tokens, start, length)


def take_targets(
    sentence: Sentence, tokens: Sequence[Token], *, fillers: frozenset[str] = FILLERS,
    pointers: frozenset[str] = frozenset(),
) -> TargetPhrase:  # fmt: skip
    """Read targets and resolve "those" and "there" by what was spoken of before.

    A reference with nothing to refer to is reported as not understood.
    """
    phrase = read_targets(tokens, sentence.words, fillers=fillers, pointers=pointers)
    if phrase.unknown and any(token.low == "(" for token in tokens):
        phrase = _in_selector_language(sentence, tokens) or phrase
    if phrase.reference:
        before = sentence.pointed()
        if before is None:
            pointing = [token.text for token in tokens if token.low in pointers | {"those", "them", "these", "same"}]
            phrase.unknown = (*phrase.unknown, *pointing)
        else:
            phrase.selector = combined(before, phrase)
            phrase.notes = (*phrase.notes, f"It refers to the targets spoken of before: {before or 'all'}.")
    return phrase


def _in_selector_language(sentence: Sentence, tokens: Sequence[Token]) -> TargetPhrase | None:
    """Read a phrase with parentheses as a selector; None when it is none, or names a target that does not exist."""
    text = sentence.text[tokens[0].start : tokens[-1].end]
    try:
        root = parse_selector(text).root
    except BadInput:
        return None
    for term in _terms(root):
        exact = term.field == "name" and term.operator == ":" and term.literal
        if exact and term.value.lower() not in sentence.words.names:
            return None
    return TargetPhrase(selector=canonical(text), fields=tuple(sorted(_fields(root))))


def _terms(node: Node) -> list[Term]:
    if isinstance(node, Term):
        return [node]
    parts = node.parts if isinstance(node, Junction) else (node.part,) if isinstance(node, Negation) else ()
    return [term for part in parts for term in _terms(part)]


def combined(before: str, phrase: TargetPhrase) -> str:
    """Return an earlier selector patched by a phrase: its conditions replace those of the same fields.

    A phrase of names alone replaces all: a name needs no other condition.
    """
    if phrase.terms and all(term.denied for term in phrase.terms):  # "without the db ones" takes away
        return canonical(" and ".join(f"({part})" for part in (before, phrase.selector) if part))
    if phrase.fields == ("name",):
        return phrase.selector
    parts = [text for node, text in _parts(before) if not _fields(node) <= set(phrase.fields)]
    if phrase.selector:
        parts.append(phrase.selector)
    return canonical(" and ".join(f"({part})" for part in parts))


def names_only(selector: str) -> bool:
    """Return whether a selector is of names and nothing else."""
    return bool(selector) and _fields(parse_selector(selector).root) == {"name"}


def _parts(selector: str) -> list[tuple[Node, str]]:
    if not selector:
        return []
    root = parse_selector(selector).root
    nodes = root.parts if isinstance(root, Junction) and root.word == "and" else (root,)
    return [(node, str(Selector(root=node, matches=bool))) for node in nodes]


def _fields(node: Node) -> set[str]:
    return {term.field for term in _terms(node)}


def with_notes(interpretation: Interpretation, *notes: str) -> Interpretation:
    """Return an interpretation with further assumptions."""
    if not notes:
        return interpretation
    return replace(interpretation, notes=(*interpretation.notes, *notes), confidence=Confidence.ASSUMED)
