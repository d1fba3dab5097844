"""Verbs of the credentials: the secrets themselves are asked for, never given on the line."""

from __future__ import annotations

from dataclasses import asdict

from opsterm.cli.prompt import ask_line, is_asked_on_a_terminal
from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.secret import Secret
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
    """List what is kept, never the secrets."""
    await open_vault(context)
    for kept in await context.runtime.secrets.list():
        if context.printer.json:
            context.printer.record({"service": kept.service, "account": kept.account})
        else:
            context.printer.line(f"{kept.service}  {kept.account}")
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
