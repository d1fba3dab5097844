"""Answers from kept profiles and from the registry: what was never looked at is said, and never guessed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from opsterm.assistant.answer import Answer, answer_lines
from opsterm.assistant.answers_profiles import answer_discovery, answer_offering
from opsterm.assistant.answers_services import answer_hosts, answer_needed_by
from opsterm.assistant.interpret import interpret
from opsterm.assistant.queries import DiscoverRequest, HostQuestion
from opsterm.assistant.query_words import HostTopic
from opsterm.inventory.dependencies import Dependency, DependencyOrigin
from opsterm.monitoring.host_facts import LoginSession, PackageState, PendingUpdate
from opsterm.monitoring.host_profile import HostProfile, host_profile
from opsterm.monitoring.kept_profile import KeptProfile
from tests.assistant.samples import NOW, rows, world
from tests.monitoring.hosts import SS, SYSTEMD, printed


def profile(**more: object) -> HostProfile:
    found = host_profile(printed({"kernel": "Linux\n6\nx\ny", "services": "systemd", "packages": "apt-get",
                                  **SYSTEMD, **SS}))  # fmt: skip
    assert found is not None
    return replace(found, **more)  # type: ignore[arg-type]  # fields of a profile


PENDING = PackageState(
    pending=(PendingUpdate(name="libc6", version="2", security=True), PendingUpdate(name="tzdata", version="3")),
    tells_security=True, index_age_s=7200.0,
)  # fmt: skip
PROFILES = {
    name: KeptProfile(target=name, since=NOW - 90, at=NOW - 60, profile=one)
    for name, one in {
        "web-01": profile(package_state=PENDING),
        "web-02": profile(units=None, listeners=None),
        "db-main-1": profile(package_state=PackageState(pending=(), tells_security=True)),
    }.items()
}


def text(answer: Answer) -> str:
    for follow_up in answer.follow_ups:
        assert interpret(follow_up.line, world()).query is not None, follow_up
    return "\n".join(answer_lines(answer))


def asked(topic: HostTopic, subject: str = "", selector: str = "") -> str:
    question = HostQuestion(topic=topic, subject=subject, selector=selector)
    return text(answer_hosts(question, rows(), PROFILES, NOW))


def test_services_of_a_target_with_their_ports_and_what_failed() -> None:
    told = asked(HostTopic.SERVICES, selector="web-01")
    assert "nginx               running  tcp/80" in told
    assert "postgresql@15-main  failed   tcp/5432" in told
    assert "docker-proxy        listens  tcp/8080" in told
    assert "run on web-01 -- systemctl status postgresql@15-main" in told
    assert "[p1] 1 profile, the oldest 1 m ago" in told


def test_which_targets_run_something() -> None:
    told = asked(HostTopic.RUNNING, "nginx")
    assert told.startswith("2 targets of 3 that were looked at run nginx.")
    assert "more targets: never looked at, so not known." in told
    assert asked(HostTopic.RUNNING, "postgres").startswith("2 targets of 3")
    assert asked(HostTopic.RUNNING, "redis").startswith("0 targets of 3 that were looked at run redis.")


def test_who_listens_on_a_port() -> None:
    told = asked(HostTopic.LISTENING, "5432")
    assert "postgresql@15-main  itself only" in told.replace("127.0.0.1", "itself only")
    assert "Ports of web-02 are not known." in told
    assert asked(HostTopic.LISTENING, "81").startswith("Nobody listens on 81 on 2 targets.")


def test_what_is_pending_and_where_that_is_not_known() -> None:
    told = asked(HostTopic.SECURITY)
    assert told.startswith("1 target of 2 has pending security updates, as far as their indexes tell.")
    assert "libc6" in told
    assert "tzdata" not in told
    assert "Pending security updates are not known of web-02." in told
    assert "run on web-01 -- apt list --upgradable" in told
    assert "libc6, tzdata" in asked(HostTopic.UPDATES)


def test_what_a_target_is() -> None:
    told = asked(HostTopic.PROFILE, selector="web-01")
    assert told.startswith("Profile of web-01:")
    assert "services          systemd" in told
    assert "discover services on web-01" in told
    several = asked(HostTopic.PROFILE)
    assert several.startswith("Profiles of 3 targets:")
    assert "not known" in several  # updates of one are not


def test_which_ports_are_listened_on() -> None:
    told = asked(HostTopic.PORTS, selector="web-01")
    assert re.match(r"\d+ ports of web-01 are listened on:\n", told)
    rows = [line.split("  ")[0] for line in told.splitlines()[2:] if line[:3] in ("tcp", "udp")]
    assert rows == sorted(rows, key=lambda row: (row[:3], int(row[4:])))
    assert "Ports of web-02 are not known." in asked(HostTopic.PORTS)


def test_who_is_logged_in() -> None:
    told = asked(HostTopic.LOGGED_IN)
    assert "Who is logged in on db-main-1,web-[01-02] is not known." in told
    ana = LoginSession(user="ana", terminal="pts/0", origin="198.51.100.7")
    kept = {"web-01": replace(PROFILES["web-01"], profile=profile(login_sessions=(ana,))),
            "web-02": replace(PROFILES["web-02"], profile=profile(login_sessions=()))}  # fmt: skip
    told = text(answer_hosts(HostQuestion(topic=HostTopic.LOGGED_IN), rows(), kept, NOW))
    assert told.startswith("1 log-in on 1 target:")
    assert "web-01  ana   198.51.100.7" in told
    assert "Nobody was logged in on web-02." in told
    assert "run on web-[01-02] -- who" in told


def test_what_offers_a_capability() -> None:
    services = world().services

    def told(word: str) -> str:
        return text(answer_offering(HostQuestion(topic=HostTopic.OFFERING, subject=word), services, NOW))

    assert told("sql").startswith("1 service on 1 target offers sql:")
    assert "postgresql@db-main-1  sql:postgres" in told("sql")
    assert told("nginx").startswith("2 services on 2 targets offer nginx:")
    assert told("dns").startswith("No service of the registry offers dns.")


def test_what_a_discovery_brought() -> None:
    nginx = world().services[0]
    brought = {"new": [nginx], "changed": [], "back": [], "gone": []}
    failed = {"web-02": "It refused.", "web-03": "It refused."}
    told = text(answer_discovery(DiscoverRequest(selector="group:web"), brought=brought, seen=1, failed=failed))
    assert told.startswith("1 service seen: 1 new, 0 changed, 0 back, 0 gone.")
    assert "`opsterm services accept 'group:web'`" in told
    assert "web-[02-03] not looked at: It refused." in told


def test_a_target_that_was_never_looked_at() -> None:
    assert asked(HostTopic.SERVICES, selector="web-05").startswith(
        "None of the targets that match web-05 was looked at"
    )
    assert asked(HostTopic.UPDATES, selector="sw-1").startswith("None of the targets that match sw-1 has a shell")


@pytest.mark.parametrize("topic", HostTopic)
def test_every_line_reads_back(topic: HostTopic) -> None:
    subject = {HostTopic.RUNNING: "nginx", HostTopic.LISTENING: "22", HostTopic.NEEDED_BY: "nginx@web-01",
               HostTopic.OFFERING: "sql:postgres"}.get(topic, "")  # fmt: skip
    for selector in ("", "web-01"):
        question = HostQuestion(topic=topic, subject=subject, selector=selector)
        assert interpret(question.line, world()).query == question


def test_what_a_failure_would_reach() -> None:
    graph = [
        Dependency(service="nginx@web-01", on="postgresql@db-main-1", origin=DependencyOrigin.OBSERVED, found_at=0),
        Dependency(service="shop@web-02", on="nginx@web-01", origin=DependencyOrigin.DECLARED, found_at=0),
    ]
    question = HostQuestion(topic=HostTopic.NEEDED_BY, subject="postgresql@db-main-1")
    told = text(answer_needed_by(question, graph))
    assert told.startswith("2 services would be reached if postgresql@db-main-1 failed:")
    assert "shop@web-02   nginx@web-01          declared" in told
    assert "Nothing is known to need x@y" in text(answer_needed_by(replace(question, subject="x@y"), graph))
