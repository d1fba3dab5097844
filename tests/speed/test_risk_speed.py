"""What it costs to be told what a command would do: one assessment, many lines, texts made to be slow.

Run with `python -m pytest -m speed -n 0 tests/speed/test_risk_speed.py -s`. Times are CPU time, which a busy machine
changes less than the clock; the clock is printed beside it.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from opsterm.monitoring.session_path import SessionPath
from opsterm.policy.assessment import Assessment, assessment
from opsterm.policy.compliance.circumstances import Circumstances, KnownTarget
from opsterm.policy.compliance.rulebook import Rulebook
from opsterm.policy.context import Surroundings
from opsterm.policy.order import OrderTarget
from opsterm.policy.understanding import understand
from tests.policy.exam.questions import read_questions
from tests.policy.rulebooks import rulebook

pytestmark = [pytest.mark.speed, pytest.mark.blocking, pytest.mark.timeout(600)]

LINES = [(question.line, question.shell) for question in read_questions() if question.part == "open"]
TARGETS = tuple(
    OrderTarget(name=f"web-{n:02d}", protocol="ssh", address=f"198.18.0.{n}", port=22, user="ops") for n in range(1, 13)
)
AROUND = Surroundings(environments=["production"] * len(TARGETS))
WAYS = tuple(
    SessionPath(user="ops", home="/home/ops", client="198.18.9.4", server=target.address, port=22, interface="eth0")
    for target in TARGETS
)
KNOWN = Circumstances(
    targets=tuple(KnownTarget(environment="production", tags=frozenset({"web"})) for _ in TARGETS), actor="ana",
    ticket=True, in_window=False,
)  # fmt: skip
MANY = 20_000


def whole(line: str, shell: str, rules: Rulebook) -> Assessment:
    """Assess as an approval does, on twelve targets of production, with nothing remembered."""
    understand.cache_clear()
    return assessment(line, shell, TARGETS, AROUND, WAYS, rules=rules, circumstances=KNOWN)


def spent_ms(work: Callable[[], object]) -> float:
    """Return what work takes, in ms of CPU."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def least_ms(text: str, shell: str, rules: Rulebook) -> float:
    """Return what a whole assessment takes of three times, in ms of CPU: what is more is of others."""
    return min(spent_ms(lambda: whole(text, shell, rules)) for _ in "123")


def at(values: Sequence[float], quantile: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * quantile))]


def test_a_whole_assessment_takes_less_than_ten_milliseconds() -> None:
    rules = rulebook(strict=True)
    for line, shell in LINES:  # tables are read and expressions compiled when they are first needed
        whole(line, shell, rules)
    took = [least_ms(line, shell, rules) for line, shell in LINES]
    print(f"\n{len(LINES):,} open lines of the exam on {len(TARGETS)} targets: p50 {at(took, 0.5):.2f} ms of CPU, "
          f"p99 {at(took, 0.99):.2f}, at most {max(took):.2f}")  # fmt: skip
    assert at(took, 0.99) < 10


def test_twenty_thousand_lines_take_less_than_a_minute(tmp_path: Path) -> None:
    asked = [json.dumps({"command": line, "shell": shell}) for line, shell in random.Random(4).choices(LINES, k=MANY)]
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {"OPSTERM_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-m", "opsterm", "risk", "-"], input="\n".join(asked), capture_output=True, text=True,
        check=True, env=environment,
    )  # fmt: skip
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"\n{MANY:,} lines through `opsterm risk -`: {wall:.1f} s on the clock, {cpu:.1f} s of CPU")
    assert len(done.stdout.splitlines()) == MANY
    assert cpu < 60, "on a machine that does nothing else that is the clock"


BEYOND = {
    "longer than 64 KB": "x" * 65_537,
    "words beyond 64 KB": "ls -l " * 11_000,
    "nested past 64": "$(" * 65 + "ls" + ")" * 65,
}
HOSTILE: tuple[tuple[str, str], ...] = (
    ("bash", "$(" * 60 + "eval " + "<<-E\n" * 5000),
    ("bash", "cat <<E\n" * 90),
    ("bash", "{a,b}/$a" * 8125),
    ("bash", "))nohup " * 8125),
    ("bash", "a) ls;; " * 1000),
    ("bash", "select x in y; do )) " * 2400),
    ("bash", '"' * 65_000),
    ("bash", "$a" * 2000),
    ("bash", "nohup " * 10_833),
    ("bash", "function += " * 600),
    ("bash", "[a b; " * 400),
    ("bash", "cd a; ssh h " * 500),
    ("bash", " && rm -rf /x" * 500),
    ("bash", "../" * 248 + "]" + "for i in a b; do rm -rf /x" * 248),
    ("bash", "bash -c '" + "awk 'BEGIN{system(\"ls\")}' | " * 200),
    ("bash", "echo bHM= | base64 -d | sh;" * 120),
    ("bash", "sudo env A=1 " * 12),
    ("bash", "> f " * 1000),
    ("bash", "$((" * 60 + "1"),
    ("bash", "a=( " * 90),
    ("bash", "if ls; then " * 60),
    ("bash", "case x in a) " * 90),
    ("bash", "coproc " * 200 + "1+" * 16_000),
    ("bash", "\x01" * 65_000),
    ("bash", "x " * 32_000),
    ("bash", "a|" * 249),
    ("powershell", "@'\n$a" * 13_000),
    ("powershell", 'cmd /c >"' * 1000),
    ("powershell", "powershell -c " * 1000),
    ("powershell", "$a=" * 248),
    ("powershell", "| " * 32_500),
    ("powershell", "iex " * 5000),
    ("powershell", "${a" * 20_000),
    ("powershell", "Remove-Item c:\\x " * 3000),
    ("powershell", "@(" * 60 + "1"),
    ("powershell", "'a'+" * 2000),
    ("cmd", "& > f " * 10_833),
    ("cmd", "cmd /c del x " * 5000),
    ("cmd", "if exist a " * 2600),
    ("cmd", "%a%" * 20_000),
    ("sql", "insert into t values (" * 60),
    ("sql", "where /*" * 3000),
    ("sql", "$a$ $b$ " * 8000),
    ("sql", "exec('" * 3000),
    ("sql", "select " * 9000),
    ("sql", "drop table t;" * 5000),
    ("network-cli", "show run {" * 6500),
    ("network-cli", "set " * 16_250),
    ("network-cli", "snmp-server community a rw\n" * 2400),
)
"""Texts below all limits or not much above, found by a search for what takes longest."""


def test_a_text_beyond_the_limits_is_opaque_at_once() -> None:
    rules = rulebook(strict=True)
    whole("ls", "bash", rules)
    for name, text in BEYOND.items():
        took = least_ms(text, "bash", rules)
        print(f"\n{name}: {took:.1f} ms of CPU")
        assert understand(text, "bash").opaque
        assert took < 50


def test_no_text_takes_longer_than_fifty_milliseconds() -> None:
    rules = rulebook(strict=True)
    for shell in ("bash", "powershell", "cmd", "sql", "network-cli"):
        whole("ls", shell, rules)
    took = [(least_ms(text, shell, rules), shell, text[:40]) for shell, text in HOSTILE]
    slowest = sorted(took, reverse=True)[:5]
    print("\nslowest of", len(took), *(f"\n  {ms:5.1f} ms of CPU  {shell:11} {text!r}" for ms, shell, text in slowest))
    assert slowest[0][0] < 50
