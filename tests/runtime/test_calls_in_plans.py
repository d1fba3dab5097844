"""Calls of an API as steps of a plan: graded, and told of, as the same calls by themselves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.changes.change import Change
from opsterm.core.errors import BadInput
from opsterm.inventory.apis.calls import Call
from opsterm.policy.risk import RiskLevel
from opsterm.runtime.runtime import Runtime
from tests.runtime.stage import opened

SAID = {"200": {"description": "said"}}
SHOP = {
    "openapi": "3.0.3", "info": {"title": "shop", "version": "1"}, "servers": [{"url": "http://shop.example:9999"}],
    "paths": {
        "/pets": {"get": {"operationId": "listPets", "responses": SAID},
                  "delete": {"operationId": "dropAll", "responses": SAID}},
        "/state": {"get": {"operationId": "turnover", "summary": "Turns it over", "responses": SAID}},
    },
}  # fmt: skip


@asynccontextmanager
async def shop(tmp_path: Path) -> AsyncIterator[Runtime]:
    """Open a runtime that knows the API."""
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(SHOP))
    async with opened(tmp_path, settings='[storage]\nkeyring = "memory"\n') as runtime:
        apis = await runtime.apis()
        await apis.add(await apis.read(str(file)))
        yield runtime


async def proposed(runtime: Runtime, folder: Path, *calls: str) -> Change:
    file = folder / "plan.toml"
    file.write_text("".join(f'[[step]]\ntitle = "one"\n{call}\n' for call in calls))
    return await runtime.changes.propose(await runtime.plans.proposal(str(file), origin="command line"))


async def test_a_call_that_nobody_says_only_reads_is_as_bad_in_a_plan_as_by_itself(tmp_path: Path) -> None:
    async with shop(tmp_path) as runtime:
        apis = await runtime.apis()
        alone = await apis.call("shop", Call(operation="turnover"), origin="command line")
        change = await proposed(runtime, tmp_path, 'call = ["shop", "listPets"]', 'call = ["shop", "turnover"]')
        assert (change.risk.level, alone.risk.level) == (RiskLevel.MEDIUM, RiskLevel.MEDIUM)
        assert change.risk.reasons[0] == f"Step 2: {alone.risk.reasons[0]}"
        assert "opsterm apis accept shop turnover" in change.risk.reasons[0]
        assert not [one for one in change.risk.reasons if one.startswith("Step 2: It only reads")]
        first, second = await runtime.plans.outline(change)
        assert (first.risk, second.risk) == (RiskLevel.LOW, RiskLevel.MEDIUM)
        await apis.accept("shop", "turnover")
        change = await proposed(runtime, tmp_path, 'call = ["shop", "turnover"]')
        assert change.risk.level is RiskLevel.LOW


async def test_everything_there_is_to_say_of_a_request_reaches_the_approval(tmp_path: Path) -> None:
    async with shop(tmp_path) as runtime:
        change = await proposed(runtime, tmp_path, 'call = ["shop", "listPets"]\ninverse_call = ["turnover"]')
        assert "Step 1: It goes over http: whoever stands in between can read and change it." in change.risk.reasons
        assert change.risk.level is RiskLevel.MEDIUM, "the way back may only read, and nobody says so"
        assert any("Step 1, taken back: GET should only read" in one for one in change.risk.reasons)


REFUSED = (
    ('call = ["shop", "listPets"]', "host-1", "All steps of"),
    ('call = ["shop", "listPets"]', "tag:((", "All steps of"),
    ('watch = "measurements"', "tag:((", "Step 1, one: "),
)
"""(a step, what `--on` says, how what is told begins)."""


@pytest.mark.parametrize(("step", "on", "says"), REFUSED)
async def test_where_a_plan_is_to_run_is_refused_when_it_says_nothing(
    tmp_path: Path, step: str, on: str, says: str
) -> None:
    async with shop(tmp_path) as runtime:
        file = tmp_path / "plan.toml"
        file.write_text(f'[[step]]\ntitle = "one"\n{step}\n')
        with pytest.raises(BadInput) as refused:
            await runtime.plans.proposal(str(file), on=on, origin="command line")
        assert refused.value.what.startswith(says)
        assert refused.value.next_step
