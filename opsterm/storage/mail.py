"""The queue of mail on SQLite, and what has been told of alerts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from opsterm.core.events import Fact
from opsterm.core.mail import Mail, Recipient, RecipientState, interrupted
from opsterm.monitoring.alerts import Severity
from opsterm.runtime.ports_mail import Facts
from opsterm.runtime.ports_store import Fence
from opsterm.storage.lease import GET as GET_PREFERENCE
from opsterm.storage.lease import PUT as PUT_PREFERENCE
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

_COLUMNS = "id, message_id, subject, body, made_at, since, tries, next_try_at, trouble"
SAVE = f"""INSERT INTO mail ({_COLUMNS}, state) VALUES ({", ".join("?" * 10)})
ON CONFLICT (id) DO UPDATE SET since = excluded.since, tries = excluded.tries, next_try_at = excluded.next_try_at,
trouble = excluded.trouble, state = excluded.state"""  # noqa: S608 (constants only)
GET = f"SELECT {_COLUMNS} FROM mail WHERE id = ?"  # noqa: S608 (constants only)
DUE = f"""SELECT {_COLUMNS} FROM mail WHERE state IN ('waiting', 'being handed over') AND next_try_at <= ?
ORDER BY next_try_at, id LIMIT ?"""  # noqa: S608 (constants only)
OPEN = f"""SELECT {_COLUMNS} FROM mail
WHERE state IN ('waiting', 'being handed over', 'perhaps sent', 'refused', 'given up') ORDER BY id DESC LIMIT ?"""  # noqa: S608 (constants only)
NUMBERED = "SELECT id FROM mail WHERE message_id = ?"
NEWEST = f"SELECT {_COLUMNS} FROM mail ORDER BY id DESC LIMIT ?"  # noqa: S608 (constants only)
TIDY_RECIPIENTS = """DELETE FROM mail_recipient WHERE mail_id IN
(SELECT id FROM mail WHERE made_at < ? AND state IN ('sent', 'dropped'))"""
TIDY = "DELETE FROM mail WHERE made_at < ? AND state IN ('sent', 'dropped')"
_RECIPIENT = "address, state, code, reply, at"
RECIPIENTS = f"SELECT {_RECIPIENT} FROM mail_recipient WHERE mail_id = ? ORDER BY place"  # noqa: S608 (constants only)
SAVE_RECIPIENT = f"INSERT OR REPLACE INTO mail_recipient (mail_id, place, {_RECIPIENT}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 (constants only)
TOLD = "SELECT alert_id, address, severity FROM mail_told"
FORGET_TOLD = "DELETE FROM mail_told"
SAVE_TOLD = "INSERT INTO mail_told (alert_id, address, severity) VALUES (?, ?, ?)"
FORGET_PLACE = "DELETE FROM preference WHERE name = ?"

READ_UPTO = "mail.read_upto"
"""The preference that holds how far the journal was read; here, so that it changes with the queue."""


class SqliteMail:
    """Mail; see `runtime.ports_mail.MailStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def add(self, mails: Sequence[Mail], facts: Facts) -> tuple[Sequence[Mail], Sequence[Fact]]:
        """Keep new mails; return them with their ids. One whose Message-ID is here already is that one."""
        return await self._writer.write(lambda tx: _add(tx, mails, facts))

    async def tell(
        self, mails: Sequence[Mail], facts: Facts, *, told: Mapping[tuple[int, str], Severity], upto: int, fence: Fence
    ) -> tuple[Sequence[Mail], Sequence[Fact]]:
        """Keep new mails about alerts, what has been told, and how far the journal was read: all or nothing."""

        def work(tx: Transaction) -> tuple[Sequence[Mail], Sequence[Fact]]:
            tx.check(fence)
            tx.db.execute(FORGET_TOLD)
            tx.db.executemany(SAVE_TOLD, [(alert, address, str(word)) for (alert, address), word in told.items()])
            tx.db.execute(PUT_PREFERENCE, (READ_UPTO, str(upto)))
            return _add(tx, mails, facts)

        return await self._writer.write(work, weight=1 + len(told) + 2 * len(mails))

    async def told(self) -> Mapping[tuple[int, str], Severity]:
        """Return what every address has been told of, by number of an open alert and address."""
        rows = await self._readers.read(lambda db: db.execute(TOLD).fetchall())
        return {(alert, address): Severity(word) for alert, address, word in rows}

    async def read_upto(self) -> int | None:
        """Return the `seq` up to which alerts have been told, None when they never were."""
        row = await self._readers.read(lambda db: db.execute(GET_PREFERENCE, (READ_UPTO,)).fetchone())
        return None if row is None else int(row[0])

    async def forget_told(self) -> None:
        """Forget how far the journal was read and what was told."""

        def work(tx: Transaction) -> None:
            tx.db.execute(FORGET_TOLD)
            tx.db.execute(FORGET_PLACE, (READ_UPTO,))

        await self._writer.write(work)

    async def due(self, now: float, limit: int) -> Sequence[Mail]:
        """Return mails that somebody waits for and that may be tried now, the one that waited longest first."""
        return await self._readers.read(lambda db: [_mail(db, row) for row in db.execute(DUE, (now, limit)).fetchall()])

    async def list(self, *, everything: bool, limit: int = 1000) -> Sequence[Mail]:
        """Return mails that somebody waits for or that were lost, or the newest of all, newest first."""
        which = NEWEST if everything else OPEN
        return await self._readers.read(lambda db: [_mail(db, row) for row in db.execute(which, (limit,)).fetchall()])

    async def get(self, mail_id: int) -> Mail | None:
        """Return one mail."""
        return await self._readers.read(lambda db: _get(db, mail_id))

    async def claim(self, mail_id: int, until: float, fence: Fence) -> Mail | None:
        """Keep a mail from being tried by others until a time; None when there is nothing to be done with it."""

        def work(tx: Transaction) -> Mail | None:
            tx.check(fence)
            mail = _get(tx.db, mail_id)
            if mail is None or not mail.is_open:
                return None
            mail = interrupted(mail)
            _save(tx.db, replace(mail, next_try_at=until))
            return mail

        return await self._writer.write(work)

    async def update(
        self, mail_id: int, change: Callable[[Mail], Mail], facts: Facts
    ) -> tuple[Mail, Sequence[Fact]] | None:
        """Change a mail as it is at this moment; None when there is none with this number."""

        def work(tx: Transaction) -> tuple[Mail, Sequence[Fact]] | None:
            mail = _get(tx.db, mail_id)
            if mail is None:
                return None
            kept = replace(change(mail), id=mail_id)
            _save(tx.db, kept)
            return kept, tx.append(facts(kept))

        return await self._writer.write(work)

    async def tidy(self, before: float) -> int:
        """Drop mails made before a time that nobody waits for and that were not lost; return how many."""

        def work(tx: Transaction) -> int:
            tx.db.execute(TIDY_RECIPIENTS, (before,))
            return tx.db.execute(TIDY, (before,)).rowcount

        return await self._writer.write(work)


def _add(tx: Transaction, mails: Sequence[Mail], facts: Facts) -> tuple[Sequence[Mail], Sequence[Fact]]:
    kept: list[Mail] = []
    told: list[Fact] = []
    for mail in mails:
        before = tx.db.execute(NUMBERED, (mail.message_id,)).fetchone()
        found = _get(tx.db, before[0]) if before is not None else None
        kept.append(found or replace(mail, id=_save(tx.db, mail)))
        told += facts(kept[-1]) if found is None else []
    return kept, tx.append(told)


def _save(db: sqlite3.Connection, mail: Mail) -> int:
    row = (
        mail.id or None, mail.message_id, mail.subject, mail.body, mail.made_at, mail.since, mail.tries,
        mail.next_try_at, mail.trouble, mail.state,
    )  # fmt: skip
    made = db.execute(SAVE, row).lastrowid
    number = mail.id or made or 0
    for place, r in enumerate(mail.recipients):
        db.execute(SAVE_RECIPIENT, (number, place, r.address, str(r.state), r.code, r.reply, r.at))
    return number


def _get(db: sqlite3.Connection, mail_id: int) -> Mail | None:
    row = db.execute(GET, (mail_id,)).fetchone()
    return None if row is None else _mail(db, row)


def _mail(db: sqlite3.Connection, row: tuple[Any, ...]) -> Mail:  # a row of _COLUMNS as SQLite gives it
    number, message_id, subject, body, made_at, since, tries, next_try_at, trouble = row
    return Mail(
        id=number,
        message_id=message_id,
        subject=subject,
        body=body,
        made_at=made_at,
        since=since,
        tries=tries,
        next_try_at=next_try_at,
        trouble=trouble,
        recipients=tuple(
            Recipient(address=address, state=RecipientState(state), code=code, reply=reply, at=at)
            for address, state, code, reply, at in db.execute(RECIPIENTS, (number,))
        ),
    )
