"""Every script that ships: it reads as its language, has what a script needs, and is graded as what it says it is."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from opsterm.changes.scripts.explained import explain_script
from opsterm.changes.scripts.powershell_parse import powershell_fault
from opsterm.changes.scripts.task import Language
from opsterm.changes.scripts.task_file import read_tasks
from opsterm.changes.scripts.values import variable
from opsterm.changes.scripts.written import runnable
from opsterm.core.text import clean_line
from opsterm.policy.level import RiskLevel
from opsterm.policy.mask import mask
from opsterm.policy.risk import assess
from tests.changes.scripts import shipped, tasks, written

BASH = [task for task, language in shipped() if language is Language.BASH]
PYTHON = [task for task, language in shipped() if language is Language.PYTHON]
POWERSHELL = [task for task, language in shipped() if language is Language.POWERSHELL]

LIMIT_BY = {Language.BASH: '"$limit_s"', Language.POWERSHELL: "Assert-Time", Language.PYTHON: "LIMIT_S"}
"""What shows that a text looks at its time."""


@pytest.mark.parametrize(("task_id", "language"), shipped())
def test_a_script_has_what_a_script_needs(task_id: str, language: Language) -> None:
    script, task = written(task_id, language), tasks()[task_id]
    body = task.texts[language]
    assert all(f"  {code:<4}{said}" in script.text for code, said in script.exit_codes.items())
    assert f"Verify: {script.verify}" in script.text
    assert "Way back: " in script.text
    assert (bool(task.back), bool(body.act), bool(body.confirm)) in {(False,) * 3, (True,) * 3}
    for one in task.parameters:
        used = re.search(rf"{re.escape(variable(one.name, language).lstrip('$'))}\b", body.look + body.act)
        assert used, f"{one.name} is not used"
    assert LIMIT_BY[language] in (body.look + body.act if language is not Language.PYTHON else script.text)
    assert "{" not in script.verify.replace("{ ", ""), "a value in it is not filled in"
    assert mask(script.text)[1] == 0
    assert all(clean_line(line, limit=500) == line for line in script.text.replace("\t", " ").splitlines())
    assert max(map(len, script.text.splitlines())) <= 180


@pytest.mark.parametrize(("task_id", "language"), shipped())
def test_what_only_reads_is_graded_so_and_what_changes_is_not(task_id: str, language: Language) -> None:
    text, shell = runnable(written(task_id, language).text, language)
    risk = assess(text, shell, [], [])
    if tasks()[task_id].changes:
        assert risk.level is not RiskLevel.READ, "it is said to change something"
    else:
        assert risk.level in (RiskLevel.READ, RiskLevel.LOW), risk.reasons


@pytest.mark.parametrize(("task_id", "language"), shipped())
def test_every_line_is_explained(task_id: str, language: Language) -> None:
    lines = explain_script(written(task_id, language).text, language)
    dark = [f"{one.number}: {one.text.strip()} = {one.says}" for one in lines if not one.known]
    assert len(dark) <= len(lines) // 12, "\n".join(dark)


def test_bash_finds_no_fault() -> None:
    for task in BASH:
        text = written(task, Language.BASH).text
        ran = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
        assert (ran.returncode, ran.stderr) == (0, ""), task


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="there is no shellcheck: apt install shellcheck")
def test_shellcheck_finds_no_fault(tmp_path: object) -> None:
    folder = str(tmp_path)
    for task in BASH:
        with open(f"{folder}/{task}.sh", "w", encoding="utf-8") as file:  # noqa: PTH123 (a folder of texts)
            file.write(written(task, Language.BASH).text)
    ran = subprocess.run(
        ["shellcheck", "-s", "bash", *(f"{task}.sh" for task in BASH)], cwd=folder, text=True, capture_output=True,
        check=False,
    )  # fmt: skip
    assert ran.stdout == ""


def test_python_compiles_and_ruff_finds_no_fault(tmp_path: object) -> None:
    folder = str(tmp_path)
    for task in PYTHON:
        text = written(task, Language.PYTHON).text
        compile(ast.parse(text), task, "exec")
        with open(f"{folder}/{task}.py", "w", encoding="utf-8") as file:  # noqa: PTH123 (a folder of texts)
            file.write(text)
    ran = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--line-length=120",
         "--select=E,F,W,I,B,UP,SIM,C4,PIE,RET,PERF", folder], text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout


def test_powershell_is_taken_apart_whole() -> None:
    assert {task: powershell_fault(written(task, Language.POWERSHELL).text) for task in POWERSHELL} == dict.fromkeys(
        POWERSHELL
    )


def test_a_check_alone_is_in_the_text_itself() -> None:
    for task, language in shipped():
        plain, alone = written(task, language).text, written(task, language, only_check=True).text
        added = set(alone.splitlines()) - set(plain.splitlines())
        assert added <= {"check=yes", "$Check = $true", "CHECK = True"}
        assert len(added) == 1


def test_a_fault_of_a_task_is_told_with_its_place() -> None:
    text = """family = "x"
[[task]]
id = "No Good"
title = "t"
about = "a"
found = "f"
names = []
nmaes = ["b"]
[[task.parameter]]
name = "limit_s"
kind = "numbr"
about = "n"
[task.bash]
look = "true"
act = "true"
"""
    _, faults = read_tasks(text, "x.toml")
    told = {(fault.line, fault.key.rpartition(".")[2]) for fault in faults}
    assert {(3, "id"), (8, "nmaes"), (10, "name"), (11, "kind"), (15, "act")} <= told


@pytest.mark.parametrize("language", [Language.BASH, Language.PYTHON])
def test_a_check_runs_here_and_changes_nothing(language: Language) -> None:
    """Each that only reads is run with --check: it ends well, or says what is missing."""
    program = {Language.BASH: "bash", Language.PYTHON: sys.executable}[language]
    reading = [task for task, there in shipped() if there is language and not tasks()[task].changes]

    def run(task: str, *words: str) -> int:
        text = written(task, language).text
        on_input = ["-s", "--"] if language is Language.BASH else ["-"]
        ran = subprocess.run([program, *on_input, *words], input=text, text=True, capture_output=True, check=False)
        assert "Traceback" not in ran.stderr
        return ran.returncode

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(lambda task: run(task, "--check"), reading)) <= {0, 3}
        assert set(pool.map(lambda task: run(task, "--nope"), reading[:5])) == {2}
