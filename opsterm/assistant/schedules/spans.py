"""The parts of a sentence that may say a time, the longest first: "restart nginx every day at 6 on web-01"."""

from __future__ import annotations

from collections.abc import Iterator

from opsterm.assistant.vocabulary import words

SPANS_LIMIT = 200
"""Parts that are tried: about 0.1 ms each."""

WORDS_LIMIT = 16

_OPENS = words(
    "every each daily weekly monthly hourly nightly yearly quarterly fortnightly weekdays weekends workdays on at in "
    "tomorrow tonight today next last first twice once monday tuesday wednesday thursday friday saturday sunday "
    "mondays tuesdays wednesdays thursdays fridays saturdays sundays from between noon midnight alternate the"
)


def schedule_spans(text: str) -> Iterator[str]:
    """Yield at most SPANS_LIMIT parts of a sentence that begin like a time, longest first."""
    said = [word.strip(",;:.!?\"'()") for word in text.split()][:80]
    places = [
        (at, length)
        for at, word in enumerate(said) if word.lower() in _OPENS
        for length in range(1, min(WORDS_LIMIT, len(said) - at) + 1)
    ]  # fmt: skip
    places.sort(key=lambda place: (-place[1], place[0]))
    for at, length in places[:SPANS_LIMIT]:
        yield " ".join(said[at : at + length])
