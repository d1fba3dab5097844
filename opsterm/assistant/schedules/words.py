"""The words of time that phrases are made of, and what each means."""

from __future__ import annotations

LONGEST_PHRASE = 500
"""Characters; a longer text is no phrase."""

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
         "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBERS = {
    "a": 1, "an": 1, **{word: number for number, word in enumerate(_ONES, 1)},
    **{word: number * 10 for number, word in enumerate(_TENS, 2)},
}  # fmt: skip
_FIRST = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
          "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth",
          "nineteenth", "twentieth")  # fmt: skip
ORDINALS = {
    **{word: number for number, word in enumerate(_FIRST, 1)}, "thirtieth": 30, "last": -1, "final": -1,
    "penultimate": -2,
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
    "both", "only",
})  # fmt: skip
"""Words that say nothing by themselves."""

MENDED = frozenset({
    *WEEKDAYS, *WEEKDAY_PLURALS, *MONTHS, *UNITS, *ADVERBS, *PARTS_OF_DAY, *ORDINALS, *NUMBERS, *FILLERS, *UNCLEAR,
    "every", "each", "other", "weekday", "weekdays", "weekend", "weekends", "working", "business", "midnight", "noon",
    "midday", "tomorrow", "today", "tonight", "between", "until", "starting", "except", "twice", "half", "past",
    "quarter", "from", "next", "time", "times", "through", "excluding", "beginning", "ending", "local", "server",
})  # fmt: skip
"""Words that a misspelt one can have been."""
