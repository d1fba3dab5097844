"""Turns of speech whose words stand apart: "how long has web-03 been gone" is put as "last seen of web-03"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

from opsterm.assistant.lengths import NUMBERS
from opsterm.assistant.moments import DAYS
from opsterm.assistant.tokens import Token, lows
from opsterm.assistant.vocabulary import GROUPING_WORDS, NOUNS, words

_GONE = words(
    "gone down offline away missing silent unreachable dead dark out unresponsive off "
    "quiet absent broken lost awol dying"
)
_WENT = words("go went gone fall fell drop dropped die died disappear disappeared vanish vanished "
              "crash crashed fail failed "
              "stop stopped lose lost")  # fmt: skip
_EXTENT = words(
    "hot warm high low big large bad full heavy hard intense steep loaded tight deep great good much healthy stressed "
    "saturated taxed crowded strained squeezed bloated swollen used"
)
_MEASURED = words("cpu memory ram mem disk swap load processor cpus disks inodes network traffic bandwidth")
_WHOLE = (("all", "day", "long"), ("all", "day"), ("the", "whole", "day"), ("whole", "day"), ("the", "entire", "day"),
          ("throughout", "the", "day"), ("the", "whole", "of"), ("the", "entirety", "of"), ("throughout",))  # fmt: skip
_DATED = frozenset({"yesterday", "today", *DAYS, "on", "last"})
_OVER = words("over under above below more less at exceeding between")
_REPORTED = (("last", "reported"), ("last", "showed"), ("last", "had"), ("last", "measured"), ("were", "last", "at"),
             ("most", "recently", "reported"), ("last", "read"), ("last", "logged"), ("last", "recorded"))  # fmt: skip

Words = tuple[str, ...]
_NONE_OF = {
    (*way.split(), kind): ("without", "a", label)
    for (kind, label), way in product(
        {"group": "group", "groups": "group", "tag": "tag", "tags": "tag", "site": "site", "sites": "site",
         "environment": "environment", "environments": "environment", "env": "environment", "location": "site",
         "datacentre": "site", "datacenter": "site", "role": "group", "label": "tag", "labels": "tag"}.items(),
        ("do not belong to any", "does not belong to any", "not belonging to any", "belong to no", "belongs to no",
         "not in any", "are in no", "is in no", "in no", "have no", "has no", "having no", "do not have any",
         "do not have an",
          "do not have a", "does not have any", "does not have a", "does not have an", "not part of any",
         "part of no", "not assigned to any", "not assigned to an", "not assigned to a", "not assigned any",
         "not assigned an",
          "not assigned a", "assigned to no", "with no", "outside any", "outside of any", "not under any",
         "not given any", "not given a", "not given an", "not tied to any", "not tied to a", "not attached to any",
         "not have any", "not have a", "not have an", "belong to none of the", "not a member of any", "not in a",
         "not in an", "not members of any", "without any", "carry no", "carrying no", "bearing no", "do not carry any"),
    )
}  # fmt: skip
_LONGEST = max(len(way) for way in _NONE_OF)


def plainly_said(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the tokens with such turns of speech put in other words. Never raises."""
    made = tuple(tokens)
    for step in _STEPS:
        made = step(made)
    return made


def _put(near: Token, said: Words) -> tuple[Token, ...]:
    return tuple(Token(word, word, near.start, near.end) for word in said)


