"""An embedder is fetched when the operator says so, whole or not at all, and used only when it is what it should be.

The server is real, over TLS where the bytes say nothing of themselves.
"""

from __future__ import annotations

import asyncio
import errno
import gzip
import hashlib
import io
import shutil
import stat
import tarfile
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from random import Random
from typing import NoReturn

import pytest

from opsterm.cli.verbs import embedders
from opsterm.core.errors import BadInput, BadSetting, NotFound, OpstermError, Refused, StorageFull, Unreachable
from opsterm.core.settings_reading import load_settings
from opsterm.runtime.embedder_supply import EmbedderSupply
from opsterm.runtime.runtime import Runtime
from opsterm.storage.vectors import stock, tape
from tests.adapters.web_stage import Authority, serving
from tests.runtime.stage import opened
from tests.runtime.tiny_embedder import WIDTH, write_embedder

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


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = write_embedder(tmp_path_factory.mktemp("tiny"))
    return {name: (folder / name).read_bytes() for name in (MODEL, TOKENIZER)}


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


FORMS: dict[str, Callable[[dict[str, bytes]], tuple[str, dict[str, bytes]]]] = {
    "zip": lambda parts: ("/made.zip", {"/made.zip": packed(parts)}),
    "zip with folders": lambda parts: ("/m.whl", {"/m.whl": packed({
        f"m/onnx/{MODEL}": parts[MODEL], f"m/{TOKENIZER}": parts[TOKENIZER], f"m/old/{TOKENIZER}": b"{}"})}),
    "tar": lambda parts: ("/m.tar.gz?x=1", {
        "/m.tar.gz?x=1": taped({f"./m/{name}": one for name, one in parts.items()})}),
    "folder": lambda parts: ("/m/", {f"/m/{name}": one for name, one in parts.items()}),
    "folder with onnx": lambda parts: ("/m/", {f"/m/onnx/{MODEL}": parts[MODEL], f"/m/{TOKENIZER}": parts[TOKENIZER]}),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
async def test_what_is_fetched_is_used(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: dict[str, bytes], form: str
) -> None:
    place, files = FORMS[form](parts)
    authority = await asyncio.to_thread(Authority, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    async with serving(FileServer(files), authority.server()) as port, supplied(home) as (runtime, supply):
        assert not runtime.paths.embedders.exists()  # nothing is fetched by itself
        folder, dimension = await offered(supply, f"https://localhost:{port}{place}")
        assert dimension == WIDTH
        assert setting(runtime) == str(folder)
        assert kept(runtime) == sorted(f"{folder.name}/{name}" for name in (MODEL, TOKENIZER))
        assert {name: (folder / name).read_bytes() for name in parts} == parts
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_local_archive_stays_where_it_is(home: Path, parts: dict[str, bytes]) -> None:
    file = home / "made.zip"
    file.write_bytes(packed(parts))
    async with supplied(home) as (runtime, supply):
        offer = await supply.offer(str(file), sha256="", told=unheard)
        assert (offer.size, offer.sha256) == (file.stat().st_size, hash_of(file.read_bytes()))
        await supply.accept(offer)
        assert file.exists()
        assert setting(runtime).startswith(str(runtime.paths.embedders))


@contextmanager
def refusing(runtime: Runtime, kind: type[OpstermError], words: str) -> Iterator[None]:
    """Expect an error, and that nothing is used or kept after it."""
    with pytest.raises(kind, match=words) as caught:
        yield
    assert caught.value.what.endswith(".")
    assert setting(runtime) == ""
    assert kept(runtime) == []


async def test_what_broke_off_is_gone_on_with_and_what_changed_meanwhile_is_fetched_anew(
    home: Path, parts: dict[str, bytes]
) -> None:
    data = packed(parts | {"more": bytes(range(256)) * 200})
    server = FileServer({"/a.zip": data})
    server.cut = 300
    async with serving(server) as port, supplied(home) as (runtime, supply):
        url, sha256 = f"http://127.0.0.1:{port}/a.zip", hash_of(data)
        for _ in range(2):
            with refusing(runtime, Unreachable, "broke off after"):
                await supply.offer(url, sha256=sha256, told=unheard)
        server.cut = 0
        await offered(supply, url, sha256)
        assert server.asked == ["/a.zip 0", "/a.zip 300", "/a.zip 600"]
        server.cut = 300
        server.files["/b.zip"] = data
        with pytest.raises(Unreachable):
            await supply.offer(url.replace("a.zip", "b.zip"), sha256=sha256, told=unheard)
        server.cut = 0
        server.files["/b.zip"] = newer = packed(parts)
        folder, _ = await offered(supply, url.replace("a.zip", "b.zip"), hash_of(newer))
        assert folder.name == f"b-{hash_of(newer)[:8]}"


async def test_another_hash_is_refused_and_removed(home: Path, parts: dict[str, bytes]) -> None:
    data = packed(parts)
    server = FileServer({"/a.zip": data})
    async with serving(server) as port, supplied(home) as (runtime, supply):
        with refusing(runtime, Refused, "not what it should be"):
            await supply.offer(f"http://127.0.0.1:{port}/a.zip", sha256="0" * 64, told=unheard)
        with refusing(runtime, BadInput, "64 hexadecimal digits"):
            await supply.offer(f"http://127.0.0.1:{port}/a.zip", sha256="zz", told=unheard)
        with refusing(runtime, NotFound, "nothing at"):
            await supply.offer(f"http://127.0.0.1:{port}/b.zip", sha256="0" * 64, told=unheard)


@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        ("http://127.0.0.1:{port}/a.zip", Refused, "over http anybody"),
        ("https://ann:secret@127.0.0.1:{port}/a.zip", BadInput, "user name"),
        ("ftp://127.0.0.1/a.zip", BadInput, "no URL"),
        ("https:///a.zip", BadInput, "no URL"),
        ("https://localhost:{secure}/a.zip", Unreachable, "not trusted"),
        ("https://127.0.0.1:1/a.zip", Unreachable, "127.0.0.1"),
    ],
)
async def test_where_nothing_is_fetched_from(
    home: Path, tmp_path: Path, url: str, kind: type[OpstermError], words: str
) -> None:
    tls = (await asyncio.to_thread(Authority, tmp_path)).server()
    async with (
        serving(FileServer({})) as port,
        serving(FileServer({}), tls) as secure,
        supplied(home) as (runtime, supply),
    ):
        with refusing(runtime, kind, words):
            await supply.offer(url.format(port=port, secure=secure), sha256="", told=unheard)


