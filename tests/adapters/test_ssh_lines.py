"""The pool of SSH lines: shared, limited, checked before use, fair, and empty at the end."""

from __future__ import annotations

import asyncio
import random
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
from opsterm.core.errors import TimedOut, Unreachable
from opsterm.core.settings import SshSettings
from tests.adapters.ssh_stage import USER_KEY, Door, Home, run, serve, target
from tests.adapters.test_local_command import comes_true


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
        async with asyncio.timeout(120):
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
    network = Network(SshSettings(connections_per_host=1, sessions_per_connection=1, wait_timeout_s=0.5), seed=4)
    network.chance.random = lambda: 1.0  # type: ignore[method-assign]  # all goes well
    asked = Asked(name="web-1", address="web-1")
    line = await network.lines.take(asked, "web-1")
    with pytest.raises(TimedOut, match=r"No connection to web-1 was free within 0\.5 s"):
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
    network = Network(SshSettings(connections_per_host=1, sessions_per_connection=1, wait_timeout_s=0.5), seed=4)
    network.chance.random = lambda: 1.0  # type: ignore[method-assign]  # all goes well
    asked = Asked(name="web-1", address="web-1")
    line = await network.lines.take(asked, "web-1")
    ends = asyncio.gather(*(network.lines.take(asked, "web-1") for _ in range(20)), return_exceptions=True)
    async with asyncio.timeout(8):  # one after the other they would wait for 10 s
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
            async with asyncio.timeout(120):
                await door.connections[0].wait_closed()
    await comes_true(lambda: sockets() == before)
