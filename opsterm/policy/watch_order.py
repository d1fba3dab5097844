"""A step by which opsterm itself begins, or ends, to watch a target. Nothing is changed on the target.

Its text is one line: "watch measurements", "watch camera alerts", and for the way back "watch measurements no more".
Who is watched so bears a tag, which selectors and lists show, and which an operator may take away as any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from opsterm.core.errors import BadInput
from opsterm.policy.invocation import Findings

_NO_MORE = " no more"


class WatchKind(StrEnum):
    """What is watched of a target."""

    MEASUREMENTS = "measurements"
    CAMERA_ALERTS = "camera alerts"


TAGS: Mapping[WatchKind, str] = {
    WatchKind.MEASUREMENTS: "opsterm-measured",
    WatchKind.CAMERA_ALERTS: "opsterm-camera-alerts",
}
"""What a target bears of which that is watched."""

MEANING: Mapping[WatchKind, str] = {
    WatchKind.MEASUREMENTS: "opsterm measures it at each interval from then on, and its thresholds raise alerts.",
    WatchKind.CAMERA_ALERTS: "opsterm listens to its events from then on: motion and faults become alerts.",
}
"""One whole sentence about each."""

PROTOCOLS: Mapping[WatchKind, tuple[str, ...]] = {
    WatchKind.MEASUREMENTS: ("snmp", "ssh"),
    WatchKind.CAMERA_ALERTS: ("http",),
}
"""How targets are reached of which a step of a plan can begin to watch it: each has such steps."""


def watch_text(kind: WatchKind, *, on: bool = True) -> str:
    """Return the text that begins to watch, or ends it."""
    return f"watch {kind}{'' if on else _NO_MORE}"


def parse_watch(text: str) -> tuple[WatchKind, bool]:
    """Return what a text is about, and whether it begins.

    Raises:
        BadInput: it is not what `watch_text` writes.
    """
    for kind in WatchKind:
        for on in (True, False):
            if text == watch_text(kind, on=on):
                return kind, on
    raise BadInput("This says nothing that opsterm can watch.", next_step=f"There is {', '.join(WatchKind)}.")


def read_watch(text: str) -> Findings:
    """Return what such a step does on its target: nothing. Never raises; what is none is opaque."""
    try:
        parse_watch(text)
    except BadInput as error:
        return Findings(opaque=(error.what,))
    return Findings()


def watch_reasons(text: str) -> tuple[str, ...]:
    """Return what there is to know of such a step, whole sentences. Never raises."""
    try:
        kind, begins = parse_watch(text)
    except BadInput as error:
        return (error.what,)
    return (MEANING[kind] if begins else "opsterm watches it no more.",)


def watched_selector(setting: str, kind: WatchKind) -> str:
    """Return which targets are watched: those of a setting, and those that bear the tag.

    Args:
        setting: a selector, "" for none.
        kind: what is watched.
    """
    return f"({setting}) or tag:{TAGS[kind]}" if setting.strip() else f"tag:{TAGS[kind]}"
