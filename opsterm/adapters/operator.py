"""Who sits there: read from the account database and the log-in's environment, never asked for."""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Mapping
from pathlib import Path

from opsterm.core.text import clean_line
from opsterm.runtime.ports import Operator


def find_operator(environment: Mapping[str, str]) -> Operator:
    """Return the operator of the effective account.

    The name is that of the effective uid: USER and LOGNAME can be set to anything, and are not looked at. The
    home folder is HOME where it is an absolute path (as for every other program of the session), else the
    account's. An account without an entry is named by its number. Blocks for one look-up in the account
    database, which may be on the network: call it before the loop runs.

    Args:
        environment: the process's environment; HOME, SSH_CONNECTION and SSH_CLIENT are read.
    """
    uid = os.geteuid()
    try:
        account = pwd.getpwuid(uid)
        name, home = account.pw_name, account.pw_dir
    except KeyError:
        name, home = str(uid), "/"
    wanted = environment.get("HOME", "")
    came_from = environment.get("SSH_CONNECTION") or environment.get("SSH_CLIENT") or ""
    words = came_from.split()
    return Operator(
        name=name,
        uid=uid,
        host=clean_line(socket.gethostname(), limit=255),
        origin=clean_line(words[0], limit=255) if words else "",
        home=Path(wanted if wanted.startswith("/") else home),
    )
