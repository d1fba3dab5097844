"""Values that a sentence says: sizes, percents, days, paths, services, hosts, addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from opsterm.changes.scripts.task import ParameterKind, ScriptTask, TaskParameter
from opsterm.policy.word_set import word_set

_NUMBER = r"\d{1,9}"
_SIZE = re.compile(r"\b(\d{1,6}(?:\.\d)?)\s?(kilo|mega|giga|tera|[kmgt])(?:i?b|bytes?|bs)?\b", re.IGNORECASE)
_PERCENT = re.compile(rf"({_NUMBER})\s?(?:%|percent|per cent|pct)", re.IGNORECASE)
_PATH = re.compile(r"(?<![\w:/])(/[\w.@+/-]*[\w/]|[A-Za-z]:[\\/][\w.\\/ -]*[\w\\])")
_URL = re.compile(r"https?://[^\s'\"`<>]+[^\s'\"`<>.,;:)]")
_HOST = re.compile(
    r"\b(?:\d{1,3}(?:\.\d{1,3}){3}|[A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}|[A-Za-z]+-?\d+|localhost)\b"
)
_UNITS_OF_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_NO_NAMES = word_set(
    "a an the is are it its that this all any each every and or of on in to for with if service services unit "
    "daemon user account group process script named called host server package task scheduled bash powershell "
    "python linux windows one which who when running stopped down up not has have by from status state still using use "
    "only restart start stop check enable disable delete remove lock unlock create list find my our active dead "
    "expired systemd site web print"
)


def without_values(words: str) -> str:
    """Return words without addresses, paths, sizes, percents and names of hosts: they say nothing of the task."""
    for shape in (_URL, _PATH, _SIZE, _PERCENT, _HOST):
        words = shape.sub(" ", words)
    return words


def canonical_values(words: str, task: ScriptTask) -> Mapping[str, str]:
    """Return what is said as name=value."""
    found = {}
    for name, quoted, bare in re.findall(r"\b([a-z_]+)=(?:\"([^\"]*)\"|(\S+))", words):
        if task.parameter(name) is not None:
            found[name] = quoted or bare
    return found


def values_in(words: str, task: ScriptTask) -> tuple[Mapping[str, str], list[str]]:
    """Return (values by the names of parameters, numbers that nothing was made of)."""
    found: dict[str, str] = {}
    rest = words
    for one in sorted(task.parameters, key=lambda parameter: _ORDER[parameter.kind]):
        said = _READERS[one.kind](rest, one)
        if said is None:
            continue
        found[one.name], span = said
        rest = f"{rest[: span[0]]} {rest[span[1] :]}"
    unused = re.findall(r"(?<![\w./-])\d{1,9}(?:\s?%)?(?![\w./-])", rest)
    return found, list(dict.fromkeys(unused))


_Said = tuple[str, tuple[int, int]] | None


def _last(shape: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    for match in shape.finditer(text):
        found = match
    return found


def _size(text: str, parameter: TaskParameter) -> _Said:
    del parameter
    match = _last(_SIZE, text)
    if match is None:
        return None
    number, unit = float(match[1]), match[2][0].upper()
    if not number.is_integer():
        number, unit = number * 1024, {"K": "", "M": "K", "G": "M", "T": "G"}[unit]
    return f"{int(number)}{unit}", match.span()


def _number(text: str, parameter: TaskParameter) -> _Said:
    if "percent" in parameter.about:
        match = _last(_PERCENT, text)
        if match is not None:
            return match[1], match.span()
    if "days" in parameter.about:
        match = _last(re.compile(rf"\b({_NUMBER}|a|one|two|three)[ -](day|week|month|year)s?\b", re.IGNORECASE), text)
        if match is not None:
            count = {"a": 1, "one": 1, "two": 2, "three": 3}.get(match[1].lower()) or int(match[1])
            return str(count * _UNITS_OF_DAYS[match[2].lower()]), match.span()
    for word in parameter.words:
        shape = rf"\b{re.escape(word)}\s+(?:of\s+|to\s+|is\s+)?({_NUMBER})\b|\b({_NUMBER})\s+{re.escape(word)}\b"
        match = _last(re.compile(shape, re.IGNORECASE), text)
        if match is not None:
            return match[1] or match[2], match.span()
    return None


def _shaped(shape: re.Pattern[str]) -> _Reader:
    def read(text: str, parameter: TaskParameter) -> _Said:
        del parameter
        match = _last(shape, text)
        return (match[0].rstrip(" "), match.span()) if match else None

    return read


def _name(text: str, parameter: TaskParameter) -> _Said:
    """Find a name in quotes, or one that stands beside a word that says what it is of."""
    quoted = re.search(r"[`'\"]([A-Za-z0-9_][\w.@:+-]*)[`'\"]", text)
    if quoted:
        return quoted[1], quoted.span()
    for word in parameter.words:
        for shape in (rf"\b{re.escape(word)}\s+(?:named\s+|called\s+)?([A-Za-z0-9_][\w.@:+-]*)",
                      rf"\b([A-Za-z0-9_][\w.@:+-]*)\s+{re.escape(word)}\b"):  # fmt: skip
            for match in re.finditer(shape, text, re.IGNORECASE):
                name = match[1].rstrip(".:,")
                if name.lower() not in _NO_NAMES and not name.isdigit():
                    return name, match.span(1)
    return None


def _path(text: str, parameter: TaskParameter) -> _Said:
    """Find a path behind a word that says what it is of, or the first that is left."""
    for word in parameter.words:
        shape = rf"\b{re.escape(word)}\s+(?:the\s+)?(?:folder\s+|directory\s+|file\s+)?(?:{_PATH.pattern})"
        match = re.search(shape, text, re.IGNORECASE)
        if match is not None:
            return match[1].rstrip(" "), match.span(1)
    match = _PATH.search(text)
    return (match[0].rstrip(" "), match.span()) if match else None


def _text(text: str, parameter: TaskParameter) -> _Said:
    quoted = re.search(r"[`'\"]([^`'\"]{1,200})[`'\"]", text)
    return (quoted[1], quoted.span()) if quoted else _name(text, parameter)


def _host(text: str, parameter: TaskParameter) -> _Said:
    del parameter
    text = _PATH.sub(lambda match: " " * len(match[0]), text)
    match = _last(_HOST, text)
    return (match[0], match.span()) if match else None


_Reader = Callable[[str, TaskParameter], _Said]
_READERS = {
    ParameterKind.NUMBER: _number, ParameterKind.SIZE: _size, ParameterKind.PATH: _path,
    ParameterKind.NAME: _name, ParameterKind.HOST: _host, ParameterKind.URL: _shaped(_URL), ParameterKind.TEXT: _text,
}  # fmt: skip
_ORDER = {
    ParameterKind.URL: 0, ParameterKind.PATH: 1, ParameterKind.SIZE: 2, ParameterKind.HOST: 3, ParameterKind.NUMBER: 4,
    ParameterKind.NAME: 5, ParameterKind.TEXT: 6,
}  # fmt: skip
