"""Trying a language model: whether it answers, where it computes, and whether its tools and forms can be relied on.

What a model is said to be able to do and what it does here, in this size and on this server, are two things.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from opsterm.assistant.model.catalogue import TOOLS
from opsterm.assistant.model.offer import OFFERED
from opsterm.assistant.model.talk import ChatMessage, ModelReply, Role
from opsterm.assistant.model.tool_calls import CheckedCall
from opsterm.core.clock import Clock
from opsterm.core.errors import ModelUnavailable
from opsterm.core.units import seconds_text
from opsterm.runtime.doctor import Check, Health
from opsterm.runtime.model import Models
from opsterm.runtime.model_talk import ModelTalk

ENOUGH = 0.9
"""Share of the cases that a model must pass before its tools or forms are relied on."""

SLOW_S = 3.0
STOP_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTrial:
    """A case of the check.

    Attributes:
        words: what the model is told.
        tool: that it must ask for, "" for none.
        contains: argument -> what must be in it, lower case.
    """

    words: str
    tool: str
    contains: Mapping[str, str]


TRIALS: Sequence[ModelTrial] = (
    ModelTrial(words="Which hosts run Windows?", tool="search_inventory", contains={"filter": "windows"}),
    ModelTrial(words="List all database servers.", tool="search_inventory", contains={"filter": "data"}),
    ModelTrial(words="How full is the disk of db-01?", tool="get_metric", contains={"target": "db-01", "metric": "d"}),
    ModelTrial(words="What is the load on web-07?", tool="get_metric", contains={"target": "web-07", "metric": "load"}),
    ModelTrial(
        words="Restart nginx on web-03.", tool="propose_action", contains={"target_names": "web-03", "command": "nginx"}
    ),
    ModelTrial(
        words="Delete the old logs in /var/log/app on app-02.", tool="propose_action",
        contains={"target_names": "app-02", "command": "/var/log/app"},
    ),
    ModelTrial(words="Thanks, that was all.", tool="", contains={}),
)  # fmt: skip

FORM: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "severity": {"type": "string", "enum": ["info", "warning", "critical"]},
        "host": {"type": "string"},
        "lines": {"type": "array", "items": {"type": "integer"}, "maxItems": 5},
    },
    "required": ["severity", "host", "lines"],
    "additionalProperties": False,
}
FORMS: Sequence[tuple[str, str]] = (
    ("1 web-01 kernel: Out of memory: Killed process 4211 (java)", "web-01"),
    ("1 db-02 postgres: checkpoint complete\n2 db-02 postgres: could not write: No space left on device", "db-02"),
    ("1 fw-01 sshd: Accepted publickey for ana from 192.0.2.7", "fw-01"),
)
_SYSTEM = "You help operators of servers. Use a tool when one fits; otherwise answer in one short sentence."


class ModelCheck:
    """Tries the model that is in use."""

    def __init__(self, models: Models, talk: ModelTalk, clock: Clock) -> None:
        self._models = models
        self._talk = talk
        self._clock = clock

    async def run(self) -> AsyncIterator[Check]:
        """Yield a line for each thing that is tried, as it is done. Raises ModelUnavailable: nobody answers."""
        state = await self._models.ready()
        yield Check(
            name="server", health=Health.GOOD, text=f"{state.server}, Ollama {state.version or 'of some version'}"
        )
        yield await self._first_words()
        yield await self._place()
        yield await self._stopped()
        yield await self._forms()
        can = (await self._models.ready()).capabilities
        if can is not None and TOOLS not in can:
            yield Check(name="tools", health=Health.NOTE, text=f"{state.model} has none, so it can only talk")
        else:
            yield await self._tools()

    async def _first_words(self) -> Check:
        reply = await self._talk.whole([ChatMessage(role=Role.USER, text="Say: ready")])
        loaded = f" after {seconds_text(reply.end.load_s)} of loading" if reply.end and reply.end.load_s > 0.1 else ""
        text = f"{reply.model}: first word after {seconds_text(reply.first_s or 0)}{loaded}{_pace(reply)}"
        if reply.cut:
            return Check(name="answer", health=Health.NOTE, text=f"{text}. {reply.cut}")
        again = await self._talk.whole([ChatMessage(role=Role.USER, text="Say: ready again")])
        slow = (again.first_s or 0) > SLOW_S
        return Check(
            name="answer", health=Health.NOTE if slow else Health.GOOD,
            text=f"{text}; then after {seconds_text(again.first_s or 0)}",
            next_step="Rules answer at once; a smaller model, or model.think off, answers sooner." if slow else "",
        )  # fmt: skip

    async def _place(self) -> Check:
        state = await self._models.look()
        percent = state.gpu_percent
        text = "the server does not say where it computes" if percent is None else f"{percent} % on graphics cards"
        held = f", {state.context} tokens of context" if state.context else ""
        slow = percent is not None and percent < 100
        return Check(
            name="memory", health=Health.NOTE if slow else Health.GOOD, text=text + held,
            next_step="A smaller model or model.context fits better on the card." if slow else "",
        )  # fmt: skip

    async def _stopped(self) -> Check:
        asked = [ChatMessage(role=Role.USER, text="Count from 1 to 200, one number a line.")]
        began = self._clock.monotonic()
        async with self._talk.answer(asked) as answer:
            async for _ in answer:
                began = self._clock.monotonic()
                answer.stop()
        took = self._clock.monotonic() - began
        good = took <= STOP_S
        return Check(name="stop", health=Health.GOOD if good else Health.NOTE, text=f"within {seconds_text(took)}")

    async def _forms(self) -> Check:
        passed = 0
        for lines, host in FORMS:
            words = f"Which host is it, how bad is it, and which numbered lines say so?\n{lines}"
            try:
                value, _ = await self._talk.formed([ChatMessage(role=Role.USER, text=words)], FORM)
            except ModelUnavailable:
                continue
            passed += isinstance(value, dict) and value.get("host") == host
        return _score("forms", passed, len(FORMS), "answers of a fixed form are not relied on")

    async def _tools(self) -> Check:
        passed = 0
        for trial in TRIALS:
            asked = [ChatMessage(role=Role.SYSTEM, text=_SYSTEM), ChatMessage(role=Role.USER, text=trial.words)]
            reply = await self._talk.whole(asked, tools=OFFERED)
            passed += _passes(await self._talk.checked(reply.calls, OFFERED), trial)
        return _score("tools", passed, len(TRIALS), "its tool calls are not relied on")


def _pace(reply: ModelReply) -> str:
    made, took = reply.end.answer_tokens if reply.end else None, reply.total_s - (reply.first_s or 0)
    return f", {made / took:.0f} tokens a second" if made and made > 1 and took > 0 else ""


def _passes(calls: Sequence[CheckedCall], trial: ModelTrial) -> bool:
    if not trial.tool:
        return not calls
    if len(calls) != 1 or calls[0].fault or calls[0].call.name != trial.tool:
        return False
    arguments = calls[0].call.arguments
    return isinstance(arguments, Mapping) and all(
        word in str(arguments.get(name, "")).lower() for name, word in trial.contains.items()
    )


def _score(name: str, passed: int, of: int, otherwise: str) -> Check:
    good = passed >= ENOUGH * of
    return Check(
        name=name, health=Health.GOOD if good else Health.NOTE, text=f"{passed} of {of} right",
        next_step="" if good else f"Below {ENOUGH:.0%}: {otherwise}. Try another model: opsterm model list",
    )  # fmt: skip
