"""Verbs of changes that run nothing: propose, look, deny, stop."""

from __future__ import annotations

from opsterm.changes.change import Change, ChangeState, Outcome
from opsterm.changes.guard import guard_lines, wish_from
from opsterm.changes.rollout import RolloutWish
from opsterm.changes.rollout_words import rollout_lines
from opsterm.changes.suggested_checks import suggested_checks
from opsterm.changes.summary import as_whom, command_shown, limit_text, shell_text, targets_text
from opsterm.changes.verification import NO_VERIFICATION, OnFailure, Verification, parse_check, verification_lines
from opsterm.changes.way_back.prepared import way_back_lines
from opsterm.cli.arguments import command_text
from opsterm.cli.output import ESCAPED_AT_MOST
from opsterm.cli.prompt import read_text
from opsterm.cli.records import change_record
from opsterm.cli.run import Context
from opsterm.cli.verbs.approvals import say_progress
from opsterm.core.errors import BadInput, ExitCode, NotFound, StorageError
from opsterm.core.text import clean_block, clean_bytes, shown_exactly
from opsterm.core.units import age_text, bytes_text, parse_duration
from opsterm.policy.compliance.review import lines_of
from opsterm.policy.mask import mask
from opsterm.policy.order import RunAs
from opsterm.policy.standing import standing_lines
from opsterm.runtime.assent import terms_of
from opsterm.runtime.changes import change_number
from opsterm.runtime.gates import gate_lines
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.put_review import review_rows


async def propose(context: Context) -> int:
    """Record a proposal."""
    asked = await proposal_of(context)
    if context.invocation.yes("rewrite"):
        rows = context.invocation.number("rows")
        asked = await context.runtime.rewrites.rewritten(asked, rows=-1 if rows is None else rows)
    tell_proposed(context, await context.runtime.changes.propose(asked))
    return ExitCode.DONE


def tell_proposed(context: Context, change: Change) -> None:
    """Tell of a change that waits: all of it, and how it is approved."""
    if context.printer.json:
        context.printer.record(change_record(change))
    else:
        context.printer.line(change.name)
        describe(context, change)
        context.printer.say(f"approve: opsterm approve {change.name}")


async def proposal_of(context: Context) -> Proposal:
    """Return what the line asks for. Raises BadInput."""
    words, verb = context.invocation.texts("command_words"), context.invocation.verb
    shell = context.invocation.text("shell")
    if not words:
        raise BadInput(
            f"There is no command to {verb}.", next_step=f"Write it behind --: opsterm {verb} --on web-01 -- uptime"
        )
    command = (await read_text("the command")).removesuffix("\n") if words == ["-"] else command_text(words, shell)
    return proposal_with(context, command, shell)


def proposal_with(context: Context, command: str, shell: str, *, reason: str = "") -> Proposal:
    """Return what the options of a line ask for with a command.

    Args:
        context: of the verb.
        command: the text for the shell, exactly.
        shell: what carries it out, "" for the usual one of the targets.
        reason: why, where the line does not say.

    Raises:
        BadInput: an option is wrong.
    """
    timeout = context.invocation.text("timeout")
    return Proposal(
        command=command,
        selector=context.invocation.text("on"),
        shell=shell,
        reason=context.invocation.text("reason") or reason,
        origin="command line",
        timeout_s=parse_duration(timeout) if timeout else None,
        how=RunAs(
            become=context.invocation.text("become"),
            login=context.invocation.yes("login"),
            pty=context.invocation.yes("pty"),
        ),
        rollout=rollout_wish(context),
        way_back=not context.invocation.yes("no_way_back"),
        inverse=context.invocation.text("inverse"),
        guard=wish_from(
            context.invocation.text("confirm"),
            by_hand=context.invocation.yes("by_hand"),
            unguarded=context.invocation.text("no_confirm"),
        ),
        verification=verification_wish(context),
    )


def verification_wish(context: Context) -> Verification:
    """Return what the line says is looked at after a change. Raises BadInput, Refused."""
    asked, usual = context.invocation, NO_VERIFICATION
    within = asked.text("within")
    return Verification(
        checks=tuple(dict.fromkeys(parse_check(text) for text in asked.texts("verify"))),
        tries=asked.number("tries") or usual.tries,
        within_s=round(parse_duration(within)) if within else usual.within_s,
        on_failure=OnFailure(asked.text("on_failure") or usual.on_failure),
    )


def rollout_wish(context: Context) -> RolloutWish:
    """Return what the line says about how a change goes over its targets."""
    asked = context.invocation
    return RolloutWish(
        strategy=asked.text("rollout"), failures=asked.text("max_failures"),
        max_unavailable=asked.number("max_unavailable") or 0, wait=asked.text("wait"), probe=asked.text("probe"),
        margin=asked.text("margin"), worse=asked.text("worse"),
    )  # fmt: skip


