"""Checks at an interval: what the settings ask for, and what a result becomes: measurements, and rules for alerts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from opsterm.core.check_settings import CheckSettings, HttpCheckSetting, PingCheckSetting, TcpCheckSetting
from opsterm.core.errors import BadInput, BadSetting
from opsterm.core.settings import ThresholdSetting
from opsterm.core.text import clean_bytes, clean_line
from opsterm.monitoring.reach import (
    HttpAsk,
    HttpReading,
    PingReading,
    ReachVerdict,
    TcpReading,
    compiled,
    http_faults,
    json_steps,
    judge_http,
    judge_ping,
    judge_tcp,
    verdict_of,
)
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.monitoring.thresholds import Explain, Rule, make_rule

_CHECK_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_OURS = frozenset({"authorization", "proxy-authorization", "cookie", "host", "content-length", "transfer-encoding",
                   "connection", "upgrade"})  # fmt: skip
"""Headers that hold secrets, or that the request itself is made of."""


class CheckKind(StrEnum):
    """What is done."""

    HTTP = "http"
    TCP = "tcp"
    PING = "ping"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPlan:
    """One check of the settings, understood.

    Attributes:
        name: unique.
        kind: what is done.
        place: URL, or host; "" when a selector says where.
        selector: of the targets that are checked; "" when `place` says where.
        path: asked of targets.
        port: 0 for a target's own.
        interval_s: seconds from one to the next.
        timeout_s: seconds for one; for each request of a ping.
        failures: so many in a row raise an alert, and as many successes end it.
        ask: what is asked of a web server; without its url and name.
        banner: text that a port must say first, "" for none.
        count: requests of a ping.
    """

    name: str
    kind: CheckKind
    place: str
    selector: str
    path: str = "/"
    port: int = 0
    interval_s: float
    timeout_s: float
    failures: int
    ask: HttpAsk | None = None
    banner: str = ""
    count: int = 1

    @property
    def longest_s(self) -> float:
        """Seconds that one can take."""
        return self.timeout_s * self.count + (self.count if self.kind is CheckKind.PING else 3.0)


_Table = HttpCheckSetting | TcpCheckSetting | PingCheckSetting

Reading = HttpReading | TcpReading | PingReading


def plans_from(settings: CheckSettings) -> Sequence[CheckPlan]:
    """Return the checks of the settings. Raises BadSetting; whether a selector can be read is not looked at."""
    plans: list[CheckPlan] = []
    kinds: tuple[tuple[str, Sequence[_Table]], ...] = (
        ("http", settings.http), ("tcp", settings.tcp), ("ping", settings.ping),
    )  # fmt: skip
    for kind, tables in kinds:
        for number, table in enumerate(tables, 1):
            where = f"[[checks.{kind}]] number {number} ({clean_line(table.name, limit=64) or 'no name'})"
            try:
                plan = _plan(table)
            except BadInput as error:
                raise BadSetting(f"{where}: {error.what}", why=error.why, next_step=error.next_step) from error
            if any(plan.name == other.name for other in plans):
                raise BadSetting(f"{where}: another check has this name.", next_step="Give each its own name.")
            plans.append(plan)
    return plans


def _plan(table: _Table) -> CheckPlan:
    place = table.url if isinstance(table, HttpCheckSetting) else table.host
    word = "url" if isinstance(table, HttpCheckSetting) else "host"
    if not _CHECK_NAME.fullmatch(table.name):
        raise BadInput("it needs a name.", next_step="Use letters, digits and . _ -, at most 64.")
    if bool(place.strip()) == bool(table.target.strip()):
        raise BadInput(f"it needs either {word} or target.", next_step=f'Write {word} = "…" or target = "tag:web".')
    plan = CheckPlan(
        name=table.name, kind=CheckKind.PING, place=place.strip(), selector=table.target.strip(),
        interval_s=table.interval_s, timeout_s=table.timeout_s, failures=table.failures,
    )  # fmt: skip
    if isinstance(table, HttpCheckSetting):
        return replace(plan, kind=CheckKind.HTTP, path=table.path, port=table.port, ask=_ask(table))
    if isinstance(table, TcpCheckSetting):
        if plan.place and not table.port:
            raise BadInput("it needs a port.", next_step="Write port = 443.")
        return replace(plan, kind=CheckKind.TCP, port=table.port, banner=table.banner)
    return replace(plan, count=table.count)


def _ask(table: HttpCheckSetting) -> HttpAsk:
    path, found, value = table.json_path.partition("=")
    ask = HttpAsk(
        url="", name=table.name, method=table.method, statuses=parse_statuses(table.status), contains=table.contains,
        matches=table.matches, json_path=path, json_value=value if found else None, redirects=table.redirects,
        timeout_s=table.timeout_s, headers=tuple(table.headers.items()), auth=table.auth, account=table.user,
        header=table.header, credential=table.credential, client_certificate=table.client_certificate,
        ca_file=table.ca_file, days_warn=table.days_warn, days_critical=table.days_critical,
    )  # fmt: skip
    check_ask(ask)
    return ask


def check_ask(ask: HttpAsk) -> None:
    """Look whether a web server can be asked so; the URL aside. Raises BadInput."""
    compiled(ask.matches)
    json_steps(ask.json_path)
    if ask.method == "HEAD" and (ask.contains or ask.matches or ask.json_path):
        raise BadInput("HEAD brings no body that could be looked at.", next_step="Use GET.")
    for name, text in ask.headers:
        if name.lower() in _OURS:
            raise BadInput(
                f"The header {name} cannot be set.",
                why="It is part of the request, or would hold a secret in a file that others read.",
                next_step="For a secret use auth; it is kept in the keyring or the vault.",
            )
        if not _HEADER_NAME.fullmatch(name) or not (text.isascii() and text.isprintable()) or text != text.strip():
            raise BadInput(f"{clean_line(name, limit=64)!r} is no header that can be sent.")
    if ask.auth == "header" and (not _HEADER_NAME.fullmatch(ask.header) or ask.header.lower() in _OURS):
        raise BadInput(f"{clean_line(ask.header, limit=64)!r} is no header for a secret.")
    if ask.days_critical > ask.days_warn:
        raise BadInput("days_critical is more than days_warn.", next_step="A warning comes first.")


def parse_statuses(text: str) -> tuple[int, ...]:
    """Return the statuses in "200,204". Raises BadInput."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isascii() and word.isdigit() and 100 <= int(word) <= 999 for word in words):
        raise BadInput(f"{clean_line(text, limit=60)!r} is no list of statuses.", next_step="Write it as in 200,204.")
    return tuple(map(int, words))


