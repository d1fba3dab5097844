"""Where a model server is, and whether anybody is there: asked without the HTTP library, which takes 18 MB."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from opsterm.adapters.lookup import why_not
from opsterm.core.errors import BadInput, BadSetting, ModelUnavailable
from opsterm.core.http_request import Origin, origin_of
from opsterm.core.text import clean_line

USUAL_PORT = 11434
CONNECT_S = 2.0
NEXT_STEP = "See whether Ollama runs there, and model.url. Everything but free text works without."


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


def server_name(shown: str) -> str:
    """Return how messages name the server that model.url shows."""
    return f"The model server at {shown}"


async def knock(place: ModelPlace) -> None:
    """See whether anybody takes a connection; nothing is sent. Raises ModelUnavailable."""
    name = server_name(place.shown)
    try:
        async with asyncio.timeout(CONNECT_S):
            if place.origin is None:
                _, writer = await asyncio.open_unix_connection(place.socket)
            else:
                _, writer = await asyncio.open_connection(place.origin.host, place.origin.port)
            writer.close()
            await writer.wait_closed()
    except TimeoutError:
        why = "It took no connection in time."
        raise ModelUnavailable(f"{name} did not answer.", why=why, next_step=NEXT_STEP) from None
    except OSError as error:
        raise ModelUnavailable(why_not(error, name), next_step=NEXT_STEP) from error
