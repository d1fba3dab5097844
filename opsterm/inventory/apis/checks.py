"""Whether a value is what a schema asks for, before anything is sent: jsonschema, with a limit on its work.

The schema is a stranger's. Nothing is fetched for it (the registry is empty), a check ends after a number of steps
however the schema refers to itself, and a regular expression that could take long is left to the server.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from opsterm.core.text import clean_line
from opsterm.inventory.apis.description import Json
from opsterm.inventory.apis.regexes import may_be_tried

STEP_LIMIT = 50_000
"""Keywords that are looked at for one value."""

FAULTS_SHOWN = 8


class _TooManySteps(Exception):
    """The schema keeps the check busy; what is left of it is not checked here."""


def faults_of(value: Json, schema: Json) -> Sequence[str]:
    """Return what is wrong with a value, a sentence without its end each; none when it may be sent.

    Args:
        value: what would be sent, as JSON has it.
        schema: reduced, and complete: see `ApiDescription.closed`.
    """
    if schema is True:
        return ()
    checker, budget = _checker()
    budget.left = STEP_LIMIT
    found: dict[str, None] = {}
    try:
        for fault in checker(schema).iter_errors(value):
            found[_sentence(fault)] = None
            if len(found) >= FAULTS_SHOWN:
                break
    except (_TooManySteps, RecursionError):
        pass  # what was found until then is wrong all the same
    return tuple(found)


class _Budget:
    """Steps that are left."""

    def __init__(self) -> None:
        self.left = 0

    def limited(self, keyword: Callable[..., Iterable[Any] | None]) -> Callable[..., Iterator[Any]]:
        """Return a keyword's check that counts itself."""

        def check(validator: Any, value: Json, instance: Json, schema: Json) -> Iterator[Any]:
            self.left -= 1
            if self.left < 0:
                raise _TooManySteps
            yield from keyword(validator, value, instance, schema) or ()

        return check


@functools.cache
def _checker() -> tuple[Callable[[Json], Any], _Budget]:
    """Return what makes a checker for a schema, and its budget. Loaded with the first check: 0.1 s."""
    import jsonschema.exceptions  # noqa: PLC0415 (only when a call is written)
    import referencing  # noqa: PLC0415 (as above)
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415 (as above)

    def pattern(validator: Any, wanted: str, instance: Json, schema: Json) -> Iterator[Any]:
        del validator, schema
        if isinstance(instance, str) and may_be_tried(wanted, instance) and not re.search(wanted, instance):
            yield jsonschema.exceptions.ValidationError("")

    def form(validator: Any, name: str, instance: Json, schema: Json) -> Iterator[Any]:
        del validator, schema
        check = _FORMS.get(name)
        if check is not None and not check(instance):
            yield jsonschema.exceptions.ValidationError("")

    budget = _Budget()
    known = {**Draft202012Validator.VALIDATORS, "pattern": pattern, "format": form}
    extended = validators.extend(
        Draft202012Validator, {name: budget.limited(keyword) for name, keyword in known.items()}
    )
    registry: Any = referencing.Registry()
    return (lambda schema: extended(schema, registry=registry)), budget


def _whole(bits: int) -> Callable[[Json], bool]:
    def fits(value: Json) -> bool:
        return isinstance(value, bool) or not isinstance(value, int) or -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)

    return fits


def _texts(pattern: str) -> Callable[[Json], bool]:
    match = re.compile(pattern, re.ASCII | re.IGNORECASE).fullmatch
    return lambda value: not isinstance(value, str) or match(value) is not None


_DATE = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_FORMS: dict[str, Callable[[Json], bool]] = {
    "int32": _whole(32),
    "int64": _whole(64),
    "date": _texts(_DATE),
    "date-time": _texts(_DATE + r"[t ][0-2]\d:[0-5]\d:[0-6]\d(?:\.\d{1,9})?(?:z|[+-][0-2]\d:[0-5]\d)"),
    "uuid": _texts(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
}
"""Formats that are checked; the others are annotations, as 2020-12 has them."""


def _sentence(fault: Any) -> str:
    """Return what one error of the library says, in our words."""
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in fault.absolute_path)
    head = f"{clean_line(where.removeprefix('.'), limit=100)} " if where else ""
    return head + _WORDS.get(str(fault.validator), lambda _: "is not what the description asks for")(fault)


def _kind(value: Json) -> str:
    if value is None:
        return "null"
    for kind, word in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return word
    return "object"


def _said(value: Json) -> str:
    return clean_line(value if isinstance(value, str) else json.dumps(value, default=str), limit=80)


def _choices(values: Sequence[Json]) -> str:
    return ", ".join(map(_said, values[:20])) + (f" or one of {len(values) - 20} more" if len(values) > 20 else "")


def _missing(fault: Any) -> str:
    lacking = [
        name for name in fault.validator_value if isinstance(fault.instance, dict) and name not in fault.instance
    ]
    return f"lacks {', '.join(clean_line(name, limit=60) for name in lacking[:10])}"


_WORDS: dict[str, Callable[[Any], str]] = {
    "type": lambda f: f"must be {_either(f.validator_value)}, not {_kind(f.instance)}",
    "enum": lambda f: f"must be one of {_choices(f.validator_value)}, not {_said(f.instance)}",
    "const": lambda f: f"must be {_said(f.validator_value)}",
    "minimum": lambda f: f"must be at least {f.validator_value}, not {_said(f.instance)}",
    "maximum": lambda f: f"must be at most {f.validator_value}, not {_said(f.instance)}",
    "exclusiveMinimum": lambda f: f"must be more than {f.validator_value}, not {_said(f.instance)}",
    "exclusiveMaximum": lambda f: f"must be less than {f.validator_value}, not {_said(f.instance)}",
    "multipleOf": lambda f: f"must be a multiple of {f.validator_value}, not {_said(f.instance)}",
    "minLength": lambda f: f"must have at least {f.validator_value} characters",
    "maxLength": lambda f: f"must have at most {f.validator_value} characters",
    "minItems": lambda f: f"must have at least {f.validator_value} items",
    "maxItems": lambda f: f"must have at most {f.validator_value} items",
    "uniqueItems": lambda _: "must not have an item twice",
    "pattern": lambda f: f"must match {clean_line(str(f.validator_value), limit=100)}",
    "format": lambda f: f"must be of the form {clean_line(str(f.validator_value), limit=40)}, not {_said(f.instance)}",
    "required": _missing,
    "additionalProperties": lambda _: "has a field that the description does not know",
    "anyOf": lambda _: "is none of the kinds that the description names",
}


def _either(kinds: Json) -> str:
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
