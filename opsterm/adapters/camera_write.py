"""Configures cameras over VAPIX: the one request that changes one. It is sent for steps of approved plans alone."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.adapters.camera_line import CameraLine, read_answer
from opsterm.adapters.http_trust import TrustStore
from opsterm.core.camera_settings import CameraSettings
from opsterm.core.clock import Clock
from opsterm.monitoring.cameras import CONFIGURATION_VERSION, read_reply, request_text
from opsterm.runtime.offload import Run
from opsterm.runtime.ports import Credentials
from opsterm.runtime.ports_camera import CameraPlace


def open_camera_writer(settings: CameraSettings, credentials: Credentials, clock: Clock, run: Run) -> VapixWriter:
    """Return what configures cameras."""
    return VapixWriter(settings, credentials, TrustStore(clock, run))


class VapixWriter:
    """Implements `ports_camera.CameraWriter`."""

    def __init__(self, settings: CameraSettings, credentials: Credentials, trust: TrustStore) -> None:
        self._line = CameraLine(settings, credentials, trust)

    async def configure(self, camera: CameraPlace, application: str, configuration: Mapping[str, object]) -> None:
        """See `CameraWriter.configure`."""
        body = request_text("setConfiguration", configuration, version=CONFIGURATION_VERSION)
        read_answer(camera, read_reply, await self._line.ask(camera, f"/local/{application}/control.cgi", body))
