"""The verb that says what a command would do, as a script drives it."""

from __future__ import annotations

import json

import pytest

from opsterm.cli.json_keys import RISK_KEYS
from tests.cli.account import Account


def test_one_command_is_described_for_a_person(account: Account) -> None:
    shown = account.run("risk", "--", "sudo systemctl stop nginx", expect=0).out
    assert shown.startswith("risk      HIGH")
    assert "It stops: nginx." in shown
    assert "service_stop nginx (certain)   systemctl stop nginx" in shown


def test_one_command_is_an_object_for_a_program(account: Account) -> None:
    record = account.run("risk", "--json", "--shell", "bash", "--", "rm", "-rf", "/srv/a b", expect=0).record()
    assert tuple(record) == RISK_KEYS
    assert (record["command"], record["shell"]) == ("rm -rf '/srv/a b'", "bash")
    assert (record["level"], record["decision"], record["rollback"]) == ("critical", "two persons", "full")
    assert {"kind": "data_loss", "object": "/srv/a b", "certainty": "likely", "span": [0, 17]} in record["effects"]


def test_each_line_of_input_gets_its_object_in_order(account: Account) -> None:
    asked = ["uptime", json.dumps({"command": "reboot", "shell": "sh"}), '{"not": "ours"}', "ls 'x", "", "git status"]
    records = account.run("risk", "--shell", "bash", "-", stdin="\n".join(asked), expect=0).records()
    assert [(one["command"], one["shell"]) for one in records] == [
        ("uptime", "bash"), ("reboot", "sh"), ('{"not": "ours"}', "bash"), ("ls 'x", "bash"), ("git status", "bash"),
    ]  # fmt: skip
    assert [one["level"] for one in records][:2] == ["read", "high"]
    assert records[3]["opaque"]
    assert (records[0]["decision"], records[4]["decision"]) == ("allow", "approve"), "read, but not on the list"


def test_targets_can_only_raise_it(account: Account) -> None:
    account.run("targets", "add", "db-01", "--address", "192.0.2.1", "--environment", "prod", expect=0)
    alone = account.run("risk", "--json", "--", "systemctl restart nginx", expect=0).record()
    there = account.run("risk", "--json", "--on", "db-01", "--", "systemctl restart nginx", expect=0).record()
    assert (alone["level"], there["level"]) == ("medium", "high")
    assert "The target is in production." in there["reasons"]


def test_nothing_to_assess_is_said(account: Account) -> None:
    assert "There is no command to assess." in account.run("risk", expect=2).err


@pytest.mark.parametrize(("word", "meant"), [("trian", "opsterm risk train."), ("uptime", "opsterm risk -- uptime.")])
def test_a_word_that_is_no_source_is_told_what_it_may_be(account: Account, word: str, meant: str) -> None:
    assert meant in account.run("risk", word, expect=2).err
