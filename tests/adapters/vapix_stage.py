"""A camera that speaks VAPIX as its maker's public pages say, written without the libraries under test.

Digest (RFC 7616) is checked to the last byte; the WebSocket (RFC 6455) is framed by hand. Pages followed: "Basic device
information", "Video motion detection 4 API", "Event streaming over WebSocket" and "Video streaming: image.cgi" of
developer.axis.com/vapix.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import hashlib
import json
import re
import secrets
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.adapters.web_stage import serving

USER, PASSWORD, REALM = "root", "p4ss word", "AXIS_ACCC8E012345"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(2000) + b"\xff\xd9"
PROPERTIES = {
    "Architecture": "armv7hf", "Brand": "AXIS", "BuildDate": "Nov 09 2023 10:01", "HardwareID": "7D0",
    "ProdFullName": "AXIS P3245-V Dome Camera", "ProdNbr": "P3245-V", "ProdShortName": "AXIS P3245-V",
    "ProdType": "Dome Camera", "ProdVariant": "", "SerialNumber": "ACCC8E012345", "Soc": "Axis Artpec-7",
    "SocSerialNumber": "", "Version": "11.7.61", "WebURL": "http://www.axis.com",
}  # fmt: skip
PROFILE = {
    "name": "Door", "uid": 1, "camera": 1,
    "triggers": [{"type": "includeArea", "data": [[-0.9, -0.9], [-0.9, 0.9], [0.9, 0.9], [0.9, -0.9]]}],
    "filters": [{"type": "timeShortLivedLimit", "data": 1, "active": True},
                {"type": "sizePercentage", "data": [5, 5], "active": False}],
}  # fmt: skip
VMD = "tnsaxis:CameraApplicationPlatform/VMD/Camera1Profile1"


def notification(topic: str, data: Mapping[str, str], source: Mapping[str, str] | None = None) -> str:
    """Return a message of the stream."""
    message = {"source": dict(source or {}), "key": {}, "data": dict(data)}
    told = {"topic": topic, "timestamp": 1_700_000_000_123, "message": message}
    return json.dumps({"apiVersion": "1.0", "method": "events:notify", "params": {"notification": told}})


@dataclass
class Camera:
    """One camera.

    Attributes:
        states: topic -> data of what is stateful; told when a stream is configured, and when it changes.
        applications: those that run, "vmd" or "motionguard", and their profiles.
        views: what the application says of its views; a view sees nothing while it is not active.
        configured: how often a configuration was set.
        makes_of_it: what the camera makes of a profile that it is given.
        refuses: (status, body) said to each configuration, None to take it.
        replies: path -> bytes said instead of the right answer.
        heard: head of each request.
        streams: those that are open.
    """

    states: dict[str, dict[str, str]] = field(default_factory=lambda: {VMD: {"active": "0"}})
    applications: dict[str, list[Any]] = field(default_factory=lambda: {"vmd": [copy.deepcopy(PROFILE)]})
    views: list[Any] = field(default_factory=lambda: [{"id": 1, "rotation": 0, "active": True}])
    configured: int = 0
    makes_of_it: Callable[[Any], Any] = copy.copy
    refuses: tuple[int, bytes] | None = None
    replies: dict[str, bytes] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    port: int = 0

    async def tell(self, topic: str, data: dict[str, str], source: Mapping[str, str] | None = None) -> None:
        """Change a state, and tell it to who asked for it."""
        self.states[topic] = data
        for stream in self.streams:
            if stream.wants(topic):
                await stream.send(notification(topic, data, source))

    def cut(self) -> None:
        """Cut every stream, as a camera does that starts anew."""
        for stream in self.streams:
            stream.writer.transport.abort()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heard.append(head)
            method, path, _ = head.split("\r\n")[0].split(" ")
            fields = {k.lower(): v for k, _, v in (line.partition(": ") for line in head.split("\r\n")[1:])}
            body = await reader.readexactly(int(fields.get("content-length", "0")))
            if not self._knows(method, path, fields.get("authorization", "")):
                nonce = secrets.token_hex(20)
                self.nonces.add(nonce)
                challenge = f'Digest realm="{REALM}", nonce="{nonce}", algorithm=MD5, qop="auth"'
                _say(writer, 401, b"", f"WWW-Authenticate: {challenge}\r\n")
            elif path.partition("?")[0] in self.replies:
                writer.write(self.replies[path.partition("?")[0]])
            elif path.startswith("/vapix/ws-data-stream"):
                await self._stream(reader, writer, fields)
                return
            else:
                status, kind, said = self._page(method, path, body)
                _say(writer, status, said, f"Content-Type: {kind}\r\n")
            await writer.drain()

    def _knows(self, method: str, path: str, proof: str) -> bool:
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', proof.removeprefix("Digest ")))
        if said.get("nonce") not in self.nonces or said.get("uri") != path or said.get("username") != USER:
            return False
        self.nonces.discard(said["nonce"])
        one = _md5(f"{USER}:{REALM}:{PASSWORD}")
        two = _md5(f"{method}:{path}")
        right = _md5(":".join((one, said["nonce"], said["nc"], said["cnonce"], said["qop"], two)))
        return bool(said["response"] == right)

    def _page(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes]:
        if path == "/axis-cgi/basicdeviceinfo.cgi":
            return 200, "application/json", _rpc(method, body, {"getAllProperties": {"propertyList": PROPERTIES}})
        for name, profiles in self.applications.items():
            if path == f"/local/{name}/control.cgi":
                asked = json.loads(body) if method == "POST" else {}
                if asked.get("method") == "setConfiguration" and self.refuses is not None:
                    return self.refuses[0], "application/json", self.refuses[1]
                if asked.get("method") == "setConfiguration":
                    self.configured += 1
                    self.views = asked["params"]["cameras"]
                    self.applications[name] = [self.makes_of_it(one) for one in asked["params"]["profiles"]]
                    return 200, "application/json", _rpc(method, body, {"setConfiguration": {}})
                data = {"cameras": self.views, "configurationStatus": 2 + self.configured, "profiles": profiles}
                return 200, "application/json", _rpc(method, body, {"getConfiguration": data})
        if path.startswith("/axis-cgi/jpg/image.cgi") and method == "GET":
            good = "resolution=9x9" not in path
            return (200, "image/jpeg", JPEG) if good else (200, "text/html", b"<h1>Bad resolution</h1>")
        return 404, "text/html", b"<h1>404 Not Found</h1>"

    async def _stream(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fields: Mapping[str, str]
    ) -> None:
        accept = hashlib.sha1(f"{fields['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(accept) + b"\r\n\r\n"
        )
        stream = Stream(reader, writer)
        self.streams.append(stream)
        try:
            while (text := await stream.receive()) is not None:
                await self._configure(stream, text)
        finally:
            self.streams.remove(stream)

    async def _configure(self, stream: Stream, text: str) -> None:
        asked = json.loads(text)
        reply = {"apiVersion": "1.0", "context": asked.get("context", ""), "method": asked["method"]}
        if asked["method"] != "events:configure":
            await stream.send(json.dumps({**reply, "error": {"code": 4002, "message": "Method not supported"}}))
            return
        stream.topics = tuple(one["topicFilter"] for one in asked["params"]["eventFilterList"])
        await stream.send(json.dumps({**reply, "data": {}}))
        for topic, data in self.states.items():
            if stream.wants(topic):
                await stream.send(notification(topic, data))


class Stream:
    """One WebSocket, the camera's side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.topics: tuple[str, ...] = ()

    def wants(self, topic: str) -> bool:
        """Return whether a topic is among those chosen: exactly, or below one that ends with //. ."""
        return any(
            topic == one or (one.endswith("//.") and topic.startswith(one.removesuffix("//."))) for one in self.topics
        )

    async def send(self, text: str) -> None:
        """Send a text frame, or whatever else is handed over as text."""
        data = text.encode()
        size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack("!H", len(data))
        self.writer.write(b"\x81" + size + data)
        await self.writer.drain()

    async def receive(self) -> str | None:
        """Return the next text, None at the end; pings are answered."""
        while True:
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size == 126:
                size = struct.unpack("!H", await self.reader.readexactly(2))[0]
            assert second & 0x80, "a client masks its frames"
            key = await self.reader.readexactly(4)
            data = bytes(byte ^ key[n % 4] for n, byte in enumerate(await self.reader.readexactly(size)))
            match first & 0x0F:
                case 1:
                    return data.decode()
                case 8:
                    self.writer.write(b"\x88\x00")
                    return None
                case 9:
                    self.writer.write(b"\x8a" + bytes([len(data)]) + data)
                case _:
                    pass  # the answer to a ping, or what no client sends


def _rpc(method: str, body: bytes, answers: Mapping[str, Any]) -> bytes:
    if method != "POST":
        error = {"code": 2002, "message": "HTTP request type not supported. Only POST is supported"}
        return json.dumps({"apiVersion": "1.3", "error": error}).encode()
    asked = json.loads(body)
    reply = {"apiVersion": "1.3", "context": asked.get("context", ""), "method": asked["method"]}
    if asked["method"] not in answers:
        return json.dumps({**reply, "error": {"code": 2004, "message": "Method not supported"}}).encode()
    return json.dumps({**reply, "data": answers[asked["method"]]}).encode()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def _say(writer: asyncio.StreamWriter, status: int, body: bytes, fields: str) -> None:
    writer.write(f"HTTP/1.1 {status} So\r\nContent-Length: {len(body)}\r\n{fields}\r\n".encode() + body)


@asynccontextmanager
async def camera(tls: Any = None) -> AsyncIterator[Camera]:
    """Serve one camera on a port of the loopback."""
    made = Camera()
    async with serving(made.answer, tls) as made.port:
        yield made
