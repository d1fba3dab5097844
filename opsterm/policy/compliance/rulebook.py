"""The rules in force: those that a pack which is on cites, and the operator's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from opsterm.core.errors import NotFound
from opsterm.policy.compliance.circumstances import NOTHING_KNOWN, Circumstances
from opsterm.policy.compliance.decision import RuleDecision
from opsterm.policy.compliance.matching import Match, Subject, match, subject_of
from opsterm.policy.compliance.review import RuleFinding, RuleReview
from opsterm.policy.compliance.rule import Pack, PolicyRule
from opsterm.policy.effects import Certainty, Effect, EffectKind, Span
from opsterm.policy.file_put import PUT
from opsterm.policy.order import PLAN, RESTORE
from opsterm.policy.put_order import puts_of
from opsterm.policy.restoring import parse_restoring
from opsterm.policy.shell.places import PathKind, place_of
from opsterm.policy.understanding import Understanding, understand


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """Rules and the packs that are on.

    Attributes:
        rules: all rules that there are.
        packs: those that are on.
        known_packs: all that there are.
        strict: whether what ships may refuse or ask for two persons; else it asks for one and says why.
        sha256: of the texts of all rules, so that evidence says which were in force; "" for none.
    """

    rules: tuple[PolicyRule, ...] = ()
    packs: tuple[Pack, ...] = ()
    known_packs: tuple[Pack, ...] = ()
    strict: bool = False
    sha256: str = ""

    @property
    def versions(self) -> tuple[tuple[str, str], ...]:
        """Return name and sha256 of the rules and of each pack that is on."""
        rules = (("rules", self.sha256),) if self.sha256 else ()
        return rules + tuple((pack.name, pack.sha256) for pack in self.packs)

    def in_force(self, rule: PolicyRule) -> bool:
        """Return whether a rule counts: it is the operator's, or a pack that is on cites it."""
        return rule.own or any(pack.controls_of(rule.id) for pack in self.packs)

    def rule(self, name: str) -> PolicyRule:
        """Return a rule by its id, however the letters are written. Raises NotFound."""
        for rule in self.rules:
            if rule.id.lower() == name.lower():
                return rule
        raise NotFound(f"There is no rule {name[:80]}.", next_step="`opsterm policy list` lists those there are.")

    def controls(self, rule: PolicyRule) -> tuple[str, ...]:
        """Return what a rule touches, of the packs that are on."""
        return tuple(control for pack in self.packs for control in pack.controls_of(rule.id))

    def titles(self) -> dict[str, str]:
        """Return control -> title of all packs that there are, "" where it has none of ours."""
        return {
            f"{source.name} {number}": source.controls.get(number, "")
            for pack in self.known_packs for source in pack.sources
            for numbers in source.cites.values() for number in numbers
        }  # fmt: skip

    def decide(self, rule: PolicyRule) -> RuleDecision:
        """Return what is asked for when a rule is touched; what the operator has written himself always binds."""
        advised = not (self.strict or rule.own) and rule.decision.order > RuleDecision.APPROVE.order
        return RuleDecision.APPROVE if advised else rule.decision

    def review(self, text: str, shell: str, circumstances: Circumstances = NOTHING_KNOWN) -> RuleReview:
        """Say what all rules in force say of a command. Never raises.

        Args:
            text: the text for the shell.
            shell: what carries it out; what is not read into effects is looked at by no rule, and that is told.
            circumstances: what else is known.
        """
        return self.review_understood(_understood(text, shell), circumstances)

    def review_understood(
        self, understanding: Understanding, circumstances: Circumstances = NOTHING_KNOWN
    ) -> RuleReview:
        """Say what all rules in force say of a command that was read already."""
        subject = subject_of(understanding)
        findings = [found for rule in self.rules if (found := self._finding(rule, subject, circumstances))]
        findings.sort(key=lambda one: (not one.evaluated, -one.decision.order, one.rule))
        return RuleReview(
            findings=tuple(findings), unread=bool(understanding.opaque),
            packs=tuple(f"{name}@{digest[:12]}" for name, digest in self.versions),
        )  # fmt: skip

    def _finding(self, rule: PolicyRule, subject: Subject, circumstances: Circumstances) -> RuleFinding | None:
        found = match(rule, subject, circumstances)
        if found is None or not self.in_force(rule):
            return None
        return RuleFinding(
            rule=rule.id, title=rule.title, controls=self.controls(rule), rule_decision=rule.decision,
            decision=RuleDecision.ALLOW if found.missing else self.decide(rule), because=_because(found),
            missing=found.missing, why=rule.why, safer=rule.safer,
        )  # fmt: skip


NO_RULES = Rulebook()
"""Where nobody has read any."""


def _because(found: Match) -> str:
    return f"{found.effect.kind} {found.effect.object}".strip() if found.effect else ""


def _understood(text: str, shell: str) -> Understanding:
    """Read a text; a file that is put writes one path, and a request over HTTP has no effects that rules know."""
    if shell == PUT:
        effects = tuple(_written(put.path, len(text)) for put in puts_of(text))
        return Understanding(text="", shell=shell, effects=effects, opaque=())
    if shell == RESTORE:
        return Understanding(text="", shell=shell, effects=parse_restoring(text).effects, opaque=())
    if shell == PLAN:
        return replace(understand(text, PLAN), shell="sh")  # noqa: S604 (the language of its steps, nothing is run)
    return understand(text, shell)


def _written(path: str, length: int) -> Effect:
    mild = place_of(path) in (PathKind.TEMPORARY, PathKind.HOME)
    kind = EffectKind.WRITE_FILE if mild else EffectKind.WRITE_CONFIG
    return Effect(kind=kind, object=path, certainty=Certainty.CERTAIN, span=Span(start=0, end=length))


def chosen(packs: Sequence[Pack], names: Iterable[str]) -> tuple[Pack, ...]:
    """Return packs by their names, in the order in which these are given.

    Raises:
        NotFound: there is no pack of that name.
    """
    wanted = [name.strip().lower() for name in names if name.strip()]
    known = {pack.name: pack for pack in packs}
    for name in wanted:
        if name not in known:
            raise NotFound(
                f"The setting policy.packs names {name[:60]!r}, and there is no such pack.",
                next_step=f"There are {', '.join(sorted(known))}.",
            )
    return tuple(known[name] for name in dict.fromkeys(wanted))
