"""Commands and shells over SSH: exact bytes, bounded memory, and nothing left running."""

from __future__ import annotations

import asyncio
import resource
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsterm.adapters import ssh_config
from opsterm.adapters.byte_stream import PAUSE_BYTES
from opsterm.adapters.ssh_library import asyncssh
from opsterm.adapters.ssh_session import SshSession
from opsterm.core.errors import BadInput, Unreachable
from opsterm.runtime.ports import Ended
from tests.adapters.ssh_stage import USER_KEY, Door, Home, run, serve, target
from tests.adapters.test_local_command import alive, comes_true


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    made = Home(tmp_path / "ana")
    made.write_key("id_ed25519", USER_KEY)
    return made


@pytest.mark.parametrize(
    ("command", "shell", "output", "ended"),
    [
        ("echo hello", "sh", b"hello\n", Ended(exit_status=0)),
        ("exit 7", "sh", b"", Ended(exit_status=7)),
        ("kill -9 $$", "sh", b"", Ended(exit_status=None, signal="KILL")),
        ("kill -TERM $$", "bash", b"", Ended(exit_status=None, signal="TERM")),
        ("echo out; echo err >&2; echo out", "sh", b"out\nerr\nout\n", Ended(exit_status=0)),
        ("cat", "sh", b"", Ended(exit_status=0)),
        ("printf '\\377\\000\\033'", "sh", b"\xff\x00\x1b", Ended(exit_status=0)),
        ("[[ a == a ]] && echo bash", "bash", b"bash\n", Ended(exit_status=0)),
        ("echo 'it''s' \"$0\" !! \\\\", "sh", b"its /bin/sh !! \\\n", Ended(exit_status=0)),
        ("head -c 3000000 /dev/zero | tr '\\0' x", "sh", b"x" * 3_000_000, Ended(exit_status=0)),
    ],
    ids=["output", "status", "kill", "term", "both outputs", "no input", "bytes", "bash", "quotes", "three megabytes"],
)
async def test_a_command_gives_its_bytes_and_its_end(
    command: str, shell: str, output: bytes, ended: Ended, home: Home
) -> None:
    async with serve(Door()) as port, home.connector() as connector:
        home.know(port)
        assert await run(connector, target(port), command, shell) == (output, ended)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_the_command_reaches_the_shell_as_one_argument_unchanged(home: Home, text: str) -> None:
    if "the-end-of-it" in text:
        return
    command = f": <<'the-end-of-it'\n{text}\nthe-end-of-it\ntr '\\0' '\\n' </proc/$$/cmdline | tail -n +3"

    async def shown() -> bytes:
        async with serve(Door()) as port, home.connector() as connector:
            home.know(port)
            return (await run(connector, target(port), command))[0]

    assert asyncio.run(shown()) == command.encode() + b"\n"


async def test_what_the_log_in_shell_says_is_part_of_the_output_and_the_announcement_is_not(home: Home) -> None:
    async with serve(Door()) as port, home.connector() as connector:
        home.know(port)
        session = await connector.session(target(port))
        assert isinstance(session, SshSession)
        output, _ = await run(connector, target(port), "echo a >&2; echo b; echo c >&2")
        assert output == b"a\nb\nc\n"
        await session.close()
        await session.close()


@pytest.mark.parametrize("bad", ["echo \0", "x" * 200_000])
async def test_what_cannot_be_sent_is_refused_before_anything_runs(bad: str, home: Home) -> None:
    door = Door()
    async with serve(door) as port, home.connector() as connector:
        home.know(port)
        with pytest.raises(BadInput):
            await run(connector, target(port), bad)
    assert door.commands == []


@pytest.mark.parametrize(
    ("shell", "template"),
    [
        ("sh", "echo ready; exec sleep {}"),
        ("sh", "sleep {} & sleep {} & echo ready; wait"),
        ("bash", "set -m; sleep {} & sleep {} & echo ready; wait"),
        ("sh", "trap '' TERM; sleep {} & echo ready; wait; wait"),
    ],
)
async def test_cancelling_ends_the_command_and_its_children_on_the_target(
    shell: str, template: str, home: Home
) -> None:
    mark = f"87{id(home) % 100003}.5"
    async with serve(Door()) as port, home.connector() as connector:
        home.know(port)
        task = asyncio.create_task(run(connector, target(port), template.format(mark, mark), shell))
        await comes_true(lambda: bool(alive(mark)))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await comes_true(lambda: not alive(mark))


