"""The audit on the command line: taken away, verified elsewhere, searched, and broken on purpose."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli.account import Account


def test_from_a_refusal_to_its_proof(account: Account, tmp_path: Path) -> None:
    account.run("propose", "--on", "localhost", "--", "uptime", expect=0)
    account.run("approve", "c1", "--targets", "7", expect=4)
    found = account.run("audit", "search", "--kind", "policy.refused", "--json", expect=0).records()
    assert [row["what"] for row in found] == ["was refused to approve c1"]
    key, log = tmp_path / "first.key", tmp_path / "checkpoints.log"
    key.write_text(account.run("audit", "key", "--once", expect=0).out)
    account.run("audit", "key", "--once", expect=2)
    place = f"audit.checkpoints=file:{log}"
    assert account.run("--set", place, "audit", "checkpoint", "--json", expect=0).record()["error"] == ""
    status = account.run("--set", place, "audit", "status", "--json", expect=0).record()
    assert not status["first_key_waits"]
    assert status["places"][0]["count"] > 3

    export = tmp_path / "audit.jsonl"
    export.write_text(account.run("audit", "export", expect=0).out)
    proofs = ("--key", str(key), "--checkpoint", str(log), "--json")
    for what in ((), (str(export),)):
        verdict = account.run("audit", "verify", *what, *proofs, expect=0).record()
        assert verdict["whole"]
        assert verdict["sealed"] == verdict["entries"] == status["entries"]
    database = next(account.home.rglob("opsterm.db"))
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("DROP TRIGGER audit_chain_no_delete")
        db.execute("DELETE FROM audit_chain WHERE n = 3")
    verdict = account.run("audit", "verify", "--json", expect=1).record()
    assert (verdict["finding"], verdict["entry"]) == ("deleted", 3)
    assert "Entry 3 was deleted" in account.run("doctor", expect=1).out


def test_what_proves_nothing_is_not_taken(account: Account, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    for given in (("--key", str(empty)), ("--checkpoint", str(empty)), (str(tmp_path / "no file"),)):
        account.run("audit", "verify", *given, expect=2)
    account.run("audit", "checkpoint", expect=2)
    account.run("audit", "key", expect=2)
