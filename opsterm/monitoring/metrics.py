"""Every metric opsterm knows: its unit, what it says, and how a pattern names it.

A metric pattern is a name with `*` and `?` ("fs.used_percent", "pressure.*"); an item may follow in brackets and
takes the same wildcards ("fs.used_percent[/var*]"). Without brackets every item matches.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsterm.core.units import value_text
from opsterm.monitoring.sample import SeriesKey


class Kind(StrEnum):
    """How a value moves: any way, or only up until it starts again from 0."""

    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One thing that is measured.

    Attributes:
        name: dotted, as in "fs.used_percent".
        unit: "%", "B", "B/s", "s", "/s" or "" for a plain number; as `core.units.value_text` takes it.
        help: one sentence for people and for Prometheus.
        label: the words an alert or an answer begins with, as in "memory used".
        item: what the item of a series names: "mount", "device", "interface", "cpu"; "" where there is only one.
        kind: gauge or counter.
        bound: the largest value there can be, None when there is no such value.
        every_s: seconds between two readings when they are rarer than the measuring interval; 0 when they are not.
        words: what 0, 1 and so on mean, for a value that is a state and no figure; () for a figure.
    """

    name: str
    unit: str
    help: str
    label: str
    item: str = ""
    kind: Kind = Kind.GAUGE
    bound: float | None = None
    every_s: float = 0.0
    words: tuple[str, ...] = ()


LINK_DOWN, SNMP_TRAP = "net.link_down", "snmp.trap"

SLOW_READING_S = 60.0
"""Seconds between two readings of what costs a child process."""

