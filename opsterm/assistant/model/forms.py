"""Answers that must have a form: a model's text becomes a value that fits a JSON Schema, or a fault to tell it.

A server constrains a model to a form, but not always, and not what the values say: so every answer is looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NoReturn

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

LONGEST = 200_000
"""Characters of an answer that is read."""

_FENCE = re.compile(r"\s*```[A-Za-z]*\s*\n(.*?)\n?\s*```\s*", re.DOTALL)
_FAULTS = 5


def read_json(text: str) -> object:
    """Return what a JSON text says; raw control characters in its strings are let pass, as models emit them.

    Raises:
        BadInput: it is no JSON, is cut off, or is larger or deeper than an answer is.
    """
    fenced = _FENCE.fullmatch(text)
    if len(text) > LONGEST:
        raise BadInput(f"The answer has more than {LONGEST:,} characters.")
    try:
        return json.loads(fenced[1] if fenced else text, strict=False, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadInput("The answer is not JSON.", why=clean_line(f"{error}.", limit=200)) from None


def _no_number(word: str) -> NoReturn:
    msg = f"{word} is no number of JSON"
    raise ValueError(msg)


def faults_of(value: object, schema: Mapping[str, object]) -> list[str]:
    """Return what about a value does not fit a schema, as sentences; [] when it fits."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 (0.1 s, and only a model's answer needs it)

    found = []
    for error in Draft202012Validator(dict(schema)).iter_errors(value):
        place = ".".join(str(part) for part in error.absolute_path)
        said = clean_line(error.message, limit=160)
        found.append(f"{place}: {said}" if place else said)
        if len(found) == _FAULTS:
            break
    return found


def formed(text: str, schema: Mapping[str, object]) -> object:
    """Return the value of an answer that fits a schema. Raises BadInput: it is no JSON, or does not fit."""
    value = read_json(text)
    faults = faults_of(value, schema)
    if faults:
        raise BadInput("The answer has not the form that was asked for.", why="; ".join(faults) + ".")
    return value


def asked_form(schema: Mapping[str, object]) -> str:
    """Return what a model is told of the form: a server constrains it, and does not show it the schema."""
    return "Answer with one JSON object and nothing else. It must fit this JSON Schema:\n" + json.dumps(dict(schema))


def repair_words(fault: BadInput) -> str:
    """Return what a model is told after an answer that did not fit; it gets one more try."""
    why = f" {fault.why}" if fault.why else ""
    return f"{fault.what}{why} Answer again, with one JSON object that fits, and nothing else."
