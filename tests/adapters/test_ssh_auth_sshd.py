"""Every way into an OpenSSH server, each tried on a real one with keys that ssh-keygen made.

Passwords and keyboard-interactive need accounts with PAM: those are tried on real hosts, in test_ssh_lab.
"""

from __future__ import annotations

import asyncio
import base64
import os
import pwd
import struct
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from opsterm.adapters import ssh_config
from opsterm.core.errors import AuthenticationFailed, HostKeyChanged, HostKeyUnknown, OpstermError, Unreachable
from tests.adapters.ssh_stage import HOST_KEY, USER_KEY, Door, Home, Kept, run, serve, target
from tests.adapters.sshd_stage import Sshd, needs_sshd
from tests.adapters.test_local_command import comes_true

pytestmark = needs_sshd

ME = pwd.getpwuid(os.geteuid()).pw_name
PASSPHRASE = "open sesame"
KINDS = {
    "ed25519": ("-t", "ed25519"),
    "rsa": ("-t", "rsa", "-b", "2048"),
    "ecdsa256": ("-t", "ecdsa", "-b", "256"),
    "ecdsa521": ("-t", "ecdsa", "-b", "521"),
    "locked": ("-t", "ed25519", "-N", PASSPHRASE),
    "locked_pem": ("-t", "ecdsa", "-m", "PEM", "-N", PASSPHRASE),
    "authority": ("-t", "ed25519"),
    "stranger": ("-t", "ed25519"),
    "host": ("-t", "ed25519"),
}


