"""Answers from kept profiles and from the registry: what was never looked at is said, and never guessed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsterm.assistant.answer import Answer, answer_lines
from opsterm.assistant.answers_services import answer_hosts, answer_needed_by
from opsterm.assistant.interpret import interpret
from opsterm.assistant.queries import HostQuestion
from opsterm.assistant.query_words import HostTopic
from opsterm.inventory.dependencies import Dependency, DependencyOrigin
from opsterm.monitoring.host_facts import PackageState, PendingUpdate
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


def test_a_target_that_was_never_looked_at() -> None:
    assert asked(HostTopic.SERVICES, selector="web-05").startswith(
        "None of the targets that match web-05 was looked at"
    )
    assert asked(HostTopic.UPDATES, selector="sw-1").startswith("None of the targets that match sw-1 has a shell")


@pytest.mark.parametrize("topic", HostTopic)
def test_every_line_reads_back(topic: HostTopic) -> None:
    subject = {HostTopic.RUNNING: "nginx", HostTopic.LISTENING: "22", HostTopic.NEEDED_BY: "nginx@web-01"}.get(
        topic, ""
    )
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
