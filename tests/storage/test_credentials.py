"""SecretStore: the right place is chosen, said, and kept to; never plain text, never a weaker place in silence."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from opsterm.core.errors import BadInput, StorageError, VaultLocked
from opsterm.core.paths import Paths, find_paths
from opsterm.core.secret import Secret
from opsterm.runtime import ports
from opsterm.runtime.offload import Offload
from opsterm.storage import passphrase
from opsterm.storage.credentials import open_credentials
from opsterm.storage.vault import Cost, Vault

CHEAP = Cost(memory_kib=8192, passes=1)
PASSPHRASE = Secret("correct horse battery")

Open = Callable[..., ports.SecretStore]


@pytest.fixture
def paths(home: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    return find_paths({"OPSTERM_HOME": str(home / "opsterm")}, home)


@pytest.fixture
async def credentials(paths: Paths) -> AsyncIterator[Open]:
    offload = Offload()

    def opened(choice: str = "auto", **environment: str) -> ports.SecretStore:
        return open_credentials(paths, choice, environment, offload.pool("keyring"))

    yield opened
    offload.close()


@pytest.fixture
def vault(paths: Paths) -> Path:
    """Make a vault with another process' hands, so to say; return its file."""
    Vault(paths.vault, cost=CHEAP).create(PASSPHRASE)
    return paths.vault


def passphrase_file(folder: Path, text: str = "correct horse battery\n", mode: int = 0o600) -> Path:
    path = folder / "opsterm-vault-passphrase"
    path.write_text(text)
    path.chmod(mode)
    return path


# ---------------------------------------------------------------------------------------------- without a desktop


async def test_a_headless_host_gets_the_vault_and_is_told_why(credentials: Open, paths: Paths) -> None:
    mine = credentials()
    said = await mine.describe()
    assert str(paths.vault) in said
    assert "not made yet" in said
    assert "no desktop keyring" in said
    assert "DBUS_SESSION_BUS_ADDRESS" in said
    assert await mine.state() == "absent"
    assert await mine.get("ssh", "ops") is None
    with pytest.raises(VaultLocked, match="no vault yet"):
        await mine.put("ssh", "ops", Secret("x"))
    await mine.create(PASSPHRASE)
    await mine.put("ssh", "ops", Secret("hunter2"))
    assert await mine.get("ssh", "ops") == Secret("hunter2")
    assert await mine.names() == [("ssh", "ops")]
    assert ", open: " in await mine.describe()

    later = credentials()
    assert ", locked: it was made here before." in await later.describe()
    with pytest.raises(VaultLocked):
        await later.get("ssh", "ops")
    with pytest.raises(VaultLocked, match="does not open"):
        await later.unlock(Secret("wrong"))
    await later.unlock(PASSPHRASE)
    assert await later.get("ssh", "ops") == Secret("hunter2")
    await later.remove("ssh", "ops")
    assert await later.names() == []


async def test_memory_is_for_this_session_only(credentials: Open, paths: Paths) -> None:
    mine = credentials("memory")
    assert await mine.describe() == (
        'Credentials are in memory, for this session only, open: storage.keyring is "memory".'
    )
    await mine.put("ssh", "ops", Secret("hunter2"))
    assert await mine.get("ssh", "ops") == Secret("hunter2")
    assert await credentials("memory").get("ssh", "ops") is None
    assert not paths.data.exists()


async def test_a_desktop_that_is_asked_for_and_is_not_there_is_refused_not_replaced(
    credentials: Open, paths: Paths
) -> None:
    mine = credentials("desktop")
    assert 'storage.keyring is "desktop", but it does not answer' in await mine.describe()
    assert await mine.state() == "locked"
    for asked in (mine.get("ssh", "ops"), mine.put("ssh", "ops", Secret("x")), mine.unlock(PASSPHRASE)):
        with pytest.raises(VaultLocked, match="cannot be used"):
            await asked
    assert not paths.data.exists()


async def test_a_desktop_that_holds_our_credentials_is_not_left_for_a_vault(credentials: Open, paths: Paths) -> None:
    paths.data.mkdir(parents=True)
    (paths.data / "keyring.json").write_text(json.dumps({"desktop": [["ssh", "ops"], ["ssh", "root"]]}))
    mine = credentials("auto")
    assert "2 of opsterm's credentials are there, but it does not answer" in await mine.describe()
    with pytest.raises(VaultLocked):
        await mine.get("ssh", "ops")
    assert await mine.names() == [("ssh", "ops"), ("ssh", "root")]
    assert not paths.vault.exists()


