"""Why a log-in over SSH failed: one error per cause for what the library raised."""

from __future__ import annotations

import re
from typing import Protocol

from opsterm.adapters.ssh_destination import Destination
from opsterm.adapters.ssh_dial import unreachable
from opsterm.adapters.ssh_identity import Attempts
from opsterm.adapters.ssh_library import asyncssh
from opsterm.core.errors import AuthenticationFailed, BadInput, HostKeyChanged, OpstermError, Unreachable
from opsterm.core.text import clean_line

LOGGING_IN = "logging in"
"""The phase in which keys and passwords are offered."""

TOO_MANY_FAILURES = 2
"""Disconnect reason with which OpenSSH ends a log-in after too many keys (SSH_DISCONNECT_PROTOCOL_ERROR)."""

_HOST_KEY = "server host key"
_OPTIONS = {
    "key exchange": "KexAlgorithms",
    _HOST_KEY: "HostKeyAlgorithms",
    "encryption": "Ciphers",
    "MAC": "MACs",
}
"""What there is nothing in common of, as the library calls it, and the option of ssh_config that allows more."""


class LoginProgress(Protocol):
    """How far a log-in has come; `ssh_login.LoginClient` says what each of it is."""

    refusal: Unreachable | None
    phase: str
    banner: str

    @property
    def attempts(self) -> Attempts:
        """What was tried."""
        ...

    @property
    def was_turned_away(self) -> bool:
        """Whether the connection was closed before any log-in began."""
        ...

    @property
    def foreign_host_keys(self) -> str:
        """The kinds of host key that the server has when none of them is known here."""
        ...


class TurnedAway(Unreachable):
    """The server took the connection and closed it before any log-in, as sshd does above MaxStartups."""


def refusal(
    error: asyncssh.Error | OSError | ValueError, destination: Destination, client: LoginProgress
) -> OpstermError:
    """Return the error of ours for what the library raised."""
    if client.refusal is not None:
        return client.refusal
    if isinstance(error, asyncssh.ConnectionLost | ConnectionError) and client.foreign_host_keys:
        said = f"No matching {_HOST_KEY} found, sent - and received {client.foreign_host_keys}"
        return _no_common_algorithm(destination.place, said)
    return _raised(error, destination, client)


def _raised(
    error: asyncssh.Error | OSError | ValueError, destination: Destination, client: LoginProgress
) -> OpstermError:
    place, said = destination.place, clean_line(str(getattr(error, "reason", "") or error), limit=300)
    match error:
        case asyncssh.HostKeyNotVerifiable():
            return HostKeyChanged(
                f"The host key of {place} is not accepted.",
                why=f"{said}. Nothing was sent to the host.",
                next_step="Ask who looks after the host; see the lines for it in your known_hosts.",
            )
        case asyncssh.PermissionDenied():
            return _not_let_in(destination, client, said="")
        case asyncssh.KeyExchangeFailed():
            return _no_common_algorithm(place, str(error.reason))
        case asyncssh.ChannelOpenError():
            return Unreachable(
                f"{place} cannot be reached through its jump host.",
                why=f"The jump host said: {said}",
                next_step="See whether the jump host can reach it and lets connections through (AllowTcpForwarding).",
            )
        case asyncssh.DisconnectError() if error.code == TOO_MANY_FAILURES and client.phase == LOGGING_IN:
            return _not_let_in(destination, client, said=said)
        case asyncssh.ConnectionLost() | ConnectionError():
            kind = TurnedAway if client.was_turned_away else Unreachable
            return kind(
                f"{place} closed the connection while {client.phase}.",
                why=_why_closed(destination, said, client),
                next_step="Try again later; see the target's own log (journalctl -u ssh).",
            )
        case asyncssh.Error():
            return Unreachable(
                f"{place} does not speak SSH as it should.",
                why=f"While {client.phase}: {said}",
                next_step="See whether another service listens on that port.",
            )
        case OSError():
            return unreachable(place, error)
        case _:
            return BadInput(
                f"{place} cannot be connected to as ssh_config says.", why=said, next_step="Mend ssh_config."
            )


def _why_closed(destination: Destination, said: str, client: LoginProgress) -> str:
    if destination.proxy_command:
        return "ProxyCommand ended, or what it reached hung up; run the command by hand to see what it says."
    if client.phase == LOGGING_IN:
        return f"The server ended the log-in: {said}."
    return (
        "The server may be overloaded (MaxStartups), may have blocked this address, may have no algorithm in common, "
        "or is no SSH server."
    )


def _no_common_algorithm(place: str, said: str) -> Unreachable:
    match = re.search(r"No matching (.+?) found, sent (.*?) and received (.*)", said)
    kind = clean_line(match[1], limit=60) if match else "algorithm"
    offered = clean_line(match[3] if match else said, limit=200)
    name = next((option for words, option in _OPTIONS.items() if kind.startswith(words)), "Ciphers")
    return Unreachable(
        f"{place} speaks only algorithms that are too old or unknown: no common {kind}.",
        why=f"It offers: {offered}",
        next_step="Update the target's SSH server. If you accept the risk for this host, add to its block in "
        f"ssh_config: {name} +{offered.split(',')[0].strip()}",
    )


def _not_let_in(destination: Destination, client: LoginProgress, *, said: str) -> AuthenticationFailed:
    attempts = client.attempts
    reasons = []
    if attempts.accepted_by_server:
        reasons.append(f"The server accepts: {clean_line(', '.join(attempts.accepted_by_server), limit=200)}.")
    if said:
        reasons.append(f"It said: {said}.")
    if attempts.offered:
        reasons.append(f"Keys offered: {'; '.join(attempts.offered)}.")
    elif "publickey" in attempts.tried:
        reasons.append("No key was offered: the agent has none and no key file could be used.")
    reasons += attempts.notes
    if any(method.startswith("gssapi") for method in attempts.accepted_by_server):
        reasons.append("Kerberos (GSSAPI) is not spoken by this version.")
    if client.banner.strip():
        reasons.append(f"Its banner: {clean_line(client.banner.strip(), limit=200)}")
    user = clean_line(destination.user, limit=80)
    if attempts.withheld is not None:
        reasons.insert(0, f"{attempts.withheld.what} {attempts.withheld.why}")
        return AuthenticationFailed(
            f"{destination.place} did not let {user} in.", why=" ".join(reasons),
            next_step=attempts.withheld.next_step,
        )  # fmt: skip
    many = "Too many" in said or len(attempts.offered) > 5
    return AuthenticationFailed(
        f"{destination.place} did not let {user} in.",
        why=" ".join(reasons),
        next_step="The server gives up after a few keys: name the right one with IdentityFile and IdentitiesOnly yes."
        if many
        else f"Put a public key of yours into authorized_keys of {user} there, add the right key to your agent "
        "(ssh-add), or mend User in ssh_config.",
    )
