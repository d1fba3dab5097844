"""Verbs that bring files from targets and to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opsterm.cli.records import change_record
from opsterm.cli.run import Context
from opsterm.cli.verbs.changes import describe, describe_content
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text, parse_duration
from opsterm.runtime.files import Fetched, PutWish

SHOWN_EVERY_S = 0.2


async def get(context: Context) -> int:
    """Fetch a file from one target, or from several."""
    source, local = context.invocation.text("source"), _here(context.invocation.text("local"))
    selector, force = context.invocation.text("on"), context.invocation.yes("force")
    progress, limit_mb = _Progress(context), context.invocation.number("limit_mb")
    if selector:
        path = source
        found = await context.runtime.files.get_from_many(selector, path, local, force=force, limit_mb=limit_mb,
                                                         progress=progress)  # fmt: skip
    else:
        target, colon, path = source.partition(":/")
        if not target or not colon:
            raise BadInput(
                f"{clean_line(source, limit=200)!r} does not say from where.",
                next_step="Write target and whole path, as in web-01:/var/log/syslog; or name several with --on.",
            )
        found = [await context.runtime.files.get(target, f"/{path}", local, force=force, limit_mb=limit_mb,
                                                 progress=progress)]  # fmt: skip
    context.printer.progress("")
    for fetched in found:
        _show(context, fetched)
    return _exit_code(found)


def _here(path: str) -> Path:
    return Path(path).absolute()


def _show(context: Context, fetched: Fetched) -> None:
    error = fetched.error
    if context.printer.json:
        context.printer.record({
            "target": fetched.target, "path": fetched.path, "real_path": fetched.real_path,
            "local": str(fetched.local) if error is None else "", "size": fetched.size, "sha256": fetched.sha256,
            "error": "" if error is None else error.what, "why": "" if error is None else error.why,
            "next_step": "" if error is None else error.next_step,
        })  # fmt: skip
    elif error is None:
        context.printer.line(str(fetched.local))
        context.printer.say(f"{fetched.target}: {bytes_text(fetched.size)}, sha256 {fetched.sha256}")
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
    """Propose to put a file on targets."""
    given = context.invocation
    timeout = given.text("timeout")
    change = await context.runtime.files.put(
        PutWish(
            source=Path(given.text("local")), selector=given.text("on"), path=given.text("to"), mode=given.text("mode"),
            owner=given.text("owner"), reason=given.text("reason"), origin="command line",
            timeout_s=parse_duration(timeout) if timeout else None,
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
