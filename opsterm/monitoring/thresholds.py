"""When a value is worth an alert: rules from the settings, and those that ship.

A rule has up to two levels, a level at which an alert may end (so that a value which swings around a level raises one
alert, not many), and "n of m": how many of the newest readings must be bad. The first rule that matches a series is
the only one; your own come first. A rule without any level switches the shipped one off.
"""

from __future__ import annotations

import hashlib
import math
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from opsterm.core.errors import BadSetting
from opsterm.core.settings import MonitoringSettings, ThresholdSetting
from opsterm.core.units import value_text
from opsterm.monitoring.metrics import metrics_named, pattern_fault
from opsterm.monitoring.sample import SeriesKey

INSIDE = 0.05
"""Part of a level by which a value must come back when no `clear` is given."""


class Limits(NamedTuple):
    """A rule's levels with the bad side made the upper one: compare `sign * value`.

    Attributes:
        sign: 1 when above is bad, -1 when below is.
        low: a reading is bad from here on; infinity when the rule has no level.
        high: a reading is critical from here on; infinity for no critical level.
        eased: a critical alert may become a warning from here down.
        clear: an alert may end from here down.
    """

    sign: float
    low: float
    high: float
    eased: float
    clear: float


Advise = Callable[[str, str], str]
"""`advise(metric, item)` returns what to do next in one sentence, "" when nothing is known."""


def no_advice(metric: str, item: str) -> str:
    """Know nothing."""
    del metric, item
    return ""


Explain = Callable[[SeriesKey], str]
"""`explain(key)` returns why a series is bad now, one sentence, "" when its value says all."""


