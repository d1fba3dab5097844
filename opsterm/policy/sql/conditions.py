"""The rows that a DELETE or an UPDATE takes: all of them, or those that a condition names."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.policy.sql.tokens import SqlToken
from opsterm.policy.word_set import word_set

_ENDS = word_set("RETURNING ORDER LIMIT OPTION OUTPUT GROUP")
Side = tuple[str, str]


def has_condition(tokens: Sequence[SqlToken]) -> bool:
    """Tell whether a statement has a WHERE that leaves rows out; `WHERE 1=1` and its like do not."""
    depth = 0
    for place, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
        if depth == 0 and token.upper == "WHERE":
            return not _always(_until_end(tokens[place + 1 :]), 0)
    return False


def _until_end(tokens: Sequence[SqlToken]) -> Sequence[SqlToken]:
    depth = 0
    for place, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
        if depth == 0 and token.upper in _ENDS:
            return tokens[:place]
    return tokens


def _always(tokens: Sequence[SqlToken], nesting: int) -> bool:
    """Tell whether a condition is true of every row, as far as the text alone shows it."""
    tokens = _unwrapped(tokens)
    if not tokens or nesting > 16:
        return True
    alternatives = _parts(tokens, "OR")
    if len(alternatives) > 1:
        return any(_always(part, nesting + 1) for part in alternatives)
    needed = _parts(tokens, "AND")
    if len(needed) > 1 and not any(token.upper == "BETWEEN" for token in tokens):
        return all(_always(part, nesting + 1) for part in needed)
    return _true_of_all([(token.kind, token.upper or token.text) for token in tokens])


def _true_of_all(words: Sequence[Side]) -> bool:
    texts = [text for _, text in words]
    if len(words) == 1:
        return texts[0] == "TRUE" or (words[0][0] == "number" and texts[0].strip("0.") != "")
    if texts[-3:] == ["IS", "NOT", "NULL"] or texts == ["NOT", "FALSE"]:
        return True
    if texts[-2:-1] == ["LIKE"] and set(texts[-1]) == {"%"}:
        return True
    for sign in ("=", "<", ">"):
        if sign in texts:
            at = texts.index(sign)
            signs = "".join(text for kind, text in words[at:] if kind == "sign" and text in "<>=!")
            return _compared(words[:at], signs, words[at + len(signs) :])
    return False


def _compared(left: Sequence[Side], signs: str, right: Sequence[Side]) -> bool:
    if left and left[-1][1] == "!":
        left, signs = left[:-1], "!" + signs
    if signs in ("=", "==", ">=", "<=") and list(left) == list(right):
        return True
    numbers = [float(side[0][1]) for side in (left, right) if len(side) == 1 and _is_number(side[0])]
    if len(numbers) == 2:
        low, high = numbers
        return {"=": low == high, "<": low < high, ">": low > high, "<=": low <= high, ">=": low >= high}.get(
            signs, low != high
        )
    if len(left) == len(right) == 1 and left[0][0] == right[0][0] == "string" and signs in ("<>", "!="):
        return left != right
    return bool(len(numbers) == 1 and _is_number(right[-1]) and signs in (">", ">=") and numbers[0] <= 0)


def _is_number(side: Side) -> bool:
    return side[0] == "number" and side[1].count(".") < 2 and side[1].replace(".", "").isdecimal()


def _unwrapped(tokens: Sequence[SqlToken]) -> Sequence[SqlToken]:
    while len(tokens) > 1 and tokens[0].text == "(" and tokens[-1].text == ")" and _closes_last(tokens):
        tokens = tokens[1:-1]
    return tokens


def _closes_last(tokens: Sequence[SqlToken]) -> bool:
    depth = 0
    for place, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
        if depth == 0:
            return place == len(tokens) - 1
    return False


def _parts(tokens: Sequence[SqlToken], word: str) -> list[Sequence[SqlToken]]:
    parts: list[Sequence[SqlToken]] = []
    depth, begin = 0, 0
    for place, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
        if depth == 0 and token.upper == word:
            parts.append(tokens[begin:place])
            begin = place + 1
    return [*parts, tokens[begin:]]
