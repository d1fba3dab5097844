"""Answers about measured values: newest, lowest, mean and highest, with unit, age and source."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from opsterm.assistant.answer import Answer, FollowUp, Paragraph, Source, count_text, table
from opsterm.assistant.metric_words import label_of
from opsterm.assistant.queries import DetailQuestion, MetricQuestion, RankingQuestion
from opsterm.assistant.query_words import MetricBound, Statistic
from opsterm.core.units import age_text, value_text
from opsterm.inventory.selector import parse_selector
from opsterm.inventory.target import LOCALHOST, Protocol, TargetRow
from opsterm.monitoring.metrics import catalogue_order, matches, metric_of, subject
from opsterm.monitoring.sample import Sample, SeriesKey, SeriesWindow

SERIES_LIMIT = 40
"""Series that are read for one question."""

OLD_S = 300.0
"""Seconds after which a newest value is called old."""

_EXTREMES = {
    ("fs.used_percent", False): "is the fullest", ("fs.used_percent", True): "is the emptiest",
    ("fs.free_bytes", False): "has the most free space", ("fs.free_bytes", True): "has the least free space",
}  # fmt: skip


def targets_meant(selector: str, rows: Sequence[TargetRow]) -> tuple[str, ...]:
    """Return the names of the targets that a question means, in the order of the rows."""
    return tuple(row.target.name for row in parse_selector(selector).select(rows))


def series_wanted(
    question: MetricQuestion | RankingQuestion, rows: Sequence[TargetRow], series: Sequence[SeriesKey]
) -> tuple[SeriesKey, ...]:
    """Return the series a question is about, in catalogue order.

    Args:
        question: what was asked.
        rows: every target.
        series: series there are, of all targets that are measured.
    """
    names = set(targets_meant(question.selector, rows))
    patterns: tuple[str, ...] = question.metrics if isinstance(question, MetricQuestion) else (
        question.metric, *(one.metric for one in question.also),
    )  # fmt: skip
    found = [key for key in series if key.target in names and any(matches(p, key) for p in patterns)]
    return tuple(sorted(dict.fromkeys(found), key=catalogue_order))


def _nothing(question: MetricQuestion | RankingQuestion, rows: Sequence[TargetRow]) -> Answer:
    names = targets_meant(question.selector, rows)
    pattern = question.metric if isinstance(question, RankingQuestion) else ", ".join(question.metrics)
    where = question.selector or "any target"
    if not names:
        text = f"No target matches {where}."
    elif LOCALHOST not in names:
        text = (
            f"{pattern} is not measured on {where}: the setting monitoring.remote chooses the SSH, WinRM and SNMP "
            f"targets that are. {_other_way({row.target.protocol for row in rows if row.target.name in names})}"
        ).rstrip()
    else:
        text = f"There is no measurement of {pattern} on {where}" + (
            f" {question.window.words}." if isinstance(question, MetricQuestion) and question.window else " yet."
        )
    follow_ups = (FollowUp(words="what is measured here", line=DetailQuestion(target=LOCALHOST).line),)
    return Answer(blocks=(Paragraph(text=text),), interpretation=question.line, follow_ups=follow_ups)


def _other_way(protocols: Collection[Protocol]) -> str:
    """Return how else one can look at targets that are reached so."""
    if Protocol.SSH in protocols or Protocol.WINRM in protocols:
        return "A proposed command can look."
    return "`opsterm snmp get` can look." if Protocol.SNMP in protocols else ""


def _unit(key: SeriesKey) -> str:
    return metric_of(key.metric).unit


def _value(key: SeriesKey, value: float) -> str:
    return value_text(value, _unit(key))


def answer_values(question: MetricQuestion, samples: Sequence[Sample], rows: Sequence[TargetRow], now: float) -> Answer:
    """Answer a question for newest values.

    Args:
        question: what was asked, without a window.
        samples: newest values of the series wanted.
        rows: every target.
        now: epoch seconds.
    """
    shown = sorted(samples, key=lambda sample: catalogue_order(sample.key))[:SERIES_LIMIT]
    if not shown:
        return _nothing(question, rows)
    sources = tuple(
        Source(tag=f"m{n}", text=f"{s.key} of {s.key.target}, {age_text(now - s.at)} old")
        for n, s in enumerate(shown, 1)
    )
    if len(shown) == 1:
        only = shown[0]
        old = " That is an old value." if now - only.at > OLD_S else ""
        reading = f"{_value(only.key, only.value)}, {age_text(now - only.at)} ago"
        text = f"{subject(only.key)} on {only.key.target}: {reading} [m1].{old}"
        blocks: tuple[Paragraph, ...] = (Paragraph(text=text),)
        return Answer(blocks=blocks, interpretation=question.line, sources=sources, follow_ups=_longer(question))
    listed = [
        (s.key.target, subject(s.key), _value(s.key, s.value), f"{age_text(now - s.at)} ago", f"[m{n}]")
        for n, s in enumerate(shown, 1)
    ]
    return Answer(
        blocks=(table("target|what|>value|>age|source", listed, limit=SERIES_LIMIT),),
        interpretation=question.line,
        sources=sources,
        follow_ups=_longer(question),
    )


def _longer(question: MetricQuestion) -> tuple[FollowUp, ...]:
    line = question.line.removesuffix(" now")
    return (
        FollowUp(words="over the last hour", line=f"{line} over 1h"),
        FollowUp(words="over the last day", line=f"{line} over 24h"),
    )


def answer_windows(
    question: MetricQuestion, windows: Sequence[SeriesWindow], rows: Sequence[TargetRow], now: float
) -> Answer:
    """Answer a question over a stretch of time.

    Args:
        question: what was asked, with its window.
        windows: one per series wanted.
        rows: every target.
        now: epoch seconds.
    """
    held = [window for window in windows if window.points][:SERIES_LIMIT]
    if not held or question.window is None:
        return _nothing(question, rows)
    sources = tuple(
        Source(
            tag=f"m{n}",
            text=f"{w.key} of {w.key.target}, {count_text(sum(p.readings for p in w.points), 'reading')}, "
            f"newest {age_text(now - min(now, w.points[-1].at + w.step_s))} old",
        )
        for n, w in enumerate(held, 1)
    )
    listed = [
        (w.key.target, subject(w.key), *_figures(w, question.statistic), f"[m{n}]") for n, w in enumerate(held, 1)
    ]
    columns = {
        Statistic.ALL: ">lowest|>mean|>highest|>newest",
        Statistic.LARGEST: ">highest|>at",
        Statistic.SMALLEST: ">lowest|>at",
        Statistic.MEAN: ">mean",
    }[question.statistic]
    head = Paragraph(text=f"{count_text(len(held), 'series', 'series')} {question.window.words}{_covered(held)}.")
    others = (FollowUp(words="open the chart", key="2"), FollowUp(words="now", line=_now_line(question)))
    return Answer(
        blocks=(head, table(f"target|what|{columns}|source", listed, limit=SERIES_LIMIT)),
        interpretation=question.line,
        sources=sources,
        follow_ups=others,
    )


def _now_line(question: MetricQuestion) -> str:
    return MetricQuestion(metrics=question.metrics, selector=question.selector).line


def _figures(window: SeriesWindow, statistic: Statistic) -> tuple[str, ...]:
    points, key = window.points, window.key
    readings = sum(point.readings for point in points) or 1
    mean = sum(point.mean * point.readings for point in points) / readings
    low, high = min(points, key=lambda p: p.low), max(points, key=lambda p: p.high)
    match statistic:
        case Statistic.LARGEST:
            return _value(key, high.high), f"{age_text(window.end - high.at)} before its end"
        case Statistic.SMALLEST:
            return _value(key, low.low), f"{age_text(window.end - low.at)} before its end"
        case Statistic.MEAN:
            return (_value(key, mean),)
        case Statistic.ALL:
            return _value(key, low.low), _value(key, mean), _value(key, high.high), _value(key, points[-1].mean)


def _covered(windows: Sequence[SeriesWindow]) -> str:
    """Return a remark when the measurements cover less than nine tenths of the window."""
    least = min(len(w.points) * w.step_s / max(1.0, w.end - w.start) for w in windows)
    return f"; measured for {max(1, round(least * 100))} % of it" if least < 0.9 else ""


def choose_ranked(question: RankingQuestion, samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Return the samples that a ranking means, in its order."""
    kept = [sample for sample in _ranked(question, samples) if question.bounds.holds(sample.value)]
    for one in question.also:
        fit = {sample.key.target for sample in samples if matches(one.metric, sample.key) and one.holds(sample.value)}
        kept = [sample for sample in kept if sample.key.target in fit]
    kept.sort(key=lambda sample: sample.value, reverse=not question.smallest)
    return tuple(kept[: question.limit])


