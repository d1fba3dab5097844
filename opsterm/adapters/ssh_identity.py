"""Who we are to a target: the agent's keys, key files, stored passphrases and passwords, in ssh's order.

Keys are handed to the library one at a time, as the server refuses the one before: what was offered is known
by name, and a passphrase is looked up only for a key that comes to be tried.
"""

from __future__ import annotations

import base64
import binascii
import functools
import os
import stat
import struct
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from opsterm.adapters.ssh_destination import Destination
from opsterm.adapters.ssh_known_hosts import fingerprint, rsa_bits
from opsterm.adapters.ssh_library import asyncssh, public_key
from opsterm.core.errors import SecretNotSent, StorageError
from opsterm.core.secret import Secret
from opsterm.core.text import clean_line
from opsterm.runtime.credentials import SSH, SSH_KEY
from opsterm.runtime.offload import Run
from opsterm.runtime.ports import Credentials

if TYPE_CHECKING:
    from asyncssh import SSHAgentClient, SSHCertificate, SSHKey, SSHKeyPair

USER_CERTIFICATE = 1
"""Kind of a certificate that lets a user in (openssh: PROTOCOL.certkeys)."""

SECURITY_KEYS = (b"sk-", b"webauthn-sk-")
"""How the kinds of keys begin whose private part is in a FIDO token (openssh: PROTOCOL.u2f)."""


@dataclass(slots=True)
class Attempts:
    """What was tried in one log-in, for the sentence that says why it failed.

    Attributes:
        offered: keys, as "ED25519 SHA256:… (agent)".
        tried: ways that were tried, in order.
        notes: sentences about keys and passwords that could not be used.
        accepted_by_server: ways the server named when it was last asked.
        withheld: why the kept password was not sent, None when it was or there is none.
    """

    offered: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    accepted_by_server: list[str] = field(default_factory=list)
    withheld: SecretNotSent | None = None

    def note(self, sentence: str) -> None:
        """Keep a sentence, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A private key file as far as it can be known without its passphrase.

    Attributes:
        path: where it is.
        public: the public key as SSH sends it, None when only the private part tells.
        private: the file's bytes; b"" for a file that holds only a public key.
        fault: why it is not used, a sentence; "" for nothing.
    """

    path: Path
    public: bytes | None
    private: bytes
    fault: str = ""

    @property
    def is_encrypted(self) -> bool:
        """Whether it opens with a passphrase only."""
        body = self.private.partition(b"-----BEGIN OPENSSH PRIVATE KEY-----")[2]
        if body:
            # The cipher's name follows the format's: "none" for a key in the clear.
            head = base64.b64decode(b"".join(body.split())[:40])
            return head[15:23] != b"\x00\x00\x00\x04none"
        return b"ENCRYPTED" in self.private[:400]


