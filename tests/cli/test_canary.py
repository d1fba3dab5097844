"""Secrets that are planted where an operator and a target can put them are in no file and no stream afterwards.

The real program runs in a home of its own. Then every file it wrote is read, the database table by table, and what its
verbs print. What may hold a secret stands in MAY_HOLD, with the reason; nothing else may.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.account import Account
from tests.cli.canaries import CANARIES, fail, live_in, place_of

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
    ("change.command", "changed"): "the same",
    ("points", "kept"): "a recovery point is the state that is put back; docs/decisions/0031-way-back.md",
    ("contents", "put"): "the content that is approved, until it is put; docs/decisions/0016-files.md",
}
"""(place, canary) -> why it may be there."""

VERBS = (
    ("audit",), ("audit", "--json"), ("changes",), ("changes", "--json"), ("alerts", "--all"), ("alerts", "--json"),
    ("targets", "list", "--json"), ("snmp", "traps", "--json"), ("doctor",), ("reviews", "list", "--json"),
    ("autonomy",), ("breaker", "--json"), ("apis", "list", "--json"), ("apis", "show", "shop", "--json"),
    ("services", "list", "--json"), ("metrics",), ("mail", "queue"), ("vault", "list"), ("audit", "verify"),
    ("policy", "evidence", "--format", "json"), ("policy", "evidence", "--format", "md"),
    ("policy", "evidence", "--format", "html"), ("risk", "export"), ("risk", "status", "--json"),
    ("approvals", "--json"),
    ("approvals",), ("check", "list", "--json"), ("check", "list"), ("settings",), ("settings", "--json"),
    ("mail", "queue", "--json"), ("targets", "show", "localhost", "--json"), ("snmp", "traps"), ("reviews", "list"),
    ("history", "localhost", "cpu"), ("ask", "what changed today?"), ("ask", "which alerts are open?"), ("where",),
    ("keys",), ("vault", "list", "--json"), ("services", "list"), ("breaker",), ("doctor", "--json"),
)  # fmt: skip
"""What tells others about what was done; `change`, `approve` and `output` show the one thing to be judged as it is."""


@pytest.fixture
def lived_in(account: Account, tmp_path: Path) -> Account:
    """An account in which each canary was planted."""
    outside = tmp_path / "outside"
    outside.mkdir()
    live_in(account, outside)
    return account


def test_no_canary_is_found_where_none_may_be(lived_in: Account) -> None:
    found = places_of_canaries(lived_in)
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


def test_the_search_sees_what_is_not_masked(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the mask switched off in two places, the secret is found in a table, the journal, a stream and a file."""
    for door in ("opsterm.policy.mask.mask", "opsterm.runtime.changes.mask"):
        monkeypatch.setattr(door, lambda text: (text, 0))
    account.run("propose", "--on", "localhost", "--reason", f"password={CANARIES['reason']}", "--", "true", expect=0)
    fail(account)
    found = places_of_canaries(account, (("change", "c1"),))
    assert found >= {("change.reason", "reason"), ("opsterm change c1", "reason"), ("report.txt", "fault")}


def places_of_canaries(account: Account, verbs: Iterable[Sequence[str]] = VERBS) -> set[tuple[str, str]]:
    """Return where which canary is."""
    return {
        (place, planted)
        for place, data in everything(account, verbs)
        for planted, canary in CANARIES.items()
        if canary.encode() in data
    }


def everything(account: Account, verbs: Iterable[Sequence[str]]) -> Iterator[tuple[str, bytes]]:
    """Yield what the program wrote and prints, with the place it is in."""
    for file in sorted(account.home.rglob("*")):
        if file.is_file() and "opsterm.db" not in file.name and (account.home / "given") not in file.parents:
            yield place_of(account, file), file.read_bytes()
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
    for verb in verbs:
        ran = account.run(*verb)
        yield f"opsterm {' '.join(verb)}", ran.out_bytes + ran.err_bytes
