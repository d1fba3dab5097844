"""The tables on disk are those of `tables.py`, however they came about, and old data is never at risk."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import astuple
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlmodel import SQLModel

import opsterm.storage.tables  # noqa: F401 (fills the metadata)
from opsterm.changes.change import Change
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import ExitCode, SchemaTooNew, StorageError
from opsterm.core.paths import Paths, make_private
from opsterm.storage import (
    alerts,
    apis,
    approvals,
    chain,
    chain_reading,
    changes,
    claims,
    command_uses,
    compaction,
    facts,
    journal,
    lease,
    mail,
    profiles,
    samples,
    services,
    targets,
    ticks,
    traps,
    trials,
)
from opsterm.storage.migrations.ddl import schema_sql
from opsterm.storage.migrations.run import migrate
from opsterm.storage.schema import SHIPPED, Schema, backups, prepare
from opsterm.storage.store import open_store
from tests.storage.samples_of_facts import change as sample_change
from tests.storage.samples_of_facts import fact

LATER = f"{int(SHIPPED.version) + 1:04}"
"""The version after the one that ships."""

Shape = dict[str, tuple[object, ...]]


def shape(database: Path) -> Shape:
    """Everything SQLite knows of each table: columns, keys, indexes, foreign keys, options."""
    with closing(sqlite3.connect(database)) as db:
        names = [n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        found: Shape = {}
        for name in names:
            indexes = sorted(
                (index[1], *index[2:], tuple(db.execute(f"PRAGMA index_xinfo({index[1]})").fetchall()))
                for index in db.execute(f"PRAGMA index_list({name})")
            )
            found[name] = (
                db.execute(f"PRAGMA table_xinfo({name})").fetchall(),
                indexes,
                db.execute(f"PRAGMA foreign_key_list({name})").fetchall(),
                db.execute("SELECT wr, strict FROM pragma_table_list WHERE name = ?", (name,)).fetchall(),
            )
        wheres = db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '%WHERE%'"
        ).fetchall()
        found["triggers"] = tuple(
            db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name").fetchall()
        )
        found["partial indexes"] = tuple(sorted((name, sql.partition("WHERE")[2]) for name, sql in wheres))
        found["version"] = tuple(db.execute("SELECT version_num FROM alembic_version").fetchall())
        return found


def test_the_shipped_script_is_written_from_the_tables() -> None:
    assert SHIPPED.sql.read_text() == schema_sql(SHIPPED.version), "run python -m opsterm.storage.migrations.ddl"


def test_migrations_from_nothing_make_what_the_shipped_script_makes(tmp_path: Path) -> None:
    migrate(tmp_path / "migrated.db", SHIPPED.scripts)
    prepare(tmp_path / "made.db", stamp="now")
    assert shape(tmp_path / "migrated.db") == shape(tmp_path / "made.db")


def test_alembic_finds_no_difference_to_the_tables(tmp_path: Path) -> None:
    prepare(tmp_path / "made.db", stamp="now")
    with create_engine(f"sqlite:///{tmp_path / 'made.db'}").connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
        connection.engine.dispose()


def test_the_newest_migration_is_the_version_of_the_program() -> None:
    assert ScriptDirectory(str(SHIPPED.scripts)).get_heads() == [SHIPPED.version]


def statements() -> Iterator[str]:
    """Every statement of the room that is a constant."""
    for module in (
        alerts, apis, approvals, chain, chain_reading, changes, claims, command_uses, compaction, facts, journal, lease,
        mail, profiles, samples, services, targets, ticks, traps, trials,
    ):  # fmt: skip
        for name, value in vars(module).items():
            values = value.values() if isinstance(value, dict) else [value]
            for text in values:
                if name.isupper() and isinstance(text, str) and text.split(" ")[0] in ("SELECT", "INSERT", "UPDATE"):
                    yield text
    yield chain_reading.search_statement(2)
    yield changes.list_statement(3)
    yield journal.search_statement(["a", "b"], "", 0.0, 5)[0]
    yield journal.search_statement(["a", "b"], "c1", 0.0, 5)[0]


@pytest.mark.parametrize("statement", [s for s in statements() if not s.endswith("VALUES ")])
def test_every_statement_fits_the_tables(statement: str, tmp_path: Path) -> None:
    prepare(tmp_path / "made.db", stamp="now")
    named = dict.fromkeys(["id", "step", "start", "end", "minutes_from", "raw_from", "hour", "minute"], 0)
    with closing(sqlite3.connect(tmp_path / "made.db")) as db:
        values = named if ":id" in statement else [None] * statement.count("?")
        assert db.execute(f"EXPLAIN {statement}", values).fetchall()


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (journal.search_statement(["target.added"], "", 0.0, 5)[0], "journal_kind"),
        (journal.search_statement([], "c1", 0.0, 5)[0], "journal_correlation"),
        (alerts.OPEN, "alert_open"),
        (mail.DUE, "mail_state (state=? AND next_try_at<?)"),
        (mail.TIDY, "mail_state"),
        (traps.NEWEST, "trap_last_at (last_at>?)"),
        (traps.NEWEST_OF, "trap_target (target=? AND last_at>?)"),
        (traps.TIDY_TARGET, "trap_target (target=? AND last_at<?)"),
        (samples.LAST_MINUTES, "PRIMARY KEY"),
        (ticks.STRETCH, "PRIMARY KEY (target=? AND at_ms>? AND at_ms<?)"),
        (ticks.BACKWARDS, "PRIMARY KEY (target=? AND at_ms>? AND at_ms<?)"),
    ],
)
def test_searches_use_their_index(statement: str, index: str, tmp_path: Path) -> None:
    prepare(tmp_path / "made.db", stamp="now")
    with closing(sqlite3.connect(tmp_path / "made.db")) as db:
        plan = db.execute(f"EXPLAIN QUERY PLAN {statement}", [None] * statement.count("?")).fetchall()
    assert index in str(plan)


# ------------------------------------------------------------------------------------ later versions


@pytest.fixture
def later(tmp_path: Path) -> Schema:
    """A version that has one table more."""
    scripts = tmp_path / "later"
    shutil.copytree(SHIPPED.scripts, scripts)
    (scripts / "versions" / f"{LATER}_more.py").write_text(
        f"import sqlalchemy as sa\nfrom alembic import op\nrevision = '{LATER}'\ndown_revision = '{SHIPPED.version}'\n"
        "def upgrade():\n    op.create_table('more', sa.Column('id', sa.Integer, primary_key=True))\n"
        "    op.execute('INSERT INTO more VALUES (7)')\n"
    )
    return Schema(version=LATER, sql=SHIPPED.sql, scripts=scripts)


async def test_an_older_database_is_backed_up_and_brought_forward(
    paths: Paths, clock: StoppedClock, later: Schema
) -> None:
    store = await open_store(paths, clock)
    await store.journal.append([fact()])
    await store.close()
    said: list[str] = []
    store = await open_store(paths, clock, schema=later, on_busy=said.append)
    assert await store.journal.last_seq() == 1
    assert (await store.facts())["schema"] == LATER
    await store.close()
    assert len(said) == 1
    (copy,) = paths.data.glob("opsterm.db.before-*")
    assert copy.stat().st_mode & 0o777 == 0o600
    assert shape(copy)["version"] == ((SHIPPED.version,),)
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT count(*) FROM journal").fetchone() == (1,)
    with pytest.raises(SchemaTooNew, match="newer opsterm"):
        await open_store(paths, clock)


def test_the_last_three_backups_are_kept(paths: Paths, later: Schema) -> None:
    make_private(paths.data)
    for number in range(5):
        paths.database.unlink(missing_ok=True)
        prepare(paths.database, stamp="now")
        prepare(paths.database, stamp=f"2026112{number}-000000", schema=later)
    assert [path.name[-15:] for path in backups(paths.database)] == [f"2026112{n}-000000" for n in (2, 3, 4)]


def test_a_migration_that_fails_changes_nothing(paths: Paths, later: Schema) -> None:
    make_private(paths.data)
    prepare(paths.database, stamp="now")
    before = shape(paths.database)
    script = later.scripts / "versions" / f"{LATER}_more.py"
    script.write_text(script.read_text() + "    op.execute('INSERT INTO nowhere VALUES (1)')\n")
    with pytest.raises(StorageError, match="could not be brought up") as caught:
        prepare(paths.database, stamp="later", schema=later)
    assert "Nothing was changed" in caught.value.next_step
    assert shape(paths.database) == before


async def test_many_who_open_a_new_or_an_old_database_at_once_all_get_it(
    paths: Paths, clock: StoppedClock, later: Schema
) -> None:
    for schema in (SHIPPED, later):
        stores = await asyncio.gather(*(open_store(paths, clock, schema=schema) for _ in range(8)))
        for number, store in enumerate(stores):
            assert len(await store.journal.append([fact(str(number))])) == 1
        for store in stores:
            await store.close()
    assert len(list(paths.data.glob("opsterm.db.before-*"))) == 1


# --------------------------------------------------------------------------------- what is not ours


def test_a_database_of_another_program_is_refused(paths: Paths) -> None:
    make_private(paths.data)
    with closing(sqlite3.connect(paths.database)) as db:
        db.execute("CREATE TABLE songs (id)")
    with pytest.raises(StorageError, match="not made by opsterm") as caught:
        prepare(paths.database, stamp="now")
    assert "songs" in caught.value.why
    assert caught.value.exit_code is ExitCode.STORAGE


async def test_what_is_no_database_is_a_sentence(paths: Paths, clock: StoppedClock) -> None:
    paths.data.mkdir(mode=0o700, parents=True)
    paths.database.write_text("Dear diary, " * 500)
    with pytest.raises(StorageError, match="is no database") as caught:
        await open_store(paths, clock)
    assert caught.value.next_step
    assert paths.database.read_text().startswith("Dear diary")


async def test_a_folder_in_its_place_is_a_sentence(paths: Paths, clock: StoppedClock) -> None:
    paths.database.mkdir(parents=True)
    with pytest.raises(StorageError, match="could not be opened") as caught:
        await open_store(paths, clock)
    assert "folder" in caught.value.why


async def test_an_empty_file_becomes_a_database(paths: Paths, clock: StoppedClock) -> None:
    paths.data.mkdir(mode=0o700, parents=True)
    paths.database.touch(mode=0o600)
    store = await open_store(paths, clock)
    assert (await store.journal.append([fact()]))[0].seq == 1
    await store.close()


async def test_a_damaged_page_is_a_sentence_and_the_rest_goes_on(paths: Paths, clock: StoppedClock) -> None:
    store = await open_store(paths, clock)
    await store.journal.append([fact("x" * 100) for _ in range(3000)])
    await store.preferences.put("theme", "night")
    await store.close()
    data = bytearray(paths.database.read_bytes())
    with closing(sqlite3.connect(paths.database)) as db:
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'journal'").fetchone()[0]
    data[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    paths.database.write_bytes(data)
    store = await open_store(paths, clock)
    with pytest.raises(StorageError, match="is damaged"):
        await store.journal.after(0, 10_000)
    with pytest.raises(StorageError, match="is damaged"):
        await store.journal.append([fact()])
    assert await store.preferences.get("theme") == "night"
    await store.close()


async def test_a_folder_that_everybody_may_write_to_is_refused(paths: Paths, clock: StoppedClock) -> None:
    paths.data.mkdir(parents=True)
    paths.data.chmod(0o777)
    with pytest.raises(StorageError, match="writable by every account"):
        await open_store(paths, clock)


def test_a_file_of_another_account_is_a_sentence() -> None:
    """Root may read everything, so this runs as nobody."""
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: only root can become another account")
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "opsterm.db"
        prepare(database, stamp="now")
        os.chown(folder, 65534, 65534)
        _open_as_nobody(database)


def _open_as_nobody(database: Path) -> None:
    # It becomes nobody after its imports: interpreter and checkout may lie where only root can go.
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom opsterm.storage.schema import prepare\n"
        "from opsterm.core.errors import StorageError\n"
        "os.setgroups([])\nos.setgid(65534)\nos.setuid(65534)\n"
        "try:\n    prepare(Path(sys.argv[1]), stamp='now')\nexcept StorageError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(database)], capture_output=True, text=True, check=False, timeout=300,
        cwd=Path(__file__).parents[2], env={"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert "This account may not read and write it." in done.stdout, done.stderr


# --------------------------------------------------------------------------------------- cheap to open


@pytest.mark.speed
def test_a_new_and_an_existing_database_open_fast_and_without_heavy_imports(tmp_path: Path) -> None:
    script = """
