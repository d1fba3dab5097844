"""Verbs of the audit: what was done, and the proof that it was not changed."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.units import age_text, parse_duration
from opsterm.policy.audit import AuditRow, as_json, utc_text
from opsterm.policy.chain import (
    ChainVerdict,
    Checkpoint,
    read_checkpoints,
    read_export,
    read_keys,
    verdict_text,
    verify,
)
from opsterm.runtime.audit import AuditSearch
from opsterm.runtime.checkpoints import PlaceState

T = TypeVar("T")

READ_LIMIT = 1 << 30
"""Bytes of a file of checkpoints that are read at most: a syslog may be long."""


async def list_rows(context: Context) -> int:
    """Print who did what, when, why, with which result."""
    name = context.invocation.text("id").lower()
    if name and not re.fullmatch("[acm][0-9]{1,15}", name):
        raise BadInput(
            f"{name[:100]!r} is the number of no change, alert or mail.", next_step="Write it as in c18, a7 or m7."
        )
    found = await context.runtime.audit.search(
        AuditSearch(correlation_id=name, since=_ago(context, "since"), limit=context.invocation.number("limit") or 200)
    )
    _print_rows(context, found)
    if not found and not context.printer.json:
        context.printer.say(f"Nothing is recorded{f' of {name}' if name else ''}.")
    return ExitCode.DONE


async def search(context: Context) -> int:
    """Print what was done and fits all that is given."""
    given = context.invocation
    question = AuditSearch(
        text=given.text("text"), target=given.text("target"), by=given.text("by"), kind=given.text("kind"),
        since=_ago(context, "since"), until=_ago(context, "until"), limit=given.number("limit") or 200,
    )  # fmt: skip
    found = await context.runtime.audit.search(question)
    _print_rows(context, found)
    if not found and not context.printer.json:
        context.printer.say("Nothing that is recorded fits.")
    return ExitCode.DONE


def _ago(context: Context, name: str) -> float:
    text = context.invocation.text(name)
    return context.runtime.clock.now() - parse_duration(text) if text else 0.0


def _print_rows(context: Context, found: Sequence[AuditRow]) -> None:
    if context.printer.json:
        for row in found:
            context.printer.record(as_json(row))
        return
    context.printer.table(
        ("when", "who", "what", "why", "result"),
        [(utc_text(row.at), row.who, row.what, row.why, row.result) for row in found],
    )


async def verify_chain(context: Context) -> int:
    """Say whether the chain is as it was written, and what is wrong first."""
    given = context.invocation
    keys, checkpoints = await _proofs(context)
    export = given.text("export")
    if export:
        verdict = await context.runtime.offload.run("files", lambda: _verify_export(export, keys, checkpoints))
    else:
        verdict = await context.runtime.audit.verify(keys=keys, checkpoints=checkpoints)
    if context.printer.json:
        finding = verdict.finding
        context.printer.record(
            {
                "whole": finding is None, "entries": verdict.entries, "chain": verdict.chain, "head": verdict.head,
                "sealed": verdict.sealed, "checkpoints": verdict.checkpoints, "anew": verdict.anew,
                "finding": finding.kind if finding else "", "entry": finding.entry if finding else None,
                "text": verdict_text(verdict),
            }
        )  # fmt: skip
    else:
        context.printer.line(verdict_text(verdict))
    return ExitCode.SOME_FAILED if verdict.finding is not None else ExitCode.DONE


async def _proofs(context: Context) -> tuple[Sequence[bytes], Sequence[Checkpoint]]:
    """Return what was given to check with. Raises BadInput when a file has none of it."""
    return await _read(context, "key", read_keys), await _read(context, "checkpoint", read_checkpoints)


async def _read(context: Context, name: str, read: Callable[[str], Sequence[T]]) -> Sequence[T]:
    file = context.invocation.text(name)
    if not file:
        return ()
    told = read(await context.runtime.offload.run("files", lambda: _text(file)))
    if not told:
        raise BadInput(f"There is no {name} in {file}.", next_step="`opsterm audit verify --help` says what it is.")
    return told


def _text(file: str) -> str:
    try:
        with sys.stdin if file == "-" else Path(file).open(encoding="utf-8", errors="replace") as opened:
            return opened.read(READ_LIMIT)
    except OSError as error:
        raise _unreadable(file, error) from error


def _verify_export(file: str, keys: Sequence[bytes], checkpoints: Sequence[Checkpoint]) -> ChainVerdict:
    try:
        with Path(file).open(encoding="utf-8", errors="replace") as lines:
            return verify(read_export(lines), keys=keys, checkpoints=checkpoints)
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: str, error: OSError) -> BadInput:
    return BadInput(f"{file} cannot be read: {error.strerror or error}.")


async def export(context: Context) -> int:
    """Print the whole chain, an entry a line."""
    count = 0
    async for line in context.runtime.audit.export():
        context.printer.plain(line)
        count += 1
    context.printer.say(f"{count:,} entries.")
    return ExitCode.DONE


async def status(context: Context) -> int:
    """Say how long the chain is and how old its checkpoints are."""
    found = await context.runtime.audit.status()
    head = found.head
    if context.printer.json:
        context.printer.record(
            {
                "chain": head.chain if head else "", "entries": head.count if head else 0,
                "head": head.head if head else "", "at": head.at if head else None,
                "first_key_waits": bool(head and head.first_key_waits), "checkpoint_age_s": found.checkpoint_age_s,
                "places": found.places,
            }
        )  # fmt: skip
        return ExitCode.DONE
    if head is None:
        context.printer.line("Nothing has been entered into the audit chain yet.")
    else:
        context.printer.line(
            f"chain {head.chain}: {head.count:,} entries, the last {age_text(found.now - head.at)} ago, "
            f"head {head.head[:16]}"
        )
        if head.first_key_waits:
            context.printer.line(
                "The first key lies in the data folder: `opsterm audit key --once` shows it, for safekeeping elsewhere."
            )
    for state in found.places:
        context.printer.line(_place_text(state, found.now))
    if not found.places:
        context.printer.line("No checkpoints are left anywhere: the setting audit.checkpoints is empty.")
    return ExitCode.DONE


def _place_text(state: PlaceState, now: float) -> str:
    last = f"{state.count:,} entries, {age_text(now - state.at)} ago" if state.at else "none yet"
    return f"checkpoint at {state.place}: {last}" + (f"; the last try failed: {state.error}" if state.error else "")


async def checkpoint(context: Context) -> int:
    """Leave a checkpoint at every place now."""
    made = await context.runtime.audit.checkpoints.now()
    for state in made:
        if context.printer.json:
            context.printer.record(state)
        else:
            context.printer.line(_place_text(state, context.runtime.clock.now()))
    return ExitCode.SOME_FAILED if any(state.error for state in made) else ExitCode.DONE


async def key(context: Context) -> int:
    """Show the first key of the chain and forget it."""
    first = await context.runtime.audit.take_first_key()
    if context.printer.json:
        context.printer.record({"key": first.reveal()})
    else:
        context.printer.line(first.reveal())
    context.printer.say("This is shown once. Keep it on another host; `opsterm audit verify --key FILE` asks for it.")
    return ExitCode.DONE
