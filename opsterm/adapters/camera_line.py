"""The line to a camera that speaks VAPIX: digest over HTTP, and answers as they are."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import TypeVar

import httpx

from opsterm.adapters.http_auth import auth_of
from opsterm.adapters.http_faults import STRANGE, as_fault
from opsterm.adapters.http_trust import TrustStore
from opsterm.core.camera_settings import CameraSettings
from opsterm.core.errors import AuthenticationFailed, NotFound, Refused, Unreachable
from opsterm.monitoring.cameras import CameraReplyError
from opsterm.monitoring.reach import HttpAsk
from opsterm.runtime.credentials import HTTP
from opsterm.runtime.ports import Credentials
from opsterm.runtime.ports_camera import CameraPlace
from opsterm.runtime.secret_places import place_of_url

JSON_LIMIT = 1_000_000
"""Bytes of an answer that are read at most."""

T = TypeVar("T")


class NoSuchInterface(NotFound):
    """The camera has no such address: an older system, or an application that is not started."""


class CameraLine:
    """Asks cameras; no proxy is used and no redirect followed.

    Args:
        settings: the `[cameras]` section.
        credentials: has the passwords.
        trust: says which certificates count.
    """

    def __init__(self, settings: CameraSettings, credentials: Credentials, trust: TrustStore) -> None:
        self.timeout_s = settings.timeout_s
        self._ca_file = settings.ca_file
        self._credentials = credentials
        self._trust = trust

    async def context(self) -> ssl.SSLContext:
        """Return what certificates of cameras are held against."""
        return await self._trust.context(self._ca_file)

    async def auth(self, camera: CameraPlace) -> httpx.Auth:
        """Return what proves who we are. Raises NotFound when no password is kept, VaultLocked."""
        ask = HttpAsk(url="", name=camera.name, auth="digest", account=camera.user)
        secret = await self._credentials.get(
            HTTP, ask.secret_account, place_of_url(origin_of_camera(camera), camera.name)
        )
        auth = auth_of(ask, secret)
        if auth is None:
            raise NotFound(
                f"There is no password of {HTTP} for {ask.secret_account}.",
                next_step=f"Keep it first: opsterm vault set {HTTP} {ask.secret_account}",
            )
        return auth

    def client(self, camera: CameraPlace, context: ssl.SSLContext) -> httpx.AsyncClient:
        """Return what sends requests to a camera, by no proxy."""
        return httpx.AsyncClient(
            base_url=origin_of_camera(camera), verify=context, trust_env=False, timeout=self.timeout_s,
            headers={"User-Agent": "opsterm", "Accept-Encoding": "identity"},
        )  # fmt: skip

    async def ask(self, camera: CameraPlace, path: str, body: str = "", *, limit: int = JSON_LIMIT) -> bytes:
        """Ask with digest, POST when there is a body, and return what an answer that is well holds."""
        auth, context = await self.auth(camera), await self.context()
        try:
            async with asyncio.timeout(self.timeout_s), self.client(camera, context) as client:
                request = client.build_request(
                    "POST" if body else "GET", path, content=body.encode() if body else None,
                    headers={"Content-Type": "application/json"} if body else None,
                )  # fmt: skip
                response = await client.send(request, stream=True, auth=auth)
                try:
                    require_answer(camera, response.status_code)
                    return await _limited(camera, response, limit)
                finally:
                    await response.aclose()
        except (*STRANGE, TimeoutError, OSError) as error:
            raise as_fault(error, camera.name, camera.host) from None


def origin_of_camera(camera: CameraPlace) -> str:
    """Return the beginning of the URLs of a camera, as in "https://10.0.0.7:443"."""
    host = f"[{camera.host}]" if ":" in camera.host else camera.host
    return f"{'https' if camera.tls else 'http'}://{host}:{camera.port}"


def require_answer(camera: CameraPlace, status: int) -> None:
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


def read_answer(camera: CameraPlace, read: Callable[[str], T], said: bytes | str) -> T:
    """Return what a reader makes of an answer. Raises Unreachable when it is none."""
    try:
        return read(said if isinstance(said, str) else said.decode("utf-8", "replace"))
    except CameraReplyError as error:
        raise Unreachable(f"{camera.name} did not answer as a camera does.", why=str(error)) from None
