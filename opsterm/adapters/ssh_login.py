"""From a TCP connection to a log-in: key exchange, host key, authentication; one error per cause."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsterm.adapters.ssh_algorithms import choose_algorithms
from opsterm.adapters.ssh_destination import Destination
from opsterm.adapters.ssh_dial import unreachable
from opsterm.adapters.ssh_host_key import is_new, judge_host_key
from opsterm.adapters.ssh_identity import Attempts, Identity
from opsterm.adapters.ssh_known_hosts import KnownFor, KnownKey
from opsterm.adapters.ssh_library import asyncssh
from opsterm.core.errors import AuthenticationFailed, BadInput, HostKeyChanged, OpstermError, TimedOut, Unreachable
from opsterm.core.text import clean_line

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection, SSHKey, SSHKeyPair

WINDOW = 1 << 20
"""Bytes a target may send of one command before we take them: the bound on what waits in memory."""

TOO_MANY_FAILURES = 2
"""Disconnect reason with which OpenSSH ends a log-in after too many keys (SSH_DISCONNECT_PROTOCOL_ERROR)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How the bytes get there: exactly one of the three.

    Attributes:
        socket: a TCP connection.
        jump: a connection to the host that forwards.
        command: ProxyCommand.
    """

    socket: socket.socket | None = None
    jump: SSHClientConnection | None = None
    command: str = ""


class TurnedAway(Unreachable):
    """The server took the connection and closed it before it said what it is, as sshd does above MaxStartups."""


class LoginClient(asyncssh.SSHClient):
    """Answers the library's questions during one log-in, and remembers how far it came.

    Attributes:
        refusal: why the host key was not accepted, None when it was or was not seen yet.
        shown_key: the key the host showed, None before it did.
        new_key: a key that accept-new has to write down.
        phase: for messages: what was being done.
    """

    def __init__(self, destination: Destination, known: KnownFor, identity: Identity | None, target: str) -> None:
        self.refusal: Unreachable | None = None
        self.shown_key: bytes | None = None
        self.new_key: bytes | None = None
        self.phase = "connecting to it"
        self.banner = ""
        self._destination = destination
        self._known = known
        self._identity = identity
        self._target = target
        self._connection: SSHClientConnection | None = None

    @property
    def attempts(self) -> Attempts:
        """What was tried to log in."""
        return self._identity.attempts if self._identity else Attempts()

    @property
    def was_turned_away(self) -> bool:
        """Whether the connection stood and the server has not said what it is."""
        return self._connection is not None and not self._connection.get_extra_info("server_version")

    def connection_made(self, conn: SSHClientConnection) -> None:
        """Note the connection, to ask it what the server accepts."""
        self._connection = conn
        self.phase = "waiting for its greeting and the key exchange"

    def validate_host_public_key(self, host: str, addr: str, port: int, key: SSHKey) -> bool:
        """Judge the host's key by what known_hosts says; see `judge_host_key`."""
        self.shown_key = key.public_data
        self.refusal = judge_host_key(self._destination, self._known, key.public_data, target=self._target)
        if self.refusal is None and is_new(self._destination, self._known, key.public_data):
            self.new_key = key.public_data
        return self.refusal is None

    def auth_banner_received(self, msg: str, lang: str) -> None:
        """Keep the start of what the server says before the log-in."""
        self.banner = (self.banner + msg)[:2000]

    async def public_key_auth_requested(self) -> SSHKeyPair | None:
        """Offer the next key."""
        self._note_methods()
        return await self._identity.next_key() if self._identity else None

    async def password_auth_requested(self) -> str | None:
        """Offer the stored password."""
        self._note_methods()
        return await self._identity.password("password") if self._identity else None

    def kbdint_auth_requested(self) -> str:
        """Say that questions may be asked."""
        self._note_methods()
        return ""

    async def kbdint_challenge_received(
        self,
        name: str,
        instructions: str,
        lang: str,
        prompts: Sequence[tuple[str, bool]],
    ) -> list[str] | None:
        """Answer one hidden question with the stored password; more is not for a program to answer."""
        if not prompts:
            return []
        if self._identity is None:
            return None
        if len(prompts) > 1 or prompts[0][1]:
            asked = clean_line(prompts[0][0], limit=80)
            self._identity.attempts.note(f"The server asks {asked!r}, which only a person can answer.")
            return None
        password = await self._identity.password("keyboard-interactive")
        return None if password is None else [password]

    def _note_methods(self) -> None:
        self.phase = "logging in"
        if self._connection is not None and self._identity is not None:
            for method in self._connection.get_server_auth_methods():
                if method not in self._identity.attempts.accepted_by_server:
                    self._identity.attempts.accepted_by_server.append(method)


