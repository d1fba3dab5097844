"""What is looked at after a change: how it is asked for, what binds it, and which checks suit a change."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.changes.suggested_checks import suggested_checks
from opsterm.changes.verification import (
    NO_VERIFICATION,
    UNIT_STATES,
    ChangeCheck,
    ChangeCheckKind,
    OnFailure,
    Verification,
    address_of_check,
    bound,
    check_text,
    parse_check,
    parse_verification,
    verification_lines,
)
from opsterm.core.errors import BadInput, OpstermError, Refused
from opsterm.policy.order import Order, Terms
from tests.changes.samples import order


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("unit:nginx", "unit:nginx active"), ("unit: nginx  inactive", "unit:nginx inactive"),
        ("unit:foo@bar.service enabled", "unit:foo@bar.service enabled"), ("port:443", "port:443"),
        ("port:443/tcp", "port:443"), ("port:53/udp", "port:53/udp"),
        ("http:http://localhost/", "http:http://localhost/"), ("https://localhost:8443/h 204",
        "http:https://localhost:8443/h 204"), ("config:sshd", "config:sshd"),
        ("command:findmnt /data", "command:findmnt /data"),
        ("command:ss -ltn | grep -q :80", "command:ss -ltn | grep -q :80"),
    ],
)  # fmt: skip
def test_a_check_is_understood_and_said_in_one_way(text: str, understood: str) -> None:
    found = parse_check(text)
    assert str(found) == understood
    assert parse_check(understood) == found


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("nginx", BadInput, "is no check"), ("unit:", BadInput, "is no check"), ("unit:a b c", BadInput, "is no check"),
        ("unit:nginx running", BadInput, "is no check"), ("unit:-H host", BadInput, "is no check"),
        ("port:0", BadInput, "is no check"), ("port:70000", BadInput, "is no check"), ("port:x", BadInput, "no check"),
        ("http:localhost", BadInput, "is no check"), ("http://user:pw@host/", BadInput, "is no check"),
        ("http://h/ 999", BadInput, "is no check"), ("config:emacs", BadInput, "is not known"),
        ("command:", Refused, "has to only read"), ("command:rm -r /x", Refused, "has to only read"),
        ("command:./mine.sh", Refused, "has to only read"), ("\x1b[2Junit:x", BadInput, "is no check"),
    ],
)  # fmt: skip
def test_what_is_no_check_is_refused_with_a_sentence(text: str, error: type[OpstermError], said: str) -> None:
    with pytest.raises(error, match=said) as caught:
        parse_check(text)
    assert caught.value.next_step
    assert "\x1b" not in str(caught.value)


units = st.builds(
    ChangeCheck, kind=st.just(ChangeCheckKind.UNIT), subject=st.from_regex(r"[a-z][a-z0-9@.-]{0,20}", fullmatch=True),
    wanted=st.sampled_from(UNIT_STATES),
)  # fmt: skip
others = [
    "port:80",
    "port:53/udp",
    "config:sshd",
    "command:uptime",
    "command:cat /etc/motd",
    "http://h/ 200",
    "reach:22",
]
checks = st.one_of(units, st.sampled_from(others).map(parse_check))
verifications = st.builds(
    Verification, checks=st.lists(checks, max_size=5, unique=True).map(tuple), tries=st.integers(1, 100),
    within_s=st.integers(1, 3600), on_failure=st.sampled_from(OnFailure), keeper=st.sampled_from(["", "ab" * 32]),
)  # fmt: skip


@given(verifications)
def test_its_text_says_all_of_it(wish: Verification) -> None:
    text = wish.text()
    assert parse_verification(text) == (wish if text else NO_VERIFICATION)
    assert bool(text) == bool(wish.checks or wish.on_failure is OnFailure.ROLLBACK)


@settings(max_examples=25)
@given(checks)
def test_the_text_of_a_check_is_sound_shell(check: ChangeCheck) -> None:
    read = subprocess.run(["/bin/sh", "-n"], input=check_text(check), text=True, capture_output=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")


def with_terms(of: Order, verify: str) -> Order:
    return replace(of, terms=Terms(requested_by="ana", environments=("",), requirement="", verify=verify, once="1"))


def test_an_order_binds_it_and_one_without_has_the_bytes_it_always_had() -> None:
    wish = Verification(checks=(parse_check("unit:nginx"),))
    asked = with_terms(order(command="systemctl reload nginx"), wish.text())
    stricter = with_terms(order(command="systemctl reload nginx"), replace(wish, tries=6).text())
    without = with_terms(order(command="systemctl reload nginx"), "")
    assert len({asked.digest(), stricter.digest(), without.digest()}) == 3
    assert b"verify" not in without.canonical()
    assert verification_lines(asked) == (
        "unit:nginx active (5 tries within 1 m)", "if it fails or does not verify: stays as it is"
    )  # fmt: skip
    assert verification_lines(without) == ()
    assert asked.terms is not None
    guarded = replace(asked, terms=replace(asked.terms, confirm_s=60))
    assert verification_lines(guarded)[-1].endswith("the target takes it back at once, as its guard says")


@pytest.mark.parametrize(
    ("text", "host", "asked"),
    [
        ("reach:443", "web-01", 443), ("reach:http://{target}/", "192.0.2.7", "http://192.0.2.7/"),
        ("reach:https://{target}:8443/health 204", "2001:db8::7", "https://[2001:db8::7]:8443/health"),
        ("reach:http://www.example.org/", "web-01", "http://www.example.org/"),
    ],
)  # fmt: skip
def test_what_is_reached_from_here_may_be_the_target_itself(text: str, host: str, asked: int | str) -> None:
    check = parse_check(text)
    assert (str(check), check_text(check), address_of_check(check, host)) == (text, "", asked)


@pytest.mark.parametrize("text", ["reach:0", "reach:65536", "reach:http://", "reach:ftp://{target}/", "reach:{target}"])
def test_what_cannot_be_reached_from_here_is_no_check(text: str) -> None:
    with pytest.raises(BadInput, match="is no check"):
        parse_check(text)


@pytest.mark.parametrize("text", ["x", "{}", '{"checks":[]}', '{"checks":["unit:a b"],"keeper":""}'])
def test_a_text_that_nobody_wrote_is_none(text: str) -> None:
    with pytest.raises(BadInput):
        parse_verification(text)


@pytest.mark.parametrize(
    ("command", "wish", "said"),
    [
        ("./unknown.sh", Verification(on_failure=OnFailure.ROLLBACK), "could not be taken back"),
        ("uptime", Verification(on_failure=OnFailure.ROLLBACK), "could not be taken back"),
        ("touch /tmp/x", Verification(tries=0), "1 to 100 times"),
        ("touch /tmp/x", Verification(within_s=9999), "1 to 100 times"),
        ("touch /tmp/x", Verification(checks=(parse_check("port:1"),) * 30), "20 is the most"),
    ],
)  # fmt: skip
def test_what_could_not_be_done_is_not_bound(command: str, wish: Verification, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        bound(wish, order(command=command), way_back=True)


@pytest.mark.parametrize(
    ("command", "suits"),
    [
        ("systemctl restart nginx", ["unit:nginx active"]), ("systemctl stop nginx", ["unit:nginx inactive"]),
        ("sudo systemctl disable --now nginx", ["unit:nginx inactive", "unit:nginx disabled"]),
        ("systemctl enable foo.timer", ["unit:foo.timer enabled"]),
        ("sed -i s/a/b/ /etc/ssh/sshd_config", ["config:sshd"]),
        ("echo x > /etc/nginx/conf.d/x.conf && nginx -s reload", ["config:nginx", "unit:nginx active"]),
        ("cp a /etc/sudoers.d/x", ["config:sudoers"]), ("service ssh restart", ["unit:ssh active", "port:22"]),
        ("echo '/dev/sdb /data ext4 defaults 0 2' >> /etc/fstab", ["config:fstab"]),
        ("uptime", []), ("rm -r /srv/old", []), ("systemctl restart 'php*'", []), ("./mine.sh", []),
    ],
)  # fmt: skip
def test_checks_that_suit_a_change(command: str, suits: list[str]) -> None:
    found = suggested_checks(order(command=command))
    assert list(map(str, found)) == suits
    assert [parse_check(str(check)) for check in found] == list(found), "each can be given to --verify"
