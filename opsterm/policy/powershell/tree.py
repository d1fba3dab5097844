"""The parts that a PowerShell text falls into."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandPiece:
    """A word of a command, or a value of an expression.

    Attributes:
        kind: word, string, parameter, variable, block, group (brackets), table (@{…}), splat.
        text: as the command gets it, quotes and escapes taken away; "?" for a part that is known only when it runs.
        start, end: where it stands.
        unknown: whether a part of it is known only when it runs.
        scripts: texts in it that run: of $( ), ( ), { }.
        more: the other values of a list written with commas.
    """

    kind: str
    text: str
    start: int
    end: int
    unknown: bool = False
    scripts: tuple[Script, ...] = ()
    more: tuple[CommandPiece, ...] = ()

    @property
    def values(self) -> tuple[CommandPiece, ...]:
        """The values of a list; of anything else it alone."""
        return (self, *self.more)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerShellCommand:
    """A command: `pieces` begin with its name.

    Attributes:
        operator: "&" or "." when the name stands behind one, else "".
        redirects: the files that its streams are written to.
    """

    pieces: tuple[CommandPiece, ...]
    operator: str = ""
    redirects: tuple[CommandPiece, ...] = ()
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCall:
    """A member of an object or, with a type, of a class: `[IO.File]::Delete(…)`, `$x.Kill()`.

    Attributes:
        type: of a static member the type, as written, else "".
        member: its name, "?" when that is known only when it runs.
        receiver: of another member the text before it.
        arguments: the first argument's text where it is plain, "?" where not, None where there are no brackets.
    """

    type: str
    member: str
    receiver: str
    arguments: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """Anything that is no command: values, operators, assignments, control words.

    Attributes:
        calls: members that are used.
        scripts: texts in it that run or may run.
        strings: its plain strings.
        assigned: what it assigns to, as written, "" for nothing.
        constant: its value where that is a plain string, also one put together of plain strings.
        builds: whether it puts a text together.
        stray: the first part that fits in no expression, as written, "" for none.
    """

    calls: tuple[MemberCall, ...] = ()
    scripts: tuple[Script, ...] = ()
    strings: tuple[CommandPiece, ...] = ()
    assigned: str = ""
    constant: str | None = None
    builds: bool = False
    stray: str = ""
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Pipelines one behind the other.

    Attributes:
        pipelines: of each its commands and expressions in order.
        functions: names of the functions that it defines, in lower case.
        loads: whether it loads code from elsewhere by a `using` statement.
    """

    pipelines: tuple[tuple[PowerShellCommand | Expression, ...], ...] = ()
    functions: tuple[str, ...] = ()
    loads: bool = False
    start: int = 0
    end: int = 0
