"""The verbs about what is learned of risk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opsterm.cli.output import json_text
from opsterm.cli.run import Context
from opsterm.core.errors import ExitCode
from opsterm.core.units import age_text
from opsterm.policy.learned.figures import Figures
from opsterm.policy.learned.lesson import Lesson, PastEnd
from opsterm.policy.learned.model import NEVER, LearnedModel
from opsterm.runtime.learned_risk import LearnedState

_WEIGHTS_SHOWN = 6


async def train(context: Context) -> int:
    """Learn anew, and say how it stands."""
    context.printer.progress("learning …")
    try:
        state = await context.runtime.learned.train()
    finally:
        context.printer.progress("")
    return _print(context, state)


async def status(context: Context) -> int:
    """Say how it stands."""
    return _print(context, await context.runtime.learned.status())


async def export(context: Context) -> int:
    """Show what was learned, and from what."""
    found = await context.runtime.learned.export()
    model = found.state.model
    told = {
        "model": {
            **_record(found.state), "intercept": model.intercept if model else None,
            "weights": model.weights if model else {}, "past": model.past if model else {},
        },
        "same": found.same,
        "rows": [_row(lesson) for lesson in found.lessons],
    }  # fmt: skip
    file = context.invocation.text("output")
    if file:
        await context.runtime.learned.write(f"{json_text(told)}\n", file)
        context.printer.say(f"{len(found.lessons):,} lessons told in {file}.")
    else:
        context.printer.record(told)
    return ExitCode.DONE


def _row(lesson: Lesson) -> dict[str, object]:
    return {
        "change": f"c{lesson.change}" if lesson.own else "", "at": lesson.at, "command": lesson.command,
        "shell": lesson.shell, "level": lesson.level, "end": lesson.end, "shape": lesson.shape,
        "traits": lesson.traits,
    }  # fmt: skip


def _print(context: Context, state: LearnedState) -> int:
    if context.printer.json:
        context.printer.record(_record(state))
    else:
        for label, text in _described(state, context.runtime.clock.now()):
            context.printer.line(f"{label:<10}{text}")
    return ExitCode.DONE


def _record(state: LearnedState) -> dict[str, object]:
    """Return how it stands with the keys of `json_keys.LEARNED_KEYS`; null for what there is not."""
    model = state.model
    figures = model.figures if model else Figures(own=0, bad=0, ends={}, shapes=0, shipped=0)
    return {
        "speaks": not state.silent,
        "silent": state.silent,
        "trained_at": model.trained_at if model else None,
        "traits": model.traits if model else None,
        "library": model.library if model else None,
        "lessons": model.lessons if model else None,
        "threshold": model.threshold if model and model.threshold != NEVER else None,
        "own": figures.own,
        "bad": figures.bad,
        "ends": figures.ends,
        "shapes": figures.shapes,
        "shipped": figures.shipped,
        "marks": figures.model,
        "base_rate": figures.base_rate,
        "level": figures.level,
        "margin": figures.margin,
        "sure": figures.sure if figures.model else None,
        "flagged": figures.flagged,
        "hits": figures.hits,
        "precision": figures.precision,
        "recall": figures.recall if figures.model else None,
        "calibration_error": figures.calibration_error,
        "calibration": figures.calibration,
    }


def _described(state: LearnedState, now: float) -> Iterator[tuple[str, str]]:
    """Yield label and text of the lines that a person reads."""
    if state.silent:
        first, *more = state.silent.split("\n")
        yield "learned", f"silent. {first}"
        yield from (("", line) for line in more)
    else:
        yield "learned", "may raise a grade by one, up to high"
    model = state.model
    if model is None:
        if not state.silent.endswith("anew."):
            yield "", "`opsterm risk train` learns from your own changes."
        return
    figures = model.figures
    yield "trained", f"{age_text(max(0.0, now - model.trained_at))} ago, on {_ends(figures.ends)}"
    yield "", f"{figures.own} of your own, {figures.shapes} different commands; and {figures.shipped} that ship"
    yield from _tried(figures)
    if model.threshold != NEVER:
        yield "raises", f"from an estimate of {model.threshold:.0%} on"
    yield "weighs", _weights(model)
    yield "versions", f"traits {model.traits}, scikit-learn {model.library}"


def _ends(ends: Mapping[str, int]) -> str:
    return ", ".join(f"{ends[end]} {end}" for end in PastEnd if ends.get(end)) or "no change of your own"


def _tried(figures: Figures) -> Iterator[tuple[str, str]]:
    """Yield what cross-validation told."""
    model, base, level, off = figures.model, figures.base_rate, figures.level, figures.calibration_error
    if model is None or base is None or level is None or off is None:
        return
    yield "tried", "on commands that it had not seen, beside the grade alone and the base rate:"
    yield (
        "",
        (
            f"average precision {model.average_precision:.2f}, {level.average_precision:.2f} and "
            f"{base.average_precision:.2f}; above both in {figures.sure:.0%} of the resamples"
        ),
    )
    yield "", f"Brier {model.brier:.3f}, {level.brier:.3f} and {base.brier:.3f}; calibration off by {off:.2f}"
    if figures.precision is None or figures.recall is None:
        yield "", "it would have raised none"
    else:
        yield (
            "",
            (
                f"it would have raised {figures.flagged}, of which {figures.hits} did not end well: precision "
                f"{figures.precision:.0%}, recall {figures.recall:.0%} of {figures.bad}"
            ),
        )


def _weights(model: LearnedModel) -> str:
    heaviest = sorted(model.weights.items(), key=lambda pair: (-abs(pair[1]), pair[0]))[:_WEIGHTS_SHOWN]
    return ", ".join(f"{name} {weight:+.1f}" for name, weight in heaviest) or "nothing"