import asyncio, sys, time
import opsterm.storage
assert "sqlite3" not in sys.modules, "importing the room alone costs nothing"
from pathlib import Path
from opsterm.core.clock import SystemClock
from opsterm.core.paths import find_paths
from opsterm.storage.store import open_store
home = Path(sys.argv[1])
async def open_and_close():
    began = time.perf_counter()
    store = await open_store(find_paths({"OPSTERM_HOME": str(home)}, home), SystemClock())
    took = time.perf_counter() - began
    await store.close()
    return took
print(asyncio.run(open_and_close()), asyncio.run(open_and_close()))
heavy = {"sqlalchemy", "sqlmodel", "alembic", "pydantic", "greenlet"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    made, opened = map(float, done.stdout.split())
    assert made < 0.2
    assert opened < 0.06


def test_what_was_approved_before_shells_were_started_otherwise_is_still_approved(
    paths: Paths, clock: StoppedClock, tmp_path: Path
) -> None:
    scripts = tmp_path / "then"
    shutil.copytree(
        SHIPPED.scripts, scripts, ignore=shutil.ignore_patterns("000[3-9]_*", "00[1-9][0-9]_*", "__pycache__")
    )
    make_private(paths.data)
    migrate(paths.database, scripts)
    given = sample_change()
    order = given.order
    then = {
        "id": 1, "command": order.command, "shell": order.shell, "timeout_s": order.timeout_s,
        "targets": json.dumps([astuple(target) for target in order.targets]), "expires_at": order.expires_at,
        "selector": given.selector, "risk_level": given.risk.level, "risk_reasons": "[]", "reason": "",
        "origin": "chat",
        "requested_by": "ana", "requested_at": 1.0, "digest": given.digest, "state": "approved",
        "approved_digest": given.digest, "decided_by": "ben", "decided_at": 2.0, "decision_note": "", "started_at": 0.0,
        "ended_at": 0.0, "runner": "",
    }  # fmt: skip
    with closing(sqlite3.connect(paths.database)) as db:
        db.execute(f"INSERT INTO change ({', '.join(then)}) VALUES ({', '.join('?' * len(then))})", list(then.values()))
        db.commit()

    async def now() -> Change | None:
        store = await open_store(paths, clock)
        try:
            return await store.changes.get(1)
        finally:
            await store.close()

    found = asyncio.run(now())
    assert found is not None
    assert found.order == order
    assert found.order.digest() == found.approved_digest
