"""Words for what is measured: phrases to metric patterns of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from opsterm.assistant.phrasebook import Phrasebook
from opsterm.assistant.query_words import Statistic
from opsterm.assistant.tokens import Token, find_phrase, without
from opsterm.assistant.vocabulary import NOUNS, words
from opsterm.assistant.world import Vocabulary
from opsterm.monitoring.metrics import CATALOGUE, metric_of, metrics_named, pattern_fault

_TABLE: Mapping[str, str] = {
    "cpu.core_percent": "cpu per core|cpu core|cpu cores|per core|cores",
    "load.per_core": "load per core",
    "pressure.cpu_some_percent": "cpu pressure",
    "pressure.memory_some_percent": "memory pressure",
    "pressure.io_some_percent": "io pressure|disk pressure",
    "pressure.*_some_percent": "pressure|psi",
    "cpu.iowait_percent": "iowait|io wait|i/o wait",
    "cpu.steal_percent": "steal",
    "cpu.used_percent": "how busy|how loaded|"
    "cpu usage|cpu use|cpu utilization|cpu utilisation|cpu|cpus|processor|processors",
    "load.*m": "load average|load averages|load avg",
    "load.1m": "load|loads",
    "memory.available_bytes": "free memory|memory is free|memory is available|memory is left|"
    "available memory|memory free|memory available|free ram",
    "memory.used_percent": "memory usage|memory use|memory consumption|memory|mem|ram usage|ram",
    "swap.used_percent": "swap usage|swap",
    "fs.inodes_used_percent": "inode usage|inodes|inode",
    "fs.free_bytes": "free disk space|free space|space is free|space is left|disk is free|"
    "free disk|disk space free|disk space left|space left|gb are free|gb free|gb are left|gb left",
    "fs.used_percent[/]": "root file system|root filesystem|root partition|root disk",
    "fs.used_percent": (
        "disk usage|disk space|disk use|file systems|file system|filesystems|filesystem|"
        "file system usage|filesystem usage|storage|mount points|mounts|partitions|partition|"
        "disks|disk|drives|drive|how full|space|room"
    ),
    "disk.read_bytes_per_s": "disk reads|disk read",
    "disk.write_bytes_per_s": "disk writes|disk write",
    "disk.*_bytes_per_s": "disk io|disk i/o",
    "disk.busy_percent": "busy is the disk|busy are the disks|busy are my disks|"
    "disk activity|disk busy|disk utilization",
    "net.errors_per_s": "network errors|interface errors",
    "net.*_bytes_per_s": "network traffic|network|traffic|bandwidth|throughput",
    "net.received_bytes_per_s": "incoming traffic|network in",
    "net.sent_bytes_per_s": "outgoing traffic|network out",
    "process.count": "number of processes|process count|processes",
    "process.open_files": "open files|open file descriptors|file descriptors|fds",
    "host.uptime_s": "uptime",
    "systemd.failed_units": "failed units|failed services|failed systemd units",
}
"""Metric pattern -> the phrases that mean it."""

_SAID = {phrase: pattern for pattern, phrases in _TABLE.items() for phrase in phrases.split("|")}
_PHRASES = tuple(sorted(_SAID, key=lambda phrase: (-len(phrase.split()), phrase)))
METRIC_PHRASES = Phrasebook({tuple(phrase.split()): (phrase,) for phrase in _SAID})
"""The phrases that name what is measured."""

METRIC_WORDS = frozenset(word for phrase in _SAID for word in phrase.split())
"""Every word of these phrases."""

STATISTICS: Mapping[str, Statistic] = {
    **dict.fromkeys(("peak", "max", "maximum", "highest", "largest", "top"), Statistic.LARGEST),
    **dict.fromkeys(("min", "minimum", "lowest", "smallest"), Statistic.SMALLEST),
    **dict.fromkeys(("average", "mean", "avg"), Statistic.MEAN),
}
_LEFT = words("left free available remaining remains unused spare enough")
_LEFT_OF = {"fs.used_percent": "fs.free_bytes", "memory.used_percent": "memory.available_bytes"}
_TREND = words(
    "grow grows growing grew grown creep creeps creeping crept jump jumps jumped jumping spike spikes spiked "
    "spiking climb "
    "climbs climbed climbing drop drops dropped dropping rise rises rose risen rising fall falls fell fallen "
    "falling went "
    "gone go going come came change changes changed changing behave behaves behaved behaving evolve evolved develop "
    "developed move moved moving shot shoot peaked dipped dip increase increased increasing decrease decreased "
    "decreasing shrunk shrink shrinking swing swung fluctuate fluctuated vary varied trending trended happened happen "
    "happening edged ramped ramping picked tailed blown blew balloon ballooned rocketed plummeted bumped stayed stay "
    "held steady stable flat settled doubled filled fills filling"
)
"""Words for how a value moved: over a stretch of time the answer shows it."""
METRIC_FILLERS = words(
    "the a an of in on at is are was were what whats how much many big high low full show graph chart plot draw give "
    "get tell me us my our current usage used use utilization utilisation level levels value values percent percentage "
    "% look looks looked looking like please does do did has have had been being there it its history trend trends "
    "trending stats statistics metrics metric for and to left right doing go going over amount total can could you i "
    "we see want need this any all available busy loaded hard working across doing so far only just still per have "
    "box's latest newest compare comparison using being figures figure number numbers reading readings stat data "
    "rate rates plotted behind under by with then"
)
"""Words that change nothing in a question about values."""

Split = tuple[tuple[str, ...], tuple[Token, ...]]


def take_metrics(tokens: Sequence[Token], vocabulary: Vocabulary) -> Split | None:
    """Return (metric patterns, the other tokens), or None when no metric is named.

    An item ("/var", "eth0") that follows becomes part of the pattern.
    """
    rest = tuple(
        replace(token, low="") if _names_a_label(tokens, at, vocabulary) else token for at, token in enumerate(tokens)
    )
    found: list[str] = []
    while True:
        at, length, pattern = _first(rest)
        if at < 0:
            break
        found.append(pattern)
        rest = without(rest, at, length)
    if not found:
        return None
    items, rest = _take_items(rest, vocabulary)
    left = [token for token in rest if token.low in _LEFT]
    if left and any(_left_of(pattern) != pattern or pattern in _LEFT_OF.values() for pattern in found):
        found = [_left_of(pattern) for pattern in found]
        rest = tuple(token for token in rest if token not in left)
    root = "fs.used_percent[/]"
    if root in found and any(pattern.startswith("fs.") and "[" not in pattern for pattern in found):
        found = [_of_root(pattern) for pattern in found if pattern != root]  # "free space of the root file system"
    if any(pattern.startswith("fs.") and pattern != "fs.used_percent" for pattern in found):
        found = [pattern for pattern in found if pattern != "fs.used_percent"]  # "file systems" beside "free space"
    patterns = tuple(dict.fromkeys(found))
    if items:
        patterns = (
            tuple(f"{p}[{item}]" for p in patterns if "[" not in p and _has_items(p) for item in items) or patterns
        )
    return patterns, tuple(
        token if token.low or token.quote else replace(token, low=token.text.lower()) for token in rest
    )


def _names_a_label(tokens: Sequence[Token], at: int, vocabulary: Vocabulary) -> bool:
    """Return whether a word is said to be a label: the storage of "the storage group" is not measured."""
    beside = {one.low for one in (*tokens[max(0, at - 1) : at], *tokens[at + 1 : at + 2])}
    labels = vocabulary.groups.keys() | vocabulary.tags.keys() | vocabulary.sites.keys()
    named = bool(beside & {"group", "groups", "tag", "tags", "tagged", "site", "sites"}) or any(
        one.low in NOUNS for one in tokens[at + 1 : at + 2]
    )
    return tokens[at].low in labels and named


def _of_root(pattern: str) -> str:
    return f"{pattern}[/]" if pattern.startswith("fs.") and "[" not in pattern else pattern


def _left_of(pattern: str) -> str:
    """Return what is left of the thing that a pattern measures the use of."""
    name, bracket, item = pattern.partition("[")
    return _LEFT_OF.get(name, name) + bracket + item


def _has_items(pattern: str) -> bool:
    return any(metric.item for metric in metrics_named(pattern))


def _first(tokens: Sequence[Token]) -> tuple[int, int, str]:
    for at, token in enumerate(tokens):
        written = token.text.partition("[")[0]
        known = "." in written and (written in CATALOGUE or "*" in written)
        if known and not token.quote and not pattern_fault(token.text):
            return at, 1, token.text
    at, length, phrase = find_phrase(tokens, _PHRASES)
    return at, length, _SAID.get(phrase, "")


def _take_items(tokens: Sequence[Token], vocabulary: Vocabulary) -> tuple[list[str], tuple[Token, ...]]:
    items, rest = [], []
    for token in tokens:
        text = vocabulary.items.get((token.low or token.text).lower(), "")
        if not text and re.fullmatch(r"/[\w./-]*", token.text):
            text = token.text
        if text and "," not in text and token.low not in vocabulary.names:
            items.append(text)
        else:
            rest.append(token)
    return items, tuple(rest)


def without_trend(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return tokens without words for how a value moved: "has the disk crept up", where "up" is no status."""
    kept: list[Token] = []
    moved = False
    for token in tokens:
        moves = token.low in _TREND
        if not moves and not (moved and token.low in ("up", "down", "off", "over", "away", "back")):
            kept.append(token)
        moved = moves
    return tuple(kept)


def take_statistic(tokens: Sequence[Token]) -> tuple[Statistic, tuple[Token, ...]]:
    """Return (which number is asked for, the other tokens)."""
    for at, token in enumerate(tokens):
        if token.low in STATISTICS:
            return STATISTICS[token.low], without(tokens, at, 1)
    return Statistic.ALL, tuple(tokens)


def label_of(pattern: str) -> str:
    """Return the words for a pattern, as in "memory used", or the pattern where it names several metrics."""
    named = metrics_named(pattern)
    return named[0].label if len(named) == 1 else pattern


def unit_of(pattern: str) -> str:
    """Return the unit that all metrics of a pattern share, "" when they differ or have none."""
    units = {metric.unit for metric in metrics_named(pattern)} or {metric_of(pattern).unit}
    return units.pop() if len(units) == 1 else ""
