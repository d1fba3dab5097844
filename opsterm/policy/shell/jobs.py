"""Lines of a crontab: the commands that would run later."""

from __future__ import annotations

import re

_JOB = re.compile(r"\s*(?:@\w+|(?:[\w*/,\-]+\s+){5})\s*(.+)")
_AS = re.compile(r"(?:root|www-data|nobody|postgres|mysql|[a-z_][\w-]*)\s+(?=\S)")


def jobs_of(text: str, *, with_account: bool = False) -> list[str]:
    """Return the commands of the lines of a crontab.

    Args:
        text: the lines.
        with_account: whether an account stands before each command, as in /etc/crontab and /etc/cron.d (crontab(5)).
    """
    found = (_JOB.match(line) for line in text.splitlines() if not line.lstrip().startswith("#"))
    commands = [match[1] for match in found if match]
    return [_AS.sub("", command, count=1) for command in commands] if with_account else commands
