"""Other wordings of the same question, put as the words that the readers know: "how much kit" as "how many hosts".

Only questions are put so; an order is read as it was written. A word that the inventory has as a name or a label is
never taken for something else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from opsterm.assistant.idioms import plainly_said
from opsterm.assistant.moments import DAYS
from opsterm.assistant.tokens import Token, find_phrase
from opsterm.assistant.vocabulary import ALIASES, LINUXES, SYSTEMS, words
from opsterm.assistant.world import Vocabulary

_SAME: Mapping[str, str] = {
    "": (
        "pls|plz|plse|any chance of|would you mind|do you mind|mind telling me|i was wondering|was wondering|wondering|"
        "is it possible to|is there a way to|help me|trying to|interested in|curious about|real quick|quickly|quick|"
        "if you can|if you could|if possible|if you please|when you have a minute|when you get a chance|"
        "when you can|asap|ta|cheers|thx|thanks in advance|many thanks|thank you|thanks|be so kind|kindly|"
        "do me a favour and|do me a favor and|let me know|let me see|let me have|for me please|remind me|"
        "anywhere|somewhere|at all|still|actually|exactly|presently|nowadays|these days|as we speak|"
        "out there|in total|altogether|in all|overall|all told|all in all|tbh|basically|"
        "a list of|the list of|list of|content|contents|a full list of|full list of|"
        "a rundown of|a run down of|an overview of|overview of|"
        "a summary of|the names of|the whole of|whole|entire|respectively|wise|everyone|anyone know|anybody know|"
        "do we know|do you know|does anyone know|yet|happen to|i wonder|wanna know|want to know|like to know"
    ),
    "you": "u|ya",
    "what": "wot|wat|wut|whut",
    "them": "em|'em|dem|thm",
    "list": (
        "give list of|give a list of|give me list of|make list of|need list of|gimme|"
        "lemme see|pull up|pull me up|fetch me|fetch|dig out|dig up|call up|print out|print|grab me|"
        "grab|enumerate|list out|spit out|hand me|point me to|walk me through|talk me through|run me through|"
        "bring me|retrieve|return|provide|report on|report|output|looking for|searching for|look for|"
        "identify|locate|spell out|read out|need a list of"
    ),
    "hosts": (
        "kit|gear|hardware|equipment|estate|endpoints|endpoint|appliances|appliance|"
        "bits of kit|pieces of kit|bits and pieces|assets|stuff|things"
    ),
    "everything": "the lot|the whole lot|every last one|each and every",
    "how many": (
        "how much kit|how much gear|how much stuff|how much hardware|how much equipment|how many bits of kit|"
        "just the number|only the number|number only|just a number|just a count|just the count|count only|"
        "only the count|only a count|as a number|just count|just the total|only the total|what number of|nr of|no of|"
        "num of|# of|no. of|nr. of|the quantity of|quantity of|the amount of|a count of|headcount of|headcount|"
        "the size of|how large is|how big is|what is the count of|what is the count|what is the number of|"
        "what is the total number of|count up|total count of|total count|total number of|grand total of|the total of|"
        "the total number of|a total of|how mny|hw many|hm many|how numerous are|tally up|tot up|add up"
    ),
    "with": "w/|bearing|sporting|flagged as|flagged with|flagged",
    "without": "w/o|lacking|that lack|which lack|lack|devoid of",
    "except": (
        "other than|apart from|aside from|besides|bar|with the exception of|leaving out|leave out|ignoring|ignore|"
        "skipping|sans|not counting|not including|not incl|excl|exclude|setting aside|save for|barring|"
        "discounting|disregarding|omitting|omit|"
        "excluding"
    ),
    "outside": "outwith|outside of",
    "rhel": "red hat enterprise linux|red hat enterprise|red hat linux|red hat|redhat enterprise linux|redhat",
    "offline": "gone dark|switched off|powered off|powered down|turned off",
    "online": "switched on|powered on|turned on|up and running|contactable|in good health",
    "by": (
        "arranged by|ordered by|organised by|organized by|sorted into|sort into|bucketed by|categorised by|"
        "categorized by|partitioned by|segmented by|classified by|listed by|arrange by|order by|sort by|cut by|"
        "summarised by|summarized by|collated by|broken out by|broken up by|for every|in every|on every|at every|"
        "grouped on|grouped per|split per|split into|split up by|split across|split on|divided into|divided among|"
        "distributed by|distributed over|distributed across|spread over|spread across|according to"
    ),
    "network in": (
        "inbound traffic|inbound network traffic|inbound network|inbound bandwidth|inbound|rx rate|rx traffic|rx|"
        "incoming network traffic|incoming network|incoming bandwidth|incoming bytes|received traffic|ingress|"
        "download rate|network input|net in|traffic in|bytes in"
    ),
    "network out": (
        "outbound traffic|outbound network traffic|outbound network|outbound bandwidth|outbound|tx rate|tx traffic|tx|"
        "outgoing network traffic|outgoing network|outgoing bandwidth|outgoing bytes|sent traffic|egress|"
        "upload rate|network output|net out|traffic out|bytes out"
    ),
    "disk": "disc|hdd|hard drive|hard disk|hard drives|hard disks|discs",
    "memory usage": "memory footprint",
    "cpu usage": "cpu time|cpu load|processing power",
    "highest": (
        "hardest|hungriest|hottest|greediest|working hardest|worked hardest|working the hardest"
    ),
    "most": (
        "hogs|hog|hogging|eating up|eating|eats|gobbling|gobbles|chewing through|guzzling|burning|burns|hungry for|"
        "eaters|eater|guzzlers|guzzler|gobblers"
    ),
    "using": "consuming|consumes|drawing",
    "one": "offender|culprit",
    "ones": "offenders|culprits",
    "most cpu": (
        "most heavily loaded|heaviest loaded|most loaded|most heavily used|most stressed|most busy|"
        "most hard-pressed"
    ),
    "least cpu": (
        "lightest loaded|least heavily loaded|most lightly loaded|least loaded|least busy|quietest|"
        "most idle|least used|laziest|calmest"
    ),
    "fullest disk": "least free room|tightest on disk|tightest on space|closest to full|most filled up|most full",
    "emptiest disk": "least full|most empty",
    "how busy is": "how hard is|how stressed is|how strained is",
    "how busy are": "how hard are|how stressed are|how strained are",
    "over": "north of|upwards of|in excess of|topping|crossing|crossed|upward of|surpassing|surpasses",
    "under": "south of|shy of|short of the",
    "at least": (
        "at or above|at or over|equal to or above|"
        "no less than|not less than|no fewer than|no lower than|a minimum of|minimum of|from and above"
    ),
    "at most": (
        "at or below|at or under|no more than|not more than|no higher than|a maximum of|up to and including|"
        "not over|not above"
    ),
    "two": "a couple of|a pair of|couple of|pair of",
    "half an hour": "half hour|1/2 hour|half an hr",
    "15 minutes": "quarter of an hour|a quarter of an hour|quarter hour|quarter-hour",
    "45 minutes": "three quarters of an hour",
    "90 minutes": "hour and a half|an hour and a half|one and a half hours|one and a half hour",
    "last": "preceding|trailing|this past|these past|this last",
    "2 days ago": "the day before yesterday|day before yesterday",
    "last night": "overnight|during the night|in the night",
    "now": "at present|right this minute|this minute|right this second|this very second|this very moment|this second|"
    "this instant|as of now|as of right now|atm|rn",
    "today": (
        "since the start of the day|since the beginning of the day|so far today|all day|today so far|"
        "earlier today|over the course of today"
    ),
    "this week": (
        "since the start of the week|since the beginning of the week|so far this week|all week|this "
        "week so far|week to date"
    ),
    "this month": (
        "since the start of the month|since the beginning of the month|so far this month|all month|"
        "this month so far|month to date"
    ),
    "this morning": "all morning|so far this morning|earlier this morning",
    "until now": "till now|until present|to present|up to now|up until now|until this moment",
    "until": "till|til|'til",
    "since": "ever since|starting from|starting|since the start of|starting on",
    "oses": "operating systems|operating system types",
    "without a": "missing a|missing an|missing any|missing the|missing",
    "answered": "checked in|phoned home|reported in|called home",
    "not responding": "stopped responding|stopped answering|stopped replying|not reporting",
    "in": "live in|living in|lives in|a part of|part of|forming part of",
    "at": "live at|living at|lives at",
    "where is": "where does|where do we find|where can i find|where would i find|where do i find",
    "everything except": "everything but|all but|anything but|anything except|all bar|everything bar|all except",
    "not": "neither",
    "and not": "nor",
    "status of": "health of|condition of|the health of|state of health of",
    "and": "but only|but just|but solely|but exclusively|vs|versus|as well as|along with|together with|+",
    "last seen": (
        "last check in|last checked in|last time we saw|last time anyone saw|last phoned home|last phone home|"
        "last reported in|last reported|last report in|last report|last saw|last time we heard from|last sign "
        "of life of|"
        "last sign of life from"
    ),
    "info": "information|all information|particulars|facts and figures|the lowdown|lowdown|the details",
    "info on": (
        "what is up with|what is the story with|what is the story on|what is the deal with|what is going on with|"
        "what is happening with|what is happening on|how goes|what is new with|what do we know about|"
        "what do you know about|what is known about|what have we got on|any news on|any news of|any word from|"
        "how is it going with|tell me everything about|give me the lowdown on|what is the matter with"
    ),
    "when was last seen": (
        "has anyone seen|has anybody seen|when did anyone last see|any sign of|any signs of|seen anything of|"
        "have we seen|did we last see"
    ),
}  # fmt: skip
"""What is said here -> the other ways to say it, "" for what changes nothing."""

_SORTED = ("arranged|ordered|organised|organized|sorted|bucketed|categorised|categorized|"
           "partitioned|segmented|classified|"
           "listed|arrange|order|organise|organize|sort|cut|carved|carved up|sliced|chopped|"
           "clustered|binned|batched|stacked|"
           "broken|broken down|broken up|broken out|grouped|split|split up|divided|divided up|"
           "separated|laid out|tallied|"
           "counted|summarised|summarized|tabulated|shown|displayed|aggregated|totalled|collated|keyed|spread out|"
           "distributed|pivoted|faceted|sectioned|mapped|presented|itemised|itemized|structured|parcelled")  # fmt: skip
_PARTS = "by|per|into|across|according to|for each|on|for every|by each|along"

_REWORDED = {tuple(way.split()): tuple(said.split()) for said, ways in _SAME.items() for way in ways.split("|")}
_REWORDED |= {
    tuple(f"{way} {part}".split()): ("by",)
    for way in _SORTED.split("|")
    for part in _PARTS.split("|")
    if (way, part) not in (("grouped", "by"), ("sorted", "by"), ("broken down", "by"), ("split", "by"))
}
_LONGEST = max(len(way) for way in _REWORDED)
_FIRST = frozenset(way[0] for way in _REWORDED)
WORDING_WORDS = frozenset(word for way in _REWORDED for word in way)
"""Every word of these wordings."""

_COUNTED = re.compile(r"(\d{1,4})(hrs?|hours?|mins|minutes?|secs|seconds?|days?|weeks?|months?)")
_CLOCKS = re.compile(r"(\d{1,2}(?::\d{2})?(?:am|pm)?)-(\d{1,2}(?::\d{2})?(?:am|pm)?)")
_TOP = re.compile(r"(top|bottom)-?(\d{1,3})")
_SLASHED = re.compile(r"(20\d\d)/(\d{1,2})/(\d{1,2})")
_DAYS = {short: day for day in DAYS for short in (day[:3], day[:4], day[:5]) if short != day} | {"tues": "tuesday"}
_BEFORE_A_DAY = frozenset({"on", "since", "last", "from", "until", "to", "between", "and", "past", "for"})

_OPENINGS = (("good", "morning"), ("good", "afternoon"), ("good", "evening"), ("good", "day"), ("morning",), ("hi",),
             ("hello",), ("hey",), ("evening",), ("afternoon",), ("yo",), ("right",), ("ok",), ("okay",), ("so",),
             ("sorry",), ("um",), ("er",), ("well",), ("oh",), ("quick", "question"), ("quick", "one"))  # fmt: skip
_CALLED = frozenset({"all", "team", "everyone", "folks", "guys", "mate", "there", "opsterm", ",", ":"})
_ASKS = frozenset(
    [
        "what",
        "which",
        "who",
        "where",
        "when",
        "how",
        "can",
        "could",
        "would",
        "will",
        "show",
        "list",
        "give",
        "is",
        "are",
        "do",
        "does",
        "any",
        "please",
        "i",
        "we",
        "has",
        "have",
        "tell",
        "need",
        "get",
    ]
)


def reworded(tokens: Sequence[Token], vocabulary: Vocabulary | None = None) -> tuple[Token, ...]:
    """Return the tokens of a question in the words that the readers know. Never raises."""
    rest = _back(_untailed(plainly_said(_unopened(tuple(tokens)))))
    labels = frozenset(label.lower() for label in vocabulary.labels()) if vocabulary is not None else frozenset()
    made: list[Token] = []
    at = 0
    while at < len(rest):
        before = made[-1].low if made else ""
        behind = rest[at + 1].low if at + 1 < len(rest) else ""
        spelt = _spelt(rest[at].low, before, rest[at - 1].low if at else "", labels, behind)
        used, said = (1, spelt) if spelt is not None else _other(rest, at, labels)
        if not used:
            made.append(rest[at])
            at += 1
            continue
        first, last = rest[at], rest[at + used - 1]
        made.extend(Token(word, word, first.start, last.end) for word in said)
        at += used
    return _once(made)


_NAMING = words("tag tags tagged group groups site sites env environment named called labelled labeled")


def _spelt(low: str, before: str, written_before: str, labels: frozenset[str], behind: str) -> tuple[str, ...] | None:
    """Return the words of one that is written together: "24hrs", "per-site", "non-prod", "8-9am"; None for none."""
    if low in labels:
        return None
    if top := _TOP.fullmatch(low):
        return top[1], top[2]
    if low.startswith("per-"):
        return "by", low[4:]
    if low == "linux" and written_before in LINUXES - {"linux"}:
        return ()  # "rocky linux" is rocky
    clocks = _CLOCKS.fullmatch(low)
    if clocks and (":" in low or low.endswith("m")):
        lead = {"from": (clocks[1], "to", clocks[2]), "between": (clocks[1], "and", clocks[2])}
        return lead.get(before, ("from", clocks[1], "to", clocks[2]))
    if iso := _SLASHED.fullmatch(low):
        return (f"{iso[1]}-{int(iso[2]):02}-{int(iso[3]):02}",)
    denied = low.removeprefix("non-")
    if denied != low and denied in labels | ALIASES.keys() | SYSTEMS:
        return "not", denied
    if counted := _COUNTED.fullmatch(low):
        return counted[1], counted[2]
    return (_DAYS[low],) if low in _DAYS and (before in _BEFORE_A_DAY or behind[:1].isdecimal()) else None


def _other(tokens: Sequence[Token], at: int, labels: frozenset[str]) -> tuple[int, tuple[str, ...]]:
    """Return how many tokens at a place are another wording, and of what; 0 for none."""
    if tokens[at].low not in _FIRST or tokens[at].quote:
        return 0, ()
    for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
        way = tuple(token.low for token in tokens[at : at + length])
        if way not in _REWORDED or (length == 1 and way[0] in labels):
            continue
        before = tokens[at - 1].low if at else ""
        if (before in _NAMING and _REWORDED[way] != ("and", "not")) or (
            before in ("and", "or") and _REWORDED[way] == ("except",)
        ):
            continue  # the bar of "tag foo or bar" is a name
        return length, _REWORDED[way]
    return 0, ()


def _unopened(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return tokens without a greeting in front of a question: "morning, what is down", not "morning load"."""
    for opening in _OPENINGS:
        if tuple(token.low for token in tokens[: len(opening)]) != opening:
            continue
        behind = len(opening)
        while behind < len(tokens) and tokens[behind].low in _CALLED:
            behind += 1
        if behind < len(tokens) and (behind > len(opening) or tokens[behind].low in _ASKS):
            return _unopened(tokens[behind:])
    return tokens


