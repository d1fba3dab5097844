"""A secret goes to the server it is for, and to no other place: no other server, no error, no reading."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from opsterm.adapters.http_check import check_http
from opsterm.adapters.http_trust import TrustStore
from opsterm.adapters.reach import LineReachProbe
from opsterm.core.clock import SystemClock
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.secret import Secret
from opsterm.monitoring.reach import HttpAsk, HttpReading, judge_http
from opsterm.runtime.credentials import HTTP
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Credentials
from opsterm.runtime.secret_places import SecretPlace
from tests.adapters.web_stage import Answer, Authority, serving

pytestmark = pytest.mark.blocking  # the stage makes keys and files on the loop

CLOCK = SystemClock()
PASSWORD = "s3cret/of ann+="
TOKEN = "tok-en/0f+ann="
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@dataclass
class Web:
    """Two servers on two ports; `says` is what each answers to what it heard."""

    authority: Authority
    first: int = 0
    other: int = 0
    says: dict[str, bytes] = field(default_factory=lambda: {"first": FINE, "other": FINE})
    heard: dict[str, list[bytes]] = field(default_factory=lambda: {"first": [], "other": []})
    shown: dict[str, list[bool]] = field(default_factory=lambda: {"first": [], "other": []})

    def sends_on(self, location: str) -> None:
        """Have the first server redirect."""
        self.says["first"] = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()

    async def read(self, secret: str = "", *, passphrase: str = "", **more: object) -> HttpReading:
        """Ask the first server."""
        offload = Offload()
        ask = HttpAsk(url=f"https://localhost:{self.first}/", name="shop", ca_file=str(self.authority.file),
                      **more)  # type: ignore[arg-type]  # cases as data  # fmt: skip
        try:
            reading = await check_http(
                ask, Secret(secret) if secret else None, CLOCK, TrustStore(CLOCK, offload.pool("x")),
                passphrase=Secret(passphrase) if passphrase else None,
            )  # fmt: skip
            assert len(secret) < 4 or secret not in repr((reading, judge_http(ask, reading, 0.0)))
            return reading
        finally:
            offload.close()


@asynccontextmanager
async def web(folder: Path) -> AsyncIterator[Web]:
    stage = Web(Authority(folder))
    tls = stage.authority.server()
    tls.verify_mode = ssl.CERT_OPTIONAL
    tls.load_verify_locations(stage.authority.file)

    def server(name: str) -> Answer:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            stage.shown[name].append(bool(writer.get_extra_info("ssl_object").getpeercert()))
            stage.heard[name].append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(stage.says[name])

        return answer

    async with serving(server("first"), tls) as stage.first, serving(server("other"), tls) as stage.other:
        yield stage


WAYS: Mapping[str, tuple[dict[str, object], str, bytes]] = {
    "basic": ({"auth": "basic", "account": "ann"}, PASSWORD, base64.b64encode(f"ann:{PASSWORD}".encode())),
    "bearer": ({"auth": "bearer"}, TOKEN, f"bearer {TOKEN}".encode()),
    "header": ({"auth": "header", "header": "X-Shop-Key"}, TOKEN, f"x-shop-key: {TOKEN}".encode()),
}


@pytest.mark.parametrize("way", WAYS)
async def test_the_secret_is_sent_to_its_own_server_and_not_to_where_it_sends_us(way: str, tmp_path: Path) -> None:
    how, secret, sent = WAYS[way]
    async with web(tmp_path) as stage:
        for location in (f"https://localhost:{stage.other}/", f"https://127.0.0.1:{stage.first}/",
                         f"http://localhost:{stage.other}/"):  # fmt: skip
            stage.sends_on(location)
            await stage.read(secret, headers=(("X-Own", "for-the-shop-only"),), **how)  # type: ignore[arg-type]  # cases as data
        mine, others = [head for head in stage.heard["first"] if b"Host: localhost" in head], stage.heard["other"]
        assert all(sent.lower() in head.lower() and b"for-the-shop-only" in head for head in mine)
        assert others
        for head in (*others, *(head for head in stage.heard["first"] if head not in mine)):
            assert b"uthorization" not in head
            assert b"hop-" not in head


async def test_a_page_of_the_same_server_is_asked_for_with_the_secret_again(tmp_path: Path) -> None:
    async with web(tmp_path) as stage:
        stage.sends_on("/next")
        await stage.read(TOKEN, auth="bearer", redirects=1)
        assert [b"authorization: bearer" in head.lower() for head in stage.heard["first"]] == [True, True]


async def test_a_secret_that_the_server_sends_back_is_not_shown(tmp_path: Path) -> None:
    async with web(tmp_path) as stage:
        for said in (PASSWORD, base64.b64encode(f"ann:{PASSWORD}".encode()).decode()):
            body = json.dumps({"state": said}).encode()
            stage.says["first"] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            how: dict[str, object] = {"auth": "basic", "account": "ann", "json_path": "state", "json_value": "up"}
            reading = await stage.read(PASSWORD, **how)  # type: ignore[arg-type]  # cases as data
            assert said.encode() not in reading.body
            assert b"[secret]" in reading.body
        stage.sends_on("/?key=s3cret%2Fof%20ann%2B%3D")
        assert all("s3cret" not in hop for hop in (await stage.read(PASSWORD, auth="basic", account="ann")).hops)


@pytest.mark.parametrize("secret", ["two\r\nX: lines", "nul\0nul", "zw\u00f6lf", " sp ", "surr\ud800ogate", "tab\ttab"])
@pytest.mark.parametrize("auth", ["bearer", "header", "basic", "digest"])
async def test_a_secret_that_cannot_be_sent_is_not_in_the_error(auth: str, secret: str, tmp_path: Path) -> None:
    async with web(tmp_path) as stage:
        if auth in ("bearer", "header") or "\ud800" in secret:
            with pytest.raises(BadInput, match="cannot be sent") as caught:
                await stage.read(secret, auth=auth, account="ann", header="X-Key")
            assert secret not in f"{caught.value}{caught.value.__cause__!r}"
            assert stage.heard["first"] == []
        else:
            assert (await stage.read(secret, auth=auth, account="ann")).status == 200
            assert all(secret.encode() not in head for head in stage.heard["first"])


async def test_a_client_certificate_is_shown_to_its_own_server_only(tmp_path: Path) -> None:
    async with web(tmp_path) as stage:
        file = str(stage.authority.client())
        stage.sends_on(f"https://localhost:{stage.other}/")
        assert (await stage.read(client_certificate=file)).status == 200
        assert stage.shown == {"first": [True], "other": [False]}


async def test_a_locked_key_is_opened_with_its_passphrase_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    async with web(tmp_path) as stage:
        file = stage.authority.client("pass-phrase")
        assert (await stage.read(client_certificate=str(file), passphrase="pass-phrase")).status == 200
        assert stage.shown["first"] == [True]
        with pytest.raises(BadInput, match="none is kept") as missing:
            await stage.read(client_certificate=str(file))
        assert f"opsterm vault set opsterm:http {file}" in missing.value.next_step
        with pytest.raises(BadInput, match="cannot be used") as wrong:
            await stage.read(client_certificate=str(file), passphrase="hunter2hunter2")
        assert "hunter2" not in str(wrong.value)
        file.chmod(0o644)
        with pytest.raises(BadInput, match="Others can read"):
            await stage.read(client_certificate=str(file), passphrase="pass-phrase")
        with pytest.raises(BadInput, match="cannot be used"):
            await stage.read(client_certificate=str(tmp_path / "none.pem"))


class Kept:
    """Credentials with these secrets, by account."""

    def __init__(self, **secrets: str) -> None:
        self.secrets = secrets
        self.asked: list[tuple[str, str]] = []

    async def get(self, service: str, account: str, at: SecretPlace | None = None) -> Secret | None:
        self.asked.append((service, account))
        found = self.secrets.get(account)
        return Secret(found) if found is not None else None

    async def unsent(self, service: str, account: str) -> Secret | None:
        return await self.get(service, account)


async def test_the_secret_is_looked_up_by_name_and_never_sent_unprotected() -> None:
    offload, kept = Offload(), Kept(other="x")
    credentials: Credentials = kept  # type: ignore[assignment]  # only what is asked here
    probe = LineReachProbe(credentials, CLOCK, offload.pool("x"))
    try:
        for auth in ("basic", "bearer", "header"):
            with pytest.raises(BadInput, match="as it is"):
                await probe.http(HttpAsk(url="http://127.0.0.1:1/", name="shop", auth=auth, header="X"))
        assert kept.asked == []
        with pytest.raises(NotFound, match="ann@shop"):
            await probe.http(HttpAsk(url="https://127.0.0.1:1/", name="shop", auth="digest", account="ann"))
        ask = HttpAsk(url="https://127.0.0.1:1/", name="shop", auth="bearer", credential="other")
        assert "refused" in (await probe.http(ask)).reason
        assert kept.asked == [(HTTP, "ann@shop"), (HTTP, "other")]
    finally:
        offload.close()
