"""Credentials on the screen: what is kept is listed, a secret is never shown, copied or left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.core.secret import Secret
from opsterm.inventory.target import Protocol, Target
from opsterm.runtime.credentials import SNMP
from opsterm.tui.screens.credentials import CredentialsScreen
from opsterm.tui.start import prepare_variables
from opsterm.tui.widgets.line import LineInput
from tests.tui.cockpit import Sitting, Stage, a_terminal, sitting

IN_MEMORY = '[monitoring]\ninterval_s = 30\n[storage]\nkeyring = "memory"\n'
SECRET = "corr3ct-h0rse-batt3ry"


@pytest.fixture
def kept(tmp_path: Path, utc: None) -> Stage:
    return Stage(tmp_path, settings=IN_MEMORY)


async def choose(there: Sitting, words: str) -> None:
    """Take a line of a list by its words."""
    await there.press("slash")
    await there.type(words)
    await there.press("enter")


async def test_a_password_is_kept_replaced_and_forgotten_and_never_seen(kept: Stage) -> None:
    async with sitting(kept) as there:
        seen = []
        await there.press("f2")
        assert isinstance(there.app.screen, CredentialsScreen)
        assert "memory, for this session only" in there.text
        await there.press("plus")
        await choose(there, "opsterm:ssh")
        await there.type("ops")
        await there.press("enter")
        assert "is not USER@TARGET" in there.text
        await there.type("@web-01")
        await there.press("enter")
        await there.type(SECRET)
        line = there.app.screen.query_one(LineInput)
        line.select_all()
        await there.press("ctrl+c", "ctrl+x")
        assert not there.app.clipboard
        await there.type(SECRET)
        seen.append(there.text)
        await there.press("enter")
        await there.until("ops@web-01")
        seen.append(there.text)
        found = await there.app.runtime.credentials.unsent("opsterm:ssh", "ops@web-01")
        assert found is not None
        assert found.reveal() == SECRET
        await there.press("e")
        await there.type("another")
        await there.press("enter")
        await there.until(lambda: isinstance(there.app.screen, CredentialsScreen))
        await there.press("D")
        assert "Forget opsterm:ssh of ops@web-01?" in there.text
        await there.press("n")
        assert "ops@web-01" in there.text
        await there.press("D", "y")
        await there.until("Nothing is kept.")
        assert await there.app.runtime.credentials.names() == []
        assert not any(SECRET in text for text in seen)
    for file in kept.paths.home.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()


async def test_the_passphrase_of_a_key_file_is_kept_under_its_whole_path(kept: Stage) -> None:
    async with sitting(kept) as there:
        await there.press("f2", "plus")
        await choose(there, "opsterm:ssh-key")
        await there.type("~/.ssh/id_ed25519")
        await there.press("enter")
        await there.type(SECRET)
        await there.press("enter")
        await there.until("passphrase of a private key")
        path = f"{kept.paths.home}/.ssh/id_ed25519"
        assert await there.app.runtime.credentials.names() == [("opsterm:ssh-key", path)]


@pytest.mark.parametrize("version", ["community", "user"])
async def test_an_snmp_log_in_is_asked_for_in_parts(kept: Stage, version: str) -> None:
    async with sitting(kept) as there:
        await there.app.runtime.inventory.add(Target(name="sw-1", protocol=Protocol.SNMP))
        await there.press("f2", "plus")
        await choose(there, "opsterm:snmp")
        await there.type("sw-1")
        await there.press("enter")
        await choose(there, version)
        if version == "user":
            await there.type("monitor")
            await there.press("enter")
            await choose(there, "SHA-256 and AES")
            await there.type("a first passphrase")
            await there.press("enter")
            assert "passphrase of AES" in there.text
        await there.type(SECRET)
        await there.press("enter")
        await there.until(lambda: isinstance(there.app.screen, CredentialsScreen))
        assert await there.app.runtime.credentials.names() == [(SNMP, "sw-1")]
        assert SECRET not in there.text


async def test_a_vault_is_made_on_the_way_to_the_first_secret(stage: Stage) -> None:
    passphrase = "a long passphrase"
    async with sitting(stage) as there:
        await there.press("f2")
        assert "not made yet" in " ".join(there.text.replace("┃", " ").split())
        await there.press("plus")
        for _ in range(2):
            await there.type(passphrase)
            await there.press("enter")
        await there.until("Keep a credential")
        assert passphrase not in there.text


def test_nobody_listens_to_the_keys_of_a_secret() -> None:
    variables = {"TEXTUAL": "debug,devtools", "TEXTUAL_LOG": "/tmp/keys", "TERM": "xterm"}
    prepare_variables(a_terminal(), variables)
    assert "TEXTUAL" not in variables
    assert "TEXTUAL_LOG" not in variables


async def test_a_secret_of_a_target_that_moved_is_confirmed_with_a_key(kept: Stage) -> None:
    async with sitting(kept) as there:
        runtime = there.app.runtime
        await runtime.inventory.add(Target(name="web-77", address="10.0.0.5"))
        await runtime.secrets.put("opsterm:sudo", "ops@web-77", Secret(SECRET))
        await runtime.inventory.edit("web-77", Target(name="web-77", address="10.9.9.9"))
        await there.press("f2")
        await there.until("waits to be confirmed for web-77")
        await there.press("c")
        await there.until("Until now it goes to web-77 at 10.0.0.5")
        await there.press("n")
        await there.press("c")
        await there.until("Then it goes to web-77 at 10.9.9.9")
        await there.press("y")
        await there.until(lambda: "waits to be confirmed" not in there.text)
        found = await runtime.secrets.destined("opsterm:sudo", "ops@web-77")
        assert found is not None
        assert not found.waits
