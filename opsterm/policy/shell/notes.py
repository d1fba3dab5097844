"""What a reading of a text gathers, and where in it the reading stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opsterm.policy.effect_notes import TOO_MANY, EffectList
from opsterm.policy.effects import Certainty, Effect, EffectKind, Span
from opsterm.policy.invocation import Findings, Invocation
from opsterm.policy.shell.argument import Argument

STEPS_AT_MOST = 3_000
"""Nodes and words of a text that are looked at; what stands for a time limit where there is no clock (about 30 ms)."""


class OverLimit(Exception):
    """A limit of the reading was hit; its text is a sentence for the operator."""


class ShellText:
    """A text that is read, and where it stands in the whole one.

    Attributes:
        text: what is read.
    """

    __slots__ = ("_base", "_span", "text")

    def __init__(self, text: str, *, base: int, span: Span) -> None:
        self.text = text
        self._base = base
        self._span = span

    def span(self, start: int, end: int) -> Span:
        """Return where a part of the text stands in the whole: exactly, or the word that it came out of."""
        return Span(start=self._base + start, end=self._base + end) if self._base >= 0 else self._span

    def base(self, start: int) -> int:
        """Return the place of a character in the whole text, -1 when the text does not stand there as it is."""
        return self._base + start if self._base >= 0 else -1


class Scope:
    """What a shell knows while it runs, as far as the text says it.

    Attributes:
        cwd: the folder it is in, "" when that is not said.
        variables: name -> value, None for one that is known only when it runs.
        aliases: name -> text, functions with "" for their text.
        fetched: resolved paths that were written with what came over the network.
    """

    __slots__ = ("aliases", "cwd", "fetched", "variables")

    def __init__(self, cwd: str = "", variables: dict[str, str | None] | None = None,
                 aliases: dict[str, str] | None = None) -> None:  # fmt: skip
        self.cwd = cwd
        self.variables = dict(variables or {})
        self.aliases = dict(aliases or {})
        self.fetched: set[str] = set()

    def copy(self) -> Scope:
        """Return one that a subshell can change without changing this one."""
        scope = Scope(self.cwd, self.variables, self.aliases)
        scope.fetched = set(self.fetched)
        return scope


@dataclass(frozen=True, slots=True)
class Feed:
    """What arrives on the standard input of a command.

    Attributes:
        origin: "text" for one that stands in the command, else "network", "decoded", "file", "environment",
            "archive" or "unknown".
        text: of "text" the text itself.
        base: where it begins in the whole text; -1 when it does not stand there as it is.
        span: what shows it.
    """

    origin: str
    span: Span
    text: str = ""
    base: int = -1


@dataclass(frozen=True, slots=True)
class ShellFrame:
    """Where a command stands.

    Attributes:
        scope: the shell that it runs in.
        via: what starts it, outermost first.
        where: "" for the target itself, else which host or container.
        feed: what it reads, None for nothing that the text says.
        depth: how many texts inside texts this one is.
        maybe: whether it stands in a branch or a loop, so that it may not run at all.
    """

    scope: Scope
    via: tuple[str, ...] = ()
    where: str = ""
    feed: Feed | None = None
    depth: int = 0
    maybe: bool = False

    @property
    def raised(self) -> bool:
        """Whether it runs as another account, which is root in all but odd cases."""
        return any(name in RAISING for name in self.via)


RAISING = frozenset({"sudo", "doas", "su", "runuser", "pkexec", "nsenter", "chroot", "run0"})
"""Programs that start another one with more rights."""


class Notes:
    """Effects, dark places and commands, in the order in which they were found; and what the reading has cost.

    Attributes:
        read: reads a text inside the text.
        launch: follows a command inside a command: its words, the executable first.
        streams: where the streams of the command at hand go, as written.
        environment: names of variables that are set for it.
        fetched: names of files that came over the network a moment before.
    """

    def __init__(
        self, read: Callable[[ShellText, ShellFrame], None], launch: Callable[[Sequence[Argument], ShellFrame], None]
    ) -> None:
        self.read = read
        self.launch = launch
        self.streams: tuple[str, ...] = ()
        self.environment: tuple[str, ...] = ()
        self._effects = EffectList()
        self._opaque: dict[str, None] = {}
        self._commands: list[Invocation] = []
        self._steps = 0
        self.fetched: set[str] = set()

    def spend(self, steps: int = 1) -> None:
        """Count work. Raises OverLimit when there was too much of it."""
        self._steps += steps
        if self._steps > STEPS_AT_MOST:
            raise OverLimit("It has more parts than this check looks at.")

    def add(self, kind: EffectKind, what: str, certainty: Certainty, span: Span) -> None:
        """Note an effect."""
        self._effects.add(Effect(kind=kind, object=what, certainty=certainty, span=span))

    def dark(self, sentence: str) -> None:
        """Note something that cannot be followed."""
        self._opaque[sentence] = None

    def command(self, invocation: Invocation) -> None:
        """Note a command that would be started."""
        self._commands.append(invocation)

    def findings(self) -> Findings:
        """Return what was noted."""
        if self._effects.overflowed:
            self.dark(TOO_MANY)
        return Findings(effects=self._effects.all, opaque=tuple(self._opaque), commands=tuple(self._commands))
