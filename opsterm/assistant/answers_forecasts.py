"""Answers about what comes: when something is full, between when and when, from how much history; or that it is not."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.assistant.answer import Answer, Block, FollowUp, Paragraph, Source, count_text, table
from opsterm.assistant.forecast_question import ForecastQuestion
from opsterm.assistant.queries import MetricQuestion
from opsterm.core.units import age_text, percent_text, value_text
from opsterm.monitoring.metrics import subject
from opsterm.monitoring.outlook import LEAST_S, Forecast, LookAhead, Outlook

SHOWN = 40
OLD_S = 3600.0
"""Seconds after which the newest measurement is called old."""


def answer_forecasts(question: ForecastQuestion, found: LookAhead, now: float) -> Answer:
    """Answer a question for what comes.

    Args:
        question: what was asked.
        found: what the history says.
        now: epoch seconds.
    """
    if not found.series:
        return _nothing(question)
    few = len(found.forecasts) == found.series
    shown = [one for one in found.forecasts if few or one.may_fill][:SHOWN]
    blocks: list[Block] = []
    if len(shown) == 1 and few:
        blocks.append(Paragraph(text=f"{sentence(shown[0], now)} [m1]."))
    else:
        blocks.append(Paragraph(text=summary(question.within_h, found)))
    if shown:
        rows = [(*cells(one, now), f"[m{n}]") for n, one in enumerate(shown, 1)]
        blocks.append(table("target|what|>now|>a day|full in|8 of 10 between|then|history|source", rows, limit=SHOWN))
    notes = dict.fromkeys(note for one in shown for note in remarks(one, now))
    blocks += [Paragraph(text=note) for note in notes]
    sources = tuple(
        Source(tag=f"m{n}", text=f"{one.key} of {one.key.target}, {one.readings:,} readings of {span(one.history_s)}, "
               f"newest {age_text(now - one.at)} old")
        for n, one in enumerate(shown, 1)
    )  # fmt: skip
    return Answer(
        blocks=tuple(blocks), interpretation=question.line, sources=sources, follow_ups=_next(question, shown)
    )  # fmt: skip


def _nothing(question: ForecastQuestion) -> Answer:
    where = question.selector or "any target"
    text = f"{', '.join(question.metrics)} is not measured on {where}, so there is no history to look ahead from."
    return Answer(blocks=(Paragraph(text=text),), interpretation=question.line)


def _next(question: ForecastQuestion, shown: Sequence[Forecast]) -> tuple[FollowUp, ...]:
    follow_ups = []
    if shown:
        metric = MetricQuestion(metrics=(str(shown[0].key),), selector=shown[0].key.target).line
        follow_ups.append(FollowUp(words="how it went", line=f"{metric.removesuffix(' now')} over 168h"))
    if any(one.may_fill and one.key.metric.startswith("fs.") for one in shown):
        follow_ups.append(FollowUp(words="what to do when it is full", line="look up disk full"))
    del question
    return tuple(follow_ups)


def span(seconds: float) -> str:
    """Return a length of time ahead or of history: "5 h", "12 d"."""
    return age_text(max(0.0, seconds))


def summary(within_h: int, found: LookAhead) -> str:
    """Return how many of the series fill, may fill, do not, and cannot be told."""
    within = f" within {span(within_h * 3600.0)}" if within_h else " as far ahead as their history carries"
    full, fills = found.count(Outlook.FULL), found.count(Outlook.FILLS)
    may = sum(1 for one in found.forecasts if one.earliest and not one.full_at)
    little = found.count(Outlook.TOO_LITTLE)
    stale = found.count(Outlook.STALE)
    part = found.count(Outlook.PART_OF_WEEK)
    rest = found.series - full - fills - may - little - part - stale
    head = f"{count_text(found.series, 'series', 'series')} of {count_text(found.targets, 'target')}: "
    parts = [f"{fills:,} {'fills' if fills == 1 else 'fill'}{within}"]
    if full:
        parts.insert(0, f"{full:,} full now")
    if may:
        parts.append(f"{may:,} may, at the edge of what is likely")
    parts.append(f"{rest:,} {'does' if rest == 1 else 'do'} not at this rate")
    if little:
        parts.append(f"{little:,} with too little history (under {span(LEAST_S)}): no forecast")
    if part:
        parts.append(f"{part:,} with {Outlook.PART_OF_WEEK}: no date")
    if stale:
        parts.append(f"{stale:,} with no fresh measurement: no forecast")
    return f"{head}{', '.join(parts)}."


def sentence(one: Forecast, now: float) -> str:
    """Return one forecast in a sentence without its full stop."""
    what = f"{subject(one.key)} on {one.key.target}"
    value = f"{value_text(one.value, one.unit)} now"
    history = f"from {span(one.history_s)} of history"
    match one.outlook:
        case Outlook.FULL:
            return f"{what} is full: {value}"
        case Outlook.TOO_LITTLE:
            return f"{what}: too little history ({span(one.history_s)}): no forecast; {value}"
        case Outlook.PART_OF_WEEK:
            grows = f"grows by {_rate(one)} a day, or swings with the week"
            return f"{what} {grows}: {one.outlook} ({span(one.history_s)}), so no date; {value}"
        case Outlook.STALE:
            was = f"{value_text(one.value, one.unit)} when it was measured last, {age_text(now - one.at)} ago"
            return f"{what}: no fresh measurement, so no forecast; {was}"
        case Outlook.FILLS:
            between = f"in 8 of 10 cases between {_between(one, now)}"
            return f"{what} fills in {span(one.full_at - now)}, {between}: {value}, {_rate(one)} a day, {history}"
        case Outlook.GROWS:
            ahead = f"within the {span(one.horizon_s)} that can be told"
            may = f"; it may from {span(one.earliest - now)} on" if one.earliest else ""
            return f"{what} grows by {_rate(one)} a day and does not fill {ahead}{may}: {value}, {history}"
        case Outlook.FALLS:
            return f"{what} falls by {_rate(one)} a day: {value}, {history}"
        case _:
            then = f"{_band(one)} in {span(one.horizon_s)}"
            return f"{what}: no trend, it does not fill at this rate: {value}, {then}, {history}"


def cells(one: Forecast, now: float) -> tuple[str, ...]:
    """Return one forecast as cells: target, what, now, a day, full in, between, what it is then, history."""
    stale = one.outlook is Outlook.STALE
    full = {
        Outlook.FULL: "now", Outlook.TOO_LITTLE: "no forecast", Outlook.STALE: "not fresh",
        Outlook.PART_OF_WEEK: "no date", Outlook.NO_TREND: "no trend", Outlook.FALLS: "falls",
        Outlook.GROWS: f"not within {span(one.horizon_s)}", Outlook.FILLS: span(one.full_at - now),
    }[one.outlook]  # fmt: skip
    value = "" if stale else value_text(one.value, one.unit)
    told = one.outlook not in (Outlook.FULL, Outlook.TOO_LITTLE, Outlook.PART_OF_WEEK, Outlook.STALE)
    return (
        one.key.target, subject(one.key), value, _rate(one) if one.per_day else "",
        full, _between(one, now) if one.earliest and one.outlook is not Outlook.FULL else "",
        f"{_band(one)} in {span(one.horizon_s)}" if told else "", span(one.history_s),
    )  # fmt: skip


def remarks(one: Forecast, now: float) -> list[str]:
    """Return what else has to be known of a forecast, sentences."""
    where = f"{subject(one.key)} on {one.key.target}"
    made = []
    if one.cut_at:
        made.append(f"{where}: its level or pace changed {span(now - one.cut_at)} ago; only what came since counts.")
    if one.recurring:
        made.append(f"{where}: space was freed {one.recurring} times in this history; that is taken to go on.")
    if one.outlook is Outlook.PART_OF_WEEK:
        made.append(f"{where}: {one.outlook} ({span(one.history_s)}); it may be growth, or a part of a week.")
    if one.outlook is Outlook.STALE:
        was = f"{value_text(one.value, one.unit)} {age_text(now - one.at)} ago"
        made.append(f"{where}: no fresh measurement; it was {was}.")
    elif now - one.at > OLD_S:
        made.append(f"{where}: the newest measurement is {age_text(now - one.at)} old.")
    return made


def _rate(one: Forecast) -> str:
    return percent_text(abs(one.per_day)) if one.unit == "%" else value_text(abs(one.per_day), one.unit)


def _between(one: Forecast, now: float) -> str:
    last = f"and {span(one.latest - now)}" if one.latest else f"and more than {span(one.horizon_s)}"
    return f"{span(one.earliest - now)} {last}"


def _band(one: Forecast) -> str:
    low, high = value_text(one.low, one.unit), value_text(one.high, one.unit)
    return low if low == high else f"{low.removesuffix(' %')} to {high}"
