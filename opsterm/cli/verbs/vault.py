"""Verbs of the credentials: the secrets themselves are asked for, never given on the line."""

from __future__ import annotations

import getpass
import sys

from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.secret import Secret


async def _ask(context: Context, prompt: str) -> Secret:
    """Read a secret without echo, or one line of standard input when it is no terminal."""

    def read() -> Secret:
        if sys.stdin.isatty():
            return Secret(getpass.getpass(prompt))
        return Secret(sys.stdin.readline().rstrip("\n"))

    secret = await context.runtime.offload.run("terminal", read)
    if not secret:
        raise BadInput("Nothing was given.", next_step="Type it, or send one line to standard input.")
    return secret


async def _open(context: Context) -> None:
    if await context.runtime.credentials.state() == "locked":
        await context.runtime.credentials.unlock(await _ask(context, "Passphrase of the vault: "))


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
    first = await _ask(context, "New passphrase of the vault: ")
    if sys.stdin.isatty() and first != await _ask(context, "Again: "):
        raise BadInput("The two passphrases differ.", next_step="Try again.")
    await context.runtime.credentials.create(first)
    context.printer.say("The vault is made. Keep the passphrase: nobody can open it without.")
    return ExitCode.DONE


async def list(context: Context) -> int:  # noqa: A001 (the verb is called so)
    """List what is kept, never the secrets."""
    await _open(context)
    for service, account in await context.runtime.credentials.names():
        if context.printer.json:
            context.printer.record({"service": service, "account": account})
        else:
            context.printer.line(f"{service}  {account}")
    return ExitCode.DONE


async def set(context: Context) -> int:  # noqa: A001 (the verb is called so)
    """Keep a secret."""
    await _open(context)
    service, account = context.invocation.text("service"), context.invocation.text("account")
    await context.runtime.credentials.put(service, account, await _ask(context, f"Secret for {account}: "))
    context.printer.say("Kept.")
    return ExitCode.DONE


async def remove(context: Context) -> int:
    """Forget a secret."""
    await _open(context)
    await context.runtime.credentials.remove(context.invocation.text("service"), context.invocation.text("account"))
    context.printer.say("Forgotten.")
    return ExitCode.DONE
