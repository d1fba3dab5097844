"""Brings an older database up to this version's tables."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool


def migrate(database: Path, scripts: Path) -> None:
    """Run every migration a database has not had, in one transaction: all of them or none. Blocking.

    Args:
        database: the SQLite file.
        scripts: the folder with env.py and versions/.

    Raises:
        sqlite3.Error, sqlalchemy.exc.SQLAlchemyError, alembic.util.CommandError: it did not work; nothing changed.
    """
    engine = create_engine("sqlite://", creator=lambda: _connect(database), poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:  # the driver's own BEGIN would come too late for DDL
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                msg = f"{len(broken)} rows would point at rows that are gone"
                raise sqlite3.IntegrityError(msg)
    finally:
        engine.dispose()


def _connect(database: Path) -> sqlite3.Connection:
    # Foreign keys stay off here: SQLite changes a table by making it anew.
    return sqlite3.connect(database, isolation_level=None, timeout=30.0)
