"""Verbs of fixes from cards: look with their checks, propose a step, say what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.cli.run import Context
from opsterm.cli.verbs.changes import tell_proposed, verification_wish
from opsterm.cli.verbs.querying import look
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.units import age_text
from opsterm.runtime.alerts import alert_number
from opsterm.runtime.changes import change_number
from opsterm.runtime.ports_knowledge import Trial, TrialEnd


async def check(context: Context) -> int:
    """Run the checks of a card on targets."""
    asked = context.invocation
    changes, left = await context.runtime.fixes.look(
        asked.text("id"), selector=asked.text("on"), values=_values(context), origin="command line"
    )
    codes = []
    for change in changes:
        if not context.printer.json:
            context.printer.line(f"$ {change.order.command}")
        codes.append(await look(context, change))
    for said in left:
        context.printer.say(f"Left out: {said}")
    return max(codes)


async def fix(context: Context) -> int:
    """Propose a step of a card."""
    asked = context.invocation
    alert = asked.text("alert")
    change = await context.runtime.fixes.propose(
        asked.text("id"), asked.number("step") or 1, selector=asked.text("on"), values=_values(context),
        origin="command line", alert=alert_number(alert) if alert else 0, verification=verification_wish(context),
    )  # fmt: skip
    tell_proposed(context, change)
    return ExitCode.DONE


async def outcome(context: Context) -> int:
    """Take a person's word on a fix."""
    asked = context.invocation
    said = TrialEnd(asked.text("said"))
    trial = await context.runtime.fixes.say(change_number(asked.text("id")), said)
    if context.printer.json:
        context.printer.record(_record(trial))
    elif trial.end is said:
        context.printer.say(f"c{trial.change} counts as {trial.end} for card {trial.card}.")
    else:
        seen = f"it was seen that it {trial.end}" if trial.end else "it waits for what is measured of its alert"
        context.printer.say(f"Kept, and it does not count: {seen}.")
    return ExitCode.DONE


async def record(context: Context) -> int:
    """Say what became of fixes."""
    card, printer = context.invocation.text("id"), context.printer
    trials = await context.runtime.fixes.trials(card)
    if printer.json:
        for trial in trials:
            printer.record(_record(trial))
        return ExitCode.DONE
    found = await context.runtime.fixes.records()
    rows = [(name, one.text(), f"{one.chance():.0%}") for name, one in sorted(found.items()) if card in ("", name)]
    printer.table(("card", "record", "chance"), rows, right=("chance",))
    now = context.runtime.clock.now()
    told = [
        (
            f"c{one.change}", one.card, str(one.step), f"a{one.alert}" if one.alert else "", one.end or "open",
            f"{one.said_by} said {one.said}, {age_text(max(0.0, now - one.said_at))} ago" if one.said else "",
        )
        for one in trials
    ]  # fmt: skip
    printer.line()
    printer.table(("change", "card", "step", "alert", "end", "said"), told, right=("step",))
    if not trials:
        printer.say("No fix was tried here. `opsterm knowledge fix ID --step 1 --on TARGET` proposes one.")
    return ExitCode.DONE


async def forget(context: Context) -> int:
    """Forget what became of the fixes of a card."""
    card = context.invocation.text("id")
    await context.runtime.fixes.forget(card)
    if context.printer.json:
        context.printer.record({"id": card, "forgotten": True})
    context.printer.say(f"What became of the fixes of {card} is forgotten; the changes themselves stay.")
    return ExitCode.DONE


def _values(context: Context) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for text in context.invocation.texts("values"):
        name, equals, value = text.partition("=")
        if not equals:
            raise BadInput(f"{text[:60]!r} gives no word a value.", next_step="Write it as in --with NAME=nginx.")
        found[name] = value
    return found


def _record(trial: Trial) -> dict[str, object]:
    """Return a trial with the keys of `json_keys.TRIAL_KEYS`."""
    return {
        "change": f"c{trial.change}", "card": trial.card, "step": trial.step,
        "alert": f"a{trial.alert}" if trial.alert else None, "end": trial.end or None, "said": trial.said or None,
        "said_by": trial.said_by or None, "said_at": trial.said_at or None,
    }  # fmt: skip
