"""Orders about alerts: "ack the disk alert on web-01", "silence web-01 for 2 hours", "mute staging until 6 pm"."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from opsterm.assistant.alert_order import LONGEST_S, AlertOrder, AlertVerb
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.metric_words import take_metrics
from opsterm.assistant.moments import DAYS, clock_seconds, weekday
from opsterm.assistant.orders import after_prefix
from opsterm.assistant.queries import AlertQuestion, ExplainQuestion
from opsterm.assistant.reading import Sentence, asked, take_targets, understood
from opsterm.assistant.target_phrase import TargetPhrase
from opsterm.assistant.times_ahead import take_ahead
from opsterm.assistant.tokens import Token, without
from opsterm.assistant.vocabulary import words
from opsterm.assistant.wall_time import wall_day
from opsterm.assistant.world import World
from opsterm.core.units import parse_duration

_VERBS = {
    **dict.fromkeys(("ack", "acknowledge", "acknowlege"), AlertVerb.ACKNOWLEDGE),
    **dict.fromkeys(("silence", "mute", "snooze", "hush", "quiet", "quieten"), AlertVerb.SILENCE),
    **dict.fromkeys(("reopen", "unsilence", "unmute", "unsnooze", "unack", "unacknowledge"), AlertVerb.REOPEN),
}
_ALERTS = words("alert alerts alarm alarms warnings problem problems issue issues notification notifications")
_SEVERITIES = {"critical": "critical", "crit": "critical", "warning": "warning", "warnings": "warning"}
_FILLERS = words(
    "the a an all any every each of on in at for from with that this which are is our my about and please now firing "
    "open current new target targets host hosts machine machines server servers box boxes group groups tag tags tagged "
    "site environment env whole everything s"
)
_EVERY = frozenset({"all", "every", "everything", "any"})
_POINTERS = frozenset({"it", "that", "them", "those", "these", "this", "one", "ones"})
_NUMBERED = re.compile(r"a#?(\d{1,15})")
_EXCEPTIONS = words("except excluding without not but besides bar minus no nor non apart aside other than ignoring")
_PATH = re.compile(r"/[\w./-]*")
_ENDS = ("until", "till", "til")
_FAMILIES = {"fs": ("fs", "disk"), "disk": ("disk", "fs")}
_ONE_ITEM = (
    "That names more than one thing, and an order is about one file system or device at a time. "
    "Say one, as in: {0} /var on web-01."
)
_WHICH = "Which alerts? Name them, as in: {0} a7, or {0} the disk alert on web-01."


def read_alert_order(sentence: Sentence) -> Interpretation | None:
    """Read an order about alerts, or return None when the sentence is none. A target is never guessed."""
    tokens = after_prefix(sentence.tokens)
    verb = _VERBS.get(tokens[0].low) if tokens else None
    if verb is None or len(tokens) < 2:
        return None
    excepts = bool({token.low for token in tokens} & _EXCEPTIONS)
    if excepts and (_numbers(sentence, tokens)[0] or _says_what(sentence, tokens)):
        return asked(Intent.ALERT, "Which alerts are excepted is not read. Name those that are meant.", ["list alerts"])
    for_min, rest = _lasting(tokens[1:], sentence.world)
    numbers, rest = _numbers(sentence, rest)
    if not for_min and (end := [token.text for token in rest if token.low in _ENDS]):
        return asked(Intent.ALERT, f"{end[0].capitalize()} what time? As in: until 18:00, or until monday 9 am.")
    severities = {_SEVERITIES[token.low] for token in rest if token.low in _SEVERITIES}
    severity = severities.pop() if len(severities) == 1 else ""
    every = bool({token.low for token in rest} & _EVERY)
    rest = tuple(token for token in rest if token.low not in _SEVERITIES and token.low not in _ALERTS)
    about = _about(sentence, rest)
    if about is None:
        return asked(Intent.ALERT, _ONE_ITEM.format(tokens[0].low), ["list alerts"])
    families, item, rest = about
    if not numbers and not families and {token.low for token in rest} <= _POINTERS | _FILLERS:
        before = _before(sentence) if {token.low for token in rest} & _POINTERS and not every else None
        if before is None and not (every or severity or severities):
            return asked(Intent.ALERT, _WHICH.format(tokens[0].low), ["list alerts"])
        numbers, selector = before or ((), "")
        phrase = TargetPhrase(selector=selector)
    else:
        phrase = take_targets(sentence, rest, fillers=_FILLERS, pointers=frozenset({"there"}))
    if phrase.unknown or phrase.absent:
        return _unclear(phrase)
    if for_min < 0:
        return asked(Intent.ALERT, "That time has passed. Until when? As in: until 18:00, or until tomorrow 9 am.")
    if verb is AlertVerb.SILENCE and not for_min:
        return asked(Intent.ALERT, "A silence must end. Until when? As in: for 2 hours, or until 18:00.")
    if for_min > LONGEST_S / 60:
        return asked(Intent.ALERT, "A silence lasts 90 days at most. Until when?")
    return understood(
        AlertOrder(
            verb=verb, numbers=numbers, families=families, item=item, severity=severity, selector=phrase.selector,
            for_min=for_min if verb is AlertVerb.SILENCE else 0,
        ), phrase.notes,
    )  # fmt: skip


def _says_what(sentence: Sentence, tokens: Sequence[Token]) -> bool:
    """Return whether alerts are chosen by more than their targets."""
    return take_metrics(tokens, sentence.words) is not None or bool({token.low for token in tokens} & set(_SEVERITIES))


def _unclear(phrase: TargetPhrase) -> Interpretation:
    said = ", ".join(repr(word) for word in dict.fromkeys((*phrase.unknown, *phrase.absent)))
    near = f" Known and alike: {', '.join(phrase.near)}." if phrase.near else ""
    return Interpretation(
        intent=Intent.ALERT, question=f"I do not know {said}, and I do not guess which alerts are meant.{near}",
        unknown=tuple(dict.fromkeys(phrase.unknown)), alternatives=phrase.near_lines or ("list alerts",),
    )  # fmt: skip


def _before(sentence: Sentence) -> tuple[tuple[int, ...], str] | None:
    """Return (numbers, selector) of the alerts that were last spoken of."""
    last = next(iter(sentence.memory.recent(sentence.world.now)), None)
    if isinstance(last, ExplainQuestion) and last.kind == "alert":
        return (last.number,), ""
    if isinstance(last, AlertQuestion) and last.selector and not last.window:
        return (), last.selector
    return None


def _numbers(sentence: Sentence, tokens: Sequence[Token]) -> tuple[tuple[int, ...], tuple[Token, ...]]:
    """Return (numbers of alerts, the other tokens): "a7", "alert 7", "a7 and a8"."""
    found: list[int] = []
    rest: list[Token] = []
    for at, token in enumerate(tokens):
        match = _NUMBERED.fullmatch(token.low)
        before = tokens[at - 1].low if at else ""
        if match and token.low not in sentence.words.names:
            found.append(int(match[1]))
        elif before in ("alert", "alerts") and re.fullmatch(r"#?\d{1,15}", token.low):
            found.append(int(token.low.lstrip("#")))
        else:
            rest.append(token)
    kept = [token for token in rest if not (found and token.low == ",")]
    return tuple(dict.fromkeys(found)), tuple(kept)


def _about(sentence: Sentence, tokens: Sequence[Token]) -> tuple[tuple[str, ...], str, tuple[Token, ...]] | None:
    """Return (first words of metrics, the item, the other tokens); None when it is about several items or parts."""
    paths = {token.text for token in tokens if _PATH.fullmatch(token.text)}
    rest = tuple(token for token in tokens if token.text not in paths)
    named = take_metrics(rest, sentence.words)
    families, items = _families(named[0]) if named is not None else ((), set[str]())
    items |= paths
    if len(items) > 1 or (paths and not set(families) <= set(_FAMILIES["fs"])):
        return None
    return (
        families or (_FAMILIES["fs"] if paths else ()),
        next(iter(items), ""),
        named[1] if named is not None else rest,
    )


def _families(patterns: Sequence[str]) -> tuple[tuple[str, ...], set[str]]:
    """Return (first words of metrics, the items) of what was named: of "disk" all that is about disks."""
    names = [pattern.partition("[")[0].partition(".")[0] for pattern in patterns]
    items = {pattern.partition("[")[2].rstrip("]") for pattern in patterns} - {""}
    families = dict.fromkeys(family for name in names for family in _FAMILIES.get(name, (name,)))
    return tuple(families), items


def _lasting(tokens: Sequence[Token], world: World) -> tuple[int, tuple[Token, ...]]:
    """Return (minutes that it lasts, 0 for none said and below 0 for an end that has passed, the other tokens)."""
    said = [token.low for token in tokens]
    for at, word in enumerate(said):
        if word not in _ENDS:
            continue
        found = _until(said[at + 1 :], world)
        if found is not None:
            used, end = found
            return math.ceil((end - world.now) / 60) or -1, without(tokens, at, used + 1)
    place = next((at for at, word in enumerate(said) if word in ("for", "next")), -1)
    length = said[place + 1] if 0 <= place < len(said) - 1 else ""
    if re.fullmatch(r"(?:\d{1,5}(?:m|min|h|d|w))+", length):
        return math.ceil(parse_duration(length) / 60), without(tokens, place, 2)
    if place >= 0:
        ahead, rest = take_ahead(tokens[place:], world)
        if ahead:
            return math.ceil(ahead / 60), (*tokens[:place], *rest)
    return 0, tuple(tokens)


def _until(said: Sequence[str], world: World) -> tuple[int, float] | None:
    """Read "6 pm", "tomorrow 9 am", "18:00 on friday", "monday at 8:00": the next such time. A day alone is none.

    Of today it may have passed.
    """
    day, skip = _day(said, world)
    skip += said[skip : skip + 1] == ["at"]
    clock = clock_seconds(said[skip:])
    if clock is None:
        return None
    used = skip + clock[0]
    if day is None:
        behind = said[used:]
        lead = int(behind[:1] == ["on"])
        day, more = _day(behind[lead:], world)
        used += lead + more if day is not None else 0
    days, comes_again_after = day or (0, 1)
    end = wall_day(world, days, seconds=clock[1])
    return used, end if end > world.now else wall_day(world, days + comes_again_after, seconds=clock[1])


def _day(said: Sequence[str], world: World) -> tuple[tuple[int, int] | None, int]:
    """Return ((days from today to the day that is named first, days until it comes again), None for none; words used).

    Today and tomorrow come once: 0.
    """
    word = said[0] if said else ""
    if word in ("today", "tomorrow"):
        return (int(word == "tomorrow"), 0), 1
    if word in DAYS:
        return ((DAYS.index(word) - weekday(world)) % 7, 7), 1
    return None, 0
