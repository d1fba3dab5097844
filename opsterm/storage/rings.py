"""The places where credentials can be, behind one shape: the vault, the desktop keyring, this session's memory.

Everything here may block and is called in a thread. keyring's own search for a backend is never used: a package
that somebody installs on the host could otherwise put credentials into a plain file.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import keyring.backend
import keyring.errors

from opsterm.core.errors import OpstermError, StorageError, VaultLocked
from opsterm.core.secret import Secret
from opsterm.core.text import clean_line
from opsterm.storage import private_file
from opsterm.storage.vault import Name, State

DBUS_TIMEOUT_S = 5.0
PROMPT_TIMEOUT_S = 60.0
SERVICE_PREFIX = "opsterm:"
"""Stands before our service names in the desktop keyring, which other programs share."""


class SecretRing(Protocol):
    """One place for credentials; `Vault` is one. Errors are core's."""

    def state(self) -> State:
        """Return whether secrets can be read now."""
        ...

    def names(self) -> Sequence[Name]:
        """Return service and account of every secret, sorted."""
        ...

    def create(self, passphrase: Secret) -> None:
        """Make it ready for its first secret."""
        ...

    def unlock(self, passphrase: Secret) -> None:
        """Open it for this process."""
        ...

    def get(self, service: str, account: str) -> Secret | None:
        """Return a secret, None when there is none."""
        ...

    def put(self, service: str, account: str, secret: Secret) -> None:
        """Keep a secret."""
        ...

    def remove(self, service: str, account: str) -> None:
        """Forget a secret; harmless when there is none."""
        ...


class MemoryRing:
    """Secrets of this process only; gone when it ends."""

    def __init__(self) -> None:
        self._secrets: dict[Name, Secret] = {}

    def state(self) -> State:
        """Return "open": memory has no lock."""
        return "open"

    def names(self) -> Sequence[Name]:
        """Return service and account of every secret, sorted."""
        return sorted(self._secrets)

    def create(self, passphrase: Secret) -> None:
        """Do nothing: there is nothing to make."""

    def unlock(self, passphrase: Secret) -> None:
        """Do nothing: there is nothing to open."""

    def get(self, service: str, account: str) -> Secret | None:
        """Return a secret, None when there is none."""
        return self._secrets.get((service, account))

    def put(self, service: str, account: str, secret: Secret) -> None:
        """Keep a secret until the process ends."""
        self._secrets[service, account] = secret

    def remove(self, service: str, account: str) -> None:
        """Forget a secret; harmless when there is none."""
        self._secrets.pop((service, account), None)


class NameIndex:
    """Names, never secrets, of what we keep in the desktop keyring: it has no portable way to list them.

    The file also says, when no desktop answers, that there is one that holds our credentials.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[Name]:
        """Return service and account, sorted; empty when there is no file.

        Raises:
            StorageError: the file cannot be read.
        """
        data = private_file.read(self._path)
        if data is None:
            return []
        try:
            return sorted((str(service), str(account)) for service, account in json.loads(data)["desktop"])
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"{self._path} is damaged: it lists which credentials are in the desktop keyring.",
                next_step="Move it away; the credentials themselves are not in it.",
            ) from error

    def note(self, name: Name, *, kept: bool) -> None:
        """Add or take out one name."""
        with private_file.locked(self._path):
            names = set(self.names())
            if (name in names) != kept:
                names = names | {name} if kept else names - {name}
                private_file.replace(self._path, json.dumps({"desktop": sorted(names)}, indent=1).encode())


class Desktop(Protocol):
    """A desktop keyring that may or may not answer."""

    title: str

    def fault(self) -> str:
        """Return "" when it answers and is unlocked, else why not. Never makes the desktop ask anything."""
        ...

    def ring(self) -> keyring.backend.KeyringBackend:
        """Return the backend of the keyring library for it."""
        ...

    def ask(self) -> None:
        """Have the desktop ask its user to unlock it, for up to PROMPT_TIMEOUT_S."""
        ...


class SecretService:
    """GNOME Keyring, KeePassXC, KWallet since 5.97: whatever answers org.freedesktop.secrets on the session bus."""

    title = "the desktop keyring (Secret Service)"

    def fault(self) -> str:
        """Return "" when its default collection is unlocked, else why not."""
        import secretstorage  # noqa: PLC0415 (20 ms, only where there is a session bus)

        try:
            with _session_bus() as bus:
                if not secretstorage.check_service_availability(bus):
                    return "nothing on the session bus offers the Secret Service"
                collection = secretstorage.get_collection_by_alias(bus, "default")
                return "it is locked" if collection.is_locked() else ""
        except secretstorage.ItemNotFoundException:
            return "it has no default keyring yet"
        except Exception as error:  # noqa: BLE001 (D-Bus libraries raise anything; each means: it does not answer)
            return f"it does not answer: {_first_line(error)}"

    def ring(self) -> keyring.backend.KeyringBackend:
        """Return keyring's backend for it."""
        from keyring.backends.SecretService import Keyring  # noqa: PLC0415 (imports secretstorage)

        backend = Keyring()  # type: ignore[no-untyped-call]  # keyring's own constructors have no types
        backend.appid = "opsterm"
        return backend

    def ask(self) -> None:
        """Have the desktop show its own prompt."""
        import secretstorage  # noqa: PLC0415 (as above)

        with _session_bus() as bus:
            secretstorage.get_collection_by_alias(bus, "default").unlock(timeout=PROMPT_TIMEOUT_S)


