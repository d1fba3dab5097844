"""A description's text becomes a tree, or a sentence: within limits, whoever wrote it."""

from __future__ import annotations

import json
import time

import pytest

from opsterm.core.errors import BadInput
from opsterm.inventory.apis.document import DEPTH_LIMIT, JSON_LIMIT, read_document
from tests.inventory.mutations import mutations


def test_yaml_is_read_as_json_would_be() -> None:
    text = """
    version: 1.10
    200: {on: yes, off: 012, date: 2026-01-02, time: 12:30, empty: , none: null, true_: true, big: 1e3, text: "1"}
    base: &base {a: 1}
    made: {<<: *base, b: 2}
    """
    assert read_document(text.encode()) == {
        "version": 1.1,
        "200": {"on": "yes", "off": "012", "date": "2026-01-02", "time": "12:30", "empty": None, "none": None,
                "true_": True, "big": 1000.0, "text": "1"},
        "base": {"a": 1},
        "made": {"a": 1, "b": 2},
    }  # fmt: skip


def test_json_with_a_byte_order_mark_is_read() -> None:
    assert read_document(b'\xef\xbb\xbf {"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no mapping"), (b"- a\n- b", "no mapping"), (b"[1]", "no mapping"), (b"just words", "no mapping"),
        (b'{"a": }', "line 1, column 7"), (b"a: [1", "YAML"), (b'{"a": NaN}', "NaN"), (b"\xff\xfe{", "UTF-8"),
        (b'{"a": ' + b"9" * 5000 + b"}", "JSON"), (b"a: !!python/object/apply:os.system [id]", "YAML"),
        (b"a: !!binary aGk=", "YAML"), (b"a: !secret x", "YAML"), (b"? [a]\n: b", "key is no text"),
        (b"a: &a [*a]", "alias"), (b"a: *b", "alias"), (b"a: \x00", "YAML"), (b"<html>&amp;</html>: {", "YAML"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(data: bytes, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_document(data)
    assert said in str(refused.value)
    assert str(refused.value).isprintable() or "\n" in str(refused.value)


def yaml_bomb(form: str) -> bytes:
    """Return 30 lines, each with ten aliases of the line before."""
    lines = [f"a0: &a0 {form.format('x')}"]
    lines += [f"a{n}: &a{n} {form.format(', '.join([f'*a{n - 1}'] * 10))}" for n in range(1, 30)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    "data",
    [
        yaml_bomb("[{}]"),
        yaml_bomb("{{<<: [{}]}}").replace(b"[x]", b"{k: 1}"),
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"a: " + b"[" * 5_000,
        b'{"a": ' + b"[" * (DEPTH_LIMIT + 1) + b"]" * (DEPTH_LIMIT + 1) + b"}",
        b'{"a": "' + b"x" * JSON_LIMIT + b'"}',
        b"a: " + b"x" * 12_000_000,
        b"{\"a\": [" + b"0," * 3_000_001 + b"0]}",
    ],
    ids=["aliases", "merge keys", "brackets", "objects", "yaml brackets", "deep", "50 MB", "long yaml", "many"],
)  # fmt: skip
def test_a_bomb_is_refused_soon(data: bytes) -> None:
    began = time.process_time()
    with pytest.raises(BadInput):
        read_document(data)
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    "text", ['{"openapi": "3.1.0", "a": [1, {"b": null}]}', "a: &x [1, {b: *x}]\nc:\n  - d: |\n      e\n"]
)
def test_no_bytes_bring_it_down(text: str) -> None:
    for made in mutations(text, 5_000, seed=3):
        try:
            tree = read_document(made.encode())
        except BadInput:
            continue
        assert isinstance(tree, dict)
        json.dumps(tree)


@pytest.mark.parametrize(
    "value",
    [
        '!!int "' + ":".join(["59"] * 200_000) + '"',  # a number to the base of 60, to the library
        '!!float "' + ":".join(["1"] * 400) + '"',
        '!!int ""', '!!float ""', "!!bool perhaps", "!!int 0x1F", "!!map x",
    ],
)  # fmt: skip
def test_a_tag_makes_no_value_of_what_is_none(value: str) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_document(f"openapi: {value}\n".encode())
