"""Verbs of mail: try the server, look at the queue, try again, drop."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.mail import Mail, MailPhase, Verdict, mail_number
from opsterm.core.units import age_text

_COLUMNS = ("mail", "state", "to", "age", "tries", "next", "subject", "said")


async def test(context: Context) -> int:
    """Send a test message and say how far it came."""
    to, report = await context.runtime.post.test(context.invocation.text("to"))
    refused = {a: said for a, said in report.answers.items() if said.verdict is not Verdict.TAKEN}
    sent = [address for address, said in report.answers.items() if said.verdict is Verdict.TAKEN]
    failure = report.trouble or next(iter(refused.values()), None)
    if context.printer.json:
        context.printer.record({
            "to": to, "sent": sent, "failed_phase": failure.phase if failure else None,
            "text": failure.text if failure else "", "next_step": failure.next_step if failure else "",
            "steps": [{"phase": phase, "text": text} for phase, text in report.steps],
            "refused": [{"address": a, "code": said.code, "text": said.text} for a, said in refused.items()],
        })  # fmt: skip
    else:
        for phase, text in report.steps:
            context.printer.line(f"ok      {phase:10} {text}")
        for address, said in refused.items():
            context.printer.line(f"failed  {said.phase:10} {address}: {said.code or ''} {said.text}")
        if report.trouble:
            context.printer.line(f"failed  {report.trouble.phase:10} {report.trouble.text}")
        if failure and failure.next_step:
            context.printer.say(failure.next_step)
    if sent:
        return ExitCode.SOME_FAILED if failure else ExitCode.DONE
    return ExitCode.BAD_INPUT if report.trouble and report.trouble.phase is MailPhase.SETTINGS else ExitCode.UNREACHABLE


async def queue(context: Context) -> int:
    """List mails that wait or were lost."""
    mails = await context.runtime.post.queue(everything=context.invocation.yes("all"))
    _print(context, mails)
    if not mails and not context.printer.json:
        context.printer.say("No mail waits, and none was lost.")
    return ExitCode.DONE


async def retry(context: Context) -> int:
    """Try mails again at once."""
    mails = await context.runtime.post.retry(_numbers(context))
    _print(context, mails)
    if not mails:
        context.printer.say("There is nothing to try again.")
    elif await context.runtime.workers.living_holder() is None:
        context.printer.say("No process runs the workers: they are tried once `opsterm` or `opsterm serve` runs.")
    return ExitCode.DONE


async def drop(context: Context) -> int:
    """Forget mails: they are tried no more."""
    _print(context, await context.runtime.post.drop(_numbers(context)))
    return ExitCode.DONE


def _numbers(context: Context) -> Sequence[int]:
    words = context.invocation.texts("ids")
    if words == ["all"]:
        raise BadInput("all is no number.", next_step="Leave the number out for the whole queue.")
    return [mail_number(word) for word in words]


def _print(context: Context, mails: Sequence[Mail]) -> None:
    if context.printer.json:
        for mail in mails:
            context.printer.record(mail_record(mail))
        return
    now = context.runtime.clock.now()
    rows = [
        (
            mail.name, str(recipient.state), recipient.address, age_text(now - mail.made_at), str(mail.tries),
            f"in {age_text(mail.next_try_at - now)}" if recipient.address in mail.waiting else "",
            mail.subject, recipient.reply,
        )
        for mail in mails for recipient in mail.recipients
    ]  # fmt: skip
    if rows:
        context.printer.table(_COLUMNS, rows, right=("tries",))


def mail_record(mail: Mail) -> dict[str, object]:
    """Return a mail as an object with the keys of `json_keys.MAIL_KEYS`; times are epoch seconds."""
    return {
        "id": mail.name,
        "state": mail.state,
        "subject": mail.subject,
        "message_id": mail.message_id,
        "made_at": mail.made_at,
        "tries": mail.tries,
        "next_try_at": mail.next_try_at if mail.waiting else None,
        "trouble": mail.trouble,
        "recipients": mail.recipients,
    }
