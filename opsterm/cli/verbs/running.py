"""Verbs that make a change happen: approve, run."""

from __future__ import annotations

import asyncio

from opsterm.changes.change import Change, ChangeState, Outcome, OutcomeState
from opsterm.changes.events import ChangeGuarded, ChangeOutput
from opsterm.changes.guard import GuardState, standing_line
from opsterm.changes.summary import targets_text
from opsterm.cli.prompt import ask_line, is_asked_on_a_terminal
from opsterm.cli.records import change_record
from opsterm.cli.run import Context
from opsterm.cli.verbs.approvals import say_progress
from opsterm.cli.verbs.changes import describe, describe_content, named_change
from opsterm.cli.verbs.claims import describe_claims, despite_claims
from opsterm.cli.verbs.vault import open_if_a_person_is_there
from opsterm.core.errors import ExitCode, NotApproved, OpstermError
from opsterm.core.hub import Ear
from opsterm.core.quiet_gc import quiet_gc
from opsterm.core.text import clean_bytes, clean_line
from opsterm.policy.approval import Ask, friction
from opsterm.policy.standing import is_standing
from opsterm.runtime.assent import Assent
from opsterm.runtime.gates import GATE_FACTS, gate_line

LINE_AT_MOST = 65_536
"""Bytes of a line that has not ended that wait; then what came so far is shown as a line."""
SAME_S = 2.0
"""A deadline that has moved by less is the same one."""

_PLAIN = bytes(range(ord(" "), ord("~") + 1)) + b"\n"


async def approve(context: Context) -> int:
    """Approve a change as it is shown, and run it here."""
    return await approve_change(context, await named_change(context))


async def approve_change(context: Context, change: Change) -> int:
    """Show a change, ask about it at a terminal, approve it and run it here, as the line says."""
    describe(context, change)
    await describe_content(context, change)
    say_progress(context, await context.runtime.approvals.progress(change))
    from opsterm.cli.verbs.foresight import describe_what_it_would_do  # noqa: PLC0415 (a query shows none of it)

    await describe_what_it_would_do(context, change)
    await describe_claims(context, change)
    count = len(change.order.targets)
    given = context.invocation.number("targets")
    if given is not None and given != count:
        error = NotApproved(f"{change.name} was not approved: it is for {targets_text(change)}, not for {given}.")
        await context.runtime.audit.refused("approve", error, change=change.id)
        raise error
    digest = context.invocation.text("digest") or change.digest
    if given is None and not context.invocation.text("digest") and is_asked_on_a_terminal():
        await _ask(context, change, count)
    runs = not context.invocation.yes("no_run") and not is_standing(change.order)
    despite = await despite_claims(context, change) if runs else ""
    approved = await context.runtime.changes.approve(change.id, digest=digest, assent=_assent(context))
    if approved.state is ChangeState.APPROVED:
        context.printer.say(f"{change.name} approved by {approved.decided_by}.")
    else:
        context.printer.say(f"The approval of {change.name} is kept; others are still needed.")
        say_progress(context, await context.runtime.approvals.progress(approved))
    if not runs or approved.state is not ChangeState.APPROVED:
        if context.printer.json:
            context.printer.record(change_record(approved))
        return ExitCode.DONE
    return await run_here(context, approved, despite=despite)


def _assent(context: Context) -> Assent:
    asked = context.invocation
    return Assent(
        note=asked.text("reason"), key=asked.text("sign"), written=asked.text("written"), alone=asked.yes("break_glass")
    )


async def _ask(context: Context, change: Change, count: int) -> None:
    """Ask the person at the terminal, the more the higher the risk. Raises NotApproved."""
    level = change.risk.level
    cuts = (await context.runtime.assessments.of_change(change)).lockout.cuts
    asked = friction(level, count, name=change.order.targets[0].name, cuts=cuts)
    if asked.ask is Ask.KEY:
        return
    if asked.ask is Ask.KEY_ENTER:
        wanted, prompt = "y", "Type y to approve: "
    else:
        wanted, prompt = asked.answer.lower(), f"{asked.prompt.capitalize()}: "
    if (await ask_line(prompt)).strip().lower() != wanted:
        raise NotApproved(f"{change.name} was not approved; it still waits.")


async def run(context: Context) -> int:
    """Run an approved change here."""
    change = await named_change(context)
    waits = change.state is ChangeState.APPROVED  # of any other the run says what is wrong
    return await run_here(context, change, despite=await despite_claims(context, change) if waits else "")


async def run_here(context: Context, change: Change, *, despite: str = "") -> int:
    """Run an approved change in this process and print what comes, as it comes.

    Args:
        context: of the verb.
        change: the one to run.
        despite: why it runs although others have claimed some of its targets, "" for not then.
    """
    await open_vault_for(context, change)
    runtime = context.runtime
    runtime.follow()
    quiet_gc(collect=False)
    live = _Live(context, change)
    with runtime.hub.listen("output on the command line", ChangeOutput, ChangeGuarded, *GATE_FACTS) as ear:
        async with asyncio.TaskGroup() as group:
            if not context.printer.json:
                group.create_task(live.follow(ear))
            ended = await run_to_the_end(context, change, despite=despite)
            ear.close()
    if isinstance(ended, OpstermError):
        raise ended
    if context.printer.json:
        context.printer.record(change_record(ended))
        return exit_code(ended)
    for outcome in ended.outcomes:
        await live.show(outcome.target, outcome.kept_bytes, last=True)
        _say_how_it_went(context, outcome)
    context.printer.say(f"{ended.name} {ended.state}.")
    if live.failure is not None:
        raise live.failure
    return exit_code(ended)


