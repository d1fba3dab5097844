"""A gate lets canaries through that are no worse than the rest by more than its margin, and no others."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.changes.gate import (
    Gate,
    ProbeReading,
    Worse,
    compare,
    gate_of,
    parse_gate,
    probe_text,
    reading_of,
)
from opsterm.core.errors import BadInput, OpstermError, Refused

FAILS = ProbeReading(well=False, said="exit 1")
WORKS = ProbeReading(well=True, said="works")


def at(*values: float) -> list[ProbeReading]:
    """Return readings of these numbers, oldest first."""
    return [ProbeReading(well=True, value=value) for value in values]


@pytest.mark.parametrize(
    ("margin", "worse", "canaries", "rest", "fallen"),
    [
        ("20%", "higher", {"a": at(1.2)}, {"x": at(1.0), "y": at(1.0)}, ()),
        ("20%", "higher", {"a": at(1.21)}, {"x": at(1.0), "y": at(1.0)}, ("a",)),
        ("20%", "higher", {"a": at(0.1)}, {"x": at(1.0)}, ()),
        ("20%", "lower", {"a": at(0.79)}, {"x": at(1.0)}, ("a",)),
        ("20%", "lower", {"a": at(9.0)}, {"x": at(1.0)}, ()),
        ("5", "higher", {"a": at(15.0), "b": at(15.1)}, {"x": at(10.0)}, ("b",)),
        ("0%", "higher", {"a": at(1.0)}, {"x": at(0.0)}, ("a",)),
        ("20%", "higher", {"a": at(-1.0)}, {"x": at(-2.0)}, ("a",)),
        ("20%", "higher", {"a": at(1.0, 9.0, 1.0)}, {"x": at(1.0)}, ()),  # one odd moment
        ("20%", "higher", {"a": at(2.0)}, {"x": at(1.0), "y": at(2.0), "z": at(50.0)}, ()),  # one odd host
        ("20%", "higher", {"a": [FAILS]}, {"x": at(1.0)}, ("a",)),
        ("20%", "higher", {"a": [FAILS, WORKS]}, {"x": [WORKS]}, ()),
        ("20%", "higher", {"a": [WORKS]}, {"x": at(1.0)}, ("a",)),  # no number where the others have one
        ("20%", "higher", {"a": at(1.0)}, {"x": [FAILS], "y": at(1.0)}, ()),
        ("20%", "higher", {"a": at(1.0)}, {"x": [FAILS], "y": [FAILS]}, ("a",)),  # nothing to compare with
    ],
)  # fmt: skip
def test_who_is_worse_than_the_rest(
    margin: str,
    worse: str,
    canaries: dict[str, list[ProbeReading]],
    rest: dict[str, list[ProbeReading]],
    fallen: tuple[str, ...],
) -> None:
    found = compare(gate_of("metric:load.1m", margin, worse), canaries, rest)
    assert tuple(found.worse) == fallen
    assert all(found.worse.values())
    assert found.said


NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


@given(NUMBERS, st.lists(NUMBERS, min_size=1, max_size=30), st.integers(0, 300), st.sampled_from(Worse))
def test_whoever_equals_the_rest_is_let_through_and_whoever_is_far_worse_is_not(
    usual: float, others: list[float], margin: int, worse: Worse
) -> None:
    gate = Gate(probe="metric:load.1m", margin=f"{margin}%", worse=worse)
    rest = {f"x{number}": at(usual) for number in range(len(others) + 1)}
    rest |= {f"y{number}": at(other) for number, other in enumerate(others)}  # fewer than half say otherwise
    assert not compare(gate, {"a": at(usual)}, rest).worse
    far = abs(usual) * (margin / 100 + 1) + 1
    assert compare(gate, {"a": at(usual + far if worse is Worse.HIGHER else usual - far)}, rest).worse


@pytest.mark.parametrize(
    ("printed", "status", "reading"),
    [
        ("0.42 0.40 0.39 1/200 99\n", 0, ProbeReading(well=True, value=0.42, said="0.42 0.40 0.39 1/200 99")),
        ("warming up\n12 ms\n\n", 0, ProbeReading(well=True, value=12.0, said="12 ms")),
        ("-3e2 units", 0, ProbeReading(well=True, value=-300.0, said="-3e2 units")),
        ("ready", 0, ProbeReading(well=True, said="ready")),
        ("", 0, ProbeReading(well=True, said="works")),
        ("503 0.01", 1, ProbeReading(well=False, said="503 0.01")),
        ("", None, ProbeReading(well=False, said="exit None")),
    ],
)
def test_what_a_probe_prints_is_read(printed: str, status: int | None, reading: ProbeReading) -> None:
    assert reading_of(printed, status) == reading


@pytest.mark.parametrize("probe", ["command:cat /proc/loadavg", "http:http://localhost/ 200", "metric:fs.used_percent"])
def test_a_gate_is_read_as_it_was_written(probe: str) -> None:
    gate = gate_of(probe, "5", "lower")
    assert parse_gate(gate.text()) == gate
    assert bool(probe_text(gate)) == (not gate.metric)
    subprocess.run(["sh", "-n"], input=probe_text(gate).encode(), check=True)


@pytest.mark.parametrize(
    ("probe", "margin", "worse", "kind"),
    [
        ("command:rm -rf /srv", "", "", Refused),
        ("command:cat /proc/loadavg; touch /x", "", "", Refused),
        ("unit:nginx active", "", "", BadInput),
        ("metric:", "", "", BadInput),
        ("metric:LOAD", "", "", BadInput),
        ("nonsense", "", "", BadInput),
        ("metric:load.1m", "some", "", BadInput),
        ("metric:load.1m", "-5%", "", BadInput),
        ("metric:load.1m", "", "redder", BadInput),
    ],
)
def test_what_is_no_gate_is_refused_with_a_way_out(
    probe: str, margin: str, worse: str, kind: type[OpstermError]
) -> None:
    with pytest.raises(kind) as refused:
        gate_of(probe, margin, worse)
    assert refused.value.next_step
