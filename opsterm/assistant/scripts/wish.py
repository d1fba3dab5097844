"""What a wish for a script says: which task, in which language, with which values. It asks back where two tasks fit.

Nothing is guessed beyond the tasks that are there: a wish that fits none gets the names of those that are near.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from opsterm.assistant.scripts.slots import canonical_values, values_in, without_values
from opsterm.assistant.scripts.tasks import TaskNames, ranked
from opsterm.changes.scripts.task import TITLES, Language, ScriptTask

SURE = 0.62
"""From this score on a task is the one that is meant."""
NEAR = 0.3
"""From this score on a task is named as near."""
APART = 0.08
"""Two tasks whose scores are closer than this are asked about."""
SHOWN_NEAR = 4
MOST_TRIED = 8
FITTING = 1.15
"""What a score is worth more when all is said that the task has to be told."""

_LANGUAGES: Mapping[Language, re.Pattern[str]] = {
    Language.POWERSHELL: re.compile(r"\b(?:power ?shell|ps1|pwsh|posh)\b", re.IGNORECASE),
    Language.PYTHON: re.compile(r"\b(?:python3?|py)\b", re.IGNORECASE),
    Language.BASH: re.compile(r"\b(?:bash|shell|sh)\b", re.IGNORECASE),
}
_SYSTEMS: Mapping[Language, re.Pattern[str]] = {
    Language.POWERSHELL: re.compile(r"\b(?:windows|win\d*|active directory|iis)\b", re.IGNORECASE),
    Language.BASH: re.compile(r"\b(?:linux|unix|debian|ubuntu|rhel|centos|alma|rocky|suse)\b", re.IGNORECASE),
}
_INTO = re.compile(
    r"\b(?:convert|translate|port|rewrite|redo|turn)\b.*?"
    r"\b(?:to|into|in|as)\s+(power ?shell|pwsh|python3?|bash|shell)\b",
    re.IGNORECASE,
)
_CHECK = re.compile(r"\b(?:check|dry[- ]run)[- ](?:only|mode)\b|\bcheck=yes\b|\bdry[- ]run\b", re.IGNORECASE)
_LIMIT = re.compile(r"\blimit_s=(\d+)\b|\btime ?-?out(?: of)? (\d+) ?s(?:ec(?:onds?)?)?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class WishedScript:
    """What is wished for.

    Attributes:
        task: id of the task, "" when none is sure.
        language: what it is to be written in, None with no task.
        values: by the names of parameters, as they were said.
        limit_s: seconds that it may take, 0 when not said.
        only_check: whether the text itself is to change nothing.
        notes: what was assumed, whole sentences.
        question: what is asked back, "" for nothing.
        near: ids of tasks that are near, the nearest first, when none is sure.
    """

    task: str = ""
    language: Language | None = None
    values: Mapping[str, str]
    limit_s: int = 0
    only_check: bool = False
    notes: tuple[str, ...] = ()
    question: str = ""
    near: tuple[str, ...] = ()


def language_in(words: str) -> Language | None:
    """Return the language that words name, the one into which something is converted first; None for none."""
    into = _INTO.search(words)
    for language, shape in _LANGUAGES.items():
        if shape.search(into[1] if into else words):
            return language
    return None


def read_wish(words: str, tasks: Mapping[str, ScriptTask], index: TaskNames | None = None) -> WishedScript:
    """Return what is wished for. Never raises; takes a millisecond or two.

    Args:
        words: what was said, or a line of `WrittenScript.line`.
        tasks: by their ids.
        index: their words, where they are at hand.
    """
    plain = words.lower().split()
    named = next((word for word in plain if "-" in word and word in tasks), "")
    if not named and len(plain) <= 2 + words.count("="):  # "bash memory threshold=90"; in a sentence it is a word
        named = next((word for word in plain if word in tasks), "")
    if named:
        return _of_task(words, tasks[named], spoken=False)
    ranking = ranked(without_values(_plain(words)), index or TaskNames(tasks.values()))
    found = sorted(
        ((one, score * _fits(words, tasks[one])) for one, score in ranking[:MOST_TRIED]), key=lambda t: -t[1]
    )
    near = tuple(task for task, score in found[:SHOWN_NEAR] if score >= NEAR)
    if not found or found[0][1] < SURE:
        return WishedScript(values={}, near=near, question="" if near else "For which task?")
    first, best = found[0]
    rivals = [task for task, score in found[:SHOWN_NEAR] if best - score < APART]
    language = language_in(words)
    if language is not None and len(rivals) > 1:
        rivals = [task for task in rivals if language in tasks[task].texts] or rivals
    if len(rivals) > 1:
        said = " or ".join(f"{tasks[one].title} ({one})" for one in rivals)
        return WishedScript(values={}, near=tuple(rivals), question=f"Which of them: {said}?")
    return _of_task(words, tasks[rivals[0] if rivals else first], spoken=True)


def _fits(words: str, task: ScriptTask) -> float:
    """Return 1, or less when the words do not say a value that the task has to be told."""
    needed = [one.name for one in task.parameters if one.default is None]
    if not needed:
        return 1.0
    values, _ = values_in(words, task)
    return FITTING if all(name in values for name in needed) else 1.0


def _plain(words: str) -> str:
    """Return words without those that say that a script is wanted, and in which language."""
    for shape in (_INTO, *_LANGUAGES.values(), *_SYSTEMS.values(), _CHECK, _LIMIT):
        words = shape.sub(" ", words)
    return words


def _of_task(words: str, task: ScriptTask, *, spoken: bool) -> WishedScript:
    notes: list[str] = []
    language = _language(words, task, notes)
    given = canonical_values(words, task)
    if spoken or not given:
        values, unused = values_in(words, task)
        given = {**values, **given}
        notes += _assumed(task, language, given)
        if unused:
            notes.append(f"Not used: {', '.join(unused)}.")
    limit = _LIMIT.search(words)
    missing = [one for one in task.parameters if one.name not in given and one.default_in(language) is None]
    question = " ".join(f"Which {one.name}: {one.about}?" for one in missing)
    return WishedScript(
        task=task.id, language=language, values=given, notes=tuple(notes), question=question,
        limit_s=int(limit[1] or limit[2]) if limit else 0, only_check=bool(_CHECK.search(words)),
    )  # fmt: skip


def _language(words: str, task: ScriptTask, notes: list[str]) -> Language:
    """Return the language that is said, or that the system says, or the first that there is; a guess is noted."""
    said = language_in(words)
    if said is not None:
        return said
    by_system = next((one for one, shape in _SYSTEMS.items() if shape.search(words) and one in task.texts), None)
    chosen = by_system or next(iter(task.texts))
    others = [TITLES[one] for one in task.texts if one is not chosen]
    more = f" It is there in {_listed(others)} as well." if others else ""
    notes.append(f"No language was said, so it is in {TITLES[chosen]}.{more}")
    return chosen


def _assumed(task: ScriptTask, language: Language, given: Mapping[str, str]) -> Iterable[str]:
    usual = [
        f"{one.name} {one.default_in(language)}"
        for one in task.parameters
        if one.name not in given and one.default_in(language)
    ]
    if usual:
        yield f"Assumed: {', '.join(usual)}."


def _listed(words: Sequence[str]) -> str:
    return " and ".join(words)
