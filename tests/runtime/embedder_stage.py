"""A server of files, archives of an embedder, and opsterm without a model server beside them."""

from __future__ import annotations

import asyncio
import hashlib
import io
import tarfile
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from opsterm.core.errors import OpstermError
from opsterm.core.settings_reading import load_settings
from opsterm.runtime.embedder_supply import EmbedderSupply
from opsterm.runtime.runtime import Runtime
from tests.runtime.stage import opened

MODEL, TOKENIZER = "model.onnx", "tokenizer.json"


class FileServer:
    """Says what is at a path, from where it is asked; `cut` is after how many bytes it hangs up."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: list[str] = []
        self.cut = 0
        self.claims = 0
        self.lies: Callable[[bytes], bytes] = bytes

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        data = self.files.get(path.removeprefix("http://mirror.test"))
        start = int(headers.get("range", "bytes=0-")[6:-1])
        self.asked.append(f"{path} {start}")
        if data is None:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        tag = f'"{hashlib.sha256(data).hexdigest()}"'
        start = start if headers.get("if-range") == tag else 0
        status = (
            f"206 Partial Content\r\nContent-Range: bytes {start}-{len(data) - 1}/{len(data)}" if start else "200 OK"
        )
        length = self.claims or len(data) - start
        writer.write(f"HTTP/1.1 {status}\r\nETag: {tag}\r\nContent-Length: {length}\r\n\r\n".encode())
        writer.write(self.lies(data)[start : start + self.cut if self.cut else None])
        await writer.drain()


def packed(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def taped(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]  # a mode of a table
        for name, data in files.items():
            row = tarfile.TarInfo(name)
            row.size = len(data)
            archive.addfile(row, io.BytesIO(data))
    return made.getvalue()


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def unheard(done: int, total: int) -> None:
    del done, total


async def offered(supply: EmbedderSupply, source: str, sha256: str = "") -> tuple[Path, int]:
    folder, stamp = await supply.accept(await supply.offer(source, sha256=sha256, told=unheard))
    return folder, stamp.dimension


@asynccontextmanager
async def supplied(home: Path) -> AsyncIterator[tuple[Runtime, EmbedderSupply]]:
    async with opened(home, settings='[model]\nurl = ""\n') as runtime:
        yield runtime, await runtime.embedder_supply()


def setting(runtime: Runtime) -> str:
    file = runtime.paths.config_file
    return load_settings(file_text=file.read_text() if file.exists() else "").settings.knowledge.embedder


def kept(runtime: Runtime) -> list[str]:
    """Return what lies there, without what was fetched and is not whole."""
    root = runtime.paths.embedders
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and ".part" not in path.name
                  and ".etag" not in path.name) if root.exists() else []  # fmt: skip


@contextmanager
def refusing(runtime: Runtime, kind: type[OpstermError], words: str) -> Iterator[None]:
    """Expect an error, and that nothing is used or kept after it."""
    with pytest.raises(kind, match=words) as caught:
        yield
    assert caught.value.what.endswith(".")
    assert setting(runtime) == ""
    assert kept(runtime) == []
