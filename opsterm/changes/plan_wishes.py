"""What a step of a plan may ask for besides a command: to be watched, motion seen by a camera, a call of an API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opsterm.changes.motion_profile import MotionWish, require_motion
from opsterm.changes.plan_text import PlanText
from opsterm.core.toml_places import Path
from opsterm.policy.order import HTTP, VAPIX, WATCH
from opsterm.policy.watch_order import WatchKind

WISHES: Mapping[str, str] = {"watch": WATCH, "motion": VAPIX, "call": HTTP}
"""The key that asks for it -> the shell of its step."""

_OF_MOTION = ("view", "ignore_shorter")
WISH_KEYS = (*WISHES, *_OF_MOTION, "inverse_call")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWish:
    """What a step asks for; its text is made when the targets are known.

    Attributes:
        shell: of the step.
        watch: what is watched, None for another wish.
        motion: what a camera shall see, None for another wish.
        call: of an API its name, the operation and values, as `opsterm apis call` takes them; () for another wish.
        inverse_call: of the same API what takes it back: the operation and values; () for nothing.
    """

    shell: str
    watch: WatchKind | None = None
    motion: MotionWish | None = None
    call: tuple[str, ...] = ()
    inverse_call: tuple[str, ...] = ()


def read_wish(read: PlanText, path: Path, table: Mapping[str, Any]) -> StepWish | None:
    """Return what a step asks for besides a command, None for a command; what is wrong is complained of."""
    for key in _OF_MOTION:
        if key in table and "motion" not in table:
            read.complain((*path, key), "It is about motion detection.", 'Write motion = "NAME" beside it.')
    if "inverse_call" in table and "call" not in table:
        read.complain((*path, "inverse_call"), "It takes back a call.", 'Write call = ["shop", "addPet"] beside it.')
    keys = [key for key in WISHES if key in table]
    if not keys:
        return None
    others = [key for key in ("command", "script", "shell", "inverse", *keys[1:]) if key in table]
    if others:
        read.complain((*path, others[0]), f"The step has {keys[0]} as well.", "Keep one of the two.")
    key = keys[0]
    if key == "watch":
        kind = next(iter(read.words(path, table, "watch", [word.value for word in WatchKind])), None)
        return StepWish(shell=WATCH, watch=WatchKind(kind) if kind else None)
    if key == "call":
        words = tuple(read.words(path, table, "call"))
        if "on" in table:
            read.complain((*path, "on"), "An API says itself where it is.", "Leave the key out.")
        if len(words) < 2:
            read.complain((*path, "call"), "It names no API and operation.", 'As in call = ["shop", "addPet"].')
        return StepWish(shell=HTTP, call=words, inverse_call=tuple(read.words(path, table, "inverse_call")))
    ignored = read.seconds(path, table, "ignore_shorter", 0) if "ignore_shorter" in table else None
    wish = MotionWish(
        name=read.word(path, table, "motion"), view=read.number(path, table, "view", 1), ignore_s=ignored
    )  # fmt: skip
    read.tried((*path, "motion"), lambda: require_motion(wish))
    return StepWish(shell=VAPIX, motion=wish)
