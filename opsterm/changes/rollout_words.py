"""A rollout in words: as it is told to whoever approves it, and as it is written in one line on the screen."""

from __future__ import annotations

from dataclasses import replace

from opsterm.changes.gate import Worse
from opsterm.changes.rollout import NO_WISH, Rollout, RolloutWish, Strategy, planned, rollout_of
from opsterm.core.errors import BadInput, Refused
from opsterm.core.text import clean_line
from opsterm.core.units import span_text
from opsterm.policy.order import Order

_FIELDS = {
    "max-failures": "failures", "wait": "wait", "probe": "probe", "margin": "margin", "worse": "worse",
}  # fmt: skip
_UNAVAILABLE = "max-unavailable"
LINE_EXAMPLE = "canary:1; wait 5m; probe metric:load.1m; margin 20%; max-failures 10%"


def wish_from_words(text: str) -> RolloutWish:
    """Return what a line such as LINE_EXAMPLE asks for; its first part is the strategy.

    Raises:
        BadInput: a part of it cannot be read.
        Refused: its probe is a command that is not known to only read.
    """
    wish = NO_WISH
    for number, part in enumerate(filter(None, (part.strip() for part in text.split(";")))):
        word, _, rest = part.partition(" ")
        if word in _FIELDS and rest.strip():
            wish = replace(wish, **{_FIELDS[word]: rest.strip()})  # type: ignore[arg-type]  # all of them are texts
        elif word == _UNAVAILABLE and rest.strip().isdecimal() and int(rest):
            wish = replace(wish, max_unavailable=int(rest))
        elif number == 0:
            wish = replace(wish, strategy="" if part == Strategy.PARALLEL else part)
        else:
            raise BadInput(
                f"{clean_line(part, limit=80)!r} says nothing about a rollout.",
                next_step=f"Write it as in {LINE_EXAMPLE}.",
            )
    planned(wish, {})
    return wish


def words_of_wish(wish: RolloutWish) -> str:
    """Return the line for it, as `wish_from_words` takes it."""
    parts = [wish.strategy or Strategy.PARALLEL.value]
    parts += [f"{word} {getattr(wish, name)}" for word, name in _FIELDS.items() if getattr(wish, name)]
    if wish.max_unavailable:
        parts.append(f"{_UNAVAILABLE} {wish.max_unavailable}")
    return "; ".join(part for part in parts if part != f"worse {Worse.HIGHER}")


def rollout_lines(order: Order) -> tuple[str, ...]:
    """Return the rollout of an order in words, () for one that says nothing."""
    if order.terms is None or not order.terms.rollout:
        return ()
    try:
        rollout, count = rollout_of(order), len(order.targets)
    except (BadInput, Refused) as error:
        return (error.what,)
    lines = [_in_words(rollout, count), _until(rollout, count)]
    if rollout.wait_s:
        lines.append(f"waits {span_text(rollout.wait_s)} between batches, and looks again at what is verified")
    if rollout.gate is not None:
        lines.append(f"gate behind those first: {rollout.gate.line}")
    if rollout.max_unavailable:
        said = ", ".join(f"{group} ({len(names)} members)" for group, names in rollout.groups.items())
        lines.append(f"at most {rollout.max_unavailable} at once at work, failed or silent of {said}")
    return tuple(lines)


def _in_words(rollout: Rollout, count: int) -> str:
    batches = len(rollout.batches([""] * count))
    match rollout.strategy:
        case Strategy.PARALLEL:
            return "all targets side by side"
        case Strategy.SEQUENTIAL:
            return f"one target after another, {count} in all"
        case Strategy.ROLLING:
            return f"in {batches} batch{'es' * (batches != 1)} of {rollout.batch}"
        case Strategy.CANARY:
            rest = f"in batches of {rollout.batch}" if rollout.batch else "all together"
            return f"{rollout.first} first; when all of them are done the other {count - rollout.first}, {rest}"


def _until(rollout: Rollout, count: int) -> str:
    if rollout.budget is not None:
        allowed = rollout.budget.of(count)
        share = f" ({rollout.budget} of {count})" if rollout.budget.is_share else ""
        return f"starts no more when {allowed}{share} failed; each at work takes one of that until it is done"
    if rollout.strategy is Strategy.PARALLEL:
        return "goes on when some fail"
    return "starts no more after the first failure"
