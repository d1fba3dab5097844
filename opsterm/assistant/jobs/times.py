"""The words of a sentence that may say when a job runs, the likeliest first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from opsterm.assistant.schedules.spans import schedule_spans
from opsterm.assistant.schedules.words import ADVERBS, FILLERS

_LEAD = re.compile(
    rf"\b(?:{'|'.join(ADVERBS)}|weekdays|weekends|workdays|(?:every|each)(?:\s+(?:other|second|working|\d+))?\s+\w+)\b",
    re.IGNORECASE,
)
_AT = re.compile(r"(?:at|on|between|from|in)\s", re.IGNORECASE)


def job_times(text: str) -> Iterator[tuple[str, str]]:
    """Yield (phrase, sentence without it): "daily … at 6" is one phrase in two places."""
    lead = _LEAD.search(text)
    if lead is not None:
        rest = f"{text[: lead.start()]} {text[lead.end() :]}"
        for span in _spans(rest):
            if _AT.match(span) and len(span.split()) > 1:
                yield f"{lead[0]} {span}", _without(rest, span)
    for span in _spans(text):
        yield span, _without(text, span)


def _spans(text: str) -> Iterator[str]:
    """Yield parts that may say a time; what ends in a word such as "on" has taken that from what is behind it."""
    return (span for span in schedule_spans(text) if span.split()[-1].lower() not in FILLERS)


def _without(text: str, span: str) -> str:
    """Return a text without words that stand in it one behind the other, whatever signs are between them."""
    found = re.search(r"[\s,;:.!?\"'()]+".join(map(re.escape, span.split())), text)
    if found is None:
        return text
    return " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())
