"""From a TCP connection to a log-in: key exchange, host key, authentication; one error per cause."""

from __future__ import annotations

import asyncio
import base64
import copy
import functools
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsterm.adapters.ssh_algorithms import Algorithms, choose_algorithms
from opsterm.adapters.ssh_destination import Destination
from opsterm.adapters.ssh_host_key import is_new, judge_host_key
from opsterm.adapters.ssh_identity import Attempts, Identity
from opsterm.adapters.ssh_known_hosts import KnownFor, KnownKey, fingerprint, key_type
from opsterm.adapters.ssh_library import asyncssh, connection
from opsterm.adapters.ssh_refusals import LOGGING_IN, refusal
from opsterm.core.errors import TimedOut, Unreachable
from opsterm.core.text import clean_line
from opsterm.runtime.ports_connection_test import UNHEARD, Phase, Steps

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection, SSHKey, SSHKeyPair

WINDOW = 1 << 20
"""Bytes a target may send of one command before we take them: the bound on what waits in memory."""

KEX_LISTS = 17
"""Bytes before the lists in what a server says of its algorithms: one for the kind of message, and the cookie."""


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


class LoginClient(asyncssh.SSHClient):
    """Answers the library's questions during one log-in, and remembers how far it came.

    Attributes:
        refusal: why the host key was not accepted, None when it was or was not seen yet.
        shown_key: the key the host showed, None before it did.
        new_key: a key that accept-new has to write down.
        phase: for messages: what was being done.
    """

    def __init__(
        self, destination: Destination, known: KnownFor, identity: Identity | None, target: str,
        steps: Steps = UNHEARD,
    ) -> None:  # fmt: skip
        self.refusal: Unreachable | None = None
        self.shown_key: bytes | None = None
        self.new_key: bytes | None = None
        self.phase = "connecting to it"
        self.banner = ""
        self._was_asked = False
        self._destination = destination
        self._known = known
        self._identity = identity
        self._target = target
        self._steps = steps
        self._told = Phase.TCP
        self._connection: SSHClientConnection | None = None

    @property
    def attempts(self) -> Attempts:
        """What was tried to log in."""
        return self._identity.attempts if self._identity else Attempts()

    @property
    def foreign_host_keys(self) -> str:
        """The kinds of host key that the server has when it has none that we know, else "".

        The library does not look: the server closes the connection then, and only its list says why (RFC 4253, 7.1).
        """
        told = self._connection._server_kexinit if self._connection else b""  # noqa: SLF001 - no public way to ask
        if len(told) < KEX_LISTS:
            return ""
        at = KEX_LISTS + 4 + int.from_bytes(told[KEX_LISTS : KEX_LISTS + 4], "big")  # behind the key exchanges
        theirs = told[at + 4 : at + 4 + int.from_bytes(told[at : at + 4], "big")].decode("ascii", "replace")
        ours = choose_algorithms(self._destination.algorithms).host_keys_for(self._known)
        return "" if set(ours) & set(theirs.split(",")) else theirs

    @property
    def was_turned_away(self) -> bool:
        """Whether the connection stood, and was closed before any log-in began.

        A server without an algorithm in common does that too: where its list got lost in the closing, the next try
        may find it.
        """
        return self._connection is not None and self.phase != LOGGING_IN

    def connection_made(self, conn: SSHClientConnection) -> None:
        """Note the connection, to ask it what the server accepts."""
        self._connection = conn
        self.phase = "waiting for its greeting and the key exchange"
        self._begin(Phase.GREETING)

    def validate_host_public_key(self, host: str, addr: str, port: int, key: SSHKey) -> bool:
        """Judge the host's key by what known_hosts says; see `judge_host_key`."""
        self.shown_key = key.public_data
        self.begin_host_key(f"{key_type(key.public_data)} {fingerprint(key.public_data)}")
        self.refusal = judge_host_key(self._destination, self._known, key.public_data, target=self._target)
        if self.refusal is None and is_new(self._destination, self._known, key.public_data):
            self.new_key = key.public_data
        if self.refusal is None:
            self._begin(Phase.LOG_IN)
        return self.refusal is None

    def begin_host_key(self, shown: str) -> None:
        """Tell that the server has said what it is, and what it shows as its key."""
        version = str(self._connection.get_extra_info("server_version") or "") if self._connection else ""
        self._steps.found(version)
        self._begin(Phase.HOST_KEY)
        self._steps.found(shown)

    def let_in(self) -> None:
        """Tell by which way the server let us in."""
        self._begin_log_in()
        tried, offered = self.attempts.tried, self.attempts.offered
        way = f"{tried[-1]}: {offered[-1]}" if tried[-1:] == ["publickey"] and offered else "".join(tried[-1:])
        self._steps.found(way or "the server asked for nothing")

    def _begin_log_in(self) -> None:
        if self._told is Phase.GREETING:  # the library judged a certificate by itself
            self.begin_host_key("a certificate of an authority in known_hosts")
        if self._told is not Phase.LOG_IN:
            self._begin(Phase.LOG_IN)

    def _begin(self, phase: Phase) -> None:
        self._told = phase
        self._steps.begin(phase, self._destination.name)

    def auth_banner_received(self, msg: str, lang: str) -> None:
        """Keep the start of what the server says before the log-in."""
        self.banner = (self.banner + msg)[:2000]

    async def public_key_auth_requested(self) -> SSHKeyPair | None:
        """Offer the next key."""
        self._note_methods()
        while self._identity is not None and (pair := await self._identity.next_key()) is not None:
            if self._can_sign(pair):
                return pair
            self._identity.attempts.note(
                f"{self._identity.attempts.offered.pop()} was not offered: the server takes no signature of it that is "
                f"made here, only {self._server_takes(pair)}. An Ed25519 key would do; for this host alone you may add "
                "PubkeyAcceptedAlgorithms +ssh-rsa to its block in ssh_config."
            )
        return None

    def _can_sign(self, pair: SSHKeyPair) -> bool:
        """Whether the server takes a signature of this key that we make; the library passes over others in silence.

        Of those that both know the first one of our list is taken, as ssh does; the library has an order of its own.
        """
        ours = [way.encode() for way in choose_algorithms(self._destination.algorithms).signatures]
        *ways, last = pair.sig_algorithms  # the last is what a server is given that names none
        pair.sig_algorithms = [*sorted(ways, key=lambda way: ours.index(way) if way in ours else len(ours)), last]
        return last in ours or any(way in ours and way in self._signatures for way in ways)

    def _server_takes(self, pair: SSHKeyPair) -> str:
        ways = [way for way in pair.sig_algorithms if way in self._signatures] or pair.sig_algorithms[-1:]
        return ", ".join(way.decode("ascii", "replace") for way in ways)

    @property
    def _signatures(self) -> set[bytes]:
        """What the server said that it takes (server-sig-algs, RFC 8308); a server before that says nothing."""
        return self._connection._server_sig_algs if self._connection else set()  # noqa: SLF001 - no public way to ask

    async def password_auth_requested(self) -> str | None:
        """Offer the stored password."""
        self._note_methods()
        return await self._identity.password("password") if self._identity else None

    def kbdint_auth_requested(self) -> str | None:
        """Say, once, that questions may be asked: the library comes again after each refusal, and all are counted."""
        self._note_methods()
        if self._identity is None or self._was_asked:
            return None
        self._was_asked = True
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
        self.phase = LOGGING_IN
        self._begin_log_in()
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
            options = _options(destination, known, way, client)
            if way.jump is not None:
                client.phase = "its jump host was connecting to it"
            loop = asyncio.get_running_loop()
            # What `asyncssh.connect` does once it has worked out options of its own.
            return await connection._connect(  # noqa: SLF001 - the public way works them out anew each time: 0.3 ms
                options, None, loop, 0, way.socket,
                lambda: connection.SSHClientConnection(loop, options, wait="auth"), "Opening SSH connection to",
            )  # fmt: skip
    except TimeoutError as error:
        raise TimedOut(
            f"{destination.place} did not answer within {timeout_s:g} s, while {client.phase}.",
            why="Its jump host has no way to it, or it is down."
            if client.phase.startswith("its jump host")
            else "The connection stands, but the server is slow, overloaded, or not an SSH server.",
            next_step="See the load of the target; ssh.login_timeout_s sets how long opsterm waits.",
        ) from error
    except (asyncssh.Error, OSError, ValueError) as error:
        if isinstance(error, asyncssh.HostKeyNotVerifiable) and client.refusal is None:
            client.begin_host_key("")  # a certificate, which the library judged by itself
        raise refusal(error, destination, client) from error


