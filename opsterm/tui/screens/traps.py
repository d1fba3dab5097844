"""What devices told by themselves, as a text to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opsterm.core.errors import OpstermError
from opsterm.core.units import age_text
from opsterm.monitoring.traps import SenderCount, Trap
from opsterm.runtime.trap_engines import changed_words
from opsterm.runtime.traps import Receiver
from opsterm.tui.screens.text import TextScreen

if TYPE_CHECKING:
    from opsterm.tui.screens.home import HomeScreen

SHOWN = 200


async def show_traps(home: HomeScreen) -> None:
    """Show the traps of the last day above the home screen."""
    runtime = home.runtime
    try:
        found, receiver = await runtime.traps.list(limit=SHOWN), await runtime.traps.receiver()
        engines = await runtime.traps.engines.known()
    except OpstermError as error:
        home.cockpit.fail(error)
        return
    text = traps_text(found, receiver, place=runtime.settings.snmp.traps, now=runtime.clock.now())
    changed = [changed_words(name, known) for name, known in engines.items() if known.other]
    home.app.push_screen(TextScreen("Traps", "\n".join([*changed, text])))


def traps_text(traps: Sequence[Trap], receiver: Receiver | None, *, place: str, now: float) -> str:
    """Return the newest traps with what they tell, and below them who sent what was not taken.

    Args:
        traps: newest first.
        receiver: as it last said, None when it never did.
        place: the setting snmp.traps.
        now: epoch seconds.
    """
    lines = []
    if not place:
        lines.append("Nothing is received: set snmp.traps under : settings, as in udp 0.0.0.0:1162.")
    elif receiver is not None and receiver.error:
        lines += [receiver.error, receiver.next_step]
    elif not traps:
        lines.append(f"Nothing came to {place} in the last day.")
    for trap in traps:
        again = f" ×{trap.count}" if trap.count > 1 else ""
        plain = "" if trap.checked else "  (not authenticated)"
        lines.append(f"{age_text(now - trap.last_at):>5} ago  {trap.target}  {trap.name}{again}{plain}")
        if trap.text:
            lines.append(f"           {trap.text}")
    troubles = [count for count in (receiver.senders if receiver else ()) if count.said]
    if troubles:
        lines += ["", "Not taken, since the receiver began:", *(_trouble(count, now) for count in troubles)]
    return "\n".join(lines)


def _trouble(count: SenderCount, now: float) -> str:
    whose = count.target or "no target"
    left = count.received - count.taken
    seen = age_text(now - count.seen_at)
    return f"{seen:>5} ago  {count.sender} ({whose})  {left:,} of {count.received:,}: {count.said}"