def no_reason(key: SeriesKey) -> str:
    """Let the value speak for itself."""
    del key
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One threshold, checked.

    Attributes:
        metric: pattern, see `metrics`.
        target: selector of the targets it is for.
        warn: level of a warning, None for none.
        crit: level of a critical alert, None for none.
        clear: level at which an alert may end.
        below: True when low values are the bad ones.
        n: raise when this many ...
        m: ... of this many newest readings are bad.
        advice: what to do next; "{item}" stands for the series' item, quoted for a shell.
        limits: the levels, ready to compare.
        every_s: seconds between two readings when they are rarer than usual, 0 when they are not.
        advise: what is known of a metric and item, asked when the rule has no advice of its own.
        explain: why a series is bad, asked when there is an alert to describe.
    """

    metric: str
    target: str
    warn: float | None
    crit: float | None
    clear: float
    below: bool
    n: int
    m: int
    advice: str
    limits: Limits
    every_s: float = 0.0
    advise: Advise = field(default=no_advice, repr=False, compare=False)
    explain: Explain = field(default=no_reason, repr=False, compare=False)

    @property
    def id(self) -> str:
        """What makes it the same rule when its levels change: pattern, selector and direction."""
        return f"{self.metric}|{self.target}|{'below' if self.below else 'above'}"

    @property
    def watches(self) -> bool:
        """Whether it has a level at all."""
        return self.warn is not None or self.crit is not None

    @property
    def name(self) -> str:
        """How it is called in an alert: "fs.used_percent above 85 %"."""
        first = self.crit if self.warn is None else self.warn
        if first is None:
            return f"{self.metric} not watched"
        units = {metric.unit for metric in metrics_named(self.metric)}
        level = value_text(first, units.pop() if len(units) == 1 else "")
        return f"{self.metric} {'below' if self.below else 'above'} {level}"

    def advice_for(self, key: SeriesKey) -> str:
        """Return what to do next about a series, "" when nothing is known."""
        if self.advice:
            return self.advice.replace("{item}", shlex.quote(key.item))
        return self.advise(key.metric, key.item)


def fingerprint(rule: Rule, key: SeriesKey) -> str:
    """Return 32 hex digits, equal for the same rule and series in every process and after every restart."""
    text = "\x00".join((rule.id, *key))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def make_rule(setting: ThresholdSetting, where: str = "") -> Rule:
    """Return a checked rule.

    Args:
        setting: as it was written.
        where: how a message names its place, as in "[[monitoring.threshold]] number 2".

    Raises:
        BadSetting: the pattern names nothing, a level is out of order or out of reach, or n is more than m.
    """
    fault, hint = _fault(setting)
    if fault:
        place = f"{where or '[[monitoring.threshold]]'} ({setting.metric or 'no metric'})"
        raise BadSetting(f"{place}: {fault}", next_step=hint)
    below = setting.direction == "below"
    sign = -1.0 if below else 1.0
    signed = [sign * level for level in (setting.warn, setting.crit) if level is not None]
    low = min(signed, default=math.inf)
    high = math.inf if setting.crit is None else sign * setting.crit
    clear = low - INSIDE * abs(low) if signed else -math.inf
    if setting.clear is not None:
        clear = sign * setting.clear
    return Rule(
        metric=setting.metric,
        target=setting.target,
        warn=setting.warn,
        crit=setting.crit,
        clear=sign * clear,
        below=below,
        n=setting.n,
        m=setting.m,
        advice=setting.advice,
        limits=Limits(sign, low, high, _eased(low, high, clear), clear),
    )


def _eased(low: float, high: float, clear: float) -> float:
    """Return where a critical alert becomes a warning: as far inside its level as `clear` is inside the lowest.

    Not more than half the way to the warning, but far enough to keep a swinging value quiet.
    """
    if not math.isfinite(high) or high == low:
        return clear
    return max(clear, high - max(min(low - clear, (high - low) / 2), INSIDE * abs(high)))


def _fault(setting: ThresholdSetting) -> tuple[str, str]:
    """Return what is wrong and what to do about it; two empty texts when nothing is."""
    fault = pattern_fault(setting.metric)
    if fault:
        return fault, 'Write metric = "fs.used_percent", or a pattern such as "pressure.*" or "fs.used_percent[/var]".'
    levels = {"warn": setting.warn, "crit": setting.crit, "clear": setting.clear}
    for name, level in levels.items():
        if level is not None and not math.isfinite(level):
            return f"{name} must be a finite number, not {level}.", "Leave it out for none."
    if setting.n > setting.m:
        return f"n is {setting.n} but m is {setting.m}.", "n of the newest m readings must be bad: n cannot be more."
    return _level_fault(setting)


def _level_fault(setting: ThresholdSetting) -> tuple[str, str]:
    below = setting.direction == "below"
    sign, side, other = (-1.0, "below", "above") if below else (1.0, "above", "below")
    warn, crit, clear = setting.warn, setting.crit, setting.clear
    if warn is not None and crit is not None and sign * warn > sign * crit:
        return (
            f"warn ({warn:g}) lies {side} crit ({crit:g}), so nothing would ever be only a warning.",
            f'With direction = "{setting.direction}" warn must be reached before crit.',
        )
    first = crit if warn is None else warn
    if clear is not None and first is None:
        return f"clear is {clear:g} but there is neither warn nor crit.", "Give a level, or leave clear out as well."
    if clear is not None and first is not None and sign * clear > sign * first:
        return (
            f"clear ({clear:g}) lies on the bad side of {first:g}, so an alert would end while things are bad.",
            f"clear must lie {other} the lowest level; leave it out for {INSIDE:.0%} inside.",
        )
    bounds = [metric.bound for metric in metrics_named(setting.metric)]
    highest = max((bound for bound in bounds if bound is not None), default=math.inf)
    if None not in bounds and not below:
        for name, level in (("warn", warn), ("crit", crit)):
            if level is not None and level > highest:
                return f"{name} is {level:g}, but the value is never above {highest:g}.", "Choose a level in reach."
    return "", ""


def rules_from(
    settings: MonitoringSettings, *, more: Sequence[Rule] = (), advise: Advise = no_advice
) -> Sequence[Rule]:
    """Return every rule in the order in which they are tried: your own, `more`, then those that ship if they are on.

    Args:
        settings: `[monitoring]`.
        more: of other settings, as those of checks.
        advise: what is known about metrics, for rules without advice of their own.

    Raises:
        BadSetting: one of them cannot be used. Selectors are not checked here.
    """
    own = [make_rule(s, f"[[monitoring.threshold]] number {i}") for i, s in enumerate(settings.threshold, 1)]
    shipped = SHIPPED if settings.default_thresholds else ()
    return [replace(rule, advise=advise) for rule in (*own, *more, *shipped, OF_TRAPS)]


def _ship(metric: str, warn: float | None, crit: float | None, clear: float, n: int, m: int) -> Rule:
    return make_rule(ThresholdSetting(metric=metric, warn=warn, crit=crit, clear=clear, n=n, m=m), "shipped")


SHIPPED: Sequence[Rule] = (
    # what fills up and stays: few readings are enough
    _ship("fs.used_percent", 85.0, 95.0, 80.0, 3, 5),
    _ship("fs.inodes_used_percent", 85.0, 95.0, 80.0, 3, 5),
    _ship("process.open_files_percent", 80.0, 95.0, 70.0, 3, 5),
    _ship("memory.used_percent", 90.0, 97.0, 85.0, 15, 20),
    _ship("swap.used_percent", 60.0, 90.0, 50.0, 15, 20),
    # what swings: it must last. 45 of 60 readings are a minute and a half at the interval of 2 s
    _ship("load.per_core", 2.0, 4.0, 1.6, 45, 60),
    _ship("cpu.iowait_percent", 30.0, 60.0, 20.0, 45, 60),
    _ship("cpu.steal_percent", 10.0, 30.0, 6.0, 45, 60),
    _ship("pressure.memory_some_percent", 20.0, 50.0, 12.0, 10, 15),
    _ship("pressure.memory_full_percent", 5.0, 20.0, 3.0, 10, 15),
    _ship("pressure.io_full_percent", 25.0, 60.0, 15.0, 45, 60),
    _ship("net.errors_per_s", 1.0, 50.0, 0.2, 10, 15),
    # what is a fault by itself
    _ship("net.link_down", 1.0, None, 0.0, 1, 1),
    _ship("systemd.failed_units", 1.0, None, 0.0, 1, 1),
)
"""The thresholds that ship, for any target that measures these."""

OF_TRAPS = _ship("snmp.trap", 1.0, 2.0, 0.0, 1, 1)
"""Always there: which traps are alerts is said by rules of their own, see `trap_rules`."""
