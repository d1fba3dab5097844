"""What a check of reachability read, and what the reading means: HTTP(S), TCP, ping. Failures are data here, too."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

DAY_S = 86_400.0
DAYS_WARN, DAYS_CRITICAL = 21, 7
"""Days a certificate still holds, below which a check warns, and below which it is critical."""


class Failure(StrEnum):
    """How a check ended that got no answer."""

    NONE = ""
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    WRONG = "wrong"


class Grade(StrEnum):
    """What a reading means, in one word."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachVerdict:
    """What a reading means.

    Attributes:
        grade: the worst of the reasons.
        reasons: one sentence each, () when all is well.
    """

    grade: Grade
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAsk:
    """What is asked of a web server, and what is expected of its answer.

    Attributes:
        url: http or https, without a password in it.
        name: whose it is: the target's name, or the URL.
        method: "GET" or "HEAD": a check changes nothing.
        statuses: those that are good; () for 200 to 399.
        contains: text that the body must hold, "" for none.
        matches: regular expression that must be found in the body, "" for none.
        json_path: as in `$.status` or `checks[0].state`; "" for none.
        json_value: what it must say there, None: it must only be there.
        redirects: how many are followed, 0 for none.
        timeout_s: seconds for everything together.
        body_limit: bytes of the body that are read at most.
        headers: names and values that are sent beside our own, to the server of `url` only.
        auth: "", "basic", "bearer", "digest" or "header".
        account: user name; the secret is kept under it.
        header: name of the header that "header" sends the secret in.
        credential: account that the secret is kept for; "" for account and name.
        client_certificate: PEM file with certificate and key that are shown to the server of `url`, "" for none.
        ca_file: certificates of authorities to trust instead of this machine's, "" for those.
        days_warn: days that a certificate must still hold, else it is a warning.
        days_critical: else it is critical.
    """

    url: str
    name: str
    method: str = "GET"
    statuses: tuple[int, ...] = ()
    contains: str = ""
    matches: str = ""
    json_path: str = ""
    json_value: str | None = None
    redirects: int = 5
    timeout_s: float = 10.0
    body_limit: int = 1_000_000
    headers: tuple[tuple[str, str], ...] = ()
    auth: str = ""
    account: str = ""
    header: str = ""
    credential: str = ""
    client_certificate: str = ""
    ca_file: str = ""
    days_warn: float = DAYS_WARN
    days_critical: float = DAYS_CRITICAL

    @property
    def needs_secret(self) -> bool:
        """Whether a secret is looked up for it; a client certificate's passphrase is, and may be none."""
        return bool(self.auth or self.client_certificate)

    @property
    def secret_account(self) -> str:
        """The account that its secret is kept for."""
        return self.credential or (f"{self.account}@{self.name}" if self.account else self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The certificate that a server showed (RFC 5280).

    Attributes:
        subject: as in "CN=www.example.org".
        issuer: who signed it.
        names: DNS names and addresses that it is for.
        not_before: from when it holds, epoch seconds.
        not_after: until when it holds, epoch seconds.
        chain: subjects of all the certificates that the server sent, its own first.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: float
    not_after: float
    chain: tuple[str, ...] = ()

    def days_left(self, now: float) -> float:
        """Return the days it still holds, negative when it no longer does."""
        return (self.not_after - now) / DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReading:
    """What a web server answered.

    Attributes:
        hops: the URLs asked, in order: more than one after redirects.
        status: of the last answer, None when there was none.
        version: "HTTP/1.1" or "HTTP/2", "" when nothing was answered.
        lookup_s: seconds to look up the name; this and the next three of the last hop, None when not reached.
        connect_s: seconds to open the TCP connection.
        tls_s: seconds of the TLS handshake.
        first_byte_s: seconds from the request to the head of the answer.
        total_s: seconds for everything, redirects included.
        body: what was read of it, at most the limit.
        body_cut: whether there was more.
        certificate: None without TLS, or when it could not be read.
        trust: why the certificate is not trusted, one sentence; "" when it is or there is none.
        failure: how it ended when there is no answer.
        reason: one sentence about that, "" when there is an answer.
    """

    hops: tuple[str, ...] = ()
    status: int | None = None
    version: str = ""
    lookup_s: float | None = None
    connect_s: float | None = None
    tls_s: float | None = None
    first_byte_s: float | None = None
    total_s: float = 0.0
    body: bytes = b""
    body_cut: bool = False
    certificate: Certificate | None = None
    trust: str = ""
    failure: Failure = Failure.NONE
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpReading:
    """What a TCP port did.

    Attributes:
        address: that answered, "" for none.
        connect_s: seconds to connect, the name's look-up included; None when it did not.
        banner: the first bytes that it said by itself, when that was asked for.
        failure: how it ended when it did not connect.
        reason: one sentence about that.
    """

    address: str = ""
    connect_s: float | None = None
    banner: bytes = b""
    failure: Failure = Failure.NONE
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PingReading:
    """What echo requests (RFC 792, RFC 4443) brought back.

    Attributes:
        address: that was asked, "" when the name is not known.
        sent: how many were sent.
        round_trips_s: seconds of each that was answered.
        failure: how it ended when none was answered.
        reason: one sentence about that.
    """

    address: str = ""
    sent: int = 0
    round_trips_s: tuple[float, ...] = ()
    failure: Failure = Failure.NONE
    reason: str = ""

    @property
    def loss_percent(self) -> float:
        """Part of the requests that nobody answered, 0 to 100."""
        return 100.0 * (1 - len(self.round_trips_s) / self.sent) if self.sent else 100.0


def verdict_of(critical: Sequence[str], warning: Sequence[str] = ()) -> ReachVerdict:
    """Return the verdict that follows from reasons."""
    grade = Grade.CRITICAL if critical else Grade.WARNING if warning else Grade.OK
    return ReachVerdict(grade=grade, reasons=(*critical, *warning))


def judge_http(ask: HttpAsk, reading: HttpReading, now: float) -> ReachVerdict:
    """Say what a web server's answer means. Raises BadInput for an expectation that cannot be read."""
    critical, warning = http_faults(ask, reading), []
    schemes = [hop.partition(":")[0] for hop in reading.hops]
    if reading.status is not None and any(pair == ("https", "http") for pair in itertools.pairwise(schemes)):
        warning.append("A redirect leads from https to http, where anyone on the way can read along.")
    if reading.certificate is not None and not reading.trust:
        days = reading.certificate.days_left(now)
        if days < max(ask.days_warn, ask.days_critical):
            (critical if days < ask.days_critical else warning).append(f"The certificate expires in {days:.0f} days.")
    return verdict_of(critical, warning)


def http_faults(ask: HttpAsk, reading: HttpReading) -> list[str]:
    """Return why this is not the answer that was expected, one sentence each; how long its certificate holds aside."""
    faults = [text for text in (reading.trust, reading.reason) if text]
    if reading.status is not None:
        good = reading.status in ask.statuses if ask.statuses else 200 <= reading.status < 400
        if not good:
            wanted = ", ".join(map(str, ask.statuses)) or "200 to 399"
            faults.append(f"It answered {reading.status}; {wanted} was expected.")
        faults += _body_faults(ask, reading)
    return faults


def _body_faults(ask: HttpAsk, reading: HttpReading) -> list[str]:
    text = reading.body.decode("utf-8", errors="replace")
    within = f" in its first {len(reading.body)} bytes" if reading.body_cut else ""
    faults = []
    if ask.contains and ask.contains not in text:
        faults.append(f"The body does not hold {ask.contains!r}{within}.")
    if ask.matches and not compiled(ask.matches).search(text):
        faults.append(f"Nothing in the body matches {ask.matches!r}{within}.")
    if ask.json_path:
        faults += _json_faults(ask, text, within)
    return faults


def compiled(pattern: str) -> re.Pattern[str]:
    """Return a regular expression, ready. Raises BadInput."""
    try:
        return re.compile(pattern, re.MULTILINE)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadInput(f"{pattern!r} is not a regular expression.", why=f"{error}.") from None


def _json_faults(ask: HttpAsk, text: str, within: str) -> list[str]:
    steps = json_steps(ask.json_path)
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return [f"The body is not JSON{within}."]
    for step in steps:
        if isinstance(value, dict):
            found = isinstance(step, str) and step in value
        else:
            found = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if not found:
            return [f"The JSON has nothing at {ask.json_path}."]
        value = value[step]  # type: ignore[index]  # a step that was found
    said = value if isinstance(value, str) else json.dumps(value)
    if ask.json_value is not None and said != ask.json_value:
        return [f"{ask.json_path} is {clean_line(said, limit=100)}; {ask.json_value} was expected."]
    return []


_STEP = re.compile(r"\.?(?P<name>[^.\[\]'\"$]+)|\[(?P<index>\d{1,9})\]|\[(?P<quote>['\"])(?P<quoted>.*?)(?P=quote)\]")


def json_steps(path: str) -> tuple[str | int, ...]:
    """Return the names and indexes of a JSON path: `$`, `.name`, `[0]` and `['name']` of RFC 9535. Raises BadInput."""
    at, steps = 1 if path.startswith("$") else 0, list[str | int]()
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            raise BadInput(
                f"{path!r} is not a path this check reads.",
                why=f"It is understood up to character {at}.",
                next_step="Write it as in $.status, checks[0].state or $['odd name'].",
            )
        steps.append(int(match["index"]) if match["index"] else match["name"] or match["quoted"] or "")
        at = match.end()
    return tuple(steps)


def judge_tcp(reading: TcpReading) -> ReachVerdict:
    """Say what a TCP port's answer means."""
    return verdict_of([reading.reason] if reading.failure else [])


def judge_ping(reading: PingReading) -> ReachVerdict:
    """Say what the answers to echo requests mean: every loss is a warning, no answer is critical."""
    if reading.failure:
        return verdict_of([reading.reason])
    lost = reading.sent - len(reading.round_trips_s)
    return verdict_of([], [f"{lost} of {reading.sent} requests were not answered."] if lost else [])
