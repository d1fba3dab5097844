"""The wall: a target that was moved gets no password that was kept for where it was, over any protocol.

Each case is a real server of the tests, which writes down what it hears. The same secret, confirmed for the new place,
lets us in: so it was the binding that kept it back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from opsterm.adapters.camera import VapixReader
from opsterm.adapters.http_trust import TrustStore
from opsterm.adapters.reach import LineReachProbe
from opsterm.adapters.snmp import PySnmpReader
from opsterm.adapters.sudo import SudoRefused
from opsterm.adapters.winrm import WinrmConnector
from opsterm.core.camera_settings import CameraSettings
from opsterm.core.clock import SystemClock
from opsterm.core.errors import OpstermError, SecretNotSent, Unreachable
from opsterm.core.secret import Secret
from opsterm.core.snmp_settings import SnmpSettings
from opsterm.monitoring.mib import NAMES, instance_of
from opsterm.monitoring.reach import HttpAsk
from opsterm.policy.order import OrderTarget, RunAs
from opsterm.runtime.bound_credentials import BoundCredentials
from opsterm.runtime.credentials import HTTP, SERVICES, SNMP, SSH, SUDO, WINRM
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports_camera import CameraPlace
from opsterm.runtime.ports_snmp import SnmpLogin
from opsterm.runtime.secret_places import SecretPlace, place_of_jump, place_of_target, place_of_url
from tests.adapters import vapix_stage, winrm_stage
from tests.adapters.snmp_agent import Agent, system_group
from tests.adapters.ssh_stage import USER_KEY, Door, Home, Kept, run, serve, target
from tests.adapters.sudo_stage import StandIn
from tests.adapters.web_stage import says, serving

pytestmark = pytest.mark.blocking  # the stages make keys on the loop

T = TypeVar("T")

PASSWORD = "kept-for-the-old-place"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "ana")


async def kept_for(places: Sequence[SecretPlace], service: str, account: str, text: str) -> BoundCredentials:
    """Return credentials with one secret, kept for these places."""
    made = BoundCredentials(Kept({}), lambda _service, _account: places)
    await made.put(service, account, Secret(text))
    return made


def elsewhere(place: SecretPlace) -> Sequence[tuple[str, SecretPlace]]:
    """Return what the place may have been before: each differs in one thing."""
    return [
        ("address", replace(place, address="10.0.0.5")),
        ("port", replace(place, port=place.port + 1)),
        ("protocol", replace(place, protocol="local" if place.protocol != "local" else "ssh")),
        ("name", replace(place, name="another")),
    ]


@asynccontextmanager
async def made_with(make: Callable[[BoundCredentials, Offload], T], credentials: BoundCredentials) -> AsyncIterator[T]:
    offload = Offload()
    try:
        yield make(credentials, offload)
    finally:
        offload.close()


async def test_ssh(home: Home) -> None:
    door = Door(password=PASSWORD, keys=[])
    async with serve(door) as port:
        home.know(port)
        where = target(port)
        for what, before in elsewhere(place_of_target(where)):
            credentials = await kept_for([before], SSH, "ops@web-1", PASSWORD)
            async with home.connector(credentials) as connector:
                with pytest.raises(Unreachable) as caught:
                    await run(connector, where, "id")
            assert door.passwords == [], what
            assert "was not sent to web-1 at 127.0.0.1" in caught.value.why
            assert str(before) in caught.value.why
            assert "opsterm vault confirm opsterm:ssh 'ops@web-1'" in caught.value.next_step
            await credentials.move(SSH, "ops@web-1", [place_of_target(where)])
            async with home.connector(credentials) as connector:
                await run(connector, where, "true")
            assert door.passwords == [PASSWORD]
            door.passwords.clear()


async def test_ssh_when_the_server_asks(home: Home) -> None:
    door = Door(password=PASSWORD, keys=[], asks=[("Password: ", False)])
    async with serve(door) as port:
        home.know(port)
        before = replace(place_of_target(target(port)), address="10.0.0.5")
        async with home.connector(await kept_for([before], SSH, "ops@web-1", PASSWORD)) as connector:
            with pytest.raises(Unreachable):
                await run(connector, target(port), "id")
        assert PASSWORD not in door.passwords


async def test_a_jump_host_is_another_place_than_a_target_of_its_name(home: Home) -> None:
    jump, inner = Door(password=PASSWORD, keys=[]), Door()
    home.write_key("id_ed25519", USER_KEY)
    async with serve(jump) as port, serve(inner) as inner_port:
        home.know(port)
        home.know(inner_port)
        home.write("config", f"Host 127.0.0.1\n  Port {port}\nHost web-1\n  ProxyJump ops@127.0.0.1:{port}\n")
        where = target(inner_port)
        of_target = SecretPlace(name="127.0.0.1", protocol="ssh", address="127.0.0.1", port=port)
        credentials = await kept_for([of_target], SSH, "ops@127.0.0.1", PASSWORD)
        async with home.connector(credentials) as connector:
            with pytest.raises(Unreachable, match="where ssh_config says it is"):
                await run(connector, where, "id")
        assert jump.passwords == []
        await credentials.move(SSH, "ops@127.0.0.1", [place_of_jump("127.0.0.1")])
        async with home.connector(credentials) as connector:
            await run(connector, where, "true")
        assert jump.passwords == [PASSWORD]


@pytest.mark.parametrize("service", [SUDO, SSH])
async def test_sudo(service: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sudo = StandIn.at(tmp_path / "bin", password=PASSWORD)
    path = f"{sudo.folder}:{home.environment['PATH']}"
    monkeypatch.setenv("PATH", path)
    home.environment["PATH"] = path
    home.write_key("id_ed25519", USER_KEY)
    async with serve(Door()) as port:
        home.know(port)
        for where, account in (
            (target(port), "ops@web-1"),
            (OrderTarget(name="web-1", protocol="local", address="web-1", port=0, user=""), "ana@web-1"),
        ):
            for what, before in elsewhere(place_of_target(where)):
                credentials = await kept_for([before], service, account, PASSWORD)
                async with home.connector(credentials) as connector:
                    with pytest.raises(SecretNotSent) as caught:
                        await run(connector, where, "id", how=RunAs(become="root"))
                assert not isinstance(caught.value, SudoRefused)
                assert sudo.tries == 0, what
                assert f"opsterm vault confirm {service} '{account}'" in caught.value.next_step


async def test_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with winrm_stage.windows(tmp_path, monkeypatch) as windows:
        where, account = windows.target(), f"{winrm_stage.USER}@win-1"
        for kept_under in (account, winrm_stage.USER):
            for what, before in elsewhere(place_of_target(where)):
                credentials = await kept_for([before], WINRM, kept_under, winrm_stage.PASSWORD)
                async with made_with(lambda c, o: WinrmConnector(windows.settings(), c, o), credentials) as connector:
                    with pytest.raises(SecretNotSent, match="was not sent to win-1"):
                        await connector.session(where)
                    assert windows.server.connections == 0, what
                    await credentials.move(WINRM, kept_under, [place_of_target(where)])
                    await (await connector.session(where)).close()
                    assert windows.server.log_ins == ["LAB\\ops"]
                windows.server.connections = 0
                windows.server.log_ins.clear()


def _camera_reader(credentials: BoundCredentials, offload: Offload) -> VapixReader:
    return VapixReader(CameraSettings(), credentials, TrustStore(SystemClock(), offload.pool("x")))


def _probe(credentials: BoundCredentials, offload: Offload) -> LineReachProbe:
    return LineReachProbe(credentials, SystemClock(), offload.pool("x"))


def _snmp_reader(credentials: BoundCredentials, offload: Offload) -> PySnmpReader:
    return PySnmpReader(SnmpSettings(timeout_s=0.5, retries=0), credentials, offload.pool("x"))


async def test_a_camera() -> None:
    async with vapix_stage.camera() as stage:
        camera = CameraPlace(name="cam-1", host="127.0.0.1", port=stage.port, tls=False, user="root")
        now = place_of_url(f"http://127.0.0.1:{stage.port}", "cam-1")
        for what, before in elsewhere(now):
            credentials = await kept_for([before], HTTP, "root@cam-1", vapix_stage.PASSWORD)
            async with made_with(_camera_reader, credentials) as cameras:
                with pytest.raises(SecretNotSent, match="was not sent to cam-1"):
                    await cameras.info(camera)
                assert stage.heard == [], what
                await credentials.move(HTTP, "root@cam-1", [now])
                await cameras.info(camera)
                stage.heard.clear()


async def test_a_web_check() -> None:
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(b"")
        await says(OK)(reader, writer)

    async with serving(answer) as port:
        ask = HttpAsk(url=f"http://127.0.0.1:{port}/", name="shop", auth="digest", account="ops")
        now = place_of_url(ask.url, "shop")
        for what, before in elsewhere(now):
            credentials = await kept_for([before], HTTP, "ops@shop", PASSWORD)
            async with made_with(_probe, credentials) as probe:
                with pytest.raises(SecretNotSent, match="was not sent to shop"):
                    await probe.http(ask)
                assert heard == [], what
                await credentials.move(HTTP, "ops@shop", [now])
                assert (await probe.http(ask)).status == 200
                heard.clear()


async def test_snmp() -> None:
    with Agent(system_group(), community="s3cret-one") as agent:
        where = OrderTarget(name="sw-1", protocol="snmp", address="127.0.0.1", port=agent.port, user="")
        for what, before in elsewhere(place_of_target(where)):
            credentials = await kept_for([before], SNMP, "sw-1", "-")
            async with made_with(_snmp_reader, credentials) as reader:
                await reader.keep("sw-1", SnmpLogin(community=Secret("s3cret-one")))
                for asked in (reader.get(where, [instance_of(NAMES["sysName"])]), reader.check(where)):
                    with pytest.raises(SecretNotSent, match="was not sent to sw-1"):
                        await asked
                assert agent.requests == 0, what
                await reader.close()


async def test_a_secret_of_an_earlier_version_waits_to_be_confirmed() -> None:
    store = Kept({(SSH, "ops@web-1"): PASSWORD})
    now = SecretPlace(name="web-1", protocol="ssh", address="10.0.0.5", port=0)
    credentials = BoundCredentials(store, lambda _service, _account: [now])
    with pytest.raises(SecretNotSent, match="before opsterm noted where"):
        await credentials.get(SSH, "ops@web-1", now)
    await credentials.move(SSH, "ops@web-1", [now])
    assert await credentials.get(SSH, "ops@web-1", now) == Secret(PASSWORD)


@pytest.mark.parametrize("service", [service.name for service in SERVICES if not service.binds])
async def test_what_its_account_says_needs_no_confirmation(service: str) -> None:
    store = Kept({(service, "x@y"): PASSWORD})
    anywhere = SecretPlace(name="a", protocol="b", address="c", port=1)
    credentials = BoundCredentials(store, lambda _service, _account: ())
    assert await credentials.get(service, "x@y", anywhere) == Secret(PASSWORD)


async def test_no_secret_shows_in_what_is_said_about_it() -> None:
    now = SecretPlace(name="web-1", protocol="ssh", address="10.0.0.5", port=0)
    credentials = await kept_for([now], SSH, "ops@web-1", PASSWORD)
    with pytest.raises(OpstermError) as caught:
        await credentials.get(SSH, "ops@web-1", replace(now, address="evil\x1b[2J\u202e"))
    assert PASSWORD not in repr(caught.value) + str(caught.value)
    assert "\x1b" not in str(caught.value)
