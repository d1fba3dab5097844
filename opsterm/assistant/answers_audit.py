"""Answer to what happened: what was done, as the audit has it, and the alerts that began."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.assistant.answer import Answer, Block, FollowUp, Paragraph, count_text, table
from opsterm.assistant.queries import AlertQuestion, AuditQuestion, ChangeQuestion
from opsterm.core.units import age_text
from opsterm.monitoring.alerts import Alert
from opsterm.policy.audit import AuditRow

_SHOWN = 30
_WHAT_IS_LISTED = (
    "Listed are changes, edits of targets and settings, terminals, credentials, host keys, refusals, what people did "
    "to alerts, and alerts that began. `opsterm audit` lists all of it but the last, `opsterm alerts --all` that."
)


def answer_audit(question: AuditQuestion, done: Sequence[AuditRow], alerts: Sequence[Alert], now: float) -> Answer:
    """Answer what happened, the newest first.

    Args:
        question: what was asked.
        done: the newest audited facts in any order; those outside the window are left out here.
        alerts: open and resolved ones; those that began outside the window are left out here.
        now: epoch seconds.
    """
    window = question.window
    rows = [row for row in done if window is None or window.start <= row.at < window.end]
    began = [alert for alert in alerts if window is None or window.start <= alert.since < window.end]
    when = f" {window.words}" if window else ""
    listed = [(row.at, row.who, row.what, row.result) for row in rows]
    listed += [(a.since, "opsterm", f"{a.name} began on {a.key.target}: {a.summary}", a.state.value) for a in began]
    listed.sort(key=lambda line: -line[0])
    head = f"{count_text(len(rows), 'thing')} done and {count_text(len(began), 'alert')} begun{when}."
    blocks: list[Block] = [Paragraph(text=head)]
    if listed:
        cells = [(f"{age_text(max(0.0, now - at))} ago", who, what, result) for at, who, what, result in listed]
        blocks.append(table(">when|who|what|result", cells, limit=_SHOWN))
    blocks.append(Paragraph(text=_WHAT_IS_LISTED))
    follow_ups = (
        FollowUp(words="the changes", line=ChangeQuestion(window=window).line),
        FollowUp(words="the alerts", line=AlertQuestion(window=window).line),
    )
    return Answer(blocks=tuple(blocks), interpretation=question.line, follow_ups=follow_ups)
