r"""Secrets in text, replaced before the text is kept, exported or shown in a list.

Masked is what is stored and told (journal, audit, notes), never the bytes that run. A masked value becomes
`[masked:KIND]`, the second different one of its kind `[masked:KIND-2]` and so on: the same value has the same name
everywhere in a text, so that a reader still sees which are equal. A placeholder is left alone: masking twice changes
nothing.

What a secret looks like is data, in `opsterm.policy.masking`: shapes of tokens, names before values, places such as
URLs and headers, arguments of command-line tools, numbers with check digits, and values that are known. Values that
are no secrets (a variable's name, a placeholder, a path) stay readable.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from opsterm.core.secret import Secret
from opsterm.policy.masking.arguments import find_arguments
from opsterm.policy.masking.devices import find_configured
from opsterm.policy.masking.drawn import find_drawn
from opsterm.policy.masking.encoded import find_encoded
from opsterm.policy.masking.hinted_text import HintedText
from opsterm.policy.masking.known import find_known
from opsterm.policy.masking.logins import find_log_ins
from opsterm.policy.masking.manifests import find_in_manifests
from opsterm.policy.masking.names import find_named
from opsterm.policy.masking.notes import find_noted
from opsterm.policy.masking.numbers import find_numbers
from opsterm.policy.masking.places import find_placed
from opsterm.policy.masking.shapes import find_shapes
from opsterm.policy.masking.spans import SecretSpan, fold_case

_PLACEHOLDER = re.compile(r"\[masked:([a-z]+(?:-[a-z]+)*)(?:-(\d+))?\]")

_DEEPEST = 2
"""How often a text inside of base64 is looked into."""

_MOST_PASSES = 5
"""What is left of a text is looked at again until nothing is found; more than three times was never needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A text without its secrets.

    Attributes:
        text: with a placeholder for each.
        counts: kind -> how many places were masked.
    """

    text: str
    counts: Mapping[str, int]


def mask(text: str) -> tuple[str, int]:
    """Return the text with its secrets replaced, and how many were. As `mask_text` does."""
    masked = mask_text(text)
    return masked.text, sum(masked.counts.values())


def mask_text(text: str, known: Sequence[Secret] = ()) -> Masked:
    """Return the text with its secrets replaced.

    Idempotent. Never raises. The time is linear in the text.

    Args:
        text: any text.
        known: values that are secret wherever they stand, also encoded.
    """
    counts: Counter[str] = Counter()
    changed: Sequence[int] | None = None
    for _ in range(_MOST_PASSES):
        spans = _merged(_found(text, changed, known), text)
        if not spans:
            break
        counts.update(span.kind for span in spans)
        text, changed = _replaced(text, spans)
    return Masked(text=text, counts=dict(sorted(counts.items())))


def _found(text: str, changed: Sequence[int] | None, known: Sequence[Secret], depth: int = 0) -> Iterable[SecretSpan]:
    small = HintedText(fold_case(text), changed)
    yield from find_known(text, known)
    yield from find_shapes(HintedText(text, changed))
    yield from find_placed(text, small)
    yield from find_arguments(text, small.text)
    yield from find_log_ins(text, small)
    yield from find_configured(text, small)
    yield from find_named(text, small)
    yield from find_noted(text, small)
    yield from find_drawn(text)
    yield from find_in_manifests(text, small.text)
    yield from find_numbers(text)
    if depth < _DEEPEST:
        yield from find_encoded(text, lambda inner: any(True for _ in _found(inner, None, (), depth + 1)))


def _merged(found: Iterable[SecretSpan], text: str) -> list[SecretSpan]:
    """Return the spans in order; of those that overlap, one over all of them. None touches a placeholder."""
    held = [match.span() for match in _PLACEHOLDER.finditer(text)]
    ends = [end for _, end in held]
    merged: list[SecretSpan] = []
    for span in sorted(found, key=lambda span: span.start):  # stable: the earlier rule names the kind
        near = bisect_right(ends, span.start)
        if span.end <= span.start or (near < len(held) and held[near][0] < span.end):
            continue
        if merged and span.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return merged


def _replaced(text: str, spans: Sequence[SecretSpan]) -> tuple[str, Sequence[int]]:
    """Return the text with a placeholder for each span, and their offsets; equal values have equal ones."""
    last: Counter[str] = Counter()
    for match in _PLACEHOLDER.finditer(text):
        last[match[1]] = max(last[match[1]], int(match[2] or 1))
    named: dict[str, str] = {}
    pieces: list[str] = []
    offsets: list[int] = []
    at = longer = 0
    for start, end, kind in spans:
        value = text[start:end]
        if value not in named:
            last[kind] += 1
            named[value] = f"[masked:{kind}-{last[kind]}]" if last[kind] > 1 else f"[masked:{kind}]"
        pieces += [text[at:start], named[value]]
        offsets.append(start + longer)
        longer += len(named[value]) - len(value)
        at = end
    return "".join([*pieces, text[at:]]), offsets
