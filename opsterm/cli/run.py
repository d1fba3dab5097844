"""Runs one verb: opens the runtime, calls the verb, closes the runtime, returns the exit code."""

from __future__ import annotations

import asyncio
import importlib
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from opsterm.cli.invocation import Invocation
from opsterm.cli.output import Printer
from opsterm.core.clock import Clock
from opsterm.core.errors import ExitCode, Interrupted
from opsterm.core.paths import Paths
from opsterm.core.settings import Loaded
from opsterm.runtime.runtime import Runtime

Build = Callable[[Loaded, Paths, dict[str, str], str], Runtime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a verb works with."""

    runtime: Runtime
    invocation: Invocation
    printer: Printer
    environment: Mapping[str, str]


VERBS: Mapping[str, str] = {
    **{f"targets {action}": f"targets:{action}_targets" for action in
       ("list", "show", "add", "edit", "remove", "tag", "group", "import", "check", "trust")},
    "targets export": "targets:export_targets_verb",
    "alerts": "watching:alerts",
    "metrics": "watching:metrics",
    "history": "watching:history",
    "ask": "asking:ask",
    "propose": "changes:propose",
    "changes": "changes:list_changes",
    "change": "changes:show",
    "approve": "changes:approve",
    "deny": "changes:deny",
    "run": "changes:run",
    "stop": "changes:stop",
    "output": "changes:output",
    "audit": "house:audit",
    "doctor": "house:doctor",
    "settings": "house:settings",
    "keys": "house:keys",
    "where": "house:where",
    "serve": "house:serve",
    **{f"vault {action}": f"vault:{action}" for action in ("status", "create", "list", "set", "remove")},
}  # fmt: skip
"""Verb -> module:function in `opsterm.cli.verbs`; imported when the verb is used."""

NEEDS_NO_STORE = frozenset({"settings", "keys", "where", "serve"})
"""Verbs that open nothing, or open it themselves."""


def run_verb(
    invocation: Invocation, *, loaded: Loaded, paths: Paths, clock: Clock, environment: dict[str, str], build: Build
) -> int:
    """Run a verb to its end.

    Raises:
        OpstermError: what the verb raised; the door turns it into a sentence.
    """
    del clock  # the runtime brings its own
    module, _, function = VERBS[invocation.verb].partition(":")
    verb: Callable[[Context], Awaitable[int]] = getattr(
        importlib.import_module(f"opsterm.cli.verbs.{module}"), function
    )
    face = "serve" if invocation.verb == "serve" else "command"
    context = Context(
        runtime=build(loaded, paths, environment, face),
        invocation=invocation,
        printer=Printer(json_lines=invocation.json),
        environment=environment,
    )
    return asyncio.run(_run(context, verb))


async def _run(context: Context, verb: Callable[[Context], Awaitable[int]]) -> int:
    task = asyncio.current_task()
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        if task is not None:
            task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        async with context.runtime:
            if context.invocation.verb not in NEEDS_NO_STORE:
                await context.runtime.open(workers=False)
            return int(await verb(context))
    except asyncio.CancelledError:
        if not stopped:
            raise
        if context.invocation.verb == "serve":
            return ExitCode.DONE
        raise Interrupted("Stopped.") from None
