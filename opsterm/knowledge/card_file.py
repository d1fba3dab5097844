"""Reads cards from TOML, strictly: every fault is told with its file, line and key, and what is allowed.

family = "disk"
systems = ["linux"]                        # of every card of the file that names none

[[solution]]
id = "disk-deleted-open"
title = "Space does not come back after files were deleted"
symptoms = ["df says full, du finds little"]
errors = ['No space left on device :: write: No space left on device']   # expression :: a line that it fits
checks = ["lsof +L1"]                      # commands, of the shell of the first system
cause = "A process still holds the deleted file open."
fix = ["Find the process.", "$ systemctl restart NAME"]   # a sentence, or a command behind `$ `
risk = "medium"
rollback = "…"
verify = "…"
references = ["lsof(8)"]

A command of another language is marked `sql$ `, `ps$ `, `cmd$ `, `net$ ` or `sh$ `. [[concept]] has `text` instead of
what is about a fault; [[runbook]] has `steps`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opsterm.core.errors import BadInput
from opsterm.core.toml_places import Path
from opsterm.core.toml_text import TomlFault, TomlText
from opsterm.knowledge.card import Card, CardKind, CardRisk, CardStep, CardSystem, ErrorPattern

PATTERN_LIMIT = 200
"""Characters of an error pattern."""

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_COMMAND = re.compile(r"(sh|ps|cmd|sql|net)?\$ ")
_SHELLS = {"sh": "sh", "ps": "powershell", "cmd": "cmd", "sql": "sql", "net": "network-cli"}
_SHELL_OF = {CardSystem.WINDOWS: "powershell", CardSystem.NETWORK: "network-cli"}
_MARK_OF = {"powershell": "ps$ ", "cmd": "cmd$ ", "sql": "sql$ ", "network-cli": "net$ ", "sh": "sh$ "}
_REPEATED_GROUP = re.compile(r"[*+}]\)[*+{]")
_COMMON = ("id", "title", "family", "systems", "services", "symptoms", "references")
_FIXING = ("checks", "risk", "rollback", "verify")
_KEYS: Mapping[CardKind, tuple[str, ...]] = {
    CardKind.SOLUTION: (*_COMMON, *_FIXING, "errors", "cause", "fix"),
    CardKind.CONCEPT: (*_COMMON, "text"),
    CardKind.RUNBOOK: (*_COMMON, *_FIXING, "steps"),
}


def read_cards(text: str, file: str, *, own: bool = False) -> tuple[tuple[Card, ...], tuple[TomlFault, ...]]:
    """Return the cards of a text and everything that is wrong with it; with a fault the cards are not to be used.

    Args:
        text: TOML.
        file: how messages name it.
        own: whether they are this site's and not those that ship.
    """
    read = TomlText(text, file)
    read.check_keys((), read.tree, ("family", "systems", *CardKind))
    cards: dict[str, Card] = {}
    for kind in CardKind:
        for place, table in enumerate(read.tables((), read.tree, kind)):
            card = _Reading(read, (kind.value, place), table, kind).card("" if own else file)
            if card.id in cards:
                read.complain((kind.value, place, "id"), f"{card.id} stands here twice.", "Give each an id of its own.")
            cards[card.id] = card
    if not cards and not read.problems:
        read.complain((), "It holds no card.", "Write [[solution]], [[concept]] or [[runbook]] tables.")
    return tuple(cards.values()), tuple(read.problems)


def cards_of(text: str, file: str, *, own: bool = False) -> tuple[Card, ...]:
    """Return the cards of a text. Raises BadInput with the first fault."""
    cards, faults = read_cards(text, file, own=own)
    if faults:
        more = f" There are {len(faults)} faults." if len(faults) > 1 else ""
        raise BadInput(f"{faults[0]}{more}", next_step="`opsterm knowledge show ID --toml` prints a card to go by.")
    return cards


class _Reading:
    """One table that becomes a card."""

    def __init__(self, read: TomlText, path: Path, table: Mapping[str, Any], kind: CardKind) -> None:
        self._read, self._path, self._table, self._kind = read, path, table, kind

    def card(self, source: str) -> Card:
        self._read.check_keys(self._path, self._table, _KEYS[self._kind])
        systems = self._systems()
        solution, changing = self._kind is CardKind.SOLUTION, self._kind is not CardKind.CONCEPT
        risk = self._risk() if changing else CardRisk.READ
        shell = _SHELL_OF.get(systems[0], "sh") if systems else "sh"
        return Card(
            id=self._id(), kind=self._kind, title=self._word("title"), systems=systems, risk=risk, source=source,
            family=self._table.get("family") or self._read.word((), self._read.tree, "family"),
            services=self._words("services"), symptoms=self._words("symptoms", needed=changing),
            errors=self._errors(),
            checks=tuple(_step(f"$ {one}" if not _COMMAND.match(one) else one, shell) for one in self._words("checks")),
            cause=self._word("cause" if solution else "text", needed=solution or not changing),
            fix=tuple(_step(one, shell) for one in self._words("fix" if solution else "steps", needed=changing)),
            rollback=self._word("rollback", needed=changing and risk is not CardRisk.READ),
            verify=self._word("verify", needed=changing), references=self._words("references"),
        )  # fmt: skip

    def _id(self) -> str:
        found = self._word("id")
        if found and not _ID.fullmatch(found):
            self._complain("id", f"{found[:60]!r} is no id.", "Write small letters and digits joined by -.")
        return found

    def _systems(self) -> tuple[CardSystem, ...]:
        path, table = (self._path, self._table) if "systems" in self._table else ((), self._read.tree)
        return tuple(CardSystem(one) for one in self._read.words(path, table, "systems", CardSystem)) or (
            CardSystem.ANY,
        )

    def _risk(self) -> CardRisk:
        try:
            return CardRisk(self._table.get("risk", ""))
        except ValueError:
            self._complain("risk", "It is missing, or no grade.", f"Allowed are {', '.join(CardRisk)}.")
            return CardRisk.READ

    def _errors(self) -> tuple[ErrorPattern, ...]:
        found = []
        for one in self._words("errors"):
            pattern, _, example = one.partition(" :: ")
            said = pattern_fault(pattern, example)
            if said:
                self._complain("errors", f"{pattern[:80]!r}: {said}", "Write it as in 'No space :: No space left'.")
            else:
                found.append(ErrorPattern(pattern=pattern, example=example))
        return tuple(found)

    def _word(self, key: str, *, needed: bool = True) -> str:
        if key not in _KEYS[self._kind]:
            return ""
        return self._read.word(self._path, self._table, key, needed=needed).strip()

    def _words(self, key: str, *, needed: bool = False) -> tuple[str, ...]:
        found = self._read.words(self._path, self._table, key) if key in _KEYS[self._kind] else ()
        if needed and key not in self._table:
            self._complain(key, "It is missing.", "Write a list of texts.")
        return found

    def _complain(self, key: str, what: str, allowed: str) -> None:
        self._read.complain((*self._path, key), what, allowed)


def pattern_fault(pattern: str, example: str) -> str:
    """Return a sentence on what is wrong with an error pattern, "" when nothing is.

    A group that repeats and holds what repeats at its end can take longer than anybody lives: it is refused.
    """
    if len(pattern) > PATTERN_LIMIT:
        return f"It is longer than {PATTERN_LIMIT} characters."
    if _REPEATED_GROUP.search(pattern):
        return "A repeated group that ends with what repeats can take for ever."
    try:
        expression = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        return f"It is no regular expression: {error}."
    if not example:
        return "It has no example."
    return "" if expression.search(example) else "It does not fit its own example."


def _step(text: str, shell: str) -> CardStep:
    mark = _COMMAND.match(text)
    if not mark:
        return CardStep(text=text)
    return CardStep(text=text[mark.end() :], shell=_SHELLS[mark[1]] if mark[1] else shell)


def write_cards(cards: Iterable[Card]) -> str:
    """Return cards as a text that `read_cards` reads into the same cards."""
    return "\n".join(_written(card) for card in cards)


def _written(card: Card) -> str:
    solution, concept = card.kind is CardKind.SOLUTION, card.kind is CardKind.CONCEPT
    parts: list[tuple[str, str | Sequence[str]]] = [
        ("id", card.id), ("title", card.title), ("family", card.family), ("systems", card.systems),
        ("services", card.services), ("symptoms", card.symptoms),
        ("errors", [f"{one.pattern} :: {one.example}" for one in card.errors]),
        ("checks", [_marked(one) for one in card.checks]), ("text" if concept else "cause", card.cause),
        ("fix" if solution else "steps", [_marked(one) for one in card.fix]),
        ("risk", "" if concept else card.risk), ("rollback", card.rollback), ("verify", card.verify),
        ("references", card.references),
    ]  # fmt: skip
    return "\n".join([f"[[{card.kind}]]", *(f"{key} = {_toml(value)}" for key, value in parts if value), ""])


def _marked(step: CardStep) -> str:
    return _MARK_OF.get(step.shell, "sh$ ") + step.text if step.shell else step.text


def _toml(value: str | Sequence[str]) -> str:
    if not isinstance(value, str):
        return f"[{', '.join(_toml(one) for one in value)}]"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
