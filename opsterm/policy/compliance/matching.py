"""Whether a rule is about a command: a pure question of effects, commands and circumstances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opsterm.policy.compliance.circumstances import Circumstances
from opsterm.policy.compliance.rule import Condition, PolicyRule
from opsterm.policy.effects import Effect, EffectKind, Span
from opsterm.policy.invocation import Invocation
from opsterm.policy.understanding import Understanding

TICKET, WINDOW, SECOND_PERSON = "ticket", "change window", "second person"
TAGS, ENVIRONMENT, TARGETS, ACTOR = "tags of the targets", "environment of the targets", "the targets", "who asks"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedProgram:
    """A program as rules look at it.

    Attributes:
        name: in small letters, without folder and .exe.
        words: those behind it.
        span: where the text shows it.
    """

    name: str
    words: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A command as rules look at it; what many rules ask for is worked out once.

    Attributes:
        shell: the language it was read in.
        effects: what it would do.
        kinds: of its effects.
        commands: what it would start.
        programs: names of these.
        text: the whole, blanks folded.
    """

    shell: str
    effects: tuple[Effect, ...]
    kinds: frozenset[EffectKind]
    commands: tuple[StartedProgram, ...]
    programs: frozenset[str]
    text: str


def subject_of(understanding: Understanding) -> Subject:
    """Return a command as rules look at it."""
    commands = tuple(_started(command) for command in understanding.commands if command.words)
    return Subject(
        shell=understanding.shell,
        effects=understanding.effects,
        kinds=frozenset(effect.kind for effect in understanding.effects),
        commands=commands,
        programs=frozenset(command.name for command in commands),
        text=" ".join(understanding.text.split()),
    )


def _started(command: Invocation) -> StartedProgram:
    name = command.words[0].replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    return StartedProgram(name=name, words=command.words[1:], span=command.span)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """That a rule is about a command, or would be.

    Attributes:
        effect: the first effect that it is about, None where a command or the text alone decides.
        missing: what would have to be known to say so; empty: it is.
    """

    effect: Effect | None
    missing: tuple[str, ...] = ()


def match(rule: PolicyRule, subject: Subject, circumstances: Circumstances) -> Match | None:
    """Return how a rule is about a command, None when it is not. A sure match stands before one that lacks something.

    Args:
        rule: the rule.
        subject: the command.
        circumstances: what else is known.
    """
    if rule.kinds and rule.kinds.isdisjoint(subject.kinds):
        return None
    unsure: Match | None = None
    for condition in rule.conditions:
        found = _holds(condition, subject)
        if found is None:
            continue
        answers = list(_answers(condition, circumstances))
        if any(answer is False for answer, _ in answers):
            continue
        missing = tuple(what for answer, what in answers if answer is None)
        if not missing:
            return found
        unsure = unsure or Match(effect=found.effect, missing=missing)
    return unsure


def _holds(condition: Condition, subject: Subject) -> Match | None:
    """Return what of the command a condition is about; circumstances are not looked at."""
    if condition.effects and condition.effects.isdisjoint(subject.kinds):
        return None
    if condition.shells and subject.shell not in condition.shells:
        return None
    if condition.programs and not condition.programs.fit_one_of(subject.programs):
        return None
    found = _of_effects(condition, subject)
    if found is None:
        return None
    if condition.text and not condition.text.fit(subject.text):
        return None
    if condition.without_text and condition.without_text.fit(subject.text):
        return None
    return found


def _of_effects(condition: Condition, subject: Subject) -> Match | None:
    """Return the effect and the command that are meant; where both are asked for, the effect is that command's."""
    commands: list[StartedProgram] | None = None
    if condition.programs or condition.words:
        commands = [command for command in subject.commands if _is_meant_program(condition, command)]
        if not commands:
            return None
    if not (condition.effects or condition.objects or condition.except_objects):
        return Match(effect=None)
    for effect in subject.effects:
        if _is_meant(condition, effect) and (
            commands is None or any(_meet(effect.span, command.span) for command in commands)
        ):
            return Match(effect=effect)
    return None


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _is_meant(condition: Condition, effect: Effect) -> bool:
    if condition.effects and effect.kind not in condition.effects:
        return False
    if condition.except_objects and condition.except_objects.fit(effect.object):
        return False
    return condition.objects is None or condition.objects.fit(effect.object)


def _is_meant_program(condition: Condition, command: StartedProgram) -> bool:
    if condition.programs and not condition.programs.fit(command.name):
        return False
    if not all(any(group.fit(word) for word in command.words) for group in condition.words):
        return False
    return condition.without is None or not any(condition.without.fit(word) for word in command.words)


def _answers(condition: Condition, known: Circumstances) -> Iterator[tuple[bool | None, str]]:
    """Yield for each circumstance that the condition asks for whether it is so, None where that is not known."""
    if condition.environments:
        yield _among(condition.environments, [{one.environment.lower()} - {""} for one in known.targets]), ENVIRONMENT
    if condition.tags:
        yield _among(condition.tags, [set(one.tags) for one in known.targets]), TAGS
    if condition.targets_over is not None:
        yield (len(known.targets) > condition.targets_over if known.targets else None), TARGETS
    if condition.actors:
        yield (None if known.actor is None else known.actor in condition.actors), ACTOR
    for wanted, answer, what in (
        (condition.ticket, known.ticket, TICKET),
        (condition.window, known.in_window, WINDOW),
        (condition.second_person, known.second_person, SECOND_PERSON),
        (condition.recovery_point, known.recovery_point, ""),
    ):
        if wanted is not None:
            yield (None if answer is None else answer is wanted), what


def _among(wanted: frozenset[str], of_each: Sequence[set[str]]) -> bool | None:
    """Return whether one of the targets has one of the words; not known while one of them has no word at all."""
    if any(words & wanted for words in of_each):
        return True
    return False if of_each and all(of_each) else None
