"""What is said of a change whose end nobody saw, because the opsterm that ran it has ended."""

from __future__ import annotations

from opsterm.changes.change import Change
from opsterm.changes.guard import guard_of
from opsterm.changes.way_back.prepared import has_way_back
from opsterm.policy.order import RESTORE
from opsterm.policy.restoring import parse_restoring


def unseen_text(change: Change) -> str:
    """Return what happened and what to do now, in two lines."""
    if change.order.shell == RESTORE:
        undone = f"c{parse_restoring(change.order.command).change}"
        return (
            f"opsterm ended while this put back what {undone} has changed; how far it came is not known.\n"
            f"Take it up again where it stopped: opsterm rollback {undone}"
        )
    if guard_of(change.order).seconds:
        return (
            "opsterm ended while this ran. Its target takes it back by itself unless it is confirmed.\n"
            f"opsterm status {change.name} asks it what became of it."
        )
    ways = "Then propose it again, if need be."
    if has_way_back(change.order):
        ways = (
            f"`opsterm rollback {change.name} --insist` puts back what was there before: how it left things was not "
            "seen, so that without --insist it leaves them."
        )
    return (
        "opsterm ended while this ran; whether the command finished is not known.\n"
        f"See on the target what it did; `opsterm output {change.name}` has what it printed. {ways}"
    )
