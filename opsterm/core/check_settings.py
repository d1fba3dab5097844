"""The settings of checks at an interval: what is asked of whom, how often, and when it is worth an alert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opsterm.core.options import between, one_of, option

AUTHS = ("", "basic", "bearer", "digest", "header")
"""How a web check proves who asks; "header" sends the secret alone in a header of its own name."""

_NAME = "How it is called, in alerts and series: letters, digits, . _ and -, at most 64."
_INTERVAL = "Seconds between two of these checks."
_FAILURES = "Raise an alert after so many failures in a row; it ends after as many successes."
_TARGET = "Selector of the targets that are checked, instead of {}."


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCheckSetting:
    """One `[[checks.http]]` table: a web page that is asked for at an interval."""

    name: str = option("", _NAME)
    url: str = option("", "What is asked for, as in https://web-01/health.")
    target: str = option("", _TARGET.format("url"))
    path: str = option("/", "What is asked of targets.")
    port: int = option(0, "Port of the targets; 0: their own. 443 and 8443 mean https.", check=between(0, 65535))
    interval_s: float = option(60.0, _INTERVAL, check=between(1, 86400))
    timeout_s: float = option(10.0, "Seconds for everything, redirects included.", check=between(0.1, 600))
    failures: int = option(3, _FAILURES, check=between(1, 100))
    method: str = option("GET", "GET or HEAD: a check changes nothing.", check=one_of("GET", "HEAD"))
    status: str = option("", "Statuses that are good, as in 200,204; empty: 200 to 399.")
    contains: str = option("", "Text that the body must hold.")
    matches: str = option("", "Regular expression that must be found in the body.")
    json_path: str = option("", "What must be in the JSON, as in $.checks[0].state=up; without = it must be there.")
    redirects: int = option(5, "How many redirects are followed.", check=between(0, 20))
    headers: Mapping[str, str] = option({}, "Headers that are sent to the url's own server, as in { Accept = '*/*' }.")
    auth: str = option(
        "", "Empty, basic, bearer, digest or header; all but digest over https only.", check=one_of(*AUTHS)
    )
    user: str = option("", "User name for basic and digest.")
    header: str = option("X-API-Key", "Name of the header that auth = header sends the secret in.")
    credential: str = option("", "Account under opsterm:http that the secret is kept for; empty: USER@NAME, or NAME.")
    client_certificate: str = option(
        "", "PEM file with the certificate and key that are shown to the url's own server; a passphrase is the secret."
    )
    ca_file: str = option("", "PEM file of the authorities to trust; empty: those of this machine.")
    days_warn: float = option(21.0, "Warn when a certificate holds for fewer days.", check=between(0, 3660))
    days_critical: float = option(7.0, "Critical when it holds for fewer.", check=between(0, 3660))


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpCheckSetting:
    """One `[[checks.tcp]]` table: a port that is connected to at an interval."""

    name: str = option("", _NAME)
    host: str = option("", "Host name or address.")
    target: str = option("", _TARGET.format("host"))
    port: int = option(0, "Port; 0: the targets' own.", check=between(0, 65535))
    banner: str = option("", "Text that the server must say first, as in SSH-2.0; empty: nothing is waited for.")
    interval_s: float = option(60.0, _INTERVAL, check=between(1, 86400))
    timeout_s: float = option(5.0, "Seconds for name and connection.", check=between(0.1, 600))
    failures: int = option(3, _FAILURES, check=between(1, 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class PingCheckSetting:
    """One `[[checks.ping]]` table: a host that is sent echo requests at an interval."""

    name: str = option("", _NAME)
    host: str = option("", "Host name or address.")
    target: str = option("", _TARGET.format("host"))
    count: int = option(3, "Requests each time; one answer is a success.", check=between(1, 20))
    interval_s: float = option(60.0, _INTERVAL, check=between(1, 86400))
    timeout_s: float = option(1.0, "Seconds to wait for each answer.", check=between(0.1, 60))
    failures: int = option(3, _FAILURES, check=between(1, 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings:
    """`[checks]`: web pages, ports, hosts and accepted services that are looked at again and again."""

    services: str = option(
        "", "Selector of the targets whose accepted services are checked at an interval, as in tag:web; empty: none."
    )
    services_interval_s: float = option(60.0, "Seconds between two checks of a service.", check=between(5, 86400))
    services_failures: int = option(3, _FAILURES, check=between(1, 100))
    parallel: int = option(20, "Checks that are made at the same time.", check=between(1, 500))
    http: tuple[HttpCheckSetting, ...] = option((), "Web pages that are asked for at an interval.")
    tcp: tuple[TcpCheckSetting, ...] = option((), "Ports that are connected to at an interval.")
    ping: tuple[PingCheckSetting, ...] = option((), "Hosts that are pinged at an interval.")
