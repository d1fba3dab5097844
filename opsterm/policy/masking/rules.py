"""Ways to write a secret behind what tells of it, and how a table of them is read.

The rules are tried on the text in small letters, which has every character in its place, and give places in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from opsterm.policy.masking.hinted_text import HintedRules, HintedText
from opsterm.policy.masking.plain import is_plain, looks_made
from opsterm.policy.masking.spans import SecretSpan

DOUBLE = r'\\?"(?P<double>(?:[^"\\\n]|\\(?!").|\\"(?=[^\s,}\]:]))*)\\?"'
SINGLE = r"'(?P<single>(?:[^'\\\n]|\\.|'')*)'"
BARE = r"""(?P<bare>(?:[^\s"'`;|&,<>]|,(?!\s|$|[a-z_][\w.-]*[=:])|(?<=[^\s,])['"](?=[^\s,;}\])'"]))+)"""
VALUE = rf"(?:{DOUBLE}|{SINGLE}|{BARE})"
"""A value: in double quotes, also where they are escaped in a JSON string, in single ones, or bare."""


class MaskRule(NamedTuple):
    """A way to write what tells of a secret, and its value.

    Attributes:
        pattern: text of a pattern with groups "double", "single", "bare" or "secret" around the value.
        hints: texts of which one must be in what it finds, in small letters.
        kind: the word in the placeholder.
        wants: what the value must look like, since the way is also one of ordinary texts; None for anything.
    """

    pattern: str
    hints: tuple[str, ...]
    kind: str = "password"
    wants: Callable[[str], bool] | None = None


def rule(
    pattern: str,
    *hints: str,
    kind: str = "password",
    made: bool = False,
    wants: Callable[[str], bool] | None = None,
) -> MaskRule:
    """Return a rule; `made` wants a value that looks made up."""
    return MaskRule(pattern, hints, kind, looks_made if made else wants)


_UNIT = re.compile(r"[ \t](?:bytes|chars|characters|digits|days|seconds|minutes|hours)\b")
"""What is counted: `password: 16 bytes`."""


_IMAGE = re.compile(
    r"(?<![\w./:-])[\w-]+(?:\.[\w-]+)+(?::\d{1,5})?/[\w./-]*(?:secret|token|password|credential|key)s?:$"
)
"""The image of a container before its tag: registry.example.org/ops/api-token:1.4."""

_LONGEST_IMAGE = 160


def find_by(rules: HintedRules[MaskRule], text: str, small: HintedText) -> Iterator[SecretSpan]:
    """Yield the values that the rules find.

    Args:
        rules: in the order of which the first names the kind.
        text: as it is.
        small: the same with ASCII capitals made small.
    """
    for way, match in rules.found_in(small):
        start, end = _value_of(match)
        end = _without_closers(text, start, end)
        value = text[start:end]
        kind = "community" if way.kind == "password" and "community" in match[0][: start - match.start()] else way.kind
        if text[start - 1] == ":" and _IMAGE.search(text, max(0, start - _LONGEST_IMAGE), start):
            continue
        if value.isdigit() and _UNIT.match(text, end):
            continue
        if not is_plain(value) and (way.wants is None or way.wants(value)):
            yield SecretSpan(start, end, kind)


def _value_of(match: re.Match[str]) -> tuple[int, int]:
    """Return the place of the value: of the one group that took part."""
    for name in ("double", "single", "bare", "secret"):
        if name in match.re.groupindex and match[name] is not None:
            return match.span(name)
    return match.end(), match.end()


def _without_closers(text: str, start: int, end: int) -> int:
    """Return the end of a bare value without the brackets and full stops around it: (password=x), {token: x}."""
    while end > start:
        last = text[end - 1]
        opener = {")": "(", "]": "[", "}": "{"}.get(last)
        if (
            (opener is not None and opener not in text[start:end])
            or last == "\\"
            or (last in "'\"," and text[start] != last)
        ):
            end -= 1
        else:
            break
    return end
