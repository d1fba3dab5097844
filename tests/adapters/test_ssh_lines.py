"""The pool of SSH lines: shared, limited, checked before use, fair, and empty at the end."""

from __future__ import annotations

import asyncio
import os
import pwd
import random
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.adapters import ssh_config
from opsterm.adapters.ssh_destination import Destination
from opsterm.adapters.ssh_identity import Identity
from opsterm.adapters.ssh_library import asyncssh
from opsterm.adapters.ssh_lines import SharedLines, SshLine
from opsterm.adapters.ssh_route import Asked
from opsterm.core.errors import OpstermError, TimedOut, Unreachable
from opsterm.core.settings import SshSettings
from opsterm.policy.order import OrderTarget
from tests.adapters.ssh_stage import HOST_KEY, USER_KEY, Door, Home, run, serve, target, unused_port
from tests.adapters.test_local_command import comes_true

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ["PATH"])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    made = Home(tmp_path / "ana")
    made.write_key("id_ed25519", USER_KEY)
    return made


def sockets() -> int:
    """Return how many sockets this process has open."""
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(str(link.readlink()).startswith("socket:") for link in links)


@dataclass
class Wire:
    """A connection that answers as long as it is not dead."""

    dead: bool = False
    shut: bool = False

    def is_closed(self) -> bool:
        return self.shut

    def close(self) -> None:
        self.shut = True

    abort = close

    async def wait_closed(self) -> None:
        await asyncio.sleep(0)

    async def _make_global_request(self, request: bytes) -> None:
        await asyncio.sleep(0)
        if self.dead:
            raise asyncssh.ConnectionLost("dead")


class Network:
    """Opens wires after a moment, some never, and sees that no limit is passed."""

    def __init__(self, limits: SshSettings, seed: int) -> None:
        self.chance = random.Random(seed)
        self.limits = limits
        self.wires: list[Wire] = []
        self.at_once: dict[Asked, int] = {}
        self.lines = SharedLines(self.open, limits)

    async def open(self, asked: Asked, target: str) -> SshLine:
        through = None
        if asked.name.startswith("far"):
            through = await self.lines.take(Asked(name="jump", address="jump"), target, carries=True)
        try:
            self.at_once[asked] = self.at_once.get(asked, 0) + 1
            assert self.at_once[asked] <= self.limits.logins_per_host
            await asyncio.sleep(self.chance.choice([0, 0.001]))
            if self.chance.random() < 0.1:
                raise Unreachable("No luck.", next_step="Try again.")
        except BaseException:
            if through is not None:
                self.lines.give_back(through, carries=True)
            raise
        finally:
            self.at_once[asked] -= 1
        self.wires.append(Wire())
        line = SshLine(asked, cast("asyncssh.SSHClientConnection", self.wires[-1]), cast("Destination", None), through)
        mine = sum(not wire.shut for wire in self.wires)
        assert mine <= self.limits.connections + 1, "the jump host comes on top"
        return line

    async def work(self, asked: Asked) -> None:
        line = await self.lines.take(asked, asked.name)
        try:
            assert line.sessions <= self.limits.sessions_per_connection
            assert not cast("Wire", line.connection).shut
            await asyncio.sleep(self.chance.choice([0, 0, 0.001]))
            if self.chance.random() < 0.2:
                line.answered_at = -10.0
                cast("Wire", line.connection).dead = True
        finally:
            self.lines.give_back(line)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1 << 30),
    connections=st.integers(1, 4),
    per_host=st.integers(1, 3),
    sessions=st.integers(1, 3),
    tasks=st.lists(st.tuples(st.sampled_from(["near-1", "near-2", "far-1", "far-2"]), st.booleans()), max_size=25),
)
def test_whatever_is_cancelled_everybody_else_is_served_and_nothing_stays(
    seed: int, connections: int, per_host: int, sessions: int, tasks: list[tuple[str, bool]]
) -> None:
    limits = SshSettings(
        connections=connections, connections_per_host=per_host, sessions_per_connection=sessions, logins_per_host=1
    )

    async def all_of_it() -> None:
        network = Network(limits, seed)
        running = [asyncio.create_task(network.work(Asked(name=name, address=name))) for name, _ in tasks]
        for (_, cancelled), task in zip(tasks, running, strict=True):
            await asyncio.sleep(0)
            if cancelled:
                network.chance.choice(running).cancel()
                task.cancel()
        async with asyncio.timeout(10):
            ends = await asyncio.gather(*running, return_exceptions=True)
        assert not [end for end in ends if end and not isinstance(end, Unreachable | asyncio.CancelledError)]
        assert not network.lines._turns
        assert not network.lines._gates
        open_lines = [line for lines in network.lines._lines.values() for line in lines]
        assert all(line.idle and not line.sessions for line in open_lines if line.asked.name != "jump")
        await network.lines.close()
        assert network.lines.lines == 0
        assert all(wire.shut for wire in network.wires)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(all_of_it())


async def test_those_who_wait_are_served_in_the_order_they_came() -> None:
    network = Network(SshSettings(connections=1, connections_per_host=1, sessions_per_connection=1), seed=4)
    network.chance.random = lambda: 1.0  # type: ignore[method-assign]  # all goes well
    served: list[int] = []

    async def one(number: int) -> None:
        await network.work(Asked(name=f"web-{number % 3}", address="x"))
        served.append(number)

    await asyncio.gather(*(one(number) for number in range(3)))
    assert served == [0, 1, 2]
    await network.lines.close()


