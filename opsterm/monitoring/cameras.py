"""Cameras that speak VAPIX: what they are, how they watch for motion, and what their events mean.

After the vendor's public pages: "Basic device information", "Video motion detection 4 API", "AXIS Motion Guard API",
"Event streaming over WebSocket" and "Event data streaming" (developer.axis.com/vapix).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opsterm.core.settings import ThresholdSetting
from opsterm.core.text import clean_line
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.monitoring.thresholds import Explain, Rule, make_rule, no_reason

WORD_LIMIT = 120
"""Characters of one word or name that a camera said."""
MOST_PROFILES = 200
DEEPEST = 30
LARGEST = 1e15
"""How often lists stand in one another in a configuration at most, and how large its numbers are."""
MOST_ITEMS = 50
"""Items of an event that are kept."""

MOTION_APPLICATIONS: Mapping[str, str] = {
    "vmd": "AXIS Video Motion Detection 4",
    "motionguard": "AXIS Motion Guard",
}
"""Applications on a camera that see motion, by the name in their address /local/NAME/control.cgi."""

CONFIGURATION_VERSION = "1.2"
"""Of the interface by which these applications are configured."""

EVENT_TOPICS = (
    "tnsaxis:CameraApplicationPlatform/VMD//.",
    "tnsaxis:CameraApplicationPlatform/MotionGuard//.",
    "tnsaxis:CameraApplicationPlatform/FenceGuard//.",
    "tnsaxis:CameraApplicationPlatform/LoiteringGuard//.",
    "tnsaxis:CameraApplicationPlatform/ObjectAnalytics//.",
    "tns1:RuleEngine//.",
    "tns1:VideoSource//.",
    "tns1:Device/tnsaxis:Sensor//.",
    "tns1:Device/tnsaxis:HardwareFailure//.",
    "tns1:Device/tnsaxis:Casing//.",
    "tns1:Device/tnsaxis:Status/Temperature//.",
    "tnsaxis:Storage//.",
)
"""What a camera is asked to tell of; `//.` means everything below."""

_MEANING = (
    ("CameraApplicationPlatform/", "camera.motion"),
    ("RuleEngine/VMD3/", "camera.motion"),
    ("RuleEngine/CellMotionDetector/Motion", "camera.motion"),
    ("VideoSource/MotionAlarm", "camera.motion"),
    ("Device/Sensor/PIR", "camera.motion"),
    ("VideoSource/Tampering", "camera.fault"),
    ("VideoSource/GlobalSceneChange/", "camera.fault"),
    ("Storage/Disruption", "camera.fault"),
    ("Storage/Alert", "camera.fault"),
    ("Device/HardwareFailure/", "camera.fault"),
    ("Device/Casing/Open", "camera.fault"),
    ("Device/Status/Temperature/Above", "camera.fault"),
    ("Device/Status/Temperature/Below", "camera.fault"),
)
"""Begin of a topic, name spaces left out -> what its state is a measurement of."""

_STATES = {"0": 0.0, "1": 1.0, "false": 0.0, "true": 1.0}
_NAME_SPACE = re.compile(r"\b[A-Za-z0-9]+:")


class CameraReplyError(Exception):
    """A camera's answer that says no, or cannot be read; the text is one clean sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraInfo:
    """What a camera says it is; "" for what it does not say."""

    model: str
    product: str
    kind: str
    firmware: str
    built: str
    serial: str
    hardware: str
    architecture: str
    chip: str
    brand: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionProfile:
    """One way in which an application on a camera looks for motion.

    Attributes:
        application: a key of MOTION_APPLICATIONS.
        uid: its number in the application.
        name: what its owner calls it.
        camera: number of the view.
        areas: what sets it off, as the camera says it: type and polygon, x and y from -1 to 1.
        filters: what is ignored: type, threshold, and whether that counts.
    """

    application: str
    uid: int
    name: str
    camera: int
    areas: tuple[Mapping[str, object], ...]
    filters: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraEvent:
    """Something that a camera told.

    Attributes:
        topic: as in "tnsaxis:CameraApplicationPlatform/VMD/Camera1Profile1".
        at: epoch seconds of the camera's clock, None when it did not say.
        source: what it is about, as in {"port": "1"}.
        data: what is the case, as in {"active": "1"}.
    """

    topic: str
    at: float | None
    source: Mapping[str, str]
    data: Mapping[str, str]


def request_text(method: str, params: Mapping[str, object] | None = None, *, version: str = "1.0") -> str:
    """Return a request for one of the camera's JSON interfaces."""
    body: dict[str, object] = {"apiVersion": version, "context": "opsterm", "method": method}
    if params is not None:
        body["params"] = params
    return json.dumps(body)


def subscription_text(topics: Sequence[str]) -> str:
    """Return the request that chooses the events of a stream."""
    return request_text("events:configure", {"eventFilterList": [{"topicFilter": topic} for topic in topics]})


def read_reply(text: str) -> Mapping[str, Any]:
    """Return the data of an answer. Raises CameraReplyError."""
    reply = _object(text)
    error = reply.get("error")
    if error is not None:
        code, said = (error.get("code"), error.get("message")) if isinstance(error, dict) else (None, error)
        raise CameraReplyError(f"It says: {_word(said) or 'an error'} ({_word(code)}).")
    data = reply.get("data")
    return data if isinstance(data, dict) else {}


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise CameraReplyError("Its answer is no JSON.") from None
    if not isinstance(value, dict):
        raise CameraReplyError("Its answer is JSON of another kind.")
    return value


