"""A script written from a task: the text with its values, a check that changes nothing, and how it ends."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from opsterm.changes.scripts.task import TITLES, Language, ScriptTask, TaskText
from opsterm.changes.scripts.values import literal, require_value, variable, word
from opsterm.core.errors import BadInput

SUFFIXES: Mapping[Language, str] = {Language.BASH: ".sh", Language.POWERSHELL: ".ps1", Language.PYTHON: ".py"}
LONGEST_S = 86_400
"""Seconds that a script may be given."""

_END = "OPSTERM_END"
_WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenScript:
    """A script with its values.

    Attributes:
        task: what it is for.
        language: what it is written in.
        values: of its parameters, each as `require_value` returns it.
        limit_s: seconds that it may take.
        only_check: whether the text itself says that nothing is changed.
        text: all of it.
        verify: a command that shows the same in another way.
        back: a command that takes it back, "" for none.
    """

    task: ScriptTask
    language: Language
    values: Mapping[str, str]
    limit_s: int
    only_check: bool
    text: str
    verify: str
    back: str

    @property
    def exit_codes(self) -> Mapping[int, str]:
        """What each end means."""
        return exit_codes(self.task)

    @property
    def line(self) -> str:
        """It said in one line, from which it is written again."""
        said = [f"{name}={value}" for name, value in self.values.items() if " " not in value]
        return " ".join([self.language, self.task.id, *said, *["check=yes"] * self.only_check])


def exit_codes(task: ScriptTask) -> Mapping[int, str]:
    """Return what each end of a task's scripts means."""
    return {
        0: "done" if task.changes else "nothing was found that is wrong", 1: task.found, 2: "called in a wrong way",
        3: "something that it needs is not there", 4: "a command failed", 124: "the time was up",
    }  # fmt: skip


def write_script(
    task: ScriptTask, language: Language, given: Mapping[str, str], *, limit_s: int = 0, only_check: bool = False
) -> WrittenScript:
    """Write a script.

    Args:
        task: what it is for.
        language: what it is to be written in.
        given: values by the names of parameters, as they were said.
        limit_s: seconds that it may take, 0 for those of the task.
        only_check: whether the text itself is to change nothing, however it is called.

    Raises:
        BadInput: the task is not there in this language, a value is none, one is missing or nobody knows its name.
    """
    text = task.texts.get(language)
    if text is None:
        there = ", ".join(TITLES[one] for one in task.texts)
        raise BadInput(f"To {task.title} is not there in {TITLES[language]}.", next_step=f"There is: {there}.")
    limit_s = limit_s or task.limit_s
    if not 1 <= limit_s <= LONGEST_S:
        raise BadInput(f"A script cannot be given {limit_s} s.", next_step=f"Allowed are 1 s to {LONGEST_S:,} s.")
    values = _values(task, language, given)
    head = _Head(task, language, text, values, limit_s, only_check)
    verify, back = (_filled(task, language, one, values) for one in (text.verify, text.back))
    lines = _WRITERS[language](head, verify, back)
    return WrittenScript(
        task=task, language=language, values=values, limit_s=limit_s, only_check=only_check,
        text="\n".join(lines).rstrip() + "\n", verify=verify, back=back,
    )  # fmt: skip


def _values(task: ScriptTask, language: Language, given: Mapping[str, str]) -> Mapping[str, str]:
    names = [one.name for one in task.parameters]
    for name in given:
        if name not in names:
            has = f"It has {', '.join(names)}." if names else "It has none."
            raise BadInput(f"To {task.title} has no parameter {name[:40]!r}.", next_step=has)
    values = {}
    for one in task.parameters:
        said = given.get(one.name, one.default_in(language))
        if said is None:
            raise BadInput(
                f"To {task.title} has to be told {one.name}: {one.about}.", next_step=f"Say it: --value {one.name}=…"
            )
        values[one.name] = require_value(one, said) if said or one.name in given else ""
    return values


def _filled(task: ScriptTask, language: Language, command: str, values: Mapping[str, str]) -> str:
    """Return a command with the values in the place of their names."""
    words = {one.name: word(one, values[one.name], language) for one in task.parameters}
    return re.sub(r"\{([a-z_]+)\}", lambda match: words.get(match[1], match[0]), command)


@dataclass(frozen=True, slots=True)
class _Head:
    """What a script is written from."""

    task: ScriptTask
    language: Language
    text: TaskText
    values: Mapping[str, str]
    limit_s: int
    only_check: bool

    def said(self, verify: str, back: str) -> Iterator[str]:
        """Yield what stands at the top."""
        task = self.task
        yield f"{task.title[:1].upper()}{task.title[1:]}."
        yield from textwrap.wrap(task.about, _WIDTH)
        yield ""
        yield "--check changes nothing." if task.changes else "It only reads; --check looks only at what it needs."
        codes = exit_codes(task)
        yield "Exit codes:"
        yield from (f"  {code:<4}{what}" for code, what in codes.items())
        yield f"Verify: {verify}"
        yield from textwrap.wrap(f"Way back: {task.back or 'not needed, it only reads.'}", _WIDTH)
        if back:
            yield f"  {back}"

    def assigned(self) -> Iterator[str]:
        """Yield the lines that give the parameters their values."""
        for one in self.task.parameters:
            name, value = variable(one.name, self.language), literal(one, self.values[one.name], self.language)
            yield f"{name}={value}" if self.language is Language.BASH else f"{name} = {value}"

    @property
    def checked(self) -> str:
        """What a check says when it is through."""
        return "check: nothing was changed" if self.task.changes else "check: all that it needs is there; it only reads"


