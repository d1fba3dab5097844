"""Asks cameras over VAPIX: digest over HTTP, events over a WebSocket. The few requests below are all there are."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from opsterm.adapters.http_auth import auth_of
from opsterm.adapters.http_faults import STRANGE, as_fault
from opsterm.adapters.http_trust import TrustStore
from opsterm.core.camera_settings import CameraSettings
from opsterm.core.clock import Clock
from opsterm.core.errors import AuthenticationFailed, NotFound, Refused, TimedOut, Unreachable
from opsterm.core.text import clean_bytes, clean_line
from opsterm.monitoring.cameras import (
    MOTION_APPLICATIONS,
    CameraEvent,
    CameraInfo,
    CameraReplyError,
    MotionProfile,
    camera_event,
    camera_info,
    motion_profiles,
    read_reply,
    request_text,
    subscription_text,
)
from opsterm.monitoring.reach import HttpAsk
from opsterm.runtime.credentials import HTTP
from opsterm.runtime.offload import Run
from opsterm.runtime.ports import Credentials
from opsterm.runtime.ports_camera import CameraPlace
from opsterm.runtime.secret_places import place_of_url

JSON_LIMIT = 1_000_000
PICTURE_LIMIT = 30_000_000
MESSAGE_LIMIT = 262_144
"""Bytes that are read at most."""

PING_EVERY_S = 20.0
"""A stream whose camera answers no ping within this time is cut."""

_INFO = "/axis-cgi/basicdeviceinfo.cgi"
_PICTURE = "/axis-cgi/jpg/image.cgi"
_STREAM = "/vapix/ws-data-stream?sources=events"
_HANDSHAKE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "b3BzdGVybSBsb29rcyBhdA==",
}  # fmt: skip
"""Of the request that is only made for its challenge."""

T = TypeVar("T")


def open_cameras(settings: CameraSettings, credentials: Credentials, clock: Clock, run: Run) -> VapixReader:
    """Return what asks cameras."""
    return VapixReader(settings, credentials, TrustStore(clock, run))


class _StaysHere(connect):
    """A connection that follows no redirect: the header that proves who we are is for this camera."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class VapixReader:
    """Implements `ports_camera.CameraReader`; no proxy is used and no redirect followed."""

    def __init__(self, settings: CameraSettings, credentials: Credentials, trust: TrustStore) -> None:
        self._settings = settings
        self._credentials = credentials
        self._trust = trust

    async def info(self, camera: CameraPlace) -> CameraInfo:
        """See `CameraReader.info`."""
        return _read(camera, camera_info, await self._ask(camera, _INFO, request_text("getAllProperties")))

    async def motion(self, camera: CameraPlace) -> Sequence[MotionProfile]:
        """See `CameraReader.motion`."""
        found: list[MotionProfile] = []
        missing = 0
        for name in MOTION_APPLICATIONS:
            try:
                said = await self._ask(
                    camera, f"/local/{name}/control.cgi", request_text("getConfiguration", version="1.2")
                )
            except NoSuchInterface:
                missing += 1
            else:
                found += _read(camera, partial(motion_profiles, name), said)
        if missing == len(MOTION_APPLICATIONS):
            raise NotFound(
                f"{camera.name} has none of the applications that see motion, or none is started.",
                why=f"Looked for: {', '.join(MOTION_APPLICATIONS.values())}.",
                next_step="Start one on the camera's own page, under Apps.",
            )
        return found

    async def snapshot(self, camera: CameraPlace, *, resolution: str, view: int) -> bytes:
        """See `CameraReader.snapshot`."""
        path = f"{_PICTURE}?camera={view:d}" + (f"&resolution={resolution}" if resolution else "")
        said = await self._ask(camera, path, limit=PICTURE_LIMIT)
        if not said.startswith(b"\xff\xd8"):
            raise Unreachable(
                f"{camera.name} sent no JPEG picture.", why=f"It said: {clean_line(clean_bytes(said[:200]))}",
                next_step="See whether the view and the resolution are among those it offers.",
            )  # fmt: skip
        return said

    @asynccontextmanager
    async def events(
        self, camera: CameraPlace, topics: Sequence[str]
    ) -> AsyncGenerator[AsyncIterator[CameraEvent], None]:
        """See `CameraReader.events`."""
        stream = await self._open_stream(camera)
        try:
            await self._subscribe(camera, stream, topics)
            yield _told(camera, stream)
        finally:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with asyncio.timeout(2):
                    await stream.close()

    # --------------------------------------------------------------------------- requests

    async def _auth(self, camera: CameraPlace) -> httpx.Auth:
        ask = HttpAsk(url="", name=camera.name, auth="digest", account=camera.user)
        secret = await self._credentials.get(HTTP, ask.secret_account, place_of_url(_origin(camera), camera.name))
        auth = auth_of(ask, secret)
        if auth is None:
            raise NotFound(
                f"There is no password of {HTTP} for {ask.secret_account}.",
                next_step=f"Keep it first: opsterm vault set {HTTP} {ask.secret_account}",
            )
        return auth

    def _client(self, camera: CameraPlace, context: ssl.SSLContext) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=_origin(camera), verify=context, trust_env=False, timeout=self._settings.timeout_s,
            headers={"User-Agent": "opsterm", "Accept-Encoding": "identity"},
        )  # fmt: skip

    async def _ask(self, camera: CameraPlace, path: str, body: str = "", *, limit: int = JSON_LIMIT) -> bytes:
        """Ask with digest, POST when there is a body, and return what an answer that is well holds."""
        auth, context = await self._auth(camera), await self._trust.context(self._settings.ca_file)
        try:
            async with asyncio.timeout(self._settings.timeout_s), self._client(camera, context) as client:
                request = client.build_request(
                    "POST" if body else "GET", path, content=body.encode() if body else None,
                    headers={"Content-Type": "application/json"} if body else None,
                )  # fmt: skip
                response = await client.send(request, stream=True, auth=auth)
                try:
                    _check(camera, response.status_code)
                    return await _limited(camera, response, limit)
                finally:
                    await response.aclose()
        except (*STRANGE, TimeoutError, OSError) as error:
            raise as_fault(error, camera.name, camera.host) from None

    # ----------------------------------------------------------------------------- events

    async def _open_stream(self, camera: CameraPlace) -> ClientConnection:
        auth, context = await self._auth(camera), await self._trust.context(self._settings.ca_file)
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                proof = await self._proof(camera, auth, context)
                return await _StaysHere(
                    f"{_origin(camera).replace('http', 'ws', 1)}{_STREAM}", additional_headers=proof,
                    ssl=context if camera.tls else None, proxy=None, compression=None, user_agent_header="opsterm",
                    open_timeout=None, ping_interval=PING_EVERY_S, ping_timeout=PING_EVERY_S, max_size=MESSAGE_LIMIT,
                    close_timeout=1,
                )  # fmt: skip
        except InvalidStatus as error:
            _check(camera, error.response.status_code)
            raise Unreachable(f"{camera.name} opened no stream of events.") from None
        except InvalidHandshake as error:
            said = clean_line(str(error), limit=200)
            raise Unreachable(f"{camera.name} does not speak WebSocket as it should.", why=f"{said}.") from None
        except (*STRANGE, TimeoutError, OSError) as error:
            raise as_fault(error, camera.name, camera.host) from None

    async def _proof(self, camera: CameraPlace, auth: httpx.Auth, context: ssl.SSLContext) -> dict[str, str]:
        """Make the first request for its challenge, and return the header that answers it."""
        flow = auth.sync_auth_flow(httpx.Request("GET", f"{_origin(camera)}{_STREAM}"))
        next(flow)
        async with self._client(camera, context) as client:
            request = client.build_request("GET", _STREAM, headers=_HANDSHAKE)
            response = await client.send(request, stream=True)
            status = response.status_code
            await response.aclose()
        if status != 401:
            if status != 101:
                _check(camera, status)
            return {}  # it asks for no proof
        try:
            return {"Authorization": flow.send(response).headers["Authorization"]}
        except (StopIteration, KeyError):
            raise AuthenticationFailed(
                f"{camera.name} does not offer digest.", next_step="Allow digest on the camera: System, Accounts."
            ) from None

    async def _subscribe(self, camera: CameraPlace, stream: ClientConnection, topics: Sequence[str]) -> None:
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await stream.send(subscription_text(topics))
                _read(camera, read_reply, await stream.recv())
        except ConnectionClosed as error:
            raise _cut(camera, error) from None
        except TimeoutError:
            raise TimedOut(f"{camera.name} did not say that it sends events.") from None


