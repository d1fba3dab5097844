"""Where the streams of a command go, and where its input comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.notes import Feed, Notes, ShellFrame, ShellText
from opsterm.policy.shell.places import PathKind, place_of, resolved
from opsterm.policy.shell.spelling import arguments_of

if TYPE_CHECKING:
    from tree_sitter import Node


def note_redirect(node: Node, source: ShellText, notes: Notes, frame: ShellFrame, *, empties: bool) -> Feed | None:
    """Note what a redirection writes or reads; return what it feeds, None when it feeds nothing.

    Args:
        node: a file_redirect.
        source: the text it is of.
        notes: where effects go.
        frame: where it stands.
        empties: whether no command stands before it: what is written to is emptied, what is read is only opened.
    """
    destination = node.child_by_field_name("destination")
    if destination is None:
        return None
    sign = next((child.type for child in node.children if child.type.strip("<>&|") == ""), ">")
    words = arguments_of(destination, source, frame.scope)
    span = source.span(node.start_byte, node.end_byte)
    if not words:
        return None
    word = words[0]
    if word.text.startswith(("/dev/tcp/", "/dev/udp/")) and sign == "<":
        notes.add(EffectKind.READ, word.shown, Certainty.CERTAIN, span)
        return Feed("network", span)
    if word.text.startswith(("/dev/tcp/", "/dev/udp/")):
        if sign == "<" and empties:
            notes.add(EffectKind.READ, word.shown, Certainty.CERTAIN, span)
            return None
        notes.add(EffectKind.REMOTE_CODE, word.shown, Certainty.LIKELY, span)
        notes.add(EffectKind.EXFIL, word.shown, Certainty.LIKELY, span)
        return Feed("network", span)
    if sign in ("<", "<&"):
        if word.text.isdecimal() or word.process:
            return Feed("network" if any(name in word.process for name in ("curl", "wget")) else "unknown", span)
        deeds.read(word, notes, frame, span)
        return Feed("file", span, word.text)
    if sign == ">&" and (word.text.isdecimal() or word.text == "-"):
        return None
    if word.process or place_of(resolved(word.text, frame.scope.cwd)) is PathKind.NOTHING:
        return None
    replaces = not sign.endswith(">>")
    deeds.write(word, notes, frame, span, replaces=replaces)
    if empties and replaces:
        notes.add(EffectKind.TRUNCATE, deeds.path_of(word, frame), Certainty.CERTAIN, span)
    return None
