"""A task that a script can be written for: its parameters, and its text in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """What a script is written in."""

    BASH = "bash"
    POWERSHELL = "powershell"
    PYTHON = "python"


TITLES: Mapping[Language, str] = {
    Language.BASH: "Bash", Language.POWERSHELL: "PowerShell", Language.PYTHON: "Python",
}  # fmt: skip


class ParameterKind(StrEnum):
    """What a value has to be."""

    NUMBER = "number"
    SIZE = "size"
    PATH = "path"
    NAME = "name"
    HOST = "host"
    URL = "url"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskParameter:
    """Something that a task can be told.

    Attributes:
        name: small letters and `_`.
        kind: what its value has to be.
        about: what it means, with its unit.
        default: the value when none is said, None when one has to be said.
        windows: the default of a script in PowerShell, None for the same.
        least, most: limits of a number.
        words: words of a sentence behind or before which its value stands.
    """

    name: str
    kind: ParameterKind
    about: str
    default: str | None = None
    windows: str | None = None
    least: int = 0
    most: int = 1_000_000_000
    words: tuple[str, ...] = ()

    def default_in(self, language: Language) -> str | None:
        """Return the value when none is said, None when one has to be said."""
        return self.windows if language is Language.POWERSHELL and self.windows is not None else self.default


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskText:
    """A task in one language.

    Attributes:
        needs: programs, cmdlets or modules that have to be there.
        look: what reads; for a task that changes nothing it is all there is.
        act: what changes, "" for a task that changes nothing.
        confirm: what looks afterwards and ends with 1 when it is not as it should be, "" for nothing.
        verify: a command that shows the same in another way; `{name}` stands for a value.
        back: a command that takes it back, "" for none.
    """

    needs: tuple[str, ...]
    look: str
    act: str = ""
    confirm: str = ""
    verify: str = ""
    back: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptTask:
    """Something that scripts can be written for.

    Attributes:
        id: small letters and `-`.
        family: what it is about: disk, services, …
        title: what it does, as in "check disk space".
        about: what it says and how it ends, whole sentences.
        names: other words for it.
        found: what exit code 1 means.
        back: how it is taken back, a whole sentence; "" for a task that changes nothing.
        limit_s: seconds that it may take, when nobody says otherwise.
        parameters: in the order in which they are shown.
        texts: by language.
    """

    id: str
    family: str
    title: str
    about: str
    names: tuple[str, ...]
    found: str
    back: str
    limit_s: int
    parameters: tuple[TaskParameter, ...]
    texts: Mapping[Language, TaskText]

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return bool(self.back)

    def parameter(self, name: str) -> TaskParameter | None:
        """Return a parameter by its name."""
        return next((one for one in self.parameters if one.name == name), None)