# ------------------------------------------------------------------------------------------------ results


def judge(plan: CheckPlan, reading: Reading, now: float) -> ReachVerdict:
    """Say what a result means, as the verb that checks at once says it."""
    if isinstance(reading, HttpReading):
        return judge_http(plan.ask or HttpAsk(url="", name=""), reading, now)
    if isinstance(reading, TcpReading):
        return verdict_of(tcp_faults(plan, reading))
    return judge_ping(reading)


def tcp_faults(plan: CheckPlan, reading: TcpReading) -> list[str]:
    """Return why a port is not as it was expected."""
    faults = list(judge_tcp(reading).reasons)
    if not faults and plan.banner and plan.banner not in (said := clean_bytes(reading.banner)):
        faults.append(f"It said {clean_line(said.strip(), limit=80)!r}; {plan.banner!r} was expected.")
    return faults


def passes(plan: CheckPlan, reading: Reading) -> bool:
    """Return whether what was expected was found; a certificate that runs out soon has an alert of its own."""
    if isinstance(reading, HttpReading):
        return not http_faults(plan.ask or HttpAsk(url="", name=""), reading)
    if isinstance(reading, TcpReading):
        return not tcp_faults(plan, reading)
    return bool(reading.round_trips_s)


def samples_of(plan: CheckPlan, target: str, reading: Reading, now: float, *, held: bool = False) -> Sequence[Sample]:
    """Return a result as measurements of a target; what was not reached is absent, never 0.

    Args:
        plan: what was done.
        target: whose the measurements are.
        reading: what came.
        now: epoch seconds.
        held: whether it failed because another service fails: whether it is up by itself is then not known.
    """
    state = "check.held" if held else "check.up"
    values: list[tuple[str, float | None]] = [(state, float(held or passes(plan, reading)))]
    if isinstance(reading, HttpReading):
        steps = (("lookup", reading.lookup_s), ("connect", reading.connect_s), ("tls", reading.tls_s),
                 ("first_byte", reading.first_byte_s))  # fmt: skip
        values.append(("check.latency_ms", _ms(reading.total_s if reading.status is not None else None)))
        values += [(f"check.{name}_ms", _ms(took)) for name, took in steps]
        if reading.certificate is not None:
            values.append(("check.certificate_days", reading.certificate.days_left(now)))
    elif isinstance(reading, TcpReading):
        values.append(("check.latency_ms", _ms(reading.connect_s)))
    else:
        took = reading.round_trips_s
        values.append(("check.latency_ms", _ms(sum(took) / len(took) if took else None)))
        if reading.sent:
            values.append(("check.loss_percent", reading.loss_percent))
    return [Sample(SeriesKey(target, metric, plan.name), now, value) for metric, value in values if value is not None]


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds


def is_of(plan_name: str, key: SeriesKey) -> bool:
    """Return whether a series is of a check with this name."""
    return key.item == plan_name and key.metric.startswith("check.")


def check_rules(plans: Iterable[CheckPlan], *, explain: Explain) -> Sequence[Rule]:
    """Return the rules that raise alerts: failures in a row, and certificates that run out.

    Args:
        plans: the checks.
        explain: says why a check fails now.
    """
    rules = []
    for plan in plans:
        n = plan.failures
        failed = ThresholdSetting(
            metric=f"check.up[{plan.name}]", target=plan.selector or "*", crit=0.5, clear=0.75, direction="below",
            n=n, m=n, advice=f"`opsterm check run {plan.name}` looks again at once and says each step.",
        )  # fmt: skip
        rules.append(replace(make_rule(failed), explain=explain, every_s=plan.interval_s))
        if plan.ask is not None and plan.ask.days_warn > 0:
            rules.append(replace(make_rule(_certificate_setting(plan, plan.ask)), every_s=plan.interval_s))
    return rules


def _certificate_setting(plan: CheckPlan, ask: HttpAsk) -> ThresholdSetting:
    return ThresholdSetting(
        metric=f"check.certificate_days[{plan.name}]", target=plan.selector or "*", warn=ask.days_warn,
        crit=ask.days_critical or None, clear=ask.days_warn + 1, direction="below", n=1, m=1,
        advice=f"Renew the certificate; `opsterm check run {plan.name}` shows which one the server has.",
    )  # fmt: skip