class KWallet:
    """KDE's older wallet, where python-dbus is there to reach it."""

    title = "the desktop keyring (KWallet)"

    def fault(self) -> str:
        """Return "" when it runs; whether it is locked shows when it is used."""
        from keyring.backends import kwallet  # noqa: PLC0415 (imports dbus where it is there)

        try:
            float(kwallet.DBusKeyring.priority)
        except Exception as error:  # noqa: BLE001 (as for the Secret Service)
            return _first_line(error)
        return ""

    def ring(self) -> keyring.backend.KeyringBackend:
        """Return keyring's backend for it."""
        from keyring.backends import kwallet  # noqa: PLC0415 (as above)

        return kwallet.DBusKeyring()  # type: ignore[no-untyped-call]  # as above

    def ask(self) -> None:
        """Do nothing: KWallet asks by itself when it is used."""


class DesktopRing:
    """Credentials in a desktop keyring."""

    def __init__(self, desktop: Desktop, index: NameIndex) -> None:
        self._desktop = desktop
        self._index = index
        self._backend = desktop.ring()

    def state(self) -> State:
        """Return "open" or "locked"; asks nobody."""
        return "locked" if self._desktop.fault() else "open"

    def names(self) -> Sequence[Name]:
        """Return service and account of what we put there."""
        return self._index.names()

    def create(self, passphrase: Secret) -> None:
        """Refuse: a desktop keyring is made by the desktop.

        Raises:
            VaultLocked: it is not open.
        """
        self._require_open()

    def unlock(self, passphrase: Secret) -> None:
        """Let the desktop ask for its passphrase; ours is not passed on.

        Raises:
            VaultLocked: it stayed locked.
        """
        if self._desktop.fault():
            with _desktop_errors(self._desktop):
                self._desktop.ask()
            self._require_open()

    def get(self, service: str, account: str) -> Secret | None:
        """Return a secret, None when there is none.

        Raises:
            VaultLocked: the keyring is locked or does not answer.
        """
        self._require_open()
        with _desktop_errors(self._desktop):
            text = self._backend.get_password(SERVICE_PREFIX + service, account)
        return None if text is None else Secret(text)

    def put(self, service: str, account: str, secret: Secret) -> None:
        """Keep a secret. The name is noted first: a name without a secret does no harm, the reverse hides one."""
        self._require_open()
        self._index.note((service, account), kept=True)
        with _desktop_errors(self._desktop):
            self._backend.set_password(SERVICE_PREFIX + service, account, secret.reveal())

    def remove(self, service: str, account: str) -> None:
        """Forget a secret; harmless when there is none."""
        self._require_open()
        with _desktop_errors(self._desktop):
            if self._backend.get_password(SERVICE_PREFIX + service, account) is not None:
                self._backend.delete_password(SERVICE_PREFIX + service, account)
        self._index.note((service, account), kept=False)

    def _require_open(self) -> None:
        fault = self._desktop.fault()
        if fault:
            raise _closed(self._desktop, fault)


class RingBackend(keyring.backend.KeyringBackend):
    """One of our rings as a backend of the keyring library, for whatever in this process asks that library."""

    priority = 0.0

    def __init__(self, ring: SecretRing) -> None:
        self._ring = ring  # super() would only read variables, see below

    def set_properties_from_env(self) -> None:
        """Take nothing from KEYRING_PROPERTY_* variables: they could put another ring in place of ours."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return a password, None when there is none."""
        with _keyring_errors():
            secret = self._ring.get(service, username)
        return secret.reveal() if secret is not None else None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a password."""
        with _keyring_errors():
            self._ring.put(service, username, Secret(password))

    def delete_password(self, service: str, username: str) -> None:
        """Forget a password; keyring wants an error when there is none."""
        with _keyring_errors():
            if self._ring.get(service, username) is None:
                raise keyring.errors.PasswordDeleteError("There is no such password.")
            self._ring.remove(service, username)


@contextmanager
def _session_bus() -> Iterator[Any]:
    """Connect to the session bus so that no call on it can hang."""
    import secretstorage  # noqa: PLC0415 (as above)

    bus = secretstorage.dbus_init()
    try:
        # secretstorage passes no time-out on; a service that is stuck would keep our thread for good.
        bus.send_and_get_reply = functools.partial(bus.send_and_get_reply, timeout=DBUS_TIMEOUT_S)
        yield bus
    finally:
        bus.close()


@contextmanager
def _keyring_errors() -> Iterator[None]:
    try:
        yield
    except VaultLocked as error:
        raise keyring.errors.KeyringLocked(error.what) from None
    except OpstermError as error:
        raise keyring.errors.KeyringError(error.what) from None


@contextmanager
def _desktop_errors(desktop: Desktop) -> Iterator[None]:
    """Turn what the D-Bus libraries raise into a sentence; `from None`, as their frames may hold the secret."""
    try:
        yield
    except keyring.errors.KeyringLocked:
        raise _closed(desktop, "it is locked") from None
    except OpstermError:
        raise
    except Exception as error:  # noqa: BLE001 (D-Bus libraries raise anything)
        raise _closed(desktop, _first_line(error)) from None


def _closed(desktop: Desktop, fault: str) -> VaultLocked:
    title = desktop.title
    return VaultLocked(
        f"{title[0].upper()}{title[1:]} cannot be used: {fault}.",
        next_step='Unlock it on the desktop, or set keyring = "vault" under [storage] to use opsterm\'s own vault.',
    )


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return clean_line(text.splitlines()[0], limit=200).rstrip(".")
