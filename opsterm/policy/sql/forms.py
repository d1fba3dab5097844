"""Statements whose effect is not in their first words alone: SELECT, DELETE, SET, COPY, EXEC and the like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.sql.conditions import has_condition
from opsterm.policy.sql.names import PROCEDURES, TAKES_AWAY
from opsterm.policy.sql.statement import Statement
from opsterm.policy.sql.tokens import MYSQL, ORACLE, TSQL
from opsterm.policy.sql.verbs import LONGEST_ROW, VERBS
from opsterm.policy.word_set import word_set

_K = EffectKind
_WRITING = word_set("INSERT UPDATE DELETE MERGE REPLACE")
_LOOKING_PRAGMAS = word_set("""
TABLE_INFO TABLE_XINFO TABLE_LIST INDEX_INFO INDEX_LIST INDEX_XINFO FOREIGN_KEY_LIST FOREIGN_KEY_CHECK
INTEGRITY_CHECK QUICK_CHECK DATABASE_LIST
""")  # fmt: skip
_LOOKING_DBCC = word_set("""
CHECKDB CHECKTABLE CHECKALLOC CHECKCATALOG CHECKCONSTRAINTS CHECKFILEGROUP SHOW_STATISTICS SHOWCONTIG SQLPERF OPENTRAN
INPUTBUFFER OUTPUTBUFFER USEROPTIONS TRACESTATUS HELP PROCCACHE MEMORYSTATUS LOGINFO PAGE IND
""")  # fmt: skip
_GUARDS = word_set("""
FOREIGN_KEY_CHECKS UNIQUE_CHECKS SQL_SAFE_UPDATES SESSION_REPLICATION_ROLE ROW_SECURITY SQL_LOG_BIN LOCAL_INFILE
""")  # fmt: skip
_RECORDS = word_set("""
GENERAL_LOG SLOW_QUERY_LOG LOG_OUTPUT LOG_STATEMENT LOGGING_COLLECTOR AUDIT_LOG AUDIT_LOG_POLICY SERVER_AUDIT_LOGGING
LOG_CONNECTIONS LOG_DISCONNECTIONS PGAUDIT AUDIT_TRAIL
""")  # fmt: skip
"""Settings without which a server keeps no record."""


def _rows_named(s: Statement) -> bool:
    return has_condition(s.tokens)


def _select(s: Statement) -> None:
    uppers = s.uppers
    s.note(_K.READ, s.name_from(uppers.index("FROM") + 1) if "FROM" in uppers else "")
    inside = 0  # up to where an inner statement reaches, which looks for its own inner ones
    for place, word in enumerate(uppers):
        if word == "INTO":
            _into(s, place)
        if word == "FOR" and uppers[place + 1 : place + 2] and uppers[place + 1] in ("UPDATE", "SHARE", "NO", "KEY"):
            s.note(_K.DB_WRITE, "", certainty=Certainty.POSSIBLE, at=place)
        if word in _WRITING and place and place >= inside and uppers[place - 1] == "(":
            inside = _closing(s, place)
            inner = Statement(s.tokens[place:inside], dialect=s.dialect, base=s.base, found=s.found, reread=s.reread)
            FORMS.get(word, _write)(inner)


def _closing(s: Statement, place: int) -> int:
    depth = 1
    for at in range(place, len(s.tokens)):
        depth += {"(": 1, ")": -1}.get(s.uppers[at], 0)
        if depth == 0:
            return at
    return len(s.tokens)


def _into(s: Statement, place: int) -> None:
    what = s.uppers[place + 1] if place + 1 < len(s.uppers) else ""
    if what in ("OUTFILE", "DUMPFILE"):
        s.note(_K.WRITE_FILE, s.name_from(place + 2), at=place)
        s.note(_K.EXFIL, s.name_from(place + 2), certainty=Certainty.LIKELY, at=place)
    elif not what.startswith("@") and s.uppers[place - 1 : place] not in (("INSERT",), ("MERGE",), ("REPLACE",)):
        s.note(_K.DB_WRITE, s.name_from(place + 1), at=place)


def _with(s: Statement) -> None:
    _select(s)
    depth = 0
    for place, word in enumerate(s.uppers):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth == 0 and word in _WRITING and s.uppers[place - 1] == ")":
            rest = Statement(s.tokens[place:], dialect=s.dialect, base=s.base, found=s.found, reread=s.reread)
            FORMS.get(word, _write)(rest)


def _write(s: Statement) -> None:
    s.note(_K.DB_WRITE)
    if s.first_words(2) == ("INSERT", "OVERWRITE"):
        s.note(_K.DATA_LOSS, s.name_from(2))
    if any(word in _WRITING and before == "(" for before, word in pairwise(s.uppers)):
        _select(s)


def _delete(s: Statement) -> None:
    s.note(_K.DB_WRITE)
    if _rows_named(s):
        s.note(_K.DELETE)
    else:
        s.note(
            _K.DATA_LOSS,
            certainty=Certainty.LIKELY if {"JOIN", "USING", "LIMIT", "TOP"} & set(s.uppers) else Certainty.CERTAIN,
        )


def _update(s: Statement) -> None:
    if s.first_words(2) == ("UPDATE", "STATISTICS"):
        s.note(_K.DB_WRITE, s.name_from(2))
        return
    s.note(_K.DB_WRITE)
    if not _rows_named(s):
        s.note(
            _K.DATA_LOSS, certainty=Certainty.LIKELY if {"JOIN", "FROM", "LIMIT"} & set(s.uppers) else Certainty.CERTAIN
        )


def _merge(s: Statement) -> None:
    s.note(_K.DB_WRITE)
    if "DELETE" in s.uppers:
        s.note(_K.DATA_LOSS, certainty=Certainty.LIKELY)


_ALTERS: tuple[tuple[frozenset[str], frozenset[str], EffectKind, Certainty], ...] = (
    (word_set("TABLE"), word_set("TRUNCATE DISCARD UNUSED"), _K.DATA_LOSS, Certainty.CERTAIN),
    (word_set("TABLE"), word_set("DETACH EXCHANGE"), _K.DATA_LOSS, Certainty.POSSIBLE),
    (word_set("TABLE"), word_set("DISABLE NOCHECK"), _K.SECURITY_WEAKEN, Certainty.LIKELY),
    (word_set("TABLESPACE"), word_set("OFFLINE"), _K.SERVICE_STOP, Certainty.CERTAIN),
    (word_set("DATABASE"), word_set("OFFLINE SINGLE_USER EMERGENCY CLOSE DISMOUNT RESTRICTED_USER READ_ONLY"),
     _K.SERVICE_STOP, Certainty.CERTAIN),
    (word_set("DATABASE"), word_set("REMOVE DROP RESETLOGS"), _K.DATA_LOSS, Certainty.LIKELY),
    (word_set("DATABASE AVAILABILITY"), word_set("REPAIR_ALLOW_DATA_LOSS FORCE_FAILOVER_ALLOW_DATA_LOSS"),
     _K.DATA_LOSS, Certainty.CERTAIN),
    (word_set("ROLE USER LOGIN"), word_set("SUPERUSER CREATEROLE BYPASSRLS REPLICATION MEMBER"),
     _K.PRIVILEGE, Certainty.CERTAIN),
)  # fmt: skip
"""Of an ALTER its second word, words of which one stands in it, and what that means."""

_DROPS_NO_ROWS = word_set("CONSTRAINT INDEX KEY DEFAULT NOT FOREIGN CHECK IDENTITY")


def _alter(s: Statement) -> None:
    words = s.first_words(LONGEST_ROW)
    deeds = next(VERBS[words[:n]] for n in range(len(words), 0, -1) if words[:n] in VERBS)
    for kind, certainty in deeds:
        s.note(kind, s.name_from(2), certainty=certainty)
    if words[:1] != ("ALTER",):
        return
    for objects, said, kind, certainty in _ALTERS:
        if objects.intersection(words[1:2]) and said.intersection(s.uppers):
            s.note(kind, s.name_from(2), certainty=certainty)
    if words[1:2] == ("TABLE",) and any(
        word == "DROP" and not _DROPS_NO_ROWS.intersection(s.uppers[at + 1 : at + 2])
        for at, word in enumerate(s.uppers)
    ):
        s.note(_K.DATA_LOSS, s.name_from(2))


def _create(s: Statement) -> None:
    _alter(s)
    if {"SUPERUSER", "CREATEROLE"} & set(s.uppers):
        s.note(_K.PRIVILEGE, s.name_from(2))
    if s.has("OR", "REPLACE", "TABLE"):
        s.note(_K.DATA_LOSS, s.name_from(2), certainty=Certainty.LIKELY)
    untrusted = {"PLPYTHONU", "PLPYTHON3U", "PLPERLU", "PLTCLU", "C"}
    if {"FUNCTION", "PROCEDURE"} & set(s.uppers[:5]) and (untrusted & set(s.uppers) or "SONAME" in s.uppers):
        s.note(_K.REMOTE_CODE, s.name_from(2))
    if "TRIGGER" in s.uppers[:5]:
        s.note(_K.REMOTE_CODE, s.name_from(2), certainty=Certainty.POSSIBLE)


def _set(s: Statement) -> None:
    words = s.first_words(2)
    text = {word.lstrip("@") for word in s.uppers}
    if s.dialect in (MYSQL, "") and words[1:2] == ("PASSWORD",):
        s.note(_K.USER, "")
    elif {"GLOBAL", "PERSIST", "PERSIST_ONLY"} & set(s.uppers[1:3]) | {"GLOBAL", "PERSIST"} & text:
        s.note(_K.WRITE_CONFIG, s.name_from(2))
    elif words[1:2] in (("ROLE",), ("AUTHORIZATION",)) or s.has("SESSION", "AUTHORIZATION"):
        s.note(_K.PRIVILEGE, certainty=Certainty.POSSIBLE)
    elif words[1:2] == ("IDENTITY_INSERT",):
        s.note(_K.DB_WRITE, s.name_from(2))
    else:
        s.note(_K.READ, "")
    quiet = _RECORDS & text and {"OFF", "NONE", "0", "FALSE"} & {token.text.upper() for token in s.tokens}
    if quiet:
        s.note(_K.LOG_LOSS, next(iter(sorted(_RECORDS & text))).lower(), certainty=Certainty.LIKELY)
    if _GUARDS & text:
        s.note(_K.SECURITY_WEAKEN, next(iter(sorted(_GUARDS & text))).lower(), certainty=Certainty.LIKELY)


def _explain(s: Statement) -> None:
    begin = next(
        (i for i, w in enumerate(s.uppers) if w in _WRITING or w in ("SELECT", "WITH", "EXECUTE", "CREATE")), 0
    )
    s.note(_K.READ, "")
    if (begin and "ANALYZE" in s.uppers[:begin]) or "ANALYSE" in s.uppers[:begin]:
        inner = Statement(s.tokens[begin:], dialect=s.dialect, base=s.base, found=s.found, reread=s.reread)
        FORMS.get(s.uppers[begin], _write)(inner)


def _copy(s: Statement) -> None:
    places = [at for at, word in enumerate(s.uppers) if word in ("TO", "FROM")]
    place = next((at for at in reversed(places) if s.uppers[:at].count("(") == s.uppers[:at].count(")")), 0)
    what = s.uppers[place + 1 : place + 2]
    _select(s) if "SELECT" in s.uppers or "(" in s.uppers[1:2] else None
    if not place:
        s.found.hide("A COPY that is not understood.")
    elif what == ("PROGRAM",):
        s.note(_K.REMOTE_CODE, s.name_from(place + 2), at=place)
    elif s.uppers[place] == "FROM":
        s.note(_K.DB_WRITE)
    elif what == ("STDOUT",):
        s.note(_K.READ)
    else:
        s.note(_K.WRITE_FILE, s.name_from(place + 1), at=place)
        s.note(_K.EXFIL, s.name_from(place + 1), certainty=Certainty.LIKELY, at=place)


def _execute(s: Statement) -> None:
    at = 2 if s.uppers[1:2] == ("IMMEDIATE",) else 1
    while s.uppers[at : at + 1] == ("(",):
        at += 1
    token = s.tokens[at] if at < len(s.tokens) else None
    if token is None or (token.kind == "word" and token.text.startswith("@") and s.uppers[at + 1 : at + 2] != ("=",)):
        s.found.hide("What EXECUTE runs is only known when it runs.")
        return
    if token.kind == "string":
        _literal(s, at)
        return
    if token.text.startswith("@"):
        at += 2
    call_named(s, at)


def _literal(s: Statement, at: int) -> None:
    if s.uppers[at + 1 : at + 2] in (("+",), ("|",)):
        s.found.hide("What EXECUTE runs is put together when it runs.")
    s.reread(s.tokens[at].text, s.base + s.tokens[at].start)


def call_named(s: Statement, at: int) -> None:
    """Note what the procedure does whose name stands at `at`."""
    name = s.name_from(at)
    short = name.rpartition(".")[2].lower()
    if short in ("sp_executesql", "sp_msforeachdb", "sp_msforeachtable"):
        place = next((i for i in range(at, len(s.tokens)) if s.tokens[i].kind == "string"), 0)
        if place and not any(t.text.startswith("@") for t in s.tokens[at:place]):
            _literal(s, place)
            return
    deed = PROCEDURES.get(short)
    if deed:
        s.note(deed[0], name, certainty=deed[1])
        if short == "sp_configure" and len(s.tokens) <= at + 2:
            return
        if any("xp_cmdshell" in token.text.lower() for token in s.tokens if token.kind == "string"):
            s.note(_K.SECURITY_WEAKEN, "xp_cmdshell")
    elif name.lower().startswith(("dbms_scheduler", "dbms_job", "sys.dbms_scheduler")):
        s.note(_K.SCHEDULE, name)
    else:
        s.found.hide(f"The procedure {name[:60]!r} is not known.")
    if not deed and TAKES_AWAY.fullmatch(name.lower()):
        s.note(_K.DATA_LOSS, name, certainty=Certainty.POSSIBLE)


def _block(s: Statement) -> None:
    """Read DO $$…$$: the statements in it are noted, and how often and whether they run is not known."""
    body = next((i for i, token in enumerate(s.tokens) if token.kind == "string"), 0)
    s.found.hide("A block of code decides itself what it runs.")
    if body:
        s.reread(s.tokens[body].text, s.base + s.tokens[body].start)


def _prepare(s: Statement) -> None:
    at = next((i for i, word in enumerate(s.uppers) if word in ("FROM", "AS")), 0)
    s.found.hide("A prepared statement is run by name.")
    if at and at + 1 < len(s.tokens) and s.tokens[at + 1].kind == "string":
        s.reread(s.tokens[at + 1].text, s.base + s.tokens[at + 1].start)
    elif at:
        inner = Statement(
            s.tokens[at + 1 :] or s.tokens[at:], dialect=s.dialect, base=s.base, found=s.found, reread=s.reread
        )
        FORMS.get(inner.uppers[0], _write)(inner)


def _pragma(s: Statement) -> None:
    words = set(s.uppers)
    looks = bool(words & _LOOKING_PRAGMAS) or not words & {"=", "("}
    s.note(_K.READ if looks else _K.DB_WRITE, s.name_from(1))
    if "WRITABLE_SCHEMA" in words and not looks:
        s.note(_K.SECURITY_WEAKEN, "writable_schema")


def _dbcc(s: Statement) -> None:
    word = s.uppers[1] if len(s.uppers) > 1 else ""
    if {"REPAIR_ALLOW_DATA_LOSS", "WRITEPAGE"} & set(s.uppers):
        s.note(_K.DATA_LOSS, s.name_from(2))
    elif {"REPAIR_REBUILD", "REPAIR_FAST"} & set(s.uppers) or word.startswith(
        ("SHRINK", "DBREINDEX", "INDEXDEFRAG", "CLEANTABLE", "UPDATEUSAGE", "TRACEO", "CHECKIDENT")
    ):
        s.note(_K.DB_WRITE, s.name_from(2))
    elif word in _LOOKING_DBCC:
        s.note(_K.LOG_LOSS if "CLEAR" in s.uppers else _K.READ, s.name_from(2))
    elif word.startswith(("FREE", "DROPCLEAN", "FLUSH")):
        s.note(_K.DOS, word.lower(), certainty=Certainty.POSSIBLE)
    else:
        s.found.hide(f"DBCC {word[:40]} is not known.")


def _control(s: Statement) -> None:
    """Read a control word of a block: what stands behind it is read by itself where it begins a statement."""
    if s.dialect == ORACLE or (s.dialect != TSQL and len(s.tokens) > 1 and s.tokens[1].kind in ("word", "name")):
        rest = s.tokens[1:]
        known = rest and (
            rest[0].upper in FORMS
            or (rest[0].upper,) in VERBS
            or rest[0].upper
            in (
                "TRAN",
                "TRANSACTION",
                "WORK",
                "IMMEDIATE",
                "EXCLUSIVE",
                "DEFERRED",
                "TRY",
                "CATCH",
                "LOOP",
                "IF",
                "ISOLATION",
                "READ",
            )
        )
        if rest and not known:
            if any(TAKES_AWAY.fullmatch(token.text.lower()) for token in rest if token.kind in ("word", "name")):
                s.note(_K.DATA_LOSS, s.name_from(1), certainty=Certainty.POSSIBLE)
            s.found.hide("A block of code decides itself what it runs.")
            return
        if rest and rest[0].upper in FORMS and rest[0].upper not in ("BEGIN", "IF"):
            inner = Statement(rest, dialect=s.dialect, base=s.base, found=s.found, reread=s.reread)
            FORMS[rest[0].upper](inner)
            return
    s.note(_K.READ, "")


def _vacuum(s: Statement) -> None:
    if "FULL" in s.uppers:
        s.note(_K.DOS, certainty=Certainty.LIKELY)
    s.note(_K.WRITE_FILE if "INTO" in s.uppers else _K.DB_WRITE)


FORMS: Mapping[str, Callable[[Statement], None]] = {
    "SELECT": _select, "WITH": _with, "INSERT": _write, "REPLACE": _write, "DELETE": _delete, "UPDATE": _update,
    "MERGE": _merge, "ALTER": _alter, "CREATE": _create, "SET": _set, "EXPLAIN": _explain, "COPY": _copy,
    "EXEC": _execute, "EXECUTE": _execute, "CALL": lambda s: call_named(s, 1), "DO": _block, "PREPARE": _prepare,
    "PRAGMA": _pragma, "DBCC": _dbcc, "VACUUM": _vacuum, "BEGIN": _control, "IF": _control, "WHILE": _control,
    "FOR": _control, "LOOP": _control, "CASE": _control,
}  # fmt: skip
"""First word -> what reads the statement. Other statements are read by the table of verbs."""
