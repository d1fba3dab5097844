"""Changes to begin a test with."""

from __future__ import annotations

from dataclasses import replace

from opsterm.changes.change import Change
from opsterm.changes.lifecycle import propose
from opsterm.policy.order import Order, OrderTarget
from opsterm.policy.risk import Risk, RiskLevel

NOW = 1_000_000.0


def order(*names: str, command: str = "uptime", expires_at: float = NOW + 900) -> Order:
    """Return an order on targets of these names, web-01 when none is given."""
    targets = tuple(
        OrderTarget(name=name, protocol="ssh", address=f"{name}.example", port=0, user="")
        for name in names or ("web-01",)
    )
    return Order(command=command, shell="sh", targets=targets, timeout_s=30.0, expires_at=expires_at)


def proposed(*names: str, command: str = "uptime") -> Change:
    """Return change c18 as it is just after it was proposed."""
    change = propose(
        order=order(*names, command=command), selector="web-*", risk=Risk(level=RiskLevel.LOW, reasons=("It reads.",)),
        origin="chat", by="ana", now=NOW, reason="load is high",
    )  # fmt: skip
    return replace(change, id=18)
