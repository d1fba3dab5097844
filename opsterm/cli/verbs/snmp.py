"""Verbs of SNMP: they only read. What an agent says is data; what a target failed with is talk, or data with --json."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TypeVar

from opsterm.cli.prompt import ask_line
from opsterm.cli.run import Context
from opsterm.cli.verbs.vault import open_if_a_person_is_there
from opsterm.core.errors import BadInput
from opsterm.core.secret import Secret
from opsterm.core.units import age_text
from opsterm.monitoring.mib import oid_name, oid_text
from opsterm.monitoring.snmp_profile import SnmpProfile, snmp_profile_lines
from opsterm.monitoring.snmp_values import Binding, value_data, value_words
from opsterm.runtime.ports_snmp import SnmpLogin, Walked
from opsterm.runtime.snmp import SnmpAnswer, TableFound, exit_code

T = TypeVar("T")
Rows = Sequence[Mapping[str, object]]


async def _ask(prompt: str) -> Secret:
    secret = Secret(await ask_line(prompt, echo=False))
    if not secret:
        raise BadInput("Nothing was given.", next_step="Type it, or send one line to standard input.")
    return secret


def _report(
    context: Context, answers: Sequence[SnmpAnswer[T]], rows: Callable[[T], Rows], empty: Mapping[str, object]
) -> int:  # fmt: skip
    """Print the objects of --json, or say what went wrong; return the exit code.

    Args:
        context: of the verb.
        answers: one for each target.
        rows: turns what was found into objects.
        empty: the object of a target that failed.
    """
    for answer in answers:
        fault = {"error": answer.error, "why": answer.why, "next_step": answer.next_step}
        if context.printer.json:
            for row in [empty] if answer.found is None else rows(answer.found):
                context.printer.record({"target": answer.target, **row, **fault})
        elif answer.error:
            context.printer.say("\n".join(text for text in fault.values() if text))
    return exit_code(answers)


def _tell_truncated(context: Context, target: str, count: int) -> None:
    context.printer.say(f"{target}: cut off after {count:,} values; there are more (--limit, snmp.walk_limit).")


def _value(binding: Binding, *, truncated: bool) -> Mapping[str, object]:
    return {
        "oid": oid_text(binding.oid), "name": oid_name(binding.oid), "kind": binding.value.kind,
        "value": value_data(binding), "text": value_words(binding), "truncated": truncated,
    }  # fmt: skip


_NO_VALUE = {"oid": "", "name": "", "kind": "", "value": None, "text": "", "truncated": False}


def _print_values(context: Context, values: Sequence[tuple[str, Binding]]) -> None:
    """Print values as lines, with the target where there are several."""
    rows = [(target, oid_name(binding.oid), value_words(binding)) for target, binding in values]
    if len({target for target, _, _ in rows}) > 1:
        context.printer.table(("target", "object", "value"), rows)
    elif rows:
        context.printer.table(("object", "value"), [row[1:] for row in rows])


async def get(context: Context) -> int:
    """Get the values of some objects."""
    await open_if_a_person_is_there(context)
    answers = await context.runtime.snmp.get(context.invocation.text("selector"), context.invocation.texts("objects"))
    if not context.printer.json:
        _print_values(context, [(answer.target, binding) for answer in answers for binding in answer.found or ()])
    return _report(context, answers, lambda found: [_value(binding, truncated=False) for binding in found], _NO_VALUE)


async def walk(context: Context) -> int:
    """Read everything below some objects."""
    await open_if_a_person_is_there(context)
    given = context.invocation
    answers = await context.runtime.snmp.walk(
        given.text("selector"), given.texts("objects"), limit=given.number("limit") or 0
    )
    if not context.printer.json:
        _print_values(context, [(a.target, binding) for a in answers if a.found for binding in a.found.bindings])
    for answer in answers:
        if answer.found and answer.found.truncated:
            _tell_truncated(context, answer.target, len(answer.found.bindings))
        elif answer.found and not answer.found.bindings:
            context.printer.say(f"{answer.target}: nothing is there.")

    def rows(found: Walked) -> Rows:
        return [_value(binding, truncated=found.truncated) for binding in found.bindings]

    return _report(context, answers, rows, _NO_VALUE)


async def table(context: Context) -> int:
    """Read a table."""
    await open_if_a_person_is_there(context)
    given = context.invocation
    answers = await context.runtime.snmp.table(
        given.text("selector"), given.text("object"), limit=given.number("limit") or 0
    )
    for answer in answers:
        if answer.found is None:
            continue
        found = answer.found.table
        if not context.printer.json and found.rows:
            if len(answers) > 1:
                context.printer.line(f"{answer.target}:")
            context.printer.table(
                ("index", *found.columns),
                [(index, *(value_words(cell) if cell else "" for cell in cells)) for index, cells in found.rows],
            )
        if not found.rows:
            context.printer.say(f"{answer.target}: no row is there.")
        if answer.found.truncated:
            _tell_truncated(context, answer.target, sum(cell is not None for _, row in found.rows for cell in row))
    return _report(context, answers, _table_rows, {"index": "", "cells": {}, "truncated": False})


def _table_rows(found: TableFound) -> Rows:
    columns = [column.rpartition(".")[2] if column[:1].isdigit() else column for column in found.table.columns]
    return [
        {
            "index": index,
            "cells": {name: value_data(cell) for name, cell in zip(columns, cells, strict=True) if cell is not None},
            "truncated": found.truncated,
        }
        for index, cells in found.table.rows
    ]


async def profile(context: Context) -> int:
    """Say what targets are."""
    await open_if_a_person_is_there(context)
    answers = await context.runtime.snmp.profile(context.invocation.text("selector"))
    found = [(answer.target, answer.found) for answer in answers if answer.found is not None]
    if len(answers) == 1 and found and not context.printer.json:
        for label, text in (("target", found[0][0]), *snmp_profile_lines(found[0][1])):
            context.printer.line(f"{label:12} {text}")
    elif found and not context.printer.json:
        context.printer.table(
            ("target", "name", "vendor", "os", "version", "model", "serial", "uptime"),
            [
                (target, p.name, p.vendor, p.os, p.os_version, p.model, p.serial,
                 "" if p.uptime_s is None else age_text(p.uptime_s))
                for target, p in found
            ],
            right=("uptime",),
        )  # fmt: skip
    return _report(context, answers, lambda one: [asdict(one)], asdict(SnmpProfile()))


async def login(context: Context) -> int:
    """Keep how agents let us in."""
    given = context.invocation
    user, auth, priv = given.text("user"), given.text("auth"), given.text("priv")
    if (auth and not user) or (priv and not auth):
        raise BadInput(
            "--auth goes with --user, and --priv with --auth.",
            next_step="As in: opsterm snmp login sw-1 --user monitor --auth SHA-256 --priv AES",
        )
    if await context.runtime.credentials.state() == "locked":
        await context.runtime.credentials.unlock(await _ask("Passphrase of the vault: "))
    names = await context.runtime.snmp.keep_login(
        given.text("selector"),
        SnmpLogin(
            community=None if user else await _ask("Community: "), user=user,
            auth=auth, auth_passphrase=await _ask("Authentication passphrase: ") if auth else None,
            priv=priv, priv_passphrase=await _ask("Privacy passphrase: ") if priv else None,
        ),
        for_traps=given.yes("traps"),
    )  # fmt: skip
    for name in names:
        if context.printer.json:
            context.printer.record({"target": name, "kept": True})
    context.printer.say(f"Kept for {len(names)} {'target' if len(names) == 1 else 'targets'}.")
    return 0
