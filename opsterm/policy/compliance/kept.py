"""A review as the text that is kept with a change, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, fields

from opsterm.policy.compliance.decision import RuleDecision
from opsterm.policy.compliance.review import NO_REVIEW, RuleFinding, RuleReview


def review_to_text(review: RuleReview) -> str:
    """Return a review as JSON, "" for none."""
    return "" if review == NO_REVIEW else json.dumps(asdict(review), ensure_ascii=True, separators=(",", ":"))


def review_from_text(text: str) -> RuleReview:
    """Return the review that a text is of; NO_REVIEW for one that is none, so that approving asks the rules anew."""
    try:
        kept = json.loads(text) if text else None
        return NO_REVIEW if kept is None else RuleReview(
            findings=tuple(_finding(one) for one in kept["findings"]), unread=bool(kept["unread"]),
            packs=tuple(kept["packs"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return NO_REVIEW


def _finding(written: dict[str, object]) -> RuleFinding:
    known = {field.name for field in fields(RuleFinding)}
    kept = {key: value for key, value in written.items() if key in known}  # an earlier version wrote one key more
    lists = {key: tuple(value) for key, value in kept.items() if isinstance(value, list)}
    decisions = {key: RuleDecision(str(kept[key])) for key in ("rule_decision", "decision")}
    return RuleFinding(**{**kept, **lists, **decisions})  # type: ignore[arg-type]  # written by `review_to_text`
