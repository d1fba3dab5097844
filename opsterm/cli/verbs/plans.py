"""Verbs of plans: look at one in a file, propose and run it, show what a change would do."""

from __future__ import annotations

from dataclasses import asdict, fields

from opsterm.changes.change import Change, OutcomeState
from opsterm.changes.way_back.prepared import way_back_lines
from opsterm.cli.faults import tell_faults
from opsterm.cli.prompt import is_asked_on_a_terminal
from opsterm.cli.run import Context
from opsterm.cli.verbs.changes import describe, proposal_of, tell_proposed
from opsterm.cli.verbs.running import approve_change
from opsterm.core.errors import BadInput, ExitCode, OpstermError
from opsterm.runtime.changes import change_number
from opsterm.runtime.plan_outline import StepOutline
from opsterm.runtime.simulation import simulation_lines


async def check(context: Context) -> int:
    """Tell every fault of a plan in a file, or what each of its steps is."""
    file, printer = context.invocation.text("file"), context.printer
    faults = await context.runtime.plans.check(file)
    told = [{**_NO_STEP, **asdict(fault)} for fault in faults] if printer.json else faults
    tell_faults(printer, file, told, kind=BadInput, next_step="Mend it, and check it again.")
    printer.say(f"{file} is in order. What it would do: opsterm simulate {file}")
    try:
        proposal = await context.runtime.plans.proposal(file, origin="command line")
        change = await context.runtime.changes.draft(proposal)
        steps = await context.runtime.plans.outline(change)
    except OpstermError as error:
        printer.say(f"What its steps would be cannot be told now: {error}")
        return ExitCode.DONE
    for step in steps:
        if printer.json:
            printer.record({**dict.fromkeys(_OF_FAULT, ""), "file": file, "line": 0, **asdict(step)})
        else:
            _tell_step(context, step)
    printer.say(f"risk    {change.risk.level.upper()}  {' '.join(change.risk.reasons)}")
    for number, line in enumerate(way_back_lines(change.order)):
        printer.say(f"{'' if number else 'back':<8}{line}")
    return ExitCode.DONE


_OF_FAULT = ("file", "line", "key", "what", "allowed")
_NO_STEP = {field.name: 0 if field.name == "step" else "" for field in fields(StepOutline)}


def _tell_step(context: Context, step: StepOutline) -> None:
    say = context.printer.line
    say(f"{step.step} {step.title}")
    say(f"  over    {step.over}, on {step.targets}")
    say(f"  does    {step.does}")
    say(f"  risk    {step.risk.upper()}  {step.reason}")
    say(f"  rules   {step.rules}")
    say(f"  back    {step.back}")
    if step.verify:
        say(f"  verify  {step.verify}")


async def run(context: Context) -> int:
    """Propose the plan of a file; at a terminal ask about it and run it."""
    asked = context.invocation
    proposal = await context.runtime.plans.proposal(asked.text("file"), on=asked.text("on"), origin="command line")
    change = await context.runtime.changes.propose(proposal)
    if is_asked_on_a_terminal():
        return await approve_change(context, change)
    tell_proposed(context, change)
    return ExitCode.REFUSED


async def simulate(context: Context) -> int:
    """Show what a change would do."""
    change = await _meant(context)
    found = await context.runtime.simulated(change, failing=context.invocation.texts("fail"))
    if context.printer.json:
        for number, act in enumerate(found.acts, 1):
            context.printer.record({"number": number, **asdict(act), "state": ""})
        for outcome in found.change.outcomes:
            context.printer.record(
                {"number": 0, "target": outcome.target, "kind": "ends", "what": outcome.message, "become": "",
                 "fails": outcome.state is not OutcomeState.DONE, "state": outcome.state}
            )  # fmt: skip
        return ExitCode.DONE
    describe(context, change)
    say = context.printer.line
    if found.requirement:
        say(f"asks for   {found.requirement}")
    for names, lines in simulation_lines(found):
        say(f"on {names}")
        for line in lines:
            say(f"  {line}")
    say(f"ends as    {found.change.state}, if all goes as pretended")
    return ExitCode.DONE


async def _meant(context: Context) -> Change:
    """Return the change that the line is about: one that there is, or what a file or the line would become."""
    what, runtime = context.invocation.text("what"), context.runtime
    if what and (what.lower().removeprefix("c").isdigit()):
        return await runtime.changes.get(change_number(what))
    if what:
        proposal = await runtime.plans.proposal(what, on=context.invocation.text("on"), origin="command line")
    else:
        proposal = await proposal_of(context)
    return await runtime.changes.draft(proposal)
