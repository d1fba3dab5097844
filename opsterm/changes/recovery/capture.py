"""The text that sends the state of things from a target: fixed shell texts, and names that are each one word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from opsterm.changes.way_back.prepared import keeping_as
from opsterm.changes.way_back.script import send_copy_text, send_text
from opsterm.core.errors import Bug
from opsterm.policy.order import RunAs
from opsterm.policy.restoring import POINT
from opsterm.policy.way_back import Thing

ALL = "1,$p"
"""Lines of sed for every entry."""

_LINES = re.compile(r"1,\$p|[0-9]+(?:,[0-9]+)?p(?:;[0-9]+(?:,[0-9]+)?p)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureScript:
    """What runs to send the state of things. It cannot hold another text than the keeper's, and changes nothing.

    Attributes:
        things: what is sent as it is now, in this order.
        wanted: by the number of a thing of files, from 1 on, lines of sed for the entries whose content is sent.
        copies: name of a point that the keeper made on the target, which is sent instead; "" for none.
        contents: whether the archives of that point are sent, too.
        become: the account that sudo becomes, "" for the one that logs in.
    """

    things: tuple[Thing, ...] = ()
    wanted: Mapping[int, str] = field(default_factory=dict)
    copies: str = ""
    contents: bool = True
    become: str = ""

    def __post_init__(self) -> None:
        if self.copies and not POINT.fullmatch(self.copies):
            raise Bug("a recovery point has another name")
        if not all(_LINES.fullmatch(lines) for lines in self.wanted.values()):
            raise Bug("entries are asked for in another way")

    @property
    def script(self) -> str:
        """The text for the shell."""
        if self.copies:
            return send_copy_text(self.copies, contents=self.contents)
        return send_text(self.things, self.wanted)

    @property
    def shell(self) -> str:
        """A word of `SHELLS_OF_PROTOCOL`."""
        return "sh"

    @property
    def how(self) -> RunAs:
        """As whom it runs."""
        return keeping_as(self.become)
