"""Verbs around approvals: what waits for a yes, sign for somebody else, reviews, breakers, autonomy."""

from __future__ import annotations

from opsterm.changes.change import ChangeState
from opsterm.changes.summary import command_shown, limit_text, progress_line, targets_text
from opsterm.cli.prompt import ask_line, is_asked_on_a_terminal
from opsterm.cli.run import Context
from opsterm.core.errors import ExitCode, NotApproved
from opsterm.core.text import shown_exactly
from opsterm.core.units import age_text
from opsterm.inventory.folding import fold
from opsterm.policy.mask import mask
from opsterm.policy.order import Order
from opsterm.policy.risk import RiskLevel, assess
from opsterm.runtime.approval_identity import APPROVE, REVIEW
from opsterm.runtime.assent import Progress
from opsterm.runtime.changes import change_number


async def waiting(context: Context) -> int:
    """List what waits for a yes, and whether yours counts."""
    runtime = context.runtime
    await runtime.changes.settle()
    found = [
        (change, progress) for change in await runtime.changes.list([ChangeState.PROPOSED])
        if (progress := await runtime.approvals.progress(change)) is not None
        and (progress.wants_you or not context.invocation.yes("mine"))
    ]  # fmt: skip
    now = runtime.clock.now()
    if context.printer.json:
        for change, progress in found:
            context.printer.record({
                "id": change.name, "risk": change.risk.level, "requested_by": change.requested_by,
                "expires_at": change.order.expires_at, "targets": [target.name for target in change.order.targets],
                "command": mask(change.order.command)[0], "requirement": progress.requirement,
                "have": progress.missing.have, "want": progress.missing.want, "missing": progress.missing.who,
                "wants_you": progress.wants_you,
            })  # fmt: skip
        return ExitCode.DONE
    context.printer.table(
        ("id", "risk", "by", "left", "where", "so far", "you", "command"),
        [
            (c.name, c.risk.level, c.requested_by, age_text(max(0.0, c.order.expires_at - now)), targets_text(c),
             str(progress.missing), "your yes counts" if progress.wants_you else "not you", command_shown(c.order))
            for c, progress in found
        ],
        right=("left",),
    )  # fmt: skip
    if not found:
        context.printer.say("Nothing waits for you." if context.invocation.yes("mine") else "Nothing waits.")
    return ExitCode.DONE


async def sign(context: Context) -> int:
    """Say yes to another account's change."""
    asked = context.invocation
    room = context.runtime.countersigning
    order = await room.read(asked.text("request"))
    _describe(context, order)
    digest = asked.text("digest")
    if digest and digest != order.digest():
        raise NotApproved("The request was not signed: it is for other bytes than --digest says.")
    if not digest:
        await _ask(order)
    answer = await room.answer(
        order, verb=REVIEW if asked.yes("review") else APPROVE, key=asked.text("key"), note=asked.text("reason")
    )
    if context.printer.json:
        context.printer.record({"digest": order.digest(), "answer": answer})
    else:
        context.printer.block(answer.rstrip("\n"))
    return ExitCode.DONE


def _describe(context: Context, order: Order) -> None:
    """Tell what would run, in the order of the approval screen."""
    say, terms = context.printer.say, order.terms
    first, *more = shown_exactly(order.command).split("\n")
    say("\n".join([f"what    {first}", *(f"        {line}" for line in more)]))
    become = f" · as {order.become} by sudo" if order.become else ""
    say(f"        {order.shell}{become} · {limit_text(order)}")
    names = [target.name for target in order.targets]
    places = ", ".join(sorted({place.upper() for place in terms.environments if place})) if terms else ""
    say(f"where   {fold(names)} ({len(names)} target{'s' * (len(names) != 1)}){f' · {places}' if places else ''}")
    for target in order.targets:
        port = f":{target.port}" if target.port else ""
        say(f"        {target.name}: {target.user or 'its log-in'} at {target.address}{port} by {target.protocol}")
    level = assess(order.command, order.shell, order.targets, terms.environments if terms else (), how=order.run_as)
    say(f"risk    {level.level.upper()}  {' '.join(level.reasons)}")
    if terms is not None:
        say(f"asked   by {terms.requested_by}; it takes {terms.requirement}")
    say(f"digest  {order.digest()}")
    left = order.expires_at - context.runtime.clock.now()
    say(f"until   {age_text(left)} from now" if left > 0 else "until   it has expired")


