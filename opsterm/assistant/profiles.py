"""Questions about what targets are: profile, ports that are listened on, who is logged in, what offers something."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.queries import DiscoverRequest, HostQuestion
from opsterm.assistant.query_words import HostTopic
from opsterm.assistant.reading import Sentence, asked, lost, take_targets, understood
from opsterm.assistant.target_phrase import TargetPhrase
from opsterm.assistant.tokens import Token, find_phrase, without
from opsterm.assistant.vocabulary import FILLERS, NOUNS, SYSTEMS, words
from opsterm.inventory.selector import parse_selector
from opsterm.inventory.service_kinds import KINDS, known_words

_POINTERS = frozenset({"there", "it", "its", "they", "their", "them"})

_PROFILES = ("system profile", "host profile", "profiles", "profile", "system information", "system info", "facts")
_PARTS = (
    "kernel version", "kernel versions", "kernel release", "kernel", "kernels", "hardware", "package manager",
    "package managers", "installed packages", "packages installed", "packages", "service manager", "service managers",
    "init system", "time skew", "clock skew", "clock offset", "clock", "clocks", "certificates", "selinux", "apparmor",
    "virtualization", "virtualisation", "how many cores", "how many cpus", "how many processors", "local accounts",
)  # fmt: skip
"""What a profile tells, where targets are named as well: else the words may mean anything."""
_PROFILE_FILLERS = FILLERS | words("information about details full whole complete kept last latest current system "
                                   "version right use uses used")  # fmt: skip
_LOGGED_IN = (
    "who is currently logged in", "who is logged in", "who is logged on", "who is logged into", "who has logged in",
    "who are logged in", "which users are logged in", "which users are logged on", "which users are on",
    "what users are logged in", "is anybody logged in", "is anyone logged in", "is somebody logged in",
    "is someone logged in", "anybody logged in", "anyone logged in", "users logged in", "users logged on",
    "people logged in", "logged in users", "logged on users", "logged-in users", "logged in", "logged on",
    "active users", "active sessions", "login sessions", "log-in sessions", "user sessions", "open sessions",
    "who is on", "who is working on", "who is using",
)  # fmt: skip
_LOGGED_FILLERS = FILLERS | words("into onto users user people accounts currently at right moment")
_PORTS = (
    "which ports are listened on", "which ports are open", "which ports are listening", "which ports listen",
    "what ports are open", "what ports are listening", "what ports listen", "which ports are in use",
    "what ports are in use", "which ports are used", "listening ports", "listening sockets", "open ports",
    "open sockets", "ports that listen", "ports listening", "ports are listening", "ports are open", "ports open",
    "ports in use", "ports listen", "listen ports", "exposed ports",
)  # fmt: skip
_LISTENING = words("listen listens listening listened open opened exposed expose used use")
_PORT_FILLERS = FILLERS | _LISTENING | words("tcp udp network does has ports")
_DISCOVER = words("discover rediscover scan detect")
_DISCOVERS = (
    "look for new services", "look for services", "search for services", "find new services", "find out which services",
    "service discovery", "services discovery", "discovery of services", "run discovery",
)  # fmt: skip
_DISCOVER_FILLERS = FILLERS | words("services service new what runs again start do perform out which search")
_ANYWHERE = words("all every everything everywhere")
_OFFERS = words("offer offers offering provide provides providing serve serves serving speak speaks")
_SERVED = words("services service servers server daemons daemon capability capabilities kind kinds endpoints")
_OFFER_FILLERS = (FILLERS - {"run", "runs", "running"}) | NOUNS | _OFFERS | _SERVED | words("where capable")
_WORD = re.compile(r"[a-z0-9][a-z0-9_.:+-]{1,60}")
_CAPABILITIES = frozenset({"tls"}.union(*({kind.kind, *kind.kind.split(":")} for kind in KINDS)))


def read_profiles(sentence: Sentence) -> Interpretation | None:
    """Read "profile of web-01", "who is logged in there", "which ports listen on web-01", "discover services on …"."""
    for reader in (_read_discover, _read_logged_in, _read_ports, _read_offering, _read_profile):
        found = reader(sentence)
        if found is not None:
            return found
    return None


def _phrase(sentence: Sentence, rest: Sequence[Token], fillers: frozenset[str]) -> TargetPhrase:
    return take_targets(sentence, rest, fillers=fillers, pointers=_POINTERS)


def _read_profile(sentence: Sentence) -> Interpretation | None:
    at, length, _ = find_phrase(sentence.tokens, _PROFILES)
    named = at >= 0
    if not named:
        at, length, _ = find_phrase(sentence.tokens, _PARTS)
    if at < 0 or (set(sentence.lows) & {"why", "how"} and not sentence.has("how many")):
        return None
    phrase = _phrase(sentence, without(sentence.tokens, at, length), _PROFILE_FILLERS)
    question = HostQuestion(topic=HostTopic.PROFILE, selector=phrase.selector)
    if phrase.unknown:
        return lost(Intent.INVENTORY, phrase, [question]) if named else None
    return understood(question, phrase.notes) if named or phrase.says_something else None


def _read_logged_in(sentence: Sentence) -> Interpretation | None:
    at, length, said = find_phrase(sentence.tokens, _LOGGED_IN)
    if at < 0 or sentence.has("not logged in", "never logged in"):
        return None
    phrase = _phrase(sentence, without(sentence.tokens, at, length), _LOGGED_FILLERS)
    loose = said in ("who is on", "who is using", "who is working on")
    if phrase.unknown or (loose and not phrase.says_something):
        return None
    return understood(HostQuestion(topic=HostTopic.LOGGED_IN, selector=phrase.selector), phrase.notes)


def _read_ports(sentence: Sentence) -> Interpretation | None:
    at, length, _ = find_phrase(sentence.tokens, _PORTS)
    if at < 0 and set(sentence.lows) & _LISTENING:
        at, length, _ = find_phrase(sentence.tokens, ("ports",))
    if at < 0 or sentence.has("how many"):
        return None
    phrase = _phrase(sentence, without(sentence.tokens, at, length), _PORT_FILLERS)
    question = HostQuestion(topic=HostTopic.PORTS, selector=phrase.selector)
    return lost(Intent.INVENTORY, phrase, [question]) if phrase.unknown else understood(question, phrase.notes)


def _read_offering(sentence: Sentence) -> Interpretation | None:
    """Read "which targets offer dns", "where is an sql service": a kind of service that is no label of targets."""
    said = set(sentence.lows)
    opened = sentence.lows[:1] in (("which",), ("what",), ("who",), ("where",), ("list",), ("show",), ("find",))
    if not opened or not said & (_OFFERS | _SERVED | NOUNS):
        return None
    rest = [token for token in sentence.tokens if token.low not in _OFFER_FILLERS]
    if len(rest) != 1 or rest[0].quote or not _WORD.fullmatch(rest[0].low):
        return None
    word = rest[0].low
    labels = {label.lower() for label in sentence.words.labels()}
    if word in labels | SYSTEMS or word in sentence.words.names:
        return None
    offered = {one for service in sentence.world.services for one in service.capabilities}
    known = word in _CAPABILITIES | offered or (bool(said & _OFFERS) and word in known_words())
    if not known or (not said & _OFFERS and not said & _SERVED):
        return None
    return understood(HostQuestion(topic=HostTopic.OFFERING, subject=word))


def _read_discover(sentence: Sentence) -> Interpretation | None:
    """Read "discover services on web-01"; which targets must be said, because it logs in to them."""
    tokens = sentence.tokens
    at, length, _ = find_phrase(tokens, _DISCOVERS)
    if at < 0:
        at = next((n for n, token in enumerate(tokens) if n <= 3 and token.low in _DISCOVER), -1)
        length = 1
        about = sentence.has("services", "service", "what runs") or len(tokens) <= 3
        if at < 0 or not about or sentence.lows[0] in ("what", "which", "how", "why", "when", "who"):
            return None
    phrase = _phrase(sentence, without(tokens, at, length), _DISCOVER_FILLERS)
    question = DiscoverRequest(selector=phrase.selector)
    if phrase.unknown:
        return lost(Intent.INVENTORY, phrase)
    if not phrase.says_something and not set(sentence.lows) & _ANYWHERE:
        return asked(
            Intent.INVENTORY,
            "On which targets? It logs in to each and looks. Name them, or send the line below for all.",
            [DiscoverRequest().line],
        )
    if not parse_selector(phrase.selector).select(sentence.world.rows):
        return asked(Intent.INVENTORY, f"No target matches {phrase.selector}.", ["list targets grouped by group"])
    return understood(question, phrase.notes)
