"""What stands on the approval screen about a change, as lines of text.

Order: what, where, risk, rules, safer, back; then who wants it and how long it holds. What came of a change that has
begun stands before all but what and where: nobody decides it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.summary import as_whom, exit_summary, progress_line, shell_text, targets_text
from opsterm.changes.way_back.prepared import way_back_lines
from opsterm.core.text import clean_block, clean_line, shown_exactly
from opsterm.core.units import age_text, bytes_text, span_text
from opsterm.inventory.target import Target
from opsterm.policy.approval import Ask, Friction
from opsterm.policy.compliance.review import lines_of
from opsterm.policy.requirements import ONE_PERSON
from opsterm.runtime.assent import Progress
from opsterm.runtime.commands import command
from opsterm.runtime.put_review import review_rows
from opsterm.tui.keys import KeyMap
from opsterm.tui.screens.change_evidence import ChangeEvidence
from opsterm.tui.wrapping import LEAST_ROOM, wrapped

LABEL_WIDTH = 10
EXACT = ("content", "differs", "files")
"""Rows of what is put in which every blank counts."""


class SheetRow(NamedTuple):
    """A label and its text.

    Attributes:
        label: one word, "" for a line that goes on.
        text: may have several lines.
        exact: every blank of it counts.
    """

    label: str
    text: str
    exact: bool = False


def sheet(rows: Sequence[SheetRow], columns: int) -> str:
    """Return rows as text, every further line below the text's beginning.

    The lines of an exact text are numbered from the second on, so that nobody takes a line that begins for one that
    goes on: "# a long remark" and, below it, a command.
    """
    room = max(LEAST_ROOM, columns - LABEL_WIDTH)
    return "\n".join(_row(row, room) for row in rows)


def _row(row: SheetRow, room: int) -> str:
    made = []
    for number, line in enumerate(clean_block(row.text).split("\n"), 1):
        label = row.label if number == 1 else f"{number:>{LABEL_WIDTH - 2}}" if row.exact else ""
        for piece in wrapped(line, room, exact=row.exact):
            made.append(f"{label:{LABEL_WIDTH}}{piece}")
            label = ""
    return "\n".join(made)


def heading(change: Change, now: float) -> str:
    """Return the title of the box."""
    verb = "Approve change" if change.state is ChangeState.PROPOSED else "Change"
    ago = age_text(now - change.requested_at)
    return clean_line(
        f"{verb} {change.name} · {change.state} · from the {change.origin} by {change.requested_by}, {ago} ago"
    )


def facts_text(
    change: Change, evidence: ChangeEvidence, now: float, *, target: Callable[[str], Target | None], sign: str,
    columns: int, progress: Progress | None = None,
) -> str:  # fmt: skip
    """Return everything that is said of a change, laid out.

    Args:
        change: any change.
        evidence: what was gathered about it.
        now: epoch seconds.
        target: finds a target of the inventory by its name.
        sign: the glyph of its risk.
        columns: cells of a line.
        progress: how far its approval is, None while that is not known.
    """
    found = (target(one.name) for one in change.order.targets)
    places = ", ".join(sorted({one.environment.upper() for one in found if one is not None and one.environment}))
    rows = rows_of(change, now=now, environments=places, sign=sign, evidence=evidence, progress=progress)
    return sheet(rows, columns)


def rows_of(
    change: Change, *, now: float, environments: str, sign: str, evidence: ChangeEvidence,
    progress: Progress | None = None,
) -> list[SheetRow]:  # fmt: skip
    """Return everything that is said of a change.

    Args:
        change: any change.
        now: epoch seconds.
        environments: where its targets are, as in "PROD"; "" when not known.
        sign: the glyph of its risk.
        evidence: what was gathered; a file that it would put stands first, and the order's own line below.
        progress: how far its approval is; said where more than any one person is asked.
    """
    review = evidence.review
    order = change.order
    where = f"{targets_text(change)}{f' · {environments}' if environments else ''}"
    seen = [SheetRow(label, text, exact=label in EXACT) for label, text in review_rows(review)] if review else []
    rows = [
        *seen,
        SheetRow("order" if seen else "what", shown_exactly(order.command), exact=True),
        SheetRow("", f"{shell_text(change)} · {as_whom(change)} · {span_text(order.timeout_s)} limit"),
        SheetRow("where", where),
        *_results(change),
        SheetRow("risk", f"{sign} {change.risk.level.upper()}  {' '.join(change.risk.reasons)}"),
        *([SheetRow("cuts", "\n".join(evidence.cuts))] if evidence.cuts else []),
        SheetRow("rules", "\n".join(lines_of(change.review))),
        *_approvers(progress),
        SheetRow(
            "safer",
            "\n".join(dict.fromkeys([*evidence.safer, *change.review.alternatives])) or "no alternative is known",
        ),
        SheetRow("back", "\n".join(way_back_lines(order))),
    ]
    if evidence.preview:
        rows.append(SheetRow("preview", "\n".join(evidence.preview)))
    if change.reason:
        rows.append(SheetRow("reason", change.reason))
    rows.append(SheetRow("digest", f"{change.digest[:16]}…  the approval is for exactly these bytes"))
    return rows + _history(change, now)


def _approvers(progress: Progress | None) -> list[SheetRow]:
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
    rows = [SheetRow("result", exit_summary(change.outcomes))] if change.started_at else []
    for outcome in change.outcomes:
        if outcome.message and outcome.state is not OutcomeState.DONE:
            rows.append(SheetRow("", f"{outcome.target}: {outcome.message}"))
        if outcome.kept_bytes < outcome.output_bytes:
            left = bytes_text(outcome.output_bytes - outcome.kept_bytes)
            rows.append(SheetRow("", f"{outcome.target}: {left} more output came and was not kept"))
    return rows


def question(asked: Friction, typed: str) -> str:
    """Return what the screen asks for, with what was typed so far."""
    line = asked.prompt if asked.ask in (Ask.KEY, Ask.NAME) else f"{asked.prompt}: {typed}_"
    return f"{line}   [ deny ]"


def keys_line(change: Change, asked: Friction, keymap: KeyMap, *, other: str = "") -> str:
    """Return the keys that count for a change as it stands now.

    Args:
        change: any change.
        asked: what its approval takes.
        keymap: which keys do what.
        other: what tab goes to, "facts" or "output"; "" while there is no output.
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
    match change.state:
        case ChangeState.PROPOSED:
            return f"{approve} · {deny} · {key('edit_change')} edit · esc decide later"
        case ChangeState.APPROVED:
            return f"{key('run_change')} run · {deny} · esc close"
        case ChangeState.RUNNING:
            return f"{key('stop_change')} stop · {scroll} · esc close, it goes on"
        case _:
            missed = not_reached(change)
            test = f"{key('test_target')} test the connection to {clean_line(missed, limit=40)} · " if missed else ""
            return f"{test}{scroll} · esc close"


def not_reached(change: Change) -> str:
    """Return the first target of an ended change that could not be reached, "" for none."""
    missed = (outcome.target for outcome in change.outcomes if outcome.state is OutcomeState.UNREACHABLE)
    return next(missed, "") if change.ended_at else ""
