"""A script explained line by line: by its constructs, and by the commands that our own reading finds on each line.

What no row knows is said to be not explained; nothing is made up. What is said of a command is what it is for, and
not whether it works.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from opsterm.changes.scripts.constructs import COMMENTS, CONSTRUCTS, Construct
from opsterm.changes.scripts.program_words import BASH_WORDS, POWERSHELL_WORDS, PYTHON_WORDS
from opsterm.changes.scripts.task import Language
from opsterm.changes.scripts.written import runnable
from opsterm.policy.effect_sentences import sentences_of
from opsterm.policy.effects import Effect, EffectKind
from opsterm.policy.understanding import understand

NOT_EXPLAINED = "not explained"
REMARK = "a remark for who reads it"

_WORDS: Mapping[Language, Mapping[str, str]] = {
    Language.BASH: BASH_WORDS, Language.POWERSHELL: POWERSHELL_WORDS, Language.PYTHON: PYTHON_WORDS,
}  # fmt: skip
_CALLED = re.compile(r"\b((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)\s*\(")
_KEYWORDS = frozenset({"if", "elif", "while", "return", "in", "and", "or", "not", "except", "print", "for", "with"})
_SAID_BY_CONSTRUCTS = frozenset({"exit", "set", "trap", "continue", "break", "return", ":", "read"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedLine:
    """One line and what it does.

    Attributes:
        number: 1 and up.
        text: as written.
        says: half sentences, () for a blank one; (NOT_EXPLAINED,) for what no row knows.
    """

    number: int
    text: str
    says: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether something could be said of all that is in it."""
        return not any(said.endswith(NOT_EXPLAINED) for said in self.says)


def explain_script(text: str, language: Language) -> Sequence[ExplainedLine]:
    """Return every line of a script with what it does. Never raises."""
    commands, effects = _by_line(text, language)
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    remarks = _remarks(lines) if language is Language.PYTHON else frozenset()
    return [
        ExplainedLine(
            number=number, text=line,
            says=(REMARK,) if number in remarks
            else tuple(dict.fromkeys(_of_line(line, language, commands[number], effects[number]))),
        )
        for number, line in enumerate(lines, 1)
    ]  # fmt: skip


def _remarks(lines: Sequence[str]) -> frozenset[int]:
    """Return the numbers of the lines of a text in three quotes that stands by itself."""
    found, inside = set(), False
    for number, line in enumerate(lines, 1):
        bare = line.strip()
        begins = not inside and bare.lstrip("rR").startswith('"""')
        if inside or begins:
            found.add(number)
        if begins:
            inside = bare.count('"""') == 1
        elif inside:
            inside = '"""' not in bare
    return frozenset(found)


def _of_line(line: str, language: Language, commands: Sequence[str], effects: Sequence[str]) -> Iterator[str]:
    bare = line.strip()
    if not bare:
        return
    if bare.startswith(COMMENTS[language]):
        yield REMARK
        return
    said = list(_constructs(bare, CONSTRUCTS[language]))
    for name in commands or (_python_names(bare) if language is Language.PYTHON else ()):
        words = _WORDS[language].get(name, "")
        said.append(f"{name}: {words or NOT_EXPLAINED}")
    yield from [*said, *effects] or [NOT_EXPLAINED]


def _constructs(line: str, rows: Sequence[Construct]) -> Iterator[str]:
    for shape, words in rows:
        match = shape.search(line)
        if match is not None:
            yield match.expand(words) if "\\" in words else words


def _python_names(line: str) -> Iterator[str]:
    """Yield what a line of Python calls: with its module where that is known, a method by a dot and its name."""
    code = re.sub(r"[rf]?\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", '""', line)
    for match in _CALLED.finditer(code):
        name = match[1]
        if name in PYTHON_WORDS:
            yield name
        elif code[: match.start()].endswith("def ") or name in _KEYWORDS:
            continue
        else:
            method = f".{name.rpartition('.')[2]}"
            yield method if method in PYTHON_WORDS and ("." in name or code[: match.start()].endswith(".")) else name


def _by_line(text: str, language: Language) -> tuple[Mapping[int, Sequence[str]], Mapping[int, Sequence[str]]]:
    """Return the commands and the grave effects of each line, as our own reading finds them."""
    run, shell = runnable(text, language)
    found = understand(run, shell)
    commands: dict[int, list[str]] = defaultdict(list)
    effects: dict[int, list[Effect]] = defaultdict(list)
    if language is not Language.PYTHON:
        for one in found.commands:
            name = one.words[0].rsplit("/", 1)[-1] if one.words else ""
            here = commands[_line(run, one.span.start)]
            if name and name not in here and name not in _SAID_BY_CONSTRUCTS:
                here.append(name)
        for effect in found.effects:
            if effect.kind is not EffectKind.READ:
                effects[_line(run, effect.span.start)].append(effect)
    said = {line: [one.rstrip(".") for one in sentences_of(there)] for line, there in effects.items()}
    return commands, defaultdict(list, said)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
