"""What a single word chooses in this inventory: a name, a label, an operating system, a status."""

from __future__ import annotations

from opsterm.assistant.cities import city_site
from opsterm.assistant.vocabulary import ALIASES, STATUS_WORDS, SYSTEMS, words
from opsterm.assistant.world import Vocabulary

_OF_VERBS = words("up down live")
"""Words for a state that more often belong to a verb."""


def meanings(low: str, vocabulary: Vocabulary) -> frozenset[str]:
    """Return what a word in lower case chooses, each with its field, as in "group:web"; empty for nothing."""
    if not low:
        return frozenset()
    tables = {
        "name": vocabulary.names, "group": vocabulary.groups, "tag": vocabulary.tags, "site": vocabulary.sites,
        "env": vocabulary.environments, "os": vocabulary.system_words, "item": vocabulary.items,
    }  # fmt: skip
    singular = low.removesuffix("es" if low.endswith("hes") else "s") if len(low) > 3 else ""
    forms = (low, singular, ALIASES.get(low, ""), city_site(low, vocabulary.sites))
    found = {f"{field}:{form}" for form in forms if form for field, table in tables.items() if form in table}
    if low in STATUS_WORDS and low not in _OF_VERBS:
        found.add(f"status:{STATUS_WORDS[low][0]}")
    if low in SYSTEMS or low in vocabulary.systems:
        found.add(f"os:{low}")
    return frozenset(found)
