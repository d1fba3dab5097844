"""Questions about measured values: one series over time, or the largest of many."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.metric_words import METRIC_FILLERS, take_metrics, take_statistic, unit_of
from opsterm.assistant.queries import MetricQuestion, RankingQuestion, RunRequest
from opsterm.assistant.query_words import Statistic
from opsterm.assistant.reading import Sentence, asked, lost, take_count, take_targets, take_window, understood
from opsterm.assistant.tokens import Token, find_phrase, without
from opsterm.assistant.vocabulary import FILLERS, NOUNS, words
from opsterm.assistant.windows import NUMBERS
from opsterm.inventory.target import LOCALHOST

_POINTERS = frozenset({"there", "its", "their"})
_FILLERS = (FILLERS | METRIC_FILLERS) - {"run", "runs", "tomorrow"}
_SUPERLATIVES = {
    **dict.fromkeys(
        ("highest", "most", "largest", "biggest", "top", "heaviest", "worst", "greatest", "maximum"), False
    ),
    **dict.fromkeys(("lowest", "least", "smallest", "fewest", "bottom", "minimum"), True),
}
_DIRECT = {"fullest": ("fs.used_percent", False), "emptiest": ("fs.used_percent", True),
"busiest": ("cpu.used_percent", False),
           "idlest": ("cpu.used_percent", True)}  # fmt: skip
_ABOVE = (
    "more than",
    "greater than",
    "higher than",
    "larger than",
    "bigger than",
    "at least",
    "over",
    "above",
    "exceeding",
    "exceeds",
    "exceed",
    "beyond",
    "fuller than",
    ">=",
    ">",
)
_BELOW = ("less than", "lower than", "smaller than", "fewer than", "at most", "under", "below", "<=", "<")
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(%|percent|b|kb|mb|gb|tb|kib|mib|gib|tib|h|d|m|s)?")
_SIZES = {
    "b": 1.0,
    "kb": 1e3,
    "mb": 1e6,
    "gb": 1e9,
    "tb": 1e12,
    "kib": 2.0**10,
    "mib": 2.0**20,
    "gib": 2.0**30,
    "tib": 2.0**40,
}
_SPANS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
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
_RANKING_FILLERS = _FILLERS | words("which is using uses users user consumers with than value values have has")
_PROCESSES = (
    "top processes",
    "which process",
    "what process",
    "which processes",
    "what is using",
    "what uses",
    "who is using",
)
DEFAULT_LIMIT = 10


def read_ranking(sentence: Sentence) -> Interpretation | None:
    """Read "which file system is fullest?", "top 5 hosts by load", "file systems over 85 %"."""
    if sentence.has(*_PROCESSES):
        looking = RunRequest(selector=LOCALHOST, command="ps -eo pid,user,%cpu,%mem,comm --sort=-%cpu")
        return asked(Intent.METRIC, "Single processes are not measured; a command can look.", [looking.line])
    above, below, tokens = _take_bounds(take_count(sentence.tokens)[1])
    tokens = _fullest_asked(sentence, tokens)
    if NOUNS & set(sentence.lows):
        tokens = tuple(token for token in tokens if token.low not in ("their", "its"))  # of the hosts just named
    direct = next((token for token in tokens if token.low in _DIRECT), None)
    smallest, superlative, tokens = _take_superlative(tokens)
    limit, tokens = _take_limit(tokens, in_words=superlative)
    metrics: tuple[str, ...]
    if direct is not None:
        metric, smallest = _DIRECT[direct.low]
        named = take_metrics([token for token in tokens if token is not direct], sentence.words)
        tokens = named[1] if named else tuple(token for token in tokens if token is not direct)
        metrics = tuple(p for p in (named[0] if named else ()) if p.startswith("fs.")) or (metric,)
    else:
        which = any(token.low in NOUNS | {"which", "who"} for token in sentence.tokens) or limit is not None
        which = which or sentence.lows[0] in _SUPERLATIVES
        if not (above is not None or below is not None or (superlative and which)):
            return None
        named = take_metrics(tokens, sentence.words)
        if named is None or len(named[0]) != 1:
            return None
        metrics, tokens = named
    if limit is None and superlative and _one_is_asked(sentence):
        limit = 5
    phrase = take_targets(sentence, tokens, fillers=_RANKING_FILLERS, pointers=_POINTERS)
    fitted = _fitted(metrics[0], above, below)
    if fitted is None:
        return None
    metric, above, below = fitted
    metrics = (metric,)
    question = RankingQuestion(
        metric=metrics[0], selector=phrase.selector, limit=limit or (5 if direct else DEFAULT_LIMIT),
        smallest=smallest or (below is not None and above is None), above=_bound(above, metrics[0]),
        below=_bound(below, metrics[0]), inclusive=sentence.has("at least", "at most", ">=", "<="),
    )  # fmt: skip
    if phrase.unknown:
        return lost(Intent.METRIC, phrase, [question])
    return understood(question, phrase.notes)


def _fullest_asked(sentence: Sentence, tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the tokens, with "nearly full", "running out of space" and "which … are full" put as "fullest"."""
    at, length, _ = find_phrase(tokens, _NEARLY_FULL)
    if at < 0 and set(sentence.lows[:2]) & {"which", "what", "any", "anything"}:
        at, length = next((n for n, token in enumerate(tokens) if token.low in ("full", "filled")), -1), 1
    if at < 0 or sentence.has("memory", "ram", "swap", "inodes", "inode", "what do", "what should", "what to"):
        return tuple(tokens)
    fullest = replace(tokens[at], text="fullest", low="fullest")
    return (*tokens[:at], fullest, *tokens[at + length :])


