"""Tries every rule on the lines that stand beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from opsterm.policy.compliance.matching import match, subject_of
from opsterm.policy.compliance.rule import PolicyRule, RuleSample
from opsterm.policy.understanding import understand


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of one line.

    Attributes:
        rule: whose it is.
        sample: the line.
        right: whether the rule did as is written beside it.
        said: what the rule did: "hit", "no hit", or what it lacked.
    """

    rule: PolicyRule
    sample: RuleSample
    right: bool
    said: str


def try_rules(rules: Iterable[PolicyRule]) -> Iterator[Tried]:
    """Yield for each line of each rule what came of it."""
    for rule in rules:
        for sample in rule.samples:
            subject = subject_of(understand(sample.line, sample.shell))
            found = match(rule, subject, sample.circumstances)
            hit = found is not None and not found.missing
            said = "hit" if hit else "no hit" if found is None else f"not evaluated without {', '.join(found.missing)}"
            yield Tried(rule=rule, sample=sample, right=hit is sample.hits, said=said)
