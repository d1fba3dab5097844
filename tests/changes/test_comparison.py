"""What many targets answered is read at a glance: the most once, the odd ones by the lines that differ."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.changes.change import Outcome, OutcomeState
from opsterm.changes.comparison import LINES_COMPARED, PAIRS_COMPARED, compare_outputs


def outcome(target: str, state: str = "done", status: int | None = 0, **more: str) -> Outcome:
    return Outcome(target=target, state=OutcomeState(state), exit_status=status, **more)  # type: ignore[arg-type]  # texts only


def release(version: str) -> bytes:
    return f"NAME=debian\nVERSION={version}\nARCH=amd64\n".encode()


def test_equal_outputs_are_one_group_and_the_odd_one_is_told_by_its_line() -> None:
    names = [f"web-{n:02}" for n in range(1, 5)]
    kept = {name: release("12.6" if name == "web-02" else "12.7") for name in names}
    compared = compare_outputs([outcome(name) for name in names], kept)
    most, odd = compared.groups
    assert (most.folded, most.data, most.difference) == ("web-[01,03-04]", release("12.7"), None)
    assert (odd.folded, odd.difference) == ("web-02", ("- VERSION=12.7", "+ VERSION=12.6"))
    assert compared.odd == "web-02"
    assert odd.title == "web-02 (1 target) · exit 0 · compared with the most"


def test_the_exit_status_tells_equal_outputs_apart() -> None:
    compared = compare_outputs([outcome("a"), outcome("b"), outcome("c", "failed", 3)], dict.fromkeys("abc", b"same"))
    assert [(g.folded, g.how, g.difference) for g in compared.groups] == [("a,b", "exit 0", None), ("c", "exit 3", ())]
    assert compared.groups[1].title.endswith("exit 3 · the same output as the most")


def test_targets_that_did_not_answer_are_grouped_by_the_reason() -> None:
    compared = compare_outputs([
        outcome("a"), outcome("b"), outcome("c"),
        outcome("db-1", "unreachable", None, message="No way to db-1 (192.0.2.1 port 22).\nCheck the cable."),
        outcome("db-2", "unreachable", None, message="No way to db-2 (192.0.2.17 port 2222)."),
        outcome("f", "unreachable", None, message="Connection refused."),
        outcome("g", "failed", None, signal="KILL"),
    ], {})  # fmt: skip
    assert [(g.folded, g.how) for g in compared.groups] == [
        ("a,b,c", "exit 0"), ("db-[1-2]", "unreachable"), ("f", "unreachable"), ("g", "signal KILL"),
    ]  # fmt: skip
    assert compared.odd == "db-[1-2],f,g"


def test_where_no_group_is_the_largest_nobody_is_odd() -> None:
    compared = compare_outputs([outcome("a"), outcome("b")], {"a": b"1", "b": b"2"})
    assert compared.odd == ""
    assert [g.difference for g in compared.groups] == [None, None]
    assert compare_outputs([outcome("a"), outcome("b")], {}).odd == "", "all the same"


def test_outputs_that_differ_behind_the_cap_are_two_groups() -> None:
    outcomes = [outcome("a", output_sha256="1" * 64), outcome("b", output_sha256="2" * 64)]
    assert len(compare_outputs(outcomes, {"a": b"same", "b": b"same"}).groups) == 2


def test_a_difference_obeys_nothing_that_a_target_wrote() -> None:
    compared = compare_outputs([outcome(n) for n in "abc"], {"a": b"x", "b": b"x", "c": b"\x1b[2Jy\xff"})
    assert compared.groups[1].difference is not None
    assert "\x1b" not in "".join(compared.groups[1].difference)


def test_what_would_take_long_to_compare_is_shown_whole() -> None:
    long = b"\n" * (LINES_COMPARED + 1)
    assert compare_outputs([outcome(n) for n in "abc"], {"c": long}).groups[1].difference is None
    names = [f"t{n}" for n in range(9)]
    logs = {name: "".join(f"{n} {i % 7}\n" for i in range(1000)).encode() for n, name in enumerate(names)}
    logs["t1"] = logs["t0"]
    groups = compare_outputs([outcome(name) for name in names], logs).groups
    compared = [group for group in groups[1:] if group.difference is not None]
    assert len(compared) == PAIRS_COMPARED // 1000**2, "then the rest is shown as it is"


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_a_difference_takes_what_the_most_wrote_to_what_the_odd_one_wrote(usual: list[str], odd: list[str]) -> None:
    kept = {name: "\n".join(usual).encode() for name in "xy"} | {"z": "\n".join(odd).encode()}
    groups = compare_outputs([outcome(name) for name in "xyz"], kept).groups
    if len(groups) == 1:
        return
    difference = groups[1].difference
    assert difference is not None
    gone = Counter(line[2:] for line in difference if line.startswith("- "))
    new = Counter(line[2:] for line in difference if line.startswith("+ "))
    assert Counter(usual) - gone + new == Counter(odd)


@pytest.mark.speed
def test_outputs_that_differ_everywhere_are_compared_in_under_two_seconds() -> None:
    names = [f"t{n}" for n in range(101)]
    logs = {
        name: "".join(f"Nov 28 {i % 60} host sshd[{i * (n + 1) % 97}]: accepted\n" for i in range(1900)).encode()
        for n, name in enumerate(names)
    }
    logs["t1"] = logs["t0"]
    begun = time.process_time()
    compare_outputs([outcome(name) for name in names], logs)
    assert time.process_time() - begun < 2.0


@given(st.lists(st.tuples(st.sampled_from(OutcomeState), st.binary(max_size=2), st.integers(0, 2)), max_size=12))
def test_grouping_loses_no_target(rows: list[tuple[OutcomeState, bytes, int]]) -> None:
    outcomes = [Outcome(target=f"t{n}", state=state, exit_status=code) for n, (state, _, code) in enumerate(rows)]
    kept = {f"t{n}": data for n, (_, data, _) in enumerate(rows)}
    compared = compare_outputs(outcomes, kept)
    assert sorted(name for g in compared.groups for name in g.names) == sorted(o.target for o in outcomes)
    assert all(kept[name] == g.data for g in compared.groups for name in g.names)
    sizes = [len(group.names) for group in compared.groups]
    assert sizes == sorted(sizes, reverse=True)
    assert bool(compared.odd) == (len(sizes) > 1 and sizes[0] > sizes[1])
