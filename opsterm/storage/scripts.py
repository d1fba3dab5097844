"""The scripts of this site on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from opsterm.changes.scripts.kept import KeptScript
from opsterm.changes.scripts.task import Language
from opsterm.core.events import Fact
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

NEWEST = (
    "SELECT name, max(version), language, body, about, actor, at FROM script GROUP BY name ORDER BY name"  # SQLite
    # takes the other columns from the row with the greatest version
)
VERSIONS = (
    "SELECT name, version, language, body, about, actor, at FROM script WHERE name = ? ORDER BY version DESC"
)  # fmt: skip
NEXT = "SELECT ifnull(max(version), 0) + 1 FROM script WHERE name = ?"
KEEP = "INSERT INTO script (name, version, language, body, about, actor, at) VALUES (?, ?, ?, ?, ?, ?, ?)"


class SqliteScripts:
    """The scripts of this site; see `runtime.ports_scripts.ScriptStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def newest(self) -> Sequence[KeptScript]:
        """Return the newest version of each, by name."""
        return await self._readers.read(lambda db: [_script(row) for row in db.execute(NEWEST)])

    async def versions(self, name: str) -> Sequence[KeptScript]:
        """Return all versions of one, the newest first."""
        return await self._readers.read(lambda db: [_script(row) for row in db.execute(VERSIONS, (name,))])

    async def keep(self, script: KeptScript, facts: Callable[[int], Sequence[Fact]]) -> tuple[int, Sequence[Fact]]:
        """Keep a text as the next version of a name."""

        def work(tx: Transaction) -> tuple[int, Sequence[Fact]]:
            version = int(tx.db.execute(NEXT, (script.name,)).fetchone()[0])
            tx.db.execute(
                KEEP,
                (script.name, version, script.language.value, script.text, script.about, script.by, script.at),
            )
            return version, tx.append(facts(version))

        return await self._writer.write(work)


def _script(row: tuple[str, int, str, str, str, str, float]) -> KeptScript:
    name, version, language, text, about, by, at = row
    return KeptScript(name=name, version=version, language=Language(language), text=text, about=about, by=by, at=at)
