"""Commands on this machine: what they get, what they give, and that nothing of them is left behind."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsterm.adapters.local_command import LocalSession
from opsterm.core.errors import BadInput
from opsterm.runtime.ports import Ended

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


def a_session(folder: Path = Path("/")) -> LocalSession:
    return LocalSession(ENVIRONMENT, folder)


async def outcome(command: str, *, shell: str = "sh", folder: Path = Path("/")) -> tuple[bytes, Ended]:
    pieces = [piece async for piece in a_session(folder).run(command, shell=shell)]
    assert isinstance(pieces[-1], Ended)
    return b"".join(piece for piece in pieces if isinstance(piece, bytes)), pieces[-1]


async def test_no_variable_changes_what_an_approved_command_means(tmp_path: Path) -> None:
    start_up = tmp_path / "start-up"
    start_up.write_text("echo not approved\n", encoding="utf-8")
    hostile = {
        **ENVIRONMENT, "BASH_ENV": str(start_up), "ENV": str(start_up), "BASH_FUNC_uname%%": "() { echo faked; }",
        "SHELLOPTS": "xtrace", "OPSTERM_VAULT_PASSPHRASE_FILE": "/secret", "KEPT": "yes",
    }  # fmt: skip
    session = LocalSession(hostile, tmp_path)
    for shell in ("sh", "bash"):
        pieces = [piece async for piece in session.run("uname; echo $KEPT-$OPSTERM_VAULT_PASSPHRASE_FILE", shell=shell)]
        assert b"".join(piece for piece in pieces if isinstance(piece, bytes)) == b"Linux\nyes-\n"


@pytest.mark.parametrize(
    ("command", "output", "ended"),
    [
        ("echo hello", b"hello\n", Ended(exit_status=0)),
        ("exit 7", b"", Ended(exit_status=7)),
        ("kill -9 $$", b"", Ended(exit_status=None, signal="KILL")),
        ("kill -TERM $$", b"", Ended(exit_status=None, signal="TERM")),
        ("echo out; echo err >&2; echo out", b"out\nerr\nout\n", Ended(exit_status=0)),
        ("cat", b"", Ended(exit_status=0)),
        ("no-such-command-at-all 2>/dev/null", b"", Ended(exit_status=127)),
        ("printf '\\377\\000\\033'", b"\xff\x00\x1b", Ended(exit_status=0)),
        ("echo $LANG $HOME-", b"C.UTF-8 -\n", Ended(exit_status=0)),
        ("ps -o sid= -p $$ | tr -d ' '; echo $$ >/dev/null", None, Ended(exit_status=0)),
    ],
)
async def test_a_command_gives_its_output_and_its_end(command: str, output: bytes | None, ended: Ended) -> None:
    got, end = await outcome(command)
    assert end == ended
    assert output is None or got == output


async def test_bash_is_bash_and_starts_in_the_home_folder(tmp_path: Path) -> None:
    output, _ = await outcome("[[ 1 == 1 ]] && pwd", shell="bash", folder=tmp_path)
    assert output.decode().strip() == str(tmp_path)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60))
def test_the_command_reaches_the_shell_as_one_argument_unchanged(text: str) -> None:
    command = f": <<'the-end-of-it'\n{text}\nthe-end-of-it\ntr '\\0' '\\n' </proc/$$/cmdline | tail -n +3"

    async def shown() -> bytes:
        return (await outcome(command))[0]

    if "the-end-of-it" not in text:
        assert asyncio.run(shown()) == command.encode() + b"\n"


@pytest.mark.parametrize(
    ("command", "shell"), [("echo \0", "sh"), ("echo \ud800", "sh"), ("x" * 200_000, "sh"), ("dir", "powershell")]
)
async def test_what_no_shell_can_be_given_is_refused_with_a_sentence(command: str, shell: str) -> None:
    with pytest.raises(BadInput) as caught:
        await outcome(command, shell=shell)
    assert caught.value.next_step


async def test_a_home_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="gone"):
        await outcome("true", folder=tmp_path / "gone")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine end a command at its own pace: after the limit only its process group is killed."""
    monkeypatch.setattr("opsterm.adapters.local_command.END_LIMIT_S", 100.0)


def alive(mark: str) -> list[int]:
    """Return processes that have `mark` among their arguments and are not zombies."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if mark.encode() in words and state != "Z":
                found.append(int(folder.name))
    return found


async def comes_true(condition: Callable[[], bool]) -> None:
    """Wait, within the test's time-out, for what other processes do."""
    while not condition():  # noqa: ASYNC110 (another process gives no event)
        await asyncio.sleep(0.01)


async def started(session: LocalSession, command: str, shell: str) -> AsyncGenerator[bytes | Ended, None]:
    """Begin a command that says "ready", and return the iteration after that word."""
    pieces = session.run(command, shell=shell)
    first = await anext(pieces)
    assert isinstance(first, bytes)
    assert b"ready" in first
    return pieces


@pytest.mark.parametrize(
    ("shell", "template"),
    [
        ("sh", "echo ready; exec sleep {}"),
        ("sh", "sleep {} & sleep {} & echo ready; wait"),
        ("bash", "set -m; sleep {} & sleep {} & echo ready; wait"),
        ("sh", "(sh -c 'sleep {}; true' & sh -c 'sleep {}; true'; true) & echo ready; wait"),
        ("sh", "setsid sleep {} & echo ready; wait"),
    ],
)
async def test_leaving_early_ends_the_command_and_its_children(shell: str, template: str) -> None:
    mark = f"86{os.getpid()}.{time.monotonic_ns() % 1000003}"
    pieces = await started(a_session(), template.format(mark, mark), shell)
    await comes_true(lambda: bool(alive(mark)))
    await pieces.aclose()
    await comes_true(lambda: alive(mark) == [])  # killed; the kernel may still be taking it down


async def test_cancelling_ends_what_ignores_term_after_two_seconds() -> None:
    mark = f"86{os.getpid()}.77"

    async def watch(ready: asyncio.Event) -> None:
        async for _ in a_session().run(f"trap '' TERM; echo ready; sleep {mark}; sleep {mark}", shell="sh"):
            ready.set()

    ready = asyncio.Event()
    task = asyncio.create_task(watch(ready))
    await ready.wait()
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await comes_true(lambda: alive(mark) == [])  # killed; the kernel may still be taking it down
    assert 1.5 < time.monotonic() - began < 30


async def test_what_cannot_be_ended_in_time_is_killed_with_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsterm.adapters.local_command.END_LIMIT_S", 0.0)
    mark = f"86{os.getpid()}.78"
    pieces = await started(a_session(), f"sleep {mark} & sleep {mark} & echo ready; wait", "sh")
    await comes_true(lambda: len(alive(mark)) == 2)
    await pieces.aclose()
    await comes_true(lambda: alive(mark) == [])


async def test_a_flood_waits_for_its_reader_and_ends_with_it() -> None:
    pieces = a_session().run("yes flood", shell="sh")
    total = 0
    async for piece in pieces:
        assert isinstance(piece, bytes)
        total += len(piece)
        if total > 20_000_000:
            break
    await pieces.aclose()
