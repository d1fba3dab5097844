"""What a model says becomes a value that fits, a call of an offered tool, or a fault; never anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.assistant.model.forms import LONGEST, faults_of, formed, read_json
from opsterm.assistant.model.talk import Tool, ToolCall
from opsterm.assistant.model.tool_calls import MOST_CALLS, calls_in_text, check_calls
from opsterm.core.errors import BadInput

FORM: dict[str, Any] = {
    "type": "object",
    "properties": {"level": {"enum": ["low", "high"]}, "hosts": {"type": "array", "items": {"type": "string"}}},
    "required": ["level"],
    "additionalProperties": False,
}
FIND = Tool(
    name="find", text="Finds.",
    parameters={"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
)  # fmt: skip
DISK = Tool(name="disk", text="Reads.", parameters={"type": "object", "properties": {}})
TOOLS = (FIND, DISK)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"level": "low"}', {"level": "low"}),
        ('```json\n{"level": "high", "hosts": ["a"]}\n```', {"level": "high", "hosts": ["a"]}),
        ('{"level": "low", "hosts": ["a\x01\tb"]}', {"level": "low", "hosts": ["a\x01\tb"]}),
    ],
)
def test_an_answer_that_fits_is_a_value(text: str, value: object) -> None:
    assert formed(text, FORM) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Certainly! Here it is.", "not JSON"), ('{"level": "lo', "not JSON"), ("[" * 100_000, "not JSON"),
        ('{"level": NaN}', "not JSON"), ('{"level": ' + "9" * 6000 + "}", "not JSON"),
        (" " * (LONGEST + 1), "more than"),
        ('{"level": "middle"}', "has not the form"), ("{}", "has not the form"),
        ("[]", "has not the form"),
        ('{"level": "low", "run": "rm"}', "has not the form"),
        ('Sure: {"level": "low"}', "not JSON"),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_fit_is_a_fault(text: str, why: str) -> None:
    with pytest.raises(BadInput) as told:
        formed(text, FORM)
    assert why in told.value.what


def test_the_fault_says_where() -> None:
    assert faults_of({"level": "low", "hosts": [1]}, FORM) == ["hosts.0: 1 is not of type 'string'"]


@given(
    st.recursive(st.none() | st.booleans() | st.integers(-99, 99) | st.text(), lambda part: st.lists(part, max_size=3))
)
def test_what_is_json_is_read_as_json_does(value: object) -> None:
    assert read_json(json.dumps(value)) == value
    assert read_json(f"```\n{json.dumps(value)}\n```") == value


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        (("find", {"text": "a"}), ""),
        (("find", '{"text": "a"}'), ""),
        (("disk", {}), ""),
        (("erase", {}), "There is no tool erase; there is: find, disk."),
        (("", {}), "There is no tool"),
        (("\x1b]0;x\x07", {}), "There is no tool"),
        (("find", {"text": 3}), "text: 3 is not of type 'string'"),
        (("find", {}), "'text' is a required property"),
        (("find", {"text": "a", "also": 1}), "Additional properties"),
        (("find", "rm -rf /"), "not a JSON object"),
        (("find", "[1]"), "not a JSON object"),
    ],
)
def test_a_call_is_of_an_offered_tool_and_fits_it_or_has_a_fault(call: tuple[str, Any], fault: str) -> None:
    (checked,) = check_calls([ToolCall(id="1", name=call[0], arguments=call[1])], TOOLS)
    assert fault in checked.fault
    assert bool(checked.fault) is bool(fault)
    assert "\x1b" not in checked.fault
    if not fault:
        assert isinstance(checked.call.arguments, dict)


def test_the_same_call_twice_counts_once_and_a_flood_ends() -> None:
    twice = check_calls([ToolCall(id=str(n), name="disk", arguments={}) for n in range(2)], TOOLS)
    assert [bool(one.fault) for one in twice] == [False, True]
    flood = [ToolCall(id=str(n), name="find", arguments={"text": str(n)}) for n in range(1000)]
    assert len(check_calls(flood, TOOLS)) == MOST_CALLS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"name": "find", "arguments": {"text": "a"}}', True),
        ('{"name": "find", "parameters": {"text": "a"}}', True),
        ('{"type": "function", "function": {"name": "find", "arguments": {"text": "a"}}}', True),
        ('```json\n{"name": "find", "arguments": {"text": "a"}}\n```', True),
        ('<tool_call>\n{"name": "find", "arguments": {"text": "a"}}\n</tool_call>', True),
        ('<function=find>{"text": "a"}</function>', True),
        ('For example: {"name": "find", "arguments": {"text": "a"}}', False),
        ('{"name": "erase", "arguments": {"text": "a"}}', False),
        ('{"name": "find", "arguments": {"text": 3}}', False),
        ('{"name": "find"}', False),
        ('{"name": ["find"], "arguments": {}}', False),
        ("find the disk", False),
    ],
)
def test_a_call_that_was_written_as_the_whole_answer_is_one(text: str, found: bool) -> None:
    calls = calls_in_text(text, TOOLS)
    assert [(call.name, call.arguments) for call in calls] == ([("find", {"text": "a"})] if found else [])
    assert calls_in_text(text, ()) == ()
