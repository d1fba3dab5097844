"""Questions about measured values: one series over time, or the largest of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from opsterm.assistant.bounds import Bounds, fitted, in_unit_of, take_bounds
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.metric_words import METRIC_FILLERS, take_metrics, take_statistic, without_trend
from opsterm.assistant.queries import MetricQuestion, RankingQuestion, RunRequest
from opsterm.assistant.query_words import MetricBound, Statistic
from opsterm.assistant.reading import (
    Sentence,
    asked,
    lost,
    take_count,
    take_grouping,
    take_targets,
    take_window,
    understood,
)
from opsterm.assistant.superlatives import (
    DIRECT,
    SEVERAL,
    SUPERLATIVES,
    Superlative,
    one_is_asked,
    take_limit,
    take_superlatives,
)
from opsterm.assistant.tokens import Token, find_phrase, without
from opsterm.assistant.vocabulary import FILLERS, NOUNS, words
from opsterm.inventory.target import LOCALHOST

_POINTERS = frozenset({"there", "its", "their"})
_FILLERS = (FILLERS | METRIC_FILLERS) - {"run", "runs", "tomorrow"}
_NEARLY_FULL = (
    *(
        f"{how} {full}"
        for full in ("filled up", "filled", "full")
        for how in ("nearly", "almost", "close to being", "close to", "about to be", "getting", "mostly", "too", "very",
                    "near", "going to be", "quite")
    ),
    "running out of disk space", "running out of disk", "running out of space", "running out of room",
    "running low on disk space", "running low on space", "low on disk space", "low on space", "short of space",
    "short on space", "about to fill up", "filling up", "fills up", "running full", "by how full they are",
    "by how full",
)  # fmt: skip
_RANKING_FILLERS = _FILLERS | words(
    "which is using uses users user consumers consumer with than value values have has among amongst across "
    "within sit sits "
    "sitting showing shows standing stands running at capacity share worth gets get getting"
)
_SPARE = ("free", "left", "available", "remaining", "spare")
_FREE = ("fs.free_bytes", "memory.available_bytes")
_PROCESSES = (
    "top processes",
    "which process",
    "what process",
    "which processes",
    "what is using",
    "what uses",
)
DEFAULT_LIMIT = 10
BOUNDED_LIMIT = 100


def read_ranking(sentence: Sentence) -> Interpretation | None:
    """Read "which file system is fullest?", "top 5 hosts by load", "file systems over 85 %"."""
    if sentence.has(*_PROCESSES):
        looking = RunRequest(selector=LOCALHOST, command="ps -eo pid,user,%cpu,%mem,comm --sort=-%cpu")
        return asked(Intent.METRIC, "Single processes are not measured; a command can look.", [looking.line])
    if _of_each(sentence):
        return asked(Intent.METRIC, "Values are not put together by site, group or the like. Name the targets instead.")
    both = _two_bounds(sentence)
    if both is not None:
        return both
    bounds, tokens = take_bounds(_of_now(sentence, take_count(sentence.tokens)[1]))
    tokens = _fullest_asked(sentence, tokens)
    if NOUNS & set(sentence.lows):
        tokens = tuple(token for token in tokens if token.low not in ("their", "its"))  # of the hosts just named
    said, tokens = take_superlatives(tokens)
    direct = next((DIRECT[token.low] for token in tokens if token.low in DIRECT), None)
    tokens = tuple(token for token in tokens if token.low not in DIRECT)
    superlative = said.smallest is not None or direct is not None
    limit, tokens = take_limit(tokens, in_words=superlative)
    which = any(token.low in NOUNS | {"which", "who"} for token in sentence.tokens) or limit is not None
    which = which or direct is not None or sentence.lows[0] in SUPERLATIVES
    if said.contrary or not (bounds.given or (superlative and which)):
        return None
    named = _measured(sentence, tokens, bounds, direct)
    found = fitted(named[0], bounds) if named is not None else None
    if named is None or found is None:
        return None
    metric, bounds = found
    phrase = take_targets(sentence, named[1], fillers=_RANKING_FILLERS, pointers=_POINTERS)
    if limit is None and superlative and not bounds.given:
        limit = _limit_meant(sentence)
    question = RankingQuestion(
        metric=metric, selector=phrase.selector, limit=limit or _unsaid_limit(bounds, direct),
        smallest=_smallest(said, direct, metric, bounds), above=in_unit_of(metric, bounds.above),
        below=in_unit_of(metric, bounds.below), inclusive=bounds.inclusive,
    )  # fmt: skip
    if phrase.unknown:
        return lost(Intent.METRIC, phrase, [question])
    return understood(question, [*named[2], *phrase.notes])


def _two_bounds(sentence: Sentence) -> Interpretation | None:
    """Read "boxes with cpu above 40% and memory below 50%": the second bound is a condition on the same targets."""
    for at in range(len(sentence.tokens) - 2, 1, -1):
        if sentence.tokens[at].low not in ("and", "but", ",", "while", "with"):
            continue
        skip = at + 1 + (sentence.tokens[at + 1].low in ("with", "whose", "but", "and"))
        bounds, behind = take_bounds(sentence.tokens[skip:])
        named = take_metrics(behind, sentence.words) if bounds.given else None
        found = fitted(named[0][0], bounds) if named is not None and len(named[0]) == 1 else None
        if named is None or found is None or not take_bounds(sentence.tokens[:at])[0].given:
            continue
        first = read_ranking(replace(sentence, tokens=(*sentence.tokens[:at], *named[1])))
        if first is None or not isinstance(first.query, RankingQuestion):
            return None
        metric, bounds = found
        also = MetricBound(
            metric=metric, above=in_unit_of(metric, bounds.above), below=in_unit_of(metric, bounds.below),
            inclusive=bounds.inclusive,
        )  # fmt: skip
        return replace(first, query=replace(first.query, also=(*first.query.also, also)))
    return None


def _limit_meant(sentence: Sentence) -> int | None:
    """Return how many a sentence without a number asks for: "which box has" one, "which hosts have" a few."""
    literal = not set(sentence.lows).isdisjoint(SUPERLATIVES | DIRECT.keys())  # "almost full" asks for all that are
    if literal and one_is_asked(sentence.tokens, sentence.words):
        return 1
    return 5 if sentence.lows[:1] in (("which",), ("what",), ("who",)) else None


def _unsaid_limit(bounds: Bounds, direct: tuple[str, bool] | None) -> int:
    """Return how many are shown where no number was said: of a bound all that fit, as far as a screen goes."""
    if bounds.given:
        return BOUNDED_LIMIT
    return 5 if direct else DEFAULT_LIMIT


def _of_each(sentence: Sentence) -> bool:
    """Return whether values of whole sites or groups are asked for: "cpu per site", "the busiest group"."""
    if take_metrics(sentence.tokens, sentence.words) is None and not DIRECT.keys() & set(sentence.lows):
        return False
    if take_grouping(sentence.tokens)[0] is not None:
        return True
    return any(
        before in {"which", "what", "each", *SUPERLATIVES, *DIRECT} and word in _WHOLES
        for before, word in pairwise(sentence.lows)
    )


_WHOLES = frozenset({"site", "group", "environment", "env", "location", "datacentre", "datacenter", "tag", "role"})


def _of_now(sentence: Sentence, tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return tokens without "at the moment": what is ranked is how it is now."""
    window, timed, rest = take_window(tokens, sentence.world)
    return rest if timed and window is None else tokens


