"""The tools agree: imports, types, lint and format."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.house.source import CHECKOUT

TOOLS = {
    "imports": ["-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-logo"],
    "lint": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
    "types": ["-m", "mypy", "opsterm", "tests"],
}


@pytest.mark.parametrize("arguments", TOOLS.values(), ids=TOOLS)
def test_the_tool_has_nothing_to_say(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, (
        f"{' '.join(arguments)} has something to say\n{done.stdout[-8000:]}\n{done.stderr[-4000:]}"
    )
