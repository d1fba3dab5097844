"""Answers about scripts: one that was written, one that was looked at, and a wish that fits no task."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.assistant.answer import Answer, Block, FollowUp, Listing, Paragraph, table
from opsterm.assistant.errands import VERBS, Errand
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.scripts.wish import WishedScript
from opsterm.changes.scripts.explained import ExplainedLine
from opsterm.changes.scripts.kept import KeptScript
from opsterm.changes.scripts.task import TITLES, Language, ScriptTask
from opsterm.changes.scripts.written import WrittenScript
from opsterm.policy.assessment import Assessment


def answer_written(errand: Errand, script: WrittenScript, notes: Sequence[str], found: Assessment) -> Answer:
    """Answer with a script: its text, what it was told, its risk, how it is run and taken back.

    Args:
        errand: what was said.
        script: what was written.
        notes: what was assumed, whole sentences.
        found: its risk, and what the rules say.
    """
    task = script.task
    line = f"{VERBS[Intent.SCRIPT]} -- {script.line}"
    blocks: list[Block] = [
        Paragraph(text=f"{TITLES[script.language]} script to {task.title}. {task.about}"),
        *[Paragraph(text=note) for note in notes],
        Listing(text=script.text, language=script.language),
    ]
    told = [(one.name, script.values[one.name], one.about) for one in task.parameters]
    if told:
        blocks.append(table("value|is|means", told))
    blocks += _risk(found)
    ends = "; ".join(f"{code} {said}" for code, said in script.exit_codes.items())
    on = errand.selector or "SELECTOR"
    values = "".join(f" --value {name}={_word(value)}" for name, value in script.values.items())
    run = f"opsterm script run {task.id} --language {script.language}{values} --on {on}"
    blocks += [
        Paragraph(text=f"Ends with: {ends}."),
        Paragraph(text=f"Verify: {script.verify}"),
        Paragraph(text=f"Way back: {script.back or task.back or 'not needed, it only reads'}"),
        Paragraph(text=f"Run it, after approval: {run}"),
        Paragraph(text=f"Keep it: opsterm script write {task.id} --language {script.language}{values} --save NAME"),
        Paragraph(text="Nothing was run."),
    ]
    others = [one for one in task.texts if one is not script.language]
    ups = [
        FollowUp(words=f"the same in {TITLES[one]}", line=line.replace(f"-- {script.language} ", f"-- {one} ", 1))
        for one in others
    ]
    ups.append(FollowUp(words="with other values", line=line, edit=True))
    return Answer(blocks=tuple(blocks), interpretation=line, follow_ups=tuple(ups))


def _word(value: str) -> str:
    return f'"{value}"' if " " in value or not value else value


def _risk(found: Assessment) -> list[Block]:
    rules = [(one.rule, one.title, one.decision.value) for one in found.review.findings]
    said = " ".join(found.reasons[:3])
    blocks: list[Block] = [Paragraph(text=f"Risk {found.level.value}, {found.decision.value}. {said}")]
    return [*blocks, table("rule|says|decision", rules)] if rules else blocks


def answer_no_task(
    errand: Errand, wish: WishedScript, near: Sequence[ScriptTask], kept: Sequence[KeptScript]
) -> Answer:  # fmt: skip
    """Answer a wish that is not sure: what is asked back, what is near, and what this site has kept.

    Args:
        errand: what was said.
        wish: what was read of it.
        near: tasks that are near.
        kept: scripts of this site that were named.
    """
    blocks: list[Block] = []
    if kept:
        rows = [(one.reference, one.language.value, one.about, f"opsterm script show {one.name}") for one in kept]
        blocks.append(table("script|in|what for|shown by", rows))
    if wish.question:
        blocks.append(Paragraph(text=wish.question))
    elif near:
        blocks.append(
            Paragraph(text="I have no task that surely is that, and I write nothing that I have no task for.")
        )
    if near:
        blocks.append(table("task|what|in", [(one.id, one.title, ", ".join(one.texts)) for one in near]))
    blocks.append(
        Paragraph(text="All tasks: opsterm script list. A script of your own: opsterm script check FILE, and save.")
    )
    verb = VERBS[Intent.SCRIPT]
    ups = [FollowUp(words=one.title, line=f"{verb} -- {next(iter(one.texts))} {one.id}") for one in near]
    if wish.task:
        ups = [FollowUp(words="say it", line=f"{verb} -- {wish.language} {wish.task}", edit=True)]
    return Answer(
        blocks=tuple(blocks), interpretation=errand.line, follow_ups=tuple(ups), understood=bool(kept)
    )  # fmt: skip


def answer_review(
    errand: Errand, language: Language, reports: Sequence[tuple[str, bool, Sequence[tuple[int, str]]]], *, runs: bool,
    found: Assessment,
) -> Answer:  # fmt: skip
    """Answer what was found in a script that came with the words.

    Args:
        errand: what was said.
        language: what it is written in.
        reports: (program, whether it was asked, its faults by line).
        runs: whether nothing keeps it from running.
        found: its risk, and what the rules say.
    """
    head = "nothing was found that keeps it from running" if runs else "it would not run as it is"
    blocks: list[Block] = [Paragraph(text=f"Read as {TITLES[language]}: {head}. Nothing of it was run.")]
    rows = [(tool, str(line or "-"), said) for tool, _, faults in reports for line, said in faults]
    rows += [(tool, "-", "has nothing to say" if ran else "is not on this host") for tool, ran, faults in reports
             if not faults]  # fmt: skip
    blocks += [table("by|>line|says", rows), *_risk(found)]
    blocks += [Paragraph(text=text) for text in found.opaque]
    return Answer(
        blocks=tuple(blocks), interpretation=errand.line,
        follow_ups=(FollowUp(words="line by line", line="explain this script: ", edit=True),),
    )  # fmt: skip


def answer_lines_of(
    errand: Errand, language: Language, lines: Sequence[ExplainedLine], found: Assessment
) -> Answer:  # fmt: skip
    """Answer what each line of a script does. Arguments as in `answer_review`."""
    unknown = sum(not one.known for one in lines)
    blocks: list[Block] = [
        Paragraph(text=f"Read as {TITLES[language]}, {len(lines)} lines, {unknown} of them not explained."),
        table("line|text|does", [(str(one.number), one.text, "; ".join(one.says)) for one in lines if one.says]),
        *_risk(found),
    ]
    return Answer(blocks=tuple(blocks), interpretation=errand.line)