def _word(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else clean_line(str(value), limit=WORD_LIMIT)


def camera_info(text: str) -> CameraInfo:
    """Read the answer to getAllProperties. Raises CameraReplyError."""
    said = read_reply(text).get("propertyList")
    if not isinstance(said, dict):
        raise CameraReplyError("Its answer names no properties.")

    def word(name: str) -> str:
        return _word(said.get(name))

    return CameraInfo(
        model=word("ProdNbr"), product=word("ProdFullName"), kind=word("ProdType"), firmware=word("Version"),
        built=word("BuildDate"), serial=word("SerialNumber"), hardware=word("HardwareID"),
        architecture=word("Architecture"), chip=word("Soc"), brand=word("Brand"),
    )  # fmt: skip


def motion_profiles(application: str, text: str) -> Sequence[MotionProfile]:
    """Read the answer to getConfiguration of an application. Raises CameraReplyError."""
    profiles = read_reply(text).get("profiles")
    if not isinstance(profiles, list):
        raise CameraReplyError("Its answer names no profiles.")
    return [
        MotionProfile(
            application=application, uid=_number(one.get("uid")), name=_word(one.get("name")),
            camera=_number(one.get("camera")), areas=_parts(one.get("triggers")), filters=_parts(one.get("filters")),
        )
        for one in profiles[:MOST_PROFILES]
        if isinstance(one, dict)
    ]  # fmt: skip


def configuration_of(text: str) -> Mapping[str, Any]:
    """Read the answer to getConfiguration as it is; names in it are not clean. Raises CameraReplyError.

    It can be sent back as it came: what JSON cannot say, or says in more depth than anybody reads, is refused.
    """
    found = read_reply(text)
    if not isinstance(found.get("profiles"), list) or not isinstance(found.get("cameras"), list):
        raise CameraReplyError("Its answer names no profiles and cameras.")
    _require_plain(found)
    return found


def _require_plain(value: object, depth: int = 0) -> None:
    if depth > DEEPEST:
        raise CameraReplyError(f"Its configuration is nested more than {DEEPEST} times.")
    if isinstance(value, int | float) and not abs(value) < LARGEST:
        raise CameraReplyError("Its configuration has a number that is none, or is too large.")
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            _require_plain(part, depth + 1)


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _parts(value: object) -> tuple[Mapping[str, object], ...]:
    """Return a list of objects with only numbers, truth values and clean words in them."""
    found = value if isinstance(value, list) else []
    return tuple(
        {_word(name): _plain(part) for name, part in one.items()} for one in found[:MOST_ITEMS] if isinstance(one, dict)
    )


def _plain(value: object, depth: int = 0) -> object:
    if isinstance(value, list) and depth < 3:
        return [_plain(one, depth + 1) for one in value[:MOST_ITEMS]]
    return value if isinstance(value, bool | int | float) else _word(value)


# ------------------------------------------------------------------------------------------------- events


def camera_event(text: str) -> CameraEvent | None:
    """Read a message of the stream; None for one that tells no event. Raises CameraReplyError."""
    message = _object(text)
    if message.get("method") != "events:notify":
        return None
    params = message.get("params")
    told = params.get("notification") if isinstance(params, dict) else None
    if not isinstance(told, dict) or not isinstance(told.get("topic"), str):
        raise CameraReplyError("It tells of an event without a topic.")
    body = told.get("message")
    body = body if isinstance(body, dict) else {}
    stamp = told.get("timestamp")
    at = stamp / 1000 if isinstance(stamp, int) and not isinstance(stamp, bool) and 0 < stamp < 1e15 else None
    return CameraEvent(
        topic=_word(told["topic"]), at=at, source=_items(body.get("source")), data=_items(body.get("data"))
    )


def _items(value: object) -> Mapping[str, str]:
    found = list(value.items())[:MOST_ITEMS] if isinstance(value, dict) else []
    return {_word(name): _word(said) for name, said in found}


def event_sample(event: CameraEvent, target: str, now: float) -> Sample | None:
    """Return an event as a measurement, stamped with our time; None for one that is no state we know the meaning of."""
    plain = _NAME_SPACE.sub("", event.topic)
    metric = next((metric for begin, metric in _MEANING if plain.startswith(begin)), "")
    states = [_STATES[said.lower()] for said in event.data.values() if said.lower() in _STATES]
    if not metric or not states or "xinternal" in plain:
        return None
    about = " ".join(value for value in event.source.values() if value)
    item = f"{'/'.join(plain.split('/')[-2:])} {about}".strip()
    return Sample(SeriesKey(target, metric, clean_line(item, limit=80)), now, states[0])


def camera_rules(selector: str, *, explain: Explain = no_reason) -> Sequence[Rule]:
    """Return the rules that raise alerts from what cameras tell.

    Args:
        selector: of the cameras.
        explain: says why a stream does not stand now.
    """

    def rule(metric: str, advice: str, **levels: Any) -> Rule:
        return make_rule(ThresholdSetting(metric=metric, target=selector, advice=advice, **levels))

    cut = rule(
        "camera.events_up", "`opsterm camera info` says whether the camera answers.", crit=0.5, clear=0.75,
        direction="below", n=2, m=2,
    )  # fmt: skip
    return [
        rule("camera.motion", "`opsterm camera snapshot` shows what it sees.", warn=1.0, clear=0.5, n=1, m=1),
        rule("camera.fault", "`opsterm camera events` shows what it says.", crit=1.0, clear=0.5, n=1, m=1),
        replace(cut, explain=explain),
    ]
