"""What all rules together say of a command."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.policy.compliance.decision import RuleDecision, strictest


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFinding:
    """What one rule says.

    Attributes:
        rule: its id.
        title: what it is about.
        controls: what it touches, each with the source's version, as in "PCI DSS 4.0.1 10.3.2".
        rule_decision: what the rule asks for.
        decision: what is asked for as this installation is set; ALLOW while it is not evaluated.
        because: the effect it is about, as in "delete /var/log/audit/audit.log"; "" where the words alone decide.
        missing: what would have to be known; with one of them the rule is not evaluated.
        why: one sentence.
        safer: what to do instead, "" for nothing.
    """

    rule: str
    title: str
    controls: tuple[str, ...] = ()
    rule_decision: RuleDecision
    decision: RuleDecision
    because: str = ""
    missing: tuple[str, ...] = ()
    why: str = ""
    safer: str = ""

    @property
    def evaluated(self) -> bool:
        """Whether everything was known that the rule needs."""
        return not self.missing

    @property
    def touches(self) -> str:
        """Return "touches control …" with the first of each source; the operator's own rules touch none."""
        if not self.controls:
            return "is a rule of your own"
        first = {control.rpartition(" ")[0]: control for control in reversed(self.controls)}
        shown = [control for control in self.controls if control in first.values()]
        more = f" and {len(self.controls) - len(shown)} more" if len(self.controls) > len(shown) else ""
        return f"touches control{'s' * (len(self.controls) > 1)} {', '.join(shown)}{more}"

    @property
    def verdict(self) -> str:
        """Return what is decided, in words; where advice stands for a refusal that is said."""
        if self.rule_decision is not self.decision:
            return f"{self.decision} (the rule says {self.rule_decision}, and policy.strict is off)"
        return str(self.decision)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReview:
    """What all rules say.

    Attributes:
        findings: those that are touched, the strictest first, then those that were not evaluated.
        unread: whether a part of the text was not understood, so that no rule could look at it.
        packs: the rules and the packs that were on, as in "hipaa@1f0c22d81a5e": name and beginning of the sha256.
    """

    findings: tuple[RuleFinding, ...] = ()
    unread: bool = False
    packs: tuple[str, ...] = ()

    @property
    def touched(self) -> tuple[RuleFinding, ...]:
        """The rules that were evaluated and are touched."""
        return tuple(finding for finding in self.findings if finding.evaluated)

    @property
    def not_evaluated(self) -> tuple[RuleFinding, ...]:
        """The rules for which something is not known."""
        return tuple(finding for finding in self.findings if not finding.evaluated)

    @property
    def missing(self) -> tuple[str, ...]:
        """What would have to be known to evaluate those, each once."""
        return tuple(dict.fromkeys(what for finding in self.not_evaluated for what in finding.missing))

    @property
    def decision(self) -> RuleDecision:
        """The strictest of what is asked for."""
        return strictest(finding.decision for finding in self.findings)

    @property
    def denied(self) -> tuple[RuleFinding, ...]:
        """The rules that refuse."""
        return tuple(finding for finding in self.findings if finding.decision is RuleDecision.DENY)

    @property
    def softened(self) -> tuple[RuleFinding, ...]:
        """The rules that ask for more than what applies here, the strictest first."""
        milder = (one for one in self.touched if one.decision.order < one.rule_decision.order)
        return tuple(sorted(milder, key=lambda one: -one.rule_decision.order))

    @property
    def alternatives(self) -> tuple[str, ...]:
        """What would be safer, each once."""
        return tuple(dict.fromkeys(finding.safer for finding in self.touched if finding.safer))


NO_REVIEW = RuleReview()
"""Of a change that was proposed before there were rules."""

VERDICTS = 3
"""Rules that the approval screen names before everything else."""

UNREAD = "A part of it is not understood; no rule could look at that part."


def lacking_text(review: RuleReview) -> str:
    """Return the rules that were not evaluated, each with what would have to be known; "" for none."""
    return ", ".join(f"{one.rule} ({' and '.join(one.missing)})" for one in review.not_evaluated)


def lines_of(review: RuleReview) -> tuple[str, ...]:
    """Return a line for each rule that is touched and one for all that were not evaluated, as people read it."""
    said = [f"{finding.rule} {finding.touches}: {finding.verdict}" for finding in review.touched]
    if review.not_evaluated:
        said.append(f"not evaluated, for something is not known: {lacking_text(review)}")
    if review.unread:
        said.append(UNREAD)
    return tuple(said) or ("no rule is touched" if review.packs else "no rules were evaluated",)


def verdict_lines(review: RuleReview, *, most: int = VERDICTS) -> tuple[str, ...]:
    """Return in few lines what rules ask for and what applies here; what they touch is said by `lines_of`.

    Args:
        review: any review.
        most: rules that are named, the strictest first.
    """
    asking = sorted(review.touched, key=lambda one: (-one.rule_decision.order, one.rule))
    said = [f"{one.rule} says {one.rule_decision}: {one.title}" for one in asking[:most]]
    if len(asking) > most:
        said.append(f"and {len(asking) - most} more, none stricter")
    if review.softened:
        said.append(f"here: {review.decision}; rules that ship only advise (policy.strict is off)")
    if review.not_evaluated:
        number = len(review.not_evaluated)
        lacking = ", ".join(review.missing)
        said.append(f"{number} rule{'s' * (number > 1)} not evaluated, for this is not known: {lacking}")
    if review.unread:
        said.append(UNREAD)
    return tuple(said) or ("no rule is touched" if review.packs else "no rules were evaluated",)


def worse_than(now: RuleReview, before: RuleReview) -> str:
    """Return a sentence when rules ask for more than they did before, "" when they do not.

    Args:
        now: how it is.
        before: as it was kept.
    """
    had = {finding.rule: finding.decision.order for finding in before.findings}
    for finding in now.findings:
        if finding.decision.order > had.get(finding.rule, 0):
            return f"{finding.rule} asks for more than when it was proposed: {finding.decision}."
    return ""


def findings_told(review: RuleReview) -> tuple[tuple[str, ...], ...]:
    """Return the findings as the fact of a proposal tells them: (rule, asks, asked for here, not known, controls)."""
    return tuple(
        (one.rule, one.rule_decision, one.decision, "; ".join(one.missing), "; ".join(one.controls))
        for one in review.findings
    )
