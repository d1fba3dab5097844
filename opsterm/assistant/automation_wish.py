"""Takes a wish for an automation over several protocols apart: what is to be watched, on what, and who is told.

A wish is parts, each with its own verb: "configure SNMP monitoring on all switches and set up motion alerts of the
cameras". A part that is none of those known here is named, and nothing is written of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

LONGEST = 400
"""Characters of such a sentence."""

_VERB = r"(?:configure|enable|set ?up|turn on|switch on|activate|start|create|add|deploy|put)"
_LEADS = (
    "set ?up|enable|configure|turn on|switch on|activate|start|create|add|monitor|measure|watch|poll|alerts?|"
    "tell|snmp|motion|axis|camera"
)
_OPENING = re.compile(
    r"^(?:please |can you |could you |i want to |i want you to |i need to |we need to )*"
    r"(?:(?:create|make|build|write|prepare|set up|give me) (?:me )?(?:an? |the )?"
    r"(?:automation|plan|workflow|runbook)s?(?: plan| file)?(?: that| which| to| for| will)* )?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    rf"[,;]?\s+(?:and then|and also|then|and|plus)\s+(?:also )?(?=(?:{_LEADS}|notify|send|e-?mail|mail)\b)|[;]\s*",
    re.IGNORECASE,
)
_PATTERNS = (
    re.compile(
        rf"{_VERB} (?:the )?snmp(?: (?:monitoring|measurements?|polling|metrics|checks))?"
        r"(?: (?:on|for|of|at|to|from))? (?P<targets>.+)",
        re.IGNORECASE,
    ),
    re.compile(r"(?:add|put|bring|get) (?P<targets>.+?) (?:to|under|into|in|on) snmp(?: monitoring)?", re.IGNORECASE),
    re.compile(
        r"(?:monitor|measure|watch|poll) (?P<targets>.+?) (?:over|via|with|by|using|through) snmp", re.IGNORECASE
    ),
)
_MOTION = re.compile(
    rf"{_VERB} (?P<kind>(?:an? |the )?(?:axis )?(?:camera )?(?:motion(?: detection)?(?: (?:alerts?|alarms?|events?))?"
    r"|(?:alerts?|alarms?) (?:for|of|on|about|from) motion(?: detection)?))"
    r"(?: (?:on|for|of|from|at|to|in|by))?(?: (?P<targets>.+))?",
    re.IGNORECASE,
)
_SEEN = re.compile(
    r"(?:alert|tell|notify)(?: me| us)? (?:about|when(?:ever)?|if|as soon as) (?P<targets>.+?) "
    r"(?:sees?|detects?) motion",
    re.IGNORECASE,
)
_WHO = r"(?:me|us|(?P<{}>[\w.+-]+@[\w.-]+\w))"
_MAIL = re.compile(
    rf"(?:(?:notify|e-?mail|mail) {_WHO.format('first')}"
    rf"|(?:send|e-?mail|mail) (?:{_WHO.format('second')} )?(?:an? |the |all )?"
    r"(?:e-?mails?|mails?|messages?|notifications?|alerts?|alarms?|them|it)"
    rf"(?: to {_WHO.format('third')})?)"
    r"(?: (?:about|of|on|for) (?:it|them|this|(?:the |all |any )?(?:motion|alerts?|alarms?|events?))"
    r"| when(?:ever)? (?:motion is (?:seen|detected)|there (?:is|are) (?:an |any )?(?:motion|alerts?|alarms?)))?"
    r"(?: by e-?mail)?",
    re.IGNORECASE,
)
"""A closed form: whatever else is said, as a condition or another deed, is not for a note about mail to swallow."""

_ABOUT_ALERTS = re.compile(r"(?:an? |the )?(?:alerts?|alarms?)\b", re.IGNORECASE)
_ALERTS = re.compile(r"alert|alarm|event", re.IGNORECASE)


class PartKind(StrEnum):
    """What a part of a wish is about."""

    SNMP = "snmp"
    MOTION = "motion"
    MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationPart:
    """One part.

    Attributes:
        kind: what it is about.
        targets: the words that choose targets, "" where it says only what kind of thing.
        detects: of MOTION whether motion is to be detected by the camera.
        alerts: of MOTION whether it is to become alerts.
        to: of MAIL the address that was named, "" for none.
    """

    kind: PartKind
    targets: str = ""
    detects: bool = False
    alerts: bool = False
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationWish:
    """A wish for an automation.

    Attributes:
        parts: what was understood, in its order.
        unread: parts that were not, as they were said.
    """

    parts: tuple[AutomationPart, ...]
    unread: tuple[str, ...] = ()


def read_automation(text: str) -> AutomationWish | None:
    """Return a wish for an automation; None for any other sentence.

    Args:
        text: what was said, on one line.
    """
    said = " ".join(text.split()).rstrip(" .!?")
    if len(said) > LONGEST:
        return None
    found: list[AutomationPart] = []
    unread: list[str] = []
    rest = _OPENING.sub("", said, count=1)
    opened = "automation" in said[: len(said) - len(rest)].lower()
    for number, piece in enumerate(_BETWEEN.split(rest)):
        words = piece.strip(" ,")
        part = _part(words) or (_part(f"set up {words}") if number or opened else None)
        if part is not None:
            found.append(part)
        elif piece.strip():
            unread.append(piece.strip())
    if not any(part.kind is not PartKind.MAIL for part in found):
        return None
    return AutomationWish(parts=tuple(found), unread=tuple(unread))


def _part(piece: str) -> AutomationPart | None:
    for pattern in _PATTERNS:
        if match := pattern.fullmatch(piece):
            return AutomationPart(kind=PartKind.SNMP, targets=match["targets"])
    if match := _MOTION.fullmatch(piece):
        alerts = bool(_ALERTS.search(match["kind"]))
        detects = not _ABOUT_ALERTS.match(match["kind"])
        targets = match["targets"] or _said_cameras(match["kind"])
        return AutomationPart(kind=PartKind.MOTION, targets=targets, detects=detects, alerts=alerts)
    if match := _SEEN.fullmatch(piece):
        return AutomationPart(kind=PartKind.MOTION, targets=match["targets"], alerts=True)
    if match := _MAIL.fullmatch(piece):
        return AutomationPart(kind=PartKind.MAIL, to=match["first"] or match["second"] or match["third"] or "")
    return None


def _said_cameras(kind: str) -> str:
    return "axis cameras" if "axis" in kind.lower() else "cameras"
