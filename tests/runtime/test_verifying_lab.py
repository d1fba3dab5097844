"""Changes on a real host are looked at afterwards, and taken back there when they are not as they should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.changes.verification import OnFailure, Verification, parse_check
from opsterm.inventory.target import Target
from tests.adapters.test_ssh_lab import Lab, lab
from tests.runtime.changing import approved
from tests.runtime.stage import opened
from tests.runtime.test_round_trips_lab import Beside, folder

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]
__all__ = ["folder", "lab"]  # fixtures

SHOW = (
    "cd /etc && find nginx ssh sudoers.d -type f -exec sha256sum {} + | sort; systemctl is-active nginx ssh; "
    "systemctl is-enabled nginx ssh; ss -Hltn | awk '{print $4}' | sort"
)
WELL, BACK = ChangeState.DONE, ChangeState.ROLLED_BACK
CASES = {
    "nginx reloaded": (
        "systemctl reload nginx", ("unit:nginx", "unit:nginx enabled", "port:80", "http:http://localhost/ 200",
        "config:nginx", "command:ss -ltn"), WELL, "Verified: unit:nginx active: active",
    ),
    "nginx broken by its configuration": (
        "echo 'no such thing;' > /etc/nginx/conf.d/wrong.conf", ("config:nginx",), BACK, "unknown directive",
    ),
    "nginx stopped": ("systemctl stop nginx", ("port:80",), BACK, "port:80: nothing listens on it"),
    "nginx asked for what it does not have": (
        "systemctl reload nginx", ("http:http://localhost/none",), BACK, "http:http://localhost/none: 404",
    ),
    "sshd broken by its configuration": (
        "echo 'Nonsense yes' > /etc/ssh/sshd_config.d/wrong.conf", ("config:sshd",), BACK, "Bad configuration",
    ),
    "sudoers broken": (
        "printf 'nonsense\\n' > /etc/sudoers.d/wrong && chmod 440 /etc/sudoers.d/wrong", ("config:sudoers",), BACK,
        "config:sudoers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
async def test_a_real_host_is_looked_at(name: str, lab: Lab, home: Path, folder: Path) -> None:
    command, checks, state, said = CASES[name]
    host = lab.hosts[0]
    beside = Beside(host, folder)
    before = await beside.sh(SHOW)
    wish = Verification(checks=tuple(map(parse_check, checks)), tries=2, on_failure=OnFailure.ROLLBACK)
    async with opened(home) as runtime:
        await runtime.inventory.add(Target(name=host.name, address=host.address, user="root"))
        change = await approved(runtime, command, host.name, verification=wish)
        ended = await runtime.changes.run(change.id)
    assert ended.state is state, ended.outcomes[0].message
    assert said in ended.outcomes[0].message
    assert await beside.sh(SHOW) == before
