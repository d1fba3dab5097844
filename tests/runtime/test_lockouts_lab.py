"""Changes that cut us off a real host are taken back by that host, within their deadline and two seconds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.inventory.target import Target
from tests.adapters.test_ssh_lab import Lab, lab
from tests.runtime.changing import approved
from tests.runtime.stage import opened
from tests.runtime.test_round_trips_lab import Beside, folder

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]
__all__ = ["folder", "lab"]  # fixtures


DEADLINE_S = 10
LATE_S = 2.0

LOCKOUTS = {
    "sshd port moved": "echo Port 2222 > /etc/ssh/sshd_config.d/moved.conf && systemctl restart ssh",
    "sshd lets nobody in": "echo 'AllowUsers nobody' > /etc/ssh/sshd_config.d/shut.conf && systemctl reload ssh",
    "packet filter drops": "nft add table inet shut && nft add chain inet shut in "
    "'{ type filter hook input priority 0; policy drop; }'",
    "address removed": "ip addr flush dev host0",
}
SHOW = (
    "cd /etc/ssh/sshd_config.d && grep . * ; nft -s list ruleset; ip route; ls /etc/systemd/system | grep opsterm-guard"
)
REVERTED = (
    "cd /var/lib/opsterm/rp && find . -name result -newermt -120sec | while read -r f; do "
    "echo $(cat $f) $(stat -c %.Y $f) $(stat -c %.Y ${f%result}armed); done | tail -n 1"
)


@pytest.mark.parametrize("name", LOCKOUTS)
async def test_a_host_lets_us_in_again_by_itself(name: str, lab: Lab, home: Path, folder: Path) -> None:
    host = lab.hosts[0]
    beside = Beside(host, folder)
    before = await beside.sh(SHOW)
    async with opened(home) as runtime:
        await runtime.inventory.add(Target(name=host.name, address=host.address, user="root"))
        change = await approved(runtime, LOCKOUTS[name], host.name, confirm_s=DEADLINE_S)
        ended = await runtime.changes.run(change.id)
    message = ended.outcomes[0].message
    async with asyncio.timeout(60):
        assert await beside.sh(SHOW) == before, message
    assert ended.state is ChangeState.FAILED, message
    assert "Taken back by the target" in message
    state, at, armed = (await beside.sh(REVERTED)).split()
    assert state == "reverted"
    assert float(at) - float(armed) < DEADLINE_S + LATE_S
