"""The chat without a screen."""

from __future__ import annotations

from opsterm.assistant.answer import answer_json, answer_lines
from opsterm.cli.run import Context
from opsterm.core.errors import ExitCode


async def ask(context: Context) -> int:
    """Answer one sentence."""
    answer = await (await context.runtime.assistant()).ask(
        " ".join(context.invocation.texts("words")), origin="command line"
    )
    if context.printer.json:
        context.printer.record({**answer_json(answer), "change": f"c{answer.change_id}" if answer.change_id else None})
    else:
        for line in answer_lines(answer):
            context.printer.line(line)
        if answer.interpretation:
            context.printer.say(f"understood: {answer.interpretation}")
    return ExitCode.DONE if answer.understood else ExitCode.BAD_INPUT
