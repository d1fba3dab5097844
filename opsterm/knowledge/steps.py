"""The steps of a card as commands: which words of it stand for something, and how they are filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.knowledge.card import Card, CardStep

_CAPITALS = re.compile(r"(?<![\w$%-])[A-Z][A-Z0-9_]+(?![\w=-])")
_VALUE = re.compile(r"[A-Za-z0-9_./:@%+,=-]{1,200}")
_IN_SQL = frozenset({"NAME", "PID", "TABLENAME", "IDX", "DATAFILE", "USER", "REPLICA", "LOGIN", "COLUMN"})
_AS_THEY_ARE = frozenset(re.findall(r"\w+", """
    SRV HKLM HKCU OPTIONS TXT SOA SOFTWARE DNS MX CAA CPU ALL HTTP HTTPS DEFAULT AVC DEL COLLSCAN POST PUT GET HEAD
    DELETE XFS FORWARD INPUT OUTPUT ACCEPT DROP REJECT CIFS EDAC ARG_MAX VM GC SYSTEM DFS SYSVOL MSSQL PRINTERS TCP UDP
    OI CI NT L1 TERM KILL HUP INT CONT STOP USR1 USR2 UTC TLS SSL ESTAB LISTEN NTP
"""))  # fmt: skip


def fillings(step: CardStep) -> Sequence[str]:
    """Return the words of a command in capitals that stand for what the operator puts there, each once, in order."""
    if not step.shell:
        return ()
    unquoted = re.sub(
        r"(?:-o|--format|--output)[ =]\S*,\S*", " ", step.text
    )  # columns to be shown are no words to fill
    found = dict.fromkeys(match[0] for match in _CAPITALS.finditer(unquoted))
    if step.shell == "sql":
        return [word for word in found if word in _IN_SQL]
    return [word for word in found if word not in _AS_THEY_ARE]


def filled(step: CardStep, values: Mapping[str, str]) -> str:
    """Return the command of a step with its words filled in.

    Args:
        step: a command.
        values: word -> what is put there: one word of a shell, without anything that a shell would read.

    Raises:
        BadInput: a word has no value, a value is for no word, or would be more than one word of the shell.
    """
    wanted = fillings(step)
    for name, value in values.items():
        if name not in wanted:
            there = ", ".join(wanted) or "nothing to fill in"
            raise BadInput(f"The step has no {clean_line(name)[:40]}.", why=f"It has {there}: {step.text}")
        if not _VALUE.fullmatch(value):
            raise BadInput(
                f"{clean_line(value)[:60]!r} cannot stand for {name}.",
                why="A value is one word: letters, digits and _ . / : @ % + , = -.",
                next_step="For anything else propose the command itself: opsterm propose.",
            )
    missing = [name for name in wanted if name not in values]
    if missing:
        given = " ".join(f"--with {name}=…" for name in missing)
        raise BadInput(f"Say what {' and '.join(missing)} is in: {step.text}", next_step=f"Add {given}")
    return _CAPITALS.sub(lambda match: values.get(match[0], match[0]), step.text)


def step_of(card: Card, number: int) -> CardStep:
    """Return a step of a card that is a command. Raises BadInput."""
    if not 1 <= number <= len(card.fix):
        raise BadInput(f"Card {card.id} has {len(card.fix)} steps, and no step {number}.")
    step = card.fix[number - 1]
    if not step.shell:
        raise BadInput(
            f"Step {number} of {card.id} is no command: {step.text}", why="It is for a person to do.",
            next_step=_commands_text(card),
        )  # fmt: skip
    return step


def commands_of(card: Card) -> Sequence[int]:
    """Return the numbers of the steps that are commands."""
    return [number for number, step in enumerate(card.fix, 1) if step.shell]


def _commands_text(card: Card) -> str:
    numbers = ", ".join(str(number) for number in commands_of(card))
    return f"Commands are its steps {numbers}." if numbers else "None of its steps is a command."


def guessed(step: CardStep, card: Card, words: str) -> Mapping[str, str]:
    """Return what an operator's text plainly says of the words of a step: a unit, a mount, a host with its port.

    Only what stands in the text is taken, and never anything that a shell would read; it is shown before it counts.
    """
    found: dict[str, str] = {}
    for name in fillings(step):
        pattern = _SAID.get(name)
        match = pattern.search(words) if pattern else None
        value = match[1] if match else ""
        if name == "NAME" and not value:
            value = next(
                (one for one in card.services if re.search(rf"\b{re.escape(one)}\b", words, re.IGNORECASE)), ""
            )
        if value and _VALUE.fullmatch(value):
            found[name] = value
    return found


_UNIT = re.compile(r"\b([A-Za-z0-9][\w@-]*)\.service\b")
_SAID: Mapping[str, re.Pattern[str]] = {
    "NAME": _UNIT, "APP": _UNIT,
    "DEVICE": re.compile(r"(/dev/[\w./-]+)"),
    "PID": re.compile(r"\bpid[ =:]*(\d+)", re.IGNORECASE),
    "PORT": re.compile(r"\bport[ =:]*(\d{1,5})\b", re.IGNORECASE),
}  # fmt: skip