def _ranked(question: RankingQuestion, samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Return the samples of the metric that is ranked, without those of further conditions."""
    return (
        tuple(sample for sample in samples if matches(question.metric, sample.key)) if question.also else tuple(samples)
    )


def answer_ranking(
    question: RankingQuestion, samples: Sequence[Sample], rows: Sequence[TargetRow], now: float
) -> Answer:
    """Answer which series are largest or smallest.

    Args:
        question: what was asked.
        samples: newest values of the series wanted.
        rows: every target.
        now: epoch seconds.
    """
    ranked = _ranked(question, samples)
    if not ranked:
        return _nothing(question, rows)
    shown = choose_ranked(question, samples)[:SERIES_LIMIT]
    label = label_of(question.metric)
    if not shown:
        asked_for = _bounds(question.bounds, ranked[0]) + _with(question, samples)
        text = f"None of {count_text(len(ranked), 'series', 'series')} of {question.metric} is{asked_for}."
        return Answer(blocks=(Paragraph(text=text),), interpretation=question.line)
    first = shown[0]
    extreme = _EXTREMES.get((first.key.metric, question.smallest)) or (
        f"is {'lowest' if question.smallest else 'highest'} by {label}"
    )
    where = f"{first.key.item or subject(first.key)} on {first.key.target}"
    also = f" Only{_with(question, samples).removeprefix(',')}." if question.also else ""
    head = f"{where} {extreme}: {_value(first.key, first.value)} [m1].{also}"
    listed = [(f"{n}", s.key.target, subject(s.key), _value(s.key, s.value), f"[m{n}]") for n, s in enumerate(shown, 1)]
    sources = tuple(
        Source(tag=f"m{n}", text=f"{s.key} of {s.key.target}, {age_text(now - s.at)} old")
        for n, s in enumerate(shown, 1)
    )
    follow_ups = [FollowUp(words="all about its target", line=DetailQuestion(target=first.key.target).line)]
    if first.key.metric.startswith("fs."):
        follow_ups.append(FollowUp(words="what to do when it is full", line="look up disk full"))
    return Answer(
        blocks=(Paragraph(text=head), table(">place|target|what|>value|source", listed, limit=SERIES_LIMIT)),
        interpretation=question.line,
        sources=sources,
        follow_ups=tuple(follow_ups),
    )


def _with(question: RankingQuestion, samples: Sequence[Sample]) -> str:
    """Return the further conditions in words, as in ", with memory used below 50 %"."""
    parts = []
    for one in question.also:
        example = next((sample for sample in samples if matches(one.metric, sample.key)), None)
        parts.append(f", with {label_of(one.metric)}{_bounds(one, example) if example else ' measured'}")
    return "".join(parts)


def _bounds(condition: MetricBound, example: Sample) -> str:
    parts = []
    if condition.above is not None:
        parts.append(f" above {_value(example.key, condition.above)}")
    if condition.below is not None:
        parts.append(f" below {_value(example.key, condition.below)}")
    return " and".join(parts)
