"""The verb of what makes vectors: say it, set it, fetch it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from opsterm.cli.prompt import ask_line, is_asked_on_a_terminal
from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode, Refused
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text
from opsterm.knowledge.collection import EmbedderStamp
from opsterm.runtime.ports_embedder import EmbedderOffer

if TYPE_CHECKING:
    from opsterm.runtime.embedder_supply import EmbedderSupply

_FROM_NEXT_START = "from the next start"


async def embedder(context: Context) -> int:
    """Say what makes vectors, or set it: off, a folder, or an archive or URL that is fetched first."""
    source = context.invocation.text("source")
    if not source:
        return await _list(context)
    if source == "off":
        await context.runtime.change_setting("knowledge.embedder", None)
        context.printer.say(f"No embedder of yours is used {_FROM_NEXT_START}.")
        return ExitCode.DONE
    if "://" not in source and not source.startswith(("/", "~/")):
        raise BadInput(
            "A folder or file is named from / or ~/ on: it is found from wherever opsterm starts.",
            next_step="Write /…, ~/…, https://… or off.",
        )
    if "://" in source or _is_file(context, source):
        return await _take(context, source)
    if context.invocation.text("sha256"):
        raise BadInput("--sha256 is of an archive or of what is fetched; a folder is used as it is.")
    stamp = await context.runtime.collections.try_folder(source)
    await context.runtime.change_setting("knowledge.embedder", source)
    _used(context, stamp, source, {})
    return ExitCode.DONE


def _place(context: Context, source: str) -> Path:
    return context.runtime.paths.home / source[2:] if source.startswith("~/") else Path(source)


def _is_file(context: Context, source: str) -> bool:
    return _place(context, source).is_file()


async def _take(context: Context, source: str) -> int:
    """Fetch it, show it, and use it if that is meant."""
    supply = await context.runtime.embedder_supply()

    def told(done: int, total: int) -> None:
        of = f" of {bytes_text(total)}" if total else ""
        context.printer.progress(f"fetched {bytes_text(done)}{of}")

    named = source if "://" in source else str(_place(context, source))
    offer = await supply.offer(named, sha256=context.invocation.text("sha256"), told=told)
    context.printer.progress("")
    context.printer.say(f"{clean_line(source, limit=200)}\n{bytes_text(offer.size)}, SHA-256 {offer.sha256}")
    if not context.invocation.yes("yes"):
        await _ask(supply, offer)
    folder, stamp = await supply.accept(offer)
    _used(context, stamp, str(folder), {"size": offer.size, "sha256": offer.sha256})
    return ExitCode.DONE


async def _ask(supply: EmbedderSupply, offer: EmbedderOffer) -> None:
    if not is_asked_on_a_terminal():
        raise BadInput(
            f"{offer.name} lies here and is not used.",
            next_step="Compare its size and hash with what its maker publishes, then say --yes.",
        )
    if (await ask_line(f"Unpack it, try it and use it {_FROM_NEXT_START}? [y/N] ")).strip().lower() not in ("y", "yes"):
        await supply.decline(offer)
        raise Refused(f"{offer.name} is not used.")


def _used(context: Context, stamp: EmbedderStamp, folder: str, fetched: Mapping[str, object]) -> None:
    if context.printer.json:
        context.printer.record({**_rung(stamp, used=True), "folder": folder, **fetched})
    context.printer.say(f"{clean_line(folder, limit=300)} makes vectors of {stamp.dimension} dimensions, and does so "
                        f"{_FROM_NEXT_START}.")  # fmt: skip


async def _list(context: Context) -> int:
    collections = context.runtime.collections
    state = await collections.state()
    rungs, faults = await collections.rungs()
    folder = context.runtime.settings.knowledge.embedder
    if context.printer.json:
        for stamp in rungs:
            own = folder if stamp.rung == "onnx" else ""
            context.printer.record({**_rung(stamp, used=stamp == state.stamp), "folder": own})
        for name, fault in faults.items():
            own = folder if name == "onnx" else ""
            context.printer.record(
                {"rung": name, "name": "", "dimension": None, "digest": "", "used": False, "fault": fault,
                 "folder": own, "size": None, "sha256": ""}
            )  # fmt: skip
        return ExitCode.DONE
    rows = [
        (stamp.rung, stamp.name, f"{stamp.dimension:,}", "used" if stamp == state.stamp else "answers")
        for stamp in rungs
    ]  # fmt: skip
    rows += [(name, "", "", fault) for name, fault in faults.items()]
    context.printer.table(("rung", "model", "dimensions", "how it is"), rows, right=("dimensions",))
    return ExitCode.DONE


def _rung(stamp: EmbedderStamp, *, used: bool) -> dict[str, object]:
    return {
        "rung": stamp.rung, "name": stamp.name, "dimension": stamp.dimension, "digest": stamp.digest, "used": used,
        "fault": "", "folder": "", "size": None, "sha256": "",
    }  # fmt: skip
