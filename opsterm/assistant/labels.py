"""Words that say what the next one is: "tagged foo", "in group lab", "user root", "port 22".

What such a word names is that and nothing else, whether or not the inventory has it: an honest empty answer is better
than another meaning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsterm.assistant.near import near_words
from opsterm.assistant.tokens import Token
from opsterm.assistant.vocabulary import NOUNS, words
from opsterm.assistant.world import Vocabulary

_LABELS = {
    "tagged": "tag", "labelled": "tag", "labeled": "tag", "tag": "tag", "tags": "tag", "group": "group",
    "groups": "group", "site": "site", "environment": "env", "env": "env",
}  # fmt: skip
_SELF_EVIDENT = frozenset({"tagged", "labelled", "labeled"})
_LOG_INS = {"user": "user", "username": "user", "login": "user", "port": "port", "address": "address", "ip": "address"}
_BETWEEN = words("the a as with named called name number is")
_WHOLE = words("everything everyone something anything stuff things them")
_LEADS = words(
    "in on with of from by for having have has to at and or not list show count use uses using carry carries carrying "
    "under over across except there , ("
)
_VALUE = re.compile(r"[A-Za-z0-9_][\w.@/:-]*")
_VALUES = {"user": re.compile(r"[A-Za-z_][\w.@\\-]*\$?"), "port": re.compile(r"\d{1,5}"),
           "address": re.compile(r"[\w.:-]*[.:][\w.:-]*")}  # fmt: skip


def label_before(tokens: Sequence[Token], at: int, fillers: frozenset[str]) -> str:
    """Return the field that a word in front says the word at a place to be a value of, "" for none."""
    token = tokens[at]
    if token.low in fillers | NOUNS | _LABELS.keys() | _WHOLE or not _VALUE.fullmatch(token.text):
        return ""
    before = at - 1
    while before >= 0 and tokens[before].low in _BETWEEN:
        before -= 1
    label = tokens[before].low if before >= 0 else ""
    if label == "group" and not before and tokens[1].low in ("the", "all"):
        return ""  # "group the linux machines": a verb
    behind = tokens[at + 1].low if at + 1 < len(tokens) else ""
    if behind in ("environment", "site", "group") and before >= 0 and tokens[at - 1].low in ("in", "the", "of"):
        return _LABELS[behind]
    if label in _SELF_EVIDENT or (label in _LABELS and _leads(tokens, before)):
        return _LABELS[label]
    return ""


def label_in_list(tokens: Sequence[Token], at: int, fillers: frozenset[str]) -> str:
    """Return the field of the list that a word goes on with, as foo in "tagged nginx and foo", "" for none."""
    while at >= 2 and tokens[at - 1].low in ("and", "or", ",", "&", "plus"):
        at -= 3 if tokens[at - 2].low == "," and at >= 3 else 2
        if label := label_before(tokens, at, fillers):
            return label
    return ""


def log_in_at(tokens: Sequence[Token], at: int, fillers: frozenset[str]) -> tuple[str, str, int] | None:
    """Return (field, value, tokens used) of "user root", "port 22", "address 10.0.0.1"; None when it is none."""
    field = _LOG_INS.get(tokens[at].low, "")
    before = tokens[at - 1].low if at else ""
    if not field or before == "by" or not _leads(tokens, at):
        return None
    value = at + 1
    while value < len(tokens) and tokens[value].low in _BETWEEN:
        value += 1
    if value >= len(tokens) or tokens[value].low in fillers | NOUNS or not _VALUES[field].fullmatch(tokens[value].text):
        return None
    return field, tokens[value].text, value + 1 - at


def _leads(tokens: Sequence[Token], at: int) -> bool:
    """Return whether what stands before a label makes it choose targets: "what is the group policy" does not."""
    before = at - 1
    while before >= 0 and tokens[before].low in ("the", "a", "an"):
        before -= 1
    return before < 0 or tokens[before].low in _LEADS or any(token.low in NOUNS for token in tokens[:at])


def absent_note(field: str, value: str, vocabulary: Vocabulary) -> str:
    """Return the sentence that a label is not in the inventory, with what is alike."""
    kind = "environment" if field == "env" else field
    tables = {"a target": vocabulary.names, "a group": vocabulary.groups, "a tag": vocabulary.tags,
              "an environment": vocabulary.environments, "a site": vocabulary.sites}  # fmt: skip
    others = [name for name, table in tables.items() if value.lower() in table]
    if others:
        return f"There is no {kind} {value}; it is {' and '.join(others)}."
    near = near_words([value], vocabulary)
    return f"There is no {kind} {value}." + (f" Known and alike: {', '.join(near)}." if near else "")
