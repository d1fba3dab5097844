"""Answers about targets, alerts and changes: counts, folded rows, status words, ages, and what can follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from opsterm.assistant.answer import Answer, Block, FollowUp, Paragraph, ProposalReference, Source, count_text, table
from opsterm.assistant.fix_request import FixRequest
from opsterm.assistant.queries import (
    AlertQuestion,
    ChangeQuestion,
    DetailQuestion,
    ExplainQuestion,
    InventoryQuestion,
    RunRequest,
)
from opsterm.assistant.query_words import Age, LastSeen
from opsterm.assistant.targets import canonical
from opsterm.changes.change import Change, ChangeState
from opsterm.changes.summary import exit_summary, failures, targets_text
from opsterm.changes.summary import line as change_line
from opsterm.core.units import age_text, value_text
from opsterm.inventory.fleet import Grouping, StatusCounts, count_statuses, group_rows
from opsterm.inventory.selector import parse_selector
from opsterm.inventory.target import Protocol, TargetRow
from opsterm.monitoring.alerts import Alert, AlertState
from opsterm.monitoring.metrics import catalogue_order, metric_of, subject
from opsterm.monitoring.sample import Sample
from opsterm.policy.mask import mask
from opsterm.policy.order import SHELLS_OF_PROTOCOL

_NO_GROUP = "(none)"


_WITH_SH = {protocol for protocol, shells in SHELLS_OF_PROTOCOL.items() if "sh" in shells}
"""Protocols over which there are terminals, and `uptime` means something."""


def _statuses(counts: StatusCounts) -> str:
    return ", ".join(f"{number:,} {status}" for status, number in counts.present())


def _age(at: float | None, now: float) -> str:
    return f"{age_text(now - at)} ago" if at is not None else "never"


def answer_inventory(question: InventoryQuestion, rows: Sequence[TargetRow], now: float) -> Answer:
    """Answer which or how many targets.

    Args:
        question: what was asked.
        rows: every target.
        now: epoch seconds.
    """
    chosen = choose_targets(question, rows, now)
    what = f" match {question.selector}" if question.selector else ""
    if question.seen_words:
        what += f"{' and were' if what else ' were'} {question.seen_words}"
    if not chosen:
        text = f"No target matches {question.selector}." if question.selector else "There are no targets yet."
        if question.seen_words:
            of = f" of {question.selector}" if question.selector else ""
            text = f"No target{of} was {question.seen_words}."
            if question.seen is LastSeen.NEVER:
                text = f"Every target{of} was seen at some time."
        nearer = FollowUp(words="list all targets", line=InventoryQuestion(by=Grouping.GROUP).line)
        return Answer(blocks=(Paragraph(text=text),), interpretation=question.line, follow_ups=(nearer,))
    if len(chosen) == 1:
        what = what.replace(" match", " matches").replace(" were ", " was ")
    head = f"{count_text(len(chosen), 'target')}{what}: "
    blocks: list[Block] = [Paragraph(text=head + _statuses(count_statuses(chosen)) + ".")]
    groups = group_rows(chosen, question.by)
    label = question.by.value if question.by is not Grouping.NONE else "group"
    if question.count:
        if question.by is not Grouping.NONE:
            counted = [(g.name or _NO_GROUP, f"{g.counts.total:,}", _statuses(g.counts)) for g in groups]
            blocks.append(table(f"{label}|>targets|status", counted))
    else:
        listed = [
            (
                group.name or _NO_GROUP,
                run.text,
                f"{len(run.rows):,}",
                run.status.value,
                _age(run.last_seen, now),
                run.note,
            )
            for group in groups
            for run in group.runs
        ]
        by = question.by is not Grouping.NONE
        blocks.append(
            table(f"{label}|targets|>count|status|seen|note" if by else "targets|>count|status|seen|note",
                  listed if by else [row[1:] for row in listed])
        )  # fmt: skip
    if sum(group.counts.total for group in groups) > len(chosen):
        blocks.append(
            Paragraph(text=f"A target with several {label}s is counted once above and shown in each of them.")
        )
    return Answer(blocks=tuple(blocks), interpretation=question.line, follow_ups=_after_list(question, chosen))


def choose_targets(question: InventoryQuestion, rows: Sequence[TargetRow], now: float) -> tuple[TargetRow, ...]:
    """Return the targets that a question means, in the order of the rows."""
    chosen = parse_selector(question.selector).select(rows)
    return tuple(row for row in chosen if _was_seen(question, row, now))


def _was_seen(question: InventoryQuestion, row: TargetRow, now: float) -> bool:
    """Return whether a target was seen when the question says; this machine is seen now."""
    at = now if row.target.protocol is Protocol.LOCAL else row.last_seen
    window = question.window
    within = at is not None and window is not None and window.start <= at <= window.end
    match question.seen:
        case LastSeen.ANY:
            return True
        case LastSeen.NEVER:
            return at is None
        case LastSeen.WITHIN:
            return within
        case LastSeen.NOT_WITHIN:
            return at is None or (window is not None and at < window.start)


def _after_list(question: InventoryQuestion, chosen: Sequence[TargetRow]) -> tuple[FollowUp, ...]:
    made = []
    if question.count:
        made.append(FollowUp(words="list them", line=replace(question, count=False, by=Grouping.GROUP).line))
    if question.seen is not LastSeen.ANY:  # no selector can say that, so nothing else would mean the same targets
        checks = FollowUp(words="see which answer now: mark them in the inventory (1) and check", key="r")
        return (*made, checks)
    made.append(FollowUp(words="their alerts", line=AlertQuestion(selector=question.selector).line))
    if len(chosen) == 1:
        made.append(FollowUp(words="all about it", line=DetailQuestion(target=chosen[0].target.name).line))
    return (*made, *_proposable(question.selector, chosen))


def _proposable(selector: str, chosen: Sequence[TargetRow]) -> tuple[FollowUp, ...]:
    """Return an order on those of the targets on which a command can run, nothing when there are none."""
    others = sorted({row.target.protocol.value for row in chosen} - _WITH_SH)
    if all(row.target.protocol.value in others for row in chosen):
        return ()
    parts = [f"({selector})"] if selector else []
    runnable = canonical(" and ".join([*parts, *(f"not protocol:{protocol}" for protocol in others)]))
    words = "propose a command on them" + (" where one can run" if others else "")
    return (FollowUp(words=words, line=RunRequest(selector=runnable, command="uptime").line, edit=True),)


def answer_detail(
    question: DetailQuestion, row: TargetRow | None, samples: Sequence[Sample], alerts: Sequence[Alert], now: float
) -> Answer:
    """Answer what is known of one target.

    Args:
        question: what was asked.
        row: the target, None when it is gone.
        samples: newest values of its series.
        alerts: open alerts of any target.
        now: epoch seconds.
    """
    if row is None:
        return Answer(blocks=(Paragraph(text=f"There is no target {question.target}."),), interpretation=question.line)
    target = row.target
    facts = [
        ("status", row.status.value + (f": {row.note}" if row.note else "")),
        ("seen", _age(row.last_seen, now)),
        ("address", f"{target.reach} over {target.protocol}" + (f", port {target.port}" if target.port else "")),
        ("user", target.user), ("os", target.os), ("groups", ", ".join(target.groups)),
        ("tags", ", ".join(target.tags)),
        ("environment", target.environment), ("site", target.site), ("source", target.source),
    ]  # fmt: skip
    blocks: list[Block] = [table(f"{target.name}|", [(name, value) for name, value in facts if value])]
    sources: tuple[Source, ...] = ()
    if samples:
        newest = max(sample.at for sample in samples)
        shown = sorted(samples, key=lambda sample: catalogue_order(sample.key))
        blocks.append(
            table("measured|>value",
                  [(subject(s.key), value_text(s.value, metric_of(s.key.metric).unit)) for s in shown], limit=16)
        )  # fmt: skip
        sources = (Source(tag="m1", text=f"{count_text(len(samples), 'newest value')}, {_age(newest, now)}"),)
    own = [alert for alert in alerts if alert.key.target == target.name and alert.is_open]
    blocks.append(
        table("alert|severity|what|>since", [_alert_cells(alert, now, named=False) for alert in own])
        if own
        else Paragraph(text="No open alert.")
    )
    follow_ups = (
        FollowUp(words="its memory over the last hour", line=f"metric memory.used_percent of {target.name} over 1h"),
        *((FollowUp(words="open a terminal", key="t"),) if target.protocol.value in _WITH_SH else ()),
        *_proposable(target.name, [row]),
    )
    return Answer(blocks=tuple(blocks), interpretation=question.line, sources=sources, follow_ups=follow_ups)


def choose_alerts(question: AlertQuestion, alerts: Sequence[Alert], rows: Sequence[TargetRow]) -> tuple[Alert, ...]:
    """Return the alerts that a question means: by age where it says so, else critical first, then the newest.

    Args:
        question: what was asked.
        alerts: open ones, and resolved ones where the question asks for them.
        rows: every target; an alert whose target is gone is found only without a selector.
    """
    selector = parse_selector(question.selector)
    names = None if selector.is_everything else {row.target.name for row in selector.select(rows)}
    chosen = []
    for alert in alerts:
        state = alert.state.value == question.state if question.state else alert.is_open
        window = question.window is None or question.window.start <= alert.since < question.window.end
        named = names is None or alert.key.target in names
        if state and window and named and question.severity in ("", alert.severity.value):
            chosen.append(alert)
    if question.first is Age.ANY:
        chosen.sort(key=lambda a: (a.severity.value != "critical", -a.since))
    else:
        chosen.sort(key=lambda a: a.since, reverse=question.first is Age.NEWEST)
    return tuple(chosen[: question.limit or None])


def answer_alerts(question: AlertQuestion, alerts: Sequence[Alert], rows: Sequence[TargetRow], now: float) -> Answer:
    """Answer which or how many alerts; see `choose_alerts` for the arguments."""
    chosen = choose_alerts(question, alerts, rows)
    kind = " ".join(word for word in (question.state or "open", question.severity) if word)
    place = f" on {question.selector}" if question.selector else ""
    when = f" that began {question.window.words}" if question.window else ""
    if not chosen:
        text = f"No {kind} alert{place}{when}."
        return Answer(blocks=(Paragraph(text=text),), interpretation=question.line, follow_ups=_past(question))
    critical = sum(1 for alert in chosen if alert.severity.value == "critical")
    noisy = f", {critical:,} critical" if critical and not question.severity else ""
    head = f"{count_text(len(chosen), f'{kind} alert')}{place}{when}{noisy}"
    if question.first is not Age.ANY:
        alone = len(chosen) == 1 == question.limit
        head = f"The {question.first} {kind} alert{place}{when}" if alone else f"{head}, the {question.first} first"
    blocks: list[Block] = [Paragraph(text=f"{head}.")]
    follow_ups: tuple[FollowUp, ...] = (FollowUp(words="list them", line=question.line.replace("count", "list", 1)),)
    if not question.count:
        blocks.append(table("alert|severity|target|what|>since|state", [_alert_row(a, now) for a in chosen]))
        first = chosen[0]
        if first.advice:
            blocks.append(Paragraph(text=f"{first.name}: {first.advice}"))
        follow_ups = (
            FollowUp(words=f"why {first.name}", line=ExplainQuestion(kind="alert", number=first.id).line),
            FollowUp(words="all about its target", line=DetailQuestion(target=first.key.target).line),
        )
    return Answer(blocks=tuple(blocks), interpretation=question.line, follow_ups=follow_ups)


def _past(question: AlertQuestion) -> tuple[FollowUp, ...]:
    line = AlertQuestion(selector=question.selector, state="resolved").line
    return () if question.state == "resolved" else (FollowUp(words="those that ended", line=line),)


def _alert_cells(alert: Alert, now: float, *, named: bool) -> tuple[str, ...]:
    cells = (alert.name, alert.severity.value, alert.summary, age_text(now - alert.since))
    return (*cells[:2], alert.key.target, *cells[2:]) if named else cells


def _alert_row(alert: Alert, now: float) -> tuple[str, ...]:
    by = f" by {alert.by}" if alert.by else ""
    return (*_alert_cells(alert, now, named=True), f"{alert.state.value}{by}")


def answer_alert(question: ExplainQuestion, alert: Alert | None, now: float) -> Answer:
    """Answer what an alert is about; None when there is none with that number."""
    if alert is None:
        return Answer(blocks=(Paragraph(text=f"There is no alert a{question.number}."),), interpretation=question.line)
    facts = [
        ("what", alert.summary), ("severity", alert.severity.value), ("state", alert.state.value),
        ("where", f"{alert.key.target}: {subject(alert.key)}"), ("rule", alert.rule),
        ("value", f"{value_text(alert.value, alert.unit)}, level {value_text(alert.level, alert.unit)}"),
        ("since", f"{age_text(now - alert.since)} ago, {count_text(alert.count, 'bad reading')}"),
        ("by", f"{alert.by}: {alert.note}" if alert.note else alert.by),
        ("ended", _age(alert.resolved_at, now) if alert.state is AlertState.RESOLVED else ""), ("next", alert.advice),
    ]  # fmt: skip
    item = f"[{alert.key.item}]" if alert.key.item else ""
    follow_ups = (
        FollowUp(
            words="its series over the last hour",
            line=f"metric {alert.key.metric}{item} of {alert.key.target} over 1h",
        ),
        FollowUp(words="all about the target", line=DetailQuestion(target=alert.key.target).line),
    )
    source = Source(tag="m1", text=f"{subject(alert.key)} of {alert.key.target}, {_age(alert.last_seen, now)}")
    return Answer(
        blocks=(table(f"{alert.name}|", [(name, value) for name, value in facts if value]),),
        interpretation=question.line,
        sources=(source,),
        follow_ups=follow_ups,
    )


def choose_changes(question: ChangeQuestion, changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return the changes that a question means, in the order given."""
    chosen = []
    for change in changes:
        state = question.state in ("", change.state.value)
        waiting = question.state == "waiting" and change.state is ChangeState.PROPOSED
        by = question.by in ("", change.requested_by, change.decided_by)
        times = [at for at in (change.requested_at, change.decided_at) if at]
        window = question.window
        when = window is None or any(window.start <= at < window.end for at in times)
        if (state or waiting) and by and when:
            chosen.append(change)
    return tuple(chosen)


