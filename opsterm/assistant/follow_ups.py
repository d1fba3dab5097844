"""Sentences that lean on the one before: "and the offline ones?", "what about swap?", "yesterday?"."""

from __future__ import annotations

from dataclasses import replace

from opsterm.assistant.bounds import fitted, in_unit_of, take_bounds
from opsterm.assistant.facts import fact_in
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.measures import BOUNDED_LIMIT
from opsterm.assistant.metric_words import METRIC_FILLERS, take_metrics
from opsterm.assistant.queries import (
    AlertQuestion,
    AuditQuestion,
    ChangeQuestion,
    DetailQuestion,
    FactQuestion,
    HostQuestion,
    InventoryQuestion,
    MetricQuestion,
    Query,
    RankingQuestion,
    RunRequest,
)
from opsterm.assistant.query_words import HostTopic
from opsterm.assistant.reading import (
    Sentence,
    asked,
    combined,
    lost,
    names_only,
    take_count,
    take_grouping,
    take_targets,
    take_window,
    understood,
)
from opsterm.assistant.superlatives import take_limit
from opsterm.assistant.target_phrase import TargetPhrase
from opsterm.assistant.tokens import Token
from opsterm.assistant.vocabulary import FILLERS, NOUNS, words
from opsterm.inventory.fleet import Grouping

_OPENERS = tuple(
    tuple(opener.split())
    for opener in [
        "what about",
        "how about",
        "and what about",
        "and how about",
        "and",
        "only",
        "just",
        "which ones",
        "which one",
        "now",
        "but",
        "also",
        "ones",
        "those",
        "then",
        "and then",
        "same",
        "same for",
        "same but",
        "same but for",
        "same but in",
        "same but on",
        "same thing for",
        "same thing but for",
        "same thing but",
        "same thing on",
        "same thing in",
        "same again",
        "same question but",
        "the same but",
        "the same but for",
        "the same thing for",
        "the same thing but",
        "the same in",
        "the same on",
        "now the same for",
        "now do the same for",
        "ditto for",
        "ditto but",
        "likewise for",
        "same again for",
        "same again but",
        "same on",
        "same in",
        "same question for",
        "do the same for",
        "and the same for",
        "the same for",
        "and for",
        "and only",
        "and just",
        "ok and",
        "ok now",
        "okay and",
        "ok",
        "okay",
        "what of",
        "make it",
        "make that",
        "narrow it to",
        "narrow it down to",
        "narrow that to",
        "filter to",
        "limit it to",
    ]
)
_CORRECTING = (("i", "meant"), ("i", "mean"))
_LEADS = words(
    "sorry no oops wait ah oh actually great lovely ok okay perfect thanks right good cool "
    "and now then please can could you do the so ,"
)
_AGAIN = words("same ditto likewise")
_DIVIDED = frozenset({"by", "per"})
_LISTS = frozenset(
    [
        "which",
        "which ones",
        "who are they",
        "what are they",
        "which are they",
        "list them",
        "show them",
        "name them",
        "list",
        "list these",
        "show these",
        "which ones are they",
        "which ones are those",
        "list those",
        "show those",
        "name",
        "list the names",
        "show me them",
        "who",
        "list which",
        "show me which",
    ]
)
"""What asks for the targets that were counted."""
_LEAVING_OUT = (("without",), ("not",), ("except",), ("minus",), ("excluding",), ("drop",), ("lose",), ("no",))
_THERE = words("they are there is that in all does make were")
_ALONE = words("instead please then show me for now make it try")
_STATES = words("are they is it all up down online offline reachable alive ok okay healthy now still")
_FILLERS = FILLERS | METRIC_FILLERS | frozenset({"only", "just", "ones", "again", "too", "instead"})


def opened(tokens: tuple[Token, ...]) -> tuple[Token, ...] | None:
    """Return the tokens behind the words that open a follow-up, None when nothing does."""
    said = tuple(token.low for token in tokens)
    meant = next((at for at in range(min(4, len(said) - 2)) if said[at : at + 2] in _CORRECTING), -1)
    if meant >= 0 and set(said[:meant]) <= _LEADS:
        return tokens[meant + 2 :]  # "sorry, I meant staging"
    lead = next((at for at, low in enumerate(said) if low not in _LEADS), 0)
    if lead and said[lead] in _AGAIN:  # "lovely, and now the same thing for Frankfurt"
        return opened(tokens[lead:])
    for opener in sorted(_OPENERS, key=len, reverse=True):
        if said[: len(opener)] == opener and len(said) > len(opener):
            return tokens[len(opener) :]
    if said[:1] == ("the",) and said[-1:] == ("ones",):
        return tokens
    if said in (("how", "many"), ("count",)) or said[:1] in (("by",), ("per",), ("grouped",)):
        return tokens
    return _shortened(tokens, said)


