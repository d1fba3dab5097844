"""Verb of traps: what was received, and from whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from opsterm.cli.run import Context
from opsterm.core.units import age_text, parse_duration
from opsterm.monitoring.traps import Trap
from opsterm.runtime.trap_engines import changed_words


async def traps(context: Context) -> int:
    """List traps, or who sent some."""
    given, now = context.invocation, context.runtime.clock.now()
    if given.yes("senders"):
        return await _senders(context, now)
    limit = given.number("limit") or 200
    found = await context.runtime.traps.list(
        given.text("selector"), since_s=parse_duration(given.text("since")), limit=limit
    )
    for trap in found:
        if context.printer.json:
            context.printer.record({**asdict(trap), "bindings": [list(pair) for pair in trap.bindings]})
    if found and not context.printer.json:
        context.printer.table(
            ("last", "target", "trap", "count", "from", "what it tells"),
            [(f"{age_text(now - t.last_at)} ago", t.target, t.name, str(t.count), _origin(t), t.text) for t in found],
            right=("last", "count"),
        )
    if len(found) == limit:
        context.printer.say(f"The newest {limit:,} are listed; there may be more (--limit).")
    await _say_notes(context, found)
    return 0


async def _say_notes(context: Context, found: Sequence[Trap]) -> None:
    """Say what is to be known beside the traps: why there are none, whom nothing is believed of, who is a stranger."""
    receiver = await context.runtime.traps.receiver()
    if not found:
        context.printer.say(f"No trap came within {context.invocation.text('since')}.")
        if not context.runtime.settings.snmp.traps:
            context.printer.say('None are received: set snmp.traps, as in: opsterm settings set snmp.traps "udp :1162"')
    if receiver is not None and receiver.error:
        context.printer.say(f"{receiver.error} {receiver.next_step}")
    for target, known in (await context.runtime.traps.engines.known()).items():
        if known.other:
            context.printer.say(changed_words(target, known))
    if any(not trap.checked for trap in found) and context.runtime.settings.snmp.traps_need_login:
        context.printer.say(
            "What is not authenticated raises no alert: keep the target's log-in (opsterm snmp login NAME --traps), or "
            "set snmp.traps_need_login to false."
        )
    strangers = [count for count in (receiver.senders if receiver else ()) if not count.target]
    if strangers:
        many = "1 address" if len(strangers) == 1 else f"{len(strangers)} addresses"
        context.printer.say(f"{many} of no target sent packets, {strangers[0].sender} last; --senders lists all.")


def _origin(trap: Trap) -> str:
    """Return where a trap is from: address, version, and whether a kept log-in says that it is so."""
    checked = "" if trap.checked else ", not authenticated"
    return f"{trap.sender} v{trap.version}{f' {trap.user}' if trap.user else ''}{checked}"


async def trust(context: Context) -> int:
    """Take the other engine that sends a target's traps for its own."""
    target = (await context.runtime.inventory.get(context.invocation.text("target"))).name
    known = await context.runtime.traps.engines.trust(target)
    if context.printer.json:
        context.printer.record({"target": target, "before": known.kept, "engine": known.other})
    context.printer.say(f"{known.other} is the engine of {target} from now on; it was {known.kept}.")
    return 0


async def _senders(context: Context, now: float) -> int:
    receiver = await context.runtime.traps.receiver()
    counts = receiver.senders if receiver else ()
    if context.printer.json:
        for count in counts:
            context.printer.record(asdict(count))
    elif counts:
        context.printer.table(
            ("seen", "address", "target", "received", "taken", "refused", "malformed", "over limit", "last trouble"),
            [
                (f"{age_text(now - c.seen_at)} ago", c.sender, c.target or "(none)", f"{c.received:,}", f"{c.taken:,}",
                 f"{c.refused:,}", f"{c.malformed:,}", f"{c.dropped:,}", c.said)
                for c in counts
            ],
            right=("seen", "received", "taken", "refused", "malformed", "over limit"),
        )  # fmt: skip
    if receiver is None:
        context.printer.say("No process has received traps yet.")
    elif receiver.error:
        context.printer.say(f"{receiver.error} {receiver.next_step}")
    else:
        context.printer.say(f"{receiver.place}, as of {age_text(now - receiver.at)} ago; counted since it began.")
    return 0
