"""What the programs of Windows do when they are called with these words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from opsterm.policy.effect_notes import EffectNotes
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.win32 import program_rows, tool_rows
from opsterm.policy.win32.places import WindowsPlace, place_of

_WAYS_IN = re.compile(r"openssh|winrm|remoteaccess|remote-?desktop", re.IGNORECASE)
Span = tuple[int, int]
Deed = tuple[EffectKind, Certainty]


@dataclass(frozen=True, slots=True)
class ProgramRow:
    """One way of calling a program: see `program_rows`. `place` is -1 where no word is the object."""

    words: tuple[frozenset[str], ...]
    needs: tuple[frozenset[str], ...]
    never: tuple[frozenset[str], ...]
    deeds: tuple[Deed, ...]
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsProgramCall:
    """A program that is started.

    Attributes:
        name: without folder and `.exe`, in lower case.
        words: behind it, as written without quotes; a piece that is known only when it runs is "?".
        span: what shows it.
        notes: where effects go.
        run: takes a text that the program hands to a shell, and the shell's name.
    """

    name: str
    words: tuple[str, ...]
    span: Span
    notes: EffectNotes
    run: Callable[[str, str], None]

    @property
    def lower(self) -> tuple[str, ...]:
        """The words in lower case."""
        return tuple(word.lower() for word in self.words)

    def note(self, kind: EffectKind, what: str, certainty: Certainty = Certainty.CERTAIN) -> None:
        """Note an effect of the whole call."""
        self.notes.add(kind, what, self.span, certainty)


def program_name(word: str) -> str:
    """Return the name of a program as the tables have it: no folder, no `.exe`, lower case."""
    name = word.strip().strip('"').replace("/", "\\").rpartition("\\")[2].lower()
    for ending in (".exe", ".com"):
        name = name.removesuffix(ending)
    return name


def plain_words(words: Sequence[str]) -> list[str]:
    """Return the words that are no switches."""
    return [word for word in words if not word.startswith(("/", "-"))]


def behind(words: Sequence[str], *options: str) -> str:
    """Return what stands behind an option, in the same word behind `:` or as the next word; "" for none."""
    for place, word in enumerate(words):
        lower = word.lower().replace("-", "/", 1) if word.startswith("-") else word.lower()
        for option in options:
            if lower == option:
                return words[place + 1] if place + 1 < len(words) else ""
            if lower.startswith(f"{option}:"):
                return word[len(option) + 1 :]
    return ""


def note_by_rows(call: WindowsProgramCall) -> bool:
    """Note what the first fitting row says; tell whether the program is in the table at all."""
    rows = _PROGRAMS.get(call.name)
    if rows is None:
        return False
    if "/?" in call.words or "-?" in call.words:
        call.note(EffectKind.READ, call.name)
        return True
    row = next((row for row in rows if _fits(row, call.lower)), None)
    if row is None:
        call.notes.hide(f"This way of calling {call.name} is not known.")
        return True
    objects = [word for word in call.words[len(row.words) :] if not word.startswith(("/", "-"))]
    what = objects[row.place] if 0 <= row.place < len(objects) else " ".join(call.words[: len(row.words)])
    for kind, certainty in row.deeds:
        call.note(kind, what, certainty)
        if rests_on(kind, " ".join(call.words) if kind is EffectKind.PACKAGE_REMOVE else what):
            call.note(EffectKind.LOCKOUT, what, Certainty.LIKELY)
    return True


_HANDED = re.compile(
    r"(?:https?|ftp|file|ms-[a-z-]+):|^\\\\[^\\]|\.(?:exe|dll|ocx|cpl|ps1|psm1|bat|cmd|vbs|vbe|js|jse|hta|wsf|sct|inf|msi|xsl|cs|csproj"
    r"|py|scr|com)\b",
    re.IGNORECASE,
)


def note_unknown(said: str, call: WindowsProgramCall) -> None:
    """Note a program that is not known, and that it may run the program, script or address that it is handed."""
    call.notes.hide(f"What {said[:60]!r} does is not known.")
    handed = next((word for word in call.words if _HANDED.search(word)), "")
    if handed:
        call.note(EffectKind.REMOTE_CODE, handed, Certainty.POSSIBLE)


def rests_on(kind: EffectKind, what: str) -> bool:
    """Tell whether the way to the target rests on something whose rights are changed, or that is removed."""
    if kind in (EffectKind.PERM, EffectKind.OWNER):
        return place_of(what) is WindowsPlace.ACCESS
    return kind is EffectKind.PACKAGE_REMOVE and bool(_WAYS_IN.search(what))


def _fits(row: ProgramRow, words: Sequence[str]) -> bool:
    first, rest = words[: len(row.words)], words[len(row.words) :]
    if len(first) < len(row.words) or not all(_is(word, known) for word, known in zip(first, row.words, strict=True)):
        return False
    if not all(any(_is(word, known) for word in rest) for known in row.needs):
        return False
    return not any(_is(word, known) for word in rest for known in row.never)


def _is(word: str, known: frozenset[str]) -> bool:
    """Tell whether a word is one of those of a row; `-x` stands for `/x`, as most programs take it."""
    spellings = (word, f"/{word[1:]}") if word.startswith("-") else (word,)
    return any(spelling in known for spelling in spellings) or any(
        _matches(spelling, form) for form in known if "*" in form for spelling in spellings
    )


def _matches(word: str, form: str) -> bool:
    if form == "?*":
        return bool(word)
    if form.startswith("*") and form.endswith("*"):
        return form.strip("*") in word
    return word.endswith(form[1:]) if form.startswith("*") else word.startswith(form.removesuffix("*"))


def _parse() -> Mapping[str, Sequence[ProgramRow]]:
    table: dict[str, list[ProgramRow]] = defaultdict(list)
    for line in (program_rows.ROWS + tool_rows.ROWS).strip().splitlines():
        if not line:
            continue
        left, _, right = line.partition(" = ")
        programs, *words = left.split()
        deeds = [word for word in right.split() if not word.startswith("@")]
        place = next((word[1:] for word in right.split() if word.startswith("@")), "0")
        row = ProgramRow(
            words=tuple(frozenset(w.split("|")) for w in words if w[0] not in "+!"),
            needs=tuple(frozenset(w[1:].split("|")) for w in words if w[0] == "+"),
            never=tuple(frozenset(w[1:].split("|")) for w in words if w[0] == "!"),
            deeds=tuple(_deed(word) for word in deeds),
            place=-1 if place == "-" else int(place),
        )
        for program in programs.split("|"):
            table[program].append(row)
    return table


def _deed(word: str) -> Deed:
    kind, _, certainty = word.partition(":")
    return EffectKind(kind), Certainty(certainty or "certain")


_PROGRAMS = _parse()


def is_program(name: str) -> bool:
    """Tell whether the table has a program of this name."""
    return name in _PROGRAMS
