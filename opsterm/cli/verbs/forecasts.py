"""The verb that looks ahead."""

from __future__ import annotations

from dataclasses import asdict

from opsterm.assistant.answers_forecasts import cells, remarks, summary
from opsterm.assistant.forecast_question import DISKS, hours_of
from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.units import parse_duration
from opsterm.monitoring.outlook import LEAST_S, LONGEST_S, Forecast


async def forecast(context: Context) -> int:
    """Say when series are full."""
    asked, printer, now = context.invocation, context.printer, context.runtime.clock.now()
    window_s = parse_duration(asked.text("window"))
    if not LEAST_S <= window_s <= LONGEST_S:
        raise BadInput("The history is between 24 hours and 400 days long.", next_step="Give it as in --window 30d.")
    within_h = hours_of(asked.text("within")) if asked.text("within") else 0
    found = await context.runtime.forecasts.look(
        asked.texts("metric") or (DISKS,), asked.text("selector"), now=now, within_s=within_h * 3600.0,
        window_s=window_s, each=asked.yes("all"),
    )  # fmt: skip
    shown = [one for one in found.forecasts if one.may_fill or len(found.forecasts) == found.series]
    if printer.json:
        for one in shown:
            printer.record(_record(one))
    elif shown:
        printer.table(
            ("target", "what", "now", "a day", "full in", "8 of 10 between", "then", "history"),
            [cells(one, now) for one in shown], right=("now", "a day", "history"),
        )  # fmt: skip
    if not found.series:
        printer.say("Nothing of that was measured, so there is no history to look ahead from.")
        return ExitCode.DONE
    printer.say(summary(within_h, found))
    for note in dict.fromkeys(note for one in shown for note in remarks(one, now)):
        printer.say(note)
    return ExitCode.DONE


def _record(one: Forecast) -> dict[str, object]:
    """Return a forecast with the keys of `json_keys`; times are epoch seconds, null for never within the horizon."""
    record = asdict(one)
    key = record.pop("key")
    times = {name: record[name] or None for name in ("full_at", "earliest", "latest", "cut_at")}
    return {"target": key.target, "metric": key.metric, "item": key.item, **record, **times}
