"""The programs of this host that look at a script: they get it on standard input, and none of them runs it."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from opsterm.changes.scripts.task import Language
from opsterm.core.text import clean_line
from opsterm.runtime.ports_scripts import ToolReport

LIMIT_S = 20.0
"""Seconds for one program."""
MOST_FAULTS = 50

_BASH = re.compile(r"\S*bash: line (\d+): (.*)")
_Fault = tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Tool:
    """A program: its words, how its answer is read, and whether a fault means that the script does not run."""

    name: str
    words: tuple[str, ...]
    read: Callable[[str, str], Sequence[_Fault]]
    grave: bool


class LocalScriptTools:
    """Asks `bash -n`, shellcheck and ruff where they are there; Python's own compiler always is."""

    async def look(self, text: str, language: Language) -> Sequence[ToolReport]:
        """Return what each says; see `runtime.ports_scripts.ScriptTools`."""
        own = [compiled(text)] if language is Language.PYTHON else []
        return [*own, *[await _asked(tool, text) for tool in _TOOLS.get(language, ())]]


def compiled(text: str) -> ToolReport:
    """Return what Python's compiler says of a text; nothing of it is run."""
    faults: list[_Fault] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text, "script")
            compile(text, "script", "exec", dont_inherit=True)
        except SyntaxError as error:
            faults.append((error.lineno or 0, clean_line(f"{error.msg}.")))
        except (ValueError, RecursionError, MemoryError) as error:
            faults.append((0, clean_line(f"It cannot be compiled: {error}.")))
    return ToolReport(tool="compile", ran=True, faults=tuple(faults), grave=True)


async def _asked(tool: _Tool, text: str) -> ToolReport:
    program = shutil.which(tool.words[0])
    if program is None:
        return ToolReport(tool=tool.name, ran=False)
    child = await asyncio.create_subprocess_exec(
        program, *tool.words[1:], stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, cwd="/",
    )  # fmt: skip
    try:
        async with asyncio.timeout(LIMIT_S):
            out, errors = await child.communicate(text.encode())
    except TimeoutError:
        return ToolReport(tool=tool.name, ran=False)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    faults = tool.read(out.decode("utf-8", "replace"), errors.decode("utf-8", "replace"))
    return ToolReport(tool=tool.name, ran=True, faults=tuple(faults[:MOST_FAULTS]), grave=tool.grave)


def _of_bash(out: str, errors: str) -> Sequence[_Fault]:
    del out
    found = [_BASH.match(line) for line in errors.splitlines()]
    return [(int(one[1]), clean_line(one[2])) for one in found if one is not None]


def _of_shellcheck(out: str, errors: str) -> Sequence[_Fault]:
    del errors
    return [(_number(one, "line"), clean_line(f"SC{one.get('code')}: {one.get('message')}")) for one in _objects(out)]


def _of_ruff(out: str, errors: str) -> Sequence[_Fault]:
    del errors
    found = []
    for one in _objects(out):
        place = one.get("location")
        line = _number(place, "row") if isinstance(place, dict) else 0
        found.append((line, clean_line(f"{one.get('code') or 'syntax'}: {one.get('message')}")))
    return found


def _objects(out: str) -> Sequence[Mapping[str, object]]:
    try:
        found = json.loads(out)
    except ValueError:
        return ()
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else ()


def _number(one: Mapping[str, object], key: str) -> int:
    value = one.get(key)
    return value if isinstance(value, int) else 0


_TOOLS: Mapping[Language, Sequence[_Tool]] = {
    Language.BASH: (
        _Tool("bash -n", ("bash", "--noprofile", "--norc", "-n"), _of_bash, grave=True),
        _Tool("shellcheck", ("shellcheck", "-s", "bash", "-f", "json", "-"), _of_shellcheck, grave=False),
    ),
    Language.PYTHON: (
        _Tool(
            "ruff",
            ("ruff", "check", "--isolated", "--no-cache", "--select=E,F,W,B", "--line-length=120",
             "--output-format=json", "-"),
            _of_ruff, grave=False,
        ),
    ),
}  # fmt: skip
