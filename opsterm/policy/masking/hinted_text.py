"""A text as the rules look at it: each only where one of its hints stands.

A rule is an expression and a few short texts, its hints, of which one is in everything that it finds. Searching for a
hint costs a hundredth of trying an expression, so a rule is tried on the lines that have a hint of it; one that can go
on behind the end of a line is tried on the whole text, if a hint is in it at all.
"""

from __future__ import annotations

import functools
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?<?[=!]|.", re.DOTALL)
"""Parts of an expression: an escape, a set of characters, the beginning of a look ahead or back, any other sign."""

_TAKES_LINE_END = frozenset({r"\n", r"\s", r"\W", r"\D", r"\Z", "\n"})
_OF_ONE_LINE = 2
"""Ends of lines and of the text in one that has one line."""

_LETTER = re.compile(r"[^\W\d]")


class HintedText:
    """A text and the lines of it on which hints stand.

    Attributes:
        text: as given.
    """

    def __init__(self, text: str, changed: Sequence[int] | None = None) -> None:
        """Look at a text.

        Args:
            text: any text.
            changed: offsets on the only lines that rules are tried on, where they stay on one; None for all lines.
        """
        self.text = text
        self._bounds = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]
        self._changed = None if changed is None else {self._line_of(at) for at in changed}
        self._lines: dict[str, array[int]] = {}
        self._windows: dict[tuple[str, ...], list[tuple[int, int]]] = {}

    def matches(self, expression: str, hints: tuple[str, ...]) -> Iterator[re.Match[str]]:
        """Return what an expression finds, in order.

        Args:
            expression: as `re` has it.
            hints: texts of which one is in everything that it finds, on each line of it when it stays on one.
        """
        pattern, stays = _compiled(expression)
        if not stays or len(self._bounds) == _OF_ONE_LINE:
            return pattern.finditer(self.text)
        return self._on_lines(pattern, hints)

    def _on_lines(self, pattern: re.Pattern[str], hints: tuple[str, ...]) -> Iterator[re.Match[str]]:
        for start, end in self._windows_of(hints):
            yield from pattern.finditer(self.text, start, end)

    def _windows_of(self, hints: tuple[str, ...]) -> Sequence[tuple[int, int]]:
        """Return where lines with one of these hints are, those that follow one another as one."""
        known = self._windows.get(hints)
        if known is not None:
            return known
        lines: set[int] = set()
        for hint in hints:
            lines.update(self._lines_with(hint))
        if self._changed is not None:
            lines &= self._changed
        windows = self._windows[hints] = []
        last = -2
        for line in sorted(lines):
            start = windows.pop()[0] if line == last + 1 else self._bounds[line]
            windows.append((start, self._bounds[line + 1]))
            last = line
        return windows

    def _lines_with(self, hint: str) -> array[int]:
        found = self._lines.get(hint)
        if found is None:
            found = self._lines[hint] = array("L")
            at = self.text.find(hint)
            while at >= 0:
                line = self._line_of(at)
                found.append(line)
                at = self.text.find(hint, self._bounds[line + 1])
        return found

    def _line_of(self, at: int) -> int:
        return min(bisect_right(self._bounds, at), len(self._bounds) - 1) - 1


class HintedRule(Protocol):
    """What every rule has."""

    @property
    def pattern(self) -> str:
        """An expression."""

    @property
    def hints(self) -> tuple[str, ...]:
        """Texts of which one is in everything that it finds."""


Rule = TypeVar("Rule", bound=HintedRule)


class HintedRules(Generic[Rule]):
    """Rules by their hints: each hint is looked for once, and most texts have few of them."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._of_hint: dict[str, list[int]] = {}
        for place, rule in enumerate(self._rules):
            for hint in rule.hints:
                self._of_hint.setdefault(hint, []).append(place)

    def found_in(self, text: HintedText) -> Iterator[tuple[Rule, re.Match[str]]]:
        """Yield what each rule finds in a text, the rules in their order."""
        whole = text.text
        for place in sorted({place for hint, places in self._of_hint.items() if hint in whole for place in places}):
            rule = self._rules[place]
            for match in text.matches(rule.pattern, rule.hints):
                yield rule, match


@functools.cache
def _compiled(expression: str) -> tuple[re.Pattern[str], bool]:
    """Return an expression, compiled when it is first tried, and whether it stays on one line."""
    return re.compile(expression), stays_on_line(expression)


def stays_on_line(expression: str) -> bool:
    """Return whether nothing that an expression takes can be the end of a line. What is not plain is answered with no."""
    many_lines = expression.startswith("(?m)")
    looking = 0  # brackets that are open since a look ahead or back began: these take nothing
    for token in _TOKEN.findall(expression.removeprefix("(?m)")):
        if token.startswith("(?") or (looking and token == "("):  # noqa: S105 (a bracket)
            looking += 1
        elif looking:
            looking -= token == ")"  # noqa: S105 (a bracket)
        elif token in _TAKES_LINE_END or (token == "$" and not many_lines):  # noqa: S105 (a sign)
            return False
        elif token.startswith("["):
            named = any(sign in token for sign in _TAKES_LINE_END)
            if named != token.startswith("[^") or r"\x" in token:
                return False
    return True


def by_first_letter(alternatives: str) -> str:
    """Return an expression for the same texts, which is several times as quick where none of them is.

    Of a hundred words that are tried one after the other, those with another first letter are passed over at once.

    Args:
        alternatives: `(?:one|two|…)`; the order counts among those with one first letter, as before.
    """
    groups: dict[str, list[str]] = {}
    whole: list[str] = []
    for branch in _branches(alternatives):
        letter = branch[:1]
        if _LETTER.fullmatch(letter) and branch[1:2] not in ("?", "*", "{"):
            groups.setdefault(letter, []).append(branch[1:])
        else:  # it may begin as another one does: nothing moves past it
            whole += [*_joined(groups), branch]
            groups = {}
    return f"(?:{'|'.join([*whole, *_joined(groups)])})"


def _joined(groups: dict[str, list[str]]) -> list[str]:
    return [f"{letter}(?:{'|'.join(rests)})" for letter, rests in groups.items()]


def _branches(alternatives: str) -> list[str]:
    branches = [""]
    depth = 0
    for token in _TOKEN.findall(alternatives.removeprefix("(?:").removesuffix(")")):
        depth += token.startswith("(") - (token == ")")  # noqa: S105 (brackets)
        if token == "|" and depth == 0:  # noqa: S105 (a sign)
            branches.append("")
        else:
            branches[-1] += token
    return branches
