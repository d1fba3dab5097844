"""A step that configures a camera, as text: which application, what was there, and the whole of what shall be.

    application vmd
    was 5f0c…
    configuration {"cameras":[…],"profiles":[…]}

The application takes its configuration as a whole (VAPIX, "Video motion detection 4 API" and "AXIS Motion Guard API",
setConfiguration), so what an approval binds is every byte of it. `was` is the digest of the configuration that was
there when it was proposed: nothing is set over what somebody else has changed since. What takes the step back is such
a text as well, with the two exchanged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from opsterm.core.errors import BadInput
from opsterm.monitoring.cameras import MOTION_APPLICATIONS
from opsterm.policy.effects import Certainty, Effect, EffectKind, Span
from opsterm.policy.invocation import Findings

STATUS = "configurationStatus"
"""A count that the camera keeps of its configuration: sent back as it came, and no difference."""

LONGEST = 30_000
"""Characters of a configuration: a plan has several of them."""

REASONS = (
    "It replaces the whole configuration of motion detection on a camera: one that is wrong sees nothing.",
    "Events that last end for a moment, and with them recordings that they have started.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraOrder:
    """What shall be the configuration of an application.

    Attributes:
        application: a key of MOTION_APPLICATIONS.
        was: `digest_of` the configuration that has to be there.
        configuration: JSON, as `configuration_text` writes it.
    """

    application: str
    was: str
    configuration: str

    def text(self) -> str:
        """Return the one text for it."""
        return f"application {self.application}\nwas {self.was}\nconfiguration {self.configuration}"

    def in_words(self) -> str:
        """Return it in one line: "AXIS Video Motion Detection 4: profiles Door, Yard"."""
        profiles = json.loads(self.configuration).get("profiles")
        found = [one.get("name") for one in profiles if isinstance(one, dict)] if isinstance(profiles, list) else []
        return f"{MOTION_APPLICATIONS[self.application]}: profiles {', '.join(map(str, found)) or 'none'}"


def configuration_text(configuration: Mapping[str, object]) -> str:
    """Return the one text of a configuration: JSON in ASCII, keys sorted, no blanks.

    Raises:
        BadInput: it is too long to be read by who approves it.
    """
    text = json.dumps(configuration, sort_keys=True, separators=(",", ":"), allow_nan=False)
    if len(text) > LONGEST:
        raise BadInput(f"The configuration of the camera has {len(text):,} characters; {LONGEST:,} is the most.")
    return text


def digest_of(configuration: Mapping[str, object]) -> str:
    """Return sha256 of a configuration without the count that the camera keeps, 64 hex digits."""
    told = {key: value for key, value in configuration.items() if key != STATUS}
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def parse_camera_order(text: str) -> CameraOrder:
    """Return what a text asks for.

    Raises:
        BadInput: it is not what `CameraOrder.text` gives for what it says.
    """
    try:
        first, second, third = text.split("\n")
        found = CameraOrder(
            application=first.removeprefix("application "), was=second.removeprefix("was "),
            configuration=third.removeprefix("configuration "),
        )  # fmt: skip
        body = json.loads(found.configuration)
        well = isinstance(body, dict) and configuration_text(body) == found.configuration and found.text() == text
    except (ValueError, RecursionError) as error:
        raise _NONE from error
    if not well or found.application not in MOTION_APPLICATIONS or len(found.was) != 64 or set(found.was) - _HEX:
        raise _NONE
    return found


_NONE = BadInput("This configures no camera.", next_step='Write motion = "NAME" in a [[step]] of a plan.')
_HEX = frozenset("0123456789abcdef")


def read_camera_order(text: str) -> Findings:
    """Return what such a text does. Never raises; what is none is opaque."""
    try:
        order = parse_camera_order(text)
    except BadInput as error:
        return Findings(opaque=(error.what,))
    what = f"motion detection ({order.application}) of a camera"
    span = Span(start=0, end=len(text))
    return Findings(
        effects=(Effect(kind=EffectKind.WRITE_CONFIG, object=what, certainty=Certainty.CERTAIN, span=span),)
    )
