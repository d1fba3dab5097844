"""The tables as SQL text: what `schema.sql` holds, so that a new database needs neither SQLAlchemy nor Alembic."""

from __future__ import annotations

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import SQLModel

from opsterm.storage.tables import TRIGGERS

HEAD = "-- Written from tables.py by `python -m opsterm.storage.migrations.ddl`; a test fails when it is stale.\n"


def schema_sql(version: str) -> str:
    """Return the script that makes every table, index and trigger of an empty database, stamped with a version."""
    dialect = sqlite.dialect()
    parts = []
    for table in SQLModel.metadata.sorted_tables:
        parts.append(str(CreateTable(table).compile(dialect=dialect)))
        parts.extend(
            str(CreateIndex(index).compile(dialect=dialect))
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        )
    parts.extend(TRIGGERS.values())
    parts.append("CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL PRIMARY KEY\n)")
    parts.append(f"INSERT INTO alembic_version VALUES ('{version}')")  # noqa: S608 (a version of ours)
    lines = "\n".join(f"{part.strip()};" for part in parts).splitlines()
    return HEAD + "\n".join(line.rstrip().replace("\t", "  ") for line in lines if line.strip()) + "\n"


if __name__ == "__main__":
    from opsterm.storage.schema import SHIPPED

    SHIPPED.sql.write_text(schema_sql(SHIPPED.version), encoding="utf-8")
