"""Newest values are remembered of a bounded number of series."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.inventory.target import LOCALHOST
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.runtime import monitoring
from tests.runtime.stage import opened


async def test_interfaces_that_come_and_go_do_not_fill_the_memory(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitoring, "LATEST_KEPT", 10)
    async with opened(home) as runtime:
        for number in range(100):
            key = SeriesKey(LOCALHOST, "net.received_bytes_per_s", f"veth{number}")
            runtime.monitoring._remember([Sample(key, float(number), 1.0)])
        kept = {sample.key.item for sample in runtime.monitoring.latest()}
        assert 5 <= len(kept) <= 10
        assert "veth99" in kept