def _one_is_asked(sentence: Sentence) -> bool:
    return sentence.lows[:1] in (("which",), ("what",), ("who",))


def _take_superlative(tokens: Sequence[Token]) -> tuple[bool, bool, tuple[Token, ...]]:
    for at, token in enumerate(tokens):
        if token.low in _SUPERLATIVES:
            return _SUPERLATIVES[token.low], True, without(tokens, at, 1)
    return False, False, tuple(tokens)


def _take_limit(tokens: Sequence[Token], *, in_words: bool) -> tuple[int | None, tuple[Token, ...]]:
    for at, token in enumerate(tokens):
        if in_words and NUMBERS.get(token.low, 0) > 1:
            return NUMBERS[token.low], without(tokens, at, 1)
        if token.low.isdecimal() and 0 < int(token.low[:6]) <= 1000 and len(token.low) <= 4:
            return int(token.low), without(tokens, at, 1)
    return None, tuple(tokens)


_Bound = tuple[float, str]


def _take_bounds(tokens: Sequence[Token]) -> tuple[_Bound | None, _Bound | None, tuple[Token, ...]]:
    """Take "over 85 %" and "less than 10 GB"; "over the last hour" is no bound."""
    bounds: list[_Bound | None] = []
    rest = tuple(tokens)
    between = _take_between(rest)
    if between is not None:
        return between
    for phrases in (_ABOVE, _BELOW):
        bound: _Bound | None = None
        for phrase in phrases:
            at, length, _ = find_phrase(rest, (phrase,))
            if at < 0 or at + length >= len(rest):
                continue
            amount = _AMOUNT.fullmatch(rest[at + length].low)
            if not amount:
                continue
            used, unit = length + 1, amount[2] or ""
            if unit in _SPANS and phrase == "over":
                continue  # "over 2h" is a stretch of time
            behind = rest[at + used].low if at + used < len(rest) else ""
            if not unit and behind in ("%", "percent", *_SIZES):
                unit, used = behind, used + 1
            bound = (float(amount[1]), unit)
            rest = without(rest, at, used)
            break
        bounds.append(bound)
    return bounds[0], bounds[1], rest


def _take_between(tokens: tuple[Token, ...]) -> tuple[_Bound, _Bound, tuple[Token, ...]] | None:
    """Take "between 70 and 80 percent": only with a unit, since hours are said like that too."""
    at, _, _ = find_phrase(tokens, ("between",))
    if at < 0 or at + 3 >= len(tokens) or tokens[at + 2].low != "and":
        return None
    low, high = _AMOUNT.fullmatch(tokens[at + 1].low), _AMOUNT.fullmatch(tokens[at + 3].low)
    if not low or not high:
        return None
    used, unit = 4, high[2] or ""
    if not unit and at + 4 < len(tokens) and tokens[at + 4].low in ("%", "percent", *_SIZES):
        used, unit = 5, tokens[at + 4].low
    if not unit or unit in _SPANS:
        return None
    return (float(low[1]), unit), (float(high[1]), unit), without(tokens, at, used)


_OTHER_UNIT = {
    "memory.used_percent": "memory.used_bytes", "swap.used_percent": "swap.used_bytes",
    "fs.used_percent": "fs.used_bytes",
    "memory.used_bytes": "memory.used_percent", "swap.used_bytes": "swap.used_percent",
}  # fmt: skip
_FREE = {"fs.free_bytes": "fs.used_percent", "memory.available_bytes": "memory.used_percent"}


def _fitted(metric: str, above: _Bound | None, below: _Bound | None) -> tuple[str, _Bound | None, _Bound | None] | None:
    """Return a metric whose unit is that of the bounds, None when there is none: 4 GB are no per cent.

    "Less than 10 % free" becomes "more than 90 % used".
    """
    units = {bound[1] for bound in (above, below) if bound is not None and bound[1]}
    name, bracket, item = metric.partition("[")
    measured = unit_of(metric)
    percent = units <= {"%", "percent"}
    if not units or (measured == "%" and percent) or (measured in ("B", "B/s") and units <= set(_SIZES)):
        return metric, above, below
    if measured == "s" and units <= set(_SPANS):
        return metric, above, below
    if percent and name in _FREE:
        return _FREE[name] + bracket + item, _complement(below), _complement(above)
    other = _OTHER_UNIT.get(name, "")
    fits = other and (unit_of(other) == "%") == percent and units <= set(_SIZES) | {"%", "percent"}
    return (other + bracket + item, above, below) if fits else None


def _complement(bound: _Bound | None) -> _Bound | None:
    return None if bound is None else (100 - bound[0], bound[1])


def _bound(bound: _Bound | None, metric: str) -> float | None:
    """Return a bound in the metric's unit."""
    if bound is None:
        return None
    number, unit = bound
    measured = unit_of(metric)
    if measured in ("B", "B/s"):
        return number * _SIZES.get(unit, 1.0)
    return number * _SPANS.get(unit, 1.0) if measured == "s" else number


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
    statistic, tokens = take_statistic(tokens)
    phrase = take_targets(sentence, tokens, fillers=_FILLERS, pointers=_POINTERS)
    question = MetricQuestion(
        metrics=metrics,
        selector=phrase.selector if phrase.says_something else LOCALHOST,
        window=window,
        statistic=statistic if window else Statistic.ALL,
    )
    if phrase.unknown:
        return lost(Intent.METRIC, phrase, [question] if phrase.says_something else [])
    notes = list(phrase.notes)
    if not phrase.says_something:
        notes.append(f"No target was named, so it is {LOCALHOST}.")
    if statistic is not Statistic.ALL and window is None:
        notes.append("No stretch of time was named, so it is the newest value.")
    return understood(question, notes)
