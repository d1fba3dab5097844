"""Prometheus reads it: held against the published grammar, and against Prometheus' own parser for Python."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from opsterm.core.text import clean_line
from opsterm.inventory.target import Status
from opsterm.monitoring.alerts import AlertState
from opsterm.monitoring.exposition import exposition
from opsterm.monitoring.metrics import CATALOGUE
from opsterm.monitoring.sample import Sample, SeriesKey
from tests.monitoring.cases import Story, load_rule

Labels = tuple[tuple[str, str], ...]

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
HELP = re.compile(rf"# HELP ({NAME}) ((?:[^\\\n]|\\\\|\\n)*)")
TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge|histogram|summary|untyped)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|(?=}))')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (NaN|[+-]Inf|[+-]?[0-9.]+(?:e[+-]?[0-9]+)?)")


def parse(page: str) -> dict[str, dict[Labels, float]]:
    """Read a page by the letter of the format; anything that is not in it fails."""
    assert page.endswith("\n")
    families: dict[str, dict[Labels, float]] = {}
    helped: set[str] = set()
    current = ""
    for line in page[:-1].split("\n"):
        if line.startswith("# HELP"):
            match = HELP.fullmatch(line)
            assert match, line
            assert match[1] not in helped, "one HELP for a metric"
            helped.add(match[1])
        elif line.startswith("#"):
            match = TYPE.fullmatch(line)
            assert match, line
            current = match[1]
            assert current not in families, "one TYPE for a metric, before its first sample"
            families[current] = {}
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] == current, "all lines of a metric stand together"
            labels = read_labels(match[2] or "")
            assert labels not in families[current], "each series once"
            families[current][labels] = float(match[3])
    return families


def read_labels(text: str) -> Labels:
    found, at, text = [], 0, text + "}"
    while text[at:] != "}":
        match = LABEL.match(text, at)
        assert match, text
        plain = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], match[2])
        found.append((match[1], plain))
        at = match.end()
    return tuple(found)


def by_their_parser(page: str) -> dict[str, dict[Labels, float]]:
    """Read a page with prometheus_client."""
    return {
        family.name: {tuple(sample.labels.items()): float(sample.value) for sample in family.samples}
        for family in text_string_to_metric_families(page)
    }


def test_every_metric_there_is_can_be_read() -> None:
    samples = [
        Sample(SeriesKey("localhost", name, "x" if metric.item else ""), 1.0, 1.5) for name, metric in CATALOGUE.items()
    ]
    page = exposition(samples, version="0.1.0")
    mine = parse(page)
    assert mine == by_their_parser(page)
    assert mine["opsterm_fs_used_percent"] == {(("target", "localhost"), ("mount", "x")): 1.5}
    assert mine["opsterm_load_1m"] == {(("target", "localhost"),): 1.5}
    assert mine["opsterm_build_info"] == {(("version", "0.1.0"),): 1}
    assert len(mine) == len(CATALOGUE) + 3


def test_a_page_reads_like_this() -> None:
    key = SeriesKey("web-03", "fs.used_percent", "/")
    assert exposition([Sample(key, 1.0, 71.25)], version="0.1.0").split("\n")[:3] == [
        "# HELP opsterm_fs_used_percent Part of a file system that is used, as df counts it.",
        "# TYPE opsterm_fs_used_percent gauge",
        'opsterm_fs_used_percent{target="web-03",mount="/"} 71.25',
    ]


def test_alerts_and_targets_are_counted() -> None:
    alert = Story(load_rule()).feed([9] * 3).open
    alerts = [alert, alert, replace(alert, state=AlertState.SILENCED), replace(alert, state=AlertState.RESOLVED)]
    statuses = [Status.ONLINE, Status.ONLINE, Status.OFFLINE]
    page = parse(exposition([], alerts=alerts, statuses=statuses, version="0.1.0"))
    counted = page["opsterm_alerts"]
    assert counted[("severity", "warning"), ("state", "firing")] == 2
    assert counted[("severity", "warning"), ("state", "silenced")] == 1
    assert counted[("severity", "critical"), ("state", "firing")] == 0
    assert sum(counted.values()) == 3
    assert page["opsterm_targets"] == {
        (("status", status),): count
        for status, count in {"online": 2, "warning": 0, "critical": 0, "offline": 1, "unknown": 0}.items()
    }


@given(
    st.lists(
        st.tuples(
            st.text(max_size=8),
            st.sampled_from(["fs.used_percent", "load.1m", "load_1m", "ups.näme", "x"]),
            st.text(st.characters(), max_size=12),
            st.floats(),
        ),
        max_size=12,
    )
)
@example([("a", "fs.used_percent", '\x1b]52;c;evil\x07 "\\n\\"\n}, {', 1.0), ("b\udcff", "x", "\u202e", math.inf)])
def test_no_text_and_no_number_breaks_the_page(series: list[tuple[str, str, str, float]]) -> None:
    samples = [Sample(SeriesKey(target, metric, item), 1.0, value) for target, metric, item, value in series]
    page = exposition(samples, version='1 "2"\n')
    page.encode("utf-8")
    assert all(clean_line(line) == line for line in page.split("\n"))
    mine, theirs = parse(page), by_their_parser(page)
    assert repr(sorted(mine.items())) == repr(sorted(theirs.items()))
