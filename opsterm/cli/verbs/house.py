"""Verbs about opsterm itself."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from functools import partial

from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode, StorageError
from opsterm.core.paths import make_private
from opsterm.core.settings import known_keys
from opsterm.core.settings_reading import describe_settings, load_settings, setting_value
from opsterm.runtime.commands import COMMANDS
from opsterm.runtime.doctor import Health, check_failure


async def doctor(context: Context) -> int:
    """Say how every part is, also when the data cannot be opened."""
    runtime = context.runtime
    try:
        for folder in (runtime.paths.data, runtime.paths.state):
            await runtime.offload.run("files", partial(make_private, folder))
        await runtime.open(workers=False)
        checks = await runtime.doctor()
    except StorageError as error:
        checks = [*runtime.doctor_without_store(), check_failure(error)]
    for check in checks:
        if context.printer.json:
            context.printer.record(check)
        else:
            mark = {Health.GOOD: "ok  ", Health.NOTE: "note", Health.BAD: "BAD "}[check.health]
            context.printer.line(f"{mark}  {check.name}: {check.text}")
            if check.next_step:
                context.printer.line(f"      {check.next_step}")
    return ExitCode.SOME_FAILED if any(check.health is Health.BAD for check in checks) else ExitCode.DONE


async def settings(context: Context) -> int:
    """Print every setting with its value and source, or change one in the settings file."""
    words = context.invocation.texts("action_words")
    if words:
        return await _change_setting(context, words)
    for row in describe_settings(context.runtime.loaded):
        _print_setting(context, *row)
    return ExitCode.DONE


def _print_setting(context: Context, key: str, value: str, source: str, text: str) -> None:
    if context.printer.json:
        context.printer.record({"key": key, "value": value, "source": source, "help": text})
    else:
        context.printer.line(f"{key} = {value}    # {source}. {text}")


async def _change_setting(context: Context, words: Sequence[str]) -> int:
    if (words[0], len(words)) not in (("set", 3), ("reset", 2)):
        raise BadInput(
            f"`opsterm settings {' '.join(words)[:200]}` is not understood.",
            next_step="Write `opsterm settings set KEY VALUE` or `opsterm settings reset KEY`.",
        )
    key, text = words[1], words[2] if len(words) == 3 else None
    if key not in known_keys():
        setting_value(key, "")  # says what is wrong with the name
    await context.runtime.change_setting(key, text)
    was = context.runtime.loaded
    now = load_settings(flags={} if text is None else {key: text})
    for row in describe_settings(now):
        if row[0] == key:
            _print_setting(context, key, row[1], was.file if text is not None else "default", row[3])
    context.printer.say(f"{was.file} was changed; it counts from the next start.")
    return ExitCode.DONE


async def keys(context: Context) -> int:
    """Print the keys of the screen."""
    for command in COMMANDS:
        if context.printer.json:
            context.printer.record(
                {"id": command.id, "keys": list(command.keys), "pane": command.pane, "help": command.text}
            )
    if not context.printer.json:
        context.printer.table(
            ("key", "where", "what it does"),
            [(" ".join(command.keys) or "palette", command.pane, command.text) for command in COMMANDS],
        )
    return ExitCode.DONE


async def where(context: Context) -> int:
    """Print the folders opsterm uses."""
    paths = context.runtime.paths
    found = {
        "settings": paths.config_file,
        "themes": paths.config / "themes",
        "database": paths.database,
        "vault": paths.vault,
        "output": paths.output,
        "reports": paths.state,
        "shipped": paths.shipped,
    }
    for name, path in found.items():
        if context.printer.json:
            context.printer.record({"name": name, "path": str(path)})
        else:
            context.printer.line(f"{name:10} {path}")
    return ExitCode.DONE


async def serve(context: Context) -> int:
    """Run the workers without a face until SIGTERM."""
    runtime = context.runtime
    await runtime.open(workers=True)
    if context.printer.json:
        context.printer.record({"serving": str(runtime.paths.database), "process": os.getpid()})
    context.printer.say(f"opsterm serve: working on {runtime.paths.database}; SIGTERM ends it.")
    await asyncio.Event().wait()
    return ExitCode.DONE