async def test_a_bus_address_that_leads_nowhere_is_no_desktop(
    credentials: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
    assert "no desktop keyring can be used" in await credentials().describe()


async def test_a_damaged_vault_is_described_in_a_sentence(credentials: Open, paths: Paths) -> None:
    paths.data.mkdir(parents=True)
    paths.vault.write_text("{}")
    mine = credentials()
    assert "damaged" in await mine.describe()
    with pytest.raises(StorageError, match="damaged"):
        await mine.get("ssh", "ops")


async def test_a_name_has_two_parts(credentials: Open) -> None:
    with pytest.raises(BadInput):
        await credentials("memory").put("", "ops", Secret("x"))


# ---------------------------------------------------------------------------------------------- nobody at the screen


async def test_a_named_file_makes_and_opens_the_vault(credentials: Open, tmp_path: Path) -> None:
    file = passphrase_file(tmp_path)
    mine = credentials(OPSTERM_VAULT_PASSPHRASE_FILE=str(file))
    await mine.put("smtp", "relay", Secret("x"))
    later = credentials(OPSTERM_VAULT_PASSPHRASE_FILE=str(file))
    assert await later.get("smtp", "relay") == Secret("x")
    assert ", open: " in await later.describe()


async def test_a_service_credential_opens_the_vault(credentials: Open, vault: Path, tmp_path: Path) -> None:
    passphrase_file(tmp_path, mode=0o440)  # what systemd's access list looks like from outside
    assert await credentials(CREDENTIALS_DIRECTORY=str(tmp_path)).state() == "open"


async def test_a_vault_made_anew_is_opened_again_without_asking(
    credentials: Open, paths: Paths, tmp_path: Path
) -> None:
    file = passphrase_file(tmp_path)
    mine = credentials(OPSTERM_VAULT_PASSPHRASE_FILE=str(file))
    await mine.put("smtp", "relay", Secret("x"))
    paths.vault.unlink()
    fresh = Vault(paths.vault, cost=CHEAP)
    await asyncio.to_thread(fresh.create, PASSPHRASE)
    await asyncio.to_thread(fresh.put, "smtp", "relay", Secret("y"))
    assert await mine.get("smtp", "relay") == Secret("y")


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        ("correct horse battery", 0o644, "mode is 0644"),
        ("correct horse battery", 0o640, "mode is 0640"),
        ("correct horse battery", 0o602, "mode is 0602"),
        ("", 0o600, "empty"),
        ("\n", 0o600, "empty"),
        ("x" * 5000, 0o600, "longer than"),
        ("not this passphrase", 0o600, "does not open the vault"),
    ],
    ids=["others read", "group reads", "others write", "empty", "newline only", "too long", "wrong"],
)
async def test_a_passphrase_file_that_cannot_be_trusted_is_refused_in_a_sentence(
    credentials: Open, vault: Path, tmp_path: Path, text: str, mode: int, why: str
) -> None:
    file = passphrase_file(tmp_path, text, mode)
    mine = credentials(OPSTERM_VAULT_PASSPHRASE_FILE=str(file))
    said = await mine.describe()
    assert ", locked: " in said
    assert why in said
    assert str(file) in said
    with pytest.raises(VaultLocked) as caught:
        await mine.get("ssh", "ops")
    assert why in str(caught.value)
    assert not text.strip() or text.strip() not in said + str(caught.value)
    await mine.unlock(PASSPHRASE)
    assert await mine.get("ssh", "ops") is None


@pytest.mark.parametrize("kind", ["missing", "folder", "fifo"])
async def test_a_passphrase_file_that_is_no_file_is_refused(
    credentials: Open, vault: Path, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "passphrase"
    if kind == "folder":
        file.mkdir(mode=0o700)
    elif kind == "fifo":
        os.mkfifo(file, 0o600)
    assert str(file) in await credentials(OPSTERM_VAULT_PASSPHRASE_FILE=str(file)).describe()


@pytest.mark.parametrize(
    ("data", "expected"), [(b"pass word\n", "pass word"), (b"pass word\r\n", "pass word"), (b" a \n\n", " a \n")]
)
def test_only_the_last_newline_is_not_part_of_the_passphrase(tmp_path: Path, data: bytes, expected: str) -> None:
    file = passphrase_file(tmp_path)
    file.write_bytes(data)
    found = passphrase.find_passphrase_file({"OPSTERM_VAULT_PASSPHRASE_FILE": str(file)})
    assert found is not None
    assert found.read() == Secret(expected)


# ---------------------------------------------------------------------------------------------- the keyring library


class PlainText(keyring.backend.KeyringBackend):
    """What a package on the host may bring: the highest priority and no encryption."""

    priority = 100.0
    kept: dict[str, str] = {}  # noqa: RUF012 (shared on purpose, to see what arrives)

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get(service)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service] = password


async def test_no_plugin_and_no_variable_takes_the_place_of_ours(
    credentials: Open, monkeypatch: pytest.MonkeyPatch, paths: Paths
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"{__name__}.PlainText")
    monkeypatch.setenv("KEYRING_PROPERTY__RING", "elsewhere")
    mine = credentials()
    await mine.create(PASSPHRASE)
    await mine.put("ssh", "ops", Secret("hunter2"))
    assert await asyncio.to_thread(keyring.get_password, "ssh", "ops") == "hunter2"
    await asyncio.to_thread(keyring.set_password, "ssh", "root", "secret")
    assert await mine.get("ssh", "root") == Secret("secret")
    await asyncio.to_thread(keyring.delete_password, "ssh", "root")
    with pytest.raises(keyring.errors.PasswordDeleteError):
        await asyncio.to_thread(keyring.delete_password, "ssh", "root")
    assert PlainText.kept == {}
    assert "hunter2" not in paths.vault.read_text()


