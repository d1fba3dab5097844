"""What carries out an order whose shell is "http": its text is a request, and the answer is the output."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from urllib.parse import quote, quote_plus

import h11

from opsterm.adapters.http_exchange import HttpLine, open_http_line
from opsterm.adapters.http_upload import Upload
from opsterm.adapters.oauth_tokens import LONGEST_ANSWER, TokenCache
from opsterm.core.errors import BadInput, NotFound, Refused, Unreachable
from opsterm.core.http_request import HttpRequest, filled, parse_request
from opsterm.core.oauth import OAuthClient, client_of
from opsterm.policy.order import AS_LOGGED_IN, HTTP, OrderTarget, RunAs
from opsterm.runtime.credentials import API
from opsterm.runtime.offload import Run
from opsterm.runtime.ports import Credentials, Ended
from opsterm.runtime.ports_apis import secret_account
from opsterm.runtime.ports_files import Contents
from opsterm.runtime.secret_places import place_of_url

BODY_LIMIT = 16_000_000
"""Bytes of an answer that are read; one that never ends is cut off here."""

_SHOWN = (
    b"content-type", b"content-length", b"content-encoding", b"location", b"etag", b"last-modified", b"retry-after",
    b"link", b"allow", b"www-authenticate", b"x-request-id", b"x-total-count", b"deprecation", b"sunset", b"warning",
)  # fmt: skip
"""Headers of an answer that are output; no cookie is among them."""

UNAUTHORIZED = 401
TOKEN_S = 20.0
"""Seconds for a token endpoint."""

_SHORTEST_SECRET = 6
"""Characters of a secret that is looked for in an answer; a shorter one would be found in any text."""


class HttpSession:
    """An open line to a server, for one request. See `ports.Session`."""

    def __init__(
        self,
        target: OrderTarget,
        line: HttpLine,
        credentials: Credentials | None,
        tokens: TokenCache,
        run: Run,
        contents: Contents | None = None,
    ) -> None:
        self._target = target
        self._line = line
        self._credentials = credentials
        self._tokens = tokens
        self._run = run
        self._contents = contents
        self._clients: list[OAuthClient] = []

    async def run(
        self, command: str, *, shell: str, how: RunAs = AS_LOGGED_IN, feed: AsyncIterator[bytes] | None = None
    ) -> AsyncGenerator[bytes | Ended, None]:
        """Send the request that `command` is; yield the answer. See `ports.Session.run`.

        The exit status is 0 for an answer of 200 to 299, else 1.

        Raises:
            BadInput: the text is no request, or a file that it sends is not the approved one.
            Refused: it is for another server than the target, or the server is not who it should be.
            NotFound: a secret that it wants is not kept.
            Unreachable: the line broke, or what came is no HTTP.
        """
        del how, feed  # a request says itself as whom
        request = self._checked(command, shell)
        secrets = await self._secrets(request)
        hidden = _Redaction(secrets)
        query = {name: quote(text, safe="") for name, text in secrets.items()}
        headers = {
            name: filled(value, _basic(secrets) if value.startswith("Basic ") else secrets)
            for name, value in request.headers
        }
        upload = await self._upload(request)
        if upload is not None:
            headers["Content-Type"] = upload.content_type
        status, read = 0, 0
        async with aclosing(self._line.exchange(request, query, headers, upload)) as pieces:
            async for piece in pieces:
                if isinstance(piece, h11.Response):
                    status = piece.status_code
                    for client in self._clients if status == UNAUTHORIZED else ():
                        self._tokens.forget(client)
                    yield hidden.all_of(_head(piece))
                    continue
                read += len(piece)
                shown = hidden.pass_on(piece[: max(0, BODY_LIMIT - read + len(piece))])
                if shown:
                    yield shown
                if read > BODY_LIMIT:
                    break
        rest = hidden.rest() + (b"\n(cut off: the answer is longer)\n" if read > BODY_LIMIT else b"")
        if rest:
            yield rest
        yield Ended(exit_status=0 if 200 <= status < 300 else 1)

    async def _upload(self, request: HttpRequest) -> Upload | None:
        """Return the body of a form with files, each of them looked at; None for any other request."""
        if not request.parts:
            return None
        if self._contents is None:
            raise BadInput("No contents are kept here, so no file can be sent.")
        upload = Upload(request, self._contents)
        await upload.require_approved()
        return upload

    def _checked(self, command: str, shell: str) -> HttpRequest:
        if shell != HTTP:
            raise Refused(f"{self._target.name} takes requests, not commands for {shell}.")
        request = parse_request(command)
        origin = request.origin
        if (origin.host, origin.port) != (self._target.address.lower().strip("[]"), self._target.port):
            raise Refused(
                f"The request was not sent: it is for {origin}, and {self._target.name} is another server.",
                next_step="Write it with opsterm apis call.",
            )
        return request

    async def _secrets(self, request: HttpRequest) -> dict[str, str]:
        found = {}
        for name in request.credentials:
            account = secret_account(name, request.origin)
            if not request.origin.secure:
                raise Refused("The request was not sent: it has a secret in it and would go over http.")
            place = place_of_url(str(request.origin), self._target.name)
            secret = await self._credentials.get(API, account, place) if self._credentials is not None else None
            if secret is None:
                raise NotFound(
                    f"The request was not sent: no secret {name} is kept for {request.origin}.",
                    next_step=f"Keep one: opsterm apis login {self._target.name} {name}",
                )
            text = secret.reveal()
            client = client_of(text)
            if client is not None:
                self._clients.append(client)
                text = (await self._tokens.get(client, self._post)).reveal()
            found[name] = text
        return found

    async def _post(self, request: HttpRequest, authorization: str) -> tuple[int, bytes]:
        """Ask a token endpoint, over a line of its own; see `oauth_tokens.Post`."""
        origin = request.origin
        line = await open_http_line(origin.host, origin.port, self._run)
        status, body = 0, b""
        try:
            async with asyncio.timeout(TOKEN_S), aclosing(
                line.exchange(request, {}, {"Authorization": authorization})
            ) as pieces:  # fmt: skip
                async for piece in pieces:
                    if isinstance(piece, h11.Response):
                        status = piece.status_code
                    elif len(body) < LONGEST_ANSWER:
                        body += piece
        except TimeoutError:
            raise Unreachable(f"The request was not sent: {origin} gave no token within {TOKEN_S:g} s.") from None
        finally:
            await line.close()
        return status, body

    async def close(self) -> None:
        """Close; safe to call twice."""
        await self._line.close()


async def open_session(
    target: OrderTarget,
    credentials: Credentials | None,
    run: Run,
    tokens: TokenCache,
    contents: Contents | None = None,
) -> HttpSession:
    """Connect to an API's server; nothing is sent yet. Raises Unreachable, Refused."""
    line = await open_http_line(target.address.strip("[]"), target.port, run)
    return HttpSession(target, line, credentials, tokens, run, contents)


