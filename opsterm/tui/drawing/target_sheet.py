"""What stands on the page of a target: sections of lines, each line a row of pieces with a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.claim import Claim, claim_text
from opsterm.changes.summary import exit_summary
from opsterm.core.text import clean_line, shown_exactly
from opsterm.core.units import age_text, value_text
from opsterm.inventory.target import WITH_A_SHELL, Protocol, Target, TargetRow
from opsterm.monitoring.alerts import Alert, AlertState
from opsterm.monitoring.metrics import catalogue_order, metric_of
from opsterm.monitoring.profile_lines import profile_lines
from opsterm.monitoring.sample import Sample, SeriesKey, SeriesWindow
from opsterm.monitoring.snmp_profile import SnmpProfile, snmp_profile_lines
from opsterm.runtime.ports_store import Seen
from opsterm.runtime.profiles import ProfileNews
from opsterm.tui.cells import fit, shown
from opsterm.tui.drawing.page_lines import Line, PagePart, PageWriter, Piece
from opsterm.tui.drawing.sparkline import sparkline

MOST_SERIES = 16
MOST_CHANGES = 8
MOST_DIFFERENCES = 6
_FIRST = (
    "cpu.used_percent", "load.1m", "memory.used_percent", "swap.used_percent", "fs.used_percent", "disk.busy_percent",
    "net.received_bytes_per_s", "net.sent_bytes_per_s", "systemd.failed_units", "process.count", "host.uptime_s",
)  # fmt: skip
"""Metrics that say most of a host; the others follow in the order of the catalogue."""

_NAME = (16, 30)
_VALUE = 10
_SPARK = (6, 40)


def page_order(key: SeriesKey) -> tuple[int, tuple[int, str, str, str]]:
    """Return what sorts series as the page shows them."""
    return _FIRST.index(key.metric) if key.metric in _FIRST else len(_FIRST), catalogue_order(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFacts:
    """Everything that the page shows.

    Attributes:
        row: the target and its status.
        seen: its reachability, None when it was never tried.
        alerts: the open ones.
        samples: newest measurements, in the order of `page_order`.
        windows: the last hour of the first of them, in their order.
        changes: the newest of it.
        profile: as it was looked at last, and what was different then from the time before; None when it never was.
        unchanged_since: time of the look before this page's own, when that showed the same; else None.
        agent: what its SNMP agent told this page, with the time; None when it was not asked.
        looking: whether it is being looked at now.
        fault: why it could not be looked at, "" when it could.
        claims: who is changing it, or means to.
        now: epoch seconds.
    """

    row: TargetRow
    seen: Seen | None
    alerts: Sequence[Alert]
    samples: Sequence[Sample]
    windows: Sequence[SeriesWindow]
    changes: Sequence[Change]
    profile: ProfileNews | None
    unchanged_since: float | None
    agent: tuple[float, SnmpProfile] | None
    looking: bool
    fault: str
    claims: Sequence[Claim]
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PageKeys:
    """Keys that the page speaks of, as a person writes them."""

    look: str
    check: str
    test: str
    chart: str
    propose: str


class TargetSheet:
    """Writes the sections about the target itself.

    Args:
        facts: what is known.
        writer: makes the lines.
        keys: as they are set.
    """

    def __init__(self, facts: TargetFacts, writer: PageWriter, keys: PageKeys) -> None:
        self._facts = facts
        self._writer = writer
        self._keys = keys

    def head(self) -> Sequence[Line]:
        """Return status and why, and how the target is reached."""
        row, target = self._facts.row, self._facts.row.target
        sign = self._writer.glyphs.sign(row.status)
        place = f"{target.environment.upper()} {target.site}".strip()
        first = [Piece(f"{sign.glyph} {row.status}", f"bold $sev-{sign.ink}"), Piece(f"   {way_of(target)}")]
        first += [Piece(f"   {place}", "bold")] if place else []
        reach = reach_line(self._facts.row, self._facts.seen, self._facts.now)
        lines = [self._writer.cut(first), *self._writer.text(f"{reach}.", "$muted")]
        for claim in self._facts.claims:
            said = claim_text(claim, self._facts.now)
            lines += self._writer.text(f"{said[:1].upper()}{said[1:]}.", "$sev-warning")
        return lines

    def alerts(self) -> PagePart:
        """Return the open alerts, each with what to do."""
        lines: list[Line] = []
        for alert in self._facts.alerts:
            sign = self._writer.glyphs.sign(alert.severity)
            state = "" if alert.state is AlertState.FIRING else f", {alert.state}"
            age = age_text(self._facts.now - alert.since)
            said = f"{sign.glyph} {alert.severity}{state}: {alert.summary.rstrip('.')}, since {age}"
            lines += self._writer.text(said, f"$sev-{sign.ink}")
            lines += self._writer.text(alert.advice, "", indent=2) if alert.advice else []
        return PagePart(title="Alerts", lines=lines or self._writer.text("None open.", "$muted"))

    def measurements(self) -> PagePart:
        """Return the newest values, each with its last hour."""
        samples = self._facts.samples
        lines = [self._measurement(at, sample) for at, sample in enumerate(samples[:MOST_SERIES])]
        if len(samples) > MOST_SERIES:
            lines += self._writer.text(f"{len(samples) - MOST_SERIES} more: {self._keys.chart} shows them", "$muted")
        nothing = "Nothing is measured. monitoring.remote in the settings chooses which targets are."
        return PagePart(title="Measurements, last hour", lines=lines or self._writer.text(nothing, "$muted"))

    def _measurement(self, at: int, sample: Sample) -> Line:
        name_cells = min(max(_NAME[0], self._writer.columns // 2 - _VALUE), _NAME[1])
        name = fit(shown(str(sample.key), plain=self._writer.plain), name_cells, ellipsis=self._writer.glyphs.ellipsis)
        value = fit(value_text(sample.value, metric_of(sample.key.metric).unit), _VALUE, right=True)
        window = self._facts.windows[at] if at < len(self._facts.windows) else None
        old = window is not None and self._facts.now - sample.at > window.gap_s
        age = f" {age_text(self._facts.now - sample.at)} ago" if old else ""
        room = min(self._writer.columns - name_cells - _VALUE - 3 - len(age), _SPARK[1])
        curve = sparkline(window, room, plain=self._writer.plain) if window is not None and room >= _SPARK[0] else ""
        return [Piece(f"{name} "), Piece(value, "bold"), Piece(f"  {curve}", "$series-1"), Piece(age, "$muted")]

    def profile(self) -> PagePart:
        """Return what the target is, as it was looked at last, and what had changed by then."""
        facts, write = self._facts, self._writer
        lines: list[Line] = []
        if facts.looking:
            lines += write.text(f"Looking {write.glyphs.ellipsis}", "$muted")
        elif facts.fault:
            lines += [line for part in facts.fault.split("\n") for line in write.text(part, "$sev-warning")]
        if facts.agent is not None:
            at, agent = facts.agent
            told, how = snmp_profile_lines(agent), ("asked", "asks")
        elif facts.profile is not None:
            kept = facts.profile.kept
            at, told, how = kept.at, profile_lines(kept.profile, facts.now), ("looked at", "looks")
            lines += self._difference(facts.profile)
        else:
            if not lines:
                lines += write.text(_not_looked_at(facts.row.target, self._keys), "$muted")
            return PagePart(title="Profile", lines=lines)
        lines += [line for label, text in told for line in write.field(label, text)]
        age = age_text(facts.now - at)
        return PagePart(title=f"Profile, {how[0]} {age} ago ({self._keys.look} {how[1]} again)", lines=lines)

    def _difference(self, news: ProfileNews) -> Sequence[Line]:
        """Return whether the page's own look showed anything new, and what was new when something last was."""
        write, now = self._writer, self._facts.now
        lines: list[Line] = []
        if self._facts.unchanged_since is not None:
            lines += write.text(f"As it was {age_text(now - self._facts.unchanged_since)} ago.", "$muted")
        if news.changes:
            lines += write.text(f"Changed {age_text(now - news.kept.since)} ago:", "bold")
            for change in news.changes[:MOST_DIFFERENCES]:
                lines += write.text(change.text.replace("\u2192", write.glyphs.arrow), indent=2)
            left = len(news.changes) - MOST_DIFFERENCES
            more = f"{left} more: opsterm targets profile {news.kept.target} --diff"
            lines += write.text(more, "$muted", indent=2) if left > 0 else []
        return lines

    def changes(self) -> PagePart:
        """Return the newest changes of the target."""
        lines = [self._change(change) for change in self._facts.changes[:MOST_CHANGES]]
        nothing = f"None. {self._keys.propose} proposes a command."
        return PagePart(title="Changes", lines=lines or self._writer.text(nothing, "$muted"))

    def _change(self, change: Change) -> Line:
        age = age_text(self._facts.now - (change.ended_at or change.decided_at or change.requested_at))
        bad = change.state in (ChangeState.FAILED, ChangeState.INTERRUPTED)
        many = len(change.order.targets)
        where = f" ({exit_summary(change.outcomes)})" if change.ended_at and many > 1 else ""
        state = f"{change.state}{where}"
        command = " ".join(shown_exactly(change.order.command).split("\n"))
        return self._writer.cut([
            Piece(f"{change.name:5} "), Piece(f"{state}  ", "$sev-critical" if bad else ""),
            Piece(f"{age} ago  ", "$muted"), Piece(command, "bold"),
        ])  # fmt: skip

    def fields(self) -> PagePart:
        """Return what the operator has said of the target."""
        target = self._facts.row.target
        told = (
            ("address", target.reach), ("port", str(target.port or "")), ("user", target.user),
            ("protocol", str(target.protocol)), ("os", target.os), ("groups", ", ".join(target.groups)),
            ("tags", ", ".join(target.tags)), ("environment", target.environment), ("site", target.site),
            ("source", target.source),
        )  # fmt: skip
        return PagePart(
            title="Inventory", lines=[line for label, text in told if text for line in self._writer.field(label, text)]
        )


