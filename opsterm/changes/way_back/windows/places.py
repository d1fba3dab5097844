"""Names of files and keys of the registry on Windows, where they are known before a text runs."""

from __future__ import annotations

import re

from opsterm.policy.preview.paths import NotKnown
from opsterm.policy.way_back import Thing, ThingKind

_HIVES = {
    "hkey_local_machine": "HKLM", "hkey_current_user": "HKCU", "hkey_users": "HKU", "hkey_classes_root": "HKCR",
    "hkey_current_config": "HKCC",
}  # fmt: skip
_KEY = re.compile(
    r"(?:(?:Microsoft\.PowerShell\.Core\\)?Registry::)?(HKLM|HKCU|HKU|HKCR|HKCC|HKEY_[A-Z_]+):?\\(.+)", re.IGNORECASE
)
_ODD = frozenset("*?[]\x00\n\r`$%\"'|<>")
_FOLDER = re.compile(r"[A-Za-z]:\\[^:]+")
_TOO_MUCH = re.compile(r"[A-Za-z]:\\(?:Windows|Program Files(?: \(x86\))?|ProgramData|Users)?\\?", re.IGNORECASE)


def is_key(name: str) -> bool:
    """Return whether a name is one of the registry."""
    return _KEY.fullmatch(name) is not None


def key_named(name: str, *, whole: bool) -> Thing:
    """Return a key, or one of its values.

    Args:
        name: as an effect names it: the key, with the value behind it where one is written.
        whole: whether it is a key that goes with all that is below it.

    Raises:
        NotKnown: that is known only when it runs.
    """
    found = _KEY.fullmatch(name)
    if found is None or set(name) & _ODD:
        raise NotKnown("which key it is about is known only when it runs")
    hive, below = _HIVES.get(found[1].lower(), found[1].upper()), found[2].rstrip("\\")
    above, _, last = below.rpartition("\\")
    if whole or not above:
        if below.count("\\") < 2:
            raise NotKnown(f"{name} is too much to be kept")
        return Thing(kind=ThingKind.REGISTRY, name=f"{hive}:\\{below}")
    return Thing(kind=ThingKind.REGISTRY, name=f"{hive}:\\{above}", option=f"={last}")


def place_named(name: str) -> str:
    """Return a path as it is kept.

    Raises:
        NotKnown: it is a pattern, on another host, known only when it runs, or too much.
    """
    path = name.replace("/", "\\").rstrip("\\")
    if set(path) & _ODD or not _FOLDER.fullmatch(path) or "\\..\\" in f"{path}\\":
        raise NotKnown(f"which file {name or 'it'} is, is known only when it runs")
    if _TOO_MUCH.fullmatch(path):
        raise NotKnown(f"{name} is too much to be kept")
    return path