def _smallest(said: Superlative, direct: tuple[str, bool] | None, metric: str, bounds: Bounds) -> bool:
    """Return whether the smallest come first: of what is free, the worst is the smallest."""
    if said.weak and metric.startswith(_FREE):
        return True
    if said.smallest or (direct is not None and direct[1]):
        return True
    return bounds.below is not None and bounds.above is None


def _measured(
    sentence: Sentence, tokens: tuple[Token, ...], bounds: Bounds, direct: tuple[str, bool] | None
) -> tuple[str, tuple[Token, ...], tuple[str, ...]] | None:
    """Return (metric, the other tokens, what was assumed) of what is ranked; None when it is not one thing."""
    named = take_metrics(tokens, sentence.words)
    if direct is not None:
        other = tuple(
            p for p in (named[0] if named else ()) if p.startswith("fs.") or direct[0] not in (p, "fs.used_percent")
        )
        if len(other) > 1:
            return None
        metric = other[0] if other else direct[0]
        if direct[0] == "cpu.used_percent" and metric.startswith("fs."):
            metric = metric.replace("fs.used_percent", "disk.busy_percent")
        return metric, named[1] if named else tokens, ()
    if named is not None:
        return (named[0][0], named[1], ()) if len(named[0]) == 1 else None
    for sign, metric in (("full", "fs.used_percent"), *((word, "fs.free_bytes") for word in _SPARE)):
        if bounds.measures_space and sign in sentence.lows:
            rest = tuple(token for token in tokens if token.low != sign)
            return metric, rest, (f"Nothing else was named, so {sign!r} is of file systems.",)
    return None


