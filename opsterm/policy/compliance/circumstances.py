"""What a rule may have to know besides the command: where, when, by whom, under which ticket.

None stands for what nobody has said. A rule that needs it is then not evaluated, which is told and never passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from opsterm.core.errors import BadSetting


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTarget:
    """What is known of one target.

    Attributes:
        environment: as in "prod", "" where it is not said.
        tags: its tags, none where nobody has given it one.
    """

    environment: str = ""
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Everything besides the command that rules ask for; None: not known.

    Attributes:
        targets: where it would run; empty when nobody has said.
        actor: the account that asks.
        ticket: whether a ticket is named.
        in_window: whether it is a time in which changes are planned.
        second_person: whether somebody else than who asked approves.
        recovery_point: whether what it destroys is known to be kept elsewhere. What nobody has proven is not.
    """

    targets: tuple[KnownTarget, ...] = ()
    actor: str | None = None
    ticket: bool | None = None
    in_window: bool | None = None
    second_person: bool | None = None
    recovery_point: bool = False


NOTHING_KNOWN = Circumstances()


def names_ticket(text: str, pattern: str) -> bool | None:
    """Return whether a text names a ticket, None when no pattern says what one looks like.

    Args:
        text: the reason that was given.
        pattern: the setting policy.ticket, a regular expression.

    Raises:
        BadSetting: it is no regular expression.
    """
    if not pattern:
        return None
    try:
        return re.search(pattern, text) is not None
    except re.error as error:
        raise BadSetting(
            f"The setting policy.ticket is no regular expression: {error}.", next_step="Write it as in CHG[0-9]+."
        ) from None
