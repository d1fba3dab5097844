"""Checks of the settings: what cannot be meant is named, and a result becomes measurements and alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from opsterm.core.errors import BadSetting
from opsterm.core.settings_reading import load_settings
from opsterm.monitoring.alerts import Alert, Severity
from opsterm.monitoring.checks import CheckKind, CheckPlan, Reading, check_rules, judge, plans_from, samples_of
from opsterm.monitoring.reach import Certificate, Failure, Grade, HttpReading, PingReading, TcpReading
from opsterm.monitoring.watch import Watch

DAY = 86_400.0
TABLES = """
[[checks.http]]
name = "shop"
url = "https://shop.example/health"
interval_s = "30s"
failures = 3
status = "200, 204"
json_path = "$.state=up"
headers = { Accept = "application/json" }
[[checks.tcp]]
name = "db"
target = "group:db"
port = 5432
[[checks.ping]]
name = "gate"
host = "192.0.2.1"
"""


def plans(text: str = TABLES) -> Mapping[str, CheckPlan]:
    return {plan.name: plan for plan in plans_from(load_settings(file_text=text).settings.checks)}


def test_tables_become_plans() -> None:
    found = plans()
    shop = found["shop"]
    assert (shop.kind, shop.place, shop.interval_s) == (CheckKind.HTTP, "https://shop.example/health", 30.0)
    assert shop.ask is not None
    assert (shop.ask.statuses, shop.ask.json_path, shop.ask.json_value) == ((200, 204), "$.state", "up")
    assert shop.ask.headers == (("Accept", "application/json"),)
    assert (found["db"].selector, found["db"].port, found["gate"].count) == ("group:db", 5432, 3)


BAD: Mapping[str, tuple[str, str]] = {
    "no name": ('[[checks.http]]\nurl = "http://x/"', "needs a name"),
    "odd name": ('[[checks.http]]\nname = "a b"\nurl = "http://x/"', "needs a name"),
    "neither": ('[[checks.http]]\nname = "a"', "either url or target"),
    "both": ('[[checks.ping]]\nname = "a"\nhost = "x"\ntarget = "y"', "either host or target"),
    "twice": ('[[checks.ping]]\nname = "a"\nhost = "x"\n[[checks.tcp]]\nname = "a"\nhost = "x"\nport = 1', "this name"),
    "no port": ('[[checks.tcp]]\nname = "a"\nhost = "x"', "needs a port"),
    "pattern": ('[[checks.http]]\nname = "a"\nurl = "http://x/"\nmatches = "("', "no.* regular expression"),
    "status": ('[[checks.http]]\nname = "a"\nurl = "http://x/"\nstatus = "ok"', "no list of statuses"),
    "secret": ('[[checks.http]]\nname = "a"\nurl = "x"\nheaders = { authorization = "Bearer x" }', "cannot be set"),
    "split": ('[[checks.http]]\nname = "a"\nurl = "x"\nheaders = { X = "a\\r\\nY: b" }', "no header"),
    "head": ('[[checks.http]]\nname = "a"\nurl = "x"\nmethod = "HEAD"\ncontains = "a"', "no body"),
    "days": ('[[checks.http]]\nname = "a"\nurl = "x"\ndays_warn = 1', "days_critical"),
    "interval": ('[[checks.http]]\nname = "a"\nurl = "x"\ninterval_s = 0', "between 1 and"),
    "unknown": (
        '[[checks.http]]\nname = "a"\nurl = "x"\nintervall_s = 9',
        "nearest known one is checks.http.int",
    ),
    "headers": ('[[checks.http]]\nname = "a"\nurl = "x"\nheaders = "X: a"', "table of texts"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_meant_is_named(case: str) -> None:
    text, sentence = BAD[case]
    with pytest.raises(BadSetting, match=f"(?s).*{sentence}") as caught:
        plans(text)
    assert "Bearer x" not in str(caught.value)


def certificate(days: float) -> Certificate:
    return Certificate(subject="CN=x", issuer="CN=y", names=("x",), not_before=0.0, not_after=days * DAY)


FINE = HttpReading(
    hops=("https://x/",), status=200, body=b'{"state":"up"}', lookup_s=0.001, connect_s=0.002, tls_s=0.01,
    first_byte_s=0.02, total_s=0.035, certificate=certificate(100),
)  # fmt: skip
DOWN = HttpReading(failure=Failure.UNREACHABLE, reason="192.0.2.1 port 443 refused the connection.", total_s=0.001)
SICK = HttpReading(hops=("https://x/",), status=503, body=b'{"state":"up"}', total_s=0.02, certificate=certificate(100))

VALUES: Mapping[str, tuple[str, Reading, Mapping[str, float]]] = {
    "an answer": ("shop", FINE, {"up": 1, "latency_ms": 35, "lookup_ms": 1, "connect_ms": 2, "tls_ms": 10,
                                 "first_byte_ms": 20, "certificate_days": 100}),
    "nobody": ("shop", DOWN, {"up": 0}),
    "a wrong answer": ("shop", SICK, {"up": 0, "latency_ms": 20, "certificate_days": 100}),
    "a port": ("db", TcpReading(address="192.0.2.9", connect_s=0.004), {"up": 1, "latency_ms": 4}),
    "no port": ("db", TcpReading(failure=Failure.TIMED_OUT, reason="Nothing."), {"up": 0}),
    "a ping": ("gate", PingReading(address="192.0.2.1", sent=4, round_trips_s=(0.001, 0.003, 0.002)),
               {"up": 1, "latency_ms": 2, "loss_percent": 25}),
    "no ping": ("gate", PingReading(sent=3, failure=Failure.TIMED_OUT, reason="None."), {"up": 0, "loss_percent": 100}),
    "not sent": ("gate", PingReading(failure=Failure.UNREACHABLE, reason="No."), {"up": 0}),
}  # fmt: skip


@pytest.mark.parametrize("case", VALUES)
def test_a_result_becomes_measurements_and_what_was_not_reached_is_absent(case: str) -> None:
    name, reading, wanted = VALUES[case]
    found = {s.key.metric: s.value for s in samples_of(plans()[name], "web-1", reading, 0.0)}
    assert found == pytest.approx({f"check.{metric}": value for metric, value in wanted.items()})


def test_a_port_that_says_something_else_fails() -> None:
    text = '[[checks.tcp]]\nname = "ssh"\nhost = "x"\nport = 22\nbanner = "SSH-2.0"'
    plan = plans(text)["ssh"]
    good = TcpReading(address="x", connect_s=0.1, banner=b"SSH-2.0-OpenSSH_9\r\n")
    bad = TcpReading(address="x", connect_s=0.1, banner=b"\x1b[2J220 mail\r\n")
    assert judge(plan, good, 0.0).grade is Grade.OK
    assert judge(plan, bad, 0.0).grade is Grade.CRITICAL
    assert "\x1b" not in judge(plan, bad, 0.0).reasons[0]


def fed(readings: Sequence[HttpReading]) -> Sequence[tuple[str, Alert]]:
    """Return what the watch decides about readings 30 s apart: reason and alert."""
    plan, reason = plans()["shop"], ""
    watch = Watch(check_rules([plan], explain=lambda _: reason))
    found = []
    for number, reading in enumerate(readings):
        now = 30.0 * number
        reasons = judge(plan, reading, now).reasons
        reason = reasons[0] if reasons else ""
        found += [(d.reason.value, d.alert) for d in watch.observe(samples_of(plan, "web-1", reading, now), now)]
    return found


def test_failures_in_a_row_raise_an_alert_that_says_why_and_successes_end_it() -> None:
    (fired, alert), (ended, last) = fed([FINE, SICK, FINE, SICK, SICK, DOWN, FINE, FINE, FINE])
    assert (fired, alert.severity, alert.since) == ("fired", Severity.CRITICAL, 150.0)
    assert alert.summary == "check shop fails, 3 of 3 times: 192.0.2.1 port 443 refused the connection."
    assert "opsterm check run shop" in alert.advice
    assert (ended, last.summary) == ("resolved", "check shop passes")


def test_a_certificate_that_runs_out_has_an_alert_of_its_own() -> None:
    def holds(days: float) -> HttpReading:
        return HttpReading(status=200, body=b'{"state":"up"}', certificate=certificate(days))

    told = fed([holds(30), holds(20.5), holds(20), holds(6.5), holds(90)])
    assert [(reason, alert.severity, alert.key.metric) for reason, alert in told] == [
        ("fired", Severity.WARNING, "check.certificate_days"),
        ("worse", Severity.CRITICAL, "check.certificate_days"),
        ("resolved", Severity.CRITICAL, "check.certificate_days"),
    ]
    assert told[0][1].summary.startswith("certificate of shop 20.5 d below 21 d")
