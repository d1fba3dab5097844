"""From nothing to a log-in, and every way in which that fails, each with a sentence of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.adapters import ssh_config
from opsterm.adapters.ssh_known_hosts import fingerprint
from opsterm.adapters.ssh_library import asyncssh
from opsterm.core.errors import (
    AuthenticationFailed,
    HostKeyChanged,
    HostKeyUnknown,
    OpstermError,
)  # fmt: skip
from opsterm.runtime.ports import Ended
from tests.adapters.ssh_stage import (
    HOST_KEY,
    OTHER_HOST_KEY,
    RSA_HOST_KEY,
    USER_KEY,
    Door,
    Home,
    Kept,
    run,
    serve,
    target,
)  # fmt: skip
from tests.adapters.test_local_command import comes_true


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    made = Home(tmp_path / "ana")
    made.write_key("id_ed25519", USER_KEY)
    return made


def says(error: OpstermError, *parts: str) -> None:
    """The error says what, why and what next, and all of `parts`."""
    assert error.what
    assert error.next_step
    for part in parts:
        assert part in str(error), f"{part!r} is not in: {error}"


# ---------------------------------------------------------------------------------------- host keys


async def test_a_known_host_lets_us_in_and_runs_the_command(home: Home) -> None:
    door = Door()
    async with serve(door) as port, home.connector() as connector:
        home.know(port)
        assert await run(connector, target(port), "echo hello; exit 3") == (b"hello\n", Ended(exit_status=3))
    assert door.log_ins == ["ops"]


async def test_an_unknown_host_is_asked_about_and_told_nothing(home: Home) -> None:
    door = Door(password="let-me-in")
    async with serve(door) as port, home.connector() as connector:
        with pytest.raises(HostKeyUnknown) as caught:
            await connector.session(target(port))
    error = caught.value
    says(error, "The host key of web-1 is not known", "opsterm targets trust web-1")
    assert error.fingerprint == HOST_KEY.get_fingerprint()
    assert error.key_type == "ssh-ed25519"
    assert error.known_hosts_line == f"[127.0.0.1]:{port} " + HOST_KEY.export_public_key().decode().strip()
    assert (door.log_ins, door.offered, door.passwords, door.commands) == ([], [], [], [])


async def test_a_changed_host_key_is_refused_with_place_and_both_fingerprints(home: Home) -> None:
    door = Door()
    async with serve(door, key=OTHER_HOST_KEY) as port, home.connector() as connector:
        home.know(port)
        with pytest.raises(HostKeyChanged) as caught:
            await connector.session(target(port))
    says(
        caught.value,
        "~/.ssh/known_hosts:1",
        HOST_KEY.get_fingerprint(),
        OTHER_HOST_KEY.get_fingerprint(),
        "ssh-keygen -R",
    )
    assert door.offered == []


async def test_a_known_host_that_shows_another_kind_of_key_is_refused(home: Home) -> None:
    async with serve(Door(), key=RSA_HOST_KEY) as port, home.connector() as connector:
        home.know(port)
        with pytest.raises(HostKeyChanged, match="ssh-rsa"):
            await connector.session(target(port))


async def test_trust_adds_the_compared_key_and_only_that(home: Home) -> None:
    door = Door()
    async with serve(door) as port, home.connector() as connector:
        with pytest.raises(HostKeyChanged, match="not the one that was compared"):
            await connector.trust(target(port), OTHER_HOST_KEY.get_fingerprint())
        assert not home.known_hosts.exists()
        await connector.trust(target(port), HOST_KEY.get_fingerprint())
        assert (
            home.known_hosts.read_text()
            == f"[127.0.0.1]:{port} " + HOST_KEY.export_public_key().decode().rstrip() + "\n"
        )
        assert home.known_hosts.stat().st_mode & 0o777 == 0o600
        assert door.offered == []
        await run(connector, target(port), "true")
        await connector.trust(target(port), HOST_KEY.get_fingerprint())
        assert home.known_hosts.read_text().count("\n") == 1
        await connector.trust(f"127.0.0.1:{port}", HOST_KEY.get_fingerprint())


async def test_trust_does_not_replace_a_changed_key(home: Home) -> None:
    async with serve(Door(), key=OTHER_HOST_KEY) as port, home.connector() as connector:
        home.know(port)
        with pytest.raises(HostKeyChanged, match="has changed"):
            await connector.trust(target(port), OTHER_HOST_KEY.get_fingerprint())


async def test_names_are_hashed_where_ssh_config_says_so(home: Home) -> None:
    home.write("config", "HashKnownHosts yes\n")
    async with serve(Door()) as port, home.connector() as connector:
        await connector.trust(target(port), HOST_KEY.get_fingerprint())
        assert home.known_hosts.read_text().startswith("|1|")
        await run(connector, target(port), "true")


async def test_accept_new_takes_a_new_key_and_refuses_a_changed_one(home: Home) -> None:
    home.write("config", "StrictHostKeyChecking accept-new\n")
    door = Door()
    async with serve(door) as port, home.connector() as connector:
        await run(connector, target(port), "true")
        assert "ssh-ed25519" in home.known_hosts.read_text()
        home.known_hosts.write_text("")
        home.know(port, OTHER_HOST_KEY)
    async with serve(door, port=port), home.connector() as connector:
        with pytest.raises(HostKeyChanged):
            await connector.session(target(port))


async def test_strict_no_still_refuses_a_changed_key(home: Home) -> None:
    home.write("config", "StrictHostKeyChecking no\n")
    async with serve(Door()) as port, home.connector() as connector:
        home.know(port, OTHER_HOST_KEY)
        with pytest.raises(HostKeyChanged):
            await connector.session(target(port))


async def test_a_revoked_key_is_refused(home: Home) -> None:
    async with serve(Door()) as port, home.connector() as connector:
        home.know(port)
        with home.known_hosts.open("a") as file:
            file.write(f"@revoked * {HOST_KEY.export_public_key().decode()}")
        with pytest.raises(HostKeyChanged, match="is revoked"):
            await connector.session(target(port))


async def test_a_host_certificate_of_a_known_authority_is_believed_and_no_other(home: Home) -> None:
    authority = asyncssh.generate_private_key("ssh-ed25519")
    good = authority.generate_host_certificate(HOST_KEY, "web-1", principals=["one-name"])
    wrong = authority.generate_host_certificate(HOST_KEY, "web-1", principals=["another-name"])
    home.write("config", "HostKeyAlias one-name\n")
    home.write("known_hosts", f"@cert-authority one-* {authority.export_public_key().decode()}")
    for certificate, believed in ((good, True), (wrong, False)):
        door = Door()
        async with serve(door, server_host_certs=[certificate]) as port, home.connector() as connector:
            if believed:
                await run(connector, target(port), "true")
            else:
                with pytest.raises(HostKeyChanged, match="is not accepted"):
                    await connector.session(target(port))


# ------------------------------------------------------------------------------------------- log-in


async def test_a_refused_log_in_says_what_was_tried(home: Home) -> None:
    home.write_key("id_rsa", asyncssh.generate_private_key("ssh-rsa", key_size=2048))
    home.write_key("id_ecdsa", asyncssh.generate_private_key("ecdsa-sha2-nistp256")).chmod(0o644)
    door = Door(keys=[], password="secret")
    async with serve(door) as port, home.connector() as connector:
        home.know(port)
        with pytest.raises(AuthenticationFailed) as caught:
            await connector.session(target(port))
    says(
        caught.value, "did not let ops in", "publickey", "password", fingerprint(USER_KEY.public_data), "id_rsa",
        "No password of ops@web-1 is kept", "id_ecdsa is not used: others can read it", "chmod 600",
    )  # fmt: skip
    assert len(door.offered) == 2


async def test_a_kept_password_is_used_once(home: Home) -> None:
    (home.path / ".ssh/id_ed25519").unlink()
    kept = Kept({("opsterm:ssh", "ops@web-1"): "lab-op"})
    door = Door(password="lab-op")
    async with serve(door) as port, home.connector(kept) as connector:
        home.know(port)
        assert (await run(connector, target(port), "echo in"))[0] == b"in\n"
    door.password = "changed"
    async with serve(door, port=port), home.connector(kept) as connector:
        with pytest.raises(AuthenticationFailed) as caught:
            await connector.session(target(port))
    assert door.passwords == ["lab-op", "lab-op"]
    assert "lab-op" not in str(caught.value)


async def test_a_hidden_question_is_answered_and_two_are_left_to_a_person(home: Home) -> None:
    (home.path / ".ssh/id_ed25519").unlink()
    kept = Kept({("opsterm:ssh", "ops@web-1"): "lab-op"})
    door = Door(password="lab-op", asks=[("Password: ", False)])
    async with serve(door) as port, home.connector(kept) as connector:
        home.know(port)
        await run(connector, target(port), "true")
    door = Door(password="lab-op", asks=[("One-time code\x1b[2J: ", True)])
    async with serve(door, port=port), home.connector(kept) as connector:
        with pytest.raises(AuthenticationFailed) as caught:
            await connector.session(target(port))
    says(caught.value, "only a person can answer", "\\\\x1b")
    assert "\x1b" not in str(caught.value)


async def test_a_passphrase_is_looked_up_for_the_key_that_needs_it(home: Home) -> None:
    path = home.write_key("id_ed25519", USER_KEY, "open sesame")
    async with serve(Door()) as port:
        home.know(port)
        for secrets, part in (({}, "has a passphrase that is not kept"), ({str(path): "wrong"}, "does not open")):
            kept = Kept({("opsterm:ssh-key", account): text for account, text in secrets.items()})
            async with home.connector(kept) as connector:
                with pytest.raises(AuthenticationFailed) as caught:
                    await connector.session(target(port))
                says(caught.value, part, "id_ed25519")
        kept = Kept({("opsterm:ssh-key", str(path)): "open sesame"})
        async with home.connector(kept) as connector:
            await run(connector, target(port), "true")


async def test_keys_are_offered_in_the_order_of_ssh_config(home: Home) -> None:
    first, second = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    home.write_key("first", first)
    home.write_key("second", second)
    home.write("config", "IdentityFile ~/.ssh/second\nIdentityFile ~/.ssh/first\nIdentityFile ~/.ssh/absent\n")
    door = Door(keys=[])
    async with serve(door) as port, home.connector() as connector:
        home.know(port)
        with pytest.raises(AuthenticationFailed) as caught:
            await connector.session(target(port))
    assert door.offered == [second.public_data, first.public_data]
    says(caught.value, "absent (IdentityFile) is not there")


@asynccontextmanager
async def an_agent(home: Home, *keys: asyncssh.SSHKey) -> AsyncIterator[None]:
    """Run a real ssh-agent that holds keys."""
    path = str(home.path / "agent")
    child = await asyncio.create_subprocess_exec("ssh-agent", "-D", "-a", path, stdout=asyncio.subprocess.DEVNULL)
    try:
        await comes_true(Path(path).exists)
        home.environment["SSH_AUTH_SOCK"] = path
        async with asyncssh.connect_agent(path) as agent:
            await agent.add_keys(list(keys))
        yield
    finally:
        child.terminate()
        await child.wait()


async def test_the_agents_keys_come_first_and_identities_only_narrows_them(home: Home) -> None:
    held, other = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    home.write("held.pub", held.export_public_key())
    door = Door(keys=[])
    async with serve(door) as port, an_agent(home, other, held):
        home.know(port)
        for config, expected in (
            ("", [other, held, USER_KEY]),
            ("IdentityFile ~/.ssh/held.pub\n", [held, other]),
            ("IdentityFile ~/.ssh/held.pub\nIdentitiesOnly yes\n", [held]),
            ("IdentityAgent none\n", [USER_KEY]),
        ):
            home.write("config", config)
            door.offered.clear()
            async with home.connector() as connector:
                with pytest.raises(AuthenticationFailed):
                    await connector.session(target(port))
            assert door.offered == [key.public_data for key in expected], config
        door.keys = [held.public_data]
        home.write("config", "")
        async with home.connector() as connector:
            await run(connector, target(port), "true")


async def test_a_certificate_beside_the_key_is_offered(home: Home) -> None:
    authority = asyncssh.generate_private_key("ssh-ed25519")
    certificate = authority.generate_user_certificate(USER_KEY, "ana", principals=["ops"])
    home.write("id_ed25519-cert.pub", certificate.export_certificate())
    trusted = home.write("authorities", f"cert-authority {authority.export_public_key().decode()}")
    door = Door(keys=[])
    async with serve(door, authorized_client_keys=str(trusted)) as port, home.connector() as connector:
        home.know(port)
        await run(connector, target(port), "true")
