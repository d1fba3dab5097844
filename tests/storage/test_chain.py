"""The audit chain: whatever is done to it with sqlite3 is found, and nothing that happens by itself breaks it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from opsterm.changes.events import ChangeDenied
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import NotFound
from opsterm.core.events import Fact
from opsterm.core.paths import Paths
from opsterm.inventory.events import TargetSeen
from opsterm.policy import chain
from opsterm.policy.chain import Checkpoint, checkpoint_line, entry_hash, next_key, seal, verify
from opsterm.storage.schema import SHIPPED, prepare
from opsterm.storage.store import SqliteStore, open_store
from tests.house.source import CHECKOUT

COUNT = 20


def denied(number: int, note: str = "no") -> Fact:
    return Fact(event=ChangeDenied(change=number, note=note), at=1_790_000_000.5, by="ana", correlation_id=f"c{number}")


async def filled(store: SqliteStore, count: int = COUNT) -> tuple[bytes, Checkpoint]:
    """Enter facts, take the first key, and return it with a checkpoint; the chain has one entry more than facts."""
    for number in range(1, count + 1):
        await store.journal.append([denied(number)])
    key = bytes.fromhex((await store.chain.take_first_key()).reveal())
    head = await store.chain.head()
    assert head is not None
    assert head.count == count + 1
    assert head.seq == count
    return key, Checkpoint(
        chain=head.chain, count=head.count, head=head.head, seq=head.seq, at=int(head.at), origin="ana@jump:db"
    )


def without_guard(database: Path) -> sqlite3.Connection:
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("DROP TRIGGER audit_chain_no_update")
    db.execute("DROP TRIGGER audit_chain_no_delete")
    return db


def recompute(db: sqlite3.Connection, after: int) -> None:
    """Write the hashes from an entry on anew, with seals of a key that somebody made up."""
    before = db.execute("SELECT hash FROM audit_chain WHERE n = ?", (after - 1,)).fetchone()[0]
    key = b"made up".ljust(32)
    for n, body in db.execute("SELECT n, body FROM audit_chain WHERE n >= ? ORDER BY n", (after,)).fetchall():
        before, old = entry_hash(before, body), before
        assert old != before
        db.execute("UPDATE audit_chain SET hash = ?, mac = ? WHERE n = ?", (before, seal(key, before), n))
        key = next_key(key)


def edit(db: sqlite3.Connection) -> None:
    db.execute('UPDATE audit_chain SET body = replace(body, \'"note":"no"\', \'"note":"ok"\') WHERE n = 9')


def edit_and_recompute(db: sqlite3.Connection) -> None:
    edit(db)
    recompute(db, 9)


def delete(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM audit_chain WHERE n IN (9, 10)")


def delete_and_close_up(db: sqlite3.Connection) -> None:
    delete(db)
    for n in range(11, COUNT + 2):
        db.execute("UPDATE audit_chain SET n = n - 2, body = replace(body, ?, ?) WHERE n = ?",
                   (f',"n":{n},"seq"', f',"n":{n - 2},"seq"', n))  # fmt: skip
    recompute(db, 9)


def swap(db: sqlite3.Connection) -> None:
    for old, new in ((9, 900), (10, 9), (900, 10)):
        db.execute("UPDATE audit_chain SET n = ? WHERE n = ?", (new, old))


def cut(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM audit_chain WHERE n > 15")


ATTACKS: Mapping[str, tuple[Callable[[sqlite3.Connection], None], str, int, str]] = {
    "edited": (edit, "edited", 9, "nothing"),
    "edited and recomputed": (edit_and_recompute, "recomputed", 9, "key"),
    "edited and recomputed, seen by a checkpoint": (edit_and_recompute, "recomputed", 1, "checkpoint"),
    "deleted in the middle": (delete, "deleted", 9, "nothing"),
    "deleted, closed up and recomputed": (delete_and_close_up, "recomputed", 9, "key"),
    "swapped": (swap, "swapped", 9, "nothing"),
    "tail cut": (cut, "cut", 16, "checkpoint"),
}
"""By attack: what it does, what is found, at which entry, and what is needed to see it in an export."""


@pytest.mark.parametrize(("attack", "kind", "entry", "by"), ATTACKS.values(), ids=ATTACKS)
async def test_an_attack_on_the_file_is_found(
    paths: Paths, clock: StoppedClock, attack: Callable[[sqlite3.Connection], None], kind: str, entry: int, by: str
) -> None:
    store = await open_store(paths, clock)
    key, checkpoint = await filled(store)
    await store.close()
    with closing(without_guard(paths.database)) as db:
        attack(db)
    store = await open_store(paths, clock)
    try:
        lines = await store.chain.lines(0, 1000)
        keys, checkpoints = [key] * (by == "key"), [checkpoint] * (by == "checkpoint")
        found = verify(chain.read_export(lines), keys=keys, checkpoints=checkpoints).finding
        assert found is not None
        assert (found.kind, found.entry) == (kind, entry), found.text
        whole = await store.chain.verify(keys=[key], checkpoints=[checkpoint])
        assert whole.finding is not None
    finally:
        await store.close()


async def test_what_nobody_touched_is_whole(store: SqliteStore) -> None:
    key, checkpoint = await filled(store)
    verdict = await store.chain.verify(keys=[key], checkpoints=[checkpoint])
    assert verdict.finding is None
    assert (verdict.entries, verdict.sealed, verdict.checkpoints) == (COUNT + 1, COUNT + 1, 1)
    assert (await store.chain.verify(keys=[bytes(32)])).finding is not None, "another key fits nothing"


async def test_a_cut_tail_is_seen_by_the_key_file_alone(paths: Paths, clock: StoppedClock) -> None:
    store = await open_store(paths, clock)
    await filled(store)
    await store.close()
    with closing(without_guard(paths.database)) as db:
        cut(db)
    store = await open_store(paths, clock)
    finding = (await store.chain.verify()).finding
    assert finding is not None
    assert finding.kind == "cut"
    await store.journal.append([denied(99)])
    verdict = await store.chain.verify()
    assert verdict.finding is None
    assert "Entries are missing: 21 were sealed and 15 are here" in verdict.anew[0]
    await store.close()


async def test_the_database_itself_refuses_to_change_an_entry(store: SqliteStore, paths: Paths) -> None:
    await filled(store, 3)
    with closing(sqlite3.connect(paths.database)) as db:
        for statement in ("UPDATE audit_chain SET body = ''", "DELETE FROM audit_chain"):
            with pytest.raises(sqlite3.IntegrityError, match="only ever added to"):
                db.execute(statement)


async def test_an_auditor_needs_one_file_of_python(store: SqliteStore, tmp_path: Path) -> None:
    key, checkpoint = await filled(store)
    lines = await store.chain.lines(0, 1000)
    (tmp_path / "chain.py").write_text((CHECKOUT / "opsterm/policy/chain.py").read_text())
    (tmp_path / "first.key").write_text(key.hex())
    (tmp_path / "log").write_text(f"<109>Nov 28 12:00:00 jump opsterm[7]: {checkpoint_line(checkpoint)}\n")

    def verdict(lines: list[str]) -> subprocess.CompletedProcess[str]:
        (tmp_path / "export.jsonl").write_text("\n".join(lines) + "\n")
        return subprocess.run(
            [sys.executable, "-I", "chain.py", "export.jsonl", "--key", "first.key", "--checkpoint", "log"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip

    whole = await asyncio.to_thread(verdict, list(lines))
    assert whole.returncode == 0, whole.stderr
    assert "21 seals fit the key, 1 checkpoints fit" in whole.stdout
    spaced = [json.dumps(json.loads(line), indent=None) for line in lines]
    assert (await asyncio.to_thread(verdict, spaced)).returncode == 0, "another program may have written it anew"
    for bad in (lines[:-1], [*lines[:5], *lines[6:]], [lines[0].replace("begins", "began"), *lines[1:]], ["no entry"]):
        said = await asyncio.to_thread(verdict, list(bad))
        assert said.returncode == 1
        assert "NOT AS IT WAS WRITTEN" in said.stdout


async def test_only_what_is_audited_is_chained_and_without_secrets(store: SqliteStore, paths: Paths) -> None:
    seen = TargetSeen(target="web-01", answered=True, reason="")
    await store.journal.append([Fact(event=seen, at=1.0, by="monitor")])
    assert await store.chain.head() is None
    await store.journal.append([denied(1, "curl -u ana:hunter2-hunter2 https://x")])
    (line,) = await store.chain.lines(1, 10)
    entry = json.loads(line)["entry"]
    assert "hunter2" not in line
    assert entry["masked"] == 1
    assert (entry["seq"], entry["at"], entry["kind"]) == (2, 1_790_000_000_500, "change.denied")
    assert "." not in json.dumps({name: entry[name] for name in ("at", "n", "seq", "v", "version")})


async def test_several_processes_add_to_one_chain(paths: Paths, clock: StoppedClock) -> None:
    stores = [await open_store(paths, clock) for _ in range(3)]
    await asyncio.gather(*(store.journal.append([denied(n)]) for n, store in enumerate(stores * 20, 1)))
    key = bytes.fromhex((await stores[0].chain.take_first_key()).reveal())
    verdict = await stores[1].chain.verify(keys=[key])
    assert verdict.finding is None
    assert verdict.sealed == verdict.entries == 61
    for store in stores:
        await store.close()


@pytest.mark.parametrize("left", ["behind", "missing before the first key was taken"])
async def test_a_key_file_that_was_left_behind_is_made_up_for(paths: Paths, clock: StoppedClock, left: str) -> None:
    store = await open_store(paths, clock)
    await store.journal.append([denied(1)])
    file = paths.data / "audit.key"
    old = file.read_bytes()
    await store.journal.append([denied(2), denied(3)])
    await store.journal.append([denied(4)])
    file.write_bytes(old) if left == "behind" else file.unlink()
    await store.journal.append([denied(5)])
    key = bytes.fromhex((await store.chain.take_first_key()).reveal())
    verdict = await store.chain.verify(keys=[key])
    assert verdict.finding is None
    assert verdict.sealed == 6
    assert not verdict.anew
    await store.close()


async def test_a_lost_key_is_said_in_the_chain(store: SqliteStore, paths: Paths) -> None:
    first, _ = await filled(store, 2)
    (paths.data / "audit.key").unlink()
    await store.journal.append([denied(3)])
    second = bytes.fromhex((await store.chain.take_first_key()).reveal())
    verdict = await store.chain.verify(keys=[first, second])
    assert verdict.finding is None
    assert verdict.sealed == 5
    assert "The key file was missing or spoilt." in verdict.anew[0]
    only_first = (await store.chain.verify(keys=[first])).finding
    assert only_first is not None
    assert (only_first.kind, only_first.entry) == ("key", 4)


async def test_the_first_key_is_shown_once_and_lies_nowhere_afterwards(store: SqliteStore, paths: Paths) -> None:
    first, _ = await filled(store, 2)
    with pytest.raises(NotFound):
        await store.chain.take_first_key()
    for file in paths.data.iterdir():
        data = file.read_bytes()
        assert first not in data, file
        assert first.hex().encode() not in data, file
        assert file.stat().st_mode & 0o077 == 0


async def test_a_chain_that_was_begun_anew_is_told_by_old_checkpoints(paths: Paths, clock: StoppedClock) -> None:
    store = await open_store(paths, clock)
    _, old = await filled(store, 3)
    await store.close()
    for file in paths.data.iterdir():
        file.unlink()
    store = await open_store(paths, clock)
    _, new = await filled(store, 3)
    for known in ([old], [old, new]):
        finding = (await store.chain.verify(checkpoints=known)).finding
        assert finding is not None
        assert finding.kind == "begun anew"
    await store.close()


async def test_the_journal_of_an_older_version_is_taken_in_once(paths: Paths, clock: StoppedClock) -> None:
    store = await open_store(paths, clock)
    for number in range(1, 6):
        await store.journal.append([denied(number)])
    await store.close()
    (paths.data / "audit.key").unlink()
    (paths.data / "audit.first-key").unlink()
    with closing(sqlite3.connect(paths.database, isolation_level=None)) as db:  # as version 6 left it
        for statement in (
            "DROP TABLE audit_chain", "DROP TABLE approval", "DROP TABLE claim", "DROP TABLE job_run", "DROP TABLE job",
            "DROP TABLE card", "DROP TABLE trial_place", "DROP TABLE trial", "DROP TABLE command_use",
            "DROP TABLE script", "DROP TABLE item", "DROP TABLE embedder", "DROP TABLE item_vector",
            "DROP TABLE conversation_turn", "DROP TABLE conversation",
            "ALTER TABLE change DROP COLUMN terms", "ALTER TABLE change DROP COLUMN review",
        ):  # fmt: skip
            db.execute(statement)
        db.execute("UPDATE alembic_version SET version_num = '0006'")
    await asyncio.to_thread(prepare, paths.database, stamp="now", schema=SHIPPED)
    store = await open_store(paths, clock)
    first, *rest = (json.loads(line)["entry"] for line in await store.chain.lines(0, 100))
    assert first["kind"] == chain.KEY_BEGUN
    assert first["fields"]["adopted"] == 5
    assert [entry["seq"] for entry in rest] == [1, 2, 3, 4, 5]
    await store.journal.append([denied(6)])
    assert (await store.chain.verify()).entries == 7
    await store.close()
