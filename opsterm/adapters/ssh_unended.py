"""Commands that were to be ended when their host did not answer: ended as soon as it answers again.

They are remembered while this process lives. A number of a process is given out again some day; so is ended only what
has the same number and was started in the same instant (field 22 of /proc/PID/stat, proc(5)).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsterm.adapters.process_end import END_LIMIT_S, END_SCRIPT
from opsterm.adapters.ssh_channel import ByteChannel
from opsterm.adapters.ssh_library import asyncssh
from opsterm.adapters.ssh_lines import Hold
from opsterm.adapters.ssh_quote import command_line
from opsterm.adapters.ssh_route import Asked

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection

_SESSION, _STARTED = 4, 20
"""Places among the announced words: the number of the process, then field 3 of its stat and those behind it."""

_SAME = r"""
{ read -r line </proc/$1/stat; } 2>/dev/null || exit 0
pid=$1 sid=$2 started=$3
set -- ${line##*) }
[ "${20}" = "$started" ] || exit 0
set -- "$pid" "$sid"
"""


@dataclass(frozen=True, slots=True)
class AnnouncedCommand:
    """What a command said of itself when it began.

    Attributes:
        process: its number.
        session: that of its session.
        started: ticks from the boot of its host to its start; "" where the host does not say.
    """

    process: str
    session: str
    started: str


def announced_command(announced: str) -> AnnouncedCommand | None:
    """Return what an announcement says, None when it says no number."""
    words = announced.split()
    if not words or not words[0].isdigit():
        return None
    session = words[_SESSION] if len(words) > _SESSION and words[_SESSION].isdigit() else words[0]
    started = words[_STARTED] if len(words) > _STARTED and words[_STARTED].isdigit() else ""
    return AnnouncedCommand(words[0], session, started)


class UnendedCommands:
    """The commands of this process that may still run although they were to be ended."""

    def __init__(self) -> None:
        self._left: dict[Asked, list[AnnouncedCommand]] = {}

    def note(self, asked: Asked, command: AnnouncedCommand) -> bool:
        """Remember a command of a place; return whether it could be told from another one later."""
        if command.started:
            self._left.setdefault(asked, []).append(command)
        return bool(command.started)

    async def end(self, hold: Hold) -> None:
        """End those of a place over a line to it; at once when there are none."""
        left = self._left.pop(hold.line.asked, [])
        while left:
            one = left[0]
            try:
                async with asyncio.timeout(END_LIMIT_S):
                    await run_script(hold.line.connection, _SAME + END_SCRIPT, one.process, one.session, one.started)
                del left[0]
            except (TimeoutError, asyncssh.Error, OSError):
                break
            finally:
                if one in left:  # not done, or stopped meanwhile: it is kept for the next time
                    self._left.setdefault(hold.line.asked, []).extend(left)


async def run_script(connection: SSHClientConnection, script: str, *arguments: str) -> None:
    """Run a script of ours, read by /bin/sh from its input: no log-in shell sees it."""
    stream = ByteChannel()
    channel, _ = await connection.create_session(
        lambda: stream, command_line("/bin/sh", "-s", *arguments), encoding=None, request_pty=False
    )
    channel.write(script.encode())
    channel.write_eof()
    while await stream.read():
        pass
