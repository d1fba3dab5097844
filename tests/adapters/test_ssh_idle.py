"""Lines that nobody uses are closed when their time is over, on the loop's own clock, which the test moves."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from opsterm.adapters import ssh_config
from opsterm.policy.order import OrderTarget
from tests.adapters.ssh_stage import USER_KEY, Door, Home, run, serve, target
from tests.adapters.test_local_command import comes_true
from tests.adapters.test_ssh_lines import sockets

IDLE_S = 30.0


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    made = Home(tmp_path / "ana")
    made.write_key("id_ed25519", USER_KEY)
    return made


class Later:
    """The loop's clock, which can be put forward: timers that are due by then fire at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        real, self._ahead_s = loop.time, 0.0
        monkeypatch.setattr(loop, "time", lambda: real() + self._ahead_s)

    async def by(self, seconds: float) -> None:
        self._ahead_s += seconds
        for _ in range(3):
            await asyncio.sleep(0)


async def test_a_line_is_closed_when_nobody_has_used_it_for_that_long(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, door = sockets(), Door()
    async with serve(door) as port, home.connector(idle_timeout_s=IDLE_S) as connector:
        home.know(port)
        later, where = Later(monkeypatch), target(port)
        for _ in range(3):
            await run(connector, where, "true")
            await later.by(IDLE_S - 1)
        assert door.attempts == 1, "each use begins the time anew"
        assert not door.connections[0].is_closed()
        await later.by(1.1)
        await comes_true(door.connections[0].is_closed)
        await run(connector, where, "true")
        assert door.attempts == 2
    await comes_true(lambda: sockets() == before)


async def test_a_line_in_use_is_never_closed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door()
    async with serve(door) as port, home.connector(idle_timeout_s=IDLE_S) as connector:
        home.know(port)
        later = Later(monkeypatch)
        shell = await connector.shell(target(port), columns=80, rows=24, term="xterm")
        await run(connector, target(port), "true")
        await later.by(100 * IDLE_S)
        shell.write(b"still\n")
        assert b"still" in await shell.read()
        await shell.close()
        await later.by(IDLE_S - 1)
        assert not door.connections[0].is_closed()
        await later.by(1.1)
        await comes_true(door.connections[0].is_closed)


async def test_a_jump_host_is_let_go_after_the_line_that_it_carries(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    jump, far = Door(), Door()
    async with serve(jump) as jump_port, serve(far) as far_port, home.connector(idle_timeout_s=IDLE_S) as connector:
        home.know(jump_port)
        home.know(far_port)
        home.write("config", f"Host far\n ProxyJump ops@127.0.0.1:{jump_port}\n")
        later = Later(monkeypatch)
        where = OrderTarget(name="far", protocol="ssh", address="127.0.0.1", port=far_port, user="ops")
        await run(connector, where, "true")
        await later.by(IDLE_S + 0.1)
        await comes_true(far.connections[0].is_closed)
        assert not jump.connections[0].is_closed(), "it was in use until now"
        await later.by(IDLE_S + 0.1)
        await comes_true(jump.connections[0].is_closed)


async def test_no_line_stays_where_the_time_is_none(home: Home) -> None:
    door = Door()
    async with serve(door) as port, home.connector(idle_timeout_s=0.0) as connector:
        home.know(port)
        await run(connector, target(port), "true")
        await comes_true(door.connections[0].is_closed)
