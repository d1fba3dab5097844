"""A command runs at once only when it is known to only read; any other is graded by what it does, and asked about."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.text import clean_line
from opsterm.policy.order import OrderTarget
from opsterm.policy.readonly import READ_ONLY
from opsterm.policy.readonly_form import Reading
from opsterm.policy.risk import RiskLevel, assess, why_not_read_only
from opsterm.policy.understanding import READERS

CASES = Path(__file__).parent / "cases"


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((CASES / name).read_text(encoding="utf-8"))


LOW = _table("low.toml")
HIGH = [(group.get("shell", "sh"), command) for group in _table("high.toml")["group"] for command in group["commands"]]


@pytest.mark.parametrize("command", LOW["commands"])
def test_a_listed_command_reads(command: str) -> None:
    assert why_not_read_only(command, "sh") == ""
    assert assess(command, "bash", [], []).level is RiskLevel.READ


@pytest.mark.parametrize("command", LOW["powershell"])
def test_a_reading_cmdlet_is_low(command: str) -> None:
    assert why_not_read_only(command, "powershell") == ""


@pytest.mark.parametrize(("shell", "command"), HIGH)
def test_anything_else_is_asked_about_and_says_why(shell: str, command: str) -> None:
    risk = assess(command, shell, [], [])
    assert why_not_read_only(command, shell)
    assert shell in READERS or risk.level is RiskLevel.HIGH
    assert risk.reasons[0].endswith(".")
    assert len(risk.reasons[0].split()) >= 3


def test_there_are_enough_cases_and_none_twice() -> None:
    commands = [("sh", c) for c in LOW["commands"]] + [("powershell", c) for c in LOW["powershell"]] + HIGH
    assert len(commands) == len(set(commands)) >= 150


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("sudo df -h", "another user"),
        ("df $(x)", "substitution"),
        ("df -h > /tmp/x", "to a file"),
        ("cat /etc/shadow", "secrets"),
        ("df -h & x", "background"),
        ("df -h\nrm x", "more than one line"),
        ("df \u2013h", r"\u2013"),
        ("tail -f /var/log/syslog", "does not end"),
        ("rm x", "not on the list"),
        ("getent shadow", "hashes"),
        ("A=1 df", "sets a variable"),
        ("bash -c df", "can do anything"),
    ],
)
def test_the_reason_names_what_is_wrong(command: str, part: str) -> None:
    assert part in why_not_read_only(command, "sh")


def _targets(count: int) -> list[OrderTarget]:
    return [OrderTarget(name=f"web-{n}", protocol="ssh", address="", port=0, user="") for n in range(count)]


def test_production_and_many_targets_are_said() -> None:
    reasons = assess("reboot", "sh", _targets(7), ["prod"] * 3 + ["lab"] * 4).reasons
    assert "3 of 7 targets are in production." in reasons
    assert "It would run on 7 targets." in reasons


@given(st.text(max_size=60), st.sampled_from(["sh", "bash", "powershell", "x"]), st.integers(0, 9))
def test_the_context_never_makes_it_milder(command: str, shell: str, count: int) -> None:
    alone = assess(command, shell, [], [])
    assert assess(command, shell, _targets(count), ["prod"] * count).level.order >= alone.level.order


_PIECES = [
    *sorted(READ_ONLY),
    "rm",
    "-h",
    "-n",
    "1",
    "/etc/hosts",
    "/etc/shadow",
    "*",
    "|",
    "&&",
    ";",
    ">",
    "x",
    "'",
    '"',
    "$",
    "`",
    "\\",
    "(",
    "\n",
    "-delete",
    "-exec",
    "--set",
    "=",
    "sudo",
    " ",
    "  ",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map(" ".join))
def test_another_reader_of_shell_lines_finds_only_listed_commands_in_what_is_low(command: str) -> None:
    if why_not_read_only(command, "sh"):
        return
    words = list(shlex.shlex(command, posix=True, punctuation_chars=True))
    first = True
    for word in words:
        if set(word) <= set("|&;"):
            assert word in ("|", "||", "&&", ";")
            first = True
        elif first:
            assert word in READ_ONLY
            first = False
    assert not {"-delete", "-exec", "--set"} & set(words) or "echo" in words or "basename" in words


@given(st.text(max_size=200))
def test_no_text_raises_and_every_reason_is_one_clean_line(command: str) -> None:
    for reason in assess(command, "sh", [], []).reasons:
        assert clean_line(reason) == reason or not command.isprintable() or not command.isascii()


def _takers(name: str, reading: Reading) -> Iterator[str]:
    for letter in reading.takes:
        yield f"{name} -{letter}"
    for option in sorted(reading.long_takes):
        yield f"{name} {option}"
    for word, below in reading.sub.items():
        yield from _takers(f"{name} {word}".rstrip(), below)


@pytest.mark.parametrize("begun", sorted({line for name, row in READ_ONLY.items() for line in _takers(name, row)}))
def test_no_option_swallows_another_option_as_its_value(begun: str) -> None:
    for option in ("--vacuum-size=1K", "-delete", "-o", "--set"):
        assert why_not_read_only(f"{begun} {option}", "sh"), f"{begun} may have no value, and {option} acts"


@pytest.mark.parametrize(
    ("command", "level"),
    [
        ("a" * 100_000, RiskLevel.HIGH),
        ("df " * 900, RiskLevel.READ),
        ("'" * 1001, RiskLevel.MEDIUM),
        ("|" * 9000, RiskLevel.HIGH),
        ("x|" * 9000 + "rm -rf /", RiskLevel.HIGH),
        ("df;" * 200, RiskLevel.READ),
    ],
)
def test_a_huge_line_is_judged_like_a_short_one(command: str, level: RiskLevel) -> None:
    assert assess(command, "sh", [], []).level is level
