"""Reads tasks from TOML, strictly: every fault is told with its file, line and key, and what is allowed.

family = "disk"

[[task]]
id = "disk-space"
title = "check disk space"
about = "Says how full each file system is."
names = ["disk usage", "free space"]
found = "a file system is over the threshold"        # what exit code 1 means
back = "…"                                           # only for what changes something
limit_s = 60

[[task.parameter]]
name = "threshold"
kind = "number"
about = "percent used from which a file system counts"
default = "85"                                       # without one it has to be said
least = 1
most = 100

[task.bash]                                          # or powershell, or python
needs = ["df"]
look = '''…'''                                       # reads only
act = '''…'''                                        # with `back`: what changes
confirm = '''…'''                                    # with `back`: looks afterwards
verify = "df -P"
undo = "…"                                           # with `back`: a command for it
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opsterm.changes.scripts.task import Language, ParameterKind, ScriptTask, TaskParameter, TaskText
from opsterm.changes.scripts.values import require_value
from opsterm.core.errors import BadInput
from opsterm.core.toml_places import Path
from opsterm.core.toml_text import TomlFault, TomlText

USUAL_LIMIT_S = 60

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PARAMETER = re.compile(r"[a-z]+(_[a-z]+)*")
_OURS = frozenset({"limit_s", "check", "tool", "args", "clock", "name", "input", "home", "host", "error", "pid"})
"""Names that the text around a task uses, or a language itself."""
_KEYS = ("id", "title", "about", "names", "found", "back", "limit_s", "parameter", *Language)
_PARAMETER_KEYS = ("name", "kind", "about", "default", "windows", "least", "most", "words")
_TEXT_KEYS = ("needs", "look", "act", "confirm", "verify", "undo")


def read_tasks(text: str, file: str) -> tuple[tuple[ScriptTask, ...], tuple[TomlFault, ...]]:
    """Return the tasks of a text and everything that is wrong with it; with a fault they are not to be used.

    Args:
        text: TOML.
        file: how messages name it.
    """
    read = TomlText(text, file)
    read.check_keys((), read.tree, ("family", "task"))
    family = read.word((), read.tree, "family")
    tasks: dict[str, ScriptTask] = {}
    for place, table in enumerate(read.tables((), read.tree, "task")):
        task = _task(read, ("task", place), table, family)
        if task.id in tasks:
            read.complain(("task", place, "id"), f"{task.id} stands here twice.", "Give each an id of its own.")
        tasks[task.id] = task
    return tuple(tasks.values()), tuple(read.problems)


def tasks_of(text: str, file: str) -> tuple[ScriptTask, ...]:
    """Return the tasks of a text. Raises BadInput with the first fault."""
    tasks, faults = read_tasks(text, file)
    if faults:
        raise BadInput(str(faults[0]), why=f"There are {len(faults)} faults." if len(faults) > 1 else "")
    return tasks


def _task(read: TomlText, path: Path, table: Mapping[str, Any], family: str) -> ScriptTask:
    read.check_keys(path, table, _KEYS)
    name = read.word(path, table, "id")
    if name and not _ID.fullmatch(name):
        read.complain((*path, "id"), f"{name[:60]!r} is no id.", "Write small letters and digits joined by -.")
    back = read.word(path, table, "back", needed="back" in table).strip()
    parameters = tuple(
        _parameter(read, (*path, "parameter", place), one)
        for place, one in enumerate(read.tables(path, table, "parameter"))
    )
    texts = {
        language: _text(read, (*path, language.value), table[language], changes=bool(back))
        for language in Language
        if isinstance(table.get(language), dict)
    }
    if not texts:
        read.complain(path, "It is there in no language.", "Write [task.bash], [task.powershell] or [task.python].")
    return ScriptTask(
        id=name, family=family, title=read.word(path, table, "title"), about=read.word(path, table, "about").strip(),
        names=read.words(path, table, "names"), found=read.word(path, table, "found"), back=back,
        limit_s=read.number(path, table, "limit_s", USUAL_LIMIT_S), parameters=parameters, texts=texts,
    )  # fmt: skip


def _text(read: TomlText, path: Path, table: Mapping[str, Any], *, changes: bool) -> TaskText:
    read.check_keys(path, table, _TEXT_KEYS)
    for key in ("act", "undo", "confirm"):
        if key in table and not changes:
            read.complain((*path, key), "The task changes nothing.", "Say how it is taken back: back = …")
    return TaskText(
        needs=read.words(path, table, "needs"), look=read.word(path, table, "look"),
        act=read.word(path, table, "act", needed=changes), confirm=read.word(path, table, "confirm", needed=changes),
        verify=read.word(path, table, "verify"), back=read.word(path, table, "undo", needed=False),
    )  # fmt: skip


def _parameter(read: TomlText, path: Path, table: Mapping[str, Any]) -> TaskParameter:
    read.check_keys(path, table, _PARAMETER_KEYS)
    name = read.word(path, table, "name")
    if name and (not _PARAMETER.fullmatch(name) or name in _OURS):
        read.complain((*path, "name"), f"{name[:60]!r} cannot be one.", "Write small letters, and no name of ours.")
    kind = read.word(path, table, "kind")
    if kind and kind not in [*ParameterKind]:
        read.complain((*path, "kind"), f"{kind[:60]!r} is not known.", f"Allowed are {', '.join(ParameterKind)}.")
        kind = ParameterKind.TEXT
    usual = TaskParameter(name="", kind=ParameterKind.TEXT, about="")
    found = TaskParameter(
        name=name, kind=ParameterKind(kind or ParameterKind.TEXT), about=read.word(path, table, "about"),
        default=read.word(path, table, "default", needed=False) if "default" in table else None,
        windows=read.word(path, table, "windows") if "windows" in table else None,
        least=read.number(path, table, "least", 1) if table.get("least") else usual.least,
        most=read.number(path, table, "most", usual.most), words=read.words(path, table, "words"),
    )  # fmt: skip
    for key, value in (("default", found.default), ("windows", found.windows)):
        if value:
            try:
                require_value(found, value)
            except BadInput as error:
                read.complain((*path, key), error.what, error.next_step)
    return found
