"""Changes and alerts as the JSON that scripts read: one place, so that a key is spelled once."""

from __future__ import annotations

from dataclasses import asdict

from opsterm.changes.change import Change
from opsterm.changes.guard import guard_of
from opsterm.changes.way_back.prepared import coverage_of, has_way_back, inverse_of, way_back_of
from opsterm.monitoring.alerts import Alert
from opsterm.policy.compliance.review import RuleFinding
from opsterm.policy.order import Order


def change_record(change: Change) -> dict[str, object]:
    """Return a change as an object with the keys of `json_keys.CHANGE_KEYS`; times are epoch seconds, 0 for not yet."""
    record = asdict(change)
    del record["review"]
    order = record.pop("order")
    return {
        "id": change.name,
        "state": record.pop("state"),
        "command": order["command"],
        "shell": order["shell"],
        "become": order["become"],
        "login": order["login"],
        "pty": order["pty"],
        "targets": [target["name"] for target in order["targets"]],
        "selector": record.pop("selector"),
        "timeout_s": order["timeout_s"],
        "expires_at": order["expires_at"],
        "requirement": change.order.terms.requirement if change.order.terms is not None else "",
        "rollout": change.order.terms.rollout if change.order.terms is not None else "",
        "verify": change.order.terms.verify if change.order.terms is not None else "",
        "environments": list(change.order.terms.environments) if change.order.terms is not None else [],
        **{key: value for key, value in record.items() if key != "id"},
        "compliance": [finding_record(finding) for finding in change.review.findings],
        "alternatives": change.review.alternatives,
        "packs": change.review.packs,
        "way_back": way_back_record(change.order),
        "guard": asdict(guard_of(change.order)),
    }


def way_back_record(order: Order) -> dict[str, object]:
    """Return the way back of an order as an object: how much, what is kept for it, and what is not.

    "inverse" is the command that was given for the rest, "opposite" one that might be.
    """
    way, kept = way_back_of(order), has_way_back(order)
    coverage = coverage_of(order, kept=True) if kept or not inverse_of(order) else coverage_of(order, kept=False)
    return {
        "coverage": coverage, "kept": kept, "things": [str(one) for one in way.things], "gaps": way.gaps,
        "inverse": inverse_of(order), "opposite": way.opposite,
    }  # fmt: skip


def finding_record(finding: RuleFinding) -> dict[str, object]:
    """Return what one rule says as an object with the keys of `json_keys.FINDING_KEYS`."""
    return {
        "rule": finding.rule,
        "title": finding.title,
        "controls": finding.controls,
        "decision": finding.decision,
        "rule_decision": finding.rule_decision,
        "evaluated": finding.evaluated,
        "missing": finding.missing,
        "because": finding.because,
        "why": finding.why,
        "safer": finding.safer,
    }


def alert_record(alert: Alert) -> dict[str, object]:
    """Return an alert as an object with the keys of `json_keys.ALERT_KEYS`."""
    return {
        "id": f"a{alert.id}",
        "target": alert.key.target,
        "metric": alert.key.metric,
        "item": alert.key.item,
        "severity": alert.severity,
        "state": alert.state,
        "summary": alert.summary,
        "value": alert.value,
        "unit": alert.unit,
        "level": alert.level,
        "since": alert.since,
        "last_seen": alert.last_seen,
        "count": alert.count,
        "by": alert.by,
        "note": alert.note,
        "silenced_until": alert.silenced_until or None,
        "resolved_at": alert.resolved_at or None,
        "advice": alert.advice,
    }
