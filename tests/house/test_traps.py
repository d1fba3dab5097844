"""What has gone wrong in tools of this trade has a test here that would fail if it went wrong again."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
TRAPS = tomllib.loads((HERE / "traps.toml").read_text(encoding="utf-8"))["trap"]


@pytest.mark.parametrize("trap", TRAPS, ids=[trap["went_wrong"] for trap in TRAPS])
def test_a_trap_that_is_known_has_tests(trap: dict[str, Any]) -> None:
    assert trap["tests"]
    for test in trap["tests"]:
        file, _, name = test.partition("::")
        text = (HERE.parent.parent / file).read_text(encoding="utf-8")
        assert re.search(rf"^(?:async )?def {name}\(", text, re.MULTILINE), f"{test} is gone"
