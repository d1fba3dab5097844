"""The verb that looks up what a change would do."""

from __future__ import annotations

from dataclasses import asdict

from opsterm.changes.change import Change, ChangeState
from opsterm.cli.run import Context
from opsterm.cli.verbs.changes import named_change
from opsterm.core.errors import ExitCode
from opsterm.runtime.preview_text import preview_lines
from opsterm.runtime.previews import ChangePreview


async def preview(context: Context) -> int:
    """Look up what a change would do, and keep it with the change."""
    change = await named_change(context)
    previews = context.runtime.previews
    if context.invocation.yes("kept") or change.state not in (ChangeState.PROPOSED, ChangeState.APPROVED):
        found = await previews.kept(change)
    else:
        found = await previews.make(change, all_targets=context.invocation.yes("all"))
    if context.printer.json:
        _print_records(context, change, found)
    else:
        for line in preview_lines(found) or ["Nothing was looked up."]:
            context.printer.line(line)
    missed = any(one.why for one in found.targets)
    return ExitCode.SOME_FAILED if missed else ExitCode.DONE


def _print_records(context: Context, change: Change, found: ChangePreview) -> None:
    for one in found.targets:
        record = {"change": change.name, "target": one.target, "previews": [asdict(part) for part in one.previews]}
        context.printer.record({**record, "why": one.why, "without": found.without, "left_out": found.left_out})
    if not found.targets:
        context.printer.record(
            {"change": change.name, "target": "", "previews": [], "why": "", "without": found.without,
             "left_out": len(change.order.targets)}
        )  # fmt: skip
