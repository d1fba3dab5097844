"""What an approval is for, to the byte: how the shell is started belongs to it, and earlier approvals still hold."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput
from opsterm.policy.approval import Case, Standing, why_asked
from opsterm.policy.order import Order, OrderTarget, RunAs, Terms, order_of, require_account
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
    assert why in why_asked(case) if why else not why_asked(case)


TERMS = Terms(requested_by="ana", environments=("prod",), requirement="1 person", once="0" * 32)
AGREED = replace(ORDER, terms=TERMS)
OTHER_TERMS = st.one_of(
    st.builds(lambda text: replace(TERMS, requested_by=text), st.text(max_size=5)),
    st.builds(lambda places: replace(TERMS, environments=tuple(places)), st.lists(st.text(max_size=4), max_size=2)),
    st.builds(lambda text: replace(TERMS, requirement=text), st.text(max_size=10)),
    st.builds(lambda text: replace(TERMS, plan=text), st.text(max_size=5)),
    st.builds(lambda text: replace(TERMS, rollback=text), st.text(max_size=5)),
    st.builds(lambda text: replace(TERMS, rollout=text), st.text(max_size=5)),
    st.builds(lambda text: replace(TERMS, once=text), st.text(max_size=5)),
)


@given(OTHER_TERMS, WAYS)
def test_the_terms_are_part_of_what_is_approved(terms: Terms, how: RunAs) -> None:
    order = replace(AGREED, terms=terms, become=how.become, login=how.login, pty=how.pty)
    assert (order.digest() == AGREED.digest()) is (terms == TERMS and how == RunAs())
    assert json.loads(order.canonical())["v"] == 3
    assert order_of(order.canonical()) == order, "whoever approves elsewhere reads the very same"


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b"null", ORDER.canonical(), AGREED.canonical() + b" ", AGREED.canonical()[:-1],
             AGREED.canonical().replace(b'"v":3', b'"v":4'), AGREED.canonical().replace(b'"plan"', b'"plam"')],
)  # fmt: skip
def test_what_is_not_the_one_form_of_an_order_is_refused(text: bytes) -> None:
    with pytest.raises(BadInput):
        order_of(text)
