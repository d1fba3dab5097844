"""A sentence that is a story and a wish: "db-2 looks sick, what is its state". The wish is answered, and that is said.

A part may be left out only when it adds nothing, or when it only names the targets that the wish points to. What
denies, compares or counts keeps the whole from being taken apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from opsterm.assistant.gist.meanings import meanings
from opsterm.assistant.interpretation import Exchange, Interpretation, Memory
from opsterm.assistant.metric_words import METRIC_WORDS
from opsterm.assistant.moments import DAYS, MONTHS
from opsterm.assistant.neutral_words import without_neutral
from opsterm.assistant.orders import read_order
from opsterm.assistant.queries import DetailQuestion, InventoryQuestion
from opsterm.assistant.reading import Sentence, take_targets, understood, with_notes
from opsterm.assistant.tokens import Token, tokenize
from opsterm.assistant.vocabulary import ALIASES, DESKTOPS, FILLERS, NOUNS, STATUS_WORDS, SYSTEMS, words
from opsterm.assistant.world import Vocabulary

_CUT = re.compile(r"[?!;()]+\s*|[.,:]+\s+|\s+(?:-|--|\u2013|\u2014)\s+")
_POINTING = words("it its it's they their them those these there that this one")
_RISKY = words(
    "not no never without except excluding but only just other than over under above below more less least most fewer "
    "between instead rather or nor neither if unless until before after don't first last "
    "every each all any run restart "
    "stop start reload enable disable reboot delete remove install update upgrade patch "
    "kill drain wipe execute propose "
    "shut turn power switch move copy create add set change and then"
)
_CHECKING = words(
    "you can could would please check have a look into it at that this verify see the me kindly do we pls"
)
_TALK = FILLERS | words(
    "just then after before since when while again today yesterday morning night now "
    "somebody someone people users user "
    "customers customer boss management ceo audit auditors says said asks asked asking told tells complain complained "
    "complaining complaints moans moaning calls called calling phone rang ticket tickets "
    "meeting report reports writing "
    "preparing doing getting going got had have has need needs new here job question "
    "questions curious heard hear think "
    "scope about list slow sluggish laggy weird odd strange funny problem problems "
    "trouble issue issues outage incident maintenance planning "
    "power cut not sure first day shift handover starting on-call oncall evening hello "
    "thanks help me out quick one little "
    "trying understand figure checking check let know everything fine okay good bad "
    "things stuff happened happening down"
)

_TELLING = _RISKY | METRIC_WORDS | STATUS_WORDS.keys() | SYSTEMS | ALIASES.keys() | NOUNS | {*DAYS, *MONTHS}
"""Words that may belong to a wish wherever they stand."""

Read = Callable[[Sentence], Interpretation | None]


def read_story(sentence: Sentence, read: Read) -> Interpretation | None:
    """Return the wish of a sentence that is a story and a wish; None when it is none or the story may matter.

    Args:
        sentence: what no reader has taken whole.
        read: reads a sentence by the rules; only questions are taken from it.
    """
    parts = [part.strip() for part in _CUT.split(sentence.text)]
    parts = [part for part in parts if part]
    if not 2 <= len(parts) <= 4 or any(_orders(sentence, part) for part in parts):
        return None
    for at in [len(parts) - 1, *range(len(parts) - 1)]:
        story = tokenize(" ".join((*parts[:at], *parts[at + 1 :])))
        wish = replace(sentence, text=parts[at], tokens=_unturned(tokenize(parts[at])))
        found = _pointed(wish, story, read) or _alone(wish, story, read)
        if found is not None:
            return with_notes(found, f"Only this part was read: {parts[at]!r}.")
    return None


def _unturned(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return tokens without the word that turns from a story to its wish: the "but" of it excepts nothing."""
    return tokens[1:] if len(tokens) > 2 and tokens[0].low in ("but", "so", "and") else tokens


def _orders(sentence: Sentence, part: str) -> bool:
    return read_order(replace(sentence, text=part, tokens=tokenize(part))) is not None


def _alone(wish: Sentence, story: Sequence[Token], read: Read) -> Interpretation | None:
    """Return the reading of a wish that needs nothing of the story: all of that is talk, or is said again in it."""
    said = {token.low for token in wish.tokens}
    labels = {label.lower() for label in wish.words.labels()}
    rest = without_neutral(story, labels)
    if not all(token.low in said or _adds_nothing(token, wish.words) for token in rest):
        return None
    if any(token.low == "there" and at and wish.tokens[at - 1].low in NOUNS for at, token in enumerate(wish.tokens)):
        return None
    if said & {"it", "its", "they", "their", "them", "those", "these"} or len(wish.tokens) < 2:
        return None
    return read(wish)


def _adds_nothing(token: Token, vocabulary: Vocabulary) -> bool:
    """Return whether a word beside a wish that reads whole is talk: it names, measures, denies and counts nothing."""
    low = token.low
    named = meanings(low, vocabulary)
    if token.quote or low in DESKTOPS or any(not one.startswith("status:") for one in named):
        return False
    if low in _TALK or not low.strip(",.;:!?'()"):
        return True
    plain = low.replace("'", "").isalpha()
    return plain and low not in _TELLING and not meanings(f"{low}s", vocabulary)


def _pointed(wish: Sentence, story: Sequence[Token], read: Read) -> Interpretation | None:
    """Return the reading of a wish that points to the targets of the story: "web-03 is odd, what is its load"."""
    existing = any(
        one.low in ("is", "are", "was", "were") and then.low == "there" for one, then in pairwise(wish.tokens)
    )
    pointing = {token.low for token in wish.tokens} - ({"there"} if existing else set())  # "how many hosts are there"
    if not pointing & (_POINTING | {"check"}):
        return None
    checks = {token.low for token in wish.tokens} <= _CHECKING
    risky = _RISKY - {"not"} if checks else _RISKY  # "nas-1 does not answer, can you check"
    if any(token.low in risky or token.quote or token.low.isdecimal() for token in story):
        return None
    names = [wish.words.names[token.low] for token in story if token.low in wish.words.names]
    if len(names) == 1 and checks:
        return understood(DetailQuestion(target=names[0]))
    if len(names) == 1:
        put = replace(wish, tokens=_named(wish.tokens, names[0]))
        if (found := read(put)) is not None:
            return found
        spoken: DetailQuestion | InventoryQuestion = DetailQuestion(target=names[0])
    else:
        phrase = take_targets(replace(wish, memory=Memory()), story)
        if not phrase.selector or phrase.absent or any(term.denied for term in phrase.terms):
            return None
        spoken = InventoryQuestion(selector=phrase.selector)
    memory = Memory(turns=(Exchange(query=spoken, at=wish.world.now),))
    tokens = wish.tokens
    if isinstance(spoken, InventoryQuestion):
        tokens = tuple(
            one for token in tokens for one in (tokenize(spoken.selector) if token.low == "there" else (token,))
        )
    found = read(replace(wish, memory=memory, tokens=tokens))
    if found is not None and tokens is wish.tokens and not any(note.startswith("It ") for note in found.notes):
        return None  # it was read of all, and not of what it points to
    return None if found is None or getattr(found.query, "selector", "all of them") == "" else found


def _named(tokens: Sequence[Token], name: str) -> tuple[Token, ...]:
    """Return tokens with the name in place of "it" and "its"."""
    return tuple(
        replace(token, text=name, low=name.lower()) if token.low in ("it", "its", "that", "this") else token
        for token in tokens
    )
