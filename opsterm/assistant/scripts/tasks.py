"""Which task a sentence speaks of: words that its names share with the sentence, rare ones counting more."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from opsterm.changes.scripts.task import ParameterKind, ScriptTask
from opsterm.knowledge.terms import terms_of

_FILLERS = frozenset(terms_of(
    "a an the script scripts write create make generate build give need want me us please can could you that which "
    "for with to of on in at all my our their its every each any some new simple small quick good show list print "
    "display get report tell let see code program automate automated automatically server servers host hosts machine "
    "machines system systems computer box boxes if are is be do does it this those these there and or when what "
    "language powershell bash python linux windows author draft compose produce prepare one last hours days minutes "
    "weeks past since now today time times"
))  # fmt: skip
"""Words that say nothing of the task, unless one of its names is made of them alone."""

_SAME = {
    "check": "look", "find": "look", "search": "look", "locat": "look", "verify": "look", "monitor": "look",
    "inspect": "look", "test": "look", "detect": "look", "watch": "look", "audit": "look", "delet": "remov",
    "purg": "remov", "clean": "remov", "clear": "remov", "cleanup": "remov", "bigg": "larg", "big": "larg",
    "larger": "larg", "bigger": "larg", "larg": "larg", "largest": "larg", "biggest": "larg", "huge": "larg",
    "director": "folder", "directory": "folder", "directori": "folder", "directories": "folder", "dir": "folder",
    "drive": "disk", "driv": "disk", "storag": "disk", "memor": "memory", "ram": "memory", "cert": "certificat",
    "certificates": "certificat", "daemon": "service", "servic": "service", "account": "user", "expir": "expir",
    "expiry": "expir", "expiration": "expir", "expire": "expir", "processes": "process", "processe": "process",
    "backing": "backup", "bounc": "restart", "reload": "reload", "reboot": "reboot", "stopped": "stop",
    "older": "old", "oldest": "old", "packag": "package", "patches": "update", "patch": "update", "updat": "update",
    "upgrad": "update", "listen": "listen", "listener": "listen", "logon": "login", "logins": "login",
    "log-in": "login", "ssl": "tls", "https": "http", "website": "http", "url": "http", "webpag": "http",
}  # fmt: skip
"""Stems that mean the same here."""

_ACTS = frozenset(
    terms_of("restart stop start delete remove lock unlock enable disable compress rotate install kill back")
) | {"remov"}
"""Words that say that something is done: a task that has none of those that are said is not meant."""
_NOT_DONE, _NOT_KNOWN = 0.5, 0.75
"""What a score is worth when an act was said that the task does not do, or a word that nothing explains."""
_NAMED = frozenset({ParameterKind.NAME, ParameterKind.TEXT})

_VERBS = frozenset({"look", "show"})
"""Words that weigh little: nearly every task begins with one of them."""
_VERB_WEIGHT = 0.15


def words_of(text: str) -> list[str]:
    """Return the words of a text that say what it is about."""
    kept = [_SAME.get(term, term) for term in terms_of(text) if term not in _FILLERS]
    return [term for term in kept if not term[0].isdigit()]


class TaskNames:
    """The names of tasks as sets of words, each with its weight."""

    def __init__(self, tasks: Iterable[ScriptTask]) -> None:
        tasks = list(tasks)
        self.takes_names = {task.id for task in tasks if any(one.kind in _NAMED for one in task.parameters)}
        self.names: list[tuple[str, frozenset[str]]] = [
            (task.id, words)
            for task in tasks
            for name in (task.title, task.id.replace("-", " "), *task.names)
            if (words := frozenset(words_of(name)))
        ]

    @cached_property
    def of_task(self) -> Mapping[str, frozenset[str]]:
        """All words of each task."""
        found: dict[str, set[str]] = {}
        for task, words in self.names:
            found.setdefault(task, set()).update(words)
        return {task: frozenset(words) for task, words in found.items()}

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(word for words in self.of_task.values() for word in words)

    def weight(self, word: str) -> float:
        """Return what a word counts: the fewer tasks have it, the more."""
        if word in _VERBS:
            return _VERB_WEIGHT
        return 1.0 / (1.0 + math.log(max(1, self._counts.get(word, 1))))


def ranked(text: str, index: TaskNames) -> Sequence[tuple[str, float]]:
    """Return (task, score from 0 to 1), the best first: how much of a name is said, and how much is said besides."""
    said = Counter(words_of(text))
    known = {word for word in said if word in index._counts}  # noqa: SLF001 (the two are one)
    total = sum(index.weight(word) for word in said)
    best: dict[str, float] = {}
    for task, words in index.names:
        whole = sum(index.weight(word) for word in words)
        shared = sum(index.weight(word) for word in words & known)
        if not shared or not words & known - _VERBS:
            continue
        of_name, of_text = shared / whole, shared / max(total, 0.01)
        score = 0.6 * of_name + 0.4 * min(1.0, of_text)
        best[task] = max(best.get(task, 0.0), score)
    for task in best:
        if any(word in _ACTS and word not in index.of_task[task] for word in said):
            best[task] *= _NOT_DONE
        if task not in index.takes_names and any(word not in known for word in said):
            best[task] *= _NOT_KNOWN
    return sorted(best.items(), key=lambda one: (-one[1], one[0]))
