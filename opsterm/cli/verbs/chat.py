"""Verbs about conversations of the chat."""

from __future__ import annotations

from datetime import UTC, datetime

from opsterm.assistant.conversation import Conversation, KeptTurn, TurnState, turn_record
from opsterm.cli.run import Context
from opsterm.core.errors import ExitCode
from opsterm.core.units import age_text

MODEL_MARK = "written by a model:"


async def list_conversations(context: Context) -> int:
    """List them."""
    now = context.runtime.clock.now()
    found = await context.runtime.conversations.list()
    if context.printer.json:
        for one in found:
            context.printer.record(_record(one))
        return ExitCode.DONE
    rows = [(str(one.number), age_text(now - one.last_at), str(one.turns), one.title) for one in found]
    context.printer.table(("number", "age", "questions", "title"), rows, right=("number", "age", "questions"))
    if not found:
        context.printer.say("There is no conversation yet: `opsterm`, then 4, opens the chat.")
    return ExitCode.DONE


async def show(context: Context) -> int:
    """Print the turns of one."""
    conversation = await context.runtime.conversations.get(context.invocation.number("number") or 0)
    limit = context.invocation.number("limit") or 100
    turns = await context.runtime.conversations.turns(conversation.number, limit=limit)
    for turn in turns:
        if context.printer.json:
            given = {"conversation": conversation.number, "turn": turn.number, "at": turn.at}
            context.printer.record({**given, **turn_record(turn)})
        else:
            _print_turn(context, turn)
    context.printer.say(f"Conversation {conversation.number}: {conversation.title}")
    return ExitCode.DONE


def _print_turn(context: Context, turn: KeptTurn) -> None:
    when = datetime.fromtimestamp(turn.at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    context.printer.line(f"{when}  {turn.stamped}".rstrip())
    context.printer.block("\n".join(f"> {line}" for line in turn.question.splitlines() or [""]))
    for one in turn.attached:
        context.printer.line(f"  + {one.label}")
    if turn.text:
        context.printer.line(MODEL_MARK)
    if turn.said:
        context.printer.block(turn.said)
    if turn.state is TurnState.PARTIAL:
        context.printer.line("(not finished)")
    context.printer.line()


async def search(context: Context) -> int:
    """Find turns."""
    words = " ".join(context.invocation.texts("words"))
    found = await context.runtime.conversations.search(words, limit=context.invocation.number("limit") or 20)
    if context.printer.json:
        for one in found:
            context.printer.record({
                "conversation": one.conversation.number, "title": one.conversation.title, "turn": one.turn,
                "at": one.at, "question": one.question, "excerpt": one.excerpt,
            })  # fmt: skip
        return ExitCode.DONE
    now = context.runtime.clock.now()
    rows = [(str(one.conversation.number), age_text(now - one.at), one.question, one.excerpt) for one in found]
    context.printer.table(("in", "age", "question", "what fits"), rows, right=("in", "age"))
    context.printer.say("`opsterm chat show NUMBER` prints one." if found else "Nothing has all of these words.")
    return ExitCode.DONE


async def export(context: Context) -> int:
    """Print one as Markdown."""
    conversations = context.runtime.conversations
    conversation = await conversations.get(context.invocation.number("number") or 0)
    text = await conversations.markdown(conversation.number)
    if context.printer.json:
        context.printer.record({"number": conversation.number, "title": conversation.title, "markdown": text})
    else:
        context.printer.block(text)
    return ExitCode.DONE


async def rename(context: Context) -> int:
    """Give one another title."""
    number = context.invocation.number("number") or 0
    await context.runtime.conversations.rename(number, " ".join(context.invocation.texts("title")))
    conversation = await context.runtime.conversations.get(number)
    if context.printer.json:
        context.printer.record(_record(conversation))
    context.printer.say(f"Conversation {number} is called {conversation.title!r}.")
    return ExitCode.DONE


async def remove(context: Context) -> int:
    """Forget one."""
    number = context.invocation.number("number") or 0
    turns = await context.runtime.conversations.remove(number)
    if context.printer.json:
        context.printer.record({"number": number, "removed": True, "turns": turns})
    context.printer.say(f"Forgotten: conversation {number}, {turns} question{'' if turns == 1 else 's'}.")
    return ExitCode.DONE


def _record(one: Conversation) -> dict[str, object]:
    return {"number": one.number, "title": one.title, "began_at": one.began_at, "last_at": one.last_at,
            "turns": one.turns}  # fmt: skip
