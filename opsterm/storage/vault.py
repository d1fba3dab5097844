"""The vault: credentials in one encrypted file, for hosts where no desktop keyring answers.

A passphrase becomes a key by Argon2id (RFC 9106), once per process. The key seals with AES-256-GCM (NIST
SP 800-38D), each time under a fresh random nonce:

- a check value over the header, so that a wrong passphrase is told from a damaged file;
- each secret, padded, with its service and account as associated data, so that none can be put in another's place;
- the file as a whole, so that no entry can be taken out or brought back from an older copy.

The file is JSON in exactly one spelling: bytes that differ in any way from what opsterm would write are refused.
Names of services and accounts are readable in it; secrets and their lengths are not. Not covered: putting back
a complete older copy of the file.
"""

from __future__ import annotations

import json
import os
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from opsterm.core.errors import BadInput, StorageError, VaultLocked
from opsterm.core.secret import Secret
from opsterm.storage import private_file

FORMAT = "opsterm-vault"
VERSION = 1
SHORTEST_PASSPHRASE = 8
_NONCE, _TAG, _SALT, _PAD = 12, 16, 16, 64

Name: TypeAlias = tuple[str, str]
"""Service and account."""

State: TypeAlias = Literal["open", "locked", "absent"]
"""Whether secrets can be read now; "absent" for a vault that was never made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one guess at the passphrase costs.

    The default takes 64 MiB and about 0.15 s of one core (RFC 9106, section 4, second choice, in one lane).

    Attributes:
        memory_kib: KiB of memory, 8 MiB to 1 GiB.
        passes: how often that memory is gone over, 1 to 32.
        lanes: threads, 1 to 16.
    """

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 1

    def usable(self) -> bool:
        """Return whether it is within bounds: a forged file must not take all memory of the host."""
        whole = all(type(number) is int for number in (self.memory_kib, self.passes, self.lanes))
        return whole and 8192 <= self.memory_kib <= 1_048_576 and 1 <= self.passes <= 32 and 1 <= self.lanes <= 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """The file, parsed; `boxes` are nonce, ciphertext and tag of each secret."""

    cost: Cost
    salt: bytes
    check: bytes
    boxes: dict[Name, bytes] = field(default_factory=dict)
    seal: bytes = b""

    def header(self) -> bytes:
        return _spell({"format": FORMAT, "version": VERSION, "kdf": self._kdf()})

    def unsealed(self) -> bytes:
        return replace(self, seal=b"").spell()

    def spell(self) -> bytes:
        """Return the bytes of the file: the one spelling."""
        return _spell(
            {
                "format": FORMAT,
                "version": VERSION,
                "kdf": self._kdf(),
                "check": self.check.hex(),
                "entries": [
                    {"service": service, "account": account, "box": box.hex()}
                    for (service, account), box in sorted(self.boxes.items())
                ],
                "seal": self.seal.hex(),
            }
        )

    def _kdf(self) -> dict[str, str | int]:
        cost = self.cost
        return {
            "name": "argon2id",
            "memory_kib": cost.memory_kib,
            "passes": cost.passes,
            "lanes": cost.lanes,
            "salt": self.salt.hex(),
        }


