"""Says on which targets each step of a plan in a file is, and writes the steps that are no commands.

What a camera shall be configured with is made of what it says now, and of what the steps before make of it, so each of
those steps is for cameras that say the same; what is so already is left out, and told.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from opsterm.changes.motion_profile import APPLICATION, MotionWish, motion_orders
from opsterm.changes.plan_file import PlanFile
from opsterm.changes.plan_wishes import StepWish
from opsterm.core.errors import BadInput, OpstermError
from opsterm.core.http_request import HttpRequest
from opsterm.inventory.folding import fold, natural_key
from opsterm.inventory.target import Target, TargetRow
from opsterm.policy.plan_order import MOST_STEPS, PlanOrder, PlanStep, about_step
from opsterm.policy.watch_order import PROTOCOLS, TAGS, WatchKind, watch_text
from opsterm.runtime.cameras import place_of

if TYPE_CHECKING:
    from opsterm.runtime.ports_camera import CameraReader

Resolve = Callable[[str], Awaitable[Sequence[TargetRow]]]
"""Returns the targets that words choose, as `Inventory.resolve`."""

WriteCall = Callable[[str, Sequence[str]], Awaitable[tuple[HttpRequest, Sequence[str]]]]
"""Returns the request of an API that an operation with values is, and what should be known of it; sends nothing."""


class PlanFilling:
    """Fills plans.

    Args:
        resolve: chooses targets by their words.
        cameras: gives what asks cameras.
        write_call: writes a request.
    """

    def __init__(self, resolve: Resolve, cameras: Callable[[], Awaitable[CameraReader]], write_call: WriteCall) -> None:
        self._resolve = resolve
        self._cameras = cameras
        self._write_call = write_call

    async def placed(self, found: PlanFile) -> tuple[PlanOrder, tuple[str, ...]]:
        """Return the plan of a file, each step with its targets as the inventory has them now, and what to know of it.

        To know is what is left out, and which calls may only read though nobody says so.

        Raises:
            BadInput: the words of a step choose no target, or none that it can be for; it names the step.
            OpstermError: a camera does not say how it is configured; the same.
        """
        steps: list[PlanStep] = []
        left_out: list[str] = []
        doubts: list[str] = []
        shall: dict[str, Mapping[str, object]] = {}
        parts = zip(found.plan.steps, found.places, found.wishes, strict=True)
        for number, (step, place, wish) in enumerate(parts, 1):
            name = f"Step {number}, {step.title}"
            try:
                if wish is not None and wish.call:
                    called, said = await self._called(step, wish, len(steps) + 1)
                    filled, doubts = [called], [*doubts, *said]
                else:
                    filled = [one async for one in self._filled(step, place or found.selector, wish, shall)]
            except OpstermError as error:
                kinds = type(error).__mro__  # some are made of more than three texts: a plainer kind says it as well
                kind = next(one for one in kinds if one is OpstermError or "__init__" not in vars(one))
                raise kind(f"{name}: {error.what}", why=error.why, next_step=error.next_step) from error
            if not filled:
                left_out.append(f"{name}, is left out: everything is so already.")
            for one in filled:
                joined = bool(steps) and steps[-1].on == one.on
                steps.append(replace(one, joined=joined))
        if not steps:
            raise BadInput("Everything that the plan asks for is so already.", why=" ".join(left_out))
        if len(steps) > MOST_STEPS:
            raise BadInput(
                f"With cameras that are configured differently the plan has {len(steps)} steps; {MOST_STEPS} is the "
                "most.", next_step="Make two plans of it, for fewer cameras each.",
            )  # fmt: skip
        return PlanOrder(steps=tuple(steps), across=True), (*left_out, *doubts)

    async def _filled(
        self, step: PlanStep, place: str, wish: StepWish | None, shall: dict[str, Mapping[str, object]]
    ) -> AsyncIterator[PlanStep]:  # fmt: skip
        if not place.strip():
            raise BadInput("It does not say on which targets.", next_step='Write on = "tag:web" in it.')
        targets = sorted((row.target for row in await self._resolve(place)), key=lambda one: natural_key(one.name))
        if wish is None:
            yield replace(step, on=tuple(target.name for target in targets))
        elif wish.watch is not None:
            for one in _watched(step, wish.watch, targets):
                yield one
        elif wish.motion is not None:
            for one in await self._seeing(step, wish.motion, targets, shall):
                yield one

    async def _called(self, step: PlanStep, wish: StepWish, number: int) -> tuple[PlanStep, Sequence[str]]:
        """Return the step, which has a number in the plan, and what should be known of it."""
        name, *words = wish.call
        request, doubts = await self._write_call(name, words)
        said = [about_step(number) + one for one in doubts]
        inverse = ""
        if wish.inverse_call:
            back, doubts = await self._write_call(name, wish.inverse_call)
            said += [about_step(number, back=True) + one for one in doubts]
            inverse = back.text
        return replace(step, command=request.text, inverse=inverse, on=(name,)), said

    async def _seeing(
        self, step: PlanStep, wish: MotionWish, targets: Sequence[Target], shall: dict[str, Mapping[str, object]]
    ) -> list[PlanStep]:
        """Return a step for all cameras that say the same, in the order of the first of each.

        Args:
            step: without its text.
            wish: what they shall see.
            targets: the cameras.
            shall: name of a camera -> how the steps before configure it; what this one makes of it is put there.
        """
        places: dict[tuple[str, str], list[str]] = {}
        reader = await self._cameras()
        for target in targets:
            configuration = shall.get(target.name) or await reader.configuration(place_of(target), APPLICATION)
            try:
                orders = motion_orders(configuration, wish)
            except BadInput as error:
                raise BadInput(f"{target.name}: {error.what}", why=error.why, next_step=error.next_step) from error
            if orders is not None:
                forth, back = orders
                shall[target.name] = json.loads(forth.configuration)
                places.setdefault((forth.text(), back.text()), []).append(target.name)
        return [
            replace(step, command=forth, inverse=back, on=tuple(names)) for (forth, back), names in places.items()
        ]  # fmt: skip


def _watched(step: PlanStep, kind: WatchKind, targets: Sequence[Target]) -> list[PlanStep]:
    """Return the step for those that are not watched by their tag yet. Raises BadInput for one that cannot be."""
    others = [target.name for target in targets if target.protocol not in PROTOCOLS[kind]]
    if others:
        raise BadInput(
            f"A plan cannot watch {kind} of {fold(others)}.",
            next_step=f"That is for targets that are reached over {' or '.join(PROTOCOLS[kind])}.",
        )
    names = tuple(target.name for target in targets if TAGS[kind] not in target.tags)
    if not names:
        return []
    return [replace(step, command=watch_text(kind), inverse=watch_text(kind, on=False), on=names)]
