"""A value stays a value: what could be code in one of the languages is refused or written so that it is none."""

from __future__ import annotations

import ast
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.changes.scripts.task import Language, ParameterKind, TaskParameter
from opsterm.changes.scripts.values import literal, require_value
from opsterm.core.errors import BadInput

HOSTILE = (
    "x'; rm -rf /; '", "$(reboot)", "`reboot`", "a\nb", "x\u2019; Remove-Item C:\\ -Recurse; \u2019", '"; import os; "',
    "\x1b[2J", "x" * 500, "-rf",
)  # fmt: skip


def parameter(kind: ParameterKind) -> TaskParameter:
    return TaskParameter(name="value", kind=kind, about="a value", least=1, most=100)


@pytest.mark.parametrize("kind", [*ParameterKind])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_values_are_refused_or_stay_texts(kind: ParameterKind, text: str) -> None:
    try:
        value = require_value(parameter(kind), text)
    except BadInput:
        return
    assert kind in (ParameterKind.TEXT, ParameterKind.URL)
    assert shlex.split(literal(parameter(kind), value, Language.BASH)) == [text]


@given(st.text(max_size=60), st.sampled_from([*ParameterKind]))
def test_what_is_let_through_is_the_same_text_in_every_language(text: str, kind: ParameterKind) -> None:
    one = parameter(kind)
    try:
        value = require_value(one, text)
    except BadInput:
        return
    assert shlex.split(literal(one, value, Language.BASH)) == [value] or value == ""
    assert str(ast.literal_eval(literal(one, value, Language.PYTHON))) == value
    powershell = literal(one, value, Language.POWERSHELL)
    assert powershell == value or (powershell == f"'{value}'" and not {*"'\u2018\u2019\u201a\u201b"} & {*value})


def test_bash_itself_reads_the_same_text() -> None:
    one = parameter(ParameterKind.TEXT)
    for text in ("$(reboot) * ~ \\ | & ; < >", "ä ß 日本", "a=b {c,d} [e] #f !g"):
        word = literal(one, require_value(one, text), Language.BASH)
        ran = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, text=True, check=True)
        assert ran.stdout == text


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        (ParameterKind.SIZE, "1G", str(2**30)), (ParameterKind.SIZE, "500 MB", str(500 * 2**20)),
        (ParameterKind.SIZE, "0", None), (ParameterKind.SIZE, "big", None), (ParameterKind.NUMBER, "85 %", "85"),
        (ParameterKind.NUMBER, "101", None), (ParameterKind.NUMBER, "٣", None), (ParameterKind.PATH, "var", None),
        (ParameterKind.PATH, "C:\\Logs", "C:\\Logs"), (ParameterKind.NAME, "ssh", "ssh"),
        (ParameterKind.NAME, "../x", None), (ParameterKind.HOST, "a..b;c", None), (ParameterKind.HOST, "::1", "::1"),
        (ParameterKind.URL, "ftp://x/", None),
    ],
)  # fmt: skip
def test_values_have_limits(kind: ParameterKind, text: str, kept: str | None) -> None:
    if kept is not None:
        assert require_value(parameter(kind), text) == kept
        return
    with pytest.raises(BadInput, match="cannot be value"):
        require_value(parameter(kind), text)
