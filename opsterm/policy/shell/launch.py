"""From words to what the program that they name does with them."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind, Span
from opsterm.policy.invocation import Invocation
from opsterm.policy.shell.argument import UNKNOWN, Argument, ansi_c
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.notes import Feed, Notes, ShellFrame
from opsterm.policy.shell.places import SYSTEM, PathKind, place_of, resolved
from opsterm.policy.shell.programs.hooks import note_hooks
from opsterm.policy.shell.programs.registry import program
from opsterm.policy.shell.programs.strangers import judge_stranger
from opsterm.policy.shell.spelling import decoded

PROGRAM_STEPS = 3
"""What it takes to look a program up, in steps."""

STARTS_LIMIT = 24
"""Programs that start one another in one command."""

SAID_AT_MOST = 200
"""Characters of the commands before a pipe that are remembered: they may name what their output stands for."""

_FETCHES = frozenset({"curl", "wget", "fetch", "nc", "ncat", "netcat", "socat", "aria2c", "lynx", "http", "ftp", "dig"})
_TURNS = frozenset({"base64", "base32", "openssl", "xxd", "gunzip", "zcat", "gzip", "bzcat", "xzcat", "zstdcat", "rev",
                    "tr", "uudecode", "unzip", "gpg", "od", "hexdump", "bzip2", "xz"})  # fmt: skip
_PACKS = frozenset({"tar", "cpio", "zip", "7z", "mysqldump", "mariadb-dump", "pg_dump", "pg_dumpall", "mongodump",
                    "dump", "xfsdump", "dd"})  # fmt: skip
_SAYS = frozenset({"echo", "printf"})
_PASSES = frozenset({"tee", "pv", "buffer", "sudo", "head", "tail", "sed", "awk", "grep", "sort", "cut", "uniq"})


def launch(words: Sequence[Argument], notes: Notes, frame: ShellFrame) -> None:
    """Follow one command: note it, what it starts, and its effects.

    Args:
        words: the words, the executable first; at least one.
        notes: where effects go.
        frame: where it stands.
    """
    notes.spend(len(words) + PROGRAM_STEPS)
    if not words:
        return
    first, rest = words[0], words[1:]
    span = Span(start=first.span.start, end=max(first.span.end, words[-1].span.end))
    if len(frame.via) > STARTS_LIMIT:
        notes.dark(f"More than {STARTS_LIMIT} programs start one another.")
        return
    notes.command(
        Invocation(
            words=tuple(word.text.replace(UNKNOWN, "?") for word in words), redirects=notes.streams,
            environment=notes.environment, via=frame.via, where=frame.where, span=span,
        )
    )  # fmt: skip
    name = first.text.rsplit("/", 1)[-1]
    if not name or UNKNOWN in name or first.process or (first.glob and name not in ("[", "[[")):
        _nameless(words, notes, frame)
        return
    if "/" in first.text and resolved(first.text, frame.scope.cwd) in frame.scope.fetched:
        notes.add(EffectKind.REMOTE_CODE, first.shown, Certainty.CERTAIN, span)
    call = ProgramCall(name, first, rest, notes, frame)
    said = frame.scope.aliases.get(name) if "\\" not in first.raw and "/" not in first.text else None
    if said is not None:
        notes.add(EffectKind.READ, name, Certainty.CERTAIN, span)
        if said and name not in frame.via:
            text = " ".join([said, *(word.raw for word in rest)])
            call.again(Argument(text=text, raw=text, span=span), name)
        return
    if _INIT_SCRIPT.fullmatch(first.text):
        call = ProgramCall("service", first, [first.part(name), *rest], notes, frame)
    note_hooks(call)
    known = program(call.name) if call.name != name or _is_installed(first.text) else None
    if known is None:
        judge_stranger(call)
    else:
        known(call)


_INSTALLED = re.compile(r"(?:/(?:usr/)?(?:local/)?s?bin/|/snap/bin/|/opt/[\w.-]+/bin/|/usr/lib/[\w./-]+/)?[^/]+")


_INIT_SCRIPT = re.compile(r"/etc/(?:rc\.d/)?(?:init|rc)\.d/[^/]+")


def _is_installed(path: str) -> bool:
    """Return whether a name is looked up where packages put their programs; ./ls may be anything."""
    return _INSTALLED.fullmatch(path) is not None or path.startswith(UNKNOWN)


_FORCED = re.compile(r"-[a-zA-Z]*[rR]?f[a-zA-Z]*|--(?:force|recursive|no-preserve-root)")


def _nameless(words: Sequence[Argument], notes: Notes, frame: ShellFrame) -> None:
    """Note a command of which only the target will know the name; its words still tell something."""
    notes.dark(f"Which program runs is known only when it runs: {words[0].raw[:60]}.")
    places = {place_of(resolved(word.text, frame.scope.cwd)) for word in words[1:] if "/" in word.text}
    forced = any(_FORCED.fullmatch(word.text) for word in words[1:])
    if words[0].process and any(name in words[0].process for name in ("curl", "wget")):
        notes.add(EffectKind.REMOTE_CODE, words[0].raw, Certainty.CERTAIN, words[0].span)
    if forced or places & (SYSTEM - {PathKind.CONFIG, PathKind.LOG, PathKind.PROGRAMS}) or frame.raised:
        notes.add(EffectKind.DATA_LOSS, "?", Certainty.POSSIBLE, words[0].span)
    if not words[0].text.strip(UNKNOWN) and len(words) == 1 and words[0].raw.startswith(("$(", "`")):
        notes.add(EffectKind.REMOTE_CODE, words[0].raw[:60], Certainty.POSSIBLE, words[0].span)


def output_of(words: Sequence[Argument], frame: ShellFrame) -> Feed:
    """Return what a command prints, as far as that is plain."""
    span = words[0].span
    names = [posixpath.basename(word.text) for word in words]
    while len(names) > 1 and names[0] in ("sudo", "doas", "env", "nice", "timeout", "command", "nohup"):
        skip = next((at for at in range(1, len(names)) if not re.match(r"-|\d|\w+=", names[at])), len(names) - 1)
        names, words = names[skip:], words[skip:]
    name = names[0]
    before = frame.feed
    if name in ("env", "printenv", "set", "export", "declare") and len(words) == 1:
        return Feed("environment", span)
    if name in _FETCHES:
        return Feed("network", span)
    if name in _SAYS:
        texts = [word for word in words[1:] if not re.fullmatch(r"-[neE]+", word.text)]
        text = "" if name == "printf" and len(texts) > 1 and texts[0].text in ("%s", "%s\\n", "%b") else None
        texts = texts[1:] if text is not None else texts
        if all(word.known for word in texts):
            if name == "printf" or any(word.text in ("-e", "-ne", "-en") for word in words[1:]):
                return Feed("text", span, ansi_c(" ".join(word.text for word in texts)))
            base = texts[0].base if len(texts) == 1 else -1
            return Feed("text", texts[0].span if texts else span, " ".join(w.text for w in texts), base)
        return Feed("unknown", span)
    if name == "cat" and len(words) > 1:
        return Feed("file", span, words[-1].text)
    if name in _PACKS:
        return Feed("archive", span)
    if name in _TURNS:
        return _turned(name, words, before, span)
    said = " ".join([*(word.raw for word in words), before.text if before is not None else ""])[:SAID_AT_MOST]
    if before is not None and name in (*_PASSES, "cat"):
        return before if name in ("tee", "cat", "pv") or before.origin == "network" else Feed("unknown", span, said)
    return Feed("unknown", span, said)


def _turned(name: str, words: Sequence[Argument], before: Feed | None, span: Span) -> Feed:
    """Return what a program makes of its input; base64 that stands in the text is decoded."""
    said = before.text if before is not None and before.origin == "text" else ""
    if said and name == "base64" and any(word.text in ("-d", "-D", "--decode", "-di") for word in words):
        text = decoded("".join(said.split()))
        if text:
            return Feed("text", span, text)
    if said and name == "rev":
        return Feed("text", span, said[::-1])
    kept = before.origin if before is not None and before.origin in ("network", "archive", "environment") else "decoded"
    return Feed(kept, span)
