"""The functions of records, made when they are first called.

A dataclass writes up to seven functions as text and compiles each of them at once. A command on targets makes two
hundred and fifty such classes and calls a few dozen of their functions: to compile the others was a third of its start.
Python 3.13 compiles the functions of a class in one go and has no such seam; there all is as the library has it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Function = Callable[..., Any]
"""Any: a method of some record, with arguments and a result of its own."""

SEAM = "_create_fn"
"""The library's function that compiles one of a record's; it has no public switch."""

_create: Function = getattr(dataclasses, SEAM, lambda: None)
_PACKAGE = f"{__name__.partition('.')[0]}."


def make_functions_later() -> None:
    """Let records of this package compile a function when it is first called; harmless when that was said."""
    if hasattr(dataclasses, SEAM):
        setattr(dataclasses, SEAM, _function)


def _function(
    name: str, arguments: Sequence[str], body: Sequence[str], *,
    globals: Mapping[str, object] | None = None,  # noqa: A002 - the library's name
    **more: Any,  # what it stands on, handed on unseen
) -> Function:  # fmt: skip
    """Return a method that makes itself; the classes of others get theirs at once."""
    if not str((globals or {}).get("__name__")).startswith(_PACKAGE):
        return _create(name, arguments, body, globals=globals, **more)  # type: ignore[no-any-return]  # the library's
    made: Function | None = None

    def method(*given: Any, **named: Any) -> Any:
        nonlocal made
        if made is None:
            made = _create(name, arguments, body, globals=globals, **more)
            made.__qualname__ = method.__qualname__  # which TypeError says when an argument is missing
            _put(type(given[0]), name, method, made)
        return made(*given, **named)

    method.__name__ = name
    return method


def _put(cls: type, name: str, stands: Function, instead: Function) -> None:
    """Put a method where another one stands: in a class, or in the one that it has it from."""
    for owner in cls.__mro__:
        if owner.__dict__.get(name) is stands:
            setattr(owner, name, instead)
