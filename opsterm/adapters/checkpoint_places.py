"""Leaves lines at places outside the database: a file that is only added to, the syslog of this host or another."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from datetime import UTC, datetime
from pathlib import Path

from opsterm.adapters.lookup import look_up, sockaddr, why_not
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, StorageError, Unreachable
from opsterm.runtime.offload import Run

SYSLOG_SOCKET = "/dev/log"
PRIORITY = 13 * 8 + 5
"""Facility "log audit", severity "notice" (RFC 5424, 6.2.1)."""
LIMIT_S = 10.0

_REMOTE = re.compile(r"syslog:(udp|tcp)://(\[[0-9a-fA-F:.%]+\]|[A-Za-z0-9._-]+):(\d{1,5})")


class LocalCheckpointPlaces:
    """See `runtime.ports_audit.CheckpointPlaces`.

    Args:
        host: name of this host, for the syslog.
        clock: what time it is.
        run: runs what blocks.
        syslog: socket of this host's syslog.
    """

    def __init__(self, host: str, clock: Clock, run: Run, *, syslog: str = SYSLOG_SOCKET) -> None:
        self._host = re.sub(r"[^!-~]", "", host)[:255] or "-"
        self._clock = clock
        self._run = run
        self._syslog = syslog

    async def leave(self, place: str, line: str) -> None:
        """Add a line to a place. Raises OpstermError."""
        if place.startswith("file:/"):
            await self._run(lambda: _append(Path(place.removeprefix("file:")), line))
        elif place == "syslog:":
            await self._run(lambda: self._to_socket(line))
        elif (found := _REMOTE.fullmatch(place)) and 0 < int(found[3]) < 65536:
            await self._to_host(found[1], found[2].strip("[]"), int(found[3]), line)
        else:
            raise BadInput(
                f"{place[:100]!r} is no place for checkpoints.",
                next_step="Write file:/PATH, syslog:, syslog:udp://HOST:PORT, syslog:tcp://HOST:PORT or "
                "ssh:TARGET:/PATH in the setting audit.checkpoints.",
            )

    def _message(self, line: str) -> bytes:
        """Return a message as RFC 5424 has it."""
        now = datetime.fromtimestamp(self._clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"<{PRIORITY}>1 {now} {self._host} opsterm {os.getpid()} checkpoint - {line}".encode()

    def _to_socket(self, line: str) -> None:
        """Tell the syslog of this host, in the older form (RFC 3164) that every /dev/log reads."""
        now = datetime.fromtimestamp(self._clock.now()).astimezone().strftime("%b %e %H:%M:%S")
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection:
                connection.settimeout(LIMIT_S)
                connection.connect(self._syslog)
                connection.send(f"<{PRIORITY}>{now} opsterm[{os.getpid()}]: {line}".encode())
        except OSError as error:
            raise Unreachable(
                "The syslog of this host did not take a checkpoint.", why=f"{self._syslog}: {error.strerror or error}"
            ) from error

    async def _to_host(self, way: str, host: str, port: int, line: str) -> None:
        """Tell a syslog over UDP (RFC 5426), or over TCP with the length before each message (RFC 6587, 3.4.1)."""
        message = self._message(line)
        kind = socket.SOCK_DGRAM if way == "udp" else socket.SOCK_STREAM
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LIMIT_S):
                place = (await look_up(host))[0]
                with socket.socket(place[0], kind) as connection:
                    connection.setblocking(False)
                    await loop.sock_connect(connection, sockaddr(place, port))
                    sent = message if way == "udp" else b"%d %s" % (len(message), message)
                    await loop.sock_sendall(connection, sent)
                    if way == "tcp":  # wait until the other side has taken it: it closes when we have said all
                        connection.shutdown(socket.SHUT_WR)
                        await loop.sock_recv(connection, 1)
        except TimeoutError as error:
            raise Unreachable(f"The syslog at {host} port {port} did not answer within {LIMIT_S:g} s.") from error
        except OSError as error:
            raise Unreachable(
                f"The syslog at {host} port {port} did not take a checkpoint.", why=why_not(error, host)
            ) from error


def _append(path: Path, line: str) -> None:
    """Add a line to a file, forced to the disk; a file that is new is for this account only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, f"{line}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StorageError(
            f"{path} did not take a checkpoint.", why=error.strerror or str(error),
            next_step="The folder must be there, and this account must be able to add to the file.",
        ) from error  # fmt: skip
