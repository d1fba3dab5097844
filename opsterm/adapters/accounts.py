"""The accounts and time zones of this host, and files that belong to other accounts."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
from collections.abc import Collection, Mapping
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.runtime.ports_approval import Written

LOCALTIME = Path("/etc/localtime")
ZONE_FILE = Path("/etc/timezone")
WRITTEN_LIMIT = 64_000
"""Bytes of a statement or a signature."""


class HostAccounts:
    """Implements `ports_approval.Accounts`. The account database may be on the network: every method blocks."""

    def __init__(self, environment: Mapping[str, str] = MappingProxyType({})) -> None:
        self._environment = environment
        self._zones: dict[str, tzinfo] = {}
        self._zone_names: frozenset[str] = frozenset()

    def members(self, group: str) -> Collection[str]:
        """See `Accounts.members`."""
        try:
            found = grp.getgrnam(group)
        except KeyError:
            return frozenset()
        first = {account.pw_name for account in pwd.getpwall() if account.pw_gid == found.gr_gid}
        return frozenset({*found.gr_mem, *first})

    def zone(self, name: str) -> tzinfo:
        """See `Accounts.zone`."""
        try:
            if name not in self._zones:
                self._zones[name] = ZoneInfo(name)
            return self._zones[name]
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise BadInput(
                f"The time zone {clean_line(name, limit=80)} is not known here.",
                next_step="Write it as in Europe/Berlin; `timedatectl list-timezones` lists them.",
            ) from None

    def zone_names(self) -> Collection[str]:
        """See `Accounts.zone_names`."""
        if not self._zone_names:
            self._zone_names = frozenset(available_timezones())
        return self._zone_names

    def local_zone(self) -> str:
        """See `Accounts.local_zone`; TZ, else where /etc/localtime leads (tzfile(5)), else /etc/timezone."""
        named = [self._environment.get("TZ", "").removeprefix(":")]
        with contextlib.suppress(OSError):
            named.append(str(LOCALTIME.readlink()).partition("zoneinfo/")[2])
        with contextlib.suppress(OSError, UnicodeDecodeError):
            named.append(ZONE_FILE.read_text(encoding="ascii").strip())
        found = next((name for name in named if name in self.zone_names()), "UTC")
        return "UTC" if found in ("Etc/UTC", "Zulu", "UCT") else found

    def written(self, path: str) -> Written:
        """See `Accounts.written`."""
        try:
            handle = os.open(Path(path).expanduser(), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise BadInput(f"{path} cannot be read.", why=f"{error.strerror}.") from error
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode) or status.st_size > WRITTEN_LIMIT:
                raise BadInput(f"{path} is no statement or signature.", why="It is no regular file, or too large.")
            if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise BadInput(
                    f"{path} says nothing about who wrote it: others than its owner may write to it.",
                    next_step=f"Its owner can take that away: chmod go-w {path}",
                )
            text = os.read(handle, WRITTEN_LIMIT).decode("utf-8", errors="replace")
        finally:
            os.close(handle)
        try:
            owner = pwd.getpwuid(status.st_uid).pw_name
        except KeyError:
            owner = str(status.st_uid)
        return Written(text=text, owner=owner, uid=status.st_uid)
