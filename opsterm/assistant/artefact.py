"""What an answer rests on: kept under the tag by which it is cited, so that it can be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SourceTrust(StrEnum):
    """Who could have written a text."""

    OPERATOR = "operator"
    STATE = "state"
    SITE = "site"
    SHIPPED = "shipped"
    TARGET = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """Something that was looked at for an answer, masked.

    Attributes:
        tag: as it is cited, "m1"; unique within its turn.
        title: what it is, one line.
        text: all that was looked at, as lines; from outside, so cleaned by the face that shows it.
        trust: who could have written it: the operator; state that opsterm measured or keeps; cards of this site; what
            ships; or a target (logs, output, labels), whose words are nobody's here.
        at: epoch seconds when it was looked at.
    """

    tag: str
    title: str
    text: str
    trust: SourceTrust
    at: float