class Vault:
    """One vault file as this process sees it. Every method may block; safe to use from several threads.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path, *, cost: Cost | None = None) -> None:
        """Look at nothing yet.

        Args:
            path: the file; its folder is made, private, when the vault is created.
            cost: for `create`; an existing file says its own.
        """
        self.path = path
        self._cost = cost or Cost()
        self._guard = threading.Lock()
        self._key: AESGCM | None = None
        self._content: _Content | None = None
        self._bytes = b""

    def __repr__(self) -> str:
        return f"Vault({str(self.path)!r})"

    def state(self) -> State:
        """Return whether the vault is open in this process, locked, or was never made."""
        with self._guard:
            if self._look() is None:
                return "absent"
            return "open" if self._key else "locked"

    def names(self) -> Sequence[Name]:
        """Return service and account of every secret, sorted; needs no passphrase. Empty when there is no vault."""
        with self._guard:
            content = self._look()
            return sorted(content.boxes) if content else ()

    def create(self, passphrase: Secret) -> None:
        """Make an empty vault, open in this process. Costs one key derivation.

        Raises:
            BadInput: the passphrase is too short, or there is a vault already.
            StorageError: the file cannot be written.
        """
        if len(passphrase.reveal()) < SHORTEST_PASSPHRASE:
            raise BadInput(
                f"A vault passphrase has at least {SHORTEST_PASSPHRASE} characters.",
                next_step="Several unrelated words are strong and easy to type.",
            )
        empty = _Content(cost=self._cost, salt=os.urandom(_SALT), check=b"")
        key = _derive(passphrase, empty)
        empty = replace(empty, check=_close(key, b"check", empty.header(), b""))
        with self._guard, private_file.locked(self.path):
            if private_file.read(self.path) is not None:
                raise BadInput(
                    f"There is a vault already: {self.path}",
                    next_step="Unlock it with its passphrase, or move the file away and lose what is in it.",
                )
            self._write(empty, key)
            self._key = key

    def unlock(self, passphrase: Secret) -> None:
        """Open the vault for this process. Costs one key derivation.

        Raises:
            VaultLocked: the passphrase is wrong, or there is no vault.
            StorageError: the file is damaged or cannot be read.
        """
        with self._guard:
            content = self._look()
            if content is None:
                raise _no_vault(self.path)
        key = _derive(passphrase, content)
        with self._guard:
            self._admit(key, content.salt)

    def get(self, service: str, account: str) -> Secret | None:
        """Return a secret, None when there is none of that name, or no vault. About 0.1 ms.

        Raises:
            VaultLocked: the vault is locked.
            StorageError: the file is damaged or cannot be read.
        """
        with self._guard:
            if self._look() is None:
                return None
            content, key = self._opened()
            box = content.boxes.get((service, account))
            if box is None:
                return None
            return Secret(_unpad(_open(key, b"entry", _spell([service, account]), box, self.path)))

    def put(self, service: str, account: str, secret: Secret) -> None:
        """Keep a secret, on the disk when this returns.

        Raises:
            VaultLocked: the vault is locked or was never made.
            StorageError: the file is damaged or cannot be written; what it held is kept.
        """
        with self._guard, private_file.locked(self.path):
            content, key = self._opened()
            box = _close(key, b"entry", _spell([service, account]), _pad(secret.reveal()))
            self._write(replace(content, boxes={**content.boxes, (service, account): box}), key)

    def remove(self, service: str, account: str) -> None:
        """Forget a secret; harmless when there is none, or no vault.

        Raises:
            VaultLocked: the vault is locked.
            StorageError: the file is damaged or cannot be written.
        """
        with self._guard, private_file.locked(self.path):
            if self._look() is None:
                return
            content, key = self._opened()
            if (service, account) in content.boxes:
                left = {name: box for name, box in content.boxes.items() if name != (service, account)}
                self._write(replace(content, boxes=left), key)

    def _look(self) -> _Content | None:
        """Return the file as it is now: another process may have replaced it since the last look."""
        found = private_file.read(self.path)
        if found is None:
            self._key = self._content = None
            self._bytes = b""
            return None
        if self._content is not None and found == self._bytes:
            return self._content
        content = _parse(found, self.path)
        if self._key is not None and self._content is not None:
            if content.salt == self._content.salt:
                _open(self._key, b"seal", content.unsealed(), content.seal, self.path)
            else:
                self._key = None  # somebody made the vault anew: our key is of the old one
        self._content, self._bytes = content, found
        return content

    def _opened(self) -> tuple[_Content, AESGCM]:
        content = self._look()
        if content is None:
            raise _no_vault(self.path)
        if self._key is None:
            raise VaultLocked(
                f"The vault {self.path} is locked.",
                next_step="Give its passphrase on the screen, or name a file that holds it in "
                "OPSTERM_VAULT_PASSPHRASE_FILE.",
            )
        return content, self._key

    def _admit(self, key: AESGCM, salt: bytes) -> None:
        """Keep `key` if it fits the file as it is now, whatever it was when the key was derived."""
        content = self._look()
        if content is None:
            raise _no_vault(self.path)
        nonce, tag = content.check[:_NONCE], content.check[_NONCE:]
        try:
            key.decrypt(nonce, tag, _label(b"check", content.header()))
        except InvalidTag:
            raise VaultLocked(
                f"That passphrase does not open the vault {self.path}.",
                why="" if content.salt == salt else "The vault was made anew just now.",
                next_step="Try again. Without the passphrase nothing in the vault can be read.",
            ) from None
        _open(key, b"seal", content.unsealed(), content.seal, self.path)
        self._key = key

    def _write(self, content: _Content, key: AESGCM) -> None:
        content = replace(content, seal=_close(key, b"seal", content.unsealed(), b""))
        data = content.spell()
        private_file.replace(self.path, data)
        self._content, self._bytes = content, data


def _derive(passphrase: Secret, content: _Content) -> AESGCM:
    cost = content.cost
    derivation = Argon2id(
        salt=content.salt, length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib
    )
    # One keyboard sends é as one character, another as two: both are the same passphrase.
    text = unicodedata.normalize("NFC", passphrase.reveal())
    return AESGCM(derivation.derive(text.encode("utf-8", "surrogatepass")))


def _label(purpose: bytes, about: bytes) -> bytes:
    return b"opsterm-vault/1/" + purpose + b"\0" + about


def _close(key: AESGCM, purpose: bytes, about: bytes, data: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + key.encrypt(nonce, data, _label(purpose, about))


def _open(key: AESGCM, purpose: bytes, about: bytes, box: bytes, path: Path) -> bytes:
    try:
        return key.decrypt(box[:_NONCE], box[_NONCE:], _label(purpose, about))
    except InvalidTag:
        _refuse(path, "It was changed by something that does not have the passphrase.")


def _pad(text: str) -> bytes:
    """Hide a secret's length: fill up to a multiple of 64 bytes."""
    data = text.encode("utf-8", "surrogatepass")
    framed = len(data).to_bytes(4, "big") + data
    return framed + bytes(-len(framed) % _PAD)


