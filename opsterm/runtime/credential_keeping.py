"""Use-cases of credentials: which are kept and for where; keeping, confirming and forgetting one. None is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opsterm.core.errors import BadInput, NotFound, VaultLocked
from opsterm.core.secret import Secret
from opsterm.core.text import clean_line
from opsterm.runtime.bound_credentials import BoundCredentials
from opsterm.runtime.credentials import SERVICES, Service, require_looked_up
from opsterm.runtime.events import SecretConfirmed
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.secret_places import SecretPlace

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSecret:
    """That a secret is kept, and for what.

    Attributes:
        service: its kind, the name of a `Service` or one that this version does not know.
        account: whose.
        what: what it is, "" for a kind that is not known.
    """

    service: str
    account: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Destined:
    """Where a secret goes.

    Attributes:
        kept_for: the places that were meant when it was kept; None when none were noted.
        now: the places that its account stands for now; () where they are not asked for.
        binds: whether it goes to no other place than `kept_for`.
    """

    kept_for: Sequence[SecretPlace] | None
    now: Sequence[SecretPlace]
    binds: bool

    @property
    def waits(self) -> bool:
        """Whether some place of now does not get it until it is confirmed."""
        return self.binds and not set(self.now) <= set(self.kept_for or ())


def places_words(places: Sequence[SecretPlace]) -> str:
    """Return places as words, the first few of many."""
    more = f" and {len(places) - _MOST_NAMED} more" if len(places) > _MOST_NAMED else ""
    return ", ".join(str(place) for place in places[:_MOST_NAMED]) + more


def destined_words(found: Destined | None, *, waiting: bool = True) -> str:
    """Return in words where a secret goes, "" where its account says it or the vault is locked.

    Args:
        found: what is known of it.
        waiting: whether to say too that it waits to be confirmed.
    """
    if found is None or not found.binds:
        return ""
    words = f"goes to {places_words(found.kept_for)}" if found.kept_for else "goes nowhere"
    return f"{words}; waits to be confirmed for {places_words(found.now)}" if waiting and found.waits else words


class CredentialKeeping:
    """What can be done with secrets, beside using them.

    Args:
        credentials: gives where they are.
        ledger: where it is told that one was confirmed for other places.
    """

    def __init__(self, credentials: Callable[[], BoundCredentials], ledger: Callable[[], Ledger]) -> None:
        self._credentials = credentials
        self._ledger = ledger

    def services(self) -> Sequence[Service]:
        """Return the kinds of secrets that are looked up."""
        return SERVICES

    async def list(self) -> Sequence[KeptSecret]:
        """Return what is kept, by service and account.

        Raises:
            StorageError: the keyring or the vault cannot be read, or is locked.
        """
        what = {service.name: service.what for service in SERVICES}
        names = await self._credentials().names()
        return [KeptSecret(service=s, account=a, what=what.get(s, "")) for s, a in sorted(names)]

    async def put(self, service: str, account: str, secret: Secret) -> None:
        """Keep a secret in place of the one before, for where its account stands now.

        Raises:
            BadInput: nobody would ever look it up, or it is empty or has more than one line.
            StorageError: it cannot be kept.
        """
        require_looked_up(service, account)
        if not secret:
            raise BadInput("Nothing was given.", next_step="Type the secret.")
        await self._credentials().put(service, account, secret)

    async def destined(self, service: str, account: str) -> Destined | None:
        """Return where a secret goes; None while the vault is locked. Raises NotFound, StorageError."""
        credentials = self._credentials()
        try:
            kept_for = await credentials.kept_for(service, account)
        except VaultLocked:
            return None
        binds = any(one.binds for one in SERVICES if one.name == service)
        return Destined(kept_for=kept_for, now=credentials.would_be_for(service, account), binds=binds)

    async def confirm(self, service: str, account: str, places: Sequence[SecretPlace]) -> None:
        """Keep a secret for these places from now on, and for no other.

        Args:
            service: its kind.
            account: whose.
            places: what the operator was shown, `Destined.now`.

        Raises:
            NotFound: none is kept under that name.
            BadInput: its account stands for other places by now.
            StorageError: it cannot be kept, or the vault is locked.
        """
        credentials = self._credentials()
        await credentials.kept_for(service, account)
        if not places or set(places) != set(credentials.would_be_for(service, account)):
            raise BadInput(
                f"{clean_line(account, limit=160)} stands for other places than were shown.",
                next_step="Look again: opsterm vault list",
            )
        await credentials.move(service, account, places)
        told = SecretConfirmed(service=service, account=account, places=tuple(str(place) for place in places))
        await self._ledger().record(self._ledger().fact(told))

    async def remove(self, service: str, account: str) -> None:
        """Forget a secret.

        Raises:
            NotFound: none is kept under that name.
            StorageError: it cannot be removed.
        """
        if (service, account) not in await self._credentials().names():
            raise NotFound(
                f"No secret of {clean_line(account, limit=160)} is kept for {clean_line(service, limit=80)}.",
                next_step="`opsterm vault list` shows what is kept.",
            )
        await self._credentials().remove(service, account)
