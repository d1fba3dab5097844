"""Values of parameters: what may be one, and how it is written in each language so that it stays a value."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from opsterm.changes.scripts.task import Language, ParameterKind, TaskParameter
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

LONGEST = 400
"""Characters of a value."""

_UNITS: Mapping[str, int] = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_SIZE = re.compile(r"(\d{1,15})\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:+-]{0,99}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+")
_URL = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&()*+,;=%\[\]-]+")
_PATH = re.compile(r"/.*|[A-Za-z]:\\.*|[A-Za-z]:/.*")
_QUOTES = "'\"`\u2018\u2019\u201a\u201b\u201c\u201d\u201e"
"""Signs that end a text in one language or another; PowerShell takes the typographic ones for plain ones."""

_SHAPES: Mapping[ParameterKind, tuple[re.Pattern[str], str]] = {
    ParameterKind.NAME: (_NAME, "letters, digits and _ . @ : + -, none of these signs first"),
    ParameterKind.HOST: (_HOST, "the name or address of a host"),
    ParameterKind.URL: (_URL, "an address that begins with http:// or https://"),
    ParameterKind.PATH: (_PATH, "a whole path, as in /var/log or C:\\Logs"),
}


def require_value(parameter: TaskParameter, text: str) -> str:
    """Return a value as it is kept: a number in digits, a size in bytes, anything else as it is.

    Raises:
        BadInput: it is none for this parameter; it says what would be.
    """
    if parameter.kind is ParameterKind.NUMBER:
        return _number(parameter, text.strip().removesuffix("%").strip())
    if parameter.kind is ParameterKind.SIZE:
        match = _SIZE.fullmatch(text.strip())
        if match is None or not int(match[1]):
            raise _refused(parameter, text, "a size, as in 500M or 2G")
        return str(int(match[1]) * _UNITS[match[2].upper()])
    if len(text) > LONGEST or not text.isprintable() or any(sign in text for sign in _QUOTES):
        raise _refused(parameter, text, f"printable, without quotes, and at most {LONGEST} characters")
    if parameter.kind in _SHAPES:
        shape, allowed = _SHAPES[parameter.kind]
        if not shape.fullmatch(text):
            raise _refused(parameter, text, allowed)
    elif text.startswith("-"):
        raise _refused(parameter, text, "a text that does not begin with -")
    return text


def _number(parameter: TaskParameter, text: str) -> str:
    if not re.fullmatch(r"\d{1,10}", text, re.ASCII) or not parameter.least <= int(text) <= parameter.most:
        raise _refused(parameter, text, f"a whole number from {parameter.least:,} to {parameter.most:,}")
    return str(int(text))


def _refused(parameter: TaskParameter, text: str, allowed: str) -> BadInput:
    return BadInput(
        f"{clean_line(text, limit=60)!r} cannot be {parameter.name}: {parameter.about}.",
        next_step=f"It has to be {allowed}.",
    )


def literal(parameter: TaskParameter, value: str, language: Language) -> str:
    """Return a value that `require_value` has let through as a language writes it."""
    if parameter.kind in (ParameterKind.NUMBER, ParameterKind.SIZE):
        return value
    if language is Language.PYTHON:
        return '"' + value.replace("\\", "\\\\") + '"'
    return f"'{value}'"


def variable(name: str, language: Language) -> str:
    """Return the variable of a parameter: threshold, $Threshold or THRESHOLD."""
    if language is Language.PYTHON:
        return name.upper()
    return name if language is Language.BASH else "$" + "".join(part.capitalize() for part in name.split("_"))


def word(parameter: TaskParameter, value: str, language: Language) -> str:
    """Return a value as a word of a command line of a language's shell."""
    if language is Language.POWERSHELL and parameter.kind not in (ParameterKind.NUMBER, ParameterKind.SIZE):
        return f"'{value}'"
    return shlex.quote(value)
