"""Hosts, groups and variables of an Ansible inventory, whichever notation they came in.

Rules from Ansible's guide "How to build your inventory": a host's own variables win over its groups', a child
group's over its parent's; groups of one depth are merged by ansible_group_priority, then by name, the last wins.
A host belongs to its groups' parents too. Variables that are templates cannot be known without Ansible.
"""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Mapping

from opsterm.core import lean_re as re
from opsterm.core.errors import BadInput
from opsterm.inventory.fields import shown, with_fields
from opsterm.inventory.imports import TARGET_LIMIT, Gathering, ImportResult
from opsterm.inventory.target import Protocol, Target, check_name

SOURCE = "ansible"

CONNECTIONS = {
    "ssh": Protocol.SSH, "smart": Protocol.SSH, "paramiko": Protocol.SSH, "paramiko_ssh": Protocol.SSH,
    "libssh": Protocol.SSH, "network_cli": Protocol.SSH, "netconf": Protocol.SSH, "local": Protocol.LOCAL,
    "winrm": Protocol.WINRM, "psrp": Protocol.WINRM, "httpapi": Protocol.HTTP,
}  # fmt: skip
"""Connection plugins and how opsterm reaches such a target; the collection in front of a name is ignored."""

VARIABLES = {
    "ansible_host": "address", "ansible_ssh_host": "address", "ansible_port": "port", "ansible_ssh_port": "port",
    "ansible_user": "user", "ansible_ssh_user": "user", "opsterm_os": "os", "opsterm_tags": "tags",
    "opsterm_environment": "environment", "opsterm_site": "site", "opsterm_protocol": "protocol",
}  # fmt: skip
"""Variables that are taken over, and the field each sets; the opsterm ones are what `export` writes."""

WANTED = frozenset({*VARIABLES, "ansible_connection", "ansible_group_priority"})
GROUP_LIMIT = 5_000
"""Groups that one inventory may have."""

MEMBER_LIMIT = 500_000
"""Entries of hosts in groups, ranges counted by what they stand for."""

NEAR_GROUPS = 200
"""Groups that are kept for one host, the nearest."""

ALL, UNGROUPED = "all", "ungrouped"

_RANGE = re.compile(r"\[([0-9A-Za-z]*):([0-9A-Za-z]+)(?::([0-9]+))?\]")
_IN_BRACKETS = re.compile(r"\[[^\]]*\]")
_PORT = re.compile(r"(.+):([0-9]{1,5})")
_IPV6_AND_PORT = re.compile(r"\[([0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\](?::([0-9]{1,5}))?")


class _Group:
    """What a group is while the inventory is read; a dict of None keeps order and holds each name once."""

    def __init__(self) -> None:
        self.hosts: dict[str, None] = {}
        self.children: dict[str, None] = {}
        self.variables: dict[str, str] = {}


class _Host:
    """What a host is while the inventory is read."""

    def __init__(self, file: str, line: int) -> None:
        self.file = file
        self.line = line
        self.variables: dict[str, str] = {}


