"""What the tests of alerts share: rules, readings, and the state machine folded over a list of values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from opsterm.core.settings import ThresholdSetting
from opsterm.monitoring.alerts import Alert, AlertState, Reason, Step, step
from opsterm.monitoring.ring import EMPTY, Ring, push
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.monitoring.thresholds import Rule, make_rule

LOAD = SeriesKey("web-03", "load.1m")


def load_rule(
    *, warn: float | None = 8.0, crit: float | None = 16.0, clear: float | None = 7.0, n: int = 3, m: int = 5
) -> Rule:
    """Return a rule for the load."""
    return make_rule(ThresholdSetting(metric="load.1m", warn=warn, crit=crit, clear=clear, n=n, m=m))


@dataclass
class Story:
    """One series' life: feed it values, one a second, and see what was told."""

    rule: Rule
    alert: Alert | None = None
    ended: Alert | None = None
    ring: Ring = EMPTY
    now: float = 1000.0
    told: list[tuple[Reason, Alert]] = field(default_factory=list)

    def feed(self, values: Iterable[float]) -> Story:
        """Put readings in."""
        for value in values:
            self.one(value)
        return self

    def one(self, value: float) -> Step:
        """Put one reading in and return what it made."""
        self.now += 1
        self.ring = push(self.ring, self.rule, value)
        made = step(self.alert, self.ring, self.rule, Sample(LOAD, self.now, value), self.now, ended=self.ended)
        self.alert = made.alert
        if made.reason is not None and made.alert is not None:
            self.told.append((made.reason, made.alert))
        if made.alert is not None and made.alert.state is AlertState.RESOLVED:
            self.ended, self.alert = made.alert, None
        return made

    @property
    def reasons(self) -> list[str]:
        """What was told, in words."""
        return [str(reason) for reason, _ in self.told]

    @property
    def open(self) -> Alert:
        """The open alert; fails when there is none."""
        assert self.alert is not None
        assert self.alert.is_open
        return self.alert
