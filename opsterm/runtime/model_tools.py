"""The tools of a model, carried out: each looks within limits at what is kept here, and one makes an ordinary proposal.

Nothing of what a model asks for is believed: hosts must be in the inventory by exactly that name, the risk is what the
policy says, the way back is what changes find. What a target could have written goes to no model that has tools.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from opsterm.assistant.artefact import Artefact, SourceTrust
from opsterm.assistant.model.offer import MOST_PROPOSALS, MOST_TARGETS, MOST_WAITING, result_limit
from opsterm.assistant.model.taint import Provenance, marks
from opsterm.assistant.model.talk import ToolCall
from opsterm.assistant.turn import Proposed
from opsterm.changes.change import Change, ChangeState
from opsterm.changes.summary import line as change_line
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound, OpstermError
from opsterm.core.text import clean_bytes, clean_line, shown_exactly
from opsterm.core.units import age_text, value_text
from opsterm.inventory.target import TargetRow
from opsterm.knowledge.card_file import write_cards
from opsterm.monitoring.metrics import matches, metric_of, pattern_fault
from opsterm.monitoring.sample import SeriesKey
from opsterm.policy.demands import MODEL
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.changes import Changes, change_number
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.knowledge import Knowledge
from opsterm.runtime.masking import Masking
from opsterm.runtime.monitoring import Monitoring
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.shelf import Shelf

MOST_ROWS = 200
MOST_SERIES = 12
MOST_CARDS = 3
OUTPUT_LIMIT = 200_000
"""Bytes of a kept output that are looked at."""

_ITEM = re.compile(r"[A-Za-z0-9/_.:-]{1,32}")
_SYSTEM = re.compile(r"[A-Za-z0-9./()_-]{1,12}(?: [A-Za-z0-9./()_-]{1,12}){0,3}")


@dataclass(kw_only=True)
class Desk:
    """What one turn of a model has before it.

    Attributes:
        turn: its number.
        context: tokens that the model may have.
        said: the operator's words of the conversation.
        read: what targets wrote and was looked at in the conversation.
        known: texts that ship, read in this turn.
        proposed: changes that this turn proposed.
    """

    turn: int
    context: int
    said: str
    read: list[Artefact] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    proposed: list[Proposed] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolReply:
    """What came of a call.

    Attributes:
        text: what the model is told.
        tag: of the artefact, "" for none.
        unread: an artefact that a target wrote: it has to be read by somebody without tools, and `text` is "".
        proposed: the change that was recorded.
    """

    text: str
    tag: str = ""
    unread: Artefact | None = None
    proposed: Proposed | None = None


class ModelTools:
    """Carries out what a model asks for. It can look, and it can propose."""

    def __init__(
        self, clock: Clock, shelf: Shelf, *, inventory: Inventory, monitoring: Monitoring, alerts: Alerts,
        changes: Changes, cards: Callable[[], Knowledge], masking: Masking,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._shelf = shelf
        self._inventory = inventory
        self._monitoring = monitoring
        self._alerts = alerts
        self._changes = changes
        self._cards = cards
        self._masking = masking
        self._tools: Mapping[str, Callable[[Mapping[str, object], Desk], Awaitable[ToolReply]]] = {
            "search_inventory": self._search_inventory, "get_metric": self._get_metric,
            "list_alerts": self._list_alerts, "search_knowledge": self._search_knowledge,
            "read_output": self._read_output, "propose_action": self._propose_action,
        }  # fmt: skip

    async def carry_out(self, call: ToolCall, desk: Desk) -> ToolReply:
        """Carry out a call that was checked against its schema.

        Raises:
            OpstermError: it cannot be done; what it says is told to the model.
        """
        arguments = call.arguments
        if isinstance(arguments, str):
            raise BadInput("The arguments are not a JSON object.")
        return await self._tools[call.name](arguments, desk)

    # ------------------------------------------------------------------------------------------- looking

    def _kept(
        self, desk: Desk, letter: str, title: str, lines: Sequence[str], trust: SourceTrust = SourceTrust.STATE
    ) -> ToolReply:
        """Keep lines as an artefact, as many as the model may be given, and give them."""
        room, kept = result_limit(desk.context), list[str]()
        for line in lines:
            room -= len(line) + 1
            if room < 0:
                kept.append(f"… {len(lines) - len(kept)} more lines; ask for less at a time")
                break
            kept.append(clean_line(line))
        one = self._shelf.put(desk.turn, letter, title=title, text="\n".join(kept), trust=trust)
        return ToolReply(text=f"[{one.tag}] {one.title}\n{one.text}", tag=one.tag)

    async def _search_inventory(self, arguments: Mapping[str, object], desk: Desk) -> ToolReply:
        found = self._inventory.select(str(arguments["filter"]))
        lines = [_row_line(row) for row in found.rows[:MOST_ROWS]]
        left = [f"… {len(found.rows) - MOST_ROWS} more hosts"] if len(found.rows) > MOST_ROWS else []
        title = f"{len(found.rows)} of {found.total} hosts match {found.canonical or 'all'}"
        return self._kept(desk, "i", title, [title, *lines, *left])

    async def _get_metric(self, arguments: Mapping[str, object], desk: Desk) -> ToolReply:
        name, pattern = self._host(arguments["target"]), str(arguments["metric"])
        if fault := pattern_fault(pattern):
            raise BadInput(fault)
        keys = [key for key in await self._monitoring.series(name) if matches(pattern, key)]
        if not keys:
            raise NotFound(f"Nothing that {clean_line(pattern, limit=100)} names is measured on {name}.")
        now, hours = self._clock.now(), arguments.get("hours")
        if isinstance(hours, int):
            windows = await self._monitoring.window(keys[:MOST_SERIES], start=now - hours * 3600, end=now, points=60)
            lines = [
                f"{_series(one.key)} lowest {_value(one.key, min(p.low for p in one.points))}, highest "
                f"{_value(one.key, max(p.high for p in one.points))}, newest {_value(one.key, one.points[-1].mean)}"
                for one in windows if one.points
            ]  # fmt: skip
            return self._kept(desk, "m", f"{pattern} of {name} over {hours} h", lines or ["no measurements"])
        await self._monitoring.know([name])
        wanted = set(keys)
        lines = [
            f"{_series(one.key)} {_value(one.key, one.value)}, {age_text(max(0.0, now - one.at))} ago"
            for one in self._monitoring.latest(name) if one.key in wanted
        ]  # fmt: skip
        return self._kept(desk, "m", f"{pattern} of {name}, newest", lines or ["no measurements"])

    async def _list_alerts(self, arguments: Mapping[str, object], desk: Desk) -> ToolReply:
        name = self._host(arguments["target"]) if arguments.get("target") else ""
        now = self._clock.now()
        feed = [one for one in self._alerts.feed() if name in ("", one.key.target)]
        lines = [
            f"{one.name} {one.severity} {one.state} {one.key.target} {_series(one.key)} "
            f"{value_text(one.value, one.unit)}, limit {value_text(one.level, one.unit)}, "
            f"since {age_text(max(0.0, now - one.since))}"
            for one in feed
        ]  # fmt: skip
        title = f"{len(feed)} open alerts" + (f" of {name}" if name else "")
        return self._kept(desk, "a", title, [title, *lines])

    async def _search_knowledge(self, arguments: Mapping[str, object], desk: Desk) -> ToolReply:
        found = await self.cards(str(arguments["words"]), desk)
        told = [f"[{one.tag}] {one.title}\n{one.text}" for one in found]
        return ToolReply(text="\n\n".join(told) or "No card answers that.", tag=found[0].tag if found else "")

    async def cards(self, words: str, desk: Desk) -> Sequence[Artefact]:
        """Return the cards that answer some words, kept as artefacts."""
        hits = await self._cards().search(words, limit=MOST_CARDS)
        room = result_limit(desk.context) // MOST_CARDS
        made = []
        for hit in hits:
            trust = SourceTrust.SHIPPED if hit.card.source else SourceTrust.SITE
            text = write_cards([hit.card])[:room]
            made.append(self._shelf.put(desk.turn, "k", title=f"card {hit.card.id}", text=text, trust=trust))
            if trust is SourceTrust.SHIPPED:
                desk.known.append(text)
        return made

    async def _read_output(self, arguments: Mapping[str, object], desk: Desk) -> ToolReply:
        named, _, name = str(arguments["ref"]).partition("/")
        change = await self._changes.get(change_number(named))
        if name not in [target.name for target in change.order.targets]:
            raise NotFound(f"{change.name} has no host {clean_line(name, limit=100)}.")
        text = clean_bytes(await self._changes.output(change.id, name, limit=OUTPUT_LIMIT))
        lines = text.split("\n")
        first, last = _count(arguments, "from", 1), _count(arguments, "to", len(lines))
        slice_ = "\n".join(lines[first - 1 : last])
        if not slice_.strip():
            raise NotFound(f"There is nothing in lines {first} to {last} of {len(lines)}.")
        return await self.take_in(slice_, f"output of {change.name} on {name}, from line {first}", desk, "o")

    async def take_in(self, text: str, title: str, desk: Desk, letter: str) -> ToolReply:
        """Keep what a target wrote, masked; somebody without tools has to read it before a model is told of it."""
        masked = (await self._masking.mask(text)).text
        one = self._shelf.put(desk.turn, letter, title=title, text=masked, trust=SourceTrust.TARGET)
        desk.read.append(one)
        return ToolReply(text="", tag=one.tag, unread=one)

    def _host(self, said: object) -> str:
        """Return the name of a host that there is, by exactly this name. Raises NotFound."""
        name = str(said)
        if self._inventory.target(name) is None:
            raise NotFound(
                f"There is no host {clean_line(name, limit=100)}.", why="Names are never guessed.",
                next_step="search_inventory lists those there are.",
            )  # fmt: skip
        return name

    # ----------------------------------------------------------------------------------------- proposing

    async def _propose_action(self, arguments: Mapping[str, object], desk: Desk) -> ToolReply:
        """Record an ordinary proposal. Of the model's words only the command, the hosts and a reason are in it."""
        command, names = str(arguments["command"]).strip(), self._hosts(arguments["target_names"])
        if not command or not command.isprintable() or shown_exactly(command) != command:
            raise BadInput("The command is empty, has several lines, or has a character that is not what it seems.")
        if len(desk.proposed) >= MOST_PROPOSALS:
            raise BadInput(f"This answer has proposed {MOST_PROPOSALS} changes already; that is all.")
        waiting = [one for one in await self._changes.list([ChangeState.PROPOSED]) if one.origin.startswith(MODEL)]
        if len(waiting) >= MOST_WAITING:
            raise BadInput(f"{len(waiting)} changes that a model proposed wait already: a person has to decide first.")
        told = marks(command, names, Provenance(
            said=desk.said, known="\n".join(desk.known), untrusted=[(one.tag, one.text) for one in desk.read],
            hosts=frozenset(word for row in self._inventory.rows() for word in (row.target.name, row.target.reach)),
        ))  # fmt: skip
        change = await self._changes.propose(Proposal(
            command=command, selector=" or ".join(names), origin=_origin(desk.read),
            reason=f"The model says: {clean_line(str(arguments['why']), limit=200)}",
            warnings=tuple(f"Marked: {sentence}" for sentence in told),
        ))  # fmt: skip
        made = Proposed(change=change.id, summary=change_line(change, self._clock.now()), marks=told)
        desk.proposed.append(made)
        return ToolReply(text=_recorded(change, arguments), proposed=made)

    def _hosts(self, said: object) -> Sequence[str]:
        """Return the names of hosts that there are, each once. Raises NotFound, BadInput."""
        names = list(dict.fromkeys(said if isinstance(said, list) else []))
        if not names or len(names) > MOST_TARGETS:
            raise BadInput(f"A proposal of yours is for 1 to {MOST_TARGETS} hosts, and names each.")
        found = [self._host(name) for name in names]
        chosen = {row.target.name for row in self._inventory.select(" or ".join(found)).rows}
        if chosen != set(found):
            raise BadInput("These names are read as more than hosts.")
        return found