async def _ask(order: Order) -> None:
    """Ask the person at the terminal; a script names the digest instead. Raises NotApproved."""
    if not is_asked_on_a_terminal():
        raise NotApproved(
            "The request was not signed: nobody was there to read it.",
            next_step="Name the digest that was read: --digest",
        )
    level = assess(order.command, order.shell, order.targets, ()).level
    wanted = "y" if level.order <= RiskLevel.MEDIUM.order else str(len(order.targets))
    prompt = "Type y to say yes: " if wanted == "y" else "Type the number of targets to say yes: "
    if (await ask_line(prompt)).strip().lower() != wanted:
        raise NotApproved("The request was not signed.")


async def reviews_list(context: Context) -> int:
    """List open reviews."""
    found = await context.runtime.reviews.open()
    if context.printer.json:
        for review in found:
            context.printer.record({
                "id": f"c{review.change}", "by": review.by, "at": review.at, "reason": review.reason,
                "digest": review.digest,
            })  # fmt: skip
        return ExitCode.DONE
    now = context.runtime.clock.now()
    context.printer.table(
        ("id", "approved by", "ago", "reason"),
        [(f"c{one.change}", one.by, age_text(now - one.at), one.reason) for one in found],
        right=("ago",),
    )
    if not found:
        context.printer.say("No review is open.")
    return ExitCode.DONE


async def reviews_close(context: Context) -> int:
    """Close a review."""
    asked = context.invocation
    number = change_number(asked.text("id"))
    await context.runtime.reviews.close(
        number, note=asked.text("note"), key=asked.text("sign"), written=asked.text("written")
    )
    if context.printer.json:
        context.printer.record({"id": f"c{number}", "closed": True})
    context.printer.say(f"The review of c{number} is closed.")
    return ExitCode.DONE


async def breaker(context: Context) -> int:
    """List breakers, or reset one."""
    environment = context.invocation.text("reset")
    if environment:
        await context.runtime.limits.reset(environment, context.invocation.text("reason"))
    found = await context.runtime.limits.breakers()
    if context.printer.json:
        for one in found:
            context.printer.record({"environment": one.environment, "failures": one.failures, "open": one.is_open})
        return ExitCode.DONE
    context.printer.table(
        ("environment", "after failures", "now"),
        [(one.environment, str(one.failures), "nothing is approved" if one.is_open else "closed") for one in found],
        right=("after failures",),
    )
    if not found:
        context.printer.say("No limit has a breaker: failures of an [[approvals.limit]] table sets one.")
    return ExitCode.DONE


async def autonomy(context: Context) -> int:
    """Show what may run without a person."""
    found = await context.runtime.approvals.allowances()
    if context.printer.json:
        for one in found:
            context.printer.record({
                "name": one.name, "environment": one.environment, "level": one.level, "actor": one.actor,
                "daily": one.daily, "spent": one.spent,
            })  # fmt: skip
        return ExitCode.DONE
    context.printer.table(
        ("name", "environment", "up to risk", "asked by", "a day", "spent"),
        [(one.name, one.environment, one.level, one.actor, str(one.daily), str(one.spent)) for one in found],
        right=("a day", "spent"),
    )
    context.printer.say("What is known to only read runs without a person, with opsterm query.")
    return ExitCode.DONE


def say_progress(context: Context, progress: Progress | None) -> None:
    """Tell what an approval takes and how far it is."""
    if progress is None:
        return
    context.printer.say(f"takes   {progress.requirement}")
    context.printer.say(f"yes     {progress_line(progress.missing, progress.given)}")
