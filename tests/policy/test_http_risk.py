"""A request is graded by its method, and one that cannot be read is never a read."""

from __future__ import annotations

import pytest

from opsterm.policy.risk import RiskLevel, assess, why_not_read_only
from tests.inventory.mutations import mutations

URL = "https://api.example.org/v1/pets/1"


@pytest.mark.parametrize(
    ("text", "level", "reason"),
    [
        (f"GET {URL}", RiskLevel.LOW, "It only reads"),
        (f"HEAD {URL}", RiskLevel.LOW, "It only reads"),
        (f"POST {URL}", RiskLevel.MEDIUM, "sent twice"),
        (f"PATCH {URL}", RiskLevel.MEDIUM, "parts"),
        (f"OPTIONS {URL}", RiskLevel.MEDIUM, "some servers do more"),
        (f"PUT {URL}\n\nx", RiskLevel.HIGH, "replaces the whole"),
        (f"DELETE {URL}", RiskLevel.HIGH, "no way back"),
        (f"GET {URL}\n\nbody", RiskLevel.HIGH, "GET with a body"),
        ("GET http://cam/axis-cgi/restart.cgi", RiskLevel.HIGH, "says restart"),
        ("GET http://cam/axis-cgi/hard%66actorydefault.cgi", RiskLevel.HIGH, "says hardfactorydefault"),
        ("GET http://cam/axis-cgi/param.cgi?action=update&root.x=1", RiskLevel.HIGH, "says action=update"),
        ("GET http://cam/axis-cgi/param.cgi?action=list&group=root", RiskLevel.LOW, "It only reads"),
        (f"GET {URL}/deleteNow", RiskLevel.HIGH, "says delete"),
        (f"HEAD {URL}?reboot=1", RiskLevel.HIGH, "says reboot"),
        (f"GET {URL}?status=deleted&q=delete", RiskLevel.LOW, "It only reads"),
        ("uptime", RiskLevel.HIGH, "not a request"),
        (f"get {URL}", RiskLevel.HIGH, "not a request"),
        ("", RiskLevel.HIGH, "not a request"),
    ],
)
def test_grades(text: str, level: RiskLevel, reason: str) -> None:
    risk = assess(text, "http", (), ())
    assert (risk.level, reason in risk.reasons[0]) == (level, True), risk
    assert (why_not_read_only(text, "http") == "") is (level is RiskLevel.LOW)


def test_a_secret_and_a_line_without_tls_are_said() -> None:
    reasons = assess("GET http://api.example.org/?k={credential:key}", "http", (), ()).reasons
    assert "with the secret key" in reasons[1]
    assert "over http" in reasons[2]


def test_production_is_said_of_what_may_change_something() -> None:
    assert "production" in " ".join(assess(f"DELETE {URL}", "http", (), ("prod",)).reasons)


def test_a_request_is_no_command_and_a_command_no_request() -> None:
    assert why_not_read_only(f"GET {URL}", "sh")
    assert why_not_read_only("uptime", "http")


def test_whatever_is_done_to_a_write_it_never_becomes_a_read_unless_it_is_one() -> None:
    for text in mutations(f"DELETE {URL}\nX: y\n\nbody", 10_000, seed=9):
        if not why_not_read_only(text, "http"):
            assert text.startswith(("GET https://", "HEAD https://", "GET http://", "HEAD http://"))