def _unpad(framed: bytes) -> str:
    return framed[4 : 4 + int.from_bytes(framed[:4], "big")].decode("utf-8", "surrogatepass")


def _spell(tree: object) -> bytes:
    return (json.dumps(tree, indent=1) + "\n").encode("ascii")


def _parse(data: bytes, path: Path) -> _Content:
    """Read the one spelling; anything else is refused before a key is derived from it."""
    try:
        tree = json.loads(data)
        version = tree["version"]
        if tree["format"] == FORMAT and isinstance(version, int) and version > VERSION:
            raise StorageError(
                f"The vault {path} was written by a newer opsterm (format {version}, this one knows {VERSION}).",
                next_step="Start the newer opsterm.",
            )
        kdf = tree["kdf"]
        content = _Content(
            cost=Cost(memory_kib=kdf["memory_kib"], passes=kdf["passes"], lanes=kdf["lanes"]),
            salt=bytes.fromhex(kdf["salt"]),
            check=bytes.fromhex(tree["check"]),
            boxes={(entry["service"], entry["account"]): bytes.fromhex(entry["box"]) for entry in tree["entries"]},
            seal=bytes.fromhex(tree["seal"]),
        )
        texts = all(isinstance(part, str) for name in content.boxes for part in name)
        sound = texts and content.cost.usable() and content.spell() == data
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        _refuse(path, "It is not what opsterm writes.")
    whole = {len(content.check), len(content.seal)} == {_NONCE + _TAG} and len(content.salt) == _SALT
    if not (sound and whole and all(len(box) >= _NONCE + _TAG for box in content.boxes.values())):
        _refuse(path, "It is not what opsterm writes.")
    return content


def _refuse(path: Path, why: str) -> NoReturn:
    raise StorageError(
        f"The vault {path} is damaged or was tampered with; nothing is read from it.",
        why=why,
        next_step="Bring the file back from a backup, or move it away and enter the credentials again.",
    )


def _no_vault(path: Path) -> VaultLocked:
    return VaultLocked(
        f"There is no vault yet: {path}",
        next_step="Choose its passphrase on the screen, or name a file that holds it in OPSTERM_VAULT_PASSPHRASE_FILE.",
    )
