"""Verbs about scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from opsterm.changes.scripts.kept import KeptScript, parse_reference
from opsterm.changes.scripts.task import TITLES, Language, ScriptTask
from opsterm.changes.scripts.written import SUFFIXES, WrittenScript, runnable
from opsterm.cli.prompt import is_asked_on_a_terminal, read_text
from opsterm.cli.run import Context
from opsterm.cli.verbs.changes import proposal_with, tell_proposed
from opsterm.cli.verbs.risk import record_of as risk_record
from opsterm.cli.verbs.running import approve_change
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.text import clean_line
from opsterm.policy.assessment import Assessment
from opsterm.policy.compliance.review import lines_of
from opsterm.runtime.assessments import NOWHERE
from opsterm.runtime.ports_scripts import ToolReport


async def list_scripts(context: Context) -> int:
    """List tasks and kept scripts."""
    scripts, family = context.runtime.scripts, context.invocation.text("family")
    own = context.invocation.yes("own")
    tasks = [] if own else [one for one in (await scripts.tasks()).values() if family in ("", one.family)]
    kept = [] if family else await scripts.kept()
    if family and not tasks:
        families = dict.fromkeys(one.family for one in (await scripts.tasks()).values())
        raise BadInput(f"There is no family {family[:60]!r}.", next_step=f"There is: {', '.join(families)}.")
    for record in [*map(_task_record, tasks), *map(_kept_record, kept)] if context.printer.json else ():
        context.printer.record(record)
    if context.printer.json:
        return ExitCode.DONE
    if tasks:
        context.printer.table(
            ("task", "family", "in", "", "what"),
            [(t.id, t.family, " ".join(t.texts), "changes" if t.changes else "reads", t.title) for t in tasks],
        )
    if kept:
        context.printer.table(
            ("script", "in", "by", "what for"), [(k.reference, k.language, k.by, k.about or "-") for k in kept]
        )
    context.printer.say(f"{len(tasks)} tasks, {len(kept)} kept scripts.")
    return ExitCode.DONE


async def show(context: Context) -> int:
    """Print a kept script, or what a task can be told."""
    what = context.invocation.text("what")
    task = (await context.runtime.scripts.tasks()).get(what)
    if task is None:
        kept = await context.runtime.scripts.get(what)
        if context.printer.json:
            context.printer.record(_kept_record(kept))
            return ExitCode.DONE
        _print_text(context, kept.text)
        context.printer.say(f"{kept.reference}, {TITLES[kept.language]}, kept by {kept.by} on {_day(kept.at)}.")
        return ExitCode.DONE
    if context.printer.json:
        context.printer.record(_task_record(task))
        return ExitCode.DONE
    for line in _task_lines(task):
        context.printer.line(line)
    return ExitCode.DONE


async def write(context: Context) -> int:
    """Write a script."""
    asked, scripts = context.invocation, context.runtime.scripts
    written = await _written(context, " ".join(asked.texts("words")))
    kept = None
    if asked.text("save"):
        kept = await scripts.save(asked.text("save"), written.text, written.language, about=written.task.title)
    found = await scripts.assess(written.text, written.language)
    if context.printer.json:
        context.printer.record(_written_record(written, found, kept))
        return ExitCode.DONE
    _print_text(context, written.text)
    context.printer.say(f"risk {found.level}: {found.reasons[0]}")
    if kept is not None:
        context.printer.say(f"kept as {kept.reference}")
    return ExitCode.DONE


async def check(context: Context) -> int:
    """Look at a script without running it."""
    text, language = await _source(context)
    where = NOWHERE
    if context.invocation.text("on"):
        where = await context.runtime.assessments.whereabouts(context.invocation.text("on"))
    found = await context.runtime.scripts.review(text, language, where=where)
    if context.printer.json:
        context.printer.record(
            {"language": language, "runs": found.runs, "reports": [_report_record(one) for one in found.reports],
             "risk": risk_record(found.assessment)}
        )  # fmt: skip
    else:
        for line in (*_report_lines(found.reports), *_risk_lines(found.assessment)):
            context.printer.line(line)
    return ExitCode.DONE if found.runs else ExitCode.BAD_INPUT


async def explain(context: Context) -> int:
    """Say line by line what a script does."""
    text, language = await _source(context)
    lines = await context.runtime.scripts.explain(text, language)
    found = await context.runtime.scripts.assess(text, language)
    if context.printer.json:
        for one in lines:
            context.printer.record({"line": one.number, "text": one.text, "says": one.says, "known": one.known})
        return ExitCode.DONE
    for one in lines:
        if one.says:
            context.printer.line(f"{one.number:>4}  {clean_line(one.text)}")
            context.printer.line(f"      = {'; '.join(one.says)}")
    unknown = sum(not one.known for one in lines)
    context.printer.say(f"{len(lines)} lines, {unknown} of them not explained.")
    for line in _risk_lines(found):
        context.printer.say(line)
    return ExitCode.DONE


async def save(context: Context) -> int:
    """Keep a text as the next version of a script."""
    text, language = await _source(context)
    asked = context.invocation
    kept = await context.runtime.scripts.save(asked.text("name"), text, language, about=asked.text("about"))
    if context.printer.json:
        context.printer.record(_kept_record(kept))
    else:
        context.printer.line(kept.reference)
    return ExitCode.DONE


async def versions(context: Context) -> int:
    """List the versions of a kept script."""
    found = await context.runtime.scripts.versions(context.invocation.text("name"))
    if context.printer.json:
        for one in found:
            context.printer.record(_kept_record(one))
        return ExitCode.DONE
    context.printer.table(
        ("version", "in", "kept", "by", "sha256", "what for"),
        [(k.reference, k.language, _day(k.at), k.by, k.digest[:12], k.about or "-") for k in found],
    )
    return ExitCode.DONE


async def run(context: Context) -> int:
    """Propose a script; at a terminal ask about it and run it."""
    asked, scripts = context.invocation, context.runtime.scripts
    what = asked.text("what")
    if parse_reference(what) is None and what in await scripts.tasks():
        written = await _written(context, what)
        text, language, reason = written.text, written.language, written.task.title
    else:
        kept = await scripts.get(what)
        if asked.texts("value") or asked.number("limit") or asked.yes("only_check"):
            raise BadInput(f"{kept.reference} is kept as it is, and takes no values.")
        text, language, reason = kept.text, kept.language, f"script {kept.reference}"
    command, shell = runnable(text, language)
    proposal = proposal_with(context, command.removesuffix("\n"), shell, reason=reason)
    change = await context.runtime.changes.propose(proposal)
    if is_asked_on_a_terminal():
        return await approve_change(context, change)
    tell_proposed(context, change)
    return ExitCode.REFUSED


async def _written(context: Context, words: str) -> WrittenScript:
    """Write what the line asks for; what was assumed is told. Raises BadInput for what is not sure."""
    asked, scripts = context.invocation, context.runtime.scripts
    wish = await scripts.wish(words)
    if not wish.task:
        near = f"Near are {', '.join(wish.near)}." if wish.near else ""
        raise BadInput(
            wish.question or f"There is no task for {clean_line(words)[:80]!r}.", why=near,
            next_step="`opsterm script list` lists what scripts are written for; name one of them.",
        )  # fmt: skip
    language = Language(asked.text("language")) if asked.text("language") else wish.language or Language.BASH
    given = {**wish.values, **_values(asked.texts("value"))}
    written = await scripts.write(
        wish.task, language, given, limit_s=asked.number("limit") or wish.limit_s,
        only_check=asked.yes("only_check") or wish.only_check,
    )  # fmt: skip
    for note in wish.notes if not asked.text("language") else ():
        context.printer.say(note)
    return written


def _values(said: Sequence[str]) -> Mapping[str, str]:
    found = {}
    for one in said:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise BadInput(f"{one[:60]!r} gives no value.", next_step="Write it as in --value threshold=90.")
        found[name.strip()] = value
    return found


async def _source(context: Context) -> tuple[str, Language]:
    """Return (text, language) of what the line names. Raises BadInput, NotFound."""
    what, said = context.invocation.text("what"), context.invocation.text("language")
    if what == "-":
        text = await read_text("A script")
    elif "." in what or "/" in what:
        text = await context.runtime.scripts.read(what)
    elif what in await context.runtime.scripts.tasks():
        return await _of_task(context, what, Language(said) if said else None)
    else:
        kept = await context.runtime.scripts.get(what)
        return kept.text, kept.language
    language = Language(said) if said else _language_of(what, text)
    if language is None:
        raise BadInput(
            "It is not said what the script is written in.", next_step="Add --language bash, powershell or python."
        )
    return text.replace("\r\n", "\n"), language


async def _of_task(context: Context, task: str, language: Language | None) -> tuple[str, Language]:
    """Return (text, language) of the script that a task becomes. Raises BadInput: a value is missing or none."""
    texts = (await context.runtime.scripts.task(task)).texts
    chosen = language or next(one for one in Language if one in texts)
    written = await context.runtime.scripts.write(task, chosen, _values(context.invocation.texts("value")))
    return written.text, chosen


def _language_of(name: str, text: str) -> Language | None:
    """Return the language that the end of a file's name, or its first line, says."""
    first = text.split("\n", 1)[0]
    for language, suffix in SUFFIXES.items():
        if name.lower().endswith(suffix):
            return language
    if first.startswith("#!"):
        return Language.PYTHON if "python" in first else Language.POWERSHELL if "pwsh" in first else Language.BASH
    return None


