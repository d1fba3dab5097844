"""Questions for one thing that is known of targets: "what is the address of lab1?", "when was web-01 last seen"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.queries import DetailQuestion, FactQuestion
from opsterm.assistant.query_words import TargetFact
from opsterm.assistant.reading import Sentence, lost, take_targets, understood
from opsterm.assistant.targets import canonical
from opsterm.assistant.tokens import Token, find_phrase, without
from opsterm.assistant.vocabulary import FILLERS, NOUNS, words

_F = TargetFact
_TABLE: Mapping[TargetFact, str] = {
    _F.ADDRESS: "ip address|ip addresses|address|addresses|ip|ips|hostname|host name|fqdn",
    _F.PORT: "port number|port|ports",
    _F.USER: "who logs in|who logs into|user name|username|usernames|login name|login|log-in|account|user|users",
    _F.OS: "operating system|operating systems|os|oses|distribution|distro",
    _F.GROUPS: "groups|group",
    _F.TAGS: "tags|tag|labels|tagged|labelled",
    _F.PROTOCOL: "protocol|protocols|transport",
    _F.ENVIRONMENT: "environment|environments|env",
    _F.SITE: "site|sites|location",
    _F.LAST_SEEN: "last seen|last answer|last answered|last contact|last heard from|last heard of|last reached|last up|"
    "last online|last see|last hear from|last hear of|last hear|seen last|"
    "last respond|last responded|last reply|last replied|seen",
    _F.STATUS: "see if|see whether|check|test|probe|ping|pingable|reach|"
    "answer|answers|answering|respond|responds|responding|reply|replies",
}
_SAID = {phrase: fact for fact, phrases in _TABLE.items() for phrase in phrases.split("|")}
_PHRASES = tuple(sorted(_SAID, key=lambda phrase: -len(phrase.split())))
_ASKING = words(
    "what what's which whats when where who the a an is are was were do does did has have had can could you i we me "
    "show list give tell get see display need want please of for on in at to from with by it its their that there "
    "run runs running use uses used using know known belong belongs carry carries log logs under as now right "
    "current currently installed connect connected reached listen listens listening ssh up alive reachable available "
    "if whether "
    "really still even any time how long ago since if try let us check and lately "
    "recently got gotten exactly box boxes "
    "hold holds house houses host hosts contain contains own owns include includes keep keeps sit sits live lives"
)
_POINTERS = frozenset({"it", "its", "they", "their"})
_JOINS = frozenset({"and", "or", ",", "&", "plus"})


def read_fact(sentence: Sentence) -> Interpretation | None:
    """Read "what is the address of lab1?", "which groups is web-01 in", "addresses of the web servers", "ping lab1"."""
    at, length, phrase = find_phrase(sentence.tokens, _PHRASES)
    if at < 0 or sentence.has("how many"):
        return None
    fact, rest = _SAID[phrase], without(sentence.tokens, at, length)
    others = [token for token in rest if token.low in _SAID]
    rest = tuple(token for token in rest if token not in others)
    if any(_SAID[token.low] is not fact for token in others):
        return _all_of_one(sentence, rest)
    before = sentence.pointed()
    if before is not None and _only_points(rest):
        return understood(
            FactQuestion(fact=fact, selector=before), [f"It refers to the targets spoken of before: {before or 'all'}."]
        )
    if _only_names(sentence, rest):
        names = dict.fromkeys(sentence.words.names[t.low] for t in rest if t.low in sentence.words.names)
        return understood(FactQuestion(fact=fact, selector=canonical(" or ".join(names))))
    behind = sentence.tokens[at + length : at + length + 1]
    if not behind or behind[0].low not in ("of", "for"):
        return None
    found = take_targets(sentence, rest, fillers=FILLERS | _ASKING)
    if found.unknown:
        return lost(Intent.INVENTORY, found)
    return understood(FactQuestion(fact=fact, selector=found.selector), found.notes) if found.says_something else None


def _all_of_one(sentence: Sentence, rest: Sequence[Token]) -> Interpretation | None:
    """Read "address and port of web-01" as everything about it; None for several targets."""
    named = {sentence.words.names[token.low] for token in rest if token.low in sentence.words.names}
    alone = len(named) == 1 and _only_names(sentence, rest)
    return understood(DetailQuestion(target=named.pop())) if alone else None


def fact_in(tokens: Sequence[Token]) -> tuple[TargetFact | None, tuple[Token, ...]]:
    """Return (the fact that tokens name, the other tokens)."""
    at, length, phrase = find_phrase(tokens, _PHRASES)
    return (None, tuple(tokens)) if at < 0 else (_SAID[phrase], without(tokens, at, length))


def _only_points(tokens: Sequence[Token]) -> bool:
    """Return whether tokens say "its" or the like, and nothing else but the question."""
    said = {token.low for token in tokens}
    return bool(said & _POINTERS) and said <= _ASKING | _POINTERS


def _only_names(sentence: Sentence, tokens: Sequence[Token]) -> bool:
    """Return whether tokens name targets exactly and say nothing else but the question."""
    named = [token for token in tokens if not token.quote and token.low in sentence.words.names]
    others = {token.low for token in tokens if token not in named}
    return bool(named) and others <= _ASKING | _JOINS | NOUNS
