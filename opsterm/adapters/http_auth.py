"""How a request proves who asks. A secret goes into one request; what came back is shown without it."""

from __future__ import annotations

import base64
from collections.abc import Generator
from dataclasses import replace
from urllib.parse import quote

import httpx

from opsterm.core.errors import BadInput
from opsterm.core.secret import Secret
from opsterm.monitoring.reach import HttpAsk, HttpReading

HIDDEN = "[secret]"
"""What stands for a secret that a server sent back."""

SHORTEST_HIDDEN = 4
"""Characters of a secret that is looked for: a shorter one is in every text."""


def auth_of(ask: HttpAsk, secret: Secret | None) -> httpx.Auth | None:
    """Return what signs a request, None for nothing.

    Raises:
        BadInput: the secret, or the user name, cannot be sent; the message holds neither.
    """
    if secret is None or not ask.auth:
        return None
    if not ask.account.isprintable() or ":" in ask.account:
        raise BadInput(f"The user name for {ask.name} has a colon or a control character in it.")
    if ask.auth in ("bearer", "header"):
        text = secret.reveal()
        if not (text.isascii() and text.isprintable()) or text != text.strip() or not text:
            raise _not_sendable(ask, "It is empty, or has a line break or another character that no header may have.")
        bearer = ask.auth == "bearer"
        return _HeaderAuth("Authorization" if bearer else ask.header, secret, bearer=bearer)
    kind = httpx.DigestAuth if ask.auth == "digest" else httpx.BasicAuth
    try:
        return kind(ask.account, secret.reveal())
    except UnicodeEncodeError:  # its text would show the secret
        raise _not_sendable(ask, "It is not text.") from None


def _not_sendable(ask: HttpAsk, why: str) -> BadInput:
    return BadInput(
        f"The secret kept for {ask.secret_account} cannot be sent.",
        why=why,
        next_step=f"Keep it anew: opsterm vault set opsterm:http {ask.secret_account}",
    )


class _HeaderAuth(httpx.Auth):
    """A token in the Authorization header (RFC 6750), or a key in a header of its own."""

    def __init__(self, name: str, secret: Secret, *, bearer: bool) -> None:
        self._name = name
        self._secret = secret
        self._before = "Bearer " if bearer else ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers[self._name] = f"{self._before}{self._secret.reveal()}"
        yield request


def without_secret(reading: HttpReading, ask: HttpAsk, secret: Secret | None) -> HttpReading:
    """Return what came back without the secret, should the server have sent it back: in the body or a redirect."""
    text = secret.reveal() if secret is not None else ""
    if len(text) < SHORTEST_HIDDEN:
        return reading
    signed = base64.b64encode(f"{ask.account}:{text}".encode("utf-8", "surrogatepass")).decode()
    forms = sorted({text, quote(text, safe=""), signed, quote(signed, safe="")}, key=len, reverse=True)

    def hide(said: str) -> str:
        for form in forms:
            said = said.replace(form, HIDDEN)
        return said

    body = reading.body
    for form in forms:
        body = body.replace(form.encode("utf-8", "surrogatepass"), HIDDEN.encode())
    return replace(reading, hops=tuple(map(hide, reading.hops)), reason=hide(reading.reason), body=body)
