"""The verbs of rules, as a script drives them, and what rules do to a change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opsterm.cli.json_keys import CHANGE_KEYS, FINDING_KEYS, JSON_KEYS
from tests.cli.account import Account

STRICT = ("--set", "policy.strict=true")
HURTS = "rm -f /var/log/opsterm-rule-test.log"
OWN = """[[rule]]
id = "ACME-TMP-01"
title = "Nothing is touched below our folder"
decision = "deny"
why = "It is ours."
safer = "Ask us."
[[rule.when]]
effect = ["write_file"]
object = ["/tmp/acme/*"]
"""


def own(account: Account, text: str = OWN) -> str:
    return str(account.write("o/config/policies/own.toml", text))


def test_rules_packs_and_their_own_tests(account: Account) -> None:
    packs = account.run("policy", "show", "--json", expect=0).records()
    assert [pack["pack"] for pack in packs if pack["on"]] == ["cis", "hipaa", "nist-800-53r5", "pci-dss-4.0.1", "sox"]
    rules = account.run("policy", "list", "--pack", "hipaa", "--json", expect=0).records()
    assert len(rules) == 40
    assert tuple(rules[0]) == JSON_KEYS["policy list"]
    tried = account.run("policy", "test", "--json", expect=0).records()
    assert len(tried) > 400
    assert all(one["right"] for one in tried)
    one = account.run("policy", "explain", "ot-log-01", expect=0).out
    assert "PCI DSS 4.0.1 10.3.2  Logs cannot be changed by persons" in one
    off = ("--set", "policy.packs=")
    assert account.run(*off, "policy", "list", "--json", expect=0).out == ""
    assert "no such pack" in account.run("--set", "policy.packs=soc2", "policy", "list", expect=2).err


def test_a_command_is_checked_and_strict_refuses(account: Account) -> None:
    words = ("policy", "check", "--json", "--", "systemctl", "stop", "auditd")
    advice = account.run(*words, expect=0).record()
    assert tuple(advice) == JSON_KEYS["policy check"]
    finding = next(one for one in advice["compliance"] if one["rule"] == "OT-LOG-02")
    assert tuple(finding) == FINDING_KEYS
    assert (finding["decision"], finding["rule_decision"]) == ("approve", "deny")
    assert account.run(*STRICT, *words, expect=4).record()["decision"] == "deny"
    risk = account.run("risk", "--json", "--", "systemctl", "stop", "auditd", expect=0).record()
    assert [one["rule"] for one in risk["compliance"]] == [one["rule"] for one in advice["compliance"]]
    assert advice["alternatives"]
    assert set(advice["alternatives"]) <= set(risk["alternatives"])


def test_tags_and_environments_of_targets_and_a_ticket_in_the_reason_count(account: Account) -> None:
    account.run("targets", "add", "db-01", "--address", "192.0.2.1", "--environment", "prod", "--tag", "sox", expect=0)

    def said(*words: str) -> dict[str, bool]:
        line = ("policy", "check", "--json", *words, "--", "psql -c 'UPDATE gl SET a=1 WHERE id=1'")
        return {one["rule"]: one["evaluated"] for one in account.run(*line, expect=0).record()["compliance"]}

    assert said()["OT-CHG-03"] is False
    assert said("--on", "db-01")["OT-CHG-03"] is True
    assert said("--on", "db-01")["OT-CHG-01"] is False
    assert said("--on", "db-01", "--reason", "because")["OT-CHG-01"] is True
    assert "OT-CHG-01" not in said("--on", "db-01", "--reason", "CHG-1042")


def test_what_is_denied_cannot_be_approved(account: Account) -> None:
    change = account.run(*STRICT, "propose", "--on", "localhost", "--json", "--", HURTS, expect=0).record()
    assert tuple(change) == CHANGE_KEYS
    assert "OT-LOG-01" in [one["rule"] for one in change["compliance"]]
    refused = account.run(*STRICT, "approve", change["id"], "--digest", change["digest"], expect=4)
    assert "c1 cannot be approved: OT-LOG-01 touches controls" in refused.err or "OT-DATA" in refused.err
    assert "Safer: " in refused.err
    assert "touches controls" in account.run("change", "c1", expect=0).err
    assert account.run("change", "c1", "--json", expect=0).record()["state"] == "proposed"
    told = json.loads(account.run("policy", "evidence", "--format", "json", expect=0).out)["changes"][0]
    assert "was refused to approve it: c1 cannot be approved" in told["refusals"][0]


def test_two_persons_are_two_where_rules_bind(account: Account) -> None:
    words = ("propose", "--on", "localhost", "--json", "--", "chmod u+s /tmp/opsterm-no-such-file")
    assert account.run(*words, expect=0).record()["requirement"] == "1 person"
    change = account.run(*STRICT, *words, expect=0).record()
    assert change["requirement"] == "2 persons"
    given = account.run(*STRICT, "approve", change["id"], "--digest", change["digest"], "--json")
    assert account.run("change", change["id"], "--json", expect=0).record()["state"] == "proposed", given


def test_when_rules_ask_for_more_than_before_the_change_is_void(account: Account) -> None:
    change = account.run("propose", "--on", "localhost", "--json", "--", "touch /tmp/acme/x", expect=0).record()
    own(account)
    void = account.run("approve", "c1", "--digest", change["digest"], expect=4)
    assert "c1 is void: ACME-TMP-01 asks for more than when it was proposed: deny." in void.err
    assert account.run("change", "c1", "--json", expect=0).record()["state"] == "voided"


def test_a_rule_may_ask_about_what_only_reads(account: Account) -> None:
    reads = OWN[: OWN.index("effect")] + 'effect = ["read"]\nprogram = ["uptime"]\n'
    own(account, reads)
    assert "c1" in account.run("query", "--on", "localhost", "--", "uptime", expect=4).err
    assert account.run("query", "--on", "localhost", "--", "hostname", expect=0).out


def test_windows_are_read_as_those_of_limits(account: Account) -> None:
    wrong = account.run("--set", "policy.windows=sometimes", "policy", "check", "--", "uptime", expect=2)
    assert "policy.windows: 'sometimes' is not a time of the week" in wrong.err
    account.run("targets", "add", "db-01", "--address", "192.0.2.1", "--environment", "prod", expect=0)
    words = ("policy", "check", "--json", "--on", "db-01", "--", "apt-get", "upgrade", "-y")
    always = account.run("--set", "policy.windows=* 00:00-24:00", *words, expect=0).record()
    assert "OT-PKG-03" not in [one["rule"] for one in always["compliance"]]


def test_a_file_with_a_fault_stops_what_would_change_anything(account: Account) -> None:
    file = own(account, OWN.replace("deny", "maybe"))
    told = account.run("policy", "validate", file, expect=2)
    assert (
        f"{file}:4: rule.decision: 'maybe' is not known. Allowed are allow, warn, approve, two persons, deny."
        in told.out
    )
    assert "A policy cannot be read" in account.run("propose", "--on", "localhost", "--", "touch /tmp/x", expect=2).err
    own(account)
    assert account.run("policy", "validate", file, expect=0).out == ""


def test_evidence_tells_what_was_checked_and_escapes_what_was_typed(account: Account) -> None:
    account.run("propose", "--on", "localhost", "--", "rm -f /var/log/x.log # <script>alert(1)</script> | a", expect=0)
    account.run("propose", "--on", "localhost", "--", "touch /tmp/password=Hunter22secret", expect=0)
    account.run("deny", "c1", "--note", "not <b>today</b>", expect=0)
    page = account.home / "evidence.html"
    account.run("policy", "evidence", "--format", "html", "-o", str(page), expect=0)
    html = page.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "src=" not in html
    assert "http://" not in html
    assert page.stat().st_mode & 0o777 == 0o600
    assert "is there already" in account.run("policy", "evidence", "-o", str(page), expect=2).err
    whole = json.loads(account.run("policy", "evidence", "--format", "json", expect=0).out)
    denied, waits = whole["changes"]
    assert (denied["outcome"], denied["by"], waits["outcome"]) == ("denied: not <b>today</b>", waits["by"], "waits")
    counts = {one["control"]: one for one in whole["controls"]}
    assert (counts["NIST 800-53 r5 AU-9"]["touched"], counts["NIST 800-53 r5 AU-9"]["not_carried_out"]) == (1, 1)
    assert whole["packs"][0]["name"] == "rules"
    assert {"rule": "OT-CHG-01", "missing": "environment of the targets", "changes": 2} in whole["not_evaluated"]
    assert "Hunter22secret" not in html
    text = account.run("policy", "evidence", "--since", "2020-01-01", expect=0).out
    assert "nothing in it says that a control is met" in text
    assert "&lt;script&gt;" in text
    assert "ends before it begins" in account.run(
        "policy", "evidence", "--since", "2020-01-01", "--until", "2019-01-01", expect=2
    ).err  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "text", "says"),
    [
        (0o666, OWN, "others than you can write to it"),
        (0o600, OWN.replace('"deny"', '"allow"\nautonomy = true'), "lets nothing run without a person"),
        (0o600, OWN.replace("why", "wy"), "There is no such key"),
    ],
    ids=["writable by others", "autonomy", "fault"],
)
def test_rules_that_cannot_be_obeyed_stop_everything_and_the_doctor_says_so(
    account: Account, mode: int, text: str, says: str
) -> None:
    Path(own(account, text)).chmod(mode)
    refused = account.run("risk", "--", "uptime", expect=2).err
    assert says in refused
    checks = {one["name"]: one for one in account.run("doctor", "--json").records()}
    assert (checks["policies"]["health"], says in checks["policies"]["text"]) == ("bad", True)
    Path(own(account)).chmod(0o600)
    healthy = {one["name"]: one for one in account.run("doctor", "--json").records()}["policies"]
    assert (healthy["health"], "1 of your own" in healthy["text"]) == ("good", True)
