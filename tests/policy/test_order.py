"""What an approval is for, to the byte: how the shell is started belongs to it, and earlier approvals still hold."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput
from opsterm.policy.approval import Case, Standing, require_only_reads
from opsterm.policy.order import Order, OrderTarget, RunAs, require_account
from opsterm.policy.risk import RiskLevel, assess

ORDER = Order(
    command="uptime", shell="sh", timeout_s=30.0, expires_at=1_000_900.0,
    targets=(OrderTarget(name="web-01", protocol="ssh", address="web-01.example", port=0, user=""),),
)  # fmt: skip
OLD_BYTES = (
    b'{"command":"uptime","expires_ms":1000900000,"shell":"sh",'
    b'"targets":[["web-01","ssh","web-01.example",0,""]],"timeout_ms":30000,"v":1}'
)
WAYS = st.builds(RunAs, become=st.sampled_from(["", "root", "db"]), login=st.booleans(), pty=st.booleans())


def started(how: RunAs, command: str = "uptime") -> Order:
    return replace(ORDER, command=command, become=how.become, login=how.login, pty=how.pty)


def test_an_order_that_says_nothing_of_it_has_the_bytes_it_always_had() -> None:
    assert ORDER.canonical() == OLD_BYTES


@given(WAYS, WAYS)
def test_each_way_to_start_has_bytes_of_its_own(one: RunAs, other: RunAs) -> None:
    assert (started(one).digest() == started(other).digest()) is (one == other)
    assert started(one).run_as == one
    assert json.loads(started(one).canonical())["v"] == (1 if one == RunAs() else 2)


@pytest.mark.parametrize("name", ["", "-root", "#0", "a b", "a;b", "root\n", "$(id)", "a" * 200, "wurzel\u202e", "a/b"])
def test_what_is_no_account_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        require_account(name)


@pytest.mark.parametrize("name", ["root", "www-data", "_apt", "svc.app", "ops@example.com", "host$", "1001"])
def test_an_account_is_taken_as_it_is_written(name: str) -> None:
    require_account(name)


JUDGED = [
    ("journalctl -u nginx -n 50", RunAs(become="root"), RiskLevel.READ, ""),
    ("ss -tlnp", RunAs(become="root"), RiskLevel.READ, ""),
    ("uptime", RunAs(), RiskLevel.READ, ""),
    ("tail -n 5 /var/log/syslog", RunAs(), RiskLevel.READ, ""),
    ("tail -n 5 /var/log/syslog", RunAs(become="root"), RiskLevel.HIGH, "only that account"),
    ("df -h; /usr/bin/crontab -l", RunAs(become="root"), RiskLevel.HIGH, "crontab"),
    ("cat /etc/shadow", RunAs(become="root"), RiskLevel.HIGH, "secret"),
    ("cat /opt/app/config", RunAs(become="root"), RiskLevel.HIGH, "no secrets"),
    ("uptime", RunAs(become="root", login=True), RiskLevel.HIGH, "profile files"),
    ("uptime", RunAs(login=True), RiskLevel.HIGH, "profile files"),
    ("uptime", RunAs(pty=True), RiskLevel.HIGH, "terminal"),
    ("reboot", RunAs(become="root"), RiskLevel.HIGH, "not on the list"),
    ("sudo -n uptime", RunAs(), RiskLevel.READ, "another user"),
]


@pytest.mark.parametrize(("command", "how", "level", "why"), JUDGED)
def test_how_a_command_is_started_counts_for_its_risk(command: str, how: RunAs, level: RiskLevel, why: str) -> None:
    risk = assess(command, "sh", ORDER.targets, [""], how=how)
    assert risk.level is level
    assert (f"It runs as {how.become} by sudo." in risk.reasons) is bool(how.become)
    assert why == "" or len(risk.reasons) > 1 or level is not RiskLevel.READ


@pytest.mark.parametrize(("command", "how", "level", "why"), JUDGED)
def test_at_once_runs_what_only_reads_whoever_reads_it(command: str, how: RunAs, level: RiskLevel, why: str) -> None:
    order = started(how, command)
    case = Case(name="c1", order=order, digest=order.digest(), approved_digest="", standing=Standing.WAITING,
                requested_by="ana")  # fmt: skip
    if not why:
        require_only_reads(case)
    else:
        with pytest.raises(Exception, match="somebody has to approve it") as caught:
            require_only_reads(case)
        assert why in str(caught.value)
