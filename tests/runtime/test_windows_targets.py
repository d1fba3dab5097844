"""Windows targets through the whole house: changes over WinRM, a profile, measurements, warnings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.guard import GuardWish
from opsterm.core.clock import StoppedClock
from opsterm.core.secret import Secret
from opsterm.core.winrm_settings import WinrmSettings
from opsterm.inventory.target import Protocol, Status, Target
from opsterm.monitoring.profile_lines import profile_lines
from opsterm.monitoring.sample import SeriesKey
from opsterm.runtime.credentials import WINRM
from opsterm.runtime.doctor import Health, check_winrm
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime
from tests.adapters.ssh_stage import Kept
from tests.adapters.winrm_stage import PASSWORD, USER, Windows, windows
from tests.adapters.wsman.server_2022 import server_2022
from tests.runtime.stage import Silence, opened, until
from tests.runtime.test_remote_monitoring import pass_time

SETTINGS = """
[winrm]
security = "message"
[monitoring]
default_thresholds = false
interval_s = 2
remote = "protocol:winrm"
remote_interval_s = 10
"""


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Windows]:
    with windows(tmp_path, monkeypatch) as found:
        found.host.classes = server_2022()
        yield found


@asynccontextmanager
async def reaching(home: Path, there: Windows, *, settings: str = SETTINGS, **how: Any) -> AsyncIterator[Runtime]:
    """Open a runtime that has the host in its inventory and its password."""

    async def credentials() -> Kept:
        return Kept({})

    async with opened(home, settings=settings, open_credentials=credentials, **how) as runtime:
        if runtime.inventory.target("win-1") is None:
            place = there.target()
            await runtime.inventory.add(
                Target(name="win-1", address=place.address, port=place.port, protocol=Protocol.WINRM, user=USER)
            )
        await runtime.secrets.put(WINRM, f"{USER}@win-1", Secret(PASSWORD))
        yield runtime


async def ran(runtime: Runtime, command: str, shell: str, timeout_s: float | None = None) -> tuple[Change, bytes]:
    """Propose, approve and run; return the change and what came."""
    change = await runtime.changes.propose(
        Proposal(command=command, selector="win-1", shell=shell, origin="command line", timeout_s=timeout_s)
    )
    await runtime.changes.approve(change.id, digest=change.digest)
    ended = await runtime.changes.run(change.id)
    return ended, await runtime.changes.output(change.id, "win-1")


async def test_an_approved_change_runs_over_winrm(home: Path, there: Windows) -> None:
    async with reaching(home, there) as runtime:
        change, said = await ran(runtime, "Write-Output 'done'", "powershell")
        assert (change.state, change.outcomes[0].exit_status, said) == (ChangeState.DONE, 0, b"done\r\n")
        change, said = await ran(runtime, "exit 3", "cmd")
        assert (change.state, change.outcomes[0].exit_status) == (ChangeState.FAILED, 3)
        assert len(there.operations.shells) == 1
    assert there.operations.shells == {}


async def test_a_change_that_runs_too_long_is_ended_there(home: Path, there: Windows) -> None:
    async with reaching(home, there) as runtime:
        change, said = await ran(runtime, "hang", "cmd", timeout_s=2.0)
        assert change.outcomes[0].state is OutcomeState.TIMED_OUT
        assert said == b"hanging\r\n"
        assert there.operations.shells == {}


async def test_what_only_reads_runs_at_once(home: Path, there: Windows) -> None:
    async with reaching(home, there) as runtime:
        for shell, command in (("wql", "SELECT Name FROM Win32_Service"), ("cmd", "hostname")):
            change = await runtime.changes.query(
                Proposal(command=command, selector="win-1", shell=shell, origin="command line")
            )
            ended = await runtime.changes.run(change.id)
            assert ended.state is ChangeState.DONE
        waits = await runtime.changes.query(
            Proposal(
                command="shutdown /r", selector="win-1", shell="cmd", origin="command line",
                guard=GuardWish(unguarded="it is in the next room"),
            )
        )  # fmt: skip
        assert waits.state is ChangeState.PROPOSED


async def test_whoever_approves_is_told_of_a_weak_log_in(home: Path, there: Windows) -> None:
    async with reaching(home, there, settings='[winrm]\nauth = "basic"\n') as runtime:
        change = await runtime.changes.propose(
            Proposal(command="ver", selector="win-1", shell="cmd", origin="command line")
        )
        assert "Basic" in change.risk.reasons[-1]


def test_the_doctor_tells_a_weak_log_in() -> None:
    assert check_winrm(WinrmSettings()).health is Health.GOOD
    weak = check_winrm(WinrmSettings(auth="basic", verify=False))
    assert weak.health is Health.NOTE
    assert "Basic" in weak.text
    assert "not verified" in weak.text


async def test_a_profile_and_a_check_of_windows(home: Path, there: Windows) -> None:
    async with reaching(home, there) as runtime:
        assert await runtime.inventory.check(["win-1"]) == {"win-1": ""}
        assert there.server.log_ins == []
        found = (await runtime.profiles.refresh("win-1")).kept.profile
        assert (found.os_id, found.host_name, found.cpus) == ("windows", "WIN-TEST", 4)
        assert (found.product, found.virtual, found.domain) == ("Dell Inc. R740", "", "lab.example")
        assert "Create" not in there.operations.asked
        lines = dict(profile_lines(found, 0.0, everything=True))
        assert lines["failed"] == "BackupAgent"
        assert lines["not running"] == "edgeupdate, sppsvc"
        assert "tcp/1433 MSSQLSERVER" in lines["ports"]
        assert lines["logged in"] == 'LAB\\ana, LAB\\bo "b"'
        assert lines["accounts"] == "Administrator, svc-backup"
        assert lines["roles"] == "File and Storage Services, Web Server (IIS)"
        assert "certificates" in lines["not asked"]


async def test_what_a_profile_shows_is_kept_and_compared(home: Path, there: Windows) -> None:
    async with reaching(home, there) as runtime:
        await runtime.profiles.refresh("win-1")
        services = there.host.classes["win32_service"]
        there.host.classes["win32_service"] = [
            {**row, "State": "Stopped", "ExitCode": 1064} if row["Name"] == "W3SVC" else row for row in services
        ]
        there.host.classes["msft_nettcpconnection"] = [
            row for row in there.host.classes["msft_nettcpconnection"] if row["LocalPort"] != 80
        ]
        told = {change.text for change in (await runtime.profiles.refresh("win-1")).changes}
        assert told == {"service W3SVC: running, enabled → failed, enabled", "port tcp/80: W3SVC → gone"}


async def test_services_of_windows_become_records(home: Path, there: Windows) -> None:
    async with reaching(home, there) as runtime:
        await runtime.services.discover("win-1")
        found = {one.name: one for one in await runtime.services.list()}
        kinds = {name: service.kind for name, service in found.items()}
        assert kinds == {
            "W3SVC": "http", "MSSQLSERVER": "sql:mssql", "TermService": "rdp", "LanmanServer": "smb", "WinRM": "winrm",
            "RpcEptMapper": "rpc",
        }  # fmt: skip
        assert [(port.port, port.local) for port in found["MSSQLSERVER"].ports] == [(1433, False), (1434, True)]
        assert found["MSSQLSERVER"].process == "sqlservr"


async def test_windows_targets_are_measured_at_an_interval(home: Path, there: Windows, clock: StoppedClock) -> None:
    how: dict[str, Any] = {"clock": clock, "open_probe": Silence().open}
    async with reaching(home, there, **how):
        pass
    async with reaching(home, there, workers=True, **how) as runtime:
        await until(lambda: runtime.runs_workers)
        await pass_time(clock, 10)
        key = SeriesKey("win-1", "fs.used_percent", "C:")
        await until(lambda: there.operations.asked)
        await until(lambda: any(s.key == key and s.value == 90 for s in runtime.monitoring.latest("win-1")))
        row = next(row for row in runtime.inventory.rows() if row.target.name == "win-1")
        assert row.status in (Status.ONLINE, Status.UNKNOWN)
    assert "Create" not in there.operations.asked
