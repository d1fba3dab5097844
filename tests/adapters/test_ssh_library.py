"""The SSH library comes in without starting a single program, and only when it is needed."""

from __future__ import annotations

import ctypes.util
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from opsterm.adapters.ssh_library import as_if_missing

WATCHED = """
import json, sys
started = []
def watch(event, arguments):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "os.system"):
        started.append(repr(arguments)[:100])
sys.addaudithook(watch)
import {module}
print(json.dumps([started, sorted(m for m in sys.modules if m in {heavy})]))
"""

HEAVY = ("asyncssh", "asyncssh.crypto.x509", "cryptography", "cryptography.x509", "psutil")


def import_of(module: str) -> tuple[list[str], list[str]]:
    """Return what programs an import starts, and which heavy modules it brings."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED.format(module=module, heavy=HEAVY)], capture_output=True, text=True, check=True
    )
    started, heavy = json.loads(done.stdout)
    return started, heavy


def test_importing_ssh_starts_no_program() -> None:
    assert import_of("opsterm.adapters.ssh") == ([], ["asyncssh", "cryptography"])


def test_the_plain_import_would_start_some_and_bring_more() -> None:
    """Keeps the test above honest: when this fails, the library has stopped looking and ours may go."""
    started, heavy = import_of("asyncssh")
    assert started
    assert "cryptography.x509" in heavy


def test_a_module_is_missing_only_while_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "loaded_by_no_other_test"
    (tmp_path / f"{name}.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with as_if_missing(name), pytest.raises(ImportError):
        importlib.import_module(name)
    loaded = importlib.import_module(name)
    with as_if_missing(name):
        assert importlib.import_module(name) is loaded, "one that is loaded stays"


def test_the_connector_alone_brings_nothing_heavy() -> None:
    assert import_of("opsterm.adapters.connector") == ([], [])


def test_everybody_else_still_finds_libraries() -> None:
    assert ctypes.util.find_library("c")
