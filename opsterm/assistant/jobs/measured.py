"""What this program measures, by the words of a sentence: "check disk … if over 85 %", "if memory is over 90 %"."""

from __future__ import annotations

import re

from opsterm.assistant.jobs.notices import ToldWords
from opsterm.assistant.vocabulary import words
from opsterm.changes.job_notice import FREE
from opsterm.core.errors import BadInput
from opsterm.monitoring.condition import MeasuredCondition

_METRICS: tuple[tuple[str, str, str], ...] = (
    (r"inodes?", "fs.inodes_used_percent", ""),
    (r"swap(?: space| memory)?", "swap.used_percent", ""),
    (r"mem(?:ory)?|ram", "memory.used_percent", ""),
    (r"(?:cpus? )?io[ -]?wait|(?:cpus? )?waiting for disks?", "cpu.iowait_percent", ""),
    (r"cpus?|processors?", "cpu.used_percent", ""),
    (r"(?:system )?load per core", "", "load.per_core"),
    (r"(?:system )?load(?: average)?", "", "load.1m"),
    (
        r"(?:disks?|drives?|volumes?|file ?systems?|partitions?|mounts?|mount points?|storage)(?: space)?|space",
        "fs.used_percent", "",
    ),
    (r"open files|file descriptors", "process.open_files_percent", "process.open_files"),
    (r"failed units", "", "systemd.failed_units"),
    (r"(?:running )?process(?:es)?", "", "process.count"),
)  # fmt: skip
"""All the words for a metric, the one of them that is a part of a whole in percent, and the one that is counted."""
_FILLERS = words(
    "is are be was gets get goes go becomes become rises falls drops to the a an any its it this there has have usage "
    "use used utilization utilisation free available left full percent of on in number count value level"
)
_OF_A_TASK = words("check watch monitor monitoring look at after measure see keep eye observe verify test probe that")
_LOOKS = re.compile(
    r"^(?:check|watch|monitor|look at|look after|measure|see|keep an eye on|observe|verify|test|probe)\b"
    r"|\b(?:check|usage|monitoring)$",
    re.IGNORECASE,
)
_MOUNT = re.compile(r"(?<!\S)(/[\w./-]*)")
_ONE_METRIC = "Name one alone, and its unit, as in: memory is over 90 %, or load is over 8."
_OPPOSITE = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


def is_look(task: str) -> bool:
    """Return whether a task is to look at something, and no more."""
    return _LOOKS.search(task) is not None


def measured_of(told: ToldWords, task: str) -> MeasuredCondition | None:
    """Return the condition that a sentence is about, of what is measured here; None when it is of nothing such.

    Args:
        told: says a level.
        task: words of what is to be done: what they name counts where the level names nothing.

    Raises:
        BadInput: it is about something measured, and about more than that, or its figure has another unit.
    """
    about, looked = _named(told.about), _named(task, _OF_A_TASK)
    said = _MOUNT.search(told.about)
    path = said or _MOUNT.search(task)
    named = about or ("disk" if said else looked) or ("disk" if path else "")
    found = next((one for one in _METRICS if re.fullmatch(one[0], named)), None)
    if found is None:
        near = about and (any(re.search(rf"\b(?:{one[0]})\b", about) for one in _METRICS) or _is_metric(looked))
        if near:
            raise BadInput(f"What is {told.about!r}? opsterm does not measure that.", next_step=_ONE_METRIC)
        return None
    metric = found[1] if told.is_percent else found[2]
    notice = told.notice
    assert notice is not None  # noqa: S101 (it says a level)
    if not metric or (told.is_percent and not 0 <= notice.value <= 100):
        unit = "percent" if found[1] else "a number without percent"
        raise BadInput(f"{notice.value:g} of what? {named.capitalize()} is measured in {unit}.", next_step=_ONE_METRIC)
    compare, value = notice.compare, notice.value
    if told.is_percent and notice.field == FREE:
        compare, value = _OPPOSITE[compare], 100.0 - value
    item = path[1] if path is not None and metric.startswith("fs.") else ""
    return MeasuredCondition(metric=metric, item=item, compare=compare, value=value)


def _named(text: str, more: frozenset[str] = frozenset()) -> str:
    """Return what words name when those that name nothing are taken out."""
    plain = re.sub(r"\bor (?:more|less)\b", " ", _MOUNT.sub(" ", text.lower()))
    return " ".join(word for word in plain.split() if word not in _FILLERS and word not in more)


def _is_metric(named: str) -> bool:
    return any(re.fullmatch(one[0], named) for one in _METRICS)
