"""What goes wrong over WinRM, as a sentence: no words of a library, and those of a target only when cleaned."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping

import requests

from opsterm.adapters.certificate import why_untrusted
from opsterm.adapters.lookup import why_not
from opsterm.adapters.winrm_faults import BadAnswer, BadStatus, Denied, Fault, KerberosFailed, LineFailed, WireError
from opsterm.adapters.winrm_kerberos_refusals import told_of_kerberos
from opsterm.adapters.winrm_login import WinrmLogin
from opsterm.core.errors import AuthenticationFailed, OpstermError, TimedOut, Unreachable
from opsterm.core.text import clean_line
from opsterm.runtime.credentials import WINRM

NO_SHELL, MAX_OPERATIONS, MAX_SHELLS = 2150858843, 2150859174, 2150859173
MAX_COMMANDS, MAX_OPERATIONS_PPQ = 2150859241, 2150859240
NOT_BEGUN = frozenset({NO_SHELL, MAX_OPERATIONS, MAX_OPERATIONS_PPQ, MAX_COMMANDS, 2147943418})
"""Faults about a shell that can take no command any more: nothing was begun, and another shell can take it. The last
one is ERROR_KEY_DELETED: the profile of the account was unloaded under the shell."""

_CLOSE_SHELLS = "Close those that nobody uses, or raise MaxShellsPerUser there; opsterm opens winrm.shells_per_host."
_WAIT = "Wait, or raise MaxConcurrentOperationsPerUser there."

_FAULTS: Mapping[int, tuple[str, str]] = {
    5: ("does not allow it: access is denied.",
        "Put the account into Administrators there; of a local one also see LocalAccountTokenFilterPolicy."),
    MAX_SHELLS: ("has too many shells of this account open.", _CLOSE_SHELLS),
    2150859236: ("has too many shells of this account open.", _CLOSE_SHELLS),
    2150859238: ("has too many shells open.", "Close those that nobody uses, or raise MaxShells of the plug-in there."),
    2150859179: ("has shells of too many users open.", "Wait until one has left, or raise MaxConcurrentUsers there."),
    2150859237: ("has shells of too many users open.", "Wait until one has left, or raise MaxConcurrentUsers there."),
    MAX_OPERATIONS: ("has too many operations of this account running.", _WAIT),
    MAX_OPERATIONS_PPQ: ("has too many operations of this account running.", _WAIT),
    2150859239: ("has too many operations running.", "Wait, or raise MaxConcurrentOperations there."),
    MAX_COMMANDS: ("has carried out too many commands in this shell.", "Try again: a new one is opened."),
    2150858815: ("has no room for this at the moment: a quota is used up.", "Wait and try again."),
    2150859175: ("has had too many requests of this account in a short time.", "Wait and try again."),
    2150859176: ("has had too many requests in a short time.", "Wait and try again."),
    2150859180: ("allows no remote shells.", "Set AllowRemoteShellAccess there: winrm set winrm/config/winrs …"),
    2150859248: ("did not prove that it is the host that was meant.", "See its name in the domain: setspn -Q HTTP/…"),
    NO_SHELL: ("has closed the shell.", "Try again: a new one is opened."),
    995: ("has ended the command from its side.", "See whether its WinRM service was restarted, and what still runs."),
    1722: ("has a part that does not answer: the RPC server is unavailable.", "See its WMI service (winmgmt)."),
    2150859002: ("does not take this query.", "See that the class and the properties are there, and the WQL is right."),
    2150858778: ("has no such class or namespace.", "See that the class is there on this version of Windows."),
    14: ("is out of memory for a shell.", "Raise MaxMemoryPerShellMB there."),
    1359: ("had an internal error.", "See the event log Microsoft-Windows-WinRM there."),
}  # fmt: skip
"""Number of a fault: what is the case, and what to do (wsmerror.h, winerror.h)."""


def told(error: WireError, name: str, log_in: WinrmLogin, *, running: bool = False) -> OpstermError:
    """Return the error for the operator.

    Args:
        error: what the wire raised.
        name: the target's.
        log_in: how it was tried.
        running: a command had begun: whether it goes on is not known.
    """
    match error:
        case Denied():
            return _denied(name, log_in)
        case KerberosFailed():
            return told_of_kerberos(error, name, log_in)
        case Fault():
            return _fault(error, name, running=running)
        case BadStatus():
            return _status(error.status, name, log_in)
        case LineFailed():
            return _line(error, name, log_in, running=running)
        case BadAnswer():
            return Unreachable(
                f"The answer of {name} ({log_in.place}) cannot be used.",
                why=_with_doubt(clean_line(str(error), limit=200), running=running),
                next_step="See that it is WinRM that listens there, and not another program or a proxy.",
            )
        case _:
            return Unreachable(f"{name} cannot be reached over WinRM: {clean_line(str(error), limit=200)}")


def _denied(name: str, log_in: WinrmLogin) -> OpstermError:
    if log_in.auth == "certificate":
        return AuthenticationFailed(
            f"{name} does not take the client certificate.",
            why="No account there is mapped to it, or certificate log-ins are off (Service\\Auth\\Certificate).",
            next_step="See `winrm enumerate winrm/config/service/certmapping` there.",
        )
    user = clean_line(log_in.user, limit=200)
    if log_in.auth == "kerberos":
        return AuthenticationFailed(
            f"{name} refuses the ticket of {user or 'the account'}.",
            why="The account may not use WinRM there, the clocks differ by more than five minutes, or Kerberos is off "
            "there (Service\\Auth\\Kerberos).",
            next_step="Put the account into Remote Management Users there; see w32tm /query /status there.",
        )
    also = {
        "basic": " Or Basic is off there (Service\\Auth\\Basic), as it is by default.",
    }.get(log_in.auth, " Or Negotiate is off there (Service\\Auth\\Negotiate).")
    return AuthenticationFailed(
        f"{name} refuses the account {user} ({log_in.auth}).",
        why=f"The password is wrong, or the account is locked, disabled or not allowed.{also}",
        next_step=f"Keep the right password: opsterm vault set {WINRM} '{user}@{name}'. It was tried once only.",
    )


def _fault(fault: Fault, name: str, *, running: bool) -> OpstermError:
    code = fault.code & 0xFFFFFFFF
    known = _FAULTS.get(code)
    said = clean_line(" ".join(fault.text.split()), limit=300)
    number = f"{code} (0x{code:08X})" if code else clean_line(fault.subcode, limit=60)
    why = _with_doubt(f"It said: {said} Fault {number}." if said else f"Fault {number}.", running=running)
    if known is None:
        return Unreachable(f"{name} refused: its WinRM service reports a fault.", why=why)
    kind = AuthenticationFailed if code == 5 else Unreachable
    return kind(f"{name} {known[0]}", why=why, next_step=known[1])


def _status(status: int, name: str, log_in: WinrmLogin) -> OpstermError:
    where = f"{name} ({log_in.place})"
    if status == 403:
        return AuthenticationFailed(
            f"{where} forbids it: 403.",
            why="The account is known, and may not use WinRM; or a client certificate is asked for.",
            next_step="Put the account into Remote Management Users there, or see winrm.auth.",
        )
    if status == 404:
        return Unreachable(
            f"{where} has no WinRM at /wsman: 404.", next_step="See that it is WinRM that listens there."
        )
    if status == 503:
        return Unreachable(f"{where} is too busy, or its WinRM service is just starting: 503.", next_step="Try again.")
    if 300 <= status < 400:
        return Unreachable(f"{where} sends us elsewhere ({status}); that is not followed.",
                           next_step="A proxy or a web server may sit on that port.")  # fmt: skip
    also = "" if log_in.https else " It may not allow message encryption with this log-in."
    return Unreachable(f"{where} answered {status}, and nothing more.", why=f"It is no fault of WinRM's own.{also}",
                       next_step="See that it is WinRM that listens there.")  # fmt: skip


def _line(error: WireError, name: str, log_in: WinrmLogin, *, running: bool) -> OpstermError:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(
                f"The certificate of {name} ({log_in.place}) is not trusted. Nothing was sent.",
                why=why_untrusted(cause, log_in.address, None),
                next_step="Set winrm.ca_file to the authority that signed it, and use the name that stands in it.",
            )
        if isinstance(cause, ssl.SSLError):
            return Unreachable(
                f"{name} ({log_in.place}) does not speak TLS as this machine does.",
                why=clean_line(cause.reason or str(cause), limit=200),
                next_step="5985 is HTTP and 5986 HTTPS: see the target's port, and winrm.security.",
            )
    if any(isinstance(cause, requests.ConnectTimeout) for cause in causes):
        return TimedOut(
            f"{name} ({log_in.place}) did not take a connection within {log_in.settings.connect_timeout_s:g} s.",
            why="It is down, or a firewall drops the packets.",
            next_step="See whether it is up, and whether its firewall lets this host in.",
        )
    if any(isinstance(cause, requests.ReadTimeout | TimeoutError) for cause in causes):
        return Unreachable(
            f"{name} ({log_in.place}) fell silent: no answer within {log_in.settings.answer_timeout_s:g} s.",
            why=_with_doubt("It is frozen or very busy, or the line is cut.", running=running),
            next_step="See whether it still answers; winrm.answer_timeout_s sets the wait.",
        )
    system = next((cause for cause in causes if isinstance(cause, OSError) and cause.errno), None)
    if system is not None and not running:
        return Unreachable(
            why_not(system, f"{name} ({log_in.place})"),
            next_step="Run `winrm quickconfig` there for 5985; HTTPS on 5986 needs a listener with a certificate. "
            "See the target's port, and winrm.security.",
        )
    if any("resolve" in str(cause).lower() for cause in causes):
        return Unreachable(f"The name {clean_line(log_in.address, limit=255)} is not known.",
                           next_step=f"Give it an address: opsterm targets edit {name} --address …")  # fmt: skip
    return Unreachable(
        f"The connection to {name} ({log_in.place}) was lost.",
        why=_with_doubt("It was closed from the other side.", running=running),
        next_step="See whether its WinRM service was restarted.",
    )


def _with_doubt(why: str, *, running: bool) -> str:
    return f"{why} Whether the command goes on there is not known." if running else why


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what led to it, outermost first; urllib3 keeps some of it in arguments and in `reason`."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting and len(seen) < 20:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            yield one
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
