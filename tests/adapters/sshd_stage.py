"""An OpenSSH server of the tests' own; tried with OpenSSH 9.2p1 of Debian 12."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

from opsterm.policy.order import OrderTarget
from tests.adapters.ssh_stage import HOST_KEY, USER_KEY, Home, target, unused_port

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ["PATH"])


class Sshd:
    """An OpenSSH server of its own on 127.0.0.1, as the user of the tests.

    What changes keep there is kept below its folder.
    HOME is set to an empty folder: bash under sshd reads ~/.bashrc, and what the account keeps there may take a minute.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = unused_port()
        folder.mkdir()
        (folder / "host_key").write_bytes(HOST_KEY.export_private_key("openssh"))
        (folder / "host_key").chmod(0o600)
        (folder / "keys").write_bytes(USER_KEY.export_public_key())
        lines = [
            f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {folder}/host_key", "StrictModes no",
            f"AuthorizedKeysFile {folder}/keys", "UsePAM no",
            f"SetEnv HOME={folder} KEEPER_BASE={folder}/kept/points",
            f"PidFile {folder}/pid", *options,
        ]  # fmt: skip
        self._config = folder / "sshd_config"
        self._config.write_text("\n".join(lines) + "\n")
        self._log = folder / "log"
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def target(self) -> OrderTarget:
        return target(self.port, user=pwd.getpwuid(os.geteuid()).pw_name)

    async def start(self) -> None:
        self._server = subprocess.Popen(  # noqa: ASYNC220 - it lives longer than this loop waits
            [str(SSHD), "-D", "-f", str(self._config), "-E", str(self._log)]
        )
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                assert self._server.poll() is None, self._log.read_text()
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return

    def processes(self) -> list[int]:
        """Return the server's own and all its sessions'."""
        assert self._server is not None
        found, new = [self._server.pid], [self._server.pid]
        while new:
            new = [int(child) for pid in new for child in _children(pid)]
            found += new
        return found

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server and all its sessions."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def stop(self) -> None:
        if self._server is not None:
            self.signal(signal.SIGKILL)
            self._server.wait()
            self._server = None


def _children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


@asynccontextmanager
async def real_sshd(home: Home, folder: Path, *options: str) -> AsyncIterator[Sshd]:
    server = Sshd(folder, *options)
    home.know(server.port)
    try:
        await server.start()
        yield server
    finally:
        server.stop()


needs_sshd = pytest.mark.skipif(SSHD is None or not Path("/run/sshd").is_dir(), reason="no OpenSSH server here")


@contextmanager
def frozen(server: Sshd) -> Iterator[None]:
    stopped = server.processes()
    server.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
