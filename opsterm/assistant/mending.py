"""Misspelt words of a question, mended where only one known word is near: said in the answer, never in an order.

Names of targets are never mended, nor is anything shorter than four letters or with a digit in it.
"""

from __future__ import annotations

from dataclasses import replace
from string import ascii_lowercase

from opsterm.assistant.cities import CITIES, city_site
from opsterm.assistant.lengths import TIME_WORDS
from opsterm.assistant.metric_words import METRIC_WORDS
from opsterm.assistant.moments import DAYS, MONTHS
from opsterm.assistant.reading import Sentence
from opsterm.assistant.sayings import SAYINGS
from opsterm.assistant.small_talk import CROWDS, TALK
from opsterm.assistant.tokens import Token
from opsterm.assistant.vocabulary import ALIASES, FILLERS, GROUPING_WORDS, NOUNS, STATUS_WORDS, SYSTEMS, words
from opsterm.assistant.wording import WORDING_WORDS

SHORTEST = 4
_SHORT = {"al": "all", "teh": "the", "hte": "the", "fo": "of", "si": "is", "ni": "in", "hwo": "how", "taht": "that",
          "lst": "list", "haw": "how", "wich": "which", "whcih": "which", "hwich": "which",
          "lis": "list", "lits": "list", "shw": "show", "sho": "show", "hw": "how", "wht": "what",
          "wat": "what", "whta": "what", "mny": "many", "nad": "and", "adn": "and", "hav": "have", "fr": "for",
          "ar": "are", "aer": "are", "opn": "open", "upp": "up", "cpuu": "cpu", "tpo": "top",
          "laod": "load", "dsk": "disk", "memry": "memory", "mmory": "memory", "cnt": "count", "yday": "yesterday",
          "boxs": "boxes", "srvs": "servers", "svrs": "servers", "srv": "server", "hsts": "hosts",
          "mchines": "machines",
          "hst": "host", "exept": "except", "exluding": "excluding", "wihtout": "without", "tht": "that", "ovr": "over",
          "swp": "swap", "lsat": "last", "las": "last", "cup": "cpu", "tow": "two", "cpi": "cpu", "yest": "yesterday",
          "exc": "except", "mem": "memory", "sinc": "since", "pc's": "pcs", "sevrers": "servers"}  # fmt: skip
_SAID = words(
    "many number count tagged grouped group split last past since between hour hours minute minutes week weeks month "
    "yesterday today weekend morning night alerts alert critical warning highest lowest average peak most least above "
    "below over under more less than percent free left used busiest fullest reachable everything except without "
    "uptime address kernel installed services running production staging database databases firewalls per broken "
    "half before after offline online total version when where while there their they them then than here have been "
    "into onto does will would should could might must shall only also even ever never still such some same other "
    "another both between about again because until upon very make made take took keep kept work works went goes help "
    "please thanks hello fill fills filled file files page pages name mean means tell told said says time times long "
    "line lines port ports user users read write ready real good best next first second third back down current "
)
ACTIONS = words(
    "wipe drain patch nuke erase flush flash boot bounce kick kill scrub purge shut halt "
    "fail trash zap ditch dump rebuild "
    "reimage reset retire evict cordon migrate resize rotate renew replace repair fix "
    "move rename isolate quarantine burn"
)
"""Verbs that would change something: never taken for a misspelt word of a question."""

_KNOWN = (
    ACTIONS | FILLERS | NOUNS | SYSTEMS | METRIC_WORDS | STATUS_WORDS.keys() | ALIASES.keys()
    | GROUPING_WORDS.keys() | frozenset(DAYS) | frozenset(MONTHS) | _SAID | WORDING_WORDS | TIME_WORDS
)  # fmt: skip


_TALKED = TALK | CROWDS | SAYINGS.words
"""Words that are rightly spelt, though nothing is mended to them."""


def mended(sentence: Sentence) -> tuple[Sentence, tuple[str, ...]] | None:
    """Return the sentence with its misspelt words mended and what was read as what; None when there is none."""
    vocabulary = sentence.words
    systems = vocabulary.system_words.values()
    labels = {label.lower() for label in vocabulary.labels()}
    known = _KNOWN | labels | {form for label in labels - set(systems) for form in _forms(label)}
    known |= {city for city in CITIES if city_site(city, vocabulary.sites)}
    tokens: list[Token] = []
    notes: list[str] = []
    for token in sentence.tokens:
        low, found = token.low, ""
        if low and low not in known and low not in _TALKED and low not in vocabulary.names:
            found = _SHORT.get(low, "") or _nearest(low, known)
        tokens.append(replace(token, text=found, low=found) if found else token)
        notes += [f"{token.text!r} is read as {found!r}."] if found else []
    return (replace(sentence, tokens=tuple(tokens)), tuple(notes)) if notes else None


def _forms(label: str) -> tuple[str, ...]:
    """Return a label as it is said of one and of several: "switch", "switches"."""
    return (label, label + ("es" if label.endswith(("s", "x", "ch", "sh")) else "s"))


def _nearest(word: str, known: frozenset[str]) -> str:
    """Return the one known word that a misspelt one can be, "" when there is none or there are several."""
    if len(word) < SHORTEST or not word.isalpha():
        return ""
    found = {one for one in _one_off(word) & known if len(one) >= SHORTEST and one.isalpha()}
    same = {one for one in found if _single(one) == _single(word)} or {one for one in found if one[0] == word[0]}
    same = same or {one for one in found if len(one) != len(word) or sorted(one) == sorted(word)}  # "risk" is no disk
    if {f"{min(same, default='')}s"} == same - {min(same, default="")}:
        return max(same)  # "minuts": one of several, or several
    return min(same) if len(same) == 1 else ""


def _single(word: str) -> str:
    """Return a word with doubled letters once: "ofline" leaves one out."""
    return "".join(letter for at, letter in enumerate(word) if word[at - 1 : at] != letter)


def _one_off(word: str) -> set[str]:
    """Return what a word is with one letter left out, added, changed or swapped with its neighbour."""
    parts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    left_out = {head + tail[1:] for head, tail in parts if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in parts if len(tail) > 1}
    changed = {head + letter + tail[1:] for head, tail in parts if tail for letter in ascii_lowercase}
    added = {head + letter + tail for head, tail in parts for letter in ascii_lowercase}
    return left_out | swapped | changed | added
