"""Commands on the machine opsterm stands on: a real child process in a session of its own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

from opsterm.adapters.file_place import FilePlace
from opsterm.adapters.file_put import put_file
from opsterm.adapters.process_end import END_LIMIT_S, END_SCRIPT, check_command
from opsterm.core.errors import BadInput
from opsterm.inventory.target import LOCALHOST
from opsterm.policy.file_put import PUT
from opsterm.runtime.ports import Ended
from opsterm.runtime.ports_files import Contents

READ_BYTES = 65536
SHELLS = {"sh": "/bin/sh", "bash": "bash"}

_NOT_PASSED_ON = frozenset({
    "BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS",
    "OPSTERM_VAULT_PASSPHRASE_FILE", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET",
})  # fmt: skip
"""Variables by which a shell would run or mean something else than was approved (bash(1), INVOCATION), and those
that open what only opsterm may open."""

_FUNCTION = "BASH_FUNC_"
"""A variable whose name begins so is a function to bash, which goes before a program of that name."""


class LocalSession:
    """Runs commands as this account. Holds nothing open between them.

    Attributes:
        environment: what the child gets, nothing else; without what would change the meaning of a command.
        folder: where the child starts: the account's home.
    """

    def __init__(
        self, environment: Mapping[str, str], folder: Path, *, place: FilePlace | None = None,
        contents: Contents | None = None,
    ) -> None:  # fmt: skip
        self.environment = {
            name: value
            for name, value in environment.items()
            if name not in _NOT_PASSED_ON and not name.startswith(_FUNCTION)
        }
        self.folder = folder
        self._place = place
        self._contents = contents

    def run(self, command: str, *, shell: str) -> AsyncGenerator[bytes | Ended, None]:
        """Run a command, or put a file; see `ports.Session.run` and `file_put.put_file` for what is raised."""
        if shell == PUT and self._place is not None:
            return put_file(self._place, command, self._contents, target=LOCALHOST)
        return self._run(command, shell)

    async def _run(self, command: str, shell: str) -> AsyncGenerator[bytes | Ended, None]:
        """Run `<shell> -c <command>`, the command as one argument.

        Standard input is /dev/null. Output that nobody takes stops the command (a full pipe), not this process:
        at most 128 KiB wait in memory. The end is the end of the output, as with ssh: a job left in the
        background that keeps the output open is waited for.

        Raises:
            BadInput: the shell is not there, or the command cannot be handed to it.
        """
        check_command(command, shell)
        child = await self._start(command, shell)
        if child.stdout is None:
            raise AssertionError
        ended = False
        try:
            while data := await child.stdout.read(READ_BYTES):
                yield data
            status = await child.wait()
            ended = True
        finally:
            if not ended:
                await self._end(child)
        yield Ended(exit_status=status) if status >= 0 else Ended(exit_status=None, signal=signal_name(-status))

    async def _start(self, command: str, shell: str) -> asyncio.subprocess.Process:
        folder = self.folder if self.folder.is_absolute() else Path("/")
        try:
            return await asyncio.create_subprocess_exec(
                SHELLS[shell],
                "-c",
                command.encode(),  # as it was approved; the locale has no say in it
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                env=self.environment,
                cwd=folder,
                limit=READ_BYTES,
            )
        except (FileNotFoundError, NotADirectoryError) as error:
            missing = f"the folder {folder}" if error.filename in (folder, str(folder)) else f"the shell {shell}"
            raise BadInput(
                f"The command was not started: {missing} is not there.",
                why=error.strerror or "",
                next_step="Choose the shell sh, or install the one that was asked for."
                if missing.startswith("the shell")
                else "Make the home folder, or set HOME to one that exists.",
            ) from error
        except OSError as error:
            raise BadInput(
                "The command was not started.",
                why=f"The system said: {error.strerror or error}",
                next_step="See whether this account may start another process (ulimit -u) and there is memory left.",
            ) from error

    async def _end(self, child: asyncio.subprocess.Process) -> None:
        """End the command and what it started: TERM, then KILL after 2 s."""
        ender = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", END_SCRIPT, "opsterm", str(child.pid), str(child.pid),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True, env={"PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        try:
            async with asyncio.timeout(END_LIMIT_S):
                await ender.wait()
                if child.stdout is not None:
                    await child.stdout.read(0)
                await child.wait()
        except TimeoutError:
            child.kill()
        finally:
            transport = getattr(child, "_transport", None)  # the pipe stays open while a daemon holds its other end
            if transport is not None:
                transport.close()

    async def close(self) -> None:
        """Nothing is held open."""


def signal_name(number: int) -> str:
    """Return "KILL" for 9; the number as text for one without a name."""
    try:
        return signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        return str(number)