def read_key_file(path: Path) -> KeyFile | None:
    """Read a key file; None when it is not there. Blocks.

    A private key that others can read is not used, as with ssh.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            data = file.read(1_000_000)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        return KeyFile(path, None, b"", f"{clean_line(str(path))} cannot be read: {error.strerror}.")
    if b"PRIVATE KEY" not in data[:200]:
        public = _public_line(data)
        fault = "" if public else f"{clean_line(str(path))} holds no key."
        return KeyFile(path, public, b"", fault)
    if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) & 0o077:
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        return KeyFile(
            path, None, b"", f"{clean_line(str(path))} is not used: others can read it (mode {mode}); chmod 600 it."
        )
    public = _public_of_private(data)
    if public is None:
        try:
            public = _public_line(path.with_name(path.name + ".pub").read_bytes())
        except OSError:
            public = None
    return KeyFile(path, public, data)


def _public_line(data: bytes) -> bytes | None:
    words = data.split()
    if len(words) < 2:
        return None
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        return None
    return blob if blob[4 : 4 + len(words[0])] == words[0] else None


def _public_of_private(data: bytes) -> bytes | None:
    """Return the public key that the OpenSSH format keeps in the clear (openssh: PROTOCOL.key)."""
    body = data.partition(b"-----BEGIN OPENSSH PRIVATE KEY-----")[2].partition(b"-----END")[0]
    try:
        raw = base64.b64decode(b"".join(body.split()))
        at = len(b"openssh-key-v1\0")
        for _ in range(3):  # cipher, key derivation, its options
            at += 4 + struct.unpack_from(">I", raw, at)[0]
        at += 4
        length = struct.unpack_from(">I", raw, at)[0]
        return raw[at + 4 : at + 4 + length] or None
    except (binascii.Error, struct.error):
        return None


@functools.lru_cache(maxsize=64)
def _opened(private: bytes, passphrase: str | None) -> SSHKey:
    """Open a private key: once, not for each target that it opens. A passphrase costs 0.2 s of key derivation."""
    return asyncssh.import_private_key(private, passphrase)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityFiles:
    """What the files that ssh_config names hold.

    Attributes:
        keys: each once, in order.
        certificates: those named, and those beside the keys.
        notes: sentences about files that cannot be used.
    """

    keys: tuple[KeyFile, ...]
    certificates: tuple[SSHCertificate, ...]
    notes: tuple[str, ...]


def read_identity_files(destination: Destination) -> IdentityFiles:
    """Read the key files and certificates of a destination. Blocks; never raises."""
    notes = Attempts()
    keys = _read_keys(destination, notes)
    for file in keys:
        if file.private and not file.is_encrypted:
            with suppress(asyncssh.KeyImportError, ValueError):  # said when its turn comes
                _opened(file.private, None)
    certificates = _read_certificates(destination, notes)
    return IdentityFiles(keys=tuple(keys), certificates=tuple(certificates), notes=tuple(notes.notes))


def _read_keys(destination: Destination, notes: Attempts) -> list[KeyFile]:
    files: list[KeyFile] = []
    for path in destination.identity_files:
        file = read_key_file(path)
        if file is None:
            if destination.identities_named:
                notes.note(f"{clean_line(str(path))} (IdentityFile) is not there.")
        elif file.fault:
            notes.note(file.fault)
        elif not any(file.public and file.public == other.public for other in files):
            files.append(file)
    return files


def _read_certificates(destination: Destination, notes: Attempts) -> list[SSHCertificate]:
    found = []
    beside = [path.with_name(path.name + "-cert.pub") for path in destination.identity_files]
    for path in (*destination.certificate_files, *beside):
        try:
            found.append(asyncssh.read_certificate(path))
        except (OSError, asyncssh.KeyImportError) as error:
            if path not in beside:
                notes.note(f"{clean_line(str(path))} (CertificateFile) is not used: {clean_line(str(error))}.")
    return found


class Identity:
    """The keys and passwords for one log-in. Make a new one for each connection.

    Attributes:
        attempts: what was tried so far.
    """

    def __init__(
        self, destination: Destination, files: IdentityFiles, credentials: Credentials | None, run: Run
    ) -> None:
        self.attempts = Attempts(notes=list(files.notes))
        self._destination = destination
        self._credentials = credentials
        self._run = run
        self._agent: SSHAgentClient | None = None
        self._files = files
        self._keys = self._all_keys()
        self._password_given = False

    async def next_key(self) -> SSHKeyPair | None:
        """Return the next key to offer, None when there are no more."""
        if "publickey" not in self.attempts.tried:
            self.attempts.tried.append("publickey")
        async for pair, label in self._keys:
            self.attempts.offered.append(label)
            return pair
        return None

    async def password(self, method: str) -> str | None:
        """Return the stored password, once: a second try could lock the account."""
        if method not in self.attempts.tried:
            self.attempts.tried.append(method)
        if self._password_given:
            return None
        self._password_given = True
        account = f"{self._destination.user}@{self._destination.name}"
        try:
            return await self._password_of(account)
        except SecretNotSent as error:
            self.attempts.withheld = error
            return None

    async def _password_of(self, account: str) -> str | None:
        secret = None
        if self._credentials is not None:
            kept = self._credentials.get(SSH, account, self._destination.secrets_for)
            secret = await self._looked_up(kept, f"the password of {clean_line(account)}")
        if secret is None:
            self.attempts.note(f"No password of {clean_line(account)} is kept.")
        return secret

    async def close(self) -> None:
        """Let the agent go."""
        await self._keys.aclose()
        if self._agent is not None:
            self._agent.close()
            self._agent = None

    async def _all_keys(self) -> AsyncGenerator[tuple[SSHKeyPair, str], None]:
        files, certificates = self._files.keys, self._files.certificates
        agent = await self._agent_keys()
        by_blob = {file.public: file for file in files if file.public}
        named = [pair for file in files for pair in agent if pair.public_data == file.public]
        others = [] if self._destination.identities_only else [p for p in agent if p.public_data not in by_blob]
        for pair in named + others:
            for certificate in certificates:
                if certificate.key.public_data == pair.key_public_data:
                    certified = next(p for p in await self._agent_keys() if p.public_data == pair.public_data)
                    certified.set_certificate(certificate)
                    yield certified, f"certificate for {_label(pair.public_data)} (agent)"
            yield pair, f"{_label(pair.public_data)} (agent)"
        held = {pair.public_data for pair in agent}
        for file in files:
            if file.private and file.public not in held:
                for loaded in await self._load(file, certificates):
                    yield loaded, f"{_label(loaded.public_data)} ({clean_line(str(file.path))})"

    async def _agent_keys(self) -> list[SSHKeyPair]:
        if not self._destination.agent:
            return []
        try:
            if self._agent is None:
                self._agent = asyncssh.SSHAgentClient(self._destination.agent)
            return list(await self._agent.get_keys())
        except (OSError, ValueError) as error:
            self.attempts.note(
                f"The agent at {clean_line(self._destination.agent)} does not answer: {clean_line(str(error))}."
            )
            return []

    async def _load(self, file: KeyFile, certificates: Sequence[SSHCertificate]) -> list[SSHKeyPair]:
        """Load a private key, with its stored passphrase where it needs one; [] with a note when it cannot be."""
        shown = clean_line(str(file.path))
        if file.public and file.public[4:].startswith(SECURITY_KEYS):
            self.attempts.note(
                f"{shown} belongs to a security key, which is asked over an agent only: ssh-add {shown}, and let "
                "SSH_AUTH_SOCK name that agent."
            )
            return []
        passphrase = None
        if file.is_encrypted:
            passphrase = await self._passphrase_of(file.path)
            if passphrase is None:
                self.attempts.note(f"{shown} has a passphrase that is not kept; add the key to an agent, or keep it.")
                return []
        try:
            if passphrase is None:
                key = _opened(file.private, None)  # it was already, when it was read
            else:
                key = await self._run(lambda: _opened(file.private, passphrase))
            return self._pairs(key, certificates, shown)
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
            why = "it does not open with the passphrase that is kept" if passphrase else clean_line(str(error))
            self.attempts.note(f"{shown} is not used: {why}.")
            return []

    def _pairs(self, key: SSHKey, certificates: Sequence[SSHCertificate], shown: str) -> list[SSHKeyPair]:
        if rsa_bits(key.public_data) < self._destination.least_rsa_bits:
            self.attempts.note(f"{shown} is shorter than {self._destination.least_rsa_bits} bits (RequiredRSASize).")
            return []
        fitting = [c for c in certificates if c.key.public_data == key.public_data]
        for certificate in fitting:
            self._note_validity(certificate, shown)
        pairs: list[SSHKeyPair] = []
        for certificate in fitting:
            pairs += [p for p in asyncssh.load_keypairs([(key, certificate)]) if p.has_cert]
        return [*pairs, *asyncssh.load_keypairs([key])]

    def _note_validity(self, certificate: SSHCertificate, shown: str) -> None:
        """Say of a certificate what a server would refuse it for; it is offered all the same: clocks differ."""
        if not isinstance(certificate, public_key.SSHOpenSSHCertificate):
            return
        try:
            certificate.validate(USER_CERTIFICATE, self._destination.user)
        except ValueError as error:
            names = clean_line(", ".join(certificate.principals), limit=200)
            self.attempts.note(
                f"The certificate for {shown}, made out to {names or 'nobody'}, does not let "
                f"{clean_line(self._destination.user, limit=80)} in: {clean_line(str(error), limit=100)}."
            )

    async def _passphrase_of(self, path: Path) -> str | None:
        if self._credentials is None:
            return None
        what = f"the passphrase of {clean_line(str(path))}"
        return await self._looked_up(self._credentials.unsent(SSH_KEY, str(path)), what)

    async def _looked_up(self, asked: Awaitable[Secret | None], what: str) -> str | None:
        try:
            secret = await asked
        except StorageError as error:
            self.attempts.note(f"Whether {what} is kept could not be looked up: {error.what}")
            return None
        return secret.reveal() if secret else None


def _label(blob: bytes) -> str:
    """Return "ED25519 SHA256:…" for a public key."""
    length = struct.unpack_from(">I", blob)[0] if len(blob) > 4 else 0
    name = clean_line(blob[4 : 4 + length].decode("ascii", "replace"), limit=60)
    return f"{name} {fingerprint(blob)}"