def _print_text(context: Context, text: str) -> None:
    for line in text.removesuffix("\n").split("\n"):
        context.printer.line(line)


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC).astimezone():%Y-%m-%d %H:%M}"


def _report_lines(reports: Sequence[ToolReport]) -> Iterator[str]:
    for report in reports:
        if not report.ran:
            yield f"{report.tool:<16}was not asked: it is not on this host"
        elif not report.faults:
            yield f"{report.tool:<16}has nothing to say"
        for line, said in report.faults:
            yield f"{report.tool:<16}{f'line {line}: ' if line else ''}{said}"


def _risk_lines(found: Assessment) -> Iterator[str]:
    yield f"{'risk':<16}{found.level.upper()}   decision: {found.decision}"
    yield from (f"{'':<16}{reason}" for reason in found.reasons)
    yield from (f"{'rules':<16}{line}" for line in lines_of(found.review))


def _task_lines(task: ScriptTask) -> Iterator[str]:
    yield f"{task.id}: {task.title}"
    yield task.about
    yield f"in        {', '.join(TITLES[one] for one in task.texts)}; {task.limit_s} s"
    for label, one in zip(["told", *[""] * 20], task.parameters, strict=False):
        usual = "has to be said" if one.default is None else f"usually {one.default or 'nothing'}"
        yield f"{label:<10}{one.name}: {one.about} ({one.kind}, {usual})"
    yield f"exit 1    {task.found}"
    yield f"back      {task.back or 'not needed, it only reads'}"
    yield f"write     opsterm script write {task.id} --language {next(iter(task.texts))}"


