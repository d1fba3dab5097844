"""HTTP/1.1 over real TCP, with the answers' bytes in our hand: where chunks end, and how a line is cut."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import h11

REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error",
           502: "Bad Gateway", 503: "Service Unavailable", 401: "Unauthorized", 301: "Moved Permanently"}  # fmt: skip


@dataclass
class Exchange:
    """One request, and the way to answer it.

    Attributes:
        method, path, headers, body: as they came.
        slicing: "line" (a chunk a line), "split" (chunks of 7 bytes, each sent alone), "joined" (three lines a chunk).
        gone: set when the client has cut the line.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    slicing: str = "line"
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    _held: list[bytes] = field(default_factory=list)

    def json(self) -> Any:
        return json.loads(self.body)

    async def send(self, status: int, body: bytes, kind: str) -> None:
        """Answer in one piece."""
        head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + (b"" if self.method == "HEAD" else body))
        await self.writer.drain()

    async def send_json(self, value: object, status: int = 200) -> None:
        await self.send(status, json.dumps(value, ensure_ascii=False).encode(), "application/json; charset=utf-8")

    async def begin(self) -> None:
        """Begin a stream of lines."""
        self.writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        await self.writer.drain()

    async def line(self, value: object) -> None:
        """Send one line."""
        data = json.dumps(value, ensure_ascii=False).encode() + b"\n"
        if self.slicing == "joined":
            self._held.append(data)
            if len(self._held) == 3:
                await self._flush()
            return
        pieces = [data[at : at + 7] for at in range(0, len(data), 7)] if self.slicing == "split" else [data]
        for piece in pieces:
            await self._chunk(piece)

    async def _flush(self) -> None:
        if self._held:
            data, self._held = b"".join(self._held), []
            await self._chunk(data)

    async def _chunk(self, data: bytes) -> None:
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await self.writer.drain()
        await asyncio.sleep(0)  # a flush of its own: what comes next is another segment

    async def end(self) -> None:
        """End the stream."""
        await self._flush()
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()

    def reset(self) -> None:
        """Cut the line with RST."""
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def for_ever(self) -> None:
        """Say nothing until the client gives up."""
        await self.gone.wait()

    async def watch(self) -> None:
        """Notice that the client has cut the line; it sends nothing else while it is answered."""
        try:
            data = await self.reader.read(1)
        except ConnectionError:
            data = b""
        if not data:
            self.gone.set()


Answer = Callable[[Exchange], Awaitable[None]]


async def _request(reader: asyncio.StreamReader) -> tuple[h11.Request, bytes] | None:
    """Return the next request of a connection, None at its end."""
    line = h11.Connection(h11.SERVER)
    request, body = None, b""
    while True:
        event = line.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(65536)
            if not data and request is None:
                return None
            line.receive_data(data)
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request, body
        else:
            return None


async def serve_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
    """Answer every request of a connection."""
    try:
        while (asked := await _request(reader)) is not None:
            request, body = asked
            exchange = Exchange(
                method=request.method.decode(), path=request.target.decode(), body=body, reader=reader, writer=writer,
                headers={name.decode().lower(): value.decode() for name, value in request.headers},
            )  # fmt: skip
            watching = asyncio.ensure_future(exchange.watch())
            try:
                await answer(exchange)
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
            if exchange.gone.is_set():
                return
    except (ConnectionError, h11.RemoteProtocolError):
        pass
    finally:
        writer.close()
