"""Answers to wishes that are not one question: what is there for them, and what to say next."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.assistant.answer import Answer, Block, FollowUp, Paragraph, Source, table
from opsterm.assistant.errands import Errand
from opsterm.assistant.queries import RunRequest
from opsterm.changes.change import Change
from opsterm.changes.recovery.point import RecoveryPoint
from opsterm.changes.summary import line as change_line
from opsterm.core.units import age_text
from opsterm.knowledge.search import Hit
from opsterm.policy.assessment import Assessment

SHOWN = 5
WRONG = FollowUp(words="what is wrong", line="list alerts")


def answer_trouble(errand: Errand, hits: Sequence[Hit], alerts: Sequence[str]) -> Answer:
    """Answer a symptom: open alerts of the targets that were named, and what the documents say.

    Args:
        errand: what was said.
        hits: sections that speak of it, the best first.
        alerts: the lines of these alerts.
    """
    blocks = open_there(alerts)
    if not hits:
        blocks.append(Paragraph(text="No document here speaks of that. Paste the error with the words around it."))
    return _with_documents(errand, blocks, hits, [WRONG])


def open_there(alerts: Sequence[str]) -> list[Block]:
    """Return what is said of the alerts that are open where trouble is, given as their lines."""
    return [Paragraph(text=f"Open there: {line}") for line in alerts[:SHOWN]]


def answer_way_back(errand: Errand, points: Sequence[RecoveryPoint], changes: Sequence[Change], now: float) -> Answer:
    """Answer a wish to go back: the changes that can be taken back, the points that are kept, and the commands for it.

    Args:
        errand: what was said.
        points: kept ones of the targets that were named, the newest first.
        changes: ended ones with a way back, the newest first.
        now: epoch seconds.
    """
    blocks: list[Block] = []
    if changes:
        listed = [(f"c{one.id}", change_line(one, now), f"opsterm rollback c{one.id}") for one in changes[:SHOWN]]
        blocks.append(table("change|what|taken back by", listed))
    else:
        blocks.append(Paragraph(text="No change here can be taken back."))
    if points:
        kept = [
            (one.name, one.target, f"{age_text(now - one.taken_at)} ago", one.origin,
             f"opsterm snapshot restore {one.name}")
            for one in points[:SHOWN]
        ]  # fmt: skip
        blocks.append(table("point|target|taken|origin|put back by", kept))
    else:
        blocks.append(Paragraph(text="No recovery point is kept. One is made by: opsterm snapshot take TARGET THING."))
    blocks.append(Paragraph(text="Both are proposals: they wait for approval like any change."))
    return Answer(
        blocks=tuple(blocks), interpretation=errand.line,
        follow_ups=tuple(FollowUp(words="what it did", line=f"explain c{one.id}") for one in changes[:2]),
    )  # fmt: skip


def answer_command(errand: Errand, found: Assessment) -> Answer:
    """Answer what a command does, or whether it may run: grade, effects, reasons, rules, safer ways."""
    review = found.review
    blocks: list[Block] = [
        Paragraph(text=f"{found.command}: risk {found.level.value}, {found.decision.value}. Nothing was run.")
    ]
    blocks += [Paragraph(text=text) for text in dict.fromkeys([*found.reasons, *found.opaque])]
    rules = [(one.rule, one.title, one.decision.value) for one in review.findings]
    blocks.append(table("rule|says|decision", rules) if rules else Paragraph(text="No rule in force speaks of it."))
    blocks += [Paragraph(text=f"Safer: {text}") for text in found.safer]
    blocks.append(Paragraph(text=f"Taken back afterwards: {found.rollback}."))
    run = RunRequest(selector=errand.selector or "localhost", command=found.command)
    return Answer(
        blocks=tuple(blocks), interpretation=errand.line,
        follow_ups=(FollowUp(words="propose it", line=run.line, edit=True),),
    )  # fmt: skip


def answer_which_command(errand: Errand) -> Answer:
    """Answer an explanation of nothing that can be told: which command, alert or change is asked back."""
    return Answer(
        blocks=(Paragraph(text="Explain what? Put a command in backticks, or name an alert (a7) or a change (c18)."),),
        interpretation=errand.line,
        follow_ups=(FollowUp(words="a command", line="explain text -- `df -h`", edit=True),),
        understood=False,
    )


def answer_rules(errand: Errand, packs: Sequence[str], waiting: int) -> Answer:
    """Answer a question for rules without a command: what is in force, and where the records are.

    Args:
        errand: what was said.
        packs: names of the rule packs that are on.
        waiting: how many changes wait for approval.
    """
    text = f"Rules in force: {', '.join(packs) or 'none'}. {waiting:,} waiting for approval."
    says = "Whether a command may run is said of the command: put it in backticks. Who did what is in the audit."
    return Answer(
        blocks=(Paragraph(text=text), Paragraph(text=says)), interpretation=errand.line,
        follow_ups=(
            FollowUp(words="who did what", line="list audit over 24h"),
            FollowUp(words="what waits", line="list changes waiting"),
        ),
    )  # fmt: skip


def _with_documents(
    errand: Errand, blocks: Sequence[Block], hits: Sequence[Hit], follow_ups: Sequence[FollowUp]
) -> Answer:
    found: list[Block] = []
    if hits:
        rows = [(h.document.title, h.section.heading, h.excerpt, f"[k{n}]") for n, h in enumerate(hits[:SHOWN], 1)]
        found.append(table("document|section|says|source", rows))
    sources = tuple(
        Source(tag=f"k{n}", text=f"{hit.document.source}:{hit.line}") for n, hit in enumerate(hits[:SHOWN], 1)
    )
    return Answer(blocks=(*blocks, *found), interpretation=errand.line, sources=sources, follow_ups=tuple(follow_ups))
