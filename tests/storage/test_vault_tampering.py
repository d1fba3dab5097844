"""Whoever edits the file of the vault without its passphrase is found out; rubbish in it is a sentence."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.core.errors import StorageError, VaultLocked
from opsterm.core.secret import Secret
from opsterm.storage.vault import Vault
from tests.storage.vaults import PASSPHRASE, reopened


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