_TABLE = (
    # name, unit, label, item, help
    ("cpu.used_percent", "%", "cpu", "", "Time the processors were not idle and not waiting for disks."),
    ("cpu.user_percent", "%", "cpu in programs", "", "Processor time in programs, nice ones included."),
    ("cpu.system_percent", "%", "cpu in the kernel", "", "Processor time in the kernel, interrupts included."),
    ("cpu.iowait_percent", "%", "cpu waiting for disks", "", "Processor time idle while a disk was waited for."),
    ("cpu.steal_percent", "%", "cpu stolen", "", "Processor time the hypervisor gave to somebody else."),
    ("cpu.core_percent", "%", "core", "cpu", "Time one processor was not idle and not waiting for disks."),
    ("load.1m", "", "load", "", "Tasks that run or want to, or wait for a disk: mean over 1 minute."),
    ("load.5m", "", "load over 5 m", "", "Tasks that run or want to, or wait for a disk: mean over 5 minutes."),
    ("load.15m", "", "load over 15 m", "", "Tasks that run or want to, or wait for a disk: mean over 15 minutes."),
    ("load.per_core", "", "load per core", "", "Load over 1 minute divided by the number of processors."),
    ("memory.used_percent", "%", "memory used", "", "Memory that is not available to a new program."),
    ("memory.used_bytes", "B", "memory used", "", "Memory that is not available to a new program."),
    ("memory.available_bytes", "B", "memory available", "", "Memory a new program could have without swapping."),
    ("swap.used_percent", "%", "swap used", "", "Part of the swap space that is in use."),
    ("swap.used_bytes", "B", "swap used", "", "Swap space in use."),
    ("pressure.cpu_some_percent", "%", "cpu pressure", "", "Time some task waited for a processor, mean of 10 s."),
    ("pressure.memory_some_percent", "%", "memory pressure", "", "Time some task waited for memory, mean of 10 s."),
    ("pressure.memory_full_percent", "%", "full memory pressure", "",
     "Time all tasks waited for memory at once, mean of 10 s."),
    ("pressure.io_some_percent", "%", "disk pressure", "", "Time some task waited for a disk, mean of 10 s."),
    ("pressure.io_full_percent", "%", "full disk pressure", "",
     "Time all tasks waited for a disk at once, mean of 10 s."),
    ("fs.used_percent", "%", "file system", "mount", "Part of a file system that is used, as df counts it."),
    ("fs.used_bytes", "B", "used on", "mount", "Bytes used on a file system."),
    ("fs.free_bytes", "B", "free on", "mount", "Bytes an ordinary account can still write."),
    ("fs.inodes_used_percent", "%", "inodes of", "mount", "Part of a file system's inodes that is used."),
    ("disk.read_bytes_per_s", "B/s", "disk read", "device", "Bytes read from a disk in a second."),
    ("disk.write_bytes_per_s", "B/s", "disk write", "device", "Bytes written to a disk in a second."),
    ("disk.busy_percent", "%", "disk busy", "device", "Time a disk had at least one request to work on."),
    ("net.received_bytes_per_s", "B/s", "received on", "interface", "Bytes received on an interface in a second."),
    ("net.sent_bytes_per_s", "B/s", "sent on", "interface", "Bytes sent on an interface in a second."),
    ("net.errors_per_s", "/s", "errors on", "interface", "Errors on an interface in a second, both directions."),
    (LINK_DOWN, "", "link", "interface", "1 when an interface that should be up fell down, 0 when it came up again."),
    ("process.count", "", "processes", "", "Processes there are."),
    ("process.open_files", "", "open files", "", "Open files of the whole host."),
    ("process.open_files_percent", "%", "open files", "", "Open files of the host, of what the kernel allows."),
    ("host.uptime_s", "s", "uptime", "", "Seconds since the host started."),
    ("systemd.failed_units", "", "failed units", "", "Units that systemd counts as failed."),
    (SNMP_TRAP, "", "trap", "trap", "1 or 2 (critical) after a trap that is an alert was received, 0 when it is over."),
    ("check.up", "", "check", "check", "1 when a check found what was expected, else 0."),
    ("check.held", "", "check", "check",
     "1 when a check failed and raises no alert, since what it depends on fails too; else 0."),
    ("check.latency_ms", "ms", "latency of", "check", "Milliseconds that a check took, or a round trip of a ping."),
    ("check.lookup_ms", "ms", "name look-up of", "check", "Milliseconds to look up the name of a web server."),
    ("check.connect_ms", "ms", "connecting of", "check", "Milliseconds to open the TCP connection."),
    ("check.tls_ms", "ms", "TLS handshake of", "check", "Milliseconds of the TLS handshake."),
    ("check.first_byte_ms", "ms", "first byte of", "check", "Milliseconds from the request to the head of the answer."),
    ("check.loss_percent", "%", "loss of", "check", "Echo requests that nobody answered."),
    ("camera.motion", "", "motion", "detector", "1 while a camera sees motion, else 0."),
    ("camera.fault", "", "camera reports", "part", "1 while a camera reports a fault of its own, else 0."),
    ("camera.events_up", "", "event stream", "", "1 while a camera's stream of events stands, else 0."),
    ("drift.differs", "", "baseline", "point", "1 while a target is not as its baseline says, else 0."),
    ("job.failed", "", "job", "job", "1 after a job by schedule has failed on a target, 0 when it was done there."),
    ("job.met", "", "job", "job", "1 after a job has found on a target what is told of, 0 when it no longer did."),
    ("check.certificate_days", "d", "certificate of", "check", "Days that a server's certificate still holds."),
)  # fmt: skip

_FULL_SCALE = 100.0
_WORDS = {
    "check.up": ("fails", "passes"), "camera.motion": ("has ended", "is seen"), "camera.fault": ("no more", "now"),
    "camera.events_up": ("is cut", "stands"), LINK_DOWN: ("is up", "is down"),
    SNMP_TRAP: ("is over", "received", "received"), "drift.differs": ("holds", "no longer holds"),
    "job.failed": ("was done", "failed"),
    "job.met": ("found nothing", "found"),
}  # fmt: skip

CATALOGUE: Mapping[str, Metric] = {
    name: Metric(
        name=name,
        unit=unit,
        label=label,
        item=item,
        help=text,
        bound=_FULL_SCALE if unit == "%" else None,
        every_s=SLOW_READING_S if name == "systemd.failed_units" else 0.0,
        words=_WORDS.get(name, ()),
    )
    for name, unit, label, item, text in _TABLE
}
"""Every metric by name, in the order in which lists show them."""