async def test_a_locked_vault_is_a_locked_keyring_to_others(credentials: Open, vault: Path) -> None:
    await credentials().describe()
    with pytest.raises(keyring.errors.KeyringLocked):
        await asyncio.to_thread(keyring.get_password, "ssh", "ops")


def test_importing_the_door_to_credentials_imports_neither_library() -> None:
    code = "import sys, opsterm.storage.credentials; print('keyring' in sys.modules, 'cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


# ---------------------------------------------------------------------------------------------- a real desktop keyring

DESKTOP = """
import asyncio, os, sys
from pathlib import Path
from opsterm.core.errors import OpstermError
from opsterm.core.paths import find_paths
from opsterm.core.secret import Secret
from opsterm.runtime.offload import Offload
from opsterm.storage.credentials import open_credentials

async def main():
    paths = find_paths(os.environ, Path(os.environ["HOME"]))
    offload = Offload()
    made = lambda choice: open_credentials(paths, choice, os.environ, offload.pool("keyring"))
    credentials = made(CHOICE)
    try:
        STEPS
    except OpstermError as error:
        print("ERROR", type(error).__name__, error.what)
    print("VAULT", paths.vault.exists())

asyncio.run(main())
"""


def on_a_desktop(home: Path, steps: str, *, choice: str = "auto", daemon: str = "unlock") -> str:
    """Run steps in a session bus of their own, with gnome-keyring unlocked, locked or not started by us."""
    if not (shutil.which("gnome-keyring-daemon") and shutil.which("dbus-run-session")):
        pytest.skip("NOT TESTED: a real desktop keyring. Install gnome-keyring and dbus to test it.")
    body = DESKTOP.replace("CHOICE", repr(choice)).replace("STEPS", textwrap.indent(steps, " " * 8).strip())
    script = home / "steps.py"
    script.write_text(body)
    run = home / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    start = {
        "unlock": "printf login-pass | gnome-keyring-daemon --unlock --components=secrets >/dev/null",
        "locked": "gnome-keyring-daemon --start --components=secrets </dev/null >/dev/null",
    }[daemon]
    done = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", f'{start}; exec "$0" "$1"', sys.executable, str(script)],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "OPSTERM_HOME": str(home / "opsterm"),
             "XDG_RUNTIME_DIR": str(run), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


KEEP = """
print(await credentials.describe(), await credentials.state())
await credentials.put("ssh", "ops", Secret("hunter2"))
await credentials.put("ssh", "root", Secret("other"))
await credentials.remove("ssh", "root")
await credentials.remove("ssh", "root")
print(await credentials.get("ssh", "ops") == Secret("hunter2"), await credentials.get("ssh", "root"))
print(await made("auto").names())
"""


def test_a_real_desktop_keyring_is_used_and_kept_to(home: Path) -> None:
    first = on_a_desktop(home, KEEP).splitlines()
    assert first == [
        "Credentials are in the desktop keyring (Secret Service), open: it answers. open",
        "True None",
        "[('ssh', 'ops')]",
        "VAULT False",
    ]
    later = on_a_desktop(home, 'print((await credentials.get("ssh", "ops")).reveal())').splitlines()
    assert later == ["hunter2", "VAULT False"]
    ours = b"".join(file.read_bytes() for file in (home / "opsterm").rglob("*") if file.is_file())
    assert b"hunter2" not in ours
    locked = on_a_desktop(
        home, 'print(await credentials.describe())\nawait credentials.get("ssh", "ops")', daemon="locked"
    ).splitlines()
    assert "1 of opsterm's credentials are there, but it is locked" in locked[0]
    assert locked[1].startswith("ERROR VaultLocked The desktop keyring (Secret Service) cannot be used: it is locked")
    assert locked[2] == "VAULT False"


def test_a_desktop_keyring_that_was_never_made_gives_the_vault(home: Path) -> None:
    said = on_a_desktop(home, "print(await credentials.describe())", daemon="locked")
    assert "the vault" in said
    assert "no default keyring yet" in said


def test_a_vault_that_was_made_stays_in_use_on_a_desktop(home: Path) -> None:
    steps = 'await made("vault").create(Secret("correct horse battery"))\nprint(await made("auto").describe())'
    assert ", locked: it was made here before." in on_a_desktop(home, steps)


def test_unlocking_a_locked_desktop_with_nobody_to_answer_ends_in_a_sentence(home: Path) -> None:
    on_a_desktop(home, KEEP)
    said = on_a_desktop(home, 'await credentials.unlock(Secret("whatever"))', choice="desktop", daemon="locked")
    assert "ERROR VaultLocked" in said
