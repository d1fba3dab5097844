"""Questions about what comes: "when will the disks on db-1 fill?", "will web-01 cope until friday?"."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from opsterm.assistant.errands import Errand
from opsterm.assistant.forecast_question import COPES, DISKS, ForecastQuestion
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.metric_words import METRIC_FILLERS, take_metrics
from opsterm.assistant.reading import Sentence, asked, take_targets, understood
from opsterm.assistant.times_ahead import take_ahead
from opsterm.assistant.tokens import Token, find_phrase, tokenize, without
from opsterm.assistant.vocabulary import FILLERS, words
from opsterm.assistant.world import Vocabulary, World
from opsterm.monitoring.metrics import metrics_named
from opsterm.monitoring.outlook import LONGEST_S, limit_of

_SOONER = (
    "when will", "when does", "when do", "when is", "when are", "when would", "when shall", "how long until",
    "how long till", "how long before", "how long does", "how long do", "how long will", "how many days until",
    "how many days till", "how many days before", "how soon", "will", "going to", "gonna", "about to",
    "at this rate", "at the current rate", "at the present rate", "if it goes on", "if this goes on",
)  # fmt: skip
_FORECAST = (
    "forecast", "forecasts", "predict", "prediction", "predicted", "projection", "projected", "project", "extrapolate",
    "eta", "expected", "expect", "capacity planning",
)  # fmt: skip
_FULL = (
    "run out of disk space", "runs out of disk space", "running out of disk space", "run out of disk",
    "runs out of disk", "running out of disk", "run out of space", "runs out of space", "running out of space",
    "run out of room", "runs out of room", "run out of", "runs out of", "running out of", "run out", "runs out",
    "running out", "be filled up", "be filled", "filled up", "filling up", "fill up", "fills up", "fill", "fills",
    "filling", "be full", "are full", "is full", "get full", "gets full", "run full", "runs full", "become full",
    "hit 100%", "hit 100 %", "hits 100%", "reach 100%", "reach 100 %", "reaches 100%", "be exhausted",
    "exhausted", "exhaustion", "full", "overflow", "last",
)  # fmt: skip
_COPE = ("cope", "survive", "be ok", "be okay", "be fine", "be alright", "hold out", "hold up", "make it", "stand up")
_ROOM = ("headroom", "head room", "capacity")
_FILLERS = FILLERS | METRIC_FILLERS | words(
    "first soon next expected more be long before until till when there then days day if goes like way pace rate "
    "current same still up out ever run runs hold keep keeps have some anything any eventually likely actually really "
    "probably think going gonna will"
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z][\w.-]*\d[\w.-]*|[A-Za-z]\w*-[\w-]+")
_PATH = re.compile(r"/[\w./-]*")
_POINTERS = frozenset({"there", "it", "its", "they", "their"})
_NOT_THESE = ("will you", "would you", "when did", "when was", "when were", "how to", "what to do", "what should")


def read_forecast(sentence: Sentence) -> Interpretation | None:
    """Read a question for what comes; None for anything else, also where words of it are not understood."""
    if sentence.has(*_NOT_THESE) or not sentence.tokens:
        return None
    within_s, tokens = take_ahead(sentence.tokens, sentence.world)
    looks, tokens = _dropped(tokens, _FORECAST)
    copes, tokens = _dropped(tokens, _COPE)
    room, tokens = _dropped(tokens, _ROOM)
    fills, tokens = _dropped(tokens, _FULL)
    sooner, tokens = _dropped(tokens, _SOONER)
    named = take_metrics(tokens, sentence.words)
    first = bool(fills) and "first" in sentence.lows
    about = looks or copes or fills or (room and bool(within_s or sooner))
    if not about or not (within_s or looks or sooner or first) or (copes and not sooner):
        return None
    if named is None and not (fills or copes or room):
        return None
    if named is None and not copes:
        items = [token.text for token in tokens if _PATH.fullmatch(token.text)]
        metrics = tuple(f"{DISKS}[{item}]" for item in items) or (DISKS,)
        tokens = tuple(token for token in tokens if token.text not in items)
    else:
        metrics, tokens = named if named is not None else (COPES, tokens)
    phrase = take_targets(sentence, tokens, fillers=_FILLERS, pointers=_POINTERS)
    if phrase.unknown:
        strangers = [word for word in phrase.unknown if _is_name(word, sentence.tokens)]
        if not strangers:
            return None
        near = f" Known and alike: {', '.join(phrase.near)}." if phrase.near else ""
        said = ", ".join(repr(word) for word in strangers)
        return asked(Intent.CAPACITY, f"I do not know {said}, so nothing is forecast.{near}", phrase.near_lines)
    return _question(tuple(dict.fromkeys(map(_in_percent, metrics))), phrase.selector, within_s, phrase.notes,
                     named=named is not None or copes)  # fmt: skip


def loosely_ahead(wish: Errand, world: World) -> ForecastQuestion:
    """Return the question that a wish about the future is answered with, where its words were not all understood."""
    within_s, tokens = take_ahead(tokenize(wish.words), world)
    named = take_metrics(tokens, Vocabulary())
    metrics = [one for one in map(_in_percent, named[0] if named else ()) if _can_be(one)]
    return ForecastQuestion(
        metrics=tuple(dict.fromkeys(metrics)) or (DISKS,), selector=wish.selector, within_h=_hours(within_s)
    )


def _question(
    metrics: tuple[str, ...], selector: str, within_s: float, notes: Sequence[str], *, named: bool
) -> Interpretation:
    cannot = [metric for metric in metrics if not _can_be(metric)]
    if cannot:
        return asked(
            Intent.CAPACITY, f"{cannot[0]} has no value at which it is full, so nothing is forecast of it.",
            [ForecastQuestion(metrics=COPES, selector=selector).line],
        )  # fmt: skip
    said = list(notes)
    if not named:
        said.append("Nothing else was named, so it is the space of file systems.")
    return understood(ForecastQuestion(metrics=metrics, selector=selector, within_h=_hours(within_s)), said)


def _dropped(tokens: Sequence[Token], phrases: Sequence[str]) -> tuple[bool, tuple[Token, ...]]:
    """Return (whether one of some phrases is there, the tokens without all of them)."""
    found, rest = False, tuple(tokens)
    while True:
        at, length, _ = find_phrase(rest, phrases)
        if at < 0:
            return found, rest
        found, rest = True, without(rest, at, length)


def _hours(within_s: float) -> int:
    return min(math.ceil(within_s / 3600), int(LONGEST_S / 3600)) if within_s else 0


def _can_be(pattern: str) -> bool:
    named = metrics_named(pattern)
    return bool(named) and all(limit_of(metric.name) for metric in named)


def _in_percent(pattern: str) -> str:
    """Return the pattern of the part that is used, where what is left was named."""
    name, bracket, item = pattern.partition("[")
    used = {"fs.free_bytes": DISKS, "fs.used_bytes": DISKS, "memory.available_bytes": "memory.used_percent",
            "memory.used_bytes": "memory.used_percent", "swap.used_bytes": "swap.used_percent"}  # fmt: skip
    return used.get(name, name) + bracket + item


def _is_name(word: str, tokens: Sequence[Token]) -> bool:
    """Return whether an unknown word stands where the name of a target does, or looks like one."""
    places = [at for at, token in enumerate(tokens) if token.text == word]
    behind = any(at and tokens[at - 1].low in ("on", "of", "host", "server", "target", "machine") for at in places)
    return behind or _NAME.fullmatch(word) is not None
