"""Verbs of rules: which controls a command touches, and what that asks for."""

from __future__ import annotations

from datetime import UTC, datetime

from opsterm.cli.arguments import command_text
from opsterm.cli.faults import tell_faults
from opsterm.cli.records import finding_record
from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, BadSetting, ExitCode
from opsterm.core.units import parse_duration
from opsterm.policy.compliance.decision import RuleDecision
from opsterm.policy.compliance.evidence_text import FORMATS
from opsterm.policy.compliance.review import lines_of
from opsterm.policy.compliance.rule import PolicyRule
from opsterm.policy.compliance.rulebook import Rulebook
from opsterm.policy.compliance.trial import try_rules
from opsterm.runtime.assessments import NOWHERE


async def list_rules(context: Context) -> int:
    """List the rules."""
    rules = await context.runtime.compliance.rulebook()
    pack, every = context.invocation.text("pack"), context.invocation.yes("all")
    if pack and pack not in [one.name for one in rules.known_packs]:
        known = ", ".join(one.name for one in rules.known_packs)
        raise BadInput(f"There is no pack {pack[:60]!r}.", next_step=f"There are {known}.")
    cited = {rule for one in rules.known_packs if one.name == pack for s in one.sources for rule in s.cites}
    shown = [
        rule for rule in rules.rules if (every or rules.in_force(rule)) and (not pack or rule.id in cited)
    ]  # fmt: skip
    if context.printer.json:
        for rule in shown:
            context.printer.record(_rule_record(rules, rule))
        return ExitCode.DONE
    context.printer.table(
        ("rule", "decision", "title"), [(rule.id, rules.decide(rule), rule.title) for rule in shown]
    )  # fmt: skip
    if not shown:
        context.printer.say("No rule is in force. The setting policy.packs says which packs are on.")
    return ExitCode.DONE


def _rule_record(rules: Rulebook, rule: PolicyRule) -> dict[str, object]:
    return {
        "rule": rule.id,
        "title": rule.title,
        "decision": rules.decide(rule),
        "rule_decision": rule.decision,
        "controls": rules.controls(rule),
        "in_force": rules.in_force(rule),
        "own": rule.own,
        "why": rule.why,
        "safer": rule.safer,
        "hits": [sample.line for sample in rule.samples if sample.hits],
        "misses": [sample.line for sample in rule.samples if not sample.hits],
        "origin": rule.origin,
    }


async def show(context: Context) -> int:
    """Show the packs and how rules are set."""
    compliance = context.runtime.compliance
    rules = await compliance.rulebook()
    on = {pack.name for pack in rules.packs}
    for pack in rules.known_packs:
        cited = {rule for source in pack.sources for rule in source.cites}
        record = {
            "pack": pack.name, "on": pack.name in on, "sources": [source.name for source in pack.sources],
            "rules": len(cited), "sha256": pack.sha256, "about": pack.about,
        }  # fmt: skip
        if context.printer.json:
            context.printer.record(record)
        else:
            sources = ", ".join(source.name for source in pack.sources)
            mark = "on " if pack.name in on else "off"
            context.printer.line(f"{mark} {pack.name:<14} {len(cited):>3} rules   {sources}   {pack.sha256[:12]}")
            context.printer.line(f"    {pack.about}")
    if not context.printer.json:
        settings = compliance.settings
        own = sum(1 for rule in rules.rules if rule.own)
        strict, advice = "strict: what is denied cannot be approved", "advice: what is denied is asked, with the reason"
        context.printer.line(f"mode     {strict if rules.strict else advice}")
        context.printer.line(f"ticket   {settings.ticket or 'not set: rules about tickets are not evaluated'}")
        context.printer.line(f"windows  {settings.windows or 'not set: rules about windows are not evaluated'}")
        context.printer.line(f"your own {own} rules in {compliance.own_folder}")
    return ExitCode.DONE


