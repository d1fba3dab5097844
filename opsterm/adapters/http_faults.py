"""What the HTTP library raises, and what is behind it."""

from __future__ import annotations

import ssl

import httpx

from opsterm.adapters.certificate import why_untrusted
from opsterm.adapters.lookup import why_not
from opsterm.core.errors import TimedOut, Unreachable
from opsterm.core.text import clean_line

STRANGE = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError, LookupError, NotImplementedError)
"""What httpx raises about an answer: the last three about a digest challenge or a header that makes no sense."""


def causes(error: BaseException) -> list[BaseException]:
    """Return an error and what led to it, outermost first."""
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and len(found) < 10:
        found.append(at)
        at = at.__cause__ or at.__context__
    return found


def as_fault(error: BaseException, name: str, host: str) -> Unreachable | TimedOut:
    """Return the error for a request or stream that failed.

    Args:
        error: what a library raised.
        name: how messages name the other side.
        host: that its certificate must be for.
    """
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            step = "Name its authority in the ca_file of the settings, or give it a certificate that is trusted."
            return Unreachable(f"{name} is not trusted.", why=why_untrusted(cause, host, None), next_step=step)
        if isinstance(cause, ssl.SSLError):
            said = clean_line(cause.reason or str(cause), limit=200)
            return Unreachable(f"{name} does not speak TLS as this machine does.", why=f"{said}.")
        if isinstance(cause, httpx.TimeoutException | TimeoutError):
            return TimedOut(f"{name} did not answer in time.", next_step="See whether it is up, and its address right.")
        if isinstance(cause, OSError) and cause.errno:
            return Unreachable(why_not(cause, name), next_step="See whether it is up, and address and port are right.")
    said = clean_line(str(error), limit=200) or type(error).__name__
    return Unreachable(f"{name} does not speak HTTP as it should.", why=f"{said}.")