def keygen(*words: str) -> None:
    subprocess.run(["ssh-keygen", "-q", *words], check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key of each kind, certificates of the authority, and a security key's files."""
    folder = tmp_path_factory.mktemp("keys")
    for name, words in KINDS.items():
        keygen(*words, *(() if "-N" in words else ("-N", "")), "-f", str(folder / name))
    ca = str(folder / "authority")
    for name, words in {
        "good": ("-n", ME), "for_another": ("-n", "somebody"), "over": ("-n", ME, "-V", "-2h:-1h"),
        "from_elsewhere": ("-n", ME, "-O", "source-address=203.0.113.0/24"), "rsa_good": ("-n", ME),
    }.items():  # fmt: skip
        source = "rsa" if name.startswith("rsa") else "stranger"
        for end in ("", ".pub"):
            (folder / f"{name}{end}").write_bytes((folder / f"{source}{end}").read_bytes())
        (folder / name).chmod(0o600)
        keygen("-s", ca, "-I", name, *words, str(folder / f"{name}.pub"))
    keygen("-s", ca, "-I", "host", "-h", "-n", "127.0.0.1", str(folder / "host.pub"))
    write_security_key(folder / "token")
    return folder


def write_security_key(path: Path) -> None:
    """Write what `ssh-keygen -t ed25519-sk` writes (openssh: PROTOCOL.u2f, PROTOCOL.key), the token's part made up."""

    def text(*parts: bytes) -> bytes:
        return b"".join(struct.pack(">I", len(part)) + part for part in parts)

    kind = b"sk-ssh-ed25519@openssh.com"
    public = text(kind, b"\x07" * 32, b"ssh:")
    private = struct.pack(">II", 1, 1) + public + b"\x01" + text(b"handle", b"", b"a token")
    private += bytes(range(1, 1 + -len(private) % 8))
    body = b"openssh-key-v1\0" + text(b"none", b"none", b"") + struct.pack(">I", 1) + text(public, private)
    lines = base64.encodebytes(body).decode()
    path.write_text(f"-----BEGIN OPENSSH PRIVATE KEY-----\n{lines}-----END OPENSSH PRIVATE KEY-----\n")
    path.chmod(0o600)
    path.with_name(path.name + ".pub").write_text(f"{kind.decode()} {base64.b64encode(public).decode()} a token\n")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    return Home(tmp_path / "ana")


@dataclass(frozen=True)
class Case:
    """One way in.

    Attributes:
        key: the file that ssh_config names.
        server: lines of sshd_config beside the standing ones.
        config: lines of ssh_config.
        says: parts of the error; none when we come in.
        kept: passphrases, by file.
        agent: keys that an agent holds.
        log: what sshd has to say of it.
    """

    key: str = ""
    server: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    kept: dict[str, str] = field(default_factory=dict)
    agent: tuple[str, ...] = ()
    log: str = ""


def accepts(*algorithms: str) -> tuple[str, ...]:
    return (f"PubkeyAcceptedAlgorithms {','.join(algorithms)}",)


TRUSTS = ("TrustedUserCAKeys {keys}/authority.pub",)
OLD_KEX = "KexAlgorithms diffie-hellman-group1-sha1,diffie-hellman-group-exchange-sha1"
CASES = {
    "ecdsa 256": Case("ecdsa256", log="ECDSA"),
    "ecdsa 521": Case("ecdsa521", log="ECDSA"),
    "rsa": Case("rsa", log="RSA"),
    "rsa with sha2-256 only": Case(
        "rsa", accepts("rsa-sha2-256"), ("PubkeyAcceptedAlgorithms rsa-sha2-256",), log="pkalg rsa-sha2-256"
    ),
    "rsa with sha2-512 only": Case("rsa", accepts("rsa-sha2-512"), log="pkalg rsa-sha2-512"),
    "rsa with sha1, asked for": Case(
        "rsa", accepts("ssh-rsa"), ("PubkeyAcceptedAlgorithms ssh-rsa",), log="pkalg ssh-rsa"
    ),
    "a key nobody knows": Case("stranger", says=("did not let", "stranger")),
    "passphrase kept": Case("locked", kept={"locked": PASSPHRASE}, log="ED25519"),
    "passphrase kept, old format": Case("locked_pem", kept={"locked_pem": PASSPHRASE}, log="ECDSA"),
    "passphrase not kept": Case("locked", says=("passphrase that is not kept",)),
    "passphrase wrong": Case("locked", kept={"locked": "no"}, says=("does not open with the passphrase",)),
    "agent": Case(agent=("ed25519",), log="ED25519"),
    "agent, rsa with sha2-512 only": Case(agent=("rsa",), server=accepts("rsa-sha2-512"), log="pkalg rsa-sha2-512"),
    "agent holds the locked one": Case("locked", agent=("ed25519",), log="ED25519"),
    "certificate": Case("good", TRUSTS, log="ED25519-CERT"),
    "rsa certificate": Case("rsa_good", TRUSTS, log="RSA-CERT"),
    "certificate, agent holds the key": Case("good", TRUSTS, agent=("good",), log="ED25519-CERT"),
    "certificate named in ssh_config": Case(
        "stranger", TRUSTS, ("CertificateFile {keys}/good-cert.pub",), log="ED25519-CERT"
    ),
    "certificate, authority not trusted": Case("good", says=("did not let", "cert")),
    "certificate for another account": Case("for_another", TRUSTS, says=("did not let", "certificate", "somebody")),
    "certificate that is over": Case("over", TRUSTS, says=("did not let", "certificate", "expired")),
    "certificate for another address": Case("from_elsewhere", TRUSTS, says=("did not let", "cert")),
    "security key without an agent": Case("token", says=("security key", "ssh-add", "token")),
    "old key exchange": Case("ed25519", (OLD_KEX,), says=("key exchange", "diffie-hellman-group1-sha1")),
    "old key exchange allowed": Case(
        "ed25519", (OLD_KEX,), ("KexAlgorithms +diffie-hellman-group-exchange-sha1",), log="ED25519"
    ),
    "old cipher": Case("ed25519", ("Ciphers 3des-cbc",), says=("encryption", "3des-cbc", "Ciphers +3des-cbc")),
    "old mac": Case("ed25519", ("Ciphers aes128-ctr", "MACs hmac-md5"), says=("MAC", "hmac-md5", "MACs +hmac-md5")),
    "host key with sha1 only": Case(
        "ed25519", ("HostKey {keys}/rsa", "HostKeyAlgorithms ssh-rsa"),
        says=("server host key", "ssh-rsa", "HostKeyAlgorithms +ssh-rsa"),
    ),
    "keyboard-interactive and password switched off": Case(
        server=("PasswordAuthentication no", "KbdInteractiveAuthentication no"), says=("did not let", "publickey"),
    ),
}  # fmt: skip
LETS_IN = ("ed25519", "rsa", "ecdsa256", "ecdsa521", "locked", "locked_pem")


class ServerOfKeys(Sshd):
    """An OpenSSH server that lets LETS_IN in, and says which key it was and how it signed."""

    def __init__(self, folder: Path, keys: Path, *options: str) -> None:
        super().__init__(folder, "LogLevel DEBUG2", *(option.replace("{keys}", str(keys)) for option in options))
        lines = [(keys / f"{name}.pub").read_text() for name in LETS_IN]
        (folder / "keys").write_text("".join(lines))

    def use_host_key(self, file: Path) -> None:
        """Take another host key than HOST_KEY."""
        (self._config.parent / "host_key").write_bytes(file.read_bytes())

    @property
    def said(self) -> str:
        """Its log."""
        return self._log.read_text()


@asynccontextmanager
async def agent_with(home: Home, files: list[Path]) -> AsyncIterator[None]:
    """Run an ssh-agent with these keys, none of their certificates."""
    if not files:
        yield
        return
    socket = home.path / "agent"
    child = await asyncio.create_subprocess_exec("ssh-agent", "-D", "-a", socket, stdout=asyncio.subprocess.DEVNULL)
    try:
        await comes_true(socket.exists)
        for file in files:
            bare = home.write(file.name, file.read_bytes())
            adding = await asyncio.create_subprocess_exec(
                "ssh-add", "-q", bare, env={**os.environ, "SSH_AUTH_SOCK": str(socket)}
            )
            assert await adding.wait() == 0
        home.environment["SSH_AUTH_SOCK"] = str(socket)
        yield
    finally:
        child.terminate()
        await child.wait()


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")  # of old key exchanges
@pytest.mark.parametrize("name", CASES)
async def test_a_way_in(name: str, keys: Path, home: Home, tmp_path: Path) -> None:
    case = CASES[name]
    server = ServerOfKeys(tmp_path / "sshd", keys, *case.server)
    home.know(server.port)
    identity = (f"IdentityFile {keys}/{case.key}",) if case.key else ()
    home.write("config", "\n".join((*identity, *case.config, "")).replace("{keys}", str(keys)))
    kept = Kept({("opsterm:ssh-key", str(keys / name)): text for name, text in case.kept.items()})
    try:
        await server.start()
        async with agent_with(home, [keys / name for name in case.agent]), home.connector(kept) as connector:
            if not case.says:
                assert (await run(connector, server.target, "echo in"))[0] == b"in\n"
                assert case.log in server.said
                return
            with pytest.raises((AuthenticationFailed, Unreachable)) as caught:
                await run(connector, server.target, "echo in")
    finally:
        server.stop()
    said = str(caught.value)
    assert [part for part in case.says if part not in said] == [], said
    assert PASSPHRASE not in said
    assert caught.value.next_step


# ------------------------------------------------------------------------------------------ host keys


def hashed(home: Home, port: int, keys: Path) -> None:
    home.know(port)
    keygen("-H", "-f", str(home.known_hosts))
    assert "127.0.0.1" not in home.known_hosts.read_text()


def nothing(home: Home, port: int, keys: Path) -> None:
    home.known_hosts.write_text("")


def another_key(home: Home, port: int, keys: Path) -> None:
    home.know(port, USER_KEY)


def authority(home: Home, port: int, keys: Path) -> None:
    home.known_hosts.write_text(f"@cert-authority [127.0.0.1]:{port} {(keys / 'authority.pub').read_text()}")


def another_authority(home: Home, port: int, keys: Path) -> None:
    home.known_hosts.write_text(f"@cert-authority * {(keys / 'ed25519.pub').read_text()}")


def revoked(home: Home, port: int, keys: Path) -> None:
    home.know(port)
    with home.known_hosts.open("a") as file:
        file.write(f"@revoked * {HOST_KEY.export_public_key().decode()}")


Knows = Callable[[Home, int, Path], None]
HOST_KEYS: dict[str, tuple[Knows, str, type[OpstermError] | None, bool]] = {
    "known, hashed, yes": (hashed, "yes", None, False),
    "unknown, ask": (nothing, "ask", HostKeyUnknown, False),
    "unknown, yes": (nothing, "yes", Unreachable, False),
    "unknown, accept-new": (nothing, "accept-new", None, True),
    "unknown, no": (nothing, "no", None, True),
    "changed, accept-new": (another_key, "accept-new", HostKeyChanged, False),
    "changed, no": (another_key, "no", HostKeyChanged, False),
    "revoked, no": (revoked, "no", Unreachable, False),
    "certificate of a known authority, yes": (authority, "yes", None, False),
    "certificate of another authority": (another_authority, "", Unreachable, False),
}
"""What known_hosts has, StrictHostKeyChecking, the error, and whether the key is written down."""


@pytest.mark.parametrize("name", HOST_KEYS)
async def test_a_host_key_is_judged_as_ssh_judges_it(name: str, keys: Path, home: Home, tmp_path: Path) -> None:
    knows, strict, error, is_added = HOST_KEYS[name]
    certified = ("HostCertificate {keys}/host-cert.pub",) if "certificate" in name else ()
    server = ServerOfKeys(tmp_path / "sshd", keys, *certified)
    if certified:
        server.use_host_key(keys / "host")
    knows(home, server.port, keys)
    before = home.known_hosts.read_text()
    lines = [f"IdentityFile {keys}/ed25519", f"StrictHostKeyChecking {strict}" if strict else "", ""]
    home.write("config", "\n".join(lines))
    try:
        await server.start()
        async with home.connector() as connector:
            if error is None:
                assert (await run(connector, server.target, "echo in"))[0] == b"in\n"
            else:
                with pytest.raises(error) as caught:
                    await run(connector, server.target, "echo in")
                assert caught.value.next_step
                assert "userauth-request" not in server.said
    finally:
        server.stop()
    assert (home.known_hosts.read_text() != before) is is_added


async def test_a_server_that_takes_only_sha1_of_rsa_keys_is_told_of(keys: Path, home: Home) -> None:
    home.write("config", f"IdentityFile {keys}/rsa\n")
    door = Door()
    async with serve(door, signature_algs=["ssh-rsa"]) as port, home.connector() as connector:
        home.know(port)
        with pytest.raises(AuthenticationFailed) as caught:
            await run(connector, target(port), "echo in")
        assert door.offered == []
    assert "ssh-rsa SHA256:" in caught.value.why
    assert "PubkeyAcceptedAlgorithms +ssh-rsa" in caught.value.why


async def test_questions_are_answered_once_however_often_the_server_would_ask(keys: Path, home: Home) -> None:
    door = Door(keys=[], password="right", asks=[("Password: ", False)])
    async with serve(door) as port, home.connector(Kept({("opsterm:ssh", "ops@web-1"): "not it"})) as connector:
        home.know(port)
        with pytest.raises(AuthenticationFailed):
            await run(connector, target(port), "echo in")
    assert door.passwords == ["not it"]
    assert door.challenges == 1
