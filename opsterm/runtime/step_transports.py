"""Carries out the steps of a plan that need no session on a target: a camera is configured, opsterm begins to watch.

The executor alone is given it, and hands it what stands in an approved plan.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from opsterm.core.errors import Bug, OpstermError, TimedOut
from opsterm.core.text import clean_line
from opsterm.policy.camera_order import CameraOrder, digest_of, parse_camera_order
from opsterm.policy.mask import mask
from opsterm.policy.order import VAPIX, WATCH, OrderTarget
from opsterm.policy.watch_order import TAGS, parse_watch, watch_text
from opsterm.runtime.cameras import camera_of
from opsterm.runtime.ports import Ended

if TYPE_CHECKING:
    from opsterm.runtime.ports_camera import CameraPlace, CameraReader, CameraWriter

NOTHING_LEFT = 2
"""Exit status of a step that has not come about and has left everything as it was."""

WAS_SO = 3
"""Exit status of a step that has found everything as it makes it, and has changed nothing."""

CarryStep = Callable[[str, str, OrderTarget], AsyncIterator[bytes | Ended]]
"""Carries out a text of a shell of BESIDE_SESSIONS for a target; yields what there is to tell, then one `Ended`."""

Label = Callable[[str, Sequence[str], Sequence[str]], Awaitable[Sequence[object]]]
"""Adds tags to a target, and takes others away; returns what was changed by that, () for nothing."""


class StepTransports:
    """Carries out steps.

    Args:
        reader: gives what asks cameras.
        writer: gives what configures them.
        label: changes the tags of a target.
    """

    def __init__(
        self, reader: Callable[[], Awaitable[CameraReader]], writer: Callable[[], Awaitable[CameraWriter]], label: Label
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._label = label

    async def carry(self, text: str, shell: str, target: OrderTarget) -> AsyncIterator[bytes | Ended]:
        """See `CarryStep`.

        The exit status is 0 when all is as it should be, WAS_SO when it was so before, NOTHING_LEFT when it is not so
        and nothing was changed, else 1.

        Raises:
            BadInput: the text is none for that shell.
            OpstermError: the line was lost while a camera was configured, and it does not say what it has now.
        """
        if shell == VAPIX:
            status, said = await self._configure(text, target)
        elif shell == WATCH:
            status, said = await self._watch(text, target)
        else:
            raise Bug(f"a step of the shell {shell} needs a session")
        yield f"{said}\n".encode()
        yield Ended(exit_status=status)

    async def _configure(self, text: str, target: OrderTarget) -> tuple[int, str]:
        """Set what shall be, unless it is so or somebody else has changed it; read it back."""
        order, camera = parse_camera_order(text), camera_of(target)
        wanted = digest_of(json.loads(order.configuration))
        reader = await self._reader()
        try:
            before = await reader.configuration(camera, order.application)
        except OpstermError as error:  # nothing was sent that changes anything
            return NOTHING_LEFT, f"Nothing was set: {mask(clean_line(error.what))[0]}"
        if digest_of(before) == wanted:
            return WAS_SO, "The camera's configuration is as it should be already."
        if digest_of(before) != order.was:
            return (
                NOTHING_LEFT,
                "Nothing was set: the camera has another configuration than this was proposed for.",
            )
        return await self._set(camera, order, before, wanted)

    async def _set(
        self, camera: CameraPlace, order: CameraOrder, before: Mapping[str, object], wanted: str
    ) -> tuple[int, str]:
        """Set what shall be over what is there, and say what the camera has made of it.

        A camera that says no has not lost the line: what it has now is asked, and says what came of it.
        """
        reader, writer = await self._reader(), await self._writer()

        async def sent(configuration: Mapping[str, object]) -> tuple[str, OpstermError | None]:
            """Return the digest of what the camera has afterwards, and what it said against it."""
            refusal: OpstermError | None = None
            try:
                await writer.configure(camera, order.application, configuration)
            except OpstermError as error:
                refusal = error
            try:
                return digest_of(await reader.configuration(camera, order.application)), refusal
            except OpstermError as error:
                raise (refusal or error) from None

        found, refusal = await sent(json.loads(order.configuration))
        if found == wanted:
            return 0, "The camera's configuration was set, and read back: it is as it should be."
        if refusal is not None:
            why = mask(clean_line(f"{refusal.what} {refusal.why}".strip()))[0]
            if found != order.was:
                return 1, f"{why} The camera has another configuration now; see it there."
            if isinstance(refusal, TimedOut):  # it may still be at it
                return 1, f"{why} The camera had its own configuration right afterwards; see it there."
            return NOTHING_LEFT, f"Nothing was set: {why}"
        back, _ = await sent(before)
        said = "The camera made another configuration of it"
        return (NOTHING_LEFT, f"{said}; its own was put back.") if back == order.was else (1, f"{said}; see it there.")

    async def _watch(self, text: str, target: OrderTarget) -> tuple[int, str]:
        kind, begins = parse_watch(text)
        tags = [TAGS[kind]]
        changed = await self._label(target.name, tags if begins else [], [] if begins else tags)
        state = f"{'there' if begins else 'gone'}{'' if changed else ' already'}"
        return 0 if changed else WAS_SO, f"{watch_text(kind, on=begins)}: the tag {TAGS[kind]} is {state}."