def _bash(head: _Head, verify: str, back: str) -> Iterator[str]:
    yield "#!/usr/bin/env bash"
    yield from (f"# {line}".rstrip() for line in head.said(verify, back))
    yield from ("set -Eeuo pipefail", "trap 'exit $(( $? == 124 ? 124 : 4 ))' ERR", "export LC_ALL=C", "")
    yield from head.assigned()
    yield from (f"limit_s={head.limit_s}", f"check={'yes' if head.only_check else 'no'}", "")
    yield 'case "${1-}" in'
    yield from ('  "") ;;', "  --check) check=yes ;;")
    yield from ("  *) printf 'unknown option: %s\\n' \"$1\" >&2; exit 2 ;;", "esac")
    if head.text.needs:
        yield f"for tool in {' '.join(head.text.needs)}; do"
        yield '  command -v "$tool" >/dev/null || { printf \'missing: %s\\n\' "$tool" >&2; exit 3; }'
        yield "done"
    leave = ('if [ "$check" = yes ]; then', f"  printf '{head.checked}\\n'", "  exit 0", "fi", "")
    yield from ("", *_parts(head, leave))


def _parts(head: _Head, leave: Sequence[str]) -> Iterator[str]:
    """Yield what a task does, and in between how a check leaves."""
    if not head.task.changes:
        yield from leave
    yield from head.text.look.strip().splitlines()
    if head.task.changes:
        yield from ("", *leave, *head.text.act.strip().splitlines(), *head.text.confirm.strip().splitlines())


def _powershell(head: _Head, verify: str, back: str) -> Iterator[str]:
    yield from (f"# {line}".rstrip() for line in head.said(verify, back))
    yield from ("param([switch]$Check)", "", "$ErrorActionPreference = 'Stop'")
    yield from ('trap { [Console]::Error.WriteLine("failed: $_"); exit 4 }', "")
    yield from head.assigned()
    yield f"$LimitS = {head.limit_s}"
    if head.only_check:
        yield "$Check = $true"
    yield from ("", "$clock = [Diagnostics.Stopwatch]::StartNew()", "function Assert-Time {")
    yield "    if ($clock.Elapsed.TotalSeconds -gt $LimitS) { [Console]::Error.WriteLine('the time is up'); exit 124 }"
    yield "}"
    if head.text.needs:
        names = ", ".join(f"'{name}'" for name in head.text.needs)
        yield f"foreach ($name in {names}) {{"
        yield "    if (-not (Get-Command -Name $name -ErrorAction SilentlyContinue)) {"
        yield '        [Console]::Error.WriteLine("missing: $name"); exit 3'
        yield from ("    }", "}")
    leave = ("if ($Check) {", f"    '{head.checked}'", "    exit 0", "}", "")
    yield from ("", *_parts(head, leave))


def _python(head: _Head, verify: str, back: str) -> Iterator[str]:
    yield "#!/usr/bin/env python3"
    said = list(head.said(verify, back))
    yield from (f'r"""{said[0]}', "", *said[1:], '"""', "")
    modules = sorted({*head.text.needs, "os", "sys", "threading"})
    yield from (*(f"import {name}" for name in modules), "")
    yield from head.assigned()
    yield f"LIMIT_S = {head.limit_s}"
    yield 'CHECK = "--check" in sys.argv[1:]' if not head.only_check else "CHECK = True"
    yield from ("", "", "def main() -> int:", '    """Do it; return the exit code."""')
    leave = ("    if CHECK:", f'        print("{head.checked}")', "        return 0")
    if not head.task.changes:
        yield from leave
    yield from _indented(head.text.look)
    if head.task.changes:
        yield from (*leave, *_indented(head.text.act), *_indented(head.text.confirm))
    yield from ("", "", 'if __name__ == "__main__":', '    if set(sys.argv[1:]) - {"--check"}:')
    yield from ('        print(f"unknown option: {sys.argv[1]}", file=sys.stderr)', "        sys.exit(2)")
    yield from ("    watch = threading.Timer(LIMIT_S, os._exit, [124])", "    watch.daemon = True", "    watch.start()")
    yield from ("    try:", "        sys.exit(main())", "    except (OSError, ValueError) as error:")
    yield from ('        print(f"failed: {error}", file=sys.stderr)', "        sys.exit(4)")


def _indented(code: str) -> list[str]:
    return textwrap.indent(code.strip(), "    ").splitlines()


_WRITERS = {Language.BASH: _bash, Language.POWERSHELL: _powershell, Language.PYTHON: _python}


def runnable(text: str, language: Language) -> tuple[str, str]:
    """Return (text, shell) of an order that runs a script; Python is handed to its interpreter on standard input."""
    if language is not Language.PYTHON:
        return text, language.value
    end = _END
    while end in text:
        end += "_"
    return f"python3 - <<'{end}'\n{text.rstrip()}\n{end}", "sh"
