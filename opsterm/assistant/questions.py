"""Questions about targets, alerts, changes and what is known; each reader takes a sentence whole or leaves it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from opsterm.assistant.divisions import asks_twice, divided_twice, labels_first
from opsterm.assistant.idioms import COUNTED_LABELS
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.lines import HELP_TOPICS
from opsterm.assistant.queries import (
    AlertQuestion,
    AuditQuestion,
    ChangeQuestion,
    DetailQuestion,
    ExplainQuestion,
    Greeting,
    HelpQuestion,
    InventoryQuestion,
)
from opsterm.assistant.query_words import Age, LastSeen
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
from opsterm.assistant.seen import take_seen
from opsterm.assistant.superlatives import asks_of_age_or_place
from opsterm.assistant.tokens import Token, find_phrase, without
from opsterm.assistant.vocabulary import FILLERS, GROUPING_WORDS, NOUNS, STATUS_WORDS, words
from opsterm.changes.change import ChangeState
from opsterm.inventory.fleet import Grouping

_HELLO = words(
    "hello hi hey hallo greetings good morning afternoon evening day there you very much bye goodbye "
    "opsterm ok okay great nice well"
)
_THANKED = words("thanks thank thx cheers appreciated")
_THANKS = _THANKED | words("much a lot so for that the help many this")
_HELP = words(
    "help ? what can you do who are how does this work commands examples usage me with please the a is opsterm "
    "i ask about "
    "show list possible here and to for use of"
)
_HELP_SIGNS = ("help", "what can you do", "what can i do", "what can i ask", "who are you", "how does this work",
"commands",
               "examples", "what do you do")  # fmt: skip
_KEYS = ("keys", "key", "shortcut", "shortcuts", "key bindings", "hotkeys")


def read_greeting(sentence: Sentence) -> Interpretation | None:
    """Read hello, thanks, and questions about the program itself."""
    said = set(sentence.lows)
    if not sentence.tokens:
        return understood(HelpQuestion())
    if said & _THANKED and said <= _HELLO | _THANKS | {","}:
        return understood(Greeting(thanks=True))
    if said <= _HELLO | {","} and not said <= {"you", "there", "well", "day", "good", "much", "very"}:
        return understood(Greeting())
    topic = next((t for t in HELP_TOPICS if t in said or t.removesuffix("s") in said), "")
    if sentence.has(*_HELP_SIGNS) and said - {topic, topic.removesuffix("s")} <= _HELP | _HELLO | {","}:
        return understood(HelpQuestion(topic=topic))
    if (
        sentence.has(*_KEYS)
        and len(said) <= 10
        and sentence.lows[0] in ("which", "what", "show", "list", "keys", "help")
    ):
        return understood(HelpQuestion(topic="keys"))
    return None


# ------------------------------------------------------------------------------------------- explain

_NUMBERED = re.compile(r"([ac])#?(\d{1,15})")
_EXPLAIN_WORDS = words(
    "explain what is why was the about tell me show describe open details of alert change did happened to give "
    "more on how "
    "does mean this for see an a info information status who approved asked"
)
_DECIDING = words("approve deny reject ack acknowledge silence mute unsilence cancel undo stop rerun retry")


def read_explain(sentence: Sentence) -> Interpretation | None:
    """Read "why a7", "what is c18", "alert 7". Decisions are not taken from a sentence: it says where they are."""
    numbered: list[tuple[str, int]] = []
    rest: list[Token] = []
    tokens = sentence.tokens
    for at, token in enumerate(tokens):
        match = _NUMBERED.fullmatch(token.low)
        before = tokens[at - 1].low if at else ""
        if match and token.low not in sentence.words.names:
            numbered.append(("alert" if match[1] == "a" else "change", int(match[2])))
        elif token.low.lstrip("#").isdecimal() and before in ("alert", "change") and len(token.low) < 16:
            numbered.append((before, int(token.low.lstrip("#"))))
        else:
            rest.append(token)
    if len(numbered) != 1:
        return None
    question = ExplainQuestion(kind=numbered[0][0], number=numbered[0][1])
    said = {token.low for token in rest}
    if said & _DECIDING:
        where = "on the approval screen" if question.kind == "change" else "in the alerts pane"
        return asked(
            Intent.EXPLAIN, f"That is decided {where} or by its own command, not by a sentence here.", [question.line]
        )
    unknown = [token.text for token in rest if token.low not in _EXPLAIN_WORDS]
    if unknown:
        return Interpretation(intent=Intent.EXPLAIN, unknown=tuple(unknown), alternatives=(question.line,))
    return understood(question)


# ------------------------------------------------------------------------------------------- alerts

ALERT_NOUNS = words("alert alerts alarm alarms problem problems issue issues incident incidents")
"""What an alert may be called."""

_TROUBLE = (
    "what needs attention", "what needs my attention", "is there anything wrong", "is anything wrong", "anything wrong",
    "is something wrong", "what is wrong", "what went wrong", "what is broken", "is anything broken", "anything broken",
    "what is firing", "is everything ok", "is everything okay", "is everything fine", "is everything alright",
    "is all ok", "is all well", "everything ok", "everything okay", "any trouble", "what is going on",
    "what is failing",
)  # fmt: skip
_SEVERITIES = {
    "critical": "critical",
    "crit": "critical",
    "severe": "critical",
    "warning": "warning",
    "warnings": "warning",
}
_STATES = {
    "firing": "firing", "unacknowledged": "firing", "acknowledged": "acknowledged", "acked": "acknowledged",
    "silenced": "silenced", "muted": "silenced", "resolved": "resolved", "closed": "resolved", "ended": "resolved",
    "cleared": "resolved", "past": "resolved", "old": "resolved", "open": "", "active": "", "current": "",
}  # fmt: skip
_ALERT_FILLERS = FILLERS | words(
    "with new going wrong why most recent latest raised began started fired feed been happened"
)


def read_alerts(sentence: Sentence) -> Interpretation | None:
    """Read "what is wrong?", "critical alerts on web", "how many alerts since yesterday"."""
    tokens = sentence.tokens
    at, length, _ = find_phrase(tokens, _TROUBLE)
    nouns = [token for token in tokens if token.low in ALERT_NOUNS or token.low == "warnings"]
    why = sentence.lows[:2] == ("why", "is") and any(token.low in sentence.words.names for token in tokens)
    if at < 0 and not nouns and not why:
        return None
    if at >= 0:
        tokens = without(tokens, at, length)
    count, tokens = take_count(tokens)
    window, _, tokens = take_window(tokens, sentence.world)
    first, limit, tokens = _take_age(tokens)
    severity, state, rest = "", "", []
    for token in tokens:
        if token.low in _SEVERITIES and not why:
            severity = _SEVERITIES[token.low]
        elif token.low in _STATES and not state:
            state = _STATES[token.low]
        elif token.low not in ALERT_NOUNS and not (
            why and token.low in ("critical", "warning", "offline", "down", "red")
        ):
            rest.append(token)
    phrase = take_targets(sentence, rest, fillers=_ALERT_FILLERS, pointers=frozenset({"there", "it"}))
    question = AlertQuestion(
        selector=phrase.selector, count=count, severity=severity, state=state, window=window,
        first=first, limit=0 if count else limit,
    )  # fmt: skip
    if phrase.unknown:
        return lost(Intent.ALERT, phrase, [question])
    return understood(question, phrase.notes)


_AGES = {
    **dict.fromkeys(("newest", "latest", "last", "recent"), Age.NEWEST),
    **dict.fromkeys(("oldest", "earliest", "longest"), Age.OLDEST),
}


def _take_age(tokens: Sequence[Token]) -> tuple[Age, int, tuple[Token, ...]]:
    """Return (which come first, how many, the other tokens): "the oldest alert", "latest 3 critical alerts"."""
    at = next((n for n, token in enumerate(tokens) if token.low in _AGES), -1)
    if at < 0:
        return Age.ANY, 0, tuple(tokens)
    rest, limit = without(tokens, at, 1), 0
    near = next((n for n in (at, at - 1) if 0 <= n < len(rest) and re.fullmatch(r"[1-9]\d{0,3}", rest[n].low)), -1)
    if near >= 0:
        limit, rest = int(rest[near].low), without(rest, near, 1)
    elif any(token.low in ("alert", "alarm", "problem", "issue", "warning") for token in rest):
        limit = 1
    return _AGES[tokens[at].low], limit, rest


# ------------------------------------------------------------------------------------------- changes

_CHANGE_NOUNS = words("change changes approval approvals proposal proposals")
_CHANGE_SIGNS = (
    "waiting for approval", "wait for approval", "waits for approval", "to approve", "waiting for me", "need approval",
    "needs approval", "who changed", "what changed", "what was changed", "what has changed", "what did",
    "what has been done",
    "what was done", "what was run", "what ran", "what has run", "who ran",
)  # fmt: skip
_AUDIT_SIGNS = (
    "audit", "audits", "who did what", "what happened", "what has happened", "what has been happening",
    "what was going on", "what went on", "anything happened", "anything happen", "events", "journal", "activity",
    "what did i miss", "what have i missed",
)  # fmt: skip
_AUDIT_FILLERS = words(
    "show list give me us the a an of for in over all see get display print tell open view please can could you i we "
    "were there was is are what which who did have has had full whole complete everything happening happened happen "
    "recent recently latest last lately newest entries entry log trail records event so far here around now any to "
    "while been about it"
)
_CHANGE_STATES = {
    **{state.value: state.value for state in ChangeState},
    **dict.fromkeys(("waiting", "wait", "waits", "pending", "undecided", "open", "proposed", "approve", "need",
    "needs"), "waiting"),
    **dict.fromkeys(("rejected", "refused"), "denied"), **dict.fromkeys(("finished", "succeeded", "successful"),
    "done"),
    **dict.fromkeys(("void",), "voided"), "canceled": "cancelled", "stopped": "cancelled", "unsuccessful": "failed",
}  # fmt: skip
_CHANGE_FILLERS = words(
    "what which the a any all is are was were there for in to did do does have has had been list show me of my "
    "our and queue that "
    "approval approvals change changes changed proposal proposals ran run who made make everything anything "
    "things happened audit "
    "list trail log history recent latest last please still currently now done give get see tell us about it i by"
)
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_.-]{0,31}\$?")


def read_changes(sentence: Sentence) -> Interpretation | None:
    """Read "what is waiting for approval?", "what did ana change today", "failed changes since yesterday"."""
    tokens = sentence.tokens
    if not any(token.low in _CHANGE_NOUNS for token in tokens) and not sentence.has(*_CHANGE_SIGNS):
        return None
    asks_state = not sentence.has("what did", "what ran", "who ran", "what was done", "what has been done")
    count, tokens = take_count(tokens)
    window, _, tokens = take_window(tokens, sentence.world)
    by, tokens = _take_account(sentence, tokens)
    state, unknown = "", []
    for token in tokens:
        if token.low in _CHANGE_STATES and asks_state and not state:
            state = _CHANGE_STATES[token.low]
        elif token.low not in _CHANGE_FILLERS and token.low not in _CHANGE_STATES and token.low not in (",", "me"):
            unknown.append(token.text)
    if sentence.has("approvals") and not state and not by:
        state = "waiting"
    question = ChangeQuestion(state=state, by=by, window=window, count=count)
    if unknown:
        return Interpretation(intent=Intent.COMPLIANCE, unknown=tuple(unknown), alternatives=(question.line,))
    return understood(question)


def read_audit(sentence: Sentence) -> Interpretation | None:
    """Read "show the audit", "what happened in the last hour?", "who did what yesterday"."""
    if not sentence.has(*_AUDIT_SIGNS) or sentence.has("what happened to"):
        return None
    window, _, tokens = take_window(sentence.tokens, sentence.world)
    said = {word for sign in _AUDIT_SIGNS for word in sign.split()}
    unknown = tuple(token.text for token in tokens if token.low not in _AUDIT_FILLERS | said | {","})
    question = AuditQuestion(window=window)
    if unknown:
        return Interpretation(intent=Intent.COMPLIANCE, unknown=unknown, alternatives=(question.line,))
    return understood(question)


def _take_account(sentence: Sentence, tokens: Sequence[Token]) -> tuple[str, tuple[Token, ...]]:
    """Return (whose changes, the other tokens): "by ana", "did ana change", "my changes"."""
    me = sentence.world.operator
    for at, token in enumerate(tokens):
        before = tokens[at - 1].low if at else ""
        if me and (token.low == "my" or (token.low in ("i", "me") and before in ("did", "by", "have"))):
            return me, without(tokens, at, 1)
        known = token.low in _CHANGE_FILLERS or token.low in _CHANGE_STATES
        if before in ("by", "did", "has", "from") and not known and _ACCOUNT.fullmatch(token.low):
            return token.text, without(tokens, at, 1)
    return "", tuple(tokens)


# ------------------------------------------------------------------------------------------- targets

_DETAIL = words(
    "show me tell about describe details detail of info information on for the status state what is how doing "
    "host target machine "
    "server give get facts a an up online offline down reachable alive find where please open see everything "
    "all ok okay does look today lately currently live sit feeling holding"
)


def read_detail(sentence: Sentence) -> Interpretation | None:
    """Read "show web-01", "how is db-main-1", "is web-01 up?"."""
    named = [token for token in sentence.tokens if not token.quote and token.low in sentence.words.names]
    rest = [token for token in sentence.tokens if token not in named]
    if len({token.low for token in named}) != 1 or not all(token.low in _DETAIL for token in rest):
        return None
    if set(sentence.lows) & {"list", "which", "all"}:
        return None
    return understood(DetailQuestion(target=sentence.words.names[named[0].low]))


_NOT_REACHED = ("can not be reached", "can not be pinged", "could not be reached", "can not reach", "do not answer",
                "does not answer", "not answering", "do not respond", "not responding", "does not respond")  # fmt: skip
_DIVIDING = words(
    "break split divide sort order arrange down up out breakdown how spread distributed divided across into "
    "distribution mix "
    "look looks overview summary"
)
_FARING = words("how doing looking faring going feeling")
_SERVED = words(
    "belong belongs enumerate total altogether sit sits got located live lives operating carry carries carrying bear "
    "bearing reached reach over via use uses using listen listens listening log logs logging login logged connect "
    "connects connected monitor monitored monitoring manage managed watch watched administer administered look after"
)
_EXISTING = words(
    "existing which are there exist exists defined used use kinds kind different possible known available"
)


def read_inventory(sentence: Sentence) -> Interpretation | None:
    """Read "which targets are tagged win10?", "how many offline hosts per site", "the web servers"."""
    if asks_of_age_or_place(sentence.tokens) or (sentence.lows[:1] == ("except",) and "," not in sentence.lows):
        return None  # "ignore web-03" takes something from a list, and there is none
    divided = _read_division(sentence)
    if divided:
        return divided
    by, tokens = take_grouping(labels_first(_all_asked(sentence)))
    if asks_twice(sentence.lows):
        return None
    if by is not None and divided_twice(sentence.lows):
        return asked(Intent.INVENTORY, "A list is divided by one thing at a time. By which?")
    count, tokens = take_count(tokens)
    at, length, _ = find_phrase(tokens, _NOT_REACHED)
    if at >= 0:
        tokens = (*tokens[:at], replace(tokens[at], text="offline", low="offline"), *tokens[at + length :])
    seen, window, tokens = take_seen(tokens, sentence.world) or (LastSeen.ANY, None, tokens)
    if seen is LastSeen.ANY:
        later, timed, others = take_window(tokens, sentence.world)
        tokens = others if timed and later is None else tokens  # what is listed is how it is now
    fillers = FILLERS | _SERVED | (_DIVIDING if by is not None else frozenset())
    fillers |= _FARING if sentence.lows[:2] == ("how", "are") else frozenset()
    phrase = take_targets(sentence, tokens, fillers=fillers)
    said = set(sentence.lows)
    parted = (
        by is not None and (count or bool(_DIVIDING & said)) and not {"that", "it", "this"} & said
    )  # "breakdown by os"
    if phrase.noun and not phrase.says_something and not (NOUNS - {"one", "ones"}) & said:
        return None  # "which ones": of what was spoken of, and nothing was
    if not (phrase.says_something or phrase.noun or parted or seen is not LastSeen.ANY):
        return None
    if by is None:
        by = Grouping.NONE if count else Grouping.GROUP
    question = InventoryQuestion(selector=phrase.selector, count=count, by=by, seen=seen, window=window)
    if phrase.unknown:
        return lost(Intent.INVENTORY, phrase, [question])
    return understood(question, phrase.notes)


def _all_asked(sentence: Sentence) -> tuple[Token, ...]:
    """Return the tokens of "are all the web servers up" and "are web-03 and web-11 up" without the state."""
    tokens, said = sentence.tokens, sentence.lows
    named_first = bool(said) and said[0] in sentence.words.names and "and" not in said  # "web-11 dead?"
    if said[:1] not in (("are",), ("is",)) and not named_first:
        return tokens
    stated = STATUS_WORDS.keys() | {"ok", "okay"}
    names = [token for token in tokens if token.low in sentence.words.names]
    others = {token.low for token in tokens if token not in names} - stated - FILLERS
    if set(said) & {"all", "everything", "every", "everyone"} or (names and others <= {"and", "or", ",", "again"}):
        good = {"up", "online", "reachable", "alive", "healthy", "ok", "okay"} if not names else stated
        return tuple(token for token in tokens if token.low not in good)
    return tokens


def _read_division(sentence: Sentence) -> Interpretation | None:
    """Read "which groups are there", "list tags"."""
    count, tokens = take_count(sentence.tokens)
    counted = COUNTED_LABELS.get(tokens[0].low, "") if count and tokens and sentence.lows[0] != "list" else ""
    if counted and sentence.lows[:1] in (("how",), ("number",), ("count",), ("what",)):
        phrase = take_targets(sentence, tokens[1:], fillers=FILLERS | _EXISTING | {"different", "distinct", "separate"})
        by = InventoryQuestion(selector=phrase.selector, by=Grouping(counted))
        return None if phrase.unknown else understood(by, [*phrase.notes, "Each has a line of its own."])
    said = [low for low in sentence.lows if low not in (FILLERS - set(GROUPING_WORDS)) | _EXISTING]
    if len(said) == 1 and said[0] in GROUPING_WORDS and said[0].endswith("s") and said[0] not in ("os", "status"):
        return understood(InventoryQuestion(by=Grouping(GROUPING_WORDS[said[0]])))
    return None
