"""What this program measures, by the words of a sentence: "check disk … if over 85 %", "if memory is over 90 %"."""

from __future__ import annotations

import re

from opsterm.changes.job_notice import FREE, JobNotice
from opsterm.monitoring.condition import MeasuredCondition

_METRICS: tuple[tuple[str, str, bool], ...] = (
    (r"inodes?", "fs.inodes_used_percent", True),
    (r"swap", "swap.used_percent", True),
    (r"mem(?:ory)?|ram", "memory.used_percent", True),
    (r"io-?wait|waiting for disks?", "cpu.iowait_percent", True),
    (r"cpus?|processors?", "cpu.used_percent", True),
    (r"load per core", "load.per_core", False),
    (r"load(?: average)?", "load.1m", False),
    (
        r"disks?|drives?|volumes?|file ?systems?|partitions?|mounts?|mount points?|storage|space",
        "fs.used_percent",
        True,
    ),
    (r"open files|file descriptors", "process.open_files_percent", True),
    (r"failed units", "systemd.failed_units", False),
    (r"process(?:es)?", "process.count", False),
)
"""Words, the metric, and whether it is a part of a whole in percent."""
_LOOKS = re.compile(
    r"^(?:check|watch|monitor|look at|look after|measure|see|keep an eye on|observe|verify|test|probe)\b"
    r"|\b(?:check|usage|monitoring)$",
    re.IGNORECASE,
)
_MOUNT = re.compile(r"(?<!\S)(/[\w./-]*)")
_OPPOSITE = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


def is_look(words: str) -> bool:
    """Return whether a task is to look at something, and no more."""
    return _LOOKS.search(words) is not None


def measured_of(notice: JobNotice, *texts: str) -> MeasuredCondition | None:
    """Return the condition that a notice about figures is, of what is measured here; None when it is of nothing such.

    Args:
        notice: about figures.
        texts: words that say of what, the likeliest first.
    """
    for text in texts:
        for words, metric, percent in _METRICS:
            if re.search(rf"\b(?:{words})\b", text, re.IGNORECASE):
                return _condition(notice, metric, " ".join(texts), percent=percent)
    return None


def _condition(notice: JobNotice, metric: str, text: str, *, percent: bool) -> MeasuredCondition | None:
    if percent and not 0 <= notice.value <= 100:
        return None
    mount = _MOUNT.search(text) if metric.startswith("fs.") else None
    compare, value = notice.compare, notice.value
    if notice.field == FREE:
        compare, value = _OPPOSITE[compare], 100.0 - value
    return MeasuredCondition(metric=metric, item=mount[1] if mount else "", compare=compare, value=value)
