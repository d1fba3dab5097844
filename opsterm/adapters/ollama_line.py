"""The way to a model server: what goes along with each request, and how much may come back."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx

from opsterm.adapters.certificate import trusting
from opsterm.adapters.model_place import ModelPlace
from opsterm.core.errors import BadSetting, ModelUnavailable
from opsterm.core.model_settings import ModelSettings
from opsterm.core.secret import Secret
from opsterm.core.text import clean_line
from opsterm.runtime.offload import Run

WRITE_S, POOL_S = 10.0, 5.0
LONGEST_ANSWER = 256_000_000
"""Bytes of an answer that is no stream: a batch of vectors is a tenth of it."""

MOST_LINES = 8
"""Connections at the same time: one answer, a fetch, some looks."""


Token = Callable[[], Awaitable[Secret | None]]


class ModelTransport(httpx.AsyncBaseTransport):
    """Sends requests of both clients: with our token and no other, uncompressed, and reads only so much.

    The library of the official client puts a key of the environment into every request, whatever host it is for.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, token: Token) -> None:
        self._inner = inner
        self._token = token

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the answer, whose body is still to come."""
        request.headers.pop("authorization", None)
        request.headers["accept-encoding"] = "identity"
        token = await self._token()
        if token is not None:
            request.headers["authorization"] = f"Bearer {token.reveal()}"
        response = await self._inner.handle_async_request(request)
        if "ndjson" not in response.headers.get("content-type", "") and isinstance(
            response.stream, httpx.AsyncByteStream
        ):
            response.stream = _Limited(response.stream)
        return response

    async def aclose(self) -> None:
        """Cut every connection."""
        await self._inner.aclose()


class _Limited(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for piece in self._inner:
            read += len(piece)
            if read > LONGEST_ANSWER:
                raise ModelUnavailable(f"The model server sent more than {LONGEST_ANSWER:,} bytes.")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()


async def open_transport(place: ModelPlace, settings: ModelSettings, token: Token, run: Run) -> ModelTransport:
    """Return the way to a server; nothing is connected yet. Raises BadSetting."""
    secure = place.origin is not None and place.origin.scheme == "https"
    try:
        context = await run(lambda: trusting(settings.ca_file)) if secure else False
        inner = httpx.AsyncHTTPTransport(
            verify=context, trust_env=False, uds=place.socket or None, proxy=settings.proxy or None,
            limits=httpx.Limits(max_connections=MOST_LINES, max_keepalive_connections=2, keepalive_expiry=30.0),
        )  # fmt: skip
    except (OSError, ssl.SSLError) as error:
        raise BadSetting(f"model.ca_file cannot be used: {clean_line(str(error), limit=200)}.") from None
    except (ValueError, httpx.InvalidURL) as error:
        raise BadSetting(
            f"model.proxy cannot be used: {clean_line(str(error), limit=200)}.", next_step="As in http://proxy:3128"
        ) from None
    return ModelTransport(inner, token)
