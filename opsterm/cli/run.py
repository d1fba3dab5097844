"""Runs one verb: opens the runtime, calls the verb, closes the runtime, returns the exit code."""

from __future__ import annotations

import asyncio
import importlib
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from opsterm.cli.invocation import Invocation
from opsterm.cli.output import Printer
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
    "targets test": "testing:test_connection",
    "targets profile": "profiles:profile",
    **{f"services {action}": f"services:{action}_services" for action in
       ("list", "show", "discover", "accept", "ignore", "remove", "check")},
    "services depends": "services:declare_dependency",
    **{f"snmp {action}": f"snmp:{action}" for action in ("get", "walk", "table", "profile", "login")},
    **{f"apis {action}": f"apis:{action}_api" for action in
       ("add", "show", "call", "accept", "refresh", "login", "remove")},
    "apis list": "apis:list_apis",
    "snmp traps": "traps:traps",
    "snmp trust": "traps:trust",
    "alerts": "watching:alerts",
    "metrics": "watching:metrics",
    "history": "watching:history",
    "forecast": "forecasts:forecast",
    **{f"recommendations {action}": f"recommendations:{action}" for action in ("dismiss", "restore")},
    "recommendations list": "recommendations:list_recommendations",
    "ask": "asking:ask",
    **{f"chat {action}": f"chat:{action}" for action in ("show", "search", "export", "rename", "remove")},
    "chat list": "chat:list_conversations",
    "query": "querying:query",
    "risk": "risk:risk",
    **{f"risk {action}": f"learning:{action}" for action in ("train", "status", "export")},
    "schedule parse": "schedules:parse",
    "schedule list": "jobs:list_jobs",
    **{f"schedule {action}": f"jobs:{action}" for action in ("add", "show", "run", "pause", "resume", "remove")},
    "snapshot schedule": "jobs:snapshot",
    **{f"knowledge {action}": f"knowledge:{action}" for action in
       ("search", "show", "stats", "add", "edit", "remove", "export", "reindex")},
    "knowledge embedder": "embedders:embedder",
    **{f"knowledge {action}": f"fixes:{action}" for action in ("check", "fix", "outcome", "record", "forget")},
    "suggest": "habits:suggest",
    "habits list": "habits:list_habits",
    **{f"habits {action}": f"habits:{action}" for action in ("forget", "workflows", "save")},
    "script list": "scripts:list_scripts",
    **{f"script {action}": f"scripts:{action}" for action in
       ("show", "write", "check", "explain", "save", "versions", "run")},
    "preview": "previews:preview",
    **{f"policy {action}": f"policy:{action}" for action in
       ("show", "check", "test", "explain", "validate", "evidence")},
    "policy list": "policy:list_rules",
    **{f"check {kind}": f"checking:{kind}" for kind in ("http", "tcp", "ping")},
    "check list": "checking:list_checks",
    "check run": "checking:run_checks",
    **{f"camera {action}": f"cameras:{action}" for action in ("info", "motion", "snapshot", "events")},
    "get": "files:get",
    "put": "files:put",
    "propose": "changes:propose",
    "changes": "changes:list_changes",
    "change": "changes:show",
    **{f"change {action}": f"plans:{action}" for action in ("check", "run")},
    "simulate": "plans:simulate",
    **{f"snapshot {action}": f"snapshots:{action}" for action in
       ("take", "show", "diff", "verify", "prune", "restore", "baseline", "removed", "discard")},
    "snapshot list": "snapshots:list_points",
    "snapshot volumes": "volumes:list_volumes",
    "snapshot drop": "volumes:drop",
    "approve": "running:approve",
    "sign": "approvals:sign",
    "reviews list": "approvals:reviews_list",
    "reviews close": "approvals:reviews_close",
    "approvals": "approvals:waiting",
    "breaker": "approvals:breaker",
    "autonomy": "approvals:autonomy",
    "claim list": "claims:list_claims",
    **{f"claim {action}": f"claims:{action}" for action in ("take", "release")},
    "deny": "changes:deny",
    "rollback": "rollbacks:rollback",
    "resume": "rollouts:resume",
    "proceed": "rollouts:proceed",
    "run": "running:run",
    **{name: f"guards:{name}" for name in ("status", "confirm", "extend", "revert")},
    "stop": "changes:stop",
    "output": "changes:output",
    "audit list": "auditing:list_rows",
    "audit verify": "auditing:verify_chain",
    **{f"audit {action}": f"auditing:{action}" for action in ("search", "export", "status", "checkpoint", "key")},
    "doctor": "house:doctor",
    "settings": "house:settings",
    "keys": "house:keys",
    "where": "house:where",
    "mask": "masking:mask",
    "serve": "house:serve",
    **{f"mail {action}": f"mail:{action}" for action in ("test", "queue", "retry", "drop")},
    "model list": "models:list_models",
    **{f"model {action}": f"models:{action}" for action in ("show", "pull", "check", "remove")},
    **{
        f"vault {action}": f"vault:{action}"
        for action in ("status", "create", "list", "services", "set", "confirm", "remove")
    },
}  # fmt: skip
"""Verb -> module:function in `opsterm.cli.verbs`; imported when the verb is used."""

NEEDS_NO_STORE = frozenset(
    {
        "settings",
        "keys",
        "where",
        "serve",
        "doctor",
        "risk",
        "risk status",
        "sign",
        "schedule parse",
        *(f"policy {action}" for action in ("list", "show", "check", "test", "explain", "validate")),
    }
)
"""Verbs that open nothing, or open it themselves."""

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl+c, an end that was asked for, and a line that was cut: what runs is stopped and recorded in each case."""


def run_verb(invocation: Invocation, *, loaded: Loaded, paths: Paths, environment: dict[str, str], build: Build) -> int:
    """Run a verb to its end.

    Raises:
        OpstermError: what the verb raised; the door turns it into a sentence.
        BrokenPipeError: nobody reads standard output any more.
    """
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
    stopped = 0

    def stop() -> None:
        nonlocal stopped
        stopped += 1
        if stopped == 1 and task is not None:
            task.cancel()
        elif stopped == 2:
            context.printer.say("Still ending what was begun; once more leaves at once.")
            for number in STOPPING:
                loop.remove_signal_handler(number)

    loop = asyncio.get_running_loop()
    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and `&` in a script have it
            loop.add_signal_handler(number, stop)
    try:
        async with context.runtime:
            if context.invocation.verb not in NEEDS_NO_STORE:
                await context.runtime.open(workers=False)
            code = int(await verb(context))
            context.printer.flush()
            return code
    except asyncio.CancelledError:
        if not stopped:
            raise
        if context.invocation.verb == "serve":
            return ExitCode.DONE
        raise Interrupted("Stopped.") from None
