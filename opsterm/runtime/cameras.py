"""Use-cases of cameras: what they are, how they see motion, a picture of now, and what they tell. All of it reads."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from opsterm.core.camera_settings import CameraSettings
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, OpstermError
from opsterm.inventory.target import Protocol, Target
from opsterm.monitoring.cameras import EVENT_TOPICS, CameraEvent, CameraInfo, MotionProfile, camera_rules
from opsterm.monitoring.sample import SeriesKey
from opsterm.monitoring.thresholds import Rule
from opsterm.policy.order import OrderTarget
from opsterm.policy.watch_order import WatchKind, watched_selector
from opsterm.runtime.edges import Files
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.monitoring import check_selector
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports_camera import CameraPlace, CameraReader
from opsterm.runtime.reach import TLS_PORTS, each

DEFAULT_USER = "root"
"""The account that cameras of this maker ship with."""

STANDS_EVERY_S = 60.0
"""Seconds between two measurements that say that a stream stands."""

_RESOLUTION = re.compile(r"[1-9][0-9]{1,4}x[1-9][0-9]{1,4}")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraAnswer:
    """What became of asking one camera: a failed one is data.

    Attributes:
        name: of the target.
        info, profiles, file: what was asked for; None where it was not, or where there is `fault`.
        size: bytes of the picture.
        fault: why there is no answer; None when there is.
    """

    name: str
    info: CameraInfo | None = None
    profiles: Sequence[MotionProfile] | None = None
    file: str | None = None
    size: int = 0
    fault: OpstermError | None = None


class Cameras:
    """Asks cameras that a selector chooses: targets with the protocol http."""

    def __init__(
        self, settings: CameraSettings, clock: Clock, inventory: Inventory, *, files: Files, offload: Offload,
        open_reader: Callable[[], Awaitable[CameraReader]],
    ) -> None:  # fmt: skip
        """Read the settings. Raises BadSetting."""
        if settings.events.strip():
            check_selector(settings.events, "cameras.events")
        self.selector = watched_selector(settings.events, WatchKind.CAMERA_ALERTS)
        self._clock = clock
        self._inventory = inventory
        self._files = files
        self._offload = offload
        self._open_reader = open_reader
        self._reader: CameraReader | None = None
        self.faults: dict[str, str] = {}

    def rules(self) -> Sequence[Rule]:
        """Return the rules that raise alerts from events."""
        return camera_rules(self.selector, explain=lambda key: self.faults.get(key.target, ""))

    def every_s(self, key: SeriesKey) -> float:
        """Return the seconds between two measurements of a stream, 0 for any other series."""
        return STANDS_EVERY_S if key.metric == "camera.events_up" else 0.0

    def watched(self) -> Sequence[CameraPlace]:
        """Return the cameras whose events become alerts. Costs no query."""
        rows = self._inventory.select(self.selector).rows
        return [place_of(row.target) for row in rows if row.target.protocol is Protocol.HTTP]

    async def reader(self) -> CameraReader:
        """Return what asks cameras, made when first needed."""
        if self._reader is None:
            self._reader = await self._open_reader()
        return self._reader

    async def info(self, selector: str) -> Sequence[CameraAnswer]:
        """Return what cameras say they are. Raises BadInput, NotFound."""

        async def one(reader: CameraReader, camera: CameraPlace) -> CameraAnswer:
            return CameraAnswer(name=camera.name, info=await reader.info(camera))

        return await self._each(selector, one)

    async def motion(self, selector: str) -> Sequence[CameraAnswer]:
        """Return how cameras look for motion. Raises BadInput, NotFound."""

        async def one(reader: CameraReader, camera: CameraPlace) -> CameraAnswer:
            return CameraAnswer(name=camera.name, profiles=await reader.motion(camera))

        return await self._each(selector, one)

    async def snapshot(self, selector: str, folder: Path, *, resolution: str, view: int) -> Sequence[CameraAnswer]:
        """Keep a picture of each camera in a folder, as NAME-TIME.jpg, readable by this account only.

        Raises:
            BadInput: the resolution is none.
            NotFound: nothing is chosen.
        """
        if resolution and not _RESOLUTION.fullmatch(resolution):
            raise BadInput(f"{resolution!r} is no resolution.", next_step="Write it as in 1280x720.")

        async def one(reader: CameraReader, camera: CameraPlace) -> CameraAnswer:
            picture = await reader.snapshot(camera, resolution=resolution, view=view)
            at = datetime.fromtimestamp(self._clock.now(), UTC).strftime("%Y%m%dT%H%M%SZ")
            file = folder / f"{camera.name.replace(':', '_')}-{at}.jpg"
            await self._offload.run("files", lambda: self._files.write_new(file, picture))
            return CameraAnswer(name=camera.name, file=str(file), size=len(picture))

        return await self._each(selector, one)

    async def events(self, name: str) -> AsyncIterator[CameraEvent]:
        """Tell what a camera tells, from now on. Raises as `CameraReader.events`, and BadInput."""
        camera = place_of(await self._inventory.get(name))
        async with (await self.reader()).events(camera, EVENT_TOPICS) as events:
            async for event in events:
                yield event

    async def _each(
        self, selector: str, one: Callable[[CameraReader, CameraPlace], Awaitable[CameraAnswer]]
    ) -> Sequence[CameraAnswer]:
        cameras = [place_of(row.target) for row in await self._inventory.resolve(selector)]
        reader = await self.reader()

        async def asked(camera: CameraPlace) -> CameraAnswer:
            try:
                return await one(reader, camera)
            except OpstermError as error:
                return CameraAnswer(name=camera.name, fault=error)

        return await each(cameras, asked)


def place_of(target: Target) -> CameraPlace:
    """Return how a target is reached as a camera. Raises BadInput."""
    if target.protocol is not Protocol.HTTP:
        raise BadInput(
            f"{target.name} is no camera: it is reached over {target.protocol}.",
            next_step=f"opsterm targets edit {target.name} --protocol http --os axis",
        )
    return _place(target.name, target.reach, target.port or 0, target.user)


def camera_of(target: OrderTarget) -> CameraPlace:
    """Return how a target of an order is reached as a camera."""
    return _place(target.name, target.address, target.port, target.user)


def _place(name: str, host: str, port: int, user: str) -> CameraPlace:
    port = port or 80
    return CameraPlace(name=name, host=host, port=port, tls=port in TLS_PORTS, user=user or DEFAULT_USER)
