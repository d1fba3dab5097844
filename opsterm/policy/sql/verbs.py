"""Statements by their first words, as data: the longest row that fits counts.

A statement whose first word is in no row is not understood. Sources: the SQL references of PostgreSQL 16, MySQL 8.0,
MariaDB 11, SQLite 3.44, SQL Server 2022 and Oracle 19c.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.word_set import word_set

Deed = tuple[EffectKind, Certainty]

_ROWS = """
SHOW | DESC | DESCRIBE | HELP | USE | VALUES | TABLE | PRINT | DECLARE | BEGIN | COMMIT | ROLLBACK | SAVEPOINT = read
START TRANSACTION | END | RELEASE SAVEPOINT | DISCARD | LISTEN | UNLISTEN | FETCH | OPEN | CLOSE | MOVE = read
CHECK TABLE | CHECKSUM TABLE | DETACH | RAISERROR | THROW | RETURN | NULL | PROMPT | COLUMN | WAITFOR | GET = read
DEALLOCATE | SAVE | GOTO | BREAK | CONTINUE | TTITLE | BTITLE | CLEAR | EXIT | QUIT | WHENEVER | ABORT = read
CONNECT | DISCONNECT | ACCEPT | REMARK | REM | ELSE | THEN | LOOP | EXCEPTION | ENDIF | SIGNAL | GO | STATUS = read
REVERT | UNLOCK TABLES | RESET | DEFINE | VARIABLE | LIST | XA RECOVER | CACHE INDEX | VERIFY | INQUIRE = read
PRAGMA = read
INSERT | IMPORT FOREIGN | COMMENT | NOTIFY | CHECKPOINT | ANALYZE | ANALYSE | HANDLER = db_write
CREATE | ALTER | RENAME | REFRESH | SECURITY LABEL | LOAD DATA | LOAD XML | BULK INSERT | LOAD INDEX = db_write
FLUSH | REPAIR TABLE | DISABLE | ENABLE | RESIGNAL | ASSOCIATE | ADMINISTER | XA | SEND | RECEIVE | IMPORT = db_write
WRITETEXT | UPDATETEXT | UPSERT | RECOMPILE | CHANGE | OPEN KEY | ADD SIGNATURE | PREPARE TRANSACTION = db_write
REPLACE = db_write db_write
OPTIMIZE | REINDEX | CLUSTER | VACUUM = db_write dos:possible
VACUUM FULL | FLUSH TABLES WITH | LOCK INSTANCE = dos:likely db_write
LOCK = dos:possible
DROP = delete db_write
DROP DATABASE | DROP SCHEMA | DROP TABLE | DROP TABLESPACE | DROP OWNED | DROP KEYSPACE | DROP COLLECTION = data_loss
DROP MATERIALIZED | DROP FOREIGN | DROP TEMPORARY | DROP PLUGGABLE | DROP PARTITION | DROP UNDO = data_loss
DROP COLUMN | DROP DISKGROUP | DROP SEQUENCE | DROP EXTENSION | DROP TYPE | DROP LOGFILE | DROP AVAILABILITY = data_loss
DROP ASYMMETRIC | DROP SYMMETRIC | DROP CERTIFICATE | DROP MASTER | DROP CREDENTIAL | DROP FILEGROUP = data_loss
DROP USER | DROP ROLE | DROP LOGIN | DROP GROUP = user delete
DROP SERVER AUDIT | DROP AUDIT | NOAUDIT | DROP POLICY | DROP SECURITY = security_weaken
DROP EVENT = schedule delete db_write
CREATE EVENT | ALTER EVENT = schedule db_write
DROP TEMPORARY TABLE = db_write
TRUNCATE = data_loss truncate
PURGE = data_loss
PURGE BINARY | PURGE MASTER | RESET MASTER | RESET BINARY = log_loss data_loss
RESET REPLICA | RESET SLAVE = data_loss:likely service_stop
FLASHBACK | RECOVER | REWIND = data_loss:likely
RESTORE = data_loss:likely db_write
RESTORE HEADERONLY | RESTORE FILELISTONLY | RESTORE VERIFYONLY | RESTORE LABELONLY = read
BACKUP = write_file
GRANT | REVOKE | DENY | SETUSER | REASSIGN = privilege
REASSIGN OWNED | ALTER AUTHORIZATION = owner privilege
CREATE USER | CREATE ROLE | CREATE LOGIN | CREATE GROUP | ALTER USER | ALTER ROLE | ALTER LOGIN = user
RENAME USER | SET PASSWORD | ALTER GROUP = user
ALTER SERVER ROLE | ALTER PROFILE | CREATE SERVER ROLE = privilege
ALTER SYSTEM | ALTER SERVER CONFIGURATION | RECONFIGURE | RESET PERSIST | ALTER RESOURCE = write_config
ALTER SYSTEM KILL | ALTER SYSTEM DISCONNECT = process_kill
ALTER SYSTEM ENABLE | ALTER SYSTEM QUIESCE = service_stop
ALTER SYSTEM SWITCH | ALTER SYSTEM CHECKPOINT | ALTER SYSTEM ARCHIVE = db_write
ALTER SYSTEM FLUSH = dos:possible
ALTER SESSION | ALTER INSTANCE = write_config:possible
ALTER DATABASE = write_config db_write
ALTER SERVER AUDIT | AUDIT = security_weaken:possible write_config
SHUTDOWN | STOP = service_stop
STARTUP | START = service_start
STARTUP FORCE = service_stop service_restart
RESTART = service_restart
KILL = process_kill
CHANGE MASTER | CHANGE REPLICATION | CLONE INSTANCE = data_loss:likely write_config
CLONE LOCAL = write_file
ATTACH = write_file:possible
INSTALL | CREATE LIBRARY | CREATE ASSEMBLY | LOAD = remote_code
UNINSTALL = service_stop
SPOOL = write_file
DISABLE TRIGGER | DROP TRIGGER = security_weaken:likely db_write
OPEN SYMMETRIC = read
"""


def _parse(rows: str) -> Mapping[tuple[str, ...], Sequence[Deed]]:
    table: dict[tuple[str, ...], Sequence[Deed]] = {}
    for row in rows.strip().splitlines():
        names, _, deeds = row.partition(" = ")
        parsed = [
            (EffectKind(kind), Certainty(certainty or "certain"))
            for kind, _, certainty in (deed.partition(":") for deed in deeds.split())
        ]
        for name in names.split("|"):
            table[tuple(name.split())] = parsed
    return table


VERBS = _parse(_ROWS)
"""First words in capitals -> effects."""

LONGEST_ROW = max(map(len, VERBS))

RESERVED = word_set("""
ALTER BACKUP BULK CREATE DBCC DELETE DENY DROP EXEC EXECUTE GRANT INSERT KILL MERGE RECONFIGURE RESTORE REVOKE SELECT
SHUTDOWN TRUNCATE UPDATE WAITFOR WITH
""")  # fmt: skip
"""Words that begin a statement wherever they stand in a batch of T-SQL, which needs no semicolons."""
