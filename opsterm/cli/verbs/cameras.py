"""Verbs about cameras."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from opsterm.cli.run import Context
from opsterm.cli.verbs.vault import open_vault
from opsterm.core.errors import BadInput, ExitCode, TimedOut, Unreachable
from opsterm.core.units import bytes_text, parse_duration
from opsterm.monitoring.cameras import CameraEvent, MotionProfile
from opsterm.runtime.cameras import CameraAnswer

LONGEST_S = 30 * 86400.0


def _tell(context: Context, answers: Sequence[CameraAnswer], one: Callable[[CameraAnswer], None]) -> int:
    """Print answers, and why there is none; return the exit code."""
    for answer in answers:
        fault = answer.fault
        if fault is None:
            one(answer)
        elif context.printer.json:
            context.printer.record({
                "target": answer.name, "error": fault.what, "why": fault.why, "next_step": fault.next_step,
            })  # fmt: skip
        else:
            context.printer.line(f"{answer.name}: {' '.join(part for part in (fault.what, fault.why) if part)}")
            if fault.next_step:
                context.printer.line(f"  {fault.next_step}")
    bad = [answer.fault for answer in answers if answer.fault is not None]
    if len(bad) < len(answers) or not bad:
        return ExitCode.SOME_FAILED if bad else ExitCode.DONE
    silent = all(isinstance(fault, Unreachable | TimedOut) for fault in bad)
    return ExitCode.UNREACHABLE if silent else ExitCode.SOME_FAILED


_INFO = ("model", "product", "kind", "firmware", "built", "serial", "hardware", "architecture", "chip", "brand")


async def info(context: Context) -> int:
    """Say what cameras are."""
    await open_vault(context)

    def one(answer: CameraAnswer) -> None:
        said = {name: getattr(answer.info, name) for name in _INFO}
        if context.printer.json:
            context.printer.record({"target": answer.name, **said})
            return
        context.printer.line(answer.name)
        for name, value in said.items():
            context.printer.line(f"  {name:12} {value or '-'}")

    return _tell(context, await context.runtime.cameras.info(context.invocation.text("selector")), one)


async def motion(context: Context) -> int:
    """List how cameras look for motion."""
    await open_vault(context)

    def one(answer: CameraAnswer) -> None:
        for profile in answer.profiles or ():
            if context.printer.json:
                context.printer.record({
                    "target": answer.name, "application": profile.application, "uid": profile.uid,
                    "name": profile.name, "camera": profile.camera, "areas": profile.areas,
                    "filters": profile.filters,
                })  # fmt: skip
            else:
                context.printer.line(f"{answer.name}  {_profile_text(profile)}")
        if not answer.profiles and not context.printer.json:
            context.printer.line(f"{answer.name}  has no profile: it looks for no motion")

    return _tell(context, await context.runtime.cameras.motion(context.invocation.text("selector")), one)


def _profile_text(profile: MotionProfile) -> str:
    ignored = [str(one.get("type", "?")) for one in profile.filters if one.get("active")]
    words = f", ignores by {', '.join(ignored)}" if ignored else ""
    areas = f"{len(profile.areas)} area{'' if len(profile.areas) == 1 else 's'}"
    return f"{profile.application} {profile.uid} {profile.name!r}, view {profile.camera}, {areas}{words}"


async def snapshot(context: Context) -> int:
    """Keep a picture of each camera."""
    given = context.invocation
    await open_vault(context)
    answers = await context.runtime.cameras.snapshot(
        given.text("selector"), Path(given.text("to")), resolution=given.text("resolution"),
        view=given.number("view") or 1,
    )  # fmt: skip

    def one(answer: CameraAnswer) -> None:
        if context.printer.json:
            context.printer.record({"target": answer.name, "file": answer.file, "bytes": answer.size})
        else:
            context.printer.line(f"{answer.name}  {answer.file}  {bytes_text(answer.size)}")

    return _tell(context, answers, one)


async def events(context: Context) -> int:
    """Tell what a camera tells, until the time is over."""
    given = context.invocation
    length_s = parse_duration(given.text("length"))
    if not 0 < length_s <= LONGEST_S:
        raise BadInput("Listen for at most 30 days.", next_step="Write it as in 10m.")
    await open_vault(context)
    left = given.number("limit") or -1
    try:
        async with asyncio.timeout(length_s), aclosing(context.runtime.cameras.events(given.text("name"))) as told:  # type: ignore[type-var]  # an async generator
            async for event in told:
                _tell_event(context, given.text("name"), event)
                left -= 1
                if left == 0:
                    break
    except TimeoutError:
        pass  # that is how long it was to listen
    return ExitCode.DONE


def _tell_event(context: Context, name: str, event: CameraEvent) -> None:
    if context.printer.json:
        context.printer.record({
            "target": name, "topic": event.topic, "at": event.at, "source": event.source, "data": event.data,
        })  # fmt: skip
    else:
        at = datetime.fromtimestamp(event.at, UTC).strftime("%H:%M:%S") if event.at else "-"
        about = " ".join(f"{key}={value}" for key, value in (*event.source.items(), *event.data.items()))
        context.printer.line(f"{at}  {event.topic}  {about}".rstrip())
    context.printer.flush()
