"""Secrets that are planted where an operator and a target can put them are in no file and no stream afterwards.

The real program runs in a home of its own. Then every file it wrote is read, the database table by table, and what its
verbs print. What may hold a secret stands in MAY_HOLD, with the reason; nothing else may.
"""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from pysnmp.proto import rfc1902

from opsterm.monitoring.mib import NAMES
from tests.adapters.trap_senders import v2c
from tests.cli.account import Account, wait_until

PASSPHRASE = "correct horse battery"

CANARIES: Mapping[str, str] = {
    "output": "canary0utput81",
    "command": "canaryC0mmand82",
    "reason": "canaryReas0n83",
    "note": "canaryN0te84",
    "asked": "canaryAsk85",
    "url": "canaryUr186",
    "trap": "canaryTrap87",
    "vault": "canaryVau1t88",
    "community": "canaryC0mm89",
    "queried": "canaryQuery90",
    "emergency": "canaryEmerg91",
    "api key": "canaryApiKey92",
    "parameter": "canaryParam93",
}
"""Where a secret is planted -> the secret."""

MAY_HOLD: Mapping[tuple[str, str], str] = {
    ("change.command", "command"): "the bytes that are approved and run; docs/decisions/0008-what-an-approval-binds.md",
    ("change.command", "queried"): "the same",
    ("change.command", "parameter"): "the same: a call of an API is kept as the command it stands for",
    ("change.command", "asked"): "the same: what is asked for in the chat becomes a proposal",
    (
        "output",
        "output",
    ): "kept as it came, it is the evidence of what ran; docs/decisions/0008-what-an-approval-binds.md",
    ("config.toml", "url"): "the operator's own file",
}
"""(place, canary) -> why it may be there."""

VERBS = (
    ("audit",), ("audit", "--json"), ("changes",), ("changes", "--json"), ("alerts", "--all"), ("alerts", "--json"),
    ("targets", "list", "--json"), ("snmp", "traps", "--json"), ("doctor",), ("reviews", "list", "--json"),
    ("autonomy",), ("breaker", "--json"), ("apis", "list", "--json"), ("apis", "show", "shop", "--json"),
    ("services", "list", "--json"), ("metrics",), ("mail", "queue"), ("vault", "list"), ("audit", "verify"),
    ("policy", "evidence", "--format", "json"), ("risk", "export"),
)  # fmt: skip
"""What tells others about what was done; `change`, `approve` and `output` show the one thing to be judged as it is."""


@pytest.fixture
def lived_in(account: Account, tmp_path: Path) -> Account:
    """An account in which each canary was planted."""
    passphrase = account.write("passphrase", PASSPHRASE + "\n")
    passphrase.chmod(0o600)
    account.environment["OPSTERM_VAULT_PASSPHRASE_FILE"] = str(passphrase)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    account.config(
        f'[snmp]\ntraps = "udp 127.0.0.1:{port}"\n\n[approvals]\nbreak_glass = "*"\n\n'
        f'[[checks.http]]\nname = "shop"\nurl = "http://127.0.0.1:1/?token={CANARIES["url"]}"\ninterval_s = 1\n'
    )
    account.run("vault", "set", "opsterm:ssh", "ops@web-01", stdin=CANARIES["vault"] + "\n", expect=0)
    account.run("targets", "add", "sw-1", "--address", "127.0.0.1", "--protocol", "snmp", expect=0)
    account.run("snmp", "login", "sw-1", stdin=CANARIES["community"] + "\n", expect=0)
    printed = tmp_path / "printed.env"
    printed.write_text(f"DB_PASSWORD={CANARIES['output']}\n")
    account.run("propose", "--on", "localhost", "--reason", f"the password={CANARIES['reason']} is old", "--",
                f"cat {printed}; curl -u ana:{CANARIES['command']} http://127.0.0.1:1/", expect=0)  # fmt: skip
    account.run("approve", "c1")
    account.run("propose", "--on", "localhost", "--", "true", expect=0)
    account.run("deny", "c2", "--note", f"token={CANARIES['note']}", expect=0)
    account.run("ask", f"run `mysql -p{CANARIES['asked']} -e 'SELECT 1'` on localhost", expect=0)
    account.run("check", "run")
    account.run("query", "--on", "localhost", "--reason", f"secret={CANARIES['queried']}", "--",
                f"grep -c password={CANARIES['queried']} {printed}")  # fmt: skip
    change = str(account.run("propose", "--on", "localhost", "--json", "--", "false", expect=0).record()["id"])
    account.run("approve", change, "--break-glass", "--reason", f"token={CANARIES['emergency']}", "--no-run", expect=0)
    call_an_api(account)
    account.run("risk", "train", expect=0)
    with account.serve(), closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender:
        trap = v2c(NAMES["linkDown"], [((*NAMES["ifDescr"], 2), rfc1902.OctetString(f"password={CANARIES['trap']}"))],
                   community=CANARIES["community"])  # fmt: skip

        def has_come() -> bool:
            sender.sendto(trap, ("127.0.0.1", port))
            return rows(account, "SELECT 1 FROM trap") != []

        wait_until(has_come)
        wait_until(lambda: rows(account, "SELECT 1 FROM alert WHERE target = 'shop' OR summary LIKE '%shop%'") != [])
    return account


