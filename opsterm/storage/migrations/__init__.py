"""Alembic migrations, shipped with the program. Imported only when a schema is older than the program."""
