"""Metrics: every one has what a face needs, and a pattern names exactly what it says."""

from __future__ import annotations

import pytest

from opsterm.core.units import value_text
from opsterm.monitoring.metrics import CATALOGUE, default_chart, matches, metric_of, pattern_fault, subject
from opsterm.monitoring.sample import SeriesKey


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_metric_has_words_and_a_unit_that_can_be_read(name: str) -> None:
    metric = CATALOGUE[name]
    assert metric.name == name
    assert metric.label
    assert metric.help.endswith(".")
    assert value_text(12.0, metric.unit)
    assert (metric.bound == 100.0) == (metric.unit == "%") == name.endswith("_percent")
    assert metric.unit != "B" or name.endswith("_bytes")


@pytest.mark.parametrize(
    ("pattern", "metric", "item", "named"),
    [
        ("fs.used_percent", "fs.used_percent", "/", True),
        ("fs.used_percent", "fs.used_percent", "/var", True),
        ("fs.used_percent", "fs.used_bytes", "/", False),
        ("fs.used_percent[/var]", "fs.used_percent", "/var", True),
        ("fs.used_percent[/var]", "fs.used_percent", "/", False),
        ("fs.used_percent[/var*]", "fs.used_percent", "/var/lib/x", True),
        ("fs.used_percent[/a[b]]", "fs.used_percent", "/a[b]", True),
        ("pressure.*", "pressure.io_full_percent", "", True),
        ("load.?m", "load.1m", "", True),
        ("load.?m", "load.15m", "", False),
        ("load.1m", "loadx1m", "", False),
        ("*", "anything", "", True),
    ],
)
def test_a_pattern_names_what_it_says(pattern: str, metric: str, item: str, named: bool) -> None:
    assert matches(pattern, SeriesKey("web-01", metric, item)) is named


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("", "missing"),
        ("fs.used_procent", "fs.used_percent"),
        ("fs.used_percent[/var", "bracket"),
        ("load.1m[0]", "no items"),
        ("zzz", "opsterm metrics"),
    ],
)
def test_a_pattern_that_names_nothing_says_what_is_near(pattern: str, said: str) -> None:
    assert said in pattern_fault(pattern)


@pytest.mark.parametrize("pattern", ["fs.used_percent", "fs.*[/]", "*", "load.?m", "net.*"])
def test_a_pattern_that_can_match_has_no_fault(pattern: str) -> None:
    assert pattern_fault(pattern) == ""


def test_an_unknown_metric_still_has_a_label_and_a_unit() -> None:
    assert metric_of("ups.charge_percent").unit == "%"
    assert subject(SeriesKey("ups", "ups.charge_percent", "a")) == "ups.charge_percent a"


def test_the_first_chart_shows_cpu_and_memory() -> None:
    keys = [SeriesKey("localhost", name, "0" if CATALOGUE[name].item else "") for name in CATALOGUE]
    assert [key.metric for key in default_chart(keys)] == [
        "cpu.used_percent",
        "memory.used_percent",
        "cpu.iowait_percent",
    ]


def test_the_first_chart_of_another_sort_of_target_keeps_to_one_unit() -> None:
    keys = [
        SeriesKey("switch", "net.sent_bytes_per_s", "2"),
        SeriesKey("switch", "net.errors_per_s", "1"),
        SeriesKey("switch", "net.sent_bytes_per_s", "1"),
    ]
    assert default_chart(keys) == [keys[2], keys[0]]
    assert default_chart([]) == []
