"""A large fleet is said in few lines, quickly."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadSelector
from opsterm.inventory.fleet import (
    Grouping,
    StatusCounts,
    count_statuses,
    fold_rows,
    group_rows,
    in_natural_order,
    resolve,
)
from opsterm.inventory.target import Status, TargetRow
from tests.inventory.rows import FLEET, large_fleet, row


def test_folds_a_group_into_lines_of_equal_status_and_note() -> None:
    rows = [row(f"web-{n:02}", groups=("web",)) for n in (1, 2, *range(4, 13))]
    rows.append(row("web-03", Status.WARNING, "load 9.1", groups=("web",)))
    (group,) = group_rows(rows)
    assert (group.name, group.counts) == ("web", StatusCounts(online=11, warning=1))
    assert [(run.text, run.status, run.note, len(run.rows)) for run in group.runs] == [
        ("web-[01-02,04-12]", Status.ONLINE, "", 11),
        ("web-03", Status.WARNING, "load 9.1", 1),
    ]


def test_a_folded_line_is_as_old_as_its_most_silent_target() -> None:
    def seen(name: str, at: float | None) -> TargetRow:
        return TargetRow(target=row(name).target, last_seen=at)

    assert fold_rows([seen("a1", 5.0), seen("a2", 3.0)])[0].last_seen == 3.0
    assert fold_rows([seen("a1", 5.0), seen("a2", None)])[0].last_seen is None


@pytest.mark.parametrize(
    ("by", "names"),
    [
        (Grouping.GROUP, ["db", "lab", "web", ""]),
        (Grouping.TAG, ["edge", "pg", "tls", "Win10", ""]),
        (Grouping.OS, ["Debian 11", "debian 12", "win10", ""]),
        (Grouping.ENVIRONMENT, ["prod", ""]),
        (Grouping.SITE, ["fra", ""]),
        (Grouping.STATUS, ["critical", "offline", "warning", "unknown", "online"]),
        (Grouping.PROTOCOL, ["ssh", "winrm"]),
        (Grouping.SOURCE, ["manual", "ssh_config"]),
        (Grouping.NONE, [""]),
    ],
)
def test_divides_by(by: Grouping, names: list[str]) -> None:
    assert [group.name for group in group_rows(FLEET, by)] == names


def test_counts_and_orders() -> None:
    counts = count_statuses(FLEET)
    assert counts.present()[0] == (Status.CRITICAL, 1)
    assert (counts.total, counts.worst, counts.count(Status.ONLINE)) == (6, Status.CRITICAL, 2)
    assert StatusCounts().worst is Status.UNKNOWN
    assert in_natural_order(FLEET)[0].target.name == "db-main-1"
    assert [r.target.name for r in resolve(FLEET, "web-* and not status:online")] == ["web-03"]
    with pytest.raises(BadSelector):
        resolve(FLEET, "web-[")


@given(st.lists(st.integers(0, 200), unique=True, max_size=60), st.sampled_from(Grouping))
def test_no_target_is_lost_or_doubled_in_a_group(numbers: list[int], by: Grouping) -> None:
    rows = [large_fleet(201)[number] for number in numbers]
    for group in group_rows(rows, by):
        names = [r.target.name for run in group.runs for r in run.rows]
        assert len(names) == len(set(names)) == group.counts.total
    assert {r.target.name for group in group_rows(rows, by) for run in group.runs for r in run.rows} == {
        r.target.name for r in rows
    }


@pytest.mark.speed
def test_is_quick_over_a_large_fleet() -> None:
    rows = large_fleet(5000)
    for by in (Grouping.GROUP, Grouping.TAG, Grouping.NONE):
        best = 1.0
        for _ in range(5):
            start = time.perf_counter()
            group_rows(rows, by)
            best = min(best, time.perf_counter() - start)
        assert best < 0.030, f"{by}: {best * 1000:.1f} ms"
