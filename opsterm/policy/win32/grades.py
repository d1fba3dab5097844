"""How bad it is to do something to a file or a setting of Windows, by where it is."""

from __future__ import annotations

import re

from opsterm.policy.effects import EffectKind
from opsterm.policy.level import RiskLevel
from opsterm.policy.win32.places import WindowsPlace, normal, place_of

_K, _L = EffectKind, RiskLevel
_FIRM = frozenset({
    WindowsPlace.ROOT, WindowsPlace.SYSTEM, WindowsPlace.BOOT, WindowsPlace.ACCESS, WindowsPlace.DISK,
    WindowsPlace.STARTUP, WindowsPlace.TASKS, WindowsPlace.HOSTS,
})  # fmt: skip
_MILD = frozenset({WindowsPlace.TEMPORARY, WindowsPlace.HOME, WindowsPlace.NOTHING})
_WHOLE = re.compile(r"[a-z]:|\\|%|\?|hk|\*")


def level_on_windows(kind: EffectKind, what: str) -> RiskLevel:
    """Return the grade of a file's or a setting's writing, deletion, or change of rights.

    Args:
        kind: WRITE_FILE, WRITE_CONFIG, TRUNCATE, DELETE, PERM or OWNER.
        what: its path or key, or any other name: a deletion of what is no file weighs as that of one.
    """
    place = place_of(what)
    if kind in (_K.DELETE, _K.TRUNCATE):
        return _L.MEDIUM if place is WindowsPlace.TEMPORARY else _L.HIGH
    if kind in (_K.PERM, _K.OWNER):
        firm = place in _FIRM or place in (WindowsPlace.REGISTRY, WindowsPlace.UNKNOWN)
        return _L.HIGH if firm else _L.LOW if place is WindowsPlace.TEMPORARY else _L.MEDIUM
    if place in _FIRM:
        return _L.HIGH
    if kind is _K.WRITE_FILE and (place in _MILD or not _WHOLE.match(normal(what))):
        return _L.LOW
    return _L.MEDIUM
