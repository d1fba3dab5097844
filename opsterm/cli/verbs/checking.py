"""Verbs that see whether web servers, ports and hosts answer."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.cli.run import Context
from opsterm.cli.verbs.vault import open_vault
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.text import clean_bytes
from opsterm.core.units import parse_duration
from opsterm.monitoring.reach import Failure, Grade, HttpAsk, ReachVerdict
from opsterm.runtime.reach import HttpResult, PingResult, TcpResult


def _seconds(context: Context) -> float:
    timeout_s = parse_duration(context.invocation.text("timeout"))
    if not 0 < timeout_s <= 600:
        raise BadInput("A time-out is at most 10 minutes.", next_step="Write it as in 5s.")
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


def _tell(context: Context, name: str, verdict: ReachVerdict, words: str) -> None:
    context.printer.line(f"{name}  {verdict.grade}  {words}".rstrip())
    for reason in verdict.reasons:
        context.printer.line(f"  {reason}")


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.1f} ms"


def _statuses(text: str) -> tuple[int, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isascii() and word.isdigit() and 100 <= int(word) <= 999 for word in words):
        raise BadInput(f"{text!r} is no list of statuses.", next_step="Write it as in 200,204.")
    return tuple(map(int, words))


async def http(context: Context) -> int:
    """Ask web servers."""
    given = context.invocation
    path, found, value = given.text("json_path").partition("=")
    like = HttpAsk(
        url="", name="", method=given.text("method"), statuses=_statuses(given.text("status")),
        contains=given.text("contains"), matches=given.text("matches"), json_path=path,
        json_value=value if found else None, redirects=given.number("redirects") or 0, timeout_s=_seconds(context),
        auth=given.text("auth"), account=given.text("user"), ca_file=given.text("ca_file"),
    )  # fmt: skip
    if like.method == "HEAD" and (like.contains or like.matches or like.json_path):
        raise BadInput("HEAD brings no body that could be looked at.", next_step="Leave out --method HEAD.")
    if like.auth:
        await open_vault(context)
    results = await context.runtime.reach.http(given.texts("what"), like, path=given.text("path"))
    now = context.runtime.clock.now()
    for result in results:
        if context.printer.json:
            context.printer.record(_http_record(result, now))
        else:
            _tell_http(context, result, now)
    return _code(results)


def _http_record(result: HttpResult, now: float) -> dict[str, object]:
    reading, shown = result.reading, result.reading.certificate
    return {
        "name": result.name, "grade": result.verdict.grade, "reasons": result.verdict.reasons,
        "hops": reading.hops, "status": reading.status, "version": reading.version, "lookup_s": reading.lookup_s,
        "connect_s": reading.connect_s, "tls_s": reading.tls_s, "first_byte_s": reading.first_byte_s,
        "total_s": reading.total_s, "body_bytes": len(reading.body), "body_cut": reading.body_cut,
        "certificate": shown, "days_left": shown.days_left(now) if shown else None, "trusted": not reading.trust,
        "failure": reading.failure,
    }  # fmt: skip


def _tell_http(context: Context, result: HttpResult, now: float) -> None:
    reading, shown = result.reading, result.reading.certificate
    answer = f"{reading.status} {reading.version}  " if reading.status else ""
    _tell(context, result.name, result.verdict, f"{answer}{_ms(reading.total_s)}")
    times = (("lookup", reading.lookup_s), ("connect", reading.connect_s), ("tls", reading.tls_s),
             ("first byte", reading.first_byte_s))  # fmt: skip
    context.printer.line("  " + ", ".join(f"{name} {_ms(took)}" for name, took in times))
    if len(reading.hops) > 1:
        context.printer.line(f"  redirected: {' > '.join(reading.hops)}")
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
            _tell(context, result.name, result.verdict, _ms(reading.connect_s) if reading.address else "")
            if said:
                context.printer.line(f"  says {said}")
    return _code(results)


async def ping(context: Context) -> int:
    """Ping hosts."""
    given = context.invocation
    results = await context.runtime.reach.ping(
        given.texts("what"), count=given.number("count") or 4, timeout_s=_seconds(context)
    )
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
            _tell(context, result.name, result.verdict, words if took else "")
    return _code(results)
