"""Who is on a host, and what time it has there, from what `looks.PROFILE_SCRIPT` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.core import lean_re as re
from opsterm.core.text import clean_line
from opsterm.monitoring.host_facts import Account, HostClock, LoginSession
from opsterm.monitoring.sections import Sections

MOST = 200
LONGEST_NAME = 200

_TIME = re.compile(r"(\d{9,11})(?:\.(\d{9}))?(?:\.\D*)?")
_WHO = re.compile(r"(\S{1,64}) +(?:[-+?] +)?(\S{1,32}) +.*?(?:\((.{1,200})\))? *")
_DAEMONS = {
    "chronyd": "chrony", "ntpd": "ntpd", "systemd-timesyn": "systemd-timesyncd", "ptp4l": "ptp", "phc2sys": "ptp",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAt:
    """When a host was asked for its time, by this machine's clock.

    Attributes:
        sent: epoch seconds at which the script was sent.
        heard: epoch seconds at which its first words came.
    """

    sent: float
    heard: float


def host_time(lines: Sequence[str]) -> float | None:
    """Return the epoch seconds of `date`; half a second is added to one that knows whole seconds only."""
    told = _TIME.fullmatch(lines[0].strip()) if lines else None
    if told is None:
        return None
    return int(told[1]) + (int(told[2]) / 1e9 if told[2] else 0.5)


def host_clock(sections: Sections, asked: AskedAt | None) -> HostClock:
    """Return how right the host's clock is.

    The host looked at its clock some time between the question and the answer: the middle is the best guess, and half
    of the time between them the most by which it can be wrong (as in NTP, RFC 5905).
    """
    lines = sections.of("clock")
    here = host_time(lines)
    skew = error = None
    if here is not None and asked is not None and asked.heard >= asked.sent:
        skew = here - (asked.sent + asked.heard) / 2
        error = (asked.heard - asked.sent) / 2 + (0.0 if "." in lines[0].rstrip(".N%") else 0.5)
    told = sections.of("ntp")
    services = [_DAEMONS[line] for line in told if line in _DAEMONS]
    seen = "ntp" in sections.lines and (sections.complete or "versions" in sections.lines)
    return HostClock(
        skew_s=skew,
        error_s=error,
        service=services[0] if services else "none" if seen else "",
        synchronized=_synchronized(told, services),
    )


def _synchronized(told: Sequence[str], services: Sequence[str]) -> bool | None:
    for line in told:
        name, _, value = line.partition(":") if ":" in line else line.partition("=")
        if name.strip() == "Leap status":
            return value.strip() != "Not synchronised"
        if name.strip() == "leap":
            return value.strip(" ,")[:2] != "11"
    return True if "timesyncd-synchronized" in told and "systemd-timesyncd" in services else None


def sessions_of(lines: Sequence[str]) -> tuple[LoginSession, ...] | None:
    """Return who is logged in, as `who` says; None where there is no `who`."""
    if "who" not in lines[:1]:
        return None
    found = (_WHO.fullmatch(line) for line in lines[1 : MOST + 1])
    return tuple(
        LoginSession(user=_clean(told[1]), terminal=_clean(told[2]), origin=_clean(told[3] or ""))
        for told in found
        if told
    )


def accounts_of(lines: Sequence[str]) -> tuple[Account, ...]:
    """Return the accounts with a shell: of /etc/passwd, not of a directory service."""
    found = []
    for line in lines[:MOST]:
        uid, _, rest = line.partition(" ")
        name, _, shell = rest.partition(" ")
        if uid.isascii() and uid.isdigit() and len(uid) <= 10 and name:
            found.append(Account(name=_clean(name), uid=int(uid), shell=_clean(shell) or "/bin/sh"))
    return tuple(found)


def _clean(text: str) -> str:
    return clean_line(text.strip(), limit=LONGEST_NAME)
