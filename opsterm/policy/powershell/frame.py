"""A place in a PowerShell text while it is read: what it has defined so far, and how deep it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.layer import Layer
from opsterm.policy.powershell.aliases import ALIASES
from opsterm.policy.powershell.arguments import Arguments
from opsterm.policy.powershell.splat import Table
from opsterm.policy.powershell.tree import Expression, PowerShellCommand


class Names:
    """What a text has defined so far.

    Attributes:
        values: variable -> its plain text.
        sources: variable -> the text that made its value.
        aliases: short name -> command.
        functions: names of functions.
        tables: variable -> the parameters in its table.
    """

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.functions: set[str] = set()
        self.tables: dict[str, Table] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class CmdletCall:
    """A cmdlet with its words.

    Attributes:
        name: of the cmdlet, in lower case, aliases resolved.
        arguments: its words.
        command: where it stands.
        before: what stands before it in the pipeline.
        layer: where its effects go.
        names: what the text has defined.
        source: the whole text, in plain characters.
    """

    name: str
    arguments: Arguments
    command: PowerShellCommand
    before: Sequence[PowerShellCommand | Expression]
    layer: Layer
    names: Names
    source: str

    @property
    def span(self) -> tuple[int, int]:
        """What shows it."""
        return self.layer.place(self.command.start, self.command.end)

    def note(self, kind: EffectKind, what: str, certainty: Certainty = Certainty.CERTAIN) -> None:
        """Note an effect of it."""
        self.layer.notes.add(kind, what, self.span, certainty)

    def objects(self) -> list[str]:
        """Return what it is about; "?" where that comes from the pipeline or is known only when it runs."""
        pieces = self.arguments.objects()
        if pieces:
            return ["?" if piece.unknown and piece.kind != "string" else piece.text for piece in pieces]
        return self._piped() if self.before else [""]

    def _piped(self) -> list[str]:
        """Return what a `Get-` of the same noun at the head of the pipeline is about; "?" where that is not said."""
        head = self.before[0]
        if isinstance(head, PowerShellCommand) and not head.pieces[0].unknown:
            name = head.pieces[0].text.lower()
            if ALIASES.get(name, name) == f"get-{self.name.partition('-')[2]}":
                found = Arguments(head.pieces[1:], self.names.values).objects()
                return ["?" if piece.unknown else piece.text for piece in found] or ["?"]
        return ["?"]

    def run(self, shell: str, text: str) -> None:
        """Read a text that it hands to a shell."""
        self.layer.run(shell, text, (self.command.start, self.command.end), via=self.name)
