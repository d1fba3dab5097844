"""Whether the database on disk is the one this version needs, and making it so.

The everyday case, an up-to-date database, costs one SELECT. A new database is made from `schema.sql`. Only an older
one needs Alembic, which is imported then and not before; a copy of the database is taken first.
"""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from opsterm.core.errors import OpstermError, SchemaTooNew, StorageError
from opsterm.storage.faults import fault

BACKUPS_KEPT = 3
_BACKUP_NAME = ".before-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What this version expects.

    Attributes:
        version: the newest migration's name: four digits.
        sql: script that makes an empty database that far.
        scripts: Alembic's folder.
    """

    version: str
    sql: Path
    scripts: Path


_HERE = Path(__file__).parent
SHIPPED = Schema(version="0018", sql=_HERE / "schema.sql", scripts=_HERE / "migrations")


def prepare(
    database: Path, *, stamp: str, say: Callable[[str], None] = lambda _: None, schema: Schema = SHIPPED
) -> None:
    """Make sure that a database exists and has this version's tables. Blocking.

    Args:
        database: the SQLite file; its folder exists and is private.
        stamp: when it is, for the name of a backup: "20261121-101500".
        say: told a sentence when opening takes longer than usual.
        schema: what is expected.

    Raises:
        SchemaTooNew: a newer opsterm wrote it.
        StorageFull: the disk takes no writes and the database is not there or too old.
        StorageError: it is damaged, no database, not ours or not readable.
    """
    try:
        if _is_current(database, schema):
            return
        with _alone(database):  # another process may be at it: whoever is first does it, the others look again
            if _is_current(database, schema):
                return
            if _version(database) is None:
                _create(database, schema)
            else:
                _migrate(database, schema, stamp, say)
    except (sqlite3.Error, OSError) as error:
        raise fault(error, database, "opened") from error


def version_on_disk(connection: sqlite3.Connection) -> str | None:
    """Return the version of the tables, None for an empty database.

    Raises:
        StorageError: there are tables, but not ours.
        sqlite3.Error: it cannot be read.
    """
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not names:
        return None
    if "alembic_version" in names and "journal" in names:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if row is not None and re.fullmatch(r"\d{4}", row[0]):
            return str(row[0])
    raise StorageError(
        "The database was not made by opsterm.",
        why="It has tables, but not those of opsterm: " + ", ".join(sorted(names)[:5]),
        next_step="Move the file away, or set OPSTERM_HOME to another folder.",
    )


def _is_current(database: Path, schema: Schema) -> bool:
    version = _version(database)
    if version is not None and version > schema.version:
        raise too_new(database, version, schema.version)
    return version == schema.version


def too_new(database: Path, version: str, known: str) -> SchemaTooNew:
    """Return the error for tables of a newer version than the one this program knows."""
    return SchemaTooNew(
        f"{database} was written by a newer opsterm.",
        why=f"Its tables are of version {version}, this program knows {known}.",
        next_step="Install the newer opsterm again, or set OPSTERM_HOME to another folder.",
    )


def _version(database: Path) -> str | None:
    if not database.exists():
        return None
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True, timeout=30.0)) as connection:
        return version_on_disk(connection)


def _create(database: Path, schema: Schema) -> None:
    """Make the tables in one transaction; a file that was there before is empty."""
    os.close(os.open(database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        script = schema.sql.read_text(encoding="utf-8")
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nCOMMIT;")


def _migrate(database: Path, schema: Schema, stamp: str, say: Callable[[str], None]) -> None:
    say("The database is of an earlier version: taking a backup, then changing its tables.")
    copy = _back_up(database, stamp)
    from opsterm.storage.migrations.run import migrate  # noqa: PLC0415 (28 MB that only an old database needs)

    try:
        migrate(database, schema.scripts)
    except OpstermError:
        raise
    except Exception as error:  # Alembic raises what it likes; nothing was changed
        raise StorageError(
            f"{database} could not be brought up to this version of opsterm.",
            why=f"{type(error).__name__}: {error}",
            next_step=f"Nothing was changed. Use the earlier opsterm, or report this. A copy is kept as {copy}",
        ) from error
    _begin_chain(database)


def _begin_chain(database: Path) -> None:
    """Take what an older journal has into the audit chain; what fails here is done with the next fact."""
    from opsterm.storage.chain import ChainWriter  # noqa: PLC0415 (its masks are needed by an old database only)

    chain = ChainWriter(database)
    with closing(sqlite3.connect(database, isolation_level=None, timeout=30.0)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        chain.adopt(connection)
        connection.execute("COMMIT")
    chain.committed()


def _back_up(database: Path, stamp: str) -> Path:
    """Copy a database, consistent even while others write, and drop all but the newest copies."""
    copy = database.with_name(f"{database.name}{_BACKUP_NAME}{stamp}")
    os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    try:
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    for old in backups(database)[:-BACKUPS_KEPT]:
        old.unlink(missing_ok=True)
    return copy


def backups(database: Path) -> list[Path]:
    """Return the kept copies of a database, oldest first."""
    return sorted(database.parent.glob(f"{database.name}{_BACKUP_NAME}*"))


@contextmanager
def _alone(database: Path) -> Iterator[None]:
    """Hold the lock file of the schema, so that only one process makes or changes tables."""
    lock = os.open(database.with_name(f"{database.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
