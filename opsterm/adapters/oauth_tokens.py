"""Tokens of OAuth 2.0: fetched by the client's secret, kept in memory until shortly before they end."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, Refused
from opsterm.core.http_request import HttpRequest, origin_of
from opsterm.core.oauth import OAuthClient
from opsterm.core.secret import Secret

EARLY_S = 30.0
"""A token is not used in its last seconds: the request is under way for a while."""
USUAL_S = 300.0
"""How long a token is used that does not say how long it holds."""
_ERROR = re.compile("[a-z_]{1,40}")
"""Of RFC 6749, 5.2: "invalid_client" and the like."""
LONGEST_TOKEN = 8_192
LONGEST_ANSWER = 65_536

Post = Callable[[HttpRequest, str], Awaitable[tuple[int, bytes]]]
"""Sends a request with this value as its Authorization; returns status and body."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: Secret
    until: float


class TokenCache:
    """Tokens by client. In memory only; whoever fetches one first lets the others wait for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: dict[str, _Token] = {}
        self._fetching = asyncio.Lock()

    async def get(self, client: OAuthClient, post: Post) -> Secret:
        """Return a token that holds for a while yet.

        Raises:
            Refused: the server gives none, or sends what is no token.
            BadInput: the token endpoint is no URL over TLS.
            Unreachable: it did not answer.
        """
        key = _key(client)
        async with self._fetching:
            known = self._tokens.get(key)
            if known is None or known.until <= self._clock.monotonic():
                known = self._tokens[key] = await self._fetch(client, post)
            return known.text

    def forget(self, client: OAuthClient) -> None:
        """Drop a token that its server did not take."""
        self._tokens.pop(_key(client), None)

    async def _fetch(self, client: OAuthClient, post: Post) -> _Token:
        if not origin_of(client.token_url).secure:
            raise BadInput("The token endpoint is asked over https only.", next_step="Keep the client again.")
        form = [("grant_type", "client_credentials"), *([("scope", client.scope)] if client.scope else [])]
        request = HttpRequest(
            method="POST", url=client.token_url,
            headers=(
                ("Authorization", "Basic"), ("Content-Type", "application/x-www-form-urlencoded"),
                ("Accept", "application/json"),
            ),
            body="&".join(f"{name}={quote_plus(value)}" for name, value in form),
        )  # fmt: skip
        begun = self._clock.monotonic()
        status, body = await post(request, _basic(client))
        text, holds_s = _read(client, status, body)
        return _Token(Secret(text), begun + max(0.0, holds_s - EARLY_S))


def _basic(client: OAuthClient) -> str:
    """Return the header by which a client says who it is (RFC 6749, 2.3.1: both halves as a form has them)."""
    name, _, secret = client.client.reveal().partition(":")
    return "Basic " + base64.b64encode(f"{quote_plus(name)}:{quote_plus(secret)}".encode()).decode("ascii")


def _key(client: OAuthClient) -> str:
    parts: Sequence[str] = (client.token_url, client.scope, client.client.reveal())
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _read(client: OAuthClient, status: int, body: bytes) -> tuple[str, float]:
    """Return token and seconds for which it holds (RFC 6749, 5.1). Raises Refused, with the error's word only."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    said = said if isinstance(said, dict) else {}
    token, kind, holds = said.get("access_token"), str(said.get("token_type", "")), said.get("expires_in")
    place = origin_of(client.token_url)
    if status != 200 or not isinstance(token, str):
        error = str(said.get("error", ""))
        word = error if _ERROR.fullmatch(error) else ""  # any other text might repeat the secret
        raise Refused(
            f"The request was not sent: {place} gave no token.",
            why=f"It answered {status}" + (f": {word}." if word else "."),
            next_step="See the client's id, secret and scopes; keep them again: opsterm apis login",
        )
    usable = token.isascii() and token.isprintable() and " " not in token and 0 < len(token) <= LONGEST_TOKEN
    if kind.lower() != "bearer" or not usable:
        raise Refused(
            f"The request was not sent: {place} gave a token that is not spoken here.",
            why="It is no bearer token." if kind.lower() != "bearer" else "It has signs that no header can have.",
        )
    holds_s = float(holds) if isinstance(holds, int | float) and 0 < holds < 1e9 else USUAL_S
    return token, holds_s
