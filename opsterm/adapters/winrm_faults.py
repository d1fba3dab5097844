"""What can go wrong on a WS-Management connection, before it is a sentence; `winrm_refusals` makes it one."""

from __future__ import annotations

import struct

SENSELESS = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError, AssertionError,
             struct.error)  # fmt: skip
"""What the libraries raise about a header, a token or a sealed part that makes no sense: pyspnego reads a log-in's time
and overflows, pywinrm splits what has no boundary."""


class WireError(Exception):
    """Something went wrong on the line; `winrm_refusals` says it to the operator."""


class Fault(WireError):
    """The target's WS-Management service refused.

    Attributes:
        code: number of the WSManFault or of the provider's error, 0 when there is none.
        subcode: "w:TimedOut" and such.
        text: its own words.
    """

    def __init__(self, code: int, subcode: str, text: str) -> None:
        super().__init__(text)
        self.code, self.subcode, self.text = code, subcode, text


class Denied(WireError):
    """401: it does not take this log-in."""


class KerberosFailed(WireError):
    """Kerberos could not log in, or could not take a message apart.

    Attributes:
        code: number of krb5's error, as an unsigned one of 32 bits; 0 when there is none.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class BadStatus(WireError):
    """An HTTP status without a SOAP fault."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class BadAnswer(WireError):
    """An answer that is not WS-Management, or not protected as it must be."""


class LineFailed(WireError):
    """The line failed; its cause is the library's error.

    Attributes:
        timed_out: nothing came in time; else it was cut, or never made.
    """

    def __init__(self, text: str, *, timed_out: bool = False) -> None:
        super().__init__(text)
        self.timed_out = timed_out
