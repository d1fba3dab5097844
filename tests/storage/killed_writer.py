"""Starts processes that append facts as fast as they can, and kills them: the other half of `test_kill`.

For each line on standard input, a number of seconds, it forks a process that appends for ever, kills it with -9 so
long after its first acknowledgement, and prints what was acknowledged until then, as one line of JSON:
[[seq, id of that fact], …]. Forking saves the start of an interpreter a hundred times.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
from pathlib import Path

from opsterm.core.clock import StoppedClock, SystemClock
from opsterm.core.events import Fact
from opsterm.core.paths import find_paths
from opsterm.inventory.events import TargetAdded
from opsterm.storage.store import open_store


async def append_for_ever(home: Path, tell: int) -> None:
    """Append, several callers at once; say what was acknowledged on the file descriptor `tell`."""
    store = await open_store(find_paths({"OPSTERM_HOME": str(home)}, home), StoppedClock())

    async def append(size: int) -> None:
        event = TargetAdded(target="web-01", source="manual")
        while True:
            facts = await store.journal.append([Fact(event=event, at=1.0, by="ana") for _ in range(size)])
            os.write(tell, f"{facts[-1].seq} {facts[-1].id}\n".encode())

    await asyncio.gather(*(append(size) for size in (1, 1, 3, 50)))


def run_and_kill(home: Path, after_s: float) -> list[tuple[int, str]]:
    """Return what a process acknowledged before it was killed."""
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hear)
        asyncio.run(append_for_ever(home, tell))
    os.close(tell)
    clock = SystemClock()
    select.select([hear], [], [], 20)
    said = b""
    until = clock.monotonic() + after_s
    while (left := until - clock.monotonic()) > 0:
        if select.select([hear], [], [], left)[0]:
            said += os.read(hear, 1 << 20)
    os.kill(child, signal.SIGKILL)
    while more := os.read(hear, 1 << 20):
        said += more
    os.close(hear)
    os.waitpid(child, 0)
    lines = said.decode().split("\n")[:-1]  # what stands behind the last newline was not said to the end
    return [(int(seq), id_) for seq, id_ in (line.split() for line in lines)]


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run_and_kill(Path(sys.argv[1]), float(line))), flush=True)
