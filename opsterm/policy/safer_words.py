"""The words that the table of safer forms is written in: when a row fits, and what it makes of a command."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass

from opsterm.policy.invocation import Invocation

Fits = Callable[[Invocation], bool]
Instead = Callable[[Invocation], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SaferRow:
    """One safer form.

    Attributes:
        why: what is better about it, a clause without its end.
        fits: whether it is for this way of calling the program.
        instead: makes its words; None where there is only something to say.
        keeps: whether all it does is to keep what was there; the way back of a change may do that already.
    """

    why: str
    fits: Fits
    instead: Instead | None = None
    keeps: bool = False


def name_of(command: Invocation) -> str:
    """Return the name of a program without its folder, in lower case."""
    return command.words[0].rpartition("/")[2].lower()


def flags_of(command: Invocation) -> frozenset[str]:
    """Return the options of a command, single letters apart: {"-r", "-f", "--force"}."""
    found: set[str] = set()
    for word in command.words[1:]:
        if word == "--":
            break
        if word.startswith("--"):
            found.add(word.partition("=")[0])
        elif word.startswith("-") and len(word) > 1:
            found |= {f"-{letter}" for letter in word[1:]} | {word}
    return frozenset(found)


def others_of(command: Invocation) -> list[str]:
    """Return the words behind the program that are no options."""
    words = list(command.words[1:])
    if "--" in words:
        at = words.index("--")
        return [word for word in words[:at] if not word.startswith("-")] + words[at + 1 :]
    return [word for word in words if not word.startswith("-") or word == "-"]


def has_any(*wanted: str) -> Fits:
    """Return what is true for a command that has one of some options or words."""
    return lambda command: bool(flags_of(command).intersection(wanted) or set(others_of(command)).intersection(wanted))


def begins_with(*wanted: str) -> Fits:
    """Return what is true for a command whose first word behind the options is one of these, and more is said."""
    return lambda command: bool(others_of(command)) and others_of(command)[0].lower() in wanted


def both(first: Fits, second: Fits) -> Fits:
    """Return what is true where two things are."""
    return lambda command: first(command) and second(command)


def not_so(fits: Fits) -> Fits:
    """Return what is true where something is not."""
    return lambda command: not fits(command)


def always(command: Invocation) -> bool:
    """Return True: the row is for every way of calling the program."""
    return bool(command.words)


def words_then_named(*fixed: str) -> Instead:
    """Return what makes these words and all that the command names."""
    return lambda command: [*fixed, *others_of(command)]


def swapped(old: str, *new: str) -> Instead:
    """Return what makes the command itself with one word put in place of another."""
    return lambda command: [one for word in command.words for one in (new if word == old else (word,))]


def moved_aside(command: Invocation) -> list[str]:
    """Return words that move trees into a folder beside the first of them, which is on the same file system."""
    named = others_of(command)
    if not named or any(not name.rstrip("/*") for name in named):
        return []
    folder = posixpath.join(posixpath.dirname(named[0].rstrip("/")) or ".", ".to-delete")
    return ["mkdir", "-p", "--", folder, "&&", "mv", "--", *named, folder + "/"]


def find_listed(command: Invocation) -> list[str]:
    """Return the same search, which prints what it finds and does nothing else."""
    words = list(command.words)
    if "-delete" in words:
        return ["-print" if word == "-delete" else word for word in words]
    at = next((at for at, word in enumerate(words) if word in ("-exec", "-execdir", "-ok")), len(words))
    return [*words[:at], "-print"]


def asked_to_end(command: Invocation) -> list[str]:
    """Return the same words without the signal that no process can answer."""
    hard = ("-9", "-KILL", "-SIGKILL", "--signal=9", "--signal=KILL")
    return [word for word in command.words if word not in hard]


def begins_and_names(text: str) -> Fits:
    """Return what is true for a command whose first word is this, with more behind it."""
    return lambda command: len(others_of(command)) > 1 and others_of(command)[0] == text


def opens_wide(command: Invocation) -> bool:
    """Return whether a mode lets everybody write."""
    first = next(iter(others_of(command)), "")
    return first.lstrip("0") in ("777", "666", "776", "767") or first in ("a+w", "o+w", "a+rwx", "ugo+rwx", "+rwx")


def narrower(command: Invocation) -> list[str]:
    """Return the same change of mode, for owner and group only."""
    named = ["--", *others_of(command)[1:]]
    if flags_of(command) & {"-R", "--recursive"}:
        return [command.words[0], "-R", "u=rwX,g=rX,o=", *named]
    files = "6" in others_of(command)[0] and "7" not in others_of(command)[0]
    return [command.words[0], "640" if files else "750", *named]


def upgrades_all(command: Invocation) -> bool:
    """Return whether a package manager is to upgrade all there is."""
    words = others_of(command)
    return bool(words) and words[0] in ("upgrade", "update", "dist-upgrade", "full-upgrade") and len(words) == 1


def is_at_once(command: Invocation) -> bool:
    """Return whether a shutdown leaves nobody the time to call it off."""
    return "now" in command.words or "+0" in command.words or len(command.words) == 1


def units_then(*verb: str) -> Instead:
    """Return what makes a call of systemctl for the same units."""
    return lambda command: ["systemctl", *verb, *others_of(command)[1:]]


def checked_rules(command: Invocation) -> list[str]:
    """Return words that only check a file of rules."""
    words = others_of(command)
    return ["nft", "-c", "-f", words[0]] if words else []
