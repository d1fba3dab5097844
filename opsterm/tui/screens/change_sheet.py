"""What stands on the approval screen about a change, as lines of text.

Order: what, where, risk, rules, safer, back, what it would do; then what can be looked up besides. What came of a
change that has begun stands before all but what and where: nobody decides it any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import NamedTuple

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.guard import guard_lines, guard_of, standing_line
from opsterm.changes.lifecycle import WAITING_STATES
from opsterm.changes.plan_steps import step_lines
from opsterm.changes.rollout_words import rollout_lines
from opsterm.changes.step_progress import running_lines
from opsterm.changes.suggested_checks import suggested_checks
from opsterm.changes.summary import (
    as_whom,
    command_shown,
    exit_summary,
    limit_text,
    progress_line,
    shell_text,
    sightings,
    targets_text,
)
from opsterm.changes.verification import verification_lines
from opsterm.changes.way_back.prepared import may_be_taken_back, way_back_lines
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line, shown_exactly
from opsterm.core.units import age_text, bytes_text
from opsterm.inventory.target import Target
from opsterm.policy.approval import Ask, Friction
from opsterm.policy.compliance.decision import RuleDecision
from opsterm.policy.compliance.review import RuleReview, lacking_text, verdict_lines
from opsterm.policy.level import RiskLevel
from opsterm.policy.order import PLAN, RESTORE, Order
from opsterm.policy.requirements import ONE_PERSON
from opsterm.policy.standing import is_standing, standing_lines
from opsterm.runtime.assent import Progress
from opsterm.runtime.commands import command
from opsterm.runtime.gates import gate_lines
from opsterm.runtime.guards import GuardSeen
from opsterm.runtime.put_review import review_rows
from opsterm.tui.keys import KeyMap
from opsterm.tui.screens.change_evidence import ChangeEvidence
from opsterm.tui.screens.sheet_rows import SheetRow, sheet

EXACT = ("content", "differs", "files")
"""Rows of what is put in which every blank counts."""

RESULT = "result"
"""Label of how it ended."""

GUARDS_SHOWN = 3
"""Targets of which it is said one by one how their guard stands."""

SAFER_WAYS = 2
"""Safer ways that stand before everything else; the others stand below."""


class ChangeFacts(NamedTuple):
    """What is said of a change, laid out.

    Attributes:
        text: all of it.
        decisive: lines from its beginning that have to be read before anybody decides.
        result: lines above how it ended.
    """

    text: str
    decisive: int
    result: int


def heading(change: Change, now: float) -> str:
    """Return the title of the box."""
    verb = "Approve change" if change.state is ChangeState.PROPOSED else "Change"
    ago = age_text(now - change.requested_at)
    return clean_line(
        f"{verb} {change.name} · {change.state} · from the {change.origin} by {change.requested_by}, {ago} ago"
    )


def facts_of(
    change: Change, evidence: ChangeEvidence, now: float, *, target: Callable[[str], Target | None], sign: str,
    columns: int, progress: Progress | None = None, reach: str = "", take: str = "",
) -> ChangeFacts:  # fmt: skip
    """Return everything that is said of a change, laid out: what a decision rests on before all else.

    Args:
        change: any change.
        evidence: what was gathered about it.
        now: epoch seconds.
        target: finds a target of the inventory by its name.
        sign: the glyph of its risk.
        columns: cells of a line.
        progress: how far its approval is, None while that is not known.
        reach: how much of everything it would reach, "" when not known.
        take: the key that takes the safer form, "" when none does.
    """
    found = (target(one.name) for one in change.order.targets)
    places = ", ".join(sorted({one.environment.upper() for one in found if one is not None and one.environment}))
    decisive = decisive_rows(
        change, now, environments=places, sign=sign, evidence=evidence, progress=progress, reach=reach,
        take=take,
    )  # fmt: skip
    first = sheet(decisive, columns)
    more = sheet([*_rewrite(evidence), *further_rows(change, now=now, evidence=evidence)], columns)
    above = list(takewhile(lambda row: row.label != RESULT, decisive))
    result = sheet(above, columns).count("\n") + 1
    return ChangeFacts(text=f"{first}\n{more}", decisive=first.count("\n") + 1, result=result)


def decisive_rows(
    change: Change, now: float, *, environments: str, sign: str, evidence: ChangeEvidence,
    progress: Progress | None = None, reach: str = "", take: str = "",
) -> list[SheetRow]:  # fmt: skip
    """Return what a decision rests on, each fact once.

    Args:
        change: any change.
        now: epoch seconds.
        environments: where its targets are, as in "PROD"; "" when not known.
        sign: the glyph of its risk.
        evidence: what was gathered; a file that it would put stands first, and the order's own line below.
        progress: how far its approval is; said where more than any one person is asked.
        reach: how much of everything it would reach, "" when not known.
        take: as of `facts_of`.
    """
    review = evidence.review
    order = change.order
    short = _in_short(order)
    where = f"{targets_text(change)}{f' · {environments}' if environments else ''}"
    seen = [SheetRow(label, text, exact=label in EXACT) for label, text in review_rows(review)] if review else []
    return [
        *seen,
        *short,
        SheetRow(
            "order" if seen or order.shell in (PLAN, RESTORE) else "what", shown_exactly(order.command), exact=True
        ),
        SheetRow("", f"{shell_text(change)} · {as_whom(change)} · {limit_text(order)}"),
        SheetRow("where", f"{where} · {reach}" if reach else where),
        *([SheetRow("stands", "\n".join(stands))] if (stands := standing_lines(order, now)) else []),
        *([SheetRow("rollout", "; ".join(lines))] if (lines := rollout_lines(order)) else []),
        *_results(change),
        *([SheetRow("now", "\n".join(at_work))] if (at_work := running_lines(change, evidence.steps, now)) else []),
        *([SheetRow("gate", "\n".join(gate_lines(evidence.gate, change.name, now)))] if evidence.gate else []),
        *_waiting(change, evidence.guards, now),
        _risk(change, sign, evidence),
        *_claims(change, evidence),
        *([SheetRow("cuts", "\n".join(evidence.cuts), packed=True)] if evidence.cuts else []),
        SheetRow("rules", "\n".join(verdict_lines(change.review))),
        *_approvers(progress),
        *_safer(change, evidence, take),
        SheetRow("back", "\n".join(way_back_lines(order))),
        *([SheetRow("guard", "\n".join(said))] if (said := guard_lines(order)) else []),
        *([SheetRow("verify", "\n".join(checks))] if (checks := _checks(change)) else []),
        *([SheetRow("preview", "\n".join(evidence.preview))] if evidence.preview else []),
        *([SheetRow("reason", change.reason)] if change.reason else []),
    ]


def further_rows(change: Change, *, now: float, evidence: ChangeEvidence) -> list[SheetRow]:
    """Return what can be looked up besides: which controls are touched, further safer ways, bytes and times."""
    further = evidence.safer[SAFER_WAYS:]
    return [
        *([SheetRow("controls", "\n".join(_controls(change.review)))] if change.review.touched else []),
        *([SheetRow("unknown", lacking_text(change.review))] if change.review.not_evaluated else []),
        *([SheetRow("safer", "\n".join(further))] if further else []),
        SheetRow("digest", f"{change.digest[:16]}…  the approval is for exactly these bytes"),
        *_history(change, now),
    ]


def _in_short(order: Order) -> list[SheetRow]:
    """Return what an order does that is written for opsterm, in the words of a person: of a plan its steps."""
    if order.shell == PLAN:
        with suppress(BadInput):
            return [SheetRow("what", "\n".join(step_lines(order)))]
    return [SheetRow("what", command_shown(order))] if order.shell == RESTORE else []


def _checks(change: Change) -> Sequence[str]:
    """Return what is looked at afterwards; of a proposal that says nothing, what could be."""
    suits = suggested_checks(change.order) if change.state is ChangeState.PROPOSED else ()
    return verification_lines(change.order, suits)


def _claims(change: Change, evidence: ChangeEvidence) -> list[SheetRow]:
    """Return who else has claimed the targets of a change that may still run."""
    told = evidence.claims if change.state in WAITING_STATES else ()
    return [SheetRow("claims", "\n".join(told))] if told else []


def _risk(change: Change, sign: str, evidence: ChangeEvidence) -> SheetRow:
    """Return the grade and its reasons; what may cut our way stands in a row of its own."""
    reasons = [reason for reason in change.risk.reasons if reason not in evidence.lockout.reasons]
    first, *others = reasons or ["It can cut our way to the target."]
    return SheetRow("risk", "\n".join([f"{sign} {change.risk.level.upper()}  {first}", *others]), packed=True)


def _waiting(change: Change, guards: Sequence[GuardSeen], now: float) -> list[SheetRow]:
    """Return how the guard stands on each target: those that wait first, with the fresh log-in; the rest counted."""
    first = sorted(guards, key=lambda one: (not one.is_open, one.due_at, one.target))
    lines = []
    for one in first[:GUARDS_SHOWN]:
        said = standing_line(one.state, max(0.0, one.due_at - now) if one.due_at else 0.0, change.name)
        lines.append(" ".join(filter(None, (f"{one.target}: {said}", one.healthy if one.is_open else "", one.said))))
    counts = Counter(str(one.state) for one in first[GUARDS_SHOWN:])
    if counts:
        lines.append(f"and {', '.join(f'{number} {state}' for state, number in sorted(counts.items()))}")
    return [SheetRow("waits" if any(one.is_open for one in guards) else "guards", "\n".join(lines))] if lines else []


def _rewrite(evidence: ChangeEvidence) -> list[SheetRow]:
    """Return the safer form of the command, as the difference to what would run."""
    return [] if evidence.rewrite is None else [SheetRow("rewrite", "\n".join(evidence.rewrite.lines))]


def _safer(change: Change, evidence: ChangeEvidence, take: str) -> list[SheetRow]:
    """Return safer ways of the command; where none is known those of rules that refuse, or ask for more persons."""
    if evidence.rewrite is not None:
        key = f"{take} takes it instead" if take else "it stands below"
        return [SheetRow("safer", "\n".join([f"a form that keeps what this destroys: {key}", *evidence.safer[:1]]))]
    ways = evidence.safer
    strict = [one.safer for one in change.review.touched if one.rule_decision.order > RuleDecision.APPROVE.order]
    found = list(dict.fromkeys(ways or filter(None, strict)))
    if not found and change.risk.level is RiskLevel.READ:
        return []
    return [SheetRow("safer", "\n".join(found[:SAFER_WAYS]) or "no alternative is known")]


def _controls(review: RuleReview) -> Iterator[str]:
    for finding in review.touched:
        yield f"{finding.rule} {finding.touches}: {finding.verdict}"
        yield " ".join(part for part in (finding.why, finding.safer) if part)


def _approvers(progress: Progress | None) -> list[SheetRow]:
    if progress is not None and progress.alone is not None:
        said = f"{progress.alone.who} approved it alone, in an emergency: {progress.alone.note}"
        return [SheetRow("ALONE", f"{said}\nsomebody else has to look at it: its review is in opsterm reviews")]
    if progress is None or progress.requirement == ONE_PERSON.text:
        return []
    so_far = progress_line(progress.missing, progress.given)
    return [SheetRow("approval", f"{so_far} (it takes {progress.requirement})")]


def _history(change: Change, now: float) -> list[SheetRow]:
    rows = []
    if change.decided_by:
        note = f": {change.decision_note}" if change.decision_note else ""
        word = "approved" if change.approved_digest else "decided"
        rows.append(SheetRow(word, f"by {change.decided_by}, {age_text(now - change.decided_at)} ago{note}"))
    if change.state in (ChangeState.PROPOSED, ChangeState.APPROVED):
        rows.append(SheetRow("expires", f"in {age_text(max(0.0, change.order.expires_at - now))}"))
    return rows


def _results(change: Change) -> list[SheetRow]:
    rows = [SheetRow(RESULT, exit_summary(change.outcomes))] if change.started_at else []
    for outcome in change.outcomes:
        if outcome.message and outcome.state is not OutcomeState.DONE:
            rows.append(SheetRow("", f"{outcome.target}: {outcome.message}"))
        if outcome.kept_bytes < outcome.output_bytes:
            left = bytes_text(outcome.output_bytes - outcome.kept_bytes)
            rows.append(SheetRow("", f"{outcome.target}: {left} more output came and was not kept"))
    return [*rows, *(SheetRow("", f"{names}: {seen}") for names, seen in sightings(change.outcomes))]


def question(asked: Friction, typed: str, *, signed: bool = False) -> str:
    """Return what the screen asks for, with what was typed so far.

    Args:
        asked: what its approval takes.
        typed: since the screen appeared.
        signed: whether the approval is signed.
    """
    prompt = f"{asked.prompt}{', signed by a key of your agent' * signed}"
    line = prompt if asked.ask in (Ask.KEY, Ask.NAME) else f"{prompt}: {typed}_"
    return f"{line}   [ deny ]"


def keys_line(
    change: Change, asked: Friction, keymap: KeyMap, *, other: str = "", progress: Progress | None = None,
    waits: bool = False, at_gate: bool = False,
) -> str:  # fmt: skip
    """Return the keys that count for a change as it stands now.

    Args:
        change: any change.
        asked: what its approval takes.
        keymap: which keys do what.
        other: what tab goes to, "facts" or "output"; "" while there is no output.
        progress: how far its approval is; keys for others, and for an emergency, stand there only where they count.
        waits: whether a target would take it back unless it is confirmed.
        at_gate: whether it waits between two batches.
    """

    def key(command_id: str) -> str:
        return keymap.shown(command(command_id))

    arrows = {"facts": "↑ ↓ ← → ", "output": "↑ ↓ "}.get(other, "")
    scroll = f"{f'tab {other} · ' if other else ''}{arrows}pgup pgdn scroll"
    approve = {
        Ask.KEY: f"{key('approve')} approve",
        Ask.KEY_ENTER: f"{key('approve')} enter approve",
        Ask.COUNT: f"{asked.answer} enter approve",
        Ask.NAME: f"{key('approve')} and the name approve",
    }[asked.ask]
    deny = f"{key('deny')} deny"
    if waits:
        decide = f"{key('confirm_change')} confirm · {key('extend_change')} more time · {key('roll_back')} take back"
        stop = f"{key('stop_change')} stop · " if change.state is ChangeState.RUNNING else ""
        return f"{decide} · {stop}{'tab ' + other + ' · ' if other else ''}esc close, it goes on"
    match change.state:
        case ChangeState.PROPOSED:
            guard = f"{key('guard_change')} {'no guard' if guard_of(change.order).seconds else 'guard'}"
            keys, later = [approve, deny, f"{key('edit_change')} edit", guard], "esc later"
            if progress is not None and progress.missing.want > 1:
                keys.append(f"{key('approve_from')} from file")
            if progress is not None and progress.may_break_glass:
                keys.append(f"{key('break_glass')} break glass")
            return " · ".join([*keys, later])
        case ChangeState.APPROVED:
            run = "" if is_standing(change.order) else f"{key('run_change')} run · "
            return f"{run}{deny} · esc close"
        case ChangeState.RUNNING:
            go_on = f"{key('proceed_change')} go on now · " if at_gate else ""
            return f"{go_on}{key('stop_change')} stop · {scroll} · esc close, it goes on"
        case _:
            missed = not_reached(change)
            test = f"{key('test_target')} test the connection to {clean_line(missed, limit=40)} · " if missed else ""
            back = f"{key('roll_back')} roll back · " if may_be_taken_back(change) else ""
            return f"{back}{test}{scroll} · esc close"


def not_reached(change: Change) -> str:
    """Return the first target of an ended change that could not be reached, "" for none."""
    missed = (outcome.target for outcome in change.outcomes if outcome.state is OutcomeState.UNREACHABLE)
    return next(missed, "") if change.ended_at else ""
