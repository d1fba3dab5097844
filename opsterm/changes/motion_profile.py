"""A profile of motion detection on a camera: what a step of a plan asks for, put into the camera's own configuration.

After the vendor's public page "Video motion detection 4 API": the whole configuration is sent, with the profiles that
are to stay in it; a profile has one area and filters; those of a view see nothing while its camera is not active.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.policy.camera_order import CameraOrder, configuration_text, digest_of

APPLICATION = "vmd"
"""The application that is configured; of the others the form of an area is not the same."""

NAME_LENGTH = 60
LONGEST_IGNORED_S = 5
_EDGE = 0.97
_FILTERS = (
    {"type": "distanceSwayingObject", "data": 5, "active": True},
    {"type": "sizePercentage", "data": [3, 3], "active": True},
)
"""What the application itself begins with: what sways, and what is small, is ignored."""

_SHORT = "timeShortLivedLimit"


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionWish:
    """What is asked for.

    Attributes:
        name: of the profile.
        view: number of the view of the camera, 1 for the first.
        ignore_s: seconds for which something has to be seen, None to leave them (1 of a new profile).
    """

    name: str
    view: int = 1
    ignore_s: int | None = None


def require_motion(wish: MotionWish) -> None:
    """Raise BadInput for a wish that no camera could take."""
    if clean_line(wish.name, limit=NAME_LENGTH) != wish.name or not wish.name.strip() or ":" in wish.name:
        raise BadInput(f"A profile is named in up to {NAME_LENGTH} characters, without a colon.")
    if not 1 <= wish.view <= 32:
        raise BadInput("A view is a number from 1 to 32.")
    if wish.ignore_s is not None and not 0 <= wish.ignore_s <= LONGEST_IGNORED_S:
        raise BadInput(f"What is shorter than 0 to {LONGEST_IGNORED_S} s can be ignored.")


def motion_orders(configuration: Mapping[str, object], wish: MotionWish) -> tuple[CameraOrder, CameraOrder] | None:
    """Return what makes a configuration one that sees such motion, and what takes that back; None when it is so.

    A profile of that name that is there keeps its area and filters; one that is not is made for the whole picture.

    Raises:
        BadInput: the camera has no such view, or its configuration is too long or cannot be read.
    """
    wanted: dict[str, Any] = copy.deepcopy(dict(configuration))
    views = [one for one in wanted["cameras"] if isinstance(one, dict)]
    view = next((one for one in views if one.get("id") == wish.view), None)
    if view is None:
        raise BadInput(f"It has no view {wish.view}.", next_step="`opsterm camera motion` shows those it has.")
    view["active"] = True
    profiles = wanted["profiles"]
    found = next((one for one in profiles if isinstance(one, dict) and one.get("name") == wish.name), None)
    if found is None:
        numbers = [one.get("uid") for one in profiles if isinstance(one, dict)]
        uid = max((number for number in numbers if isinstance(number, int)), default=0) + 1
        profiles.append(_new(wish, uid))
    elif found.get("camera") != wish.view:
        raise BadInput(f"The profile {wish.name} is there for another view.", next_step="Choose another name.")
    elif wish.ignore_s is not None:
        filters = found.get("filters", [])
        if not isinstance(filters, list):
            raise BadInput(
                f"It says what the profile {wish.name} ignores in a way that is not known.",
                next_step="Set what it ignores on the camera's own page.",
            )
        others = [one for one in filters if isinstance(one, dict) and one.get("type") != _SHORT]
        found["filters"] = [_ignored(wish.ignore_s), *others]
    if digest_of(wanted) == digest_of(configuration):
        return None
    forth = CameraOrder(
        application=APPLICATION, was=digest_of(configuration), configuration=configuration_text(wanted)
    )  # fmt: skip
    back = CameraOrder(
        application=APPLICATION, was=digest_of(wanted), configuration=configuration_text(configuration)
    )  # fmt: skip
    return forth, back


def _new(wish: MotionWish, uid: int) -> dict[str, object]:
    area = [[-_EDGE, -_EDGE], [-_EDGE, _EDGE], [_EDGE, _EDGE], [_EDGE, -_EDGE]]
    return {
        "name": wish.name, "uid": uid, "camera": wish.view, "triggers": [{"type": "includeArea", "data": area}],
        "filters": [_ignored(1 if wish.ignore_s is None else wish.ignore_s), *map(dict, _FILTERS)],
    }  # fmt: skip


def _ignored(seconds: int) -> dict[str, object]:
    return {"type": _SHORT, "data": max(seconds, 1), "active": seconds > 0}
