"""Verbs of language models: which there are, fetch, try, remove."""

from __future__ import annotations

from contextlib import aclosing

from opsterm.assistant.model.catalogue import LoadedModel, ModelRow, full_name
from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.units import bytes_text, percent_text
from opsterm.runtime.doctor import Health

_COLUMNS = ("", "model", "parameters", "quantization", "size", "can", "in memory", "context")


async def list_models(context: Context) -> int:
    """List the models that the server has."""
    models = context.runtime.models
    listed = await models.list()
    used = full_name((await models.look()).model)
    for row, loaded in listed:
        if context.printer.json:
            context.printer.record({**model_record(row, loaded), "used": full_name(row.name) == used})
    if not context.printer.json and listed:
        context.printer.table(
            _COLUMNS,
            [
                (
                    "*" if full_name(row.name) == used else "", row.name, row.parameters, row.quantization,
                    f"at {row.remote}" if row.remote else bytes_text(row.size),
                    "not said" if row.capabilities is None else " ".join(row.capabilities),
                    (loaded.share or "yes") if loaded else "", str(loaded.context) if loaded and loaded.context else "",
                )
                for row, loaded in listed
            ],
            right=("size", "context"),
        )  # fmt: skip
    if not listed:
        context.printer.say("The server has no models. `opsterm model pull NAME` fetches one.")
    return ExitCode.DONE


async def show(context: Context) -> int:
    """Say what the server says of a model."""
    card, loaded = await context.runtime.models.show(context.invocation.text("name"))
    if context.printer.json:
        context.printer.record({
            **model_record(card.row, loaded), "longest_context": card.longest_context,
            "model_parameters": card.parameters, "licence": card.licence,
        })  # fmt: skip
        return ExitCode.DONE
    row = card.row
    said = {
        "model": row.name,
        "digest": row.digest,
        "size": f"at {row.remote}" if row.remote else bytes_text(row.size),
        "parameters": " ".join(part for part in (row.family, row.parameters, row.quantization) if part),
        "can": "not said" if row.capabilities is None else " ".join(row.capabilities),
        "trained for": f"{card.longest_context} tokens" if card.longest_context else "",
        "in memory": f"{loaded.share}, {loaded.context} tokens" if loaded else "no",
        "licence": card.licence,
        "set by its maker": "; ".join(" ".join(line.split()) for line in card.parameters.splitlines()),
    }
    for name, text in said.items():
        if text:
            context.printer.line(f"{name:17} {text}")
    return ExitCode.DONE


async def pull(context: Context) -> int:
    """Have the server fetch a model."""
    name = context.invocation.text("name")
    async with aclosing(context.runtime.models.pull(name)) as steps:  # type: ignore[type-var]  # a generator
        async for step in steps:
            if context.printer.json:
                context.printer.record({"model": name, "status": step.status, "done": step.done, "total": step.total,
                                        "finished": step.finished})  # fmt: skip
            else:
                share = (
                    f" {percent_text(100 * step.done / step.total)} of {bytes_text(step.total)}" if step.total else ""
                )
                context.printer.progress(f"{name}: {step.status}{share}")
    context.printer.progress("")
    context.printer.say(f"{name} is there.")
    return ExitCode.DONE


async def check(context: Context) -> int:
    """Try the model that is in use."""
    weak = False
    async with aclosing(context.runtime.model_check.run()) as checks:  # type: ignore[type-var]  # a generator
        async for one in checks:
            weak = weak or bool(one.next_step)
            if context.printer.json:
                context.printer.record(one)
                continue
            context.printer.line(f"{'ok  ' if one.health is Health.GOOD else 'note'}  {one.name:7} {one.text}")
            if one.next_step:
                context.printer.line(f"      {one.next_step}")
            context.printer.flush()
    return ExitCode.SOME_FAILED if weak else ExitCode.DONE


async def remove(context: Context) -> int:
    """Delete a model from the server's disk."""
    name, models = context.invocation.text("name"), context.runtime.models
    if not context.invocation.yes("yes"):
        card, _ = await models.show(name)
        raise BadInput(
            f"{card.row.name}, {bytes_text(card.row.size)}, would be deleted from the server's disk, for everybody.",
            next_step="Add --yes if that is meant.",
        )
    row = await models.remove(name)
    if context.printer.json:
        context.printer.record({"removed": row.name})
    context.printer.say(f"{row.name} was deleted: {bytes_text(row.size)}.")
    return ExitCode.DONE


def model_record(row: ModelRow, loaded: LoadedModel | None) -> dict[str, object]:
    """Return a model as an object with the keys of `json_keys.MODEL_KEYS`; sizes are bytes."""
    return {
        "name": row.name,
        "digest": row.digest,
        "size": row.size,
        "family": row.family,
        "parameters": row.parameters,
        "quantization": row.quantization,
        "remote": row.remote,
        "capabilities": row.capabilities,
        "loaded": loaded is not None,
        "gpu_percent": loaded.gpu_percent if loaded else None,
        "context": loaded.context if loaded else None,
        "expires_at": loaded.expires_at if loaded else None,
    }
