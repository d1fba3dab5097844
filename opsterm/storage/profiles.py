"""Profiles of targets on SQLite."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opsterm.core.events import Fact
from opsterm.monitoring.kept_profile import KeptProfile, profile_from_json, profile_to_json
from opsterm.runtime.ports_services import PROFILES_KEPT
from opsterm.runtime.ports_store import Fence
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

NEWEST = """SELECT target, since, at, body FROM profile AS p
WHERE since = (SELECT max(since) FROM profile WHERE target = p.target) ORDER BY target"""
LOOKED_AT = """SELECT target, at, boot FROM profile AS p
WHERE since = (SELECT max(since) FROM profile WHERE target = p.target)"""
MANAGERS = """SELECT target, ifnull(json_extract(body, '$.services'), '') FROM profile AS p
WHERE since = (SELECT max(since) FROM profile WHERE target = p.target)"""
ADDRESSES = """SELECT target, ifnull(json_extract(body, '$.addresses'), '[]') FROM profile AS p
WHERE since = (SELECT max(since) FROM profile WHERE target = p.target)"""
HISTORY = "SELECT target, since, at, body FROM profile WHERE target = ? ORDER BY since DESC LIMIT ?"
SAVE = "INSERT OR REPLACE INTO profile (target, since, at, boot, body) VALUES (?, ?, ?, ?, ?)"
TRIM = """DELETE FROM profile WHERE target = ?1 AND since <
(SELECT since FROM profile WHERE target = ?1 ORDER BY since DESC LIMIT 1 OFFSET ?2)"""

log = logging.getLogger("opsterm.profiles")


class SqliteProfiles:
    """Profiles; see `runtime.ports_services.ProfileStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def newest(self) -> Mapping[str, KeptProfile]:
        """Return the newest profile of every target that has one."""
        return await self._readers.read(lambda db: {kept.target: kept for kept in _read(db.execute(NEWEST))})

    async def looked_at(self) -> Mapping[str, tuple[float, str]]:
        """Return (time of the last look, boot id) by target."""
        return await self._readers.read(lambda db: {target: (at, boot) for target, at, boot in db.execute(LOOKED_AT)})

    async def managers(self) -> Mapping[str, str]:
        """Return the service manager by target."""
        return await self._readers.read(lambda db: {target: str(name) for target, name in db.execute(MANAGERS)})

    async def addresses(self) -> Mapping[str, Sequence[str]]:
        """Return the addresses that targets showed, by target."""
        return await self._readers.read(
            lambda db: {target: tuple(map(str, json.loads(found))) for target, found in db.execute(ADDRESSES)}
        )

    async def history(self, target: str, limit: int = PROFILES_KEPT) -> Sequence[KeptProfile]:
        """Return the profiles of a target, newest first."""
        return await self._readers.read(lambda db: list(_read(db.execute(HISTORY, (target, limit)))))

    async def keep(self, kept: KeptProfile, facts: Sequence[Fact], *, fence: Fence | None = None) -> Sequence[Fact]:
        """Keep a profile, and drop the oldest."""

        def work(tx: Transaction) -> Sequence[Fact]:
            tx.check(fence)
            body = profile_to_json(kept.profile)
            tx.db.execute(SAVE, (kept.target, kept.since, kept.at, kept.profile.boot_id, body))
            tx.db.execute(TRIM, (kept.target, PROFILES_KEPT - 1))
            return tx.append(facts)

        return await self._writer.write(work, weight=2 + len(facts))


def _read(rows: Any) -> Iterator[KeptProfile]:  # a cursor of rows as SQLite gives them
    for target, since, at, body in rows:
        try:
            yield KeptProfile(target=target, since=since, at=at, profile=profile_from_json(body))
        except (ValueError, TypeError, LookupError) as error:  # one that makes no sense must not hide the others
            log.warning("the profile of %s cannot be read: %s", target, error)
