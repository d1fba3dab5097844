"""Verbs of monitoring and alerts."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from opsterm.cli.records import alert_record
from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode, NotFound
from opsterm.core.units import age_text, parse_duration, span_text, value_text
from opsterm.inventory.target import LOCALHOST
from opsterm.monitoring.sample import SeriesKey
from opsterm.runtime.alerts import alert_number


async def alerts(context: Context) -> int:
    """List alerts, or do something with one."""
    words = context.invocation.texts("action_words")
    if words:
        return await _act(context, words)
    feed = await context.runtime.alerts.recent() if context.invocation.yes("all") else context.runtime.alerts.feed()
    if context.printer.json:
        for alert in feed:
            context.printer.record(alert_record(alert))
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
    numbers = [alert_number(word) for word in given[1:]]
    length = context.invocation.text("for_")
    if verb == "silence" and not length:
        raise BadInput("A silence must end.", next_step="Say for how long, as in --for 4h.")
    if verb == "reopen" and context.invocation.text("note"):
        raise BadInput("An alert that is opened again takes no note.", next_step="Leave out --note.")
    failures = 0
    for number in numbers:
        try:
            await _change(context, verb, number, for_s=parse_duration(length) if length else 0.0)
        except BadInput as error:  # the others are done all the same
            if len(numbers) == 1:
                raise
            failures += 1
            context.printer.say(str(error))
    if failures == len(numbers):
        return ExitCode.BAD_INPUT
    return ExitCode.SOME_FAILED if failures else ExitCode.DONE


async def _change(context: Context, verb: str, number: int, *, for_s: float) -> None:
    use, note = context.runtime.alerts, context.invocation.text("note")
    if verb == "ack":
        alert = await use.acknowledge(number, note=note)
    elif verb == "reopen":
        alert = await use.unsilence(number)
    else:
        alert = await use.silence(number, for_s=for_s, note=note)
    if context.printer.json:
        context.printer.record(alert_record(alert))
    context.printer.say(f"a{alert.id} is {alert.state}: {alert.summary}")


async def metrics(context: Context) -> int:
    """Print the newest measurements in the Prometheus text format."""
    target = context.invocation.text("target")
    if target:
        await context.runtime.inventory.get(target)
    page = await context.runtime.exposition.page(target)
    samples = context.runtime.exposition.samples(target)
    if context.printer.json:
        for sample in samples:
            context.printer.record(
                {
                    "target": sample.key.target,
                    "metric": sample.key.metric,
                    "item": sample.key.item,
                    "at": sample.at,
                    "value": sample.value,
                }
            )
    else:
        context.printer.block(page)
    if not samples:
        context.printer.say(_nothing_measured(target or LOCALHOST))
    return ExitCode.DONE


def _nothing_measured(target: str) -> str:
    if target != LOCALHOST:
        return (
            f"Nothing has been measured on {target}: the setting monitoring.remote chooses the targets that are "
            "measured, while `opsterm` or `opsterm serve` runs."
        )
    return "Nothing has been measured yet: `opsterm` or `opsterm serve` measures while it runs."


async def history(context: Context) -> int:
    """Print one series over a window."""
    target = context.invocation.text("target")
    await context.runtime.inventory.get(target)
    key = parse_series(target, context.invocation.text("metric"))
    known = await context.runtime.monitoring.series(target)
    if key not in known:
        raise _no_series(target, key, known)
    now = context.runtime.clock.now()
    span_s = parse_duration(context.invocation.text("window"))
    points = context.invocation.number("points") or 60
    if not 1 <= span_s <= 10 * 366 * 86400:
        raise BadInput("A window is between 1 s and 10 years long.", next_step="Write it as in 15m, 1h or 24h.")
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
    if not window.points:
        context.printer.say(f"{key} was not measured in the last {span_text(span_s)}.")
    return ExitCode.DONE


def _no_series(target: str, key: SeriesKey, known: Sequence[SeriesKey]) -> NotFound:
    if not known:
        return NotFound(f"{target} has no series {key}.", why=_nothing_measured(target))
    near = difflib.get_close_matches(str(key), [str(one) for one in known], n=1)
    return NotFound(
        f"{target} has no series {key}.",
        why=f"The nearest is {near[0]}." if near else "",
        next_step=f"`opsterm metrics --target {target} --json` shows those it has.",
    )


def parse_series(target: str, text: str) -> SeriesKey:
    """Return the series that "fs.used_percent[/var]" names. Raises BadInput."""
    match = re.fullmatch(r"([a-z0-9_.]+)(?:\[(.*)\])?", text)
    if not match:
        raise BadInput(
            f"{text!r} does not name a series.", next_step="Write it as in cpu.used_percent or fs.used_percent[/]."
        )
    return SeriesKey(target, match[1], match[2] or "")