def way_of(target: Target) -> str:
    """Return how a target is reached, as in "ssh ops@192.0.2.7 port 2222"."""
    if target.protocol is Protocol.LOCAL:
        return "this machine"
    user = f"{target.user}@" if target.user else ""
    return f"{target.protocol} {user}{target.reach}" + (f" port {target.port}" if target.port else "")


def _not_looked_at(target: Target, keys: PageKeys) -> str:
    if target.protocol is Protocol.LOCAL:
        return f"Not looked at yet. {keys.look} looks at this machine."
    if target.protocol in WITH_A_SHELL:
        return f"Not looked at yet. {keys.look} logs in and looks."
    if target.protocol is Protocol.SNMP:
        return f"Not asked yet. {keys.look} asks its SNMP agent what it is."
    return f"A target that is reached by {target.protocol} has no shell to look with."


def reach_line(row: TargetRow, seen: Seen | None, now: float) -> str:
    """Return whether a target answers and when it was tried, without the full stop."""
    if row.target.protocol is Protocol.LOCAL:
        return "The machine opsterm stands on"
    if seen is None:
        return "It was never tried"
    tried = age_text(now - seen.tried_at)
    if seen.answered:
        return f"It answered {tried} ago"
    last = f"It last answered {age_text(now - seen.seen_at)} ago" if seen.seen_at else "It has never answered"
    return clean_line(f"Tried {tried} ago: {seen.reason or 'it did not answer.'} {last}")


def why_lines(row: TargetRow, seen: Seen | None, alerts: Sequence[Alert], now: float, keys: PageKeys) -> Sequence[str]:
    """Return why a target has its status: the first line says it, the others say what to do.

    Args:
        row: the target.
        seen: its reachability, None when it was never tried.
        alerts: its open ones.
        now: epoch seconds.
        keys: to name.
    """
    raised = [f"{a.severity}: {a.summary}" + (f" ({a.state} by {a.by})" if a.by else "") for a in alerts]
    known = seen is not None or row.target.protocol is Protocol.LOCAL
    said = [*raised] if raised else ["no alert is open"] if known else []
    lines = [clean_line("; ".join([reach_line(row, seen, now), *said]) + ".")]
    lines += [alert.advice for alert in alerts if alert.advice]
    if not known:
        lines.append(f"{keys.check} sees whether its port answers; {keys.test} connects and logs in, phase by phase.")
    elif seen is not None and not seen.answered:
        lines.append(f"{keys.test} connects phase by phase, and says where it fails and how to mend it.")
    return lines
