"""The vault keeps secrets, and from other eyes; without its passphrase it says that it is locked."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.core.errors import BadInput, StorageError, VaultLocked
from opsterm.core.secret import Secret
from opsterm.storage.vault import Cost, Vault
from tests.storage.vaults import CHEAP, PASSPHRASE, reopened

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
