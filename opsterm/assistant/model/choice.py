"""Whether a sentence is for the rules or for a model. The rules come first: what they read whole, they answer."""

from __future__ import annotations

import re

from opsterm.assistant.alert_order import AlertOrder
from opsterm.assistant.errands import Errand
from opsterm.assistant.fix_request import FixRequest
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Confidence, Interpretation
from opsterm.assistant.queries import ApiRequest, DiscoverRequest, KnowledgeQuestion, RunRequest

_OPEN = (Intent.TROUBLESHOOT, Intent.EXPLAIN, Intent.CAPACITY)
"""Kinds of errands that a model says more about than the rules do; the others have a way of their own."""

_ASKED_BACK = (Intent.RUN_COMMAND, Intent.SCHEDULE, Intent.ROLLBACK)
"""Kinds of wishes in which a target or a time is asked back for, and never left to be guessed."""

_ACTING = RunRequest | FixRequest | DiscoverRequest | ApiRequest | AlertOrder

PASTE_CHARACTERS = 300
"""A line that is longer was hardly typed."""


def is_for_model(read: Interpretation, *, attached: bool = False) -> bool:
    """Return whether a model is asked, where there is one.

    A line in its strict form is always answered by rules: that is how the operator gets them.

    Args:
        read: what the rules made of it.
        attached: whether something was put beside it, which no rule reads.
    """
    if read.confidence is Confidence.EXACT or isinstance(read.query, _ACTING):
        return False
    if attached:
        return True
    query = read.query
    if query is None:
        return not (read.question and read.intent in _ASKED_BACK)
    return isinstance(query, KnowledgeQuestion) or (isinstance(query, Errand) and query.kind in _OPEN)


def without_paste(text: str) -> tuple[str, str]:
    """Return (the operator's words, what they pasted): the second is what a machine printed, "" for nothing."""
    first, _, rest = text.strip().partition("\n")
    printed = _PRINTED.match(first) is not None
    if rest.strip():
        asked = not printed and (first.rstrip().endswith(("?", ":")) or len(first) < 60)
        return (first, rest) if asked else (_WHAT, text.strip())
    return (_WHAT, first) if printed or len(first) > PASTE_CHARACTERS else (first, "")


_WHAT = "What is wrong here, and what can be done?"
_PRINTED = re.compile(
    r"\s*(?:<\d+>|\[?\d{4}-\d\d-\d\d[T ]|[A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:|\[ *\d+\.\d+\]|[\w.-]+\[\d+\]:"
    r"|Traceback|ERROR|FATAL|E:)"
)
"""How a line begins that a program has printed."""
