"""Whose words a proposal is made of: the operator's, what ships, or only those of a text that a target printed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.core.text import clean_line

SHOWN = 6
"""Words of a mark that are named."""

_WORD = re.compile(r"[^\s\"'`;|&<>(){}\[\]$,=]+")
_PLACE = re.compile(r"(?:[a-z][a-z0-9+.-]*://\S+|(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?|(?:[\w-]+\.)+[a-z]{2,}(?:[:/]\S*)?)")
"""A URL, an address, or a name with dots: somewhere that a command could send to or fetch from."""

_FILE_ENDINGS = frozenset({
    "conf", "cfg", "service", "socket", "timer", "log", "json", "yaml", "yml", "toml", "txt", "gz", "xz", "ini", "exe",
    "dll", "target", "mount", "pid", "so", "rules", "list", "pem", "key", "crt", "db",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What was said and read in a conversation.

    Attributes:
        said: the operator's words, all of them.
        known: what ships and was read: cards, documents.
        hosts: names and addresses of the inventory.
        untrusted: (tag, text) of what targets printed.
    """

    said: str
    known: str = ""
    hosts: frozenset[str] = frozenset()
    untrusted: Sequence[tuple[str, str]] = ()


def folded(text: str) -> str:
    """Return a text as it is compared: one form for what looks the same, no difference of case."""
    return unicodedata.normalize("NFKC", text).casefold()


def telling_words(command: str) -> tuple[str, ...]:
    """Return the words of a command that say what it does and to what: no options, nothing of one letter."""
    found = [word.strip(".:!?") for word in _WORD.findall(folded(command))]
    return tuple(dict.fromkeys(word for word in found if len(word) > 1 and not word.startswith("-")))


def places(command: str) -> tuple[str, ...]:
    """Return the URLs, addresses and host names in a command."""
    found = []
    for word in telling_words(command):
        for match in _PLACE.finditer(word):
            ending = match[0].rpartition(".")[2]
            if "://" in match[0] or ending not in _FILE_ENDINGS:
                found.append(match[0])
    return tuple(dict.fromkeys(found))


def marks(command: str, targets: Sequence[str], of: Provenance) -> tuple[str, ...]:
    """Return what in a proposal comes from texts of targets only, as sentences; () when nothing does.

    Args:
        command: that is proposed.
        targets: names that it is proposed for.
        of: what was said and read before.
    """
    if not of.untrusted:
        return ()
    said, known = folded(of.said), folded(of.known)
    read = [(tag, folded(text)) for tag, text in of.untrusted]
    made = []
    planted: list[str] = []
    tags: list[str] = []
    words = [(word, said + "\n" + known) for word in telling_words(command)]
    words += [(folded(name), said) for name in targets]  # what ships names no target of this site
    for word, trusted in words:
        where = [tag for tag, text in read if _has(text, word)]
        if where and not _has_word(trusted, word):
            planted.append(word)
            tags += where
    if planted:
        made.append(_sentence(planted, f"only in what a target printed ({', '.join(dict.fromkeys(tags))})"))
    strange = [
        place for place in places(command)
        if place not in planted and not _has_word(said, place) and not _has_word(known, place)
        and not any(folded(host) in place for host in of.hosts)
    ]  # fmt: skip
    if strange:
        made.append(_sentence(strange, "in nothing that you said, after a text of a target was read"))
    return tuple(made)


def _sentence(words: Sequence[str], where: str) -> str:
    named = ", ".join(f"`{clean_line(word, limit=60)}`" for word in dict.fromkeys(words[:SHOWN]))
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return f"{named}{more}: {where}."


def _has(text: str, word: str) -> bool:
    """Return whether a text has a word anywhere; a short one as a word of its own."""
    return word in text if len(word) > 3 else _has_word(text, word)


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None
