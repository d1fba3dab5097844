"""Checks of accepted services: how each is asked, and the rules that raise alerts about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from opsterm.core.check_settings import CheckSettings
from opsterm.core.settings import ThresholdSetting
from opsterm.inventory.service import HealthCheckKind, HealthStatus, ServiceRecord
from opsterm.monitoring.checks import CheckKind, CheckPlan, is_of
from opsterm.monitoring.reach import Grade, HttpAsk, ReachVerdict
from opsterm.monitoring.sample import SeriesKey
from opsterm.monitoring.thresholds import Explain, Rule, make_rule

TIMEOUT_S = 10.0
ANSWERS = tuple(range(200, 500))
"""Statuses by which a web server shows that it works, whatever it thinks of being asked for "/"."""

_ANY = "*@*"
"""Items of services: no check of the settings has such a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthFinding:
    """What a check found; `text` is one line."""

    health: HealthStatus
    text: str


_HEALTH = {Grade.OK: HealthStatus.OK, Grade.WARNING: HealthStatus.WARNING, Grade.CRITICAL: HealthStatus.FAILED}


def finding_of(verdict: ReachVerdict, well: str) -> HealthFinding:
    """Return what a verdict says of a service; `well` is the text of one that works."""
    return HealthFinding(health=_HEALTH[verdict.grade], text=" ".join(verdict.reasons) or well)


def place_of(host: str, port: int) -> str:
    """Return a place as it is written, as in "192.0.2.7:443" or "[2001:db8::7]:443"."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def ask_of(service: ServiceRecord, host: str) -> HttpAsk | None:
    """Return what a service that speaks HTTP is asked at a host; None for one that is seen in another way."""
    if service.check.kind not in (HealthCheckKind.HTTP, HealthCheckKind.HTTPS) or service.check.port is None:
        return None
    url = f"{service.check.kind}://{place_of(host, service.check.port)}/"
    return HttpAsk(url=url, name=service.id, statuses=ANSWERS, redirects=0, timeout_s=TIMEOUT_S)


def service_plan(service: ServiceRecord, host: str, settings: CheckSettings) -> CheckPlan | None:
    """Return the check of a service at an interval; None for one that can only be seen by a log-in, or not at all."""
    ask = ask_of(service, host)
    if service.check.port is None or (ask is None and service.check.kind is not HealthCheckKind.TCP):
        return None
    return CheckPlan(
        name=service.id, kind=CheckKind.TCP if ask is None else CheckKind.HTTP, place=host, selector="",
        port=service.check.port, interval_s=settings.services_interval_s, timeout_s=TIMEOUT_S,
        failures=settings.services_failures, ask=ask,
    )  # fmt: skip


def is_of_service(key: SeriesKey) -> bool:
    """Return whether a series is of the check of a service."""
    return "@" in key.item and is_of(key.item, key)


def service_rules(settings: CheckSettings, *, explain: Explain) -> Sequence[Rule]:
    """Return the rule that raises alerts about services; none when no services are checked."""
    if not settings.services.strip():
        return ()
    n = settings.services_failures
    failed = ThresholdSetting(
        metric=f"check.up[{_ANY}]", target="*", crit=0.5, clear=0.75, direction="below", n=n, m=n,
        advice="`opsterm services check {item}` looks at once; `opsterm services show {item}` says what hangs on it.",
    )  # fmt: skip
    return (replace(make_rule(failed), explain=explain, every_s=settings.services_interval_s),)
