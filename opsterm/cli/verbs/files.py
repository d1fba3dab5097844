"""Verbs that bring files from targets and to them."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import Path

from opsterm.cli.records import change_record
from opsterm.cli.run import Context
from opsterm.cli.verbs.changes import describe, describe_content, rollout_wish, verification_wish
from opsterm.core.errors import BadInput, ExitCode, Refused
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text, parse_duration
from opsterm.runtime.file_fetch import Fetched
from opsterm.runtime.folders import FetchedFolder
from opsterm.runtime.put_proposals import PutWish

SHOWN_EVERY_S = 0.2
SHOWN_MISSING = 8
"""Files of a folder that are named for one reason why they did not come."""


async def get(context: Context) -> int:
    """Fetch a file from one target, or from several."""
    source, local = context.invocation.text("source"), _here(context.invocation.text("local"))
    selector, progress = context.invocation.text("on"), _Progress(context)
    given, limit_mb = context.invocation, context.invocation.number("limit_mb")
    force, resume = given.yes("force"), given.yes("resume")
    target, path = ("", source) if selector else _place(source)
    if context.invocation.yes("recursive"):
        if target:
            await context.runtime.inventory.get(target)
        folders = await context.runtime.files.folders.get(
            selector or target,
            path,
            local,
            by_target=bool(selector),
            force=force,
            resume=resume,
            limit_mb=limit_mb,
            progress=progress,
        )
        context.printer.progress("")
        return _tell_folders(context, folders)
    if selector:
        found = await context.runtime.files.get_from_many(
            selector, path, local, force=force, resume=resume, limit_mb=limit_mb, progress=progress
        )
    else:
        found = [
            await context.runtime.files.get(
                target, path, local, force=force, resume=resume, limit_mb=limit_mb, progress=progress
            )
        ]
    context.printer.progress("")
    for fetched in found:
        _show(context, fetched)
    return _exit_code(found)


def _place(source: str) -> tuple[str, str]:
    """Return target and path of "web-01:/var/log". Raises BadInput."""
    target, colon, path = source.partition(":/")
    if not target or not colon:
        raise BadInput(
            f"{clean_line(source, limit=200)!r} does not say from where.",
            next_step="Write target and whole path, as in web-01:/var/log/syslog; or name several with --on.",
        )
    return target, f"/{path}"


def _tell_folders(context: Context, folders: Sequence[FetchedFolder]) -> int:
    printer = context.printer
    for folder in folders:
        if printer.json:
            for fetched in folder.files:
                _show(context, fetched)
            for left in folder.left_out:
                why = Refused(left.why)
                _show(context, Fetched(target=folder.target, path=left.path, local=folder.local, error=why))
            if folder.error is not None:
                _show(context, Fetched(target=folder.target, path=folder.path, local=folder.local, error=folder.error))
            continue
        if folder.error is not None:
            printer.say(f"{folder.target}: {folder.error}")
            continue
        printer.line(str(folder.local))
        came = [one for one in folder.files if one.error is None]
        files = f"{len(came):,} file{'s' * (len(came) != 1)}"
        parts = [files, bytes_text(folder.size)]
        resumed = sum(one.resumed_at for one in came)
        parts += [f"{bytes_text(resumed)} of it from before"] if resumed else []
        printer.say(f"{folder.target}: {', '.join(parts)}")
        _tell_missing(context, folder, [one for one in folder.files if one.error is not None])
    codes = {folder.error.exit_code for folder in folders if folder.error is not None}
    if len(codes) == 1 and all(folder.error is not None for folder in folders):
        return codes.pop()
    whole = all(not f.left_out and f.error is None and all(one.error is None for one in f.files) for f in folders)
    return ExitCode.DONE if whole else ExitCode.SOME_FAILED


def _tell_missing(context: Context, folder: FetchedFolder, failed: Sequence[Fetched]) -> None:
    """Say what of a folder did not come, for each reason the first of them."""
    by_reason: dict[str, list[str]] = {}
    for fetched in failed:
        why = f"{fetched.error.what} {fetched.error.next_step}".strip() if fetched.error is not None else ""
        by_reason.setdefault(f"failed: {why}".replace(str(fetched.local), "It"), []).append(fetched.path)
    for left in folder.left_out:
        by_reason.setdefault(f"left out: {left.why}".replace(left.path, "It"), []).append(left.path)
    for reason, paths in by_reason.items():
        names = ", ".join(clean_line(posixpath.relpath(path, folder.path)) for path in paths[:SHOWN_MISSING])
        more = f" and {len(paths) - SHOWN_MISSING} more; --json tells all" if len(paths) > SHOWN_MISSING else ""
        context.printer.say(f"  {len(paths)} {reason}\n    {names}{more}")


def _here(path: str) -> Path:
    return Path(path).absolute()


def _show(context: Context, fetched: Fetched) -> None:
    error = fetched.error
    if context.printer.json:
        context.printer.record({
            "target": fetched.target, "path": fetched.path, "real_path": fetched.real_path,
            "local": str(fetched.local) if error is None else "", "size": fetched.size, "sha256": fetched.sha256,
            "resumed_at": fetched.resumed_at,
            "error": "" if error is None else error.what, "why": "" if error is None else error.why,
            "next_step": "" if error is None else error.next_step,
        })  # fmt: skip
    elif error is None:
        context.printer.line(str(fetched.local))
        before = f", {bytes_text(fetched.resumed_at)} of it from before" if fetched.resumed_at else ""
        context.printer.say(f"{fetched.target}: {bytes_text(fetched.size)}{before}, sha256 {fetched.sha256}")
    else:
        context.printer.say(f"{fetched.target}: {error}")


def _exit_code(found: Sequence[Fetched]) -> int:
    """Return 0 when every file is here, 1 when some are, what the failures say when none is."""
    codes = {fetched.error.exit_code for fetched in found if fetched.error is not None}
    if not codes:
        return ExitCode.DONE
    if any(fetched.error is None for fetched in found) or len(codes) > 1:
        return ExitCode.SOME_FAILED
    return codes.pop()


class _Progress:
    """Says on a terminal how much has come, a few times a second."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._come: dict[str, tuple[int, int]] = {}
        self._said_at = 0.0

    def __call__(self, target: str, come: int, size: int) -> None:
        self._come[target] = (come, size)
        now = self._context.runtime.clock.monotonic()
        if now - self._said_at < SHOWN_EVERY_S:
            return
        self._said_at = now
        come, size = (sum(numbers) for numbers in zip(*self._come.values(), strict=True))
        of = f" of {bytes_text(size)}" if size else ""
        who = target if len(self._come) == 1 else f"{len(self._come)} targets"
        self._context.printer.progress(f"{who}: {bytes_text(come)}{of}")


async def put(context: Context) -> int:
    """Propose to put a file or a folder on targets."""
    given = context.invocation
    timeout = given.text("timeout")
    change = await context.runtime.files.put(
        PutWish(
            source=Path(given.text("local")), selector=given.text("on"), path=given.text("to"), mode=given.text("mode"),
            owner=given.text("owner"), reason=given.text("reason"), origin="command line",
            timeout_s=parse_duration(timeout) if timeout else None, recursive=given.yes("recursive"),
            leave_out=given.texts("leave_out"), resume=given.yes("resume"),
            rollout=rollout_wish(context), verification=verification_wish(context),
        )
    )  # fmt: skip
    if context.printer.json:
        context.printer.record(change_record(change))
        return ExitCode.DONE
    context.printer.line(change.name)
    describe(context, change)
    await describe_content(context, change)
    context.printer.say(f"approve: opsterm approve {change.name}")
    return ExitCode.DONE
