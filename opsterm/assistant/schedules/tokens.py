"""A text to the words that a phrase is read by: what is said in several ways is said in one."""

from __future__ import annotations

import re
from collections.abc import Callable

from opsterm.assistant.schedules.words import MONTHS, NUMBERS, ORDINALS, WEEKDAY_PLURALS, WEEKDAYS

_TOKEN = re.compile(
    r"""\d{4}-\d{2}-\d{2}(?=t\d)            # a date that a time is tied to
      | \d{4}-\d{2}-\d{2}
      | \d{1,2}[./]\d{1,2}[./]\d{2,4}
      | \d{1,2}/\d{1,2}(?![\d/])
      | \d{1,2}[:.h]\d{2}(?::\d{2})?(?!\d)
      | \d+(?:st|nd|rd|th)(?:_last)?\b
      | \d+
      | [a-z_]+(?:/[a-z_+-]+)+               # a zone
      | [a-z]+(?:'[a-z]+)?
      | [^\s]""",
    re.VERBOSE,
)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a phrase in lower case; signs are words of their own."""
    low = text.lower().replace("\u2019", "'").replace("\u2013", "-").replace("\u2014", "-")
    low = low.replace("(", ", ").replace(")", ",")
    low = re.sub(r"\b([ap])\.m\.?", r"\1m", low)
    low = re.sub(r"\b(bi|semi)-(?=[a-z])", r"\1", low)
    low = re.sub(r"(?<=[a-z]):(?=\s)", ",", low)  # "three times a day: 7, 13 and 19"
    low = re.sub(r"\balternat(?:e|ing) ([a-z]+?)s?\b", r"every other \1", low)
    low = re.sub(r"\b(?:tmrw|tmr|tomo)\b", "tomorrow", low)
    for pattern, said in _SAID_OTHERWISE:
        low = pattern.sub(said, low)
    return tuple(_TOKEN.findall(low.strip().rstrip(".!?")))


_NUMBER = rf"(?:\d+|{'|'.join(NUMBERS)})"
_TENS = "|".join(word for word, number in NUMBERS.items() if number >= 20)
_ONES = "|".join(word for word, number in NUMBERS.items() if number < 10 and len(word) > 2)
_FIRST_TO_NINTH = "|".join(word for word, number in ORDINALS.items() if 0 < number < 10)
_MONTH = f"month|{'|'.join(word for word in MONTHS if len(word) > 3)}"
_OF_MONTH = rf"(?=(?: of| in)(?: the| each| every| a| this| next| any)? (?:{_MONTH})| (?:each|every) month)"
_DAYS = "|".join(sorted((*WEEKDAYS, *WEEKDAY_PLURALS), key=len, reverse=True))
_UNIT = r"(?:minutes?|mins?|hours?|hrs?|days?|weeks?|months?)"


def _number(word: str) -> int:
    return int(word) if word.isdecimal() else NUMBERS[word]


def _last(number: int) -> str:
    return "last" if number <= 1 else "penultimate" if number == 2 else f"{number}th_last"


def _ends(match: re.Match[str]) -> str:
    """Return the days one by one of "the first three days" and "the last two days"."""
    count = min(_number(match[2]), 10)
    names = [_last(number) if match[1] == "last" else f"{number}th" for number in range(1, count + 1)]
    return " and ".join(names) + " day"


_HOUR_BEHIND = {"midnight": "1:00", "noon": "13:00", "midday": "13:00"}
_HOUR_BEFORE = {"midnight": "23:00", "noon": "11:00", "midday": "11:00"}


_DATES = {"christmas eve": "24 december", "christmas day": "25 december", "new year's eve": "31 december",
          "new years eve": "31 december", "new year's day": "1 january", "new years day": "1 january",
          "halloween": "31 october"}  # fmt: skip
_ODD = " and ".join(f"{day}th" for day in range(1, 32, 2))
_EVEN = " and ".join(f"{day}th" for day in range(2, 31, 2))
_MONTHLY = r"(?: (?:of|in)(?: the| each| every| a)? months?)?"


_SAID_OTHERWISE: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (rf"\b({_TENS})[- ]({_FIRST_TO_NINTH})\b", lambda found: f"{NUMBERS[found[1]] + ORDINALS[found[2]]}th"),
        (rf"\b({_TENS})[- ]({_ONES})(?=[ -]{_UNIT}\b)", lambda found: str(NUMBERS[found[1]] + NUMBERS[found[2]])),
        (rf"\b(?:at|in|with) (?:regular )?intervals of ({_NUMBER}) ?-?({_UNIT})\b", r"every \1 \2"),
        (rf"\b(?:at|in|with) ({_NUMBER}) ?-?({_UNIT}) intervals?\b", r"every \1 \2"),
        (rf"\b(every|each) ({_NUMBER})-({_UNIT})\b", r"\1 \2 \3"),
        ((r"\b(?:7|seven) days (?:a|per|each|every|of the) week\b|\b(?:on )?(?:all|every|each) days? of the week\b"
         r"|\bday in,? day out\b|\bon (?:all|any) days\b"), "every day"),
        (r"\bweekend[ -]days?\b", "weekend"),
        (r",?(?: right)? (?:a?round the clock|24/7|day and night|24 hours a day),?(?=$| )", ""),
        (rf"\b(?:{'|'.join(_DATES)})\b", lambda found: _DATES[found[0]]),
        (rf"\b(?:all |every |each )?odd(?:-numbered| numbered)? (?:days?|dates?){_MONTHLY}", f"{_ODD} of the month"),
        (rf"\b(?:all |every |each )?even(?:-numbered| numbered)? (?:days?|dates?){_MONTHLY}", f"{_EVEN} of the month"),
        (r"\bpatch tuesday\b(?:,? ?,? ?(?:the )?second tuesday of the month,?)?", "second tuesday of the month"),
        (r"(?<=29 february)(.*?),? (?:so )?(?:only )?in leap years(?: only)?", r"\1"),
        (r"(?<=february 29)(.*?),? (?:so )?(?:only )?in leap years(?: only)?", r"\1"),
        (r"\b((?:working|business) days?|weekdays?) ?, mon(?:day)?s? ?(?:to|-|through) ?fri(?:day)?s?,", r"\1"),
        (r"\b(every|each) day and a half\b", r"\1 36 hours"),
        (r"\b(?:every|each|all) days? of the (?:month|year)\b", "every day"),
        (r"\b(\d+)(?:st|nd|rd|th)[ -](?:to|from)[ -](?:the[ -])?last\b", r"\1th_last"),
        (rf"\bfirst two ({_DAYS})s?{_OF_MONTH}", r"first and second \1"),
        (rf"\bfirst three ({_DAYS})s?{_OF_MONTH}", r"first, second and third \1"),
        (r"\b(past|after|before|to) (every|each) full hour\b", r"\1 \2 hour"),
        (r"\bevery-?day\b", "every day"),
        (r"\bnite(s?)\b", r"night\1"),
        (r"\ball days\b", "every day"),
        (r",? (?:with )?both(?: ends| times| hours)?(?: are)? (?:included|inclusive)\b", " inclusive"),
        (r"\bhalf an hour (?=(?:after|past|before|to)\b)", "30 minutes "),
        (r"\ba quarter of an hour (?=(?:after|past|before|to)\b)", "15 minutes "),
        (r"\b(?:an|one) hour (?:after|past) (midnight|noon|midday)\b", lambda found: _HOUR_BEHIND[found[1]]),
        (r"\b(?:an|one) hour (?:before|to) (midnight|noon|midday)\b", lambda found: _HOUR_BEFORE[found[1]]),
        (rf"\b({_NUMBER} times),? (?:and )?then stop\b", r"\1"),
        (r"\b(?:half|semi)[ -]?(?:yearly|annually|annual)\b", "every 6 months"),
        (r"\bo clock\b", "o'clock"),
        (r"\b(every|each|once every) (?:three|3) quarters of an hour\b", r"\1 45 minutes"),
        (rf"\b({_DAYS})/(?=(?:{_DAYS})\b)", r"\1, "),
        (r"\bm ?- ?f\b", "monday to friday"),
        (r"\bm/?w/?f\b", "monday, wednesday and friday"),
        (rf"\bin ({_NUMBER}) ({_UNIT})'?s?'? time\b", r"in \1 \2"),
        (r"\bin (?:a|1|one) fortnight\b", "in 2 weeks"),
        (r"\b(?:except|but not) (?:at|during)(?: the)? (?=weekends?\b)", "except "),
        (rf"\b({_DAYS}),? excepted\b", r"except \1"),
        (r"\b(every|each) (week|month|quarter|year) on its\b", r"\1 \2 on the"),
        (r"\b(?:an?y|all) (weekdays?|workdays?|working days?|business days?)\b", r"every \1"),
        (r"\b(?:the |each |every )?month's (\w+) (\w+)\b", r"\1 \2 of the month"),
        (r"\b(?:second|2nd|next)[ -](?:to|from)[ -](?:the[ -])?last\b|\blast[ -]but[ -]one\b|\b(?:2nd|second) last\b",
         "penultimate"),
        (r"\b(?:third|3rd)[ -](?:to|from)[ -](?:the[ -])?last\b|\blast[ -]but[ -]two\b|\b(?:3rd|third)[ -]last\b",
         "3rd_last"),
        (rf"\b(?:the )?(?:({_NUMBER}) )?days? before (?:the )?(?:(?:last|final) day|end){_OF_MONTH}",
         lambda found: f"{_last((_number(found[1]) if found[1] else 1) + 1)} day"),
        (rf"\b(first|last) ({_NUMBER}) days{_OF_MONTH}", _ends),
        ((r"\b(?:(?:for )?(?:just|only) )?(?:one|a single|1) time(?: only)?\b|\bonly once\b|\bonce only\b"
         r"|\bjust (?:this|the) once\b|\bas a one[- ]off\b|\bone[- ]off\b"), "once"),
        (rf"\b(?:for )?a total of ({_NUMBER}) (?:runs|times|executions|occurrences|repetitions)\b", r"\1 times"),
        (rf"\b({_NUMBER}) (?:runs|executions|occurrences|repetitions)\b", r"\1 times"),
        (rf"\b({_NUMBER} times),? (?:in total|in all|altogether|overall|only)\b", r"\1"),
        (rf"\b(?:and )?(?:then )?stop(?:ping)? after ({_NUMBER} times)\b", r"\1"),
    )
)  # fmt: skip
"""What has another word, or other words, for it: pattern and those."""
