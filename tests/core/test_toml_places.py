"""The line of a key is found in whatever way the key is written."""

from __future__ import annotations

import pytest

from opsterm.core.toml_places import Path, key_lines, line_of

TEXT = '''# [not.a.table]
title = "a = b [c]"     # d = 1

[a]
x = 1
"quoted key" = [
  1, # ] }
  { y = 2 },
]
many = """
[b]
z = 3
"""
raw = \'\'\'
w = 4
\'\'\'
[a.deep]
k = 1
[[list]]
n = 1
[[list]]
n = 2
[list.inner]
m = 3
[b]
c.d.e = 5
'single' = 6
last = 7'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2), (("a",), 4), (("a", "x"), 5), (("a", "quoted key"), 6), (("a", "many"), 10),
        (("a", "raw"), 14),
        (("a", "deep"), 17), (("a", "deep", "k"), 18), (("list",), 19), (("list", 0), 19), (("list", 0, "n"), 20),
        (("list", 1), 21), (("list", 1, "n"), 22), (("list", 1, "inner", "m"), 24), (("b",), 25), (("b", "c"), 26),
        (("b", "c", "d", "e"), 26), (("b", "single"), 27), (("b", "last"), 28),
        (("a", "quoted key", 1, "y"), 6), (("nowhere",), None), ((), None),
    ],
)  # fmt: skip
def test_a_key_is_found(path: Path, line: int | None) -> None:
    assert line_of(key_lines(TEXT), path) == line
    assert line_of(key_lines(TEXT.replace("\n", "\r\n")), path) == line
