"""The one command that leaves a checkpoint on another host: it adds a line to a file, and tells what it reads there."""

from __future__ import annotations

import re
import shlex

from opsterm.core.errors import BadInput
from opsterm.policy.chain import Checkpoint, checkpoint_line

_PATH = re.compile(r"/[A-Za-z0-9_.@+/-]{1,300}")


def checkpoint_script(path: str, at: Checkpoint) -> str:
    """Return the text for sh.

    Args:
        path: an absolute path of plain characters, of a file in a folder that is there.
        at: what is left.

    Raises:
        BadInput: the path is another.
    """
    if not _PATH.fullmatch(path) or path.endswith("/"):
        raise BadInput(
            f"Checkpoints cannot be left at {path[:100]!r}.",
            next_step="Write an absolute path of letters, digits and . _ - + @, as in ssh:log-01:/var/log/opsterm.log",
        )
    line, file = shlex.quote(checkpoint_line(at)), shlex.quote(path)
    return f"umask 077 && printf '%s\\n' {line} >> {file} && tail -n 1 {file}"