class NoSuchInterface(NotFound):
    """The camera has no such address: an older system, or an application that is not started."""


async def _told(camera: CameraPlace, stream: ClientConnection) -> AsyncIterator[CameraEvent]:
    try:
        async for message in stream:
            event = _read(camera, camera_event, message)
            if event is not None:
                yield event
    except ConnectionClosed as error:
        raise _cut(camera, error) from None


def _cut(camera: CameraPlace, error: ConnectionClosed) -> Unreachable:
    said = clean_line(str(error), limit=200)
    return Unreachable(f"The stream of events of {camera.name} was cut.", why=f"{said}.")


def _origin(camera: CameraPlace) -> str:
    host = f"[{camera.host}]" if ":" in camera.host else camera.host
    return f"{'https' if camera.tls else 'http'}://{host}:{camera.port}"


def _check(camera: CameraPlace, status: int) -> None:
    """Look whether an answer is one. Raises OpstermError."""
    if status == 401:
        raise AuthenticationFailed(
            f"{camera.name} did not let {camera.user} in.", why="The password is wrong, or it does not offer digest.",
            next_step=f"Keep the right one: opsterm vault set {HTTP} {camera.user}@{camera.name}",
        )  # fmt: skip
    if status == 403:
        raise Refused(
            f"{camera.name} does not allow this to {camera.user}.", next_step="Its account needs more rights."
        )
    if status == 404:
        raise NoSuchInterface(
            f"{camera.name} has no such interface.", why="It is no Axis device, or its system is too old for it.",
            next_step="See its address and port, and whether its AXIS OS is up to date.",
        )  # fmt: skip
    if status != 200:
        raise Unreachable(f"{camera.name} answered {status}.", next_step="See the camera's own log.")


async def _limited(camera: CameraPlace, response: httpx.Response, limit: int) -> bytes:
    said = bytearray()
    async for piece in response.aiter_raw():
        said += piece
        if len(said) > limit:
            raise Unreachable(f"{camera.name} sent more than {limit:,} bytes.")
    return bytes(said)


def _read(camera: CameraPlace, read: Callable[[str], T], said: bytes | str) -> T:
    try:
        return read(said if isinstance(said, str) else said.decode("utf-8", "replace"))
    except CameraReplyError as error:
        raise Unreachable(f"{camera.name} did not answer as a camera does.", why=str(error)) from None