async def check(context: Context) -> int:
    """Say what the rules say of a command."""
    words, shell = context.invocation.texts("command_words"), context.invocation.text("shell")
    if not words:
        raise BadInput(
            "There is no command to check.",
            next_step="Write it behind --: opsterm policy check -- systemctl stop auditd",
        )
    where = NOWHERE
    if context.invocation.text("on"):
        await context.runtime.open(workers=False)
        where = await context.runtime.assessments.whereabouts(context.invocation.text("on"))
    found = await context.runtime.assessments.assess(
        command_text(words, shell), shell=shell, where=where, reason=context.invocation.text("reason") or None
    )
    review = found.review
    if context.printer.json:
        context.printer.record({
            "command": found.command, "shell": found.shell, "decision": review.decision, "unread": review.unread,
            "compliance": [finding_record(finding) for finding in review.findings],
            "alternatives": review.alternatives, "packs": review.packs,
        })  # fmt: skip
    else:
        for line in lines_of(review):
            context.printer.line(line)
        for line in review.alternatives:
            context.printer.line(f"safer: {line}")
    return ExitCode.REFUSED if review.decision is RuleDecision.DENY else ExitCode.DONE


async def test(context: Context) -> int:
    """Try every rule on the lines that stand beside it."""
    rules = await context.runtime.compliance.rulebook()
    tried = await context.runtime.offload.run("policy", lambda: list(try_rules(rules.rules)))
    wrong = [one for one in tried if not one.right]
    for one in tried if context.printer.json else wrong:
        record = {
            "rule": one.rule.id, "line": one.sample.line, "shell": one.sample.shell, "hits": one.sample.hits,
            "said": one.said, "right": one.right,
        }  # fmt: skip
        if context.printer.json:
            context.printer.record(record)
        else:
            wanted = "hit" if one.sample.hits else "no hit"
            context.printer.line(f"{one.rule.id}: {one.said}, and it should be {wanted}: {one.sample.line}")
    context.printer.say(f"{len(rules.rules)} rules, {len(tried)} lines, {len(wrong)} wrong.")
    return ExitCode.SOME_FAILED if wrong else ExitCode.DONE


async def explain(context: Context) -> int:
    """Say everything about a rule."""
    rules = await context.runtime.compliance.rulebook()
    rule = rules.rule(context.invocation.text("rule"))
    if context.printer.json:
        context.printer.record(_rule_record(rules, rule))
        return ExitCode.DONE
    say, titles = context.printer.line, rules.titles()
    say(f"{rule.id}  {rule.title}")
    said = "" if rules.decide(rule) is rule.decision else f" (the rule says {rule.decision}, and policy.strict is off)"
    say(f"decision  {rules.decide(rule)}{said}")
    say(f"why       {rule.why}")
    say(f"safer     {rule.safer or '-'}")
    if not rules.in_force(rule):
        say("counts    not now: no pack that is on cites it")
    for number, control in enumerate(rules.controls(rule)):
        say(f"{'' if number else 'touches':<10}{control}{f'  {titles[control]}' if titles.get(control) else ''}")
    for label, hits in (("hits", True), ("misses", False)):
        for number, sample in enumerate(one for one in rule.samples if one.hits is hits):
            say(f"{'' if number else label:<10}{sample.line}")
    say(f"from      {rule.origin}")
    return ExitCode.DONE


async def validate(context: Context) -> int:
    """Tell every fault of a file."""
    file = context.invocation.text("file")
    problems = await context.runtime.compliance.validate(file)
    tell_faults(
        context.printer, file, problems, kind=BadSetting,
        next_step="Mend it: while a file in the folder of policies has a fault, nothing is proposed or approved.",
    )  # fmt: skip
    context.printer.say(f"{file} is in order.")
    return ExitCode.DONE


async def evidence(context: Context) -> int:
    """Tell what was checked and decided over a period."""
    now = context.runtime.clock.now()
    until, form = context.invocation.text("until"), context.invocation.text("format")
    found = await context.runtime.evidence.gather(
        since=_moment(context.invocation.text("since"), now), until=_moment(until, now) if until else now
    )
    file = context.invocation.text("output")
    if file:
        await context.runtime.evidence.write(found, form, file)
        if context.printer.json:
            context.printer.record({"format": form, "text": "", "file": file, "changes": len(found.checked)})
        context.printer.say(f"{len(found.checked)} changes told in {file}.")
        return ExitCode.DONE
    if context.printer.json:
        text = FORMATS[form](found)
        context.printer.record({"format": form, "text": text, "file": "", "changes": len(found.checked)})
    else:
        context.printer.block(FORMATS[form](found))
    return ExitCode.DONE


def _moment(text: str, now: float) -> float:
    """Return epoch seconds of "30d" before now, or of a date in UTC. Raises BadInput."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return now - parse_duration(text)
