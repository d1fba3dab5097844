"""The words behind a cmdlet: its parameters, which may be cut short, and its other values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsterm.policy.powershell.tree import CommandPiece
from opsterm.policy.word_set import word_set

_SWITCHES = word_set(
    "recurse force whatif passthru wait asjob verbose debug append noclobber directory hidden system readonly "
    "container usenewenvironment nonewwindow autosize wrap descending unique raw stream allmatches quiet "
    "simplematch notmatch usebasicparsing disablekeepalive includeusername fileversioninfo module followsymlink "
    "notypeinformation noelevate delete permanent offline online clear includechilditem removedata removeoem "
    "reset restart noexit noprofile nologo noninteractive anddependents dependentservices requiredservices full "
    "detailed examples caseSensitive valueonly asstring ascustomobject casesensitive asplaintext noheader purge "
    "shutdown turnoff save eq ne nowait confirm skipcertificatecheck usessl leaf isvalid parent resolve literal "
    "deletedonly createifnotexist"
)
_VALUED = word_set(
    "verb enabled disabled filter value path property action direction profile exclude include status method uri "
    "body outfile name all credential first last depth argumentlist class query namespace type scope port "
    "protocol program delim delimiter password description variable re res cred nam val pat fil id user user "
    "computer comp level line lines case cat quota"
)
"""Parameters with a value that begin as a switch does, or are often cut short to such a beginning."""

_SHORT = {
    "f": "force",
    "r": "recurse",
    "rec": "recurse",
    "wi": "whatif",
    "cf": "confirm",
    "vb": "verbose",
    "db": "debug",
}
_OBJECTS = (
    "literalpath", "path", "name", "displayname", "displaygroup", "identity", "filepath", "servicename", "processname",
    "taskname",
    "interfacealias", "id", "samaccountname", "vmname", "driveletter", "disknumber", "number", "logname", "ipaddress",
    "destinationprefix", "member", "group", "username", "featurename", "packagename", "interfaceindex", "zonename",
    "instanceid", "inputobject", "computername", "uri", "mountpoint", "session", "sessionid", "fullname", "destination",
    "resourceuri", "scopeid", "database",
)  # fmt: skip


class Arguments:
    """The words behind a cmdlet.

    Attributes:
        positional: values that no parameter takes.
        pieces: all words, in order.
    """

    def __init__(self, pieces: Sequence[CommandPiece], known: Mapping[str, str]) -> None:
        self.pieces = [_resolved(piece, known) for piece in pieces]
        self.positional: list[CommandPiece] = []
        self._named: list[tuple[str, CommandPiece | None]] = []
        place = 0
        while place < len(self.pieces):
            place += self._take(place)

    def _take(self, place: int) -> int:
        piece = self.pieces[place]
        if piece.kind != "parameter":
            self.positional.append(piece)
            return 1
        name = piece.text.strip("-:").lower()
        value = self.pieces[place + 1] if place + 1 < len(self.pieces) else None
        if value is None or value.kind == "parameter" or (not piece.text.endswith(":") and is_switch(name)):
            self._named.append((name, None))
            return 1
        self._named.append((name, value))
        return 2

    @property
    def splats(self) -> bool:
        """Whether some of its parameters come from a variable (`@name`)."""
        return any(piece.kind == "splat" for piece in self.pieces)

    def value(self, *names: str) -> CommandPiece | None:
        """Return the value of a parameter by one of its names, which the text may cut short; None for none."""
        for said, value in self._named:
            if value is not None and any(name == said or (len(said) > 1 and name.startswith(said)) for name in names):
                return value
        return next(
            (v for said, v in self._named if v is not None and len(said) == 1 and names[0].startswith(said)), None
        )

    def value_of(self, name: str, *, least: int) -> CommandPiece | None:
        """Return the value of a parameter whose name is given with `least` letters at least, None for none."""
        found = (v for said, v in self._named if v is not None and len(said) >= least and name.startswith(said))
        return next(found, None)

    def text(self, *names: str) -> str:
        """Return the text of a parameter's value, "" where it is not given."""
        value = self.value(*names)
        return value.text if value else ""

    def has(self, name: str, *, least: int = 1) -> bool:
        """Tell whether a switch is set. One that is cut short counts from `least` letters on; `:$false` does not."""
        for said, value in self._named:
            if len(said) >= least and (name.startswith(said) or _SHORT.get(said) == name):
                return value is None or value.text.lower() not in ("$false", "0")
        return False

    def asks(self, name: str) -> str:
        """Return how a switch stands: "on", "off", "" where it is not given, "?" where that is not known."""
        for place, (said, value) in enumerate(self._named):
            if not name.startswith(said) or len(said) < 2:
                continue
            if value is None:
                nexts = [p for p in self.positional if p.text.lower() == "$false"]
                return "?" if nexts or place < 0 else "on"
            return {"$true": "on", "1": "on", "$false": "off", "0": "off"}.get(value.text.lower(), "?")
        return ""

    def objects(self) -> list[CommandPiece]:
        """Return what the cmdlet is about: values of the first parameter that names it, else the first other value."""
        for name in _OBJECTS:
            value = next((v for said, v in self._named if v is not None and _names(said, name)), None)
            if value is not None:
                return list(value.values)
        return list(self.positional[0].values) if self.positional else []


def is_switch(name: str) -> bool:
    """Tell whether a parameter, perhaps cut short, takes no value."""
    return name in _SHORT or name in _SWITCHES or (
        len(name) > 2 and any(switch.startswith(name) for switch in _SWITCHES)
        and name not in _OBJECTS and name not in _VALUED
    )  # fmt: skip


def _names(said: str, name: str) -> bool:
    return said == name or (len(said) >= 2 and name.startswith(said)) or (said == name[:1] and name in ("path", "name"))


def _resolved(piece: CommandPiece, known: Mapping[str, str]) -> CommandPiece:
    """Return the piece with the text of a variable that was given a plain one before."""
    if piece.kind != "variable" or not piece.unknown or piece.more:
        return piece
    value = known.get(piece.text.strip("${}").lower())
    if value is None:
        return piece
    return CommandPiece(kind="string", text=value, start=piece.start, end=piece.end)
