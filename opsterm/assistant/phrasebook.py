"""A table of wordings: several words that are put as others, the longest first, never a label of the inventory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from opsterm.assistant.tokens import Token

Words = tuple[str, ...]


class Phrasebook:
    """Ways to say a thing, and how it is put.

    Attributes:
        words: every word of these ways, and of what is put.
    """

    def __init__(self, ways: Mapping[Words, Words]) -> None:
        """Take ways to say things -> what is put for them, () for nothing."""
        self._ways = ways
        self._longest = max(len(way) for way in ways)
        self._first = frozenset(way[0] for way in ways)
        self.words = frozenset(word for way, said in ways.items() for word in (*way, *said))

    def at(self, tokens: Sequence[Token], at: int, labels: Collection[str]) -> tuple[int, Words]:
        """Return how many tokens at a place are such a way, and what is put for them; 0 for none."""
        if tokens[at].low not in self._first or tokens[at].quote:
            return 0, ()
        for length in range(min(self._longest, len(tokens) - at), 0, -1):
            way = tuple(token.low for token in tokens[at : at + length])
            if way in self._ways and not (length == 1 and way[0] in labels):
                return length, self._ways[way]
        return 0, ()

    def put(self, tokens: Sequence[Token], labels: Collection[str]) -> tuple[Token, ...]:
        """Return tokens with every such way put as it is read."""
        made: list[Token] = []
        at = 0
        while at < len(tokens):
            used, said = self.at(tokens, at, labels)
            if used:
                first, last = tokens[at], tokens[at + used - 1]
                made.extend(Token(word, word, first.start, last.end) for word in said)
            else:
                made.append(tokens[at])
            at += used or 1
        return tuple(made)


def ways_of(table: Mapping[str, str]) -> dict[Words, Words]:
    """Return a table of "said" -> "way|way" as ways to say things."""
    return {tuple(way.split()): tuple(said.split()) for said, ways in table.items() for way in ways.split("|")}
