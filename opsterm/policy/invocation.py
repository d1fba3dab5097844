"""What a reader of a shell language brings back: commands taken apart, their effects, and what stayed dark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from opsterm.policy.effects import Certainty, Effect, EffectKind, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One command as it would be started, after everything that stands before it was taken away.

    Attributes:
        words: its words without quotes, the executable first; a piece that is known only when it runs is "?".
        redirects: where its streams go, as written: "> /etc/motd", "2> /dev/null".
        environment: names of variables that are set for it.
        via: what starts it, outermost first: "sudo", "xargs", "bash".
        where: "" for the target itself, else "ssh web-1", "docker app".
        span: where the text shows it.
    """

    words: tuple[str, ...]
    redirects: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    where: str = ""
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a reader found in a text.

    Attributes:
        effects: in the order of the text.
        opaque: whole sentences, each about something that this reading could not follow.
        commands: the commands that would be started.
    """

    effects: tuple[Effect, ...] = ()
    opaque: tuple[str, ...] = ()
    commands: tuple[Invocation, ...] = ()


def unknown_program(name: str) -> str:
    """Return the sentence that a program stays dark because the tables do not have it.

    Args:
        name: of the program, without its folder.
    """
    return f"{name[:60]} is not a program that this check knows."


def unread(sentence: str, length: int) -> Findings:
    """Return what is known of a text that was not read to its end: it may run anything.

    Args:
        sentence: why it was not.
        length: characters of the text.
    """
    anything = Effect(
        kind=EffectKind.REMOTE_CODE, object="?", certainty=Certainty.POSSIBLE, span=Span(start=0, end=length)
    )
    return Findings(effects=(anything,), opaque=(sentence,))


Reader = Callable[[str], Findings]
"""Reads a text of one shell language. Never raises; what it cannot follow is opaque."""
