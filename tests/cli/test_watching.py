"""Measurements, alerts, questions and the service, as a script sees them."""

from __future__ import annotations

import json
import re
import signal

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.account import Account, wait_until

FIRES = """\
[monitoring]
interval_s = 0.2
default_thresholds = false
[[monitoring.threshold]]
metric = "memory.used_percent"
warn = 0.01
n = 1
m = 1
advice = "look at what uses it"
"""


def test_before_anything_is_measured_it_says_so(account: Account) -> None:
    for argv in (("metrics",), ("metrics", "--json")):
        assert "Nothing has been measured yet" in account.run(*argv, expect=0).err
    assert "Nothing has been measured yet" in account.run("history", "cpu.used_percent", expect=2).err
    assert "No alerts" in account.run("alerts", expect=0).err
    account.run("targets", "add", "web-01", expect=0)
    assert "the setting monitoring.remote chooses" in account.run("metrics", "--target", "web-01", expect=0).err
    assert "no target nope" in account.run("metrics", "--target", "nope", expect=2).err


@pytest.fixture
def measured(account: Account) -> Account:
    """An account whose workers have measured, and whose one alert fires; the workers have ended."""
    account.config(FIRES)
    with account.serve() as serving:
        wait_until(lambda: bool(account.run("alerts", "--json").out))
        serving.send(signal.SIGTERM)
        assert serving.wait().code == 0
    return account


def test_what_was_measured_is_read_by_prometheus_and_by_scripts(measured: Account) -> None:
    page = measured.run("metrics", expect=0)
    assert page.err == ""
    families = {family.name: family for family in text_string_to_metric_families(page.out)}
    values = {s.labels["target"]: s.value for s in families["opsterm_memory_used_percent"].samples}
    samples = measured.run("metrics", "--json", expect=0).records()
    (memory,) = [s for s in samples if s["metric"] == "memory.used_percent"]
    assert values == {"localhost": memory["value"]}
    points = measured.run("history", "memory.used_percent", "--window", "5m", "--json", expect=0).records()
    assert all(set(point) == {"at", "low", "mean", "high", "readings"} for point in points)
    assert points[-1]["low"] <= memory["value"] <= points[-1]["high"]
    table = measured.run("history", "fs.used_percent[/]", expect=0).out.splitlines()
    assert table[0].split() == ["AGO", "LOW", "MEAN", "HIGH"]
    assert re.search(r"\d %$", table[1])
    for wrong, said in {
        "memory.usd_percent": "The nearest is memory.used_percent", "fs.used_percent[/nope]": "no series",
        "Bad Name": "does not name a series",
    }.items():  # fmt: skip
        assert said in measured.run("history", wrong, expect=2).err
    assert "not a length of time" in measured.run("history", "memory.used_percent", "--window", "x", expect=2).err


def test_an_alert_is_acknowledged_silenced_and_opened_again(measured: Account) -> None:
    alert = measured.run("alerts", "--json", expect=0).record()
    name = alert["id"]
    assert (alert["severity"], alert["state"], alert["advice"]) == ("warning", "firing", "look at what uses it")
    taken = measured.run("alerts", "ack", name, "--note", "mine", "--json", expect=0).record()
    assert (taken["state"], taken["note"]) == ("acknowledged", "mine")
    assert taken["by"]
    quiet = measured.run("alerts", "silence", name[1:], "--for", "4h", "--json", expect=0).record()
    assert quiet["state"] == "silenced"
    assert 4 * 3600 - 60 < quiet["silenced_until"] - taken["since"] < 4 * 3600 + 120
    assert f"{name} is firing" in measured.run("alerts", "reopen", name, expect=0).err
    assert name in measured.run("alerts", "--all").out
    assert [row["what"] for row in measured.run("audit", name, "--json").records()]
    for argv, said in {
        ("silence", name): "A silence must end", ("silence", name, "--for", "x"): "not a length of time",
        ("ack", "a99"): "There is no alert a99", ("ack", "web"): "not the number of an alert",
        ("ack",): "is not understood", ("eat", name): "is not understood",
        ("reopen", name, "--note", "x"): "takes no note", ("silence", name, "--for", "1000d"): "90 days",
    }.items():  # fmt: skip
        assert said in measured.run("alerts", *argv, expect=2).err
    both = measured.run("alerts", "ack", name, "a99", expect=1)
    assert f"{name} is acknowledged" in both.err
    assert "no alert a99" in both.err


def test_questions(measured: Account) -> None:
    measured.run("targets", "add", "win-01", "--tag", "win10", expect=0)
    asked = measured.run("ask", "which", "targets", "are", "tagged", "win10?", expect=0)
    assert "win-01" in asked.out
    assert asked.err.startswith("understood: ")
    answer = measured.run("ask", "memory on localhost over the last hour", "--json", expect=0).record()
    assert answer["understood"]
    assert answer["proposal"] is None
    proposal = measured.run("ask", "run `uptime` on localhost", "--json", expect=0).record()
    assert measured.run("change", proposal["proposal"]["change"], "--json").record()["state"] == "proposed"
    lost = measured.run("ask", "will it rain in paris on sunday", expect=2)
    assert "nothing I can do" in lost.out
    assert not measured.run("ask", "flobber", "--json", expect=2).record()["understood"]


