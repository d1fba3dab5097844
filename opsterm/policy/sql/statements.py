"""What each statement of a SQL text does."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.policy.effect_notes import EffectNotes
from opsterm.policy.effects import Effect, EffectKind
from opsterm.policy.sql.client import read_client_line
from opsterm.policy.sql.forms import FORMS, call_named
from opsterm.policy.sql.names import PROCEDURES
from opsterm.policy.sql.statement import Statement
from opsterm.policy.sql.tokens import ANY, TSQL, SqlToken, SqlTokens, dialect_of
from opsterm.policy.sql.verbs import LONGEST_ROW, RESERVED, VERBS
from opsterm.policy.word_set import word_set

LONGEST = 65_536
"""Characters of a text; a longer one is not looked at."""

DEEPEST = 64
"""Brackets within brackets."""

MOST_LAYERS = 8
"""Texts within texts, as in EXECUTE IMMEDIATE 'EXECUTE IMMEDIATE …'."""

_CONTROL = word_set("BEGIN IF WHILE ELSE THEN LOOP DO FOR RETURN TRY CATCH NOT END DECLARE")
_NAMES_OTHERS = word_set("GRANT REVOKE DENY EXPLAIN COPY AUDIT NOAUDIT SHOW HELP")
"""Statements in which the names of others stand: SHOW CREATE TABLE, GRANT SELECT."""

_ALSO_FUNCTIONS = word_set("TRUNCATE INSERT REPLACE")
_BEFORE_INNER = word_set("ON FOR AFTER OF INSTEAD BEFORE OR AND")


def sql_effects(text: str, dialect: str, base: int) -> tuple[tuple[Effect, ...], tuple[str, ...]]:
    """Tell what a SQL text does. Never raises.

    Args:
        text: statements and lines for the client.
        dialect: name of a server or of its client; one that is not known, as "", is read so that what any dialect
            would run is seen.
        base: added to the places of the effects, for a text that is part of a longer one.

    Returns:
        The effects, and why parts were not understood: whole sentences. A text that only reads has effects of kind
        READ and no such sentence.
    """
    found = EffectNotes()
    _read(text, dialect_of(dialect), base, found, 0)
    return found.effects, found.opaque


def _read(text: str, dialect: str, base: int, found: EffectNotes, layer: int) -> None:
    if len(text) > LONGEST:
        found.hide(f"It is longer than {LONGEST} characters.")
        return
    if layer >= MOST_LAYERS:
        found.hide("It holds texts within texts, deeper than this check goes.")
        return
    lexed = SqlTokens(text, dialect)
    for sentence in lexed.opaque:
        found.hide(sentence)
    if all(token.kind == "end" for token in lexed.tokens) and text.strip():
        found.add(EffectKind.READ, "", (base, base + len(text)))
    pending: list[SqlToken] = []
    depth = 0
    for token in (*lexed.tokens, SqlToken("end", "", len(text), len(text))):
        if token.kind in ("end", "client"):
            _read_statement(pending, text, dialect, base, found, layer)
            pending, depth = [], 0
            if token.kind == "client":
                read_client_line(token, base, found)
            continue
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
        if depth > DEEPEST:
            found.hide(f"It has brackets nested deeper than {DEEPEST}.")
            return
        pending.append(token)


def _read_statement(
    tokens: Sequence[SqlToken], text: str, dialect: str, base: int, found: EffectNotes, layer: int,
) -> None:  # fmt: skip
    def reread(inner: str, place: int) -> None:
        _read(inner, dialect, place, found, layer + 1)

    for part in _statements(tokens, dialect):
        statement = Statement(part, dialect=dialect, base=base, found=found, reread=reread)
        statement.note_names()
        _note_verb(statement)


def _note_verb(statement: Statement) -> None:
    words = statement.first_words(LONGEST_ROW)
    form = FORMS.get(words[0]) if words else None
    if form:
        form(statement)
        return
    if statement.dialect in (TSQL, ANY) and statement.tokens[0].text.lower() in PROCEDURES:
        call_named(statement, 0)
        return
    deeds = next((VERBS[row] for n in range(len(words), 0, -1) if (row := words[:n]) in VERBS), None)
    if deeds is None:
        statement.found.hide(f"{statement.tokens[0].text[:40]!r} begins no statement that is known here.")
        return
    for kind, certainty in deeds:
        statement.note(kind, certainty=certainty)


def _statements(tokens: Sequence[SqlToken], dialect: str) -> list[Sequence[SqlToken]]:
    """Return the statements between two semicolons: one, but for control words and for T-SQL, which needs none."""
    found: list[Sequence[SqlToken]] = []
    begin, depth = 0, 0
    naming = bool(tokens) and tokens[0].upper in _NAMES_OTHERS
    for place, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
        if depth or token.kind != "word" or place == begin or naming:
            continue
        if _begins(tokens, begin, place, dialect):
            found.append(tokens[begin:place])
            begin = place
    found.append(tokens[begin:])
    return [part for part in found if part]


def _begins(tokens: Sequence[SqlToken], begin: int, place: int, dialect: str) -> bool:
    """Tell whether a word in a statement begins the next one."""
    word, before = tokens[place].upper, tokens[place - 1]
    first = tokens[begin].upper
    if word in _ALSO_FUNCTIONS and place + 1 < len(tokens) and tokens[place + 1].text == "(":
        return False
    if word not in RESERVED or before.upper in _BEFORE_INNER or before.text in (".", ","):
        return False
    if before.upper in _CONTROL or (first in _CONTROL and first not in ("DO", "FOR", "DECLARE")):
        return True
    if dialect not in (TSQL, ANY) or word in ("WITH", "EXECUTE", "SELECT", "UPDATE"):
        return dialect == TSQL and word in ("EXECUTE", "UPDATE") and first not in ("CREATE", "ALTER", "MERGE", "WITH")
    return first not in ("CREATE", "ALTER", "WITH", "MERGE") or word not in ("INSERT", "DELETE", "DROP", "ALTER")
