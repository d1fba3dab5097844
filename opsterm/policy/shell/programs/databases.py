"""Clients of databases: the text that they send is read in its own language."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind, Span
from opsterm.policy.shell import deeds
from opsterm.policy.shell.argument import UNKNOWN
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, Verbs, asks_for_help, by_option, fixed, note
from opsterm.policy.sql import sql_effects
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

_TAKES: Mapping[str, str] = {
    "psql": "-c -d -f -h -p -U -v -F -R -T -P -o -L --command --dbname --file --host --port --username --set --variable --output --log-file --pset --field-separator",
    "mysql": "-e -h -P -u -D -S --execute --host --port --user --database --socket --defaults-file --defaults-extra-file --init-command --login-path --default-character-set --ssl-ca --ssl-mode --delimiter --prompt",
    "sqlcmd": "-Q -q -S -U -P -d -i -o -s -w -h -t -v -l -H -m",
    "sqlite3": "-cmd -init -separator -newline -nullvalue",
    "sqlplus": "",
    "influx": "-execute -database -host -port -username -password -format -precision",
    "clickhouse": "-q --query -h --host --port -u --user --password -d --database --format --queries-file",
}
_TEXTS: Mapping[str, tuple[str, ...]] = {
    "psql": ("-c", "--command"), "mysql": ("-e", "--execute", "--init-command"), "sqlcmd": ("-Q", "-q"), "sqlite3": ("-cmd",), "sqlplus": (), "clickhouse": ("-q", "--query"), "influx": ("-execute",),
}  # fmt: skip
_FILES = ("-f", "--file", "-i", "-init", "--queries-file")


def _read_sql(call: ProgramCall, text: str, dialect: str, base: int, span: Span) -> None:
    """Note what a text for a database does."""
    effects, opaque = sql_effects(text.replace(UNKNOWN, "?"), dialect, max(base, 0))
    for effect in effects:
        place = effect.span if base >= 0 else span
        call.notes.add(effect.kind, effect.object, effect.certainty, place)
    for sentence in opaque:
        call.dark(sentence)


def _client(dialect: str) -> Deed:
    """Return a deed of a client for SQL."""
    takes, options = word_set(_TAKES[dialect]), _TEXTS[dialect]

    def deed(call: ProgramCall) -> None:
        call.take(takes, long=("--command", "--execute", "--file"), dash_long=dialect in ("sqlite3", "influx"))
        if (
            (asks_for_help(call) and not call.values(*options))
            or call.has("-l", "--list", "-V", "--version", "-?")
            or (dialect == "sqlite3" and call.has("-version"))
        ):
            call.add(_K.READ)
            return
        texts = call.values(*options)
        if dialect == "sqlite3":
            texts += call.words[1:]
        for text in texts:
            _read_sql(call, text.text, dialect, text.base, text.span)
        files = (
            call.values(*_FILES) if dialect != "sqlplus" else [word for word in call.words if word.text.startswith("@")]
        )
        for file in files:
            call.dark(f"It runs {file.shown}, whose text is not shown here.")
            call.add(_K.DB_WRITE, file, _C.POSSIBLE)
        output = call.value("-o", "--output") if dialect == "psql" else None
        if output is not None:
            deeds.write(output, call.notes, call.frame, call.span, replaces=True)
        if not texts and not files:
            _from_input(call, dialect)

    return deed


def _from_input(call: ProgramCall, dialect: str) -> None:
    feed = call.frame.feed
    if feed is not None and feed.origin == "text":
        _read_sql(call, feed.text, dialect, feed.base, feed.span)
        return
    call.dark("What it sends to the database is not shown here.")
    if feed is not None:
        call.add(_K.DB_WRITE, feed.text[:60], _C.LIKELY)
        if re.search(r"(?i)\b(?:drop|truncate|delete)\b", feed.text):
            call.add(_K.DATA_LOSS, feed.text[:60], _C.POSSIBLE)


_REDIS_READS = word_set(
    "get mget keys scan info ping exists ttl pttl type strlen llen lrange lindex hget hgetall hkeys hlen hmget smembers scard sismember zrange zcard zscore dbsize time role memory object randomkey "
    "slowlog client config command latency cluster lastsave xinfo xlen xrange pubsub echo dump hscan sscan zscan getrange bitcount monitor module acl sentinel"
)
_REDIS_LOSS = re.compile(
    r"^(?:flushall|flushdb|debug (?:segfault|restart|sleep)|shutdown|cluster (?:reset|flushslots|forget)|slaveof|replicaof|config (?:set (?:dir|dbfilename|requirepass|appendonly|protected)|rewrite|resetstat)|"
    r"script flush|module load|failover|sentinel (?:reset|remove|failover)|acl (?:deluser|setuser)|function flush|swapdb|del \*|client kill|eval)"
)


def _redis(call: ProgramCall) -> None:
    """Follow redis-cli: its words are one command."""
    call.take(
        word_set(
            "-h -p -s -a -u -n -r -i -d --user --pass --cert --key --cacert --pattern --eval --rdb --pipe-timeout"
        ),
        in_order=True,
    )
    words = [word.text.lower() for word in call.words]
    feed = call.frame.feed
    if call.has("--eval", "--pipe"):
        call.dark("It runs a script that is not shown here.")
        call.add(_K.DB_WRITE, "", _C.LIKELY)
    elif not words and feed is not None and feed.origin == "text":
        for line in feed.text.splitlines():
            _redis_command(call, line.strip().lower())
    elif not words:
        if call.has(
            "--bigkeys",
            "--memkeys",
            "--hotkeys",
            "--stat",
            "--latency",
            "--latency-history",
            "--scan",
            "--version",
            "-v",
            "--help",
            "--rdb",
        ):
            call.add(_K.READ)
        else:
            call.dark("It opens a session in the database.")
    else:
        _redis_command(call, " ".join(words))


def _redis_command(call: ProgramCall, line: str) -> None:
    words = line.split()
    if not words:
        return
    if _REDIS_LOSS.match(line):
        if words[0] in ("flushall", "flushdb", "swapdb", "del") or "flush" in line or "reset" in line:
            call.add(_K.DATA_LOSS, line[:60])
        elif words[0] in ("shutdown", "debug"):
            call.add(_K.SERVICE_STOP, "redis")
        else:
            call.add(_K.SECURITY_WEAKEN, line[:60])
            call.add(_K.DB_WRITE, line[:60])
    elif (
        words[0] in _REDIS_READS
        and not (words[0] == "config" and words[1:2] not in (["get"], ["help"]))
        and not (words[0] == "client" and words[1:2] in (["kill"], ["pause"]))
    ):
        call.add(_K.READ, line[:60])
    elif words[0] in ("del", "unlink"):
        call.add(_K.DELETE, line[:60])
        call.add(_K.DB_WRITE, line[:60])
    else:
        call.add(_K.DB_WRITE, line[:60])


_MONGO_LOSS = re.compile(
    r"drop(?:Database|Indexes?|User|Role)?\s*\(|deleteMany|deleteOne|remove\s*\(|shutdownServer|killOp|fsyncLock|replSetReconfig|rs\.(?:remove|stepDown|reconfig)|sh\.(?:remove|stop)|update(?:Many)?\(\s*\{\s*\}|findOneAndDelete|convertToCapped|\$out|renameCollection"
)
_MONGO_WRITE = re.compile(
    r"insert|update|replace|create|save\(|findAndModify|findOneAnd|bulkWrite|\$merge|grant|revoke|rs\.(?:add|init)|sh\.(?:add|enable|shard)|compact|setParameter|changeUser|adminCommand|runCommand|setProfilingLevel|eval|load\(|process\.|require\("
)
_MONGO_READ = re.compile(
    r"find|count|stats|status|show |getIndexes|getCollection|aggregate|explain|distinct|version|serverStatus|currentOp|printReplication|isMaster|hello|conf\(|getMongo|listDatabases|ping|db\.\w+\.help|getName|print|getUsers|dataSize"
)


def _mongo(call: ProgramCall) -> None:
    """Follow mongosh: what --eval sends."""
    call.take(
        word_set("--eval --host --port -u -p --username --password --authenticationDatabase -f --file"),
        in_order=False,
    )
    texts = [value.text for value in call.values("--eval")]
    feed = call.frame.feed
    if not texts and feed is not None and feed.origin == "text":
        texts = [feed.text]
    if call.has("--version", "--help"):
        call.add(_K.READ)
    elif not texts:
        call.dark("What it sends to the database is not shown here.")
    for text in texts:
        harmless = {
            "ping",
            "serverStatus",
            "listDatabases",
            "buildInfo",
            "replSetGetStatus",
            "dbStats",
            "collStats",
            "isMaster",
            "hello",
        }
        command = re.search(r"(?:adminCommand|runCommand)\(\s*(?:\{\s*)?['\"]?(\w+)", text)
        if _MONGO_LOSS.search(text):
            call.add(_K.DATA_LOSS if "shutdown" not in text else _K.SERVICE_STOP, text[:60], _C.LIKELY)
        elif command is not None and command[1] in harmless:
            call.add(_K.READ)
        elif _MONGO_WRITE.search(text):
            call.add(_K.DB_WRITE, text[:60])
        elif _MONGO_READ.search(text):
            call.add(_K.READ)
        else:
            call.dark("What it asks of the database cannot be followed.")


_MYSQLADMIN = Verbs(
    table="""
    read: status extended-status ping processlist version variables
    data_loss: drop
    service_stop: shutdown kill stop-slave stop-replica
    service_start: start-slave start-replica
    db_write: create
    user+lockout?: password
    write_config: flush-hosts flush-logs flush-privileges flush-status flush-tables flush-threads refresh reload
    """,
    takes="-h -P -u -S -i -c --host --port --user --socket", depth=1,
)  # fmt: skip


def _dump(call: ProgramCall) -> None:
    """Note a database that is written out: to a file, or to whoever reads it."""
    call.take(
        word_set(
            "-D --pgdata -X -f -h -p -U -u -d -n -t -T -F -j -P -r -o --file --host --port --username --user --result-file --out --db --uri --collection --schema --table --exclude-table --format --tab --where"
        )
    )
    for value in call.values("-f", "--file", "-r", "--result-file", "-o", "--out"):
        deeds.write(value, call.notes, call.frame, call.span, replaces=True)
    folder = call.value("-D", "--pgdata")
    if folder is not None:
        deeds.write(folder, call.notes, call.frame, call.span, replaces=False)
    if call.name.startswith("mongo") and call.value("-o", "--out") is None:
        call.add(_K.WRITE_FILE, "dump")
    call.add(_K.READ)


def _restore(call: ProgramCall) -> None:
    """Note a database that is replaced by what was kept."""
    call.take(word_set("-d -h -p -U -f -j -n -t -F --dbname --host --port --username --file --uri --db"))
    if call.has("-l", "--list", "--help", "--version", "--dryRun"):
        call.add(_K.READ)
        return
    note(
        call,
        "db_write+data_loss~" if call.has("-c", "--clean", "--drop", "-C") else "db_write",
        call.value("-d", "--dbname", "--db") or "",
    )


def _pg_ctl(call: ProgramCall) -> None:
    """Note what pg_ctl and pg_ctlcluster do to a server."""
    call.take(word_set("-D -l -o -m -t -p -U --pgdata --log --mode"))
    words = [word.text for word in call.words]
    for verb, spec in (
        ("status", "read"),
        ("stop", "service_stop"),
        ("restart", "service_restart"),
        ("reload", "service_restart"),
        ("promote", "service_stop"),
        ("start", "service_start"),
        ("kill", "process_kill"),
        ("initdb", "data_loss?"),
    ):
        if verb in words:
            note(call, spec, "postgresql")
            return
    note(call, "dark")


def _influx(call: ProgramCall) -> None:
    """Follow influx: -execute has a statement of its first version, words are verbs of its second."""
    call.take(
        word_set(
            "-execute -host -port -database -username -password -format -precision --bucket -b --org -o --token -t --host --id -n --start --stop --predicate -p"
        ),
        dash_long=True,
    )
    text = call.value("-execute")
    if text is not None:
        _read_sql(call, text.text, "mysql", text.base, text.span)
        return
    if call.word(0) == "query" and len(call.words) > 1 and not _FLUX_WRITES.search(call.words[1].text):
        call.add(_K.READ)
        return
    _INFLUX(call)


_FLUX_WRITES = re.compile(r"\b(?:to|wideTo|experimental\.to|sql\.to|http\.post|delete)\s*\(|^@?-$|\.flux\b")
"""What of a query in Flux sends its rows somewhere, or a query that stands in a file."""


_INFLUX = Verbs(
    table="read: ping version bucket/list org/list query config/list user/list auth/list task/list\ndata_loss: delete bucket/delete org/delete restore\nuser+delete: user/delete auth/delete",
    else_="db_write", takes="--bucket -b --org -o --token -t --host --id -n --start --stop --predicate -p",
)  # fmt: skip


def _cqlsh(call: ProgramCall) -> None:
    """Follow cqlsh: -e has statements of a language close to SQL."""
    call.take(
        word_set("-e --execute -f --file -u -p -k --username --password --keyspace --request-timeout"),
        long=("--execute", "--file"),
    )
    texts = call.values("-e", "--execute")
    for text in texts:
        said = re.sub(
            r"(?i)\b(?:keyspace|columnfamily)\b",
            "DATABASE",
            re.sub(r"(?i)^\s*(?:describe|desc)\b[^;]*", "SELECT 1", text.text),
        )
        _read_sql(call, said, "mysql", -1, text.span)
    if asks_for_help(call) and not texts:
        call.add(_K.READ)
    elif call.has("-f", "--file"):
        call.dark("It runs a file whose text is not shown here.")
    elif not texts:
        _from_input(call, "mysql")


PROGRAMS: Mapping[str, Deed] = {
    "psql": _client("psql"), "pgcli": _client("psql"), "mysql": _client("mysql"), "mariadb": _client("mysql"), "mycli": _client("mysql"), "mysqlsh": _client("mysql"), "xtrabackup": by_option("read: --version --print-defaults --help\ndb_write+data_loss~: --copy-back --move-back --prepare", else_="write_file"), "sqlcmd": _client("sqlcmd"), "sqlite3": _client("sqlite3"), "sqlplus": _client("sqlplus"),
    "clickhouse-client": _client("clickhouse"), "cqlsh": _cqlsh, "redis-cli": _redis, "valkey-cli": _redis, "keydb-cli": _redis, "mongosh": _mongo, "mongo": _mongo, "mysqladmin": _MYSQLADMIN, "mariadb-admin": _MYSQLADMIN,
    **dict.fromkeys(("pg_dump", "pg_dumpall", "mysqldump", "mariadb-dump", "mongodump", "pg_basebackup", "mongoexport"), _dump), **dict.fromkeys(("pg_restore", "mongorestore", "mysqlimport", "mongoimport"), _restore),
    "dropdb": fixed("data_loss", "-h -p -U"), "dropuser": fixed("user+delete", "-h -p -U"), "createdb": fixed("db_write", "-h -p -U -O -T -E -l"), "createuser": fixed("user", "-h -p -U -c"), "vacuumdb": fixed("db_write", "-h -p -U -d -t"), "reindexdb": fixed("db_write", "-h -p -U -d -t"),
    "pg_ctl": _pg_ctl, "pg_ctlcluster": _pg_ctl, "pg_dropcluster": fixed("data_loss"), "pg_resetwal": by_option("read: -n --dry-run", else_="data_loss"), "pg_archivecleanup": by_option("read: -n", else_="delete+data_loss?"), "initdb": fixed("data_loss?"), "pg_upgrade": by_option("read: -c --check", else_="data_loss?"),
    "mysqlcheck": by_option("db_write: -r -o --repair --optimize --auto-repair", "-u -h -P", else_="read"), "mysqlshow": by_option("read: --help", else_="read"), "mysqltuner": by_option("read: --help", else_="read"), "pt-query-digest": by_option("read: --help", else_="read"), **dict.fromkeys(("mysqlbinlog", "mariadb-binlog"), by_option("write_file: -r --result-file", "-h -u -d --database", else_="read")),
    "influx": _influx, "rabbitmqctl": Verbs(
        takes="-p -n", table="", pattern=((r"^(?:status|list_\w+|\w+_status|environment|report|ping|version|help|node_health_check|authenticate_user|await_\w+|hash_password|check_\w+|is_\w+|log_tail|schema_info|describe_\w+)", "read"), (r"^(?:eval\w*|remote_shell|rpc)", "dark"), (r"^(?:delete_\w+|purge_queue|reset|force_reset|forget_cluster_node|clear_\w+)", "infra+delete+data_loss~"), (r"^(?:stop|stop_app|shutdown|close_\w+)", "service_stop"), (r"^(?:add_user|set_user_tags|change_password|set_permissions)", "user")), else_="infra"),
    "kafka-topics": by_option("infra+delete+data_loss: --delete\ninfra: --create --alter", "--topic --bootstrap-server --zookeeper --partitions", else_="read"),
    "kafka-topics.sh": by_option("infra+delete+data_loss: --delete\ninfra: --create --alter", "--topic --bootstrap-server --zookeeper --partitions", else_="read"), "kafka-consumer-groups.sh": by_option("infra+data_loss?: --reset-offsets --delete", "--bootstrap-server --group --topic", else_="read"), "kafka-consumer-groups": by_option("infra+data_loss?: --reset-offsets --delete", "--bootstrap-server --group --topic", else_="read"),
    "nodetool": Verbs(table="read: status info ring netstats tpstats cfstats compactionstats describecluster version tablestats gossipinfo\nservice_stop: drain stopdaemon disablebinary disablegossip\ninfra+delete+data_loss~: decommission removenode assassinate clearsnapshot\ndb_write: repair cleanup flush compact rebuild snapshot", takes="-h -p -u -pw"),
}  # fmt: skip
