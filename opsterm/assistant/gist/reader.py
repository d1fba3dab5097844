"""The second reading of a question: what it names, counts, compares and measures, without the talk around it.

It is asked only when nothing else has read a sentence. A story in front of a wish and asides that name nothing are left
out, words of talk are passed over, and every other word must be understood by the readers: one that is not known and
could choose targets ("the Solaris boxes", "in Paris") keeps the sentence from being read. What was passed over is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import replace

from opsterm.assistant.gist.asides import Clause, clauses, without_purposes
from opsterm.assistant.gist.kernel import kernel, skeleton, timed_roles
from opsterm.assistant.gist.meanings import meanings
from opsterm.assistant.gist.refusals import LONGEST, is_no_question, orders
from opsterm.assistant.gist.roles import WordRole, roles
from opsterm.assistant.gist.turns import as_ranking, by_part_of_name, narrowing, without_asker
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.mending import mended
from opsterm.assistant.metric_words import METRIC_WORDS, take_metrics
from opsterm.assistant.phrasal import belongs_to_a_verb
from opsterm.assistant.queries import (
    AlertQuestion,
    DetailQuestion,
    FactQuestion,
    InventoryQuestion,
    MetricQuestion,
    RankingQuestion,
)
from opsterm.assistant.questions import ALERT_NOUNS
from opsterm.assistant.reading import Sentence, take_count, take_grouping, take_window, understood, with_notes
from opsterm.assistant.sayings import SAYINGS
from opsterm.assistant.tokens import Token
from opsterm.assistant.vocabulary import words
from opsterm.assistant.wording import reworded

Read = Callable[[Sentence], Interpretation | None]
_WISHING = words(
    "all any anything are break can could count display do does find get give group how i is kindly let list may "
    "might my name need please print rank show split tell the what when where which who would"
)  # fmt: skip
_LEADS = words("also and anyway but fine hence just kindly now ok okay only or please so then therefore well")
_BARE = words(
    "a also an are be been can could did do does get give had has have i is it its like me my need now our "
    "so tell that the their them then there they this us want was we were what who will would you"
)  # fmt: skip
_KINDS = (Intent.INVENTORY, Intent.METRIC, Intent.ALERT)
UNLIKELY = 0.01
"""Below it a sentence is of another kind, whatever it names."""

_STATED = words("alive dead down healthy offline online reachable unreachable up")


def read_gist(sentence: Sentence, read: Read) -> Interpretation | None:
    """Return the reading of a question without the talk around it; None when a word may mean more.

    Args:
        sentence: what no reader has taken whole.
        read: reads a sentence by the rules; only questions are taken from it.
    """
    if len(sentence.tokens) > LONGEST or "`" in sentence.text or not _is_of_kind(sentence):
        return None
    labels = frozenset(label.lower() for label in sentence.words.labels())
    tokens = without_purposes(
        SAYINGS.put(by_part_of_name(_apart(without_asker(sentence.tokens), sentence)), labels), labels
    )
    made = mended(replace(sentence, tokens=tokens))
    tokens, notes = (made[0].tokens, made[1]) if made is not None else (tokens, ())
    tokens = SAYINGS.put(reworded(tokens, sentence.words), labels)
    if any(orders(part.tokens) for part in clauses(sentence.text, sentence.tokens, sentence.world)):
        return None
    tokens = as_ranking(narrowing(tokens), sentence.words)
    parts = clauses(sentence.text, tokens, sentence.world)
    for start in (0, *(at for at in range(len(parts) - 1, 0, -1) if _is_wish(parts[at]))):
        story, wish = parts[:start], parts[start:]
        if not is_no_question([token for part in wish for token in part.tokens]) and _is_told(story, wish, sentence):
            found = _read_wish(sentence, wish, read) if not _tells_of_others(wish, sentence) else None
            if found is not None and _is_of_all(found[0]) and _tells(parts, sentence):
                return None  # a word that is not known may have named them
            if found is not None and notes and any(note.startswith("There is no ") for note in found[0].notes):
                return None  # two guesses at once
            if found is not None:
                told = [" ".join(token.text for token in part.tokens) for part in story]
                passed = [*told, *found[1]]
                return with_notes(found[0], *notes, *((f"Passed over: {', '.join(passed)}.",) if passed else ()))
    return None


def _tells_of_others(wish: Sequence[Clause], sentence: Sentence) -> bool:
    """Return whether a sentence in front of a question names what that does not point to."""
    named = False
    for at, part in enumerate(wish):
        here = any(meanings(token.low, sentence.words) for token in part.tokens)
        gap = sentence.text[wish[at - 1].tokens[-1].end : part.tokens[0].start] if at else ""
        begins = at > 0 and wish[at - 1].is_sentence and ":" not in gap
        if begins and named and here and _is_wish(part) and not _POINTING & {token.low for token in part.tokens}:
            return True
        named = named or here
    return False


_POINTING = words("it its one ones that their them these they this those")


def _is_of_all(found: Interpretation) -> bool:
    return isinstance(found.query, InventoryQuestion) and not found.query.selector


def _tells(parts: Sequence[Clause], sentence: Sentence) -> bool:
    """Return whether any word of a sentence is not known."""
    return any(WordRole.UNKNOWN in timed_roles(sentence, part.tokens) for part in parts)


def _is_of_kind(sentence: Sentence) -> bool:
    """Return whether a sentence may be of the kinds that are read here, as far as the classifier can tell."""
    model = sentence.world.model
    return model is None or sum(model.probabilities(sentence.text)[kind] for kind in _KINDS) > UNLIKELY


def _apart(tokens: Sequence[Token], sentence: Sentence) -> tuple[Token, ...]:
    """Return tokens with those apart that a hyphen binds to a word that is meant: "edge-tagged", "lowest-cpu"."""
    made: list[Token] = []
    for token in tokens:
        if token.low.removesuffix("%") in METRIC_WORDS and token.low.endswith("%") and token.low != "%":
            made.append(replace(token, text=token.text[:-1], low=token.low[:-1]))  # "cpu%"
            continue
        parts = [replace(token, text=part, low=part.lower()) for part in token.text.split("-")]
        whole = token.quote or "-" not in token.low or roles((token,), sentence.words)[0] is WordRole.MEANT
        if whole or not all(part.low.isalpha() for part in parts):
            made.append(token)
            continue
        found = roles(parts, sentence.words)
        bound = WordRole.MEANT in found and WordRole.UNKNOWN not in found
        made.extend((parts[::-1] if parts[-1].low == "tagged" else parts) if bound else (token,))
    return tuple(made)


def _is_wish(part: Clause) -> bool:
    """Return whether a clause may be what is asked behind a story: "…, so which of them are offline"."""
    lead = next((token.low for token in part.tokens if token.low not in _LEADS), "")
    return lead in _WISHING and len(part.tokens) > 1


def _is_told(story: Sequence[Clause], wish: Sequence[Clause], sentence: Sentence) -> bool:
    """Return whether what stands in front of a wish names nothing that the wish does not name."""
    told = [token for part in story for token in part.tokens if not token.quote]
    asked = [token for part in wish for token in part.tokens]
    if any(any(char.isdigit() for char in token.low) for token in told):
        return False
    measured = take_metrics(asked, sentence.words) is not None
    if measured and take_window(told, sentence.world)[1] and not take_window(asked, sentence.world)[1]:
        return False
    named = {one for token in asked for one in meanings(token.low, sentence.words)}
    if any(one.startswith("name:") for one in named):
        return True
    return all(one in named for token in told for one in meanings(token.low, sentence.words))


def _read_wish(sentence: Sentence, wish: Sequence[Clause], read: Read) -> tuple[Interpretation, list[str]] | None:
    """Return (the reading of a wish, what was passed over of it)."""
    made = kernel(sentence, wish)
    if made is None:
        return None
    kept, dropped = made
    name = _only_name(sentence, kept)
    if name:
        return understood(DetailQuestion(target=name)), dropped
    bare = tuple(token for token in kept if token.low not in _BARE)
    for tokens in (kept, bare, skeleton(sentence, kept)):
        found = read(replace(sentence, tokens=tokens)) if tokens else None
        if found is not None and _agrees(found, sentence, tokens, {token.low for token in kept}):
            return found, dropped
    return None


def _only_name(sentence: Sentence, kept: Sequence[Token]) -> str:
    """Return the one target that is named, when nothing else is meant but how it is; "" otherwise."""
    found = timed_roles(sentence, kept)
    meant = [token for token, role in zip(kept, found, strict=True) if role is WordRole.MEANT]
    names = {sentence.words.names[token.low] for token in meant if token.low in sentence.words.names}
    others = {token.low for token in meant if token.low not in sentence.words.names}
    open_end = any(belongs_to_a_verb(kept, at) for at in range(len(kept)))  # "web-03 and up"
    return names.pop() if len(names) == 1 and others <= _STATED and not open_end else ""


def _agrees(found: Interpretation, sentence: Sentence, tokens: Sequence[Token], said: Set[str]) -> bool:
    """Return whether a reading has used the time, the count, the division and the kind of thing that were said."""
    query = found.query
    window = take_window(tokens, sentence.world)[0]
    if window is not None and getattr(query, "window", None) is None:
        return False
    if said & (ALERT_NOUNS | {"warnings"}) and not isinstance(query, AlertQuestion):
        return False
    if isinstance(query, MetricQuestion | FactQuestion):
        unsaid = any(note.startswith("No target was named") for note in found.notes)
        return not (take_count(tokens)[0] or said & {"by", "per"} or unsaid)
    if isinstance(query, InventoryQuestion) and said & {"percentage", "percent", "%"}:
        return False
    divided = take_grouping(tokens)[0] is not None
    return divided or isinstance(query, RankingQuestion) or not said & {"by", "per"}
