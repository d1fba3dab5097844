"""A rule: which effects it is about, what it asks for, why, and what would be safer."""

from __future__ import annotations

from dataclasses import dataclass, field

from opsterm.policy.compliance.circumstances import NOTHING_KNOWN, Circumstances
from opsterm.policy.compliance.decision import RuleDecision
from opsterm.policy.compliance.pattern import Patterns
from opsterm.policy.effects import EffectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """When a rule is touched. Everything that is set must hold; of several patterns for one thing, one.

    Attributes:
        effects: kinds of one effect; empty: any command.
        objects: of the same effect.
        except_objects: which that effect must not be on.
        programs: names of one command that would be started.
        words: groups of patterns; each group must fit a word behind that program.
        without: none of these may fit a word behind it.
        text: of the whole text, blanks folded.
        without_text: none of these may fit it.
        shells: languages.
        environments: of one of the targets, small letters.
        tags: of one of the targets.
        targets_over: more targets than this; None: any number.
        actors: accounts that ask.
        ticket, window, second_person, recovery_point: which answer the circumstances must have; None: either.
    """

    effects: frozenset[EffectKind] = frozenset()
    objects: Patterns | None = None
    except_objects: Patterns | None = None
    programs: Patterns | None = None
    words: tuple[Patterns, ...] = ()
    without: Patterns | None = None
    text: Patterns | None = None
    without_text: Patterns | None = None
    shells: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    targets_over: int | None = None
    actors: frozenset[str] = frozenset()
    ticket: bool | None = None
    window: bool | None = None
    second_person: bool | None = None
    recovery_point: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSample:
    """A line that stands beside a rule as its test.

    Attributes:
        line: the command.
        shell: its language.
        hits: whether the rule must be touched.
        circumstances: what is known beside it.
    """

    line: str
    shell: str
    hits: bool
    circumstances: Circumstances = NOTHING_KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """One rule of a pack or of the operator.

    Attributes:
        id: as in "OT-LOG-01".
        title: what it is about.
        decision: what it asks for.
        why: one sentence.
        safer: what to do instead, "" for nothing.
        conditions: one of them must hold.
        samples: its tests.
        origin: the file and line it stands at, as in "logs.toml:12".
        own: whether it is the operator's: such a rule counts whatever packs are on.
        kinds: a command without an effect of these is none that it is about; empty: any may be.
    """

    id: str
    title: str
    decision: RuleDecision
    why: str
    safer: str = ""
    conditions: tuple[Condition, ...]
    samples: tuple[RuleSample, ...] = ()
    origin: str = ""
    own: bool = False
    kinds: frozenset[EffectKind] = field(init=False, repr=False, compare=False, default=frozenset())

    def __post_init__(self) -> None:
        """Note the kinds of effects once: most rules are about few, and each line is asked of every rule."""
        if all(condition.effects for condition in self.conditions):
            kinds = frozenset(kind for condition in self.conditions for kind in condition.effects)
            object.__setattr__(self, "kinds", kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSource:
    """A text that has controls, in one version: numbers mean nothing without it.

    Attributes:
        title: as in "PCI DSS".
        version: as in "4.0.1".
        controls: number -> title in our own words, "" where the text's titles are not ours to tell.
        cites: rule -> numbers.
    """

    title: str
    version: str
    controls: dict[str, str] = field(default_factory=dict)
    cites: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Title and version."""
        return f"{self.title} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What can be switched on by one word.

    Attributes:
        name: as in "pci-dss-4.0.1".
        about: one sentence.
        sources: what its numbers are of.
        sha256: of the file's text, so that evidence says which numbers were in force.
    """

    name: str
    about: str
    sources: tuple[ControlSource, ...]
    sha256: str

    def controls_of(self, rule: str) -> tuple[str, ...]:
        """Return what it says of a rule, as in "PCI DSS 4.0.1 10.3.2"."""
        return tuple(f"{source.name} {number}" for source in self.sources for number in source.cites.get(rule, ()))
