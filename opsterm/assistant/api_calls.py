"""Calls of HTTP APIs: "list pets in petstore", "call petstore listPets limit=3".

A sentence is a call only when it names an API that is known and every other word of it is one of an operation's own
words or a value. What only reads is asked; what may change something is never guessed: its exact line is offered.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.queries import ApiQuestion, ApiRequest, Query
from opsterm.assistant.reading import Sentence, asked, understood
from opsterm.assistant.tokens import Token
from opsterm.assistant.vocabulary import words
from opsterm.assistant.world import World
from opsterm.inventory.apis.description import ApiDescription, Operation

_FILLERS = words(
    "the a an all any of in on at from with by for to and please can could you we i me my us our what which who are is "
    "there do does have has need want like would let's now id number named called show give tell see list get find "
    "display read fetch api apis whose where one run call invoke execute use ask request endpoint operation method "
    "query its using against"
)
_NOUNS = frozenset({"operations", "endpoints", "operation", "methods"})
_READS = frozenset({"get", "list", "show", "find", "read", "fetch", "search", "view", "info", "retrieve"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_BEFORE_NAME = frozenset({"in", "of", "from", "on", "at", "api"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NUMBER = re.compile(r"-?\d[\w.-]*")
_LINE_LIST = re.compile(r"list apis|list operations of (\S+)")
_MOST_SHOWN = 4


def read_api_line(line: str, world: World) -> Query | None:
    """Return the query of a canonical line about APIs, None when it is none. Raises ValueError for odd quotes."""
    match = _LINE_LIST.fullmatch(line)
    if match:
        return ApiQuestion(api=match[1] or "") if not match[1] or match[1] in world.apis else None
    if not line.startswith("call "):
        return None
    _, *parts = shlex.split(line)
    if len(parts) < 2 or parts[0] not in world.apis or not all("=" in part for part in parts[2:]):
        return None
    if parts[1] not in {operation.id for operation in world.apis[parts[0]].operations}:
        return None
    pairs = tuple((name, value) for name, _, value in (part.partition("=") for part in parts[2:]))
    return ApiRequest(api=parts[0], operation=parts[1], words=pairs)


@dataclass(frozen=True, slots=True)
class _Fit:
    """An operation that a sentence could mean."""

    operation: Operation
    pairs: tuple[tuple[str, str], ...]
    spare: int


def read_api(sentence: Sentence) -> Interpretation | None:
    """Read a call of an API, or a question for the APIs; None for a sentence that speaks of none."""
    apis = sentence.world.apis
    if not apis:
        return None
    said = sentence.lows
    if "apis" in said and not {word for word in said if word} - _FILLERS - {"known", "know"}:
        return understood(ApiQuestion())
    at = _place_of_name(sentence)
    if at < 0:
        return None
    api = next(name for name in apis if name.lower() == sentence.tokens[at].low)
    rest = [*sentence.tokens[:at], *sentence.tokens[at + 1 :]]
    content = [token for token in rest if not (token.low and token.low in _FILLERS)]
    named = _named(apis[api], rest, content)
    if said[:1] == ("call",) and named is None:
        return _strict(sentence, api, rest[1:])
    if content and {token.low for token in content} <= _NOUNS:
        return understood(ApiQuestion(api=api))
    fits = [named] if named else _fits(apis[api], rest, content) if content else []
    return _chosen(api, fits) if fits else None


def _named(description: ApiDescription, rest: Sequence[Token], content: Sequence[Token]) -> _Fit | None:
    """Return the operation that a sentence names as the description does, by its id or by method and path, with values.

    None when a word is left that is neither, or when the method that is said is another one.
    """
    methods = {token.text for token in rest if token.text in _METHODS}
    words_left = [token for token in content if token.text not in _METHODS]
    for operation in description.operations:
        by_id = [token for token in words_left if not token.quote and token.low == operation.id.lower()]
        by_path = [token for token in words_left if not token.quote and token.text == operation.path]
        if not (by_id or (by_path and methods)) or (methods and methods != {operation.method}):
            continue
        pairs = _values(operation, [token for token in words_left if token not in by_id and token not in by_path])
        if pairs is not None:
            return _Fit(operation, pairs, 0)
    return None


def _values(operation: Operation, tokens: Sequence[Token]) -> tuple[tuple[str, str], ...] | None:
    """Return values by name: "limit=3", "limit 3", or in order for those that are needed; None for other words."""
    names = {parameter.name.lower(): parameter.name for parameter in operation.parameters}
    pairs: list[tuple[str, str]] = []
    loose: list[str] = []
    left = list(tokens)
    while left:
        token = left.pop(0)
        pair = _pair(token.text) if not token.quote else None
        if pair is not None and pair[0].lower() in names:
            pairs.append((names[pair[0].lower()], pair[1]))
        elif token.low in names and left:
            pairs.append((names[token.low], left.pop(0).text))
        elif token.quote or _NUMBER.fullmatch(token.text):
            loose.append(token.text)
        else:
            return None
    open_ones = [p.name for p in operation.parameters if p.required and p.name not in dict(pairs)]
    return (*pairs, *zip(open_ones, loose, strict=False)) if len(loose) <= len(open_ones) else None


def _place_of_name(sentence: Sentence) -> int:
    """Return where an API is named, -1 for nowhere: of several places, the last one if it is said to be the place."""
    names = {name.lower() for name in sentence.world.apis}
    places = [at for at, token in enumerate(sentence.tokens) if token.low in names]
    if len(places) == 1 or (places and sentence.lows[places[-1] - 1] in _BEFORE_NAME):
        return places[-1]
    return -1


def _strict(sentence: Sentence, api: str, rest: Sequence[Token]) -> Interpretation:
    """Read "call petstore listPets limit=3", its name in other capitals or not there at all."""
    apis = sentence.world.apis
    names = {one.id.lower(): one for one in apis[api].operations}
    pairs = [_pair(token.text) for token in rest[1:]]
    if not rest or rest[0].low not in names or None in pairs:
        near = _near(names, rest[0].low) if rest else list(names)[:_MOST_SHOWN]
        return asked(
            Intent.RUN_COMMAND,
            f"{rest[0].text!r} is no operation of {api}." if rest and rest[0].low not in names
            else f"Which operation of {api}, and with which values? As in: call {api} OPERATION name=value",
            [*(ApiRequest(api=api, operation=names[name].id).line for name in near), ApiQuestion(api=api).line],
        )  # fmt: skip
    given = tuple(pair for pair in pairs if pair is not None)
    return understood(ApiRequest(api=api, operation=names[rest[0].low].id, words=given))


def _near(names: Mapping[str, Operation], word: str) -> list[str]:
    import difflib  # noqa: PLC0415 (only for a name that is not known)

    return difflib.get_close_matches(word, list(names), n=_MOST_SHOWN - 1, cutoff=0.5)


def _pair(text: str) -> tuple[str, str] | None:
    name, sign, value = text.partition("=")
    return (name, value) if sign and name else None


def _chosen(api: str, fits: Sequence[_Fit]) -> Interpretation:
    least = min(fit.spare for fit in fits)
    best = [fit for fit in fits if fit.spare == least]
    lines = [ApiRequest(api=api, operation=fit.operation.id, words=fit.pairs).line for fit in best]
    if len(best) > 1:
        return asked(Intent.RUN_COMMAND, f"{len(best)} operations of {api} fit. Which is meant?", lines[:_MOST_SHOWN])
    (fit,) = best
    missing = [p.name for p in fit.operation.parameters if p.required and p.name not in dict(fit.pairs)]
    if missing:
        return asked(
            Intent.RUN_COMMAND, f"{fit.operation.id} of {api} needs {', '.join(missing)}.",
            [f"{lines[0]} {' '.join(f'{name}=…' for name in missing)}"],
        )  # fmt: skip
    if not fit.operation.only_reads:
        return asked(
            Intent.RUN_COMMAND,
            f"{fit.operation.id} may change something, and I do not guess it. Send the line below to propose it.",
            lines,
        )
    return understood(ApiRequest(api=api, operation=fit.operation.id, words=fit.pairs))


def _fits(description: ApiDescription, rest: Sequence[Token], content: Sequence[Token]) -> list[_Fit]:
    """Return the operations of which every word of the sentence is a word, or a value."""
    made = []
    one = any(token.low == "one" or _NUMBER.fullmatch(token.text) for token in content)
    verbs = {token.low for token in rest} & _READS
    for operation in description.operations:
        own = _words_of(operation)
        pairs: list[tuple[str, str]] = []
        loose: list[str] = []
        left = list(content)
        used: set[str] = set()
        names = {parameter.name.lower(): parameter.name for parameter in operation.parameters}
        while left:
            token = left.pop(0)
            pair = _pair(token.text) if not token.quote else None
            if pair is not None and pair[0].lower() in names:
                pairs.append((names[pair[0].lower()], pair[1]))
            elif token.low in names and left and token.low not in own:
                pairs.append((names[token.low], left.pop(0).text))
            elif token.low and _stem(token.low) in own:
                used.add(_stem(token.low))
            elif token.quote or _NUMBER.fullmatch(token.text):
                loose.append(token.text)
            else:
                break
        else:
            open_ones = [p.name for p in operation.parameters if p.required and p.name not in dict(pairs)]
            if not used or len(loose) > len(open_ones):
                continue
            pairs += zip(open_ones, loose, strict=False)
            spare = len(own - used - _READS) + 3 * (len(open_ones) - len(loose)) + (one and not open_ones)
            spare += 10 * (bool(verbs or not used & _WRITE_STEMS) and not operation.only_reads)
            made.append(_Fit(operation, tuple(pairs), spare))
    return made


_WRITE_STEMS = words("create add delete remove update replace set patch put post cancel start stop enable disable")


def _words_of(operation: Operation) -> frozenset[str]:
    """Return the words by which an operation may be called: those of its name and of its path."""
    fixed = re.sub(r"\{[^{}]*\}", " ", operation.path)
    found = {_stem(word.lower()) for text in (operation.id, fixed) for word in _WORD.findall(text)}
    return frozenset(found | {"delete", "remove"} if operation.method == "DELETE" else found)


def _stem(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
