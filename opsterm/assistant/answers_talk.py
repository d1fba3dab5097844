"""Answers about the program itself, from the documents, and to what was not understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsterm.assistant.answer import Answer, Block, FollowUp, Paragraph, Source, count_text, table
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.queries import Greeting, HelpQuestion, KnowledgeQuestion
from opsterm.core.errors import OpstermError
from opsterm.inventory.fleet import count_statuses
from opsterm.inventory.target import TargetRow
from opsterm.knowledge.search import Hit

EXAMPLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "targets": (
        ("which targets are tagged win10?", "list, grouped and with status"),
        ("how many offline hosts per site", "count"),
        ("web-01", "all about one target"),
        ("addresses of all targets", "one thing: address, port, user, os, groups, tags, last seen"),
        ("targets not seen since yesterday", "by when they last answered"),
        ("profile of web-01", "what it is; also: who is logged in, which ports listen, pending updates"),
        ("which targets run nginx", "what runs where, as looks have shown"),
        ("discover services on web-01", "logs in and looks; what is found waits for you"),
    ),
    "metrics": (
        ("memory on localhost over the last hour", "lowest, mean, highest"),
        ("which file system is fullest?", "the largest of many"),
        ("how much disk is left", "what is free"),
        ("which disks are full within 30 days?", "a forecast from kept history, or why there is none"),
    ),
    "alerts": (
        ("what is wrong?", "open alerts"),
        ("oldest alert", "by age"),
        ("silence web-01 for 2 hours", "said back with the exact alerts, and done after a yes; also: ack, reopen"),
        ("why a7", "one alert, and what to do next"),
    ),
    "changes": (
        ("what is waiting for approval?", "the queue"),
        ("what did ana change today", "who did what"),
        ("what happened in the last hour?", "the audit, and alerts that began"),
    ),
    "run": (
        ("run `df -h` on web-[01-03]", "becomes a proposal; nothing runs before it is approved"),
        ("restart the nginx service on web-01", "the same, for a service"),
    ),
    "knowledge": (("what do I do when the disk is full", "look it up in the documents"),),
    "keys": (("?", "the keys of the pane you are in"), (":", "every command by name")),
    "selectors": (
        ("list targets where tag:win10 and not group:lab", "fields: tag group os env site status name …"),
        ("list targets where os~debian and web-[01-12]", "ranges, globs, parts of words"),
    ),
}
"""What can be said, by topic of help; sentence and what comes of it."""


def answer_greeting(
    question: Greeting, operator: str, rows: Sequence[TargetRow], open_alerts: int, waiting: int
) -> Answer:
    """Answer a greeting with the state of things in one line, and thanks with a word.

    Args:
        question: what was said.
        operator: who sits there.
        rows: every target.
        open_alerts: how many alerts are open.
        waiting: how many changes wait for approval.
    """
    if question.thanks:
        return Answer(blocks=(Paragraph(text="You are welcome."),), interpretation=question.line)
    statuses = ", ".join(f"{number:,} {status}" for status, number in count_statuses(rows).present())
    state = (
        f"{count_text(len(rows), 'target')}{f' ({statuses})' if statuses else ''}, "
        f"{count_text(open_alerts, 'open alert')}, {count_text(waiting, 'change')} waiting for approval."
    )
    follow_ups = [FollowUp(words="what can be asked", line=HelpQuestion().line)]
    if waiting:
        follow_ups.insert(0, FollowUp(words="what waits", line="list changes waiting"))
    if open_alerts:
        follow_ups.insert(0, FollowUp(words="what is wrong", line="list alerts"))
    hello = f"Hello {operator}." if operator else "Hello."
    return Answer(
        blocks=(Paragraph(text=f"{hello} {state}"),), interpretation=question.line, follow_ups=tuple(follow_ups)
    )


def answer_help(question: HelpQuestion) -> Answer:
    """Answer what can be said, of one topic or of all."""
    topics = [question.topic] if question.topic in EXAMPLES else list(EXAMPLES)
    rows = [(topic, said, what) for topic in topics for said, what in EXAMPLES[topic]]
    blocks: list[Block] = [
        Paragraph(text="Answers come from rules over live state; a language model answers what they do not read."),
        table("about|say|what comes of it", rows),
    ]
    if question.topic in ("", "run"):
        blocks.append(Paragraph(text="A command is only ever proposed here. Approve it on the approval screen."))
    lines = [said for topic in topics for said, _ in EXAMPLES[topic] if len(said) > 1]
    return Answer(
        blocks=tuple(blocks),
        interpretation=question.line,
        follow_ups=tuple(FollowUp(words="try it", line=line) for line in lines[:3]),
    )


def answer_knowledge(question: KnowledgeQuestion, hits: Sequence[Hit]) -> Answer:
    """Answer from the documents, each with the place it stands; says so when nothing answers.

    Args:
        question: what was asked.
        hits: the best sections, best first.
    """
    if not hits:
        return Answer(
            blocks=(
                Paragraph(text=f"No document here answers {question.words!r}. Searched: every word of every document."),
            ),
            interpretation=question.line,
            follow_ups=(FollowUp(words="what can be asked", line=HelpQuestion().line),),
        )
    best = hits[0]
    heading = f", {best.section.heading}" if best.section.heading else ""
    blocks: list[Block] = [Paragraph(text=f"{best.document.title}{heading} [k1]")]
    blocks += [Paragraph(text=text) for text in best.section.text.split("\n") if text.strip()][:12]
    if len(hits) > 1:
        others = [(h.document.title, h.section.heading, h.excerpt, f"[k{n}]") for n, h in enumerate(hits[1:], 2)]
        blocks.append(table("also|section|says|source", others, limit=4))
    sources = tuple(Source(tag=f"k{n}", text=f"{hit.document.source}:{hit.line}") for n, hit in enumerate(hits[:5], 1))
    return Answer(blocks=tuple(blocks), interpretation=question.line, sources=sources)


def answer_not_understood(interpretation: Interpretation) -> Answer:
    """Answer a sentence that has no query: what was not understood, what is asked back, what can be done instead."""
    blocks: list[Block] = []
    if interpretation.question:
        blocks.append(Paragraph(text=interpretation.question))
    elif interpretation.unknown:
        said = ", ".join(repr(word) for word in interpretation.unknown)
        blocks.append(Paragraph(text=f"I did not understand {said}. Nothing was done. The nearest things I can do:"))
    else:
        blocks.append(Paragraph(text="I did not understand that. Nothing was done. The nearest things I can do:"))
    return Answer(
        blocks=tuple(blocks),
        follow_ups=tuple(FollowUp(words="send this", line=line) for line in interpretation.alternatives),
        understood=False,
    )


def answer_held(interpretation: Interpretation) -> Answer:
    """Answer what would act where nothing may be recorded or carried out: the line that does it elsewhere."""
    return Answer(
        blocks=(Paragraph(text=f"Nothing was proposed or run here. To do it, ask by itself: {interpretation.line}"),),
        interpretation=interpretation.line,
    )


def answer_error(line: str, error: OpstermError) -> Answer:
    """Answer a question that could not be answered, with what happened, why, and what to do next."""
    texts = [text for text in (error.what, error.why, error.next_step) if text]
    return Answer(blocks=tuple(Paragraph(text=text) for text in texts), interpretation=line, understood=True)


def with_notes(answer: Answer, interpretation: Interpretation) -> Answer:
    """Return an answer with what was assumed said below it."""
    if not interpretation.notes:
        return answer
    notes = tuple(Paragraph(text=note) for note in interpretation.notes)
    return Answer(
        blocks=(*answer.blocks, *notes),
        interpretation=answer.interpretation,
        follow_ups=answer.follow_ups,
        sources=answer.sources,
        understood=answer.understood,
    )
