"""Another opsterm process for the tests: opens a runtime and does what it is told, a JSON line at a time.

Arguments: the home folder, and options as JSON: `workers`, `settings`, `fast` (the times of the lease and of the
sweep divided by ten), `load` (measures this value for ever instead of the host).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opsterm.changes.events import ChangeOutput
from opsterm.changes.guard import wish_from
from opsterm.core.errors import OpstermError
from opsterm.core.events import Fact
from opsterm.inventory.events import TargetRemoved
from opsterm.monitoring.events import SamplesTaken
from opsterm.monitoring.sample import Sample
from opsterm.runtime import changes, lease
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.supervisor import Heart
from tests.runtime.stage import LOAD, build


class SteadyProbe:
    """Measures the same value again and again."""

    def __init__(self, value: float) -> None:
        self._value = value

    def measure(self, target: str, at: float) -> Sequence[Sample]:
        """Return the value."""
        del target
        return [Sample(LOAD, at, self._value)]

    def describe(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    async def open(self) -> SteadyProbe:
        """Be opened as the probe."""
        return self


class Worker:
    """What the child can be told to do: its methods."""

    def __init__(self, home: Path, options: dict[str, Any]) -> None:
        edges: dict[str, Any] = {"open_probe": SteadyProbe(options["load"]).open} if "load" in options else {}
        self.runtime = build(home, settings=options.get("settings", ""), face="serve", **edges)
        self.options = options
        self.heard: list[tuple[int, str, float, float]] = []
        self.samples: list[tuple[float, float]] = []
        self.ran: asyncio.Task[Any] | None = None

    async def open(self) -> str:
        """Open the runtime, and hear everything from now on."""
        await self.runtime.open(workers=bool(self.options.get("workers")))
        ear = self.runtime.hub.listen("test")
        if not self.options.get("workers"):
            self.runtime.follow()

        async def listen(heart: Heart) -> None:
            del heart
            async for facts in ear.batches():
                self.note(facts)

        self.runtime.supervisor.start("test ear", listen)
        return self.runtime._edges.processes.me()

    def note(self, facts: Sequence[Fact]) -> None:
        """Remember what was heard, and when."""
        now = self.runtime.clock.now()
        for fact in facts:
            if isinstance(fact.event, SamplesTaken):
                self.samples.append((fact.at, now))
            elif not isinstance(fact.event, ChangeOutput):
                self.heard.append((fact.seq, fact.event.kind, fact.at, now))

    async def append(self, count: int, pause_s: float = 0.0) -> list[int]:
        """Record facts one after the other; return their places."""
        seqs = []
        for number in range(count):
            fact = self.runtime._ledger.fact(TargetRemoved(target=f"t{number}"))  # type: ignore[union-attr]  # it is open
            seqs += [f.seq for f in await self.runtime._ledger.record(fact)]  # type: ignore[union-attr]  # it is open
            await asyncio.sleep(pause_s)
        return seqs

    async def tell_heard(self) -> list[tuple[int, str, float, float]]:
        """Return (seq, kind, at, heard at) of every fact heard so far."""
        return self.heard

    async def tell_samples(self) -> list[tuple[float, float]]:
        """Return (measured at, heard at) of every measurement heard so far."""
        return self.samples

    async def state(self) -> dict[str, Any]:
        """Return whether it runs the workers, and which tasks run."""
        row = await self.runtime.store.lease.holder()
        running = [t.name for t in self.runtime.supervisor.tasks() if t.state in ("running", "waiting to restart")]
        return {"workers": self.runtime.runs_workers, "holder": row.holder if row else "", "running": running}

    async def write_fenced(self) -> str:
        """Try to write as the holder of the lease that it once was; return the error's name, "" for none."""
        fence = self.options["fence"] = self.options.get("fence") or self.runtime.workers.lease.fence  # type: ignore[union-attr]  # it is open
        try:
            await self.runtime.store.samples.write([Sample(LOAD, 1.0, 1.0)], fence=fence)
        except OpstermError as error:
            return type(error).__name__
        return ""

    async def acknowledge(self, number: int, note: str = "") -> str:
        """Acknowledge an alert."""
        return (await self.runtime.alerts.acknowledge(number, note=note)).state

    async def feed(self) -> list[tuple[int, str, str, str]]:
        """Return the alerts in memory."""
        return [(a.id, a.state, a.by, a.note) for a in self.runtime.alerts.feed()]

    async def propose(self, command: str, selector: str = "localhost", confirm: str = "") -> tuple[int, str]:
        """Propose a command; return number and digest."""
        made = await self.runtime.changes.propose(
            Proposal(command=command, selector=selector, origin="test", guard=wish_from(confirm))
        )
        return made.id, made.digest

    async def approve(self, number: int, digest: str) -> str:
        """Approve; return "approved" or the error's name."""
        try:
            return (await self.runtime.changes.approve(number, digest=digest)).state
        except OpstermError as error:
            return type(error).__name__

    async def run(self, number: int) -> str:
        """Run a change to its end; return its state or the error's name."""
        try:
            return (await self.runtime.changes.run(number)).state
        except OpstermError as error:
            return type(error).__name__

    async def begin(self, number: int) -> str:
        """Run a change in the background."""
        self.runtime.changes.start(number)
        return ""

    async def stop(self, number: int) -> str:
        """Ask for a stop."""
        await self.runtime.changes.stop(number)
        return ""

    async def tag(self, tag: str, times: int) -> str:
        """Put tags on localhost, one after the other."""
        for number in range(times):
            await self.runtime.inventory.label("localhost", add_tags=[f"{tag}{number}"])
        return ""

    async def close(self) -> str:
        """Close in order."""
        await self.runtime.close()
        return ""


async def main(home: Path, options: dict[str, Any]) -> None:
    """Do what is told until standard input ends."""
    if options.get("fast"):
        lease.RENEW_EVERY_S, lease.HOLDS_FOR_S = lease.RENEW_EVERY_S / 10, lease.HOLDS_FOR_S / 10
        changes.SWEEP_EVERY_S /= 10
    worker = Worker(home, options)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    for _ in itertools.count():
        line = await lines.readline()
        if not line:
            break
        asked = json.loads(line)
        try:
            answer = {"answer": await getattr(worker, asked.pop("do"))(**asked)}
        except Exception as error:  # noqa: BLE001 (the parent is told)
            answer = {"fault": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
    await worker.runtime.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), json.loads(sys.argv[2])))