async def log_in(
    destination: Destination, known: KnownFor, way: Way, client: LoginClient, *, target: str, timeout_s: float
) -> SSHClientConnection:
    """Log in and return the connection.

    Args:
        destination: where and as whom.
        known: what known_hosts says of it.
        way: how the bytes get there.
        client: a new one, made for this log-in.
        target: the target that is to be reached in the end.
        timeout_s: seconds for all of it.

    Raises:
        HostKeyUnknown, HostKeyChanged: nothing but the key exchange took place.
        AuthenticationFailed: the server accepts none of our keys and passwords.
        TimedOut: the message says in which phase.
        Unreachable: everything else.
        BadInput: ssh_config asks for what cannot be done.
    """
    try:
        async with asyncio.timeout(timeout_s):
            arguments = _arguments(destination, known, client)
            if way.jump is not None:
                client.phase = "its jump host was connecting to it"
            if way.command:
                # The library takes what comes on the command's standard error for data of the server, and the end of
                # it for the end of the line: it goes nowhere, and the pipe stays open as number 9.
                arguments["proxy_command"] = ["/bin/sh", "-c", f"exec 9>&2 2>/dev/null; exec {way.command}"]
            return await asyncssh.connect(
                destination.hostname,
                destination.port,
                sock=way.socket,
                tunnel=way.jump,
                config=None,
                **arguments,
            )
    except TimeoutError as error:
        raise TimedOut(
            f"{destination.place} did not answer within {timeout_s:g} s, while {client.phase}.",
            why="Its jump host has no way to it, or it is down."
            if client.phase.startswith("its jump host")
            else "The connection stands, but the server is slow, overloaded, or not an SSH server.",
            next_step="See the load of the target; ssh.login_timeout_s sets how long opsterm waits.",
        ) from error
    except (asyncssh.Error, OSError, ValueError) as error:
        raise _explained(error, destination, client, target) from error


def _arguments(destination: Destination, known: KnownFor, client: LoginClient) -> dict[str, object]:
    """Return what `asyncssh.connect` takes. Nothing is left for it to look up: no file, no variable, no default.

    The way (socket, jump, command) is not among them: the library passes over a jump that comes by other means
    than its own argument, and goes direct.
    """
    algorithms = choose_algorithms(destination.algorithms)
    return {
        "client_factory": lambda: client,
        "username": destination.user,
        "known_hosts": ([], _loaded(known.authorities), _loaded(known.revoked)),
        "host_key_alias": destination.key_name,
        "server_host_key_algs": algorithms.host_keys_for(known),
        "kex_algs": list(algorithms.kex),
        "encryption_algs": list(algorithms.ciphers),
        "mac_algs": list(algorithms.macs),
        "signature_algs": list(algorithms.signatures),
        "compression_algs": ["zlib@openssh.com", "none"] if destination.compression else ["none"],
        "x509_trusted_certs": None,
        "x509_trusted_cert_paths": [],
        "client_keys": None,
        "agent_path": None,
        "gss_host": None,
        "host_based_auth": False,
        "public_key_auth": "publickey" in destination.methods,
        "password_auth": "password" in destination.methods,
        "kbdint_auth": "keyboard-interactive" in destination.methods,
        "preferred_auth": list(destination.methods) or ["none"],
        "disable_trivial_auth": False,
        "connect_timeout": None,
        "login_timeout": 0,
        "keepalive_interval": destination.alive_interval_s,
        "keepalive_count_max": destination.alive_count,
        "utf8_decode_errors": "replace",
        "encoding": None,
        "window": WINDOW,
    }


def _loaded(lines: Sequence[KnownKey]) -> list[SSHKey]:
    """Return keys as the library has them; a kind that it does not know can neither vouch nor be shown."""
    keys = []
    for line in lines:
        try:
            keys.append(asyncssh.import_public_key(f"{line.key_type} {base64.b64encode(line.blob).decode()}"))
        except asyncssh.KeyImportError:
            continue
    return keys


def _explained(
    error: asyncssh.Error | OSError | ValueError, destination: Destination, client: LoginClient, target: str
) -> OpstermError:
    """Return the error of ours for what the library raised."""
    place, said = destination.place, clean_line(str(getattr(error, "reason", "") or error), limit=300)
    if client.refusal is not None:
        return client.refusal
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
        case asyncssh.DisconnectError() if error.code == TOO_MANY_FAILURES and client.phase == "logging in":
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


def _why_closed(destination: Destination, said: str, client: LoginClient) -> str:
    if destination.proxy_command:
        return "ProxyCommand ended, or what it reached hung up; run the command by hand to see what it says."
    if client.phase == "logging in":
        return f"The server ended the log-in: {said}."
    return "The server may be overloaded (MaxStartups), may have blocked this address, or is no SSH server."


def _no_common_algorithm(place: str, said: str) -> Unreachable:
    match = re.search(r"No matching (.+?) found, sent (.*?) and received (.*)", said)
    kind = clean_line(match[1], limit=60) if match else "algorithm"
    offered = clean_line(match[3] if match else said, limit=200)
    option = {"key exchange algorithm": "KexAlgorithms", "server host key": "HostKeyAlgorithms",
              "encryption algorithm": "Ciphers", "MAC algorithm": "MACs"}  # fmt: skip
    name = next((value for key, value in option.items() if key.split()[0].lower() in kind.lower()), "Ciphers")
    return Unreachable(
        f"{place} speaks only algorithms that are too old or unknown: no common {kind}.",
        why=f"It offers: {offered}",
        next_step="Update the target's SSH server. If you accept the risk for this host, add to its block in "
        f"ssh_config: {name} +{offered.split(',')[0].strip()}",
    )


def _not_let_in(destination: Destination, client: LoginClient, *, said: str) -> AuthenticationFailed:
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
    many = "Too many" in said or len(attempts.offered) > 5
    return AuthenticationFailed(
        f"{destination.place} did not let {user} in.",
        why=" ".join(reasons),
        next_step="The server gives up after a few keys: name the right one with IdentityFile and IdentitiesOnly yes."
        if many
        else f"Put a public key of yours into authorized_keys of {user} there, add the right key to your agent "
        "(ssh-add), or mend User in ssh_config.",
    )
