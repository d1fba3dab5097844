"""The vault keeps secrets: from other eyes, from edits, from crashes and from its own other processes."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.core.errors import BadInput, StorageError, StorageFull, VaultLocked
from opsterm.core.secret import Secret
from opsterm.storage import private_file
from opsterm.storage.vault import Cost, Vault

CHEAP = Cost(memory_kib=8192, passes=1)
PASSPHRASE = Secret("correct horse battery")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "vault.json"


@pytest.fixture
def vault(path: Path) -> Vault:
    made = Vault(path, cost=CHEAP)
    made.create(PASSPHRASE)
    return made


def reopened(path: Path) -> Vault:
    other = Vault(path)
    other.unlock(PASSPHRASE)
    return other


# ---------------------------------------------------------------------------------------------- keeping


def test_a_secret_is_back_in_the_next_process(vault: Vault, path: Path) -> None:
    vault.put("ssh", "ops@web-01", Secret("hunter2 ünï 🔑"))
    vault.put("ssh", "ops@web-02", Secret(""))
    fresh = reopened(path)
    assert fresh.get("ssh", "ops@web-01") == Secret("hunter2 ünï 🔑")
    assert fresh.get("ssh", "ops@web-02") == Secret("")
    assert fresh.get("ssh", "ops@web-03") is None
    assert fresh.names() == [("ssh", "ops@web-01"), ("ssh", "ops@web-02")]


def test_what_is_removed_is_gone_and_removing_it_again_is_harmless(vault: Vault, path: Path) -> None:
    vault.put("smtp", "relay", Secret("old"))
    vault.put("smtp", "relay", Secret("new"))
    assert reopened(path).get("smtp", "relay") == Secret("new")
    vault.remove("smtp", "relay")
    vault.remove("smtp", "relay")
    assert reopened(path).names() == []


@settings(max_examples=40, deadline=None)
@given(
    service=st.text(min_size=1, max_size=20),
    account=st.text(min_size=1, max_size=20),
    text=st.text(max_size=200) | st.just("\udcff as surrogateescape makes it"),
)
def test_any_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, service: str, account: str, text: str
) -> None:
    vault = Vault(tmp_path_factory.mktemp("v") / "vault.json", cost=CHEAP)
    vault.create(PASSPHRASE)
    vault.put(service, account, Secret(text))
    fresh = reopened(vault.path)
    assert fresh.get(service, account) == Secret(text)


def test_neither_the_secret_nor_its_length_is_in_the_file(vault: Vault, path: Path) -> None:
    vault.put("s", "short", Secret("xyz"))
    vault.put("s", "longer", Secret("a much longer pass phrase that nobody guesses"))
    text = path.read_text()
    assert "xyz" not in text
    assert PASSPHRASE.reveal() not in text
    assert len({len(entry["box"]) for entry in json.loads(text)["entries"]}) == 1


def test_the_same_secret_is_never_written_the_same_way_twice(vault: Vault, path: Path) -> None:
    boxes = set()
    for _ in range(50):
        vault.put("s", "a", Secret("same"))
        boxes.add(json.loads(path.read_text())["entries"][0]["box"][:24])
    assert len(boxes) == 50


def test_file_and_folder_are_private(vault: Vault, path: Path) -> None:
    old = os.umask(0)
    try:
        vault.put("s", "a", Secret("x"))
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    reopened(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_default_cost_is_what_the_file_says() -> None:
    assert (Cost().memory_kib, Cost().passes, Cost().lanes) == (65_536, 3, 1)


@pytest.mark.usefixtures("vaults_cost_what_they_should")
def test_a_vault_made_at_the_default_cost_opens(path: Path) -> None:
    Vault(path).create(PASSPHRASE)
    assert json.loads(path.read_text())["kdf"]["memory_kib"] == 65_536
    assert reopened(path).state() == "open"


# ---------------------------------------------------------------------------------------------- locked


def test_a_vault_is_absent_then_open_then_locked_elsewhere(path: Path) -> None:
    vault = Vault(path, cost=CHEAP)
    assert vault.state() == "absent"
    assert vault.get("s", "a") is None
    vault.remove("s", "a")
    with pytest.raises(VaultLocked, match="no vault yet"):
        vault.put("s", "a", Secret("x"))
    vault.create(PASSPHRASE)
    assert vault.state() == "open"
    other = Vault(path)
    assert other.state() == "locked"
    with pytest.raises(VaultLocked, match="is locked"):
        other.get("s", "a")
    with pytest.raises(VaultLocked, match="is locked"):
        other.put("s", "a", Secret("x"))
    with pytest.raises(VaultLocked, match="is locked"):
        other.remove("s", "a")


def test_a_wrong_passphrase_is_a_sentence_and_stays_locked(vault: Vault, path: Path) -> None:
    vault.put("s", "a", Secret("x"))
    other = Vault(path)
    with pytest.raises(VaultLocked, match="does not open the vault"):
        other.unlock(Secret("correct horse batterz"))
    assert other.state() == "locked"
    assert other.names() == [("s", "a")]


def test_two_spellings_of_the_same_letter_are_one_passphrase(path: Path) -> None:
    Vault(path, cost=CHEAP).create(Secret("caf\u00e9 au lait"))
    Vault(path).unlock(Secret("cafe\u0301 au lait"))


def test_a_short_passphrase_and_a_second_vault_are_refused(vault: Vault, path: Path) -> None:
    with pytest.raises(BadInput, match="at least 8"):
        Vault(path.with_name("other.json"), cost=CHEAP).create(Secret("short"))
    vault.put("s", "a", Secret("x"))
    with pytest.raises(BadInput, match="already"):
        Vault(path, cost=CHEAP).create(PASSPHRASE)
    assert reopened(path).get("s", "a") == Secret("x")


def test_no_error_and_no_repr_shows_a_secret(vault: Vault, path: Path) -> None:
    vault.put("s", "a", Secret("hunter2"))
    path.write_bytes(path.read_bytes().replace(b'"seal": "', b'"seal": "0'))
    with pytest.raises(StorageError) as caught:
        vault.get("s", "a")
    shown = repr(vault) + repr(caught.value) + str(caught.value) + repr(caught.value.__cause__)
    assert "hunter2" not in shown
    assert PASSPHRASE.reveal() not in shown


# ---------------------------------------------------------------------------------------------- tampering


def test_every_flipped_byte_is_refused_by_whoever_opens_or_has_it_open(vault: Vault, path: Path) -> None:
    vault.put("ssh", "ops", Secret("hunter2"))
    good = path.read_bytes()
    open_already = reopened(path)
    chance = random.Random(7)
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 1 << chance.randrange(8)
        path.write_bytes(bad)
        with pytest.raises((StorageError, VaultLocked)):
            open_already.get("ssh", "ops")
        if at % 5 == 0:  # a key derivation each
            with pytest.raises((StorageError, VaultLocked)):
                Vault(path).unlock(PASSPHRASE)
        path.write_bytes(good)
        if open_already.state() == "locked":  # a changed salt looks like another vault
            open_already.unlock(PASSPHRASE)
    assert open_already.get("ssh", "ops") == Secret("hunter2")


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_cut_file_is_refused(vault: Vault, path: Path, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(StorageError, match="damaged"):
        vault.state()


def edited(path: Path, change: str) -> bytes:
    """Return the file with one edit by somebody who knows the format but not the passphrase."""
    tree = json.loads(path.read_bytes())
    first, second = tree["entries"]
    match change:
        case "swap secrets":
            first["box"], second["box"] = second["box"], first["box"]
        case "rename":
            second["account"] = "z"
        case "take out":
            tree["entries"].remove(second)
        case "twice":
            tree["entries"].append(second)
        case "check as seal":
            tree["seal"] = tree["check"]
        case "cheaper":
            tree["kdf"]["passes"] = 2
        case _:
            tree["version"] = 0
    return (json.dumps(tree, indent=1) + "\n").encode()


@pytest.mark.parametrize(
    "change", ["swap secrets", "rename", "take out", "twice", "check as seal", "cheaper", "version"]
)
def test_an_edit_without_the_passphrase_is_refused(vault: Vault, path: Path, change: str) -> None:
    vault.put("ssh", "a", Secret("one"))
    vault.put("ssh", "b", Secret("two"))
    path.write_bytes(edited(path, change))
    with pytest.raises((StorageError, VaultLocked)):
        reopened(path)
    with pytest.raises(StorageError):
        vault.get("ssh", "a")
    with pytest.raises(StorageError):
        vault.put("ssh", "c", Secret("three"))


def test_an_old_entry_cannot_be_brought_back_into_a_newer_file(vault: Vault, path: Path) -> None:
    vault.put("ssh", "a", Secret("leaked"))
    old = json.loads(path.read_bytes())["entries"][0]
    vault.put("ssh", "a", Secret("changed"))
    tree = json.loads(path.read_bytes())
    tree["entries"][0] = old
    path.write_bytes((json.dumps(tree, indent=1) + "\n").encode())
    with pytest.raises(StorageError, match="tampered"):
        vault.get("ssh", "a")


@pytest.mark.parametrize(
    ("key", "value"),
    [("memory_kib", 64 * 1024 * 1024), ("memory_kib", 8), ("memory_kib", 8192.0), ("passes", 10**9), ("lanes", True)],
)
def test_a_forged_cost_takes_neither_all_memory_nor_all_time(vault: Vault, path: Path, key: str, value: float) -> None:
    tree = json.loads(path.read_bytes())
    tree["kdf"][key] = value
    path.write_bytes((json.dumps(tree, indent=1) + "\n").encode())
    with pytest.raises((StorageError, VaultLocked)):
        reopened(path)


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=60) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
    lambda tree: json.dumps({"format": "opsterm-vault", "version": 1, "kdf": tree, "entries": tree}).encode()
))  # fmt: skip
def test_no_rubbish_makes_more_than_a_sentence(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("v") / "vault.json"
    path.write_bytes(data)
    with pytest.raises(StorageError, match="damaged"):
        Vault(path).unlock(PASSPHRASE)


def test_a_newer_format_says_so(vault: Vault, path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 2'))
    with pytest.raises(StorageError, match="newer opsterm"):
        Vault(path).unlock(PASSPHRASE)


def test_a_link_in_place_of_the_file_is_refused(vault: Vault, path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(StorageError):
        vault.state()


@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_what_is_no_file_is_refused_and_does_not_hang(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "vault.json"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    with pytest.raises(StorageError, match="not a file that opsterm wrote"):
        Vault(path).unlock(PASSPHRASE)


# ---------------------------------------------------------------------------------------------- processes

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
    held = reopened_with(path, "another passphrase")
    path.unlink()
    Vault(path, cost=CHEAP).create(PASSPHRASE)
    with pytest.raises(VaultLocked):  # replaced between two looks: the key in memory fits no more
        held.get("s", "a")


def reopened_with(path: Path, passphrase: str) -> Vault:
    vault = Vault(path)
    vault.unlock(Secret(passphrase))
    return vault


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
