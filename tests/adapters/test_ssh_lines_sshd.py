"""The pool of SSH lines against a real OpenSSH server: restarts, limits, a host that freezes."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from pathlib import Path
from typing import cast

import pytest

from opsterm.adapters import ssh_config
from opsterm.core.errors import OpstermError, Unreachable
from opsterm.policy.order import OrderTarget
from tests.adapters.ssh_stage import USER_KEY, Home, run
from tests.adapters.sshd_stage import frozen, needs_sshd, real_sshd
from tests.adapters.test_local_command import comes_true
from tests.adapters.test_ssh_lines import sockets


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    made = Home(tmp_path / "ana")
    made.write_key("id_ed25519", USER_KEY)
    return made


@needs_sshd
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
        async with home.connector(logins_per_host=4) as connector:
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
@pytest.mark.parametrize("most", [1, 3])
async def test_commands_and_shells_that_a_full_line_refuses_get_another_one(
    home: Home, tmp_path: Path, most: int
) -> None:
    async with real_sshd(home, tmp_path / "sshd", f"MaxSessions {most}") as server, home.connector() as connector:
        shell = await connector.shell(server.target, columns=80, rows=24, term="xterm")
        ends = await asyncio.gather(*(run(connector, server.target, f"echo {n}; sleep 0.1") for n in range(20)))
        assert [output for output, _ in ends] == [f"{n}\n".encode() for n in range(20)]
        others = [await connector.shell(server.target, columns=80, rows=24, term="xterm") for _ in range(2)]
        for open_shell in (shell, *others):
            await open_shell.close()


@needs_sshd
async def test_a_server_that_opens_no_session_at_all_is_told_of(home: Home, tmp_path: Path) -> None:
    async with real_sshd(home, tmp_path / "sshd", "MaxSessions 0") as server, home.connector() as connector:
        with pytest.raises(Unreachable, match="did not start the command"):
            await run(connector, server.target, "echo")


@needs_sshd
async def test_restarts_under_load_end_every_command_and_leave_no_socket(home: Home, tmp_path: Path) -> None:
    before = sockets()
    async with real_sshd(home, tmp_path / "sshd") as server, home.connector() as connector:
        running = [asyncio.create_task(run(connector, server.target, "echo up")) for _ in range(20)]
        session = await connector.session(server.target)
        # To stop it over a line that may be lost already is known to be done, or not.
        with suppress(Unreachable):
            async with aclosing(session.run("echo up; sleep 60", shell="sh")) as pieces:  # type: ignore[type-var]  # a generator
                assert b"up" in cast("bytes", await anext(aiter(pieces)))
                server.stop()
                await server.start()
        await session.close()
        ends = await asyncio.gather(*running, return_exceptions=True)
        assert all(isinstance(end, tuple | OpstermError) for end in ends), ends
        assert (await run(connector, server.target, "echo back"))[0] == b"back\n"
    await comes_true(lambda: sockets() == before)