def _shortened(tokens: tuple[Token, ...], said: tuple[str, ...]) -> tuple[Token, ...] | None:
    """Return what a short sentence changes: "split that by site", "in ams?", "without the db ones", "ams only"."""
    if _DIVIDED & set(said) and {"that", "it", "this", "them"} & set(said) and len(said) <= 7:
        return tuple(token for token in tokens if token.low not in ("that", "it", "this", "them"))
    if said[:1] in (("in",), ("at",)) and 1 < len(said) <= 3:
        return tokens
    if said[:1] in _LEAVING_OUT and 1 < len(said) <= 6 and "," not in said:
        return tokens
    if 1 < len(said) <= 4 and said[-1] == "only":
        return tokens[:-1]
    if said[:2] == ("how", "many") and len(said) <= 5 and set(said[2:]) <= _THERE:
        return tokens[:2]
    return None


def read_follow_up(sentence: Sentence) -> Interpretation | None:
    """Read a sentence as a change to the question before it; None when it is none or there is nothing before it."""
    recent = sentence.memory.recent(sentence.world.now)
    rest = opened(sentence.tokens) or _only_a_time(sentence)
    rest = rest or (sentence.tokens if _asks_state(sentence) or " ".join(sentence.lows) in _LISTS else None)
    if rest is None or not recent:
        return None
    last = recent[0]
    if isinstance(last, InventoryQuestion) and last.count and " ".join(sentence.lows) in _LISTS:
        by = last.by if last.by is not Grouping.NONE else Grouping.GROUP
        return understood(replace(last, count=False, by=by), [f"It follows on: {last.line}."])
    if _asks_state(sentence):
        return _states(sentence, last)
    return _changed(sentence, last, rest)


def _states(sentence: Sentence, last: Query) -> Interpretation | None:
    before = sentence.pointed()
    if before is None:
        return None
    return understood(InventoryQuestion(selector=before, by=Grouping.GROUP), [f"It follows on: {last.line}."])


def _changed(sentence: Sentence, last: Query, rest: tuple[Token, ...]) -> Interpretation | None:
    """Return the question before with what the sentence changes of it."""
    if isinstance(last, MetricQuestion):
        return _metric(sentence, last, rest)
    if isinstance(last, AlertQuestion | ChangeQuestion | AuditQuestion) and (later := _later(sentence, last, rest)):
        return later
    if isinstance(last, FactQuestion):
        return _fact(sentence, last, rest)
    if isinstance(last, HostQuestion) and last.topic is not HostTopic.NEEDED_BY:
        return _host(sentence, last, rest)
    if isinstance(last, RunRequest):
        return _run(sentence, last, rest)
    if isinstance(last, RankingQuestion) and (ranked := _ranking(sentence, last, rest)):
        return ranked
    if isinstance(last, InventoryQuestion | AlertQuestion | RankingQuestion | DetailQuestion):
        return _targets(sentence, last, rest)
    return None


def _asks_state(sentence: Sentence) -> bool:
    """Return whether a sentence asks how what was spoken of is: "are they up?"."""
    return sentence.lows[:2] in (("are", "they"), ("is", "it")) and set(sentence.lows) <= _STATES


def _only_a_time(sentence: Sentence) -> tuple[Token, ...] | None:
    """Return the tokens when they say a stretch of time and nothing else: "yesterday?"."""
    window, _, rest = take_window(sentence.tokens, sentence.world)
    only = window is not None and {token.low for token in rest} <= _ALONE
    return tuple(token for token in sentence.tokens if token.low not in _ALONE - {"for"}) if only else None


def _later(
    sentence: Sentence, last: AlertQuestion | ChangeQuestion | AuditQuestion, tokens: tuple[Token, ...]
) -> Interpretation | None:
    """Read "and yesterday?" as the same question for another stretch of time."""
    window, timed, rest = take_window(tokens, sentence.world)
    if not timed or any(token.low not in _FILLERS for token in rest):
        return None
    return understood(replace(last, window=window), [f"It follows on: {last.line}."])


def _metric(sentence: Sentence, last: MetricQuestion, tokens: tuple[Token, ...]) -> Interpretation | None:
    bounded = _bounded(sentence, last, tokens)
    if bounded is not None:
        return bounded
    window, timed, tokens = take_window(tokens, sentence.world)
    named = take_metrics(tokens, sentence.words)
    metrics, tokens = named or (last.metrics, tokens)
    phrase = take_targets(sentence, tokens, fillers=_FILLERS)
    changed = replace(
        last,
        metrics=metrics,
        window=window if timed else last.window,
        selector=_patched(last.selector, phrase),
    )
    return _result(Intent.METRIC, changed, last, phrase)


