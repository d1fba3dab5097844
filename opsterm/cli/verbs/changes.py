"""Verbs of changes: from proposal to outcome."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict

from opsterm.changes.change import Change, ChangeState, Outcome, OutcomeState
from opsterm.changes.events import ChangeOutput
from opsterm.changes.summary import targets_text, way_back
from opsterm.cli.arguments import command_text
from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode, NotApproved, Refused
from opsterm.core.hub import Ear
from opsterm.core.text import clean_bytes, shown_exactly
from opsterm.core.units import age_text, parse_duration, span_text
from opsterm.runtime.changes import Proposal, change_number


def change_record(change: Change) -> dict[str, object]:
    """Return a change as the JSON that scripts read."""
    record = asdict(change)
    order = record.pop("order")
    return {
        **record,
        "id": change.name,
        "command": order["command"],
        "shell": order["shell"],
        "targets": [target["name"] for target in order["targets"]],
        "timeout_s": order["timeout_s"],
        "expires_at": order["expires_at"],
    }


async def propose(context: Context) -> int:
    """Record a proposal."""
    words = context.invocation.texts("command_words")
    if not words:
        raise BadInput(
            "There is no command to propose.", next_step="Write it behind --: opsterm propose --on web-01 -- uptime"
        )
    timeout = context.invocation.text("timeout")
    change = await context.runtime.changes.propose(
        Proposal(
            command=command_text(words),
            selector=context.invocation.text("on"),
            shell=context.invocation.text("shell"),
            reason=context.invocation.text("reason"),
            origin="command line",
            timeout_s=parse_duration(timeout) if timeout else None,
        )
    )
    if context.printer.json:
        context.printer.record(change_record(change))
    else:
        context.printer.line(change.name)
        _describe(context, change)
        context.printer.say(f"approve: opsterm approve {change.name}")
    return ExitCode.DONE


def _describe(context: Context, change: Change) -> None:
    """Tell what would run, in the order of the approval screen."""
    say = context.printer.say
    order = change.order
    now = context.runtime.clock.now()
    say(f"what    {shown_exactly(order.command)}")
    say(f"        {order.shell}, {span_text(order.timeout_s)} limit")
    say(f"where   {targets_text(change)}")
    say(f"risk    {change.risk.level.upper()}  {' '.join(change.risk.reasons)}")
    say(f"back    {way_back(change)}")
    say(f"digest  {change.digest}")
    if change.state in (ChangeState.PROPOSED, ChangeState.APPROVED):
        say(f"until   {age_text(max(0.0, order.expires_at - now))} from now")


async def list_changes(context: Context) -> int:
    """List changes, newest first."""
    try:
        states = [ChangeState(word) for word in context.invocation.texts("state")]
    except ValueError as error:
        known = ", ".join(state.value for state in ChangeState)
        raise BadInput(f"{error}.".capitalize(), next_step=f"A state is one of {known}.") from None
    found = await context.runtime.changes.list(states, context.invocation.number("limit") or 50)
    if context.printer.json:
        for change in found:
            context.printer.record(change_record(change))
        return ExitCode.DONE
    now = context.runtime.clock.now()
    context.printer.table(
        ("id", "state", "risk", "asked", "by", "where", "command"),
        [
            (c.name, c.state, c.risk.level, f"{age_text(now - c.requested_at)} ago", c.requested_by, targets_text(c),
             c.order.command)
            for c in found
        ],
        right=("asked",),
    )  # fmt: skip
    return ExitCode.DONE


async def show(context: Context) -> int:
    """Show one change with its outcomes."""
    change = await _change(context)
    if context.printer.json:
        context.printer.record(change_record(change))
        return ExitCode.DONE
    context.printer.line(f"{change.name}  {change.state}")
    _describe(context, change)
    _print_outcomes(context, change)
    return ExitCode.DONE


async def _change(context: Context) -> Change:
    return await context.runtime.changes.get(change_number(context.invocation.text("id")))


def _print_outcomes(context: Context, change: Change) -> None:
    if change.outcomes:
        context.printer.table(
            ("target", "outcome", "exit", "took", "output", "message"),
            [_outcome_row(outcome) for outcome in change.outcomes],
            right=("exit", "took", "output"),
        )


def _outcome_row(outcome: Outcome) -> tuple[str, ...]:
    took = f"{outcome.ended_at - outcome.started_at:.1f} s" if outcome.ended_at else ""
    status = outcome.signal or ("" if outcome.exit_status is None else str(outcome.exit_status))
    return (
        outcome.target,
        outcome.state,
        status,
        took,
        f"{outcome.output_bytes} B",
        outcome.message.replace("\n", " "),
    )


async def approve(context: Context) -> int:
    """Approve a change as it is shown, and run it here."""
    change = await _change(context)
    digest = context.invocation.text("digest") or change.digest
    _describe(context, change)
    count = len(change.order.targets)
    given = context.invocation.number("targets")
    if given is None and sys.stdin.isatty():
        given = await _ask_count(context, count)
    if given is not None and given != count:
        raise Refused(f"{change.name} was not approved: it is for {count} targets, not {given}.")
    approved = await context.runtime.changes.approve(change.id, digest=digest)
    context.printer.say(f"{change.name} approved by {approved.decided_by}.")
    if context.invocation.yes("no_run"):
        if context.printer.json:
            context.printer.record(change_record(approved))
        return ExitCode.DONE
    return await _run_here(context, approved)


async def _ask_count(context: Context, count: int) -> int:
    context.printer.say("")
    answer = await context.runtime.offload.run(
        "terminal", lambda: _read_line("Type the number of targets to approve, anything else denies nothing: ")
    )
    if answer.strip() != str(count):
        raise NotApproved("Not approved; the proposal still waits.")
    return count


def _read_line(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline()


async def run(context: Context) -> int:
    """Run an approved change here."""
    return await _run_here(context, await _change(context))


class _Live:
    """Prints output while it comes, each line once."""

    def __init__(self, context: Context, change: Change) -> None:
        self._context = context
        self._change = change
        self._read: dict[str, int] = {}
        self._rest: dict[str, bytes] = {}

    async def follow(self, ear: Ear) -> None:
        """Print what the executor tells of, until the ear is closed."""
        async for facts in ear.batches(pause_s=0.05):
            for target in {fact.event.target for fact in facts if isinstance(fact.event, ChangeOutput)}:
                await self.show(target)

    async def show(self, target: str, *, last: bool = False) -> None:
        """Print the whole lines that are new; with `last` also a line that never ended."""
        changes = self._context.runtime.changes
        while data := await changes.output(self._change.id, target, offset=self._read.get(target, 0)):
            self._read[target] = self._read.get(target, 0) + len(data)
            *lines, self._rest[target] = (self._rest.get(target, b"") + data).split(b"\n")
            for line in lines:
                self._print(target, line)
        if last and self._rest.get(target):
            self._print(target, self._rest.pop(target))

    def _print(self, target: str, line: bytes) -> None:
        text = clean_bytes(line.removesuffix(b"\r"))
        self._context.printer.line(f"{target}: {text}" if len(self._change.order.targets) > 1 else text)


async def _run_here(context: Context, change: Change) -> int:
    runtime = context.runtime
    runtime.follow()
    live = _Live(context, change)
    with runtime.hub.listen("output on the command line", ChangeOutput) as ear:
        async with asyncio.TaskGroup() as group:
            if not context.printer.json:
                group.create_task(live.follow(ear))
            ended = await runtime.changes.run(change.id)
            ear.close()
    if context.printer.json:
        context.printer.record(change_record(ended))
        return exit_code(ended)
    for outcome in ended.outcomes:
        await live.show(outcome.target, last=True)
        if outcome.state is not OutcomeState.DONE:
            status = outcome.signal or ("" if outcome.exit_status is None else str(outcome.exit_status))
            context.printer.say(f"{outcome.target}: {outcome.state} {status}\n{outcome.message}".strip())
        elif outcome.kept_bytes < outcome.output_bytes:
            left = outcome.output_bytes - outcome.kept_bytes
            context.printer.say(f"{outcome.target}: {left} more bytes came and were not kept.")
    context.printer.say(f"{ended.name} {ended.state}.")
    return exit_code(ended)


def exit_code(change: Change) -> ExitCode:
    """Return the number a script sees for an ended change."""
    states = {outcome.state for outcome in change.outcomes}
    if states <= {OutcomeState.DONE}:
        return ExitCode.DONE
    if states == {OutcomeState.UNREACHABLE}:
        return ExitCode.UNREACHABLE
    if states == {OutcomeState.TIMED_OUT}:
        return ExitCode.TIMED_OUT
    if OutcomeState.CANCELLED in states:
        return ExitCode.INTERRUPTED
    return ExitCode.SOME_FAILED


async def deny(context: Context) -> int:
    """Say no."""
    change = await _change(context)
    denied = await context.runtime.changes.deny(change.id, note=context.invocation.text("note"))
    if context.printer.json:
        context.printer.record(change_record(denied))
    context.printer.say(f"{denied.name} denied.")
    return ExitCode.DONE


async def stop(context: Context) -> int:
    """Ask that a running change be stopped."""
    change = await _change(context)
    await context.runtime.changes.stop(change.id)
    context.printer.say(f"{change.name} is being stopped.")
    return ExitCode.DONE


async def output(context: Context) -> int:
    """Print what a change printed."""
    change = await _change(context)
    target = context.invocation.text("target")
    names = [t.name for t in change.order.targets]
    if target and target not in names:
        raise BadInput(f"{change.name} was not for {target}.", next_step=f"It was for {targets_text(change)}.")
    if context.invocation.yes("raw"):
        if sys.stdout.isatty():
            raise Refused(
                "Raw output is not written to a terminal: it may hold bytes that the terminal obeys.",
                next_step="Send it to a file or a program, or leave out --raw.",
            )
        for name in [target] if target else names:
            sys.stdout.buffer.write(await context.runtime.changes.output(change.id, name, limit=1 << 40))
        return ExitCode.DONE
    for name in [target] if target else names:
        text = clean_bytes(await context.runtime.changes.output(change.id, name, limit=1 << 30))
        if context.printer.json:
            context.printer.record({"change": change.name, "target": name, "output": text})
        else:
            if len(names) > 1 and not target:
                context.printer.say(f"{name}:")
            context.printer.block(text)
    return ExitCode.DONE