class AnsibleHosts:
    """Collects an inventory and gives its targets.

    Attributes:
        gathering: where problems go.
    """

    def __init__(self) -> None:
        self.gathering = Gathering(SOURCE)
        self._groups: dict[str, _Group] = {ALL: _Group(), UNGROUPED: _Group()}
        self._hosts: dict[str, _Host] = {}
        self._bad_groups: set[str] = set()
        self._members = 0

    def is_declared(self, group: str) -> bool:
        """Return whether there is such a group."""
        return group in self._groups

    def declare(self, file: str, line: int, group: str) -> bool:
        """Make a group; return False, and say so, when its name cannot be one."""
        if group in self._bad_groups:
            return False
        if group not in self._groups:
            try:
                check_name(group)
            except BadInput:
                self._bad_groups.add(group)
                self.gathering.problem(file, line, f"{shown(group)} cannot be the name of a group; it is left out.")
                return False
            if not self._has_room():
                return False
            self._groups[group] = _Group()
        return True

    def _has_room(self) -> bool:
        if len(self._groups) >= GROUP_LIMIT or self._members > MEMBER_LIMIT:
            self.gathering.note(f"It has more than {GROUP_LIMIT:,} groups or {MEMBER_LIMIT:,} entries; "
                                "the rest is left out.")  # fmt: skip
            return False
        return True

    def add_hosts(self, file: str, line: int, group: str, pattern: str, variables: Mapping[str, str]) -> None:
        """Put the hosts that a pattern stands for into a group ("" or a bad group: into none).

        Args:
            file: where it stands.
            line: where it stands.
            group: name of a declared group.
            pattern: as in "web[01:12].example.com" or "db:2222".
            variables: of each of these hosts; later ones win.
        """
        try:
            names, port = expand_pattern(pattern)
        except BadInput as error:
            self.gathering.refused(file, line, error, "The line is left out.")
            return
        self._members += len(names)
        if not self._has_room():
            return
        for name in names:
            if name not in self._hosts:
                if len(self._hosts) >= TARGET_LIMIT:
                    self.gathering.note(f"An import takes at most {TARGET_LIMIT:,} targets; the rest is left out.")
                    return
                self._hosts[name] = _Host(file, line)
            own = self._hosts[name].variables
            if port:
                own["ansible_port"] = port
            own.update(variables)
            if group in self._groups:
                self._groups[group].hosts[name] = None

    def add_child(self, group: str, child: str) -> None:
        """Put a declared group below another."""
        if child in self._groups and group in self._groups:
            self._groups[group].children[child] = None

    def set_variable(self, group: str, name: str, value: str) -> None:
        """Set a variable of a group."""
        if name in WANTED and group in self._groups:
            self._groups[group].variables[name] = value

    def result(self) -> ImportResult:
        """Return the targets."""
        parents = self._parents()
        depths = self._depths(parents)
        memberships: dict[str, list[str]] = {name: [] for name in self._hosts}
        for group, content in self._groups.items():
            for name in content.hosts:
                memberships[name].append(group)
        for name, host in self._hosts.items():
            if self.gathering.is_usable_name(host.file, host.line, name):
                groups = _with_parents(memberships[name], parents)
                if len(groups) > NEAR_GROUPS:
                    self.gathering.note(f"Of the groups of one host the nearest {NEAR_GROUPS} are kept.")
                    groups = groups[:NEAR_GROUPS]
                variables = self._variables(groups, depths)
                variables.update(host.variables)
                self._take(name, host, tuple(g for g in groups if g not in (ALL, UNGROUPED)), variables)
        return self.gathering.result()

    def _parents(self) -> dict[str, list[str]]:
        parents: dict[str, list[str]] = {name: [] for name in self._groups}
        for name, group in self._groups.items():
            for child in group.children:
                if child != ALL:
                    parents[child].append(name)
        return parents

    def _depths(self, parents: Mapping[str, list[str]]) -> dict[str, int]:
        """Return the longest way down from `all` to each group; a group in a circle is said and cut there."""
        depths: dict[str, int] = {ALL: 0}
        order: list[str] = []
        waiting = {name: len([p for p in above if p != ALL]) for name, above in parents.items() if name != ALL}
        ready = [name for name, count in waiting.items() if count == 0]
        while ready:
            name = ready.pop()
            order.append(name)
            depths[name] = 1 + max((depths.get(parent, 0) for parent in parents[name]), default=0)
            for child in self._groups[name].children:
                if child in waiting:
                    waiting[child] -= 1
                    if waiting[child] == 0:
                        ready.append(child)
        circle = [name for name in waiting if name not in depths]
        if circle:
            named = ", ".join(shown(name) for name in circle[:5])
            self.gathering.note(f"Groups are children of themselves: {named}. Their order is not as Ansible's.")
            depths.update(dict.fromkeys(circle, 1))
        return depths

    def _variables(self, groups: list[str], depths: Mapping[str, int]) -> dict[str, str]:
        made: dict[str, str] = dict(self._groups[ALL].variables)
        for name in sorted(groups, key=lambda g: (depths[g], self._priority(g), g)):
            made.update(self._groups[name].variables)
        return made

    def _priority(self, group: str) -> int:
        text = self._groups[group].variables.get("ansible_group_priority", "1")
        return int(text) if re.fullmatch("[0-9]{1,9}", text) else 1

    def _take(self, name: str, host: _Host, groups: tuple[str, ...], variables: Mapping[str, str]) -> None:
        values: dict[str, str] = {}
        for variable, text in sorted(variables.items(), key=lambda item: item[0].startswith("ansible_ssh_"),
                                     reverse=True):  # fmt: skip
            if "{{" in text or "{%" in text:
                self.gathering.problem(
                    host.file, host.line, f"{name}: {variable} is a template, which only Ansible can work out."
                )
            elif variable in VARIABLES and text:
                values[VARIABLES[variable]] = text
        connection = variables.get("ansible_connection", "ssh").rpartition(".")[2].lower()
        protocol = CONNECTIONS.get(connection)
        if protocol is None:
            what = f"{name}: opsterm has no connection {shown(connection)}; it is left out."
            self.gathering.problem(host.file, host.line, what)
            return
        try:
            target = Target(name=name, groups=groups, protocol=protocol, source=SOURCE)
            target = with_fields(target, values)
        except BadInput as error:
            self.gathering.refused(host.file, host.line, error, f"{name} is left out.")
            return
        self.gathering.targets[name] = target