@pytest.mark.parametrize("delay", [0.0, 0.001, 0.005, 0.01, 0.02, 0.05])
async def test_a_command_cancelled_while_it_starts_is_ended_too(delay: float, home: Home) -> None:
    mark = f"88{id(home) % 100003}.5"
    async with serve(Door()) as port, home.connector() as connector:
        home.know(port)
        await run(connector, target(port), "true")
        task = asyncio.create_task(run(connector, target(port), f"sleep {mark}"))
        await asyncio.sleep(delay)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert alive(mark) == []
        assert (await run(connector, target(port), "echo still here"))[0] == b"still here\n"
        assert alive(mark) == []


async def test_a_flood_waits_for_its_reader(home: Home) -> None:
    async with serve(Door()) as port, home.connector() as connector:
        home.know(port)
        session = await connector.session(target(port))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        total = 0
        async with aclosing(session.run("yes flood", shell="sh")) as pieces:  # type: ignore[type-var]  # a generator
            async for piece in pieces:
                assert isinstance(piece, bytes)
                assert len(piece) <= PAUSE_BYTES
                total += len(piece)
                if total > 1_000_000:
                    break
            await asyncio.sleep(0.5)  # nobody reads: what waits must stay bounded
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000
        await session.close()


async def test_a_lost_connection_is_an_error_and_not_the_end_of_the_output(home: Home) -> None:
    door = Door()
    async with serve(door) as port, home.connector() as connector:
        home.know(port)
        session = await connector.session(target(port))
        pieces = session.run("echo begun; sleep 3", shell="sh")
        assert await anext(pieces) == b"begun\n"
        door.connections[-1].abort()
        with pytest.raises(Unreachable) as caught:
            await anext(pieces)
        assert "connection to web-1" in caught.value.what
        assert "is not known" in caught.value.why
        await session.close()


async def test_a_server_without_room_for_another_session_says_so(home: Home) -> None:
    async with serve(Door(), process_factory=None) as port, home.connector() as connector:
        home.know(port)
        with pytest.raises(Unreachable) as caught:
            await run(connector, target(port), "true")
        assert "MaxSessions" in caught.value.next_step


async def test_a_shell_takes_keys_shows_answers_and_follows_its_size(home: Home) -> None:
    async with serve(Door(), line_editor=False) as port, home.connector() as connector:
        home.know(port)
        shell = await connector.shell(target(port), columns=80, rows=24, term="xterm-256color")
        shell.write(b"one\n")
        assert b"xterm-256color 80x24 one" in await shell.read()
        shell.resize(132, 43)
        shell.write(b"two\n")
        assert b"132x43 two" in await shell.read()
        shell.write(b"exit 5\n")
        while await shell.read():
            pass
        assert await shell.close() == Ended(exit_status=5)
        assert await shell.close() == Ended(exit_status=5)
        shell.write(b"too late")
        shell.resize(1, 1)


async def test_closing_a_shell_hangs_up(home: Home) -> None:
    async with serve(Door(), line_editor=False) as port, home.connector() as connector:
        home.know(port)
        shell = await connector.shell(target(port), columns=80, rows=24, term="xterm")
        assert (await shell.close()).exit_status is None
        assert await shell.read() == b""


async def test_variables_go_along_as_ssh_config_says(home: Home) -> None:
    home.environment["LC_TIME"] = "C"
    home.write("config", "SendEnv LC_*\nSetEnv COLOR=green\n")
    seen: dict[str, str] = {}

    async def look(process: asyncssh.SSHServerProcess[bytes]) -> None:
        seen.update(process.env)
        process.exit(0)

    async with serve(Door(), process_factory=look) as port, home.connector() as connector:
        home.know(port)
        shell = await connector.shell(target(port), columns=80, rows=24, term="xterm")
        while await shell.read():
            pass
        await shell.close()
    assert (seen["LC_TIME"], seen["COLOR"]) == ("C", "green")
    assert "PATH" not in seen


async def test_a_command_that_ends_the_connection_with_itself_has_still_ended(home: Home) -> None:
    door, seen = Door(), asyncio.Event()

    async def reboot(process: asyncssh.SSHServerProcess[bytes]) -> None:
        process.stdout.write(b"going down\n")
        await seen.wait()
        process.stdout.write_eof()
        process.exit(0)
        door.connections[-1].close()

    async with serve(door, process_factory=reboot) as port, home.connector() as connector:
        home.know(port)
        session = await connector.session(target(port))
        pieces = session.run("reboot", shell="sh")
        assert await anext(pieces) == b"going down\n"
        seen.set()
        assert await anext(pieces) == Ended(exit_status=0)
        await session.close()
