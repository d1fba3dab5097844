"""What could not be ended because its host was silent is called unknown, and ended when the host answers again."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from opsterm.adapters import ssh_config
from opsterm.adapters.ssh_unended import AnnouncedCommand, UnendedCommands, announced_command
from opsterm.core.errors import Unreachable
from tests.adapters.ssh_stage import USER_KEY, Home, run
from tests.adapters.sshd_stage import frozen, needs_sshd, real_sshd
from tests.adapters.test_local_command import comes_true


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    made = Home(tmp_path / "ana")
    made.write_key("id_ed25519", USER_KEY)
    return made


def lives(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def started(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def test_an_announcement_is_the_number_and_the_rest_of_stat() -> None:
    fields = " ".join(str(number) for number in range(4, 53))
    assert announced_command(f"77 S {fields}") == AnnouncedCommand("77", "6", "22")
    assert announced_command("77 S 1 2") == AnnouncedCommand("77", "77", "")
    assert announced_command("") is None
    assert announced_command("no number") is None


@needs_sshd
async def test_a_command_that_outlived_its_stop_is_ended_by_the_next_contact(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsterm.adapters.ssh_session.END_LIMIT_S", 0.5)
    monkeypatch.setattr("opsterm.adapters.ssh_lines.ANSWER_LIMIT_S", 5.0)
    async with real_sshd(home, tmp_path / "sshd") as server, home.connector() as connector:
        pid = tmp_path / "pid"
        task = asyncio.create_task(run(connector, server.target, f"echo $$ >{pid}; exec sleep 1009"))
        await comes_true(lambda: pid.exists() and bool(pid.read_text().strip()))
        number = pid.read_text().strip()
        with frozen(server):
            task.cancel()
            with pytest.raises(Unreachable, match=r"was to be stopped, and .* did not answer") as caught:
                await task
            assert "before the next command" in caught.value.next_step
        assert (await run(connector, server.target, "echo in"))[0] == b"in\n"
        assert not lives(number)


@needs_sshd
@pytest.mark.parametrize("same", [True, False])
async def test_only_the_very_process_is_ended(home: Home, tmp_path: Path, same: bool) -> None:
    other = subprocess.Popen(["sleep", "1009"], start_new_session=True)  # noqa: ASYNC220 (it does not wait)
    try:
        async with real_sshd(home, tmp_path / "sshd") as server, home.connector() as connector:
            session = await connector.session(server.target)
            hold = session._hold  # type: ignore[attr-defined]  # the place that the next session has as well
            unended, number = UnendedCommands(), str(other.pid)
            ticks = started(other.pid) if same else str(int(started(other.pid)) - 1)
            assert unended.note(hold.line.asked, AnnouncedCommand(number, number, ticks))
            assert not unended.note(hold.line.asked, AnnouncedCommand(number, number, "")), "it could be another one"
            await unended.end(hold)
            await unended.end(hold)
            assert lives(number) is not same
            await session.close()
    finally:
        other.kill()
        other.wait()
