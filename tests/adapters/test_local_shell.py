"""A log-in shell on a real pseudo-terminal of this machine."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from opsterm.adapters import local_shell
from opsterm.adapters.local_shell import LocalShell, open_local_shell
from opsterm.core.errors import BadInput, Refused
from opsterm.runtime.ports import Ended, Shell

Open = Callable[..., Awaitable[LocalShell]]

TIME_LIMIT_S = 20.0


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    shells: list[LocalShell] = []

    async def make(**more: str) -> LocalShell:
        environment = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LANG": "C.UTF-8", "PS1": "", **more}
        shell = await open_local_shell(
            columns=80, rows=24, term="xterm-256color", environment=environment, home=tmp_path
        )
        shells.append(shell)
        return shell

    yield make
    for shell in shells:
        await shell.close()


async def until(shell: Shell, pattern: str) -> str:
    """Read until the pattern is there; return everything that was read."""
    text = ""
    async with asyncio.timeout(TIME_LIMIT_S):
        while not re.search(pattern, text):
            data = await shell.read()
            assert data, f"ended before {pattern!r}: {text!r}"
            text += data.decode("utf-8", "replace")
    return text


async def rest(shell: Shell) -> bytes:
    """Read to the end."""
    data = bytearray()
    async with asyncio.timeout(TIME_LIMIT_S):
        while part := await shell.read():
            data += part
    return bytes(data)


def open_files() -> int:
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def running(pid: int) -> bool:
    """Return whether a process is there and no zombie."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().split()[2] != "Z"


