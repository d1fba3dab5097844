"""Verbs of the registry of services."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.cli.run import Context
from opsterm.core.errors import ExitCode
from opsterm.core.units import age_text
from opsterm.inventory.dependencies import Reached
from opsterm.inventory.service import HealthStatus, ServiceRecord, ServiceState
from opsterm.runtime.service_view import ServiceView


def _record(service: ServiceRecord) -> dict[str, object]:
    return {
        "id": service.id, "name": service.name, "target": service.target, "state": service.state,
        "kind": service.kind, "capabilities": service.capabilities, "ports": service.ports,
        "process": service.process, "unit": service.unit, "version": service.version, "check": service.check,
        "health": service.health, "health_text": service.health_text, "health_at": service.health_at,
        "found_at": service.found_at, "seen_at": service.seen_at, "gone_at": service.gone_at,
    }  # fmt: skip


def _ports(service: ServiceRecord) -> str:
    return ", ".join(port.text for port in service.ports)


def _table(context: Context, services: Sequence[ServiceRecord]) -> None:
    now = context.runtime.clock.now()
    context.printer.table(
        ("service", "kind", "state", "health", "ports", "version", "seen"),
        [
            (
                s.id,
                ",".join(s.capabilities),
                s.state,
                s.health,
                _ports(s),
                s.version,
                f"{age_text(now - s.seen_at)} ago",
            )
            for s in services
        ],
        right=("seen",),
    )


def _print(context: Context, services: Sequence[ServiceRecord]) -> None:
    if context.printer.json:
        for service in services:
            context.printer.record(_record(service))
    elif services:
        _table(context, services)


async def list_services(context: Context) -> int:
    """Print the records of the registry."""
    services = await context.runtime.services.list(
        selector=context.invocation.text("selector"),
        capability=context.invocation.text("capability"),
        states=[ServiceState(word) for word in context.invocation.texts("state")],
    )
    _print(context, services)
    waiting = sum(1 for service in services if service.state is ServiceState.FOUND)
    hint = f"; {waiting} not accepted or ignored yet" if waiting else ""
    context.printer.say(f"{len(services)} service{'s' * (len(services) != 1)}{hint}.")
    return ExitCode.DONE


async def show_services(context: Context) -> int:
    """Print one record, and what hangs on it."""
    view = await context.runtime.services.get(context.invocation.text("id"))
    if context.printer.json:
        more = {"needs": view.needs, "dependants": view.dependants, "cycle": view.cycle}
        context.printer.record({**_record(view.service), **more})
        return ExitCode.DONE
    for label, text in _lines(view, context.runtime.clock.now()):
        if text:
            context.printer.line(f"{label:12} {text}")
    return ExitCode.DONE


def _lines(view: ServiceView, now: float) -> Sequence[tuple[str, str]]:
    service = view.service
    said = {one.service if one.on == service.id else one.on: one.origin for one in view.direct}

    def reached(one: Reached) -> str:
        return f"{one.id} ({said[one.id]})" if one.steps == 1 and one.id in said else f"{one.id} (through {one.via})"

    checked = f", {age_text(now - service.health_at)} ago" if service.health_at is not None else ""
    return (
        ("service", service.id),
        ("state", service.state),
        ("kind", ", ".join(service.capabilities)),
        ("ports", _ports(service)),
        ("process", service.process),
        ("unit", service.unit),
        ("version", service.version),
        ("check", service.check.text),
        ("health", f"{service.health}{checked}"),
        ("", service.health_text),
        ("found", f"{age_text(now - service.found_at)} ago, seen {age_text(now - service.seen_at)} ago"),
        ("gone", f"{age_text(now - service.gone_at)} ago" if service.gone_at is not None else ""),
        *(("needs", reached(one)) for one in view.needs),
        *(("needed by", reached(one)) for one in view.dependants),
        ("cycle", " → ".join([*view.cycle, service.id]) if view.cycle else ""),
    )


async def discover_services(context: Context) -> int:
    """Look at targets and print what is new, changed, back or gone."""
    found = await context.runtime.services.discover(
        context.invocation.text("selector"), refresh=not context.invocation.yes("kept")
    )
    parts = (("new", found.new), ("changed", found.changed), ("back", found.back), ("gone", found.gone))
    if context.printer.json:
        for news, services in parts:
            for service in services:
                context.printer.record({**_record(service), "news": news})
    else:
        rows = [
            (news, s.id, ",".join(s.capabilities), _ports(s), s.version) for news, services in parts for s in services
        ]
        if rows:
            context.printer.table(("news", "service", "kind", "ports", "version"), rows)
    for name, reason in sorted(found.failed.items()):
        context.printer.say(f"{name}: {reason}")
    for one in found.observed:
        context.printer.say(f"{one.service} was seen to need {one.on}.")
    counts = ", ".join(f"{len(services)} {news}" for news, services in parts)
    context.printer.say(f"{found.seen} service{'s' * (found.seen != 1)} seen: {counts}.")
    if found.new:
        context.printer.say("New ones wait: `opsterm services accept` or `ignore`.")
    if not found.failed:
        return ExitCode.DONE
    return ExitCode.SOME_FAILED if found.seen else ExitCode.UNREACHABLE


async def accept_services(context: Context) -> int:
    """Accept records."""
    changed = await context.runtime.services.accept(context.invocation.texts("which"))
    _print(context, changed)
    context.printer.say(f"{len(changed)} accepted.")
    return ExitCode.DONE


async def ignore_services(context: Context) -> int:
    """Ignore records."""
    changed = await context.runtime.services.ignore(context.invocation.texts("which"))
    _print(context, changed)
    context.printer.say(f"{len(changed)} ignored.")
    return ExitCode.DONE


async def remove_services(context: Context) -> int:
    """Take records out."""
    removed = await context.runtime.services.remove(context.invocation.texts("which"))
    if context.printer.json:
        for service in removed:
            context.printer.record({"removed": service.id})
    context.printer.say(f"{len(removed)} removed.")
    return ExitCode.DONE


async def check_services(context: Context) -> int:
    """Check services and print their health."""
    checked = await context.runtime.services.check(context.invocation.texts("which"))
    if context.printer.json:
        _print(context, checked)
    elif checked:
        context.printer.table(("service", "health", "what"), [(one.id, one.health, one.health_text) for one in checked])
    failed = sum(1 for one in checked if one.health is HealthStatus.FAILED)
    context.printer.say(f"{len(checked)} checked, {failed} failed.")
    return ExitCode.SOME_FAILED if failed else ExitCode.DONE


async def declare_dependency(context: Context) -> int:
    """Declare that one service needs another, or withdraw that."""
    withdraw = context.invocation.yes("withdraw")
    made = await context.runtime.services.depend(
        context.invocation.text("service"), context.invocation.text("on"), withdraw=withdraw
    )
    if context.printer.json:
        context.printer.record(
            {
                "service": made.service, "on": made.on, "origin": made.origin, "found_at": made.found_at,
                "seen_at": made.seen_at, "withdrawn": withdraw,
            }
        )  # fmt: skip
    done = "is no longer said to need" if withdraw else "needs"
    context.printer.say(f"{made.service} {done} {made.on}.")
    return ExitCode.DONE