def _task_record(task: ScriptTask) -> dict[str, object]:
    return {
        "name": task.id, "kind": "task", "family": task.family, "languages": list(task.texts), "changes": task.changes,
        "about": task.about, "parameters": [asdict(one) for one in task.parameters], "version": None, "text": None,
        "sha256": None, "by": None, "at": None,
    }  # fmt: skip


def _kept_record(kept: KeptScript) -> dict[str, object]:
    return {
        "name": kept.name, "kind": "script", "family": None, "languages": [kept.language], "changes": None,
        "about": kept.about, "parameters": [], "version": kept.version, "text": kept.text, "sha256": kept.digest,
        "by": kept.by, "at": kept.at,
    }  # fmt: skip


def _written_record(written: WrittenScript, found: Assessment, kept: KeptScript | None) -> dict[str, object]:
    return {
        "task": written.task.id, "language": written.language, "values": dict(written.values),
        "limit_s": written.limit_s, "only_check": written.only_check, "text": written.text, "verify": written.verify,
        "back": written.back or written.task.back or None,
        "exit_codes": {str(code): said for code, said in written.exit_codes.items()}, "risk": risk_record(found),
        "kept": kept.reference if kept is not None else None, "line": written.line,
    }  # fmt: skip


def _report_record(report: ToolReport) -> dict[str, object]:
    return {
        "tool": report.tool, "ran": report.ran, "grave": report.grave,
        "faults": [{"line": line, "said": said} for line, said in report.faults],
    }  # fmt: skip