def answer_changes(question: ChangeQuestion, changes: Sequence[Change], now: float) -> Answer:
    """Answer which or how many changes, the newest first.

    Args:
        question: what was asked.
        changes: the newest changes, of any state.
        now: epoch seconds.
    """
    chosen = choose_changes(question, changes)
    by = f" of {question.by}" if question.by else ""
    when = f" {question.window.words}" if question.window else ""
    state = f"{question.state} " if question.state else ""
    if not chosen:
        text = "Nothing waits for approval" if question.state == "waiting" else f"No {state}change"
        return Answer(blocks=(Paragraph(text=f"{text}{by}{when}."),), interpretation=question.line)
    blocks: list[Block] = [Paragraph(text=f"{count_text(len(chosen), f'{state}change')}{by}{when}.")]
    if not question.count:
        rows = [
            (c.name, c.state.value, mask(c.order.command)[0], targets_text(c), c.risk.level.value, c.requested_by,
             _age(c.requested_at, now)) for c in chosen
        ]  # fmt: skip
        blocks.append(table("change|state|command|where|risk|asked by|>asked", rows))
    first = chosen[0]
    follow_ups = [FollowUp(words=f"all about {first.name}", line=ExplainQuestion(kind="change", number=first.id).line)]
    if any(change.state is ChangeState.PROPOSED for change in chosen):
        follow_ups.insert(0, FollowUp(words="open the approvals", key="6"))
    return Answer(blocks=tuple(blocks), interpretation=question.line, follow_ups=tuple(follow_ups))