_TAILS = tuple(
    tuple(tail.split())
    for tail in [
        "list em",
        "show em",
        "list 'em",
        "name em",
        "list them",
        "show them",
        "name them",
        "show me",
        "list it",
        "which",
        "who",
        "list please",
        "list them please",
        "list them all",
        "who are they",
        "which are they",
        "if so which",
        "if any",
        "name names",
        "go",
        "which ones",
        "which ones are they",
        "or not",
        "or no",
        "what are they",
        "- which ones",
        "- which",
        "for me",
        "for colleague",
        "for a colleague",
    ]
)


def _untailed(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return tokens without what asks for the list once more: "any freebsd? list them"."""
    for tail in _TAILS:
        kept = len(tokens) - len(tail)
        if kept > 1 and tuple(token.low for token in tokens[kept:]) == tail and tokens[kept - 1].low not in _NEEDS_MORE:
            return tokens[: kept - (tokens[kept - 1].low in (",", "-"))]
    return tokens


_NEEDS_MORE = frozenset({"and", "or", "of", "to", "is", "are", "me", "who", "which", "not", "by", "run"})


def _back(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return "are they back yet" as "are they up"."""
    first = tokens[0] if tokens else None
    if first is not None and first.low in ("has", "have", "did"):  # "has web-03 come back"
        at, length, _ = find_phrase(tokens, _RETURNED)
        if at > 0:
            came = replace(tokens[at], text="up", low="up")
            return (replace(first, text="is", low="is"), *tokens[1:at], came, *tokens[at + length :])
    if first is None or first.low not in ("is", "are"):
        return tokens
    return tuple(replace(token, text="up", low="up") if token.low == "back" else token for token in tokens)


_RETURNED = ("come back up", "come back online", "come back to life", "come back", "came back up", "came back",
             "recovered",
             "returned", "gone back up")  # fmt: skip


def _once(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return tokens with "how many" once: "how much kit is there, just the number"."""
    made: list[Token] = []
    counted = False
    for token in tokens:
        many = token.low == "many" and bool(made) and made[-1].low == "how"
        if many and counted and "and" not in [before.low for before in made[-2:-1]]:
            made.pop()
            continue
        counted = counted or many
        made.append(token)
    return tuple(replace(token) for token in made)
