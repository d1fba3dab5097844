"""kill -9 at any moment loses no acknowledged fact and never leaves a database that does not open."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from opsterm.core.paths import find_paths
from opsterm.storage.schema import prepare

KILLS = 100


def test_a_hundred_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    random_s = random.Random(7)
    database = find_paths({"OPSTERM_HOME": str(tmp_path)}, tmp_path).database
    total = 0
    with subprocess.Popen(
        [sys.executable, "-m", "tests.storage.killed_writer", str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    ) as killer:  # fmt: skip
        assert killer.stdin is not None
        assert killer.stdout is not None
        for number in range(KILLS):
            print(random_s.uniform(0.0, 0.04), file=killer.stdin, flush=True)
            acknowledged = json.loads(killer.stdout.readline())
            prepare(database, stamp="now")
            with closing(sqlite3.connect(database)) as db:
                for seq, id_ in acknowledged:
                    assert db.execute("SELECT id FROM journal WHERE seq = ?", (seq,)).fetchone() == (id_,), number
                last, count = db.execute("SELECT max(seq), count(*) FROM journal").fetchone()
                assert last == count, "the places have no holes"
                if number % 10 == 9:
                    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            total += len(acknowledged)
        killer.stdin.close()
    assert killer.returncode == 0
    assert total > KILLS  # they were killed at work, not before
