"""Rules are tried where their hints are, and find there what they find in the whole text."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.policy.masking import logins, notes
from opsterm.policy.masking.devices import device_rules
from opsterm.policy.masking.hinted_text import HintedRule, HintedRules, HintedText, by_first_letter, stays_on_line
from opsterm.policy.masking.names import RULES
from opsterm.policy.masking.places import PLACES
from opsterm.policy.masking.shapes import SHAPES
from opsterm.policy.masking.spans import fold_case
from tests.policy.masking.lines import read_lines

LINES = [line.plain for line in read_lines()]
TABLES: Mapping[str, Sequence[HintedRule]] = {
    "names": RULES, "places": PLACES, "shapes": SHAPES, "log-ins": logins.RULES, "notes": notes.RULES,
    "devices": device_rules(),
}  # fmt: skip


def everything() -> str:
    """Every line of the exam twice, in an order that no rule was written for."""
    shuffled = LINES * 2
    random.Random(7).shuffle(shuffled)
    return "\n".join(shuffled)


@pytest.mark.parametrize("table", TABLES)
def test_a_rule_finds_on_the_lines_of_its_hints_what_it_finds_in_the_whole_text(table: str) -> None:
    text = everything() if table == "shapes" else fold_case(everything())
    hinted = HintedText(text)
    for rule in TABLES[table]:
        whole = [match.span() for match in re.finditer(rule.pattern, text)]
        assert [match.span() for match in hinted.matches(rule.pattern, rule.hints)] == whole, rule.pattern


STAYS = {
    r"a[^\s]+": True, r"a[^\n]*": True, r"(?m)^a.*$": True, r"a(?=\s|$)": True, r"(?<!\n)a(?!(?:\n|b)c)d": True,
    r"[ \t]+\S": True,
    r"a\s": False, r"a[^b]": False, r"a\n": False, r"[\s\S]*": False, r"a$": False, r"a\Z": False, r"\W": False,
    r"[\x00-\x7f]": False,
}  # fmt: skip


@pytest.mark.parametrize(("expression", "stays"), STAYS.items(), ids=STAYS)
def test_it_is_known_which_rules_cannot_leave_their_line(expression: str, stays: bool) -> None:
    assert stays_on_line(expression) is stays


WORDS = r"(?:pass(?:word|wd)?|pw(?<!\w)|a?b|api[_-]?key|auth|psk|bind_?pw|[xy]z|token|to)"


PARTS = ["pass", "word", "wd", "p", "pw", "a", "b", "api", "_", "key", "xz", "to", "token", " "]


@given(st.lists(st.sampled_from(PARTS)).map("".join))
def test_alternatives_by_first_letter_are_the_same_alternatives(text: str) -> None:
    found = [match.span() for match in re.finditer(by_first_letter(WORDS), text)]
    assert found == [match.span() for match in re.finditer(WORDS, text)]


def test_lines_that_have_not_changed_are_not_looked_at_again() -> None:
    text = "token=1\ntoken=2\nnone\ntoken=3\n"
    rules = HintedRules([next(rule for rule in RULES if "token" in rule.hints)])
    assert [match.start() for _, match in rules.found_in(HintedText(text))] == [0, 8, 21]
    assert [match.start() for _, match in rules.found_in(HintedText(text, changed=[9, 10, 17]))] == [8]
