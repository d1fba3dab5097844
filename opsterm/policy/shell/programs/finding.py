"""find, its tests and its actions."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.argument import UNKNOWN, Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.places import PathKind, place_of, resolved
from opsterm.policy.shell.programs.calling import Deed

_TAKES_ONE = frozenset({
    "-name", "-iname", "-path", "-ipath", "-wholename", "-iwholename", "-regex", "-iregex", "-type", "-xtype", "-maxdepth", "-mindepth", "-size", "-mtime",
    "-mmin", "-ctime", "-cmin", "-atime", "-amin", "-newer", "-anewer", "-cnewer", "-newermt", "-newerct", "-newerat", "-newermm", "-user", "-group", "-perm", "-uid",
    "-gid", "-links", "-inum", "-samefile", "-fstype", "-printf", "-lname", "-ilname", "-regextype", "-used", "-context", "-D", "-files0-from",
})  # fmt: skip
_RUNS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_WRITES = frozenset({"-fprint", "-fprint0", "-fprintf", "-fls"})


def _find(call: ProgramCall) -> None:
    """Follow find: what it deletes, writes and runs."""
    words = call.arguments
    at = 0
    while at < len(words) and words[at].text in ("-H", "-L", "-P", "-O1", "-O2", "-O3"):
        at += 1
    roots: list[Argument] = []
    while at < len(words) and not words[at].text.startswith(("-", "(", "!", ")")):
        roots.append(words[at])
        at += 1
    filtered, named = False, ""
    call.add(EffectKind.READ, roots[0] if roots else ".")
    while at < len(words):
        text = words[at].text
        at += 1
        if text in _TAKES_ONE:
            filtered = filtered or text not in ("-type", "-maxdepth", "-mindepth", "-printf")
            named = words[at].text if text == "-name" and at < len(words) else named
            at += 1
        elif text == "-delete":
            for root in roots or [Argument(text=".", raw=".", span=call.span)]:
                _delete(call, root, filtered=filtered)
        elif text in _WRITES and at < len(words):
            deeds.write(words[at], call.notes, call.frame, call.span, replaces=True)
            at += 2 if text == "-fprintf" else 1
        elif text in _RUNS:
            at = _run(call, roots, words, at, named)


def _delete(call: ProgramCall, root: Argument, *, filtered: bool) -> None:
    """Note what -delete takes: all below a folder, or what passes the tests there."""
    if filtered:
        below = Argument(text=f"{root.text.rstrip('/')}/found/{UNKNOWN}", raw=f"{root.raw}/…", span=root.span)
        deeds.delete(below, call.notes, call.frame, call.span, tree=False)
        if place_of(resolved(root.text, call.frame.scope.cwd)) is PathKind.RELATIVE:
            call.add(EffectKind.DATA_LOSS, below, Certainty.POSSIBLE)
    else:
        deeds.delete(root, call.notes, call.frame, call.span, tree=True)


def _run(call: ProgramCall, roots: list[Argument], words: list[Argument], at: int, named: str) -> int:
    """Follow the command of -exec up to ; or +; return where it ends. A name without wildcards is that of what is found."""
    command: list[Argument] = []
    while (
        at < len(words)
        and words[at].text != ";"
        and not (words[at].text == "+" and command and "{}" in command[-1].text)
    ):
        command.append(words[at])
        at += 1
    root = roots[0] if roots else Argument(text=".", raw=".", span=call.span)
    last = named if named and not set(named) & set("*?[") else UNKNOWN
    text = (
        f"{root.text.rstrip('/')}/found/{UNKNOWN}/{last}"
        if last != UNKNOWN
        else f"{root.text.rstrip('/')}/found/{UNKNOWN}"
    )
    found = [
        Argument(text=one.text.replace("{}", text), raw=one.raw.replace("{}", f"{root.raw}/…"), span=one.span)
        if "{}" in one.text
        else one
        for one in command
    ]
    if found and found[0].text in ("chmod", "chown", "chgrp", "setfacl"):
        whole = [root if UNKNOWN in one.text else one for one in found]
        call.start([whole[0], Argument(text="-R", raw="-R", span=call.span), *whole[1:]], call.name)
    elif found:
        call.start(found, call.name)
    return at + 1


def _fd(call: ProgramCall) -> None:
    """Follow fd: -x and -X run a command."""
    for at, word in enumerate(call.arguments):
        if word.text in ("-x", "-X", "--exec", "--exec-batch"):
            command = call.arguments[at + 1 :]
            unknown = Argument(text=UNKNOWN, raw="…", span=word.span, glob=True)
            if command:
                call.start([*command, unknown] if not any("{}" in one.text for one in command) else command, call.name)
    call.add(EffectKind.READ)


PROGRAMS: Mapping[str, Deed] = {"find": _find, "gfind": _find, "fd": _fd, "fdfind": _fd}