_ORDER = {name: place for place, name in enumerate(CATALOGUE)}
_CHART_FIRST = ("cpu.used_percent", "memory.used_percent", "cpu.iowait_percent")


@functools.cache
def _stranger(name: str) -> Metric:
    return Metric(name=name, unit="%" if name.endswith("_percent") else "", help=name, label=name)


def metric_of(name: str) -> Metric:
    """Return the metric with this name; one that is not in the catalogue gets its name as label and no unit."""
    return CATALOGUE.get(name) or _stranger(name)


def catalogue_order(key: SeriesKey) -> tuple[int, str, str, str]:
    """Return what sorts series as lists show them: by catalogue, then target, then item."""
    return _ORDER.get(key.metric, len(_ORDER)), key.metric, key.target, key.item


def subject(key: SeriesKey) -> str:
    """Return the words for a series without its target: "memory used", "file system /var"."""
    label = metric_of(key.metric).label
    return f"{label} {key.item}" if key.item else label


def said_value(metric: str, value: float) -> str:
    """Return a value as a person says it: "71 %", or the word for a state."""
    known = metric_of(metric)
    is_state = value in range(len(known.words))
    return known.words[round(value)] if is_state else value_text(value, known.unit)


@functools.lru_cache(maxsize=8192)
def _compiled(pattern: str) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
    metric, bracket, rest = pattern.partition("[")
    item = rest.removesuffix("]") if bracket else None
    return _wildcards(metric), None if item is None else _wildcards(item)


def _wildcards(text: str) -> re.Pattern[str]:
    """Compile `*` and `?` only: brackets mean an item here, not a set of characters as in fnmatch."""
    return re.compile("".join({"*": ".*", "?": "."}.get(char) or re.escape(char) for char in text), re.DOTALL)


def matches(pattern: str, key: SeriesKey) -> bool:
    """Return whether a metric pattern names this series. Cost: about a microsecond, the pattern is compiled once."""
    metric, item = _compiled(pattern)
    return metric.fullmatch(key.metric) is not None and (item is None or item.fullmatch(key.item) is not None)


def metrics_named(pattern: str) -> Sequence[Metric]:
    """Return the metrics of the catalogue that a pattern names, in catalogue order; items are not looked at."""
    wanted = _compiled(pattern)[0]
    return [metric for name, metric in CATALOGUE.items() if wanted.fullmatch(name)]


def pattern_fault(pattern: str) -> str:
    """Return "" for a pattern that can match, else one sentence that says why it cannot and what is near."""
    if not pattern:
        return "A metric name is missing."
    if ("[" in pattern) != pattern.endswith("]"):
        return f"{pattern!r} opens or closes a bracket without the other; an item is written fs.used_percent[/var]."
    found = metrics_named(pattern)
    if found and ("[" not in pattern or any(metric.item for metric in found)):
        return ""
    name = pattern.partition("[")[0]
    if found:
        return f"{name} has no items, so nothing can stand in brackets."
    near = difflib.get_close_matches(name, CATALOGUE, n=1, cutoff=0.5)
    hint = f"the nearest is {near[0]}" if near else "`opsterm metrics` lists them"
    return f"No metric is named {name!r}; {hint}."


def default_chart(keys: Iterable[SeriesKey], *, limit: int = 3) -> Sequence[SeriesKey]:
    """Return the series of one target that a chart shows before the operator chooses: they share one unit.

    Args:
        keys: every series the target has.
        limit: how many at most.
    """
    known = sorted(keys, key=catalogue_order)
    by_metric = {key.metric: key for key in reversed(known)}
    first = [by_metric[name] for name in _CHART_FIRST if name in by_metric]
    if not first and known:
        unit = metric_of(known[0].metric).unit
        first = [key for key in known if metric_of(key.metric).unit == unit]
    return first[:limit]
