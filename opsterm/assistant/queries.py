"""What a sentence can mean: one frozen dataclass per question, each with its line.

The line is canonical English-like text that means exactly the query and is read back to it; it is what the operator
sees and may edit. `opsterm.assistant.lines` reads it.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from opsterm.assistant.alert_order import AlertOrder
from opsterm.assistant.errands import Errand
from opsterm.assistant.fix_request import FixRequest
from opsterm.assistant.forecast_question import ForecastQuestion
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.query_words import Age, HostTopic, LastSeen, MetricBound, Statistic, TargetFact
from opsterm.inventory.fleet import Grouping


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWindow:
    """A stretch of time.

    Attributes:
        start: epoch seconds.
        end: epoch seconds, after `start`.
        words: canonical, as in "over 1h", "yesterday", "since 2026-11-20T08:00", "from … to …".
    """

    start: float
    end: float
    words: str


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _where(word: str, selector: str) -> str:
    return f"{word} {selector}" if selector else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """Somebody said hello, or thanked."""

    intent = Intent.GREETING_HELP
    thanks: bool = False

    @property
    def line(self) -> str:
        """The canonical line."""
        return "thanks" if self.thanks else "hello"


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpQuestion:
    """What can be done here; `topic` is a word of `help.TOPICS` or "" for all."""

    intent = Intent.GREETING_HELP
    topic: str = ""

    @property
    def line(self) -> str:
        """The canonical line."""
        return _joined("help", self.topic)


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryQuestion:
    """Which or how many targets.

    Attributes:
        selector: canonical selector, "" for every target.
        count: whether only the number is asked for.
        by: how the list is divided.
        seen: only those that answered within the window, not within it, or never.
        window: the stretch of time for `seen`; None where it needs none.
    """

    intent = Intent.INVENTORY
    selector: str = ""
    count: bool = False
    by: Grouping = Grouping.NONE
    seen: LastSeen = LastSeen.ANY
    window: TimeWindow | None = None

    @property
    def seen_words(self) -> str:
        """The condition on when they were seen, "" for none."""
        return _joined(self.seen, self.window.words if self.window else "")

    @property
    def line(self) -> str:
        """The canonical line."""
        grouped = f"grouped by {self.by}" if self.by is not Grouping.NONE else ""
        head = "count targets" if self.count else "list targets"
        return _joined(head, self.seen_words, _where("where", self.selector), grouped)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailQuestion:
    """All that is known of one target."""

    intent = Intent.INVENTORY
    target: str

    @property
    def line(self) -> str:
        """The canonical line."""
        return f"show target {self.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactQuestion:
    """One thing that is known of targets; `selector` is canonical, "" for every target."""

    intent = Intent.INVENTORY
    fact: TargetFact
    selector: str = ""

    @property
    def line(self) -> str:
        """The canonical line."""
        return f"show {self.fact} of {self.selector or 'all'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuestion:
    """Measured values.

    Attributes:
        metrics: metric patterns as in "fs.used_percent[/var]", at least one.
        selector: canonical selector of the targets.
        window: the stretch of time, None for now.
        statistic: which number of the window.
    """

    intent = Intent.METRIC
    metrics: tuple[str, ...]
    selector: str
    window: TimeWindow | None = None
    statistic: Statistic = Statistic.ALL

    @property
    def line(self) -> str:
        """The canonical line."""
        when = self.window.words if self.window else "now"
        return _joined("metric", ",".join(self.metrics), _where("of", self.selector or "all"), when, self.statistic)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingQuestion:
    """The series with the largest or smallest newest values.

    Attributes:
        metric: a metric pattern.
        selector: canonical selector of the targets, "" for all.
        limit: how many, 1 and up.
        smallest: whether the smallest come first.
        above: only values above this, in the metric's unit; None for no bound.
        below: only values below this.
        inclusive: whether a value that is the bound itself counts.
        also: what else must hold of the same target.
    """

    intent = Intent.METRIC
    metric: str
    selector: str = ""
    limit: int = 10
    smallest: bool = False
    above: float | None = None
    below: float | None = None
    inclusive: bool = False
    also: tuple[MetricBound, ...] = ()

    @property
    def bounds(self) -> MetricBound:
        """What its own values must be."""
        return MetricBound(metric=self.metric, above=self.above, below=self.below, inclusive=self.inclusive)

    @property
    def line(self) -> str:
        """The canonical line."""
        head = f"{'bottom' if self.smallest else 'top'} {self.limit} by {self.metric}"
        also = [f"with {one.metric} {one.line}" for one in self.also]
        return _joined(head, self.bounds.line, *also, _where("of", self.selector))


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertQuestion:
    """Which or how many alerts.

    Attributes:
        selector: canonical selector of the targets, "" for all.
        count: whether only the number is asked for.
        severity: "critical", "warning" or "" for both.
        state: "firing", "acknowledged", "silenced", "resolved" or "" for all open ones.
        window: only those that began in it; None for any time.
        first: which come first by age; ANY for critical ones first, then the newest.
        limit: how many, 0 for all.
    """

    intent = Intent.ALERT
    selector: str = ""
    count: bool = False
    severity: str = ""
    state: str = ""
    window: TimeWindow | None = None
    first: Age = Age.ANY
    limit: int = 0

    @property
    def line(self) -> str:
        """The canonical line."""
        head = _joined("count alerts" if self.count else "list alerts", self.first, str(self.limit or ""))
        return _joined(
            head, self.severity, self.state, self.window.words if self.window else "", _where("on", self.selector)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeQuestion:
    """Which or how many changes.

    Attributes:
        state: "waiting" (not decided yet) or a word of `ChangeState`; "" for all.
        by: the account that asked or decided, "" for anybody.
        window: only those asked for or decided in it; None for any time.
        count: whether only the number is asked for.
    """

    intent = Intent.COMPLIANCE
    state: str = ""
    by: str = ""
    window: TimeWindow | None = None
    count: bool = False

    @property
    def line(self) -> str:
        """The canonical line."""
        head = "count changes" if self.count else "list changes"
        return _joined(head, self.state, _where("by", self.by), self.window.words if self.window else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuestion:
    """Everything that was done, and the alerts that began; `window` is None for the newest of any time."""

    intent = Intent.COMPLIANCE
    window: TimeWindow | None = None

    @property
    def line(self) -> str:
        """The canonical line."""
        return _joined("list audit", self.window.words if self.window else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainQuestion:
    """What an alert or a change is about; `kind` is "alert" or "change"."""

    intent = Intent.EXPLAIN
    kind: str
    number: int

    @property
    def line(self) -> str:
        """The canonical line."""
        return f"explain {'a' if self.kind == 'alert' else 'c'}{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeQuestion:
    """What the documents say about some words."""

    intent = Intent.KNOWLEDGE
    words: str

    @property
    def line(self) -> str:
        """The canonical line."""
        return f"look up {self.words}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostQuestion:
    """What looks have shown.

    Attributes:
        topic: what of it.
        subject: a service or kind (RUNNING), a port (LISTENING), a record's id (NEEDED_BY), a capability (OFFERING),
            else "".
        selector: canonical selector of the targets, "" for all.
    """

    intent = Intent.INVENTORY
    topic: HostTopic
    subject: str = ""
    selector: str = ""

    @property
    def line(self) -> str:
        """The canonical line."""
        return _joined("look", self.topic, self.subject, _where("of", self.selector))


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoverRequest:
    """A look at targets for services; what is found waits for the operator. `selector` is canonical, "" for all."""

    intent = Intent.INVENTORY
    selector: str = ""

    @property
    def line(self) -> str:
        """The canonical line."""
        return f"discover services on {self.selector or 'all'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """A command that is to be proposed, never run from here.

    Attributes:
        selector: canonical selector; it chose at least one target when the sentence was read. "" for all.
        command: the text for the shell, on one line, exactly as it was given.
    """

    intent = Intent.RUN_COMMAND
    selector: str
    command: str

    @property
    def line(self) -> str:
        """The canonical line."""
        return f"run on {self.selector or 'all'} -- {self.command}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiQuestion:
    """Which HTTP APIs are known, or which operations one of them has."""

    intent = Intent.RUN_COMMAND
    api: str = ""

    @property
    def line(self) -> str:
        """The canonical line."""
        return f"list operations of {self.api}" if self.api else "list apis"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """A call of an API: asked when it only reads, else proposed; `words` are names and texts of its values."""

    intent = Intent.RUN_COMMAND
    api: str
    operation: str
    words: tuple[tuple[str, str], ...] = ()

    @property
    def line(self) -> str:
        """The canonical line."""
        return shlex.join(["call", self.api, self.operation, *(f"{name}={text}" for name, text in self.words)])


Query = (
    Greeting
    | HelpQuestion
    | InventoryQuestion
    | DetailQuestion
    | FactQuestion
    | MetricQuestion
    | RankingQuestion
    | AlertQuestion
    | ChangeQuestion
    | AuditQuestion
    | ExplainQuestion
    | KnowledgeQuestion
    | HostQuestion
    | DiscoverRequest
    | RunRequest
    | ApiQuestion
    | ApiRequest
    | FixRequest
    | ForecastQuestion
    | AlertOrder
    | Errand
)
"""Every meaning a sentence can have."""