def test_two_services_share_the_work_and_pass_it_on(account: Account) -> None:
    def workers() -> str:
        return str(next(c["text"] for c in account.run("doctor", "--json").records() if c["name"] == "workers"))

    with account.start("serve", "--json") as first:
        number = json.loads(first.line())["process"]
        wait_until(lambda: f"process {number}," in workers())
        with account.start("serve", "--json") as second:
            other = json.loads(second.line())["process"]
            assert f"process {number}," in workers(), "the second follows"
            first.send(signal.SIGKILL)
            first.process.wait()
            wait_until(lambda: f"process {other}," in workers())
            second.send(signal.SIGTERM)
            ended = second.wait()
    assert ended.code == 0
    assert "SIGTERM ends it" in ended.err
    assert "no process runs the workers" in workers()


def test_the_doctor_names_every_part(account: Account) -> None:
    account.config('[monitoring]\ninterval_s = 1\n[keys]\nopen_help = "f2"\n')
    account.write(".ssh/config", 'Host web-01\n    Port "22\n')
    with account.serve():
        wait_until(lambda: "task measurements" in account.run("doctor").out)
        checks = {check["name"]: check for check in account.run("doctor", "--json", expect=0).records()}
    for name in ("opsterm", "operator", "settings", "folders", "terminal", "ssh_config", "database", "credentials",
                 "workers", "task measurements"):  # fmt: skip
        assert name in checks
    assert "monitoring.interval_s = 1 (" in checks["settings"]["text"]
    assert "config.toml:2)" in checks["settings"]["text"]
    assert "keys.open_help (" in checks["settings"]["text"]
    assert checks["ssh_config"]["health"] == "note"
    assert ".ssh/config:2" in checks["ssh_config"]["text"]
    assert "last sign of life" in checks["task measurements"]["text"]
    assert "vault" in checks["credentials"]["text"]
    assert "write-ahead log" in checks["database"]["text"]


def test_a_setting_is_changed_in_its_file(account: Account) -> None:
    file = account.config("# mine\n[changes]\ntimeout_s = 60 # short\n")
    changed = account.run("settings", "set", "changes.timeout_s", "2m", "--json", expect=0)
    assert changed.record()["value"] == "120"
    assert "from the next start" in changed.err
    assert file.read_text().startswith("# mine\n[changes]\ntimeout_s = 120")
    rows = {row["key"]: row["value"] for row in account.run("settings", "--json").records()}
    assert rows["changes.timeout_s"] == "120"
    assert "default" in account.run("settings", "reset", "changes.timeout_s", expect=0).out
    assert "timeout_s" not in file.read_text()
    for argv, said in {
        ("set", "changes.timeout", "1"): "The nearest known one is changes.timeout_s",
        ("set", "changes.timeout_s", "soon"): "must be",
        ("set", "changes.timeout_s"): "is not understood",
        ("reset", "nope.nope"): "no setting nope.nope",
    }.items():
        assert said in account.run("settings", *argv, expect=2).err
    account.run("--config", str(file), "settings", "set", "screen.ascii", "true", expect=0)
    assert "ascii = true" in file.read_text()


def test_settings_keys_and_folders(account: Account) -> None:
    account.config("[changes]\ntimeout_s = 60\n")
    rows = {row["key"]: row for row in account.run("--set", "screen.ascii=true", "settings", "--json").records()}
    assert (rows["changes.timeout_s"]["value"], rows["screen.ascii"]["source"]) == ("60", "--set")
    assert rows["changes.timeout_s"]["source"].endswith("config.toml:2")
    assert "changes.timeout_s = 60    # " in account.run("settings").out
    folders = {row["name"]: row["path"] for row in account.run("where", "--json", expect=0).records()}
    assert folders["database"] == str(account.data / "opsterm.db")
    assert not account.data.exists(), "looking makes nothing"
    assert {"ack", "approve", "?"} & {
        word for row in account.run("keys", "--json").records() for word in row["id"].split()
    }


def test_too_little_history_is_no_forecast(measured: Account) -> None:
    found = measured.run("forecast", "localhost", "--json", expect=0).records()
    assert {(one["outlook"], one["full_at"]) for one in found} == {("too little history", None)}
    said = measured.run("forecast", expect=0)
    assert "no forecast" in said.out
    assert "with too little history (under 24 h): no forecast" in said.err
    assert "nothing is forecast of it" in measured.run("forecast", "--metric", "load.1m", expect=2).err
    assert "Nothing of that was measured" in measured.run("forecast", "--metric", "fs.used_percent[/no]", expect=0).err
    for wrong in (("--within", "2000d"), ("--window", "1h"), ("--within", "soon"), ("tag:(",)):
        measured.run("forecast", *wrong, expect=2)
