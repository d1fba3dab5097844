"""The words of time that phrases are made of."""

from __future__ import annotations

import re

LONGEST_PHRASE = 500
"""Characters; a longer text is no phrase."""

_TOKEN = re.compile(
    r"""\d{4}-\d{2}-\d{2}(?=t\d)            # a date that a time is tied to
      | \d{4}-\d{2}-\d{2}
      | \d{1,2}[./]\d{1,2}[./]\d{2,4}
      | \d{1,2}/\d{1,2}(?![\d/])
      | \d{1,2}[:.h]\d{2}(?::\d{2})?(?!\d)
      | \d+(?:st|nd|rd|th)\b
      | \d+
      | [a-z_]+(?:/[a-z_+-]+)+               # a zone
      | [a-z]+(?:'[a-z]+)?
      | [^\s]""",
    re.VERBOSE,
)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a phrase in lower case; signs are words of their own."""
    low = text.lower().replace("\u2019", "'").replace("\u2013", "-").replace("\u2014", "-")
    low = re.sub(r"\b([ap])\.m\.?", r"\1m", low)
    low = re.sub(r"\b(bi|semi)-(?=[a-z])", r"\1", low)
    low = re.sub(r"(?<=[a-z]):(?=\s)", ",", low)  # "three times a day: 7, 13 and 19"
    low = re.sub(r"\balternat(?:e|ing) ([a-z]+?)s?\b", r"every other \1", low)
    low = re.sub(r"\b(?:tmrw|tmr|tomo)\b", "tomorrow", low)
    return tuple(_TOKEN.findall(low.strip().rstrip(".!?")))


NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "ninety": 90,
}  # fmt: skip

ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "twelfth": 12, "fifteenth": 15, "twentieth": 20, "thirtieth": 30, "last": -1, "final": -1,
}  # fmt: skip

WEEKDAYS = {
    word: number
    for number, words in enumerate((
        "monday mon", "tuesday tue tues", "wednesday wed weds", "thursday thu thur thurs", "friday fri",
        "saturday sat", "sunday sun",
    ))
    for word in words.split()
}  # fmt: skip
"""The numbers of `date.weekday`."""
WEEKDAY_PLURALS = {f"{word}s": number for word, number in WEEKDAYS.items()}
WORKING = (0, 1, 2, 3, 4)
WEEKEND = (5, 6)

MONTHS = {
    word: number
    for number, words in enumerate((
        "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
        "september sep sept", "october oct", "november nov", "december dec",
    ), 1)
    for word in words.split()
}  # fmt: skip

UNITS = {
    word: unit
    for unit, words in {
        "second": "second seconds sec secs", "minute": "minute minutes min mins", "hour": "hour hours hr hrs h",
        "day": "day days", "week": "week weeks wk wks", "month": "month months", "quarter": "quarter quarters",
        "year": "year years", "fortnight": "fortnight fortnights",
    }.items()
    for word in words.split()
}  # fmt: skip

ADVERBS = {
    "hourly": "hour", "daily": "day", "weekly": "week", "fortnightly": "fortnight", "monthly": "month",
    "quarterly": "quarter", "yearly": "year", "annually": "year", "nightly": "night",
}  # fmt: skip

PARTS_OF_DAY = {"morning": 6, "mornings": 6, "afternoon": 15, "afternoons": 15, "evening": 18, "evenings": 18,
                "night": 2, "nights": 2}  # fmt: skip
"""The hour that is taken when no other is said."""

UNCLEAR = {
    "biweekly": "Twice a week, or every other week?",
    "bimonthly": "Twice a month, or every other month?",
    "biannually": "Twice a year, or every other year?",
    "biannual": "Twice a year, or every other year?",
    "semimonthly": "On which two days of the month?",
    "periodically": "How often?", "regularly": "How often?", "occasionally": "How often?", "often": "How often?",
    "sometimes": "How often?", "sometime": "When?", "later": "When?", "soon": "When?", "asap": "When?",
}  # fmt: skip

ZONE_SHORT = {"utc": "UTC", "gmt": "UTC", "z": "UTC"}
ZONE_UNCLEAR = frozenset({
    "cet", "cest", "est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "ist", "bst", "jst", "aest", "aedt", "msk",
    "eet", "eest", "wet", "sgt", "hkt", "kst", "et", "ct", "pt",
})  # fmt: skip
"""Short names that more than one zone bears, or that are only half of the year's."""

FILLERS = frozenset({
    "at", "on", "the", "please", "run", "it", "and", "then", ",", "in", "of", "@", "o'clock", "do", "once", "just",
})  # fmt: skip
"""Words that say nothing by themselves."""

MENDED = frozenset({
    *WEEKDAYS, *WEEKDAY_PLURALS, *MONTHS, *UNITS, *ADVERBS, *PARTS_OF_DAY, *ORDINALS, *NUMBERS, *FILLERS, *UNCLEAR,
    "every", "each", "other", "weekday", "weekdays", "weekend", "weekends", "working", "business", "midnight", "noon",
    "midday", "tomorrow", "today", "tonight", "between", "until", "starting", "except", "twice", "half", "past",
    "quarter", "from", "next", "time", "times", "through", "excluding", "beginning", "ending", "local", "server",
})  # fmt: skip
"""Words that a misspelt one can have been."""
