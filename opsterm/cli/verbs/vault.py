"""Verbs of the credentials: the secrets themselves are asked for, never given on the line."""

from __future__ import annotations

from dataclasses import asdict

from opsterm.cli.prompt import ask_line, is_asked_on_a_terminal
from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode, Refused
from opsterm.core.secret import Secret
from opsterm.runtime.credential_keeping import Destined, destined_words, places_words
from opsterm.runtime.credentials import require_looked_up


async def _ask(prompt: str) -> Secret:
    """Read a secret without echo, or one line of standard input when it is no terminal."""
    secret = Secret(await ask_line(prompt, echo=False))
    if not secret:
        raise BadInput("Nothing was given.", next_step="Type it, or send one line to standard input.")
    return secret


async def open_vault(context: Context) -> None:
    """Ask for the passphrase of a locked vault."""
    if await context.runtime.credentials.state() == "locked":
        await context.runtime.credentials.unlock(await _ask("Passphrase of the vault: "))


async def open_if_a_person_is_there(context: Context) -> None:
    """Ask for the passphrase of a locked vault; without a terminal standard input is not ours to read."""
    if is_asked_on_a_terminal():
        await open_vault(context)


async def status(context: Context) -> int:
    """Say which keyring is in use."""
    state = await context.runtime.credentials.state()
    text = await context.runtime.credentials.describe()
    if context.printer.json:
        context.printer.record({"state": state, "text": text})
    else:
        context.printer.line(text)
    return ExitCode.DONE


async def create(context: Context) -> int:
    """Make the vault."""
    first = await _ask("New passphrase of the vault: ")
    if is_asked_on_a_terminal() and first != await _ask("Again: "):
        raise BadInput("The two passphrases differ.", next_step="Try again.")
    await context.runtime.credentials.create(first)
    if context.printer.json:
        await status(context)
    context.printer.say("The vault is made. Keep the passphrase: nobody can open it without.")
    return ExitCode.DONE


async def list(context: Context) -> int:  # noqa: A001 (the verb is called so)
    """List what is kept and where it goes, never the secrets."""
    await open_vault(context)
    for kept in await context.runtime.secrets.list():
        found = await context.runtime.secrets.destined(kept.service, kept.account)
        if context.printer.json:
            context.printer.record({"service": kept.service, "account": kept.account, **_destined(found)})
        else:
            context.printer.line(f"{kept.service}  {kept.account}  {destined_words(found)}".rstrip())
    return ExitCode.DONE


def _destined(found: Destined | None) -> dict[str, object]:
    if found is None:
        return {"goes_to": None, "waits": None}
    return {"goes_to": [str(place) for place in found.kept_for or ()], "waits": found.waits}


async def confirm(context: Context) -> int:
    """Say that a secret may go to where its account stands for now."""
    await open_vault(context)
    service, account = context.invocation.text("service"), context.invocation.text("account")
    secrets = context.runtime.secrets
    found = await secrets.destined(service, account)
    if found is None or not found.waits:
        context.printer.say(f"Nothing is to be confirmed: {destined_words(found) or 'its account says where it goes'}.")
        return ExitCode.DONE
    context.printer.say(f"Kept:  {destined_words(found, waiting=False)}.")
    context.printer.say(f"Now:   it would go to {places_words(found.now)}.")
    if not context.invocation.yes("yes"):
        if not is_asked_on_a_terminal():
            raise BadInput("Nobody is there to be asked.", next_step="Say --yes when that is where it belongs.")
        if (await ask_line("Send it there from now on? yes or no: ")).strip().lower() != "yes":
            raise Refused("Nothing was changed: it is not sent there.")
    await secrets.confirm(service, account, found.now)
    if context.printer.json:
        found = await secrets.destined(service, account)
        context.printer.record({"service": service, "account": account, **_destined(found)})
    context.printer.say("Confirmed.")
    return ExitCode.DONE


async def services(context: Context) -> int:
    """List what can be kept."""
    found = context.runtime.secrets.services()
    if context.printer.json:
        for service in found:
            context.printer.record(asdict(service))
    else:
        rows = [(service.name, service.account, service.what) for service in found]
        context.printer.table(("service", "account", "what it is"), rows)
    return ExitCode.DONE


async def set(context: Context) -> int:  # noqa: A001 (the verb is called so)
    """Keep a secret."""
    await open_vault(context)
    service, account = context.invocation.text("service"), context.invocation.text("account")
    require_looked_up(service, account)
    await context.runtime.secrets.put(service, account, await _ask(f"Secret for {account}: "))
    _tell(context, service, account, kept=True)
    if words := destined_words(await context.runtime.secrets.destined(service, account)):
        context.printer.say(f"{words[0].upper()}{words[1:]}.")
    return ExitCode.DONE


async def remove(context: Context) -> int:
    """Forget a secret."""
    await open_vault(context)
    service, account = context.invocation.text("service"), context.invocation.text("account")
    await context.runtime.secrets.remove(service, account)
    _tell(context, service, account, kept=False)
    return ExitCode.DONE


def _tell(context: Context, service: str, account: str, *, kept: bool) -> None:
    if context.printer.json:
        context.printer.record({"service": service, "account": account, "kept": kept})
    context.printer.say("Kept." if kept else "Forgotten.")
