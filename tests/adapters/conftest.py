"""A target over SFTP and this machine, side by side, for what is done with files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsterm.adapters import ssh_config
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports import Connector
from tests.adapters.file_stage import HERE, Faults, HeldContents, connector_with, faulty
from tests.adapters.ssh_stage import USER_KEY, Door, Home, serve, target


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The home of an operator who may log in."""
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    made = Home(tmp_path / "ana")
    made.write_key("id_ed25519", USER_KEY)
    return made


@pytest.fixture
def faults() -> Faults:
    """What the SFTP server of `far` does wrong; nothing at first."""
    return Faults()


@pytest.fixture
def contents() -> HeldContents:
    """Contents that are to be put."""
    return HeldContents()


@pytest.fixture
async def far(home: Home, faults: Faults, contents: HeldContents) -> AsyncIterator[tuple[Connector, OrderTarget]]:
    """A connector and an SSH target whose files are those of this machine."""
    async with serve(Door(), sftp_factory=faulty(faults)) as port:
        home.know(port)
        async with connector_with(home, contents) as connector:
            yield connector, target(port)


@pytest.fixture(params=["ssh", "local"])
def place(request: pytest.FixtureRequest, far: tuple[Connector, OrderTarget]) -> tuple[Connector, OrderTarget]:
    """The same over SFTP and on this machine."""
    return far if request.param == "ssh" else (far[0], HERE)
