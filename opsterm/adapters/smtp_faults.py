"""What can go wrong on the way to a mail server, in words, and what to do about it."""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl

from aiosmtplib import SMTPException, SMTPResponseException, SMTPServerDisconnected
from aiosmtplib import errors as library

from opsterm.core.mail import REPLY_LIMIT, MailPhase, MailReply, Trouble, Verdict
from opsterm.core.mail_settings import MailSettings
from opsterm.core.text import clean_line
from opsterm.policy.mask import mask

_EXPIRED, _SELF_SIGNED, _SELF_SIGNED_IN_CHAIN, _NO_ISSUER, _NOT_YET = 10, 18, 19, 20, 9
_WRONG_NAME, _WRONG_ADDRESS = 62, 64
"""X509_V_ERR_… of OpenSSL's x509_vfy.h."""


def reply_text(text: str) -> str:
    """Return what a server said in one line, cleaned, masked and short."""
    return mask(clean_line(" ".join(text.split()), limit=REPLY_LIMIT))[0]


def answer(error: SMTPResponseException, phase: MailPhase) -> MailReply:
    """Return what a refusal means: only 5xx is final, anything that is no reply of SMTP is taken as passing."""
    verdict = Verdict.REFUSED if 500 <= error.code <= 599 else Verdict.LATER
    code = error.code if 200 <= error.code <= 599 else 0
    return MailReply(verdict=verdict, phase=phase, code=code, text=reply_text(error.message), next_step=_NEXT[phase])


def trouble(error: Exception, phase: MailPhase, settings: MailSettings) -> Trouble:
    """Return a failure of a step as a sentence with a way to mend it."""
    place = f"{clean_line(settings.host, limit=255)}:{settings.port_used}"
    cause = error.__cause__ if isinstance(error, library.SMTPConnectError) and error.__cause__ else error
    if isinstance(cause, ssl.SSLError):
        return _tls(cause, place, settings)
    if isinstance(error, TimeoutError):
        waits = "See the server's log; mail.timeout_s sets how long opsterm waits."
        return Trouble(
            phase=phase, text=f"{place} did not answer within {settings.timeout_s:g} s.",
            next_step=_CONNECT_NEXT if phase is MailPhase.CONNECT else waits,
        )  # fmt: skip
    if isinstance(error, SMTPResponseException):
        if error.code < 200 or error.code > 599:
            return Trouble(
                phase=phase, text=f"{place} said something that is no SMTP: {reply_text(error.message)}",
                next_step="See whether a mail server listens on that port.",
            )  # fmt: skip
        return Trouble(
            phase=phase, text=f"{place} said {error.code} {reply_text(error.message)}", next_step=_NEXT[phase]
        )
    if isinstance(cause, _CLOSED):
        return Trouble(
            phase=phase, text=f"{place} closed the connection.",
            next_step="See the server's log; it may refuse this machine, or speak TLS at once (mail.security = tls).",
        )  # fmt: skip
    if isinstance(cause, OSError) and not isinstance(cause, SMTPException):
        return _connection(cause, place)
    return Trouble(
        phase=phase, text=f"{place}: {reply_text(str(error) or type(error).__name__)}", next_step=_NEXT[phase]
    )


_CLOSED = (SMTPServerDisconnected, ConnectionResetError, ConnectionAbortedError, BrokenPipeError)
_CONNECT_NEXT = "See whether the server is up, the port is right, and no firewall drops the packets."
_NEXT = {
    MailPhase.SETTINGS: "Mend [mail] in the settings.",
    MailPhase.NAME: "Mend mail.host, or see this machine's name servers (/etc/resolv.conf).",
    MailPhase.CONNECT: _CONNECT_NEXT,
    MailPhase.TLS: "See the server's TLS settings, or mail.security and mail.port.",
    MailPhase.LOGIN: "See mail.user, and keep its password again: opsterm vault set opsterm:mail USER@HOST",
    MailPhase.SENDER: "See whether the server lets this account send as mail.sender.",
    MailPhase.RECIPIENT: "See whether the address exists and the server relays mail to it.",
    MailPhase.MESSAGE: "See the server's log.",
}


def unknown_name(error: Exception, settings: MailSettings) -> Trouble:
    """Return the trouble with a name that has no address."""
    host = clean_line(settings.host, limit=255)
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return Trouble(
            phase=MailPhase.NAME, text=f"No name server answered for {host}.", next_step=_NEXT[MailPhase.NAME]
        )
    return Trouble(phase=MailPhase.NAME, text=f"The name {host} is not known.", next_step=_NEXT[MailPhase.NAME])


def _connection(error: OSError, place: str) -> Trouble:
    if error.errno == errno.ECONNREFUSED:
        text = f"{place} refused the connection: nothing listens there, or a firewall answers for it."
    else:
        said = os.strerror(error.errno) if error.errno and error.errno > 0 else reply_text(str(error))
        text = f"{place} cannot be reached: {said}."
    return Trouble(phase=MailPhase.CONNECT, text=text, next_step=_CONNECT_NEXT)


def _tls(error: ssl.SSLError, place: str, settings: MailSettings) -> Trouble:
    if not isinstance(error, ssl.SSLCertVerificationError):
        reason = re.sub(r"[_\s]+", " ", str(error.reason or error)).lower()
        return Trouble(
            phase=MailPhase.TLS, text=f"{place} does not speak TLS as it should: {clean_line(reason, limit=200)}.",
            next_step=f"mail.security is {settings.security}: tls is for ports that speak TLS at once (465), starttls "
            "for those that begin in clear (587).",
        )  # fmt: skip
    host = clean_line(settings.host, limit=255)
    said, mend = _CERTIFICATE.get(
        error.verify_code, (f"is not valid: {clean_line(error.verify_message, limit=200)}", "See the certificate.")
    )
    return Trouble(phase=MailPhase.TLS, text=f"The certificate of {place} {said.format(host=host)}.", next_step=mend)


_OTHER_AUTHORITY = (
    "Give the authority that signed it as mail.ca_file, after comparing it with one you trust; mail.verify = false "
    "would send the password to anybody."
)
_CERTIFICATE = {
    _EXPIRED: ("has expired", "Have the server's certificate renewed; see also this machine's clock."),
    _NOT_YET: ("is not valid yet", "See this machine's clock, and the server's certificate."),
    _SELF_SIGNED: ("is signed by itself", _OTHER_AUTHORITY),
    _SELF_SIGNED_IN_CHAIN: ("is signed by an authority that this system does not know", _OTHER_AUTHORITY),
    _NO_ISSUER: ("is signed by an authority that this system does not know", _OTHER_AUTHORITY),
    _WRONG_NAME: ("is for another name than {host}", "Set mail.host to a name in the certificate."),
    _WRONG_ADDRESS: ("is not for the address {host}", "Set mail.host to a name in the certificate."),
}
