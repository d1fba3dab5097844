"""Targets from ssh_config files, resolved as `ssh` itself would.

A target is a name that a Host line gives without wildcards. What it means (HostName, Port, User, ProxyJump) is
worked out over the whole configuration, first value wins. Source: ssh_config(5) of OpenSSH 9.2.
"""

from __future__ import annotations

import bisect
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opsterm.core.errors import BadInput
from opsterm.inventory.fields import CONNECTION_FIELDS, check_address, check_user, shown
from opsterm.inventory.folding import fold
from opsterm.inventory.formats.ssh_sections import Glob, HostCondition, MatchCondition, SshSection, SshSectionList
from opsterm.inventory.imports import BUILT_IN, Gathering, ImportResult, Read
from opsterm.inventory.patterns import compile_glob
from opsterm.inventory.target import Protocol, Target

SOURCE = "ssh_config"

WORK_LIMIT = 3_000_000
"""Blocks with wildcards or Match, times names: beyond it (some seconds of work) names are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SshHost:
    """What ssh would do for one name.

    Attributes:
        address: HostName with its %h put in, lower case, else the name.
        port: None when no file says one.
        user: "" when no file says one.
        proxy: ProxyJump as written, or "a command of its own" for ProxyCommand; "" for a direct connection.
        reached: numbers of the sections that counted.
    """

    address: str
    port: int | None
    user: str
    proxy: str
    reached: frozenset[int]


class SshHostTable:
    """A configuration, read once, asked for any number of names. Build it with `read_ssh_config`."""

    def __init__(self, sections: Sequence[SshSection], *, local_user: str) -> None:
        self._sections = sections
        self._local_user = local_user
        self._by_name: dict[str, list[int]] = {}
        self._always: list[int] = []
        self._has_final = False
        for number, section in enumerate(sections):
            condition = section.condition
            if isinstance(condition, HostCondition) and condition.wild is None:
                for name in condition.names:
                    self._by_name.setdefault(name, []).append(number)
            else:
                self._always.append(number)
            if isinstance(condition, MatchCondition) and condition.criteria is not None:
                self._has_final |= any(word == "final" for word, _, _ in condition.criteria)

    @property
    def always_looked_at(self) -> int:
        """How many sections `resolve` looks at for every name."""
        return len(self._always)

    def resolve(self, name: str) -> SshHost:
        """Return what ssh would do for a name. Cost: the blocks that name it and those with wildcards or Match."""
        state: dict[str, str] = {}
        reached: set[int] = set()
        self._apply(name, name, state, reached, final=False)
        address = _with_host(state.get("hostname", name), name).lower()
        if self._has_final:
            state["hostname"] = address
            self._apply(name, address, state, reached, final=True)
        port = state.get("port", "")
        proxy = state.get("proxyjump", "")
        return SshHost(
            address=address,
            port=int(port) if port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= 65535 else None,
            user=state.get("user", ""),
            proxy="" if proxy.lower() == "none" else proxy,
            reached=frozenset(reached),
        )

    def _apply(self, name: str, host: str, state: dict[str, str], reached: set[int], *, final: bool) -> None:
        verdicts: dict[int, bool] = {}
        numbers = self._always
        for number in self._by_name.get(host, ()):
            if numbers is self._always:
                numbers = list(self._always)
            bisect.insort(numbers, number)
        for number in numbers:
            section = self._sections[number]
            condition = section.condition
            if isinstance(condition, HostCondition) and not section.parents and not condition.matches(host):
                continue  # most blocks, decided without more ado
            if self._counts(number, name, host, state, verdicts, final=final):
                reached.add(number)
                for key, value in section.settings.items():
                    state.setdefault(key, value)

    def _counts(
        self, number: int, name: str, host: str, state: dict[str, str], verdicts: dict[int, bool], *, final: bool
    ) -> bool:
        known = verdicts.get(number)
        if known is not None:
            return known
        section = self._sections[number]
        verdict = all(self._counts(parent, name, host, state, verdicts, final=final) for parent in section.parents)
        if verdict and section.same_as >= 0:
            verdict = self._counts(section.same_as, name, host, state, verdicts, final=final)
        elif verdict and isinstance(section.condition, HostCondition):
            verdict = section.condition.matches(host)
        elif verdict and isinstance(section.condition, MatchCondition):
            verdict = self._match_counts(section.condition, name, host, state, final=final)
        verdicts[number] = verdict
        return verdict

    def _match_counts(
        self, condition: MatchCondition, name: str, host: str, state: dict[str, str], *, final: bool
    ) -> bool:
        if condition.criteria is None:
            return False
        address = host if final else _with_host(state.get("hostname", host), host)
        for word, patterns, negated in condition.criteria:
            match word:
                case "all":
                    hit = True
                case "canonical" | "final":
                    hit = final
                case "host":
                    hit = _in_list(address.lower(), patterns.lower())
                case "originalhost":
                    hit = _in_list(name.lower(), patterns.lower())
                case "user":
                    hit = _in_list(state.get("user", self._local_user), patterns)
                case _:
                    hit = _in_list(self._local_user, patterns)
            if hit is negated:
                return False
        return True


def _in_list(text: str, patterns: str) -> bool:
    """Return whether a comma list has a pattern that matches and no negated one that does."""
    hit = False
    for pattern in patterns.split(","):
        if pattern.startswith("!"):
            if compile_glob(pattern[1:])(text):
                return False
        elif compile_glob(pattern)(text):
            hit = True
    return hit


def _with_host(template: str, host: str) -> str:
    return re.sub("%([%h])", lambda match: "%" if match[1] == "%" else host, template)


def read_ssh_config(
    files: Sequence[str], *, home: str, local_user: str, read: Read, glob: Glob, gathering: Gathering | None = None
) -> tuple[SshHostTable, Sequence[SshSection]]:
    """Read configuration files.

    Args:
        files: absolute names in the order in which ssh reads them: the account's, then the system's.
        home: the account's home folder; relative includes start in its .ssh, those of /etc/ssh there.
        local_user: log-in name on this machine, what `Match user` means without a User.
        read: returns a file's text.
        glob: returns the files of an include's pattern.
        gathering: where problems go.

    Returns:
        The configuration, and its sections for those who want the names in it.
    """
    parts = SshSectionList(gathering or Gathering(SOURCE), home=home, read=read, glob=glob)
    for file in files:
        folder = "/etc/ssh" if file.startswith("/etc/ssh/") else posixpath.join(home, ".ssh")
        parts.add_file(file, folder=folder)
    return SshHostTable(parts.sections, local_user=local_user), parts.sections


def import_ssh_config(files: Sequence[str], *, home: str, local_user: str, read: Read, glob: Glob) -> ImportResult:
    """Return the targets that ssh_config files name; see `read_ssh_config` for the arguments."""
    gathering = Gathering(SOURCE)
    config, sections = read_ssh_config(
        files, home=home, local_user=local_user, read=read, glob=glob, gathering=gathering
    )
    if any(section.settings.get("canonicalizehostname", "no").lower() in ("yes", "always") for section in sections):
        gathering.note("CanonicalizeHostname asks the network for names; it is left to ssh and not followed here.")
    behind: dict[str, list[str]] = {}
    names_left = WORK_LIMIT // max(1, config.always_looked_at)
    for number, section in enumerate(sections):
        for name in section.names:
            if name in gathering.targets or not gathering.is_usable_name(section.file, section.line, name):
                continue
            names_left -= 1
            if names_left < 0:
                gathering.note("So many blocks stand for so many names here that not all were worked out.")
                break
            host = config.resolve(name)
            if number not in host.reached:
                why = f"{shown(name)}: ssh never comes to this Host line for it, so it is left out."
                gathering.problem(section.file, section.line, why)
                continue
            try:
                target = _target(name, host)
            except BadInput as error:
                gathering.refused(section.file, section.line, error, f"{name} is left out.")
                continue
            gathering.targets[name] = target
            if host.proxy:
                behind.setdefault(host.proxy, []).append(name)
    for proxy, names in behind.items():
        gathering.note(f"{shown(fold(names), 200)} is reached through {shown(proxy)}.")
    return gathering.result(complete=frozenset(CONNECTION_FIELDS))


def _target(name: str, host: SshHost) -> Target:
    return Target(
        name=name,
        address="" if host.address == name.lower() else check_address(host.address),
        port=None if host.port == 22 else host.port,
        user=check_user(host.user),
        source=SOURCE,
    )


def export_ssh_config(targets: Iterable[Target]) -> str:
    """Return Host blocks for the targets that are reached over SSH.

    `import_ssh_config` reads name, address, port and user back (addresses in lower case); groups, tags and the
    other words have no place there and are left out, as is what is not reached over SSH.
    """
    blocks = []
    for target in targets:
        if target.protocol is not Protocol.SSH or target.source == BUILT_IN:
            continue
        lines = [f"Host {target.name}"]
        if target.address:
            lines.append(f"    HostName {target.address.replace('%', '%%')}")
        if target.port is not None:
            lines.append(f"    Port {target.port}")
        if target.user:
            escaped = target.user.replace("\\", "\\\\")
            lines.append(f"    User {escaped}")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)