def _fullest_asked(sentence: Sentence, tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the tokens, with "nearly full", "running out of space" and "which … are full" put as "fullest"."""
    at, length, _ = find_phrase(tokens, _NEARLY_FULL)
    if at < 0 and set(sentence.lows[:2]) & {"which", "what", "any", "anything"}:
        at, length = next((n for n, token in enumerate(tokens) if token.low in ("full", "filled")), -1), 1
    if at < 0 or sentence.has("memory", "ram", "swap", "inodes", "inode", "what do", "what should", "what to"):
        return tuple(tokens)
    fullest = replace(tokens[at], text="fullest", low="fullest")
    return (*tokens[:at], fullest, *tokens[at + length :])


def _uptime_asked(sentence: Sentence) -> tuple[Token, ...]:
    """Return the tokens, with "how long has … been up" put as a question for the uptime."""
    at, length, _ = find_phrase(sentence.tokens, ("how long has", "how long have", "how long is"))
    if at < 0 or "up" not in sentence.lows:
        return sentence.tokens
    first = sentence.tokens[at]
    rest = tuple(token for token in without(sentence.tokens, at, length) if token.low != "up")
    return (Token("uptime", "uptime", first.start, first.end), *rest)


def read_metric(sentence: Sentence) -> Interpretation | None:
    """Read "memory on localhost over the last hour", "cpu now", "peak load yesterday on web-01"."""
    window, _, tokens = take_window(_uptime_asked(sentence), sentence.world)
    named = take_metrics(tokens, sentence.words)
    if named is None:
        return None
    metrics, tokens = named
    statistic, tokens = take_statistic(without_trend(tokens))
    phrase = take_targets(sentence, tokens, fillers=_FILLERS, pointers=_POINTERS)
    question = MetricQuestion(
        metrics=metrics,
        selector=phrase.selector if phrase.says_something else LOCALHOST,
        window=window,
        statistic=statistic if window else Statistic.ALL,
    )
    if phrase.unknown:
        return lost(Intent.METRIC, phrase, [question] if phrase.says_something else [])
    vague = sentence.has("with high", "with low", "with heavy") and window is None
    if vague or (phrase.noun and not phrase.says_something and {"low", "short", "high"} & set(sentence.lows)):
        fullest = RankingQuestion(metric=metrics[0], limit=DEFAULT_LIMIT)
        return asked(Intent.METRIC, "From which value on? Say it in numbers, as in: over 90 %.", [fullest.line])
    notes = list(phrase.notes)
    if phrase.noun and not phrase.says_something and SEVERAL & set(sentence.lows):
        question = replace(question, selector="")
        notes.append("No target was named, so it is all of them.")
    elif not phrase.says_something:
        notes.append(f"No target was named, so it is {LOCALHOST}.")
    if statistic is not Statistic.ALL and window is None:
        notes.append("No stretch of time was named, so it is the newest value.")
    return understood(question, notes)