async def test_who_waits_too_long_is_told_what_is_in_use() -> None:
    network = Network(SshSettings(connections_per_host=1, sessions_per_connection=1, wait_timeout_s=0.1), seed=4)
    network.chance.random = lambda: 1.0  # type: ignore[method-assign]  # all goes well
    asked = Asked(name="web-1", address="web-1")
    line = await network.lines.take(asked, "web-1")
    with pytest.raises(TimedOut, match=r"No connection to web-1 was free within 0\.1 s"):
        await network.lines.take(asked, "web-1")
    network.lines.give_back(line)
    await network.lines.close()


async def test_two_hundred_commands_at_once_share_a_few_lines_and_leave_nothing(home: Home) -> None:
    door, before = Door(), sockets()
    async with serve(door) as port:
        home.know(port)
        async with home.connector() as connector:
            ends = await asyncio.gather(*(run(connector, target(port), f"echo {n}") for n in range(200)))
            assert [output for output, _ in ends] == [f"{n}\n".encode() for n in range(200)]
            assert 1 <= door.attempts <= 4
    await comes_true(lambda: sockets() == before)


async def test_nobody_waits_longer_than_the_limit_for_those_before(home: Home) -> None:
    network = Network(SshSettings(connections_per_host=1, sessions_per_connection=1, wait_timeout_s=0.1), seed=4)
    network.chance.random = lambda: 1.0  # type: ignore[method-assign]  # all goes well
    asked = Asked(name="web-1", address="web-1")
    line = await network.lines.take(asked, "web-1")
    ends = asyncio.gather(*(network.lines.take(asked, "web-1") for _ in range(20)), return_exceptions=True)
    async with asyncio.timeout(1.0):
        assert all(isinstance(end, TimedOut) for end in await ends)
    network.lines.give_back(line)
    await network.lines.close()


async def test_a_log_in_cancelled_at_its_very_end_leaves_no_connection(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    door, before, closing = Door(), sockets(), asyncio.Event()

    async def close(identity: Identity) -> None:
        closing.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Identity, "close", close)
    async with serve(door) as port:
        home.know(port)
        async with home.connector() as connector:
            opening = asyncio.create_task(connector.session(target(port)))
            await closing.wait()
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening
            async with asyncio.timeout(5):
                await door.connections[0].wait_closed()
    await comes_true(lambda: sockets() == before)


# ------------------------------------------------------------------------------------- real sshd


class Sshd:
    """An OpenSSH server of its own on 127.0.0.1, as the user of the tests; tried with OpenSSH 9.2p1 of Debian 12.

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
            f"AuthorizedKeysFile {folder}/keys", "UsePAM no", f"SetEnv HOME={folder}",
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


@needs_sshd
@pytest.mark.timeout(60)
async def test_a_server_that_was_restarted_gets_a_fresh_line(home: Home, tmp_path: Path) -> None:
    async with real_sshd(home, tmp_path / "sshd") as server, home.connector() as connector:
        assert (await run(connector, server.target, "echo one"))[0] == b"one\n"
        server.stop()
        await server.start()
        assert (await run(connector, server.target, "echo two"))[0] == b"two\n"


@needs_sshd
async def test_a_line_whose_host_froze_is_replaced_before_a_command_goes_over_it(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsterm.adapters.ssh_lines.FRESH_S", 0.0)
    monkeypatch.setattr("opsterm.adapters.ssh_lines.ANSWER_LIMIT_S", 0.3)
    mark = tmp_path / "ran"
    async with (
        real_sshd(home, tmp_path / "sshd") as server,
        home.connector(connect_timeout_s=1.0, login_timeout_s=1.0) as connector,
    ):
        await run(connector, server.target, "true")
        with frozen(server), pytest.raises(OpstermError):
            await run(connector, server.target, f"echo x >>{mark}")
        assert (await run(connector, server.target, f"echo y >>{mark}; cat {mark}"))[0] == b"y\n"


@needs_sshd
async def test_a_server_with_room_for_two_log_ins_lets_twelve_in_after_one_another(home: Home, tmp_path: Path) -> None:
    before = sockets()
    async with real_sshd(home, tmp_path / "sshd", "MaxStartups 2:100:2") as server:
        user = server.target.user
        targets = [OrderTarget(name=f"w{n}", protocol="ssh", address="127.0.0.1", port=server.port, user=user)
                   for n in range(12)]  # fmt: skip
        async with home.connector(logins_per_host=2) as connector:
            ends = await asyncio.gather(*(run(connector, where, "echo in") for where in targets))
            assert [output for output, _ in ends] == [b"in\n"] * 12
    await comes_true(lambda: sockets() == before)


@needs_sshd
async def test_a_server_with_one_session_a_line_is_served_by_more_lines(home: Home, tmp_path: Path) -> None:
    async with (
        real_sshd(home, tmp_path / "sshd", "MaxSessions 1") as server,
        home.connector(sessions_per_connection=1) as connector,
    ):
        ends = await asyncio.gather(*(run(connector, server.target, f"echo {n}") for n in range(8)))
        assert [output for output, _ in ends] == [f"{n}\n".encode() for n in range(8)]


@needs_sshd
async def test_restarts_under_load_end_every_command_and_leave_no_socket(home: Home, tmp_path: Path) -> None:
    before = sockets()
    async with real_sshd(home, tmp_path / "sshd") as server, home.connector() as connector:
        running = [asyncio.create_task(run(connector, server.target, "echo up")) for _ in range(20)]
        session = await connector.session(server.target)
        async with aclosing(session.run("echo up; sleep 60", shell="sh")) as pieces:  # type: ignore[type-var]  # a generator
            assert b"up" in cast("bytes", await anext(aiter(pieces)))
            server.stop()
            await server.start()
        await session.close()
        ends = await asyncio.gather(*running, return_exceptions=True)
        assert all(isinstance(end, tuple | OpstermError) for end in ends), ends
        assert (await run(connector, server.target, "echo back"))[0] == b"back\n"
    await comes_true(lambda: sockets() == before)
