"""An account of its own with the real program in it, and its real database.

A run is a process of its own where that matters: streams, signals, terminals, two at once. Elsewhere the program's
door is called in this process, with the account's environment and files as standard streams: a tenth of the time.
"""

from __future__ import annotations

import io
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from opsterm.__main__ import main
from tests.house.source import CHECKOUT
from tests.tui.pty_app import PtyApp

PROGRAM = (sys.executable, "-m", "opsterm")
DEADLINE_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How one run ended.

    Attributes:
        code: its exit code, negative for a signal.
        out: standard output.
        err: standard error.
    """

    code: int
    out: str
    err: str
    out_bytes: bytes
    err_bytes: bytes

    def records(self) -> list[dict[str, Any]]:
        """Return the objects of --json; fails when a line is anything else."""
        return [json.loads(line) for line in self.out.splitlines()]

    def record(self) -> dict[str, Any]:
        """Return the one object that was printed."""
        (one,) = self.records()
        return one


class Running:
    """A run that has not ended."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [*PROGRAM, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(environment), cwd=CHECKOUT,
        )  # fmt: skip

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def line(self) -> str:
        """Return the next line of standard output; fails when none comes in time."""
        assert self.process.stdout is not None
        text = b""
        end = time.monotonic() + DEADLINE_S
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"no line in time, only {text!r}"
            piece = os.read(self.process.stdout.fileno(), 1)
            assert piece, f"it ended after {text!r}: {self.process.stderr.read()!r}"  # type: ignore[union-attr]  # a pipe
            text += piece
        return text.decode().rstrip("\n")

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait(self) -> Ran:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=DEADLINE_S)
        return _ran(self.process.returncode, out, err)


def _ran(code: int, out: bytes, err: bytes) -> Ran:
    return Ran(
        code=code, out=out.decode("utf-8", "replace"), err=err.decode("utf-8", "replace"), out_bytes=out, err_bytes=err
    )


@dataclass
class Account:
    """A home folder, and opsterm in it.

    Attributes:
        home: the folder.
        here: whether `run` calls the door in this process.
        environment: of every run.
    """

    home: Path
    here: bool = True
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.home / ".ssh").mkdir(mode=0o700, parents=True)
        self.environment = {
            "HOME": str(self.home),
            "OPSTERM_HOME": str(self.home / "o"),
            "PATH": os.environ["PATH"],
            "KEEPER_BASE": str(self.home / "points"),
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
            "PYTHONWARNINGS": "error",
        }

    @property
    def data(self) -> Path:
        return self.home / "o/data"

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file below the home folder and return its path."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def config(self, text: str | bytes) -> Path:
        """Write the settings file."""
        return self.write("o/config/config.toml", text)

    def run(
        self, *argv: str | bytes, stdin: str | bytes | None = None, env: Mapping[str, str] | None = None,
        expect: int | None = None,
    ) -> Ran:  # fmt: skip
        """Run to the end; with `expect` fail unless it ended with that code."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        ran = (self._run_here if self.here else self._run_apart)(argv, given, {**self.environment, **(env or {})})
        assert "Traceback" not in ran.err, ran.err
        if expect is not None:
            assert ran.code == expect, f"{argv} ended with {ran.code}\n{ran.out}\n{ran.err}"
        return ran

    def _run_apart(self, argv: Sequence[str | bytes], stdin: bytes | None, environment: Mapping[str, str]) -> Ran:
        done = subprocess.run(
            [*PROGRAM, *argv], input=stdin, stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True,
            env=dict(environment), cwd=CHECKOUT, timeout=DEADLINE_S, check=False,
        )  # fmt: skip
        return _ran(done.returncode, done.stdout, done.stderr)

    def _run_here(self, argv: Sequence[str | bytes], stdin: bytes | None, environment: Mapping[str, str]) -> Ran:
        with (
            pytest.MonkeyPatch.context() as patch,
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            given.write(stdin or b"")
            given.seek(0)
            for name in os.environ:
                patch.delenv(name)
            for name, value in environment.items():
                patch.setenv(name, value)
            streams = [io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape") for file in (given, out, err)]
            for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
                patch.setattr(sys, name, stream)
            before = os.dup(0)
            os.dup2(given.fileno(), 0)  # for /dev/stdin
            try:
                code = main([os.fsdecode(word) for word in argv])
            finally:
                os.dup2(before, 0)
                os.close(before)
            for stream in streams[1:]:
                stream.flush()
                stream.seek(0)
            return _ran(code, out.read(), err.read())

    def run_each(self, lines: Sequence[Sequence[str]]) -> list[Ran]:
        """Run several that do not depend on one another, two at a time."""
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda argv: self._run_apart(argv, None, self.environment), lines))

    def shell(self, line: str) -> Ran:
        """Run a line of bash in which `opsterm` is the program."""
        script = f'opsterm() {{ "{sys.executable}" -m opsterm "$@"; }}\n{line}'
        done = subprocess.run(
            ["bash", "-c", script], stdin=subprocess.DEVNULL, capture_output=True, env=self.environment, cwd=CHECKOUT,
            timeout=DEADLINE_S, check=False,
        )  # fmt: skip
        return _ran(done.returncode, done.stdout, done.stderr)

    def start(self, *argv: str, env: Mapping[str, str] | None = None) -> Running:
        """Begin a run; use it as a context manager."""
        return Running(argv, {**self.environment, **(env or {})})

    def on_terminal(self, *argv: str, columns: int = 100) -> PtyApp:
        """Begin a run on a terminal; use it as a context manager."""
        quiet = {name: "" for name in os.environ if name.startswith(("OPSTERM_", "XDG_"))}
        cleared = {name: value for name, value in quiet.items() if name in self.environment}
        return PtyApp(
            ["env", "-C", str(CHECKOUT), *PROGRAM, *argv], columns=columns, env={**cleared, **self.environment}
        )

    @contextmanager
    def serve(self, *options: str) -> Iterator[Running]:
        """Run the workers; they are at work when this is entered."""
        with self.start(*options, "serve", "--json") as serving:
            assert "serving" in json.loads(serving.line())
            yield serving

    def propose(self, command: str, on: str = "localhost", *options: str) -> str:
        """Propose a command and return its number, as in "c1"."""
        return str(self.run("propose", "--json", "--on", on, *options, "--", command, expect=0).record()["id"])


def wait_until(true: Callable[[], bool], *, within_s: float = DEADLINE_S) -> None:
    """Wait until something is true, as other processes make it.

    Raises:
        AssertionError: it did not become so in time.
    """
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it did not become true in time"
        select.select([], [], [], 0.02)
