"""A form with files is one request: approved with the very files, and sent so or not at all."""

from __future__ import annotations

import email.policy
from collections.abc import Iterator
from email.parser import BytesParser
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.core.errors import BadInput
from opsterm.core.http_request import parse_request
from opsterm.inventory.apis.calls import Call
from opsterm.runtime.put_review import review_rows
from tests.adapters.petstore_stage import Petstore, petstore
from tests.runtime.changing import outcomes
from tests.runtime.test_apis import knowing

_FIELDS = {
    "photo": {"type": "string", "format": "binary"}, "more": {"type": "array", "items": {"format": "binary"}},
    "name": {"type": "string"}, "age": {"type": "integer"}, "about": {"type": "object"}, "any": {},
}  # fmt: skip


@pytest.fixture
def store() -> Iterator[Petstore]:
    with petstore() as shop:
        shop.extra_paths["/photos"] = {"post": {
            "operationId": "addPhoto", "security": [], "requestBody": {"required": True, "content": {
                "multipart/form-data": {"schema": {"type": "object", "required": ["photo"], "properties": _FIELDS}},
            }},
        }}  # fmt: skip
        yield shop


def call(*words: tuple[str, str], body: str | None = None) -> Call:
    return Call(operation="addPhoto", words=words, body=body)


def parts_of(body: bytes, content_type: str) -> list[tuple[str | None, str | None, str, bytes]]:
    """Read a form as the standard library does: name, file name, type and content of each part."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    return [
        (part.get_param("name", header="content-disposition"), part.get_filename(), part.get_content_type(),  # type: ignore[misc]  # plain text here
         part.get_payload(decode=True))
        for part in message.iter_parts()
    ]  # fmt: skip


async def test_what_was_approved_is_what_arrives_whatever_was_edited_since(tmp_path: Path, store: Petstore) -> None:
    photo = tmp_path / "r\u00e9x.png"
    photo.write_bytes(b"\x89PNG\r\n--boundary\0" * 1000)
    (tmp_path / "b.txt").write_bytes(b"two\n")
    async with knowing(tmp_path, store) as (runtime, apis):
        change = await apis.call(
            "pets",
            call(("photo", f"@{photo}"), ("name", "@rex"), ("age", "3"), ("about", '{"a": 1}'),
                 ("more", f"@{photo}"), ("more", f"@{tmp_path}/b.txt")),
            origin="chat",
        )  # fmt: skip
        assert change.state is ChangeState.PROPOSED
        lines = parse_request(change.order.command).body.split("\n")
        assert lines[0].startswith('file "photo" "r\\u00e9x.png" image/png 17000 ')
        assert 'field "name" "@rex"' in lines, "a text that begins with @ is a text"
        assert any("r\u00e9x.png" in reason or "It sends" in reason for reason in change.risk.reasons)
        photo.write_bytes(b"edited since")
        await runtime.files.tidy()
        await runtime.changes.approve(change.id, digest=change.digest)
        ended = await runtime.changes.run(change.id)
        assert outcomes(ended)["pets"].exit_status == 1, "the store has no such path, and took the request"
        (came,) = store.writes
        assert parts_of(came.body, came.headers["Content-Type"]) == [
            ("photo", "r\u00e9x.png", "image/png", b"\x89PNG\r\n--boundary\0" * 1000),
            ("name", None, "text/plain", b"@rex"), ("age", None, "text/plain", b"3"),
            ("about", None, "application/json", b'{"a": 1}'),
            ("more", "r\u00e9x.png", "image/png", b"\x89PNG\r\n--boundary\0" * 1000),
            ("more", "b.txt", "text/plain", b"two\n"),
        ]  # fmt: skip


async def test_the_approver_sees_the_files(tmp_path: Path, store: Petstore) -> None:
    (tmp_path / "a.txt").write_bytes(b"to the letter\n")
    async with knowing(tmp_path, store) as (runtime, apis):
        change = await apis.call("pets", call(("photo", f"@{tmp_path}/a.txt")), origin="chat")
        review = await runtime.files.review(change, compare=True)
        assert review is not None
        rows = dict(review_rows(review))
        assert rows["content"] == "to the letter"
        assert rows["file"] == "a.txt · 14 B (14 bytes) · as the field photo"
        plain = await apis.call("pets", Call(operation="createPet", words=(("name", "x"),)), origin="chat")
        assert await runtime.files.review(plain) is None


async def test_a_kept_file_that_somebody_changed_is_sent_to_nobody(tmp_path: Path, store: Petstore) -> None:
    (tmp_path / "a.txt").write_bytes(b"good")
    async with knowing(tmp_path, store) as (runtime, apis):
        change = await apis.call("pets", call(("photo", f"@{tmp_path}/a.txt")), origin="chat")
        (part,) = parse_request(change.order.command).parts
        for evil in (b"evil", b"longer than it was", b""):
            (runtime.paths.contents / part.sha256).write_bytes(evil)
            change = await apis.call("pets", call(("photo", f"@{tmp_path}/a.txt")), origin="chat")
            (runtime.paths.contents / part.sha256).write_bytes(evil)
            await runtime.changes.approve(change.id, digest=change.digest)
            ended = await runtime.changes.run(change.id)
            assert "not the one that was approved" in outcomes(ended)["pets"].message
        assert store.writes == []


@pytest.mark.parametrize(("asked", "says"), [
    (call(("photo", "rex.png")), "photo is a file: write it as in photo=@PATH"),
    (call(("photo", "@/none/of/these")), "cannot be read"), (call(("name", "x")), "photo"),
    (call(body="{}"), "form with files"), (call(("photo", "@/etc/hostname"), ("age", "x")), "age"),
])  # fmt: skip
async def test_what_cannot_be_sent_so_is_said(tmp_path: Path, store: Petstore, asked: Call, says: str) -> None:
    async with knowing(tmp_path, store) as (_runtime, apis):
        with pytest.raises(BadInput) as caught:
            await apis.call("pets", asked, origin="chat")
        assert says in str(caught.value)
