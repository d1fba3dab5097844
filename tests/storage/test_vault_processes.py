"""A vault that several processes write loses nothing, nor one whose writer is killed or whose disk is full."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from opsterm.core.errors import StorageError, StorageFull, VaultLocked
from opsterm.core.secret import Secret
from opsterm.storage import private_file
from opsterm.storage.vault import Vault
from tests.storage.vaults import CHEAP, PASSPHRASE, reopened

WRITER = """
import sys
from pathlib import Path
from opsterm.core.secret import Secret
from opsterm.storage.vault import Vault
path, who, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
vault = Vault(path)
vault.unlock(Secret("correct horse battery"))
for number in range(count):
    vault.put("worker", f"{who}-{number}", Secret(f"secret {who} {number}"))
    print(number, flush=True)
"""


def start_writer(path: Path, who: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), who, str(count)], stdout=subprocess.PIPE, text=True
    )


def test_processes_that_write_at_once_lose_nothing(vault: Vault, path: Path) -> None:
    writers = [start_writer(path, who, 25) for who in "abc"]
    mine = [f"d-{number}" for number in range(25)]
    for name in mine:
        vault.put("worker", name, Secret(name))
        assert vault.get("worker", name) == Secret(name)
    assert [(writer.communicate()[0].count("\n"), writer.returncode) for writer in writers] == [(25, 0)] * 3
    assert len(vault.names()) == 100
    assert vault.get("worker", "b-24") == Secret("secret b 24")
    assert reopened(path).get("worker", "d-3") == Secret("d-3")


def test_an_open_vault_sees_what_another_process_wrote(vault: Vault, path: Path) -> None:
    other = reopened(path)
    other.put("s", "a", Secret("from the other"))
    assert vault.get("s", "a") == Secret("from the other")
    vault.remove("s", "a")
    assert other.get("s", "a") is None


def test_a_vault_that_was_made_anew_elsewhere_locks_here(vault: Vault, path: Path) -> None:
    vault.put("s", "a", Secret("x"))
    path.unlink()
    assert vault.state() == "absent"
    Vault(path, cost=CHEAP).create(Secret("another passphrase"))
    assert vault.state() == "locked"
    with pytest.raises(VaultLocked):
        vault.put("s", "a", Secret("x"))
    held = reopened(path, Secret("another passphrase"))
    path.unlink()
    Vault(path, cost=CHEAP).create(PASSPHRASE)
    with pytest.raises(VaultLocked):  # replaced between two looks: the key in memory fits no more
        held.get("s", "a")


def test_kill_9_while_writing_loses_no_acknowledged_secret(vault: Vault, path: Path) -> None:
    chance = random.Random(3)
    for round_ in range(12):
        writer = start_writer(path, f"r{round_}", 10_000)
        assert writer.stdout is not None
        acknowledged = -1
        for _ in range(chance.randrange(1, 12)):
            acknowledged = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *(int(line) for line in writer.stdout.read().split())])
        writer.wait()
        writer.stdout.close()
        fresh = reopened(path)
        for number in range(acknowledged + 1):
            assert fresh.get("worker", f"r{round_}-{number}") == Secret(f"secret r{round_} {number}")
        fresh.put("after", "crash", Secret(str(round_)))
    assert sorted(file.name for file in path.parent.iterdir()) == ["vault.json", "vault.json.lock"]


def test_a_writer_that_never_ends_is_named_not_waited_for_for_ever(
    vault: Vault, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_file, "LOCK_TRIES", 3)
    with private_file.locked(path), pytest.raises(StorageError, match="Another process"):
        vault.put("s", "a", Secret("x"))


def test_a_full_disk_is_a_sentence_and_leaves_the_old_file(
    vault: Vault, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.put("s", "a", Secret("kept"))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull, match="no room"):
        vault.put("s", "a", Secret("lost"))
    monkeypatch.undo()
    assert vault.get("s", "a") == Secret("kept")
    assert reopened(path).get("s", "a") == Secret("kept")
    assert not path.with_name("vault.json.new").exists()
