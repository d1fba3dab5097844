"""Commands on the machine opsterm stands on: a real child process in a session of its own."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from pathlib import Path

from opsterm.adapters.file_place import FilePlace
from opsterm.adapters.file_put import put_file
from opsterm.adapters.local_child import LocalChild, open_terminal
from opsterm.adapters.process_end import END_LIMIT_S, END_SCRIPT, check_command
from opsterm.adapters.start_script import SHELLS, Preamble, end_words, start_words
from opsterm.adapters.sudo import SudoLogin, SudoStart
from opsterm.core.errors import BadInput, OpstermError
from opsterm.inventory.target import LOCALHOST
from opsterm.policy.file_put import PUT
from opsterm.policy.order import AS_LOGGED_IN, RunAs
from opsterm.runtime.ports import Ended
from opsterm.runtime.ports_files import Contents
from opsterm.runtime.secret_places import SecretPlace

SUDO_LIMIT_S = 30.0

_NOT_PASSED_ON = frozenset({
    "BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS",
    "OPSTERM_VAULT_PASSPHRASE_FILE", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET",
})  # fmt: skip
"""Variables by which a shell would run or mean something else than was approved (bash(1), INVOCATION), and those
that open what only opsterm may open."""

_NOWHERE = SecretPlace(name="", protocol="", address="", port=0)
_FUNCTION = "BASH_FUNC_"
"""A variable whose name begins so is a function to bash, which goes before a program of that name."""


class LocalSession:
    """Runs commands as this account. Holds nothing open between them.

    Attributes:
        environment: what the child gets, nothing else; without what would change the meaning of a command.
        folder: where the child starts: the account's home.
        login: whose password sudo wants here.
        sudo_limit_s: seconds for sudo to let a command begin.
    """

    def __init__(
        self, environment: Mapping[str, str], folder: Path, login: SudoLogin | None = None, *,
        sudo_limit_s: float = SUDO_LIMIT_S, place: FilePlace | None = None, contents: Contents | None = None,
    ) -> None:  # fmt: skip
        self.environment = {
            name: value
            for name, value in environment.items()
            if name not in _NOT_PASSED_ON and not name.startswith(_FUNCTION)
        }
        self.folder = folder
        self.login = login or SudoLogin(user="", target="", at=_NOWHERE, credentials=None)
        self.sudo_limit_s = sudo_limit_s
        self._place = place
        self._contents = contents

    def run(
        self, command: str, *, shell: str, how: RunAs = AS_LOGGED_IN, feed: AsyncIterator[bytes] | None = None
    ) -> AsyncGenerator[bytes | Ended, None]:
        """Run a command, or put a file; see `ports.Session.run` and `file_put.put_file` for what is raised."""
        if shell == PUT and self._place is not None:
            return put_file(self._place, command, self._contents, target=LOCALHOST)
        return self._run(command, shell, how, feed)

    async def _run(
        self, command: str, shell: str, how: RunAs, feed: AsyncIterator[bytes] | None
    ) -> AsyncGenerator[bytes | Ended, None]:
        """Run `<shell> -c <command>`, the command as one argument.

        Standard input is /dev/null unless it is fed. Output that nobody takes stops the command (a full pipe), not
        this process: at most 512 KiB wait in memory. The end is the end of the output, as with ssh: a job left in
        the background that keeps the output open is waited for.

        Raises:
            BadInput: the shell is not there, or the command cannot be handed to it.
            SudoRefused: sudo did not let it begin.
            TimedOut: sudo did not answer.
        """
        check_command(command, shell)
        mark = "" if how == AS_LOGGED_IN else secrets.token_hex(8)
        fed = feed is not None
        words = start_words(mark, command, shell=shell, how=how, fed=fed) if mark else [SHELLS[shell], "-c", command]
        child = LocalChild(Preamble(mark, become=bool(how.become)))
        await self._start(child, words, shell, how, feeds=fed or bool(how.become))
        complete = False
        try:
            if how.become:
                sudo = self._sudo(how.become)
                if not await sudo.begin(child):
                    raise sudo.refusal(child)
            if feed is not None:
                await child.send_all(feed)
            while data := await child.read():
                yield data
            complete = True
        finally:
            if not complete:
                await self._end(child, how.become)
            child.let_go()
        status = child.status
        yield Ended(exit_status=status) if status >= 0 else Ended(exit_status=None, signal=signal_name(-status))

    def _sudo(self, become: str) -> SudoStart:
        return SudoStart(self.login, become, limit_s=self.sudo_limit_s)

    async def _start(
        self, child: LocalChild, words: Sequence[str], shell: str, how: RunAs, *, feeds: bool
    ) -> None:  # fmt: skip
        folder = self.folder if self.folder.is_absolute() else Path("/")
        terminal = open_terminal() if how.pty else None
        try:
            # The words as they were approved; the locale has no say in how they become bytes.
            await child.start(
                [word.encode() for word in words], environment=self.environment, folder=folder, terminal=terminal,
                feeds=feeds, errors_apart=how != AS_LOGGED_IN,
            )  # fmt: skip
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

    async def _end(self, child: LocalChild, become: str) -> None:
        """End the command and what it started: TERM, then KILL after 2 s."""
        child.drop()
        try:
            async with asyncio.timeout(END_LIMIT_S):
                if become:
                    child.write_eof()  # a sudo that waits for a password ends now, and one that is slow begins nothing
                await self._end_session(child, become)
                await child.exited.wait()
        except (TimeoutError, OpstermError):
            child.kill()

    async def _end_session(self, child: LocalChild, become: str) -> None:
        numbers = child.preamble.numbers.split()
        process = session = str(child.pid)
        sudo = self._sudo(become) if become and child.preamble.began and not child.closed.is_set() else None
        if sudo is not None and len(numbers) > 4:
            process, session = numbers[0], numbers[4]
        mark = secrets.token_hex(8)
        ender = LocalChild(Preamble(mark if sudo else "", become=True, announced=True))
        words = [word.encode() for word in end_words(mark, process, session, become=become if sudo else "")]
        await ender.start(words, environment=self.environment, folder=Path("/"), feeds=True, errors_apart=True)
        try:
            if sudo is not None and not await sudo.begin(ender):
                raise sudo.refusal(ender)
            ender.write(END_SCRIPT.encode())
            ender.write_eof()
            await ender.exited.wait()
        finally:
            ender.let_go()

    async def close(self) -> None:
        """Nothing is held open."""


def signal_name(number: int) -> str:
    """Return "KILL" for 9; the number as text for one without a name."""
    try:
        return signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        return str(number)
