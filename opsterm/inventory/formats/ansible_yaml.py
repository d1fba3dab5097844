"""Targets from and to an Ansible inventory in YAML notation.

The text is read as a tree of nodes, never as Python objects: so every problem has its line, `on` and `012` stay
what was written, tags such as !vault are harmless, and an alias costs nothing until it is walked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from opsterm.inventory.fields import shown, tidy
from opsterm.inventory.formats.ansible_hosts import ALL, UNGROUPED, WANTED, AnsibleHosts, expand_pattern
from opsterm.inventory.imports import BUILT_IN, ImportResult
from opsterm.inventory.target import Protocol, Target

if TYPE_CHECKING:
    from yaml.nodes import MappingNode, ScalarNode, SequenceNode

    _Node = MappingNode | ScalarNode | SequenceNode

TEXT_LIMIT = 20_000_000
DEPTH_LIMIT = 60
ALIAS_LIMIT = 2_000
STEP_LIMIT = 1_000_000
"""Pairs that are looked at, those behind aliases each time they are met: what a bomb is made of."""

LIST_LIMIT = 1_000
"""Items of a list that are read as one value."""

_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"


class _TooMuch(Exception):
    """The tree is larger than anything an inventory could be; the sentence says how."""


def import_ansible_yaml(file: str, text: str) -> ImportResult:
    """Return the targets of a YAML inventory: groups with hosts, children and vars.

    Args:
        file: how messages name it.
        text: its text, at most 20 MB.
    """
    hosts = AnsibleHosts()
    try:
        root = _tree(hosts, file, text)
        if root is not None:
            walk = _Walk(hosts, file)
            for name, line, node in walk.pairs(root):
                walk.group(name, line, node, parent=None, depth=0)
    except _TooMuch as error:
        hosts.gathering.note(f"{shown(file)} was read only in part. {error}")
    return hosts.result()


def _tree(hosts: AnsibleHosts, file: str, text: str) -> _Node | None:
    """Return the root mapping, or None and a problem when there is none."""
    import yaml  # noqa: PLC0415 (only an import from YAML needs it)

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    if len(text) > TEXT_LIMIT:
        msg = f"It is longer than {TEXT_LIMIT:,} characters."
        raise _TooMuch(msg)
    try:
        depth = aliases = 0
        for event in yaml.parse(text, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            aliases += isinstance(event, yaml.AliasEvent)
            if depth > DEPTH_LIMIT or aliases > ALIAS_LIMIT:
                msg = f"It is nested more than {DEPTH_LIMIT} deep or has more than {ALIAS_LIMIT:,} aliases."
                raise _TooMuch(msg)
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        hosts.gathering.problem(file, line, f"It is not YAML: {shown(str(error.problem or error.context), 120)}.")
        return None
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        hosts.gathering.problem(file, 0, f"It is not YAML: {shown(str(error), 120)}.")
        return None
    if not isinstance(root, yaml.MappingNode):
        hosts.gathering.problem(file, 0, "It is no inventory: at the top stand groups, as in all: {hosts: {web: }}.")
        return None
    return root


class _Walk:
    """One pass over the tree."""

    def __init__(self, hosts: AnsibleHosts, file: str) -> None:
        self._hosts = hosts
        self._file = file
        self._steps = 0

    def pairs(self, node: _Node, depth: int = 0) -> Iterator[tuple[str, int, _Node]]:
        """Yield (key, line, value) of a mapping, merged ones (`<<`) first so that its own win."""
        if node.id != "mapping":
            return
        if depth > DEPTH_LIMIT:
            msg = "Merge keys lead in a circle."
            raise _TooMuch(msg)
        for key, value in node.value:
            if key.tag == _MERGE:
                for merged in reversed(value.value) if value.id == "sequence" else (value,):
                    self._step()
                    yield from self.pairs(merged, depth + 1)
        for key, value in node.value:
            self._step()
            if key.tag != _MERGE and key.id == "scalar":
                yield str(key.value), key.start_mark.line + 1, value

    def _step(self) -> None:
        self._steps += 1
        if self._steps > STEP_LIMIT:
            msg = f"It has more than {STEP_LIMIT:,} entries."
            raise _TooMuch(msg)

    def group(self, name: str, line: int, node: _Node, *, parent: str | None, depth: int) -> None:
        """Take over one group and what is below it."""
        if depth > DEPTH_LIMIT:
            msg = f"Groups are nested more than {DEPTH_LIMIT} deep."
            raise _TooMuch(msg)
        if not self._hosts.declare(self._file, line, name):
            return
        if parent is not None and parent != name:
            self._hosts.add_child(parent, name)
        if node.id != "mapping" and node.tag != _NULL:
            self._problem(line, f"The group {shown(name)} is no mapping; it is left out.")
            return
        for key, key_line, value in self.pairs(node):
            if value.id != "mapping" and not (value.id == "scalar" and (value.tag == _NULL or key == "hosts")):
                self._problem(key_line, f"{shown(key)} of the group {shown(name)} is no mapping; it is left out.")
            elif key == "vars":
                for variable, _, content in self.pairs(value):
                    self._hosts.set_variable(name, variable, _scalar(content))
            elif key == "children":
                for child, child_line, content in self.pairs(value):
                    self.group(child, child_line, content, parent=name, depth=depth + 1)
            elif key == "hosts":
                self._add_hosts(name, key_line, value)
            else:
                self._problem(key_line, f"A group has hosts, vars and children; {shown(key)} is left out.")

    def _add_hosts(self, group: str, line: int, node: _Node) -> None:
        if node.id == "scalar":
            if node.tag != _NULL:
                self._hosts.add_hosts(self._file, line, group, str(node.value), {})
            return
        for pattern, host_line, content in self.pairs(node):
            variables = {name: _scalar(value) for name, _, value in self.pairs(content) if name in WANTED}
            self._hosts.add_hosts(self._file, host_line, group, pattern, variables)

    def _problem(self, line: int, text: str) -> None:
        self._hosts.gathering.problem(self._file, line, text)


def _scalar(node: _Node) -> str:
    """Return a value as text; a list becomes "a;b", what has no text becomes ""."""
    if node.id == "sequence":
        return ";".join(str(item.value) for item in node.value[:LIST_LIMIT] if item.id == "scalar")
    return str(node.value) if node.id == "scalar" and node.tag != _NULL else ""


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]*")
_NOT_PLAIN = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_PLAIN:
        return text
    return json.dumps(text, ensure_ascii=False)  # a JSON text is a YAML text


def export_ansible_yaml(targets: Iterable[Target]) -> str:
    """Return targets as a YAML inventory that Ansible reads; `import_ansible_yaml` reads the same targets back.

    What Ansible has no word for becomes variables (opsterm_tags, …). A name that Ansible would take for a host
    with a port, as in "db:1", is left out and named in a comment. Order of groups is by first use.
    """
    hosts: list[str] = []
    groups: dict[str, list[str]] = {}
    left_out: list[str] = []
    for target in targets:
        if target.source == BUILT_IN:
            continue
        if expand_pattern(target.name) != ([target.name], ""):
            left_out.append(target.name)
            continue
        variables = _variables(target)
        hosts.append(f"    {_quoted(target.name)}:" + ("" if variables else " {}"))
        hosts += [f"      {name}: {value}" for name, value in variables.items()]
        for group in target.groups:
            if group not in (ALL, UNGROUPED):
                groups.setdefault(group, []).append(target.name)
    lines = [f"# left out, because Ansible reads a port in the name: {tidy(name)}" for name in left_out]
    lines += ["all:", "  hosts:" if hosts else "  hosts: {}", *hosts]
    if groups:
        lines.append("  children:")
    for group, names in groups.items():
        lines += [f"    {_quoted(group)}:", "      hosts:", *(f"        {_quoted(name)}: {{}}" for name in names)]
    return "\n".join(lines) + "\n"


def _variables(target: Target) -> dict[str, str]:
    made: dict[str, str] = {}
    if target.address:
        made["ansible_host"] = json.dumps(target.address)
    if target.port is not None:
        made["ansible_port"] = str(target.port)
    if target.user:
        made["ansible_user"] = json.dumps(target.user, ensure_ascii=False)
    if target.protocol in (Protocol.LOCAL, Protocol.WINRM):
        made["ansible_connection"] = target.protocol.value
    elif target.protocol is not Protocol.SSH:
        made["opsterm_protocol"] = target.protocol.value
    for name, text in (
        ("opsterm_os", target.os),
        ("opsterm_environment", target.environment),
        ("opsterm_site", target.site),
    ):
        if text:
            made[name] = json.dumps(tidy(text), ensure_ascii=False)
    if target.tags:
        made["opsterm_tags"] = json.dumps(list(target.tags), ensure_ascii=False)
    return made