@pytest.mark.parametrize("answer", ["n", ""])
async def test_what_is_declined_is_removed(
    home: Path, parts: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    async def answered(prompt: str) -> str:
        assert "Unpack it" in prompt
        return answer

    monkeypatch.setattr(embedders, "is_asked_on_a_terminal", lambda: True)
    monkeypatch.setattr(embedders, "ask_line", answered)
    data = packed(parts)
    async with serving(FileServer({"/a.zip": data})) as port, supplied(home) as (runtime, supply):
        offer = await supply.offer(f"http://127.0.0.1:{port}/a.zip", sha256=hash_of(data), told=unheard)
        assert len(kept(runtime)) == 1
        with refusing(runtime, Refused, "is not used"):
            await embedders._ask(supply, offer)


async def test_a_replaced_folder_is_removed_once_nothing_points_to_it(home: Path, parts: dict[str, bytes]) -> None:
    folders: list[Path] = []
    for name in ("one", "two", "three"):
        file = home / f"{name}.zip"
        file.write_bytes(packed(parts))
        before = f'[knowledge]\nembedder = "{folders[-1] if folders else ""}"\n'
        async with opened(home, settings=before) as runtime:
            own = runtime.paths.embedders / "own-00000000"
            own.mkdir(parents=True, exist_ok=True)
            (own / "notes").write_bytes(b"of the operator")
            folder, _ = await offered(await runtime.embedder_supply(), str(file))
            folders.append(folder)
            # the one of before may be in the hands of a screen that runs
            assert sorted(runtime.paths.embedders.glob("*-*")) == sorted([own, *folders[-2:]])


async def test_of_a_folder_over_http_nothing_is_fetched(home: Path, parts: dict[str, bytes]) -> None:
    server = FileServer({f"/m/{name}": one for name, one in parts.items()})
    async with serving(server) as port, supplied(home) as (runtime, supply):
        with refusing(runtime, Refused, "over http anybody"):
            await supply.offer(f"http://127.0.0.1:{port}/m/", sha256=hash_of(parts[MODEL]), told=unheard)
        assert server.asked == []


async def test_no_redirect_leads_from_https_to_http(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def leads(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/a.zip\r\nContent-Length: 0\r\n\r\n")

    authority = await asyncio.to_thread(Authority, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    async with serving(leads, authority.server()) as port, supplied(home) as (runtime, supply):
        with refusing(runtime, Refused, "over http anybody"):
            await supply.offer(f"https://localhost:{port}/a.zip", sha256="", told=unheard)


async def test_what_is_another_file_than_was_shown_is_not_used(home: Path, parts: dict[str, bytes]) -> None:
    file, data = home / "made.zip", packed(parts)
    file.write_bytes(data)
    async with supplied(home) as (runtime, supply):
        offer = await supply.offer(str(file), sha256=hash_of(data), told=unheard)
        file.write_bytes(packed(parts | {"more": b"of somebody else"}))
        with refusing(runtime, Refused, "another file than it was"):
            await supply.accept(offer)
        assert file.exists()
        file.write_bytes(data)
        await supply.accept(offer)


async def test_what_is_written_to_while_it_is_unpacked_is_what_was_shown(
    home: Path, parts: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, data = home / "made.tar", taped(parts, "w")
    file.write_bytes(data)
    unpacking = stock._unpacking

    def meanwhile(archive: Path) -> object:
        file.write_bytes(data.replace(parts[TOKENIZER], bytes(len(parts[TOKENIZER]))))
        return unpacking(archive)

    monkeypatch.setattr(stock, "_unpacking", meanwhile)
    async with supplied(home) as (_, supply):
        folder, _ = await offered(supply, str(file))
        assert sorted(path.name for path in folder.iterdir()) == sorted(parts)
        assert (folder / TOKENIZER).read_bytes() == parts[TOKENIZER]


async def test_a_folder_in_use_stays_as_it_is_when_what_is_fetched_next_is_broken(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: dict[str, bytes]
) -> None:
    authority = await asyncio.to_thread(Authority, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    server = FileServer({f"/m/{name}": one for name, one in parts.items()})
    async with serving(server, authority.server()) as port, supplied(home) as (runtime, supply):
        url = f"https://localhost:{port}/m/"
        folder, _ = await offered(supply, url)
        server.files[f"/m/{TOKENIZER}"] = b"rubbish"
        with pytest.raises(BadSetting, match="cannot be used"):
            await offered(supply, url)
        server.files[f"/m/{TOKENIZER}"] = parts[TOKENIZER]
        monkeypatch.setattr(supply, "_try_folder", failing)
        with pytest.raises(BadSetting, match="no memory"):
            await offered(supply, url)  # the same again, and its trial fails for another reason
        assert setting(runtime) == str(folder)
        assert {name: (folder / name).read_bytes() for name in parts} == parts
        assert kept(runtime) == sorted(f"{folder.name}/{name}" for name in parts)


async def failing(folder: str) -> NoReturn:
    raise BadSetting(f"{folder} was not tried: no memory.")


def test_a_folder_of_the_same_name_is_used_when_it_is_the_same_and_else_left_alone(
    tmp_path: Path, parts: dict[str, bytes]
) -> None:
    file = tmp_path / "made.zip"
    file.write_bytes(packed(parts))
    shelf = stock.FolderStock(tmp_path / "kept")
    offer = shelf.offer(str(file), {"": file})
    first = shelf.unpack(offer)
    assert shelf.unpack(offer) == first
    (first / TOKENIZER).write_bytes(b"of somebody else")
    assert shelf.unpack(offer).name == f"{first.name}-2"
    assert (first / TOKENIZER).read_bytes() == b"of somebody else"


def linked() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name in (MODEL, TOKENIZER):
            row = tarfile.TarInfo(name)
            row.type, row.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(row)
    return made.getvalue()


def linked_in_zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in (MODEL, TOKENIZER):
            row = zipfile.ZipInfo(name)
            row.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(row, "/etc/passwd")
    return made.getvalue()


ARCHIVES: dict[str, tuple[Callable[[dict[str, bytes]], bytes], str]] = {
    "a path upwards": (lambda parts: packed(parts | {f"../../{MODEL}": b"x"}), "leads out"),
    "a path from the root": (lambda parts: taped(parts | {"/etc/cron.d/x": b"x"}), "leads out"),
    "a path of another system": (lambda parts: packed(parts | {"..\\..\\x": b"x"}), "leads out"),
    "links": (lambda parts: linked(), f"no {MODEL}"),
    "links in a zip": (lambda parts: linked_in_zip(), f"no {MODEL}"),
    "no tokenizer": (lambda parts: packed({MODEL: parts[MODEL]}), f"no {TOKENIZER}"),
    "a cut zip": (lambda parts: packed(parts)[:-40], "cannot be unpacked"),
    "a cut tar": (lambda parts: taped(parts)[:200], "cannot be unpacked"),
    "a spoilt zip": (lambda parts: packed(parts).replace(parts[TOKENIZER][:1], b"~"), "cannot be unpacked|no embedder"),
    "rubbish": (lambda parts: b"rubbish" * 100, "cannot be unpacked"),
    "nothing": (lambda parts: b"", "cannot be unpacked"),
    "a model that is none": (lambda parts: packed(parts | {MODEL: b"rubbish"}), "cannot be used"),
}


@pytest.mark.parametrize("kind", ["gz", "bz2"])
async def test_what_came_damaged_is_forgotten_and_fetched_anew(home: Path, parts: dict[str, bytes], kind: str) -> None:
    whole = taped(parts | {"weights": Random(1).randbytes(1_000_000)}, f"w:{kind}")
    cut = len(whole) * 9 // 10
    damaged = whole[:cut] + bytes(byte ^ 0xFF for byte in whole[cut : cut + 40]) + whole[cut + 40 :]
    server = FileServer({"/a": damaged})
    async with serving(server) as port, supplied(home) as (runtime, supply):
        with refusing(runtime, BadInput, "cannot be unpacked"):
            await offered(supply, f"http://127.0.0.1:{port}/a", hash_of(damaged))
        server.files["/a"] = whole
        await offered(supply, f"http://127.0.0.1:{port}/a", hash_of(whole))


def strange(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_symlink() or path.name == "x"]


@pytest.mark.parametrize("fault", ARCHIVES)
async def test_a_broken_or_hostile_archive_leaves_nothing(home: Path, parts: dict[str, bytes], fault: str) -> None:
    make, words = ARCHIVES[fault]
    server = FileServer({"/a.zip": (data := make(parts))})
    async with serving(server) as port, supplied(home) as (runtime, supply):
        with refusing(runtime, BadSetting if words == "cannot be used" else BadInput, words):
            await offered(supply, f"http://127.0.0.1:{port}/a.zip", hash_of(data))
    assert strange(home) == []


async def test_an_archive_that_claims_more_than_any_embedder_is_not_unpacked(
    home: Path, parts: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock, "UNPACKED_LIMIT", 100_000)
    monkeypatch.setattr(stock, "SIZE_LIMIT", 50_000)
    file = home / "bomb"
    for make in (packed, taped):
        file.write_bytes(make(parts | {"noughts": bytes(200_000)}))
        async with supplied(home) as (runtime, supply):
            with refusing(runtime, BadInput, "larger than any"):
                await offered(supply, str(file))
    file.write_bytes(packed(parts | {MODEL: bytes(60_000)}))
    async with supplied(home) as (runtime, supply):
        with refusing(runtime, BadInput, "is larger than"):
            await offered(supply, str(file))


def header(kind: bytes, size: int) -> bytes:
    row = tarfile.TarInfo("x")
    row.type, row.size = kind, size
    return row.tobuf(format=tarfile.GNU_FORMAT)


def in_places() -> bytes:
    """Return the header of a file with holes whose places go on in the next block, and so on."""
    block = bytearray(header(tarfile.GNUTYPE_SPARSE, 0))
    block[482:483], block[148:156] = b"\1", b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


MANY = 40_000_000
PLACES = (b"00000000001\0" * 42) + b"\1" + bytes(7)
ENTRIES = b"".join(b"10 %04d=1\n" % number for number in range(2_900)).ljust(29_184, b"\0")
SPARSE = b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
HEADERS: dict[str, Callable[[], bytes]] = {
    "of many bytes": lambda: header(tarfile.XHDTYPE, MANY) + bytes(MANY),
    "of all files": lambda: header(tarfile.XGLTYPE, MANY) + bytes(MANY),
    "with a long name": lambda: header(tarfile.GNUTYPE_LONGNAME, MANY) + b"x" * MANY,
    "of less than nothing": lambda: header(tarfile.XHDTYPE, -1024) + bytes(MANY),
    "of a file of less than nothing": lambda: header(tarfile.REGTYPE, -1024) + bytes(1024),
    "of a file in many places": lambda: in_places() + PLACES * (MANY // len(PLACES)),
    "with places that do not end": lambda: header(tarfile.XHDTYPE, len(SPARSE)) + SPARSE.ljust(512, b"\0")
    + header(tarfile.REGTYPE, 0) + b"9999999\n" + b"1\n" * (MANY // 2),
    "with entries for each file": lambda: header(tarfile.XGLTYPE, len(ENTRIES)) + ENTRIES
    + header(tarfile.REGTYPE, 0) * 400,
    "that are all": lambda: header(tarfile.REGTYPE, 0) + bytes(MANY),
}  # fmt: skip


@pytest.mark.parametrize("fault", HEADERS)
def test_what_headers_claim_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(stock, "UNPACKED_LIMIT", 20_000_000)
    monkeypatch.setattr(tape, "HEADERS_LIMIT", 2_000_000)
    file = tmp_path / "bomb.tar.gz"
    file.write_bytes(gzip.compress(HEADERS[fault](), 1))
    shelf = stock.FolderStock(tmp_path / "kept")
    offer = shelf.offer(str(file), {"": file})
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match=r"hostile|larger than any|has no model"):
            shelf.unpack(offer)
        assert tracemalloc.get_traced_memory()[1] < 25_000_000
    finally:
        tracemalloc.stop()


async def test_a_full_disk_leaves_nothing_half(
    home: Path, parts: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = packed(parts)
    server = FileServer({"/a.zip": data})
    usage = shutil.disk_usage
    async with serving(server) as port, supplied(home) as (runtime, supply):
        url, sha256 = f"http://127.0.0.1:{port}/a.zip", hash_of(data)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(path)._replace(free=1000))
        with refusing(runtime, StorageFull, "are free"):
            await supply.offer(url, sha256=sha256, told=unheard)
        monkeypatch.setattr(shutil, "disk_usage", usage)

        def full(*given: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("opsterm.adapters.download._PartFile.add", full)
            with refusing(runtime, StorageFull, "cannot be written"):
                await supply.offer(url, sha256=sha256, told=unheard)
        assert not list(runtime.paths.embedders.rglob("*.part"))
        offer = await supply.offer(url, sha256=sha256, told=unheard)
        with monkeypatch.context() as patch:
            patch.setattr(stock, "_copy", full)
            with pytest.raises(StorageFull, match="disk is full"):
                await supply.accept(offer)
        assert setting(runtime) == ""
        assert not list(runtime.paths.embedders.glob("making-*"))
        await supply.accept(offer)  # what was fetched is still there


async def test_a_server_that_sends_more_or_less_than_it_says_is_not_believed(
    home: Path, parts: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = packed(parts)
    server = FileServer({"/a.zip": data})
    async with serving(server) as port, supplied(home) as (runtime, supply):
        url, sha256 = f"http://127.0.0.1:{port}/a.zip", hash_of(data)
        server.claims = 2 * len(data)
        with refusing(runtime, Unreachable, "broke off"):
            await supply.offer(url, sha256=sha256, told=unheard)
        server.claims = 3_000_000_000
        with refusing(runtime, BadInput, "more than"):
            await supply.offer(url, sha256=sha256, told=unheard)


async def test_the_proxy_of_the_environment_is_used(
    home: Path, parts: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = packed(parts)
    server = FileServer({"/a.zip": data})
    async with serving(server) as port, supplied(home) as (_, supply):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        await supply.offer("http://mirror.test/a.zip", sha256=hash_of(data), told=unheard)
        assert server.asked == ["http://mirror.test/a.zip 0"]
        monkeypatch.setenv("http_proxy", "socks9://127.0.0.1:1")
        monkeypatch.setenv("HTTP_PROXY", "socks9://127.0.0.1:1")
        with pytest.raises(BadSetting, match="proxy of the environment"):
            await supply.offer("http://mirror.test/b.zip", sha256=hash_of(data), told=unheard)
