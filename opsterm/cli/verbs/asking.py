"""The chat without a screen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress

from opsterm.assistant.answer import answer_json, answer_lines
from opsterm.assistant.reply import reply_record
from opsterm.cli.prompt import is_asked_on_a_terminal, lines_of_input
from opsterm.cli.run import Context
from opsterm.cli.times import time_of
from opsterm.core.errors import ExitCode, StorageError


async def ask(context: Context) -> int:
    """Answer one sentence, or each that standard input brings."""
    words = context.invocation.texts("words")
    said = context.invocation.text("now")
    now = time_of(said).timestamp() if said else context.runtime.clock.now()
    assistant = await context.runtime.assistant()
    if list(words) == ["-"]:
        async for line in lines_of_input():
            if line.strip():
                text, earlier = _sentence(line)
                context.printer.record(reply_record(await assistant.reply(text, context=earlier, now=now)))
        return ExitCode.DONE
    offline = context.invocation.yes("offline")
    reply = await assistant.reply(" ".join(words), now=now, origin="command line", offline=offline)
    answer = reply.answer
    if context.printer.json:
        shown = answer_json(answer)
        more = {name: shown[name] for name in ("understood", "blocks", "follow_ups")}
        context.printer.record({**reply_record(reply), **more})
    else:
        for line in answer_lines(answer):
            context.printer.line(line)
        if answer.interpretation:
            context.printer.say(f"understood: {answer.interpretation}")
        if answer.stamp is not None:
            context.printer.say(f"from: {answer.stamp.line}")
    if is_asked_on_a_terminal() and not said:
        context.printer.flush()
        with suppress(StorageError):  # it was answered all the same
            await context.runtime.conversations.keep_question(" ".join(words), answer)
    return ExitCode.DONE if answer.understood else ExitCode.BAD_INPUT


def _sentence(line: str) -> tuple[str, Sequence[str]]:
    """Return (text, what was said before it) of a line: an object with these keys, or the text as it is."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("text"), str):
        return line.strip(), ()
    earlier = found.get("context")
    return found["text"], [one for one in earlier if isinstance(one, str)] if isinstance(earlier, list) else ()
