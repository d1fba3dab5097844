"""What is not run, whoever approves it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from opsterm.core.approval_settings import LimitSetting
from opsterm.core.errors import BadInput, BadSetting, Refused
from opsterm.core.settings import ApprovalSettings
from opsterm.policy.change_windows import parse_window
from opsterm.policy.demands import check_settings
from opsterm.policy.file_put import file_put
from opsterm.policy.limits import PastRun, applying, decision_outside, require_rate, require_within, tripped
from opsterm.policy.order import Order, OrderTarget
from tests.policy.zones import zone

WEB = OrderTarget(name="web-01", protocol="ssh", address="192.0.2.1", port=0, user="")
ORDER = Order(command="systemctl reload nginx", shell="sh", targets=(WEB,), timeout_s=60.0, expires_at=1000.0)
ONLY = LimitSetting(environment="prod", executables="systemctl, nft, cat, sudo")
BARRED = LimitSetting(environment="prod", forbidden_paths="/boot, /etc/shadow")

WITHIN = [
    (ONLY, "systemctl reload nginx"),
    (ONLY, "systemctl reload nginx && nft list ruleset | cat"),
    (ONLY, "sudo systemctl reload nginx"),
    (LimitSetting(executables="/opt/app/deploy.sh"), "/opt/app/deploy.sh now"),
    (BARRED, "cat /etc/hosts"),
    (BARRED, "ls /"),
    (BARRED, "cd /etc; cat hosts"),
    (BARRED, "rm /etc/shadow.bak"),
    (BARRED, "touch /bootx"),
    (LimitSetting(timeout_s=60), "true"),
]
BEYOND = [
    (LimitSetting(read_only=True), "uptime", "nothing is changed there"),
    (LimitSetting(timeout_s=59), "true", "1 m; 59 s is the most"),
    (ONLY, "rm -rf /srv", "rm is not one"),
    (ONLY, "systemctl reload nginx; rm x", "rm is not one"),
    (ONLY, "/tmp/systemctl reload", "/tmp/systemctl is not one"),
    (ONLY, "cat $(rm x)", "rm is not one"),
    (ONLY, "$X foo", "cannot be followed"),
    (ONLY, "cat x; bash y.sh", "bash is not one"),
    (LimitSetting(executables="bash"), "bash y.sh", "cannot be followed"),
    (ONLY, "env rm x", "is not one"),
    (BARRED, "cat /etc/shadow", "/etc/shadow is"),
    (BARRED, "cat /etc/./../etc/shadow", "forbidden path /etc/shadow"),
    (BARRED, "cat /e*/shad?w", "forbidden path /etc/shadow"),
    (BARRED, "cd /etc; cat shadow", "forbidden path /etc/shadow"),
    (BARRED, "rm -rf /", "leads to, the forbidden path"),
    (BARRED, "rm -rf /etc", "leads to, the forbidden path /etc/shadow"),
    (BARRED, "echo x > /boot/grub.cfg", "forbidden path /boot"),
    (BARRED, "dd if=/dev/zero of=/boot/vmlinuz", "forbidden path /boot"),
    (BARRED, "cat $FILE; $X", "cannot be followed"),
]


@pytest.mark.parametrize(("limit", "command"), WITHIN)
def test_what_is_within_a_limit_passes(limit: LimitSetting, command: str) -> None:
    require_within(replace(ORDER, command=command), [limit])


@pytest.mark.parametrize(("limit", "command", "says"), BEYOND)
def test_what_is_beyond_a_limit_is_refused(limit: LimitSetting, command: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        require_within(replace(ORDER, command=command), [limit])


def test_a_file_is_not_put_on_a_forbidden_path() -> None:
    put = file_put("/etc/shadow", size=1, sha256="0" * 64, mode="0600", owner="root", source="x")
    with pytest.raises(Refused, match="forbidden path"):
        require_within(replace(ORDER, command=put.text(), shell="put"), [BARRED])
    require_within(replace(ORDER, command=replace(put, path="/etc/motd").text(), shell="put"), [BARRED, ONLY])


def test_windows_paths_are_compared_as_windows_does() -> None:
    limit = LimitSetting(forbidden_paths=r"C:\Windows\System32")
    with pytest.raises(Refused):
        require_within(replace(ORDER, command=r"Remove-Item c:\windows\system32\drivers", shell="powershell"), [limit])


def test_limits_apply_by_environment() -> None:
    both = [ONLY, LimitSetting(environment="*", timeout_s=5)]
    assert applying(both, ["PROD"]) == both
    assert applying(both, ["lab"]) == both[1:]
    assert applying(both, []) == both[1:]
    assert applying(both, ["lab", "prod"]) == both


def run(at: float, *, failed: bool = False, by: str = "ana", place: str = "prod", ended: bool = True) -> PastRun:
    return PastRun(by=by, environments=(place,), started_at=at, ended_at=at + 1 if ended else 0.0, failed=failed)


def test_an_account_runs_so_many_changes_an_hour() -> None:
    limit = LimitSetting(environment="prod", per_hour=2)
    past = [run(100), run(200), run(300, by="ben"), run(300, place="lab")]
    with pytest.raises(Refused, match="2 is the most"):
        require_rate([limit], past, by="ana", now=3600)
    require_rate([limit], past, by="ana", now=3700.5)
    require_rate([limit], past, by="ben", now=3600)


@pytest.mark.parametrize(
    ("ends", "within", "reset", "opened"),
    [
        ("FF", 0, 0, False),
        ("FFF", 0, 0, True),
        ("FFDF", 0, 0, False),
        ("FFFD", 0, 0, True),
        ("FFF", 0, 150, False),
        ("FFF", 150, 0, False),
        ("FFF", 250, 0, True),
        ("DFFFDD", 250, 0, True),
    ],
)
def test_a_breaker_opens_and_stays_open_until_a_person_resets_it(
    ends: str, within: float, reset: float, opened: bool
) -> None:
    limit = LimitSetting(environment="prod", failures=3, failures_within_s=within)
    past = [run(100.0 * n, failed=word == "F") for n, word in enumerate(ends)]
    past += [run(50, failed=False, place="lab"), run(75, ended=False)]
    assert tripped(limit, past[::-1], reset_at=reset) is opened
    assert not tripped(replace(limit, failures=0), past, reset_at=0)


# --------------------------------------------------------------------------------------------------- windows


def at(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp()


MONDAY, FRIDAY, SATURDAY, SUNDAY = "2026-11-23", "2026-11-27", "2026-11-28", "2026-11-29"
WINDOWS = [
    ("mon-fri 08:00-18:00", f"{MONDAY} 08:00", True),
    ("mon-fri 08:00-18:00", f"{FRIDAY} 17:59", True),
    ("mon-fri 08:00-18:00", f"{FRIDAY} 18:00", False),
    ("mon-fri 08:00-18:00", f"{SATURDAY} 10:00", False),
    ("mon-fri 08:00-18:00 Etc/East", f"{MONDAY} 06:00", True),
    ("mon-fri 08:00-18:00 Etc/East", f"{MONDAY} 17:00", False),
    ("fri 22:00-02:00", f"{SATURDAY} 01:59", True),
    ("fri 22:00-02:00", f"{FRIDAY} 01:00", False),
    ("fri-mon 10:00-11:00", f"{SUNDAY} 10:30", True),
    ("* 00:00-24:00", f"{SUNDAY} 23:59", True),
    ("mon 10:00-11:00; sat,sun 22:00-23:00", f"{SUNDAY} 22:30", True),
    ("mon 10:00-11:00; sat,sun 22:00-23:00", f"{MONDAY} 22:30", False),
]


@pytest.mark.parametrize(("text", "when", "is_open"), WINDOWS)
def test_when_changes_may_run(text: str, when: str, is_open: bool) -> None:
    assert parse_window(text).is_open(at(when), zone) is is_open


@pytest.mark.parametrize(
    "text", ["", "always", "mon", "mon 8:00-18:00", "mon 10:00-10:00", "mon 24:00-25:00", "mon 10:60-11:00",
             "xyz 10:00-11:00", "mon 10:00-11:00;", "mon-xyz 10:00-11:00", "mon 10:00-11:00 UTC extra"],
)  # fmt: skip
def test_what_is_no_time_of_the_week_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_window(text)


def test_the_strictest_closed_window_counts() -> None:
    day = LimitSetting(window="* 08:00-18:00", outside="two persons")
    week = LimitSetting(window="mon-fri 00:00-24:00", outside="deny")
    assert decision_outside([day, week], now=at(f"{MONDAY} 12:00"), zone=zone) == ("", "")
    assert decision_outside([day, week], now=at(f"{MONDAY} 20:00"), zone=zone)[0] == "two persons"
    assert decision_outside([day, week], now=at(f"{SUNDAY} 20:00"), zone=zone)[0] == "deny"


@pytest.mark.parametrize("window", ["sometimes", "mon 10:00-11:00 Mars/Base"])
def test_a_window_that_cannot_be_read_is_found_at_the_start(window: str) -> None:
    with pytest.raises(BadSetting, match=r"approvals\.limit 1"):
        check_settings(ApprovalSettings(limit=(LimitSetting(window=window),)), zone)