def _bounded(
    sentence: Sentence, last: MetricQuestion | RankingQuestion, tokens: tuple[Token, ...]
) -> Interpretation | None:
    """Read "only the ones above 60%" behind measured values; None for anything else."""
    bounds, rest = take_bounds(tokens)
    metrics = last.metrics if isinstance(last, MetricQuestion) else (last.metric,)
    said = take_metrics(rest, sentence.words)
    metrics, rest = said or (metrics, rest)
    found = fitted(metrics[0], bounds) if bounds.given and len(metrics) == 1 else None
    if found is None or any(token.low not in _FILLERS | NOUNS for token in rest):
        return None
    metric, bounds = found
    changed = RankingQuestion(
        metric=metric, selector=last.selector, limit=BOUNDED_LIMIT,
        smallest=bounds.above is None, above=in_unit_of(metric, bounds.above),
        below=in_unit_of(metric, bounds.below), inclusive=bounds.inclusive,
    )  # fmt: skip
    return understood(changed, [f"It follows on: {last.line}."])


def _ranking(sentence: Sentence, last: RankingQuestion, tokens: tuple[Token, ...]) -> Interpretation | None:
    """Read "and by memory?" and "only the top 2" behind a ranking; None for anything else."""
    bounded = _bounded(sentence, last, tokens)
    if bounded is not None:
        return bounded
    said = {token.low for token in tokens}
    named = take_metrics(tokens, sentence.words)
    if named is not None and (
        len(named[0]) != 1
        or not ({"by"} & said or {"same", "ditto"} & set(sentence.lows))
        or last.above is not None
        or last.below is not None
    ):
        return None
    limit, rest = take_limit(named[1] if named is not None else tokens, in_words=True)
    if (named is None and limit is None) or any(token.low not in _FILLERS | {"top"} for token in rest):
        return None
    changed = replace(last, metric=named[0][0] if named is not None else last.metric, limit=limit or last.limit)
    return understood(changed, [f"It follows on: {last.line}."])


def _targets(
    sentence: Sentence,
    last: InventoryQuestion | AlertQuestion | RankingQuestion | DetailQuestion,
    tokens: tuple[Token, ...],
) -> Interpretation | None:
    by, tokens = take_grouping(tokens)
    count, tokens = take_count(tokens)
    phrase = take_targets(sentence, tokens, fillers=_FILLERS)
    changed: Query
    if isinstance(last, DetailQuestion):
        if not phrase.says_something or by is not None:
            return None
        changed = InventoryQuestion(selector=phrase.selector, by=Grouping.GROUP)
        if phrase.selector in sentence.words.names.values():
            changed = DetailQuestion(target=phrase.selector)
    elif isinstance(last, InventoryQuestion):
        changed = replace(
            last,
            selector=_patched(last.selector, phrase),
            count=count or last.count,
            by=by if by is not None else last.by,
        )
    elif by is not None or count:
        return None
    else:
        changed = replace(last, selector=_patched(last.selector, phrase))
    return _result(changed.intent, changed, last, phrase)


def _fact(sentence: Sentence, last: FactQuestion, tokens: tuple[Token, ...]) -> Interpretation | None:
    """Read "and web-02?" and "and the port?" behind a question for one thing."""
    fact, tokens = fact_in(tokens)
    phrase = take_targets(sentence, tokens, fillers=_FILLERS)
    changed = replace(last, fact=fact or last.fact, selector=_patched(last.selector, phrase))
    return _result(Intent.INVENTORY, changed, last, phrase)


def _host(sentence: Sentence, last: HostQuestion, tokens: tuple[Token, ...]) -> Interpretation | None:
    """Read "and web-02?" behind a question for what looks have shown."""
    phrase = take_targets(sentence, tokens, fillers=_FILLERS)
    if phrase.unknown or not phrase.says_something:
        return None  # "and the open ports?" is another question
    return _result(Intent.INVENTORY, replace(last, selector=_patched(last.selector, phrase)), last, phrase)


def _patched(before: str, phrase: TargetPhrase) -> str:
    if phrase.reference:
        return phrase.selector
    if phrase.everything and not phrase.selector:
        return ""
    if names_only(before) and {"group", "env", "site"} & set(phrase.fields):
        return phrase.selector  # "and the db servers?" behind a host that was named
    return combined(before, phrase) if phrase.selector else before


def _result(intent: Intent, changed: Query, last: Query, phrase: TargetPhrase) -> Interpretation | None:
    """Return the changed question; None when the sentence changes nothing of it, so that other readers may try."""
    if phrase.unknown:
        return lost(intent, phrase)
    if changed == last:
        return None
    return understood(changed, [*phrase.notes, f"It follows on: {last.line}."])


def _run(sentence: Sentence, last: RunRequest, tokens: tuple[Token, ...]) -> Interpretation | None:
    """Offer the same command elsewhere as a line to send; a command is never repeated by a hint alone."""
    phrase = take_targets(sentence, tokens, fillers=_FILLERS)
    if phrase.unknown or phrase.absent or not phrase.says_something:
        return None
    again = RunRequest(selector=phrase.selector, command=last.command)
    return asked(Intent.RUN_COMMAND, "Do you want the same command there? Then send the line below.", [again.line])
