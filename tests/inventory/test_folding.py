"""Many names become one short text, and the text becomes the same names again."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput, BadSelector
from opsterm.inventory.folding import fold, fold_groups, fold_parts, natural_key, unfold
from tests.inventory.rows import COUNTED, NAMES


@given(st.lists(COUNTED | NAMES, max_size=40))
def test_unfolding_gives_the_same_names(names: list[str]) -> None:
    assert unfold(fold(names)) == tuple(sorted(set(names), key=natural_key))


@given(st.lists(COUNTED | NAMES, max_size=40))
def test_every_name_stands_in_exactly_one_part(names: list[str]) -> None:
    parts = fold_groups(names)
    assert sorted(name for part in parts for name in part.names) == sorted(set(names))
    assert all(unfold(part.text) == part.names for part in parts)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["web"], "web"),
        (["web-02", "web-01", "web-02", "web-04"], "web-[01-02,04]"),
        ([f"web-{n:02}" for n in (1, 2, *range(4, 13))], "web-[01-02,04-12]"),
        ([f"n{n}" for n in range(8, 12)], "n[8-11]"),
        (["n8", "n9", "n09", "n10"], "n[8-9,09-10]"),
        (["n1", "n01", "n001"], "n[001,01,1]"),
        ([f"n{n:02}" for n in range(98, 102)], "n[98-101]"),
        (["db-main-1", "web-1", "db-main-2"], "db-main-[1-2],web-1"),
        ([f"r{r}n{n}" for r in (1, 2) for n in (1, 2, 3)], "r[1-2]n[1-3]"),
        (["r1n1", "r1n2", "r2n2"], "r1n[1-2],r2n2"),
        (["10.0.0.1", "10.0.0.2", "10.0.1.1"], "10.0.[0-1].1,10.0.0.2"),
        (["a1.x", "a2.x", "a3.y"], "a[1-2].x,a3.y"),
        (["id123456789012345678901", "id123456789012345678902"], "id123456789012345678901,id123456789012345678902"),
    ],
)
def test_folds(names: list[str], text: str) -> None:
    assert set(unfold(fold(names))) == set(names)
    if "10.0" not in text and "n[001" not in text:  # more than one short text is right for these
        assert fold(names) == text


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("web-[01-03]", ("web-01", "web-02", "web-03")),
        ("web-[1-9/4]", ("web-1", "web-5", "web-9")),
        ("web-[08-11]", ("web-08", "web-09", "web-10", "web-11")),
        ("web-[1-2, 7 ] , db", ("db", "web-1", "web-2", "web-7")),
        ("r[1-2]n[1-2]", ("r1n1", "r1n2", "r2n1", "r2n2")),
        ("", ()),
        (" , ", ()),
        ("a,a", ("a",)),
    ],
)
def test_unfolds(text: str, names: tuple[str, ...]) -> None:
    assert unfold(text) == names


@pytest.mark.parametrize(
    ("text", "column"),
    [("web-[1-", 4), ("web-1]", 5), ("web-[b]", 5), ("a,x[9-1]", 4), ("x[1-9/0]", 2), ("x[]", 2), ("x[1,[2]", 4)],
)
def test_points_at_what_is_no_range(text: str, column: int) -> None:
    with pytest.raises(BadSelector) as caught:
        unfold(text)
    assert caught.value.column == column


@pytest.mark.speed
@pytest.mark.parametrize(
    "text", ["[1-999999999]", "a[1-1000]b[1-1000]", ",".join(["x[1-9999]"] * 11), "[1-9][1-9]" * 9]
)
def test_range_bombs_are_refused_at_once(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(BadInput, match="100,000"):
        unfold(text)
    assert time.perf_counter() - start < 0.2


def test_parts_are_in_natural_order() -> None:
    assert fold_parts(["web-10x", "web-9", "Web-9a", "a"]) == ("a", "web-9", "Web-9a", "web-10x")
