"""Where a token of OAuth 2.0 is fetched with the client's own secret (RFC 6749, 4.4), and how that is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass

from opsterm.core.errors import BadInput
from opsterm.core.secret import Secret

_MARK = "oauth2-client "
"""Begins a kept secret that is no token itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """What fetches a token.

    Attributes:
        token_url: of the token endpoint; https, or this machine.
        scope: scopes by blanks, "" for what the server gives by itself.
        client: "ID:SECRET".
    """

    token_url: str
    scope: str
    client: Secret


def as_secret(token_url: str, scope: str, client: Secret) -> Secret:
    """Return one secret that holds all of a client."""
    return client.prefixed(f"{_MARK}{json.dumps({'scope': scope, 'token_url': token_url}, ensure_ascii=True)}\n")


def client_of(text: str) -> OAuthClient | None:
    """Return the client that a kept secret's text holds; None when it is a token, key or password itself.

    Raises:
        BadInput: it begins like one and cannot be read, or is not ID:SECRET; the text is not told.
    """
    if not text.startswith(_MARK):
        return None
    head, _, client = text.removeprefix(_MARK).partition("\n")
    try:
        said = json.loads(head)
        token_url, scope = str(said["token_url"]), str(said["scope"])
    except (ValueError, KeyError, TypeError):
        token_url = scope = ""
    if not token_url or not all(client.partition(":")[::2]):
        raise BadInput(
            "The request was not sent: the kept client of OAuth cannot be used.",
            why="It should be CLIENT_ID:CLIENT_SECRET.", next_step="Keep it again: opsterm apis login",
        )  # fmt: skip
    return OAuthClient(token_url=token_url, scope=scope, client=Secret(client))
