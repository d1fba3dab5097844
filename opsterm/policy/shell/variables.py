"""Variables that are set: what they hold, and those that change what other programs do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell.argument import UNKNOWN
from opsterm.policy.shell.notes import Notes, ShellFrame, ShellText
from opsterm.policy.shell.spelling import arguments_of

if TYPE_CHECKING:
    from tree_sitter import Node

LOADS_CODE = frozenset({
    "BASH_ENV", "ENV", "LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "GIT_SSH_COMMAND", "GIT_SSH", "GIT_EXTERNAL_DIFF",
    "GIT_PAGER", "GIT_EDITOR", "GIT_ASKPASS", "PAGER", "MANPAGER", "SYSTEMD_PAGER", "LESSOPEN", "LESSCLOSE", "EDITOR",
    "VISUAL", "SUDO_EDITOR", "PYTHONSTARTUP", "PYTHONPATH", "PYTHONHOME", "PERL5OPT", "PERL5LIB", "RUBYOPT", "RUBYLIB",
    "NODE_OPTIONS", "PROMPT_COMMAND", "PS4", "SHELLOPTS", "BASHOPTS", "JAVA_TOOL_OPTIONS", "PATH", "SUDO_ASKPASS",
    "RSYNC_RSH", "RESTIC_PASSWORD_COMMAND", "BORG_PASSCOMMAND", "BORG_RSH", "CRASHPAGER", "FACTERLIB", "SSH_ASKPASS",
    "SVN_SSH", "CVS_RSH", "PERL5DB", "MANOPT", "PSQL_EDITOR", "BROWSER", "TAR_OPTIONS", "LD_DEBUG_OUTPUT", "GCONV_PATH",
})  # fmt: skip
"""Variables by which a program that is harmless by itself starts or loads another one."""

_FOLDER = r"(?:\$\{?PATH\}?|\x00|/(?:usr/)?(?:local/)?s?bin|/opt/[\w./-]+/bin|/snap/bin|/usr/lib/[\w./-]+)"
_PLAIN_PATH = re.compile(rf"{_FOLDER}(?::{_FOLDER})*")
_HISTORY = frozenset({"HISTFILE", "HISTSIZE", "HISTFILESIZE", "HISTCONTROL", "HISTIGNORE"})
_SHOWS = re.compile(r"(?:/(?:usr/)?bin/)?(?:cat|less|more|head|true|)")


def note_environment(node: Node, source: ShellText, notes: Notes, frame: ShellFrame) -> list[str]:
    """Note a variable that is set for one command; return its name."""
    name, value = _assigned(node, source, frame)
    _judge(name, value, node, source, notes)
    return [name] if name else []


def note_assignment(node: Node, source: ShellText, notes: Notes, frame: ShellFrame) -> None:
    """Note a variable that is set or forgotten, and remember what it holds where that is plain."""
    if node.type == "unset_command":
        names = [source.text[child.start_byte : child.end_byte] for child in node.named_children]
        for name in names:
            frame.scope.variables[name] = ""
        if any(name in _HISTORY for name in names):
            notes.add(EffectKind.LOG_LOSS, "HISTFILE", Certainty.CERTAIN, source.span(node.start_byte, node.end_byte))
        return
    if node.type == "declaration_command":
        return
    name, value = _assigned(node, source, frame)
    appended = "+=" in source.text[node.start_byte : node.end_byte][: len(name) + 2]
    before = frame.scope.variables.get(name)
    if appended:
        value = before + value if before is not None and value is not None else None
    differs = name in frame.scope.variables and before != value
    frame.scope.variables[name] = None if frame.maybe and differs else value
    _judge(name, value, node, source, notes)


def _assigned(node: Node, source: ShellText, frame: ShellFrame) -> tuple[str, str | None]:
    """Return name and value of an assignment; None for a value that is known only when it runs."""
    name_node, value_node = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name_node is None:
        return "", None
    name = source.text[name_node.start_byte : name_node.end_byte]
    if value_node is None:
        return name, ""
    if value_node.type == "array" or name_node.type != "variable_name":
        return name, None
    words = arguments_of(value_node, source, frame.scope)
    text = " ".join(word.text for word in words)
    return name, None if UNKNOWN in text and name != "PATH" else text


def _judge(name: str, value: str | None, node: Node, source: ShellText, notes: Notes) -> None:
    span = source.span(node.start_byte, node.end_byte)
    if name in _HISTORY and (value or "") in ("", "0", "/dev/null", "ignorespace", "ignoreboth", "*"):
        if name in ("HISTFILE", "HISTSIZE", "HISTFILESIZE") or value == "*":
            notes.add(EffectKind.LOG_LOSS, name, Certainty.CERTAIN, span)
        return
    if name not in LOADS_CODE:
        return
    if name == "PATH" and value is not None and _PLAIN_PATH.fullmatch(value):
        return
    if value is not None and (name.endswith("PAGER") or name in ("EDITOR", "VISUAL")) and _SHOWS.fullmatch(value):
        return
    if value == "":
        return
    notes.dark(f"It sets {name}, which lets programs load or start other code.")
    notes.add(EffectKind.REMOTE_CODE, name, Certainty.POSSIBLE, span)
