"""Signatures by SSH keys, as `ssh-keygen -Y sign` and `-Y verify` make and check them (PROTOCOL.sshsig of OpenSSH).

Certificates do not count: a line of the file of signers that begins with cert-authority is passed over.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import textwrap
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from asyncssh.packet import PacketDecodeError, SSHPacket, String, UInt32
from asyncssh.public_key import decode_ssh_public_key
from asyncssh.sshsig import SSHAllowedSignersEntry

from opsterm.adapters.ssh_known_hosts import fingerprint
from opsterm.adapters.ssh_library import asyncssh
from opsterm.core.errors import BadInput, NotApproved
from opsterm.core.text import clean_line
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_approval import Signer

MAGIC, VERSION, HASH = b"SSHSIG", 1, b"sha512"
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_WILD = frozenset("*?!")
AGENT = "agent"


class SshSignatures:
    """Implements `ports_approval.Signatures`.

    Args:
        signers: the file of keys that count, "" for none.
        agent: socket of the agent, "" for none.
        run: runs what blocks.
    """

    def __init__(self, signers: Path | None, agent: str, run: Run) -> None:
        self._signers = signers
        self._agent = agent
        self._run = run

    async def sign(self, message: str, namespace: str, *, key: str, account: str) -> str:
        """See `Signatures.sign`."""
        data = _to_be_signed(message.encode(), namespace.encode(), HASH)
        if key == AGENT:
            public, signature = await self._sign_by_agent(data, account)
        else:
            public, signature = await self._run(lambda: _sign_by_file(data, Path(key).expanduser()))
        blob = b"".join((
            MAGIC, UInt32(VERSION), String(public), String(namespace.encode()), String(b""), String(HASH),
            String(signature),
        ))  # fmt: skip
        body = "\n".join(textwrap.wrap(base64.b64encode(blob).decode(), 70))
        return f"-----BEGIN SSH SIGNATURE-----\n{body}\n-----END SSH SIGNATURE-----\n"

    async def _sign_by_agent(self, data: bytes, account: str) -> tuple[bytes, bytes]:
        if not self._agent:
            raise BadInput("There is no SSH agent.", next_step="Start one, or give a key file to --sign.")
        client = asyncssh.SSHAgentClient(self._agent)
        try:
            pairs = [pair for pair in await client.get_keys() if not pair.has_cert]
            known_keys = {line.key for line in await self._lines() if line.entry.principals.matches(account)}
            fitting = [pair for pair in pairs if pair.public_data in known_keys] or pairs
            if not fitting:
                raise BadInput("The SSH agent has no key.", next_step="ssh-add one, or give a key file to --sign.")
            pair = fitting[0]
            if pair.algorithm == b"ssh-rsa":
                pair.set_sig_algorithm(b"rsa-sha2-512")
            return pair.public_data, await pair.sign_async(data)  # type: ignore[attr-defined]  # the agent's pairs have it
        except (OSError, ValueError) as error:
            raise BadInput("The SSH agent did not sign.", why=clean_line(str(error))) from error
        finally:
            client.close()

    async def verify(self, message: str, namespace: str, signature: str, *, at: float) -> Signer:
        """See `Signatures.verify`."""
        public, data, made = _taken_apart(message, namespace, signature)
        try:
            key = decode_ssh_public_key(public)
            good = await self._run(lambda: key.verify(data, made))
        except (asyncssh.KeyImportError, PacketDecodeError, ValueError) as error:
            raise _refused(clean_line(str(error))) from None
        if not good:
            raise _refused("It is for something else: the key did not sign this.")
        shown = fingerprint(public)
        names = [
            name for line in await self._lines()
            if line.key == public and _counts(line.entry, namespace, at) for name in line.names
        ]  # fmt: skip
        if not names:
            raise _refused(f"The key {shown} is not valid for this in the file of approvals.allowed_signers.")
        return Signer(names=tuple(dict.fromkeys(names)), key=shown)

    async def _lines(self) -> Sequence[_Line]:
        path = self._signers
        if path is None:
            raise BadInput(
                "No signature counts: approvals.allowed_signers names no file.",
                next_step="Write one as for ssh-keygen -Y verify, and name it in config.toml.",
            )
        try:
            text = await self._run(lambda: path.read_text(encoding="utf-8", errors="replace"))
        except OSError as error:
            raise BadInput(f"{path} cannot be read.", why=f"{error.strerror}.") from error
        found = []
        for line in text.splitlines():
            if line.strip() and not line.strip().startswith("#"):
                with suppress(ValueError, asyncssh.KeyImportError):  # a line that says nothing lets nobody in
                    found.append(_Line(line.strip()))
        return [line for line in found if "cert-authority" not in line.entry.options]


class _Line:
    """A line of the file of signers.

    Attributes:
        names: plain principals, without what follows @.
        entry: as the library reads it.
        key: public key, as it is in a signature.
    """

    def __init__(self, text: str) -> None:
        self.entry = SSHAllowedSignersEntry(text)
        words = text.split(None, 1)[0].strip('"').split(",")
        self.names = [word.partition("@")[0] for word in words if word and not _WILD & set(word)]
        self.key = self.entry.key.public_data


def _counts(entry: SSHAllowedSignersEntry, namespace: str, at: float) -> bool:
    spaces, after, before = (entry.options.get(name) for name in ("namespaces", "valid-after", "valid-before"))
    return (
        (spaces is None or bool(spaces.matches(namespace)))  # type: ignore[attr-defined]  # a pattern list
        and (after is None or at >= float(str(after)))
        and (before is None or at < float(str(before)))
    )


def _to_be_signed(message: bytes, namespace: bytes, algorithm: bytes) -> bytes:
    digest = _HASHES[algorithm](message).digest()
    return MAGIC + String(namespace) + String(b"") + String(algorithm) + String(digest)


def _sign_by_file(data: bytes, path: Path) -> tuple[bytes, bytes]:
    try:
        pair = asyncssh.load_keypairs([asyncssh.read_private_key(path)])[0]
    except OSError as error:
        raise BadInput(f"The key {path} cannot be read.", why=f"{error.strerror}.") from error
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
        raise BadInput(
            f"The key {path} cannot be used.", why=clean_line(str(error)),
            next_step="Add one that has a passphrase to an agent with ssh-add, and sign with --sign agent.",
        ) from error  # fmt: skip
    if pair.algorithm == b"ssh-rsa":
        pair.set_sig_algorithm(b"rsa-sha2-512")
    return pair.public_data, pair.sign(data)


def _taken_apart(message: str, namespace: str, signature: str) -> tuple[bytes, bytes, bytes]:
    """Return (public key, what must have been signed, signature). Raises NotApproved."""
    lines = signature.strip().splitlines()
    if len(lines) < 3 or lines[0] != "-----BEGIN SSH SIGNATURE-----" or lines[-1] != "-----END SSH SIGNATURE-----":
        raise _refused("It does not begin and end as one.")
    try:
        packet = SSHPacket(base64.b64decode("".join(lines[1:-1]), validate=True))
        if packet.get_bytes(6) != MAGIC or packet.get_uint32() != VERSION:
            raise _refused("It is of another format.")
        public, space, _, algorithm, made = (packet.get_string() for _ in range(5))
        packet.check_end()
    except (binascii.Error, PacketDecodeError, ValueError) as error:
        raise _refused(clean_line(str(error))) from None
    if space != namespace.encode() or algorithm not in _HASHES:
        raise _refused("It was made for another purpose.")
    return public, _to_be_signed(message.encode(), space, algorithm), made


def _refused(why: str) -> NotApproved:
    return NotApproved(
        "The signature does not count.", why=why,
        next_step="Sign the digest: opsterm sign FILE, or printf %s DIGEST | ssh-keygen -Y sign -n opsterm-approval "
        "-f KEY",
    )  # fmt: skip
