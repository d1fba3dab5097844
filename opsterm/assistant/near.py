"""Known words that are spelt like an unknown one: for suggestions, never for actions."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from opsterm.assistant.terms import quoted
from opsterm.assistant.world import Vocabulary, squeezed_name


def near_words(unknown: Sequence[str], words: Vocabulary) -> tuple[str, ...]:
    """Return up to three known names or labels for each unknown word, the most alike first; for suggestions only."""
    if not unknown:
        return ()
    found: list[str] = []
    labels = sorted(set(words.labels()))
    for word in unknown[:3]:
        low = word.lower()
        same = words.alike.get(squeezed_name(low), [])
        names = sorted(words.names.values()) if len(words.names) <= 500 else [
            name for key, name in words.names.items() if key[:2] == low[:2]
        ][:500]  # fmt: skip
        found += same[:3] or difflib.get_close_matches(low, [*names, *labels], n=3, cutoff=0.75)
    return tuple(dict.fromkeys(found))[:5]


def near_lines(near: Sequence[str], words: Vocabulary) -> tuple[str, ...]:
    """Return the lines that list the targets which known words name or choose."""
    tables = {"": words.names, "group:": words.groups, "tag:": words.tags, "env:": words.environments,
              "site:": words.sites, "os:": words.system_words}  # fmt: skip
    heads = {word: next((head for head, table in tables.items() if word.lower() in table), "") for word in near}
    return tuple(f"list targets where {head}{quoted(word)}" for word, head in heads.items())
