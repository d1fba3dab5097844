"""Facts and rows that many tests need."""

from __future__ import annotations

from opsterm.changes.change import Change, Outcome
from opsterm.core.events import Fact
from opsterm.inventory.events import TargetAdded
from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.sample import SeriesKey
from opsterm.policy.order import Order, OrderTarget
from opsterm.policy.risk import Risk, RiskLevel


def fact(name: str = "web-01", *, at: float = 1.0, correlation_id: str = "") -> Fact:
    """Return a fact that is not committed yet."""
    return Fact(event=TargetAdded(target=name, source="manual"), at=at, by="ana", correlation_id=correlation_id)


def alert(*, since: float = 100.0, state: AlertState = AlertState.FIRING) -> Alert:
    """Return an alert that is not kept yet."""
    return Alert(
        fingerprint="f1",
        key=SeriesKey("web-03", "fs.used_percent", "/"),
        rule="fs.used_percent above 90 %",
        severity=Severity.CRITICAL,
        state=state,
        summary="/ is 97 % full",
        advice="Find the largest folders.",
        value=97.0,
        unit="%",
        level=90.0,
        since=since,
        last_seen=since + 5,
    )


def change(command: str = "uptime", *, targets: tuple[str, ...] = ("web-01", "web-02")) -> Change:
    """Return a change that is not kept yet."""
    order = Order(
        command=command,
        shell="bash",
        targets=tuple(OrderTarget(name=n, protocol="ssh", address=f"{n}.example", port=0, user="") for n in targets),
        timeout_s=30.1,
        expires_at=1_700_000_900.123,
    )
    return Change(
        order=order,
        selector="web-[01-02]",
        risk=Risk(level=RiskLevel.HIGH, reasons=("It may change things.", "Nobody knows.")),
        origin="chat",
        requested_by="ana",
        requested_at=1_700_000_000.5,
        digest=order.digest(),
        outcomes=tuple(Outcome(target=name) for name in targets),
    )
