"""Targets from an Ansible inventory in INI notation."""

from __future__ import annotations

import ast
import re
import shlex

from opsterm.inventory.fields import shown
from opsterm.inventory.formats.ansible_hosts import UNGROUPED, WANTED, AnsibleHosts
from opsterm.inventory.imports import ImportResult, lines_of

QUOTED_LINE_LIMIT = 100_000
"""Characters of a line with quotes; splitting such a line takes about 1 us a character."""

_SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?")


def import_ansible_ini(file: str, text: str) -> ImportResult:
    """Return the targets of an INI inventory: groups, :children, :vars, ranges, variables behind a host.

    Args:
        file: how messages name it.
        text: its text.
    """
    hosts = AnsibleHosts()
    group, kind = UNGROUPED, "hosts"
    mentioned: dict[str, int] = {}
    for number, raw in enumerate(lines_of(text), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        section = _SECTION.fullmatch(line)
        if section:
            group, kind = section[1], section[2] or "hosts"
            if kind not in ("hosts", "children", "vars"):
                hosts.gathering.problem(file, number, f"There is no section kind {shown(kind)}; it is left out.")
            elif kind == "vars" and not hosts.is_declared(group):
                mentioned.setdefault(group, number)
                hosts.declare(file, number, group)
            else:
                hosts.declare(file, number, group)
                mentioned.pop(group, None)
        elif kind == "hosts":
            _host_line(hosts, file, number, group, line)
        elif kind == "children":
            words = _words(hosts, file, number, line)
            if words:
                _child(hosts, file, number, group, words[0])
        elif kind == "vars":
            _variable(hosts, file, number, group, line)
    for name, number in mentioned.items():
        hosts.gathering.problem(file, number, f"Variables are set for the group {shown(name)}, which has no section.")
    return hosts.result()


def _words(hosts: AnsibleHosts, file: str, number: int, line: str) -> list[str]:
    if not any(sign in line for sign in "\"'\\#"):
        return line.split()
    if len(line) <= QUOTED_LINE_LIMIT:
        try:
            return shlex.split(line, comments=True)
        except ValueError:
            pass
    hosts.gathering.problem(file, number, f"This line cannot be read: {shown(line)}.")
    return []


def _host_line(hosts: AnsibleHosts, file: str, number: int, group: str, line: str) -> None:
    words = _words(hosts, file, number, line)
    variables: dict[str, str] = {}
    for word in words[1:]:
        name, sign, value = word.partition("=")
        if not sign:
            hosts.gathering.problem(
                file, number, f"Behind a host stand name=value pairs; {shown(word)} is none and the line is left out."
            )
            return
        if name in WANTED:
            variables[name] = _value(value)
    if words:
        hosts.add_hosts(file, number, group, words[0], variables)


def _child(hosts: AnsibleHosts, file: str, number: int, group: str, child: str) -> None:
    if child == group:
        hosts.gathering.problem(file, number, f"The group {shown(group)} cannot be its own child.")
    elif hosts.declare(file, number, child):
        hosts.add_child(group, child)


def _variable(hosts: AnsibleHosts, file: str, number: int, group: str, line: str) -> None:
    name, sign, value = line.partition("=")
    if not sign:
        hosts.gathering.problem(file, number, f"In a :vars section stand name=value lines; {shown(line)} is none.")
    else:
        hosts.set_variable(group, name.strip(), _value(value.strip()))


def _value(text: str) -> str:
    """Return a value without the quotes of a Python literal, which is how Ansible reads it."""
    if text[:1] in ("'", '"') and len(text) <= QUOTED_LINE_LIMIT:
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return text
        return value if isinstance(value, str) else text
    return text
