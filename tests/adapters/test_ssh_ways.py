"""What goes wrong on the way to a target, ways around, and sharing: each failure has a sentence of its own."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.adapters import ssh_config, ssh_dial
from opsterm.core.errors import (
    BadInput,
    HostKeyUnknown,
    OpstermError,
    TimedOut,
    Unreachable,
)  # fmt: skip
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports import Ended
from tests.adapters.ssh_stage import (
    HOST_KEY,
    OTHER_HOST_KEY,
    USER_KEY,
    Door,
    Home,
    run,
    serve,
    target,
    unused_port,
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    made = Home(tmp_path / "ana")
    made.write_key("id_ed25519", USER_KEY)
    return made


def says(error: OpstermError, *parts: str) -> None:
    """The error says what, why and what next, and all of `parts`."""
    assert error.what
    assert error.next_step
    for part in parts:
        assert part in str(error), f"{part!r} is not in: {error}"


# ------------------------------------------------------------------------------------ other failures


@asynccontextmanager
async def a_listener(greeting: bytes | None, *, close: bool) -> AsyncIterator[int]:
    """Listen, say something (or nothing), and close or keep silent."""
    ends: list[asyncio.StreamWriter] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(writer)
        if greeting:
            writer.write(greeting)
        if close:
            writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for end in ends:
            end.close()


async def test_a_closed_port_is_refused(home: Home) -> None:
    async with home.connector() as connector:
        for attempt in (connector.session(target(unused_port())), connector.check(target(unused_port()))):
            with pytest.raises(Unreachable) as caught:
                await attempt
            says(caught.value, "refused the connection", "Nothing listens")


async def test_a_name_that_nobody_knows(home: Home) -> None:
    async with home.connector() as connector:
        with pytest.raises(Unreachable) as caught:
            await connector.check(target(22, address="no-such-host.invalid"))
        says(caught.value, "no-such-host.invalid")


@pytest.mark.parametrize(
    ("number", "part"),
    [(errno.EHOSTUNREACH, "no route to the host"), (errno.ENETUNREACH, "no route to its network"),
     (errno.EACCES, "does not let the connection out"), (errno.ETIMEDOUT, "did not answer"),
     (errno.EIO, "cannot be reached")],
)  # fmt: skip
def test_what_the_system_says_of_a_connection_becomes_a_sentence(number: int, part: str) -> None:
    says(ssh_dial.unreachable("web-1", OSError(number, "said so")), part)


async def test_a_host_that_drops_packets_times_out_while_connecting(home: Home) -> None:
    with socket.socket() as full:  # a full backlog answers nothing, as a dropping firewall
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        async with home.connector(connect_timeout_s=0.5) as connector:
            with pytest.raises(TimedOut) as caught:
                await connector.check(target(port))
        for filler in fillers:
            filler.close()
    says(caught.value, "within 0.5 s, while opening the TCP connection")


async def test_a_silent_server_times_out_in_the_key_exchange(home: Home) -> None:
    async with a_listener(None, close=False) as port, home.connector(login_timeout_s=1.0) as connector:
        with pytest.raises(TimedOut) as caught:
            await connector.session(target(port))
    says(caught.value, "within 1 s, while waiting for its greeting")


@pytest.mark.parametrize(
    ("greeting", "part"),
    [(b"", "closed the connection"), (b"220 mail ready\r\n" * 3, ""), (b"SSH-1.5-old\r\n", "does not speak SSH")],
)
async def test_what_is_no_ssh_server_is_told(greeting: bytes, part: str, home: Home) -> None:
    async with a_listener(greeting, close=True) as port, home.connector() as connector:
        with pytest.raises(Unreachable) as caught:
            await connector.session(target(port))
    says(caught.value, part)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
async def test_old_algorithms_are_named_with_the_option_that_would_allow_them(home: Home) -> None:
    async with (
        serve(Door(), kex_algs=["diffie-hellman-group1-sha1"]) as port,
        serve(Door(), encryption_algs=["3des-cbc"]) as other,
        home.connector() as connector,
    ):
        home.know(port)
        home.know(other)
        with pytest.raises(Unreachable) as caught:
            await connector.session(target(port))
        says(caught.value, "diffie-hellman-group1-sha1", "KexAlgorithms +diffie-hellman-group1-sha1")
        with pytest.raises(Unreachable) as caught:
            await connector.session(target(other))
        says(caught.value, "3des-cbc", "Ciphers +3des-cbc")
        home.write("config", "KexAlgorithms +diffie-hellman-group1-sha1\nCiphers +3des-cbc,no-such-cipher\n")
        await run(connector, target(port), "true")
        await run(connector, target(other), "true")


async def test_what_takes_no_commands_is_a_sentence(home: Home) -> None:
    switch = OrderTarget(name="sw-1", protocol="snmp", address="sw-1", port=0, user="")
    web = OrderTarget(name="web-1", protocol="http", address="web-1", port=0, user="")
    async with home.connector() as connector:
        for attempt in (
            connector.session(switch), connector.check(switch),
            *(connector.shell(where, columns=80, rows=24, term="x") for where in (switch, web)),
        ):  # fmt: skip
            with pytest.raises(BadInput, match="this version runs commands on local and ssh and winrm targets"):
                await attempt


async def test_this_machine_always_answers_and_runs_commands(home: Home) -> None:
    here = OrderTarget(name="localhost", protocol="local", address="localhost", port=0, user="")
    async with home.connector() as connector:
        await connector.check(here)
        assert await run(connector, here, "pwd") == (f"{home.path}\n".encode(), Ended(exit_status=0))


# ------------------------------------------------------------------------------------- jumps, proxies


async def test_a_jump_host_carries_the_connection_and_its_own_key_is_asked_about_first(home: Home) -> None:
    jump, end = Door(), Door()
    async with serve(jump, key=OTHER_HOST_KEY) as jump_port, serve(end) as port:
        home.write("config", f"Host web-1\n ProxyJump hop@localhost:{jump_port}\n")
        async with home.connector() as connector:
            with pytest.raises(HostKeyUnknown) as caught:
                await connector.session(target(port))
            says(caught.value, "the jump host before web-1", "opsterm targets trust web-1")
            await connector.trust(target(port), caught.value.fingerprint)
            with pytest.raises(HostKeyUnknown) as caught:
                await connector.session(target(port))
            assert "jump host" not in caught.value.what
            await connector.trust(target(port), caught.value.fingerprint)
            assert (await run(connector, target(port), "echo there"))[0] == b"there\n"
            await connector.check(target(port))
    assert jump.log_ins == ["hop"]
    assert set(jump.forwarded) == {("127.0.0.1", port)}
    assert end.log_ins == ["ops"]
    assert len(jump.forwarded) == end.attempts, "every connection to the end came through the jump host"


async def test_what_lies_behind_a_jump_host_is_not_called_checked(home: Home) -> None:
    async with serve(Door()) as jump_port, serve(Door()) as port, home.connector() as connector:
        home.write("config", f"Host web-1\n ProxyJump localhost:{jump_port}\n")
        with pytest.raises(Unreachable) as caught:
            await connector.check(target(port))
        says(caught.value, "behind the jump host localhost: not checked")
        home.write("config", f"Host web-1\n ProxyJump localhost:{unused_port()}\n")
        with pytest.raises(Unreachable) as caught:
            await connector.check(target(port))
        says(caught.value, "localhost", "refused the connection")


async def test_a_jump_host_that_does_not_forward_is_told(home: Home) -> None:
    async with serve(Door(forwards=False)) as jump_port, serve(Door()) as port, home.connector() as connector:
        home.know(jump_port, host="localhost")
        home.know(port)
        home.write("config", f"Host web-1\n ProxyJump localhost:{jump_port}\n")
        with pytest.raises(Unreachable) as caught:
            await connector.session(target(port))
    says(caught.value, "cannot be reached through its jump host", "AllowTcpForwarding")


@pytest.mark.parametrize(
    "config", ["Host *\n ProxyJump bastion\n", "Host b\n ProxyJump c\nHost c\n ProxyJump b\nHost *\n ProxyJump c\n"]
)
async def test_a_jump_in_a_circle_is_told(config: str, home: Home) -> None:
    home.write("config", config)
    async with home.connector() as connector:
        with pytest.raises(BadInput, match="circle") as caught:
            await connector.session(target(22, address="web-1.example.com"))
    says(caught.value, "ProxyJump none")


async def test_a_proxy_command_carries_the_connection(home: Home) -> None:
    relay = home.write("relay.sh", "exec 3<>/dev/tcp/$1/$2; echo noise >&2; cat <&3 & exec cat >&3\n")
    home.write("config", f"Host web-1\n ProxyCommand bash {relay} %h %p\n")
    async with serve(Door()) as port, home.connector() as connector:
        home.know(port)
        assert (await run(connector, target(port), "echo there"))[0] == b"there\n"
        with pytest.raises(Unreachable, match="behind a ProxyCommand: not checked"):
            await connector.check(target(port))
        home.write("config", "Host web-1\n ProxyCommand exit 1\n")
    async with home.connector() as connector:
        with pytest.raises(Unreachable, match="web-1"):
            await connector.session(target(port))


# ------------------------------------------------------------------------------------------- sharing


async def test_connections_are_shared_while_open_and_made_anew_when_lost(home: Home) -> None:
    door = Door()
    async with serve(door) as port, home.connector() as connector:
        home.know(port)
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(run(connector, target(port), "true"))
        assert door.attempts == 1
        await run(connector, target(port, user="other"), "true")
        assert door.attempts == 2
        for connection in door.connections:
            connection.abort()
        while True:
            try:
                await run(connector, target(port), "true")
                break
            except Unreachable:
                continue
        assert door.attempts >= 3


@pytest.mark.speed
async def test_the_key_exchange_is_never_held_up_by_reading_known_hosts(home: Home) -> None:
    lines = "".join(f"[h{n}]:1 {HOST_KEY.export_public_key().decode()}" for n in range(20_000))
    home.write("known_hosts", lines)
    async with serve(Door()) as port, home.connector() as connector:
        home.know(port)
        worst, last, going = 0.0, time.perf_counter(), True

        async def watch() -> None:
            nonlocal worst, last
            while going:
                await asyncio.sleep(0)
                now = time.perf_counter()
                worst, last = max(worst, now - last), now

        await run(connector, target(port), "true")
        last = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            watcher = group.create_task(watch())
            for user in ("a", "b", "c"):
                await run(connector, target(port, user=user), "true")
            going = False
            await watcher
    assert worst < 0.1, worst