def call_an_api(account: Account) -> None:
    """Keep a key for an API that nobody answers for, and call it with a secret among the parameters."""
    described = {
        "openapi": "3.0.0", "info": {"title": "shop", "version": "1"}, "servers": [{"url": "http://127.0.0.1:1"}],
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}},
        "security": [{"key": []}],
        "paths": {"/x": {"get": {"operationId": "look", "parameters": [
            {"name": "password", "in": "query", "schema": {"type": "string"}},
        ]}}},
    }  # fmt: skip
    source = account.write("shop.json", json.dumps(described))
    account.run("apis", "add", str(source), "--name", "shop", "--yes", expect=0)
    account.run("apis", "login", "shop", stdin=CANARIES["api key"] + "\n", expect=0)
    account.run("apis", "call", "shop", "look", f"password={CANARIES['parameter']}")


def rows(account: Account, query: str) -> list[tuple[object, ...]]:
    """Return what a query of the database finds."""
    with closing(sqlite3.connect(account.data / "opsterm.db")) as database:
        return database.execute(query).fetchall()


@pytest.mark.timeout(120)
def test_no_canary_is_found_where_none_may_be(lived_in: Account) -> None:
    found = {
        (place, planted)
        for place, data in everything(lived_in)
        for planted, canary in CANARIES.items()
        if canary.encode() in data
    }
    assert found - MAY_HOLD.keys() == set()
    assert MAY_HOLD.keys() - found == set(), "it is not there any more: take the line out"
    kept_secrets_are_masked(lived_in)


def kept_secrets_are_masked(lived_in: Account) -> None:
    """Fail unless `opsterm mask` finds what the vault of the same home holds, wherever it stands."""
    secret, community = CANARIES["vault"], CANARIES["community"]
    text = f"it was {secret} and {secret.encode().hex()}, on the switch {community}\n"
    masked = lived_in.run("mask", "-", stdin=text, expect=0)
    assert masked.out == "it was [masked:credential] and [masked:credential-2], on the switch [masked:credential-3]\n"
    assert masked.err == "Masked: 3 credential.\n"


def everything(account: Account) -> Iterator[tuple[str, bytes]]:
    """Yield what the program wrote and prints, with the place it is in."""
    for file in sorted((account.home / "o").rglob("*")):
        if file.is_file() and "opsterm.db" not in file.name:
            yield ("output" if "output" in file.parts else file.name), file.read_bytes()
    with closing(sqlite3.connect(account.data / "opsterm.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.text_factory = bytes
        tables = [
            bytes(row[0]).decode() for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for table in tables:
            rows = database.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in rows.description]
            for row in rows:
                yield from (
                    (f"{table}.{name}", value)
                    for name, value in zip(names, row, strict=True)
                    if isinstance(value, bytes)
                )
    for verb in VERBS:
        ran = account.run(*verb)
        yield f"opsterm {' '.join(verb)}", ran.out_bytes + ran.err_bytes
