"""What is known of a target beside itself: services, checks, traps. A part is shown where there is something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.core.units import age_text, value_text
from opsterm.inventory.service import HealthStatus, ServiceState
from opsterm.monitoring.traps import Trap
from opsterm.runtime.checks import CheckState
from opsterm.runtime.service_view import ServiceView
from opsterm.runtime.trap_engines import KnownEngine, what_changed
from opsterm.tui.cells import fit, shown
from opsterm.tui.drawing.page_lines import NO_PART, Line, PagePart, PageWriter, Piece

MOST_SERVICES = 12
MOST_TRAPS = 6
MOST_DEPENDANTS = 3
TRAPS_BACK_S = 86400.0

_HEALTH = {HealthStatus.OK: "ok", HealthStatus.WARNING: "warning", HealthStatus.FAILED: "critical"}
_CHECK = {"passing": "ok", "warning": "warning", "failing": "critical"}
_NAME = (12, 24)
_STATE = 8
"""The longest words of a state: accepted, stalled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFindings:
    """What the parts are about.

    Attributes:
        services: by name, without the ignored ones.
        checks: those that do not pass first.
        traps: of the last day, the newest first; one more than is shown when there are more.
        engine: of its traps of version 3, when another than the kept one sends them; else None.
        trust: the key that trusts it.
        now: epoch seconds.
    """

    services: Sequence[ServiceView] = ()
    checks: Sequence[CheckState] = ()
    traps: Sequence[Trap] = ()
    engine: KnownEngine | None = None
    trust: str = ""
    now: float


class FindingsSheet:
    """Writes the parts.

    Args:
        found: what is known.
        writer: makes the lines.
    """

    def __init__(self, found: TargetFindings, writer: PageWriter) -> None:
        self._found = found
        self._writer = writer

    def services(self) -> PagePart:
        """Return the services, those that work last: state, health, kind, ports, and what depends on each."""
        views = sorted(self._found.services, key=_urgency)
        lines: list[Line] = []
        for view in views[:MOST_SERVICES]:
            lines += self._service(view)
        if len(views) > MOST_SERVICES:
            more = f"{len(views) - MOST_SERVICES} more: opsterm services list {views[0].service.target}"
            lines += self._writer.text(more, "$muted")
        waiting = sum(view.service.state is ServiceState.FOUND for view in views)
        words = f", {waiting} {'waits' if waiting == 1 else 'wait'} for a decision" if waiting else ""
        return PagePart(title=f"Services{words}", lines=lines) if lines else NO_PART

    def _service(self, view: ServiceView) -> Sequence[Line]:
        one = view.service
        gone = one.state is ServiceState.GONE
        health = Piece("") if gone else self._grade(str(one.health), _HEALTH.get(one.health, ""), 9)
        state = Piece(f"{one.state:{_STATE}} ", "$sev-warning" if gone else "$muted")
        ports = ", ".join(port.text for port in one.ports)
        lines = [self._writer.cut([self._name(one.name), state, health, Piece(f"{one.kind} "), Piece(ports, "$muted")])]
        if gone and one.gone_at is not None:
            missed = age_text(self._found.now - one.gone_at)
            lines += self._writer.text(f"first missed {missed} ago", "$sev-warning", indent=2)
        elif one.health in (HealthStatus.WARNING, HealthStatus.FAILED):
            age = f", {age_text(self._found.now - one.health_at)} ago" if one.health_at is not None else ""
            lines += self._writer.text(f"{one.health_text.rstrip('.')}{age}", "$sev-warning", indent=2)
        if view.dependants:
            named = ", ".join(other.id for other in view.dependants[:MOST_DEPENDANTS])
            left = len(view.dependants) - MOST_DEPENDANTS
            lines += self._writer.text(f"needed by {named}{f' and {left} more' if left > 0 else ''}", "", indent=2)
        return lines

    def checks(self) -> PagePart:
        """Return the checks at an interval of this target: how each stands, and why it does not pass."""
        lines: list[Line] = []
        for state in self._found.checks:
            lines += self._check(state)
        return PagePart(title="Checks", lines=lines) if lines else NO_PART

    def _check(self, state: CheckState) -> Sequence[Line]:
        made = "never made" if state.made_at is None else f"{age_text(self._found.now - state.made_at)} ago"
        latency = "" if state.latency_ms is None else f"  {value_text(round(state.latency_ms, 1), 'ms')}"
        lines = [self._writer.cut([
            self._name(state.place.plan.name), self._grade(state.state, _CHECK.get(state.state, ""), _STATE + 2),
            Piece(f"{made}{latency}"), Piece(f"  {state.place.where}", "$muted"),
        ])]  # fmt: skip
        for reason in state.reasons:
            lines += self._writer.text(reason, "$sev-warning", indent=2)
        return lines

    def traps(self) -> PagePart:
        """Return what the target told by itself in the last day; above it that another engine sends in its name."""
        lines: list[Line] = []
        if self._found.engine is not None:
            said = f"{what_changed(self._found.engine)} {self._found.trust} trusts it, asks first."
            lines += self._writer.text(said, "$sev-warning")
        for trap in self._found.traps[:MOST_TRAPS]:
            again = f" x{trap.count}" if trap.count > 1 else ""
            age = age_text(self._found.now - trap.last_at)
            lines.append(self._writer.cut([
                Piece(f"{age:>5} ago  ", "$muted"), Piece(f"{trap.name}{again}", "bold"), Piece(f"  {trap.text}"),
            ]))  # fmt: skip
        if len(self._found.traps) > MOST_TRAPS:
            lines += self._writer.text(f"More: opsterm snmp traps {self._found.traps[0].target}", "$muted")
        return PagePart(title="Traps, last day", lines=lines) if lines else NO_PART

    def _name(self, text: str) -> Piece:
        cells = min(max(_NAME[0], self._writer.columns // 3), _NAME[1])
        return Piece(f"{fit(shown(text, plain=self._writer.plain), cells, ellipsis=self._writer.glyphs.ellipsis)} ")

    def _grade(self, word: str, severity: str, cells: int) -> Piece:
        """Return a word with its sign and colour, where it has one."""
        sign = self._writer.glyphs.sign(severity or "unknown")
        return Piece(f"{sign.glyph} {word:{cells}}", f"$sev-{sign.ink}" if severity else "$muted")


def _urgency(view: ServiceView) -> tuple[bool, int, str]:
    order = (HealthStatus.FAILED, HealthStatus.WARNING, HealthStatus.UNKNOWN, HealthStatus.OK)
    one = view.service
    return one.state is not ServiceState.GONE, order.index(one.health), one.name
