"""Profiles and services from a script, of the very machine that this runs on."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from opsterm.core.errors import ExitCode
from tests.cli.account import Account
from tests.monitoring.looking import shim
from tests.monitoring.test_looks import APT


def test_a_profile_is_kept_and_services_are_decided_about(account: Account, tmp_path: Path) -> None:
    shim(tmp_path, "apt-get", APT)  # one that does not think
    account.environment = {**account.environment, "PATH": f"{tmp_path}:{account.environment['PATH']}"}
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        shown = account.run("targets", "profile", "localhost")
        assert f"host name        {os.uname().nodename}" in shown.out
        assert "--refresh looks now" in shown.err
        record = json.loads(account.run("targets", "profile", "localhost", "--json").out)
        assert port in {one["port"] for one in record["listeners"]}
        assert "nothing to compare with" in account.run("targets", "profile", "localhost", "--diff").err
    found = account.run("services", "discover", "localhost", "--json")
    assert found.code == ExitCode.DONE
    ids = [json.loads(line)["id"] for line in found.out.splitlines()]
    listed = [json.loads(line) for line in account.run("services", "list", "--json").out.splitlines()]
    assert [one["id"] for one in listed] == ids
    assert {one["state"] for one in listed} <= {"found"}
    for number, name in enumerate(ids[:2]):
        verb = ("accept", "ignore")[number]
        assert (
            json.loads(account.run("services", verb, name, "--json").out)["state"]
            == f"{verb}{'ed' if number == 0 else 'd'}"
        )
        assert json.loads(account.run("services", "show", name, "--json").out)["dependants"] == []
        assert account.run("services", "remove", name).code == ExitCode.DONE


def test_what_is_no_service_is_a_sentence(account: Account) -> None:
    shown = account.run("services", "show", "nonsense")
    assert shown.code == ExitCode.BAD_INPUT
    assert "does not name a service" in shown.err
    assert "no service a@b in the registry" in account.run("services", "depends", "a@b", "--on", "c@d").err + (
        account.run("services", "show", "a@b").err
    )
    assert account.run("services", "check").err == "0 checked, 0 failed.\n"