def _options(
    destination: Destination, known: KnownFor, way: Way, client: LoginClient
) -> asyncssh.SSHClientConnectionOptions:
    """Return the library's options for one log-in: those of its kind, and what is this host's own."""
    algorithms = choose_algorithms(destination.algorithms)
    options = copy.copy(
        _options_of_a_kind(
            destination.user, algorithms, destination.methods, compression=destination.compression,
            alive_interval_s=destination.alive_interval_s, alive_count=destination.alive_count,
        )
    )  # fmt: skip
    options.protocol_factory = lambda: client
    options.host = options.orig_host = destination.hostname
    options.port = destination.port
    options.known_hosts = ([], _loaded(known.authorities), _loaded(known.revoked), [], [], [], [])
    options.host_key_alias = destination.key_name
    options.server_host_key_algs = algorithms.host_keys_for(known)
    options.tunnel = way.jump
    if way.command:
        # The library takes what comes on the command's standard error for data of the server, and the end of
        # it for the end of the line: it goes nowhere, and the pipe stays open as number 9.
        options.proxy_command = ["/bin/sh", "-c", f"exec 9>&2 2>/dev/null; exec {way.command}"]
    return options


@functools.lru_cache(maxsize=64)
def _options_of_a_kind(
    user: str, algorithms: Algorithms, methods: tuple[str, ...], *, compression: bool, alive_interval_s: int,
    alive_count: int,
) -> asyncssh.SSHClientConnectionOptions:  # fmt: skip
    """Return options that log-ins of many hosts share. Nothing is left to look up: no file, no variable, no default."""
    return asyncssh.SSHClientConnectionOptions(
        config=None,
        username=user,
        known_hosts=([], [], [], [], [], [], []),
        kex_algs=list(algorithms.kex),
        encryption_algs=list(algorithms.ciphers),
        mac_algs=list(algorithms.macs),
        signature_algs=list(algorithms.signatures),
        compression_algs=["zlib@openssh.com", "none"] if compression else ["none"],
        x509_trusted_certs=None,
        x509_trusted_cert_paths=[],
        client_keys=None,
        agent_path=None,
        gss_host=None,
        host_based_auth=False,
        public_key_auth="publickey" in methods,
        password_auth="password" in methods,
        kbdint_auth="keyboard-interactive" in methods,
        preferred_auth=list(methods) or ["none"],
        disable_trivial_auth=False,
        connect_timeout=None,
        login_timeout=0,
        keepalive_interval=alive_interval_s,
        keepalive_count_max=alive_count,
        utf8_decode_errors="replace",
        encoding=None,
        window=WINDOW,
    )


def _loaded(lines: Sequence[KnownKey]) -> list[SSHKey]:
    """Return keys as the library has them; a kind that it does not know can neither vouch nor be shown."""
    keys = []
    for line in lines:
        try:
            keys.append(asyncssh.import_public_key(f"{line.key_type} {base64.b64encode(line.blob).decode()}"))
        except asyncssh.KeyImportError:
            continue
    return keys
