"""SSH against real Debian hosts with OpenSSH: what no server of our own would prove.

Needs OPSTERM_LAB: a JSON text, or a file with one: {"key": path, "hosts": [{"name", "address", "host_key"}, …]}. The
first host also has the user "op" with the password "lab-op". The test that cuts a host off the network
needs root here, and cuts only the second.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from opsterm.adapters import ssh_config
from opsterm.adapters.ssh_library import asyncssh
from opsterm.core.errors import AuthenticationFailed, HostKeyChanged, HostKeyUnknown, TimedOut, Unreachable
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports import Connector, Ended
from tests.adapters.ssh_stage import USER_KEY, Home, Kept, run
from tests.adapters.test_local_command import comes_true

pytestmark = pytest.mark.lab


@dataclass(frozen=True)
class LabHost:
    """One real host."""

    name: str
    address: str
    host_key: str

    def target(self, user: str = "root", port: int = 0) -> OrderTarget:
        return OrderTarget(name=self.name, protocol="ssh", address=self.address, port=port, user=user)


@dataclass(frozen=True)
class Lab:
    """The real hosts and the key that root there accepts."""

    key: Path
    hosts: tuple[LabHost, ...]


@pytest.fixture(scope="module")
def lab() -> Lab:
    given = os.environ.get("OPSTERM_LAB", "")
    if not given:
        pytest.skip("OPSTERM_LAB IS NOT SET: SSH WAS NOT TRIED AGAINST REAL HOSTS")
    described = json.loads(given if given.lstrip().startswith("{") else Path(given).read_text())
    hosts = tuple(LabHost(h["name"], h["address"], h["host_key"]) for h in described["hosts"])
    return Lab(Path(described["key"]), hosts)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lab: Lab) -> Home:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    made = Home(tmp_path / "ana")
    made.write("lab", lab.key.read_bytes())
    made.write("config", "IdentityFile ~/.ssh/lab\n")
    made.write("known_hosts", "".join(f"{host.address} {host.host_key}\n" for host in lab.hosts))
    return made


def fingerprint_by_ssh_keygen(key: str) -> str:
    """Return the line that `ssh-keygen -l` prints for a public key."""
    return subprocess.run(["ssh-keygen", "-lf", "-"], input=key, capture_output=True, text=True, check=True).stdout


async def test_trust_on_first_use_shows_what_ssh_keygen_shows(lab: Lab, home: Home) -> None:
    home.known_hosts.unlink()
    one = lab.hosts[0]
    async with home.connector() as connector:
        with pytest.raises(HostKeyUnknown) as caught:
            await connector.session(one.target())
        assert caught.value.fingerprint in fingerprint_by_ssh_keygen(one.host_key)
        await connector.trust(one.target(), caught.value.fingerprint)
        assert (await run(connector, one.target(), "hostname"))[0].decode().strip() == one.name


async def test_another_hosts_key_in_its_place_is_refused(lab: Lab, home: Home) -> None:
    home.write("known_hosts", f"{lab.hosts[0].address} {lab.hosts[1].host_key}\n")
    async with home.connector() as connector:
        with pytest.raises(HostKeyChanged):
            await connector.session(lab.hosts[0].target())


async def test_a_wrong_key_and_a_password(lab: Lab, home: Home) -> None:
    home.write_key("wrong", USER_KEY)
    home.write("config", "IdentityFile ~/.ssh/wrong\n")
    one = lab.hosts[0]
    async with home.connector() as connector:
        with pytest.raises(AuthenticationFailed) as caught:
            await connector.session(one.target("op"))
    assert USER_KEY.get_fingerprint() in caught.value.why
    assert "The server accepts: publickey, password" in caught.value.why
    async with home.connector(Kept({("opsterm:ssh", f"op@{one.name}"): "lab-op"})) as connector:
        assert (await run(connector, one.target("op"), "id -un"))[0] == b"op\n"
    async with home.connector(Kept({("opsterm:ssh", f"op@{one.name}"): "not-it"})) as connector:
        with pytest.raises(AuthenticationFailed) as caught:
            await connector.session(one.target("op"))
    assert "not-it" not in str(caught.value)


async def test_a_server_that_gives_up_after_many_keys_says_what_to_do(lab: Lab, home: Home) -> None:
    for number in range(8):
        home.write_key(f"k{number}", asyncssh.generate_private_key("ssh-ed25519"))
    home.write("config", "".join(f"IdentityFile ~/.ssh/k{number}\n" for number in range(8)))
    async with home.connector() as connector:
        with pytest.raises(AuthenticationFailed) as caught:
            await connector.session(lab.hosts[0].target())
    assert "IdentitiesOnly" in caught.value.next_step


@pytest.mark.parametrize("user", ["root", "op"])
async def test_output_status_and_signals_are_exact(user: str, lab: Lab, home: Home) -> None:
    one = lab.hosts[0].target(user)
    async with home.connector() as connector:
        assert await run(connector, one, "echo o; echo e >&2; echo o; exit 9") == (b"o\ne\no\n", Ended(exit_status=9))
        assert await run(connector, one, "kill -9 $$") == (b"", Ended(exit_status=None, signal="KILL"))
        assert await run(connector, one, "kill -HUP $$", "bash") == (b"", Ended(exit_status=None, signal="HUP"))
        assert (await run(connector, one, "printf %s \"$0\" 'a''b' \\\\ !"))[0] == b"/bin/shab\\!"
        output, _ = await run(connector, one, "head -c 20000000 /dev/zero | tr '\\0' z")
        assert hashlib.sha256(output).digest() == hashlib.sha256(b"z" * 20_000_000).digest()


@pytest.mark.parametrize("user", ["root", "op"])
@pytest.mark.parametrize(
    ("shell", "command"),
    [
        ("sh", "sleep {0}"),
        ("sh", "sleep {0} & sleep {0} & sleep {0}; sleep {0}"),
        ("bash", "set -m; sleep {0} & (sleep {0}; sleep {0}) & sleep {0}"),
        ("sh", "trap '' TERM HUP; sleep {0} & wait; wait"),
        ("sh", "nohup sleep {0} & sleep {0}"),
        ("sh", "sh -c 'sh -c \"sleep {0}; true\"; true'; true"),
    ],
)
async def test_nothing_of_a_cancelled_command_goes_on(
    user: str, shell: str, command: str, lab: Lab, home: Home
) -> None:
    one, mark = lab.hosts[0].target(user), f"1000{os.getpid()}"
    async with home.connector() as connector:
        task = asyncio.create_task(run(connector, one, command.format(mark), shell))
        while not await sleepers(connector, one, mark):
            pass
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await sleepers(connector, one, mark) == []


async def test_a_daemon_that_detached_on_purpose_stays(lab: Lab, home: Home) -> None:
    one, mark = lab.hosts[0].target(), f"1001{os.getpid()}"
    async with home.connector() as connector:
        await run(connector, one, f"setsid sleep {mark} >/dev/null 2>&1 </dev/null &")
        assert len(await sleepers(connector, one, mark)) == 1
        await run(connector, one, f"pkill -f 'sleep {mark}'")


async def sleepers(connector: Connector, where: OrderTarget, mark: str) -> list[str]:
    """Return the processes on a host whose argument is `mark`."""
    output, _ = await run(connector, where, f"pgrep -f '^sleep [{mark[0]}]{mark[1:]}$'")
    return output.decode().split()


async def test_a_flood_stops_on_the_host_when_nobody_reads(lab: Lab, home: Home) -> None:
    one, mark = lab.hosts[0].target(), f"flood{os.getpid()}"
    async with home.connector() as connector:
        session = await connector.session(one)
        async with aclosing(session.run(f"yes {mark}", shell="sh")) as pieces:  # type: ignore[type-var]  # a generator
            async for _ in pieces:
                break
            await asyncio.sleep(1.0)  # the pipes fill
            before, _ = await run(connector, one, "cat /proc/$(pgrep -x yes | head -1)/io | head -2 | tail -1")
            await asyncio.sleep(0.5)
            after, _ = await run(connector, one, "cat /proc/$(pgrep -x yes | head -1)/io | head -2 | tail -1")
            assert before == after, "it still writes although nobody reads"
        assert (await run(connector, one, "pgrep -x yes"))[0] == b""
        await session.close()


async def test_a_shell_on_a_terminal(lab: Lab, home: Home) -> None:
    async with home.connector() as connector:
        shell = await connector.shell(lab.hosts[0].target(), columns=100, rows=30, term="xterm-256color")
        shell.write(b"stty size; echo $TERM-; tty\n")
        assert {b"30 100", b"xterm-256color-", b"/dev/pts/"} <= await words_of(shell.read, b"/dev/pts/")
        shell.resize(132, 43)
        shell.write(b"stty size\n")
        assert b"43 132" in await words_of(shell.read, b"43 132")
        shell.write(b"exit 4\n")
        while await shell.read():
            pass
        assert await shell.close() == Ended(exit_status=4)


async def words_of(read: object, until: bytes) -> set[bytes]:
    """Read until some bytes have come; return which of the expected ones are there."""
    seen = b""
    while until not in seen:
        seen += await cast("asyncio.Future[bytes]", read())  # type: ignore[operator]  # a bound read
    return {word for word in (b"30 100", b"xterm-256color-", b"/dev/pts/", b"43 132") if word in seen}


@asynccontextmanager
async def relay(bound: str, address: str) -> AsyncIterator[tuple[int, list[str]]]:
    """Carry connections from this machine's end of a link to another host's port 22; yield the port and the callers."""
    callers: list[str] = []
    tasks: set[asyncio.Task[None]] = set()
    ends: list[asyncio.StreamWriter] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append(writer.get_extra_info("peername")[0])
        other_reader, other_writer = await asyncio.open_connection(address, 22)
        ends.extend((writer, other_writer))
        tasks.update({asyncio.create_task(pump(reader, other_writer)), asyncio.create_task(pump(other_reader, writer))})

    server = await asyncio.start_server(carry, bound, 0)
    try:
        yield server.sockets[0].getsockname()[1], callers
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        for end in ends:
            end.close()
            with suppress(OSError):
                await end.wait_closed()


async def test_a_jump_over_the_first_host_reaches_the_second(lab: Lab, home: Home) -> None:
    one, two = lab.hosts[:2]
    here = one.address.rpartition(".")[0] + ".1"
    home.write(
        "config",
        f"IdentityFile ~/.ssh/lab\nHost {two.name}\n ProxyJump op@{one.address}\n HostKeyAlias {two.address}\n",
    )
    async with relay(here, two.address) as (port, callers), home.connector() as connector:
        where = OrderTarget(name=two.name, protocol="ssh", address=here, port=port, user="root")
        assert (await run(connector, where, "hostname; echo ${SSH_CONNECTION%% *}"))[0].split()[0] == two.name.encode()
        assert callers == [one.address], "the connection did not come from the jump host"
        await connector.check(where)
        await comes_true(lambda: callers == [one.address] * 2)


@contextmanager
def undone(do: str, undo: str) -> Iterator[None]:
    """Change this machine's network with ip(8), and change it back whatever happens."""
    if os.geteuid() != 0:
        pytest.skip("NOT ROOT: no host can be cut off the network")
    subprocess.run(["ip", *do.split()], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", *undo.split()], check=True)


def device_to(host: LabHost) -> str:
    """Return the network device behind which a host is."""
    words = subprocess.run(
        ["ip", "route", "get", host.address], capture_output=True, text=True, check=True
    ).stdout.split()
    return words[words.index("dev") + 1]


async def test_a_host_that_is_cut_off_while_it_works_is_told_within_seconds(lab: Lab, home: Home) -> None:
    two = lab.hosts[1].target()
    home.write("config", "IdentityFile ~/.ssh/lab\nServerAliveInterval 1\nServerAliveCountMax 1\n")
    async with home.connector() as connector:
        session = await connector.session(two)
        pieces = session.run("echo begun; sleep 20", shell="sh")
        assert await anext(pieces) == b"begun\n"
        began = time.monotonic()
        device = device_to(lab.hosts[1])
        with undone(f"link set {device} down", f"link set {device} up"), pytest.raises(Unreachable) as lost:
            await anext(pieces)
        assert time.monotonic() - began < 18, "the command alone would take 20 s"
        assert "was lost" in lost.value.what
        await session.close()
        assert (await run(connector, two, "echo back"))[0] == b"back\n"
        await run(connector, two, "pkill -f 'sleep 20'")


async def test_a_host_that_answers_nothing_times_out_and_one_without_a_route_is_told(lab: Lab, home: Home) -> None:
    two = lab.hosts[1]
    device = device_to(two)
    nobody = f"{two.address} lladdr 02:00:00:00:00:99 dev {device}"
    async with home.connector(connect_timeout_s=1.0) as connector:
        with (
            undone(f"neigh replace {nobody} nud permanent", f"neigh del {two.address} dev {device}"),
            pytest.raises(TimedOut) as silent,
        ):
            await connector.check(two.target())
        assert "within 1 s, while opening the TCP connection" in silent.value.what
        route = f"unreachable {two.address}/32"
        with undone(f"route add {route}", f"route del {route}"), pytest.raises(Unreachable, match="no route"):
            await connector.check(two.target())
        await connector.check(two.target())


async def test_a_closed_port_on_a_live_host(lab: Lab, home: Home) -> None:
    async with home.connector() as connector:
        with pytest.raises(Unreachable, match="refused the connection"):
            await connector.check(lab.hosts[0].target(port=81))
