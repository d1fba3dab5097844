"""Tool calls of a model, made strict: what is not exactly a call of an offered tool is a fault, and never runs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from opsterm.assistant.model.forms import faults_of, read_json
from opsterm.assistant.model.talk import Tool, ToolCall
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

MOST_CALLS = 16
"""Calls of one answer that are looked at; more is a model that has lost its way."""

_TAGGED = (
    re.compile(r"\s*<tool_call>\s*(.*?)\s*</tool_call>\s*", re.DOTALL),
    re.compile(r"\s*<function=([A-Za-z0-9_.-]{1,100})>\s*(.*?)\s*</function>\s*", re.DOTALL),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCall:
    """A call, looked at.

    Attributes:
        call: as it was asked for; its arguments are an object when there is no fault.
        fault: what is wrong with it, told back to the model; "" when it may be answered.
    """

    call: ToolCall
    fault: str = ""


def check_calls(calls: Sequence[ToolCall], tools: Sequence[Tool]) -> Sequence[CheckedCall]:
    """Look at each call: is its tool one that was offered, do its arguments fit; the same call twice counts once."""
    known = {tool.name: tool for tool in tools}
    checked: list[CheckedCall] = []
    seen: set[str] = set()
    for call in calls[:MOST_CALLS]:
        looked_at = _checked(call, known)
        text = f"{call.name} {json.dumps(looked_at.call.arguments, sort_keys=True, default=str)}"
        if not looked_at.fault and text in seen:
            looked_at = replace(looked_at, fault="This call was made already in the same answer.")
        seen.add(text)
        checked.append(looked_at)
    return checked


def _checked(call: ToolCall, known: Mapping[str, Tool]) -> CheckedCall:
    tool = known.get(call.name)
    if tool is None:
        there = ", ".join(known) or "none"
        return CheckedCall(call=call, fault=f"There is no tool {clean_line(call.name, limit=80)}; there is: {there}.")
    arguments: object = call.arguments
    if isinstance(arguments, str):
        try:
            arguments = read_json(arguments)
        except BadInput:
            return CheckedCall(call=call, fault="The arguments are not a JSON object.")
    if not isinstance(arguments, dict):
        return CheckedCall(call=call, fault="The arguments are not a JSON object.")
    faults = faults_of(arguments, {"additionalProperties": False, **tool.parameters})
    fault = "The arguments do not fit: " + "; ".join(faults) + "." if faults else ""
    return CheckedCall(call=replace(call, arguments=arguments), fault=fault)


def calls_in_text(text: str, tools: Sequence[Tool]) -> tuple[ToolCall, ...]:
    """Return the call that a model wrote as its whole answer instead of making it; () when the answer is an answer.

    Small models do so: bare, fenced, or between tags. Only a text that is nothing else, names an offered tool and fits
    it is taken, so that an example in an explanation stays one.
    """
    for pattern in _TAGGED:
        found = pattern.fullmatch(text)
        if found:
            text = found[1] if len(found.groups()) == 1 else f'{{"name": "{found[1]}", "arguments": {found[2]}}}'
            break
    try:
        value = read_json(text)
    except BadInput:
        return ()
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        value = value["function"]
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return ()
    arguments = value.get("arguments", value.get("parameters"))
    if not isinstance(arguments, dict):
        return ()
    call = ToolCall(id="text", name=value["name"], arguments=arguments)
    return (call,) if not check_calls([call], tools)[0].fault else ()
