"""Whatever a web server says, the check ends with a reading and a sentence, and leaves nothing behind.

600 spoilt answers here; OPSTERM_SPOILT sets how many.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import socket
import ssl
from collections import Counter
from pathlib import Path

import pytest

from opsterm.adapters.http_check import check_http
from opsterm.adapters.http_trust import TrustStore
from opsterm.core.clock import SystemClock
from opsterm.core.secret import Secret
from opsterm.core.text import clean_line
from opsterm.monitoring.reach import HttpAsk, HttpReading, judge_http
from opsterm.runtime.offload import Offload
from tests.adapters.web_stage import Authority, serving

MANY = int(os.environ.get("OPSTERM_SPOILT", "600"))
CLOCK = SystemClock()
PASSWORD = "s3cret-of-ann"

WHOLE = (
    b'HTTP/1.1 200 OK\r\nContent-Type: text/json\r\nContent-Length: 15\r\nConnection: close\r\n\r\n{"state": "up"}',
    b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5;x=y\r\nabcde\r\n0\r\nTrailer: x\r\n\r\n",
    b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth,auth-int", opaque="o"\r\n\r\n',
    b"HTTP/1.0 200 Fine\r\n\r\nread until the end",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 Nothing\r\nSet-Cookie: a=b\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
)
PIECES = (
    b"\r\n", b"\n", b"\r", b"\0", b"\x1b]0;x\x07", b": ", b"\xff\xfe", b"Content-Length: 99999999999999999999\r\n",
    b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n", b"Location: //[\r\n", b"Location: http://\xc3\xa4\r\n",
    b"Location: javascript:1\r\n", b"ffffffffffffffff\r\n", b"WWW-Authenticate: Digest\r\n", b"HTTP/9.9 ", b" 999 ",
    b'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=MD4\r\n', b"X: " + b"y" * 70000, b"A" * 300 + b":b\r\n",
)  # fmt: skip


def spoilt(dice: random.Random) -> bytes:
    """Return an answer with one to four faults in it."""
    data = bytearray(dice.choice(WHOLE))
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data) + 1)
        match dice.randrange(6):
            case 0:
                data[at : at + 1] = dice.randbytes(1)
            case 1:
                del data[at : at + dice.randint(1, 12)]
            case 2:
                data[at:at] = dice.choice(PIECES)
            case 3:
                lines = data.split(b"\r\n")
                lines.insert(dice.randrange(len(lines) + 1), dice.choice(lines))
                data[:] = b"\r\n".join(lines)
            case 4:
                data[at:] = b""
            case _:
                digits = [n for n, byte in enumerate(data) if 48 <= byte <= 57]
                if digits:
                    data[dice.choice(digits)] = dice.choice(b"0123456789-x ")
    return bytes(data)


@pytest.fixture
def _nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A spoilt redirect may name any host: only this one is known here, so that no name server is asked."""

    async def unknown(_: object, host: object, *__: object, **___: object) -> list[object]:
        if host == "localhost":
            return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 0))]
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", unknown)


def held() -> tuple[int, int]:
    """Return how many descriptors this process has open, and how many tasks run."""
    return len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())  # noqa: PTH208 (one list, no objects)


def is_well(ask: HttpAsk, reading: HttpReading) -> None:
    """Look whether a reading says what it must."""
    reasons = judge_http(ask, reading, 0.0).reasons
    assert reading.status is not None or reading.reason, "it ends with an answer or with a sentence"
    for said in (*reasons, *reading.hops):
        assert clean_line(said, limit=4000) == said, "nothing in it that a terminal obeys"
        assert PASSWORD not in said
    assert bool(reading.failure) == bool(reading.reason)
    assert all(reason.endswith(".") for reason in reasons)


@pytest.mark.blocking  # reads /proc to count what is open
@pytest.mark.usefixtures("_nobody_else")
async def test_thousands_of_spoilt_answers_end_as_readings_and_leave_nothing() -> None:
    dice, offload, ends, said = random.Random(3), Offload(), Counter[str](), b""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)

    trust, secret = TrustStore(CLOCK, offload.pool("reach")), Secret(PASSWORD)
    async with serving(answer) as port:
        before, objects = held(), 0
        for number in range(MANY):
            said = spoilt(dice)
            ask = HttpAsk(url=f"http://127.0.0.1:{port}/", name="x", timeout_s=10, redirects=2, auth="digest",
                          account="ann", json_path="$.state", contains="up")  # fmt: skip
            reading = await check_http(ask, secret, CLOCK, trust)
            is_well(ask, reading)
            ends[str(reading.failure) or f"{(reading.status or 0) // 100}xx"] += 1
            if number == MANY // 4:
                gc.collect()
                objects = len(gc.get_objects())
        await asyncio.sleep(0)
        gc.collect()
        assert held() <= (before[0] + 2, before[1] + 1)
        assert len(gc.get_objects()) - objects < 2000, "nothing grows with the number of answers"
    offload.close()
    assert {"wrong", "2xx", "4xx"} <= ends.keys(), "the faults are small enough for all kinds of ends"


@pytest.mark.blocking  # makes keys, and reads /proc
@pytest.mark.usefixtures("_nobody_else")
async def test_spoilt_frames_of_http2_end_as_readings(tmp_path: Path) -> None:
    dice, offload, ends, said = random.Random(4), Offload(), Counter[str](), b""
    good = (
        b"\x00\x00\x00\x04\x00\x00\x00\x00\x00",  # SETTINGS
        b"\x00\x00\x00\x04\x01\x00\x00\x00\x00",  # its acknowledgement
        b"\x00\x00\x01\x01\x04\x00\x00\x00\x01\x88",  # HEADERS: 200
        b"\x00\x00\x03\x00\x01\x00\x00\x00\x01two",  # DATA, the last
        b"\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01",  # GOAWAY
        b"\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x08",  # RST_STREAM
        b"\x00\x00\x04\x08\x00\x00\x00\x00\x00\x7f\xff\xff\xff",  # WINDOW_UPDATE
    )

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
        kind = 0
        while kind != 1:  # HEADERS: before them an answer would answer nothing
            head = await reader.readexactly(9)
            kind = head[3]
            await reader.readexactly(int.from_bytes(head[:3]))
        writer.write(said)

    authority = Authority(tmp_path)
    tls: ssl.SSLContext = authority.server(http2=True)
    trust = TrustStore(CLOCK, offload.pool("reach"))
    async with serving(answer, tls) as port:
        before = held()
        for _ in range(MANY // 12):
            frames = bytearray(b"".join((*good[:2], *dice.choices(good[2:], k=dice.randint(1, 5)))))
            for _ in range(dice.randint(0, 2)):
                frames[dice.randrange(len(frames))] = dice.randrange(256)
            said = bytes(frames)
            ask = HttpAsk(url=f"https://localhost:{port}/", name="x", timeout_s=10, ca_file=str(authority.file))
            reading = await check_http(ask, None, CLOCK, trust)
            is_well(ask, reading)
            ends[str(reading.failure) or f"{(reading.status or 0) // 100}xx"] += 1
        await asyncio.sleep(0)
        assert held() <= (before[0] + 2, before[1] + 1)
    offload.close()
    assert {"wrong", "2xx"} <= ends.keys()
