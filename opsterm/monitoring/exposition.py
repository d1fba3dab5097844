"""What is measured, as Prometheus reads it.

Source of the format: Prometheus, "Exposition formats", text format 0.0.4. Times are left out: Prometheus takes the
moment of the scrape, and refuses samples that are older than the last.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from opsterm.core.text import clean_line
from opsterm.inventory.target import Status
from opsterm.monitoring.alerts import OPEN_STATES, Alert, AlertState, Severity
from opsterm.monitoring.metrics import catalogue_order, metric_of
from opsterm.monitoring.sample import Sample, SeriesKey

_NOT_IN_NAMES = re.compile("[^a-zA-Z0-9_]")
_COUNTED_STATES = (AlertState.PENDING, *OPEN_STATES)


def exposition(
    samples: Iterable[Sample], *, alerts: Iterable[Alert] = (), statuses: Iterable[Status] = (), version: str
) -> str:
    """Return the whole page: every newest value, how many alerts and targets there are of each sort, the version.

    Args:
        samples: the newest of each series; of several of one series the last counts.
        alerts: those that are not resolved.
        statuses: one for each target.
        version: opsterm's.

    Label values are cleaned, so the page may go to a terminal as it is.
    """
    newest: dict[SeriesKey, float] = {sample.key: sample.value for sample in samples}
    by_name: dict[str, dict[str, float]] = {}
    heads: dict[str, tuple[str, str]] = {}
    for key in sorted(newest, key=catalogue_order):
        metric = metric_of(key.metric)
        name = exposed_name(key.metric)
        labels = {"target": key.target}
        if key.item or metric.item:
            labels[metric.item or "item"] = key.item
        heads.setdefault(name, (metric.help, str(metric.kind)))
        by_name.setdefault(name, {})[_labels(labels)] = newest[key]
    lines: list[str] = []
    for name, values in by_name.items():
        lines += _family(name, *heads[name], values)
    lines += _alert_family(alerts)
    of_status = Counter(statuses)
    lines += _family("opsterm_targets", "Targets by status.", "gauge", {
        _labels({"status": str(status)}): of_status[status] for status in Status
    })  # fmt: skip
    lines += _family("opsterm_build_info", "The version that runs.", "gauge", {_labels({"version": version}): 1})
    return "\n".join(lines) + "\n"


def exposed_name(metric: str) -> str:
    """Return the name under which Prometheus knows a metric: "fs.used_percent" -> "opsterm_fs_used_percent"."""
    return "opsterm_" + _NOT_IN_NAMES.sub("_", metric)


def _alert_family(alerts: Iterable[Alert]) -> list[str]:
    count = Counter((alert.severity, alert.state) for alert in alerts)
    values = {
        _labels({"severity": str(severity), "state": str(state)}): count[severity, state]
        for severity in Severity
        for state in _COUNTED_STATES
    }
    return _family("opsterm_alerts", "Alerts that are not resolved, by severity and state.", "gauge", values)


def _family(name: str, text: str, kind: str, values: Mapping[str, float]) -> list[str]:
    said = clean_line(text).replace("\\", "\\\\")
    rows = [f"{name}{labels} {_number(value)}" for labels, value in values.items()]
    return [f"# HELP {name} {said}", f"# TYPE {name} {kind}", *rows]


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return clean_line(value).replace("\\", "\\\\").replace('"', '\\"')


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
