"""What was checked, decided and by whom over a period, gathered from the journal for an auditor.

It tells of commands that this program was asked to run. It says which controls they touched, and never that a system
meets one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from opsterm.core.events import Fact, written_kind
from opsterm.core.text import clean_line
from opsterm.inventory.folding import fold
from opsterm.policy.audit import fields_of
from opsterm.policy.compliance.decision import RuleDecision
from opsterm.policy.mask import mask

KINDS = (
    "change.proposed", "change.approved", "change.denied", "change.expired", "change.voided", "change.started",
    "change.ended", "policy.refused",
)  # fmt: skip
"""Facts that it is made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One change and what the rules said of it.

    Attributes:
        change: as in "c18".
        at: epoch seconds of the proposal.
        by: who asked.
        command: masked, on one line.
        targets: folded.
        risk: a grade.
        packs: that were on; empty: no rule was asked.
        findings: (rule, what it asks for, what was asked for, what was not known, controls).
        outcome: "waits", or how it was decided and ended, in words.
        decided_by: who decided, "" for nobody yet.
        decided_at: epoch seconds, 0 for not yet.
        ran: whether it was started.
        refusals: what somebody was refused to do with it, each with who and why.
    """

    change: str
    at: float
    by: str
    command: str
    targets: str
    risk: str
    packs: tuple[str, ...]
    findings: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...]], ...]
    outcome: str = "waits"
    decided_by: str = ""
    decided_at: float = 0.0
    ran: bool = False
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlCount:
    """How often one control was touched.

    Attributes:
        control: with its source's version.
        title: in our own words, "" where there is none.
        touched: changes that touched it.
        denied: of these, changes that a person or a rule denied, or that ended without being approved.
        ran: of these, changes that were run.
    """

    control: str
    title: str
    touched: int
    denied: int
    ran: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that is told of a period.

    Attributes:
        since: epoch seconds, the first that counts.
        until: epoch seconds, the first that does not.
        made_at: epoch seconds.
        made_by: who asked for it.
        strict: whether rules refuse now.
        packs: name and sha256 of the packs that are on now; each change says which were on then.
        checked: the changes, oldest first.
        controls: counts, the most often touched first.
        not_evaluated: (rule, what was not known, changes).
    """

    since: float
    until: float
    made_at: float
    made_by: str
    strict: bool
    packs: tuple[tuple[str, str], ...]
    checked: tuple[Checked, ...]
    controls: tuple[ControlCount, ...]
    not_evaluated: tuple[tuple[str, str, int], ...]

    @property
    def unchecked(self) -> int:
        """Changes of which no rule was asked."""
        return sum(1 for one in self.checked if not one.packs)


def gather(facts: Iterable[Fact], *, since: float, until: float) -> tuple[Checked, ...]:
    """Return the changes that were proposed in a period, with what became of them until now.

    Args:
        facts: of KINDS, oldest first; those of other changes and what cannot be read are passed over.
        since: epoch seconds, the first that counts.
        until: epoch seconds, the first that does not.
    """
    found: dict[str, Checked] = {}
    for fact in facts:
        kind, _ = written_kind(fact.event)
        fields = fields_of(fact)
        name = f"c{fields.get('change')}"
        if kind == "change.proposed" and since <= fact.at < until:
            found[name] = _proposed(name, fact, fields)
        elif name in found and kind in KINDS:
            found[name] = _moved(found[name], kind, fact, fields)
    return tuple(sorted(found.values(), key=lambda one: one.at))


def _proposed(name: str, fact: Fact, fields: Mapping[str, object]) -> Checked:
    targets = fields.get("targets")
    names = [str(one) for one in targets] if isinstance(targets, list) else []
    return Checked(
        change=name, at=fact.at, by=_line(fact.by), command=_line(fields.get("command")), targets=_line(fold(names)),
        risk=_line(fields.get("risk")), packs=tuple(_line(one) for one in _list(fields.get("packs"))),
        findings=tuple(
            (_line(one[0]), _line(one[1]), _line(one[2]), _parts(one[3]), _parts(one[4]))
            for one in _list(fields.get("findings")) if isinstance(one, list) and len(one) == 5
        ),
    )  # fmt: skip


def _moved(one: Checked, kind: str, fact: Fact, fields: Mapping[str, object]) -> Checked:
    by, at = _line(fact.by), fact.at
    match kind:
        case "change.approved":
            return replace(one, outcome="approved", decided_by=by, decided_at=at)
        case "change.denied":
            note = _line(fields.get("note"))
            return replace(one, outcome=f"denied{f': {note}' if note else ''}", decided_by=by, decided_at=at)
        case "change.expired":
            return replace(one, outcome="expired", decided_at=at)
        case "change.voided":
            return replace(one, outcome=f"voided: {_line(fields.get('why'))}", decided_by=by, decided_at=at)
        case "policy.refused":
            told = f"{by} was refused to {_line(fields.get('action'))} it: {_line(fields.get('why'))}"
            return replace(one, refusals=(*one.refusals, told))
        case "change.started":
            return replace(one, outcome=f"{one.outcome}, running", ran=True)
        case _:
            return replace(one, outcome=f"approved, {_line(fields.get('state'))}", ran=True)


def count_controls(checked: Sequence[Checked], titles: Mapping[str, str]) -> tuple[ControlCount, ...]:
    """Return how often each control was touched; what was not evaluated touched nothing."""
    touched: Counter[str] = Counter()
    denied: Counter[str] = Counter()
    ran: Counter[str] = Counter()
    for one in checked:
        controls = {control for _, _, _, missing, named in one.findings if not missing for control in named}
        touched.update(controls)
        denied.update(controls if one.outcome.startswith(("denied", "expired", "voided")) else ())
        ran.update(controls if one.ran else ())
    order = sorted(touched, key=lambda name: (-touched[name], name))
    return tuple(
        ControlCount(
            control=name, title=titles.get(name, ""), touched=touched[name], denied=denied[name], ran=ran[name]
        )
        for name in order
    )


def count_not_evaluated(checked: Sequence[Checked]) -> tuple[tuple[str, str, int], ...]:
    """Return for each rule that lacked something what it was, and for how many changes."""
    lacking = Counter(
        (rule, " and ".join(missing)) for one in checked for rule, _, _, missing, _ in one.findings if missing
    )
    return tuple((rule, what, count) for (rule, what), count in sorted(lacking.items()))


def verdict(finding: tuple[str, str, str, tuple[str, ...], tuple[str, ...]]) -> str:
    """Return what a rule said, as in "OT-LOG-01: approve (the rule says deny)"."""
    rule, rule_says, decision, missing, _ = finding
    if missing:
        return f"{rule}: not evaluated ({' and '.join(missing)})"
    return f"{rule}: {decision}{f' (the rule says {rule_says})' if rule_says != decision else ''}"


def strictest_of(one: Checked) -> str:
    """Return the strictest of what was asked for."""
    known = {str(decision): decision.order for decision in RuleDecision}
    return max((finding[2] for finding in one.findings), key=lambda word: known.get(word, -1), default="allow")


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _parts(value: object) -> tuple[str, ...]:
    return tuple(_line(part) for part in str(value).split("; ") if part)


def _line(value: object) -> str:
    return clean_line(mask(str(value))[0]) if value else ""
