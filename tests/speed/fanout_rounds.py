"""One process of ours that runs the same command on many targets several times: what open connections are worth.

Usage: python -m tests.speed.fanout_rounds SSH_CONFIG PARALLEL ROUNDS FILE. It prints the output of the last round and
writes a JSON list to FILE: for each round wall_s, cpu_s, resident_kb, and before_kb, which was there before the first.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from opsterm.changes.change import Change, OutcomeState
from opsterm.composition import build_runtime
from opsterm.core.clock import SystemClock
from opsterm.core.paths import find_paths
from opsterm.core.quiet_gc import quiet_gc
from opsterm.core.settings_reading import load_settings
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime

PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


def addresses(hosts: int) -> list[str]:
    """Return the loopback addresses of the harness's targets."""
    return [f"127.0.{1 + number // 250}.{1 + number % 250}" for number in range(hosts)]


def resident_kb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB


async def ask(runtime: Runtime, selector: str = "group:fan") -> Change:
    asked = await runtime.changes.query(Proposal(command="uptime", selector=selector, origin="command line"))
    ended = await runtime.changes.run(asked.id)
    assert {outcome.state for outcome in ended.outcomes} == {OutcomeState.DONE}
    return ended


async def measure(runtime: Runtime, rounds: int) -> list[dict[str, float]]:
    await ask(runtime, addresses(1)[0])  # everything is loaded that a round needs
    quiet_gc()
    before_kb = resident_kb()
    found = []
    ended: Change | None = None
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        ended = await ask(runtime)
        found.append({
            "wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu,
            "resident_kb": resident_kb(), "before_kb": before_kb,
        })  # fmt: skip
    last, outcomes = (ended.id, ended.outcomes) if ended else (0, ())
    for outcome in outcomes:
        sys.stdout.write((await runtime.changes.output(last, outcome.target)).decode())
    return found


async def main(config: str, parallel: str, rounds: str) -> str:
    flags = {"ssh.config": config, "ssh.parallel": parallel}
    runtime = build_runtime(
        loaded=load_settings(environment=os.environ, flags=flags), paths=find_paths(os.environ, Path.home()),
        clock=SystemClock(), environment=os.environ, face="command",
    )  # fmt: skip
    await runtime.open(workers=False)
    async with runtime:
        return json.dumps(await measure(runtime, int(rounds)))


if __name__ == "__main__":
    Path(sys.argv[4]).write_text(asyncio.run(main(*sys.argv[1:4])))
