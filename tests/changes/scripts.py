"""The tasks that ship, and a value for each parameter that has none of its own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from opsterm.changes.scripts.task import Language, ParameterKind, ScriptTask
from opsterm.changes.scripts.task_file import read_tasks
from opsterm.changes.scripts.written import WrittenScript, write_script

FOLDER = Path(__file__).resolve().parents[2] / "knowledge_seed" / "scripts"

VALUES = {
    ParameterKind.NUMBER: "10", ParameterKind.SIZE: "1M", ParameterKind.PATH: "/var/log", ParameterKind.NAME: "nginx",
    ParameterKind.HOST: "localhost", ParameterKind.URL: "http://localhost/", ParameterKind.TEXT: "error",
}  # fmt: skip


@cache
def tasks() -> dict[str, ScriptTask]:
    """Return all tasks; every file of them is in order."""
    found: dict[str, ScriptTask] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        read, faults = read_tasks(path.read_text(encoding="utf-8"), path.name)
        assert not faults, "\n".join(map(str, faults))
        assert not {one.id for one in read} & found.keys()
        found.update({one.id: one for one in read})
    return found


def shipped() -> list[tuple[str, Language]]:
    """Return each task in each language that it is there in."""
    return [(task.id, language) for task in tasks().values() for language in task.texts]


def written(task_id: str, language: Language, *, only_check: bool = False) -> WrittenScript:
    """Return the script of a task, with its usual values or some of ours."""
    task = tasks()[task_id]
    given = {one.name: VALUES[one.kind] for one in task.parameters if one.default_in(language) is None}
    return write_script(task, language, given, only_check=only_check)
