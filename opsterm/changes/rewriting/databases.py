"""Rewriting statements that delete and change rows: committed only when they hit as many rows as were meant."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Final

from opsterm.changes.rewriting.written_command import Replacement, WrittenCommand
from opsterm.policy.sql.tokens import MYSQL, POSTGRESQL, SQLITE, SqlToken, SqlTokens

_TAKES_TEXT: Final = {"psql": ("-c", "--command"), "mysql": ("-e", "--execute"), "mariadb": ("-e", "--execute")}
_DIALECTS: Final = {"psql": POSTGRESQL, "mysql": MYSQL, "mariadb": MYSQL, "sqlite3": SQLITE}
_OTHERWISE: Final = frozenset({"RETURNING", "LIMIT", "USING", "JOIN", "ORDER", "WITH", "OUTPUT", "PARTITION"})
"""A statement with one of these words is left alone: its rows are not counted by the same condition."""


def counted(part: WrittenCommand, program: str) -> Replacement | None:
    """Let a statement be committed only when it changes as many rows as are meant."""
    at = _place_of_text(part, program)
    if at < 0:
        return None
    statement = part.words[at].strip().removesuffix(";").strip()
    counting = _counting(statement, _DIALECTS[program])
    if not counting:
        return None
    rows = str(part.rows) if part.rows >= 0 else "N"
    text = _WITH_COUNT[_DIALECTS[program]](statement, rows)
    count = _reading(part, at, program, counting)
    said = (
        "It is committed only when it changes as many rows as were counted beforehand; else it changes none and fails."
    )
    tables = ("Tables of MyISAM know no transactions: there it is not so.",) if program in ("mysql", "mariadb") else ()
    return Replacement(text=_put(part, at, text), says=(said, *tables), single=True, count=count)


def _place_of_text(part: WrittenCommand, program: str) -> int:
    """Return which word the one statement is, -1 when there are others or none."""
    if program == "sqlite3":
        plain = [at for at, word in enumerate(part.words) if at and not word.startswith("-")]
        return plain[1] if len(plain) == 2 and not part.flags & {"-cmd", "-init", "--cmd", "--init"} else -1
    options = _TAKES_TEXT[program]
    places = [at for at, word in enumerate(part.words) if word in options]
    others = part.flags & {"-f", "--file", "--force"}
    return places[0] + 1 if len(places) == 1 and places[0] + 1 < len(part.words) and not others else -1


def _counting(statement: str, dialect: str) -> str:
    """Return the statement that counts the rows that one deletes or updates, "" when that cannot be told."""
    read = SqlTokens(statement, dialect)
    tokens = read.tokens
    words = [token.upper for token in tokens]
    if read.opaque or len(tokens) < 3 or _OTHERWISE & set(words) or any(t.kind in ("end", "client") for t in tokens):
        return ""
    if "--" in statement or "/*" in statement or "#" in statement:
        return ""  # a comment in it would hide what is written behind
    if words[0] == "DELETE" and words[1] == "FROM":
        return f"SELECT count(*) {statement[tokens[1].start :]}"
    if words[0] != "UPDATE" or "SET" not in words or "FROM" in words[: _where(tokens)]:
        return ""
    table = statement[tokens[1].start : tokens[words.index("SET") - 1].end]
    condition = statement[tokens[_where(tokens)].start :] if _where(tokens) < len(tokens) else ""
    return f"SELECT count(*) FROM {table} {condition}".rstrip()  # noqa: S608 (the operator's own, and shown)


def _where(tokens: list[SqlToken]) -> int:
    """Return the place of the WHERE that is not in brackets, the number of tokens when there is none."""
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")") if token.kind == "sign" else 0
        if token.upper == "WHERE" and depth == 0:
            return at
    return len(tokens)


def _reading(part: WrittenCommand, at: int, program: str, statement: str) -> str:
    """Return the call that prints nothing but the count."""
    quiet = {"psql": ["-At"], "sqlite3": ["-readonly"]}.get(program, ["-N", "-B"])
    words = [*part.written[:1], *quiet, *part.written[1:at], shlex.quote(statement), *part.written[at + 1 :]]
    return " ".join(words)


def _put(part: WrittenCommand, at: int, statement: str) -> str:
    return " ".join([*part.written[:at], shlex.quote(statement), *part.written[at + 1 :]])


def _in_sqlite(statement: str, rows: str) -> str:
    meant = f"CREATE TEMP TABLE meant (rows CHECK (rows = {rows}))"
    return (
        f"BEGIN IMMEDIATE; {meant}; {statement}; INSERT INTO meant VALUES (changes()); SELECT rows FROM meant; COMMIT"  # noqa: S608 (as above)
    )


def _in_postgresql(statement: str, rows: str) -> str:
    counted_rows = f"SELECT count(*) / (count(*) = {rows})::int AS rows FROM changed"  # noqa: S608 (as above)
    return f"WITH changed AS ({statement} RETURNING 1) {counted_rows}"


def _in_mysql(statement: str, rows: str) -> str:
    return (
        f"START TRANSACTION; {statement}; SET @rows = ROW_COUNT(); "
        f"SELECT IF(@rows = {rows}, @rows, (SELECT 1 UNION SELECT 2)) AS changed; COMMIT"
    )


_WITH_COUNT: Final[Mapping[str, Callable[[str, str], str]]] = {
    SQLITE: _in_sqlite, POSTGRESQL: _in_postgresql, MYSQL: _in_mysql,
}  # fmt: skip
"""Dialect -> a text that fails, and so changes nothing, when another number of rows is hit.

PostgreSQL divides by zero; MySQL before 8.0.16 ignores CHECK, so there a subquery has too many rows.
"""
