"""Secrets that go to the places they were kept for, and to no other."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from opsterm.core.errors import Bug, NotFound, SecretNotSent
from opsterm.core.secret import Secret
from opsterm.core.text import clean_line
from opsterm.runtime.credentials import SERVICES
from opsterm.runtime.ports import SecretStore
from opsterm.runtime.secret_places import SecretPlace

PlacesFor = Callable[[str, str], Sequence[SecretPlace]]
"""Where a secret of a service and an account may be sent to as things are now."""

_MARK = "opsterm-bound:1:"
"""What a kept text begins with that says its places; the rest is JSON. Both are kept as one: nobody who can write to
the database or to a settings file moves a secret."""

_MOST_NAMED = 3
_BOUND = frozenset(service.name for service in SERVICES if service.binds)


class BoundCredentials:
    """Implements `ports.Credentials` on what keeps texts.

    Args:
        store: where the texts are.
        places_for: where a secret may be sent to as things are now; asked when it is kept or confirmed.
    """

    def __init__(self, store: SecretStore, places_for: PlacesFor) -> None:
        self._store = store
        self._places_for = places_for
        self.describe = store.describe
        self.state = store.state
        self.create = store.create
        self.unlock = store.unlock
        self.remove = store.remove

    async def get(self, service: str, account: str, at: SecretPlace) -> Secret | None:
        """Return a secret that is sent to a place, None when none is kept.

        Raises:
            SecretNotSent: it was kept for other places, or before they were noted.
            VaultLocked: it cannot be looked up.
        """
        kept = await self._store.get(service, account)
        if kept is None:
            return None
        places, secret = _opened(kept)
        if service in _BOUND and (places is None or at not in places):
            raise _not_sent(service, account, places, at)
        return secret

    async def unsent(self, service: str, account: str) -> Secret | None:
        """Return a secret that stays here: it opens a file, or is compared with what arrives. Raises VaultLocked."""
        kept = await self._store.get(service, account)
        return None if kept is None else _opened(kept)[1]

    async def names(self) -> Sequence[tuple[str, str]]:
        """Return (service, account) of what is kept; never the secrets."""
        return await self._store.names()

    async def put(self, service: str, account: str, secret: Secret) -> None:
        """Keep a secret for the places that its account stands for now."""
        places = self._places_for(service, account) if service in _BOUND else None
        await self._store.put(service, account, secret if places is None else _sealed(places, secret))

    async def kept_for(self, service: str, account: str) -> Sequence[SecretPlace] | None:
        """Return the places that a secret is kept for; None when they were not noted, or its account says them.

        Raises:
            NotFound: there is none.
            VaultLocked: it cannot be looked up.
        """
        kept = await self._store.get(service, account)
        if kept is None:
            raise NotFound(
                f"No secret of {clean_line(account, limit=160)} is kept for {clean_line(service, limit=80)}.",
                next_step="`opsterm vault list` shows what is kept.",
            )
        return _opened(kept)[0]

    def would_be_for(self, service: str, account: str) -> Sequence[SecretPlace]:
        """Return the places that it would be kept for now; () where its account says them."""
        return self._places_for(service, account) if service in _BOUND else ()

    async def move(self, service: str, account: str, places: Sequence[SecretPlace]) -> None:
        """Keep a secret for other places than before; the operator has said yes to them."""
        kept = await self._store.get(service, account)
        if kept is not None:
            await self._store.put(service, account, _sealed(places, _opened(kept)[1]))


def _sealed(places: Sequence[SecretPlace], secret: Secret) -> Secret:
    body = {"for": [[p.name, p.protocol, p.address, p.port] for p in places], "secret": secret.reveal()}
    return Secret(_MARK + json.dumps(body, ensure_ascii=True, separators=(",", ":")))


def _opened(kept: Secret) -> tuple[Sequence[SecretPlace] | None, Secret]:
    """Return the places and the secret of a kept text; None for places that were never noted."""
    text = kept.reveal()
    if not text.startswith(_MARK):
        return None, kept
    try:
        body = json.loads(text.removeprefix(_MARK))
        places = [SecretPlace(name=n, protocol=w, address=a, port=p) for n, w, a, p in body["for"]]
        return places, Secret(body["secret"])
    except (ValueError, LookupError, TypeError):  # it has been written by nobody but us
        raise Bug("what is kept with a secret cannot be read") from None


def _not_sent(service: str, account: str, places: Sequence[SecretPlace] | None, at: SecretPlace) -> SecretNotSent:
    shown = clean_line(account, limit=160)
    if places is None:
        why = "It was kept before opsterm noted where secrets may go."
    elif not places:
        why = "It was kept when there was no target that it was for."
    else:
        more = f" and {len(places) - _MOST_NAMED} more" if len(places) > _MOST_NAMED else ""
        why = f"It was kept for {', '.join(str(place) for place in places[:_MOST_NAMED])}{more}."
    return SecretNotSent(
        f"The secret of {shown} was not sent to {at}.",
        why=why,
        next_step="If that is where it belongs, say so: F2 and c on the screen, or "
        f"opsterm vault confirm {service} '{shown}'",
    )
