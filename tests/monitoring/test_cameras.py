"""What cameras say is read strictly: known words become measurements, whatever else becomes a sentence or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.core.text import clean_line
from opsterm.monitoring.cameras import (
    EVENT_TOPICS,
    CameraEvent,
    CameraReplyError,
    camera_event,
    camera_info,
    camera_rules,
    event_sample,
    motion_profiles,
    subscription_text,
)


def told(topic: str, data: Mapping[str, object], source: Mapping[str, object] | None = None) -> str:
    message = {"source": source or {}, "key": {}, "data": data}
    notification = {"topic": topic, "timestamp": 1000, "message": message}
    return json.dumps({"method": "events:notify", "params": {"notification": notification}})


MEANINGS: Mapping[str, tuple[str, Mapping[str, object], tuple[str, str, float] | None]] = {
    "motion": ("tnsaxis:CameraApplicationPlatform/VMD/Camera1Profile1", {"active": "1"},
               ("camera.motion", "VMD/Camera1Profile1", 1.0)),
    "its end": ("tnsaxis:CameraApplicationPlatform/MotionGuard/Camera1Profile2", {"active": "0"},
                ("camera.motion", "MotionGuard/Camera1Profile2", 0.0)),
    "an older one": ("tns1:RuleEngine/tnsaxis:VMD3/vmd3_video_1", {"active": "1"},
                     ("camera.motion", "VMD3/vmd3_video_1", 1.0)),
    "ONVIF": ("tns1:VideoSource/MotionAlarm", {"State": "true"}, ("camera.motion", "VideoSource/MotionAlarm", 1.0)),
    "fan": ("tns1:Device/tnsaxis:HardwareFailure/FanFailure", {"fan_failure": "1"},
            ("camera.fault", "HardwareFailure/FanFailure", 1.0)),
    "disk": ("tnsaxis:Storage/Disruption", {"disruption": "1"}, ("camera.fault", "Storage/Disruption", 1.0)),
    "in range is well": ("tns1:Device/tnsaxis:Status/Temperature/Inside", {"sensor_level": "1"}, None),
    "inner workings": ("tnsaxis:CameraApplicationPlatform/VMD/xinternal_data", {"svgframe": "1"}, None),
    "no state": ("tnsaxis:CameraApplicationPlatform/VMD/Camera1Profile1", {"count": "7"}, None),
    "something else": ("tns1:UserAlarm/tnsaxis:Recurring/Interval", {"active": "1"}, None),
}  # fmt: skip


@pytest.mark.parametrize("case", MEANINGS)
def test_known_events_are_measurements(case: str) -> None:
    topic, data, wanted = MEANINGS[case]
    event = camera_event(told(topic, data))
    assert event is not None
    sample = event_sample(event, "cam-1", 5.0)
    if wanted is None:
        assert sample is None
    else:
        assert sample is not None
        assert (sample.key.metric, sample.key.item, sample.value, sample.at) == (*wanted, 5.0)


def test_what_an_event_is_about_tells_two_of_a_kind_apart() -> None:
    event = camera_event(told("tns1:VideoSource/tnsaxis:Tampering", {"tampering": "1"}, {"channel": 2}))
    assert event is not None
    sample = event_sample(event, "cam-1", 5.0)
    assert sample is not None
    assert sample.key.item == "VideoSource/Tampering 2"


def test_what_is_subscribed_to_is_said_as_the_interface_takes_it() -> None:
    asked = json.loads(subscription_text(EVENT_TOPICS))
    assert (asked["apiVersion"], asked["method"]) == ("1.0", "events:configure")
    assert {"topicFilter": "tnsaxis:Storage//."} in asked["params"]["eventFilterList"]
    assert {rule.metric for rule in camera_rules("tag:camera")} == {
        "camera.motion", "camera.fault", "camera.events_up",
    }  # fmt: skip


WORDS = st.text(max_size=20) | st.sampled_from(["active", "1", "topic", "\x1b[2J", "\u202e", "x" * 500])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


def answer_of(read: Callable[[str], object], text: str) -> object:
    """Return what was read, or the sentence that says why nothing was."""
    try:
        return read(text)
    except CameraReplyError as error:
        return str(error)


@settings(max_examples=200, deadline=None)
@given(VALUES, VALUES, WORDS, VALUES)
def test_whatever_a_camera_says_ends_in_clean_words(one: object, two: object, word: str, three: object) -> None:
    body = {"source": one, "data": {"active": "1", word: two}}
    for text in (
        json.dumps({"method": "events:notify", "params": {"notification": {"topic": word, "timestamp": three,
                                                                           "message": body}}}),
        json.dumps({"method": "events:notify", "params": {"notification": one}}),
        json.dumps({"data": {"propertyList": two, "profiles": three}}),
        json.dumps({"data": {"propertyList": {"ProdNbr": one}, "profiles": [one, {"uid": two, "triggers": [three]}]}}),
        json.dumps({"error": one}),
        json.dumps(one),
        word,
    ):  # fmt: skip
        for read in (camera_event, camera_info, lambda said: motion_profiles("vmd", said)):
            found = answer_of(read, text)
            if isinstance(found, str):
                assert clean_line(found, limit=4000) == found
            elif isinstance(found, CameraEvent):
                sample = event_sample(found, "cam-1", 1.0)
                assert sample is None or clean_line(sample.key.item) == sample.key.item
