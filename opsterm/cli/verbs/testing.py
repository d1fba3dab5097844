"""The verb that tests a connection."""

from __future__ import annotations

from opsterm.cli.run import Context
from opsterm.cli.verbs.vault import open_vault
from opsterm.core.errors import ExitCode
from opsterm.core.units import seconds_text
from opsterm.inventory.fields import with_fields
from opsterm.inventory.target import Protocol, Target
from opsterm.runtime.ports_connection_test import Phase, PhaseResult, PhaseState

_WIDEST = max(map(len, Phase))


async def test_connection(context: Context) -> int:
    """Connect phase by phase, each told as it ends; what went wrong is raised at the end."""
    printer, target = context.printer, _wanted(context)
    if target.protocol is Protocol.SNMP:
        await open_vault(context)  # without it there is no log-in to try

    def tell(_: int, result: PhaseResult) -> None:
        if result.state is PhaseState.RUNNING:
            printer.progress(f"{result.phase} of {result.host} …")
            return
        printer.progress("")
        if printer.json:
            printer.record({"target": target.name, **_fields(result)})
        else:
            printer.line(_line(result))
        printer.flush()

    report = await context.runtime.connection_test.run(target, tell)
    if report.error is not None:
        raise report.error
    printer.say(f"{target.name} can be reached.")
    return ExitCode.DONE


def _wanted(context: Context) -> Target:
    """Return the target that was named, or a new one of that address; with what was given besides."""
    given = context.invocation
    word = given.text("target")
    before = context.runtime.inventory.target(word) or Target(name=word)
    names = ("protocol", "port", "user")
    return with_fields(before, {name: given.text(name) for name in names if given.values.get(name) is not None})


def _fields(result: PhaseResult) -> dict[str, object]:
    return {
        "phase": result.phase, "host": result.host, "state": result.state, "took_s": result.took_s,
        "detail": result.detail, "what": result.what, "why": result.why, "next_step": result.next_step,
        "fingerprint": result.fingerprint,
    }  # fmt: skip


def _line(result: PhaseResult) -> str:
    mark = "ok" if result.state is PhaseState.PASSED else "FAILED"
    took = "" if result.took_s is None else seconds_text(result.took_s)
    return f"{mark:6}  {result.phase:{_WIDEST}}  {took:>8}  {result.host}  {result.detail}".rstrip()
