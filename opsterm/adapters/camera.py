"""Asks cameras over VAPIX: digest over HTTP, events over a WebSocket. The few requests below are all there are."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from opsterm.adapters.camera_line import CameraLine, NoSuchInterface, origin_of_camera, read_answer, require_answer
from opsterm.adapters.http_faults import STRANGE, as_fault
from opsterm.adapters.http_trust import TrustStore
from opsterm.core.camera_settings import CameraSettings
from opsterm.core.clock import Clock
from opsterm.core.errors import AuthenticationFailed, NotFound, TimedOut, Unreachable
from opsterm.core.text import clean_bytes, clean_line
from opsterm.monitoring.cameras import (
    CONFIGURATION_VERSION,
    MOTION_APPLICATIONS,
    CameraEvent,
    CameraInfo,
    MotionProfile,
    camera_event,
    camera_info,
    configuration_of,
    motion_profiles,
    read_reply,
    request_text,
    subscription_text,
)
from opsterm.runtime.offload import Run
from opsterm.runtime.ports import Credentials
from opsterm.runtime.ports_camera import CameraPlace

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
        self._line = CameraLine(settings, credentials, trust)

    async def info(self, camera: CameraPlace) -> CameraInfo:
        """See `CameraReader.info`."""
        return read_answer(camera, camera_info, await self._line.ask(camera, _INFO, request_text("getAllProperties")))

    async def motion(self, camera: CameraPlace) -> Sequence[MotionProfile]:
        """See `CameraReader.motion`."""
        found: list[MotionProfile] = []
        missing = 0
        for name in MOTION_APPLICATIONS:
            try:
                said = await self._line.ask(
                    camera,
                    f"/local/{name}/control.cgi",
                    request_text("getConfiguration", version=CONFIGURATION_VERSION),
                )
            except NoSuchInterface:
                missing += 1
            else:
                found += read_answer(camera, partial(motion_profiles, name), said)
        if missing == len(MOTION_APPLICATIONS):
            raise NotFound(
                f"{camera.name} has none of the applications that see motion, or none is started.",
                why=f"Looked for: {', '.join(MOTION_APPLICATIONS.values())}.",
                next_step="Start one on the camera's own page, under Apps.",
            )
        return found

    async def configuration(self, camera: CameraPlace, application: str) -> Mapping[str, object]:
        """See `CameraReader.configuration`."""
        said = await self._line.ask(
            camera, f"/local/{application}/control.cgi", request_text("getConfiguration", version=CONFIGURATION_VERSION)
        )
        return read_answer(camera, configuration_of, said)

    async def snapshot(self, camera: CameraPlace, *, resolution: str, view: int) -> bytes:
        """See `CameraReader.snapshot`."""
        path = f"{_PICTURE}?camera={view:d}" + (f"&resolution={resolution}" if resolution else "")
        said = await self._line.ask(camera, path, limit=PICTURE_LIMIT)
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

    # ----------------------------------------------------------------------------- events

    async def _open_stream(self, camera: CameraPlace) -> ClientConnection:
        auth, context = await self._line.auth(camera), await self._line.context()
        try:
            async with asyncio.timeout(self._line.timeout_s):
                proof = await self._proof(camera, auth, context)
                return await _StaysHere(
                    f"{origin_of_camera(camera).replace('http', 'ws', 1)}{_STREAM}", additional_headers=proof,
                    ssl=context if camera.tls else None, proxy=None, compression=None, user_agent_header="opsterm",
                    open_timeout=None, ping_interval=PING_EVERY_S, ping_timeout=PING_EVERY_S, max_size=MESSAGE_LIMIT,
                    close_timeout=1,
                )  # fmt: skip
        except InvalidStatus as error:
            require_answer(camera, error.response.status_code)
            raise Unreachable(f"{camera.name} opened no stream of events.") from None
        except InvalidHandshake as error:
            said = clean_line(str(error), limit=200)
            raise Unreachable(f"{camera.name} does not speak WebSocket as it should.", why=f"{said}.") from None
        except (*STRANGE, TimeoutError, OSError) as error:
            raise as_fault(error, camera.name, camera.host) from None

    async def _proof(self, camera: CameraPlace, auth: httpx.Auth, context: ssl.SSLContext) -> dict[str, str]:
        """Make the first request for its challenge, and return the header that answers it."""
        flow = auth.sync_auth_flow(httpx.Request("GET", f"{origin_of_camera(camera)}{_STREAM}"))
        next(flow)
        async with self._line.client(camera, context) as client:
            request = client.build_request("GET", _STREAM, headers=_HANDSHAKE)
            response = await client.send(request, stream=True)
            status = response.status_code
            await response.aclose()
        if status != 401:
            if status != 101:
                require_answer(camera, status)
            return {}  # it asks for no proof
        try:
            return {"Authorization": flow.send(response).headers["Authorization"]}
        except (StopIteration, KeyError):
            raise AuthenticationFailed(
                f"{camera.name} does not offer digest.", next_step="Allow digest on the camera: System, Accounts."
            ) from None

    async def _subscribe(self, camera: CameraPlace, stream: ClientConnection, topics: Sequence[str]) -> None:
        try:
            async with asyncio.timeout(self._line.timeout_s):
                await stream.send(subscription_text(topics))
                read_answer(camera, read_reply, await stream.recv())
        except ConnectionClosed as error:
            raise _cut(camera, error) from None
        except TimeoutError:
            raise TimedOut(f"{camera.name} did not say that it sends events.") from None


async def _told(camera: CameraPlace, stream: ClientConnection) -> AsyncIterator[CameraEvent]:
    try:
        async for message in stream:
            event = read_answer(camera, camera_event, message)
            if event is not None:
                yield event
    except ConnectionClosed as error:
        raise _cut(camera, error) from None


def _cut(camera: CameraPlace, error: ConnectionClosed) -> Unreachable:
    said = clean_line(str(error), limit=200)
    return Unreachable(f"The stream of events of {camera.name} was cut.", why=f"{said}.")
