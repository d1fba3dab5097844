"""What was refused is entered, checkpoints go where the settings say, and failures of that are seen and mended."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, Refused
from opsterm.inventory.target import Target
from opsterm.policy.chain import read_checkpoints
from opsterm.runtime.audit import AuditSearch
from opsterm.runtime.checkpoints import RETRY_S
from opsterm.runtime.doctor import Health, check_audit
from opsterm.runtime.runtime import Runtime
from tests.adapters.test_ssh_lab import Lab, lab
from tests.runtime.changing import approved, proposed
from tests.runtime.stage import opened, until, until_async

__all__ = ["lab"]
Deed = Callable[[Runtime], Coroutine[Any, Any, object]]


async def wrong_digest(runtime: Runtime) -> object:
    return await runtime.changes.approve((await proposed(runtime)).id, digest="ab" * 32)


async def run_unapproved(runtime: Runtime) -> object:
    return await runtime.changes.run((await proposed(runtime)).id)


async def run_twice(runtime: Runtime) -> object:
    change = await approved(runtime, "true")
    await runtime.changes.run(change.id)
    return await runtime.changes.run(change.id)


async def deny_what_is_over(runtime: Runtime) -> object:
    change = await proposed(runtime)
    await runtime.changes.deny(change.id)
    return await runtime.changes.deny(change.id)


async def approve_too_late(runtime: Runtime) -> object:
    change = await proposed(runtime)
    clock = runtime.clock
    assert isinstance(clock, StoppedClock)
    clock.advance(100_000)
    return await runtime.changes.approve(change.id, digest=change.digest)


async def approve_what_moved(runtime: Runtime) -> object:
    await runtime.inventory.add(Target(name="web-01", address="198.18.0.1"))
    change = await proposed(runtime, "uptime", "web-01")
    await runtime.inventory.edit("web-01", Target(name="web-01", address="198.18.0.2"))
    return await runtime.changes.approve(change.id, digest=change.digest)


REFUSED: dict[str, tuple[Deed, str]] = {
    "another digest": (wrong_digest, "was refused to approve c1"),
    "nobody approved it": (run_unapproved, "was refused to run c1"),
    "it ran already": (run_twice, "was refused to run c1"),
    "it was denied already": (deny_what_is_over, "was refused to deny c1"),
    "its target moved": (approve_what_moved, "was refused to approve c1"),
    "it expired": (approve_too_late, "was refused to approve c1"),
}


@pytest.mark.parametrize(("deed", "what"), REFUSED.values(), ids=REFUSED)
async def test_a_refusal_is_entered(home: Path, clock: StoppedClock, deed: Deed, what: str) -> None:
    async with opened(home, clock=clock) as runtime:
        with pytest.raises(Refused) as refused:
            await deed(runtime)
        rows = await runtime.audit.search(AuditSearch(kind="policy.refused"))
        assert [(row.what, row.subject) for row in rows] == [(what, "c1")]
        assert refused.value.what in rows[0].result
        assert (await runtime.audit.verify()).finding is None


async def test_in_read_only_mode_every_refusal_is_entered(home: Path, tmp_path: Path) -> None:
    async with opened(home, settings="[changes]\nread_only = true\n") as runtime:
        for deed in (proposed(runtime), runtime.terminals.require("localhost"),
                     runtime.files.get_from_many("localhost", "/etc/hostname", tmp_path)):  # fmt: skip
            with pytest.raises(Refused):
                await deed
        rows = await runtime.audit.search(AuditSearch(kind="policy.*"))
        assert [row.what for row in rows] == [
            "was refused to propose", "was refused to open a terminal", "was refused to get files",
        ]  # fmt: skip


async def test_the_audit_is_searched_by_text_target_person_kind_and_time(home: Path, clock: StoppedClock) -> None:
    async with opened(home, clock=clock) as runtime:
        await proposed(runtime, "systemctl reload nginx")
        clock.advance(3600)
        await proposed(runtime, "uptime")

        async def found(**what: Any) -> list[str]:
            return [row.what for row in await runtime.audit.search(AuditSearch(**what))]

        nginx, up = "proposed c1: systemctl reload nginx", "proposed c2: uptime"
        assert await found(text="RELOAD") == [nginx]
        assert await found(target="local*", kind="change.*") == [nginx, up]
        assert await found(target="other") == []
        assert await found(by=runtime.operator.name, since=clock.now() - 60) == [up]
        assert (await found(until=clock.now() - 60, text="c"))[-1:] == [nginx]
        assert await found(text="uptime", limit=1) == [up]
        assert await found(by="eve") == []


@asynccontextmanager
async def syslog_over_tcp(said: list[bytes]) -> AsyncIterator[int]:
    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_checkpoints_go_to_files_and_syslogs(home: Path, tmp_path: Path) -> None:
    said: list[bytes] = []
    file = tmp_path / "checkpoints.log"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        async with syslog_over_tcp(said) as port:
            places = f"file:{file} syslog:udp://127.0.0.1:{udp.getsockname()[1]} syslog:tcp://127.0.0.1:{port}"
            async with opened(home, settings=f'[audit]\ncheckpoints = "{places}"\n') as runtime:
                await proposed(runtime)
                made = await runtime.audit.checkpoints.now()
                assert [state.error for state in made] == ["", "", ""]
                head = await runtime.audit.status()
                assert head.checkpoint_age_s is not None
                assert head.checkpoint_age_s < 60
                packet = udp.recv(4096).decode()
                length, _, framed = said[0].decode().partition(" ")
                assert len(framed) == int(length)
                for message in (packet, framed):
                    assert re.match(r"<109>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S+ opsterm \d+ checkpoint - \{", message)
                kept = [read_checkpoints(text) for text in (file.read_text(), packet, framed)]
                assert kept[0] == kept[1] == kept[2]
                assert len(kept[0]) == 1
                verdict = await runtime.audit.verify(checkpoints=kept[0])
                assert (verdict.finding, verdict.checkpoints) == (None, 1)
                assert file.stat().st_mode & 0o777 == 0o600


async def test_a_place_that_fails_is_seen_and_tried_again(home: Path, clock: StoppedClock, tmp_path: Path) -> None:
    file = tmp_path / "not yet" / "log"
    async with opened(home, clock=clock, settings=f'[audit]\ncheckpoints = "file:{file.parent.name}"\n') as runtime:
        assert "no place for checkpoints" in (await runtime.audit.checkpoints.now())[0].error
    settings = f"[audit]\ncheckpoints = 'file:{tmp_path}/later/log'\n"
    async with opened(home, clock=clock, settings=settings) as runtime:
        checkpoints = runtime.audit.checkpoints
        await checkpoints.leave_due()
        assert "No such file" in (await checkpoints.states())[0].error
        line = check_audit(await runtime.audit.status(), await runtime.audit.verify())
        assert line.health is Health.BAD
        assert "did not take a checkpoint" in line.text
        (tmp_path / "later").mkdir()
        await checkpoints.leave_due()
        assert (await checkpoints.states())[0].error, "not at once"
        clock.advance(RETRY_S)
        await checkpoints.leave_due()
        assert (await checkpoints.states())[0].error == ""
        kinds = [row.kind for row in await runtime.audit.search(AuditSearch(kind="audit.checkpoint_*"))]
        assert kinds[-2:] == ["audit.checkpoint_failed", "audit.checkpoint_made"]


async def test_a_checkpoint_is_due_by_entries_and_by_time(home: Path, clock: StoppedClock, tmp_path: Path) -> None:
    file = tmp_path / "log"
    settings = f"[audit]\ncheckpoints = 'file:{file}'\ncheckpoint_entries = 10\ncheckpoint_s = 300\n"
    async with opened(home, clock=clock, settings=settings) as runtime:

        async def lines() -> int:
            await runtime.audit.checkpoints.leave_due()
            return len(read_checkpoints(file.read_text()))

        assert await lines() == 1
        assert await lines() == 1, "nothing of moment is new"
        for _ in range(10):
            await proposed(runtime)
        assert await lines() == 2
        clock.advance(1000)
        assert await lines() == 2, "nothing is new"
        await proposed(runtime)
        assert await lines() == 3


async def test_nowhere_to_go_is_said(home: Path) -> None:
    async with opened(home) as runtime:
        with pytest.raises(BadInput, match="No place is set"):
            await runtime.audit.checkpoints.now()
        line = check_audit(await runtime.audit.status(), await runtime.audit.verify())
        assert line.health is Health.NOTE
        assert "audit key --once" in line.next_step
        assert "another host" in line.next_step


async def test_the_one_that_works_enters_a_heartbeat(home: Path, clock: StoppedClock) -> None:
    async with opened(home, workers=True, clock=clock, settings="[audit]\nheartbeat_s = 5\n") as runtime:
        await until(lambda: runtime.runs_workers)
        task = asyncio.create_task(runtime.audit.checkpoints.keep(_Heart(clock), None))  # type: ignore[arg-type]  # neither is needed

        async def beats() -> int:
            return len(await runtime.audit.search(AuditSearch(kind="audit.heartbeat")))

        await until_async(beats)
        task.cancel()
        assert "audit.heartbeat" not in {row.kind for row in await runtime.audit.rows()}
        assert [row.kind for row in await runtime.audit.search(AuditSearch(kind="opsterm.*"))] == ["opsterm.started"]


class _Heart:
    """Moves the clock past the next heartbeat."""

    def __init__(self, clock: StoppedClock) -> None:
        self._clock = clock

    def beat(self) -> None:
        self._clock.advance(10)


@pytest.mark.lab
async def test_a_checkpoint_lies_on_another_host(lab: Lab, home: Path) -> None:
    host = lab.hosts[0]
    (home / ".ssh").mkdir(parents=True, exist_ok=True)
    (home / ".ssh/config").write_text(f"Host *\n IdentityFile {lab.key}\n")
    path = f"/tmp/opsterm-checkpoint-{home.parent.name}.log"
    async with opened(home, settings=f"[audit]\ncheckpoints = 'ssh:log-01:{path}'\n") as runtime:
        target = Target(name="log-01", address=host.address, user="root")
        await runtime.inventory.add(target)
        report = await runtime.connection_test.run(target, lambda _, __: None)
        await runtime.terminals.trust(target, report.phases[-1].fingerprint)
        for _ in range(2):
            made = await runtime.audit.checkpoints.now()
            assert made[0].error == ""
        change = await approved(runtime, f"cat {path}; rm {path}", "log-01")
        await runtime.changes.run(change.id)
        kept = read_checkpoints((await runtime.changes.output(change.id, "log-01")).decode())
        assert len(kept) == 2
        verdict = await runtime.audit.verify(checkpoints=kept)
        assert (verdict.finding, verdict.checkpoints) == (None, 2)
        assert json.loads((await runtime.store.chain.lines(0, 1))[0])["entry"]["n"] == 1
