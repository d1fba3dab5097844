"""Secrets that a whole text tells of: the data of a Secret of Kubernetes, and items of a list of passwords.

A manifest calls none of its values secret; the kind of the object does, which may stand behind them. A text is looked
at only if it names such an object, line by line, so the time is linear.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from opsterm.core import lean_re as re
from opsterm.policy.masking.plain import is_plain
from opsterm.policy.masking.spans import SecretSpan

_KIND = re.compile(r"(?im)^(?P<indent>[ ]*(?:- )?)[\"']?kind[\"']?:[ \t]*[\"']?(?P<kind>\w+)[\"']?[ \t]*$")
_DATA = re.compile(r"(?im)^(?P<indent>[ ]*(?:- )?)(?:data|stringdata):[ \t]*$")
_DIVIDER = re.compile(r"(?m)^---")
_ENTRY = re.compile(
    r"(?P<indent>[ ]+)(?P<name>[\w.\"'/-]{1,253}):(?:[ \t]+(?P<value>\S[^\n]*?))?[ \t]*(?:\n|$)|[ \t]*(?:#[^\n]*)?(?:\n|$)"
)
_BLOCK = re.compile(r"[|>][+-]?\d?")
_JSON_DATA = re.compile(r"\"(?:data|stringData)\"[ \t]*:\s{0,20}\{(?P<entries>[^{}]{0,100000})\}")
_JSON_KIND = re.compile(r"\"kind\"\s{0,4}:\s{0,4}\"(?P<kind>\w+)\"")
_JSON_ENTRY = re.compile(r"\"[^\"\n]{1,253}\"\s{0,4}:\s{0,4}\"(?P<value>[^\"\n]{1,100000})\"")
_LIST = re.compile(
    r"(?i)(?:passwords|passphrases)[\"']?[ \t]*[:=][ \t]*(?:\[|\n(?=[ \t]*-[ \t]))(?P<items>(?:\s{0,20}(?:-[ \t])?(?:\"[^\"\n]{1,200}\"|'[^'\n]{1,200}'|(?<=-[ \t])[^\s'\"\[\]{}:,]{1,200}(?![^\s,])),?){1,200})"
)
_ITEM = re.compile(r"\"(?P<double>[^\"\n]+)\"|'(?P<single>[^'\n]+)'|-[ \t](?P<bare>[^\s'\"]+)")


def find_in_manifests(text: str, small: str) -> Iterator[SecretSpan]:
    """Yield the data of Secrets and the items of lists of passwords.

    Args:
        text: as it is.
        small: the same with ASCII capitals made small.
    """
    if "kind" in small and "secret" in small and "data" in small:
        yield from _in_yaml(text)
        yield from _in_json(text)
    if any(name in small for name in ("passwords", "passphrases")):
        for found in _LIST.finditer(text):
            for item in _ITEM.finditer(text, *found.span("items")):
                yield from _value(text, *item.span(item.lastgroup or 0))


def _in_yaml(text: str) -> Iterator[SecretSpan]:
    start = 0
    for end in [*(match.start() for match in _DIVIDER.finditer(text)), len(text)]:
        kinds = [
            (len(match["indent"]), match.start(), match["kind"].lower()) for match in _KIND.finditer(text, start, end)
        ]
        of: dict[int, list[tuple[int, str]]] = {}
        if any(kind == "secret" for _, _, kind in kinds):
            for data in _DATA.finditer(text, start, end):
                depth = len(data["indent"])
                beside = [(at, kind) for indent, at, kind in kinds if indent == depth] if depth not in of else of[depth]
                of[depth] = beside
                if _nearest(beside, data.start()) == "secret":
                    yield from _entries(text, data.end() + 1, end, depth)
        start = end


def _nearest(kinds: Sequence[tuple[int, str]], place: int) -> str:
    """Return which of the kinds, in the order of their places, stands nearest to a place; "" when there are none."""
    after = bisect_left(kinds, (place, ""))
    return min(((abs(at - place), kind) for at, kind in kinds[max(after - 1, 0) : after + 1]), default=(0, ""))[1]


def _entries(text: str, at: int, end: int, depth: int) -> Iterator[SecretSpan]:
    """Yield the values of lines that are deeper than a depth, from a place on."""
    inside = 0  # how deep a block of lines is, 0 outside of one
    while at < end:
        line_end = text.find("\n", at, end)
        line_end = end if line_end < 0 else line_end
        line = text[at:line_end]
        indent = len(line) - len(line.lstrip(" "))
        if line.strip() and indent <= depth - (2 if line.lstrip(" ").startswith("- ") else 0):
            return
        if inside and indent > inside:
            yield from _value(text, at + indent, line_end)
        elif line.strip() and (match := _ENTRY.match(text, at, end)) and match["value"]:
            inside = indent if _BLOCK.fullmatch(match["value"]) else 0
            if not inside:
                yield from _value(text, *match.span("value"))
        at = line_end + 1


def _in_json(text: str) -> Iterator[SecretSpan]:
    kinds = [(match.start(), match["kind"]) for match in _JSON_KIND.finditer(text)]
    if not any(kind == "Secret" for _, kind in kinds):
        return
    for data in _JSON_DATA.finditer(text):
        if _nearest(kinds, data.start()) == "Secret":
            for entry in _JSON_ENTRY.finditer(text, *data.span("entries")):
                yield from _value(text, *entry.span("value"))


def _value(text: str, start: int, end: int) -> Iterator[SecretSpan]:
    while start < end and text[start] in "\"'":
        start += 1
    comment = text.find(" #", start, end)
    end = comment if comment > start else end
    while end > start and text[end - 1] in "\"' \t":
        end -= 1
    if end > start and not is_plain(text[start:end]):
        yield SecretSpan(start, end, "password")