def _origin(read: Sequence[Artefact]) -> str:
    """Return who asks, as the approval screen has it."""
    if not read:
        return MODEL
    more = f" and {len(read) - 1} more" if len(read) > 1 else ""
    return f"{MODEL}, after reading {clean_line(read[-1].title, limit=80)}{more}"


def _recorded(change: Change, arguments: Mapping[str, object]) -> str:
    said = str(arguments["risk"])
    differs = f" (you said {said})" if said != change.risk.level else ""
    return (
        f"{change.name} is recorded and waits for a person. Its risk is {change.risk.level}{differs}. Nothing has run."
    )


def _row_line(row: TargetRow) -> str:
    target = row.target
    parts = [target.name, row.status.value]
    parts += [f"os={target.os}"] if _SYSTEM.fullmatch(target.os) else []
    parts += [f"groups={','.join(target.groups)}"] if target.groups else []
    parts += [f"tags={','.join(target.tags)}"] if target.tags else []
    parts += [f"env={target.environment}"] if _ITEM.fullmatch(target.environment) else []
    return " ".join(parts)


def _series(key: SeriesKey) -> str:
    """Return a series by its name; an item that a target named in many words is not told."""
    if not key.item:
        return key.metric
    return f"{key.metric}[{key.item if _ITEM.fullmatch(key.item) else 'item with an unusual name'}]"


def _value(key: SeriesKey, value: float) -> str:
    return value_text(value, metric_of(key.metric).unit)


def _count(arguments: Mapping[str, object], name: str, default: int) -> int:
    found = arguments.get(name)
    return found if isinstance(found, int) else default


def fault_told(error: OpstermError) -> str:
    """Return what a model is told of what cannot be done."""
    return " ".join(part for part in (error.what, error.why, error.next_step) if part)