def _head(response: h11.Response) -> bytes:
    """Return an answer's first lines as output: what it said, and the headers that an operator looks for."""
    lines = [b"HTTP %d %s" % (response.status_code, bytes(response.reason))]
    lines += [name.title() + b": " + value for name, value in response.headers if name in _SHOWN]
    return b"\n".join(line.strip() for line in lines) + b"\n\n"


def _basic(secrets: dict[str, str]) -> dict[str, str]:
    """Return secrets of the form "user:password" as RFC 7617 sends them."""
    return {name: base64.b64encode(text.encode()).decode("ascii") for name, text in secrets.items()}


def _written(text: str) -> list[str]:
    """Return how a server writes a text back: as it is, in a URL (of a link to the next page), and in JSON."""
    escaped = json.dumps(text)[1:-1]
    unescaped = json.dumps(text, ensure_ascii=False)[1:-1]
    in_json = [form.replace("/", slash) for form in (escaped, unescaped) for slash in ("/", "\\/")]
    return [text, quote(text, safe=""), quote(text), quote_plus(text), *in_json]


class _Redaction:
    """Takes secrets out of an answer that repeats them, wherever its pieces are cut."""

    def __init__(self, secrets: dict[str, str]) -> None:
        texts = [*secrets.values(), *_basic(secrets).values()]
        texts += [text.partition(":")[2] for text in secrets.values()]
        forms = [form for text in texts if len(text) >= _SHORTEST_SECRET for form in _written(text)]
        self._secrets: Sequence[bytes] = sorted({form.encode() for form in forms}, key=len, reverse=True)
        self._keep = max((len(one) for one in self._secrets), default=1) - 1
        self._held = b""

    def all_of(self, data: bytes) -> bytes:
        """Return a whole text without secrets."""
        for secret in self._secrets:
            data = data.replace(secret, b"[masked:credential]")
        return data

    def pass_on(self, piece: bytes) -> bytes:
        """Return what may be passed on; the last bytes wait, for a secret may begin in them."""
        data = self.all_of(self._held + piece)
        at = max(0, len(data) - self._keep) if self._keep else len(data)
        self._held = data[at:]
        return data[:at]

    def rest(self) -> bytes:
        """Return what waited."""
        held, self._held = self._held, b""
        return held