def answer_change(question: ExplainQuestion, change: Change | None, now: float) -> Answer:
    """Answer what a change is about; None when there is none with that number."""
    if change is None:
        return Answer(blocks=(Paragraph(text=f"There is no change c{question.number}."),), interpretation=question.line)
    facts = [
        ("state", change.state.value), ("command", mask(change.order.command)[0]), ("shell", change.order.shell),
        ("where", targets_text(change)), ("risk", f"{change.risk.level}: {' '.join(change.risk.reasons)}"),
        ("asked", f"by {change.requested_by} from the {change.origin}, {_age(change.requested_at, now)}"),
        ("why", mask(change.reason)[0]),
        ("decided", f"by {change.decided_by}, {_age(change.decided_at, now)}" if change.decided_at else ""),
        ("note", mask(change.decision_note)[0]), ("digest", change.digest[:16]),
        ("result", exit_summary(change.outcomes) if change.started_at else ""),
    ]  # fmt: skip
    blocks: list[Block] = [table(f"{change.name}|", [(name, value) for name, value in facts if value])]
    wrong = failures(change.outcomes)
    if wrong:
        blocks.append(table("targets|what went wrong", wrong))
    waiting = change.state is ChangeState.PROPOSED
    follow_ups = (FollowUp(words="open the approvals", key="6"),) if waiting else ()
    return Answer(blocks=tuple(blocks), interpretation=question.line, follow_ups=follow_ups)


def answer_proposal(request: RunRequest | FixRequest, change: Change, now: float) -> Answer:
    """Answer an order that was recorded as a change; it waits, nothing has run."""
    risk = f"Risk {change.risk.level}: {' '.join(change.risk.reasons)}"
    return Answer(
        blocks=(
            Paragraph(text=f"{change.name} is proposed and waits for approval. Nothing has run."),
            ProposalReference(change=change.id, summary=change_line(change, now)),
            Paragraph(text=risk),
        ),
        interpretation=request.line,
        follow_ups=(
            FollowUp(words="open the approvals", key="6"),
            FollowUp(words=f"all about {change.name}", line=ExplainQuestion(kind="change", number=change.id).line),
        ),
    )
