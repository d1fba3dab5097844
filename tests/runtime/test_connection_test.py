"""A connection test names the phase that failed, says why in the server's or the system's words, and how to mend it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from opsterm.adapters import ssh_config
from opsterm.adapters.ssh_known_hosts import fingerprint
from opsterm.core.errors import BadInput, HostKeyChanged, Refused
from opsterm.inventory.target import LOCALHOST, Protocol, Status, Target
from opsterm.monitoring.reach import HttpAsk
from opsterm.runtime.connection_test import ConnectionReport
from opsterm.runtime.ports_connection_test import Phase, PhaseResult, PhaseState
from opsterm.runtime.runtime import Runtime
from tests.adapters.snmp_agent import Agent, system_group
from tests.adapters.ssh_stage import HOST_KEY, OTHER_HOST_KEY, USER_KEY, Door, Home, serve, unused_port
from tests.adapters.web_stage import Authority, says, serving
from tests.runtime.stage import opened

SSH = (Phase.CONFIG, Phase.LOOKUP, Phase.TCP, Phase.GREETING, Phase.HOST_KEY, Phase.LOG_IN, Phase.COMMAND)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    made = Home(tmp_path)
    made.write_key("id_ed25519", USER_KEY)
    return made


@pytest.fixture
async def runtime(home: Home) -> AsyncIterator[Runtime]:
    async with opened(home.path, settings='[storage]\nkeyring = "memory"\n') as made:
        yield made


def at(port: int, name: str = "web-1", **fields: object) -> Target:
    return Target(name=name, address="127.0.0.1", port=port, user="ops", **fields)  # type: ignore[arg-type]  # any of its fields


async def ran(runtime: Runtime, target: Target) -> ConnectionReport:
    """Test a connection; what was told live comes to the same as what is returned."""
    told: dict[int, list[PhaseResult]] = {}
    report = await runtime.connection_test.run(target, lambda at, result: told.setdefault(at, []).append(result))
    assert tuple(results[-1] for results in told.values()) == report.phases
    assert all(results[0].state is PhaseState.RUNNING for results in told.values())
    passed = report.phases if report.error is None else report.phases[:-1]
    assert all(phase.state is PhaseState.PASSED and not phase.what for phase in passed)
    if report.error is not None:
        failed = report.phases[-1]
        assert failed.state is PhaseState.FAILED
        assert (failed.what, failed.why, failed.next_step) == (
            report.error.what, report.error.why, report.error.next_step,
        )  # fmt: skip
    return report


def phases(report: ConnectionReport, host: str = "") -> Sequence[Phase]:
    return tuple(phase.phase for phase in report.phases if host in ("", phase.host))


async def test_every_phase_passes_and_nothing_stays_open(runtime: Runtime, home: Home) -> None:
    door = Door()
    async with serve(door) as port:
        home.know(port)
        report = await ran(runtime, at(port))
        assert report.error is None
        assert phases(report) == SSH
        details = {phase.phase: phase.detail for phase in report.phases}
        assert details[Phase.CONFIG] == f"ops at 127.0.0.1 port {port}"
        assert details[Phase.GREETING].startswith("SSH-2.0-AsyncSSH")
        assert fingerprint(HOST_KEY.public_data) in details[Phase.HOST_KEY]
        assert details[Phase.LOG_IN].startswith("publickey: ssh-ed25519 SHA256:")
        assert "Linux" in details[Phase.COMMAND]
        async with asyncio.timeout(120):
            await door.connections[0].wait_closed()
        assert runtime.inventory.row("web-1") is None, "a test keeps no target"


async def test_an_unknown_host_key_may_be_trusted_and_a_changed_one_is_explained(runtime: Runtime, home: Home) -> None:
    target = at(unused_port(), "new-1")
    async with serve(Door(), port=target.port or 0):
        unknown = (await ran(runtime, target)).phases[-1]
        assert unknown.phase is Phase.HOST_KEY
        assert unknown.fingerprint == fingerprint(HOST_KEY.public_data)
        await runtime.terminals.trust(target, unknown.fingerprint)
        assert (await ran(runtime, target)).error is None
    async with serve(Door(), port=target.port or 0, key=OTHER_HOST_KEY):
        changed = await ran(runtime, target)
        assert changed.phases[-1].phase is Phase.HOST_KEY
        assert isinstance(changed.error, HostKeyChanged)
        assert not changed.phases[-1].fingerprint, "a changed key is not trusted by a key press"
        assert "ssh-keygen -R" in changed.phases[-1].next_step


async def test_a_refused_log_in_says_what_was_offered_and_what_the_server_takes(runtime: Runtime, home: Home) -> None:
    door = Door(keys=[], password="secret-one")
    async with serve(door) as port:
        home.know(port)
        await runtime.inventory.add(at(port))
        report = await ran(runtime, at(port))
        failed = report.phases[-1]
        assert failed.phase is Phase.LOG_IN
        assert "The server accepts: publickey, password" in failed.why
        assert "Keys offered: ssh-ed25519 SHA256:" in failed.why
        assert "No password of ops@web-1 is kept." in failed.why
        row = runtime.inventory.row("web-1")
        assert row is not None
        assert row.status is Status.OFFLINE, "what was learned of a kept target is kept"
        assert "secret-one" not in repr(report)


async def test_a_port_that_is_closed_and_a_name_that_is_not_known(runtime: Runtime) -> None:
    closed = await ran(runtime, at(unused_port()))
    assert closed.phases[-1].phase is Phase.TCP
    assert "refused the connection" in closed.phases[-1].what
    nowhere = await ran(runtime, Target(name="no-such-host.invalid"))
    assert nowhere.phases[-1].phase is Phase.LOOKUP


async def test_what_is_no_ssh_server_fails_at_its_greeting(runtime: Runtime) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 400 \x1b[31mBad\r\n\r\n")
        await writer.drain()

    async with serving(answer) as port:
        failed = (await ran(runtime, at(port))).phases[-1]
        assert failed.phase is Phase.GREETING
        assert "\x1b" not in repr(failed)


async def test_a_jump_host_is_tested_before_the_target_and_named_when_it_fails(runtime: Runtime, home: Home) -> None:
    jump, door = Door(), Door()
    async with serve(jump) as jump_port, serve(door) as port:
        home.write(
            "config", f"Host inner\n ProxyJump edge\nHost edge\n HostName 127.0.0.1\n Port {jump_port}\n User j\n"
        )
        home.know(jump_port)
        home.know(port)
        report = await ran(runtime, at(port, "inner"))
        assert report.error is None
        assert phases(report, "edge") == SSH[:-1]
        assert phases(report, "inner") == (Phase.CONFIG, Phase.TUNNEL, *SSH[3:])
        assert report.phases[0].detail.endswith(", through edge")
        jump.forwards = False
        assert (await ran(runtime, at(port, "inner"))).phases[-1].phase is Phase.TUNNEL
        jump.keys = []
        failed = (await ran(runtime, at(port, "inner"))).phases[-1]
        assert (failed.phase, failed.host) == (Phase.LOG_IN, "edge")
        async with asyncio.timeout(120):
            for connection in (*jump.connections, *door.connections):
                await connection.wait_closed()


async def test_a_shell_that_runs_nothing_fails_the_first_command(runtime: Runtime, home: Home) -> None:
    async with serve(Door(), process_factory=lambda process: process.exit(1)) as port:
        home.know(port)
        failed = (await ran(runtime, at(port))).phases[-1]
        assert failed.phase is Phase.COMMAND
        assert "did not run the first command" in failed.what


async def test_a_web_server_has_tls_and_an_answer(runtime: Runtime, tmp_path: Path) -> None:
    async with serving(says(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")) as port:
        report = await ran(runtime, at(port, protocol=Protocol.HTTP))
        assert phases(report) == (Phase.LOOKUP, Phase.TCP, Phase.ANSWER)
        assert report.phases[-1].detail == "401, HTTP/1.1; it asks for a log-in"
    authority = await asyncio.to_thread(Authority, tmp_path)
    shows = await asyncio.to_thread(authority.server)
    async with serving(says(b""), shows) as port:
        gathered: list[Phase] = []
        probe = await runtime.connection_test._probe()  # the port of https is fixed for a target
        reading = await probe.http(_ask(port), _Gathering(gathered))
        assert reading.trust
        assert gathered[-1] is Phase.TLS


async def test_an_snmp_agent_answers_before_a_log_in_is_asked_for(runtime: Runtime) -> None:
    with Agent(system_group(), speaks_v3=True) as agent:
        target = at(agent.port, "sw-1", protocol=Protocol.SNMP)
        report = await ran(runtime, target)
        assert phases(report) == (Phase.LOOKUP, Phase.ANSWER, Phase.LOG_IN)
        assert "opsterm snmp login sw-1" in report.phases[-1].next_step


async def test_this_host_runs_a_command_and_what_cannot_be_tested_is_refused(runtime: Runtime, home: Home) -> None:
    here = await runtime.inventory.get(LOCALHOST)
    assert phases(await ran(runtime, here)) == (Phase.COMMAND,)
    with pytest.raises(BadInput):
        await ran(runtime, Target(name="other", protocol=Protocol.LOCAL))
    with pytest.raises(BadInput):
        await ran(runtime, Target(name="x", address="-oProxyCommand=id"))


async def test_read_only_mode_sends_nothing(home: Home) -> None:
    async with opened(home.path, settings="[changes]\nread_only = true\n") as runtime:
        with pytest.raises(Refused):
            await runtime.connection_test.run(at(22), lambda _, __: None)


class _Gathering:
    """Keeps the phases it hears of."""

    def __init__(self, into: list[Phase]) -> None:
        self._into = into

    def begin(self, phase: Phase, host: str) -> None:
        del host
        self._into.append(phase)

    def found(self, detail: str) -> None:
        del detail


def _ask(port: int) -> HttpAsk:
    return HttpAsk(url=f"https://localhost:{port}/", name="web-1")
