"""Verbs of monitoring and alerts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode, NotFound
from opsterm.core.units import age_text, parse_duration, value_text
from opsterm.inventory.target import LOCALHOST
from opsterm.monitoring.alerts import Alert
from opsterm.monitoring.sample import SeriesKey
from opsterm.runtime.alerts import alert_number


def _record(alert: Alert) -> dict[str, object]:
    return {
        "id": f"a{alert.id}",
        "target": alert.key.target,
        "metric": alert.key.metric,
        "item": alert.key.item,
        "severity": alert.severity,
        "state": alert.state,
        "summary": alert.summary,
        "value": alert.value,
        "unit": alert.unit,
        "level": alert.level,
        "since": alert.since,
        "last_seen": alert.last_seen,
        "count": alert.count,
        "by": alert.by,
        "note": alert.note,
        "silenced_until": alert.silenced_until or None,
        "resolved_at": alert.resolved_at or None,
        "advice": alert.advice,
    }


async def alerts(context: Context) -> int:
    """List alerts, or do something with one."""
    words = context.invocation.texts("action_words")
    if words:
        return await _act(context, words)
    feed = await context.runtime.alerts.recent() if context.invocation.yes("all") else context.runtime.alerts.feed()
    if context.printer.json:
        for alert in feed:
            context.printer.record(_record(alert))
        return ExitCode.DONE
    now = context.runtime.clock.now()
    context.printer.table(
        ("id", "severity", "state", "target", "since", "count", "what", "next"),
        [
            (
                f"a{a.id}",
                a.severity,
                a.state,
                a.key.target,
                f"{age_text(now - a.since)} ago",
                f"×{a.count}",
                a.summary,
                a.advice,
            )
            for a in feed
        ],
        right=("since", "count"),
    )
    if not feed:
        context.printer.say("No alerts. `opsterm settings` shows the thresholds that are watched.")
    return ExitCode.DONE


async def _act(context: Context, given: Sequence[str]) -> int:
    verb = given[0]
    if verb not in ("ack", "silence", "reopen") or len(given) < 2:
        raise BadInput(
            f"`opsterm alerts {' '.join(given)}` is not understood.",
            next_step="Write `opsterm alerts ack a7`, `… silence a7 --for 4h` or `… reopen a7`.",
        )
    note = context.invocation.text("note")
    for word in given[1:]:
        number = alert_number(word)
        if verb == "ack":
            alert = await context.runtime.alerts.acknowledge(number, note=note)
        elif verb == "reopen":
            alert = await context.runtime.alerts.unsilence(number)
        else:
            length = context.invocation.text("for_")
            if not length:
                raise BadInput("A silence must end.", next_step="Say for how long, as in --for 4h.")
            alert = await context.runtime.alerts.silence(number, for_s=parse_duration(length), note=note)
        if context.printer.json:
            context.printer.record(_record(alert))
        else:
            context.printer.say(f"a{alert.id} is {alert.state}: {alert.summary}")
    return ExitCode.DONE


async def metrics(context: Context) -> int:
    """Print the newest measurements in the Prometheus text format."""
    target = context.invocation.text("target")
    if target:
        await context.runtime.inventory.get(target)
    if context.printer.json:
        for sample in context.runtime.monitoring.latest(target or LOCALHOST):
            context.printer.record(
                {
                    "target": sample.key.target,
                    "metric": sample.key.metric,
                    "item": sample.key.item,
                    "at": sample.at,
                    "value": sample.value,
                }
            )
        return ExitCode.DONE
    context.printer.block(context.runtime.exposition.page(target))
    return ExitCode.DONE


async def history(context: Context) -> int:
    """Print one series over a window."""
    target = context.invocation.text("target")
    await context.runtime.inventory.get(target)
    key = parse_series(target, context.invocation.text("metric"))
    if key not in await context.runtime.monitoring.series(target):
        raise NotFound(
            f"{target} has no series {key}.", next_step=f"`opsterm metrics --target {target}` shows those it has."
        )
    now = context.runtime.clock.now()
    span_s = parse_duration(context.invocation.text("window"))
    points = context.invocation.number("points") or 60
    if not 1 <= points <= 10_000 or not 1 <= span_s <= 10 * 366 * 86400:
        raise BadInput("A window has between 1 and 10,000 points and is between 1 s and 10 years long.")
    window = (await context.runtime.monitoring.window([key], start=now - span_s, end=now, points=points))[0]
    if context.printer.json:
        for point in window.points:
            context.printer.record(point._asdict())
        return ExitCode.DONE
    context.printer.table(
        ("ago", "low", "mean", "high"),
        [(age_text(now - p.at), *(value_text(v, window.unit) for v in (p.low, p.mean, p.high))) for p in window.points],
        right=("ago", "low", "mean", "high"),
    )
    return ExitCode.DONE


def parse_series(target: str, text: str) -> SeriesKey:
    """Return the series that "fs.used_percent[/var]" names. Raises BadInput."""
    match = re.fullmatch(r"([a-z0-9_.]+)(?:\[(.*)\])?", text)
    if not match:
        raise BadInput(
            f"{text!r} does not name a series.", next_step="Write it as in cpu.used_percent or fs.used_percent[/]."
        )
    return SeriesKey(target, match[1], match[2] or "")
