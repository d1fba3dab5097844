"""Operating systems in words: "windows 10", "win10" and "Windows 10 Pro" are one thing, said and kept differently."""

from __future__ import annotations

import re

from opsterm.assistant.vocabulary import BSDS, DESKTOP_LABELS, DESKTOPS, LINUXES, SYSTEMS
from opsterm.assistant.world import Vocabulary


def read_system(said: str, words: Vocabulary, *, behind: str, reserved: frozenset[str]) -> tuple[str, ...]:
    """Return values of the selector field `os` for some words, () when they name no operating system.

    Args:
        said: one to three words in lower case.
        words: the inventory's words.
        behind: the word that follows; a version there belongs to the name and is read with it.
        reserved: words that are never a name.
    """
    first = said.split(maxsplit=1)[0] if said.split() else ""
    if said == "linux":
        return tuple(sorted(word for word in words.system_words if word in LINUXES)) or ("linux",)
    if said in ("bsd", "bsds"):
        return tuple(sorted(word for word in words.system_words if word in BSDS)) or BSDS
    if said in ("windows", "win"):
        return ("win*",)
    if not first or first in reserved or said.isdecimal():
        return ()
    if said in words.systems or said in words.system_words:
        return (said,)
    squeezed = _squeezed(said)
    alike = sorted(text for low, text in words.systems.items() if _squeezed(low).startswith(squeezed))
    if first in SYSTEMS and alike and any(char.isdecimal() for char in said):
        return tuple(dict.fromkeys(alike))
    if any(f" {said} " in f" {low} " for low in words.systems):
        return (said,)
    return (said,) if said in SYSTEMS and not re.fullmatch(r"\d[\d.]*", behind) else ()


def read_desktops(said: str, words: Vocabulary) -> tuple[str, str] | None:
    """Return (field, label) of what an inventory calls the machines that people sit at; None when nothing tells."""
    if said not in DESKTOPS:
        return None
    for field, table in (("group", words.groups), ("tag", words.tags)):
        for label in DESKTOP_LABELS:
            if label in table:
                return field, table[label]
    return None


def _squeezed(text: str) -> str:
    return re.sub(
        r"[\s._-]", "", text.lower().replace("windows", "win").replace("red hat", "rhel").replace("server", "")
    )
