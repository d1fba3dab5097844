"""What is different between two looks is told; what changes by itself is not; a profile is kept without a loss."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from opsterm.monitoring.host_facts import (
    Account,
    HostCertificate,
    HostClock,
    Listener,
    LoginSession,
    PackageState,
    PendingUpdate,
    ServiceUnit,
)
from opsterm.monitoring.host_profile import HostProfile, host_profile
from opsterm.monitoring.kept_profile import completed, profile_from_json, profile_record, profile_to_json, with_texts
from opsterm.monitoring.profile_changes import profile_changes
from opsterm.monitoring.profile_lines import profile_lines
from tests.monitoring.hosts import SS, SYSTEMD, printed

KERNEL = {"kernel": "Linux\n6.1.0\nx86_64\nweb-01", "user": "root\n0\nroot"}


def profile(**more: object) -> HostProfile:
    found = host_profile(printed({**KERNEL, **SYSTEMD, **SS}))
    assert found is not None
    return replace(found, **more)  # type: ignore[arg-type]  # fields of a profile


def changes(before: HostProfile, after: HostProfile) -> list[str]:
    return [change.text for change in profile_changes(before, after)]


UNITS = profile().units or ()
PORTS = profile().listeners or ()

TOLD = {
    "a service that failed": (
        {}, {"units": tuple(replace(u, state="failed") if u.name == "nginx" else u for u in UNITS)},
        ["service nginx: running, enabled → failed, enabled"],
    ),
    "a service that came": (
        {}, {"units": (*UNITS, ServiceUnit(name="caddy", state="running", enabled=True))},
        ["service caddy: not there → running, enabled"],
    ),
    "a port that is closed": (
        {}, {"listeners": tuple(one for one in PORTS if one.port != 80)}, ["port tcp/80: nginx → gone"],
    ),
    "an account": (
        {"accounts": (Account(name="root", uid=0, shell="/bin/bash"),)},
        {"accounts": (Account(name="root", uid=0, shell="/bin/bash"), Account(name="eve", uid=0, shell="/bin/sh"))},
        ["account eve: not there → 0, /bin/sh"],
    ),
    "security updates": (
        {"package_state": PackageState(pending=(), tells_security=True)},
        {"package_state": PackageState(
            pending=(PendingUpdate(name="libc6", version="2", security=True),), tells_security=True)},
        ["pending security updates: 0 → 1", "pending updates: 0 → 1"],
    ),
    "a certificate that was renewed": (
        {"certificates": (HostCertificate(place="/c.pem", subject="CN=x", not_after=0.0),), "complete": True},
        {"certificates": (HostCertificate(place="/c.pem", subject="CN=x", not_after=864e5),), "complete": True},
        ["certificate at /c.pem: CN=x, until 1970-01-01 → CN=x, until 1972-09-27"],
    ),
    "a clock that went wrong": (
        {"clock": HostClock(skew_s=0.1, error_s=0.1)}, {"clock": HostClock(skew_s=-30.0, error_s=0.1)},
        ["clock skew: right → off (-30.0 s)"],
    ),
    "a restart": ({"boot_id": "1234567890"}, {"boot_id": "abcdefabcdef"}, ["boot: 12345678 → abcdefab"]),
    "a new system": ({"os": "Debian 12"}, {"os": "Debian 13"}, ["system: Debian 12 → Debian 13"]),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "wanted"), TOLD.values(), ids=TOLD)
def test_what_is_told(before: dict[str, object], after: dict[str, object], wanted: list[str]) -> None:
    assert changes(profile(**before), profile(**after)) == wanted


QUIET = {
    "a one-shot service that runs at the moment": (
        {}, {"units": tuple(replace(u, state="running") if u.name == "logrotate" else u for u in UNITS)},
    ),
    "who is logged in": ({"login_sessions": ()}, {"login_sessions": (LoginSession(user="ana"),)}),
    "connections": ({}, {"links": ()}),
    "a port that the kernel picked": (
        {}, {"listeners": (*PORTS, Listener(protocol="udp", address="*", port=40001, process="named"))},
    ),
    "services that are not known now": ({}, {"units": None, "listeners": None}),
    "updates that are not known now": (
        {"package_state": PackageState(pending=(), tells_security=True)}, {"package_state": PackageState()},
    ),
    "a clock within its error": (
        {"clock": HostClock(skew_s=0.1, error_s=0.1)}, {"clock": HostClock(skew_s=3.0, error_s=4.0)},
    ),
    "a look that was cut off before the certificates": (
        {"certificates": (HostCertificate(place="/c.pem", subject="CN=x", not_after=0.0),)},
        {"certificates": (), "complete": False},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), QUIET.values(), ids=QUIET)
def test_what_is_not_told(before: dict[str, object], after: dict[str, object]) -> None:
    assert changes(profile(**before), profile(**after)) == []


def test_a_profile_is_kept_without_a_loss() -> None:
    whole = profile(clock=HostClock(skew_s=0.5, error_s=0.1, service="chrony", synchronized=True))
    assert profile_from_json(profile_to_json(whole)) == whole


def test_a_profile_of_another_version_is_read() -> None:
    record = {**profile_record(profile()), "invented_later": [1], "units": [{"name": "x", "later": 1}]}
    del record["tools"]
    read = profile_from_json(json.dumps(record))
    assert read.units == (ServiceUnit(name="x"),)
    assert read.tools == ()
    with pytest.raises(ValueError, match="no HostProfile"):
        profile_from_json("[]")


def test_every_text_can_be_masked() -> None:
    found = with_texts(profile(), str.upper)
    assert found.host_name == "WEB-01"
    assert (found.units or ())[0].name == "APT-DAILY"
    assert found.sudo is profile().sudo


def test_a_look_that_was_cut_off_keeps_what_was_known() -> None:
    cut = host_profile(printed(KERNEL, end=False))
    assert cut is not None
    filled = completed(cut, profile())
    assert filled.units == profile().units
    assert filled.listeners == profile().listeners
    assert not filled.complete


def test_a_profile_is_told_in_lines() -> None:
    lines = dict(profile_lines(profile(), 0.0))
    assert lines["running"] == "cron, getty@tty1, nginx"
    assert lines["failed"] == "postgresql@15-main"
    assert lines["ports"].startswith("tcp/22 ssh, tcp/80 nginx, tcp/5432 postgresql@15-main (local)")
    assert lines["updates"] == lines["security updates"] == "not known"
    assert "not running" not in lines
    assert dict(profile_lines(profile(), 0.0, everything=True))["not running"] == "rsync"
