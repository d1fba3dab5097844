"""From what a text would do to the way back from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from opsterm.changes.way_back.call import Gap, KnownCall
from opsterm.changes.way_back.programs import WAYS
from opsterm.policy.effects import Effect, EffectKind
from opsterm.policy.invocation import Invocation
from opsterm.policy.order import RunAs
from opsterm.policy.preview.paths import NotKnown
from opsterm.policy.understanding import Understanding
from opsterm.policy.way_back import Coverage, Thing, ThingKind, WayBack, in_order

_HARMLESS = frozenset({EffectKind.READ, EffectKind.READ_SECRET})
DONE_AGAIN = (
    ThingKind.PACKAGES, ThingKind.PYTHON, ThingKind.MODULE, ThingKind.UNIT, ThingKind.CONTAINER, ThingKind.MOVED,
)  # fmt: skip
"""What is put back by doing the opposite: it is as it was in what is compared, and not byte for byte."""

_SPEAKERS = frozenset({"echo", "printf", "cat", "true", ":", "test", "[", "sleep"})
_BELOW = frozenset({"rm", "rmdir", "unlink", "shred", "chmod", "chown", "chgrp", "touch", "truncate", "gzip", "gunzip"})
_STARTERS = frozenset({"sudo", "env", "nice", "ionice", "timeout", "nohup", "bash", "sh", "dash", "command", "time"})


def way_back_from(understood: Understanding, how: RunAs) -> WayBack:
    """Return how a text is taken back; what is not understood cannot be.

    Args:
        understood: the text.
        how: as whom it runs.
    """
    effects = [effect for effect in understood.effects if effect.kind not in _HARMLESS]
    if not effects and not understood.opaque:
        return WayBack(coverage=Coverage.NOTHING)
    gaps = [f"What it does is not known: {sentence}" for sentence in understood.opaque]
    things: list[Thing] = []
    whole = not understood.opaque
    opposites: list[str] = []
    for command in understood.commands:
        if _starts_another(command, understood.commands) or not _acts(command, effects):
            continue
        try:
            found = _ways(command, understood, how)
            missing = [one for one in found if isinstance(one, Gap)]
            things += [one for one in found if isinstance(one, Thing)]
            gaps += [one.sentence for one in missing]
            opposites += [one.opposite for one in missing if one.opposite]
            whole = whole and (not missing or len(missing) < len(found))
        except NotKnown as error:
            whole = False
            gaps.append(f"`{_shown(command)}` is not taken back: {error}.")
    way = _joined(things, gaps, understood, how)
    return replace(way, whole=whole, opposite=" && ".join(reversed(opposites)))


def _joined(
    things: Sequence[Thing], gaps: Sequence[str], understood: Understanding, how: RunAs
) -> WayBack:  # fmt: skip
    become = how.become
    if not become and any("sudo" in command.via for command in understood.commands):
        become = "root"
    if not things:
        sentences = gaps or ["Nothing is known that would take it back."]
        return WayBack(coverage=Coverage.NONE, gaps=tuple(dict.fromkeys(sentences)), become=become)
    coverage = Coverage.INVERSE if any(thing.kind in DONE_AGAIN for thing in things) else Coverage.EXACT
    if gaps:
        coverage = Coverage.PARTIAL
    return WayBack(coverage=coverage, things=in_order(things), gaps=tuple(dict.fromkeys(gaps)), become=become)


def _starts_another(command: Invocation, commands: Sequence[Invocation]) -> bool:
    """Return whether a command is only what starts another one, which is looked at itself."""
    name = command.words[0].rpartition("/")[2] if command.words else ""
    if name not in _STARTERS and not (name.startswith("python") and "pip" in command.words):
        return False
    inside = (one for one in commands if one is not command and len(one.via) > len(command.via))
    return any(one.via[len(command.via)] == name and _within(one, command) for one in inside)


def _within(inner: Invocation, outer: Invocation) -> bool:
    return outer.span.start <= inner.span.start and inner.span.end <= outer.span.end


def _acts(command: Invocation, effects: Sequence[Effect]) -> bool:
    """Return whether a command, or a redirection of it, does more than read."""
    if any(">" in redirect for redirect in command.redirects):
        return True
    start, end = command.span.start, command.span.end
    return any(effect.span.start < end and start < effect.span.end for effect in effects)


def _ways(command: Invocation, understood: Understanding, how: RunAs) -> Sequence[Thing | Gap]:
    """Return what has to be kept for a command.

    Raises:
        NotKnown: that cannot be told before it runs.
    """
    if command.where:
        raise NotKnown(f"it runs on {command.where}")
    strangers = [name for name in command.via if name not in _STARTERS]
    call = KnownCall(command, understood, how)
    if strangers == ["find"] and call.name in _BELOW:
        return ()  # what find looks through is kept whole
    if strangers and set(strangers) <= {"at", "batch"}:
        return ()  # it waits among the jobs that are kept
    if strangers and not (call.name.startswith("pip") and strangers[0].startswith("python")):
        raise NotKnown(f"it is started by {strangers[0]}")
    found: list[Thing | Gap] = list(call.redirected())
    ways = WAYS.get(call.name)
    if ways is not None:
        found += ways(call)
    elif not found and call.name not in _SPEAKERS:
        raise NotKnown(f"no way back from {call.name or 'it'} is known")
    return found


def _shown(command: Invocation) -> str:
    text = " ".join(command.words)
    return text if len(text) <= 60 else text[:59] + "…"
