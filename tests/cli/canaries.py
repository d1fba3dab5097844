"""Secrets planted where an operator, a target and the network can put them, in a home that the program lives in."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from pysnmp.proto import rfc1902

from opsterm.__main__ import _report
from opsterm.core.paths import find_paths
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
    "kept": "canaryKept94",
    "changed": "canaryChanged95",
    "put": "canaryPut96",
    "acknowledged": "canaryAcked97",
    "silenced": "canarySi1enced98",
    "fault": "canaryFau1t99",
    "imported": "canaryImp0rt70",
}
"""Where a secret is planted -> the secret."""


def live_in(account: Account, folder: Path) -> None:
    """Plant each canary."""
    passphrase = account.write("given/passphrase", PASSPHRASE + "\n")
    passphrase.chmod(0o600)
    account.environment["OPSTERM_VAULT_PASSPHRASE_FILE"] = str(passphrase)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    account.config(
        f'[snmp]\ntraps = "udp 127.0.0.1:{port}"\n\n[approvals]\nbreak_glass = "*"\n\n'
        f'[audit]\ncheckpoints = "file:{account.home}/checkpoints"\n\n'
        '[mail]\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\nsender = "o@jump.test"\ngather_s = 0.0\n'
        '[[mail.notify]]\nto = "ana@x.test"\n\n'
        f'[[checks.http]]\nname = "shop"\nurl = "http://127.0.0.1:1/?token={CANARIES["url"]}"\ninterval_s = 1\n'
    )
    account.run("vault", "set", "opsterm:ssh", "ops@web-01", stdin=CANARIES["vault"] + "\n", expect=0)
    account.run("targets", "add", "sw-1", "--address", "127.0.0.1", "--protocol", "snmp", expect=0)
    account.run("snmp", "login", "sw-1", stdin=CANARIES["community"] + "\n", expect=0)
    hosts = account.write(
        "given/hosts.ini", f"[web]\nw-1 ansible_host=127.0.0.1 ansible_password={CANARIES['imported']}\n"
    )
    account.run("targets", "import", str(hosts))
    say_what_is_secret(account, folder)
    change_files(account, folder)
    call_an_api(account)
    account.run("risk", "train", expect=0)
    hear_the_network(account, port)
    fail(account)


def say_what_is_secret(account: Account, folder: Path) -> None:
    """Propose, deny, ask, query and break the glass with a secret in what is said."""
    printed = folder / "printed.env"
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
    change = proposed(account, "false")
    account.run("approve", change, "--break-glass", "--reason", f"token={CANARIES['emergency']}", "--no-run", expect=0)


def change_files(account: Account, folder: Path) -> None:
    """Change a file with a secret in it, of which a recovery point is kept, put it back, and put another file."""
    settings = folder / "settings.env"
    settings.write_text(f"DB_PASSWORD={CANARIES['kept']}\nLEVEL=info\n")
    change = proposed(account, f"sed -i 's/^DB_PASSWORD=.*/DB_PASSWORD={CANARIES['changed']}/' {settings}")
    account.run("preview", change)
    account.run("approve", change, expect=0)
    account.run("rollback", change)
    given = account.write("given/app.env", f"API_TOKEN={CANARIES['put']}\n")
    account.run("put", str(given), "--on", "localhost", "--to", str(folder / "app.env"), expect=0)


def proposed(account: Account, command: str) -> str:
    """Propose a command and return the change's name."""
    return str(account.run("propose", "--on", "localhost", "--json", "--", command, expect=0).record()["id"])


def hear_the_network(account: Account, port: int) -> None:
    """Let a trap and a failing check come, and say something of their alerts."""
    with account.serve(), closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender:
        trap = v2c(NAMES["linkDown"], [((*NAMES["ifDescr"], 2), rfc1902.OctetString(f"password={CANARIES['trap']}"))],
                   community=CANARIES["community"])  # fmt: skip

        def has_come() -> bool:
            sender.sendto(trap, ("127.0.0.1", port))
            return rows(account, "SELECT 1 FROM trap") != []

        wait_until(has_come)
        wait_until(lambda: rows(account, "SELECT 1 FROM alert WHERE target = 'shop' OR summary LIKE '%shop%'") != [])
        wait_until((account.home / "checkpoints").exists)
        wait_until(lambda: rows(account, "SELECT 1 FROM mail") != [])
    alert = str(account.run("alerts", "--json", expect=0).records()[0]["id"])
    account.run("alerts", "ack", alert, "--note", f"the password={CANARIES['acknowledged']} is wrong", expect=0)
    account.run("alerts", "silence", alert, "--for", "1h", "--note", f"token={CANARIES['silenced']}", expect=0)


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
    source = account.write("given/shop.json", json.dumps(described))
    account.run("apis", "add", str(source), "--name", "shop", "--yes", expect=0)
    account.run("apis", "login", "shop", stdin=CANARIES["api key"] + "\n", expect=0)
    account.run("apis", "call", "shop", "look", f"password={CANARIES['parameter']}")


def fail(account: Account) -> None:
    """Let the program report a fault of its own whose text has a secret."""
    try:
        raise ValueError(f"login failed: password={CANARIES['fault']}")
    except ValueError as fault:
        _report(fault, find_paths(account.environment, account.home))


def rows(account: Account, query: str) -> list[tuple[object, ...]]:
    """Return what a query of the database finds."""
    with closing(sqlite3.connect(account.data / "opsterm.db")) as database:
        return database.execute(query).fetchall()


def place_of(account: Account, file: Path) -> str:
    """Return the name of a place for a file, the same in each run."""
    parts = file.relative_to(account.home).parts
    whole = {"output", "contents", "points"} & set(parts)
    return whole.pop() if whole else re.sub(r"\d{6,}", "N", file.name)
