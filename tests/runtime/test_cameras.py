"""Chosen cameras are listened to: motion and faults become alerts, and so does a stream that is cut."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from opsterm.adapters.camera import VapixReader
from opsterm.adapters.http_trust import TrustStore
from opsterm.core.camera_settings import CameraSettings
from opsterm.core.clock import SystemClock
from opsterm.core.errors import BadInput, BadSetting, NotFound
from opsterm.inventory.target import Protocol, Target
from opsterm.monitoring.alerts import Alert, Severity
from opsterm.runtime import camera_worker
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Credentials
from opsterm.runtime.runtime import Runtime
from tests.adapters.test_camera import Kept
from tests.adapters.vapix_stage import JPEG, VMD, Camera, camera
from tests.runtime.stage import opened, until

SETTINGS = '[monitoring]\ndefault_thresholds = false\ninterval_s = 3600\n[cameras]\nevents = "tag:camera"\n'
TAMPER = "tns1:VideoSource/tnsaxis:Tampering"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses to speak of."""
    monkeypatch.setattr(camera_worker, "ROUND_S", 0.005)
    monkeypatch.setattr(camera_worker, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(camera_worker, "LONGEST_PAUSE_S", 0.04)
    monkeypatch.setattr(camera_worker, "STANDS_EVERY_S", 0.02)


@asynccontextmanager
async def listening(home: Path, stage: Camera, *, workers: bool = True) -> AsyncIterator[Runtime]:
    offload = Offload()

    async def open_cameras(_: Credentials) -> VapixReader:
        kept: Credentials = Kept()  # type: ignore[assignment]  # only what is asked here
        return VapixReader(CameraSettings(timeout_s=5), kept, TrustStore(SystemClock(), offload.pool("x")))

    how: dict[str, Any] = {"settings": SETTINGS, "open_cameras": open_cameras}
    door = Target(
        name="cam-1", address="127.0.0.1", port=stage.port, protocol=Protocol.HTTP, tags=("camera",), os="axis"
    )
    try:
        async with opened(home, **how) as runtime:
            await runtime.inventory.add(door)
            await runtime.inventory.add(Target(name="web-1"))
        async with opened(home, workers=workers, **how) as runtime:
            yield runtime
    finally:
        offload.close()


def alerts(runtime: Runtime) -> dict[str, Alert]:
    return {alert.key.metric: alert for alert in runtime.alerts.feed()}


async def test_motion_and_faults_are_alerts_for_as_long_as_they_last(home: Path) -> None:
    async with camera() as stage, listening(home, stage) as runtime:
        await until(lambda: stage.streams)
        await until(lambda: stage.streams[0].topics)
        await stage.tell(VMD, {"active": "1"})
        await until(lambda: "camera.motion" in alerts(runtime))
        motion = alerts(runtime)["camera.motion"]
        assert (motion.key.target, motion.severity) == ("cam-1", Severity.WARNING)
        assert motion.summary == "motion VMD/Camera1Profile1 is seen"
        await stage.tell(TAMPER, {"tampering": "1"}, {"channel": "1"})
        await until(lambda: "camera.fault" in alerts(runtime))
        assert alerts(runtime)["camera.fault"].summary == "camera reports VideoSource/Tampering 1 now"
        assert alerts(runtime)["camera.fault"].severity is Severity.CRITICAL
        await stage.tell("tns1:Device/tnsaxis:Status/Temperature/Inside", {"sensor_level": "1"})  # well
        await stage.tell(VMD, {"active": "0"})
        await stage.tell(TAMPER, {"tampering": "0"}, {"channel": "1"})
        await until(lambda: not alerts(runtime))
        assert (await runtime.alerts.get(motion.id)).summary == "motion VMD/Camera1Profile1 has ended"


async def test_a_stream_that_is_cut_is_an_alert_until_it_stands_again(home: Path) -> None:
    async with camera() as stage, listening(home, stage) as runtime:
        await until(lambda: stage.streams)
        stage.replies["/vapix/ws-data-stream"] = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
        stage.cut()
        await until(lambda: "camera.events_up" in alerts(runtime))
        said = alerts(runtime)["camera.events_up"]
        assert said.summary == "event stream is cut, 2 of 2 times: cam-1 answered 503."
        stage.states[VMD] = {"active": "1"}  # happens while nobody listens
        stage.replies.clear()
        await until(lambda: "camera.events_up" not in alerts(runtime))
        await until(lambda: "camera.motion" in alerts(runtime))
        assert not [task for task in runtime.supervisor.tasks() if task.last_error]
        await runtime.workers.lost_lease()
        await until(lambda: not stage.streams)


async def test_who_is_chosen_no_longer_is_listened_to_no_longer(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_worker, "CHOSEN_EVERY_S", 0.02)
    async with camera() as stage, listening(home, stage) as runtime:
        await until(lambda: stage.streams and stage.streams[0].topics)
        await stage.tell(VMD, {"active": "1"})
        await until(lambda: "camera.motion" in alerts(runtime))
        await runtime.inventory.remove(["cam-1"])
        await until(lambda: not stage.streams)
        await until(lambda: not alerts(runtime))


async def test_cameras_are_asked_by_selector_and_a_failed_one_is_data(home: Path, tmp_path: Path) -> None:
    async with camera() as stage, listening(home, stage, workers=False) as runtime:
        (answer,) = await runtime.cameras.info("tag:camera")
        assert answer.info is not None
        assert answer.info.model == "P3245-V"
        (answer,) = await runtime.cameras.snapshot("cam-1", tmp_path, resolution="", view=1)
        file = Path(str(answer.file))
        assert await asyncio.to_thread(file.read_bytes) == JPEG
        assert stat.S_IMODE((await asyncio.to_thread(file.stat)).st_mode) == 0o600
        stage.applications = {}
        (answer,) = await runtime.cameras.motion("cam-1")
        assert isinstance(answer.fault, NotFound)
        with pytest.raises(BadInput, match="no camera"):
            await runtime.cameras.info("web-1")
        with pytest.raises(BadInput, match="no resolution"):
            await runtime.cameras.snapshot("cam-1", tmp_path, resolution="9x9&x=y", view=1)
        (answer,) = await runtime.cameras.snapshot("cam-1", tmp_path / "none", resolution="", view=1)
        assert isinstance(answer.fault, BadInput)


async def test_a_setting_that_is_no_selector_is_named_at_the_start(home: Path) -> None:
    with pytest.raises(BadSetting, match=r"cameras\.events .* is no selector"):
        async with opened(home, settings='[cameras]\nevents = "tag:("'):
            pass
