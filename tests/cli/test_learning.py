"""The verbs of what is learned of risk, as a script drives them."""

from __future__ import annotations

import json
import stat

from opsterm.cli.json_keys import LEARNED_KEYS
from tests.cli.account import Account


def test_nothing_is_learned_before_somebody_asks_for_it(account: Account) -> None:
    shown = account.run("risk", "status", expect=0).out
    assert shown.splitlines() == [
        "learned   silent. Nothing was learned yet.",
        "          `opsterm risk train` learns from your own changes.",
    ]
    record = account.run("risk", "status", "--json", expect=0).record()
    assert tuple(record) == LEARNED_KEYS
    assert (record["speaks"], record["own"], record["marks"]) == (False, 0, None)


def test_a_training_says_how_it_stands(account: Account) -> None:
    denied = account.propose("systemctl stop ssh")
    account.run("deny", denied, expect=0)
    trained = account.run("risk", "train", "--json", expect=0).record()
    assert tuple(trained) == LEARNED_KEYS
    assert (trained["own"], trained["bad"], trained["ends"]) == (1, 1, {"denied": 1})
    assert trained["shipped"] > 300
    shown = account.run("risk", "status", expect=0).out
    assert "silent. Of outcomes of your own changes it has seen 1, and speaks from 100 on." in shown
    assert "on 1 denied" in shown
    assert "had it learned anew" in account.run("audit", "--json", expect=0).out


def test_behind_two_dashes_it_is_a_command(account: Account) -> None:
    for word in ("train", "status", "export"):
        assert account.run("risk", "--json", "--", word, expect=0).record()["command"] == word


def test_an_export_has_figures_and_rows_without_secrets(account: Account) -> None:
    change = account.propose("mysql -phunter2secret -e 'DROP TABLE x'")
    account.run("deny", change, expect=0)
    account.run("risk", "train", expect=0)
    file = account.home / "learned.json"
    account.run("risk", "export", "-o", str(file), expect=0)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = json.loads(file.read_text())
    assert set(told["model"]) == {*LEARNED_KEYS, "intercept", "weights", "past"}
    assert told["same"] is True
    (own,) = [row for row in told["rows"] if row["change"]]
    assert (own["change"], own["end"]) == (change, "denied")
    assert "[masked:" in own["command"]
    assert "hunter2" not in file.read_text()
    assert "hunter2" not in (account.data / "learned-risk.json").read_text()
    assert account.run("risk", "export", expect=0).record() == told
    assert "is there already" in account.run("risk", "export", "-o", str(file), expect=2).err


def test_a_spoilt_file_is_said_and_nothing_else_fails(account: Account) -> None:
    account.run("risk", "train", expect=0)
    file = account.data / "learned-risk.json"
    file.write_text(file.read_text()[:-40])
    shown = account.run("risk", "status", expect=0).out
    assert "its file is not as it was written" in shown
    assert "`opsterm risk train` makes it anew." in shown
    assert account.run("risk", "--", "systemctl restart nginx", expect=0).out.startswith("risk      MEDIUM")
    account.run("risk", "train", expect=0)
    assert "anew" not in account.run("risk", "status", expect=0).out
