"""Credentials from a script and at a terminal: a secret is never an argument and never printed."""

from __future__ import annotations

from pathlib import Path

from tests.cli.account import Account

PASSPHRASE, SECRET = "correct horse battery", "s3cret-of-web-01"


def everything_below(folder: Path) -> bytes:
    """Return every byte that is kept below a folder."""
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_a_script_keeps_a_secret(account: Account) -> None:
    assert account.run("vault", "status", "--json", expect=0).record()["state"] == "absent"
    assert account.run("vault", "create", "--json", stdin=PASSPHRASE + "\n", expect=0).record()["state"] == "open"
    kept = account.run(
        "vault", "set", "opsterm:ssh", "ops@web-01", "--json", stdin=f"{PASSPHRASE}\n{SECRET}\n", expect=0
    )
    assert kept.record() == {"service": "opsterm:ssh", "account": "ops@web-01", "kept": True}
    listed = account.run("vault", "list", "--json", stdin=PASSPHRASE, expect=0)
    goes_to = ["web-01 at web-01 over ssh", "the jump host web-01, where ssh_config says it is"]
    assert listed.record() == {
        "service": "opsterm:ssh", "account": "ops@web-01", "goes_to": goes_to, "waits": False,
    }  # fmt: skip
    assert SECRET not in listed.out + listed.err + kept.out + kept.err
    account.run("vault", "remove", "opsterm:ssh", "ops@web-01", stdin=PASSPHRASE, expect=0)
    assert account.run("vault", "list", stdin=PASSPHRASE, expect=0).out == ""
    assert SECRET.encode() not in everything_below(account.home)
    assert PASSPHRASE.encode() not in everything_below(account.home)


def test_what_cannot_be_done_is_a_sentence(account: Account) -> None:
    assert "Nothing was given" in account.run("vault", "create", stdin="", expect=2).err
    account.run("vault", "create", stdin=PASSPHRASE, expect=0)
    assert account.run("vault", "create", stdin=PASSPHRASE).code != 0, "a vault is made once"
    wrong = account.run("vault", "list", stdin="wrong\n", expect=5)
    assert "passphrase" in wrong.err
    assert "wrong\n" not in wrong.err.replace("is wrong", "")
    assert "Nothing was given" in account.run("vault", "list", expect=2).err
    assert "Nothing was given" in account.run("vault", "set", "a", "b", stdin=PASSPHRASE + "\n", expect=2).err
    assert "more than the" in account.run("vault", "set", "a", "b", stdin="x" * 70_000, expect=2).err
    account.run("vault", "list", stdin=b"\xff\xfe\n", expect=5)


def test_the_service_manager_passes_the_passphrase(account: Account) -> None:
    account.run("vault", "create", stdin=PASSPHRASE, expect=0)
    file = account.write("passphrase", PASSPHRASE + "\n")
    file.chmod(0o600)
    env = {"OPSTERM_VAULT_PASSPHRASE_FILE": str(file)}
    account.run("vault", "set", "opsterm:ssh", "ops@web-01", stdin=SECRET, env=env, expect=0)
    assert account.run("vault", "list", env=env, expect=0).out.startswith("opsterm:ssh  ops@web-01  goes to ")


def test_at_a_terminal_nothing_is_echoed(account: Account) -> None:
    with account.on_terminal("vault", "create") as app:
        app.wait_for("New passphrase of the vault:")
        app.send(PASSPHRASE + "\r")
        app.wait_for("Again:")
        app.send("something else\r")
        assert app.wait_for_end() == 2
        assert "differ" in app.text
    with account.on_terminal("vault", "create") as app:
        app.wait_for("New passphrase of the vault:")
        app.send(PASSPHRASE + "\r")
        app.wait_for("Again:")
        app.send(PASSPHRASE + "\r")
        assert app.wait_for_end() == 0
        assert PASSPHRASE.encode() not in app.raw
    with account.on_terminal("vault", "set", "opsterm:ssh", "ops@web-01") as app:
        app.wait_for("Passphrase of the vault:")
        app.send(PASSPHRASE + "\r")
        app.wait_for("Secret for ops@web-01:")
        app.send(SECRET + "\r")
        assert app.wait_for_end() == 0
        assert SECRET.encode() not in app.raw
    with account.on_terminal("vault", "list") as app:
        app.wait_for("Passphrase of the vault:")
        app.send(b"\x03")
        assert app.wait_for_end() == 130


def test_a_secret_of_a_target_that_moved_waits_for_a_yes(account: Account) -> None:
    account.run("vault", "create", stdin=PASSPHRASE, expect=0)
    file = account.write("passphrase", PASSPHRASE + "\n")
    file.chmod(0o600)
    env = {"OPSTERM_VAULT_PASSPHRASE_FILE": str(file)}
    account.run("targets", "add", "web-01", "--address", "10.0.0.5", expect=0)
    account.run("vault", "set", "opsterm:ssh", "ops@web-01", stdin=SECRET, env=env, expect=0)
    account.run("targets", "edit", "web-01", "--address", "10.9.9.9", expect=0)
    listed = account.run("vault", "list", "--json", env=env, expect=0).record()
    assert listed["waits"] is True
    assert "web-01 at 10.0.0.5 over ssh" in str(listed["goes_to"])
    confirm = ("vault", "confirm", "opsterm:ssh", "ops@web-01")
    refused = account.run(*confirm, env=env, expect=2)
    assert "web-01 at 10.9.9.9 over ssh" in refused.err
    assert "--yes" in refused.err
    account.run(*confirm, "--yes", env=env, expect=0)
    assert account.run("vault", "list", "--json", env=env, expect=0).record()["waits"] is False
    assert "Nothing is to be confirmed" in account.run(*confirm, env=env, expect=0).err
    audited = account.run("audit", expect=0).out
    assert "confirmed where the secret opsterm:ssh of ops@web-01 goes" in audited
    assert SECRET.encode() not in everything_below(account.home)