DAY_S = 86_400.0
"""How long ago a change may have been interrupted of which it is said what to do."""

_BLOCKS = ("content", "differs", "files")
"""Rows of what is put that begin on a line of their own."""


def describe(context: Context, change: Change) -> None:
    """Tell what would run, in the order of the approval screen."""
    say = context.printer.say
    order = change.order
    now = context.runtime.clock.now()
    first, *more = shown_exactly(order.command).split("\n")
    say("\n".join([f"what    {first}", *(f"        {line}" for line in more)]))
    say(f"        {shell_text(change)} · {as_whom(change)} · {limit_text(order)}")
    say(f"where   {targets_text(change)}{_environments(context, change)}")
    say(f"        {context.runtime.rollouts.blast_radius(change)}")
    for number, line in enumerate(rollout_lines(order)):
        say(f"{'' if number else 'rollout':<8}{line}")
    say(f"risk    {change.risk.level.upper()}  {' '.join(change.risk.reasons)}")
    for number, line in enumerate(lines_of(change.review)):
        say(f"{'' if number else 'rules':<8}{line}")
    for number, line in enumerate(way_back_lines(order)):
        say(f"{'' if number else 'back':<8}{line}")
    for number, line in enumerate(verification_lines(order, suggested_checks(order))):
        say(f"{'' if number else 'verify':<8}{line}")
    rewrite = context.runtime.rewrites.of_change(change)
    for number, line in enumerate([*rewrite.lines, "taken with: opsterm propose --rewrite"] if rewrite else []):
        say(f"{'' if number else 'rewrite':<8}{line}")
    for number, line in enumerate(standing_lines(order, now)):
        say(f"{'' if number else 'stands':<8}{line}")
    for number, line in enumerate(guard_lines(order)):
        say(f"{'' if number else 'guard':<8}{line}")
    if change.reason:
        say(f"why     {' '.join(change.reason.split())}")
    say(f"digest  {change.digest}")
    if change.state in (ChangeState.PROPOSED, ChangeState.APPROVED):
        say(f"until   {age_text(max(0.0, order.expires_at - now))} from now")


async def describe_content(context: Context, change: Change, *, compare: bool = False, only: str = "") -> None:
    """Tell what a file or folder that would be put holds; nothing for any other change.

    Args:
        context: of the verb.
        change: any change.
        compare: whether to say how it differs from what is there.
        only: one file of a folder.
    """
    try:
        review = await context.runtime.files.review(change, compare=compare, only=only)
    except NotFound:
        if only:
            raise
        return
    for label, text in review_rows(review) if review is not None else ():
        first, *more = clean_block(text).split("\n")
        lines = [first, *more] if label not in _BLOCKS else ["", first, *more]
        context.printer.say(
            "\n".join([f"{label:7} {lines[0]}".rstrip(), *(f"        {line}" for line in lines[1:])]).rstrip()
        )


def _environments(context: Context, change: Change) -> str:
    found = (context.runtime.inventory.target(target.name) for target in change.order.targets)
    names = sorted({target.environment.upper() for target in found if target is not None and target.environment})
    return f" · {', '.join(names)}" if names else ""


async def settle(context: Context) -> None:
    """See what has expired, or has lost its process, also when nobody runs the workers."""
    try:
        await context.runtime.changes.settle()
    except StorageError:
        return  # nothing can be written now; looking must go on


async def list_changes(context: Context) -> int:
    """List changes, newest first."""
    try:
        states = [ChangeState(word) for word in context.invocation.texts("state")]
    except ValueError:
        known = [state.value for state in ChangeState]
        wrong = next(word for word in context.invocation.texts("state") if word not in known)
        raise BadInput(
            f"{wrong[:100]!r} is not a state of a change.", next_step=f"A state is one of {', '.join(known)}."
        ) from None
    await settle(context)
    found = await context.runtime.changes.list(states, context.invocation.number("limit") or 50)
    if context.printer.json:
        for change in found:  # a list is passed on; what is approved is what `opsterm change` shows
            context.printer.record({**change_record(change), "command": mask(change.order.command)[0]})
        return ExitCode.DONE
    now = context.runtime.clock.now()
    context.printer.table(
        ("id", "state", "risk", "asked", "by", "where", "command"),
        [
            (c.name, c.state, c.risk.level, f"{age_text(now - c.requested_at)} ago", c.requested_by, targets_text(c),
             command_shown(c.order))
            for c in found
        ],
        right=("asked",),
    )  # fmt: skip
    for change in found:
        if change.state is ChangeState.INTERRUPTED and now - change.ended_at < DAY_S:
            context.printer.say(f"Nobody saw the end of {change.name}. What to do: opsterm change {change.name}")
    if not found:
        context.printer.say("No changes. `opsterm propose --on web-01 -- uptime` proposes one.")
    return ExitCode.DONE


