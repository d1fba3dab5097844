"""What a start costs: which libraries are loaded, looked at in a fresh interpreter.

Seconds differ from machine to machine; the list of modules does not. Loading chromadb takes about 0.6 s, scikit-learn
1.4 s, textual 0.4 s, asyncssh and sqlmodel 0.3 s each.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

HEAVY = frozenset({
    "textual", "rich", "chromadb", "sklearn", "scipy", "numpy", "sqlmodel", "sqlalchemy", "aiosqlite", "alembic",
    "asyncssh", "cryptography", "keyring", "winrm", "requests", "ollama", "httpx", "psutil", "pyghostty", "yaml",
    "pysnmp", "pyasn1",
})  # fmt: skip

PROGRAM = """
import json, sys
from opsterm.__main__ import main
code = main(sys.argv[1:])
sys.stdout.flush()
sys.stderr.write("\\n" + json.dumps({"code": code, "loaded": sorted({name.partition(".")[0] for name in sys.modules})}))
"""

SCREEN = """
import json, sys
import opsterm.tui.app
sys.stderr.write("\\n" + json.dumps({"code": 0, "loaded": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


def loaded_by(program: str, arguments: Sequence[str], home: Path) -> set[str]:
    """Run a program in a fresh interpreter and return the libraries it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, timeout=300,
        env={"OPSTERM_HOME": str(home), "HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    )  # fmt: skip
    found = json.loads(done.stderr.splitlines()[-1])
    assert found["code"] == 0, done.stderr
    return set(found["loaded"])


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["targets", "--help"], ["propose", "--help"]],
    ids=" ".join,
)
def test_help_loads_no_library(arguments: list[str], tmp_path: Path) -> None:
    assert not loaded_by(PROGRAM, arguments, tmp_path) & HEAVY


@pytest.mark.parametrize("arguments", [["where"], ["keys"], ["settings"], ["risk", "--", "reboot"]], ids=" ".join)
def test_a_verb_that_opens_nothing_loads_no_library(arguments: list[str], tmp_path: Path) -> None:
    assert not loaded_by(PROGRAM, arguments, tmp_path) & HEAVY


@pytest.mark.parametrize(
    "arguments",
    [["targets", "list"], ["alerts"], ["metrics"], ["changes"], ["ask", "which targets are online?"],
     ["propose", "--on", "localhost", "--", "true"]],
    ids=lambda words: " ".join(words[:2]),
)  # fmt: skip
def test_a_verb_loads_the_database_driver_only(arguments: list[str], tmp_path: Path) -> None:
    assert loaded_by(PROGRAM, arguments, tmp_path) & HEAVY <= {"aiosqlite"}


def test_the_screen_loads_what_it_draws_with(tmp_path: Path) -> None:
    assert loaded_by(SCREEN, [], tmp_path) & HEAVY == {"textual", "rich"}
