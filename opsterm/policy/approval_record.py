"""What is kept of an approval, and the seal that shows that opsterm wrote it.

The seal is an HMAC-SHA256 (RFC 2104) over every field, with a key that is not in the database. A row that somebody
wrote or changed there without the key has no valid one, and counts as if it were not there.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, replace
from enum import StrEnum


class ApprovalKind(StrEnum):
    """What a record says."""

    PERSON = "person"
    """Somebody approved."""
    READS = "reads"
    """Nobody was asked: it only reads."""
    AUTONOMY = "autonomy"
    """Nobody was asked: approvals.autonomy lets it run; the note names the table."""
    STANDING = "standing"
    """Nobody was asked: it is a turn of a job with a standing approval; the note names it."""
    BREAK_GLASS = "break-glass"
    """Somebody approved alone in an emergency; it opens a review."""
    REVIEW = "review"
    """Somebody else has looked at an emergency afterwards, and closed its review."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's word about one change, never changed.

    Attributes:
        change: its number.
        kind: what it says.
        who: account, or principal of a key.
        at: epoch seconds, to the millisecond.
        digest: of the order that it is about.
        note: in the person's words, masked.
        proof: how the person is known: "account", "file of uid 1001", "key SHA256:…".
        signature: armored SSH signature over the digest, "" for none.
        seal: 64 hex digits, "" before it is sealed.
    """

    change: int
    kind: ApprovalKind
    who: str
    at: float
    digest: str
    note: str = ""
    proof: str = "account"
    signature: str = ""
    seal: str = ""


def sealed(approval: Approval, key: bytes) -> Approval:
    """Return the approval with its seal.

    Args:
        approval: any.
        key: at least 32 bytes.
    """
    return replace(approval, seal=_seal(approval, key))


def is_sound(approval: Approval, key: bytes) -> bool:
    """Return whether an approval is as it was sealed."""
    return hmac.compare_digest(approval.seal.encode(), _seal(approval, key).encode())


def _seal(approval: Approval, key: bytes) -> str:
    body = [
        "opsterm-approval:1", approval.change, approval.kind.value, approval.who, round(approval.at * 1000),
        approval.digest, approval.note, approval.proof, approval.signature,
    ]  # fmt: skip
    return hmac.digest(key, json.dumps(body, ensure_ascii=True).encode(), "sha256").hex()
