"""Archives of an embedder that are broken or hostile leave nothing, and cost little."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from opsterm.core.errors import BadInput, BadSetting
from opsterm.storage.vectors import stock, tape
from tests.adapters.web_stage import serving
from tests.runtime.embedder_stage import (
    MODEL,
    TOKENIZER,
    FileServer,
    hash_of,
    offered,
    packed,
    refusing,
    supplied,
    taped,
)


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
