"""The characters of a PowerShell text: those that mean the same as plain ones, and those that an eye overlooks.

PowerShell takes typographic dashes, quotation marks and spaces for plain ones (about_Quoting_Rules,
CharTraits.cs of PowerShell 7). Each is replaced by one plain character, so that places stay what they are.
"""

from __future__ import annotations

import re

from opsterm.core.text import escaped

_DASHES = "\u2013\u2014\u2015"
_SINGLE = "\u2018\u2019\u201a\u201b"
_DOUBLE = "\u201c\u201d\u201e"
_SPACES = "\u00a0\u0085\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_PLAIN = str.maketrans(
    {**dict.fromkeys(_DASHES, "-"), **dict.fromkeys(_SINGLE, "'"), **dict.fromkeys(_DOUBLE, '"'),
     **dict.fromkeys(_SPACES, " ")}
)  # fmt: skip
_TYPOGRAPHIC = re.compile(f"[{_DASHES}{_SINGLE}{_DOUBLE}]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def plain(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text of the same length in plain characters, and what is odd about the given one: whole sentences."""
    odd = []
    unseen = _UNSEEN.search(text.removeprefix("\ufeff"))
    if unseen:
        odd.append(f"It contains a character that is not seen ({escaped(unseen[0])}).")
    typographic = _TYPOGRAPHIC.search(text)
    if typographic:
        odd.append(f"It uses a typographic dash or quote ({escaped(typographic[0])}), which counts as a plain one.")
    return text.replace("\ufeff", " ").replace("\r\n", " \n").replace("\r", "\n").translate(_PLAIN), tuple(odd)