def _how_long_gone(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Read "how long has X been gone", "since when is X down", "when did X go down" as "last seen of X"."""
    said = lows(tokens)
    if said[:2] in (("how", "long"), ("since", "when"), ("for", "how")):
        at = 3 if said[:3] == ("for", "how", "long") else 2
        if said[at : at + 1] and said[at] in ("has", "have", "is", "are", "was", "were") and said[-1] in _GONE:
            end = len(said) - (2 if said[-2] == "been" else 1)
            return (*_put(tokens[0], ("last", "seen", "of")), *tokens[at + 1 : end]) if end > at + 1 else tokens
    if said[:2] == ("when", "did"):
        at = next((n for n, low in enumerate(said) if n > 2 and low in _WENT), 0)
        if at and all(
            low in _GONE | {"off", "out", "of", "contact", "responding", "answering"} for low in said[at + 1 :]
        ):
            return (*_put(tokens[0], ("last", "seen", "of")), *tokens[2:at])
    return tokens


def _how_much(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Read "how hot is the cpu on web-07" as "the cpu on web-07"."""
    said = lows(tokens)
    at = next((n for n in range(len(said) - 3) if said[n] == "how" and said[n + 1] in _EXTENT), -1)
    if at < 0 or said[at + 2] not in ("is", "are", "was", "were"):
        return tokens
    behind = [low for low in said[at + 3 : at + 5] if low not in ("the", "our", "my")]
    return (*tokens[:at], *tokens[at + 3 :]) if behind and behind[0] in _MEASURED and "free" not in said else tokens


def _none_of(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Read "which machines do not belong to any environment" as "which machines without a environment"."""
    said = lows(tokens)
    for at in range(len(said)):
        for length in range(min(_LONGEST, len(said) - at), 1, -1):
            put = _NONE_OF.get(said[at : at + length])
            if put is not None and (at + length == len(said) or said[at + length] in _GOES_ON):
                end = at + length + (said[at + length : at + length + 1] in (("assigned",), ("set",), ("given",)))
                return (*tokens[:at], *_put(tokens[at], put), *tokens[end:])
    return tokens


_GOES_ON = NOUNS | words("in at on and are is or , by but that which with assigned set given there do we have please")


def _whole_day(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Read "load all day sunday" and "load yesterday all day" as of that day."""
    said = lows(tokens)
    for way in _WHOLE:
        for at in range(len(said) - len(way) + 1):
            if said[at : at + len(way)] != way:
                continue
            behind = said[at + len(way) : at + len(way) + 1]
            before = said[at - 1 : at] if at else ()
            if (behind and behind[0] in _DATED) or (before and before[0] in _DATED - {"on", "last"}):
                return (*tokens[:at], *tokens[at + len(way) :])
    return tokens


def _newest_value(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Read "that last reported over 30% cpu" as "over 30% cpu": the newest value is meant."""
    said = lows(tokens)
    for way in _REPORTED:
        for at in range(len(said) - len(way)):
            if said[at : at + len(way)] == way and said[at + len(way)] in _OVER | _MEASURED | {"a", "an"}:
                return (*tokens[:at], *tokens[at + len(way) :])
    return tokens


def _guessed_count(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Read "is it 12 web servers", "do we have 12 web servers" as "how many web servers"."""
    said = lows(tokens)
    for way in _GUESSES:
        number = said[len(way) : len(way) + 1]
        behind = said[len(way) + 1 :]
        if said[: len(way)] == way and number and number[0].isdecimal() and behind and behind[0] not in _UNITS:
            if "how" in behind:
                cut = len(way) + 1 + behind.index("how")
                if not set(said[cut:]) <= {"how", "many", *_SURE}:
                    return tokens
                return (*_put(tokens[0], ("how", "many")), *tokens[len(way) + 1 : cut])
            return (*_put(tokens[0], ("how", "many")), *tokens[len(way) + 1 :])
    return tokens


def _compared(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Read "how much hosts" as "how many hosts", and "the three with less free space" as "with least free space"."""
    said = lows(tokens)
    for at in range(len(said) - 2):
        if said[at : at + 2] == ("how", "much") and (said[at + 2] in NOUNS or said[at + 2] in COUNTED_LABELS):
            return (*tokens[: at + 1], *_put(tokens[at], ("many",)), *tokens[at + 2 :])
        end = {"less": "least", "more": "most", "fewer": "least"}.get(said[at + 2], "")
        bounded = "than" in said[at:] or any(low[:1].isdecimal() for low in said[at + 3 :])
        counted = said[at] in NUMBERS or said[at].isdecimal()
        if at and end and counted and not bounded and said[at + 1] in ("with", "using", "having"):
            return (*tokens[: at + 2], *_put(tokens[at], (end,)), *tokens[at + 3 :])
    return tokens


def _beside(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Read "compare cpu on db-1 with db-2" as "compare cpu on db-1 and db-2"."""
    said = lows(tokens)
    at = next((n for n, low in enumerate(said) if n > 2 and low in ("with", "to", "against")), 0)
    if not at or not {"compare", "comparing", "contrast"} & set(said[:4]):
        return tokens
    return (*tokens[:at], *_put(tokens[at], ("and",)), *tokens[at + 1 :])


def _left_out(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Read "could you leave out the firewalls" as "leave out the firewalls"."""
    said = lows(tokens)
    at = next((n for n, low in enumerate(said) if low not in _MANNERS), 0)
    leaves = said[at : at + 2] == ("leave", "out") or said[at : at + 1] in (("exclude",), ("omit",), ("skip",))
    if said[at : at + 1] in _DISMISSING and said[at + 1 : at + 2] not in (("it",), ("that",), ("about",)):
        return (*_put(tokens[at], ("except",)), *tokens[at + 1 :])
    return tokens[at:] if leaves else tokens


def _from_a_clock(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Read "yesterday 14:00 to 16:00" as "yesterday from 14:00 to 16:00"."""
    for at in range(1, len(tokens) - 2):
        first, to, last = tokens[at : at + 3]
        clocks = _CLOCK.fullmatch(first.low) and _CLOCK.fullmatch(last.low) and ":" in first.low + last.low
        if (
            clocks
            and to.low in ("to", "until", "till")
            and tokens[at - 1].low not in ("from", "between", "since", "at", "after", "before", "past")
        ):
            return (*tokens[:at], *_put(first, ("from",)), *tokens[at:])
    return tokens


_CLOCK = re.compile(r"[0-2]?\d(?::[0-5]\d)?(?:am|pm)?")
_SURE = words("exactly really actually then are there is it precisely in total")
_UNITS = words("% percent gb mb tb gig hours days minutes o'clock")
_GUESSES = (("is", "it"), ("are", "there"), ("do", "we", "have"), ("have", "we", "got"), ("is", "it", "really"),
            ("are", "there", "really"), ("there", "are"),
            ("are", "there", "only"), ("do", "we", "have", "only"))  # fmt: skip

COUNTED_LABELS = {
    word: label
    for word, label in GROUPING_WORDS.items()
    if word.endswith("s") and word not in ("os", "status", "systems", "states")
}
"""Words of several labels, as in "how many sites do we have"."""

_DISMISSING = (("forget",), ("hide",), ("ignore",), ("disregard",))
_MANNERS = words(
    "and but can cheers could great lovely many now ok okay perfect please right so thank thanks then will would you ,"
)
_STEPS = (
    _how_long_gone, _how_much, _none_of, _whole_day, _newest_value, _guessed_count, _compared, _beside, _left_out,
    _from_a_clock,
)  # fmt: skip
