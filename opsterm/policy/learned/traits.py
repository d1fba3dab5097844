"""What a model is told of a command: names of what it does, where and when. Every name can be read by a person.

No secret is among them: they are taken from the masked text, and a value never is.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import log2

from opsterm.core.text import clean_line
from opsterm.policy.context import Surroundings, is_production
from opsterm.policy.effects import Effect, EffectKind
from opsterm.policy.grading import grade
from opsterm.policy.invocation import Invocation
from opsterm.policy.mask import mask
from opsterm.policy.shell.places import place_of
from opsterm.policy.understanding import Understanding, understand

TRAITS = 1
"""Version of what is made here: raise it when the same command gets other names. A model of another one is silent."""

COMMANDS_AT_MOST = 20
"""Commands of a text that are looked at."""

TAGS_AT_MOST = 12
NAME_LIMIT = 30
"""Characters of a program, a word, a tag or an environment."""

MANY_ENDED = 20
"""From so many commands like it on, their number tells nothing more."""

_OPTION = re.compile(r"(--?[A-Za-z][A-Za-z0-9-]{0,24}|/[A-Za-z]{1,8})(?:[=:].*)?", re.DOTALL)
_VERB = re.compile(r"[A-Za-z][A-Za-z-]{1,20}")
_KNOWN_LATER = ("?", "$", "\x00")
_DAY_PARTS = ("night", "morning", "afternoon", "evening")


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Where and when a command is asked for.

    Attributes:
        environments: of each target, "" where it is not said.
        tags: that any of the targets has.
        share: the largest share of a group of more than two that is reached, 0 to 1.
        partners: whether all that stand in for one another are reached at once.
        become: whether sudo becomes another account.
        in_window: whether it is a time in which changes are planned, None when that is not known.
        hour: of the day in UTC, 0 to 23; None when it is not known.
        weekday: 0 for Monday; None when it is not known.
    """

    environments: Sequence[str] = ()
    tags: Sequence[str] = ()
    share: float = 0.0
    partners: bool = False
    become: bool = False
    in_window: bool | None = None
    hour: int | None = None
    weekday: int | None = None


def situation(
    around: Surroundings, *, at: float, tags: Sequence[str] = (), become: bool = False, in_window: bool | None = None
) -> Situation:
    """Return the situation of a command.

    Args:
        around: what is known of its place.
        at: epoch seconds at which it is asked for.
        tags: of its targets.
        become: whether sudo becomes another account.
        in_window: whether it is a time in which changes are planned.
    """
    when = datetime.fromtimestamp(at, UTC)
    return Situation(
        environments=tuple(around.environments), tags=tuple(sorted(set(tags))),
        share=max((len(one.chosen) / one.size for one in around.shares if one.size > 2), default=0.0),
        partners=any(share.whole for share in around.shares), become=become,
        in_window=False if around.outside_window else in_window, hour=when.hour, weekday=when.weekday(),
    )  # fmt: skip


def understand_masked(command: str, shell: str) -> Understanding:
    """Return what a command would do, read from its text without secrets."""
    return understand(mask(command)[0], shell)


def shape_of(understood: Understanding) -> str:
    """Return 16 hex digits that are the same for commands which differ in their objects only."""
    language = "sh" if understood.shell == "bash" else understood.shell
    objects = {effect.object for effect in understood.effects}
    words = [
        [_program(one), *_verbs(one, objects), *sorted(set(_options(one)))] for one in _commands(understood)
    ]  # fmt: skip
    kinds = sorted({effect.kind.value for effect in understood.effects})
    return hashlib.sha256(json.dumps([language, words, kinds]).encode()).hexdigest()[:16]


def traits_of(
    understood: Understanding, where: Situation, *, ended: int = 0, bad: int = 0, own: bool = True
) -> dict[str, float]:
    """Return name -> value, values from 0 to 1; what has no name is 0.

    Args:
        understood: the command, of a masked text.
        where: where and when.
        ended: commands like it that had ended before.
        bad: those of them that did not end well.
        own: whether it is this operator's own, and not a case that ships.
    """
    named = [*_of_effects(understood), *_of_words(understood), *_of_place(where)]
    traits = dict.fromkeys(named, 1.0)
    if len(where.environments) > 1:
        traits["many targets"] = min(1.0, log2(len(where.environments)) / 6)
    if where.share:
        traits["share of a group"] = where.share
    if own:
        traits["own"] = 1.0
    if ended:
        traits["before: number"] = min(ended, MANY_ENDED) / MANY_ENDED
        traits["before: not well"] = (bad + 0.5) / (ended + 1)
    return traits


def _of_effects(understood: Understanding) -> Iterator[str]:
    yield f"level {grade(understood).level}"
    if understood.opaque:
        yield "opaque"
    for effect in understood.effects:
        if effect.kind is not EffectKind.READ:
            yield f"effect {effect.kind}"
            yield f"effect {effect.kind} {effect.certainty}"
            yield f"on {effect.kind} {_object_class(effect)}"


def _object_class(effect: Effect) -> str:
    """Return what kind of thing an effect is on, never its name."""
    name = effect.object
    if not name:
        return "nothing said"
    if any(sign in name for sign in _KNOWN_LATER):
        return "known when it runs"
    wide = " with wildcards" if "*" in name else ""
    if name.startswith(("/", "~", ".")):
        return f"{place_of(name)}{wide}"
    return f"{'number' if name.isdigit() else 'name'}{wide}"


def _of_words(understood: Understanding) -> Iterator[str]:
    objects = {effect.object for effect in understood.effects}
    yield f"language {understood.shell}"
    for command in _commands(understood):
        program = _program(command)
        yield f"program {program}"
        yield from (f"word {program} {verb}" for verb in _verbs(command, objects))
        yield from (f"option {program} {option}" for option in _options(command))
        yield from (f"by {_short(starter)}" for starter in command.via)
        if command.where:
            yield "elsewhere"


def _commands(understood: Understanding) -> Sequence[Invocation]:
    return [command for command in understood.commands[:COMMANDS_AT_MOST] if command.words]


def _program(command: Invocation) -> str:
    return _short(re.split(r"[/\\]", command.words[0])[-1].lower()) or "?"


def _verbs(command: Invocation, objects: set[str]) -> Sequence[str]:
    """Return up to two words that say what the program is to do, as restart."""
    return [word.lower() for word in command.words[1:4] if _VERB.fullmatch(word) and word not in objects][:2]


def _options(command: Invocation) -> Sequence[str]:
    """Return the names of options, without their values."""
    matches = (_OPTION.fullmatch(word) for word in command.words[1:])
    return [match[1] for match in matches if match]


def _of_place(where: Situation) -> Iterator[str]:
    live = sum(is_production(name) for name in where.environments)
    if live:
        yield "in production"
    yield from sorted({f"environment {_short(name.lower())}" for name in where.environments if name})
    yield from (f"tag {_short(tag)}" for tag in sorted(set(where.tags))[:TAGS_AT_MOST])
    if where.partners:
        yield "all partners"
    if where.become:
        yield "as another account"
    if where.in_window is not None:
        yield "in the hours for changes" if where.in_window else "outside of the hours for changes"
    if where.hour is not None:
        yield f"at {_DAY_PARTS[where.hour // 6]}"
    if where.weekday is not None and where.weekday >= 5:
        yield "at the weekend"


def _short(name: str) -> str:
    return clean_line(name, limit=NAME_LIMIT)
