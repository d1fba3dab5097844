"""The exam is what it says: enough lines, each once, labelled, and the sealed third chosen by nobody."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.policy.exam import questions as paper
from tests.policy.exam.marks import Grade
from tests.policy.exam.questions import LABELS, OPEN, SEALED, SHELLS, Question, add_questions, part_of, read_questions

QUESTIONS = read_questions()
BY_SHELL = Counter(question.shell for question in QUESTIONS)


@pytest.mark.parametrize(("shell", "fewest"), [("bash", 600), ("powershell", 300)])
def test_there_are_enough_lines(shell: str, fewest: int) -> None:
    assert BY_SHELL[shell] >= fewest


def test_there_are_enough_lines_of_the_other_shells() -> None:
    assert sum(BY_SHELL[shell] for shell in ("cmd", "sql", "network-cli")) >= 100


def test_every_shell_has_lines_of_every_label() -> None:
    of_both = Counter((question.shell, question.label) for question in QUESTIONS)
    assert all(of_both[shell, label] >= 15 for shell in SHELLS for label in LABELS)
    assert set(of_both) == {(shell, label) for shell in SHELLS for label in LABELS}


def test_every_line_is_there_once_and_says_why() -> None:
    assert len({(question.shell, question.line) for question in QUESTIONS}) == len(QUESTIONS)
    assert all(question.line.strip() and len(question.why) >= 8 for question in QUESTIONS)


def test_what_can_lock_us_out_is_destructive() -> None:
    assert [question.line for question in QUESTIONS if question.lockout and question.label != "destructive"] == []
    assert sum(question.lockout for question in QUESTIONS) >= 100


def test_the_digest_decides_what_is_sealed() -> None:
    assert all(question.part == part_of(question.line) for question in QUESTIONS)
    sealed = sum(question.part == "sealed" for question in QUESTIONS)
    assert 0.29 <= sealed / len(QUESTIONS) <= 0.38


def test_the_sealed_part_cannot_be_read_in_passing() -> None:
    text = SEALED.read_text(encoding="utf-8")
    assert not any(q.line in text for q in QUESTIONS if q.part == "sealed" and len(q.line) > 8)


def test_a_new_question_goes_where_its_digest_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path
    for name, source in (("OPEN", OPEN), ("SEALED", SEALED)):
        monkeypatch.setattr(paper, name, folder / source.name)
        (folder / source.name).write_bytes(source.read_bytes())
    rows = [
        json.dumps(
            {"line": f"uptime # {n}", "shell": "bash", "label": "harmless", "lockout": False, "why": "only reads"}
        )
        for n in range(30)
    ]
    assert add_questions([*rows, *rows]) == len(QUESTIONS) + 30
    again = read_questions()
    assert {part_of(q.line) for q in again if q.line.startswith("uptime #")} == {"open", "sealed"}
    assert set(QUESTIONS) < set(again)


@pytest.mark.parametrize(
    ("level", "label", "right"),
    [
        ("read", "harmless", True), ("low", "harmless", False), ("read", "changing", False), ("low", "changing", True),
        ("critical", "changing", True), ("high", "destructive", True), ("medium", "destructive", False),
        ("read", "destructive", False),
    ],
)  # fmt: skip
def test_a_grade_is_right_when_the_label_says_so(level: str, label: str, *, right: bool) -> None:
    assert Grade(level=level, lockout=False).agrees_with(label) is right


def test_a_question_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        QUESTIONS[0].label = "harmless"  # type: ignore[misc]  # the point of the test
    assert isinstance(QUESTIONS[0], Question)
