"""Where a long-winded sentence can be taken apart, so that asides can be left out."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from opsterm.assistant.tokens import Token, without
from opsterm.assistant.vocabulary import words
from opsterm.assistant.windows import find_window
from opsterm.assistant.world import World

_SIGNS = frozenset("?!;:.\u2026()\u2013\u2014")
_ENDS = frozenset("?!.;:")
_OWN = frozenset({",", "(", ")", "-", "--", "\u2013", "\u2014", "i.e", "ie", "namely", ":", "\u2026"})
_OPENING = words("after although as because before cos coz lest so though until when whereas while whilst")
_SPEAKERS = words(
    "anyone everybody everyone god he her his i my nobody our people she somebody someone their they we you your"
)
_TURNING = words("but so")
_ASKING = words("which what how who where show list give tell let can could kindly please is are do just")
_JOINING = words("and but if or")


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of a sentence.

    Attributes:
        tokens: its words, without signs.
        signed: whether a sign of the sentence stands in front of it.
        is_sentence: whether it ends like a sentence of its own.
    """

    tokens: tuple[Token, ...]
    signed: bool = False
    is_sentence: bool = False


_ENDS_FOR = words(
    "accountant accountants assessment assessor audit auditor auditors audits bet bill bookkeeping boss briefing "
    "budget budgets calculation call census ceo cfo change colleague colleagues committee contract cto customer "
    "customers dashboard deck decks director discussion documentation estimate exercise figures files finance "
    "forecast fun handover inquiry inspection insurance insurer intern inventory-check invoice invoices laugh "
    "licence license management manager meeting meetings memo minutes newcomer newsletter paperwork plan "
    "post-mortem postmortem presentation project purpose purposes quote record records regulator renewal report "
    "reports review reviews sake slide slides spreadsheet stand-up standup start statement stocktake summary "
    "survey talk team tender ticket tickets trainee wiki"
)
_DETERMINERS = words("a an her his my next our some that the their this today's your")


def without_purposes(tokens: Sequence[Token], said: Set[str]) -> tuple[Token, ...]:
    """Return tokens without what something is wanted for: "for the cost report"; never with a word of `said` in it."""
    rest = tuple(tokens)
    for at in range(len(rest) - 1, -1, -1):
        if rest[at].low != "for":
            continue
        for length in range(5, 1, -1):
            piece = [token.low for token in rest[at + 1 : at + length]]
            if (
                len(piece) == length - 1
                and piece[-1] in _ENDS_FOR
                and (length == 2 or piece[0] in _DETERMINERS)
                and not said & set(piece)
            ):
                rest = without(rest, at, length + _comes(rest[at + length :]))
                break
    return rest


def _comes(behind: Sequence[Token]) -> int:
    """Return how many words say when that will be: the "next week" of "for the audit next week"."""
    said = tuple(token.low for token in behind[:2])
    if said[:1] == ("tomorrow",):
        return 1
    return (
        2 if len(said) == 2 and said[0] in ("next", "coming") and said[1] in ("week", "month", "quarter", "year") else 0
    )


def clauses(text: str, tokens: Sequence[Token], world: World) -> tuple[Clause, ...]:
    """Return the clauses of a sentence; a stretch of time is not taken apart.

    Args:
        text: the sentence as it was written.
        tokens: its tokens, which may be put in other words.
        world: the state it is read against.
    """
    made: list[Clause] = []
    piece: list[Token] = []
    whole = _inside_times(tokens, world)
    signed, end = False, 0
    for at, token in enumerate(tokens):
        gap = set(text[end : token.start]) if token.start > end else set()
        sign = (bool(_SIGNS & gap) or token.low in _OWN) and at not in whole
        if piece and (sign or (_opens(tokens, at) and at not in whole)):
            made.append(Clause(tuple(piece), signed, bool(_ENDS & gap)))
            piece, signed = [], sign
        signed = signed or (sign and not piece)
        if token.low not in _OWN or at in whole:
            piece.append(token)
        end = max(end, token.end)
    if piece:
        made.append(Clause(tuple(piece), signed, bool(_ENDS & set(text[end:]))))
    return tuple(made)


def _inside_times(tokens: Sequence[Token], world: World) -> frozenset[int]:
    """Return the places of all tokens inside stretches of time, the first of each excepted."""
    inside: set[int] = set()
    begin = 0
    while begin < len(tokens) and (found := find_window(tokens[begin:], world)) is not None:
        inside |= set(range(begin + found[0] + 1, begin + found[0] + found[1]))
        begin += found[0] + found[1]
    return frozenset(inside)


def _opens(tokens: Sequence[Token], at: int) -> bool:
    """Return whether a word opens a clause of its own: "because my boss asks", "and I mean it", "as I said"."""
    low = tokens[at].low
    behind = tokens[at + 1].low if at + 1 < len(tokens) else ""
    if low == "so" and behind == "that":
        return True
    if low in _TURNING and behind in _ASKING:
        return True
    if low in _OPENING | _JOINING:
        return low in ("because", "although", "lest") or behind in _SPEAKERS
    return False
