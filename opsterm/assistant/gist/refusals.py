"""What the second reading leaves alone: orders, plans, reasons, and what is not about targets or values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from opsterm.assistant.divisions import asks_twice
from opsterm.assistant.mending import ACTIONS
from opsterm.assistant.orders import ACTING_VERBS
from opsterm.assistant.superlatives import asks_of_age_or_place
from opsterm.assistant.tokens import Token, lows
from opsterm.assistant.vocabulary import words

_OTHER = words(
    "allowed approval approvals approve approved backup backups change changed changes changing command commands "
    "cron explain forecast forecasts future later next nightly password passwords permission permissions playbook "
    "policies policy power-switch predict project projected restore rollback rule rules runbook runbooks schedule "
    "scheduled schedules script scripts snapshot snapshots threshold thresholds tomorrow tonight undo why"
)
_ACTS = (ACTING_VERBS | ACTIONS) - words("fill run set")
_SWITCHED = {
    (verb, way) for verb in ("switch", "turn", "power", "shut", "bring", "take") for way in ("off", "on", "down", "up")
}
_SHARES = words("fraction odds proportion ratio share")
_HOW = (
    ("how", "do"),
    ("how", "to"),
    ("how", "can"),
    ("how", "should"),
    ("when", "will"),
    ("what", "should"),
    ("what", "will"),
    ("how", "will"),
)
_MANNERS = words(
    "ahead also and can could go i just kindly let me need now please so then to us want we will would you"
)
LONGEST = 60
"""Tokens; a longer text is no question."""


def orders(tokens: Sequence[Token]) -> bool:
    """Return whether a clause is an order: it opens with a verb that would change something."""
    said = [token.low for token in tokens if token.low not in _MANNERS]
    return bool(said) and (said[0] in _ACTS or (said[0] == "run" and len(said) > 1) or tuple(said[:2]) in _SWITCHED)


def is_no_question(tokens: Sequence[Token]) -> bool:
    """Return whether what is wished may be something done, planned or explained."""
    said = lows(tokens)
    pairs = list(pairwise(said))
    if set(said) & (_ACTS | _OTHER | _SHARES) or said[:1] == ("will",) or any(pair in _HOW for pair in pairs):
        return True
    return asks_of_age_or_place(tokens) or asks_twice(said[:-1]) or pairs.count(("how", "many")) > 1
