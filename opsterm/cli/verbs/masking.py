"""The verb that masks a text."""

from __future__ import annotations

from opsterm.cli.prompt import read_bytes
from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode

_MOST_BYTES = 64_000_000


async def mask(context: Context) -> int:
    """Print standard input with its secrets replaced, and say how many of which kind there were."""
    if context.invocation.text("source") != "-":
        raise BadInput(
            "A text to mask comes from standard input.",
            next_step="Write it as in: opsterm mask - < app.log",
        )
    given = (await read_bytes(_MOST_BYTES)).decode("utf-8", errors="surrogateescape")
    masked = await context.runtime.masking.mask(given)
    if context.printer.json:
        context.printer.record({"text": masked.text, "counts": masked.counts})
        return ExitCode.DONE
    if context.printer.for_people:
        context.printer.block(masked.text)
    else:
        context.printer.raw(masked.text.encode("utf-8", errors="surrogateescape"))
    counted = ", ".join(f"{count} {kind}" for kind, count in masked.counts.items())
    context.printer.say(f"Masked: {counted or 'nothing'}.")
    return ExitCode.DONE
