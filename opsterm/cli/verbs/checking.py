"""Verbs that see whether web servers, ports and hosts answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from opsterm.cli.run import Context
from opsterm.cli.verbs.vault import open_vault
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.text import clean_bytes
from opsterm.core.units import age_text, parse_duration, span_text, value_text
from opsterm.core.width import cell_width, padded
from opsterm.monitoring.checks import parse_statuses, samples_of
from opsterm.monitoring.metrics import metric_of
from opsterm.monitoring.reach import Failure, Grade, HttpAsk, ReachVerdict
from opsterm.policy.mask import mask
from opsterm.runtime.check_places import CheckPlace
from opsterm.runtime.reach import HttpResult, PingResult, TcpResult

LONGEST_GRADE = max(len(grade) for grade in Grade)
NONE_SET = (
    "No checks are set, or they choose no target. They are tables of config.toml: [[checks.http]]; "
    "checks.services chooses accepted services."
)


def _seconds(context: Context) -> float:
    timeout_s = parse_duration(context.invocation.text("timeout"))
    if not 0 < timeout_s <= 600:
        raise BadInput("A time-out is more than 0 s and at most 10 minutes.", next_step="Write it as in 5s.")
    return timeout_s


def _code(results: Sequence[HttpResult] | Sequence[TcpResult] | Sequence[PingResult]) -> ExitCode:
    bad = [result for result in results if result.verdict.grade is Grade.CRITICAL]
    if not bad:
        return ExitCode.DONE
    failures = {result.reading.failure for result in bad}
    if len(bad) == len(results) and failures == {Failure.TIMED_OUT}:
        return ExitCode.TIMED_OUT
    silent = failures <= {Failure.TIMED_OUT, Failure.UNREACHABLE}
    return ExitCode.UNREACHABLE if silent and len(bad) == len(results) else ExitCode.SOME_FAILED


def _tell(context: Context, name: str, verdict: ReachVerdict, words: str, *, width: int) -> None:
    context.printer.line(f"{padded(name, width)}  {padded(verdict.grade, LONGEST_GRADE)}  {words}".rstrip())
    for reason in verdict.reasons:
        context.printer.line(f"  {reason}")


def _widest(names: Iterable[str]) -> int:
    return max(map(cell_width, names), default=0)


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.1f} ms"


async def http(context: Context) -> int:
    """Ask web servers."""
    given = context.invocation
    path, found, value = given.text("json_path").partition("=")
    like = HttpAsk(
        url="", name="", method=given.text("method"), statuses=parse_statuses(given.text("status")),
        contains=given.text("contains"), matches=given.text("matches"), json_path=path,
        json_value=value if found else None, redirects=given.number("redirects") or 0, timeout_s=_seconds(context),
        auth=given.text("auth"), account=given.text("user"), header=given.text("header_name"),
        client_certificate=given.text("client_certificate"), ca_file=given.text("ca_file"),
    )  # fmt: skip
    if like.needs_secret:
        await open_vault(context)
    results = await context.runtime.reach.http(given.texts("what"), like, path=given.text("path"))
    now, width = context.runtime.clock.now(), _widest(result.name for result in results)
    for result in results:
        if context.printer.json:
            context.printer.record(_http_record(result, now))
        else:
            _tell_http(context, result, now, width)
    return _code(results)


def _http_record(result: HttpResult, now: float) -> dict[str, object]:
    reading, shown = result.reading, result.reading.certificate
    return {
        "name": result.name, "grade": result.verdict.grade, "reasons": result.verdict.reasons,
        "hops": [mask(hop)[0] for hop in reading.hops], "status": reading.status, "version": reading.version,
        "lookup_s": reading.lookup_s,
        "connect_s": reading.connect_s, "tls_s": reading.tls_s, "first_byte_s": reading.first_byte_s,
        "total_s": reading.total_s, "body_bytes": len(reading.body), "body_cut": reading.body_cut,
        "certificate": shown, "days_left": shown.days_left(now) if shown else None, "trusted": not reading.trust,
        "failure": reading.failure,
    }  # fmt: skip


def _tell_http(context: Context, result: HttpResult, now: float, width: int) -> None:
    reading, shown = result.reading, result.reading.certificate
    answer = f"{reading.status} {reading.version}  " if reading.status else ""
    _tell(context, result.name, result.verdict, f"{answer}{_ms(reading.total_s)}", width=width)
    times = (("lookup", reading.lookup_s), ("connect", reading.connect_s), ("tls", reading.tls_s),
             ("first byte", reading.first_byte_s))  # fmt: skip
    context.printer.line("  " + ", ".join(f"{name} {_ms(took)}" for name, took in times))
    if len(reading.hops) > 1:
        context.printer.line(f"  redirected: {' > '.join(mask(hop)[0] for hop in reading.hops)}")
    if shown is not None:
        context.printer.line(
            f"  certificate {shown.subject}, {shown.days_left(now):.0f} days left, for {', '.join(shown.names)}"
        )
        context.printer.line(f"  issued by {shown.issuer}; {len(shown.chain)} sent")


async def tcp(context: Context) -> int:
    """Open TCP connections."""
    given = context.invocation
    results = await context.runtime.reach.tcp(
        given.texts("what"), port=given.number("port"), timeout_s=_seconds(context), banner=given.yes("banner")
    )
    width = _widest(result.name for result in results)
    for result in results:
        reading = result.reading
        said = clean_bytes(reading.banner).strip()
        if context.printer.json:
            context.printer.record({
                "name": result.name, "port": result.port, "grade": result.verdict.grade,
                "reasons": result.verdict.reasons, "address": reading.address, "connect_s": reading.connect_s,
                "banner": said, "failure": reading.failure,
            })  # fmt: skip
        else:
            took = _ms(reading.connect_s) if reading.address else ""
            _tell(context, result.name, result.verdict, took, width=width)
            if said:
                context.printer.line(f"  says {said}")
    return _code(results)


async def ping(context: Context) -> int:
    """Ping hosts."""
    given = context.invocation
    results = await context.runtime.reach.ping(
        given.texts("what"), count=given.number("count") or 4, timeout_s=_seconds(context)
    )
    width = _widest(result.name for result in results)
    for result in results:
        took = result.reading.round_trips_s
        low, mean, high = (min(took), sum(took) / len(took), max(took)) if took else (None, None, None)
        if context.printer.json:
            context.printer.record({
                "name": result.name, "grade": result.verdict.grade, "reasons": result.verdict.reasons,
                "address": result.reading.address, "sent": result.reading.sent, "answered": len(took),
                "loss_percent": result.reading.loss_percent, "min_s": low, "mean_s": mean, "max_s": high,
                "failure": result.reading.failure,
            })  # fmt: skip
        else:
            words = f"loss {result.reading.loss_percent:.0f} %, min {_ms(low)}, mean {_ms(mean)}, max {_ms(high)}"
            _tell(context, result.name, result.verdict, words if took else "", width=width)
    return _code(results)


async def list_checks(context: Context) -> int:
    """List the checks of the settings and how each stands."""
    names, now = context.invocation.texts("names"), context.runtime.clock.now()
    states = await context.runtime.check_states(names)
    if context.printer.json:
        for state in states:
            context.printer.record({
                **_place_record(state.place), "interval_s": state.place.plan.interval_s, "state": state.state,
                "made_at": state.made_at, "latency_ms": state.latency_ms,
                "certificate_days": state.certificate_days, "reasons": state.reasons,
            })  # fmt: skip
        return ExitCode.DONE
    context.printer.table(
        ["check", "state", "where", "every", "last", "latency", "certificate"],
        [
            (
                state.place.plan.name, state.state, _where(state.place) or state.place.target,
                span_text(state.place.plan.interval_s),
                f"{age_text(now - state.made_at)} ago" if state.made_at is not None else "-",
                _figure(state.latency_ms, "ms"), _figure(state.certificate_days, "d"),
            )
            for state in states
        ],
        right=["every", "last", "latency", "certificate"],
    )  # fmt: skip
    if not states:
        context.printer.say(NONE_SET)
    for state in states:
        for reason in state.reasons:
            context.printer.line(f"{state.place.plan.name} on {state.place.target}: {reason}")
    return ExitCode.DONE


def _figure(value: float | None, unit: str) -> str:
    return "-" if value is None else value_text(float(f"{value:.3g}"), unit)


def _place_record(place: CheckPlace) -> dict[str, object]:
    return {"name": place.plan.name, "kind": place.plan.kind, "target": place.target, "place": _where(place)}


def _where(place: CheckPlace) -> str:
    """Return where a check asks, without the token that a URL may have."""
    return mask(place.where)[0]


async def run_checks(context: Context) -> int:
    """Make checks of the settings now."""
    if any(plan.ask is not None and plan.ask.needs_secret for plan in context.runtime.checks.plans):
        await open_vault(context)
    results = await context.runtime.checks.run(context.invocation.texts("names"))
    if not results:
        context.printer.say(NONE_SET)
    now, width = context.runtime.clock.now(), _widest(result.place.plan.name for result in results)
    for result in results:
        place, reading = result.place, result.reading
        samples = () if reading is None else samples_of(place.plan, place.target, reading, now)
        measured = {sample.key.metric.removeprefix("check."): sample.value for sample in samples}
        if context.printer.json:
            record = {**_place_record(place), "grade": result.verdict.grade, "reasons": result.verdict.reasons}
            context.printer.record({**record, "measured": measured})
            continue
        _tell(context, place.plan.name, result.verdict, _where(place) or place.target, width=width)
        said = [
            f"{name.removesuffix('_ms')} {_figure(value, metric_of(f'check.{name}').unit)}"
            for name, value in measured.items()
            if name != "up"
        ]
        if said:
            context.printer.line("  " + ", ".join(said))
    bad = [result for result in results if result.verdict.grade is Grade.CRITICAL]
    return ExitCode.SOME_FAILED if bad else ExitCode.DONE
