"""The way to a model server: where it is, what goes along with each request, and how much may come back."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import httpx

from opsterm.adapters.certificate import trusting
from opsterm.core.errors import BadInput, BadSetting, ModelUnavailable
from opsterm.core.http_request import Origin, origin_of
from opsterm.core.model_settings import ModelSettings
from opsterm.core.secret import Secret
from opsterm.core.text import clean_line
from opsterm.runtime.offload import Run

USUAL_PORT = 11434
CONNECT_S, WRITE_S, POOL_S = 2.0, 10.0, 5.0
LONGEST_ANSWER = 256_000_000
"""Bytes of an answer that is no stream: a batch of vectors is a tenth of it."""

MOST_LINES = 8
"""Connections at the same time: one answer, a fetch, some looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlace:
    """Where a model server is.

    Attributes:
        shown: as the settings have it.
        url: what requests begin with, without a slash at its end.
        origin: whom they are for; None for a socket.
        socket: path of a Unix socket, "" for none.
    """

    shown: str
    url: str
    origin: Origin | None
    socket: str = ""

    @property
    def host(self) -> str:
        """The name that a certificate must have; "" for a socket."""
        return self.origin.host if self.origin else ""

    @property
    def private(self) -> bool:
        """Whether nobody on the way can read what is sent: TLS, or no way at all."""
        return self.origin is None or self.origin.secure


def place_of_model(text: str) -> ModelPlace:
    """Return the place that model.url names: a URL, HOST or HOST:PORT as Ollama's own tools take it, or unix:/PATH.

    Raises:
        BadSetting: it is none of these.
    """
    shown = clean_line(text.strip(), limit=200)
    if text.strip().startswith("unix:"):
        path = text.strip().removeprefix("unix:").removeprefix("//")
        if not path.startswith("/"):
            raise BadSetting("model.url names no socket.", next_step="Write it as in unix:/run/ollama.sock")
        return ModelPlace(shown=shown, url="http://localhost", origin=None, socket=path)
    url = text.strip().rstrip("/")
    if "://" not in url:
        host = url.partition("/")[0].rpartition("]")[2]
        url = f"http://{url}" if ":" in host or "/" in url else f"http://{url}:{USUAL_PORT}"
    try:
        origin = origin_of(url)
    except BadInput as error:
        raise BadSetting(
            f"model.url is not where a server is: {shown}", why=error.what,
            next_step="Write it as in http://127.0.0.1:11434, https://models.example.org, or unix:/run/ollama.sock",
        ) from None  # fmt: skip
    if url.endswith(("/v1", "/api")):
        raise BadSetting(
            f"model.url has one part too many: {shown}", next_step=f"Leave out {url[url.rindex('/') :]} at its end."
        )
    return ModelPlace(shown=shown, url=url, origin=origin)


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
