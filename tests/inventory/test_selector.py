"""The selector language means what the operator reads, and says where it does not understand."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput, BadSelector
from opsterm.inventory.selector import parse_selector
from tests.inventory.rows import FLEET, NAMES, WORDS, large_fleet, row

ALL = "web-01 web-02 web-03 db-main-1 win-1 spare"


@pytest.mark.parametrize(
    ("text", "canonical", "names"),
    [
        ("", "all", ALL),
        ("  ", "all", ALL),
        ("*", "all", ALL),
        ("ALL", "all", ALL),
        ("not all", "not all", ""),
        ("web-01", "web-01", "web-01"),
        ("WEB-01", "WEB-01", "web-01"),
        ("web", "web", ""),
        ("web-*", "web-*", "web-01 web-02 web-03"),
        ("web-0?", "web-0?", "web-01 web-02 web-03"),
        ("web-[01-02]", "web-[01-02]", "web-01 web-02"),
        ("web-[01-09/2]", "web-[01-09/2]", "web-01 web-03"),
        ("web-[1-3]", "web-[1-3]", ""),
        ("*-[1,02,03]", "*-[1,02,03]", "web-02 web-03 db-main-1 win-1"),
        ("name:web-*", "web-*", "web-01 web-02 web-03"),
        ("tag:win10", "tag:win10", "win-1"),
        ("tag=edge and not site:fra", "tag:edge and not site:fra", "web-02"),
        ("tag:e*", "tag:e*", "web-01 web-02"),
        ("tag~l", "tag~l", "web-01"),
        ('tag:""', 'tag:""', "web-03 spare"),
        ("tag:*", "tag:*", "web-01 web-02 db-main-1 win-1"),
        ("group:web", "group:web", "web-01 web-02 web-03"),
        ("group:web,LAB", "group:web or group:LAB", "web-01 web-02 web-03 db-main-1"),
        ("groups:LAB", "group:LAB", "db-main-1"),
        ('group:""', 'group:""', "win-1 spare"),
        ("os~debian", "os~debian", "web-01 web-02 web-03 db-main-1"),
        ("os:debian", "os:debian", "web-01 web-02 web-03 db-main-1"),
        ("os:deb", "os:deb", ""),
        ('os:"debian 12"', 'os:"debian 12"', "web-01 web-02 db-main-1"),
        ("os:win*", "os:win*", "win-1"),
        ('os:""', 'os:""', "spare"),
        ("status=offline", "status:offline", "win-1"),
        ("status!=online", "not status:online", "web-03 db-main-1 win-1 spare"),
        ("status:o*", "status:o*", "web-01 web-02 win-1"),
        ("protocol:ssh", "protocol:ssh", "web-01 web-02 web-03 db-main-1 spare"),
        ("proto!=ssh", "not protocol:ssh", "win-1"),
        ("port:22", "port:22", "web-01 web-02 db-main-1 spare"),
        ("port:2222", "port:2222", "web-03"),
        ("user:deploy", "user:deploy", "web-02"),
        ("address:10.0.*", "address:10.0.*", "win-1"),
        ("address:10.0.0.[1-9]", "address:10.0.0.[1-9]", "win-1"),
        ("address:web-01", "address:web-01", "web-01"),
        ("env:prod", "env:prod", "web-01 web-02 web-03"),
        ('environment:""', 'env:""', "db-main-1 win-1 spare"),
        ("env!~pro", "not env~pro", "db-main-1 win-1 spare"),
        ("source:ssh_config", "source:ssh_config", "spare"),
        ("note~load", "note~load", "web-03"),
        ("web-01,db-*", "web-01 or db-*", "web-01 db-main-1"),
        ("not web-01,web-02", "not (web-01 or web-02)", "web-03 db-main-1 win-1 spare"),
        ("env:prod web-01, spare", "env:prod and (web-01 or spare)", "web-01"),
        ("web-01 or web-02 and tag:tls", "web-01 or (web-02 and tag:tls)", "web-01"),
        ("(web-01 or web-02) and tag:tls", "(web-01 or web-02) and tag:tls", "web-01"),
        ("!web-* !db-*", "not web-* and not db-*", "win-1 spare"),
        ("not not web-01", "web-01", "web-01"),
        ('"and" or web-01', '"and" or web-01', "web-01"),
        ("'web-0*'", '"web-0*"', ""),
        ("[1-3]-[1-3],win-[1]", "[1-3]-[1-3] or win-[1]", "win-1"),
    ],
)
def test_means(text: str, canonical: str, names: str) -> None:
    selector = parse_selector(text)
    assert str(selector) == canonical
    assert [row.target.name for row in selector.select(FLEET)] == names.split()
    assert parse_selector(canonical) == selector


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("tg:win10", 0, "nearest is tag"),
        ("web-01 and grop:x", 11, "nearest is group"),
        ("zzz:x", 0, "Known are"),
        ("tag:", 4, "missing after tag:"),
        ("tag!=a,b", 7, "one value"),
        ("tag: web", 4, 'tag:""'),
        ("(a or b", 0, "never closed"),
        ("a)", 1, "closes nothing"),
        ("()", 0, "Nothing stands"),
        ("a or", 4, "missing here"),
        ("and a", 0, "missing before and"),
        ("a or or b", 5, "missing before or"),
        ("a,", 2, "missing here"),
        ("a,!b", 1, "and not"),
        ("a, not b", 1, "and not"),
        ("a & b", 2, "and, or, not"),
        ("a|b", 1, "and, or, not"),
        ("web-[a-c]", 5, "numbers and ranges"),
        ("x web-[9-1]", 7, "runs backwards"),
        ("x and tag:t[1-", 11, "never closed"),
        ("tag~w[1-2]", 4, "inside a text"),
        ("status:ofline", 7, "nearest is offline"),
        ("status:zzz", 7, "Known are online"),
        ("protocol:shh", 9, "nearest is ssh"),
        ('"open', 0, "quote"),
        ("(" * 70 + "a" + ")" * 70, 30, "levels"),
    ],
)
def test_points_at_the_fault(text: str, column: int, says: str) -> None:
    with pytest.raises(BadSelector) as caught:
        parse_selector(text)
    assert caught.value.column == column
    assert says in str(caught.value)


def test_range_bombs_and_endless_texts_are_refused() -> None:
    for text in ("web-[1-999999999]", "a" * 200_000, "web-[1-50000]*"):
        with pytest.raises(BadInput):
            parse_selector(text)


VALUES = NAMES | st.sampled_from(["web-*", "w?b", "web-[01-03]", "r[1-2]n[7]*", '""', '"a b"', "'*'", '"a\\\\\\"b"'])
TERMS = st.one_of(
    VALUES.filter(lambda text: ":" not in text),
    st.builds("{}:{}".format, st.sampled_from(["tag", "GROUP", "os", "env", "user"]), VALUES),
    st.builds("{}!={}".format, st.sampled_from(["tag", "site"]), VALUES),
    st.builds("{}~{}".format, st.sampled_from(["os", "note", "name"]), NAMES),
    st.sampled_from(["all", "*", "status=offline", "protocol:s*"]),
)  # fmt: skip
SELECTORS = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
        st.builds("({}) {}".format, inner, inner),
        st.builds("!{}".format, inner),
    ),
    max_leaves=8,
)


@given(SELECTORS)
def test_canonical_text_parses_back(text: str) -> None:
    selector = parse_selector(text)
    again = parse_selector(str(selector))
    assert again == selector
    assert str(again) == str(selector)
    assert again.select(FLEET) == selector.select(FLEET)


@given(WORDS | st.text(alphabet="ab:=~!,()[]*?\"'\\ 01-andort", max_size=30))
def test_any_text_is_a_selector_or_a_sentence(text: str) -> None:
    try:
        selector = parse_selector(text)
    except BadInput as error:
        column = error.column if isinstance(error, BadSelector) else 0
    else:
        column = 0
        assert parse_selector(str(selector)) == selector
    assert 0 <= column <= len(text)


@pytest.mark.speed
@pytest.mark.parametrize(
    "text",
    [
        "tag:t1 or os~debian and env:prod and not web-*",
        "tag:t1,t2 os:debian env:prod web-[0001-3000]",
        "status:offline or group:lab or db-*9 or note~load",
    ],
)
def test_is_quick_over_a_large_fleet(text: str) -> None:
    rows = large_fleet(5000)
    selector = parse_selector(text)
    best = min(timed(lambda: selector.select(rows)) for _ in range(5))
    assert best < 0.015, f"{best * 1000:.1f} ms"


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@pytest.mark.speed
def test_no_pattern_takes_for_ever() -> None:
    selector = parse_selector("*a" * 40 + "b")
    name = "a" * 250
    assert timed(lambda: selector.matches(row(name))) < 0.1