async def open_vault_for(context: Context, change: Change) -> None:
    """Ask for the passphrase of a locked vault when sudo may ask for a password that is in it."""
    if change.order.become:
        await open_if_a_person_is_there(context)


async def run_to_the_end(context: Context, change: Change, *, despite: str = "") -> Change | OpstermError:
    """Return the error, so that it does not arrive in a group of one."""
    try:
        return await context.runtime.changes.run(change.id, despite=despite)
    except OpstermError as error:
        return error
    except asyncio.CancelledError:
        context.printer.say(f"{change.name} was stopped; `opsterm change {change.name}` shows how far it came.")
        raise


def _say_how_it_went(context: Context, outcome: Outcome) -> None:
    if outcome.state is not OutcomeState.DONE:
        how = outcome.signal or ("" if outcome.exit_status is None else f"exit {outcome.exit_status}")
        said = f"{outcome.target}: {outcome.state}{f' ({how})' if how else ''}"
        context.printer.say(f"{said}\n{outcome.message}".strip())
    if outcome.kept_bytes < outcome.output_bytes:
        left = outcome.output_bytes - outcome.kept_bytes
        context.printer.say(f"{outcome.target}: {left} more bytes came and were not kept.")


class _Live:
    """Prints output while it comes, each line once. A change does not end because nobody reads it any more.

    Attributes:
        failure: why nothing can be printed any more, None while it can.
    """

    def __init__(self, context: Context, change: Change) -> None:
        self.failure: BrokenPipeError | OpstermError | None = None
        self._context = context
        self._change = change
        self._read: dict[str, int] = {}
        self._rest: dict[str, bytes] = {}
        self._stood: dict[str, tuple[str, float]] = {}  # target -> how its guard stood when it was said last

    async def follow(self, ear: Ear) -> None:
        """Print what the executor tells of, until the ear is closed."""
        async for facts in ear.batches(pause_s=0.05):
            for fact in facts:
                if isinstance(fact.event, ChangeGuarded) and fact.event.change == self._change.id:
                    self._say_how_it_stands(fact.event, fact.at)
                elif isinstance(fact.event, GATE_FACTS) and fact.event.change == self._change.id:
                    self._context.printer.say(gate_line(fact.event, self._change.name, fact.at))
            events = [fact.event for fact in facts if isinstance(fact.event, ChangeOutput)]
            for target, came in {event.target: event.total_bytes for event in events}.items():
                await self.show(target, came)

    def _say_how_it_stands(self, told: ChangeGuarded, at: float) -> None:
        """Say what was heard of the guard on a target, once: that the command runs there, everybody knows."""
        state, due_at = self._stood.get(told.target, ("", 0.0))
        if told.state == GuardState.ARMED or (told.state == state and abs(told.due_at - due_at) < SAME_S):
            return
        self._stood[told.target] = told.state, told.due_at
        left_s = max(0.0, told.due_at - at) if told.due_at else 0.0
        log_in = f" The fresh log-in {told.log_in}." if told.log_in else ""
        said = standing_line(GuardState(told.state), left_s, self._change.name)
        self._context.printer.say(f"{told.target}: {said}{log_in}")

    async def show(self, target: str, came: int, *, last: bool = False) -> None:
        """Print the whole lines that are new; with `last` also a line that never ended.

        Args:
            target: whose.
            came: bytes that there are, at least those that are kept.
            last: no more will come.
        """
        try:
            await self._show(target, came, last=last)
        except (BrokenPipeError, OpstermError) as error:
            self.failure = self.failure or error

    async def _show(self, target: str, came: int, *, last: bool) -> None:
        changes = self._context.runtime.changes
        while (
            self.failure is None
            and self._read.get(target, 0) < came
            and (data := await changes.output(self._change.id, target, offset=self._read.get(target, 0)))
        ):
            self._read[target] = self._read.get(target, 0) + len(data)
            lines, ended, rest = (self._rest.get(target, b"") + data).rpartition(b"\n")
            self._rest[target] = b"" if len(rest) > LINE_AT_MOST else rest
            if ended:
                self._print(target, lines)
            if len(rest) > LINE_AT_MOST:
                self._print(target, rest)
        if last and self._rest.get(target):
            self._print(target, self._rest.pop(target))
        self._context.printer.flush()

    def _print(self, target: str, lines: bytes) -> None:
        """Print lines; what is printable ASCII at one go, for cleaning each line costs ten times what printing does."""
        prefix = f"{clean_line(target)}: " if len(self._change.order.targets) > 1 else ""
        if not lines.translate(None, _PLAIN):
            start = prefix.encode()  # in bytes, where a newline is found three times as fast
            self._context.printer.plain(prefix + lines.replace(b"\n", b"\n" + start).decode())
            return
        for line in lines.split(b"\n"):
            self._context.printer.line(prefix + clean_bytes(line.removesuffix(b"\r")))


def exit_code(change: Change) -> ExitCode:
    """Return the number a script sees for an ended change."""
    states = {outcome.state for outcome in change.outcomes}
    if states <= {OutcomeState.DONE}:
        return ExitCode.DONE
    if states == {OutcomeState.UNREACHABLE}:
        return ExitCode.UNREACHABLE
    if states == {OutcomeState.TIMED_OUT}:
        return ExitCode.TIMED_OUT
    if OutcomeState.CANCELLED in states and change.state in (ChangeState.CANCELLED, ChangeState.INTERRUPTED):
        return ExitCode.INTERRUPTED
    return ExitCode.SOME_FAILED