def reaped(pid: int) -> bool:
    """Return whether no child of that number is left."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


async def test_it_is_a_log_in_shell_at_home_on_a_terminal_of_its_own(opened: Open, tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text("echo profile-was-read\n")
    shell = await opened(TMUX="/tmp/outer", OPSTERM_VAULT_PASSPHRASE_FILE="/secret", KEPT="yes")
    await until(shell, "profile-was-read")
    shell.write(b'echo "[$(pwd)][$TERM][$(stty size)][${TMUX-none}][${OPSTERM_VAULT_PASSPHRASE_FILE-none}][$KEPT]"\n')
    await until(shell, re.escape(f"[{tmp_path}][xterm-256color][24 80][none][none][yes]"))
    shell.write(b"tty; ps -o pid=,sid=,tty= -p $$; echo done-\n")
    text = await until(shell, r"\ndone-\r\n")
    found = re.search(r"/dev/(pts/\d+)\r\n\s*(\d+)\s+(\d+)\s+(\S+)", text)
    assert found is not None, text
    assert found[2] == found[3], "it leads its session"
    assert found[1] == found[4], "the terminal is its controlling terminal"


async def test_the_end_and_its_status_are_told(opened: Open) -> None:
    shell = await opened()
    shell.write(b"exit 7\n")
    await rest(shell)
    assert await shell.read() == b""
    assert await shell.close() == Ended(exit_status=7)
    assert await shell.close() == Ended(exit_status=7)


async def test_a_job_left_behind_does_not_hold_the_terminal_open(opened: Open) -> None:
    shell = await opened()
    shell.write(b"sleep 300 & echo job-$!-; exit 3\n")
    text = (await rest(shell)).decode()
    job = re.search(r"job-(\d+)-", text)
    assert job is not None
    assert await shell.close() == Ended(exit_status=3)
    os.kill(int(job[1]), signal.SIGKILL)


async def test_the_shell_learns_its_new_size(opened: Open) -> None:
    shell = await opened()
    shell.write(b"trap 'echo size-$(stty size)-' WINCH; echo ready-\n")
    await until(shell, r"\nready-\r\n")
    shell.resize(132, 43)
    shell.write(b"\n")
    await until(shell, "size-43 132-")


async def test_ctrl_c_interrupts_what_runs(opened: Open) -> None:
    shell = await opened()
    shell.write(b"sh -c 'echo started-; exec sleep 300'\n")  # it speaks when it is in the foreground
    await until(shell, r"started-\r\n")
    shell.write(b"\x03")
    shell.write(b"echo after-$((40 + 2))\n")
    await until(shell, "after-42")


async def test_a_big_paste_does_not_block_the_loop(opened: Open) -> None:
    shell = await opened()
    shell.write(b"stty -echo -icanon; echo ready-; head -c 1000000 | cksum\n")
    await until(shell, r"ready-\r\n")
    paste = b"0123456789abcde\n" * 62_500
    loop = asyncio.get_running_loop()
    before = loop.time()
    shell.write(paste)
    took = loop.time() - before
    text = await until(shell, r"\d+ 1000000\r\n")
    assert "1000000" in text
    assert took < 1.0, "the write only took what the kernel took"


async def test_output_waits_in_the_kernel_until_it_is_read(opened: Open) -> None:
    shell = await opened()
    shell.write(b"stty -opost; echo ready-; head -c 3000000 /dev/zero; echo; echo ' 'end-\n")
    total, biggest = len(await until(shell, r"ready-\n")), 0
    async with asyncio.timeout(TIME_LIMIT_S):
        while True:
            data = await shell.read()
            total, biggest = total + len(data), max(biggest, len(data))
            if b" end-" in data:
                break
    assert total >= 3_000_000
    assert biggest <= 65_536


async def test_a_program_that_never_reads_is_no_leak(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_shell, "WRITE_LIMIT", 200_000)
    shell = await opened()
    shell.write(b"stty -echo -icanon; echo ready-; sleep 300\n")
    await until(shell, r"ready-\r\n")
    shell.write(b"x" * 150_000)
    with pytest.raises(Refused, match="not sent"):
        shell.write(b"y" * 150_000)


def program(pid: int) -> bytes:
    """Return the arguments of a process."""
    return Path(f"/proc/{pid}/cmdline").read_bytes()


async def test_closing_ends_what_ignores_the_hangup(opened: Open) -> None:
    shell = await opened()
    shell.write(b"trap '' HUP TERM INT; echo pid-$$-; exec sleep 300\n")
    found = re.search(r"pid-(\d+)-", await until(shell, r"pid-\d+-"))
    assert found is not None
    async with asyncio.timeout(TIME_LIMIT_S):
        while not program(int(found[1])).startswith(b"sleep"):  # noqa: ASYNC110 (the kernel rings no bell for exec)
            await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    before = loop.time()
    assert await shell.close() == Ended(exit_status=None, signal="KILL")
    assert 0.9 < loop.time() - before < 30
    assert not running(int(found[1]))


async def test_closing_hangs_up_the_job_in_the_foreground(opened: Open) -> None:
    shell = await opened()
    shell.write(b"set -m; sh -c 'echo job-$$-; exec sleep 300'\n")
    found = re.search(r"job-(\d+)-", await until(shell, r"job-\d+-"))
    assert found is not None
    ended = await shell.close()
    assert ended.exit_status is None or ended.exit_status > 0
    async with asyncio.timeout(TIME_LIMIT_S):
        while running(int(found[1])):  # noqa: ASYNC110 (the kernel rings no bell for a stranger's end)
            await asyncio.sleep(0)


async def test_a_waiting_reader_hears_of_the_close(opened: Open) -> None:
    shell = await opened()
    await until(shell, "")
    async with asyncio.timeout(TIME_LIMIT_S), asyncio.TaskGroup() as group:
        reading = group.create_task(rest(shell))
        await asyncio.sleep(0)
        await shell.close()
    assert isinstance(reading.result(), bytes)
    shell.write(b"into the void")
    shell.resize(10, 10)


async def test_fifty_shells_leave_nothing_behind(opened: Open) -> None:
    del opened
    pids: list[int] = []
    before = open_files()
    for number in range(50):
        shell = await open_local_shell(
            columns=80, rows=24, term="dumb", environment={"PATH": "/usr/bin:/bin"}, home=Path("/nowhere")
        )
        pids.append(shell._pid)
        if number % 2:
            shell.write(b"exit\n")
            await rest(shell)
        await shell.close()
    assert open_files() == before
    assert all(reaped(pid) for pid in pids)


async def test_it_works_on_a_kernel_without_pidfd(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(pid: int) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "pidfd_open", missing)
    shell = await opened()
    shell.write(b"exit 5\n")
    await rest(shell)
    assert await shell.close() == Ended(exit_status=5)


async def test_no_terminal_left_is_a_sentence(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left() -> tuple[int, int]:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "openpty", none_left)
    with pytest.raises(BadInput, match="No terminal was opened") as caught:
        await opened()
    assert caught.value.next_step


async def test_no_process_left_is_a_sentence_and_leaks_nothing(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    before = open_files()

    def refused(*_: object, **__: object) -> int:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "posix_spawn", refused)
    with pytest.raises(BadInput, match="No terminal was opened"):
        await opened()
    assert open_files() == before
