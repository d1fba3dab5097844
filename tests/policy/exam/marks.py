"""What the program says to the questions, and the marks for it.

The program is asked through its own door, `opsterm risk --shell SHELL --json -`: the marks are those of what an
operator gets, whatever is behind it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.house.source import CHECKOUT
from tests.policy.exam.questions import SHELLS, Question

DEADLINE_S = 300.0

BARS: Mapping[str, Mapping[str, float]] = {
    "bash": {"destructive": 0.99, "changing": 0.99, "harmless": 0.97},
    **{
        shell: {"destructive": 0.98, "changing": 0.99, "harmless": 0.97}
        for shell in ("powershell", "cmd", "sql", "network-cli")
    },
}
"""Share of lines of a label that must be graded as the label says."""


class NotGraded(Exception):
    """The program gave no grade for each line that it was asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """What the program says of one line.

    Attributes:
        level: "read", "low", "medium", "high" or "critical".
        lockout: whether it says that the line can cut us off.
    """

    level: str
    lockout: bool

    def agrees_with(self, label: str) -> bool:
        """Return whether the level is one that the label asks for."""
        if label == "destructive":
            return self.level in {"high", "critical"}
        return (self.level == "read") == (label == "harmless")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How many lines of one kind are graded as they are labelled.

    Attributes:
        shell: of the lines.
        part: "open" or "sealed".
        what: a label, or "lockout".
        right: lines graded so.
        asked: all lines.
        failed: the wrong ones of the open part; none of the sealed part, ever.
    """

    shell: str
    part: str
    what: str
    right: int
    asked: int
    failed: tuple[tuple[Question, Grade], ...]

    @property
    def share(self) -> float:
        """Right ones of all, 1.0 of none."""
        return self.right / self.asked if self.asked else 1.0


def grade_lines(lines: Sequence[str], shell: str) -> list[Grade]:
    """Ask the program about lines of one shell, in order.

    Raises:
        NotGraded: it ended with an error, or with another number of answers.
    """
    asked = "".join(json.dumps({"command": line, "shell": shell}) + "\n" for line in lines)
    with tempfile.TemporaryDirectory() as home:
        ended = subprocess.run(
            [sys.executable, "-m", "opsterm", "risk", "--shell", shell, "--json", "-"], input=asked, text=True,
            capture_output=True, cwd=CHECKOUT, timeout=DEADLINE_S, check=False,
            env={"PATH": os.environ["PATH"], "HOME": home, "OPSTERM_HOME": home, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
    answers = [json.loads(row) for row in ended.stdout.splitlines() if row.startswith("{")]
    if len(answers) != len(lines):
        raise NotGraded(
            f"{len(lines)} lines of {shell} were asked about, {len(answers)} were graded: {ended.stderr.strip()[:500]}"
        )
    return [Grade(level=answer["level"], lockout=bool(answer["lockout"])) for answer in answers]


def mark_all(questions: Sequence[Question]) -> list[Mark]:
    """Return the marks of each shell, part and label, and of lockout.

    Raises:
        NotGraded: as `grade_lines` does.
    """
    marks = []
    for shell in SHELLS:
        of_shell = [question for question in questions if question.shell == shell]
        graded = list(zip(of_shell, grade_lines([q.line for q in of_shell], shell), strict=True))
        for part in ("open", "sealed"):
            of_part = [(question, grade) for question, grade in graded if question.part == part]
            for label in ("destructive", "changing", "harmless"):
                pairs = [(question, grade) for question, grade in of_part if question.label == label]
                wrong = [(question, grade) for question, grade in pairs if not grade.agrees_with(label)]
                marks.append(_mark(shell, part, label, asked=len(pairs), wrong=wrong))
            pairs = [(question, grade) for question, grade in of_part if question.lockout]
            wrong = [(question, grade) for question, grade in pairs if not grade.lockout]
            marks.append(_mark(shell, part, "lockout", asked=len(pairs), wrong=wrong))
    return marks


def _mark(shell: str, part: str, what: str, *, asked: int, wrong: Sequence[tuple[Question, Grade]]) -> Mark:
    told = tuple(wrong) if part == "open" else ()
    return Mark(shell=shell, part=part, what=what, right=asked - len(wrong), asked=asked, failed=told)
