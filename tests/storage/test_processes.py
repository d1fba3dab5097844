"""Several processes share one database, and a process that is done ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

START = """
import asyncio, json, sys
from pathlib import Path
from opsterm.core.clock import StoppedClock
from opsterm.core.paths import find_paths
from opsterm.storage.store import open_store
from tests.storage.samples_of_facts import fact
home = Path(sys.argv[1])
paths = find_paths({"OPSTERM_HOME": str(home)}, home)
"""
ROOT = Path(__file__).parents[2]


def python(script: str, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-X", "dev", "-c", START + script, str(home)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip


def test_processes_that_write_at_once_share_one_row_of_places(tmp_path: Path) -> None:
    script = """
async def main():
    store = await open_store(paths, StoppedClock())
    mine = [(await store.journal.append([fact(), fact()]))[0] for _ in range(150)]
    kept = {f.seq: f.id for f in await store.journal.after(0, 10_000)}
    assert all(kept[f.seq] == f.id and kept[f.seq + 1] for f in mine)
    print(json.dumps([f.seq for f in mine]))
    await store.close()
asyncio.run(main())
"""
    processes = [python(script, tmp_path) for _ in range(3)]
    said = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    places = [seq for out, _ in said for seq in json.loads(out)]
    assert sorted(places) == list(range(1, 901, 2))
    assert all(json.loads(out) == sorted(json.loads(out)) for out, _ in said)


@pytest.mark.parametrize(
    "closing", ["await store.close()", "pass", "raise SystemExit(0)", "asyncio.current_task().cancel()"]
)
def test_a_process_ends_promptly_whether_it_closed_the_store_or_not(tmp_path: Path, closing: str) -> None:
    script = f"""
async def main():
    global store
    store = await open_store(paths, StoppedClock())
    await store.journal.append([fact()])
    await store.journal.last_seq()
    await store.output.append(1, "web-01", b"x")
    {closing}
try:
    asyncio.run(main())
except asyncio.CancelledError:
    pass
"""
    process = python(script, tmp_path)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    if closing.startswith("await"):
        assert (out, err) == ("", "")


def test_failing_to_open_leaves_no_thread_that_complains(tmp_path: Path) -> None:
    script = """
paths.database.mkdir(parents=True)
paths.data.chmod(0o700)
try:
    asyncio.run(open_store(paths, StoppedClock()))
except Exception as error:
    print(type(error).__name__)
"""
    for _ in range(3):
        process = python(script.replace("mkdir(parents=True)", "mkdir(parents=True, exist_ok=True)"), tmp_path)
        assert process.communicate(timeout=300) == ("StorageError\n", "")
