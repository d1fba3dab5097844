"""What the use-cases of cameras need from the edge. One word of it changes a camera, for steps of approved plans."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
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

    async def configuration(self, camera: CameraPlace, application: str) -> Mapping[str, object]:
        """Return the whole configuration of an application as the camera says it; NotFound when it does not run.

        Args:
            camera: which.
            application: a key of `cameras.MOTION_APPLICATIONS`.
        """
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


class CameraWriter(Protocol):
    """Configures cameras; the steps of a plan do, and nothing else."""

    async def configure(self, camera: CameraPlace, application: str, configuration: Mapping[str, object]) -> None:
        """Set the whole configuration of an application. Raises as `CameraReader`; Unreachable when it says no."""
        ...
