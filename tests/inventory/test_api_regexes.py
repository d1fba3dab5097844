"""A stranger's regular expression is tried only where its search ends soon."""

from __future__ import annotations

import re
import time

import pytest

from opsterm.inventory.apis.regexes import is_tame, may_be_tried
from tests.inventory.mutations import mutations


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        r"^\d{3}-\d{4}$",
        "^(red|green)$",
        r"[a-z]+@[a-z]+\.com",
        r"^v\d+$",
        "",
        "[]a]+",
    ],
)
def test_everyday_patterns_are_tried(pattern: str) -> None:
    assert may_be_tried(pattern, "a" * 40)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b", "(a|a)*b", "(a?){30}", "((a)*)*", "(.*a){20}", "(a{2,3})*", r"(?=a+)b", r"(a)\1", "a**", "(((a",
        "x" * 501, r"\p{L}", "(?P<n>a)", "(?i:a)", "a?" * 30 + "a" * 30, "[a", "[[:alpha:]]", "a{5,3}",
    ],
)  # fmt: skip
def test_patterns_that_could_hold_us_up_are_not(pattern: str) -> None:
    assert not is_tame(pattern)


def test_how_long_a_text_may_be_depends_on_the_pattern() -> None:
    assert may_be_tried("a*a*a*b", "a" * 40)
    assert not may_be_tried("a*a*a*b", "a" * 400)


def test_whatever_is_tried_ends_soon() -> None:
    tried = 0
    for pattern in mutations("(a|b)*a+[ab]{2,}(ab?)?$", 5_000, seed=4):
        if may_be_tried(pattern, "ab" * 12 + "aa"):
            tried += 1
            began = time.process_time()
            re.search(pattern, "ab" * 12 + "aa")
            assert time.process_time() - began < 0.5, pattern
    assert tried > 100
