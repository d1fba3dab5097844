"""What can have happened to scripts."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.events import Event, event


@event("script.kept")
@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptKept(Event):
    """Somebody kept a version of a script.

    Attributes:
        script: its name and version, as in "disk@3".
        language: what it is written in.
        sha256: of its text.
    """

    script: str
    language: str
    sha256: str
