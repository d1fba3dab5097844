"""Characters that make a command look like another one."""

from __future__ import annotations

import unicodedata

from opsterm.core import lean_re as re
from opsterm.core.text import escaped

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff]")
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e0fff]"
)
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_DASHES = re.compile("(?:^|(?<=\\s))[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]+(?=[A-Za-z0-9])")
_QUOTES = re.compile("(?<![\\w'\"])[\u2018-\u201f\uff07\uff02](?=\\S)")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_BETWEEN = re.compile(r"[\s'\"]+")
_LATIN = re.compile(r"[A-Za-z]")


def oddities(text: str) -> tuple[str, ...]:
    """Return a sentence for each kind of character in a command that an eye overlooks or takes for another."""
    if text.isascii() and not _CONTROL.search(text):
        return ()
    found = []
    bare = text.replace("\r\n", "\n")
    if bare != text:
        found.append("Its lines end with a carriage return, which becomes a part of words.")
    unquoted = _QUOTED.sub("''", bare)
    for pattern, what in (
        (_CONTROL, "a control character"), (_HIDDEN, "an invisible character"), (_SPACES, "a space that is none"),
        (_DASHES, "a dash that is no hyphen"), (_QUOTES, "a quotation mark that quotes nothing"),
    ):  # fmt: skip
        match = pattern.search(unquoted if pattern in (_DASHES, _QUOTES) else bare)
        if match:
            found.append(f"It contains {what} ({escaped(match[0][0])}).")
    look_alike = _look_alike(bare)
    if look_alike:
        found.append(f"It contains a letter that looks like another one ({escaped(look_alike)}).")
    return tuple(found)


def _look_alike(text: str) -> str:
    """Return a letter of another alphabet inside a word with Latin letters, "" for none (UTS 39, mixed scripts)."""
    for word in _BETWEEN.split(text):
        for char in word if _LATIN.search(word) else "":
            if char.isascii() or not char.isalpha():
                continue
            name = unicodedata.name(char, "")
            if name.startswith(("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "FULLWIDTH", "MATHEMATICAL", "LISU")):
                return char
    return ""
