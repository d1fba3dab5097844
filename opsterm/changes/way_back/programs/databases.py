"""Ways back from what is done to databases: a database is not kept, so there is an opposite at most."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping

from opsterm.changes.way_back.call import Gap, KnownCall
from opsterm.policy.way_back import Thing

Ways = Callable[[KnownCall], Iterator[Thing | Gap]]

_ROWS = "Rows are not kept: do it in a transaction, and save what it changes in a table beside before."
_OBJECTS = "What is dropped or emptied comes back only from a dump; renaming it instead keeps it."
_SETTING = "What the setting was is not kept: look before, and give --inverse with that value."
_OPPOSITES: tuple[tuple[str, str], ...] = (
    (r"GRANT (?P<what>.+) ON (?P<on>.+) TO (?P<who>\S+)", "REVOKE {what} ON {on} FROM {who}"),
    (r"REVOKE (?P<what>.+) ON (?P<on>.+) FROM (?P<who>\S+)", "GRANT {what} ON {on} TO {who}"),
    (r"ALTER TABLE (?P<table>\S+) ADD(?: COLUMN)? (?P<name>\S+) .+", "ALTER TABLE {table} DROP COLUMN {name}"),
    (r"ALTER TABLE (?P<table>\S+) RENAME TO (?P<name>\S+)", "ALTER TABLE {name} RENAME TO {table}"),
    (r"CREATE INDEX (?:CONCURRENTLY )?(?P<name>\S+) ON .+", "DROP INDEX {name}"),
)
_SENTENCES: tuple[tuple[str, str], ...] = (
    (r"\b(?:DROP|TRUNCATE|FLUSHALL|FLUSHDB|dropDatabase)\b", _OBJECTS),
    (r"\b(?:ALTER SYSTEM|SET GLOBAL|SET PERSIST|CONFIG SET)\b", _SETTING),
    (r"\b(?:GRANT|REVOKE)\b", "What was granted before is not kept."),
    (r"\bALTER TABLE\b", "What was in a column that is dropped is not kept."),
)


def _client(call: KnownCall) -> Iterator[Thing | Gap]:
    """Say what does the opposite of one statement, when the text shows it."""
    at = next((n for n, word in enumerate(call.words) if word in ("-c", "-e", "--command", "--execute", "--eval")), 0)
    said = call.words[at + 1] if at and at + 1 < len(call.words) else " ".join(call.words[1:])
    statement = " ".join(said.split()).rstrip(";")
    sentence = next((s for pattern, s in _SENTENCES if re.search(pattern, statement, re.IGNORECASE)), _ROWS)
    opposite = ""
    for pattern, form in _OPPOSITES if at and ";" not in statement else ():
        found = re.fullmatch(pattern, statement, re.IGNORECASE)
        if found is not None:
            text = form.format(**found.groupdict())
            opposite = shlex.join([*call.words[: at + 1], text, *call.words[at + 2 :]])
            break
    yield Gap(sentence, opposite)


def _dropped(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    yield Gap(_OBJECTS)


DATABASES: Mapping[str, Ways] = {
    **dict.fromkeys(("psql", "mysql", "mariadb", "sqlite3", "redis-cli", "valkey-cli", "mongosh", "mongo"), _client),
    "dropdb": _dropped, "dropuser": _dropped, "mysqladmin": _dropped,
}  # fmt: skip
