"""What every verb that shows a change says of what it would do."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.changes.change import Change, ChangeState
from opsterm.cli.run import Context
from opsterm.policy.lockout import lockout_lines
from opsterm.runtime.preview_text import preview_lines


async def describe_what_it_would_do(context: Context, change: Change) -> None:
    """Tell of a change that waits what it may do to our way, which way is safer, and what was looked up of it."""
    if change.state in (ChangeState.PROPOSED, ChangeState.APPROVED):
        found = await context.runtime.assessments.of_change(change)
        lines = lockout_lines(found.lockout)
        if found.lockout.cuts or found.lockout.spared:
            _say(context, "cuts", lines)
        _say(context, "safer", list(dict.fromkeys([*found.safer, *change.review.alternatives])))
    kept = await context.runtime.previews.kept(change)
    if kept.targets:
        _say(context, "preview", preview_lines(kept))


def _say(context: Context, label: str, lines: Sequence[str]) -> None:
    said = [line for text in lines for line in text.split("\n")]
    for number, line in enumerate(said):
        context.printer.say(f"{label if number == 0 else '':7} {line}".rstrip())
