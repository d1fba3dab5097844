"""An embedder is fetched when the operator says so, whole or not at all, and used only when it is what it should be.

The server is real, over TLS where the bytes say nothing of themselves.
"""

from __future__ import annotations

import asyncio
import errno
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from opsterm.cli.verbs import embedders
from opsterm.core.errors import BadInput, BadSetting, NotFound, OpstermError, Refused, StorageFull, Unreachable
from opsterm.storage.vectors import stock
from tests.adapters.web_stage import Authority, serving
from tests.runtime.embedder_stage import (
    MODEL,
    TOKENIZER,
    FileServer,
    hash_of,
    kept,
    offered,
    packed,
    refusing,
    setting,
    supplied,
    taped,
    unheard,
)
from tests.runtime.stage import opened
from tests.runtime.tiny_embedder import WIDTH

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
