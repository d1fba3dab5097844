"""Cameras over VAPIX: what they are, how they watch, what they see, and what they tell."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.adapters.camera import VapixReader
from opsterm.adapters.http_trust import TrustStore
from opsterm.core.camera_settings import CameraSettings
from opsterm.core.clock import SystemClock
from opsterm.core.errors import AuthenticationFailed, NotFound, OpstermError, TimedOut, Unreachable
from opsterm.core.secret import Secret
from opsterm.monitoring.cameras import EVENT_TOPICS
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Credentials
from opsterm.runtime.ports_camera import CameraPlace
from opsterm.runtime.secret_places import SecretPlace
from tests.adapters.vapix_stage import JPEG, PASSWORD, VMD, Camera, camera
from tests.adapters.web_stage import Authority, says, serving

pytestmark = pytest.mark.blocking  # the stage makes keys on the loop


class Kept:
    """Credentials with one password."""

    def __init__(self, password: str | None = PASSWORD) -> None:
        self.password = password

    async def get(self, service: str, account: str, at: SecretPlace | None = None) -> Secret | None:
        assert (service, account) == ("opsterm:http", "root@cam-1")
        return Secret(self.password) if self.password is not None else None


@asynccontextmanager
async def reading(
    password: str | None = PASSWORD, *, ca_file: str = "", timeout_s: float = 5.0
) -> AsyncIterator[VapixReader]:
    offload = Offload()
    credentials: Credentials = Kept(password)  # type: ignore[assignment]  # only what is asked here
    try:
        settings = CameraSettings(ca_file=ca_file, timeout_s=timeout_s)
        yield VapixReader(settings, credentials, TrustStore(SystemClock(), offload.pool("x")))
    finally:
        offload.close()


def at(stage: Camera | int, *, tls: bool = False) -> CameraPlace:
    port = stage if isinstance(stage, int) else stage.port
    return CameraPlace(name="cam-1", host="localhost" if tls else "127.0.0.1", port=port, tls=tls, user="root")


async def test_a_camera_says_what_it_is_and_hears_no_password() -> None:
    async with camera() as stage, reading() as cameras:
        info = await cameras.info(at(stage))
        assert (info.model, info.firmware, info.serial, info.chip) == (
            "P3245-V", "11.7.61", "ACCC8E012345", "Axis Artpec-7",
        )  # fmt: skip
        assert PASSWORD not in "".join(stage.heard)
        assert len(stage.heard) == 2, "one for the challenge, one that answers it"


async def test_motion_profiles_of_every_application_that_runs() -> None:
    async with camera() as stage, reading() as cameras:
        (door,) = await cameras.motion(at(stage))
        assert (door.application, door.uid, door.name, door.camera) == ("vmd", 1, "Door", 1)
        assert door.areas[0]["data"] == [[-0.9, -0.9], [-0.9, 0.9], [0.9, 0.9], [0.9, -0.9]]
        assert door.filters[1] == {"type": "sizePercentage", "data": [5, 5], "active": False}
        stage.applications = {"vmd": [], "motionguard": [{"name": "Gate", "uid": 3, "camera": 2}]}
        assert [(p.application, p.name) for p in await cameras.motion(at(stage))] == [("motionguard", "Gate")]
        stage.applications = {}
        with pytest.raises(NotFound, match="none of the applications"):
            await cameras.motion(at(stage))


async def test_a_picture_is_a_picture() -> None:
    async with camera() as stage, reading() as cameras:
        assert await cameras.snapshot(at(stage), resolution="1280x720", view=1) == JPEG
        assert "GET /axis-cgi/jpg/image.cgi?camera=1&resolution=1280x720 HTTP/1.1" in stage.heard[-1]
        with pytest.raises(Unreachable, match="no JPEG") as caught:
            await cameras.snapshot(at(stage), resolution="9x9", view=1)
        assert "Bad resolution" in caught.value.why


async def test_events_come_as_they_happen_the_states_first() -> None:
    async with camera() as stage, reading() as cameras, cameras.events(at(stage), EVENT_TOPICS) as events:
        first = await anext(events)
        assert (first.topic, first.data, first.at) == (VMD, {"active": "0"}, 1_700_000_000.123)
        await stage.tell("tns1:Device/Other", {"active": "1"})  # not asked for
        await stage.tell(VMD, {"active": "1"}, {"\x1b[2Jport": "1"})
        second = await anext(events)
        assert (second.data, list(second.source)) == ({"active": "1"}, [r"\x1b[2Jport"])
        stage.cut()
        with pytest.raises(Unreachable, match="was cut"):
            await anext(events)
    assert stage.streams == []


async def test_over_tls_its_certificate_must_be_trusted(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with camera(authority.server()) as stage:
        async with reading(ca_file=str(authority.file)) as cameras:
            assert (await cameras.info(at(stage, tls=True))).model == "P3245-V"
            async with cameras.events(at(stage, tls=True), EVENT_TOPICS) as events:
                assert (await anext(events)).topic == VMD
        async with reading() as cameras:
            with pytest.raises(Unreachable, match="is not trusted"):
                await cameras.info(at(stage, tls=True))
            with pytest.raises(Unreachable, match="is not trusted"):
                async with cameras.events(at(stage, tls=True), EVENT_TOPICS):
                    pass


async def test_a_wrong_or_missing_password_is_said() -> None:
    async with camera() as stage:
        async with reading("wrong") as cameras:
            with pytest.raises(AuthenticationFailed, match="did not let root in"):
                await cameras.info(at(stage))
            with pytest.raises(AuthenticationFailed, match="did not let root in"):
                async with cameras.events(at(stage), EVENT_TOPICS):
                    pass
        async with reading(None) as cameras:
            with pytest.raises(NotFound, match="no password"):
                await cameras.info(at(stage))


def body(text: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


STRANGE: Mapping[str, tuple[bytes, str]] = {
    "no JSON": (body("<html>"), "no JSON"),
    "a list": (body("[]"), "another kind"),
    "an error": (body(json.dumps({"error": {"code": 1100, "message": "\x1b]0;x\x07no"}})), "It says: "),
    "no data": (body("{}"), "no properties"),
    "deep": (body("[" * 5000), "no JSON"),
    "not HTTP": (b"SSH-2.0-OpenSSH\r\n\r\n", "HTTP"),
    "elsewhere": (b"HTTP/1.1 302 F\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "answered 302"),
    "no challenge": (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "did not let"),
    "an odd challenge": (b"HTTP/1.1 401 No\r\nWWW-Authenticate: Digest\r\nContent-Length: 0\r\n\r\n", "did not let"),
    "basic": (b'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n', "did not let"),
    "not there": (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "no such interface"),
    "endless": (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_100_000, "more than 1,000,000 bytes"),
}


@pytest.mark.parametrize("case", STRANGE)
async def test_what_is_no_camera_is_said_in_a_sentence(case: str) -> None:
    said, sentence = STRANGE[case]
    async with serving(says(said)) as port, reading() as cameras:
        with pytest.raises(OpstermError) as caught:
            await cameras.info(at(port))
        assert sentence in f"{caught.value.what} {caught.value.why}"
        assert "\x1b" not in str(caught.value)
        with pytest.raises(OpstermError) as caught:
            async with cameras.events(at(port), EVENT_TOPICS):
                pass
        assert PASSWORD not in str(caught.value)


async def test_what_says_nothing_is_left_in_time() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del writer
        await reader.read()

    tasks = len(asyncio.all_tasks())
    async with serving(silent) as port, reading(timeout_s=0.2) as cameras:
        with pytest.raises(TimedOut):
            await cameras.info(at(port))
        with pytest.raises(TimedOut):
            async with cameras.events(at(port), EVENT_TOPICS):
                pass
    with pytest.raises(Unreachable, match="refused"):
        async with reading() as cameras:
            await cameras.info(at(port))
    assert len(asyncio.all_tasks()) == tasks


@pytest.mark.parametrize("text", ["nothing", '{"method": "events:notify"}', "[]", '{"method": "other"}'])
async def test_a_stream_that_speaks_nonsense_ends_with_a_sentence_or_goes_on(text: str) -> None:
    async with camera() as stage, reading() as cameras, cameras.events(at(stage), EVENT_TOPICS) as events:
        await anext(events)
        await stage.streams[0].send(text)
        await stage.tell(VMD, {"active": "1"})
        if "other" in text:
            assert (await anext(events)).data == {"active": "1"}
        else:
            with pytest.raises(Unreachable, match="did not answer as a camera"):
                await anext(events)


async def test_a_stream_follows_no_redirect_with_its_proof() -> None:
    heard: list[bytes] = []

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")

    async with serving(other) as port, camera() as stage, reading() as cameras:
        moved = f"HTTP/1.1 302 F\r\nLocation: ws://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\r\n"
        stage.replies["/vapix/ws-data-stream"] = moved.encode()
        with pytest.raises(Unreachable, match="answered 302"):
            async with cameras.events(at(stage), EVENT_TOPICS):
                pass
    assert heard == []
