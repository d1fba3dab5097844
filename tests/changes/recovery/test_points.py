"""Recovery points: what they are written as, what has to be sent, how they differ, which are kept."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.changes.recovery.capture import CaptureScript
from opsterm.changes.recovery.difference import differences_of
from opsterm.changes.recovery.listing import MOST_RANGES, ranges_of, to_send
from opsterm.changes.recovery.point import (
    LEAF_ENTRIES,
    PointEntry,
    PointPart,
    RecoveryPoint,
    leaves_of,
    manifest_of,
    parse_leaf,
    parse_manifest,
)
from opsterm.changes.recovery.retention import PointRetention, kept_because
from opsterm.changes.recovery.wish import things_of
from opsterm.core.errors import BadInput, Bug, StorageError
from opsterm.policy.way_back import Thing, ThingKind

TREE = Thing(kind=ThingKind.FILES, name="/srv")


def file(path: str, **given_fields: object) -> PointEntry:
    known = {
        "mode": stat.S_IFREG | 0o644, "user": 0, "group": 0, "changed_at": 1, "size": 3, "sha256": "a" * 64,
        "mark": "1 0,0 7 1",
    }  # fmt: skip
    return PointEntry(path=path, **{**known, **given_fields})  # type: ignore[arg-type]  # fields as they are


def had(entry: PointEntry) -> PointEntry:
    return replace(entry, head=b"h" * 512, blocks=(entry.sha256,))


def test_a_point_is_read_as_it_was_written() -> None:
    part = PointPart(number=1, thing=TREE, files=(("before", "b" * 64),), leaves=("c" * 64,), entries=2, bytes=5)
    point = RecoveryPoint(target="web-1", taken_at=1.5, label="ä", origin="by hand", parts=(part,), sent_bytes=9)
    again = parse_manifest(manifest_of(point), 3)
    assert replace(again, number=0, digest="") == point
    assert again.point_name == f"r3-{again.digest[:12]}"
    with pytest.raises(StorageError):
        parse_manifest(b'{"v":2}', 3)


@given(st.lists(st.tuples(st.text(), st.binary(max_size=2000)), max_size=600))
def test_entries_are_read_as_they_were_written(rows: list[tuple[str, bytes]]) -> None:
    entries = [file(path, head=head) for path, head in rows]
    leaves = list(leaves_of(entries))
    assert [entry for leaf in leaves for entry in parse_leaf(leaf)] == entries
    assert len(leaves) == -(-len(entries) // LEAF_ENTRIES)


def test_only_what_is_not_had_as_it_is_now_is_sent() -> None:
    same, other, new = file("/srv/same"), file("/srv/other"), file("/srv/new")
    socket = file("/srv/socket", mode=stat.S_IFSOCK, sha256="")
    listed = [same, replace(other, changed_at=2), new, socket]
    assert to_send(listed, {one.path: had(one) for one in (same, other)}) == [1, 2]


def test_names_that_share_a_file_are_sent_together() -> None:
    shared = [file(f"/srv/{name}", mark="2 0,0 7 1") for name in "ab"]
    alone = file("/srv/c")
    have = {one.path: had(one) for one in (*shared, alone)}
    assert to_send([*shared, alone], have) == []
    assert to_send([replace(shared[0], size=4), shared[1], alone], have) == [0, 1]


@given(st.sets(st.integers(0, 4000), min_size=1))
def test_ranges_name_all_that_is_wanted_and_are_few(places: set[int]) -> None:
    lines = ranges_of(sorted(places))
    spans = [(one.rstrip("p").partition(",")[0], one.rstrip("p").rpartition(",")[2]) for one in lines.split(";")]
    named = {at for first, last in spans for at in range(int(first) - 1, int(last))}
    assert places <= named
    assert len(spans) <= MOST_RANGES
    if len(places) <= MOST_RANGES:
        assert named == places
    CaptureScript(things=(TREE,), wanted={1: lines})


@pytest.mark.parametrize("lines", ["1p'; reboot #", "", "1,2p;w /etc/passwd", "1,$p;1p"])
def test_a_capture_holds_no_other_text(lines: str) -> None:
    with pytest.raises(Bug):
        CaptureScript(things=(TREE,), wanted={1: lines})
    with pytest.raises(Bug):
        CaptureScript(copies="c1-0123456789ab; reboot")


DIFFERENCES: tuple[tuple[str, PointEntry | None, PointEntry | None, tuple[str, tuple[str, ...]] | None], ...] = (
    ("nothing", file("/srv/a"), file("/srv/a", mark="1 0,0 9 9"), None),
    ("new", None, file("/srv/a"), ("new", ("file, 3 B",))),
    ("gone", file("/srv/a"), None, ("gone", ("file, 3 B",))),
    ("content", file("/srv/a"), file("/srv/a", sha256="b" * 64, size=4), ("changed", ("content (3 B → 4 B)",))),
    ("mode", file("/srv/a"), file("/srv/a", mode=stat.S_IFREG | 0o4755), ("changed", ("mode 0644 → 4755",))),
    ("owner", file("/srv/a"), file("/srv/a", user=5), ("changed", ("owner 0:0 → 5:0",))),
    ("time", file("/srv/a"), file("/srv/a", changed_at=9), ("changed", ("time",))),
    ("kind", file("/srv/a"), file("/srv/a", mode=stat.S_IFDIR | 0o755), ("changed", ("file → folder",))),
)  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "expected"), [row[1:] for row in DIFFERENCES], ids=[row[0] for row in DIFFERENCES]
)
def test_a_difference_is_told_as_a_person_can_check_it(
    old: PointEntry | None, new: PointEntry | None, expected: tuple[str, tuple[str, ...]] | None
) -> None:
    found = differences_of(TREE, b"x", b"x", [old] if old else [], [new] if new else [])
    assert [(one.what, one.how) for one in found] == ([expected] if expected else [])


def test_other_state_is_told_by_its_lines_and_without_secrets() -> None:
    thing = Thing(kind=ThingKind.CRONTAB, name="ana")
    [one] = differences_of(thing, b"0 1 * * * a\n", b"0 1 * * * a --password=hunter2hunter2\n", (), ())
    assert one.thing == "crontab ana"
    assert one.lines[0] == "-0 1 * * * a"
    assert "hunter2" not in str(one)
    assert differences_of(thing, b"x", b"x", (), ()) == []


def test_an_access_list_alone_is_a_difference() -> None:
    [one] = differences_of(TREE, b"user::rw-\n", b"user::rw-\nuser:5:r--\n", [file("/srv/a")], [file("/srv/a")])
    assert (one.path, one.lines) == ("/srv", ("+user:5:r--",))


def taken(number: int, day: str, **given_fields: object) -> RecoveryPoint:
    at = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC).timestamp()
    part = PointPart(number=1, thing=TREE)
    known: dict[str, object] = {"target": "web-1", "origin": "by hand", "parts": (part,), "number": number}
    return RecoveryPoint(taken_at=at, **{**known, **given_fields})  # type: ignore[arg-type]  # fields as they are


NOW = datetime(2026, 3, 31, 13, tzinfo=UTC).timestamp()
NONE = PointRetention(last=1, daily=0, weekly=0, monthly=0, changes_d=30)


def test_the_last_of_each_day_week_and_month_is_kept() -> None:
    points = [
        taken(n, day)
        for n, day in enumerate(
            ("2026-01-02", "2026-01-30", "2026-02-15", "2026-03-09", "2026-03-15", "2026-03-29", "2026-03-30"), 1
        )
    ]  # fmt: skip
    twice = replace(points[-1], number=8, taken_at=points[-1].taken_at + 60)
    policy = PointRetention(last=1, daily=2, weekly=3, monthly=3, changes_d=0)
    kept = kept_because([*points, twice], policy, baselines=(), now=NOW)
    assert kept == {8: "newest", 6: "daily", 5: "weekly", 3: "monthly", 2: "monthly"}


def test_each_target_and_each_thing_has_its_own_newest() -> None:
    other = PointPart(number=1, thing=Thing(kind=ThingKind.HOSTNAME))
    points = [
        taken(1, "2026-03-01"), taken(2, "2026-03-02"), taken(3, "2026-03-01", target="web-2"),
        taken(4, "2026-03-01", parts=(other,)),
    ]  # fmt: skip
    assert set(kept_because(points, NONE, baselines=(), now=NOW)) == {2, 3, 4}
    assert kept_because(points, NONE, baselines=(1,), now=NOW)[1] == "baseline"


def test_the_copies_of_changes_have_a_time_of_their_own() -> None:
    copy = taken(1, "2026-03-30", origin="c18", on_target="c18-0123456789ab")
    assert kept_because([copy, taken(2, "2026-03-31")], NONE, baselines=(), now=NOW)[1] == "way back of c18"
    assert 1 not in kept_because([replace(copy, taken_at=0.0)], NONE, baselines=(), now=NOW)


def test_a_wish_becomes_things() -> None:
    things = things_of(["/etc/nginx/"], ["nginx"], ["sysctl=vm.swappiness", "crontab", "firewall"])
    assert [str(thing) for thing in things] == [
        "files /etc/nginx", "files /etc/systemd/system/nginx.service", "files /etc/systemd/system/nginx.service.d",
        "crontab", "sysctl vm.swappiness", "firewall", "unit nginx.service",
    ]  # fmt: skip
    assert len(things_of([], [], ["accounts"])) == 8


@pytest.mark.parametrize(
    ("paths", "units", "states"),
    [([], [], []), (["etc"], [], []), (["/"], [], []), (["/proc/1"], [], []), (["/etc/../usr"], [], []),
     ([], ["a b"], []), ([], [], ["sysctl"]), ([], [], ["firewall=x"]), ([], [], ["windows"]),
     ([], [], ["crontab=a;b"])],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(paths: list[str], units: list[str], states: list[str]) -> None:
    with pytest.raises(BadInput):
        things_of(paths, units, states)
