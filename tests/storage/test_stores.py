"""Targets, alerts, changes, output, preferences and the lease: what is put in comes out, and rules hold."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.core.clock import StoppedClock, SystemClock
from opsterm.core.errors import LeaseLost, StorageError
from opsterm.core.events import Fact
from opsterm.core.paths import Paths
from opsterm.inventory.target import Protocol, Target
from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.runtime.ports_store import Fence, LeaseRow, Seen
from opsterm.storage.line import Line, connect_for_writing
from opsterm.storage.output import file_name
from opsterm.storage.store import SqliteStore, open_store
from tests.storage.samples_of_facts import alert, change, fact

# ----------------------------------------------------------------------------------------- targets


async def test_targets_come_back_by_name_with_everything_said_of_them(store: SqliteStore) -> None:
    full = Target(
        name="web-02", address="198.18.0.2", os="debian 12", groups=("web", "edge"), tags=("a", "b"),
        protocol=Protocol.WINRM, port=5986, user="ops", environment="prod", site="ffm", source="csv",
    )  # fmt: skip
    facts = await store.targets.save([full, Target(name="web-01")], [fact("web-01"), fact("web-02")])
    assert [f.seq for f in facts] == [1, 2]
    assert await store.targets.all() == [Target(name="web-01"), full]
    edited = replace(full, os="debian 13", port=None)
    await store.targets.save([edited], [])
    assert await store.targets.all() == [Target(name="web-01"), edited]


async def test_a_removed_name_is_remembered_until_it_is_saved_again(store: SqliteStore) -> None:
    await store.targets.save([Target(name="a"), Target(name="b")], [])
    await store.targets.remove(["a", "never-there"], [fact("a")])
    assert [t.name for t in await store.targets.all()] == ["b"]
    assert await store.targets.removed() == {"a", "never-there"}
    await store.targets.save([Target(name="a")], [])
    assert await store.targets.removed() == {"never-there"}


@pytest.mark.speed
async def test_five_thousand_targets_are_saved_within_a_second(store: SqliteStore) -> None:
    targets = [Target(name=f"web-{n:04}", groups=("web",), tags=("t", f"r{n % 40}")) for n in range(5000)]
    clock = SystemClock()
    began = clock.monotonic()
    facts = await store.targets.save(targets, [fact(t.name) for t in targets])
    assert clock.monotonic() - began < 1.0
    assert facts[-1].seq == 5000
    assert await store.targets.all() == targets


async def test_reachability_is_kept_by_name(store: SqliteStore) -> None:
    never = Seen(answered=False, tried_at=5.0, seen_at=None, reason="no route to host")
    once = Seen(answered=True, tried_at=6.0, seen_at=6.0, reason="")
    await store.targets.mark_seen({"a": never, "b": once}, [])
    await store.targets.mark_seen({"a": once}, [fact()])
    assert await store.targets.seen() == {"a": once, "b": once}


async def test_a_word_of_a_newer_version_is_a_sentence(store: SqliteStore, paths: Paths) -> None:
    await store.targets.save([Target(name="a")], [])
    line = await Line(lambda: connect_for_writing(paths.database)).opened()
    await line.run(lambda db: db.execute("UPDATE target SET protocol = 'carrier pigeon'").rowcount)
    await line.close()
    with pytest.raises(StorageError, match="cannot read"):
        await store.targets.all()


# ------------------------------------------------------------------------------------------ alerts


async def test_an_alert_gets_a_number_and_its_facts_know_it(store: SqliteStore) -> None:
    def told(kept: Alert) -> list[Fact]:
        return [fact(correlation_id=f"a{kept.id}")]

    kept, facts = await store.alerts.save(alert(), told)
    assert kept == replace(alert(), id=1)
    assert facts[0].correlation_id == "a1"
    worse = replace(kept, severity=Severity.WARNING, count=4, note="known", by="ana", silenced_until=9.5)
    assert (await store.alerts.save(worse, lambda _: []))[0] == worse
    assert await store.alerts.get(1) == worse
    assert await store.alerts.get(2) is None


async def test_open_alerts_are_those_not_resolved_newest_first(store: SqliteStore) -> None:
    for since, state in enumerate(AlertState):
        await store.alerts.save(alert(since=float(since), state=state), lambda _: [])
    assert [a.state for a in await store.alerts.open()] == ["silenced", "acknowledged", "firing", "pending"]
    assert [a.state for a in await store.alerts.recent(2)] == ["resolved", "silenced"]


# ----------------------------------------------------------------------------------------- changes


async def test_a_change_comes_back_byte_for_byte(store: SqliteStore) -> None:
    given_change = change("printf 'ä\\n\t%s' \"$1\"\n# line two \u202e")
    kept, facts = await store.changes.insert(given_change, lambda c: [fact(correlation_id=c.name)])
    assert kept == replace(given_change, id=1)
    assert facts[0].correlation_id == "c1"
    back = await store.changes.get(1)
    assert back == kept
    assert back.order.digest() == given_change.digest
    order = replace(given_change.order, become="postgres", login=True, pty=True)
    as_other, _ = await store.changes.insert(replace(given_change, order=order, digest=order.digest()), lambda _: [])
    found = await store.changes.get(2)
    assert found == as_other
    assert found.order.digest() == order.digest() != given_change.digest
    assert await store.changes.get(99) is None


async def test_only_one_of_two_who_decide_moves_a_change(store: SqliteStore, paths: Paths, clock: StoppedClock) -> None:
    kept, _ = await store.changes.insert(change(), lambda _: [])
    approved = replace(kept, state=ChangeState.APPROVED, decided_by="ana", approved_digest=kept.digest)
    denied = replace(kept, state=ChangeState.DENIED, decided_by="bob", decided_at=5.0, decision_note="not now")
    other = await open_store(paths, clock)
    try:
        results = await asyncio.gather(
            store.changes.move(approved, expected=ChangeState.PROPOSED, facts=[fact("approved")]),
            other.changes.move(denied, expected=ChangeState.PROPOSED, facts=[fact("denied")]),
        )
    finally:
        await other.close()
    assert sum(result is None for result in results) == 1
    assert await store.journal.last_seq() == 1  # facts of the slower one were not told
    now = await store.changes.get(1)
    assert now == (approved if results[0] is not None else denied)


async def test_a_move_never_touches_what_was_ordered(store: SqliteStore) -> None:
    kept, _ = await store.changes.insert(change("uptime"), lambda _: [])
    forged = replace(change("rm -rf /"), id=1, state=ChangeState.APPROVED, selector="*", requested_by="mallory")
    assert await store.changes.move(forged, expected=ChangeState.PROPOSED, facts=[]) == []
    now = await store.changes.get(1)
    assert now is not None
    assert (now.order, now.digest, now.selector, now.requested_by) == (
        kept.order, kept.digest, kept.selector, kept.requested_by,
    )  # fmt: skip


async def test_the_runner_is_known_while_it_runs(store: SqliteStore) -> None:
    kept, _ = await store.changes.insert(change(), lambda _: [])

    async def move(state: ChangeState, expected: ChangeState) -> None:
        moved = await store.changes.move(replace(kept, state=state), expected=expected, facts=[], runner="7@boot")
        assert moved is not None

    assert await store.changes.runner(1) == ""
    await move(ChangeState.RUNNING, ChangeState.PROPOSED)
    assert await store.changes.runner(1) == "7@boot"
    await move(ChangeState.DONE, ChangeState.RUNNING)
    assert await store.changes.runner(1) == ""
    assert await store.changes.runner(99) == ""


async def test_outcomes_are_replaced_in_place(store: SqliteStore) -> None:
    kept, _ = await store.changes.insert(change(targets=("b", "a", "c")), lambda _: [])
    ended = replace(
        kept.outcomes[1], state=OutcomeState.FAILED, exit_status=3, signal="TERM", started_at=1.0, ended_at=2.5,
        output_bytes=10, kept_bytes=9, output_sha256="ab", message="three",
    )  # fmt: skip
    facts = await store.changes.save_outcome(1, ended, [fact()])
    assert facts[0].seq == 1
    now = await store.changes.get(1)
    assert now is not None
    assert now.outcomes == (kept.outcomes[0], ended, kept.outcomes[2])
    with pytest.raises(StorageError):
        await store.changes.save_outcome(99, ended, [])  # there is no such change


async def test_changes_are_listed_newest_first_by_state(store: SqliteStore) -> None:
    made: list[Change] = [(await store.changes.insert(change(f"echo {n}"), lambda _: []))[0] for n in range(4)]
    await store.changes.move(replace(made[1], state=ChangeState.DENIED), expected=ChangeState.PROPOSED, facts=[])
    assert [c.id for c in await store.changes.list()] == [4, 3, 2, 1]
    assert [c.id for c in await store.changes.list([ChangeState.PROPOSED], limit=2)] == [4, 3]
    assert [c.id for c in await store.changes.list([ChangeState.DENIED, ChangeState.DONE])] == [2]


# ------------------------------------------------------------------------------------------ output


async def test_output_is_kept_in_private_files(store: SqliteStore) -> None:
    await store.output.append(3, "web-01", b"one\n")
    await store.output.append(3, "web-01", b"two\x00\xff")
    assert await store.output.read(3, "web-01") == b"one\ntwo\x00\xff"
    assert await store.output.read(3, "web-01", offset=4, limit=3) == b"two"
    assert await store.output.read(3, "web-02") == b""
    assert await store.output.read(3, "web-01", offset=4, limit=1 << 40) == b"two\x00\xff"  # no room is made for that
    assert await store.output.read(3, "web-01", offset=400) == b""
    path = store.output.path(3, "web-01")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.parent.parent.stat().st_mode & 0o777 == 0o700


async def test_a_new_change_has_no_output_of_an_older_one_of_its_number(store: SqliteStore) -> None:
    await store.output.append(1, "web-01", b"of a database that is gone")
    kept, _ = await store.changes.insert(change(), lambda _: [])
    assert kept.id == 1
    assert await store.output.read(1, "web-01") == b""
    await store.output.append(1, "web-01", b"its own")
    assert await store.output.read(1, "web-01") == b"its own"
    folder = store.output.path(1, "web-01").parent.parent
    (aside,) = folder.glob("c1~*/web-01")
    assert aside.read_bytes() == b"of a database that is gone"


async def test_output_does_not_follow_a_link(store: SqliteStore, tmp_path: Path) -> None:
    await store.output.append(1, "a", b"")
    path = store.output.path(1, "a")
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError):
        await store.output.append(1, "a", b"x")
    assert not (tmp_path / "elsewhere").exists()


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
def test_any_target_has_a_file_name_of_its_own(one: str, other: str) -> None:
    name = file_name(one)
    assert len(name) < 255
    assert name.isascii()
    assert not set(name) & set("/\x00")
    assert name.strip(".")
    assert (file_name(other) == name) == (other == one)


@pytest.mark.parametrize(
    ("target", "name"), [("web-01", "web-01"), ("ops@h:22", "ops@h:22"), ("..", None), ("a/b", None), ("", None)]
)
def test_good_names_stay_themselves(target: str, name: str | None) -> None:
    assert (file_name(target) == target) is (name is not None)


# ------------------------------------------------------------------------------- preferences, lease


async def test_preferences_stick(store: SqliteStore) -> None:
    assert await store.preferences.get("theme") is None
    await store.preferences.put("theme", "night")
    await store.preferences.put("theme", "day")
    assert await store.preferences.get("theme") == "day"


async def take(store: SqliteStore, holder: str, at: float, *, boot: str = "b1") -> LeaseRow:
    return await store.lease.acquire(holder=holder, face="screen", boot=boot, monotonic=at, now=1000 + at, ttl_s=6.0)


async def test_the_lease_is_one_processs_until_it_is_old_given_up_or_of_an_earlier_boot(store: SqliteStore) -> None:
    assert await store.lease.holder() is None
    first = await take(store, "p1", 10)
    assert (first.holder, first.epoch, first.since) == ("p1", 1, 1010)
    assert (await take(store, "p2", 15)).holder == "p1"
    assert (await take(store, "p1", 16)).epoch == 1
    assert (await take(store, "p2", 21.9)).holder == "p1"
    assert await store.lease.holder() == replace(first, renewed_at=16)
    stolen = await take(store, "p2", 22.1)
    assert (stolen.holder, stolen.epoch) == ("p2", 2)
    await store.lease.release(Fence(holder="p1", epoch=1))
    assert (await take(store, "p1", 23)).holder == "p2"
    await store.lease.release(Fence(holder="p2", epoch=2))
    assert await store.lease.holder() is None
    assert (await take(store, "p1", 24)).epoch == 3
    assert (await take(store, "p3", 1, boot="b2")).epoch == 4


async def test_two_processes_that_compete_agree_on_one(store: SqliteStore, paths: Paths, clock: StoppedClock) -> None:
    other = await open_store(paths, clock)
    try:
        rows = await asyncio.gather(take(store, "p1", 1), take(other, "p2", 1))
    finally:
        await other.close()
    assert rows[0] == rows[1]


async def test_a_fence_that_no_longer_holds_keeps_nothing(store: SqliteStore) -> None:
    row = await take(store, "p1", 1)
    fence = Fence(holder="p1", epoch=row.epoch)
    sample = Sample(SeriesKey("localhost", "load"), 1.0, 1.0)
    await store.samples.write([sample], fence=fence)
    await take(store, "p2", 100)
    with pytest.raises(LeaseLost):
        await store.samples.write([sample._replace(at=2.0)], fence=fence)
    with pytest.raises(LeaseLost):
        await store.alerts.save(alert(), lambda _: [fact()], fence=fence)
    with pytest.raises(LeaseLost):
        await store.samples.compact(1e6, keep_raw_s=1, keep_minutes_s=1, keep_hours_s=1, fence=fence)
    assert await store.samples.latest("localhost") == [sample]
    assert await store.alerts.open() == []
    assert await store.journal.last_seq() == 0