def _with_parents(groups: list[str], parents: Mapping[str, list[str]]) -> list[str]:
    """Return groups and everything above them, nearest first."""
    found = dict.fromkeys(groups)
    queue = list(found)
    for name in queue:
        if len(found) > NEAR_GROUPS:
            break
        for parent in parents[name]:
            if parent not in found:
                found[parent] = None
                queue.append(parent)
    return list(found)


def expand_pattern(pattern: str) -> tuple[list[str], str]:
    """Return the hosts that "web[01:12:2].example.com:2222" stands for, and the port or "".

    Numbers keep the padding of the first; letters run in the order a-z, A-Z.

    Raises:
        BadInput: a range is none, or it stands for more hosts than an import takes.
    """
    six = _IPV6_AND_PORT.fullmatch(pattern)
    if six:
        return [six[1]], six[2] or ""
    port = ""
    if _IN_BRACKETS.sub("", pattern).count(":") == 1:
        match = _PORT.fullmatch(pattern)
        if match:
            pattern, port = match[1], match[2]
    if "[" not in pattern:
        return [pattern], port
    pieces: list[list[str]] = []
    at = count = 0
    count = 1
    for match in _RANGE.finditer(pattern):
        pieces.append([pattern[at : match.start()]])
        values = _range_values(match[1], match[2], match[3], pattern)
        pieces.append(values)
        count = math.prod((count, len(values)))
        if count > TARGET_LIMIT:
            raise BadInput(f"{shown(pattern)} stands for more than {TARGET_LIMIT:,} hosts.")
        at = match.end()
    pieces.append([pattern[at:]])
    if any("[" in piece or "]" in piece for piece in (p[0] for p in pieces)):
        raise BadInput(f"{shown(pattern)} has a range that is none.", next_step="Write it as in web[01:12] or [a:f].")
    return ["".join(chosen) for chosen in itertools.product(*pieces)], port


def _range_values(first: str, last: str, step_text: str | None, pattern: str) -> list[str]:
    step = int(step_text or 1) if len(step_text or "") < 9 else 0
    letters = string.ascii_letters
    wrong = BadInput(
        f"{shown(pattern)} has a range that is none.", next_step="Write it as in web[01:12], [1:9:2] or [a:f]."
    )
    if step < 1 or len(last) > 9:
        raise wrong
    if last.isdigit() and (first.isdigit() or not first):
        begin, end = int(first or "0"), int(last)
        width = len(first) if first.startswith("0") and len(first) > 1 else 0
        if width and len(last) != width:
            raise wrong
        if end < begin:
            raise wrong
        if (end - begin) // step >= TARGET_LIMIT:
            raise BadInput(f"{shown(pattern)} stands for more than {TARGET_LIMIT:,} hosts.")
        return [str(number).zfill(width) for number in range(begin, end + 1, step)]
    if len(first) == 1 and len(last) == 1 and first in letters and last in letters:
        chosen = letters[letters.index(first) : letters.index(last) + 1 : step]
        if chosen:
            return list(chosen)
    raise wrong
