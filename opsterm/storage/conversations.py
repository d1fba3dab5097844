"""Conversations on SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from opsterm.assistant.conversation import Conversation, FoundTurn, KeptTurn, excerpt_of, turn_of, turn_record
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

_COLUMNS = """SELECT id, title, began_at, last_at,
(SELECT count(*) FROM conversation_turn WHERE conversation_id = conversation.id) FROM conversation WHERE actor = ?"""
ALL = f"{_COLUMNS} ORDER BY last_at DESC, id DESC"
GET = f"{_COLUMNS} AND id = ?"
BEGIN = "INSERT INTO conversation (actor, title, began_at, last_at) VALUES (?, ?, ?, ?)"
RENAME = "UPDATE conversation SET title = ? WHERE actor = ? AND id = ?"
NOTE_TIME = "UPDATE conversation SET last_at = max(last_at, ?) WHERE id = ?"
TURNS = """SELECT id, at, body FROM conversation_turn WHERE conversation_id = ?
AND (SELECT actor FROM conversation WHERE id = conversation_id) = ? ORDER BY id DESC LIMIT ?"""
ADD_TURN = "INSERT INTO conversation_turn (id, conversation_id, at, words, body) VALUES (?, ?, ?, ?, ?)"
MOVE_TURN = "UPDATE conversation_turn SET words = ?, body = ? WHERE id = ? AND conversation_id = ?"
REMOVE_TURNS = "DELETE FROM conversation_turn WHERE conversation_id = ?"
REMOVE = "DELETE FROM conversation WHERE id = ?"
OLD = "SELECT id FROM conversation WHERE last_at < ?"
_FIND = """SELECT turn.id, turn.at, turn.body, of.id FROM conversation_turn AS turn
JOIN conversation AS of ON of.id = turn.conversation_id WHERE of.actor = ?"""
_HAS = " AND turn.words LIKE ? ESCAPE '!'"
_NEWEST = " ORDER BY turn.at DESC, turn.id DESC LIMIT ?"


class SqliteConversations:
    """Conversations; see `runtime.ports_conversations.ConversationStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def all(self, actor: str) -> Sequence[Conversation]:
        """Return those of an account, the newest first."""
        rows = await self._readers.read(lambda db: db.execute(ALL, (actor,)).fetchall())
        return [_conversation(row) for row in rows]

    async def get(self, actor: str, number: int) -> Conversation | None:
        """Return one."""
        row = await self._readers.read(lambda db: db.execute(GET, (actor, number)).fetchone())
        return None if row is None else _conversation(row)

    async def turns(self, actor: str, number: int, *, limit: int) -> Sequence[KeptTurn]:
        """Return the newest turns of one, oldest first."""
        rows = await self._readers.read(lambda db: db.execute(TURNS, (number, actor, limit)).fetchall())
        found = []
        for turn, at, body in reversed(rows):
            with suppress(ValueError, KeyError, TypeError):  # another version wrote it: it is kept, and not shown
                found.append(turn_of(json.loads(body), number=turn, conversation=number, at=at))
        return found

    async def put(self, actor: str, turn: KeptTurn, title: str) -> KeptTurn:
        """Keep a turn; see the port."""
        words = f"{turn.question}\n{turn.said}"
        body = json.dumps(turn_record(turn))

        def work(tx: Transaction) -> KeptTurn:
            db, number, conversation = tx.db, turn.number, turn.conversation
            if not conversation or db.execute(GET, (actor, conversation)).fetchone() is None:
                conversation = db.execute(BEGIN, (actor, title, turn.at, turn.at)).lastrowid or 0
            db.execute(NOTE_TIME, (turn.at, conversation))
            if not number or not db.execute(MOVE_TURN, (words, body, number, conversation)).rowcount:
                number = db.execute(ADD_TURN, (None, conversation, turn.at, words, body)).lastrowid or 0
            return replace(turn, number=number, conversation=conversation)

        return await self._writer.write(work)

    async def rename(self, actor: str, number: int, title: str) -> bool:
        """Give one another title."""
        return bool(await self._writer.write(lambda tx: tx.db.execute(RENAME, (title, actor, number)).rowcount))

    async def remove(self, actor: str, number: int) -> int | None:
        """Forget one and its turns."""

        def work(tx: Transaction) -> int | None:
            if tx.db.execute(GET, (actor, number)).fetchone() is None:
                return None
            return _removed(tx.db, number)

        return await self._writer.write(work)

    async def search(self, actor: str, words: Sequence[str], *, limit: int) -> Sequence[FoundTurn]:
        """Return the turns that have all words, newest first."""
        statement = _FIND + _HAS * len(words) + _NEWEST
        patterns = [f"%{_escaped(word)}%" for word in words]

        def work(db: sqlite3.Connection) -> tuple[list[tuple[int, float, str, int]], dict[int, Conversation]]:
            rows = db.execute(statement, (actor, *patterns, limit)).fetchall()
            return rows, {of: _conversation(db.execute(GET, (actor, of)).fetchone()) for *_, of in rows}

        rows, where = await self._readers.read(work)
        found = []
        for number, at, body, of in rows:
            with suppress(ValueError, KeyError, TypeError):
                turn = turn_of(json.loads(body), number=number, conversation=of, at=at)
                excerpt = excerpt_of((turn.question, turn.said), words)
                found.append(
                    FoundTurn(conversation=where[of], turn=number, at=at, question=turn.question, excerpt=excerpt)
                )
        return found

    async def tidy(self, before: float) -> int:
        """Forget old ones."""

        def work(tx: Transaction) -> int:
            old = [number for (number,) in tx.db.execute(OLD, (before,)).fetchall()]
            for number in old:
                _removed(tx.db, number)
            return len(old)

        return await self._writer.write(work)


def _removed(db: sqlite3.Connection, number: int) -> int:
    turns = db.execute(REMOVE_TURNS, (number,)).rowcount
    db.execute(REMOVE, (number,))
    return turns


def _conversation(row: tuple[int, str, float, float, int]) -> Conversation:
    number, title, began_at, last_at, turns = row
    return Conversation(number=number, title=title, began_at=began_at, last_at=last_at, turns=turns)


def _escaped(word: str) -> str:
    return word.replace("!", "!!").replace("%", "!%").replace("_", "!_")
