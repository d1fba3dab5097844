"""What a target is, is looked at over its line when somebody asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, Unreachable
from opsterm.inventory.target import Protocol, Status, Target
from tests.monitoring.test_looks import PROFILE
from tests.runtime.stage import PlayedConnector, opened, printing


async def test_a_profile_is_looked_at_and_the_target_counts_as_seen(home: Path, clock: StoppedClock) -> None:
    said = PROFILE.format(sudo="sudo", virtual="kvm").encode()
    connector = PlayedConnector({"web-1": printing(said), "odd": printing(b"% Invalid input")})
    async with opened(home, clock=clock, open_connector=connector.open) as runtime:
        for name in ("web-1", "odd", "dead"):
            await runtime.inventory.add(Target(name=name))
        await runtime.inventory.add(Target(name="switch", protocol=Protocol.SNMP))
        found = await runtime.profiles.look("web-1")
        assert (found.os_id, found.virtual) == ("alpine", "virtual machine (kvm)")
        assert {r.target.name: r.status for r in runtime.inventory.rows()}["web-1"] is Status.ONLINE
        with pytest.raises(Unreachable, match="shows no Linux"):
            await runtime.profiles.look("odd")
        with pytest.raises(Unreachable, match="did not answer"):
            await runtime.profiles.look("dead")
        assert {r.target.name: r.note for r in runtime.inventory.rows()}["dead"] == "dead did not answer."
        with pytest.raises(BadInput, match="reached by snmp"):
            await runtime.profiles.look("switch")