async def show(context: Context) -> int:
    """Show one change with its outcomes."""
    await settle(context)
    change = await named_change(context)
    if context.invocation.yes("request"):
        terms_of(change)  # an order without terms is nobody's to approve
        context.printer.plain(change.order.canonical().decode())
        return ExitCode.DONE
    progress = await context.runtime.approvals.progress(change)
    if context.printer.json:
        given = [{"who": a.who, "at": a.at, "kind": a.kind, "proof": a.proof, "note": a.note} for a in
                 (progress.given if progress else ())]  # fmt: skip
        missing = progress.missing.who if progress else ""
        context.printer.record({**change_record(change), "approvals": given, "missing": missing})
        return ExitCode.DONE
    context.printer.line(f"{change.name}  {change.state}{_decision(change)}")
    describe(context, change)
    say_progress(context, progress)
    asked = context.invocation
    await describe_content(context, change, compare=asked.yes("diff"), only=asked.text("file"))
    from opsterm.cli.verbs.foresight import describe_what_it_would_do  # noqa: PLC0415 (a query shows none of it)

    await describe_what_it_would_do(context, change)
    if change.state in (ChangeState.PROPOSED, ChangeState.APPROVED):
        from opsterm.cli.verbs.claims import describe_claims  # noqa: PLC0415 (only what may still run)

        await describe_claims(context, change)
    if (gate := await context.runtime.gates.standing(change)) is not None:
        for number, line in enumerate(gate_lines(gate, change.name, context.runtime.clock.now())):
            context.printer.say(f"{'' if number else 'waits':<8}{line}")
    if change.started_at:
        context.printer.table(
            ("target", "outcome", "exit", "took", "output", "message"),
            [_outcome_row(outcome) for outcome in change.outcomes],
            right=("exit", "took", "output"),
        )
    return ExitCode.DONE


def _decision(change: Change) -> str:
    if not change.decided_by:
        return ""
    word = "approved" if change.approved_digest else "decided"
    return f", {word} by {change.decided_by}" + (f": {change.decision_note}" if change.decision_note else "")


async def named_change(context: Context) -> Change:
    """Return the change that the line names. Raises BadInput, NotFound."""
    return await context.runtime.changes.get(change_number(context.invocation.text("id")))


def _outcome_row(outcome: Outcome) -> tuple[str, ...]:
    took = f"{outcome.ended_at - outcome.started_at:.1f} s" if outcome.ended_at and outcome.started_at else ""
    status = outcome.signal or ("" if outcome.exit_status is None else str(outcome.exit_status))
    message = " ".join(outcome.message.split())
    return outcome.target, outcome.state, status, took, bytes_text(outcome.output_bytes), message


async def deny(context: Context) -> int:
    """Say no."""
    change = await named_change(context)
    denied = await context.runtime.changes.deny(change.id, note=context.invocation.text("note"))
    if context.printer.json:
        context.printer.record(change_record(denied))
    context.printer.say(f"{denied.name} denied.")
    return ExitCode.DONE


async def stop(context: Context) -> int:
    """Ask that a running change be stopped."""
    change = await named_change(context)
    change = await context.runtime.changes.stop(change.id)
    if context.printer.json:
        context.printer.record(change_record(change))
    if change.state is not ChangeState.RUNNING:
        context.printer.say(
            f"{change.name} is {change.state}: the process that ran it is gone. What it began may still run on the\n"
            "targets; look there (ps) before you repeat it."
        )
        return ExitCode.SOME_FAILED
    context.printer.say(f"{change.name} is being stopped.")
    return ExitCode.DONE


async def output(context: Context) -> int:
    """Print what a change printed."""
    change = await named_change(context)
    target = context.invocation.text("target")
    names = [t.name for t in change.order.targets]
    if target and target not in names:
        raise BadInput(f"{change.name} was not for {target}.", next_step=f"It was for {targets_text(change)}.")
    printer = context.printer
    for name in [target] if target else names:
        data = await context.runtime.changes.output(change.id, name, limit=1 << 40)
        if context.invocation.yes("raw"):
            printer.raw(data)
        elif printer.json:
            text = data.decode("utf-8", errors="backslashreplace")
            printer.record({"change": change.name, "target": name, "output": text})
        else:
            if len(names) > 1 and not target:
                printer.say(f"{name}:")
            if data:
                printer.block(clean_bytes(data, limit=ESCAPED_AT_MOST * len(data)))
        left = sum(o.output_bytes - o.kept_bytes for o in change.outcomes if o.target == name)
        if left > 0:
            printer.say(f"{name}: {left} more bytes came and were not kept.")
    if not change.started_at:
        printer.say(f"{change.name} is {change.state} and has not run.")
    return ExitCode.DONE
