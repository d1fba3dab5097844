"""The words of a wish that mean something, once talk and asides are left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from opsterm.assistant.gist.asides import Clause
from opsterm.assistant.gist.meanings import meanings
from opsterm.assistant.gist.roles import DENIALS, SKELETON, WordRole, roles
from opsterm.assistant.neutral_words import DIVIDING
from opsterm.assistant.reading import Sentence
from opsterm.assistant.small_talk import CROWDS, MODIFIERS
from opsterm.assistant.tokens import Token
from opsterm.assistant.vocabulary import GROUPING_WORDS, NOUNS, words
from opsterm.assistant.windows import find_window

_WEAK = DENIALS | words(
    "between beyond down first free full half least left less live max more most over past spare top under up"
)
"""Words that mean something in a question, and little in an aside."""

_SPEAKING = words(
    "anyone everybody everyone god he her his i it my nobody she somebody someone their they we who you your"
)
_POINTING = words("it its their them these they those")
_PLACING = words("about along around at away in on")
_TURNING = words("but so and")
_CODE = re.compile(r"(?:fr|nfr|req|uc|us|ac)-?\d{1,3}")
_ASKING = words("can could would will you please now just kindly")
_HEADINGS = words("requirement question q story point item ask step case use test scenario query no nr number")
_NAMING = words("called named")

Kernel = tuple[tuple[Token, ...], list[str]]
"""What is left to be read, and what was passed over."""


def kernel(sentence: Sentence, wish: Sequence[Clause]) -> Kernel | None:
    """Return what is left of a wish to be read, or None when a word that is not known may mean more."""
    kept: list[Token] = []
    dropped: list[str] = []
    for at, clause in enumerate(wish):
        found = timed_roles(sentence, clause.tokens)
        if _is_aside(clause, found, last=at == len(wish) - 1, first=at == 0):
            dropped.append(" ".join(token.text for token in clause.tokens))
            continue
        clean = _cleaned(clause, found)
        if clean is None:
            return None
        if clean[0][1:] and clean[0][0].low == "but" and clean[0][1].low in _SPEAKING:
            del clean[0][0]
        if at and not kept and clean[0][:1] and clean[0][0].low in _TURNING:
            del clean[0][0]  # the "but" of "it is late, but which hosts are up" excepts nothing
        listed = kept and clean[0] and meanings(kept[-1].low, sentence.words)
        if listed and clause.signed and any(meanings(token.low, sentence.words) for token in clean[0][:2]):
            near = clean[0][0]
            kept.append(Token(",", ",", near.start, near.start))
        kept += clean[0]
        dropped += clean[1]
    points = (
        {token.low for token in kept} & _POINTING
        or any(one.low in DIVIDING and then.low in ("that", "this") for one, then in pairwise(kept))
        or _points_back(kept)
    )
    chosen = {one for token in kept for one in meanings(token.low, sentence.words)}
    if points and not sentence.memory.turns and all(one.startswith("status:") for one in chosen):
        return None
    if kept and kept[0].low in _ASKING:  # "could you leave out the firewalls"
        lead = next((at for at, token in enumerate(kept) if token.low not in _ASKING), 0)
        kept = kept[lead:] if kept[lead].low in ("except", "without") else kept
    return (tuple(kept), dropped) if kept else None


def _points_back(kept: Sequence[Token]) -> bool:
    """Return whether "the machines there", "that tag" point to something that was said before."""
    return any(
        (then.low == "there" and one.low in NOUNS) or (one.low in ("that", "this") and then.low in GROUPING_WORDS)
        for one, then in pairwise(kept)
    )


def skeleton(sentence: Sentence, kept: Sequence[Token]) -> tuple[Token, ...]:
    """Return the words that mean something, with the little ones that no question can be read without."""
    found = timed_roles(sentence, kept)
    named = any(token.low in sentence.words.names for token in kept) and not NOUNS & {token.low for token in kept}
    return tuple(
        token
        for token, role in zip(kept, found, strict=True)
        if (role is WordRole.MEANT or token.low in SKELETON) and not (named and token.low == "most")
    )


def timed_roles(sentence: Sentence, tokens: Sequence[Token]) -> tuple[WordRole, ...]:
    """Return the roles of words; a stretch of time is meant, and "now" says nothing."""
    found = list(roles(tokens, sentence.words))
    time = find_window(tokens, sentence.world)
    if time is not None:
        at, length, window = time
        found[at : at + length] = [WordRole.TALK if window is None else WordRole.MEANT] * length
    return tuple(found)


def _is_aside(clause: Clause, found: Sequence[WordRole], *, last: bool, first: bool) -> bool:
    """Return whether a clause names, counts and compares nothing, and so adds nothing to the others."""
    said = [token.low for token in clause.tokens]
    meant = {token.low for token, role in zip(clause.tokens, found, strict=True) if role is WordRole.MEANT}
    spoken = bool(_SPEAKING & set(said[:4]))
    if not first and said[:2] == ["so", "that"] and not meant - _WEAK - _numbers(said):
        return True  # "so that I can fill in row 12"
    if first and clause.is_sentence and len(said) <= 3 and (said[0] in _HEADINGS or _CODE.fullmatch(said[0])):
        return True  # "requirement 4: the number of hosts"
    if meant - _WEAK or (meant and not spoken):
        return False
    if any(any(char.isdigit() for char in low) or low in _NAMING for low in said):
        return False
    if WordRole.UNKNOWN not in found:
        return not set(said) & (NOUNS | {"how", "by", "which", "both"} | DENIALS) or (spoken and bool(meant))
    if spoken or clause.is_sentence:
        return True
    return (
        last
        and not first
        and said[:1] in (["a"], ["the"], ["an"], ["my"], ["our"])
        and len(said) <= 4
        and not NOUNS & set(said)
    )


def _numbers(said: Sequence[str]) -> frozenset[str]:
    return frozenset(low for low in said if low.isdecimal())


def _cleaned(clause: Clause, found: Sequence[WordRole]) -> tuple[list[Token], list[str]] | None:
    """Return (the words of a clause that are read, those that are passed over)."""
    kept: list[Token] = []
    dropped: list[str] = []
    for at, (token, role) in enumerate(zip(clause.tokens, found, strict=True)):
        if (role is WordRole.UNKNOWN and not _is_placing(clause.tokens, at)) or (
            role is WordRole.TALK and _may_choose(clause.tokens, found, at)
        ):
            return None
        if role in (WordRole.TALK, WordRole.UNKNOWN):
            dropped += [] if token.low in CROWDS else [token.text]
        else:
            kept.append(token)
    return kept, dropped


def _may_choose(tokens: Sequence[Token], found: Sequence[WordRole], at: int) -> bool:
    """Return whether a word of talk stands where it may choose: the "reporting" of "the reporting servers"."""
    low = tokens[at].low
    if low in MODIFIERS or at + 1 == len(tokens) or not (at == 0 or tokens[at - 1].low in _BEFORE_A_CHOICE):
        return False
    behind = tokens[at + 1]
    return behind.low in NOUNS | GROUPING_WORDS.keys() or (
        found[at + 1] is WordRole.MEANT and behind.low.isalpha() and low not in CROWDS
    )


_BEFORE_A_CHOICE = words("a all an and any by count every for in list many my of on or our show the what which")


def _is_placing(tokens: Sequence[Token], at: int) -> bool:
    """Return whether a word that is not known only says how things are somewhere: "humming in Amsterdam"."""
    behind = tokens[at + 1].low if at + 1 < len(tokens) else ""
    return tokens[at].low.endswith("ing") and at > 0 and behind in _PLACING
