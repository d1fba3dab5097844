"""The worker that listens to cameras: their motion and faults become measurements, and so alerts. Under the lease."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from opsterm.core.clock import Clock
from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.monitoring.cameras import EVENT_TOPICS, event_sample
from opsterm.monitoring.item_limit import ItemLimit
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.policy.mask import mask
from opsterm.runtime.cameras import STANDS_EVERY_S, Cameras
from opsterm.runtime.monitoring import Monitoring
from opsterm.runtime.ports_camera import CameraPlace
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.supervisor import Heart
from opsterm.runtime.workers import Worker

ROUND_S = 0.5
"""How often what was told is handed over."""
CHOSEN_EVERY_S = 10.0
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0
"""A stream that was cut is opened again after 5, 10, 20 … s."""

WAITING_AT_MOST = 5_000
"""Measurements that wait to be handed over; a camera that tells more than that in a round is not believed."""

ITEMS = 200
"""Sources of motion, and of faults, that one camera may name."""

log = logging.getLogger("opsterm.cameras")


class CameraWorker:
    """Keeps one stream to each camera that the setting cameras.events, or a plan, chooses."""

    def __init__(self, cameras: Cameras, clock: Clock, monitoring: Monitoring) -> None:
        self._cameras = cameras
        self._clock = clock
        self._monitoring = monitoring
        self._listening: dict[str, tuple[CameraPlace, asyncio.Task[None]]] = {}
        self._arrived: list[Sample] = []
        self._items = ItemLimit(ITEMS)

    async def listen_for_ever(self, heart: Heart, fence: Fence) -> None:
        """Listen until cancelled; then every stream is closed. Run under the lease.

        Raises:
            LeaseLost: another process runs the workers now.
            StorageError: measurements could not be kept, and the disk is not just full.
        """
        self._listening, self._arrived = {}, []
        try:
            async with asyncio.TaskGroup() as group:
                await self._rounds(group, heart, fence)
        except ExceptionGroup as errors:  # the one of the rounds: a listener raises nothing
            raise errors.exceptions[0] from None

    async def _rounds(self, group: asyncio.TaskGroup, heart: Heart, fence: Fence) -> None:
        choose_at = self._clock.monotonic()
        while True:
            heart.beat()
            if self._clock.monotonic() >= choose_at:
                choose_at = self._clock.monotonic() + CHOSEN_EVERY_S
                await self._choose(group, fence)
            arrived, self._arrived = self._arrived, []
            if arrived:
                await self._monitoring.take(arrived, fence)
            await asyncio.sleep(ROUND_S)

    async def _choose(self, group: asyncio.TaskGroup, fence: Fence) -> None:
        chosen = {camera.name: camera for camera in self._cameras.watched()}
        for name, (camera, task) in list(self._listening.items()):
            if chosen.get(name) != camera:
                del self._listening[name]
                task.cancel()
                await self._monitoring.forget(name, fence, among=lambda key: key.metric.startswith("camera."))
        for name, camera in chosen.items():
            if name not in self._listening:
                self._listening[name] = camera, group.create_task(self._listen(camera))

    async def _listen(self, camera: CameraPlace) -> None:
        """Keep a stream to one camera. What goes wrong here must not end the others: it raises nothing."""
        pause_s = FIRST_PAUSE_S
        while True:
            began = self._clock.monotonic()
            try:
                await self._hear(camera)
                reason = "The camera ended it."
            except OpstermError as error:
                reason = f"{error.what} {error.why}".strip()
            except Exception as error:  # a fault of ours: of this camera only, and it is told
                log.error("listening to %s failed", camera.name, exc_info=error)
                reason = f"A fault of opsterm: {type(error).__name__}."
            self._cameras.faults[camera.name] = mask(clean_line(reason, limit=300))[0]
            self._note(camera, 0.0)
            if self._clock.monotonic() - began > LONGEST_PAUSE_S:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _hear(self, camera: CameraPlace) -> None:
        reader = await self._cameras.reader()
        async with reader.events(camera, EVENT_TOPICS) as events:
            try:
                async with asyncio.TaskGroup() as group:
                    stands = group.create_task(self._say_it_stands(camera))
                    async for event in events:
                        sample = event_sample(event, camera.name, self._clock.now())
                        if sample is not None and len(self._arrived) < WAITING_AT_MOST:
                            self._arrived.append(sample._replace(key=self._items.key(sample.key)))
                    stands.cancel()
            except ExceptionGroup as errors:  # the one of the stream: the other task raises nothing
                raise errors.exceptions[0] from None

    async def _say_it_stands(self, camera: CameraPlace) -> None:
        while True:
            self._cameras.faults.pop(camera.name, None)
            self._note(camera, 1.0)
            await asyncio.sleep(STANDS_EVERY_S)

    def _note(self, camera: CameraPlace, value: float) -> None:
        self._arrived.append(Sample(SeriesKey(camera.name, "camera.events_up"), self._clock.now(), value))


def camera_works(cameras: Cameras, clock: Clock, monitoring: Monitoring) -> Sequence[Worker]:
    """Return the worker that listens to the cameras that are chosen."""
    run = CameraWorker(cameras, clock, monitoring).listen_for_ever
    return (Worker(name="cameras", run=run, beat_every_s=1.0),)
