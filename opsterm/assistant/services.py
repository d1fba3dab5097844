"""Questions about what looks at targets have shown: services, ports, updates, and what needs what."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.queries import HostQuestion
from opsterm.assistant.query_words import HostTopic
from opsterm.assistant.reading import Sentence, asked, lost, take_targets, understood
from opsterm.assistant.tokens import Token, find_phrase, without
from opsterm.assistant.vocabulary import FILLERS, NOUNS, SYSTEMS, words
from opsterm.inventory.service_kinds import answers_to, known_words

_SECURITY = (
    "pending security updates", "pending security patches", "missing security updates", "missing security patches",
    "outstanding security updates", "available security updates", "security updates", "security patches",
    "security update",
)  # fmt: skip
_UPDATES = (
    "pending updates", "pending package updates", "pending patches", "available updates", "missing updates",
    "missing patches", "outstanding updates", "outdated packages", "package updates", "updates pending",
    "updates available", "packages to update", "packages to upgrade", "upgradable packages",
)  # fmt: skip
_UPDATE_FILLERS = FILLERS | words(
    "pending need needs needed waiting wait waits open how many count out outstanding missing"
)
_BARE_UPDATES = ("up to date", "up-to-date", "out of date", "outdated", "updates", "patches", "upgrades", "patched",
                 "patching", "updating", "upgrading")  # fmt: skip
_DOING = words("install apply run do update upgrade patch roll")
_LISTENS = ("listens on", "listening on", "listen on", "bound to", "binds")
_LISTENERS = words("who what which process processes program programs service services daemon something is are on port "
                   "tcp udp listens listening listen bound to binds the does")  # fmt: skip
_NEEDED = (
    "what depends on", "who depends on", "which services depend on", "what needs", "who needs", "which services need",
    "what relies on", "who relies on", "dependants of", "dependents of", "what is affected by", "what breaks without",
    "what would break without", "impact of",
)  # fmt: skip
_NEED_FILLERS = words("the of on at service services running server a an losing")
_LISTED = words(
    "services service what which list show find get any me all the a an are is on of at there running run runs does do "
    "failed have has give us and for now currently please"
)
_OPENS_A_LIST = words("what which services show list running find get give any")
_RUNS = re.compile(r"[a-z0-9][a-z0-9_.@+-]{1,60}")
_RUN_WORDS = words("run runs running have has host hosts with got")
_RUN_FILLERS = FILLERS | NOUNS | _RUN_WORDS | words("where service services process installed there anywhere does")


def read_services(sentence: Sentence) -> Interpretation | None:
    """Read "services on web-01", "which targets run nginx", "who listens on 5432", "pending security updates"."""
    for reader in (_read_updates, _read_listeners, _read_needed, _read_listed, _read_running):
        found = reader(sentence)
        if found is not None:
            return found
    return None


def _of_targets(
    sentence: Sentence, topic: HostTopic, rest: Sequence[Token], *, fillers: frozenset[str], subject: str = ""
) -> Interpretation:
    phrase = take_targets(sentence, rest, fillers=fillers, pointers=frozenset({"there", "it"}))
    question = HostQuestion(topic=topic, subject=subject, selector=phrase.selector)
    if phrase.unknown:
        return lost(Intent.INVENTORY, phrase, [question])
    return understood(question, phrase.notes)


def _read_updates(sentence: Sentence) -> Interpretation | None:
    for topic, phrases in ((HostTopic.SECURITY, _SECURITY), (HostTopic.UPDATES, _UPDATES)):
        at, length, _ = find_phrase(sentence.tokens, phrases)
        if at >= 0 and not set(sentence.lows[:1]) & _DOING:
            return _of_targets(sentence, topic, without(sentence.tokens, at, length), fillers=_UPDATE_FILLERS)
    return _read_bare_updates(sentence)


def _read_bare_updates(sentence: Sentence) -> Interpretation | None:
    """Read "updates for web-01", "does web-01 need patches", "is web-01 up to date": only of targets that are named."""
    at, length, _ = find_phrase(sentence.tokens, _BARE_UPDATES)
    asks_how = "how" in sentence.lows and not sentence.has("how many")
    if at < 0 or asks_how or set(sentence.lows[:1]) & _DOING or set(sentence.lows) & {"why", "when"}:
        return None
    rest = without(sentence.tokens, at, length)
    phrase = take_targets(sentence, rest, fillers=_UPDATE_FILLERS, pointers=frozenset({"there", "it"}))
    if phrase.unknown or not phrase.says_something:
        return None
    topic = HostTopic.SECURITY if "security" in sentence.lows else HostTopic.UPDATES
    return understood(HostQuestion(topic=topic, selector=phrase.selector), phrase.notes)


def _read_listeners(sentence: Sentence) -> Interpretation | None:
    """Read "who listens on 5432 on db-1"; "hosts listening on port 22" asks for how they are reached, as ever."""
    at, length, _ = find_phrase(sentence.tokens, _LISTENS)
    if at < 0 or sentence.lows[0] not in ("who", "what", "which", "is", "does") or set(sentence.lows[:at]) & NOUNS:
        return None
    place = next((i for i, t in enumerate(sentence.tokens) if i >= at + length and _port(t.low)), -1)
    if place < 0:
        return None
    rest = [t for i, t in enumerate(sentence.tokens) if i != place and t.low not in _LISTENERS]
    return _of_targets(sentence, HostTopic.LISTENING, rest, fillers=FILLERS, subject=_port(sentence.tokens[place].low))


def _port(word: str) -> str:
    number = word.removeprefix("tcp/").removeprefix("udp/").removeprefix(":")
    return number if number.isascii() and number.isdigit() and len(number) <= 5 and 0 < int(number) <= 65535 else ""


def _read_needed(sentence: Sentence) -> Interpretation | None:
    """Read "what depends on db-1's postgres", "what needs postgresql@db-1"."""
    at, length, _ = find_phrase(sentence.tokens, _NEEDED)
    if at != 0:
        return None
    rest = [token for token in sentence.tokens[length:] if token.low not in _NEED_FILLERS]
    known = sentence.world.services
    named = [token for token in rest if token.low in sentence.words.names]
    others = [token for token in rest if token not in named]
    ids = [one.id for one in known if any(token.low == one.id.lower() for token in rest)]
    if not ids and len(named) == 1 and len(others) <= 1:
        target = sentence.words.names[named[0].low]
        ids = [
            one.id for one in known if one.target == target and (
                not others or answers_to(others[0].low, name=one.unit or one.name, process=one.process, kind=one.kind)
            )
        ]  # fmt: skip
    elif not ids and not named and len(others) == 1:
        ids = [
            one.id for one in known
            if answers_to(others[0].low, name=one.unit or one.name, process=one.process, kind=one.kind)
        ]  # fmt: skip
    if len(ids) == 1:
        return understood(HostQuestion(topic=HostTopic.NEEDED_BY, subject=ids[0]))
    if not ids and not named and not any(token.low in known_words() for token in others):
        return None
    return asked(
        Intent.INVENTORY,
        "Which of these services?" if ids else "The registry has no such service; `opsterm services discover` looks.",
        [HostQuestion(topic=HostTopic.NEEDED_BY, subject=one).line for one in ids[:4]],
    )


def _read_listed(sentence: Sentence) -> Interpretation | None:
    """Read "services on web-01", "what runs on web-01"."""
    said = set(sentence.lows)
    opened = bool(set(sentence.lows[:1]) & _OPENS_A_LIST)
    if (
        not opened
        or not sentence.has("services", "what runs on", "what is running on")
        or sentence.has("how many")
        or said & {"grouped", "per", "by"}
    ):
        return None
    rest = [token for token in sentence.tokens if token.low not in _LISTED]
    if any(token.low not in sentence.words.names and not _is_pattern(token) for token in rest) and not rest[:1]:
        return None
    found = _of_targets(sentence, HostTopic.SERVICES, rest, fillers=FILLERS)
    return found if found.query is not None else None


def _is_pattern(token: Token) -> bool:
    return any(char in token.low for char in "[]*:=")


def _read_running(sentence: Sentence) -> Interpretation | None:
    """Read "which targets run nginx", "who runs postgres", "where is redis running": one word that is no label."""
    if sentence.lows[:1] not in (("which",), ("what",), ("who",), ("where",)) or not set(sentence.lows) & _RUN_WORDS:
        return None
    rest = [token for token in sentence.tokens if token.low not in _RUN_FILLERS]
    if len(rest) != 1 or rest[0].quote or not _RUNS.fullmatch(rest[0].low):
        return None
    word = rest[0].low
    labels = {label.lower() for label in sentence.words.labels()}
    known = any(
        answers_to(word, name=one.unit or one.name, process=one.process, kind=one.kind)
        for one in sentence.world.services
    )
    if word in labels and known and set(sentence.lows) & {"run", "runs"}:
        note = f"{word} is a label too; that is what is seen to run, and not who is labelled so."
        return understood(HostQuestion(topic=HostTopic.RUNNING, subject=word), [note])
    if word in labels | SYSTEMS or word in sentence.words.names or word.isdigit():
        return None
    if not known and word not in known_words():
        return None
    return understood(HostQuestion(topic=HostTopic.RUNNING, subject=word))
