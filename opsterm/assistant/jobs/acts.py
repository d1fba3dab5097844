"""Sentences about jobs that there are: "pause j3", "what runs tonight?", "cancel the disk check"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsterm.assistant.vocabulary import words


class JobVerb(StrEnum):
    """What is wanted of jobs."""

    LIST = "list"
    SHOW = "show"
    PAUSE = "pause"
    RESUME = "resume"
    REMOVE = "remove"
    RUN = "run"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAct:
    """What is wanted of which jobs.

    Attributes:
        verb: what.
        names: of the jobs that the words fit, as in "j3"; several when they do not tell.
        every: whether all jobs are meant.
        words: those that say which, "" for none.
        time: the words of LIST that say when, "" for any time.
    """

    verb: JobVerb
    names: tuple[str, ...] = ()
    every: bool = False
    words: str = ""
    time: str = ""


_VERBS: Mapping[str, JobVerb] = {
    "pause": JobVerb.PAUSE, "hold": JobVerb.PAUSE, "suspend": JobVerb.PAUSE, "disable": JobVerb.PAUSE,
    "stop": JobVerb.PAUSE, "resume": JobVerb.RESUME, "unpause": JobVerb.RESUME, "continue": JobVerb.RESUME,
    "enable": JobVerb.RESUME, "cancel": JobVerb.REMOVE, "remove": JobVerb.REMOVE, "delete": JobVerb.REMOVE,
    "drop": JobVerb.REMOVE, "run": JobVerb.RUN, "start": JobVerb.RUN, "trigger": JobVerb.RUN, "show": JobVerb.SHOW,
    "describe": JobVerb.SHOW,
}  # fmt: skip
_BY_WORDS = frozenset({JobVerb.PAUSE, JobVerb.RESUME, JobVerb.REMOVE})
_JOB = re.compile(r"\bj(\d{1,9})\b|\b(?:job|schedule)\s+#?(\d{1,9})\b", re.IGNORECASE)
_JOBS = re.compile(r"\b(?:jobs?|schedules?|scheduled|planned|recurring)\b", re.IGNORECASE)
_ALL = re.compile(
    r"\b(?:all|every)\b(?:\s+\w+)?\s+(?:jobs?|schedules?)\b|\ball of them\b|\beverything\b", re.IGNORECASE
)
_LIST = re.compile(
    r"^(?:please\s+)?(?:(?:list|show)(?: me)?\s+(?:all |the |my |our )*(?:scheduled |planned |recurring )*"
    r"(?:jobs|schedules?)\b"
    r"|(?:which|what)\s+(?:scheduled |planned )*jobs?\b|(?:what|which)(?:'s| is| are| will be)?\s+"
    r"(?:scheduled|planned|due|going to run|run(?:s|ning)? by schedule)\b"
    r"|what\s+(?:runs|will run|is running|happens)\s+"
    r"(?=(?:tonight|today|tomorrow|(?:in the )?next|this|at \d|(?:on |over |at )?the weekend)\b)"
    r"|when (?:does|will|do|is) (?P<when>.+?)\s+(?:run|due|next)\b)",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(tonight|today|tomorrow|this week|next week|this month|(?:on |over |at |for )*(?:the )?(?:this |next )?weekend"
    r"|(?:in the )?next (?:\d+ )?(?:hours?|days?|week))\b",
    re.IGNORECASE,
)
_LEAD = re.compile(r"^(?:please|can you|could you|would you|now|and|ok|okay)\b[\s,]*", re.IGNORECASE)
_SAYS_NOTHING = words(
    "the a an my our this that job jobs schedule schedules scheduled recurring run runs now again please of on for by "
    "with planned script task until"
)


def read_job_act(text: str, jobs: Sequence[str]) -> JobAct | None:
    """Return what a sentence wants of jobs, None when it is about none.

    Args:
        text: the sentence.
        jobs: of each job its name, what it does and its phrase, in one text: "j3 check disk space on web-01 weekly".
    """
    said = _LEAD.sub("", text.strip()).rstrip("?.!, ")
    listed = _LIST.match(said)
    if listed is not None:
        time = _TIME.search(said)
        named = f"j{number[1] or number[2]}" if (number := _JOB.search(said)) else ""
        which = listed["when"] or ""
        fits = (named,) if named else _fitting(which, jobs) if which else ()
        if which and not fits and not _JOBS.search(which):
            return None
        return JobAct(verb=JobVerb.LIST, names=fits, words=which, time=time[0].lower() if time else "")
    first, _, rest = said.partition(" ")
    verb = _VERBS.get(first.lower())
    if verb is None or "`" in rest:
        return None
    if _ALL.search(rest) and _JOBS.search(rest):
        return JobAct(verb=verb, every=True, words=rest)
    numbers = [f"j{found[1] or found[2]}" for found in _JOB.finditer(rest)]
    if numbers:
        return JobAct(verb=verb, names=tuple(dict.fromkeys(numbers)), words=rest)
    fits = _fitting(rest, jobs)
    if fits and (verb in _BY_WORDS or _JOBS.search(rest)):
        return JobAct(verb=verb, names=fits, words=rest)
    return JobAct(verb=verb, words=rest) if verb in _BY_WORDS and _JOBS.search(rest) else None


def _fitting(said: str, jobs: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the jobs in which every word that says something occurs."""
    wanted = [word for word in re.findall(r"[a-z0-9_.-]+", said.lower()) if word not in _SAYS_NOTHING]
    if not wanted:
        return ()
    found = []
    for job in jobs:
        there = re.findall(r"[a-z0-9_.-]+", job.lower())
        if all(any(_alike(word, other) for other in there) for word in wanted):
            found.append(job.partition(" ")[0])
    return tuple(found)


def _alike(word: str, other: str) -> bool:
    return word == other or (len(word) > 3 and (other.startswith(word.rstrip("s")) or word.startswith(other + "s")))
