"""What the use-cases of cameras need from the edge. Everything here reads; nothing changes a camera."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from opsterm.monitoring.cameras import CameraEvent, CameraInfo, MotionProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPlace:
    """A camera and how it is reached.

    Attributes:
        name: of the target: what its password is kept under, as USER@NAME.
        host: name or address.
        port: TCP port.
        tls: whether https is spoken.
        user: account on the camera.
    """

    name: str
    host: str
    port: int
    tls: bool
    user: str


class CameraReader(Protocol):
    """Asks cameras.

    Each raises NotFound (no password is kept, or the camera has no such interface), AuthenticationFailed, Unreachable,
    TimedOut or VaultLocked.
    """

    async def info(self, camera: CameraPlace) -> CameraInfo:
        """Return what it says it is."""
        ...

    async def motion(self, camera: CameraPlace) -> Sequence[MotionProfile]:
        """Return the profiles of the motion applications that it has; NotFound when it has none."""
        ...

    async def snapshot(self, camera: CameraPlace, *, resolution: str, view: int) -> bytes:
        """Return a picture, JPEG.

        Args:
            camera: which.
            resolution: as in "1280x720", "" for the camera's own.
            view: number of the view, 1 for the first.
        """
        ...

    def events(
        self, camera: CameraPlace, topics: Sequence[str]
    ) -> AbstractAsyncContextManager[AsyncIterator[CameraEvent]]:
        """Open a stream of events; it ends when the camera ends it, and raises as above when the line is cut."""
        ...
