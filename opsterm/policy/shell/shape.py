"""Limits on the shape of a text, counted before it is parsed.

The grammar is quick on what people write and slow on what nobody writes: its recovery from an error is quadratic in
open brackets and in pipes (measured: 2,000 pipes with nothing behind them take 0.7 s). Counting costs a millisecond.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping

NESTING_LIMIT = 64
"""Shells inside shells, blocks inside blocks."""

PIPES_LIMIT = 250
FUNCTIONS_LIMIT = 250
OPERATORS_LIMIT = 1_000
"""Signs that end a command, but for ends of lines."""

HEREDOCS_LIMIT = 100
CLOSERS_LIMIT = 100
"""Brackets that close nothing, as behind the patterns of `case`; or that nothing closes, as in `a[b`."""

WEIGHT_LIMIT = 5_000
"""Of all that stands outside quotes: a hundred lines of an ordinary script, a thousand plain commands."""

_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\$`]|\\.)*\"", re.DOTALL)
_PART = re.compile(
    r"\s+|[$\"'|;~*?#]|(?<=\w)=|(?P<heavy>[^\w\s./:=@%+,$\"'|;~*?#-]|\+?=|-(?=\s)|\b(?:function|select|for|case|coproc|while|until)\b)"
)
"""Blanks and signs of everyday weigh 1, and 6 what the grammar's recovery may try again and again."""

_OPENS = re.compile(r"(?<!<)<<-?[ \t]*(['\"]?)([\w.-]+)\1")
_STEPS: Mapping[str, int] = {"(": 1, "{": 1, ")": -1, "}": -1}


def without_here_documents(text: str) -> str:
    """Return a text without what stands in its here-documents; one that is not closed stays."""
    kept: list[str] = []
    inside: list[str] = []
    ends: deque[str] = deque()
    for line in text.split("\n"):
        if not ends:
            kept.append(line)
            ends.extend(match[2] for match in _OPENS.finditer(line))
            continue
        inside.append(line)
        if line.strip() == ends[0]:
            ends.popleft()
            inside = inside if ends else []
    return "\n".join([*kept, *inside])


def shape_fault(text: str) -> str:
    """Return a sentence when a text has more of something than is parsed, "" when it has not."""
    bare = _QUOTED.sub("'", text)  # each counts as a sign
    if bare.count("|") > PIPES_LIMIT:
        return f"It has more than {PIPES_LIMIT} pipes."
    if bare.count("<<") > HEREDOCS_LIMIT:
        return f"It has more than {HEREDOCS_LIMIT} here-documents."
    if bare.count("()") > FUNCTIONS_LIMIT:
        return f"It has more than {FUNCTIONS_LIMIT} functions."
    if bare.count(";") + bare.count("&") > OPERATORS_LIMIT:
        return f"It has more than {OPERATORS_LIMIT} commands."
    if abs(bare.count("[") - bare.count("]")) > CLOSERS_LIMIT:
        return f"It has more than {CLOSERS_LIMIT} square brackets without their other half."
    if _weight(bare) > WEIGHT_LIMIT:
        return "It has more words and signs than are taken apart."
    depth = closing = 0
    for sign in re.findall(r"[(){}]", bare):
        closing += depth == 0 and sign in ")}"
        depth = max(depth + _STEPS[sign], 0)
        if depth > NESTING_LIMIT:
            return f"It is nested deeper than {NESTING_LIMIT}."
    if closing > CLOSERS_LIMIT:
        return f"It closes more than {CLOSERS_LIMIT} brackets that were not opened."
    return ""


def _weight(bare: str) -> int:
    parts = _PART.split(bare)
    heavy = sum(part is not None for part in parts[1::2])
    return len(parts) // 2 + 5 * heavy
